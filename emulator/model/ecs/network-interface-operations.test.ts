import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { CallerAnswer, CallerParameters } from '../../../test/support/cloud-caller.ts';
import { startRuleBench, type RuleBench } from '../../../test/support/rule-bench.ts';

const ECS = '2014-05-26';
const VSWITCH = 'vsw-bp1emulator000000000h';
const PRIMARY = 'eni-bp1emulator00000001';
let bench: RuleBench;
let node: string;

before(async () => {
  bench = await startRuleBench();
});
beforeEach(() => {
  bench.cloud.reset();
  bench.cloud.settings({ lockMs: 200, transitionMs: 500, rates: { default: 0 } });
  node = bench.cloud.instanceIds[0] ?? '';
});
after(() => bench.cloud.stop());

function accept(action: string, parameters: CallerParameters = {}): Promise<CallerAnswer> {
  return bench.accept(action, parameters, ECS);
}

function refuse(code: string, action: string, parameters: CallerParameters = {}) {
  return bench.refuse(code, action, parameters, ECS);
}

async function eni(parameters: CallerParameters = {}): Promise<string> {
  const place = { VSwitchId: VSWITCH, SecurityGroupId: 'sg-1' };
  const made = await accept('CreateNetworkInterface', { ...place, ...parameters });
  bench.settle();
  return made.text('NetworkInterfaceId');
}

async function shown(NetworkInterfaceId: string): Promise<Readonly<Record<string, unknown>>> {
  return (await accept('DescribeNetworkInterfaceAttribute', { NetworkInterfaceId })).body;
}

async function found(filter: CallerParameters): Promise<unknown[]> {
  const answer = await accept('DescribeNetworkInterfaces', filter);
  const list = answer.get('NetworkInterfaceSets', 'NetworkInterfaceSet') as readonly Readonly<
    Record<string, unknown>
  >[];
  return list.map(({ NetworkInterfaceId }) => NetworkInterfaceId);
}

test('rule eni-source-check: the check is on for instances, shown, and switched off for good', async () => {
  const listed = await accept('DescribeNetworkInterfaces', { NetworkInterfaceId: [PRIMARY] });
  const path = ['NetworkInterfaceSets', 'NetworkInterfaceSet', 0] as const;
  assert.deepEqual(
    [
      listed.get(...path, 'SourceDestCheck'),
      listed.get(...path, 'InstanceId'),
      listed.get(...path, 'Type'),
    ],
    [true, node, 'Primary'],
  );
  const off = { NetworkInterfaceId: PRIMARY, SourceDestCheck: false };
  await accept('ModifyNetworkInterfaceAttribute', off);
  assert.equal((await shown(PRIMARY)).SourceDestCheck, false);
  await accept('ModifyNetworkInterfaceAttribute', off);
  await accept('ModifyNetworkInterfaceAttribute', {
    NetworkInterfaceId: PRIMARY,
    Description: 'of a node',
  });
  const after = await shown(PRIMARY);
  assert.deepEqual([after.SourceDestCheck, after.Description], [false, 'of a node']);
  await refuse('InvalidEniId.NotFound', 'ModifyNetworkInterfaceAttribute', {
    ...off,
    NetworkInterfaceId: 'eni-unknown',
  });
});

test('rule eni-source-check: a seed says otherwise; a new interface begins without the check', async () => {
  bench.cloud.admin.seed({
    instances: [
      {
        instanceId: 'i-off',
        zoneId: 'cn-hangzhou-h',
        vSwitchId: VSWITCH,
        instanceType: 'ecs.g7.large',
        privateIps: ['10.0.1.1'],
        sourceDestCheck: false,
      },
    ],
  });
  assert.equal((await shown('eni-off')).SourceDestCheck, false);
  assert.equal((await shown(await eni())).SourceDestCheck, false);
});

test('rule eni-states: made, put on, taken off and removed, each through its state', async () => {
  const place = { VSwitchId: VSWITCH, SecurityGroupIds: ['sg-1'] };
  const made = await accept('CreateNetworkInterface', place);
  const NetworkInterfaceId = made.text('NetworkInterfaceId');
  const both = { NetworkInterfaceId, InstanceId: node };
  const status = async (): Promise<unknown> => (await shown(NetworkInterfaceId)).Status;
  assert.equal(await status(), 'Creating');
  await refuse('InvalidOperation.InvalidEniState', 'AttachNetworkInterface', both);
  bench.settle();
  assert.equal(await status(), 'Available');
  await accept('AttachNetworkInterface', both);
  assert.equal(await status(), 'Attaching');
  bench.settle();
  assert.equal(await status(), 'InUse');
  await refuse('InvalidOperation.InvalidEniState', 'DeleteNetworkInterface', {
    NetworkInterfaceId,
  });
  await accept('DetachNetworkInterface', both);
  assert.equal(await status(), 'Detaching');
  bench.settle();
  await refuse('InvalidParameter.EniNotBelongEcs', 'DetachNetworkInterface', both);
  await accept('DeleteNetworkInterface', { NetworkInterfaceId });
  assert.equal(await status(), 'Deleting');
  bench.settle();
  assert.deepEqual(await found({ NetworkInterfaceId: [NetworkInterfaceId] }), []);
});

test('rule eni-attach: same zone, same VPC, an instance at rest; the primary one stays', async () => {
  const NetworkInterfaceId = await eni();
  await refuse('InvalidOperation.AvailabilityZoneMismatch', 'AttachNetworkInterface', {
    NetworkInterfaceId,
    InstanceId: bench.cloud.instanceIds[1],
  });
  await refuse('InvalidEcsId.NotFound', 'AttachNetworkInterface', {
    NetworkInterfaceId,
    InstanceId: 'i-unknown',
  });
  await refuse('InvalidOperation.DetachPrimaryEniNotAllowed', 'DetachNetworkInterface', {
    NetworkInterfaceId: PRIMARY,
    InstanceId: node,
  });
  await accept('StopInstance', { InstanceId: node });
  await refuse('InvalidOperation.InvalidEcsState', 'AttachNetworkInterface', {
    NetworkInterfaceId,
    InstanceId: node,
  });
});

test('rule eni-addresses: private addresses are free ones of the vSwitch', async () => {
  const NetworkInterfaceId = await eni({ PrimaryIpAddress: '10.0.2.1' });
  const addresses = (): unknown =>
    bench.cloud
      .state()
      .networkInterfaces.find((each) => each.networkInterfaceId === NetworkInterfaceId)?.privateIps;
  const one = { NetworkInterfaceId, PrivateIpAddress: ['10.0.2.2'] };
  await accept('AssignPrivateIpAddresses', one);
  const more = await accept('AssignPrivateIpAddresses', {
    NetworkInterfaceId,
    SecondaryPrivateIpAddressCount: 2,
  });
  assert.deepEqual(more.get('AssignedPrivateIpAddressesSet', 'PrivateIpSet', 'PrivateIpAddress'), [
    '10.0.0.1',
    '10.0.0.2',
  ]);
  assert.deepEqual(addresses(), ['10.0.2.1', '10.0.2.2', '10.0.0.1', '10.0.0.2']);
  await refuse('InvalidIp.IpAssigned', 'AssignPrivateIpAddresses', one);
  await refuse('InvalidVSwitchId.IpInvalid', 'AssignPrivateIpAddresses', {
    NetworkInterfaceId,
    PrivateIpAddress: ['10.9.2.2'],
  });
  await refuse('MissingParameter', 'AssignPrivateIpAddresses', { NetworkInterfaceId });
  await refuse('InvalidIp.IpUnassigned', 'UnassignPrivateIpAddresses', {
    NetworkInterfaceId,
    PrivateIpAddress: ['10.0.2.1'],
  });
  await accept('UnassignPrivateIpAddresses', {
    NetworkInterfaceId,
    PrivateIpAddress: ['10.0.0.1'],
  });
  assert.deepEqual(addresses(), ['10.0.2.1', '10.0.2.2', '10.0.0.2']);
});

test('rule eni-addresses: addresses of IPv6 need a vSwitch with IPv6', async () => {
  const call = { NetworkInterfaceId: PRIMARY, Ipv6AddressCount: 2 };
  await refuse('InvalidVSwitch.Ipv6NotTurnOn', 'AssignIpv6Addresses', call);
  bench.cloud.patchObject(VSWITCH, { ipv6CidrBlock: '2408:4005:300:1::/64' });
  const made = await accept('AssignIpv6Addresses', call);
  const addresses = ['2408:4005:300:1::1', '2408:4005:300:1::2'];
  assert.deepEqual(made.get('Ipv6Sets', 'Ipv6Address'), addresses);
  assert.deepEqual(await found({ Ipv6Address: [addresses[1]] }), [PRIMARY]);
  await accept('UnassignIpv6Addresses', { NetworkInterfaceId: PRIMARY, Ipv6Address: addresses });
  assert.deepEqual(await found({ Ipv6Address: addresses }), []);
});

test('rule eni-list: filters, both ways of paging, unknown ids left out', async () => {
  const NetworkInterfaceId = await eni({
    NetworkInterfaceName: 'mine',
    Tag: [{ Key: 'a', Value: '1' }],
    PrimaryIpAddress: '10.0.2.1',
  });
  const filters: CallerParameters[] = [
    { NetworkInterfaceId: [NetworkInterfaceId, 'eni-unknown'] },
    { Type: 'Secondary' },
    { NetworkInterfaceName: 'mine' },
    { PrimaryIpAddress: '10.0.2.1' },
    { PrivateIpAddress: ['10.0.2.1'] },
    { SecurityGroupId: 'sg-1' },
    { Status: 'Available' },
    { Tag: [{ Key: 'a', Value: '1' }] },
  ];
  for (const filter of filters) {
    assert.deepEqual(await found(filter), [NetworkInterfaceId], JSON.stringify(filter));
  }
  assert.deepEqual(await found({ InstanceId: node }), [PRIMARY]);
  assert.deepEqual(await found({ VpcId: 'vpc-unknown' }), []);
  assert.equal((await found({ VSwitchId: VSWITCH })).length, 4);
  bench.cloud.addInstances(10);
  const first = await accept('DescribeNetworkInterfaces', { MaxResults: 10 });
  assert.equal(first.get('TotalCount'), 16);
  const rest = await found({ MaxResults: 10, NextToken: first.text('NextToken') });
  assert.equal(rest.length, 6);
  assert.equal((await found({ PageNumber: 2, PageSize: 10 })).length, 6);
});

test('rule eni-seeded: an instance that is seeded without interfaces has a primary one', async () => {
  bench.cloud.admin.seed({
    instances: [
      {
        instanceId: 'i-bare',
        zoneId: 'cn-hangzhou-h',
        vSwitchId: VSWITCH,
        instanceType: 'ecs.g7.large',
        privateIps: ['10.0.1.1'],
      },
    ],
  });
  const facts = await shown('eni-bare');
  assert.deepEqual(
    [facts.Type, facts.InstanceId, facts.PrivateIpAddress],
    ['Primary', 'i-bare', '10.0.1.1'],
  );
});

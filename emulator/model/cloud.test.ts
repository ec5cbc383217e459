import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { cloudCaller } from '../../test/support/cloud-caller.ts';
import { startRuleBench, type RuleBench } from '../../test/support/rule-bench.ts';

const ECS = '2014-05-26';
const VPC = '2016-04-28';
const STS = '2015-04-01';
let bench: RuleBench;

before(async () => {
  bench = await startRuleBench();
});
beforeEach(() => {
  bench.cloud.reset();
  bench.cloud.settings({ rates: { default: 0 } });
});
after(() => bench.cloud.stop());

test('rule call-rate: more calls than the rate are throttled, each account and operation alone', async () => {
  bench.cloud.settings({ rates: { default: 2, DescribeZones: 1 } });
  await bench.accept('DescribeRegions');
  await bench.accept('DescribeRegions');
  const answer = await bench.refuse('Throttling.User', 'DescribeRegions');
  assert.equal(answer.status, 400);
  await bench.accept('DescribeZones');
  await bench.refuse('Throttling.User', 'DescribeZones');
  bench.cloud.advance(500);
  await bench.accept('DescribeRegions');
  await bench.refuse('Throttling.User', 'DescribeRegions');
  await bench.refuse('Throttling.User', 'DescribeZones');

  bench.cloud.admin.seed({
    accessKeys: [{ accessKeyId: 'other', accessKeySecret: 's', account: '2000000000000002' }],
  });
  const other = cloudCaller(bench.cloud.url, { accessKeyId: 'other', accessKeySecret: 's' });
  assert.equal((await other('DescribeRegions')).code, undefined);
});

test('rule call-rate: twenty calls a second unless told', async () => {
  bench.cloud.reset();
  bench.cloud.settings({ rates: { default: 20 } });
  for (let count = 0; count < 20; count += 1) await bench.accept('DescribeRegions');
  await bench.refuse('Throttling.User', 'DescribeRegions');
});

test('rule call-accounts: one account does not see the other one’s objects', async () => {
  const LoadBalancerId = await bench.loadBalancer();
  const VServerGroupId = await bench.group(LoadBalancerId);
  bench.cloud.admin.seed({
    accessKeys: [{ accessKeyId: 'other', accessKeySecret: 's', account: '2000000000000002' }],
  });
  const other = cloudCaller(bench.cloud.url, { accessKeyId: 'other', accessKeySecret: 's' });
  const RegionId = bench.cloud.regionId;
  const listed = await other('DescribeLoadBalancers', { RegionId });
  assert.equal(listed.get('TotalCount'), 0);
  const seen = await other('DescribeLoadBalancerAttribute', { LoadBalancerId });
  assert.equal(seen.code, 'InvalidLoadBalancerId.NotFound');
  const deleted = await other('DeleteLoadBalancer', { LoadBalancerId });
  assert.equal(deleted.code, 'InvalidLoadBalancerId.NotFound');
  const group = await other('DeleteVServerGroup', { RegionId, VServerGroupId });
  assert.equal(group.code, 'InvalidParameter');
  const instances = await other('DescribeInstances', { RegionId }, { version: ECS });
  assert.equal(instances.get('TotalCount'), 0);
  const token = { LoadBalancerSpec: 'slb.s1.small', ClientToken: 'same' };
  const mine = await bench.accept('CreateLoadBalancer', token);
  const theirs = await other('CreateLoadBalancer', { RegionId, ...token });
  assert.notEqual(theirs.get('LoadBalancerId'), mine.get('LoadBalancerId'));
});

test('rule call-region: an unknown region is refused, another region is empty', async () => {
  const LoadBalancerId = await bench.loadBalancer();
  const unknown = await bench.refuse('InvalidRegionId.NotFound', 'DescribeLoadBalancers', {
    RegionId: 'cn-nowhere',
  });
  assert.equal(unknown.status, 404);
  const elsewhere = await bench.accept('DescribeLoadBalancers', { RegionId: 'cn-beijing' });
  assert.equal(elsewhere.get('TotalCount'), 0);
  await bench.refuse('InvalidLoadBalancerId.NotFound', 'DeleteLoadBalancer', {
    RegionId: 'cn-beijing',
    LoadBalancerId,
  });
});

test('rule call-spelling: names are read with a great and with a small first letter', async () => {
  const LoadBalancerId = await bench.loadBalancer();
  const listener = { LoadBalancerId, Bandwidth: -1, BackendServerPort: 1 };
  await bench.listener(LoadBalancerId, 80, { ...listener, HealthCheckInterval: 9 });
  await bench.listener(LoadBalancerId, 81, { ...listener, healthCheckInterval: 9 });
  const answer = await bench.accept('DescribeLoadBalancerListeners', {
    loadBalancerId: [LoadBalancerId],
  });
  for (const index of [0, 1]) {
    assert.equal(answer.get('Listeners', index, 'TCPListenerConfig', 'HealthCheckInterval'), 9);
  }
});

test('rule call-unknown-parameter: what an operation does not publish is ignored', async () => {
  await bench.accept('DescribeRegions', { Invented: 'x', OwnerId: '1' });
});

test('rule call-empty: an empty value is none', async () => {
  await bench.loadBalancer();
  const listed = await bench.accept('DescribeLoadBalancers', { LoadBalancerName: '', VpcId: '' });
  assert.equal(listed.get('TotalCount'), 1);
  await bench.refuse('MissingParameter', 'DeleteLoadBalancer', { LoadBalancerId: '' });
});

test('rule call-default-outside: a default is accepted though its range begins later', async () => {
  await bench.accept('CreateLoadBalancer', { LoadBalancerSpec: 'slb.s1.small', Bandwidth: -1 });
  await bench.accept('DescribeLoadBalancers', { PageNumber: 0 });
});

test('rule call-dry-run: a dry run changes nothing and says so', async () => {
  for (const [action, version] of [
    ['DescribeInstances', ECS],
    ['DescribeVpcs', VPC],
    ['DescribeVSwitches', VPC],
  ] as const) {
    const answer = await bench.call(action, { DryRun: true }, { version });
    assert.equal(answer.code, 'DryRunOperation');
  }
});

async function instances(parameters: Record<string, unknown>) {
  const answer = await bench.accept('DescribeInstances', parameters, ECS);
  const items = answer.get('Instances', 'Instance') as { InstanceId: string }[];
  return { answer, ids: items.map(({ InstanceId }) => InstanceId) };
}

test('rule ecs-missing-ids: ids that do not exist are left out', async () => {
  const [first = ''] = bench.cloud.instanceIds;
  const { ids } = await instances({ InstanceIds: JSON.stringify(['i-none', first]) });
  assert.deepEqual(ids, [first]);
});

test('rule ecs-primary-eni: the primary interface has its id and address', async () => {
  const { answer } = await instances({
    InstanceIds: JSON.stringify(bench.cloud.instanceIds),
    MaxResults: 100,
    AdditionalAttributes: ['NETWORK_PRIMARY_ENI_IP'],
  });
  const path = ['Instances', 'Instance', 0] as const;
  const eni = [...path, 'NetworkInterfaces', 'NetworkInterface', 0] as const;
  const [node] = bench.cloud.nodes;
  assert.equal(answer.get(...eni, 'Type'), 'Primary');
  assert.equal(answer.get(...eni, 'NetworkInterfaceId'), 'eni-bp1emulator00000001');
  assert.equal(answer.get(...eni, 'PrimaryIpAddress'), node?.privateIp);
  assert.equal(answer.get(...eni, 'PrivateIpSets', 'PrivateIpSet', 0, 'Primary'), true);
  assert.equal(
    answer.get(...path, 'VpcAttributes', 'PrivateIpAddress', 'IpAddress', 0),
    node?.privateIp,
  );
  assert.equal(answer.get(...path, 'ZoneId'), node?.zone);
  assert.equal(answer.get(...path, 'Status'), 'Running');
  assert.equal(answer.get('NextToken'), '');
});

test('rule ecs-id-list: lists are JSON of at most 100 items', async () => {
  for (const InstanceIds of [
    'i-1',
    '{}',
    '[1]',
    JSON.stringify(Array.from({ length: 101 }, (_, index) => `i-${index}`)),
  ]) {
    const answer = await bench.call('DescribeInstances', { InstanceIds }, { version: ECS });
    assert.equal(answer.code, 'InvalidParameter');
  }
});

test('rule call-clamp page-token: instances come ten a page at least', async () => {
  bench.cloud.addInstances(12);
  const first = await instances({ MaxResults: 1 });
  assert.equal(first.ids.length, 10);
  const second = await instances({ MaxResults: 1, NextToken: first.answer.text('NextToken') });
  assert.equal(second.ids.length, 7);
  assert.equal(second.answer.get('NextToken'), '');
  assert.equal((await instances({ MaxResults: 1000 })).ids.length, 17);
  assert.equal((await instances({ PageSize: 5, PageNumber: 4 })).ids.length, 2);
});

test('instances can be filtered', async () => {
  const [node] = bench.cloud.nodes;
  assert.equal((await instances({ ZoneId: 'cn-hangzhou-h' })).ids.length % 2, 1);
  const byAddress = await instances({
    InstanceNetworkType: 'vpc',
    PrivateIpAddresses: JSON.stringify([node?.privateIp]),
  });
  assert.deepEqual(byAddress.ids, [node?.instanceId]);
  assert.deepEqual((await instances({ Status: 'Stopped' })).ids, []);
  assert.deepEqual((await instances({ InstanceNetworkType: 'classic' })).ids, []);
});

test('rule vpc-empty: unknown networks are empty lists', async () => {
  for (const [action, parameters, list] of [
    ['DescribeVpcs', { VpcId: 'vpc-none' }, ['Vpcs', 'Vpc']],
    ['DescribeVSwitches', { VSwitchId: 'vsw-none' }, ['VSwitches', 'VSwitch']],
  ] as const) {
    const answer = await bench.accept(action, parameters, VPC);
    assert.equal(answer.get('TotalCount'), 0);
    assert.deepEqual(answer.get(...list), []);
  }
});

test('networks are described with what is in them', async () => {
  const vpcs = await bench.accept('DescribeVpcs', { VpcId: `vpc-none,${bench.cloud.vpcId}` }, VPC);
  assert.equal(vpcs.get('TotalCount'), 1);
  assert.equal(vpcs.get('Vpcs', 'Vpc', 0, 'CidrBlock'), '10.0.0.0/8');
  const vSwitches = await bench.accept(
    'DescribeVSwitches',
    { VpcId: bench.cloud.vpcId, ZoneId: 'cn-hangzhou-i' },
    VPC,
  );
  assert.equal(vSwitches.get('TotalCount'), 1);
  const path = ['VSwitches', 'VSwitch', 0] as const;
  assert.equal(vSwitches.get(...path, 'CidrBlock'), '10.0.16.0/20');
  // Two of the five instances are in this zone; four addresses are the cloud's.
  assert.equal(vSwitches.get(...path, 'AvailableIpAddressCount'), 4096 - 4 - 8);
});

test('regions and zones are listed', async () => {
  const regions = await bench.accept('DescribeRegions');
  const items = regions.get('Regions', 'Region') as { RegionId: string }[];
  assert.ok(items.some(({ RegionId }) => RegionId === bench.cloud.regionId));
  const zones = await bench.accept('DescribeZones');
  assert.equal(zones.get('Zones', 'Zone', 0, 'ZoneId'), 'cn-hangzhou-h');
});

test('rule sts-identity: a key tells its account', async () => {
  const answer = await bench.accept('GetCallerIdentity', {}, STS);
  assert.equal(answer.get('AccountId'), bench.cloud.accountId);
  assert.equal(answer.get('Arn'), `acs:ram::${bench.cloud.accountId}:root`);
  assert.equal(answer.get('IdentityType'), 'Account');
});

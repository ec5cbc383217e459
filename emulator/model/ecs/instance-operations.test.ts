import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { CallerAnswer, CallerParameters } from '../../../test/support/cloud-caller.ts';
import { startRuleBench, type RuleBench } from '../../../test/support/rule-bench.ts';

const ECS = '2014-05-26';
let bench: RuleBench;
let ids: readonly string[];

before(async () => {
  bench = await startRuleBench();
});
beforeEach(() => {
  bench.cloud.reset();
  bench.cloud.settings({ lockMs: 200, transitionMs: 500, rates: { default: 0 } });
  ids = bench.cloud.instanceIds;
});
after(() => bench.cloud.stop());

function accept(action: string, parameters: CallerParameters = {}): Promise<CallerAnswer> {
  return bench.accept(action, parameters, ECS);
}

function refuse(code: string, action: string, parameters: CallerParameters = {}) {
  return bench.refuse(code, action, parameters, ECS);
}

async function statusOf(InstanceId: string): Promise<unknown> {
  const answer = await accept('DescribeInstanceStatus', { InstanceId: [InstanceId] });
  return answer.get('InstanceStatuses', 'InstanceStatus', 0, 'Status');
}

async function found(filter: CallerParameters): Promise<unknown[]> {
  const answer = await accept('DescribeInstances', { MaxResults: 100, ...filter });
  const list = answer.get('Instances', 'Instance') as readonly Readonly<Record<string, unknown>>[];
  return list.map(({ InstanceId }) => InstanceId);
}

test('rule ecs-states: starts, stops and restarts lead through their states', async () => {
  const [InstanceId = ''] = ids;
  await refuse('IncorrectInstanceStatus', 'StartInstance', { InstanceId });
  await accept('StopInstance', { InstanceId });
  assert.equal(await statusOf(InstanceId), 'Stopping');
  await refuse('IncorrectInstanceStatus', 'StartInstance', { InstanceId });
  bench.settle();
  assert.equal(await statusOf(InstanceId), 'Stopped');
  await refuse('IncorrectInstanceStatus', 'StopInstance', { InstanceId });
  await refuse('IncorrectInstanceStatus', 'RebootInstance', { InstanceId });
  await accept('StartInstance', { InstanceId });
  assert.equal(await statusOf(InstanceId), 'Starting');
  bench.settle();
  await accept('RebootInstance', { InstanceId });
  assert.equal(await statusOf(InstanceId), 'Starting');
  bench.settle();
  assert.equal(await statusOf(InstanceId), 'Running');
  await refuse('InvalidInstanceId.NotFound', 'StopInstance', { InstanceId: 'i-unknown' });
});

test('rule ecs-several: a batch is all or nothing, or takes those that can be', async () => {
  const [first = '', second = ''] = ids;
  await accept('StopInstance', { InstanceId: first });
  bench.settle();
  const both = { InstanceId: [first, second] };
  await refuse('IncorrectInstanceStatus', 'StopInstances', both);
  assert.equal(await statusOf(second), 'Running');
  const answer = await accept('StopInstances', { ...both, BatchOptimization: 'SuccessFirst' });
  const responses = answer.get('InstanceResponses', 'InstanceResponse') as readonly Record<
    string,
    unknown
  >[];
  assert.deepEqual(
    responses.map(({ Code, PreviousStatus, CurrentStatus }) => [
      Code,
      PreviousStatus,
      CurrentStatus,
    ]),
    [
      ['IncorrectInstanceStatus', 'Stopped', 'Stopped'],
      ['200', 'Running', 'Stopping'],
    ],
  );
  await refuse('InvalidInstanceIds.NotFound', 'StopInstances', {
    InstanceId: [first, 'i-unknown'],
  });
});

test('rule ecs-delete: a running instance needs Force; protection and prepayment stop it', async () => {
  const [first = '', second = '', third = ''] = ids;
  await refuse('IncorrectInstanceStatus', 'DeleteInstance', { InstanceId: first });
  await accept('ModifyInstanceAttribute', { InstanceId: first, DeletionProtection: true });
  await refuse('InvalidOperation.DeletionProtection', 'DeleteInstance', {
    InstanceId: first,
    Force: true,
  });
  bench.cloud.patchObject(second, { chargeType: 'PrePaid' });
  await refuse('ChargeTypeViolation', 'DeleteInstance', { InstanceId: second, Force: true });
  await accept('DeleteInstances', { InstanceId: [third], Force: true });
  assert.deepEqual(await found({ InstanceIds: JSON.stringify([second, third]) }), [second]);
  assert.equal(await statusOf(third), undefined);
});

test('rule ecs-release: what belongs to an instance goes with it, the rest becomes free', async () => {
  const [InstanceId = ''] = ids;
  const place = { VSwitchId: 'vsw-bp1emulator000000000h', SecurityGroupId: 'sg-1' };
  const made = await accept('CreateNetworkInterface', { ...place, DeleteOnRelease: false });
  const NetworkInterfaceId = made.text('NetworkInterfaceId');
  bench.settle();
  await accept('AttachNetworkInterface', { NetworkInterfaceId, InstanceId });
  bench.cloud.admin.seed({
    disks: [
      { diskId: 'd-system', instanceId: InstanceId, type: 'system' },
      { diskId: 'd-data', instanceId: InstanceId },
    ],
  });
  bench.settle();
  bench.cloud.patchObject('eni-bp1emulator00000001', { deleteOnRelease: false });
  await accept('DeleteInstance', { InstanceId, Force: true });
  const { networkInterfaces, disks, deleted = [] } = bench.cloud.state({ deleted: true });
  const eni = networkInterfaces.find((each) => each.networkInterfaceId === NetworkInterfaceId);
  assert.deepEqual([eni?.status, eni?.instanceId], ['Available', undefined]);
  assert.deepEqual(
    disks.map(({ diskId, status, instanceId }) => [diskId, status, instanceId]),
    [['d-data', 'Available', undefined]],
  );
  const [last] = bench.cloud.calls().slice(-1);
  assert.deepEqual(
    deleted.map(({ kind, deletedBySeq }) => [kind, deletedBySeq]),
    [
      ['networkInterface', last?.seq],
      ['disk', last?.seq],
      ['instance', last?.seq],
    ],
  );
});

test('rule ecs-locks: locks are shown and filter the list; some operations are refused', async () => {
  const [first = '', second = ''] = ids;
  bench.cloud.patchObject(first, { locks: ['financial'], status: 'Stopped' });
  bench.cloud.patchObject(second, { locks: ['security'] });
  assert.deepEqual(await found({ LockReason: 'security' }), [second]);
  const shown = await accept('DescribeInstances', { InstanceIds: JSON.stringify([first]) });
  const locks = ['Instances', 'Instance', 0, 'OperationLocks', 'LockReason'];
  assert.equal((shown.get(...locks) as unknown[]).length, 1);
  assert.equal(shown.get(...locks, 0, 'LockReason'), 'financial');
  await refuse('InstanceExpired', 'StartInstance', { InstanceId: first });
  await refuse('InstanceLockedForSecurity', 'StopInstance', { InstanceId: second });
  await refuse('InstanceLockedForSecurity', 'DeleteInstance', { InstanceId: second, Force: true });
});

test('rule ecs-filter: instances are found by what they have', async () => {
  const [first = '', second = ''] = ids;
  bench.cloud.admin.seed({
    instances: [
      {
        instanceId: 'i-odd',
        zoneId: 'cn-hangzhou-i',
        vSwitchId: 'vsw-bp1emulator000000000i',
        instanceType: 'ecs.c7.2xlarge',
        instanceName: 'worker-odd-1',
        hostName: 'odd',
        privateIps: ['10.0.20.9'],
        publicIp: '47.1.1.1',
        eip: { allocationId: 'eip-1', ipAddress: '47.2.2.2' },
        enis: [{ networkInterfaceId: 'eni-odd', privateIps: ['10.0.20.9'], ipv6s: ['2408::9'] }],
        securityGroupIds: ['sg-odd'],
        chargeType: 'PrePaid',
        spotStrategy: 'SpotAsPriceGo',
        imageId: 'm-odd',
        tags: { role: 'odd', zone: 'i' },
      },
    ],
  });
  const filters: CallerParameters[] = [
    { InstanceIds: '["i-odd","i-unknown"]' },
    { PrivateIpAddresses: '["10.0.20.9"]', InstanceNetworkType: 'vpc' },
    { PublicIpAddresses: '["47.1.1.1"]' },
    { EipAddresses: '["47.2.2.2"]' },
    { Ipv6Address: ['2408::9'] },
    { InstanceType: 'ecs.c7.2xlarge' },
    { InstanceTypeFamily: 'ecs.c7' },
    { InstanceName: 'worker-odd-1' },
    { InstanceName: 'worker-*-1' },
    { SecurityGroupId: 'sg-odd' },
    { InstanceChargeType: 'PrePaid' },
    { ImageId: 'm-odd' },
    { Tag: [{ Key: 'role', Value: 'odd' }, { Key: 'zone' }] },
  ];
  for (const filter of filters) {
    assert.deepEqual(await found(filter), ['i-odd'], JSON.stringify(filter));
  }
  assert.deepEqual(await found({ Tag: [{ Key: 'role', Value: 'even' }] }), []);
  assert.deepEqual(await found({ InstanceNetworkType: 'classic' }), []);
  assert.deepEqual(await found({ ZoneId: 'cn-hangzhou-i', Status: 'Running' }), [
    second,
    ids[3],
    'i-odd',
  ]);
  await accept('StopInstance', { InstanceId: first });
  assert.deepEqual(await found({ Status: 'Stopping' }), [first]);
  await refuse('InvalidParameter', 'DescribeInstances', {
    InstanceIds: JSON.stringify(Array.from({ length: 101 }, (_, index) => `i-${index}`)),
  });
  const shown = await accept('DescribeInstances', { InstanceIds: '["i-odd"]' });
  const facts = shown.get('Instances', 'Instance', 0) as Readonly<Record<string, unknown>>;
  assert.deepEqual(
    [facts.Cpu, facts.Memory, facts.InstanceChargeType, facts.SpotStrategy, facts.HostName],
    [8, 16384, 'PrePaid', 'SpotAsPriceGo', 'odd'],
  );
  assert.deepEqual(facts.Tags, {
    Tag: [
      { TagKey: 'role', TagValue: 'odd' },
      { TagKey: 'zone', TagValue: 'i' },
    ],
  });
});

test('rule ecs-pages: by token or by number, and both tell how many there are', async () => {
  bench.cloud.addInstances(20);
  const first = await accept('DescribeInstances', { MaxResults: 10 });
  const second = await accept('DescribeInstances', {
    MaxResults: 10,
    NextToken: first.text('NextToken'),
  });
  const third = await accept('DescribeInstances', {
    MaxResults: 10,
    NextToken: second.text('NextToken'),
  });
  const seen = [first, second, third].flatMap(
    (answer) => answer.get('Instances', 'Instance') as readonly unknown[],
  );
  assert.deepEqual([seen.length, third.get('NextToken'), first.get('TotalCount')], [25, '', 25]);
  const numbered = await accept('DescribeInstances', { PageNumber: 3, PageSize: 10 });
  assert.equal((numbered.get('Instances', 'Instance') as readonly unknown[]).length, 5);
  assert.deepEqual([numbered.get('PageNumber'), numbered.get('TotalCount')], [3, 25]);
  const status = await accept('DescribeInstanceStatus', { PageSize: 50 });
  assert.equal(status.get('TotalCount'), 25);
  await refuse('InvalidParameter', 'DescribeInstanceStatus', { PageSize: 51 });
});

test('rule ecs-addresses: secondary addresses of the primary interface are told when asked for', async () => {
  bench.cloud.admin.seed({
    instances: [
      {
        instanceId: 'i-two',
        zoneId: 'cn-hangzhou-h',
        vSwitchId: 'vsw-bp1emulator000000000h',
        instanceType: 'ecs.g7.large',
        privateIps: ['10.0.1.1'],
        enis: [
          { networkInterfaceId: 'eni-p', privateIps: ['10.0.1.1', '10.0.1.2'] },
          { networkInterfaceId: 'eni-s', privateIps: ['10.0.1.3', '10.0.1.4'] },
        ],
      },
    ],
  });
  const addresses = async (more: CallerParameters): Promise<unknown> => {
    const shown = await accept('DescribeInstances', { InstanceIds: '["i-two"]', ...more });
    const interfaces = shown.get(
      'Instances',
      'Instance',
      0,
      'NetworkInterfaces',
      'NetworkInterface',
    ) as readonly {
      Type: string;
      PrivateIpSets: { PrivateIpSet: { PrivateIpAddress: string }[] };
    }[];
    return interfaces.map(({ Type, PrivateIpSets }) => [
      Type,
      ...PrivateIpSets.PrivateIpSet.map(({ PrivateIpAddress }) => PrivateIpAddress),
    ]);
  };
  assert.deepEqual(await addresses({}), [
    ['Primary', '10.0.1.1'],
    ['Secondary', '10.0.1.3', '10.0.1.4'],
  ]);
  assert.deepEqual(await addresses({ AdditionalAttributes: ['NETWORK_PRIMARY_ENI_IP'] }), [
    ['Primary', '10.0.1.1', '10.0.1.2'],
    ['Secondary', '10.0.1.3', '10.0.1.4'],
  ]);
});

test('rule ecs-modify: name, host name and description change at once', async () => {
  const [InstanceId = ''] = ids;
  await accept('ModifyInstanceAttribute', {
    InstanceId,
    InstanceName: 'other',
    HostName: 'host-9',
  });
  const shown = await accept('DescribeInstanceAttribute', { InstanceId });
  assert.deepEqual([shown.get('InstanceName'), shown.get('HostName')], ['other', 'host-9']);
  await refuse('InvalidInstanceName.Malformed', 'ModifyInstanceAttribute', {
    InstanceId,
    InstanceName: 'x',
  });
});

test('rule ecs-tags: instances, interfaces and disks carry tags', async () => {
  const resource = { ResourceType: 'instance', ResourceId: [ids[0]] };
  await accept('TagResources', { ...resource, Tag: [{ Key: 'a', Value: '1' }] });
  assert.deepEqual(await found({ Tag: [{ Key: 'a', Value: '1' }] }), [ids[0]]);
  const rows = await accept('ListTagResources', {
    ResourceType: 'instance',
    TagFilter: [{ TagKey: 'a', TagValues: ['1', '2'] }],
  });
  assert.deepEqual(rows.get('TagResources', 'TagResource', 0, 'ResourceId'), ids[0]);
  const none = await accept('ListTagResources', {
    ResourceType: 'instance',
    TagFilter: [{ TagKey: 'a', TagValues: ['2'] }],
  });
  assert.deepEqual(none.get('TagResources', 'TagResource'), []);
  await accept('UntagResources', { ...resource, TagKey: ['a'] });
  assert.deepEqual(await found({ Tag: [{ Key: 'a' }] }), []);
  await refuse('InvalidResourceId.NotFound', 'TagResources', {
    ResourceType: 'eni',
    ResourceId: [ids[0]],
    Tag: [{ Key: 'a', Value: '1' }],
  });
});

test('rule disk-list: disks are found by id and by what they have; unknown ids are left out', async () => {
  bench.cloud.admin.seed({
    disks: [
      { diskId: 'd-1', zoneId: 'cn-hangzhou-h', category: 'cloud_essd', tags: { pv: 'a' } },
      {
        diskId: 'd-2',
        category: 'cloud_regional_disk_auto',
        placementZoneIds: ['cn-hangzhou-h', 'cn-hangzhou-i'],
        ...(ids[0] === undefined ? {} : { instanceId: ids[0] }),
      },
    ],
  });
  const disks = async (filter: CallerParameters): Promise<unknown[]> => {
    const answer = await accept('DescribeDisks', filter);
    const list = answer.get('Disks', 'Disk') as readonly Readonly<Record<string, unknown>>[];
    return list.map(({ DiskId, ZoneId, Status, Placement }) => [DiskId, ZoneId, Status, Placement]);
  };
  const first = ['d-1', 'cn-hangzhou-h', 'Available', undefined];
  const second = ['d-2', '', 'In_use', { ZoneIds: 'cn-hangzhou-h,cn-hangzhou-i' }];
  assert.deepEqual(await disks({ DiskIds: '["d-2","d-1","d-unknown"]' }), [first, second]);
  assert.deepEqual(await disks({ MaxResults: 1, Status: 'All', DiskType: 'all' }), [first, second]);
  assert.deepEqual(await disks({ ZoneId: 'cn-hangzhou-h' }), [first]);
  assert.deepEqual(await disks({ InstanceId: ids[0] }), [second]);
  assert.deepEqual(await disks({ Category: 'cloud_essd', Tag: [{ Key: 'pv' }] }), [first]);
  await refuse('InvalidDiskIds.Malformed', 'DescribeDisks', { DiskIds: 'd-1' });
});

test('rule ecs-available: what can be had is told by zone, for ECS and for CLB', async () => {
  const zonesWith = async (parameters: CallerParameters): Promise<unknown[]> => {
    const answer = await accept('DescribeAvailableResource', parameters);
    return answer.get('AvailableZones', 'AvailableZone') as unknown[];
  };
  const types = { DestinationResource: 'InstanceType' };
  const one = await zonesWith({
    ...types,
    ZoneId: 'cn-hangzhou-h',
    InstanceType: 'ecs.g7.xlarge',
  });
  const inStock = { Status: 'Available', StatusCategory: 'WithStock' };
  assert.partialDeepStrictEqual(one, [
    {
      ZoneId: 'cn-hangzhou-h',
      ...inStock,
      AvailableResources: {
        AvailableResource: [
          {
            Type: 'InstanceType',
            SupportedResources: {
              SupportedResource: [{ Value: 'ecs.g7.xlarge', ...inStock }],
            },
          },
        ],
      },
    },
  ]);
  assert.deepEqual(await zonesWith({ ...types, InstanceType: 'ecs.unheard.of' }), []);
  assert.equal((await zonesWith({ DestinationResource: 'Zone' })).length, 4);
  await refuse('Invalid.DestinationResource', 'DescribeAvailableResource', {
    DestinationResource: 'Moon',
  });

  const pairs = await bench.accept('DescribeAvailableResource', { AddressType: 'vpc' });
  const list = pairs.get('AvailableResources', 'AvailableResource') as unknown[];
  assert.equal(list.length, 12);
  assert.deepEqual(list[0], {
    MasterZoneId: 'cn-hangzhou-h',
    SlaveZoneId: 'cn-hangzhou-i',
    SupportResources: { SupportResource: [{ AddressType: 'vpc', AddressIPVersion: 'ipv4' }] },
  });
  const none = { AddressType: 'classic-intranet' };
  const empty = await bench.accept('DescribeAvailableResource', none);
  assert.deepEqual(empty.get('AvailableResources', 'AvailableResource'), []);
});

test('rule ecs-role: instances have the role of instance metadata', async () => {
  const [InstanceId = ''] = bench.cloud.instanceIds;
  const roles = await accept('DescribeInstanceRamRole', {
    InstanceIds: JSON.stringify([InstanceId]),
  });
  assert.deepEqual(roles.get('InstanceRamRoleSets', 'InstanceRamRoleSet'), [
    { InstanceId, RamRoleName: 'KubernetesWorkerRole' },
  ]);
  const others = await accept('DescribeInstanceRamRole', { RamRoleName: 'another' });
  assert.equal(others.get('TotalCount'), 0);
  await refuse('InvalidParameter.AllEmpty', 'DescribeInstanceRamRole');
  await refuse('InvalidInstanceId.NotFound', 'DescribeInstanceRamRole', {
    InstanceIds: '["i-absent"]',
  });
});

test('rule ecs-region: regions and zones are told as ECS tells them', async () => {
  const regions = await accept('DescribeRegions');
  assert.match(
    JSON.stringify(regions.get('Regions', 'Region')),
    /"ecs\.cn-hangzhou\.aliyuncs\.com"/,
  );
  const zones = await accept('DescribeZones');
  assert.equal(zones.get('Zones', 'Zone', 0, 'ZoneId'), 'cn-hangzhou-h');
  const types = zones.get('Zones', 'Zone', 0, 'AvailableInstanceTypes', 'InstanceTypes');
  assert.ok((types as string[]).includes('ecs.g7.xlarge'));
});

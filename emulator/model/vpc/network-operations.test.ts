import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { CallerAnswer, CallerParameters } from '../../../test/support/cloud-caller.ts';
import { startRuleBench, type RuleBench } from '../../../test/support/rule-bench.ts';

const VPC = '2016-04-28';
const TABLE = 'vtb-bp1emulator0000000000';
const VPC_ID = 'vpc-bp1emulator0000000000';
const VSWITCH = 'vsw-bp1emulator000000000h';
let bench: RuleBench;

before(async () => {
  bench = await startRuleBench();
});
beforeEach(() => {
  bench.cloud.reset();
  bench.cloud.settings({ lockMs: 200, transitionMs: 500, rates: { default: 0 } });
});
after(() => bench.cloud.stop());

function accept(action: string, parameters: CallerParameters = {}): Promise<CallerAnswer> {
  return bench.accept(action, parameters, VPC);
}

function refuse(code: string, action: string, parameters: CallerParameters = {}) {
  return bench.refuse(code, action, parameters, VPC);
}

async function vpc(parameters: CallerParameters = {}): Promise<string> {
  const made = await accept('CreateVpc', { CidrBlock: '192.168.0.0/16', ...parameters });
  bench.settle();
  return made.text('VpcId');
}

async function table(VpcId = VPC_ID): Promise<string> {
  const made = await accept('CreateRouteTable', { VpcId });
  bench.settle();
  return made.text('RouteTableId');
}

async function statusOf(VSwitchId: string): Promise<unknown> {
  return (await accept('DescribeVSwitchAttributes', { VSwitchId })).get('Status');
}

test('rule vpc-create: a VPC is pending, then available, with a router and a system table', async () => {
  const made = await accept('CreateVpc', { VpcName: 'second', EnableIpv6: true });
  const VpcId = made.text('VpcId');
  const attribute = () => accept('DescribeVpcAttribute', { VpcId });
  assert.equal((await attribute()).get('Status'), 'Pending');
  await refuse('IncorrectVpcStatus', 'DeleteVpc', { VpcId });
  bench.settle();
  const shown = await attribute();
  assert.deepEqual(
    [shown.get('Status'), shown.get('CidrBlock'), shown.get('VRouterId'), shown.get('VpcName')],
    ['Available', '172.16.0.0/12', made.text('VRouterId'), 'second'],
  );
  assert.match(shown.text('Ipv6CidrBlock'), /^2408:40\w\w:.*::\/56$/);
  const tables = await accept('DescribeRouteTableList', { VpcId });
  assert.deepEqual(
    [
      tables.get('TotalCount'),
      tables.text('RouterTableList', 'RouterTableListType', 0, 'RouteTableId'),
      tables.text('RouterTableList', 'RouterTableListType', 0, 'RouteTableType'),
    ],
    [1, made.text('RouteTableId'), 'System'],
  );
  await refuse('InvalidParameter', 'CreateVpc', { CidrBlock: '10.0.0.0/30' });
});

test('rule vpc-delete: a VPC goes when nothing is in it, and its system table with it', async () => {
  const VpcId = await vpc();
  const place = { VpcId, ZoneId: 'cn-hangzhou-h' };
  const vSwitch = await accept('CreateVSwitch', { ...place, CidrBlock: '192.168.0.0/24' });
  bench.settle();
  await refuse('DependencyViolation.VSwitch', 'DeleteVpc', { VpcId });
  await accept('DeleteVSwitch', { VSwitchId: vSwitch.text('VSwitchId') });
  bench.settle();
  const RouteTableId = await table(VpcId);
  await refuse('DependencyViolation.CustomRouteTable', 'DeleteVpc', { VpcId });
  await accept('DeleteRouteTable', { RouteTableId });
  bench.settle();
  await accept('DeleteVpc', { VpcId });
  assert.equal((await accept('DescribeVpcAttribute', { VpcId })).get('Status'), 'Deleting');
  bench.settle();
  await refuse('InvalidVpcId.NotFound', 'DescribeVpcAttribute', { VpcId });
  assert.equal((await accept('DescribeRouteTableList', { VpcId })).get('TotalCount'), 0);
});

test('rule quota-networks: VPCs, vSwitches and route tables are limited', async () => {
  bench.cloud.settings({
    lockMs: 0,
    quotas: {
      vpc_quota_instances_num: 2,
      vpc_quota_vswitches_num: 1,
      vpc_quota_route_tables_num: 1,
    },
  });
  const VpcId = await vpc();
  await refuse('QuotaExceeded.Vpc', 'CreateVpc');
  const vSwitch = { VpcId, ZoneId: 'cn-hangzhou-h' };
  await accept('CreateVSwitch', { ...vSwitch, CidrBlock: '192.168.0.0/24' });
  await refuse('QuotaExceeded.VSwitch', 'CreateVSwitch', {
    ...vSwitch,
    CidrBlock: '192.168.1.0/24',
  });
  await table(VpcId);
  await refuse('QuotaExceeded.RouteTable', 'CreateRouteTable', { VpcId });
});

test('rule vswitch-block: its block lies in the VPC and touches no other and no reserved one', async () => {
  bench.cloud.settings({ lockMs: 0 });
  const VpcId = await vpc({ CidrBlock: '100.0.0.0/9' });
  const place = { VpcId, ZoneId: 'cn-hangzhou-h' };
  await accept('CreateVSwitch', { ...place, CidrBlock: '100.0.0.0/24' });
  const refused: [string, string][] = [
    ['InvalidCidrBlock.Overlapped', '100.0.0.0/25'],
    ['InvalidCidrBlock.Overlapped', '100.0.0.0/20'],
    ['IllegalParam.CidrBlock', '10.0.0.0/24'],
    ['IllegalParam.CidrBlock', '100.64.1.0/24'],
    ['InvalidCirdrBlock.MaskLength', '100.1.0.0/30'],
    ['InvalidCidrBlock.Malformed', '100.1.0.1/24'],
  ];
  for (const [code, CidrBlock] of refused) {
    await refuse(code, 'CreateVSwitch', { ...place, CidrBlock });
  }
  await refuse('InvalidZoneId.NotFound', 'CreateVSwitch', {
    VpcId,
    ZoneId: 'cn-hangzhou-x',
    CidrBlock: '100.2.0.0/24',
  });
});

test('rule vswitch-block: a route that leads into the block is in the way', async () => {
  const NextHopId = bench.cloud.instanceIds[0];
  const route = { RouteTableId: TABLE, DestinationCidrBlock: '10.9.0.0/24', NextHopId };
  await accept('CreateRouteEntry', route);
  bench.settle();
  const place = { VpcId: VPC_ID, ZoneId: 'cn-hangzhou-h' };
  await refuse('RouteConflict.AlreadyExist', 'CreateVSwitch', {
    ...place,
    CidrBlock: '10.9.0.0/20',
  });
});

test('rule vswitch-states: a vSwitch is pending when made and when it goes; in use it stays', async () => {
  const place = { VpcId: VPC_ID, ZoneId: 'cn-hangzhou-h', CidrBlock: '10.9.0.0/24' };
  const VSwitchId = (await accept('CreateVSwitch', place)).text('VSwitchId');
  assert.equal(await statusOf(VSwitchId), 'Pending');
  bench.settle();
  assert.equal(await statusOf(VSwitchId), 'Available');
  await refuse('DependencyViolation', 'DeleteVSwitch', { VSwitchId: VSWITCH });
  await accept('DeleteVSwitch', { VSwitchId });
  assert.equal(await statusOf(VSwitchId), 'Pending');
  bench.settle();
  await refuse('InvalidVSwitchId.NotFound', 'DescribeVSwitchAttributes', { VSwitchId });
});

test('rule vswitch-ipv6: a block of IPv6 is one of 256 of its VPC', async () => {
  bench.cloud.settings({ lockMs: 0 });
  const VpcId = await vpc({ EnableIpv6: true });
  const place = { VpcId, ZoneId: 'cn-hangzhou-h', Ipv6CidrBlock: 0x1f };
  const made = await accept('CreateVSwitch', { ...place, CidrBlock: '192.168.0.0/24' });
  const shown = await accept('DescribeVSwitchAttributes', { VSwitchId: made.text('VSwitchId') });
  assert.match(shown.text('Ipv6CidrBlock'), /1f::\/64$/);
  await refuse('OperationFailed.Ipv6CidrBlockExisted', 'CreateVSwitch', {
    ...place,
    CidrBlock: '192.168.1.0/24',
  });
  await refuse('OperationFailed.VpcIpv6Disabled', 'CreateVSwitch', {
    ...place,
    VpcId: VPC_ID,
    CidrBlock: '10.9.0.0/24',
  });
});

test('rule table-states: a custom table is pending, available, deleting, gone', async () => {
  const made = await accept('CreateRouteTable', { VpcId: VPC_ID, RouteTableName: 'mine' });
  const RouteTableId = made.text('RouteTableId');
  const status = async (): Promise<unknown> => {
    const list = await accept('DescribeRouteTableList', { RouteTableId });
    return list.get('RouterTableList', 'RouterTableListType', 0, 'Status');
  };
  assert.equal(await status(), 'Pending');
  bench.settle();
  assert.equal(await status(), 'Available');
  await accept('DeleteRouteTable', { RouteTableId });
  assert.equal(await status(), 'Deleting');
  bench.settle();
  assert.equal(await status(), undefined);
});

test('rule table-delete: the system’s table, one in use and one with entries stay', async () => {
  bench.cloud.settings({ lockMs: 0 });
  await refuse('IncorrectRouteTableType', 'DeleteRouteTable', { RouteTableId: TABLE });
  const RouteTableId = await table();
  await accept('AssociateRouteTable', { RouteTableId, VSwitchId: VSWITCH });
  bench.settle();
  await refuse('IncorrectRouteTableStatus', 'DeleteRouteTable', { RouteTableId });
  await accept('UnassociateRouteTable', { RouteTableId, VSwitchId: VSWITCH });
  bench.settle();
  const NextHopId = bench.cloud.instanceIds[0];
  await accept('CreateRouteEntry', {
    RouteTableId,
    DestinationCidrBlock: '172.16.0.0/24',
    NextHopId,
  });
  await refuse('IncorrectRouteTableStatus.RouteEntryExist', 'DeleteRouteTable', { RouteTableId });
});

test('rule table-associate: a vSwitch is pending while it changes its table', async () => {
  const RouteTableId = await table();
  const pair = { RouteTableId, VSwitchId: VSWITCH };
  await accept('AssociateRouteTable', pair);
  assert.equal(await statusOf(VSWITCH), 'Pending');
  bench.cloud.advance(200);
  await refuse('IncorrectVSwitchStatus', 'UnassociateRouteTable', pair);
  bench.settle();
  const shown = await accept('DescribeVSwitchAttributes', { VSwitchId: VSWITCH });
  assert.deepEqual(shown.get('RouteTable'), { RouteTableId, RouteTableType: 'Custom' });
  const mine = await accept('DescribeVSwitches', { RouteTableId });
  assert.equal(mine.get('TotalCount'), 1);
  await refuse('Forbidden.VSwitchAlreadyAssociatedRouteTable', 'AssociateRouteTable', pair);
  await refuse('OperationFailed.VSwitchNotAssociate', 'UnassociateRouteTable', {
    RouteTableId,
    VSwitchId: 'vsw-bp1emulator000000000i',
  });
  await refuse('OperationDenied.SwitchToSystemRouteTable', 'AssociateRouteTable', {
    ...pair,
    RouteTableId: TABLE,
  });
  await accept('UnassociateRouteTable', pair);
  bench.settle();
  const list = await accept('DescribeRouteTableList', { RouteTableId: TABLE });
  assert.deepEqual(
    list.get('RouterTableList', 'RouterTableListType', 0, 'VSwitchIds', 'VSwitchId'),
    [VSWITCH, 'vsw-bp1emulator000000000i'],
  );
});

test('rule vpc-modify: what describes a VPC changes at once, what is in use stays', async () => {
  const VpcId = await vpc();
  const modify = (parameters: CallerParameters) => ({ VpcId, ...parameters });
  await accept('ModifyVpcAttribute', modify({ VpcName: 'two', Description: 'another' }));
  await accept('ModifyVpcAttribute', modify({ EnableIPv6: true }));
  const zone = { VpcId, ZoneId: 'cn-hangzhou-h' };
  await accept('CreateVSwitch', { ...zone, CidrBlock: '192.168.1.0/24', Ipv6CidrBlock: 3 });
  bench.settle();
  const shown = await accept('DescribeVpcAttribute', { VpcId });
  assert.deepEqual([shown.get('VpcName'), shown.get('Description')], ['two', 'another']);
  assert.match(shown.text('Ipv6CidrBlock'), /::\/56$/);

  await refuse(
    'OperationFailed.IpV6VSwitchInuse',
    'ModifyVpcAttribute',
    modify({ EnableIPv6: false }),
  );
  const elsewhere = modify({ CidrBlock: '10.0.0.0/16' });
  await refuse('IllegalCidrBlock', 'ModifyVpcAttribute', elsewhere);
  const both = modify({ CidrBlock: '192.168.0.0/20', EnableIPv6: true });
  await refuse('ExclusiveParam.EnableIpv6AndCidrBlock', 'ModifyVpcAttribute', both);
  await accept('ModifyVpcAttribute', modify({ CidrBlock: '192.168.0.0/20' }));
  const after = await accept('DescribeVpcAttribute', { VpcId });
  assert.equal(after.get('CidrBlock'), '192.168.0.0/20');
  await refuse('InvalidVpcId.NotFound', 'ModifyVpcAttribute', { VpcId: 'vpc-x', VpcName: 'a' });
});

test('rule vswitch-modify: what describes a vSwitch and its IPv6 block change at once', async () => {
  const VpcId = await vpc({ EnableIpv6: true });
  const zone = { VpcId, ZoneId: 'cn-hangzhou-h' };
  const made = await accept('CreateVSwitch', { ...zone, CidrBlock: '192.168.1.0/24' });
  const modify = (parameters: CallerParameters) => ({
    VSwitchId: made.text('VSwitchId'),
    ...parameters,
  });
  await refuse('IncorrectStatus.VSwitch', 'ModifyVSwitchAttribute', modify({ VSwitchName: 'a' }));
  bench.settle();
  const ipv6Of = async (): Promise<string> =>
    (await accept('DescribeVSwitchAttributes', modify({}))).text('Ipv6CidrBlock');
  await accept('ModifyVSwitchAttribute', modify({ VSwitchName: 'two', Description: 'another' }));
  const shown = await accept('DescribeVSwitchAttributes', modify({}));
  assert.deepEqual([shown.get('VSwitchName'), shown.get('Description')], ['two', 'another']);
  assert.equal(await ipv6Of(), '');
  await accept('ModifyVSwitchAttribute', modify({ EnableIPv6: true }));
  assert.match(await ipv6Of(), /::\/64$/);
  await accept('ModifyVSwitchAttribute', modify({ Ipv6CidrBlock: 7 }));
  assert.match(await ipv6Of(), /07::\/64$/);
  const both = modify({ EnableIPv6: false, Ipv6CidrBlock: 7 });
  await refuse('ParamExclusive.DisableIpv6AndIpv6CidrBlock', 'ModifyVSwitchAttribute', both);
  await accept('ModifyVSwitchAttribute', modify({ EnableIPv6: false }));
  assert.equal(await ipv6Of(), '');

  const other = await accept('CreateVSwitch', {
    VpcId: await vpc(),
    ZoneId: 'cn-hangzhou-h',
    CidrBlock: '192.168.1.0/24',
  });
  bench.settle();
  const VSwitchId = other.text('VSwitchId');
  await refuse('OperationFailed.VpcIpv6Disabled', 'ModifyVSwitchAttribute', {
    VSwitchId,
    EnableIPv6: true,
  });
});

test('rule table-modify: name and description of a table change at once', async () => {
  await accept('ModifyRouteTableAttributes', { RouteTableId: TABLE, RouteTableName: 'main' });
  const list = await accept('DescribeRouteTableList', { RouteTableName: 'main' });
  assert.equal(list.get('TotalCount'), 1);
  await refuse('InvalidRouteTable.NotFound', 'DescribeRouteEntryList', { RouteTableId: 'vtb-x' });
  await refuse('Abs.InvalidRouteTableId.NotExist', 'ModifyRouteTableAttributes', {
    RouteTableId: 'vtb-x',
  });
});

test('rule table-lists: the older list carries the entries, the newer one the VPC', async () => {
  const NextHopId = bench.cloud.instanceIds[0];
  const route = { RouteTableId: TABLE, DestinationCidrBlock: '172.16.0.0/24', NextHopId };
  await accept('CreateRouteEntry', route);
  bench.settle();
  const older = await accept('DescribeRouteTables', { RouteTableId: TABLE });
  const path = ['RouteTables', 'RouteTable', 0, 'RouteEntrys', 'RouteEntry', 0] as const;
  assert.deepEqual(
    [older.text(...path, 'DestinationCidrBlock'), older.text(...path, 'InstanceId')],
    ['172.16.0.0/24', NextHopId],
  );
  const empty = await accept('DescribeRouteTableList', { RouteTableId: 'vtb-unknown' });
  assert.deepEqual(empty.get('RouterTableList', 'RouterTableListType'), []);
  const routers = await accept('DescribeVRouters');
  assert.deepEqual(routers.get('VRouters', 'VRouter', 0, 'RouteTableIds', 'RouteTableId'), [TABLE]);
  await table();
  const second = await accept('DescribeRouteTableList', { PageNumber: 2, PageSize: 1 });
  assert.deepEqual([second.get('TotalCount'), second.get('PageNumber')], [2, 2]);
  await refuse('InvalidParameter', 'DescribeRouteTableList', { PageSize: 51 });
});

test('rule vpc-tags: VPCs, vSwitches and route tables carry tags, which filter their lists', async () => {
  const resource = { ResourceType: 'ROUTETABLE', ResourceId: [TABLE] };
  const Tag = [{ Key: 'a', Value: '1' }];
  await accept('TagResources', { ...resource, Tag });
  await accept('TagResources', { ...resource, Tag: [{ Key: 'a', Value: '2' }] });
  const shown = await accept('DescribeRouteTableList', { Tag: [{ Key: 'a', Value: '2' }] });
  assert.deepEqual(shown.get('RouterTableList', 'RouterTableListType', 0, 'Tags', 'Tag'), [
    { Key: 'a', Value: '2' },
  ]);
  assert.equal((await accept('DescribeRouteTableList', { Tag })).get('TotalCount'), 0);
  const rows = await accept('ListTagResources', {
    ResourceType: 'ROUTETABLE',
    Tag: [{ Key: 'a' }],
  });
  assert.deepEqual(rows.get('TagResources', 'TagResource'), [
    { ResourceId: TABLE, ResourceType: 'ROUTETABLE', TagKey: 'a', TagValue: '2' },
  ]);
  await accept('UnTagResources', { ...resource, All: true });
  assert.deepEqual(
    (await accept('ListTagResources', resource)).get('TagResources', 'TagResource'),
    [],
  );
  await refuse('InvalidInstanceIds.NotFound', 'TagResources', {
    ...resource,
    ResourceType: 'VPC',
    Tag,
  });
  await refuse('BothEmpty.TagsAndResources', 'ListTagResources', { ResourceType: 'VPC' });
  const many = Array.from({ length: 20 }, (_, index) => ({ Key: `k${index}`, Value: '' }));
  await accept('TagResources', { ...resource, Tag: many });
  await refuse('QuotaExceeded.TagNum', 'TagResources', { ...resource, Tag });
});

test('rule answer-absence: errors about what is not there say so in their text', async () => {
  const entry = { RouteTableId: TABLE, DestinationCidrBlock: '172.16.9.0/24' };
  for (const [code, action, parameters] of [
    ['InvalidVSwitchId.NotFound', 'DescribeVSwitchAttributes', { VSwitchId: 'vsw-x' }],
    ['InvalidRouteTable.NotFound', 'DescribeRouteEntryList', { RouteTableId: 'vtb-x' }],
    ['InvalidRouteEntry.NotFound', 'DeleteRouteEntry', entry],
    ['InvalidRouteEntryId.NotFound', 'ModifyRouteEntry', { RouteEntryId: 'rte-x' }],
  ] as const) {
    assert.match((await refuse(code, action, parameters)).message, /NotFound:/);
  }
});

test('rule answer-seeded-time: what was seeded has a time that is no zero', async () => {
  const shown = await accept('DescribeVpcs', { VpcId: VPC_ID });
  assert.equal(shown.text('Vpcs', 'Vpc', 0, 'CreationTime'), '2024-01-01T00:00:00Z');
});

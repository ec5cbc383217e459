import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { CallerAnswer, CallerParameters } from '../../../test/support/cloud-caller.ts';
import { startRuleBench, type RuleBench } from '../../../test/support/rule-bench.ts';

const VPC = '2016-04-28';
const TABLE = 'vtb-bp1emulator0000000000';
const VPC_ID = 'vpc-bp1emulator0000000000';
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
  return bench.accept(action, parameters, VPC);
}

function refuse(code: string, action: string, parameters: CallerParameters = {}) {
  return bench.refuse(code, action, parameters, VPC);
}

/** The parameters of one new entry, which leads to the first instance unless told. */
function route(cidr: string, parameters: CallerParameters = {}): CallerParameters {
  return { RouteTableId: TABLE, DestinationCidrBlock: cidr, NextHopId: node, ...parameters };
}

/** One item of a batch. */
function item(cidr: string, hop = node): CallerParameters {
  return { RouteTableId: TABLE, DstCidrBlock: cidr, NextHop: hop, NextHopType: 'Instance' };
}

async function create(cidr: string, parameters: CallerParameters = {}): Promise<string> {
  const made = await accept('CreateRouteEntry', route(cidr, parameters));
  bench.settle();
  return made.text('RouteEntryId');
}

type Listed = Readonly<Record<string, unknown>>;

/** The entries of the table that a filter lets through, custom ones unless told. */
async function listed(filter: CallerParameters = {}): Promise<readonly Listed[]> {
  const answer = await accept('DescribeRouteEntryList', {
    RouteTableId: TABLE,
    RouteEntryType: 'Custom',
    ...filter,
  });
  return answer.get('RouteEntrys', 'RouteEntry') as readonly Listed[];
}

async function destinations(filter: CallerParameters = {}): Promise<unknown[]> {
  return (await listed(filter)).map(({ DestinationCidrBlock }) => DestinationCidrBlock);
}

test('rule route-states: an entry is pending, then available; deleting, then gone', async () => {
  const made = await accept('CreateRouteEntry', route('172.16.0.0/24'));
  assert.equal((await listed())[0]?.Status, 'Pending');
  bench.cloud.advance(500);
  assert.equal((await listed())[0]?.Status, 'Available');
  await accept('DeleteRouteEntry', { RouteEntryId: made.text('RouteEntryId') });
  assert.equal((await listed())[0]?.Status, 'Deleting');
  bench.cloud.advance(499);
  assert.equal((await listed())[0]?.Status, 'Deleting');
  bench.cloud.advance(1);
  assert.deepEqual(await listed(), []);
});

test('rule route-states: an entry that is pending or deleting is not deleted or made', async () => {
  bench.cloud.settings({ lockMs: 0 });
  const made = await accept('CreateRouteEntry', route('172.16.0.0/24'));
  const id = { RouteEntryId: made.text('RouteEntryId') };
  await refuse('IncorrectRouteEntryStatus', 'DeleteRouteEntry', id);
  await refuse('IncorrectRouteEntryStatus', 'CreateRouteEntry', route('172.16.0.0/24'));
  bench.settle();
  await accept('DeleteRouteEntry', id);
  await refuse('IncorrectRouteEntryStatus', 'DeleteRouteEntry', id);
  await refuse('IncorrectRouteEntryStatus', 'CreateRouteEntry', route('172.16.0.0/24'));
  bench.settle();
  await accept('CreateRouteEntry', route('172.16.0.0/24'));
});

test('rule vpc-lock: a write holds its VPC, and every other write in it is refused', async () => {
  const second = await accept('CreateRouteTable', { VpcId: VPC_ID });
  const RouteTableId = second.text('RouteTableId');
  const writes: [string, string, CallerParameters][] = [
    ['TaskConflict', 'CreateRouteEntry', route('172.16.0.0/24')],
    ['TaskConflict', 'CreateRouteEntries', { RouteEntries: [item('172.16.0.0/24')] }],
    ['TaskConflict', 'DeleteRouteEntries', { RouteEntries: [item('172.16.0.0/24')] }],
    ['OperationConflict', 'CreateRouteTable', { VpcId: VPC_ID }],
    ['OperationConflict', 'DeleteRouteTable', { RouteTableId }],
    ['TaskConflict', 'DeleteVSwitch', { VSwitchId: 'vsw-bp1emulator000000000h' }],
    ['TaskConflict', 'DeleteVpc', { VpcId: VPC_ID }],
  ];
  for (const [code, action, parameters] of writes) await refuse(code, action, parameters);
  bench.cloud.advance(199);
  await refuse('TaskConflict', 'CreateRouteEntry', route('172.16.0.0/24'));
  bench.cloud.advance(1);
  await accept('CreateRouteEntry', route('172.16.0.0/24'));
});

test('rule vpc-lock: another VPC is free, and refused calls hold nothing', async () => {
  await accept('CreateRouteEntry', route('172.16.0.0/24'));
  const other = await accept('CreateVpc');
  bench.settle();
  await accept('CreateRouteEntry', route('172.16.1.0/24'));
  await accept('CreateRouteTable', { VpcId: other.text('VpcId') });
  bench.settle();
  await refuse('InvalidCidrBlock.Malformed', 'CreateRouteEntry', route('anything'));
  const failed = await accept('CreateRouteEntries', { RouteEntries: [item('172.16.0.0/24')] });
  assert.equal(failed.get('FailedCount'), 1);
  await accept('CreateRouteEntry', route('172.16.2.0/24'));
});

test('rule route-batch: the items of an accepted batch fail one by one, with codes of their own', async () => {
  bench.cloud.settings({ lockMs: 0 });
  await create('172.16.0.0/24');
  await accept('CreateRouteEntry', route('172.16.1.0/24'));
  const answer = await accept('CreateRouteEntries', {
    RouteEntries: [
      { ...item('172.16.2.0/24'), Name: 'k8s-a', Description: 'of a node' },
      item('172.16.0.0/24'),
      item('172.16.1.0/24'),
      item('172.16.2.0/24'),
      item('172.16.3.0/24', 'i-unknown'),
      { ...item('172.16.4.0/24'), IpVersion: 4 },
    ],
  });
  const failed = answer.get('FailedRouteEntries') as readonly Listed[];
  assert.deepEqual(
    failed.map(({ DstCidrBlock, NextHop, FailedCode }) => [DstCidrBlock, NextHop, FailedCode]),
    [
      ['172.16.0.0/24', node, 'VPC_ROUTE_ENTRY_CIDR_BLOCK_DUPLICATE'],
      ['172.16.1.0/24', node, 'VPC_ROUTE_ENTRY_STATUS_ERROR'],
      ['172.16.2.0/24', node, 'VPC_ROUTE_ENTRY_STATUS_ERROR'],
      ['172.16.3.0/24', 'i-unknown', 'InvalidInstanId.NotFound'],
    ],
  );
  assert.deepEqual([answer.get('SuccessCount'), answer.get('FailedCount')], [2, 4]);
  const made = await listed({ RouteEntryName: 'k8s-a' });
  assert.deepEqual(
    made.map(({ RouteEntryId, Description, Status }) => [RouteEntryId, Description, Status]),
    [[answer.text('RouteEntryIds', 0), 'of a node', 'Pending']],
  );
});

test('rule route-batch: without time for passages a repeated destination is a duplicate', async () => {
  bench.cloud.settings({ lockMs: 0, transitionMs: 0 });
  const answer = await accept('CreateRouteEntries', {
    RouteEntries: [item('172.16.2.0/24'), item('172.16.2.0/24')],
  });
  assert.equal(
    answer.text('FailedRouteEntries', 0, 'FailedCode'),
    'VPC_ROUTE_ENTRY_CIDR_BLOCK_DUPLICATE',
  );
});

test('rule route-batch: a deletion names what is not there or not at rest', async () => {
  bench.cloud.settings({ lockMs: 0 });
  await create('172.16.0.0/24');
  const byId = await create('172.16.1.0/24');
  await accept('CreateRouteEntry', route('172.16.2.0/24'));
  const answer = await accept('DeleteRouteEntries', {
    RouteEntries: [
      item('172.16.0.0/24'),
      { RouteTableId: TABLE, RouteEntryId: byId },
      item('172.16.2.0/24'),
      item('172.16.3.0/24'),
      item('172.16.0.0/24', 'i-another'),
    ],
  });
  const failed = answer.get('FailedRouteEntries') as readonly Listed[];
  assert.deepEqual(
    failed.map(({ DstCidrBlock, FailedCode }) => [DstCidrBlock, FailedCode]),
    [
      ['172.16.2.0/24', 'VPC_ROUTE_ENTRY_STATUS_ERROR'],
      ['172.16.3.0/24', 'VPC_ROUTER_ENTRY_NOT_EXIST'],
      ['172.16.0.0/24', 'VPC_ROUTER_ENTRY_NOT_EXIST'],
    ],
  );
  bench.settle();
  assert.deepEqual(await destinations(), ['172.16.2.0/24']);
});

test('rule route-batch: a table that is not there refuses the whole call', async () => {
  const unknown = { ...item('172.16.1.0/24'), RouteTableId: 'vtb-x' };
  for (const action of ['CreateRouteEntries', 'DeleteRouteEntries']) {
    await refuse('InvalidRouteTable.NotFound', action, {
      RouteEntries: [item('172.16.0.0/24'), unknown],
    });
  }
  assert.deepEqual(await listed(), []);
});

test('rule route-batch: fifty items a call, and a batch without success changes nothing', async () => {
  const items = (count: number): CallerParameters[] =>
    Array.from({ length: count }, (_, index) => item(`172.16.${index}.0/24`));
  await refuse('InvalidParameter', 'CreateRouteEntries', { RouteEntries: items(51) });
  assert.equal(
    (await accept('CreateRouteEntries', { RouteEntries: items(50) })).get('FailedCount'),
    0,
  );
  bench.settle();
  await accept('CreateRouteEntries', { RouteEntries: items(50) });
  const [last] = bench.cloud.calls().slice(-1);
  assert.deepEqual([last?.applied, last?.mutating], [false, true]);
});

const REFUSED: readonly [code: string, why: string, parameters: () => CallerParameters][] = [
  ['InvalidCidrBlock.Malformed', 'bits behind the mask', () => route('172.16.0.1/24')],
  ['InvalidCidrBlock.Malformed', 'no block', () => route('172.16.0.0/33')],
  ['InvalidDestinationCidrBlock', 'the cloud’s own services', () => route('100.64.0.0/10')],
  [
    'OperationUnsupported.DestinationCidrBlockOverlapWithVSwitch',
    'a vSwitch’s block',
    () => route('10.0.0.0/20'),
  ],
  [
    'OperationUnsupported.DestinationCidrBlockOverlapWithVSwitch',
    'inside of a vSwitch',
    () => route('10.0.1.0/24'),
  ],
  ['OperationDenied.VpcIpv6NotEnabled', 'no IPv6 in the VPC', () => route('2408::/64')],
  [
    'InvalidInstanId.NotFound',
    'no such instance',
    () => route('172.16.0.0/24', { NextHopId: 'i-x' }),
  ],
  [
    'InvalidNetworkInterface.NotFound',
    'no such interface',
    () => route('172.16.0.0/24', { NextHopId: 'eni-x', NextHopType: 'NetworkInterface' }),
  ],
  [
    'InvalidHaVipId.NotFound',
    'this cloud has no such hops',
    () => route('172.16.0.0/24', { NextHopId: 'havip-x', NextHopType: 'HaVip' }),
  ],
  [
    'InvalidNexthopTypeAndList.BothNull',
    'no next hop',
    () => ({ RouteTableId: TABLE, DestinationCidrBlock: '172.16.0.0/24' }),
  ],
  [
    'InvalidNexthopTypeAndList.BothNotNull',
    'both forms',
    () => route('172.16.0.0/24', { NextHopList: [{ NextHopId: node }, { NextHopId: node }] }),
  ],
  [
    'InvalidNexthopListSize',
    'a list of one',
    () => ({
      RouteTableId: TABLE,
      DestinationCidrBlock: '172.16.0.0/24',
      NextHopList: [{ NextHopId: node }],
    }),
  ],
  [
    'InvalidRouteTableId.NotFound',
    'no such table',
    () => ({ ...route('172.16.0.0/24'), RouteTableId: 'vtb-x' }),
  ],
  ['DryRunOperation', 'a rehearsal', () => route('172.16.0.0/24', { DryRun: true })],
];

for (const [code, why, parameters] of REFUSED) {
  test(`rule route-form route-destination route-hop: ${code} for ${why}`, async () => {
    await refuse(code, 'CreateRouteEntry', parameters());
    assert.deepEqual(await listed(), []);
  });
}

test('rule route-destination: a bare address is a block of one; a block may hold a vSwitch', async () => {
  await create('172.16.0.1');
  await create('10.0.0.0/19');
  assert.deepEqual(await destinations(), ['172.16.0.1/32', '10.0.0.0/19']);
});

test('rule route-destination: a second entry to one destination is a duplicate in its table only', async () => {
  await create('172.16.0.0/24');
  await refuse('InvalidCIDRBlock.Duplicate', 'CreateRouteEntry', route('172.16.0.0/24'));
  const other = await accept('CreateRouteTable', { VpcId: VPC_ID });
  bench.settle();
  await create('172.16.0.0/24', { RouteTableId: other.text('RouteTableId') });
});

test('rule route-ipv6: entries of IPv6 go where the VPC has IPv6, and are told apart', async () => {
  bench.cloud.patchObject(VPC_ID, { ipv6CidrBlock: '2408:4005:300::/56' });
  await create('2408:4005:9::/64');
  await create('172.16.0.0/24');
  assert.deepEqual(await destinations({ IpVersion: 'IPv6' }), ['2408:4005:9::/64']);
  assert.deepEqual(await destinations({ IpVersion: 'IPv4' }), ['172.16.0.0/24']);
  const batch = await accept('CreateRouteEntries', {
    RouteEntries: [
      { ...item('2408:4005:a::/64'), IpVersion: 6 },
      { ...item('2408:4005:b::/64'), IpVersion: 4 },
    ],
  });
  assert.equal(batch.text('FailedRouteEntries', 0, 'FailedCode'), 'InvalidCidrBlock.Malformed');
});

test('rule route-hop: a next hop in another VPC, or between two states, is refused', async () => {
  bench.cloud.admin.seed({
    vpcs: [
      {
        vpcId: 'vpc-2',
        cidrBlock: '192.168.0.0/16',
        vSwitches: [{ vSwitchId: 'vsw-2', zoneId: 'cn-hangzhou-h', cidrBlock: '192.168.0.0/24' }],
      },
    ],
    instances: [
      {
        instanceId: 'i-elsewhere',
        zoneId: 'cn-hangzhou-h',
        vSwitchId: 'vsw-2',
        instanceType: 'ecs.g7.large',
        privateIps: ['192.168.0.9'],
      },
    ],
  });
  await refuse(
    'OperationFailed.InstanceDismatchCurrentVpc',
    'CreateRouteEntry',
    route('172.16.0.0/24', { NextHopId: 'i-elsewhere' }),
  );
  await bench.accept('StopInstance', { InstanceId: node }, '2014-05-26');
  await refuse('IncorrectInstanceStatus', 'CreateRouteEntry', route('172.16.0.0/24'));
  bench.settle();
  await create('172.16.0.0/24');
});

test('rule route-ecmp: several next hops of equal cost are kept and shown with their weights', async () => {
  const hops = bench.cloud.instanceIds.slice(0, 2);
  const made = await accept('CreateRouteEntry', {
    RouteTableId: TABLE,
    DestinationCidrBlock: '172.16.0.0/24',
    NextHopList: hops.map((NextHopId) => ({ NextHopId, NextHopType: 'Instance', Weight: 100 })),
  });
  bench.settle();
  const [entry] = await listed({ RouteEntryId: made.text('RouteEntryId') });
  const shown = entry?.NextHops as { readonly NextHop: readonly Listed[] };
  assert.deepEqual(
    shown.NextHop.map(({ NextHopId, Weight, Enabled }) => [NextHopId, Weight, Enabled]),
    hops.map((hop) => [hop, 100, 1]),
  );
});

test('rule quota-routes: a table takes 200 custom entries unless a quota says otherwise', async () => {
  assert.equal(bench.cloud.settings().quotas.vpc_quota_route_entrys_num, 200);
  bench.cloud.settings({ lockMs: 0, quotas: { vpc_quota_route_entrys_num: 2 } });
  await create('172.16.0.0/24');
  const batch = await accept('CreateRouteEntries', {
    RouteEntries: [item('172.16.1.0/24'), item('172.16.2.0/24')],
  });
  assert.deepEqual(
    [batch.get('SuccessCount'), batch.get('FailedRouteEntries', 0, 'FailedCode')],
    [1, 'QuotaExceeded'],
  );
  await refuse('QuotaExceeded', 'CreateRouteEntry', route('172.16.3.0/24'));
});

test('rule route-token: a repeated ClientToken gives the first entry again', async () => {
  const wanted = route('172.16.0.0/24', { ClientToken: 'once' });
  const first = await accept('CreateRouteEntry', wanted);
  const again = await accept('CreateRouteEntry', wanted);
  assert.equal(again.text('RouteEntryId'), first.text('RouteEntryId'));
  const [last] = bench.cloud.calls().slice(-1);
  assert.deepEqual([last?.applied, last?.objectIds], [false, [first.text('RouteEntryId')]]);
  await refuse('IdempotentParameterMismatch', 'CreateRouteEntry', {
    ...wanted,
    DestinationCidrBlock: '172.16.1.0/24',
  });
});

test('rule route-token: while the first call runs, its token is refused by the code of VPC', async () => {
  bench.cloud.addFault({ kind: 'hold', action: 'CreateRouteEntry', when: 'applied' });
  const wanted = route('172.16.0.0/24', { ClientToken: 'once' });
  const running = accept('CreateRouteEntry', wanted);
  const [held] = await bench.cloud.held();
  await refuse('LastTokenProcessing', 'CreateRouteEntry', wanted);
  bench.cloud.release(held?.id ?? '');
  await running;
});

test('rule route-delete: an entry is named by its id, or by table, destination and next hop', async () => {
  const byId = await create('172.16.0.0/24');
  await create('172.16.1.0/24');
  const named = { RouteTableId: TABLE, DestinationCidrBlock: '172.16.1.0/24' };
  await refuse('InvalidRouteEntry.NotFound', 'DeleteRouteEntry', { RouteEntryId: 'rte-x' });
  await refuse('InvalidRouteEntry.NotFound', 'DeleteRouteEntry', { ...named, NextHopId: 'i-x' });
  await refuse('InvalidRouteEntry.NotFound', 'DeleteRouteEntry', {
    ...named,
    DestinationCidrBlock: '172.16.9.0/24',
  });
  await refuse('ParamExclusive.RouteEntryIdAndRouteTableIdOrDestCidrBlock', 'DeleteRouteEntry', {
    ...named,
    RouteEntryId: byId,
  });
  await refuse('MissingParameter', 'DeleteRouteEntry', { RouteTableId: TABLE });
  await accept('DeleteRouteEntry', { RouteEntryId: byId });
  bench.settle();
  await accept('DeleteRouteEntry', { ...named, NextHopId: node });
  bench.settle();
  assert.deepEqual(await listed(), []);
});

test('rule route-system: each vSwitch and the services have an entry that nobody deletes', async () => {
  const system = await listed({ RouteEntryType: 'System' });
  assert.deepEqual(
    system.map(({ DestinationCidrBlock, Status }) => [DestinationCidrBlock, Status]),
    [
      ['10.0.0.0/20', 'Available'],
      ['10.0.16.0/20', 'Available'],
      ['100.64.0.0/10', 'Available'],
    ],
  );
  const RouteEntryId = system[0]?.RouteEntryId;
  await refuse('OperationDenied', 'DeleteRouteEntry', { RouteEntryId });
  await refuse('OperationDenied', 'DeleteRouteEntry', {
    RouteTableId: TABLE,
    DestinationCidrBlock: '10.0.16.0/20',
  });
  const batch = await accept('DeleteRouteEntries', {
    RouteEntries: [{ RouteTableId: TABLE, DstCidrBlock: '100.64.0.0/10' }],
  });
  assert.equal(batch.text('FailedRouteEntries', 0, 'FailedCode'), 'OperationDenied');
  assert.equal((await listed({ RouteEntryType: 'System' })).length, 3);
});

test('rule route-modify: name and description change at once, a next hop through Modifying', async () => {
  const RouteEntryId = await create('172.16.0.0/24');
  await accept('ModifyRouteEntry', { RouteEntryId, RouteEntryName: 'named', Description: 'told' });
  bench.settle();
  assert.deepEqual(
    (await listed()).map(({ RouteEntryName, Description, Status }) => [
      RouteEntryName,
      Description,
      Status,
    ]),
    [['named', 'told', 'Available']],
  );
  const NewNextHopId = bench.cloud.instanceIds[1] ?? '';
  await refuse('MissingParam.NewNextHopType', 'ModifyRouteEntry', { RouteEntryId, NewNextHopId });
  const change = { RouteEntryId, NewNextHopId, NewNextHopType: 'Instance' };
  await accept('ModifyRouteEntry', change);
  assert.equal((await listed())[0]?.Status, 'Modifying');
  bench.settle();
  assert.deepEqual(await destinations({ NextHopId: NewNextHopId }), ['172.16.0.0/24']);
  await refuse('OperationDenied.NextHopExist', 'ModifyRouteEntry', change);
  await refuse('InvalidRouteEntryId.NotFound', 'ModifyRouteEntry', { RouteEntryId: 'rte-x' });
});

test('rule route-modify: an entry may be named by its table and destination instead', async () => {
  await create('172.16.0.0/24');
  const named = { RouteTableId: TABLE, DestinationCidrBlock: '172.16.0.0/24' };
  await accept('ModifyRouteEntry', { ...named, RouteEntryName: 'named' });
  assert.equal((await listed())[0]?.RouteEntryName, 'named');
  bench.settle();
  const change = (parameters: CallerParameters) => ({ ...parameters, Description: 'told' });
  const absent = { ...named, DestinationCidrBlock: '172.16.9.0/24' };
  await refuse('InvalidRouteEntryId.NotFound', 'ModifyRouteEntry', change(absent));
  const system = { ...named, DestinationCidrBlock: '100.64.0.0/10' };
  await refuse('OperationDenied.ModifyManagedRouteEntry', 'ModifyRouteEntry', change(system));
  await refuse('MissingParam.RouteEntryId', 'ModifyRouteEntry', change({ RouteTableId: TABLE }));
});

test('rule route-list: filters, an unknown table and an unknown next hop', async () => {
  const other = bench.cloud.instanceIds[1] ?? '';
  await create('172.16.0.0/24', { RouteEntryName: 'a' });
  await create('172.16.1.0/24', { NextHopId: other });
  assert.deepEqual(await destinations({ DestinationCidrBlock: '172.16.1.0/24' }), [
    '172.16.1.0/24',
  ]);
  assert.deepEqual(await destinations({ NextHopId: node, NextHopType: 'Instance' }), [
    '172.16.0.0/24',
  ]);
  assert.deepEqual(await destinations({ NextHopType: 'HaVip' }), []);
  assert.deepEqual(await destinations({ RouteEntryName: 'a' }), ['172.16.0.0/24']);
  assert.deepEqual(await destinations({ DestCidrBlockList: ['172.16.0.0/24', '172.16.1.0/24'] }), [
    '172.16.0.0/24',
    '172.16.1.0/24',
  ]);
  await refuse('InvalidRouteTable.NotFound', 'DescribeRouteEntryList', { RouteTableId: 'vtb-x' });
  await refuse('InvalidNextHop.NotFound', 'DescribeRouteEntryList', {
    RouteTableId: TABLE,
    NextHopId: 'i-unknown',
  });
});

test('rule route-pages: pages by token, 100 entries unless told, up to 500 as a client asks', async () => {
  bench.cloud.admin.seed({
    routeEntries: Array.from({ length: 120 }, (_, index) => ({
      routeTableId: TABLE,
      destinationCidrBlock: `172.16.${index}.0/24`,
      nextHopId: node,
    })),
  });
  const first = await accept('DescribeRouteEntryList', { RouteTableId: TABLE });
  assert.equal((first.get('RouteEntrys', 'RouteEntry') as unknown[]).length, 100);
  const rest = await accept('DescribeRouteEntryList', {
    RouteTableId: TABLE,
    NextToken: first.text('NextToken'),
  });
  assert.equal((rest.get('RouteEntrys', 'RouteEntry') as unknown[]).length, 23);
  assert.equal(rest.get('NextToken'), '');
  assert.equal((await listed({ MaxResult: 500 })).length, 120);
  await refuse('IllegalParam.NextToken', 'DescribeRouteEntryList', {
    RouteTableId: TABLE,
    NextToken: 'no token',
  });
});

test('rule route-blackhole: the entries of a released instance stay, not enabled any more', async () => {
  await create('172.16.0.0/24');
  bench.cloud.patchObject(node, { released: true });
  const [entry] = await listed({ NextHopId: node });
  const shown = entry?.NextHops as { readonly NextHop: readonly Listed[] };
  assert.deepEqual([entry?.Status, shown.NextHop[0]?.Enabled], ['Available', 0]);
  assert.equal(shown.NextHop[0]?.NextHopId, node);
});

test('rule route-tombstone: tombstones tell who made an entry and who removed it, and when', async () => {
  await accept('CreateRouteEntries', { RouteEntries: [item('172.16.0.0/24')] });
  const [made] = bench.cloud.calls().slice(-1);
  bench.settle();
  await accept('DeleteRouteEntries', { RouteEntries: [item('172.16.0.0/24')] });
  const [removed] = bench.cloud.calls().slice(-1);
  assert.deepEqual(bench.cloud.state({ deleted: true }).deleted, []);
  bench.cloud.advance(10_000);
  const { deleted = [], routeEntries } = bench.cloud.state({ deleted: true });
  assert.deepEqual(routeEntries, []);
  assert.deepEqual(
    deleted.map(({ kind, createdBySeq, deletedBySeq }) => [kind, createdBySeq, deletedBySeq]),
    [['routeEntry', made?.seq, removed?.seq]],
  );
  const took = Date.parse(String(deleted[0]?.deletedAt)) - Date.parse(removed?.startedAt ?? '');
  assert.equal(took, 500);
});

test('rule route-delete: the list of next hops that names an entry is the whole one', async () => {
  const NextHopList = bench.cloud.instanceIds
    .slice(0, 2)
    .map((NextHopId) => ({ NextHopId, NextHopType: 'Instance' }));
  const named = { RouteTableId: TABLE, DestinationCidrBlock: '172.16.0.0/24' };
  await accept('CreateRouteEntry', { ...named, NextHopList });
  bench.settle();
  const part = { ...named, NextHopList: NextHopList.slice(1) };
  await refuse('InvalidRouteEntry.NotFound', 'DeleteRouteEntry', part);
  await accept('DeleteRouteEntry', { ...named, NextHopList });
});

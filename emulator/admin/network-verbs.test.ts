import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { adminClient, type AdminClient } from '../../test/support/admin-client.ts';
import { cloudCaller, type CallerAnswer } from '../../test/support/cloud-caller.ts';
import { startLocalCloud, type LocalCloud } from '../../test/support/local-cloud.ts';
import type { StateDocument } from './state-document.ts';

const ECS = '2014-05-26';
const VPC = '2016-04-28';
const RegionId = 'cn-hangzhou';
const TABLE = 'vtb-bp1emulator0000000000';
let cloud: LocalCloud;
let admin: AdminClient;
let node: string;

before(async () => {
  cloud = await startLocalCloud({
    settings: { lockMs: 0, transitionMs: 0, rates: { default: 0 } },
  });
  admin = adminClient(cloud.url);
});
beforeEach(() => {
  cloud.reset();
  cloud.settings({ lockMs: 0, transitionMs: 0 });
  node = cloud.instanceIds[0] ?? '';
});
after(() => cloud.stop());

async function state(): Promise<StateDocument> {
  return (await admin('GET /_admin/state?deleted=true')).body as StateDocument;
}

function call(
  action: string,
  parameters: Record<string, unknown>,
  version: string,
  key = 'emulator',
): Promise<CallerAnswer> {
  const secrets: Readonly<Record<string, string>> = { emulator: 'emulator-secret' };
  const caller = cloudCaller(cloud.url, {
    accessKeyId: key,
    accessKeySecret: secrets[key] ?? 'secret',
  });
  return caller(action, { RegionId, ...parameters }, { version });
}

async function instance(InstanceId: string): Promise<Readonly<Record<string, unknown>>> {
  const InstanceIds = JSON.stringify([InstanceId]);
  const answer = await call('DescribeInstances', { InstanceIds }, ECS);
  return (answer.get('Instances', 'Instance', 0) ?? {}) as Readonly<Record<string, unknown>>;
}

test('seed: routes of others, disks, free interfaces, tags and identities', async () => {
  const answer = await admin('POST /_admin/seed', {
    routeEntries: [
      {
        routeEntryId: 'rte-foreign',
        routeTableId: TABLE,
        destinationCidrBlock: '172.16.0.0/24',
        nextHopId: 'i-of-somebody',
        description: 'of somebody',
      },
      {
        routeTableId: TABLE,
        destinationCidrBlock: '0.0.0.0/0',
        nextHops: [
          { nextHopType: 'HaVip', nextHopId: 'havip-1', weight: 1 },
          { nextHopType: 'HaVip', nextHopId: 'havip-2', weight: 2 },
        ],
      },
    ],
    disks: [{ diskId: 'd-1', zoneId: 'cn-hangzhou-h', instanceId: node }],
    networkInterfaces: [
      {
        networkInterfaceId: 'eni-free',
        vSwitchId: 'vsw-bp1emulator000000000h',
        privateIps: ['10.0.3.1'],
      },
    ],
    tags: { [node]: { role: 'worker' }, [TABLE]: { owner: 'us' } },
    oidcProviders: [{ name: 'p', issuer: 'https://i', clientIds: ['a'] }],
    ramRoles: [{ name: 'r' }],
  });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  const after = await state();
  assert.deepEqual(
    after.routeEntries.map(({ routeEntryId, destinationCidrBlock, createdBySeq, status }) => [
      routeEntryId === 'rte-foreign',
      destinationCidrBlock,
      createdBySeq,
      status,
    ]),
    [
      [true, '172.16.0.0/24', null, 'Available'],
      [false, '0.0.0.0/0', null, 'Available'],
    ],
  );
  assert.deepEqual(
    [after.disks[0]?.status, after.networkInterfaces.at(-1)?.status, after.instances[0]?.tags],
    ['In_use', 'Available', { role: 'worker' }],
  );
  const tables = after.vpcs[0]?.routeTables as readonly Record<string, unknown>[];
  assert.deepEqual(tables[0]?.tags, { owner: 'us' });
});

test('seed: a table that is not there, and ids that are, are refused as a whole', async () => {
  const entry = { destinationCidrBlock: '172.16.0.0/24', nextHopId: node };
  for (const seed of [
    { routeEntries: [{ ...entry, routeTableId: 'vtb-unknown' }] },
    {
      routeEntries: [
        { ...entry, routeTableId: TABLE, routeEntryId: 'rte-1' },
        { ...entry, routeTableId: TABLE, routeEntryId: 'rte-1' },
      ],
    },
    {
      disks: [{ diskId: 'd-1' }],
      networkInterfaces: [
        {
          networkInterfaceId: 'eni-bp1emulator00000001',
          vSwitchId: 'vsw-bp1emulator000000000h',
          privateIps: [],
        },
      ],
    },
  ]) {
    assert.equal((await admin('POST /_admin/seed', seed)).status, 409);
  }
  const after = await state();
  assert.deepEqual([after.routeEntries, after.disks], [[], []]);
});

test('objects: an instance is powered off and on, locked, tagged and renamed', async () => {
  await admin(`PATCH /_admin/objects/${node}`, { status: 'Stopped' });
  assert.equal((await instance(node)).Status, 'Stopped');
  await admin(`PATCH /_admin/objects/${node}`, {
    status: 'Running',
    locks: ['security'],
    instanceName: 'renamed',
    tags: { a: '1' },
    sourceDestCheck: false,
  });
  const shown = await instance(node);
  assert.deepEqual(
    [shown.Status, shown.InstanceName, shown.OperationLocks, shown.Tags],
    [
      'Running',
      'renamed',
      { LockReason: [{ LockReason: 'security', LockMsg: '' }] },
      { Tag: [{ TagKey: 'a', TagValue: '1' }] },
    ],
  );
  const [own] = (await state()).networkInterfaces;
  assert.equal(own?.sourceDestCheck, false);
});

test('objects: a given status ends what an instance is passing through', async () => {
  cloud.settings({ transitionMs: 60_000 });
  await call('StopInstance', { InstanceId: node }, ECS);
  assert.equal((await instance(node)).Status, 'Stopping');
  await admin(`PATCH /_admin/objects/${node}`, { status: 'Stopped' });
  assert.equal((await instance(node)).Status, 'Stopped');
});

test('objects: a released instance is gone, with its interface and its tombstones', async () => {
  await admin(`PATCH /_admin/objects/${node}`, { released: true });
  assert.deepEqual(await instance(node), {});
  const { deleted = [] } = await state();
  assert.deepEqual(
    deleted.map(({ kind, id, deletedBySeq }) => [kind, id, deletedBySeq]),
    [
      ['networkInterface', 'eni-bp1emulator00000001', null],
      ['instance', node, null],
    ],
  );
});

test('objects: interfaces, disks, route tables and route entries change and go', async () => {
  await admin('POST /_admin/seed', {
    disks: [{ diskId: 'd-1', zoneId: 'cn-hangzhou-h' }],
    routeEntries: [
      {
        routeEntryId: 'rte-1',
        routeTableId: TABLE,
        destinationCidrBlock: '172.16.0.0/24',
        nextHopId: node,
      },
    ],
  });
  const other = cloud.instanceIds[1];
  const changed = await admin('PATCH /_admin/objects/rte-1', { nextHopId: other });
  assert.deepEqual((changed.body as Record<string, unknown>).nextHops, [
    { nextHopType: 'Instance', nextHopId: other },
  ]);
  const eni = await admin('PATCH /_admin/objects/eni-bp1emulator00000001', {
    SourceDestCheck: false,
  });
  assert.equal((eni.body as Record<string, unknown>).sourceDestCheck, false);
  await admin('PATCH /_admin/objects/d-1', { status: 'Attaching', zoneId: 'cn-hangzhou-i' });
  const table = await admin(`PATCH /_admin/objects/${TABLE}`, { routeTableName: 'main' });
  assert.equal((table.body as Record<string, unknown>).routeTableName, 'main');
  await admin('PATCH /_admin/objects/d-1', { released: true });
  await admin(`PATCH /_admin/objects/${TABLE}`, { released: true });
  const after = await state();
  assert.deepEqual([after.disks, after.routeEntries, after.vpcs[0]?.routeTables], [[], [], []]);
});

test('fault deny: a permission is taken from one principal, operation by operation', async () => {
  await admin('POST /_admin/seed', {
    accessKeys: [
      { accessKeyId: 'one', accessKeySecret: 'secret', userName: 'one' },
      { accessKeyId: 'two', accessKeySecret: 'secret', userName: 'two' },
    ],
  });
  const principal = `acs:ram::${cloud.accountId}:user/one`;
  await admin('POST /_admin/faults', {
    kind: 'deny',
    principal,
    product: 'ecs',
    action: 'DescribeInstances',
  });
  for (const round of [1, 2]) {
    const denied = await call('DescribeInstances', {}, ECS, 'one');
    assert.deepEqual([denied.code, denied.status], ['Forbidden.RAM', 403], `round ${round}`);
    assert.equal(denied.get('AccessDeniedDetail', 'AuthAction'), 'ecs:DescribeInstances');
  }
  assert.equal((await call('DescribeInstances', {}, ECS, 'two')).code, undefined);
  assert.equal((await call('DescribeNetworkInterfaces', {}, ECS, 'one')).code, undefined);
  assert.equal(
    cloud.calls().some(({ applied }) => applied),
    false,
  );
  await admin('DELETE /_admin/faults');
  assert.equal((await call('DescribeInstances', {}, ECS, 'one')).code, undefined);
});

test('fault: an action of one name is told apart by its product', async () => {
  await admin('POST /_admin/faults', { kind: 'error', product: 'vpc', action: 'TagResources' });
  const tag = { Tag: [{ Key: 'a', Value: '1' }] };
  const instances = { ResourceType: 'instance', ResourceId: [node], ...tag };
  assert.equal((await call('TagResources', instances, ECS)).code, undefined);
  const vpcs = { ResourceType: 'VPC', ResourceId: [cloud.vpcId], ...tag };
  assert.equal((await call('TagResources', vpcs, VPC)).code, 'ServiceUnavailable');
});

test('fault: lists of routes and instances become empty or short and look complete', async () => {
  await admin('POST /_admin/seed', {
    routeEntries: [1, 2, 3, 4].map((number) => ({
      routeTableId: TABLE,
      destinationCidrBlock: `172.16.${number}.0/24`,
      nextHopId: node,
    })),
  });
  const entries = async (): Promise<number> => {
    const list = { RouteTableId: TABLE, RouteEntryType: 'Custom' };
    const answer = await call('DescribeRouteEntryList', list, VPC);
    return (answer.get('RouteEntrys', 'RouteEntry') as readonly unknown[]).length;
  };
  await admin('POST /_admin/faults', { kind: 'short-list', action: 'DescribeRouteEntryList' });
  assert.deepEqual([await entries(), await entries()], [2, 4]);
  await admin('POST /_admin/faults', { kind: 'empty-list', action: 'DescribeInstances' });
  const none = await call('DescribeInstances', { MaxResults: 100 }, ECS);
  assert.deepEqual([none.get('TotalCount'), none.get('Instances', 'Instance')], [0, []]);
});

test('state: a thousand instances and more routes are cheap to make and to list', async () => {
  cloud.addInstances(997);
  cloud.settings({ quotas: { vpc_quota_route_entrys_num: 1_100 } });
  const started = performance.now();
  for (let batch = 0; batch < 20; batch += 1) {
    const items = Array.from({ length: 50 }, (_, index) => ({
      RouteTableId: TABLE,
      DstCidrBlock: `172.${16 + (batch >> 2)}.${(batch & 3) * 50 + index}.0/24`,
      NextHop: cloud.instanceIds[0],
      NextHopType: 'Instance',
    }));
    const made = await call('CreateRouteEntries', { RouteEntries: items }, VPC);
    assert.equal(made.get('SuccessCount'), 50);
  }
  const page = await call('DescribeRouteEntryList', { RouteTableId: TABLE, MaxResult: 500 }, VPC);
  assert.equal((page.get('RouteEntrys', 'RouteEntry') as readonly unknown[]).length, 500);
  const list = await call('DescribeInstances', { MaxResults: 100 }, ECS);
  assert.equal(list.get('TotalCount'), 1_000);
  // Some 50 ms of work; a scan of everything for each item would take minutes.
  assert.ok(performance.now() - started < 10_000);
});

import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { adminClient, type AdminClient } from '../../test/support/admin-client.ts';
import { cloudCaller, type CloudCaller } from '../../test/support/cloud-caller.ts';
import { startLocalCloud, type LocalCloud } from '../../test/support/local-cloud.ts';
import type { CallRecord } from '../model/call-log.ts';
import type { EmulatorSettings } from '../model/emulator-settings.ts';
import { AdminInterface } from './admin-interface.ts';
import type { StateDocument } from './state-document.ts';

let cloud: LocalCloud;
let admin: AdminClient;
let call: CloudCaller;
const RegionId = 'cn-hangzhou';

before(async () => {
  cloud = await startLocalCloud({ settings: { lockMs: 0, transitionMs: 0 } });
  admin = adminClient(cloud.url);
  call = cloudCaller(cloud.url);
});
beforeEach(() => {
  cloud.reset();
});
after(() => cloud.stop());

async function state(deleted = false): Promise<StateDocument> {
  return (await admin(`GET /_admin/state${deleted ? '?deleted=true' : ''}`)).body as StateDocument;
}

async function calls(since = 0): Promise<CallRecord[]> {
  return (await admin(`GET /_admin/calls?since=${since}`)).body as CallRecord[];
}

/** Makes a load balancer with a group of two and a running listener at port 80. */
async function serving() {
  const made = await call('CreateLoadBalancer', {
    RegionId,
    LoadBalancerSpec: 'slb.s1.small',
    LoadBalancerName: 'serving',
    Tag: [{ Key: 'a', Value: '1' }],
  });
  const LoadBalancerId = made.text('LoadBalancerId');
  const members = cloud.instanceIds.slice(0, 2).map((ServerId) => ({ ServerId, Port: 30080 }));
  const group = await call('CreateVServerGroup', {
    RegionId,
    LoadBalancerId,
    VServerGroupName: 'two',
    BackendServers: JSON.stringify(members),
  });
  const VServerGroupId = group.text('VServerGroupId');
  await call('CreateLoadBalancerTCPListener', {
    RegionId,
    LoadBalancerId,
    ListenerPort: 80,
    Bandwidth: -1,
    VServerGroupId,
  });
  await call('StartLoadBalancerListener', { RegionId, LoadBalancerId, ListenerPort: 80 });
  return { LoadBalancerId, VServerGroupId };
}

test('reset: objects, calls and faults are gone; keys and start-up settings stay', async () => {
  const first = await serving();
  await admin('PUT /_admin/settings', { lockMs: 77, quotas: { slb_quota_instances_num: 1 } });
  await admin('POST /_admin/faults', { kind: 'drop' });
  await admin('POST /_admin/reset');
  const after = await state(true);
  assert.deepEqual(
    [after.loadBalancers, after.vServerGroups, after.vpcs, after.instances, after.deleted],
    [[], [], [], [], []],
  );
  assert.deepEqual(after.accounts, [{ accountId: cloud.accountId, accessKeyIds: ['emulator'] }]);
  assert.deepEqual(await calls(), []);
  assert.deepEqual((await admin('GET /_admin/faults')).body, []);
  const settings = (await admin('GET /_admin/settings')).body as EmulatorSettings;
  assert.equal(settings.lockMs, 0);
  assert.equal(settings.quotas.slb_quota_instances_num, 60);
  const identity = await call('GetCallerIdentity', {}, { version: '2015-04-01' });
  assert.equal(identity.code, undefined);
  cloud.reset();
  assert.equal((await serving()).LoadBalancerId, first.LoadBalancerId, 'Ids start over.');
});

test('reset: a call that is held is cut', async () => {
  await admin('POST /_admin/faults', { kind: 'hold', action: 'DescribeRegions' });
  const held = assert.rejects(call('DescribeRegions'));
  await admin('GET /_admin/held');
  await admin('POST /_admin/reset');
  await held;
  assert.deepEqual((await admin('GET /_admin/held?timeoutMs=0')).body, []);
});

const ownSeed = {
  accounts: ['3000000000000003'],
  accessKeys: [{ accessKeyId: 'own', accessKeySecret: 'own-secret' }],
  regionId: 'cn-beijing',
  vpcs: [
    {
      vpcId: 'vpc-own',
      cidrBlock: '172.16.0.0/12',
      vSwitches: [{ vSwitchId: 'vsw-own', zoneId: 'cn-beijing-h', cidrBlock: '172.16.0.0/24' }],
      routeTables: [{ routeTableId: 'vtb-own', type: 'System' }],
    },
  ],
  instances: [
    {
      instanceId: 'i-own',
      zoneId: 'cn-beijing-h',
      vSwitchId: 'vsw-own',
      instanceType: 'ecs.g7.large',
      hostName: 'own',
      privateIps: ['172.16.0.9'],
      publicIp: '8.8.8.8',
      eip: { allocationId: 'eip-own', ipAddress: '9.9.9.9' },
      enis: [{ networkInterfaceId: 'eni-own', privateIps: ['172.16.0.9'], primary: true }],
      status: 'Running',
    },
  ],
  quotas: { slb_quota_instances_num: 5 },
  ramRole: 'OwnRole',
};

test('seed: adds to what is there, for the account it names', async () => {
  await admin('POST /_admin/seed', ownSeed);
  const own = cloudCaller(cloud.url, { accessKeyId: 'own', accessKeySecret: 'own-secret' });
  const seen = await own(
    'DescribeInstances',
    { RegionId: 'cn-beijing' },
    { version: '2014-05-26' },
  );
  assert.equal(seen.get('TotalCount'), 1);
  const path = ['Instances', 'Instance', 0] as const;
  assert.equal(seen.get(...path, 'VpcAttributes', 'VpcId'), 'vpc-own');
  assert.equal(seen.get(...path, 'EipAddress', 'IpAddress'), '9.9.9.9');
  assert.equal(seen.get(...path, 'PublicIpAddress', 'IpAddress', 0), '8.8.8.8');
  const mine = await call('DescribeInstances', { RegionId }, { version: '2014-05-26' });
  assert.equal(mine.get('TotalCount'), 3);
  const settings = (await admin('GET /_admin/settings')).body as EmulatorSettings;
  assert.equal(settings.quotas.slb_quota_instances_num, 5);
  assert.equal((await state()).regionId, 'cn-beijing');
});

test('seed: an id twice is a conflict, and nothing of the seed is added', async () => {
  assert.equal((await admin('POST /_admin/seed', ownSeed)).status, 200);
  const more = { instanceId: 'i-more', ...ownSeed.instances[0] };
  for (const again of [
    { accessKeys: ownSeed.accessKeys },
    { vpcs: ownSeed.vpcs },
    { instances: ownSeed.instances },
    { vpcs: [{ ...ownSeed.vpcs[0], vpcId: 'vpc-new' }] },
    { instances: [{ ...more, instanceId: 'i-new' }, ...ownSeed.instances] },
    {
      instances: [
        { ...more, instanceId: 'i-new' },
        { ...more, instanceId: 'i-new' },
      ],
    },
  ]) {
    const answer = await admin('POST /_admin/seed', again);
    assert.equal(answer.status, 409, JSON.stringify(again));
  }
  const after = await state();
  assert.equal(after.instances.length, 4);
  assert.equal(after.vpcs.length, 2);
});

test('seed: a key that outlived a reset may be named once more', async () => {
  const accessKeys = [{ accessKeyId: 'emulator', accessKeySecret: 'emulator-secret' }];
  assert.equal((await admin('POST /_admin/seed', { accessKeys })).status, 200);
  assert.equal((await admin('POST /_admin/seed', { accessKeys })).status, 409);
  await admin('POST /_admin/reset');
  assert.equal((await admin('POST /_admin/seed', { accessKeys })).status, 200);
});

test('state: everything in the order it was made, with owner and making call', async () => {
  const { LoadBalancerId, VServerGroupId } = await serving();
  const shown = await state();
  const [loadBalancer] = shown.loadBalancers as {
    loadBalancerId: string;
    accountId: string;
    createdBySeq: number;
    tags: unknown;
    listeners: Record<string, unknown>[];
  }[];
  assert.equal(loadBalancer?.loadBalancerId, LoadBalancerId);
  assert.equal(loadBalancer.accountId, cloud.accountId);
  assert.equal(loadBalancer.createdBySeq, 1);
  assert.deepEqual(loadBalancer.tags, { a: '1' });
  const [listener] = loadBalancer.listeners;
  assert.deepEqual(
    [listener?.listenerId, listener?.status, listener?.vServerGroupId, listener?.createdBySeq],
    [`${LoadBalancerId}_tcp_80`, 'running', VServerGroupId, 3],
  );
  const [group] = shown.vServerGroups as { backendServers: { serverId: string }[] }[];
  assert.deepEqual(
    group?.backendServers.map(({ serverId }) => serverId),
    cloud.instanceIds.slice(0, 2),
  );
  assert.equal(shown.deleted, undefined);
  const again = await state();
  assert.deepEqual({ ...again, now: '' }, { ...shown, now: '' });
});

test('state: tombstones tell the making and the removing call', async () => {
  const { LoadBalancerId } = await serving();
  await call('DeleteLoadBalancer', { RegionId, LoadBalancerId });
  const { deleted = [] } = await state(true);
  assert.deepEqual(
    deleted.map(({ kind, createdBySeq, deletedBySeq }) => [kind, createdBySeq, deletedBySeq]),
    [
      ['listener', 3, 5],
      ['vServerGroup', 2, 5],
      ['loadBalancer', 1, 5],
    ],
  );
});

test('calls: every request in the order of arrival, with what it did', async () => {
  const { LoadBalancerId } = await serving();
  await call('DescribeRegions', { RegionId });
  await call('DeleteLoadBalancer', { RegionId, LoadBalancerId: 'lb-none' });
  await fetch(`${cloud.url}/?Action=DescribeRegions&Version=2014-05-15`);
  const log = await calls();
  assert.deepEqual(
    log.map(({ seq, action, mutating, applied, code, httpStatus }) => [
      seq,
      action,
      mutating,
      applied,
      code,
      httpStatus,
    ]),
    [
      [1, 'CreateLoadBalancer', true, true, null, 200],
      [2, 'CreateVServerGroup', true, true, null, 200],
      [3, 'CreateLoadBalancerTCPListener', true, true, null, 200],
      [4, 'StartLoadBalancerListener', true, true, null, 200],
      [5, 'DescribeRegions', false, false, null, 200],
      [6, 'DeleteLoadBalancer', true, false, 'InvalidLoadBalancerId.NotFound', 404],
      [7, 'DescribeRegions', false, false, 'IncompleteSignature', 400],
    ],
  );
  const [create, , listener] = log;
  assert.deepEqual(create?.objectIds, [LoadBalancerId]);
  assert.deepEqual(listener?.objectIds, [LoadBalancerId, `${LoadBalancerId}_tcp_80`]);
  assert.equal(create.parameters['Tag.1.Key'], 'a');
  assert.equal(create.accessKeyId, 'emulator');
  assert.equal(create.principal, `acs:ram::${cloud.accountId}:root`);
  assert.match(create.userAgent, /AlibabaCloud/);
  assert.ok((create.durationMs ?? -1) >= 0);
  assert.deepEqual(
    (await calls(5)).map(({ seq }) => seq),
    [6, 7],
  );
  assert.deepEqual(await calls(7), []);
});

test('calls: one that is under way is listed without an end', async () => {
  await admin('POST /_admin/faults', { kind: 'hold' });
  const pending = call('DescribeRegions');
  const held = (await admin('GET /_admin/held')).body as { id: string }[];
  const [running] = await calls();
  assert.deepEqual([running?.finishedAt, running?.httpStatus], [null, null]);
  await admin(`POST /_admin/held/${held[0]?.id ?? ''}/release`);
  await pending;
  assert.equal((await calls())[0]?.httpStatus, 200);
});

test('settings: a change names what it changes', async () => {
  const before = (await admin('GET /_admin/settings')).body as EmulatorSettings;
  const changed = await admin('PUT /_admin/settings', {
    lockMs: 5,
    rates: { DescribeRegions: 3 },
    quotas: { slb_quota_listeners_num: 9 },
  });
  const want = {
    ...before,
    lockMs: 5,
    rates: { ...before.rates, DescribeRegions: 3 },
    quotas: { ...before.quotas, slb_quota_listeners_num: 9 },
  };
  assert.deepEqual(changed.body, want);
  assert.deepEqual((await admin('GET /_admin/settings')).body, want);
  assert.deepEqual((await admin('PUT /_admin/settings', want)).body, want);
});

test('objects: a load balancer is changed by either spelling', async () => {
  const { LoadBalancerId } = await serving();
  const changed = await admin(`PATCH /_admin/objects/${LoadBalancerId}`, {
    LoadBalancerName: 'by-console',
    deleteProtection: 'on',
    InternetChargeType: '3',
    bandwidth: '9',
    Tags: { Tag: [{ TagKey: 'b', TagValue: '2' }] },
  });
  const shown = changed.body as Record<string, unknown>;
  assert.deepEqual(
    [
      shown.loadBalancerName,
      shown.deleteProtection,
      shown.internetChargeType,
      shown.bandwidth,
      shown.tags,
    ],
    ['by-console', 'on', 'paybybandwidth', 9, { b: '2' }],
  );
  const seen = await call('DescribeLoadBalancerAttribute', { LoadBalancerId });
  assert.equal(seen.get('LoadBalancerName'), 'by-console');
  assert.deepEqual(seen.get('Tags', 'Tag'), [{ TagKey: 'b', TagValue: '2' }]);
  assert.deepEqual(
    (await calls(4)).map(({ action }) => action),
    ['DescribeLoadBalancerAttribute'],
  );
});

test('objects: a listener is changed, stopped and removed', async () => {
  const { LoadBalancerId } = await serving();
  const id = `${LoadBalancerId}_tcp_80`;
  const seen = async () => {
    const answer = await call('DescribeLoadBalancerListeners', {
      LoadBalancerId: [LoadBalancerId],
    });
    return answer.get('Listeners', 0) as Record<string, unknown> | undefined;
  };
  await admin(`PATCH /_admin/objects/${id}`, { Scheduler: 'rr', healthCheckInterval: 33 });
  assert.equal((await seen())?.Scheduler, 'rr');
  await admin(`PATCH /_admin/objects/${id}`, {
    TCPListenerConfig: { EstablishedTimeout: 100, HealthCheck: 'off' },
    Status: 'stopped',
    Description: 'by console',
  });
  const listener = await seen();
  assert.equal(listener?.Status, 'stopped');
  assert.equal(listener.Description, 'by console');
  const config = listener.TCPListenerConfig as Record<string, unknown>;
  assert.deepEqual(
    [config.EstablishedTimeout, config.HealthCheck, config.HealthCheckInterval],
    [100, 'off', 33],
  );
  await admin(`PATCH /_admin/objects/${id}`, { released: true });
  assert.equal(await seen(), undefined);
  const { deleted = [] } = await state(true);
  assert.deepEqual([deleted[0]?.id, deleted[0]?.deletedBySeq], [id, null]);
});

test('objects: members of a group are replaced, instances stop and go', async () => {
  const { VServerGroupId } = await serving();
  const [, , third = ''] = cloud.instanceIds;
  await admin(`PATCH /_admin/objects/${VServerGroupId}`, {
    BackendServers: { BackendServer: [{ ServerId: third, Port: 1, Weight: 5 }] },
  });
  const seen = await call('DescribeVServerGroupAttribute', { RegionId, VServerGroupId });
  assert.deepEqual(seen.get('BackendServers', 'BackendServer'), [
    { ServerId: third, Port: 1, Weight: 5, Type: 'ecs', Description: '', ServerIp: '' },
  ]);
  await admin(`PATCH /_admin/objects/${third}`, { status: 'Stopped', publicIp: '1.2.3.4' });
  const instances = (InstanceIds: string[]) =>
    call(
      'DescribeInstances',
      { RegionId, InstanceIds: JSON.stringify(InstanceIds) },
      { version: '2014-05-26' },
    );
  assert.equal((await instances([third])).get('Instances', 'Instance', 0, 'Status'), 'Stopped');
  await admin(`PATCH /_admin/objects/${third}`, { released: true });
  assert.equal((await instances([third])).get('TotalCount'), 0);
});

test('objects: networks change and go', async () => {
  const vSwitchId = 'vsw-bp1emulator000000000h';
  const vSwitches = async () => {
    const answer = await call('DescribeVSwitches', { RegionId }, { version: '2016-04-28' });
    return answer.get('VSwitches', 'VSwitch') as { VSwitchId: string; VSwitchName: string }[];
  };
  await admin(`PATCH /_admin/objects/${vSwitchId}`, { VSwitchName: 'renamed' });
  assert.equal((await vSwitches())[0]?.VSwitchName, 'renamed');
  await admin(`PATCH /_admin/objects/${vSwitchId}`, { released: true });
  assert.deepEqual(
    (await vSwitches()).map(({ VSwitchId }) => VSwitchId),
    ['vsw-bp1emulator000000000i'],
  );
  await admin(`PATCH /_admin/objects/${cloud.vpcId}`, { released: true });
  assert.deepEqual(await vSwitches(), []);
});

test('objects: releasing a load balancer takes all that belongs to it', async () => {
  const { LoadBalancerId } = await serving();
  await admin(`PATCH /_admin/objects/${LoadBalancerId}`, { released: true });
  const after = await state(true);
  assert.deepEqual([after.loadBalancers, after.vServerGroups], [[], []]);
  assert.equal(after.deleted?.length, 3);
});

const refusals = [
  { name: 'NoJson', order: 'POST /_admin/seed', body: '{', status: 400, words: /not JSON/ },
  {
    name: 'SeedWithoutSecret',
    order: 'POST /_admin/seed',
    body: { accessKeys: [{ accessKeyId: 'x' }] },
    status: 400,
    words: /\/accessKeys\/0 must have required property 'accessKeySecret'/,
  },
  {
    name: 'SeedWithUnknownMember',
    order: 'POST /_admin/seed',
    body: { vpc: [] },
    status: 400,
    words: /\(vpc\)/,
  },
  {
    name: 'FaultWithoutKind',
    order: 'POST /_admin/faults',
    body: {},
    status: 400,
    words: /required property 'kind'/,
  },
  {
    name: 'FaultOfUnknownKind',
    order: 'POST /_admin/faults',
    body: { kind: 'explode' },
    status: 400,
    words: /\/kind must be equal to one of the allowed values/,
  },
  {
    name: 'FaultWithNthZero',
    order: 'POST /_admin/faults',
    body: { kind: 'drop', nth: 0 },
    status: 400,
    words: /\/nth must be >= 1/,
  },
  {
    name: 'UnknownFault',
    order: 'DELETE /_admin/faults/fault-99',
    body: undefined,
    status: 404,
    words: /fault-99/,
  },
  {
    name: 'UnknownHeldCall',
    order: 'POST /_admin/held/held-99/release',
    body: undefined,
    status: 404,
    words: /held-99/,
  },
  {
    name: 'NegativeSetting',
    order: 'PUT /_admin/settings',
    body: { lockMs: -1 },
    status: 400,
    words: /\/lockMs must be >= 0/,
  },
  {
    name: 'UnknownSetting',
    order: 'PUT /_admin/settings',
    body: { lockSeconds: 1 },
    status: 400,
    words: /lockSeconds/,
  },
  {
    name: 'UnknownObject',
    order: 'PATCH /_admin/objects/lb-none',
    body: { released: true },
    status: 404,
    words: /lb-none/,
  },
  {
    name: 'UnknownMember',
    order: 'PATCH /_admin/objects/vpc-bp1emulator0000000000',
    body: { colour: 'red' },
    status: 400,
    words: /colour/,
  },
  {
    name: 'MemberOfWrongType',
    order: 'PATCH /_admin/objects/vpc-bp1emulator0000000000',
    body: { cidrBlock: true },
    status: 400,
    words: /cidrBlock.*string/,
  },
  {
    name: 'EmptyPatch',
    order: 'PATCH /_admin/objects/vpc-bp1emulator0000000000',
    body: {},
    status: 400,
    words: /fewer than 1/,
  },
  {
    name: 'ClockOfTheMachine',
    order: 'POST /_admin/clock',
    body: { advanceMs: 1 },
    status: 409,
    words: /manual clock/,
  },
  {
    name: 'SinceIsNoNumber',
    order: 'GET /_admin/calls?since=x',
    body: undefined,
    status: 400,
    words: /"since"/,
  },
  {
    name: 'UnknownQuery',
    order: 'GET /_admin/state?all=true',
    body: undefined,
    status: 400,
    words: /"all"/,
  },
  {
    name: 'UnknownVerb',
    order: 'GET /_admin/everything',
    body: undefined,
    status: 404,
    words: /no such admin verb/,
  },
] as const;

for (const { name, order, body, status, words } of refusals) {
  test(`refused: ${name}: the answer says why`, async () => {
    const answer = await admin(order, body);
    assert.equal(answer.status, status, JSON.stringify(answer.body));
    assert.match((answer.body as { error: string }).error, words);
  });
}

test('clock: a manual clock moves when it is told to', async () => {
  const manual = await startLocalCloud({ manualClock: true });
  try {
    const orders = adminClient(manual.url);
    const before = ((await orders('GET /_admin/state')).body as StateDocument).now;
    const moved = await orders('POST /_admin/clock', { advanceMs: 90_000 });
    const { now } = moved.body as { now: string };
    assert.equal(Date.parse(now) - Date.parse(before), 90_000);
    const shown = (await orders('GET /_admin/state')).body as StateDocument;
    assert.equal(shown.now, now);
  } finally {
    await manual.stop();
  }
});

test('the published interface has a route for each verb and no route beside them', async () => {
  const { paths } = new AdminInterface().document;
  for (const [path, verbs] of Object.entries(paths)) {
    for (const method of Object.keys(verbs)) {
      if (path === '/_admin/held' || path === '/_admin/reset') continue;
      const response = await fetch(`${cloud.url}${path.replace('{id}', 'none')}`, {
        method: method.toUpperCase(),
      });
      const body = (await response.json()) as { error?: string };
      assert.notEqual(body.error, 'There is no such admin verb', `${method} ${path}`);
    }
  }
});

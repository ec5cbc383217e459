import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { startRuleBench, type RuleBench } from '../../../test/support/rule-bench.ts';

let bench: RuleBench;
let LoadBalancerId: string;
let ids: readonly string[];

before(async () => {
  bench = await startRuleBench();
  ids = bench.cloud.instanceIds;
});
beforeEach(async () => {
  bench.cloud.reset();
  bench.cloud.settings({ rates: { default: 0 } });
  LoadBalancerId = await bench.loadBalancer();
});
after(() => bench.cloud.stop());

const json = JSON.stringify;

interface Member {
  readonly ServerId: string;
  readonly Port: number;
  readonly Weight: number;
  readonly Description: string;
  readonly ServerIp: string;
}

async function membersOf(VServerGroupId: string): Promise<Member[]> {
  const seen = await bench.accept('DescribeVServerGroupAttribute', { VServerGroupId });
  return seen.get('BackendServers', 'BackendServer') as Member[];
}

test('rule group-absent: an unknown group is a wrong parameter that says so', async () => {
  const servers = { BackendServers: json([{ ServerId: ids[0], Port: 1 }]) };
  for (const [action, parameters] of [
    ['DescribeVServerGroupAttribute', {}],
    ['DeleteVServerGroup', {}],
    ['SetVServerGroupAttribute', {}],
    ['AddVServerGroupBackendServers', servers],
    ['RemoveVServerGroupBackendServers', servers],
    ['ModifyVServerGroupBackendServers', {}],
  ] as const) {
    const answer = await bench.refuse('InvalidParameter', action, {
      VServerGroupId: 'rsp-none',
      ...parameters,
    });
    assert.equal(answer.status, 404);
    assert.match(answer.message, /The specified VServerGroupId does not exist/);
  }
});

test('rule group-in-use: a group goes only when no listener uses it', async () => {
  const VServerGroupId = await bench.group(LoadBalancerId);
  await bench.listener(LoadBalancerId, 80, { VServerGroupId });
  await bench.refuse('RspoolVipExist', 'DeleteVServerGroup', { VServerGroupId });
  await bench.accept('DeleteLoadBalancerListener', { LoadBalancerId, ListenerPort: 80 });
  bench.settle();
  await bench.accept('DeleteVServerGroup', { VServerGroupId });
  assert.deepEqual(bench.cloud.state().vServerGroups, []);
});

test('rule group-name-length: a name may be longer than documented', async () => {
  const VServerGroupName = `k8s/30080/${'n'.repeat(150)}`;
  const VServerGroupId = await bench.group(LoadBalancerId, 0, { VServerGroupName });
  const seen = await bench.accept('DescribeVServerGroupAttribute', { VServerGroupId });
  assert.equal(seen.get('VServerGroupName'), VServerGroupName);
});

test('rule group-items: strings may stand in single quotes', async () => {
  const VServerGroupId = await bench.group(LoadBalancerId);
  await bench.accept('AddVServerGroupBackendServers', {
    VServerGroupId,
    BackendServers: `[{'ServerId':'${ids[0]}','Port':'100','Weight':'10', "Description":"it's \\"one\\""}]`,
  });
  const [member] = await membersOf(VServerGroupId);
  assert.partialDeepStrictEqual(member, {
    ServerId: ids[0],
    Port: 100,
    Weight: 10,
    Description: 'it\'s "one"',
  });
});

test('rule group-items: items are read however a client spells them', async () => {
  const VServerGroupId = await bench.group(LoadBalancerId);
  await bench.accept('AddVServerGroupBackendServers', {
    VServerGroupId,
    BackendServers: json([
      {
        serverId: ids[0],
        serverIp: '',
        port: '30080',
        weight: '50',
        type: 'ecs',
        description: 'one',
        IsUserManaged: false,
        NodeName: null,
        TargetRef: null,
        Invalid: false,
      },
      { SERVERID: ids[1], Port: 30080 },
    ]),
  });
  assert.deepEqual(
    (await membersOf(VServerGroupId)).map(({ ServerId, Port, Weight, Description }) => [
      ServerId,
      Port,
      Weight,
      Description,
    ]),
    [
      [ids[0], 30080, 50, 'one'],
      [ids[1], 30080, 100, ''],
    ],
  );
});

test('rule group-weight: the weight is 100 unless told', async () => {
  const VServerGroupId = await bench.group(LoadBalancerId, 1);
  assert.equal((await membersOf(VServerGroupId))[0]?.Weight, 100);
});

test('rule group-call-size: 40 servers in a call, not 41', async () => {
  const VServerGroupId = await bench.group(LoadBalancerId);
  const servers = (count: number) =>
    json(Array.from({ length: count }, (_, index) => ({ ServerId: ids[0], Port: index + 1 })));
  const action = 'AddVServerGroupBackendServers';
  await bench.refuse('TooManyBackendServers', action, {
    VServerGroupId,
    BackendServers: servers(41),
  });
  await bench.accept(action, { VServerGroupId, BackendServers: servers(40) });
  assert.equal((await membersOf(VServerGroupId)).length, 40);
});

const malformed = [
  { name: 'NoJson', servers: 'servers', code: 'BackendServersMalformed' },
  { name: 'NoList', servers: '{}', code: 'BackendServersMalformed' },
  { name: 'NoObject', servers: '["i-1"]', code: 'BackendServersMalformed' },
  { name: 'NoServerId', servers: '[{"Port":80}]', code: 'BackendServersMalformed' },
  { name: 'NoPort', servers: '[{"ServerId":"i-1"}]', code: 'BackendServersMalformed' },
  {
    name: 'PortTooHigh',
    servers: '[{"ServerId":"i-1","Port":65536}]',
    code: 'BackendServersMalformed',
  },
  {
    name: 'UnknownType',
    servers: '[{"ServerId":"i-1","Port":80,"Type":"pod"}]',
    code: 'BackendServer.InvalidType',
  },
  {
    name: 'WeightTooHigh',
    servers: '[{"ServerId":"i-1","Port":80,"Weight":101}]',
    code: 'InvalidWeight.Malformed',
  },
  {
    name: 'WeightInWords',
    servers: '[{"ServerId":"i-1","Port":80,"Weight":"much"}]',
    code: 'InvalidWeight.Malformed',
  },
];

for (const { name, servers, code } of malformed) {
  test(`rule group-malformed: ${name}: the list is refused`, async () => {
    const VServerGroupId = await bench.group(LoadBalancerId);
    await bench.refuse(code, 'AddVServerGroupBackendServers', {
      VServerGroupId,
      BackendServers: servers,
    });
  });
}

test('rule group-server-absent: a server must exist and run', async () => {
  const VServerGroupId = await bench.group(LoadBalancerId);
  const add = (ServerId = '') => ({
    VServerGroupId,
    BackendServers: json([{ ServerId, Port: 80 }]),
  });
  const action = 'AddVServerGroupBackendServers';
  await bench.refuse('InvalidServerId.NotFound', action, add('i-none'));
  bench.cloud.patchObject(ids[0] ?? '', { status: 'Stopped' });
  await bench.refuse('ObtainIpFail', action, add(ids[0]));
  assert.deepEqual(await membersOf(VServerGroupId), []);
});

test('rule group-one-vpc: the servers of a load balancer are in one VPC', async () => {
  bench.cloud.admin.seed({
    vpcs: [
      {
        vpcId: 'vpc-other',
        cidrBlock: '192.168.0.0/16',
        vSwitches: [
          { vSwitchId: 'vsw-other', zoneId: 'cn-hangzhou-h', cidrBlock: '192.168.0.0/24' },
        ],
      },
    ],
    instances: [
      {
        instanceId: 'i-other',
        zoneId: 'cn-hangzhou-h',
        vSwitchId: 'vsw-other',
        instanceType: 'ecs.g7.large',
        privateIps: ['192.168.0.9'],
      },
    ],
  });
  await bench.group(LoadBalancerId, 1);
  const VServerGroupId = await bench.group(LoadBalancerId);
  await bench.refuse('NetworkConflict', 'AddVServerGroupBackendServers', {
    VServerGroupId,
    BackendServers: json([{ ServerId: 'i-other', Port: 80 }]),
  });
  const inside = await bench.loadBalancer({ VSwitchId: 'vsw-bp1emulator000000000h' });
  await bench.refuse('NetworkConflict', 'CreateVServerGroup', {
    LoadBalancerId: inside,
    BackendServers: json([{ ServerId: 'i-other', Port: 80 }]),
  });
});

test('rule group-add-twice: adding what is there changes nothing', async () => {
  const VServerGroupId = await bench.group(LoadBalancerId, 1);
  await bench.accept('AddVServerGroupBackendServers', {
    VServerGroupId,
    BackendServers: json([{ ServerId: ids[0], Port: 30080, Weight: 1 }]),
  });
  assert.deepEqual(
    (await membersOf(VServerGroupId)).map(({ Weight }) => Weight),
    [100],
  );
});

test('rule group-remove-unknown: removing what is not there is accepted', async () => {
  const VServerGroupId = await bench.group(LoadBalancerId, 2);
  await bench.accept('RemoveVServerGroupBackendServers', {
    VServerGroupId,
    BackendServers: json([
      { ServerId: 'i-none', Port: 30080 },
      { ServerId: ids[0], Port: 1 },
      { ServerId: ids[1], Port: 30080 },
    ]),
  });
  assert.deepEqual(
    (await membersOf(VServerGroupId)).map(({ ServerId }) => ServerId),
    [ids[0]],
  );
});

test('rule group-set: weights, descriptions and the name change, members do not', async () => {
  const VServerGroupId = await bench.group(LoadBalancerId, 2);
  await bench.accept('SetVServerGroupAttribute', {
    VServerGroupId,
    VServerGroupName: 'renamed',
    BackendServers: json([
      { ServerId: ids[0], Port: 30080, Weight: 7, Description: 'seven' },
      { ServerId: ids[2], Port: 30080, Weight: 7 },
    ]),
  });
  assert.deepEqual(
    (await membersOf(VServerGroupId)).map(({ ServerId, Weight, Description }) => [
      ServerId,
      Weight,
      Description,
    ]),
    [
      [ids[0], 7, 'seven'],
      [ids[1], 100, ''],
    ],
  );
  const listed = await bench.accept('DescribeVServerGroups', { LoadBalancerId });
  assert.equal(listed.get('VServerGroups', 'VServerGroup', 0, 'VServerGroupName'), 'renamed');
  assert.equal(listed.get('VServerGroups', 'VServerGroup', 0, 'ServerCount'), 2);
});

test('rule group-modify: old members go out, new ones come in', async () => {
  const VServerGroupId = await bench.group(LoadBalancerId, 2);
  await bench.accept('ModifyVServerGroupBackendServers', {
    VServerGroupId,
    OldBackendServers: json([{ ServerId: ids[0], Port: 30080 }]),
    NewBackendServers: json([{ ServerId: ids[2], Port: 30080, Weight: 3 }]),
  });
  assert.deepEqual(
    (await membersOf(VServerGroupId)).map(({ ServerId }) => ServerId),
    [ids[1], ids[2]],
  );
});

test('elastic network interfaces can be members, by id and address', async () => {
  const eni = 'eni-bp1emulator00000001';
  const VServerGroupId = await bench.group(LoadBalancerId);
  const member = { ServerId: eni, Port: 80, Type: 'eni', ServerIp: '10.0.0.101' };
  await bench.accept('AddVServerGroupBackendServers', {
    VServerGroupId,
    BackendServers: json([member]),
  });
  assert.equal((await membersOf(VServerGroupId))[0]?.ServerIp, '10.0.0.101');
  bench.settle();
  await bench.accept('RemoveVServerGroupBackendServers', {
    VServerGroupId,
    BackendServers: json([member]),
  });
  assert.deepEqual(await membersOf(VServerGroupId), []);
});

test('groups are listed with the listeners that use them', async () => {
  const VServerGroupId = await bench.group(LoadBalancerId, 1, {
    Tag: [{ Key: 'a', Value: '1' }],
  });
  await bench.group(LoadBalancerId);
  await bench.listener(LoadBalancerId, 80, { VServerGroupId });
  const plain = await bench.accept('DescribeVServerGroups', {
    LoadBalancerId,
    Tag: [{ Key: 'a', Value: '1' }],
  });
  const path = ['VServerGroups', 'VServerGroup'] as const;
  assert.equal((plain.get(...path) as unknown[]).length, 1);
  assert.deepEqual(plain.get(...path, 0, 'AssociatedObjects', 'Listeners', 'Listener'), []);
  assert.deepEqual(plain.get(...path, 0, 'Tags', 'Tag'), [{ TagKey: 'a', TagValue: '1' }]);
  const withListeners = await bench.accept('DescribeVServerGroups', {
    LoadBalancerId,
    IncludeListener: true,
  });
  assert.deepEqual(withListeners.get(...path, 0, 'AssociatedObjects', 'Listeners', 'Listener'), [
    { Port: 80, Protocol: 'tcp' },
  ]);
});

async function health(parameters: Record<string, unknown> = {}): Promise<unknown[]> {
  const answer = await bench.accept('DescribeHealthStatus', { LoadBalancerId, ...parameters });
  const servers = answer.get('BackendServers', 'BackendServer') as {
    ServerId: string;
    ServerHealthStatus: string;
  }[];
  return servers.map(({ ServerId, ServerHealthStatus }) => [ServerId, ServerHealthStatus]);
}

test('rule health-states health-running group-released: how servers fare', async () => {
  const VServerGroupId = await bench.group(LoadBalancerId, 3);
  await bench.listener(LoadBalancerId, 80, { VServerGroupId });
  await bench.listener(LoadBalancerId, 81, { VServerGroupId, HealthCheckSwitch: 'off' });
  const unavailable = ids.slice(0, 3).map((id) => [id, 'unavailable']);
  assert.deepEqual(await health({ ListenerPort: 80 }), unavailable);
  for (const ListenerPort of [80, 81]) {
    await bench.accept('StartLoadBalancerListener', { LoadBalancerId, ListenerPort });
    bench.settle();
  }
  bench.cloud.patchObject(ids[1] ?? '', { status: 'Stopped' });
  bench.cloud.patchObject(ids[2] ?? '', { released: true });
  assert.deepEqual(await health({ ListenerPort: 80 }), [
    [ids[0], 'normal'],
    [ids[1], 'abnormal'],
    [ids[2], 'abnormal'],
  ]);
  assert.deepEqual(await health({ ListenerPort: 81 }), unavailable);
  assert.equal((await health()).length, 6);
  await bench.refuse('CheckedListenerNotFound', 'DescribeHealthStatus', {
    LoadBalancerId,
    ListenerPort: 82,
  });
});

test('rule quota-backends: all groups of a load balancer count together', async () => {
  bench.cloud.settings({ quotas: { slb_quota_backendservers_num: 3 } });
  await bench.group(LoadBalancerId, 2);
  const VServerGroupId = await bench.group(LoadBalancerId, 1);
  await bench.refuse('InstanceBackendServerNumberOverLimit', 'AddVServerGroupBackendServers', {
    VServerGroupId,
    BackendServers: json([{ ServerId: ids[1], Port: 30080 }]),
  });
});

test('rule quota-groups: groups and attachments are limited where a quota says so', async () => {
  bench.cloud.settings({
    quotas: { slb_quota_vservergroups_num: 1, slb_quota_backendserver_attached_num: 1 },
  });
  await bench.group(LoadBalancerId, 1);
  await bench.refuse('OverQuota', 'CreateVServerGroup', { LoadBalancerId });
  const other = await bench.loadBalancer();
  await bench.refuse('OverQuota', 'CreateVServerGroup', {
    LoadBalancerId: other,
    BackendServers: json([{ ServerId: ids[0], Port: 30080 }]),
  });
});

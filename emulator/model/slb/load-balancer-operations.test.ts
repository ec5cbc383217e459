import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { startRuleBench, type RuleBench } from '../../../test/support/rule-bench.ts';

let bench: RuleBench;

before(async () => {
  bench = await startRuleBench();
});
afterEach(() => {
  bench.cloud.reset();
  bench.cloud.settings({ rates: { default: 0 } });
});
after(() => bench.cloud.stop());

const create = (parameters: Record<string, unknown> = {}) =>
  bench.accept('CreateLoadBalancer', { LoadBalancerSpec: 'slb.s1.small', ...parameters });
const attribute = (LoadBalancerId: string) =>
  bench.accept('DescribeLoadBalancerAttribute', { LoadBalancerId });
const vSwitch = 'vsw-bp1emulator000000000h';

test('rule lb-active: a load balancer is active at once', async () => {
  const id = (await create()).text('LoadBalancerId');
  assert.equal((await attribute(id)).get('LoadBalancerStatus'), 'active');
});

test('rule lb-defaults: what is not asked for has the documented default', async () => {
  const id = (await create()).text('LoadBalancerId');
  const seen = await attribute(id);
  const { body } = seen;
  assert.deepEqual(
    {
      LoadBalancerName: body.LoadBalancerName,
      AddressType: body.AddressType,
      AddressIPVersion: body.AddressIPVersion,
      InternetChargeType: body.InternetChargeType,
      InstanceChargeType: body.InstanceChargeType,
      PayType: body.PayType,
      DeleteProtection: body.DeleteProtection,
      ModificationProtectionStatus: body.ModificationProtectionStatus,
      Bandwidth: body.Bandwidth,
    },
    {
      LoadBalancerName: id,
      AddressType: 'internet',
      AddressIPVersion: 'ipv4',
      InternetChargeType: 'paybytraffic',
      InstanceChargeType: 'PayBySpec',
      PayType: 'PayOnDemand',
      DeleteProtection: 'off',
      ModificationProtectionStatus: 'NonProtection',
      Bandwidth: -1,
    },
  );
  const inside = await create({ VSwitchId: vSwitch });
  const placed = await attribute(inside.text('LoadBalancerId'));
  assert.equal(placed.get('AddressType'), 'intranet');
  assert.equal(placed.get('VpcId'), bench.cloud.vpcId);
});

const refusals = [
  {
    rule: 'lb-name',
    why: 'DigitFirst',
    code: 'InvalidParameter',
    given: { LoadBalancerName: '1a' },
  },
  {
    rule: 'lb-spec',
    why: 'NoSpec',
    code: 'MissingParam.LoadBalancerSpec',
    given: { LoadBalancerSpec: undefined },
  },
  {
    rule: 'lb-clcu',
    why: 'ByBandwidth',
    code: 'Instance.InternetChargeTypeNotAllowed',
    given: { InstanceChargeType: 'PayByCLCU', InternetChargeType: 'paybybandwidth', Bandwidth: 5 },
  },
  {
    rule: 'lb-bandwidth',
    why: 'NoBandwidth',
    code: 'InvalidParameter.Bandwidth',
    given: { InternetChargeType: 'paybybandwidth' },
  },
  {
    rule: 'lb-vswitch',
    why: 'NoVSwitch',
    code: 'MissingParam.VSwitchId',
    given: { AddressType: 'intranet' },
  },
  {
    rule: 'lb-vswitch',
    why: 'UnknownVSwitch',
    code: 'InvalidVSwitchId.NotFound',
    given: { VSwitchId: 'vsw-none' },
  },
  {
    rule: 'lb-vswitch',
    why: 'OtherVpc',
    code: 'InvalidVpcId.NotExist',
    given: { VSwitchId: vSwitch, VpcId: 'vpc-none' },
  },
  {
    rule: 'lb-address',
    why: 'TakenByInstance',
    code: 'IpNotAvailable',
    given: { VSwitchId: vSwitch, Address: '10.0.0.101' },
  },
  {
    rule: 'lb-address',
    why: 'Outside',
    code: 'IpNotAvailable',
    given: { VSwitchId: vSwitch, Address: '10.9.0.1' },
  },
  {
    rule: 'lb-address',
    why: 'Reserved',
    code: 'IpNotAvailable',
    given: { VSwitchId: vSwitch, Address: '10.0.15.254' },
  },
  {
    rule: 'lb-ipv6',
    why: 'Intranet',
    code: 'InvalidParameter.Mismatch',
    given: { VSwitchId: vSwitch, AddressIPVersion: 'ipv6' },
  },
  {
    rule: 'lb-zones',
    why: 'UnknownZone',
    code: 'PRODUCT.NOT_AVAILABLE_IZ',
    given: { MasterZoneId: 'cn-hangzhou-zz' },
  },
];

for (const { rule, why, code, given } of refusals) {
  test(`rule ${rule}: ${why}: creation is refused and makes nothing`, async () => {
    await bench.refuse(code, 'CreateLoadBalancer', { LoadBalancerSpec: 'slb.s1.small', ...given });
    assert.deepEqual(bench.cloud.state().loadBalancers, []);
  });
}

test('rule lb-address: the addresses of a vSwitch run out', async () => {
  bench.cloud.admin.seed({
    vpcs: [
      {
        vpcId: 'vpc-small',
        cidrBlock: '192.168.0.0/16',
        // Eight addresses, of which the cloud keeps four.
        vSwitches: [
          { vSwitchId: 'vsw-small', zoneId: 'cn-hangzhou-h', cidrBlock: '192.168.0.0/29' },
        ],
      },
    ],
  });
  const addresses: unknown[] = [];
  for (let count = 0; count < 4; count += 1) {
    addresses.push((await create({ VSwitchId: 'vsw-small' })).get('Address'));
  }
  assert.deepEqual(addresses, ['192.168.0.1', '192.168.0.2', '192.168.0.3', '192.168.0.4']);
  await bench.refuse('VSwitchAvailableIpNotExist', 'CreateLoadBalancer', {
    LoadBalancerSpec: 'slb.s1.small',
    VSwitchId: 'vsw-small',
  });
});

test('rule lb-zones: the zones are the first two unless told', async () => {
  const seen = await attribute(await bench.loadBalancer());
  assert.equal(seen.get('MasterZoneId'), 'cn-hangzhou-h');
  assert.equal(seen.get('SlaveZoneId'), 'cn-hangzhou-i');
});

test('rule lb-clcu: a load balancer paid by CLCU shows the elastic spec and takes no other', async () => {
  const made = await bench.accept('CreateLoadBalancer', { InstanceChargeType: 'PayByCLCU' });
  bench.settle();
  const LoadBalancerId = made.text('LoadBalancerId');
  assert.equal((await attribute(LoadBalancerId)).get('LoadBalancerSpec'), 'slb.lcu.elastic');
  await bench.refuse('OperationDenied.PayByCLCU', 'ModifyLoadBalancerInstanceSpec', {
    LoadBalancerId,
    LoadBalancerSpec: 'slb.s2.small',
  });
});

test('rule lb-change-charge: CLCU to spec and back', async () => {
  const made = await bench.accept('CreateLoadBalancer', { InstanceChargeType: 'PayByCLCU' });
  const LoadBalancerId = made.text('LoadBalancerId');
  bench.settle();
  const action = 'ModifyLoadBalancerInstanceChargeType';
  const bySpec = { LoadBalancerId, InstanceChargeType: 'PayBySpec' };
  await bench.refuse('MissingParam.LoadBalancerSpec', action, bySpec);
  await bench.accept(action, { ...bySpec, LoadBalancerSpec: 'slb.s2.small' });
  assert.equal((await attribute(LoadBalancerId)).get('LoadBalancerSpec'), 'slb.s2.small');
  bench.settle();
  await bench.accept(action, { LoadBalancerId, InstanceChargeType: 'PayByCLCU' });
  assert.equal((await attribute(LoadBalancerId)).get('LoadBalancerSpec'), 'slb.lcu.elastic');
});

test('rule lb-charge-words: the list tells numbers, the single answer words', async () => {
  const LoadBalancerId = await bench.loadBalancer();
  const listed = async () => (await bench.accept('DescribeLoadBalancers', { LoadBalancerId })).body;
  const item = (body: unknown) =>
    (body as { LoadBalancers: { LoadBalancer: Record<string, unknown>[] } }).LoadBalancers
      .LoadBalancer[0];
  assert.equal(item(await listed())?.InternetChargeType, '4');
  await bench.accept('ModifyLoadBalancerInternetSpec', {
    LoadBalancerId,
    InternetChargeType: 'paybybandwidth',
    Bandwidth: 7,
  });
  assert.equal(item(await listed())?.InternetChargeType, '3');
  assert.equal(item(await listed())?.InternetChargeTypeAlias, 'paybybandwidth');
  const seen = await attribute(LoadBalancerId);
  assert.equal(seen.get('InternetChargeType'), 'paybybandwidth');
  assert.equal(seen.get('Bandwidth'), 7);
});

const ABSENT_CALLS = [
  ['DescribeLoadBalancerAttribute', {}],
  ['DeleteLoadBalancer', {}],
  ['SetLoadBalancerName', { LoadBalancerName: 'a' }],
  ['SetLoadBalancerStatus', { LoadBalancerStatus: 'active' }],
  ['CreateVServerGroup', {}],
  ['DescribeVServerGroups', {}],
  ['StartLoadBalancerListener', { ListenerPort: 80 }],
  ['DescribeHealthStatus', {}],
] as const;

for (const [action, parameters] of ABSENT_CALLS) {
  test(`rule lb-absent: ${action}: an unknown id does not exist`, async () => {
    const answer = await bench.refuse('InvalidLoadBalancerId.NotFound', action, {
      LoadBalancerId: 'lb-none',
      ...parameters,
    });
    assert.equal(answer.status, 404);
    assert.match(answer.message, /LoadBalancerId does not exist/);
  });
}

test('rule lb-filter: a filter that finds nothing gives an empty list', async () => {
  await bench.loadBalancer();
  for (const filter of [
    { LoadBalancerId: 'lb-none' },
    { LoadBalancerName: 'none' },
    { Tag: [{ Key: 'none', Value: 'none' }] },
    { VSwitchId: vSwitch },
    { ServerId: 'i-none' },
  ]) {
    const answer = await bench.accept('DescribeLoadBalancers', filter);
    assert.equal(answer.get('TotalCount'), 0, JSON.stringify(filter));
    assert.deepEqual(answer.get('LoadBalancers', 'LoadBalancer'), []);
  }
});

test('rule lb-filter-tags: every tag of a filter must be there', async () => {
  const both = await bench.loadBalancer({
    Tag: [
      { Key: 'a', Value: '1' },
      { Key: 'b', Value: '2' },
    ],
  });
  await bench.loadBalancer({ Tag: [{ Key: 'a', Value: '1' }] });
  const found = async (filter: Record<string, unknown>) => {
    const answer = await bench.accept('DescribeLoadBalancers', filter);
    return answer.get('TotalCount');
  };
  const a = { Key: 'a', Value: '1' };
  assert.equal(await found({ Tag: [a] }), 2);
  assert.equal(await found({ Tag: [a, { Key: 'b', Value: '2' }] }), 1);
  assert.equal(await found({ Tag: [a, { Key: 'b', Value: '3' }] }), 0);
  assert.equal(await found({ Tag: [{ Key: 'b' }] }), 1);
  assert.equal(await found({ Tags: '[{"TagKey":"b","TagValue":"2"}]' }), 1);
  await bench.refuse('InvalidTag', 'DescribeLoadBalancers', { Tags: '{"TagKey":"b"}' });
  const listed = await bench.accept('DescribeLoadBalancers', { LoadBalancerId: both });
  assert.deepEqual(listed.get('LoadBalancers', 'LoadBalancer', 0, 'Tags', 'Tag'), [
    { TagKey: 'a', TagValue: '1' },
    { TagKey: 'b', TagValue: '2' },
  ]);
});

test('rule lb-filter: ids and names are lists separated by commas', async () => {
  const ids = [await bench.loadBalancer(), await bench.loadBalancer(), await bench.loadBalancer()];
  const two = `${ids[0] ?? ''},${ids[2] ?? ''}`;
  const byId = await bench.accept('DescribeLoadBalancers', { LoadBalancerId: two });
  assert.equal(byId.get('TotalCount'), 2);
  const byName = await bench.accept('DescribeLoadBalancers', { LoadBalancerName: two });
  assert.equal(byName.get('TotalCount'), 2);
});

test('rule lb-resource-group: every answer has the group given at creation', async () => {
  const made = await create({ ResourceGroupId: 'rg-own' });
  const LoadBalancerId = made.text('LoadBalancerId');
  assert.equal(made.get('ResourceGroupId'), 'rg-own');
  assert.equal((await attribute(LoadBalancerId)).get('ResourceGroupId'), 'rg-own');
  const listed = await bench.accept('DescribeLoadBalancers', { LoadBalancerId });
  assert.equal(listed.get('LoadBalancers', 'LoadBalancer', 0, 'ResourceGroupId'), 'rg-own');
});

test('rule lb-delete-protection: protection stands before deletion', async () => {
  const LoadBalancerId = await bench.loadBalancer({ DeleteProtection: 'on' });
  await bench.refuse('OperationDenied.DeleteProtectionIsOn', 'DeleteLoadBalancer', {
    LoadBalancerId,
  });
  await bench.accept('SetLoadBalancerDeleteProtection', {
    LoadBalancerId,
    DeleteProtection: 'off',
  });
  bench.settle();
  await bench.accept('DeleteLoadBalancer', { LoadBalancerId });
});

test('rule lb-modification-protection: calls go through, and the reason goes with it', async () => {
  const LoadBalancerId = await bench.loadBalancer({
    ModificationProtectionStatus: 'ConsoleProtection',
    ModificationProtectionReason: 'managed',
  });
  await bench.accept('SetLoadBalancerName', { LoadBalancerId, LoadBalancerName: 'renamed' });
  assert.equal((await attribute(LoadBalancerId)).get('ModificationProtectionReason'), 'managed');
  bench.settle();
  await bench.accept('SetLoadBalancerModificationProtection', {
    LoadBalancerId,
    ModificationProtectionStatus: 'NonProtection',
  });
  const seen = await attribute(LoadBalancerId);
  assert.equal(seen.get('LoadBalancerName'), 'renamed');
  assert.equal(seen.get('ModificationProtectionReason'), '');
});

test('rule lb-delete-all lb-delete-groups: what belongs to a load balancer goes with it', async () => {
  const LoadBalancerId = await bench.loadBalancer({ Tag: [{ Key: 'a', Value: '1' }] });
  const VServerGroupId = await bench.group(LoadBalancerId, 1);
  await bench.listener(LoadBalancerId, 80, { VServerGroupId });
  await bench.accept('DeleteLoadBalancer', { LoadBalancerId });
  const { seq = 0 } = bench.cloud.calls().at(-1) ?? {};
  const state = bench.cloud.state({ deleted: true });
  assert.deepEqual([state.loadBalancers, state.vServerGroups], [[], []]);
  assert.deepEqual(
    state.deleted?.map(({ kind, id, deletedBySeq }) => [kind, id, deletedBySeq]),
    [
      ['listener', `${LoadBalancerId}_tcp_80`, seq],
      ['vServerGroup', VServerGroupId, seq],
      ['loadBalancer', LoadBalancerId, seq],
    ],
  );
  const listeners = await bench.accept('DescribeLoadBalancerListeners', {
    LoadBalancerId: [LoadBalancerId],
  });
  assert.deepEqual(listeners.get('Listeners'), []);
});

test('a load balancer can be made inactive and active again', async () => {
  const LoadBalancerId = await bench.loadBalancer();
  for (const LoadBalancerStatus of ['inactive', 'active']) {
    await bench.accept('SetLoadBalancerStatus', { LoadBalancerId, LoadBalancerStatus });
    assert.equal((await attribute(LoadBalancerId)).get('LoadBalancerStatus'), LoadBalancerStatus);
    bench.settle();
  }
});

test('rule lock-write: each operation is refused with the lock code it publishes', async () => {
  const LoadBalancerId = await bench.loadBalancer();
  const VServerGroupId = await bench.group(LoadBalancerId, 1);
  const locked = [
    ['SetLoadBalancerName', { LoadBalancerName: 'b' }, 'ServiceIsConfiguring'],
    ['SetLoadBalancerDeleteProtection', { DeleteProtection: 'off' }, 'ServiceIsConfiguring'],
    ['DeleteLoadBalancer', {}, 'ServiceIsConfiguring'],
    ['CreateVServerGroup', {}, 'VServerGroupProcessing'],
    ['DeleteVServerGroup', { VServerGroupId }, 'VServerGroupProcessing'],
    [
      'CreateLoadBalancerTCPListener',
      { ListenerPort: 81, Bandwidth: -1, BackendServerPort: 1 },
      'ServiceIsConfiguring',
    ],
  ] as const;
  await bench.accept('SetLoadBalancerName', { LoadBalancerId, LoadBalancerName: 'a' });
  for (const [action, parameters, code] of locked) {
    const answer = await bench.refuse(code, action, { LoadBalancerId, ...parameters });
    assert.equal(answer.status, 400);
  }
  await attribute(LoadBalancerId);
});

test('rule lock-time: an accepted write holds for as long as the settings say, a refused one not', async () => {
  const LoadBalancerId = (await create()).text('LoadBalancerId');
  const rename = (LoadBalancerName: string) => ({ LoadBalancerId, LoadBalancerName });
  await bench.refuse('ServiceIsConfiguring', 'SetLoadBalancerName', rename('a'));
  bench.cloud.advance(199);
  await bench.refuse('ServiceIsConfiguring', 'SetLoadBalancerName', rename('a'));
  bench.cloud.advance(1);
  await bench.refuse('InvalidParameter', 'SetLoadBalancerName', rename('1'));
  await bench.accept('SetLoadBalancerName', rename('a'));
  const other = await create();
  assert.equal(other.code, undefined, 'Another load balancer is not held.');
  bench.cloud.settings({ lockMs: 0 });
  bench.cloud.advance(200);
  await bench.accept('SetLoadBalancerName', rename('b'));
  await bench.accept('SetLoadBalancerName', rename('c'));
});

test('rule lock-tags: tags are put on while a write holds the load balancer', async () => {
  const LoadBalancerId = (await create()).text('LoadBalancerId');
  const tagged = { ResourceType: 'instance', ResourceId: [LoadBalancerId] };
  await bench.accept('TagResources', { ...tagged, Tag: [{ Key: 'a', Value: '1' }] });
  await bench.accept('UntagResources', { ...tagged, TagKey: ['a'] });
  bench.settle();
  await bench.accept('TagResources', { ...tagged, Tag: [{ Key: 'a', Value: '1' }] });
  await bench.accept('SetLoadBalancerName', { LoadBalancerId, LoadBalancerName: 'free' });
});

const withToken = {
  LoadBalancerSpec: 'slb.s1.small',
  LoadBalancerName: 'once',
  ClientToken: 't-1',
};

test('rule token-replay: the same call again gives the first result and makes nothing', async () => {
  const first = await bench.accept('CreateLoadBalancer', withToken);
  const second = await bench.accept('CreateLoadBalancer', withToken);
  assert.equal(second.get('LoadBalancerId'), first.get('LoadBalancerId'));
  assert.notEqual(second.requestId, first.requestId);
  assert.equal(bench.cloud.state().loadBalancers.length, 1);
  assert.deepEqual(
    bench.cloud.calls().map(({ applied }) => applied),
    [true, false],
  );
  bench.settle();
  await bench.accept('DeleteLoadBalancer', { LoadBalancerId: first.text('LoadBalancerId') });
  const third = await bench.accept('CreateLoadBalancer', withToken);
  assert.equal(third.get('LoadBalancerId'), first.get('LoadBalancerId'));
  assert.equal(bench.cloud.state().loadBalancers.length, 0);
});

test('rule token-mismatch: the token belongs to its parameters', async () => {
  await bench.accept('CreateLoadBalancer', withToken);
  await bench.refuse('IdempotentParameterMismatch', 'CreateLoadBalancer', {
    ...withToken,
    LoadBalancerName: 'twice',
  });
  assert.equal(bench.cloud.state().loadBalancers.length, 1);
});

test('rule token-processing: a repetition waits for the first call to end', async () => {
  for (const when of ['received', 'applied'] as const) {
    const parameters = { ...withToken, ClientToken: `t-${when}` };
    bench.cloud.addFault({ kind: 'hold', action: 'CreateLoadBalancer', when });
    const first = bench.call('CreateLoadBalancer', parameters);
    const [held] = await bench.cloud.held();
    await bench.refuse('OperationFailed.TokenIsProcessing', 'CreateLoadBalancer', parameters);
    bench.cloud.release(held?.id ?? '');
    const made = await first;
    const again = await bench.accept('CreateLoadBalancer', parameters);
    assert.equal(again.get('LoadBalancerId'), made.get('LoadBalancerId'), when);
  }
});

test('rule token-failed: a refused call leaves its token free', async () => {
  bench.cloud.settings({ quotas: { slb_quota_instances_num: 1 } });
  await bench.accept('CreateLoadBalancer', { ...withToken, ClientToken: 'other' });
  await bench.refuse('OverQuota', 'CreateLoadBalancer', withToken);
  bench.cloud.settings({ quotas: { slb_quota_instances_num: 2 } });
  await bench.accept('CreateLoadBalancer', withToken);
  assert.equal(bench.cloud.state().loadBalancers.length, 2);
});

test('rule token-life: a token is forgotten when its time is over', async () => {
  bench.cloud.settings({ tokenTtlMs: 1000 });
  await bench.accept('CreateLoadBalancer', withToken);
  bench.cloud.advance(999);
  await bench.accept('CreateLoadBalancer', withToken);
  assert.equal(bench.cloud.state().loadBalancers.length, 1);
  bench.cloud.advance(1);
  await bench.accept('CreateLoadBalancer', withToken);
  assert.equal(bench.cloud.state().loadBalancers.length, 2);
});

test('rule token-form: a token has at most 64 ASCII characters', async () => {
  for (const ClientToken of ['x'.repeat(65), 'tökén']) {
    await bench.refuse('InvalidParameter', 'CreateLoadBalancer', { ...withToken, ClientToken });
  }
  await bench.accept('CreateLoadBalancer', { ...withToken, ClientToken: 'x'.repeat(64) });
});

test('rule page-numbered: pages have a number, a size and a total', async () => {
  for (let count = 0; count < 12; count += 1) await create();
  const page = async (parameters: Record<string, unknown>) => {
    const answer = await bench.accept('DescribeLoadBalancers', parameters);
    const items = answer.get('LoadBalancers', 'LoadBalancer') as unknown[];
    return [
      items.length,
      answer.get('PageNumber'),
      answer.get('PageSize'),
      answer.get('TotalCount'),
    ];
  };
  assert.deepEqual(await page({}), [10, 1, 10, 12]);
  assert.deepEqual(await page({ PageNumber: 2, PageSize: 5 }), [5, 2, 5, 12]);
  assert.deepEqual(await page({ PageNumber: 3, PageSize: 5 }), [2, 3, 5, 12]);
  assert.deepEqual(await page({ PageNumber: 4, PageSize: 5 }), [0, 4, 5, 12]);
  assert.deepEqual(await page({ PageNumber: 1, PageSize: 100 }), [12, 1, 100, 12]);
});

test('rule quota-instances: an account has no more load balancers than its quota', async () => {
  bench.cloud.settings({ quotas: { slb_quota_instances_num: 2 } });
  await create();
  await create();
  await bench.refuse('OverQuota', 'CreateLoadBalancer', { LoadBalancerSpec: 'slb.s1.small' });
});

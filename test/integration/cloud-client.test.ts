import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { createEmulator, startEmulator } from '../../emulator/emulator.ts';
import { DEFAULT_ACCOUNT, DEFAULT_SEED } from '../../emulator/model/cloud-seed.ts';
import { createCloudClients, type CloudClients } from '../../src/cloud/cloud-clients.ts';
import type { Clock } from '../../src/cloud/clock.ts';
import { isFailure, type Failure } from '../../src/cloud/failure.ts';
import type { CallOptions } from '../../src/cloud/call-options.ts';
import type {
  CloudBackend,
  ListenerKey,
  ListenerSettings,
} from '../../src/cloud/slb/slb-client.ts';
import type { HttpSender } from '../../src/cloud/transport/http-exchange.ts';
import type { ObservedCall } from '../../src/cloud/transport/call-observer.ts';
import {
  DEFAULT_CLOUD_SETTINGS,
  type CloudSettings,
} from '../../src/cloud/transport/cloud-settings.ts';
import { SystemClock, SystemRandomness } from '../../src/operator/system-clock.ts';
import { LocalCloudDoor } from '../support/local-cloud-door.ts';
import { startLocalCloud, type LocalCloud } from '../support/local-cloud.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

/** Clients of a local cloud, with a note of all that they counted and logged. */
function connect(
  url: string,
  accessKey: { readonly id: string; readonly secret: string },
  more: Partial<CloudSettings> = {},
  clock: Clock = new SystemClock(),
  http?: HttpSender,
) {
  const { host } = new URL(url);
  const settings: CloudSettings = {
    ...DEFAULT_CLOUD_SETTINGS,
    endpoints: { slb: host, sts: host },
    scheme: 'http',
    metadataEndpoint: url,
    credentials: {
      kind: 'accessKey',
      accessKeyId: accessKey.id,
      accessKeySecret: accessKey.secret,
    },
    clusterId: 'c-test',
    operatorVersion: '0.0.0',
    ...more,
  };
  const lease = { held: true };
  const observed: ObservedCall[] = [];
  const logged: unknown[] = [];
  const log = (message: string, fields: Readonly<Record<string, unknown>>): void => {
    logged.push([message, fields]);
  };
  const clients: CloudClients = createCloudClients(settings, {
    clock,
    randomness: new SystemRandomness(),
    mayWrite: () => lease.held,
    metrics: { observeCall: (call) => observed.push(call) },
    logger: { debug: log, info: log, warn: log },
    ...(http === undefined ? {} : { http }),
  });
  return { clients, slb: clients.slb, settings, lease, observed, logged };
}

async function failureOf(call: Promise<unknown>): Promise<Failure> {
  try {
    await call;
  } catch (error) {
    if (isFailure(error)) return error;
    throw error;
  }
  throw new Error('The call succeeded');
}

const live: CallOptions = { signal: new AbortController().signal, lane: 'live' };
const sweep: CallOptions = { ...live, lane: 'sweep' };
const tags = [{ key: 'kubernetes.do.not.delete', value: 'c-test' }];
const tcp80: ListenerKey = { protocol: 'tcp', port: 80 };

function backend(serverId: string, port = 30_080, weightPercent = 100): CloudBackend {
  return { serverId, port, weightPercent, type: 'ecs', serverIp: '', description: 'k8s' };
}

function listenerSettings(serverGroupId: string, description = 'k8s/80'): ListenerSettings {
  return {
    description,
    serverGroupId,
    scheduler: 'rr',
    persistenceTimeoutSeconds: 0,
    establishedTimeoutSeconds: 900,
    healthCheck: {
      enabled: true,
      type: 'http',
      port: 10_256,
      path: '/healthz',
      domain: '',
      httpCodes: 'http_2xx',
      intervalSeconds: 5,
      timeoutSeconds: 3,
      healthyThreshold: 2,
      unhealthyThreshold: 4,
    },
  };
}

describe('the cloud client against the local cloud', () => {
  let cloud: LocalCloud;
  let connection: ReturnType<typeof connect>;
  let count = 0;

  before(async () => {
    cloud = await startLocalCloud({ settings: { quotas: { slb_quota_instances_num: 0 } } });
    connection = connect(cloud.url, cloud.accessKey);
  });

  beforeEach(() => {
    cloud.removeFaults();
  });

  after(async () => {
    connection.clients.close();
    await cloud.stop();
  });

  async function createLoadBalancer(slb = connection.slb): Promise<string> {
    count += 1;
    const created = await slb.createLoadBalancer(
      {
        AddressType: 'internet',
        InstanceChargeType: 'PayByCLCU',
        LoadBalancerName: `name-${count}`,
        'Tag.1.Key': tags[0]?.key ?? '',
        'Tag.1.Value': `c-test-${count}`,
      },
      `token-${count}`,
      live,
    );
    return created.id;
  }

  function actionsSince(seq: number): string[] {
    return cloud.calls(seq).map(({ action }) => action);
  }

  function lastSeq(): number {
    return cloud.calls().at(-1)?.seq ?? 0;
  }

  test('tells account, region and VPC, and asks for the account once', async () => {
    const seq = lastSeq();
    for (let call = 0; call < 2; call += 1) {
      assert.deepEqual(await connection.clients.identity(live.signal), {
        accountId: cloud.accountId,
        regionId: cloud.regionId,
      });
    }
    assert.equal(await connection.clients.vpcId(live.signal), cloud.vpcId);
    assert.equal(actionsSince(seq).filter((action) => action === 'GetCallerIdentity').length, 1);
  });

  test('leads a load balancer through its whole life', async () => {
    const { slb } = connection;
    const id = await createLoadBalancer();
    const created = await slb.findLoadBalancer(id, live);
    assert.equal(created?.id, id);
    assert.equal(created.status, 'active');
    assert.notEqual(created.address, '');

    await slb.setLoadBalancerName(id, 'another-name', live);
    await slb.setDeleteProtection(id, 'on', live);
    await slb.setModificationProtection(id, 'ConsoleProtection', live);
    await slb.tagLoadBalancer(id, [{ key: 'team', value: 'a' }], live);
    const changed = await slb.findLoadBalancer(id, live);
    assert.deepEqual(
      [changed?.name, changed?.deleteProtection, changed?.modificationProtection],
      ['another-name', 'on', 'ConsoleProtection'],
    );
    assert.deepEqual(
      (await slb.listLoadBalancersByTags([{ key: 'team', value: 'a' }], sweep)).map(
        (one) => one.id,
      ),
      [id],
    );
    assert.deepEqual(
      (await slb.listLoadBalancersByName('another-name', live)).map((one) => one.id),
      [id],
    );
    await slb.untagLoadBalancer(id, ['team'], live);
    assert.deepEqual(await slb.listLoadBalancersByTags([{ key: 'team', value: 'a' }], live), []);

    const refused = await failureOf(slb.deleteLoadBalancer(id, live));
    assert.deepEqual(
      [refused.kind, refused.code],
      ['terminal', 'OperationDenied.DeleteProtectionIsOn'],
    );
    await slb.setDeleteProtection(id, 'off', live);
    await slb.deleteLoadBalancer(id, live);
    assert.equal(await slb.findLoadBalancer(id, live), undefined);
    await slb.deleteLoadBalancer(id, live);
  });

  test('changes specification and charges', async () => {
    const { slb } = connection;
    const id = await createLoadBalancer();
    await slb.modifyInstanceChargeType(
      id,
      { instanceChargeType: 'PayBySpec', spec: 'slb.s1.small' },
      live,
    );
    await slb.modifyInstanceSpec(id, 'slb.s2.small', live);
    await slb.modifyInternetSpec(
      id,
      { internetChargeType: 'paybybandwidth', bandwidthMbps: 5 },
      live,
    );
    const byId = await slb.findLoadBalancer(id, live);
    const [byName] = await slb.listLoadBalancersByName(byId?.name ?? '', live);
    for (const seen of [byId, byName]) {
      assert.deepEqual(
        [seen?.instanceChargeType, seen?.spec, seen?.internetChargeType, seen?.bandwidthMbps],
        ['PayBySpec', 'slb.s2.small', 'paybybandwidth', 5],
      );
    }
  });

  test('leads listeners and server groups through their whole life', async () => {
    const { slb } = connection;
    const id = await createLoadBalancer();
    const [first = '', second = '', third = ''] = cloud.instanceIds;
    const groupTags = [{ key: 'k', value: 'v' }];
    const groupId = await slb.createServerGroup(
      id,
      { name: 'k8s/30080', tags: groupTags, backends: [backend(first)] },
      live,
    );
    await slb.createListener(id, tcp80, listenerSettings(groupId), live);
    const [stopped] = await slb.listListeners([id], live);
    assert.equal(stopped?.status, 'stopped');
    assert.deepEqual(stopped.settings, listenerSettings(groupId));
    await slb.startListener(id, tcp80, live);
    await until(async () => (await slb.listListeners([id], live))[0]?.status === 'running');
    await slb.setListener(id, tcp80, listenerSettings(groupId, 'changed'), live);
    await until(async () => (await slb.listListeners([id], live))[0]?.status === 'running');
    assert.equal((await slb.listListeners([id], live))[0]?.settings.description, 'changed');

    const udp53: ListenerKey = { protocol: 'udp', port: 53 };
    const udpSettings = {
      ...listenerSettings(groupId),
      healthCheck: {
        ...listenerSettings(groupId).healthCheck,
        type: 'udp' as const,
        path: '',
        httpCodes: '',
      },
      establishedTimeoutSeconds: 0,
    };
    await slb.createListener(id, udp53, udpSettings, live);
    const udp = (await slb.listListeners([id], live)).find(({ key }) => key.protocol === 'udp');
    assert.deepEqual(udp?.settings, udpSettings);

    await slb.addBackends(id, groupId, [backend(second), backend(third)], live);
    await slb.setBackends(id, groupId, [backend(second, 30_080, 20)], live);
    await slb.removeBackends(id, groupId, [backend(first)], live);
    await slb.removeBackends(id, groupId, [backend(first)], live);
    const members = await slb.findBackends(groupId, live);
    assert.deepEqual(
      members?.map(({ serverId, weightPercent }) => [serverId, weightPercent]).sort(),
      [
        [second, 20],
        [third, 100],
      ].sort(),
    );
    const health = await slb.listBackendHealth(id, live);
    assert.ok(health.some((one) => one.serverId === second && one.listener.port === 80));

    const [group] = await slb.listServerGroups(id, live);
    assert.deepEqual([group?.id, group?.name, group?.tags], [groupId, 'k8s/30080', groupTags]);
    assert.deepEqual(group?.listeners.map(({ protocol, port }) => `${protocol}/${port}`).sort(), [
      'tcp/80',
      'udp/53',
    ]);
    const inUse = await failureOf(slb.deleteServerGroup(id, groupId, live));
    assert.deepEqual([inUse.kind, inUse.code], ['conflict', 'RspoolVipExist']);

    await slb.stopListener(id, tcp80, live);
    await until(async () => (await slb.listListeners([id], live))[0]?.status === 'stopped');
    for (const key of [tcp80, udp53, tcp80]) await slb.deleteListener(id, key, live);
    await slb.deleteServerGroup(id, groupId, live);
    await slb.deleteServerGroup(id, groupId, live);
    assert.equal(await slb.findBackends(groupId, live), undefined);
    assert.deepEqual(await slb.listListeners([id], live), []);
    assert.deepEqual(await slb.listServerGroups(id, live), []);
  });

  test('is content with an absent load balancer wherever that means nothing to do', async () => {
    const { slb } = connection;
    const absent = 'lb-bp1absent000000000000';
    assert.equal(await slb.findLoadBalancer(absent, live), undefined);
    assert.deepEqual(await slb.listListeners([absent], live), []);
    assert.deepEqual(await slb.listServerGroups(absent, live), []);
    assert.deepEqual(await slb.listBackendHealth(absent, live), []);
    await slb.deleteLoadBalancer(absent, live);
    await slb.deleteListener(absent, tcp80, live);
    await slb.untagLoadBalancer(absent, ['k'], live);
    const writes = [
      () => slb.setLoadBalancerName(absent, 'name', live),
      () => slb.startListener(absent, tcp80, live),
      () => slb.createServerGroup(absent, { name: 'g', tags: [], backends: [] }, live),
    ];
    for (const write of writes) {
      assert.equal((await failureOf(write())).kind, 'notfound');
    }
  });

  test('never meets a lock with writes that follow each other at once', async () => {
    const id = await createLoadBalancer();
    const seq = lastSeq();
    await Promise.all(
      Array.from({ length: 6 }, (_, index) =>
        connection.slb.setLoadBalancerName(id, `name-x-${index}`, live),
      ),
    );
    assert.deepEqual(
      cloud.calls(seq).map(({ action, code }) => [action, code]),
      Array(6).fill(['SetLoadBalancerName', null]),
    );
  });

  test('calls a held load balancer a conflict', async () => {
    const id = await createLoadBalancer();
    const impatient = connect(cloud.url, cloud.accessKey, { writeSpacingMs: 0 });
    await connection.slb.setLoadBalancerName(id, 'first', live);
    const failure = await failureOf(impatient.slb.setLoadBalancerName(id, 'second', live));
    assert.deepEqual([failure.kind, failure.ambiguous], ['conflict', false]);
    impatient.clients.close();
  });

  const lostWrites = [
    { name: 'lose-answer', applied: true, reason: 'applied, and the answer lost' },
    { name: 'drop', applied: false, reason: 'cut before it was applied' },
  ] as const;

  for (const { name, applied, reason } of lostWrites) {
    test(`calls a write ambiguous that was ${reason}, and sends it once`, async () => {
      const id = await createLoadBalancer();
      cloud.addFault({ kind: name, action: 'SetLoadBalancerName' });
      const seq = lastSeq();
      const failure = await failureOf(connection.slb.setLoadBalancerName(id, 'lost', live));
      assert.deepEqual([failure.kind, failure.ambiguous], ['retryable', true]);
      assert.deepEqual(actionsSince(seq), ['SetLoadBalancerName']);
      const seen = await connection.slb.findLoadBalancer(id, live);
      assert.equal(seen?.name === 'lost', applied);
    });
  }

  test('makes one load balancer of a creation that is repeated with its token', async () => {
    const parameters = {
      AddressType: 'internet',
      InstanceChargeType: 'PayByCLCU',
      LoadBalancerName: 'repeated',
    };
    cloud.addFault({ kind: 'lose-answer', action: 'CreateLoadBalancer' });
    const { slb } = connection;
    const lost = await failureOf(slb.createLoadBalancer(parameters, 'token-r', live));
    assert.equal(lost.ambiguous, true);
    const repeated = await slb.createLoadBalancer(parameters, 'token-r', live);
    const found = await slb.listLoadBalancersByName('repeated', live);
    assert.deepEqual(
      found.map(({ id }) => id),
      [repeated.id],
    );
  });

  test('repeats a read whose answer was lost', async () => {
    const id = await createLoadBalancer();
    cloud.addFault({ kind: 'lose-answer', action: 'DescribeLoadBalancerAttribute', times: 2 });
    const seq = lastSeq();
    assert.equal((await connection.slb.findLoadBalancer(id, live))?.id, id);
    assert.equal(actionsSince(seq).length, 3);
  });

  test('gives up an answer that takes too long', async () => {
    const id = await createLoadBalancer();
    const hasty = connect(cloud.url, cloud.accessKey, { timeoutMs: 200 });
    cloud.addFault({ kind: 'delay', action: 'SetLoadBalancerName', delayMs: 1_000 });
    const failure = await failureOf(hasty.slb.setLoadBalancerName(id, 'slow', live));
    assert.deepEqual(
      [failure.kind, failure.code, failure.ambiguous],
      ['retryable', 'Timeout', true],
    );
    hasty.clients.close();
  });

  test('ends with the signal of its caller', async () => {
    const id = await createLoadBalancer();
    cloud.addFault({ kind: 'delay', action: 'SetLoadBalancerName', delayMs: 2_000 });
    const failure = await failureOf(
      connection.slb.setLoadBalancerName(id, 'x', { ...live, signal: AbortSignal.timeout(600) }),
    );
    assert.deepEqual([failure.code, failure.ambiguous], ['Cancelled', true]);
  });

  test('waits as long as a throttled read is told, and passes a throttled write on', async () => {
    const id = await createLoadBalancer();
    const own = connect(cloud.url, cloud.accessKey);
    cloud.addFault({ kind: 'throttle', action: 'DescribeLoadBalancerAttribute' });
    assert.equal((await own.slb.findLoadBalancer(id, live))?.id, id);
    cloud.addFault({ kind: 'throttle', action: 'SetLoadBalancerName' });
    const failure = await failureOf(own.slb.setLoadBalancerName(id, 'x', live));
    assert.equal(failure.kind, 'throttled');
    assert.equal(own.observed.filter(({ throttled }) => throttled).length, 2);
    own.clients.close();
  });

  const refusals = [
    { code: 'OverQuota', httpStatus: 400, kind: 'terminal', ambiguous: false },
    { code: 'InternalError', httpStatus: 500, kind: 'retryable', ambiguous: true },
    { code: 'ServiceIsConfiguring', httpStatus: 400, kind: 'conflict', ambiguous: false },
    { code: 'Forbidden.RAM', httpStatus: 403, kind: 'terminal', ambiguous: false },
    { code: 'Never.Seen', httpStatus: 400, kind: 'retryable', ambiguous: false },
  ] as const;

  for (const { code, httpStatus, kind, ambiguous } of refusals) {
    test(`classifies ${code}`, async () => {
      cloud.addFault({ kind: 'error', action: 'CreateLoadBalancer', code, httpStatus });
      const failure = await failureOf(createLoadBalancer());
      assert.deepEqual([failure.kind, failure.code, failure.ambiguous], [kind, code, ambiguous]);
      assert.match(failure.requestId ?? '', /^[0-9A-F-]{36}$/);
      assert.ok(!failure.message.includes(failure.requestId ?? ' '));
    });
  }

  test('follows pages, and refuses a list that shrank between them', async () => {
    const own = await startLocalCloud({
      settings: { quotas: { slb_quota_instances_num: 0 }, rates: { default: 0 } },
    });
    const many = connect(own.url, own.accessKey, { callsPerSecond: 1_000, callBurst: 1_000 });
    await Promise.all(
      Array.from({ length: 130 }, (_, index) =>
        many.slb.createLoadBalancer(
          {
            AddressType: 'internet',
            InstanceChargeType: 'PayByCLCU',
            LoadBalancerName: `n-${index}`,
            'Tag.1.Key': 'k',
            'Tag.1.Value': 'v',
          },
          `t-${index}`,
          live,
        ),
      ),
    );
    const all = await many.slb.listLoadBalancersByTags([{ key: 'k', value: 'v' }], sweep);
    assert.equal(all.length, 130);
    assert.ok(
      own.calls().some(({ userAgent }) => userAgent.endsWith('ClusterId/c-test lane/sweep')),
    );
    own.addFault({
      kind: 'short-list',
      action: 'DescribeLoadBalancers',
      match: { PageNumber: '2' },
    });
    const failure = await failureOf(
      many.slb.listLoadBalancersByTags([{ key: 'k', value: 'v' }], sweep),
    );
    assert.deepEqual([failure.kind, failure.code], ['retryable', 'IncompleteList']);
    many.clients.close();
    await own.stop();
  });

  test('writes nothing without the lease, not even after waiting for its turn', async () => {
    const id = await createLoadBalancer();
    const own = connect(cloud.url, cloud.accessKey);
    await own.slb.setLoadBalancerName(id, 'first', live).catch(() => undefined);
    const seq = lastSeq();
    const waiting = failureOf(own.slb.setLoadBalancerName(id, 'second', live));
    own.lease.held = false;
    assert.equal((await waiting).code, 'NotLeader');
    assert.deepEqual(actionsSince(seq), []);
    assert.equal((await own.slb.findLoadBalancer(id, live))?.id, id, 'It may still read.');
    own.clients.close();
  });

  const wrongKeys = [
    {
      name: 'unknown id',
      key: { id: 'nobody', secret: 'topsecret' },
      code: 'InvalidAccessKeyId.NotFound',
    },
    {
      name: 'wrong secret',
      key: { id: 'emulator', secret: 'topsecret' },
      code: 'SignatureDoesNotMatch',
    },
  ];

  for (const { name, key, code } of wrongKeys) {
    test(`SVC-85 OBS-17: says what is wrong with an access key, without telling it: ${name}`, async () => {
      const own = connect(cloud.url, key);
      const failure = await failureOf(own.clients.identity(live.signal));
      assert.deepEqual([failure.kind, failure.code], ['terminal', code]);
      assert.match(failure.message, /access key/);
      assert.doesNotMatch(JSON.stringify([failure.message, own.logged]), /topsecret|nobody/);
      own.clients.close();
    });
  }

  test('SEC-08: takes new credentials without a restart', async () => {
    const own = connect(cloud.url, { id: 'nobody', secret: 'x' });
    await failureOf(own.clients.identity(live.signal));
    own.clients.reload({
      ...own.settings,
      credentials: {
        kind: 'accessKey',
        accessKeyId: cloud.accessKey.id,
        accessKeySecret: cloud.accessKey.secret,
      },
    });
    assert.equal((await own.clients.identity(live.signal)).accountId, cloud.accountId);
    own.clients.close();
  });

  test('works with temporary credentials, and sees another account behind other ones', async () => {
    cloud.admin.seed({
      accounts: ['9999999999999999'],
      accessKeys: [
        {
          accessKeyId: 'STS.temporary',
          accessKeySecret: 'temporary-secret',
          securityToken: 'temporary-token',
          account: '9999999999999999',
        },
      ],
    });
    const own = connect(cloud.url, cloud.accessKey);
    const before = await own.clients.identity(live.signal);
    own.clients.reload({
      ...own.settings,
      credentials: {
        kind: 'stsToken',
        accessKeyId: 'STS.temporary',
        accessKeySecret: 'temporary-secret',
        securityToken: 'temporary-token',
      },
    });
    const afterwards = await own.clients.identity(live.signal);
    assert.deepEqual(
      [before.accountId, afterwards.accountId],
      [cloud.accountId, '9999999999999999'],
    );
    own.clients.close();
  });

  test('uses configured region, VPC and vSwitch instead of the metadata', async () => {
    const own = connect(cloud.url, cloud.accessKey, {
      regionId: cloud.regionId,
      vpcId: 'vpc-configured',
      vSwitches: [{ vSwitchId: 'vsw-configured', zoneId: 'cn-hangzhou-k' }],
      metadataEndpoint: 'http://127.0.0.1:9',
    });
    assert.equal((await own.clients.identity(live.signal)).regionId, cloud.regionId);
    assert.equal(await own.clients.vpcId(live.signal), 'vpc-configured');
    assert.deepEqual(await own.clients.defaultVSwitch(live.signal), {
      vSwitchId: 'vsw-configured',
      zoneId: 'cn-hangzhou-k',
    });
    own.clients.close();
  });

  test('says that the endpoint cannot be reached', async () => {
    const own = connect(cloud.url, cloud.accessKey, {
      endpoints: { slb: '127.0.0.1:9', sts: '127.0.0.1:9' },
    });
    const failure = await failureOf(own.clients.identity(live.signal));
    assert.deepEqual([failure.kind, failure.code], ['retryable', 'ConnectionFailed']);
    assert.match(failure.message, /check the network and the endpoint settings/);
    own.clients.close();
  });
});

test('SEC-08: works with the role of its instance and renews its credentials in time', async (context) => {
  // Both sides see the same time, which a test can move: the role's keys live for six hours.
  const real = new SystemClock();
  let offsetMs = 0;
  const clock: Clock = {
    now: () => real.now() + offsetMs,
    monotonicMs: () => real.monotonicMs() + offsetMs,
    schedule: (delayMs, callback) => real.schedule(delayMs, callback),
    sleep: (delayMs, signal) => real.sleep(delayMs, signal),
  };
  const emulator = await startEmulator({
    seed: DEFAULT_SEED,
    clock: { now: () => clock.now(), sleep: (delayMs) => real.sleep(delayMs) },
  });
  context.after(() => emulator.stop());
  const { clients } = connect(
    emulator.url,
    { id: 'unused', secret: 'unused' },
    { credentials: { kind: 'ramRole' } },
    clock,
  );
  context.after(() => {
    clients.close();
  });
  const keys = (): (string | null)[] => [
    ...new Set(
      emulator.admin
        .calls()
        .filter(({ action }) => action === 'DescribeLoadBalancers')
        .map(({ accessKeyId }) => accessKeyId),
    ),
  ];
  const call = () => clients.slb.listLoadBalancersByName('none', live);

  assert.equal((await clients.identity(live.signal)).accountId, DEFAULT_ACCOUNT);
  await call();
  assert.equal(keys().length, 1);
  assert.match(keys()[0] ?? '', /^STS\./);
  offsetMs = (5 * 60 + 50) * 60_000;
  await call();
  await until(async () => {
    await call();
    return keys().length === 2;
  });
  offsetMs = (11 * 60 + 40) * 60_000;
  await call();
  const refused = emulator.admin.calls().filter(({ action, code }) => {
    return action !== 'InstanceMetadata' && code !== null;
  });
  assert.deepEqual(refused, [], 'No call was ever made with credentials that had ended.');
});

test('works through a door in the process, on a clock that is not the machine’s', async () => {
  const clock = new VirtualClock();
  const emulator = createEmulator({ clock });
  const { clients, slb } = connect(
    'http://local.cloud',
    { id: 'unused', secret: 'unused' },
    { credentials: { kind: 'ramRole' } },
    clock,
    new LocalCloudDoor(emulator, clock),
  );
  const work = async (): Promise<string> => {
    await clients.identity(live.signal);
    const { id } = await slb.createLoadBalancer(
      { AddressType: 'internet', InstanceChargeType: 'PayByCLCU' },
      'token',
      live,
    );
    for (let index = 0; index < 50; index += 1) {
      await slb.setLoadBalancerName(id, `name-${index}`, live);
    }
    return id;
  };
  const startedAt = performance.now();
  const id = await clock.until(work());
  assert.equal((await clock.until(slb.findLoadBalancer(id, live)))?.name, 'name-49');
  assert.ok(clock.monotonicMs() >= 50 * 300, 'The pauses have passed,');
  assert.ok(performance.now() - startedAt < 5_000, 'but not in real time.');
  const refused = emulator.admin.calls().filter(({ code }) => code !== null);
  assert.deepEqual(refused, []);
});

test('keeps to its account while renewed credentials cannot be asked about, but not with other ones', async () => {
  const clock = new VirtualClock();
  const emulator = createEmulator({ clock });
  const { clients, settings } = connect(
    'http://local.cloud',
    { id: 'unused', secret: 'unused' },
    { credentials: { kind: 'ramRole' } },
    clock,
    new LocalCloudDoor(emulator, clock),
  );
  const identity = () => clock.until(clients.identity(live.signal));
  const questions = (): number =>
    emulator.admin.calls().filter(({ action }) => action === 'GetCallerIdentity').length;
  await identity();
  await clock.advance((5 * 60 + 50) * 60_000);
  await identity();
  await clock.advance(0);
  emulator.admin.addFault({
    kind: 'error',
    action: 'GetCallerIdentity',
    code: 'ServiceUnavailable',
    httpStatus: 503,
    times: 0,
  });
  assert.equal((await identity()).accountId, DEFAULT_ACCOUNT);
  assert.ok(questions() > 1, 'It was asked in vain.');
  emulator.admin.removeFaults();
  const before = questions();
  await identity();
  await identity();
  assert.equal(questions(), before + 1, 'And again, until there is an answer.');
  emulator.admin.addFault({
    kind: 'error',
    action: 'GetCallerIdentity',
    code: 'ServiceUnavailable',
    httpStatus: 503,
    times: 0,
  });
  clients.reload({
    ...settings,
    credentials: { kind: 'accessKey', accessKeyId: 'emulator', accessKeySecret: 'emulator-secret' },
  });
  await assert.rejects(identity(), (error) => isFailure(error, 'retryable'));
});

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error('It did not come true in time');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

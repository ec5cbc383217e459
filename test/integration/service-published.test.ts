import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually, pause, startOperatorWorld } from '../support/operator-world.ts';
import { conditionOf, ServiceScene } from '../support/service-scene.ts';

const READY = 'networking.alibabacloud.com/Ready';
const OWN_FINALIZER = 'networking.alibabacloud.com/load-balancer';
const PREFIX = 'service.beta.kubernetes.io/alibaba-cloud-loadbalancer-';
const IP_MODE = 'networking.alibabacloud.com/ip-mode';

const world = await startOperatorWorld();
await world.startOperator();

function annotations(
  settings: Readonly<Record<string, string>>,
): Readonly<Record<string, unknown>> {
  const keyed = Object.entries(settings).map(([suffix, value]) => [PREFIX + suffix, value]);
  return { annotations: Object.fromEntries(keyed) as object };
}

test('SVC-12 SVC-26 SVC-35 SVC-82: no address before listeners run, finalizers before the first call', async () => {
  const scene = await ServiceScene.open(world);
  const fault = world.cloud.addFault({
    action: 'CreateLoadBalancerTCPListener',
    kind: 'error',
    code: 'OverQuota',
    httpStatus: 400,
    times: 0,
  });
  await scene.createService('web');
  await scene.waitForReason('service', 'web', READY, 'QuotaExceeded');
  const failing = await scene.get('service', 'web');
  assert.deepEqual(failing.status?.loadBalancer, {});
  assert.ok(failing.metadata.finalizers?.includes(OWN_FINALIZER));
  assert.match(conditionOf(failing, READY)?.message ?? '', /\(OverQuota\)/, 'SVC-85');
  await eventually(async () => {
    const said = await scene.saidOf('Service', 'web');
    assert.deepEqual(said, ['Normal EnsuringLoadBalancer', 'Warning SyncLoadBalancerFailed']);
  });
  world.cloud.removeFaults(fault.id);
  await scene.kubectl('annotate', 'alilb', 'web', 'networking.alibabacloud.com/touch=1');
  const service = await scene.waitUntilReady('web');

  const finalized = (await world.operatorWrites(scene.namespace)).find(({ requestObject }) =>
    JSON.stringify(requestObject).includes(OWN_FINALIZER),
  );
  const mark = scene.cloudOf(service)[0]?.loadBalancerId;
  const created = world.cloud
    .calls()
    .find(
      ({ action, objectIds }) => action === 'CreateLoadBalancer' && objectIds.includes(mark ?? ''),
    );
  assert.ok(finalized && created);
  assert.ok(
    Date.parse(finalized.stageTimestamp) <= Date.parse(created.startedAt),
    `${finalized.stageTimestamp} is after ${created.startedAt}`,
  );

  // A failure later on leaves the address where it is.
  const later = world.cloud.addFault({
    action: 'CreateLoadBalancerTCPListener',
    kind: 'error',
    code: 'OverQuota',
    httpStatus: 400,
    times: 0,
  });
  const ports = [
    { name: 'a', port: 80 },
    { name: 'b', port: 81 },
  ];
  await scene.patch('service', 'web', { spec: { ports } });
  await scene.waitForReason('service', 'web', READY, 'QuotaExceeded');
  const failed = await scene.get('service', 'web');
  assert.deepEqual(failed.status?.loadBalancer, service.status?.loadBalancer);
  world.cloud.removeFaults(later.id);
});

test('SVC-28 SVC-29: the mode of the address is VIP unless the annotation says Proxy', async () => {
  const scene = await ServiceScene.open(world);
  await scene.createService('web');
  const service = await scene.waitUntilReady('web');
  assert.equal(service.status?.loadBalancer?.ingress?.[0]?.ipMode, 'VIP');
  const since = world.cloud.calls().at(-1)?.seq ?? 0;
  for (const [change, want] of [
    [`${IP_MODE}=Proxy`, 'Proxy'],
    [`${IP_MODE}-`, 'VIP'],
  ] as const) {
    await scene.kubectl('annotate', 'service', 'web', change);
    await eventually(async () => {
      const { status } = await scene.get('service', 'web');
      assert.equal(status?.loadBalancer?.ingress?.[0]?.ipMode, want);
    });
  }
  assert.deepEqual(world.cloud.calls(since), [], 'The cloud has nothing to do with it.');
});

test('SVC-30: a hostname is published instead of the address', async () => {
  const scene = await ServiceScene.open(world);
  await scene.createService('web', {}, annotations({ hostname: 'web.example.com' }));
  const service = await scene.waitUntilReady('web');
  assert.deepEqual(service.status?.loadBalancer?.ingress, [{ hostname: 'web.example.com' }]);
});

test('SVC-33 SVC-36: conditions of others stay, and ours has no generation', async () => {
  const scene = await ServiceScene.open(world);
  await scene.createService('web');
  await scene.waitUntilReady('web');
  const foreign = {
    type: 'example.com/Checked',
    status: 'True',
    reason: 'Checked',
    message: '',
    lastTransitionTime: '2026-01-01T00:00:00Z',
  };
  const { status } = await scene.get('service', 'web');
  const conditions = [...(status?.conditions ?? []), foreign];
  await scene.patch('service', 'web', { status: { conditions } }, '--subresource=status');
  await scene.patch('service', 'web', { spec: { ports: [{ name: 'a', port: 81 }] } });
  await pause(500);
  const service = await scene.waitUntilReady('web');
  assert.deepEqual(conditionOf(service, foreign.type), foreign);
  const mirror = conditionOf(service, READY) ?? {};
  assert.ok(!('observedGeneration' in mirror));
});

test('SVC-37 SVC-67: an SCTP port joins a working Service: it is named, the others go on', async () => {
  const scene = await ServiceScene.open(world);
  await scene.createService('web');
  const before = await scene.waitUntilReady('web');
  const ports = [
    { name: 'http', port: 80, nodePort: undefined },
    { name: 'sctp', port: 90, protocol: 'SCTP' },
    { name: 'dns', port: 53, protocol: 'UDP' },
  ];
  await scene.patch('service', 'web', { spec: { ports } });
  await scene.waitForReason(
    'service',
    'web',
    'LoadBalancerPortsError',
    'LoadBalancerMixedProtocolNotSupported',
  );
  const condition = await scene.waitForReason('alilb', 'web', 'Accepted', 'NotSupported');
  assert.match(condition.message, /Port 90 has protocol "SCTP"/);
  await eventually(() => {
    const listeners = scene.cloudOf(before)[0]?.listeners ?? [];
    assert.deepEqual(
      listeners.map(({ listenerProtocol, listenerPort, status }) => [
        listenerProtocol,
        listenerPort,
        status,
      ]),
      [
        ['tcp', 80, 'running'],
        ['udp', 53, 'running'],
      ],
    );
  });
  await eventually(async () => {
    const said = await scene.saidOf('Service', 'web');
    assert.equal(said.filter((one) => one === 'Warning UnsupportedSetting').length, 1);
  });
  const service = await scene.get('service', 'web');
  assert.deepEqual(service.status?.loadBalancer, before.status?.loadBalancer);

  await scene.patch('service', 'web', { spec: { ports: [ports[0], ports[2]] } });
  const mended = await scene.waitUntilReady('web');
  assert.equal(conditionOf(mended, 'LoadBalancerPortsError'), undefined);
});

test('SVC-63 SVC-64: without node ports nothing is published until there are some', async () => {
  const scene = await ServiceScene.open(world);
  await scene.createService('web', { allocateLoadBalancerNodePorts: false });
  await scene.waitForReason('service', 'web', 'LoadBalancerPortsError', 'NodePortNotAllocated');
  await pause(1_500);
  const waiting = await scene.get('service', 'web');
  assert.deepEqual(waiting.status?.loadBalancer, {});
  await scene.patch('service', 'web', { spec: { allocateLoadBalancerNodePorts: true } });
  const service = await scene.waitUntilReady('web');
  assert.equal(conditionOf(service, 'LoadBalancerPortsError'), undefined);
});

test('SVC-34 SVC-66 SVC-71: every kind of edit leaves the address as it is', async () => {
  const scene = await ServiceScene.open(world);
  await scene.createService('web', {
    ports: [
      { name: 'tcp', port: 53, protocol: 'TCP' },
      { name: 'udp', port: 53, protocol: 'UDP' },
    ],
  });
  const before = await scene.waitUntilReady('web');
  assert.equal(scene.cloudOf(before)[0]?.listeners.length, 2);
  const edits: object[] = [
    { spec: { sessionAffinity: 'ClientIP' } },
    { spec: { externalTrafficPolicy: 'Local' } },
    { spec: { externalTrafficPolicy: 'Cluster' } },
    { spec: { externalIPs: ['203.0.113.7'] } },
    { spec: { internalTrafficPolicy: 'Local' } },
    { spec: { sessionAffinity: 'None' } },
    { metadata: annotations({ scheduler: 'wrr' }) },
  ];
  for (const edit of edits) {
    await scene.patch('service', 'web', edit);
    await pause(200);
    const { status } = await scene.waitUntilReady('web');
    assert.deepEqual(status?.loadBalancer, before.status?.loadBalancer, JSON.stringify(edit));
  }
  await eventually(() => {
    const [loadBalancer, ...others] = scene.cloudOf(before);
    assert.deepEqual(
      loadBalancer?.listeners.map(({ scheduler }) => scheduler),
      ['wrr', 'wrr'],
    );
    assert.deepEqual(others, []);
  });
});

test('SVC-61 SVC-62: affinity reaches the listener, clamped and said once', async () => {
  const scene = await ServiceScene.open(world);
  await scene.createService('web', { sessionAffinity: 'ClientIP' });
  const service = await scene.waitUntilReady('web');
  const [listener] = scene.cloudOf(service)[0]?.listeners ?? [];
  assert.equal(Number(listener?.persistenceTimeout), 3600);
  await eventually(async () => {
    const said = await scene.saidOf('Service', 'web');
    assert.equal(said.filter((one) => one === 'Warning AdjustedSetting').length, 1);
  });
  await scene.patch('service', 'web', { spec: { sessionAffinity: 'None' } });
  await eventually(() => {
    const [after] = scene.cloudOf(service)[0]?.listeners ?? [];
    assert.equal(Number(after?.persistenceTimeout), 0);
  });
});

test('SVC-60 SVC-75: what guards access and cannot be applied opens nothing; taken back, it opens', async () => {
  const scene = await ServiceScene.open(world);
  await scene.createService('web', { loadBalancerSourceRanges: ['10.0.0.0/8'] });
  const accepted = await scene.waitForReason('alilb', 'web', 'Accepted', 'NotSupported');
  assert.match(accepted.message, /restricts client networks/);
  await pause(2_000);
  const closed = await scene.get('service', 'web');
  assert.deepEqual(closed.status?.loadBalancer, {});
  for (const { listeners } of scene.cloudOf(closed)) assert.deepEqual(listeners, []);

  await scene.patch('service', 'web', { spec: { loadBalancerSourceRanges: null } });
  await scene.waitUntilReady('web');
});

test('SVC-75: one bad among five: four take effect, backends move, the event names the bad one', async () => {
  const scene = await ServiceScene.open(world);
  const settings = {
    scheduler: 'fastest',
    'healthy-threshold': '4',
    'unhealthy-threshold': '5',
    'health-check-interval': '7',
    'additional-resource-tags': 'team=blue',
  };
  await scene.createService('web', {}, annotations(settings));
  const condition = await scene.waitForReason('alilb', 'web', 'Accepted', 'Invalid');
  assert.match(condition.message, /scheduler" has value "fastest": must be/);
  const service = await eventually(async () => {
    const found = await scene.get('service', 'web');
    assert.equal(found.status?.loadBalancer?.ingress?.length, 1);
    return found;
  });
  const [loadBalancer] = scene.cloudOf(service);
  const [listener] = loadBalancer?.listeners ?? [];
  assert.deepEqual(
    [
      listener?.scheduler,
      Number(listener?.healthyThreshold),
      Number(listener?.healthCheckInterval),
    ],
    ['rr', 4, 7],
  );
  assert.equal(loadBalancer?.tags.team, 'blue');
  const resource = await scene.get('alilb', 'web');
  assert.equal(resource.status?.backends, '2/2');
  const named = (await world.events(scene.namespace)).filter(
    ({ reason, note }) => reason === 'InvalidSetting' && note.includes('fastest'),
  );
  assert.equal(named.length, 1);
});

test('SVC-91: a second writer of the status is warned of once, and not fought', async () => {
  const scene = await ServiceScene.open(world);
  await scene.createService('web');
  const service = await scene.waitUntilReady('web');
  const count = async (): Promise<number> =>
    (await world.operatorWrites(scene.namespace)).filter(
      ({ objectRef }) => objectRef?.resource === 'services' && objectRef.subresource === 'status',
    ).length;
  const before = await count();
  for (let round = 0; round < 8; round += 1) {
    await scene.publish('web', [{ ip: '203.0.113.9' }]);
    await scene.kubectl('annotate', 'service', 'web', '--overwrite', `round=${round}`);
    await pause(300);
  }
  assert.ok((await count()) - before <= 3, `${(await count()) - before} writes are a fight`);
  await eventually(async () => {
    const said = await scene.saidOf('Service', 'web');
    assert.equal(said.filter((one) => one === 'Warning ForeignStatusWriter').length, 1);
  });
  assert.equal(scene.cloudOf(service).length, 1);
});

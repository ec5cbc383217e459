import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CLUSTER_TAG, OWNER_TAG } from '../../src/reconcilers/load-balancer/load-balancer-names.ts';
import { LoadBalancerScene } from '../support/load-balancer-scene.ts';
import { conditionOf, OperatorHarness } from '../support/operator-harness.ts';

const harness = await OperatorHarness.start({ instances: 3 });
const { cloud, clock } = harness;

const PAIR = ['CreateLoadBalancerTCPListener', 'StartLoadBalancerListener'];

test('SVC-12 SVC-16: two ports come to Ready by one load balancer, and all of it goes again', async (context) => {
  const scene = await LoadBalancerScene.openEmpty(harness, context);
  await harness.createService(scene.namespace);
  await scene.settle();

  assert.deepEqual(scene.writes(), [
    'CreateLoadBalancer',
    'CreateVServerGroup',
    'CreateVServerGroup',
    ...PAIR,
    ...PAIR,
  ]);
  const { listeners, tags } = scene.loadBalancer();
  assert.deepEqual(
    listeners.map(({ listenerPort, status }) => `${listenerPort} ${status}`),
    ['80 running', '443 running'],
  );
  assert.deepEqual(scene.backendNodes(), ['node-1', 'node-2', 'node-3']);
  assert.equal(tags[CLUSTER_TAG], await harness.clusterId());
  assert.ok(tags[OWNER_TAG] !== undefined);

  scene.mark();
  await scene.deleteService();
  await harness.waitUntilGone(scene.namespace);
  assert.deepEqual(scene.calls(), [
    'DescribeLoadBalancerAttribute',
    'SetLoadBalancerDeleteProtection',
    'DeleteLoadBalancer',
  ]);
  assert.deepEqual(scene.loadBalancers(), []);
  assert.deepEqual(scene.groups(), []);
  assert.deepEqual(await scene.warnings(), []);
});

test('SVC-66: TCP and UDP of one number are two listeners, and one group where the node port is one', async (context) => {
  const scene = await LoadBalancerScene.open(harness, context, {
    service: {
      ports: [
        { port: 53, protocol: 'TCP', nodePort: 30_053 },
        { port: 53, protocol: 'UDP', nodePort: 30_053 },
        { port: 54, protocol: 'UDP' },
      ],
    },
  });
  assert.deepEqual(
    scene
      .loadBalancer()
      .listeners.map(({ listenerProtocol, listenerPort }) => `${listenerProtocol} ${listenerPort}`)
      .sort(),
    ['tcp 53', 'udp 53', 'udp 54'],
  );
  assert.equal(scene.groups().length, 2);
  assert.deepEqual(scene.backendNodes(), ['node-1', 'node-2', 'node-3']);

  await scene.changeService({
    spec: { ports: [{ name: 'udp-53', port: 53, protocol: 'UDP', nodePort: 30_053 }] },
  });
  await scene.becomes(() => {
    assert.deepEqual(
      scene.loadBalancer().listeners.map(({ listenerProtocol }) => listenerProtocol),
      ['udp'],
    );
    assert.equal(
      scene.groups().length,
      1,
      'The group that is still used stays, the other one goes',
    );
  });
});

test('SVC-51 SVC-52 SVC-53: the traffic policy re-targets checks and backends at the same address', async (context) => {
  const scene = await LoadBalancerScene.open(harness, context, {
    service: { ports: [{ port: 80 }, { port: 81, protocol: 'UDP' }] },
  });
  const before = scene.loadBalancer();
  await scene.setEndpoints([{ node: 'node-1' }]);
  await scene.rest();
  assert.deepEqual(scene.calls(), [], 'With Cluster, endpoints play no part');

  for (const round of [1, 2]) {
    scene.mark();
    await scene.changeService({ spec: { externalTrafficPolicy: 'Local' } });
    await scene.becomes(() => {
      assert.deepEqual(scene.backendNodes(), ['node-1']);
    });
    const { spec } = (await scene.service()) ?? {};
    const [tcp, udp] = scene.loadBalancer().listeners;
    assert.deepEqual(
      [tcp?.healthCheckType, tcp?.healthCheckURI, Number(tcp?.healthCheckConnectPort)],
      ['http', '/healthz', spec?.healthCheckNodePort],
      `round ${round}`,
    );
    assert.notEqual(udp?.healthCheckType, 'http', 'A UDP listener has no other check');
    const writes = scene.writes();
    assert.ok(
      writes.indexOf('SetLoadBalancerTCPListenerAttribute') <
        writes.indexOf('RemoveVServerGroupBackendServers'),
      'The check is right before backends go',
    );

    await scene.changeService({ spec: { externalTrafficPolicy: 'Cluster' } });
    await scene.becomes(() => {
      assert.equal(scene.loadBalancer().listeners[0]?.healthCheckType, 'tcp');
      assert.deepEqual(scene.backendNodes(), ['node-1', 'node-2', 'node-3']);
    });
  }
  const { loadBalancerId, address } = scene.loadBalancer();
  assert.deepEqual([loadBalancerId, address], [before.loadBalancerId, before.address]);
});

test('SVC-56: internalTrafficPolicy has no effect', async (context) => {
  const scene = await LoadBalancerScene.open(harness, context);
  await scene.changeService({ spec: { internalTrafficPolicy: 'Local' } });
  await scene.rest();
  assert.deepEqual(scene.calls(), []);
});

test('SVC-54: with the option on, the service proxy itself is checked', async (context) => {
  const scene = await LoadBalancerScene.open(harness, context, {
    service: {
      ports: [{ port: 80 }],
      annotations: {
        'service.beta.kubernetes.io/alibaba-cloud-loadbalancer-health-check-type': 'http',
        'service.beta.kubernetes.io/alibaba-cloud-loadbalancer-health-check-uri': '/healthz',
        'service.beta.kubernetes.io/alibaba-cloud-loadbalancer-health-check-connect-port': '10256',
      },
    },
  });
  const [listener] = scene.loadBalancer().listeners;
  assert.deepEqual(
    [listener?.healthCheckType, listener?.healthCheckURI, Number(listener?.healthCheckConnectPort)],
    ['http', '/healthz', 10_256],
  );
});

test('SVC-65: a changed node port is served before the old one is forgotten', async (context) => {
  const scene = await LoadBalancerScene.open(harness, context, {
    service: { ports: [{ port: 80, nodePort: 30_100 }] },
  });
  const before = scene.loadBalancer();
  await scene.changeService({
    spec: { ports: [{ name: 'tcp-80', port: 80, protocol: 'TCP', nodePort: 30_101 }] },
  });
  await scene.becomes(() => {
    assert.deepEqual(scene.writes(), [
      'CreateVServerGroup',
      'SetLoadBalancerTCPListenerAttribute',
      'DeleteVServerGroup',
    ]);
  });
  assert.equal(scene.loadBalancer().address, before.address);
  assert.deepEqual(
    scene.groups().map(({ backendServers }) => backendServers.map(({ port }) => port)),
    [[30_101, 30_101, 30_101]],
  );
});

test('SVC-10: a restart, a resync and a new leader change nothing', async (context) => {
  const scene = await LoadBalancerScene.open(harness, context);
  const resourceBefore = await scene.resource();
  await scene.restart();
  await scene.rest();
  assert.deepEqual(scene.writes(), []);
  assert.deepEqual((await scene.resource())?.status, resourceBefore?.status);
});

test('a tag whose write was answered by nothing goes again once it is not asked for', async (context) => {
  const scene = await LoadBalancerScene.open(harness, context);
  const annotation =
    'service.beta.kubernetes.io/alibaba-cloud-loadbalancer-additional-resource-tags';
  cloud.addFault({ action: 'TagResources', kind: 'lose-answer' });
  const tagged = (tag: string): Promise<void> =>
    scene.changeService({ metadata: { annotations: { [annotation]: tag } } });
  await tagged('first=1');
  await harness.waitFor('the tag is there', () =>
    scene.loadBalancer().tags.first === '1' ? true : undefined,
  );
  await tagged('second=2');
  await scene.becomes(() => {
    const { first, second } = scene.loadBalancer().tags;
    assert.deepEqual([first, second], [undefined, '2']);
  });
});

test('tags of a person stay, and of ours only those go that are no longer asked for', async (context) => {
  const scene = await LoadBalancerScene.open(harness, context);
  const { loadBalancerId, tags } = scene.loadBalancer();
  cloud.patchObject(loadBalancerId, { tags: { ...tags, owner: 'a person' } });
  await scene.changeResource({ spec: { tags: [{ key: 'team', value: 'blue' }] } });
  await scene.becomes(() => {
    assert.deepEqual(scene.loadBalancer().tags, { ...tags, owner: 'a person', team: 'blue' });
  });
  await scene.changeResource({ spec: { tags: null } });
  await scene.becomes(() => {
    assert.deepEqual(scene.loadBalancer().tags, { ...tags, owner: 'a person' });
  });
});

test('reconcilePolicy Paused: nothing is changed and nothing deleted until it is Apply again', async (context) => {
  const scene = await LoadBalancerScene.open(harness, context);
  await scene.changeResource({ spec: { reconcilePolicy: 'Paused' } });
  await scene.waitForReason('Ready', 'False', 'Paused');
  await scene.changeService({ spec: { ports: [{ port: 8080, protocol: 'TCP' }] } });
  await scene.rest();
  assert.deepEqual(scene.writes(), []);
  await scene.changeResource({ spec: { reconcilePolicy: 'Apply' } });
  await scene.becomes(() => {
    assert.deepEqual(
      scene.loadBalancer().listeners.map(({ listenerPort }) => listenerPort),
      [8080],
    );
  });

  await scene.changeResource({ spec: { reconcilePolicy: 'Paused' } });
  await scene.waitForReason('Ready', 'False', 'Paused');
  scene.mark();
  await scene.deleteService();
  await scene.rest();
  assert.deepEqual(scene.writes(), []);
  assert.ok((await scene.service()) !== undefined, 'The Service waits for its load balancer');
  await scene.changeResource({ spec: { reconcilePolicy: 'Apply' } });
  await harness.waitUntilGone(scene.namespace);
  assert.deepEqual(scene.loadBalancers(), []);
});

test('deletionProtection On blocks a deletion in words, until it is taken back', async (context) => {
  const scene = await LoadBalancerScene.open(harness, context);
  await scene.changeResource({ spec: { clb: { deletionProtection: 'On' } } });
  await scene.settle();
  scene.mark();
  await scene.deleteService();
  const message = await scene.waitForReason('Ready', 'False', 'DeletionBlocked');
  assert.match(message, /spec\.clb\.deletionProtection/);
  await scene.rest();
  assert.deepEqual(scene.writes(), []);
  await scene.changeResource({ spec: { clb: { deletionProtection: null } } });
  await harness.waitUntilGone(scene.namespace);
  assert.deepEqual(scene.loadBalancers(), []);
});

test('SVC-25: deletionPolicy Retain leaves the load balancer to its new owner, without our marks', async (context) => {
  const scene = await LoadBalancerScene.open(harness, context);
  await scene.changeResource({ spec: { deletionPolicy: 'Retain' } });
  await scene.settle();
  const before = scene.loadBalancer();
  await scene.deleteService();
  await harness.waitUntilGone(scene.namespace);
  const after = scene.loadBalancer();
  assert.deepEqual(after.listeners, before.listeners);
  assert.deepEqual([after.tags[OWNER_TAG], after.tags[CLUSTER_TAG]], [undefined, undefined]);
  assert.equal(scene.groups().length, 2);
});

test('credentials of another account: nothing is written, not even by a deletion', async (context) => {
  const scene = await LoadBalancerScene.open(harness, context);
  cloud.admin.seed({
    accounts: ['9876543210987654'],
    accessKeys: [
      { accessKeyId: 'other', accessKeySecret: 'other-secret', account: '9876543210987654' },
    ],
  });
  const environment = { ACCESS_KEY_ID: 'other', ACCESS_KEY_SECRET: 'other-secret' };
  await scene.restart({ environment });
  const message = await scene.waitForReason('Accepted', 'False', 'WrongAccount');
  assert.match(message, /9876543210987654/);
  await scene.changeService({ spec: { ports: [{ port: 8080, protocol: 'TCP' }] } });
  await scene.rest();
  assert.deepEqual(scene.writes(), []);
  await scene.deleteService();
  await scene.rest();
  assert.deepEqual(scene.writes(), []);
  assert.ok((await scene.resource()) !== undefined);

  await scene.restart();
  await harness.waitUntilGone(scene.namespace);
  assert.deepEqual(scene.loadBalancers(), []);
});

test('SVC-79: a throttling cloud costs time, and no event', async (context) => {
  const scene = await LoadBalancerScene.openEmpty(harness, context);
  for (const action of ['CreateLoadBalancer', 'CreateVServerGroup', 'StartLoadBalancerListener']) {
    cloud.addFault({ action, kind: 'throttle', times: 3 });
  }
  await harness.createService(scene.namespace);
  await scene.settle();
  assert.equal(scene.made('loadBalancer'), 1);
  assert.equal(scene.made('vServerGroup'), 2);
  assert.deepEqual(await scene.warnings(), []);
});

test('SVC-79: a cloud that holds its locks for long costs time, and no event', async (context) => {
  const scene = await LoadBalancerScene.openEmpty(harness, context);
  cloud.settings({ lockMs: 3_000 });
  await harness.createService(scene.namespace);
  await scene.settle();
  const isLocked = cloud.calls().some(({ code }) => code !== null);
  assert.ok(isLocked, 'Locks were met');
  assert.equal(scene.made('loadBalancer'), 1);
  assert.equal(scene.made('vServerGroup'), 2);
  assert.deepEqual(await scene.warnings(), []);
});

test('SVC-79: after a long outage of the cloud everything is served within one period', async (context) => {
  const flags = ['--drift-period=5m'];
  const scene = await LoadBalancerScene.openEmpty(harness, context, { flags });
  cloud.addFault({ action: 'CreateLoadBalancer', kind: 'error', times: 0 });
  await harness.createService(scene.namespace);
  await harness.passTime(30 * 60_000);
  assert.equal(scene.made('loadBalancer'), 0);
  cloud.removeFaults();
  await harness.passTime(5 * 60_000);
  assert.equal(scene.made('loadBalancer'), 1);
});

const losses = [
  { action: 'CreateLoadBalancer', kind: 'lose-answer' },
  { action: 'CreateLoadBalancer', kind: 'drop' },
  { action: 'CreateLoadBalancer', kind: 'apply-late' },
  { action: 'CreateVServerGroup', kind: 'lose-answer' },
  { action: 'CreateVServerGroup', kind: 'drop' },
  { action: 'CreateVServerGroup', kind: 'apply-late' },
  { action: 'CreateLoadBalancerTCPListener', kind: 'lose-answer' },
  { action: 'CreateLoadBalancerTCPListener', kind: 'drop' },
  { action: 'CreateLoadBalancerTCPListener', kind: 'apply-late' },
  { action: 'StartLoadBalancerListener', kind: 'lose-answer' },
  { action: 'StartLoadBalancerListener', kind: 'apply-late' },
] as const;

for (const { action, kind } of losses) {
  test(`SVC-80: an answer that does not come (${kind}) to ${action} makes nothing twice`, async (context) => {
    const scene = await LoadBalancerScene.openEmpty(harness, context);
    cloud.addFault({ action, kind, delayMs: 10_000 });
    await harness.createService(scene.namespace);
    await scene.settle();
    await clock.sleep(20_000);
    assert.equal(scene.made('loadBalancer'), 1);
    assert.equal(scene.made('vServerGroup'), 2);
    assert.deepEqual(
      scene.loadBalancer().listeners.map(({ status }) => status),
      ['running', 'running'],
    );
    const resource = await scene.resource();
    assert.equal(conditionOf(resource, 'Ready')?.status, 'True');
    assert.equal(resource?.status?.creation, undefined);
  });
}

for (const action of ['SetLoadBalancerDeleteProtection', 'DeleteLoadBalancer'] as const) {
  for (const kind of ['lose-answer', 'drop', 'apply-late'] as const) {
    test(`SVC-16 SVC-80: a deletion ends well when the answer to ${action} does not come (${kind})`, async (context) => {
      const scene = await LoadBalancerScene.open(harness, context);
      cloud.addFault({ action, kind, delayMs: 10_000 });
      await scene.deleteService();
      await harness.waitUntilGone(scene.namespace);
      assert.deepEqual(scene.loadBalancers(), []);
      assert.equal(scene.made('loadBalancer'), 1);
    });
  }
}

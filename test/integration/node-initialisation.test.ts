import assert from 'node:assert/strict';
import { test } from 'node:test';
import { interposeApiServer } from '../support/interposed-kubeconfig.ts';
import {
  addressOf,
  CLOUD_TAINT,
  isTainted,
  NODE_FLAGS,
  NodeScene,
  patchesOf,
  type SeenNode,
} from '../support/node-scene.ts';
import { eventually, pause, startOperatorWorld } from '../support/operator-world.ts';

const ZONE = 'topology.kubernetes.io/zone';

const world = await startOperatorWorld({ instances: 1 });
const { cloud } = world;
const { server, kubeconfig } = await interposeApiServer(world.cluster.kubeconfig);
const { operator } = await world.startOperatorAs(kubeconfig, ...NODE_FLAGS);
const scene = new NodeScene(world);

function lastCall(): number {
  return cloud.calls().at(-1)?.seq ?? 0;
}

function readsSince(seq: number): number {
  return cloud.calls(seq).filter(({ action }) => action === 'DescribeInstances').length;
}

/** Tells the writes of one node that the operator has asked for. */
function writesOf(name: string): readonly string[] {
  return patchesOf(server, name);
}

async function staysTainted(name: string, forMs = 600): Promise<SeenNode> {
  await pause(forMs);
  const node = await scene.get(name);
  assert.ok(isTainted(node), `${name} was initialised`);
  return node;
}

const taints = [
  { value: 'true', effect: 'NoSchedule' },
  { value: '', effect: 'NoSchedule' },
  { value: 'true', effect: 'NoExecute' },
  { value: '', effect: 'NoExecute' },
];

for (const [index, taint] of taints.entries()) {
  test(`NODE-01: a taint ${JSON.stringify(taint)} is recognised and removed`, async () => {
    const instance = scene.startInstance();
    const name = `taint-${index}`;
    await scene.register(name, {
      providerId: scene.providerIdOf(instance),
      taints: [
        { key: 'first', effect: 'NoExecute', timeAdded: '2026-01-01T00:00:00Z' },
        { ...CLOUD_TAINT, ...taint },
        { key: 'last', value: 'x', effect: 'PreferNoSchedule' },
      ],
    });
    const node = await scene.waitUntilInitialised(name);
    const kept = (node.spec.taints ?? []).filter(
      ({ key }) => !key.startsWith('node.kubernetes.io'),
    );
    assert.deepEqual(kept, [
      { key: 'first', effect: 'NoExecute', timeAdded: '2026-01-01T00:00:00Z' },
      { key: 'last', value: 'x', effect: 'PreferNoSchedule' },
    ]);
  });
}

test('NODE-01: the taint in two effects is removed in both', async () => {
  const instance = scene.startInstance();
  await scene.register('both', {
    providerId: scene.providerIdOf(instance),
    taints: [CLOUD_TAINT, { ...CLOUD_TAINT, effect: 'NoExecute' }],
  });
  assert.ok(!isTainted(await scene.waitUntilInitialised('both')));
});

test('NODE-02: updates of an initialised node lead to no call and no write', async () => {
  const instance = scene.startInstance();
  await scene.register('settled', { providerId: scene.providerIdOf(instance) });
  await scene.waitUntilInitialised('settled');
  await scene.waitForEvent('settled', 'Synced');
  const before = lastCall();
  const writes = writesOf('settled').length;
  await scene.patch('settled', { metadata: { labels: { team: 'a' } } });
  await scene.patch('settled', { spec: { unschedulable: true } });
  await scene.patchStatus('settled', { phase: 'Running' });
  await pause(500);
  assert.equal(readsSince(before), 0);
  assert.equal(writesOf('settled').length, writes);
});

test('NODE-03: the provider id counts, not the name', async () => {
  const named = scene.startInstance();
  const meant = scene.startInstance();
  await scene.register(named.instanceId, {
    providerId: scene.providerIdOf(meant),
    addresses: [{ type: 'InternalIP', address: addressOf(named) }],
  });
  await eventually(async () => {
    const node = await scene.get(named.instanceId);
    assert.deepEqual(node.status.addresses, [{ type: 'InternalIP', address: addressOf(meant) }]);
  });
});

test('NODE-04: no version of the node lacks the taint together with its id or zone', async () => {
  const instance = scene.startInstance();
  const watched = scene.watch('watched');
  await scene.register('watched', {
    addresses: [{ type: 'InternalIP', address: addressOf(instance) }],
  });
  await scene.waitUntilInitialised('watched');
  await eventually(() => {
    assert.ok(watched.versions.some((version) => !isTainted(version)));
  });
  watched.end();
  for (const version of watched.versions.filter((each) => !isTainted(each))) {
    assert.equal(version.spec.providerID, scene.providerIdOf(instance));
    assert.equal(version.metadata.labels?.[ZONE], instance.zoneId);
  }
  assert.deepEqual(writesOf('watched').slice(0, 1), ['node'], 'id, labels and taint in one write');
});

test('NODE-05 NODE-25: without any way to the instance the taint stays, and it is said', async () => {
  await scene.register('nobody');
  const event = await scene.waitForEvent('nobody', 'InitializationFailed');
  assert.equal(event.type, 'Warning');
  assert.match(event.note, /without a provider id.*--provider-id=<region>\.<instance id>/);
  await staysTainted('nobody');
  await scene.remove('nobody');
});

for (const form of ['alicloud://%', 'alicloud:///%', '%.more']) {
  test(`NODE-06 NODE-07: a provider id in the form ${form} is used, and stays`, async () => {
    const instance = scene.startInstance();
    const providerId = form.replace('%', scene.providerIdOf(instance));
    const name = `form-${instance.instanceId}`;
    await scene.register(name, { providerId });
    const node = await scene.waitUntilInitialised(name);
    assert.equal(node.spec.providerID, providerId);
    assert.equal(node.metadata.labels?.[ZONE], instance.zoneId);
  });
}

test('NODE-07: a provider id without a region means that of the cluster', async () => {
  const instance = scene.startInstance();
  await scene.register('regionless', { providerId: instance.instanceId });
  await scene.waitUntilInitialised('regionless');
});

test('NODE-08 B-46: a node whose instance is unknown keeps its taint, and follows once it is known', async () => {
  const instance = scene.startInstance();
  cloud.addFault({ action: 'DescribeInstances', kind: 'empty-list', times: 3 });
  await scene.register('early', { providerId: scene.providerIdOf(instance) });
  const event = await scene.waitForEvent('early', 'InitializationFailed');
  assert.match(event.note, new RegExp(`"${scene.providerIdOf(instance)}"`));
  await scene.waitUntilInitialised('early');
});

test('NODE-08: a node whose instance does not exist is never deleted here', async () => {
  await scene.register('gone', { providerId: `${cloud.regionId}.i-bp1nonexistent` });
  await scene.waitForEvent('gone', 'InitializationFailed');
  await staysTainted('gone');
  await scene.remove('gone');
});

test('NODE-24: a node that is made again does not wait for as long as its predecessor failed', async () => {
  await scene.register('again', { providerId: `${cloud.regionId}.i-bp1nonexistent` });
  await pause(3_000);
  await scene.remove('again');
  const instance = scene.startInstance();
  cloud.addFault({ action: 'DescribeInstances', kind: 'empty-list' });
  const startMs = performance.now();
  await scene.initialise('again', instance);
  const tookMs = performance.now() - startMs;
  assert.ok(tookMs < 2_000, `It took ${tookMs} ms`);
});

test('NODE-20: another writer in a loop does not keep a node from being initialised', async () => {
  const instance = scene.startInstance();
  const ending = new AbortController();
  await scene.register('busy', {
    providerId: scene.providerIdOf(instance),
    metadata: { annotations: { n: '0' } },
  });
  let last = 0;
  const writer = (async () => {
    while (!ending.signal.aborted) {
      last += 1;
      await scene.patch('busy', { metadata: { annotations: { n: String(last) } } });
      await pause(30);
    }
  })();
  await scene.waitUntilInitialised('busy');
  ending.abort();
  await writer;
  const node = await scene.get('busy');
  assert.equal(node.metadata.annotations?.n, String(last));
});

test('NODE-20: conflicts are met with a fresh copy, and what others wrote survives', async () => {
  const instance = scene.startInstance();
  let conflicts = 0;
  server.intervene = ({ method, path }) => {
    if (method !== 'PATCH' || path !== '/api/v1/nodes/contested' || conflicts >= 6)
      return undefined;
    conflicts += 1;
    const body = { kind: 'Status', code: 409, reason: 'Conflict', message: 'someone wrote first' };
    return { kind: 'answer', status: 409, body };
  };
  await scene.register('contested', { providerId: scene.providerIdOf(instance) });
  await scene.waitUntilInitialised('contested');
  server.intervene = () => undefined;
  assert.equal(conflicts, 6);
  const events = await scene.eventsOf('contested');
  assert.ok(!events.some(({ reason }) => reason === 'InitializationFailed'));
});

test('NODE-20: a write that the cache has yet to learn of does not stand in the way', async () => {
  const instance = scene.startInstance();
  cloud.addFault({ action: 'DescribeInstances', kind: 'hold', when: 'received' });
  await scene.register('stale', { providerId: scene.providerIdOf(instance) });
  const [held] = await cloud.held();
  assert.ok(held);
  const letGo = server.holdWatches();
  await scene.patch('stale', { metadata: { labels: { team: 'a' } } });
  cloud.release(held.id);
  const node = await scene.waitUntilInitialised('stale');
  letGo();
  assert.equal(node.metadata.labels?.team, 'a');
  assert.equal(server.count('GET', '/api/v1/nodes/stale'), 1);
});

test('NODE-21: everything else of a node stays as it is', async () => {
  const instance = scene.startInstance();
  await scene.register('full', {
    providerId: scene.providerIdOf(instance),
    labels: { team: 'a', 'kubernetes.io/hostname': 'full' },
    annotations: { note: 'keep' },
    metadata: {
      finalizers: ['example.com/keep'],
      ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'x', uid: 'u-1' }],
      labels: { team: 'a', 'kubernetes.io/hostname': 'full' },
      annotations: { note: 'keep' },
    },
    spec: { unschedulable: true, podCIDR: '10.9.0.0/24', podCIDRs: ['10.9.0.0/24'] },
  });
  await scene.patchStatus('full', {
    capacity: { cpu: '4' },
    conditions: [{ type: 'Ready', status: 'False', reason: 'KubeletNotReady', message: 'x' }],
    nodeInfo: { kubeletVersion: 'v1.36.3' },
  });
  const before = await scene.get('full');
  const after = await scene.waitUntilInitialised('full');
  assert.equal(after.metadata.labels?.team, 'a');
  assert.equal(after.metadata.annotations?.note, 'keep');
  assert.deepEqual(after.metadata.finalizers, ['example.com/keep']);
  assert.equal(after.metadata.ownerReferences?.length, 1);
  assert.equal(after.spec.unschedulable, true);
  assert.deepEqual(after.spec.podCIDRs, ['10.9.0.0/24']);
  assert.deepEqual(after.status.capacity, before.status.capacity);
  assert.deepEqual(after.status.conditions, before.status.conditions);
  assert.deepEqual(after.status.nodeInfo, before.status.nodeInfo);
  await scene.patch('full', { metadata: { finalizers: null } });
});

test('NODE-23 NODE-24 B-52: many nodes share few calls, each gets what is its own', async () => {
  const instances = Array.from({ length: 130 }, () => scene.startInstance());
  // One id is the beginning of the other.
  const [short] = instances;
  assert.ok(short);
  const long = scene.startInstance({
    instanceId: `${short.instanceId}9`,
    zoneId: 'cn-hangzhou-i',
    instanceType: 'ecs.g7.2xlarge',
  });
  const all = [...instances, long];
  const before = lastCall();
  await Promise.all(
    all.map((instance, index) =>
      scene.register(`many-${index}`, { providerId: scene.providerIdOf(instance) }),
    ),
  );
  const nodes = await scene.waitUntilAllInitialised(all.map((_, index) => `many-${index}`));
  for (const [index, node] of nodes.entries()) {
    const instance = all[index];
    assert.equal(node.status.addresses?.[0]?.address, instance && addressOf(instance));
    const type = node.metadata.labels?.['node.kubernetes.io/instance-type'];
    assert.equal(type, instance?.instanceType);
  }
  // Nodes that register over a while come in several windows.
  assert.ok(readsSince(before) <= 15, `${readsSince(before)} calls`);
});

test('B-46: a batch that fails holds up no other, and its nodes follow by themselves', async () => {
  const unlucky = scene.startInstance({ instanceId: 'i-unlucky' });
  const lucky = scene.startInstance();
  cloud.addFault({
    action: 'DescribeInstances',
    match: { InstanceIds: JSON.stringify([unlucky.instanceId]) },
    kind: 'error',
    code: 'InternalError',
    httpStatus: 500,
    times: 6,
  });
  await scene.register('unlucky', { providerId: scene.providerIdOf(unlucky) });
  await scene.waitForEvent('unlucky', 'InitializationFailed');
  await scene.register('lucky', { providerId: scene.providerIdOf(lucky) });
  await scene.waitUntilInitialised('lucky');
  await scene.waitUntilInitialised('unlucky');
});

test('NODE-25: a node that is initialised says so once', async () => {
  const instance = scene.startInstance();
  await scene.register('told', { providerId: scene.providerIdOf(instance) });
  await scene.waitUntilInitialised('told');
  const event = await scene.waitForEvent('told', 'Synced');
  assert.equal(event.type, 'Normal');
  assert.equal(event.regarding.uid, (await scene.get('told')).metadata.uid);
  assert.equal((await scene.eventsOf('told')).length, 1);
});

test('NODE-26: the time since the creation of the node is measured', async () => {
  const instance = scene.startInstance();
  const countOf = async (metric: string, upTo: string): Promise<number> => {
    const text = await operator.metrics.registry.getSingleMetricAsString(metric);
    return Number(new RegExp(`_bucket{le="${upTo}"} (\\d+)`).exec(text)?.[1]);
  };
  const metrics = [
    'node_controller_cloud_provider_taint_removal_delay_seconds',
    'node_controller_initial_node_sync_delay_seconds',
  ];
  const before = await Promise.all(
    metrics.flatMap((name) => ['4', '16'].map((upTo) => countOf(name, upTo))),
  );
  cloud.addFault({ action: 'DescribeInstances', kind: 'delay', delayMs: 5_000, when: 'received' });
  await scene.register('measured', { providerId: scene.providerIdOf(instance) });
  await scene.waitUntilInitialised('measured');
  await scene.waitForEvent('measured', 'Synced');
  const after = await Promise.all(
    metrics.flatMap((name) => ['4', '16'].map((upTo) => countOf(name, upTo))),
  );
  assert.deepEqual(
    after.map((count, index) => count - (before[index] ?? 0)),
    [0, 1, 0, 1],
    'between 4 and 16 seconds',
  );
});

const leftAlone = [
  { name: 'foreign', wish: { providerId: 'other://x' }, rule: 'NODE-28' },
  { name: 'kwok', wish: { providerId: 'kwok://x' }, rule: 'NODE-28' },
  { name: 'lingjun', wish: { providerId: 'e01-cn-abc123' }, rule: 'NODE-28' },
  { name: 'hybrid', wish: { providerId: 'ack-hybrid://x' }, rule: 'NODE-28' },
  { name: 'virtual', wish: { labels: { type: 'virtual-kubelet' } }, rule: 'NODE-28' },
  {
    name: 'excluded',
    wish: { labels: { 'service.alibabacloud.com/exclude-node': '' } },
    rule: 'NODE-28',
  },
];

for (const { name, wish, rule } of leftAlone) {
  test(`${rule}: a tainted ${name} node is left alone`, async () => {
    const before = lastCall();
    const made = await scene.register(`alone-${name}`, wish);
    const node = await staysTainted(`alone-${name}`);
    assert.equal(node.metadata.resourceVersion, made.metadata.resourceVersion);
    assert.equal(readsSince(before), 0);
    assert.deepEqual(await scene.eventsOf(`alone-${name}`), []);
  });
}

test('NODE-28: a node that is no longer excluded is initialised', async () => {
  const instance = scene.startInstance();
  const label = 'service.beta.kubernetes.io/exclude-node';
  await scene.register('included', {
    providerId: scene.providerIdOf(instance),
    labels: { [label]: '' },
  });
  await staysTainted('included', 300);
  await scene.patch('included', { metadata: { labels: { [label]: null } } });
  await scene.waitUntilInitialised('included');
});

test('NODE-29: of two nodes of one instance the later waits, names the other, and follows it', async () => {
  const instance = scene.startInstance();
  await scene.register('twin-a', { providerId: scene.providerIdOf(instance) });
  await scene.waitUntilInitialised('twin-a');
  await scene.register('twin-b', { providerId: scene.providerIdOf(instance) });
  const event = await scene.waitForEvent('twin-b', 'InitializationFailed');
  assert.match(event.note, /"twin-b".*"twin-a"/);
  await staysTainted('twin-b');
  await scene.remove('twin-a');
  await scene.waitUntilInitialised('twin-b');
});

test('NODE-29: a node whose addresses fit two instances is not guessed at', async () => {
  const [one, other] = [scene.startInstance(), scene.startInstance()];
  await scene.register('ambiguous', {
    addresses: [one, other].map((each) => ({ type: 'InternalIP', address: addressOf(each) })),
  });
  const event = await scene.waitForEvent('ambiguous', 'InitializationFailed');
  assert.ok(event.note.includes(one.instanceId) && event.note.includes(other.instanceId));
  await staysTainted('ambiguous', 300);
  await scene.remove('ambiguous');
});

test('B-47: a node without provider id is found by its address, and gets its id', async () => {
  const instance = scene.startInstance();
  await scene.register('unnamed', {
    addresses: [
      { type: 'InternalIP', address: addressOf(instance) },
      { type: 'Hostname', address: 'unnamed' },
    ],
  });
  const node = await scene.waitUntilInitialised('unnamed');
  assert.equal(node.spec.providerID, scene.providerIdOf(instance));
});

test('B-47: a node without provider id and address is found by its name', async () => {
  const [byId, byDefault] = [scene.startInstance(), scene.startInstance()];
  const name = `iz${byDefault.instanceId.slice(2)}z`;
  await scene.register(byId.instanceId);
  await scene.register(name);
  assert.equal(
    (await scene.waitUntilInitialised(byId.instanceId)).spec.providerID,
    scene.providerIdOf(byId),
  );
  assert.equal(
    (await scene.waitUntilInitialised(name)).spec.providerID,
    scene.providerIdOf(byDefault),
  );
});

test('B-47 NODE-23: many nodes without provider id are looked up together', async () => {
  const instances = Array.from({ length: 30 }, () => scene.startInstance());
  const before = lastCall();
  await Promise.all(
    instances.map((instance, index) =>
      scene.register(`crowd-${index}`, {
        addresses: [{ type: 'InternalIP', address: addressOf(instance) }],
      }),
    ),
  );
  const names = instances.map((_, index) => `crowd-${index}`);
  const nodes = await scene.waitUntilAllInitialised(names);
  assert.deepEqual(
    nodes.map(({ spec }) => spec.providerID),
    instances.map((instance) => scene.providerIdOf(instance)),
  );
  assert.ok(readsSince(before) <= 10, `${readsSince(before)} calls`);
});

test('NODE-30: a node that is deleted while its instance is read ends without an error', async () => {
  const instance = scene.startInstance();
  cloud.addFault({ action: 'DescribeInstances', kind: 'hold', when: 'received' });
  await scene.register('fleeting', { providerId: scene.providerIdOf(instance) });
  const [held] = await cloud.held();
  assert.ok(held);
  await scene.remove('fleeting');
  cloud.release(held.id);
  await pause(500);
  assert.equal(await scene.find('fleeting'), undefined);
  assert.deepEqual(await scene.eventsOf('fleeting'), []);
});

test('NODE-31: addresses that could not be written follow within seconds', async () => {
  const instance = scene.startInstance();
  let refused = 0;
  server.intervene = ({ method, path }) => {
    if (method !== 'PATCH' || path !== '/api/v1/nodes/hasty/status' || refused >= 3)
      return undefined;
    refused += 1;
    const body = { kind: 'Status', code: 500, reason: 'InternalError', message: 'a bad moment' };
    return { kind: 'answer', status: 500, body };
  };
  await scene.register('hasty', { providerId: scene.providerIdOf(instance) });
  const startedMs = performance.now();
  await scene.waitUntilInitialised('hasty');
  server.intervene = () => undefined;
  assert.equal(refused, 3);
  assert.ok(performance.now() - startedMs < 10_000);
  assert.equal((await scene.waitForEvent('hasty', 'AddressesFailed')).type, 'Warning');
  await scene.waitForEvent('hasty', 'Synced');
});

for (const status of ['Stopped', 'Stopping']) {
  test(`NODE-32: a node whose instance is ${status} is initialised all the same`, async () => {
    const instance = scene.startInstance({ status });
    const name = `node-${status.toLowerCase()}`;
    await scene.register(name, { providerId: scene.providerIdOf(instance) });
    await scene.waitUntilInitialised(name);
  });
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually, pause, startOperatorWorld } from '../support/operator-world.ts';
import { conditionOf, ServiceScene } from '../support/service-scene.ts';

const SHARED_FINALIZER = 'service.kubernetes.io/load-balancer-cleanup';
const OWN_FINALIZER = 'networking.alibabacloud.com/load-balancer';
const TUNNEL = 'service.beta.kubernetes.io/alibaba-cloud-loadbalancer-tunnel-type';
const THEIRS = [{ ip: '203.0.113.9', ipMode: 'VIP' }];

const world = await startOperatorWorld();
const { kubectl } = world.cluster;
await world.startOperator();

test('SVC-01 SVC-11: only the unset class and our own get finalizers, an object and a load balancer', async () => {
  const scene = await ServiceScene.open(world);
  await scene.createService('cluster-ip', { type: 'ClusterIP' });
  await scene.createService('node-port', { type: 'NodePort' });
  await scene.createService('external', {
    type: 'ExternalName',
    externalName: 'example.com',
    ports: [],
  });
  await scene.createService('unset');
  await scene.createService('own', { loadBalancerClass: 'alibabacloud.com/clb' });
  await scene.createService('other', { loadBalancerClass: 'example.com/other' });

  for (const name of ['unset', 'own']) {
    const service = await scene.waitUntilReady(name);
    assert.deepEqual(service.metadata.finalizers, [SHARED_FINALIZER, OWN_FINALIZER]);
    const [loadBalancer, ...others] = scene.cloudOf(service);
    const plainUid = service.metadata.uid.replaceAll('-', '');
    assert.equal(loadBalancer?.loadBalancerName, `a${plainUid}`.slice(0, 32));
    assert.deepEqual(others, []);
  }
  for (const name of ['cluster-ip', 'node-port', 'external', 'other']) {
    const service = await scene.get('service', name);
    assert.deepEqual(service.metadata.finalizers ?? [], [], name);
    assert.deepEqual(service.status?.loadBalancer, {}, name);
    assert.equal(await scene.find('alilb', name), undefined, name);
    assert.deepEqual(scene.cloudOf(service), [], name);
  }
});

test('SVC-11: Services of one name in two namespaces have load balancers of their own', async () => {
  const scenes = [await ServiceScene.open(world), await ServiceScene.open(world)];
  const ids = [];
  for (const scene of scenes) {
    await scene.createService('web');
    const service = await scene.waitUntilReady('web');
    ids.push(...scene.cloudOf(service).map(({ loadBalancerId }) => loadBalancerId));
  }
  assert.equal(new Set(ids).size, 2);
});

test('SVC-03: a Service of a foreign class is never written to, whatever is done to it', async () => {
  const scene = await ServiceScene.open(world);
  await scene.createService(
    'foreign',
    { loadBalancerClass: 'example.com/internal-vip' },
    { annotations: { 'service.beta.kubernetes.io/alibaba-cloud-loadbalancer-spec': 'slb.s9' } },
  );
  await scene.publish('foreign', THEIRS);
  await scene.patch('service', 'foreign', { spec: { ports: [{ port: 81 }] } });
  await pause(1_000);
  const { status } = await scene.get('service', 'foreign');
  assert.deepEqual(status?.loadBalancer?.ingress, THEIRS);
  await scene.kubectl('delete', 'service', 'foreign', '--timeout=20s');

  assert.deepEqual(await world.operatorWrites(scene.namespace), []);
  assert.deepEqual(await world.events(scene.namespace), []);
});

test('SVC-02: from our class to a foreign one: ours is gone, theirs is untouched', async () => {
  const scene = await ServiceScene.open(world);
  await scene.createService('web', { loadBalancerClass: 'alibabacloud.com/clb' });
  const service = await scene.waitUntilReady('web');
  const theirs = { type: 'LoadBalancer', loadBalancerClass: 'example.com/other' };
  await assert.rejects(
    scene.patch('service', 'web', { spec: theirs }),
    /may not change once set/,
    'The API server lets the class change by way of another type only.',
  );

  await scene.patch('service', 'web', { spec: { type: 'ClusterIP', loadBalancerClass: null } });
  await scene.patch('service', 'web', { spec: theirs });
  await scene.publish('web', THEIRS);
  await eventually(async () => {
    const { metadata } = await scene.get('service', 'web');
    assert.deepEqual(metadata.finalizers ?? [], []);
  });
  assert.equal(await scene.find('alilb', 'web'), undefined);
  assert.deepEqual(scene.cloudOf(service), []);

  const writes = (await world.operatorWrites(scene.namespace)).length;
  await scene.patch('service', 'web', { spec: { ports: [{ port: 81 }] } });
  await pause(1_000);
  assert.equal((await world.operatorWrites(scene.namespace)).length, writes);
  const after = await scene.get('service', 'web');
  assert.deepEqual(after.status?.loadBalancer?.ingress, THEIRS, 'Their address stays.');
  assert.equal(conditionOf(after, 'networking.alibabacloud.com/Ready'), undefined);
});

test('SVC-14: a Service that is going without anything of ours is left alone', async () => {
  const scene = await ServiceScene.open(world);
  // Of the type only once it is being deleted, so that nothing of ours is ever on it.
  await scene.createService('held', { type: 'ClusterIP' }, { finalizers: ['example.com/hold'] });
  await scene.kubectl('delete', 'service', 'held', '--wait=false');
  await scene.patch('service', 'held', { spec: { type: 'LoadBalancer' } });
  await pause(1_000);
  assert.deepEqual(await world.operatorWrites(scene.namespace), []);
  await scene.patch('service', 'held', { metadata: { finalizers: null } });
});

test('opting out of a live one holds it as it is, and its deletion still works', async () => {
  const scene = await ServiceScene.open(world);
  await scene.createService('web');
  const before = await scene.waitUntilReady('web');
  await scene.kubectl('annotate', 'service', 'web', `${TUNNEL}=`);
  await scene.waitForReason('alilb', 'web', 'Accepted', 'OptedOut');
  const since = world.cloud.calls().at(-1)?.seq ?? 0;
  await scene.patch('service', 'web', { spec: { ports: [{ port: 81 }] } });
  await pause(1_000);
  const held = await scene.get('service', 'web');
  assert.deepEqual(held.status?.loadBalancer, before.status?.loadBalancer);
  assert.deepEqual(held.metadata.finalizers, before.metadata.finalizers);
  const writes = world.cloud.calls(since).filter(({ mutating }) => mutating);
  assert.deepEqual(writes, []);

  await scene.kubectl('delete', 'service', 'web', '--timeout=30s');
  assert.equal(await scene.find('alilb', 'web'), undefined);
  assert.deepEqual(scene.cloudOf(before), []);
});

test('SVC-08: finalizers and status that somebody takes away come back', async () => {
  const scene = await ServiceScene.open(world);
  await scene.createService('web');
  const before = await scene.waitUntilReady('web');
  await scene.patch('service', 'web', { metadata: { finalizers: null } });
  await eventually(async () => {
    const { metadata } = await scene.get('service', 'web');
    assert.deepEqual(metadata.finalizers, before.metadata.finalizers);
  });
  await scene.publish('web', null);
  await eventually(async () => {
    const { status } = await scene.get('service', 'web');
    assert.deepEqual(status?.loadBalancer, before.status?.loadBalancer);
  });
});

test('SVC-10 SVC-33 SVC-84: on an unchanged Service nothing is written and nothing is said', async () => {
  const scene = await ServiceScene.open(world);
  await scene.createService('web');
  await scene.waitUntilReady('web');
  await pause(1_000);
  const writes = (await world.operatorWrites(scene.namespace)).length;
  const said = await scene.saidOf('Service', 'web');
  const since = world.cloud.calls().at(-1)?.seq ?? 0;
  for (const value of ['1', '2', '3']) {
    // Something that triggers a pass, and asks for nothing.
    await scene.kubectl('annotate', 'service', 'web', '--overwrite', `x=${value}`);
    await scene.kubectl('label', 'service', 'web', '--overwrite', `y=${value}`);
  }
  await pause(1_500);
  assert.equal((await world.operatorWrites(scene.namespace)).length, writes);
  assert.deepEqual(await scene.saidOf('Service', 'web'), said);
  assert.deepEqual(
    world.cloud.calls(since).filter(({ mutating }) => mutating),
    [],
  );
});

test('SVC-10 SVC-34: of many edits in a row the last one wins, at the same address', async () => {
  const scene = await ServiceScene.open(world);
  await scene.createService('web');
  const before = await scene.waitUntilReady('web');
  for (let port = 8_001; port <= 8_010; port += 1) {
    await scene.patch('service', 'web', { spec: { ports: [{ name: 'a', port }] } });
  }
  const after = await eventually(async () => {
    const ports = scene.cloudOf(before)[0]?.listeners.map(({ listenerPort }) => listenerPort);
    assert.deepEqual(ports, [8_010]);
    return scene.waitUntilReady('web');
  });
  assert.deepEqual(after.status?.loadBalancer, before.status?.loadBalancer);
});

// Last, because it ends the operator that the others share.
test('SVC-04 SVC-05 SVC-20 SVC-90: what happened while nobody looked is found; the default role can be given up', async () => {
  const scene = await ServiceScene.open(world);
  const live = ['deleted', 'retyped', 'kept'];
  for (const name of live) await scene.createService(name);
  const before = new Map<string, Awaited<ReturnType<typeof scene.get>>>();
  for (const name of live) before.set(name, await scene.waitUntilReady(name));
  await world.stopOperators();

  await scene.kubectl('delete', 'service', 'deleted', '--wait=false');
  await scene.patch('service', 'retyped', { spec: { type: 'ClusterIP' } });
  await scene.createService('unset');
  await scene.createService('own', { loadBalancerClass: 'alibabacloud.com/clb' });
  const retyped = await scene.get('service', 'retyped');
  assert.deepEqual(retyped.status?.loadBalancer, {}, 'The API server empties the status.');
  await world.startOperator('--default-implementation=false');

  await scene.waitUntilGone('service', 'deleted');
  await scene.waitUntilGone('alilb', 'deleted');
  await scene.waitUntilGone('alilb', 'retyped');
  await scene.waitUntilReady('own');
  await eventually(async () => {
    const { metadata } = await scene.get('service', 'retyped');
    assert.deepEqual(metadata.finalizers ?? [], []);
  });
  const unset = await scene.get('service', 'unset');
  assert.deepEqual(
    unset.metadata.finalizers ?? [],
    [],
    'A new one of the unset class is not ours.',
  );
  assert.deepEqual(scene.cloudOf(unset), []);

  await kubectl.run('delete', 'service', 'kept', '-n', scene.namespace, '--timeout=30s');
  assert.equal(await scene.find('alilb', 'kept'), undefined);
  for (const service of before.values()) assert.deepEqual(scene.cloudOf(service), []);
});

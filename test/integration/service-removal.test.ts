import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  eventually,
  pause,
  startOperatorWorld,
  type KubeObject,
} from '../support/operator-world.ts';
import { conditionOf, ServiceScene } from '../support/service-scene.ts';

const READY = 'networking.alibabacloud.com/Ready';
const SHARED_FINALIZER = 'service.kubernetes.io/load-balancer-cleanup';
const OWN_FINALIZER = 'networking.alibabacloud.com/load-balancer';
const CONFIRM = 'networking.alibabacloud.com/confirm-deletion';

// The real garbage collector and namespace controller play their parts.
const world = await startOperatorWorld({ with: ['kcm'] });
const { kubectl } = world.cluster;
await world.startOperator();

async function readyService(scene: ServiceScene, name = 'web'): Promise<KubeObject> {
  await scene.createService(name);
  return scene.waitUntilReady(name);
}

for (const propagation of ['background', 'foreground', 'orphan']) {
  test(`SVC-24 CTL-05: Service first, ${propagation}: everything goes`, async () => {
    const scene = await ServiceScene.open(world);
    const service = await readyService(scene);
    await scene.kubectl('delete', 'service', 'web', `--cascade=${propagation}`, '--timeout=40s');
    await scene.waitUntilGone('alilb', 'web');
    assert.deepEqual(scene.cloudOf(service), []);
  });
}

for (const propagation of ['background', 'foreground', 'orphan']) {
  test(`SVC-24: AlibabaLoadBalancer first, ${propagation}: held, then everything goes with the Service`, async () => {
    const scene = await ServiceScene.open(world);
    const service = await readyService(scene);
    const since = world.cloud.calls().at(-1)?.seq ?? 0;
    await scene.kubectl('delete', 'alilb', 'web', `--cascade=${propagation}`, '--wait=false');
    const held = await scene.waitForReason('alilb', 'web', 'Ready', 'DeletionHeld');
    assert.match(
      held.message,
      /delete the Service, or annotate this object with .*confirm-deletion=/,
    );
    await scene.waitForReason('service', 'web', READY, 'DeletionHeld');
    await pause(500);
    const { status } = await scene.get('service', 'web');
    assert.deepEqual(status?.loadBalancer, service.status?.loadBalancer, 'The address stays.');
    const writes = world.cloud.calls(since).filter(({ mutating }) => mutating);
    assert.deepEqual(writes, []);

    await scene.kubectl('delete', 'service', 'web', '--timeout=40s');
    await scene.waitUntilGone('alilb', 'web');
    assert.deepEqual(scene.cloudOf(service), []);
  });
}

test('SVC-24: a held deletion that a person confirms makes the load balancer anew', async () => {
  const scene = await ServiceScene.open(world);
  const service = await readyService(scene);
  const [before] = scene.cloudOf(service);
  const resource = await scene.get('alilb', 'web');
  await scene.kubectl('delete', 'alilb', 'web', '--wait=false');
  await scene.waitForReason('alilb', 'web', 'Ready', 'DeletionHeld');
  await scene.kubectl('annotate', 'alilb', 'web', `${CONFIRM}=${resource.metadata.uid}`);
  await eventually(async () => {
    const { metadata } = await scene.get('alilb', 'web');
    assert.notEqual(metadata.uid, resource.metadata.uid);
  });
  await scene.waitUntilReady('web');
  const [after, ...others] = scene.cloudOf(service);
  assert.notEqual(after?.loadBalancerId, before?.loadBalancerId);
  assert.deepEqual(others, []);
  const { status } = await scene.get('service', 'web');
  assert.equal(status?.loadBalancer?.ingress?.[0]?.ip, after?.address);
});

test('SVC-24: a confirmation for another object does nothing', async () => {
  const scene = await ServiceScene.open(world);
  await readyService(scene);
  await scene.kubectl('annotate', 'alilb', 'web', `${CONFIRM}=another-uid`);
  const resource = await scene.get('alilb', 'web');
  await scene.kubectl('delete', 'alilb', 'web', '--wait=false');
  await scene.waitForReason('alilb', 'web', 'Ready', 'DeletionHeld');
  await pause(500);
  const { metadata } = await scene.get('alilb', 'web');
  assert.equal(metadata.uid, resource.metadata.uid);
});

test('SVC-24: both deleted at once: everything goes', async () => {
  const scene = await ServiceScene.open(world);
  const service = await readyService(scene);
  await scene.kubectl('delete', 'service/web', 'alilb/web', '--timeout=40s');
  assert.deepEqual(scene.cloudOf(service), []);
});

test('SVC-23 SVC-24: a namespace goes with everything in it, and refusals are no news', async () => {
  const scene = await ServiceScene.open(world);
  const services = [await readyService(scene, 'web'), await readyService(scene, 'api')];
  await kubectl.run('delete', 'namespace', scene.namespace, '--timeout=60s');
  for (const service of services) assert.deepEqual(scene.cloudOf(service), []);
  const refused = (await world.operatorWrites(scene.namespace)).filter(
    ({ responseStatus }) => responseStatus?.code === 403,
  );
  assert.ok(refused.length <= 4, `${refused.length} refused writes are a loop`);
});

for (const type of ['ClusterIP', 'NodePort', 'ExternalName']) {
  test(`SVC-19 SVC-20: from LoadBalancer to ${type}: the Service stays, all else goes`, async () => {
    const scene = await ServiceScene.open(world);
    const before = await readyService(scene);
    const more =
      type === 'ExternalName'
        ? { externalName: 'example.com', clusterIP: null, clusterIPs: null }
        : {};
    await scene.patch('service', 'web', { spec: { type, ...more } });
    const after = await eventually(async () => {
      const service = await scene.get('service', 'web');
      assert.deepEqual(service.metadata.finalizers ?? [], []);
      return service;
    });
    assert.equal(after.metadata.uid, before.metadata.uid);
    assert.deepEqual(after.status?.loadBalancer, {});
    assert.deepEqual(after.status.conditions ?? [], []);
    assert.equal(await scene.find('alilb', 'web'), undefined);
    assert.deepEqual(scene.cloudOf(before), []);
  });
}

test('SVC-21: flips back and forth end with exactly one load balancer', async () => {
  const scene = await ServiceScene.open(world);
  const service = await readyService(scene);
  for (let flip = 0; flip < 5; flip += 1) {
    await scene.patch('service', 'web', { spec: { type: 'ClusterIP' } });
    await scene.patch('service', 'web', { spec: { type: 'LoadBalancer' } });
  }
  await eventually(async () => {
    await scene.waitUntilReady('web');
    assert.equal(scene.cloudOf(service).length, 1);
  });
  await pause(1_000);
  assert.equal(scene.cloudOf(service).length, 1);
});

test('SVC-21: a removal is recorded before it begins, so that no change of mind holds it half-way', async () => {
  const scene = await ServiceScene.open(world);
  await readyService(scene);
  await scene.patch('service', 'web', { spec: { type: 'ClusterIP' } });
  await scene.waitUntilGone('alilb', 'web');
  const writes = (await world.operatorWrites(scene.namespace)).filter(
    ({ objectRef }) => objectRef?.resource === 'alibabaloadbalancers',
  );
  const recorded = writes.findIndex(({ requestObject }) =>
    JSON.stringify(requestObject ?? {}).includes('removalStartedTime'),
  );
  const deleted = writes.findIndex(({ verb }) => verb === 'delete');
  assert.ok(recorded >= 0 && recorded < deleted, `${recorded} is not before ${deleted}`);
});

test('SVC-09: a Service of the same name after one whose finalizers were torn off', async () => {
  const scene = await ServiceScene.open(world);
  const first = await readyService(scene);
  const [before] = scene.cloudOf(first);
  await scene.kubectl('delete', 'service', 'web', '--wait=false');
  await scene.patch('service', 'web', { metadata: { finalizers: null } });
  await scene.createService('web', { ports: [{ port: 81 }] });
  const second = await scene.waitUntilReady('web');
  assert.notEqual(second.metadata.uid, first.metadata.uid);
  await eventually(() => {
    assert.deepEqual(scene.cloudOf(first), []);
  });
  const [after, ...others] = scene.cloudOf(second);
  assert.deepEqual(others, []);
  assert.notEqual(after?.loadBalancerId, before?.loadBalancerId, 'Nothing is inherited by name.');
});

test('SVC-09 SVC-24: after torn-off finalizers and an orphaning deletion nothing stays behind', async () => {
  const scene = await ServiceScene.open(world);
  const service = await readyService(scene);
  await world.stopOperators();
  await scene.kubectl('delete', 'service', 'web', '--cascade=orphan', '--wait=false');
  await eventually(async () => {
    // The garbage collector has let go of the object.
    const { metadata } = await scene.get('alilb', 'web');
    assert.deepEqual(metadata.ownerReferences ?? [], []);
  });
  await scene.patch('service', 'web', { metadata: { finalizers: null } });
  await scene.waitUntilGone('service', 'web');
  await world.startOperator();
  await scene.waitUntilGone('alilb', 'web');
  assert.deepEqual(scene.cloudOf(service), []);
});

test('SVC-15 SVC-18 SVC-22: ours are the last to go, foreign ones and their order stay', async () => {
  const scene = await ServiceScene.open(world);
  const service = await readyService(scene);
  const around = ['example.com/before', SHARED_FINALIZER, OWN_FINALIZER, 'example.com/after'];
  await scene.patch('service', 'web', { metadata: { finalizers: around } });
  const hold = world.cloud.addFault({
    action: 'DeleteLoadBalancer',
    kind: 'hold',
    when: 'received',
  });
  await scene.kubectl('delete', 'service', 'web', '--wait=false');
  const [call] = await world.cloud.held(20_000);
  assert.ok(call);
  await scene.waitForReason('service', 'web', READY, 'Deleting');

  // Another controller takes the shared finalizer off at once; ours stays until the end.
  const without = around.filter((finalizer) => finalizer !== SHARED_FINALIZER);
  await scene.patch('service', 'web', { metadata: { finalizers: without } });
  await pause(500);
  const held = await scene.get('service', 'web');
  assert.deepEqual(held.metadata.finalizers, without);
  assert.equal(scene.cloudOf(service).length, 1);

  world.cloud.release(call.id);
  world.cloud.removeFaults(hold.id);
  await eventually(async () => {
    const { metadata } = await scene.get('service', 'web');
    assert.deepEqual(metadata.finalizers, ['example.com/before', 'example.com/after']);
  });
  assert.deepEqual(scene.cloudOf(service), []);
  await scene.patch('service', 'web', { metadata: { finalizers: null } });
});

test('SVC-17 SVC-82: a deletion that fails keeps the finalizer, says so once, and ends by itself', async () => {
  const scene = await ServiceScene.open(world);
  const service = await readyService(scene);
  world.cloud.addFault({
    action: 'DeleteLoadBalancer',
    kind: 'error',
    code: 'Forbidden.RAM',
    httpStatus: 403,
    times: 3,
  });
  await scene.kubectl('delete', 'service', 'web', '--wait=false');
  const failed = await eventually(async () => {
    const condition = conditionOf(await scene.get('service', 'web'), READY);
    assert.equal(condition?.reason, 'Forbidden');
    return condition;
  });
  assert.match(failed.message, /Forbidden\.RAM/);
  const { metadata } = await scene.get('service', 'web');
  assert.ok(metadata.finalizers?.includes(OWN_FINALIZER));
  await eventually(async () => {
    const said = await scene.saidOf('Service', 'web');
    assert.equal(
      said.filter((one) => one === 'Warning DeleteLoadBalancerFailed').length,
      1,
      said.join(),
    );
  });
  world.cloud.removeFaults();
  // A touch, for the wait after a refusal is long.
  await scene.kubectl('annotate', 'alilb', 'web', 'networking.alibabacloud.com/touch=1');
  await scene.waitUntilGone('service', 'web');
  assert.deepEqual(scene.cloudOf(service), []);
});

test('SVC-16: what is gone from the cloud already is no obstacle', async () => {
  const scene = await ServiceScene.open(world);
  const service = await readyService(scene);
  const [loadBalancer] = scene.cloudOf(service);
  world.cloud.patchObject(loadBalancer?.loadBalancerId ?? '', { released: true });
  // What is missing soon after it was made may only be late to be seen.
  const createdTime = '2026-01-01T00:00:00Z';
  await scene.patch('alilb', 'web', { status: { createdTime } }, '--subresource=status');
  await scene.kubectl('delete', 'service', 'web', '--timeout=40s');
  assert.deepEqual(scene.cloudOf(service), []);
});

test('SVC-82: a life says what upstream says', async () => {
  const scene = await ServiceScene.open(world);
  // Somebody keeps the Service a while, so that its events can still be asked for by name.
  await scene.createService('web', {}, { finalizers: ['example.com/hold'] });
  await scene.waitUntilReady('web');
  await scene.kubectl('delete', 'service', 'web', '--wait=false');
  await eventually(async () => {
    assert.deepEqual(await scene.saidOf('Service', 'web'), [
      'Normal EnsuringLoadBalancer',
      'Normal EnsuredLoadBalancer',
      'Normal DeletingLoadBalancer',
      'Normal DeletedLoadBalancer',
    ]);
  });
  const [event] = await world.events(scene.namespace);
  assert.equal(event?.reportingController, 'networking.alibabacloud.com/alibaba-cloud-operator');
  await scene.patch('service', 'web', { metadata: { finalizers: null } });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LOAD_BALANCER_FINALIZER } from '../../src/reconcilers/names.ts';
import { LoadBalancerScene } from '../support/load-balancer-scene.ts';
import { loadBalancerPath, OperatorHarness, servicePath } from '../support/operator-harness.ts';

const harness = await OperatorHarness.start();

/** Empties the status of the object, as `kubectl replace --subresource=status` can. */
async function emptyStatus({ namespace }: LoadBalancerScene): Promise<void> {
  await harness.admin.patch(`${loadBalancerPath(namespace)}/status`, { status: null });
}

async function finalizerIsBack(scene: LoadBalancerScene): Promise<void> {
  await harness.waitFor('the finalizer is back', async () => {
    const resource = await scene.resource();
    const isBack = resource?.metadata.finalizers?.includes(LOAD_BALANCER_FINALIZER) === true;
    return isBack ? true : undefined;
  });
}

test('a finalizer that was taken off by force is put back', async (context) => {
  const scene = await LoadBalancerScene.open(harness, context);
  await scene.changeResource({ metadata: { finalizers: null } });
  await finalizerIsBack(scene);
  assert.deepEqual(scene.writes(), []);
  await scene.deleteService();
  await harness.waitUntilGone(scene.namespace);
  assert.deepEqual(scene.loadBalancers(), []);
});

test('a finalizer is put back although the cloud answers nothing', async (context) => {
  const scene = await LoadBalancerScene.open(harness, context);
  harness.cloud.addFault({ kind: 'error', code: 'InternalError', httpStatus: 500, times: 0 });
  context.after(() => {
    harness.cloud.removeFaults();
  });
  await scene.changeResource({ spec: { name: 'another-name' } });
  await harness.waitFor('a write has failed', () =>
    scene.writes().includes('SetLoadBalancerName') ? true : undefined,
  );
  await scene.changeResource({ metadata: { finalizers: null } });
  await finalizerIsBack(scene);
  harness.cloud.removeFaults();
  await scene.deleteService();
  await harness.waitUntilGone(scene.namespace);
  assert.deepEqual(scene.loadBalancers(), []);
});

test('an emptied status leaves nothing behind, even if the Service goes before anyone looks', async (context) => {
  const scene = await LoadBalancerScene.open(harness, context);
  await scene.operator.stop();
  await emptyStatus(scene);
  await scene.deleteService();
  await scene.restart();
  await harness.waitUntilGone(scene.namespace);
  assert.deepEqual(scene.loadBalancers(), []);
  assert.deepEqual(scene.groups(), []);
});

test('after an emptied status the load balancer is found, even one whose address nobody knows', async (context) => {
  const scene = await LoadBalancerScene.open(harness, context);
  const { loadBalancerId } = scene.loadBalancer();
  await scene.operator.stop();
  await emptyStatus(scene);
  const { namespace } = scene;
  await harness.admin.patch(`${servicePath(namespace)}/status`, { status: { loadBalancer: null } });
  // Another request than the one that made it.
  await scene.changeResource({ spec: { name: 'another-name' } });
  await scene.restart();
  await scene.settle();
  assert.equal(scene.loadBalancer().loadBalancerId, loadBalancerId);
  assert.equal(scene.made('loadBalancer'), 1);
});

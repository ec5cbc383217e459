import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { NodeScene } from '../support/node-scene.ts';
import {
  eventually,
  pause,
  startOperatorWorld,
  type RunningOperator,
} from '../support/operator-world.ts';
import { ServiceScene } from '../support/service-scene.ts';

const MIGRATION_LEASE = 'cloud-provider-extraction-migration';
const SHUTDOWN_TAINT = 'node.cloudprovider.kubernetes.io/shutdown';
const FLAGS = ['--controllers=*', '--enable-leader-migration', '--node-monitor-period=1s'];

const world = await startOperatorWorld({ instances: 1 });
const { kubectl } = world.cluster;
const nodes = new NodeScene(world);

beforeEach(async () => {
  await world.stopOperators();
  await kubectl.run('delete', 'leases', '-n', 'kube-system', '--all');
});

/** Holds a lease as another program does that renews it all the time. */
async function holdLease(name: string, holderIdentity: string): Promise<void> {
  const now = new Date().toISOString().replace('Z', '000Z');
  await kubectl.apply({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name, namespace: 'kube-system' },
    spec: { holderIdentity, leaseDurationSeconds: 600, acquireTime: now, renewTime: now },
  });
}

/** Gives a lease back in the way of the other program. */
async function releaseLease(name: string): Promise<void> {
  const spec = { holderIdentity: '', leaseDurationSeconds: 1 };
  const lease = ['lease', name, '-n', 'kube-system'];
  await kubectl.run('patch', ...lease, '--type=merge', '-p', JSON.stringify({ spec }));
}

async function holderOf(name: string): Promise<string> {
  return kubectl.run(
    ...['get', 'lease', name, '-n', 'kube-system', '--ignore-not-found'],
    ...['-o', 'jsonpath={.spec.holderIdentity}'],
  );
}

async function taintsOf(node: string): Promise<readonly string[]> {
  return ((await nodes.get(node)).spec.taints ?? []).map(({ key }) => key);
}

/** The controllers that run, by the metric that every controller manager has for it. */
async function runningControllers({ operator }: RunningOperator): Promise<readonly string[]> {
  const text = await operator.metrics.registry.metrics();
  const lines = text.matchAll(/^running_managed_controllers\{name="([^"]+)".*\} 1$/gm);
  return [...lines].map(([, name = '']) => name).toSorted();
}

test('MIG-06: while another holds the lease of the migration only nodes are initialised, and once it is released the rest starts', async () => {
  await holdLease(MIGRATION_LEASE, 'kube-controller-manager_1');
  const stopped = nodes.startInstance({ status: 'Stopped' });
  await nodes.register('stopped', {
    providerId: `${world.cloud.regionId}.${stopped.instanceId}`,
    taints: [],
    labels: { 'node.kubernetes.io/exclude-from-external-load-balancers': '' },
  });
  const scene = await ServiceScene.open(world);
  await scene.createService('web');
  const operator = await world.startOperator(...FLAGS);

  const instance = nodes.startInstance();
  await nodes.register('joining', {
    providerId: `${world.cloud.regionId}.${instance.instanceId}`,
  });
  await nodes.waitUntilInitialised('joining');
  await pause(3_000);
  assert.deepEqual(await runningControllers(operator), [
    'cloud-node-controller',
    'persistentvolume-label-controller',
  ]);
  assert.equal(await holderOf(MIGRATION_LEASE), 'kube-controller-manager_1');
  assert.ok(!(await taintsOf('stopped')).includes(SHUTDOWN_TAINT));
  assert.equal((await scene.get('service', 'web')).metadata.finalizers, undefined);
  assert.deepEqual(
    world.cloud.calls().filter(({ mutating }) => mutating),
    [],
  );
  const writes = await world.operatorWrites();
  assert.deepEqual([...new Set(writes.map(({ objectRef }) => objectRef?.resource))], ['nodes']);

  await releaseLease(MIGRATION_LEASE);
  await scene.waitUntilReady('web');
  await eventually(async () => {
    assert.ok((await taintsOf('stopped')).includes(SHUTDOWN_TAINT));
  });
  assert.equal(await holderOf(MIGRATION_LEASE), operator.operator.identity);
  const running = await runningControllers(operator);
  assert.ok(running.includes('service-lb-controller'), running.join());
  assert.ok(running.includes('cloud-node-lifecycle-controller'), running.join());
  await scene.kubectl('delete', 'service', 'web');
  await scene.waitUntilGone('service', 'web');
});

test('MIG-06: the lease of the migration is taken only after the main one, and lost with it', async () => {
  await holdLease('alibaba-cloud-operator', 'another-replica');
  await world.startOperator(...FLAGS);
  await pause(2_500);
  assert.equal(await holderOf(MIGRATION_LEASE), '', 'Whoever stands by contends for no other');

  await releaseLease('alibaba-cloud-operator');
  await eventually(async () => {
    assert.notEqual(await holderOf(MIGRATION_LEASE), '');
  });
  await world.stopOperators();
  assert.equal(await holderOf('alibaba-cloud-operator'), '');
  assert.equal(await holderOf(MIGRATION_LEASE), '', 'It is given back in order');
});

test('MIG-06: the lease of the migration taken away ends the leader, because the other may be at work', async () => {
  const { operator } = await world.startOperator(...FLAGS);
  await eventually(async () => {
    assert.equal(await holderOf(MIGRATION_LEASE), operator.identity);
  });
  await holdLease(MIGRATION_LEASE, 'kube-controller-manager_2');
  assert.equal(await operator.done, 1);
});

test('MIG-06: without the switch nobody contends for the lease of the migration', async () => {
  await holdLease(MIGRATION_LEASE, 'kube-controller-manager_1');
  const operator = await world.startOperator('--controllers=*');
  await eventually(async () => {
    const running = await runningControllers(operator);
    assert.ok(running.includes('service-lb-controller'), running.join());
  });
  assert.equal(await holderOf(MIGRATION_LEASE), 'kube-controller-manager_1');
});

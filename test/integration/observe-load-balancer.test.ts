import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import type { PlannedStep } from '../../src/reconcilers/load-balancer/load-balancer-steps.ts';
import { leaveLoadBalancer } from '../support/go-ccm-load-balancer.ts';
import { eventually, pause, startOperatorWorld } from '../support/operator-world.ts';
import { callsOf, wordsOf } from '../support/planned-calls.ts';
import { conditionOf, ServiceScene } from '../support/service-scene.ts';

const world = await startOperatorWorld({ instances: 3 });
const { cloud } = world;
const { kubectl } = world.cluster;

/** How long is watched for what must not happen. */
const WATCHED_MS = 2_000;

/** The calls since the last mark that were to change the cloud. */
let sinceSeq = 0;
function mark(): void {
  sinceSeq = cloud.calls().at(-1)?.seq ?? 0;
}
function writes(): readonly string[] {
  return cloud.calls(sinceSeq).flatMap(({ action, mutating }) => (mutating ? [action] : []));
}

before(() => {
  mark();
});
afterEach(async () => {
  await world.stopOperators();
});
after(() => {
  mark();
});

/** Asks for an object that is only looked at, before its Service is there. */
async function observe(scene: ServiceScene, name: string): Promise<void> {
  const resource = {
    apiVersion: 'networking.alibabacloud.com/v1alpha1',
    kind: 'AlibabaLoadBalancer',
    metadata: { name, namespace: scene.namespace },
    spec: { type: 'CLB', serviceRef: { name }, reconcilePolicy: 'Observe' },
  };
  await kubectl.runWithInput(resource, 'create', '-f', '-');
}

async function planOf(scene: ServiceScene, name: string): Promise<readonly PlannedStep[]> {
  const { status } = await scene.get('alilb', name);
  const { plan, planTotal } = status as {
    readonly plan?: readonly PlannedStep[];
    readonly planTotal?: number;
  };
  assert.ok(plan, 'There is a plan');
  assert.equal(planTotal, plan.length);
  return plan;
}

async function apply(scene: ServiceScene, name: string): Promise<void> {
  await scene.patch('alilb', name, { spec: { reconcilePolicy: 'Apply' } });
}

test('MIG-08: what would be made for a Service is shown, not made, and then made as shown', async () => {
  const scene = await ServiceScene.open(world);
  await observe(scene, 'web');
  await scene.createService('web');
  await world.startOperator();
  const condition = await scene.waitForReason('alilb', 'web', 'Ready', 'Observing');
  assert.match(condition.message, /set it to "Apply" to have it done/);
  const plan = await eventually(() => planOf(scene, 'web'));
  assert.deepEqual(
    plan.map(({ action, object }) => `${action} ${object.replace(/\d{5}/, 'N')}`),
    [
      'Create load balancer',
      'Create server group of node port N',
      'Create listener TCP:80',
      'Start listener TCP:80',
    ],
  );
  assert.match(wordsOf(plan[0] ?? assert.fail()), /AddressType: "internet"/);
  for (const id of cloud.instanceIds) assert.ok(plan[1]?.change?.includes(id), id);
  await pause(WATCHED_MS);
  assert.deepEqual(writes(), []);
  const seen = await scene.get('alilb', 'web');
  assert.deepEqual(seen.metadata.finalizers ?? [], [], 'Nothing is to be cleaned up yet');
  const told = (await scene.saidOf('AlibabaLoadBalancer', 'web')).filter((said) =>
    said.endsWith('PlanChanged'),
  );
  assert.deepEqual(told, ['Normal PlanChanged'], 'One event for one plan');

  await apply(scene, 'web');
  await scene.waitUntilReady('web');
  assert.deepEqual(writes(), callsOf(plan));
  const applied = await scene.get('alilb', 'web');
  assert.equal(applied.status?.plan, undefined);
});

test('MIG-08 MIG-09: a load balancer of the Go CCM that is as asked for would only be recorded', async () => {
  const scene = await ServiceScene.open(world);
  await observe(scene, 'web');
  await scene.createService('web', {}, { finalizers: ['service.k8s.alibaba/resources'] });
  const { loadBalancerId, address } = await leaveLoadBalancer(world, scene, 'web');
  mark();
  await world.startOperator();
  await scene.waitForReason('alilb', 'web', 'Ready', 'Observing');
  const plan = await planOf(scene, 'web');
  assert.deepEqual(plan.map(wordsOf), [
    `Adopt load balancer "${loadBalancerId}", which bears the marks of the Service, is recorded; nothing is written to it for that`,
  ]);
  const { status, metadata } = await scene.get('alilb', 'web');
  assert.equal(status?.loadBalancerId, undefined, 'What is not recorded is not ours to delete');
  assert.deepEqual(metadata.finalizers ?? [], []);

  await apply(scene, 'web');
  const service = await scene.waitUntilReady('web');
  assert.equal(service.status?.loadBalancer?.ingress?.[0]?.ip, address);
  await pause(WATCHED_MS);
  assert.deepEqual(writes(), [], 'The plan named no call, and none was made');
});

test('MIG-08: what a take-over would change is shown, and is then changed as shown', async () => {
  const scene = await ServiceScene.open(world);
  await observe(scene, 'web');
  await scene.createService('web', {}, { finalizers: ['service.k8s.alibaba/resources'] });
  await leaveLoadBalancer(world, scene, 'web', {
    instanceIds: cloud.instanceIds.slice(1),
    isComplete: false,
  });
  mark();
  await world.startOperator();
  await scene.waitForReason('alilb', 'web', 'Ready', 'Observing');
  const plan = await eventually(async () => {
    const steps = await planOf(scene, 'web');
    assert.ok(steps.some(({ object }) => object.startsWith('backends')));
    // The listener was started a moment ago; while it is between two states nothing is planned for it.
    assert.ok(steps.some(({ object }) => object === 'listener TCP:80'));
    return steps;
  });
  assert.ok(plan.some((step) => wordsOf(step).includes(cloud.instanceIds[0] ?? '-')));
  await pause(WATCHED_MS);
  assert.deepEqual(writes(), []);
  await apply(scene, 'web');
  await scene.waitUntilReady('web');
  assert.deepEqual(writes(), callsOf(plan));
});

test('MIG-08: a load balancer of ours under Observe is left as it is, and a deletion waits', async () => {
  const scene = await ServiceScene.open(world);
  await scene.createService('web');
  await world.startOperator();
  await scene.waitUntilReady('web');
  await scene.patch('alilb', 'web', { spec: { reconcilePolicy: 'Observe' } });
  await eventually(async () => {
    assert.deepEqual(await planOf(scene, 'web'), []);
    const ready = conditionOf(await scene.get('alilb', 'web'), 'Ready');
    assert.equal(ready?.status, 'True', 'Nothing would be changed');
  });
  mark();
  await scene.patch('service', 'web', {
    spec: {
      ports: [
        { name: 'one', port: 80 },
        { name: 'two', port: 443 },
      ],
    },
  });
  await scene.patch('alilb', 'web', { spec: { name: 'by-person' } });
  const plan = await eventually(async () => {
    const steps = await planOf(scene, 'web');
    assert.ok(steps.some(({ object }) => object === 'listener TCP:443'));
    assert.ok(steps.some((step) => wordsOf(step).includes('asked for "by-person"')));
    return steps;
  });
  await pause(WATCHED_MS);
  assert.deepEqual(writes(), []);
  await apply(scene, 'web');
  await scene.waitUntilReady('web');
  assert.deepEqual(writes(), callsOf(plan));

  await scene.patch('alilb', 'web', { spec: { reconcilePolicy: 'Observe' } });
  await eventually(async () => {
    assert.deepEqual(await planOf(scene, 'web'), []);
  });
  mark();
  await scene.kubectl('delete', 'service', 'web', '--wait=false');
  const deletion = await eventually(async () => {
    const steps = await planOf(scene, 'web');
    assert.equal(steps.length, 2);
    return steps;
  });
  await scene.waitForReason('alilb', 'web', 'Ready', 'Observing');
  await pause(WATCHED_MS);
  assert.deepEqual(writes(), []);
  await apply(scene, 'web');
  await scene.waitUntilGone('service', 'web');
  assert.deepEqual(writes(), callsOf(deletion));
});

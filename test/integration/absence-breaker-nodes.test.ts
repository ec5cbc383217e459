import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { FaultOrder } from '../../emulator/model/fault-board.ts';
import { APPROVE_REMOVAL_ANNOTATION } from '../../src/reconcilers/names.ts';
import type { Verdict } from '../support/cutting-proxy.ts';
import {
  nodePath,
  NodeLifecycleScene,
  type NodeView,
  type NodeWish,
} from '../support/node-lifecycle-scene.ts';
import { OperatorHarness, type ComposedHarnessedOperator } from '../support/operator-harness.ts';

const COUNT = 20;
const MINUTE_MS = 60_000;
const everyIndex = Array.from({ length: COUNT }, (_, index) => index);

const harness = await OperatorHarness.start({ instances: COUNT });
const { admin, cloud } = harness;

/** Opens a cluster of twenty nodes, of which the first ones are not ready. */
function open(context: TestContext, unready = COUNT): Promise<NodeLifecycleScene> {
  const wishes = everyIndex.map((index): NodeWish => ({
    ready: index < unready ? 'Unknown' : 'True',
  }));
  return NodeLifecycleScene.open(harness, context, wishes);
}

async function heldBy({ operator }: ComposedHarnessedOperator): Promise<number> {
  const metrics = await operator.metrics.registry.metrics();
  const line = /^alibaba_cloud_operator_absence_held\{kind="nodes"\} (\d+)$/m.exec(metrics);
  return Number(line?.[1]);
}

async function getNode(scene: NodeLifecycleScene, index: number): Promise<NodeView> {
  const node = await scene.findNode(index);
  assert.ok(node !== undefined, `Node ${index} is gone`);
  return node;
}

async function approve(scene: NodeLifecycleScene, index: number): Promise<void> {
  const { metadata } = await getNode(scene, index);
  await admin.patch(nodePath(metadata.name), {
    metadata: { annotations: { [APPROVE_REMOVAL_ANNOTATION]: metadata.uid } },
  });
}

/** Waits until the operator has something to hold back. */
function waitUntilHeld(operator: ComposedHarnessedOperator, count: number): Promise<boolean> {
  return harness.waitFor(`${count} nodes are held`, async () =>
    (await heldBy(operator)) === count ? true : undefined,
  );
}

const accidents: readonly {
  readonly name: string;
  readonly fault: Omit<FaultOrder, 'action'>;
  /** How many are held at least. */
  readonly held: number;
}[] = [
  { name: 'every answer is empty', fault: { kind: 'empty-list' }, held: COUNT },
  { name: 'half of every answer is lost', fault: { kind: 'short-list' }, held: 1 },
  {
    name: 'the permission is revoked',
    fault: { kind: 'error', code: 'Forbidden.RAM', httpStatus: 403 },
    held: 0,
  },
];

for (const { name, fault, held } of accidents) {
  test(`LIFE-07 B-49: no node is deleted while ${name}`, async (context) => {
    const scene = await open(context);
    cloud.addFault({ ...fault, action: 'DescribeInstances', times: 0 });
    const operator = await scene.start();
    await harness.waitFor('the cloud was asked', () =>
      scene.questions().length >= 4 ? true : undefined,
    );
    await harness.passTime(5 * MINUTE_MS);
    assert.equal(await scene.countNodes(), COUNT);
    assert.deepEqual(scene.apiWrites(), []);
    if (held > 0) assert.ok((await heldBy(operator)) >= held, 'The metric tells of it');
    cloud.removeFaults();
    await waitUntilHeld(operator, 0);
    await harness.passTime(MINUTE_MS);
    assert.equal(await scene.countNodes(), COUNT, 'What was believed gone is there');
  });
}

test('LIFE-07: of all of twenty instances that disappear, no node is deleted, and a person is told', async (context) => {
  const scene = await open(context);
  scene.releaseInstances(...everyIndex);
  const operator = await scene.start();
  await waitUntilHeld(operator, COUNT);
  // Longer than an absence is remembered.
  await harness.passTime(75 * MINUTE_MS);
  assert.equal(await scene.countNodes(), COUNT, 'However long it lasts');
  const node = await getNode(scene, 7);
  const held = await scene.waitForEvent(node, 'DeletionHeld');
  assert.equal(held.type, 'Warning');
  assert.match(held.note, /20 of 20 nodes/);
  assert.ok(held.note.includes(`${APPROVE_REMOVAL_ANNOTATION}=${node.metadata.uid}`), held.note);

  await approve(scene, 7);
  await scene.waitUntilGone(7);
  await scene.rounds(3);
  assert.equal(await scene.countNodes(), COUNT - 1, 'One approval lets one go');
  await waitUntilHeld(operator, COUNT - 1);
});

test('LIFE-07: an approval that names another uid lets nothing go', async (context) => {
  const scene = await open(context);
  scene.releaseInstances(...everyIndex);
  const operator = await scene.start();
  await waitUntilHeld(operator, COUNT);
  await admin.patch(nodePath(scene.nameOf(0)), {
    metadata: { annotations: { [APPROVE_REMOVAL_ANNOTATION]: 'of-an-earlier-node' } },
  });
  await scene.rounds(4);
  assert.equal(await scene.countNodes(), COUNT);
});

test('LIFE-07: the first of many is held too, because the others are suspected by then', async (context) => {
  const scene = await open(context, 1);
  scene.releaseInstances(...everyIndex);
  let hasAsked = false;
  const operator = await scene.start({
    decide: async ({ channel }): Promise<Verdict> => {
      if (channel !== 'cloud' || hasAsked) return 'pass';
      hasAsked = true;
      for (const index of everyIndex.slice(1)) await scene.setReady(index, 'Unknown');
      return 'pass';
    },
  });
  await waitUntilHeld(operator, COUNT);
  await scene.rounds(3);
  assert.equal(await scene.countNodes(), COUNT);
});

test('LIFE-07: one of twenty instances that is gone takes its node with it', async (context) => {
  const scene = await open(context);
  scene.releaseInstances(3);
  await scene.start();
  await scene.waitUntilGone(3);
  await scene.rounds(3);
  assert.equal(await scene.countNodes(), COUNT - 1);
});

test('LIFE-07: a fifth may go; one more within ten minutes is held, as after half an hour it is not', async (context) => {
  const scene = await open(context);
  scene.releaseInstances(0, 1, 2, 3);
  const operator = await scene.start();
  await scene.waitUntilGone(0, 1, 2, 3);
  scene.releaseInstances(4);
  await waitUntilHeld(operator, 1);
  await harness.passTime(25 * MINUTE_MS);
  assert.ok((await scene.findNode(4)) !== undefined);
  await harness.passTime(6 * MINUTE_MS);
  await scene.waitUntilGone(4);
});

test('LIFE-07: time in which the machine slept is no agreement', async (context) => {
  const scene = await open(context);
  const gone = everyIndex.slice(0, 8);
  scene.releaseInstances(...gone);
  const operator = await scene.start();
  await waitUntilHeld(operator, gone.length);
  harness.clock.skip(24 * 60 * MINUTE_MS);
  await scene.rounds(6);
  assert.equal(await scene.countNodes(), COUNT);
});

test('LIFE-07: nodes that a person deletes are not held, however many, nor counted', async (context) => {
  const scene = await open(context);
  const operator = await scene.start();
  await scene.rounds(2);
  for (const index of everyIndex.slice(0, 15)) await admin.delete(nodePath(scene.nameOf(index)));
  assert.equal(await scene.countNodes(), 5);
  await scene.rounds(2);
  scene.releaseInstances(19);
  await scene.waitUntilGone(19);
  assert.equal(await heldBy(operator), 0);
});

test('LIFE-07: a new process holds what the one before held', async (context) => {
  const scene = await open(context);
  scene.releaseInstances(...everyIndex);
  await waitUntilHeld(await scene.start(), COUNT);
  await waitUntilHeld(await scene.start(), COUNT);
  await scene.rounds(6);
  assert.equal(await scene.countNodes(), COUNT);
});

test('LIFE-08: with credentials of another account than load balancers record, no node is deleted', async (context) => {
  const scene = await open(context);
  scene.releaseInstances(0);
  const namespace = await harness.createNamespace();
  const path = `/apis/networking.alibabacloud.com/v1alpha1/namespaces/${namespace}/alibabaloadbalancers`;
  await admin.create(path, {
    apiVersion: 'networking.alibabacloud.com/v1alpha1',
    kind: 'AlibabaLoadBalancer',
    metadata: { name: 'web' },
    spec: { type: 'CLB', serviceRef: { name: 'web' }, reconcilePolicy: 'Paused' },
  });
  context.after(() => harness.clear(namespace));
  const record = (accountId: string): Promise<unknown> =>
    admin.patch(`${path}/web/status`, {
      status: { accountId, regionId: cloud.regionId, loadBalancerId: 'lb-elsewhere' },
    });
  await record('1000000000000001');
  await scene.start({
    flags: ['--controllers=cloud-node-lifecycle-controller,service-lb-controller'],
  });
  const node = await getNode(scene, 0);
  const { note } = await scene.waitForEvent(node, 'DeletionHeld');
  assert.match(note, /1000000000000001/);
  await scene.rounds(4);
  assert.ok((await scene.findNode(0)) !== undefined);
  await record(cloud.accountId);
  await scene.waitUntilGone(0);
});

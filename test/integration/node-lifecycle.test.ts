import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FaultOrder } from '../../emulator/model/fault-board.ts';
import {
  nodePath,
  NodeLifecycleScene,
  UNINITIALIZED_TAINT,
  PERIOD_MS,
  SHUTDOWN_TAINT,
  type NodeWish,
  type ReadyWord,
} from '../support/node-lifecycle-scene.ts';
import type { Verdict } from '../support/cutting-proxy.ts';
import { OperatorHarness } from '../support/operator-harness.ts';

const harness = await OperatorHarness.start({ instances: 20 });
const { admin, cloud } = harness;

const ready: NodeWish = { ready: 'True' };
const unknown: NodeWish = { ready: 'Unknown' };

/** What is sent in a question for instances. */
function idsOf(parameters: Readonly<Record<string, string>>): readonly string[] {
  return JSON.parse(parameters.InstanceIds ?? '[]') as readonly string[];
}

test('LIFE-01: a node that is ready costs no call, even if its instance is gone', async (context) => {
  const scene = await NodeLifecycleScene.open(harness, context, [ready, ready]);
  scene.releaseInstances(0);
  await scene.start();
  await scene.rounds(5);
  assert.ok((await scene.findNode(0)) !== undefined);
  assert.deepEqual(scene.questions(), []);
  assert.deepEqual(scene.apiWrites(), []);
});

const words: readonly ReadyWord[] = ['False', 'Unknown', 'unset'];

test('LIFE-02 LIFE-04 LIFE-11 B-49: what becomes of nodes that are not ready, not only of unknown ones, by what the cloud says', async (context) => {
  const wishes = words.flatMap((word) => Array<NodeWish>(3).fill({ ready: word }));
  const scene = await NodeLifecycleScene.open(harness, context, wishes);
  for (const first of [0, 3, 6]) {
    scene.setStatus(first + 1, 'Stopped');
    scene.releaseInstances(first + 2);
  }
  await scene.start();
  await scene.waitUntilGone(2, 5, 8);
  await scene.rounds(2);
  for (const first of [0, 3, 6]) {
    const word = words[first / 3];
    assert.equal(await scene.isTainted(first), false, `${word}: there and running`);
    assert.equal(await scene.isTainted(first + 1), true, `${word}: there and stopped`);
  }
  assert.equal(await scene.countNodes(), 6);
});

test('LIFE-04: only absence deletes: an instance in any state, locked ones too, exists', async (context) => {
  const scene = await NodeLifecycleScene.open(harness, context, [
    unknown,
    unknown,
    unknown,
    unknown,
  ]);
  scene.setStatus(0, 'Stopped');
  scene.setStatus(1, 'Stopping');
  scene.setStatus(2, 'Starting');
  cloud.patchObject(scene.instance(3).instanceId, { locks: ['financial', 'recycling'] });
  await scene.start();
  await scene.rounds(10);
  assert.equal(await scene.countNodes(), 4);
});

const errors: readonly { readonly name: string; readonly fault: Omit<FaultOrder, 'action'> }[] = [
  { name: 'throttling', fault: { kind: 'throttle' } },
  { name: 'a lost connection', fault: { kind: 'drop' } },
  { name: 'a lost answer', fault: { kind: 'lose-answer' } },
  {
    name: 'a revoked permission',
    fault: { kind: 'error', code: 'Forbidden.RAM', httpStatus: 403 },
  },
  { name: 'an internal error', fault: { kind: 'error', code: 'InternalError', httpStatus: 500 } },
  {
    name: 'an answer that instances are not found, told as an error',
    fault: { kind: 'error', code: 'InvalidInstanceId.NotFound', httpStatus: 404 },
  },
];

for (const { name, fault } of errors) {
  test(`LIFE-03: ${name} leaves the node alone until it is over`, async (context) => {
    const scene = await NodeLifecycleScene.open(harness, context, [unknown, ready]);
    scene.releaseInstances(0);
    cloud.addFault({ ...fault, action: 'DescribeInstances', times: 0 });
    await scene.start();
    await harness.waitFor('the cloud was asked', () =>
      scene.questions().length >= 2 ? true : undefined,
    );
    await scene.rounds(6);
    assert.ok((await scene.findNode(0)) !== undefined);
    assert.deepEqual(scene.apiWrites(), []);
    cloud.removeFaults();
    await scene.waitUntilGone(0);
  });
}

test('LIFE-03: a permission that is missing is said on the node', async (context) => {
  const scene = await NodeLifecycleScene.open(harness, context, [unknown]);
  cloud.addFault({
    action: 'DescribeInstances',
    kind: 'error',
    code: 'Forbidden.RAM',
    httpStatus: 403,
    times: 0,
  });
  await scene.start();
  const node = await scene.findNode(0);
  assert.ok(node !== undefined);
  const { note } = await scene.waitForEvent(node, 'InstanceCheckFailed');
  assert.match(note, /the node stays/);
});

for (const kind of ['empty-list', 'short-list'] as const) {
  test(`LIFE-05: one answer that lacks instances (${kind}) deletes nothing`, async (context) => {
    const wishes = Array<NodeWish>(10).fill(unknown);
    const scene = await NodeLifecycleScene.open(harness, context, wishes);
    cloud.addFault({ action: 'DescribeInstances', kind, times: 1 });
    await scene.start();
    await scene.rounds(6);
    assert.equal(await scene.countNodes(), 10);
    assert.deepEqual(scene.apiWrites(), []);
  });
}

test('LIFE-05: an instance is asked for again, by its id and apart from the others, before its node goes', async (context) => {
  const scene = await NodeLifecycleScene.open(harness, context, [unknown, unknown, unknown]);
  scene.releaseInstances(1);
  await scene.start();
  await scene.waitUntilGone(1);
  const { instanceId } = scene.instance(1);
  const asked = scene
    .questions()
    .filter(({ parameters }) => idsOf(parameters).includes(instanceId));
  assert.deepEqual(
    asked.map(({ parameters }) => idsOf(parameters).length),
    [3, 1],
  );
  const [first, second] = asked.map(({ startedAt }) => Date.parse(startedAt));
  // The way to the cloud takes each of them a while of its own.
  assert.ok((second ?? 0) - (first ?? 0) >= PERIOD_MS / 2, 'A round lies between them');
});

test('LIFE-06: a node of the same name that registers between question and deletion survives', async (context) => {
  const scene = await NodeLifecycleScene.open(harness, context, [unknown, ready]);
  scene.releaseInstances(0);
  let isReplaced = false;
  const before = await scene.findNode(0);
  await scene.start({
    decide: async ({ channel, method, target }): Promise<Verdict> => {
      if (channel === 'api' && method === 'DELETE' && target.includes('/nodes/') && !isReplaced) {
        isReplaced = true;
        await admin.delete(nodePath(scene.nameOf(0)));
        await scene.addNode(0, { ready: 'True' });
      }
      return 'pass';
    },
  });
  await harness.waitFor('the node was replaced', () => (isReplaced ? true : undefined));
  await scene.rounds(4);
  const after = await scene.findNode(0);
  assert.ok(after !== undefined, 'The deletion hit the new node');
  assert.notEqual(after.metadata.uid, before?.metadata.uid);
  const reasons = before === undefined ? [] : (await scene.eventsOf(before)).map((e) => e.reason);
  assert.ok(!reasons.includes('DeletingNodeFailed'), 'A node that is gone already is done');
});

const foreign: readonly { readonly name: string; readonly wish: NodeWish }[] = [
  { name: 'of another region', wish: { providerId: 'cn-beijing.i-gone1' } },
  { name: 'of another provider', wish: { providerId: 'aws:///us-east-1a/i-0gone' } },
  { name: 'of a hybrid cluster', wish: { providerId: 'ack-hybrid://10.0.0.9' } },
  { name: 'with an id that nobody can read', wish: { providerId: 'cn-hangzhou.' } },
  {
    name: 'of a virtual kubelet',
    wish: { providerId: 'cn-hangzhou.i-gone2', labels: { type: 'virtual-kubelet' } },
  },
  {
    name: 'that is excluded',
    wish: {
      providerId: 'cn-hangzhou.i-gone3',
      labels: { 'service.beta.kubernetes.io/exclude-node': 'true' },
    },
  },
];

test('LIFE-08: nodes that are not ours are never asked for, marked or deleted', async (context) => {
  const wishes = foreign.map(({ wish }): NodeWish => ({ ...wish, ready: 'Unknown' }));
  const scene = await NodeLifecycleScene.open(harness, context, wishes);
  await scene.start();
  await scene.rounds(5);
  for (const [index, { name }] of foreign.entries()) {
    assert.ok((await scene.findNode(index)) !== undefined, `A node ${name} was deleted`);
  }
  assert.deepEqual(scene.questions(), []);
  assert.deepEqual(scene.apiWrites(), []);
});

test('LIFE-09: a node without provider id is looked for by its address, and deleted when there is none', async (context) => {
  const scene = await NodeLifecycleScene.open(harness, context, []);
  for (const index of [0, 1]) {
    const { privateIp } = scene.instance(index);
    const addresses = [{ type: 'InternalIP', address: privateIp }];
    await scene.addNode(index, { providerId: '', ready: 'Unknown', addresses });
  }
  scene.releaseInstances(1);
  await scene.start();
  await scene.waitUntilGone(1);
  await scene.rounds(4);
  assert.ok((await scene.findNode(0)) !== undefined);
});

test('LIFE-09: a failure to look a node up by its address is no answer', async (context) => {
  const scene = await NodeLifecycleScene.open(harness, context, []);
  const addresses = [{ type: 'InternalIP', address: '192.168.99.99' }];
  await scene.addNode(0, { providerId: '', ready: 'Unknown', addresses });
  cloud.addFault({ action: 'DescribeInstances', kind: 'throttle', times: 0 });
  await scene.start();
  await scene.rounds(5);
  assert.ok((await scene.findNode(0)) !== undefined);
});

test('LIFE-02 LIFE-14: a node that joins is asked for by whoever initialises it, and by this only after a minute', async (context) => {
  const scene = await NodeLifecycleScene.open(harness, context, [
    { ready: 'unset', taints: [UNINITIALIZED_TAINT] },
  ]);
  scene.releaseInstances(0);
  const operator = await scene.start();
  await harness.waitFor('the nodes are watched', () =>
    operator.proxy.requests.some(({ purpose }) => purpose.startsWith('WATCH ')) ? true : undefined,
  );
  await scene.rounds(8);
  assert.deepEqual(scene.questions(), []);
  await scene.rounds(8);
  await scene.waitUntilGone(0);
});

test('LIFE-10: the deletion of a node is told before, and its failure after', async (context) => {
  const scene = await NodeLifecycleScene.open(harness, context, [unknown, ready]);
  const node = await scene.findNode(0);
  assert.ok(node !== undefined);
  scene.releaseInstances(0);
  const role = '/apis/rbac.authorization.k8s.io/v1/clusterroles/alibaba-cloud-operator';
  const { rules } = (await admin.find(role)) as { readonly rules: readonly { verbs: string[] }[] };
  const withoutDelete = rules.map((rule) => ({
    ...rule,
    verbs: rule.verbs.filter((verb) => verb !== 'delete'),
  }));
  await admin.patch(role, { rules: withoutDelete });
  context.after(() => admin.patch(role, { rules }));
  await scene.start();
  const deleting = await scene.waitForEvent(node, 'DeletingNode');
  const failed = await scene.waitForEvent(node, 'DeletingNodeFailed');
  assert.deepEqual([deleting.type, failed.type], ['Normal', 'Warning']);
  assert.match(deleting.note, /no longer exists/);
  assert.ok((await scene.findNode(0)) !== undefined);
  await admin.patch(role, { rules });
  await scene.waitUntilGone(0);
});

test('LIFE-11 LIFE-12: a stopped instance is marked once, until its node is ready again', async (context) => {
  const scene = await NodeLifecycleScene.open(harness, context, [unknown]);
  scene.setStatus(0, 'Stopped');
  await scene.start();
  const path = nodePath(scene.nameOf(0));
  await harness.waitFor('the node is marked', async () =>
    (await scene.isTainted(0)) ? true : undefined,
  );
  const node = await scene.findNode(0);
  const taint = node?.spec.taints?.find(({ key }) => key === SHUTDOWN_TAINT);
  assert.deepEqual([taint?.effect, taint?.value], ['NoSchedule', undefined]);
  await scene.rounds(4);
  assert.deepEqual(scene.apiWrites(), [`PATCH ${path}`], 'It is written once');

  scene.setStatus(0, 'Running');
  await scene.rounds(4);
  assert.equal(await scene.isTainted(0), true, 'The instance runs, and its node is not ready');

  await scene.setReady(0, 'True');
  await harness.waitFor('the mark is taken off', async () =>
    (await scene.isTainted(0)) ? undefined : true,
  );
  scene.setStatus(0, 'Stopped');
  await scene.rounds(4);
  assert.equal(await scene.isTainted(0), false, 'A node that is ready never gets it');
  assert.equal(scene.apiWrites().length, 2);
});

test('LIFE-11: an error of the question whether it is shut down changes nothing', async (context) => {
  const scene = await NodeLifecycleScene.open(harness, context, [unknown]);
  scene.setStatus(0, 'Stopped');
  cloud.addFault({ action: 'DescribeInstances', kind: 'throttle', times: 0 });
  await scene.start();
  await scene.rounds(4);
  assert.deepEqual(scene.apiWrites(), []);
});

test('LIFE-15 B-51: nothing but Nodes is deleted, and none is read one by one', async (context) => {
  const scene = await NodeLifecycleScene.open(harness, context, [unknown, unknown, ready]);
  scene.releaseInstances(0);
  scene.setStatus(1, 'Stopped');
  const operator = await scene.start();
  await scene.waitUntilGone(0);
  await scene.rounds(3);
  const reads = operator.proxy.requests.filter(({ method, target }) => {
    return method === 'GET' && target.startsWith('/api/v1/nodes/');
  });
  assert.deepEqual(reads, []);
  assert.deepEqual([...scene.apiWrites()].sort(), [
    `DELETE ${nodePath(scene.nameOf(0))}`,
    `PATCH ${nodePath(scene.nameOf(1))}`,
  ]);
});

test('LIFE-17: a node that is being deleted is not deleted again, nor marked', async (context) => {
  const scene = await NodeLifecycleScene.open(harness, context, [
    { ready: 'Unknown', finalizers: ['example.com/hold'] },
    { ready: 'Unknown', finalizers: ['example.com/hold'] },
  ]);
  scene.releaseInstances(0);
  scene.setStatus(1, 'Stopped');
  for (const index of [0, 1]) await admin.delete(nodePath(scene.nameOf(index)));
  await scene.start();
  await scene.rounds(5);
  assert.deepEqual(scene.apiWrites(), []);
  assert.deepEqual(scene.questions(), []);
});

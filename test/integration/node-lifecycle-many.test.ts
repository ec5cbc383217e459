import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  nodePath,
  NodeLifecycleScene,
  SHUTDOWN_TAINT,
  type NodeWish,
} from '../support/node-lifecycle-scene.ts';
import { OperatorHarness } from '../support/operator-harness.ts';

const COUNT = 200;
const LONG_PERIOD_MS = 3_000;
/** For the word to reach the operator, and the deletion to reach the test. */
const ON_THE_WAY_MS = 1_500;

// At the machine's own speed: how long things take is what is looked at.
const harness = await OperatorHarness.start({ instances: COUNT, factor: 1 });
const { admin, cloud } = harness;

test('LIFE-14: two hundred nodes that are not ready cost two calls a round, whatever the cloud is like', async (context) => {
  const wishes = Array<NodeWish>(COUNT).fill({ ready: 'Unknown' });
  const scene = await NodeLifecycleScene.open(harness, context, wishes);
  cloud.addFault({ action: 'DescribeInstances', kind: 'delay', delayMs: 500, times: 0 });
  await scene.start();
  await harness.waitFor('three rounds were made', () =>
    scene.questions().length >= 6 ? true : undefined,
  );
  const questions = scene.questions().slice(0, 6);
  assert.deepEqual(
    questions.map(({ parameters }) => (JSON.parse(parameters.InstanceIds ?? '[]') as []).length),
    Array<number>(6).fill(100),
  );
  const startsMs = questions.map(({ startedAt }) => Date.parse(startedAt));
  for (const round of [0, 2]) {
    const [one = 0, other = 0, next = 0] = startsMs.slice(round, round + 3);
    assert.ok(other - one < 400, 'Both calls of a round are under way together');
    assert.ok(next - one > 4_000, 'The next round comes a period later');
  }
  assert.deepEqual(scene.apiWrites(), []);
});

test('LIFE-14: while the cloud does not answer, nodes that are ready again are seen to, and rounds do not pile up', async (context) => {
  const scene = await NodeLifecycleScene.open(harness, context, [
    { ready: 'Unknown' },
    { ready: 'True' },
  ]);
  cloud.addFault({ action: 'DescribeInstances', kind: 'hold', times: 0 });
  await admin.patch(nodePath(scene.nameOf(1)), {
    spec: { taints: [{ key: SHUTDOWN_TAINT, effect: 'NoSchedule' }] },
  });
  await scene.start({ flags: ['--node-monitor-period=1s'] });
  await harness.waitFor('the mark is taken off', async () =>
    (await scene.isTainted(1)) ? undefined : true,
  );
  await new Promise((resolve) => setTimeout(resolve, 3_500));
  assert.equal((await cloud.held(0)).length, 1, 'One question is out, however many periods passed');
});

test('LIFE-16: from Unknown to the deletion it takes at most two periods', async (context) => {
  const scene = await NodeLifecycleScene.open(harness, context, [
    { ready: 'True' },
    { ready: 'True' },
  ]);
  scene.releaseInstances(0);
  await scene.start({ flags: [`--node-monitor-period=${LONG_PERIOD_MS / 1_000}s`] });
  await scene.rounds(1);
  await scene.setReady(0, 'Unknown');
  const saidMs = performance.now();
  await scene.waitUntilGone(0);
  const tookMs = performance.now() - saidMs;
  assert.ok(tookMs <= 2 * LONG_PERIOD_MS + ON_THE_WAY_MS, `It took ${tookMs} ms`);
});

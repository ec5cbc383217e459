import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OperatorHarness } from '../support/operator-harness.ts';
import { personsRow, RouteTableScene } from '../support/route-table-scene.ts';

const harness = await OperatorHarness.start({ instances: 3 });

test('MIG-08: under Observe a route that nobody asks for any more is to be deleted, and is when applied', async (context) => {
  const scene = await RouteTableScene.open(harness, context);
  await scene.create({
    routes: [personsRow(scene, '172.20.0.0/24', 0), personsRow(scene, '172.20.1.0/24', 1)],
  });
  await scene.start();
  await scene.waitUntilReady(2);
  await scene.patch({ spec: { reconcilePolicy: 'Observe' } });
  await scene.waitFor('an empty plan', (found) => found.status?.planTotal === 0);
  const before = scene.writes().length;
  await scene.patch({ spec: { routes: [personsRow(scene, '172.20.1.0/24', 1)] } });
  const { status } = await scene.waitFor('a plan', (found) => found.status?.planTotal === 1);
  assert.deepEqual(
    status?.plan?.map(({ action, destinationCidr }) => `${action} ${destinationCidr}`),
    ['Delete 172.20.0.0/24'],
  );
  await scene.checks();
  assert.equal(scene.writes().length, before);
  assert.equal(scene.entries().length, 2);

  await scene.patch({ spec: { reconcilePolicy: 'Apply' } });
  await scene.waitUntilReady(1);
  await scene.waitFor('no plan', (found) => found.status?.plan === undefined);
  assert.deepEqual(scene.writes().slice(before), ['DeleteRouteEntries']);
  assert.equal(scene.entries().length, 1);

  await scene.patch({ spec: { reconcilePolicy: 'Observe' } });
  await scene.waitFor('a plan again', (found) => found.status?.planTotal === 0);
  await scene.delete();
  await scene.waitForReason('Ready', 'Observing');
  await scene.checks();
  assert.equal(scene.entries().length, 1, 'A deletion waits');
  await scene.patch({ spec: { reconcilePolicy: 'Apply' } });
  await scene.waitUntilGone();
  assert.equal(scene.entries().length, 0);
});

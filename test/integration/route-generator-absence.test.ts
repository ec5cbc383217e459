import assert from 'node:assert/strict';
import { test } from 'node:test';
import { interposeApiServer } from '../support/interposed-kubeconfig.ts';
import { eventually, startOperatorWorld } from '../support/operator-world.ts';
import { ROUTE_FLAGS, RouteScene } from '../support/route-scene.ts';

const COUNT = 6;
const NODES = '/api/v1/nodes';
const EXPIRED = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' };

// Ten seconds lie between two runs over all nodes.
const world = await startOperatorWorld({ instances: 1, factor: 8 });
const scene = new RouteScene(world);
const { server, kubeconfig } = await interposeApiServer(world.cluster.kubeconfig);
for (let index = 0; index < COUNT; index += 1) {
  await scene.join(`n${index}`, [`10.100.${index}.0/24`]);
}
let operator = await world.startOperatorAs(kubeconfig, ...ROUTE_FLAGS);
await eventually(() => {
  assert.equal(scene.entries().length, COUNT);
});
await scene.waitForTableCondition('Ready', 'True Ready');
const entries = scene.entries();

/** What the cloud was asked to change since a call. */
function deletionsSince(seq: number): readonly string[] {
  return world.cloud
    .calls(seq)
    .map(({ action }) => action)
    .filter((action) => action.startsWith('Delete'));
}

function lastCall(): number {
  return world.cloud.calls().at(-1)?.seq ?? 0;
}

test('ROUTE-23: before the nodes are listed no row goes, however long that takes', async () => {
  await operator.stop();
  const before = lastCall();
  let letGo: () => void = ignore;
  const until = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  server.intervene = ({ path, isWatch }) =>
    path === NODES && !isWatch ? { kind: 'delayAnswer', until } : undefined;
  operator = await world.startOperatorAs(kubeconfig, ...ROUTE_FLAGS);
  const writesBefore = (await world.operatorWrites()).length;
  await world.clock.sleep(20_000);
  assert.deepEqual((await world.operatorWrites()).slice(writesBefore), []);
  server.intervene = ignore;
  letGo();
  await world.clock.sleep(20_000);
  assert.deepEqual(deletionsSince(before), []);
  assert.deepEqual(scene.entries(), entries);
});

test('ROUTE-23 ROUTE-24: an API server that shows no nodes costs no route, and nothing is left of it once it shows them again', async () => {
  const before = lastCall();
  // The watch goes on from where it was, so that nothing tells of the nodes.
  const { metadata } = (await scene.nodes.client.find(NODES)) as { readonly metadata: object };
  const body = { kind: 'NodeList', apiVersion: 'v1', metadata, items: [] };
  server.intervene = ({ path, isWatch }) =>
    path === NODES && !isWatch ? { kind: 'answer', status: 200, body } : undefined;
  server.endWatches({ type: 'ERROR', object: EXPIRED });
  const { message } = await scene.waitForTableCondition('Generated', 'False RemovalHeld');
  assert.match(message, /^The removal of 6 rows is held back/);
  assert.equal((await scene.table())?.spec.routes?.length, COUNT);

  server.intervene = ignore;
  server.endWatches({ type: 'ERROR', object: EXPIRED });
  await scene.waitForTableCondition('Generated', 'True Generated');
  assert.deepEqual(deletionsSince(before), []);
  assert.deepEqual(scene.entries(), entries);
  const text = await operator.operator.metrics.registry.metrics();
  assert.match(text, /^alibaba_cloud_operator_absence_held\{kind="routes"\} 0$/m);
});

test('LIFE-07 ROUTE-24: as many nodes that people delete take their routes along at once', async () => {
  for (let index = 0; index < COUNT; index += 1) await scene.nodes.remove(`n${index}`);
  await eventually(() => {
    assert.deepEqual(scene.entries(), []);
  });
  await scene.waitForTableCondition('Generated', 'True Generated');
});

function ignore(): undefined {
  return undefined;
}

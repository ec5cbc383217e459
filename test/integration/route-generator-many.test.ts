import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually, pause, startOperatorWorld } from '../support/operator-world.ts';
import { countRuns, ROUTE_FLAGS, RouteScene } from '../support/route-scene.ts';

// In the machine's time, in which a hundred nodes do come within seconds.
const world = await startOperatorWorld({ instances: 1 });
const scene = new RouteScene(world);
const { nodes } = scene;

/** Counts the operator's applies of rows. */
async function applies(): Promise<number> {
  const writes = await world.operatorWrites();
  return writes.filter(
    ({ objectRef, requestURI }) =>
      objectRef?.resource === 'alibabaroutetables' && requestURI.includes('force='),
  ).length;
}

const first = await scene.join('first', ['10.100.1.0/24']);
const row = `10.100.1.0/24 ${first.instanceId}`;
const operator = await world.startOperator(...ROUTE_FLAGS);
await scene.waitForRows([row]);
await scene.waitForTableCondition('Ready', 'True Ready');

test('ROUTE-02 ROUTE-03 ROUTE-25: a hundred nodes within seconds are few runs and few writes, with every route made', async () => {
  const runsBefore = await countRuns(operator);
  const appliesBefore = await applies();
  const sinceSeq = world.cloud.calls().at(-1)?.seq ?? 0;
  const joined = await Promise.all(
    Array.from({ length: 100 }, (_, index) =>
      scene.join(`many-${index}`, [`10.100.${100 + index}.0/24`]),
    ),
  );
  await eventually(async () => {
    const table = await scene.table();
    assert.ok(table);
    assert.equal(table.spec.routes?.length, 101);
    assert.equal(scene.entries().length, 101);
  }, 60_000);
  const runs = (await countRuns(operator)) - runsBefore;
  assert.ok(runs >= 1 && runs <= 2, `${runs} runs`);
  await pause(1_000);
  assert.ok((await applies()) - appliesBefore <= 2);
  const calls = world.cloud.calls(sinceSeq).map(({ action }) => action);
  const creations = calls.filter((action) => action === 'CreateRouteEntries').length;
  assert.ok(creations <= 3, calls.join());
  assert.ok(!calls.includes('DescribeRouteTableList'), calls.join());

  for (const { name } of joined) await nodes.remove(name);
  await eventually(() => {
    assert.equal(scene.entries().length, 1);
  }, 60_000);
  await scene.waitForRows([row]);
  assert.ok(!(await scene.tableEvents()).includes('RemovalHeld'), 'what was commanded is not held');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually, pause, startOperatorWorld } from '../support/operator-world.ts';
import { ROUTE_FLAGS, RouteScene, SYSTEM_TABLE } from '../support/route-scene.ts';

// Ten seconds lie between two runs over all nodes.
const world = await startOperatorWorld({ instances: 1, factor: 5 });
const scene = new RouteScene(world);
const { nodes } = scene;

/** Adds a condition to a Node's, as its agent or a plug-in does. */
async function addCondition(nodeName: string, condition: object): Promise<void> {
  const { status } = await nodes.get(nodeName);
  const others = (status.conditions ?? []).filter(
    (present) => (present as { type: string }).type !== (condition as { type: string }).type,
  );
  await nodes.patchStatus(nodeName, { conditions: [...others, condition] });
}

/** Counts the operator's writes of one Node's status. */
async function statusWrites(nodeName: string): Promise<number> {
  const writes = await world.operatorWrites();
  return writes.filter(
    ({ objectRef }) =>
      objectRef?.resource === 'nodes' &&
      objectRef.name === nodeName &&
      objectRef.subresource === 'status',
  ).length;
}

// One after the other: what each needs is made before the operator starts, so that one run serves all.
const plain = await scene.join('plain', ['10.100.1.0/24']);
const dual = await scene.join('dual', ['10.100.2.0/24', 'fd00:100:0:2::/64']);
const stray = await scene.join('stray', ['10.200.3.0/24']);
const bare = await scene.join('bare', []);
const bareButTold = await scene.join('bare-but-told', []);
const excluded = await scene.join('excluded', ['10.100.5.0/24']);
const pluggedIn = await scene.join('plugged-in', ['10.100.6.0/24']);
const served = await scene.join('served', ['10.100.7.0/24']);
const taken = await scene.join('taken', ['10.100.8.0/24']);
await nodes.patch(excluded.name, {
  metadata: { labels: { 'service.alibabacloud.com/exclude-node': '' } },
});
await addCondition(bareButTold.name, {
  type: 'NetworkUnavailable',
  status: 'True',
  reason: 'NoRouteCreated',
  message: 'Node created without a route',
});
await addCondition(pluggedIn.name, {
  type: 'NetworkUnavailable',
  status: 'False',
  reason: 'CalicoIsUp',
  message: 'Calico is running on this node',
});
await addCondition(plain.name, { type: 'DiskPressure', status: 'False', reason: 'Fine' });
world.cloud.admin.seed({
  routeEntries: [
    {
      routeTableId: SYSTEM_TABLE,
      destinationCidrBlock: '10.100.7.0/24',
      nextHopType: 'Instance',
      nextHopId: served.instanceId,
    },
    {
      routeTableId: SYSTEM_TABLE,
      destinationCidrBlock: '10.100.8.0/24',
      nextHopType: 'Instance',
      nextHopId: plain.instanceId,
      routeEntryName: 'made-by-hand',
    },
  ],
});
const first = await world.startOperator(...ROUTE_FLAGS);

test('ROUTE-13: a node whose routes are all there says so', async () => {
  const { message } = await scene.waitForNetwork(plain.name, 'False RouteCreated');
  assert.equal(message, 'Every route to the pods is in use');
  const entry = `${SYSTEM_TABLE} 10.100.1.0/24 ${plain.instanceId}`;
  assert.ok(scene.entries().includes(entry), scene.entries().join());
});

test('ROUTE-17: conditions of others stay as they are', async () => {
  const { status } = await nodes.get(plain.name);
  const types = (status.conditions ?? []).map((condition) => (condition as { type: string }).type);
  assert.deepEqual(types.sort(), ['DiskPressure', 'NetworkUnavailable']);
});

test('ROUTE-13 ROUTE-19: a node that misses one of two routes says which, and the other is made', async () => {
  const { message } = await scene.waitForNetwork(dual.name, 'True NoRouteCreated');
  await eventually(async () => {
    const now = await scene.network(dual.name);
    assert.match(now?.message ?? '', /fd00:100:0:2::\/64 in route table .*IPv6/, message);
  });
  const entry = `${SYSTEM_TABLE} 10.100.2.0/24 ${dual.instanceId}`;
  assert.ok(scene.entries().includes(entry), scene.entries().join());
});

test('ROUTE-12 ROUTE-28: a route that cannot be made is a Warning on its node, by the reporter of routes', async () => {
  const event = await nodes.waitForEvent(dual.name, 'FailedToCreateRoute');
  assert.equal(event.type, 'Warning');
  assert.match(event.note, /fd00:100:0:2::\/64/);
  assert.equal(event.reportingController, 'networking.alibabacloud.com/node-route-controller');
  assert.deepEqual(await nodes.eventsOf(plain.name), []);
});

test('ROUTE-20: a pod CIDR outside of the cluster’s is not routed, and its node is warned', async () => {
  const { message } = await scene.waitForNetwork(stray.name, 'True NoRouteCreated');
  assert.match(message, /10\.200\.3\.0\/24 lies outside of the cluster CIDR 10\.100\.0\.0\/16/);
  await nodes.waitForEvent(stray.name, 'FailedToCreateRoute');
  assert.ok(!scene.entries().some((entry) => entry.includes('10.200.3.0/24')));
});

test('ROUTE-12 ROUTE-13: a destination that somebody else’s entry takes is told where the user looks, with who is in the way, where the Go CCM takes it for success (B-55) or writes on a dummy object (B-61)', async () => {
  await eventually(async () => {
    const found = await scene.network(taken.name);
    assert.equal(found?.status, 'True');
    assert.match(found.message, /10\.100\.8\.0\/24 in route table .*made-by-hand/);
  });
  assert.match((await nodes.waitForEvent(taken.name, 'FailedToCreateRoute')).note, /made-by-hand/);
});

test('ROUTE-13: a node whose route is there already says so at once, where the Go CCM waits for its period (B-56)', async () => {
  await scene.waitForNetwork(served.name, 'False RouteCreated');
  assert.equal(scene.entries().filter((entry) => entry.includes('10.100.7.0/24')).length, 1);
});

test('ROUTE-16: a node without pod CIDR that has our condition says why, and one without is not touched', async () => {
  await eventually(async () => {
    assert.match((await scene.network(bareButTold.name))?.message ?? '', /no pod CIDR/);
  });
  assert.equal(await scene.network(bare.name), undefined);
  assert.equal(await statusWrites(bare.name), 0);
});

test('ROUTE-01: an excluded node has no route, and nothing is written to it', async () => {
  assert.equal(await scene.network(excluded.name), undefined);
  assert.ok(!scene.entries().some((entry) => entry.includes('10.100.5.0/24')));
  assert.equal(await statusWrites(excluded.name), 0);
});

test('ROUTE-15: a condition that a network plug-in has set is ours once the routes exist', async () => {
  await scene.waitForNetwork(pluggedIn.name, 'False RouteCreated');
});

test('ROUTE-13: a condition that somebody has set to True returns to False', async () => {
  await addCondition(plain.name, {
    type: 'NetworkUnavailable',
    status: 'True',
    reason: 'ByHand',
    message: 'set by hand',
  });
  await scene.waitForNetwork(plain.name, 'False RouteCreated');
});

test('ROUTE-14 ROUTE-21: after that all is quiet, also when readiness comes and goes', async () => {
  // The audit log is written a moment after the answer.
  await pause(1_000);
  const before = await world.operatorWrites();
  await addCondition(plain.name, { type: 'Ready', status: 'False', reason: 'KubeletNotReady' });
  await world.clock.sleep(10_000);
  await addCondition(plain.name, { type: 'Ready', status: 'Unknown', reason: 'NodeStatusUnknown' });
  await world.clock.sleep(15_000);
  const after = await world.operatorWrites();
  assert.deepEqual(after.slice(before.length), []);
  assert.ok(scene.entries().includes(`${SYSTEM_TABLE} 10.100.1.0/24 ${plain.instanceId}`));
});

test('ROUTE-14: an operator that starts again writes nothing', async () => {
  await first.stop();
  const before = (await world.operatorWrites()).length;
  const second = await world.startOperator(...ROUTE_FLAGS);
  await world.clock.sleep(15_000);
  assert.deepEqual((await world.operatorWrites()).slice(before), []);
  await second.stop();
});

test('ROUTE-15: with the setting off the condition stays as it is, and the route is made all the same', async () => {
  const before = await statusWrites(pluggedIn.name);
  await addCondition(pluggedIn.name, {
    type: 'NetworkUnavailable',
    status: 'False',
    reason: 'CalicoIsUp',
    message: 'Calico is running on this node',
  });
  const late = await scene.join('late', ['10.100.9.0/24']);
  await world.startOperator(...ROUTE_FLAGS, '--node-network-condition=false');
  await eventually(() => {
    const entry = `${SYSTEM_TABLE} 10.100.9.0/24 ${late.instanceId}`;
    assert.ok(scene.entries().includes(entry), scene.entries().join());
  });
  await world.clock.sleep(10_000);
  assert.equal((await scene.network(pluggedIn.name))?.reason, 'CalicoIsUp');
  assert.equal(await scene.network(late.name), undefined);
  assert.equal(await statusWrites(pluggedIn.name), before);
});

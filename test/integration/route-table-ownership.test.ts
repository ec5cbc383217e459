import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OperatorHarness } from '../support/operator-harness.ts';
import {
  conditionOf,
  personsRow,
  RouteTableScene,
  TABLE_ID,
} from '../support/route-table-scene.ts';

const harness = await OperatorHarness.start({ instances: 8 });
const SECOND = `${TABLE_ID}-2`;
const CONFIRM = 'networking.alibabacloud.com/confirm-deletion';

test('ROUTE-07: entries of a predecessor that equal rows are taken over without a write, and go with their rows', async (context) => {
  const scene = await RouteTableScene.open(harness, context, [
    ['172.20.0.0/24'],
    ['172.20.1.0/24'],
  ]);
  scene.seedEntries(
    { destinationCidrBlock: '172.20.0.0/24', nextHopId: scene.instance(0).instanceId },
    { destinationCidrBlock: '172.20.1.0/24', nextHopId: scene.instance(1).instanceId },
  );
  await scene.start();
  const { status, metadata } = await scene.waitUntilReady(2);
  assert.deepEqual(scene.writes(), []);
  assert.deepEqual(
    status?.owned?.map(({ origin }) => origin),
    ['Adopted', 'Adopted'],
  );
  await scene.waitForEvent(metadata.uid, 'AdoptedRoutes');
  await scene.removeNode(0);
  await scene.waitForRoutes([scene.route('172.20.1.0/24', 1)]);
});

test('ROUTE-05 ROUTE-06 ROUTE-07: what others made survives everything, and what is in the way is told', async (context) => {
  const scene = await RouteTableScene.open(harness, context, [
    ['172.20.0.0/24'],
    ['172.20.1.0/24'],
  ]);
  const other = scene.instance(5).instanceId;
  const foreign = [
    { destinationCidrBlock: '172.20.1.0/24', nextHopId: other, routeEntryName: 'mine' },
    { destinationCidrBlock: '172.20.9.0/24', nextHopId: other },
    { destinationCidrBlock: '172.16.0.0/12', nextHopId: other },
    { destinationCidrBlock: '192.168.0.0/16', nextHopId: other },
    { destinationCidrBlock: '0.0.0.0/0', nextHopId: other },
    {
      destinationCidrBlock: '172.20.8.0/24',
      nextHopId: other,
      routeEntryName: 'k8s-0123456789ab-x-ipv4',
    },
    {
      destinationCidrBlock: '172.20.7.0/24',
      nextHops: [
        { nextHopType: 'Instance', nextHopId: other },
        { nextHopType: 'Instance', nextHopId: scene.instance(6).instanceId },
      ],
    },
  ];
  scene.seedEntries(...foreign);
  const before = scene.routes();
  await scene.start();
  await scene.waitForRoutes([...before, scene.route('172.20.0.0/24', 0)]);
  const condition = await scene.waitForReason('Stalled', 'DestinationTaken');
  const [taken] = scene.entries().filter(({ routeEntryName }) => routeEntryName === 'mine');
  for (const word of ['"mine"', other, taken?.routeEntryId ?? 'no entry']) {
    assert.ok(condition.message.includes(word), condition.message);
  }
  const resource = await scene.find();
  assert.deepEqual(
    resource?.status?.notAsWished?.map(
      ({ destinationCidr, reason }) => `${destinationCidr} ${reason}`,
    ),
    ['172.20.1.0/24 DestinationTaken', '172.20.8.0/24 ForeignRoute', '172.20.9.0/24 ForeignRoute'],
  );
  await scene.checks(2);
  await scene.removeNode(0);
  await scene.removeNode(1);
  await scene.waitForRoutes(before);
});

test('ROUTE-07 ROUTE-08: an unmarked entry goes only when that is asked for, in the network of pods, and its instance was missing twice', async (context) => {
  const scene = await RouteTableScene.open(harness, context, [['172.20.0.0/24']]);
  scene.seedEntries(
    { destinationCidrBlock: '172.20.5.0/24', nextHopId: 'i-bp1longgone' },
    { destinationCidrBlock: '172.20.6.0/24', nextHopId: scene.instance(6).instanceId },
    { destinationCidrBlock: '192.168.5.0/24', nextHopId: 'i-bp1longgone' },
  );
  const kept = [
    scene.route('172.20.0.0/24', 0),
    scene.route('172.20.6.0/24', 6),
    '192.168.5.0/24 i-bp1longgone',
  ];
  await scene.start();
  await scene.waitForReason('Programmed', 'ForeignRoute');
  await scene.checks(2);
  assert.deepEqual(scene.calls('DescribeInstances'), [], 'Nobody asked for it');
  await scene.patch({ spec: { adoptStaleRoutes: true } });
  await harness.waitFor('the instances were looked for', () =>
    scene.calls('DescribeInstances').length > 0 ? true : undefined,
  );
  assert.ok(scene.routes().includes('172.20.5.0/24 i-bp1longgone'), 'Once is no proof');
  const firstMs = harness.clock.monotonicMs();
  await scene.waitForRoutes(kept);
  assert.ok(harness.clock.monotonicMs() - firstMs >= 55_000);
});

test('ROUTE-07: an instance that a wrong answer leaves out once is not gone', async (context) => {
  const scene = await RouteTableScene.open(harness, context, [['172.20.0.0/24']]);
  scene.seedEntries({
    destinationCidrBlock: '172.20.6.0/24',
    nextHopId: scene.instance(6).instanceId,
  });
  await scene.start();
  await scene.waitForReason('Programmed', 'ForeignRoute');
  harness.cloud.addFault({ action: 'DescribeInstances', kind: 'empty-list', times: 1 });
  await scene.patch({ spec: { adoptStaleRoutes: true } });
  await scene.checks(4);
  assert.ok(scene.calls('DescribeInstances').length >= 2);
  assert.ok(scene.routes().includes(scene.route('172.20.6.0/24', 6)));
});

test('ROUTE-02: two objects with one destination: the older one counts, the other one says so, and the table is read once', async (context) => {
  const scene = await RouteTableScene.open(harness, context);
  await scene.create({ routes: [personsRow(scene, '172.20.0.0/24', 0)] });
  // Creation times have whole seconds.
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  await scene.create(
    { routes: [personsRow(scene, '172.20.0.0/24', 1), personsRow(scene, '172.20.1.0/24', 1)] },
    SECOND,
  );
  await scene.start();
  await scene.waitUntilReady(1);
  const condition = await scene.waitForReason('Programmed', 'ClaimedElsewhere', SECOND);
  assert.ok(condition.message.includes(TABLE_ID));
  await scene.waitForRoutes([scene.route('172.20.0.0/24', 0), scene.route('172.20.1.0/24', 1)]);
  assert.equal(scene.readingsUntil('CreateRouteEntries'), 1);
  await scene.delete();
  await scene.waitUntilGone();
  await scene.waitUntilReady(2, SECOND);
  await scene.waitForRoutes([scene.route('172.20.0.0/24', 1), scene.route('172.20.1.0/24', 1)]);
});

test('OWN-05: an object that goes takes its own entries along, seen to be gone, and no others', async (context) => {
  const scene = await RouteTableScene.open(harness, context);
  scene.seedEntries({
    destinationCidrBlock: '192.168.5.0/24',
    nextHopId: scene.instance(5).instanceId,
  });
  await scene.create({
    routes: [personsRow(scene, '172.20.0.0/24', 0), personsRow(scene, '192.168.9.0/24', 1)],
  });
  await scene.start();
  const { metadata } = await scene.waitUntilReady(2);
  await scene.delete();
  await scene.waitUntilGone();
  assert.deepEqual(scene.routes(), [scene.route('192.168.5.0/24', 5)]);
  await scene.waitForEvent(metadata.uid, 'DeletedRoutes');
});

test('OWN-09: Retain leaves the entries as they are, also beside another object of the table', async (context) => {
  const scene = await RouteTableScene.open(harness, context);
  await scene.create({ routes: [personsRow(scene, '172.20.0.0/24', 0)], deletionPolicy: 'Retain' });
  await scene.create({ routes: [personsRow(scene, '172.20.1.0/24', 1)] }, SECOND);
  await scene.start();
  await scene.waitUntilReady(1);
  await scene.waitUntilReady(1, SECOND);
  await scene.delete();
  await scene.waitUntilGone();
  await scene.checks(2);
  assert.deepEqual(scene.routes(), [
    scene.route('172.20.0.0/24', 0),
    scene.route('172.20.1.0/24', 1),
  ]);
});

test('OWN-05: a deletion is held while nodes want the routes, until the nodes go or it is confirmed', async (context) => {
  const scene = await RouteTableScene.open(harness, context, [['172.20.0.0/24']]);
  await scene.start();
  const { metadata } = await scene.waitUntilReady(1);
  await scene.delete();
  const held = await scene.waitForReason('Ready', 'DeletionHeld');
  assert.ok(held.message.includes(`${CONFIRM}=${metadata.uid}`), held.message);
  await scene.waitForEvent(metadata.uid, 'DeletionHeld');
  await scene.checks();
  assert.deepEqual(scene.routes(), [scene.route('172.20.0.0/24', 0)]);
  scene.mark();
  await scene.patch({ metadata: { annotations: { [CONFIRM]: metadata.uid } } });
  await harness.waitFor('the entry is removed', () =>
    scene.writes().includes('DeleteRouteEntries') ? true : undefined,
  );
  // The Node is still there, so that its route comes back in an object of its own.
  const next = await scene.waitFor(
    'another object',
    (found) => found.metadata.uid !== metadata.uid,
  );
  assert.notEqual(next.metadata.uid, metadata.uid);
  await scene.waitUntilReady(1);
});

test('OWN-10: Paused and Observe write nothing, and Observe shows what it would do', async (context) => {
  const scene = await RouteTableScene.open(harness, context);
  scene.seedEntries({
    destinationCidrBlock: '172.20.1.0/24',
    nextHopId: scene.instance(1).instanceId,
  });
  await scene.create({
    reconcilePolicy: 'Observe',
    routes: [personsRow(scene, '172.20.0.0/24', 0), personsRow(scene, '172.20.1.0/24', 1)],
  });
  await scene.start();
  await scene.waitForReason('Programmed', 'Observing');
  const { status, metadata } = await scene.waitFor(
    'a plan',
    (found) => found.status?.planTotal === 2,
  );
  assert.deepEqual(
    status?.plan?.map(({ action, destinationCidr }) => `${action} ${destinationCidr}`),
    ['Create 172.20.0.0/24', 'Adopt 172.20.1.0/24'],
  );
  assert.deepEqual(metadata.finalizers ?? [], []);
  assert.equal(status.owned, undefined);
  await scene.patch({ spec: { reconcilePolicy: 'Paused' } });
  await scene.waitForReason('Ready', 'Paused');
  assert.deepEqual(scene.writes(), []);
  await scene.patch({ spec: { reconcilePolicy: 'Apply' } });
  const applied = await scene.waitUntilReady(2);
  assert.equal(applied.status?.plan, undefined);
  await scene.patch({ spec: { reconcilePolicy: 'Paused' } });
  await scene.waitForReason('Ready', 'Paused');
  await scene.delete();
  await scene.checks();
  assert.equal(scene.entries().length, 2, 'A deletion waits too');
  await scene.patch({ spec: { reconcilePolicy: 'Apply' } });
  await scene.waitUntilGone();
  assert.deepEqual(scene.routes(), [], 'What was taken over is ours, and goes');
});

test('OWN-08 ROUTE-05: with the credentials of another account nothing is written', async (context) => {
  const scene = await RouteTableScene.open(harness, context, [['172.20.0.0/24']]);
  await scene.start();
  await scene.waitUntilReady(1);
  scene.kill();
  await scene.patchStatus({ accountId: '9999999999999999' });
  await scene.addNode(1, ['172.20.1.0/24']);
  await scene.start();
  const condition = await scene.waitForReason('Accepted', 'WrongAccount');
  assert.ok(condition.message.includes('9999999999999999'));
  await scene.checks();
  assert.deepEqual(scene.writes(), []);
  const resource = await scene.find();
  assert.equal(resource && conditionOf(resource, 'Stalled')?.status, 'True');
});

test('API-08: a table that is not there is a standstill with a way out, and keeps no object from going', async (context) => {
  const scene = await RouteTableScene.open(harness, context);
  await scene.create(
    { routeTableId: 'vtb-none', routes: [personsRow(scene, '172.20.0.0/24', 0)] },
    'none',
  );
  await scene.start();
  const condition = await scene.waitForReason('Stalled', 'TableNotFound', 'none');
  assert.ok(condition.message.includes('vtb-none'));
  await scene.delete('none');
  await scene.waitUntilGone('none');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_CLOUD_SETTINGS } from '../../src/cloud/transport/cloud-settings.ts';
import type { RouteTableView } from '../support/route-table-scene.ts';
import { OperatorHarness } from '../support/operator-harness.ts';
import { conditionOf, isReady, RouteTableScene } from '../support/route-table-scene.ts';

const harness = await OperatorHarness.start({ instances: 60 });
const { cloud } = harness;

const TIMEOUT_MS = DEFAULT_CLOUD_SETTINGS.timeoutMs;

/** Networks of pods for so many nodes. */
function podCidrs(count: number): string[][] {
  return Array.from({ length: count }, (_, index) => [`172.20.${index}.0/24`]);
}

function unwished({ status }: RouteTableView): string[] {
  return (status?.notAsWished ?? []).map(
    ({ destinationCidr, reason }) => `${destinationCidr} ${reason}`,
  );
}

test('B-55: an entry that someone made meanwhile and that leads elsewhere is no success, as it is for the Go CCM', async (context) => {
  const scene = await RouteTableScene.open(harness, context, podCidrs(1));
  await scene.start();
  await scene.waitUntilReady(1);
  scene.mark();
  // Nobody reads the table between this and the next row.
  scene.seedEntries({
    destinationCidrBlock: '172.20.1.0/24',
    nextHopId: scene.instance(9).instanceId,
  });
  await scene.addNode(1, ['172.20.1.0/24']);
  const condition = await scene.waitForReason('Programmed', 'DestinationTaken');
  assert.ok(condition.message.includes(scene.instance(9).instanceId), condition.message);
  assert.deepEqual(scene.writes(), ['CreateRouteEntries']);
  const gapMs = scene.gapMs('CreateRouteEntries', 'DescribeRouteEntryList');
  assert.ok(gapMs < 10_000, `It is read and compared at once, not after ${gapMs} ms`);
  await harness.waitFor('the node says so', async () =>
    (await scene.networkOf(1)) === 'True NoRouteCreated' ? true : undefined,
  );
});

test('B-55: an entry that someone made meanwhile and that is as asked is taken over', async (context) => {
  const scene = await RouteTableScene.open(harness, context, podCidrs(1));
  await scene.start();
  await scene.waitUntilReady(1);
  scene.seedEntries({
    destinationCidrBlock: '172.20.1.0/24',
    nextHopId: scene.instance(1).instanceId,
  });
  await scene.addNode(1, ['172.20.1.0/24']);
  await scene.waitUntilReady(2);
});

test('ROUTE-27: with more nodes than places, as many are routed as there are places, and a free one is used', async (context) => {
  const scene = await RouteTableScene.open(harness, context, podCidrs(50));
  cloud.admin.seed({ quotas: { vpc_quota_route_entrys_num: 48 } });
  await scene.start();
  const full = await scene.waitFor(
    '48 are routed and 2 told',
    ({ status }) => status?.routes?.available === 48 && status.routes.failed === 2,
  );
  assert.deepEqual(
    unwished(full).map((text) => text.split(' ')[1]),
    ['QuotaExceeded', 'QuotaExceeded'],
  );
  assert.deepEqual(
    [full.status?.quota?.used, full.status?.quota?.limit, full.status?.quota?.left],
    [48, 48, 0],
  );
  assert.equal(full.status?.quota?.limitSource, 'Learned');
  assert.equal(conditionOf(full, 'Stalled')?.reason, 'QuotaExceeded');
  await scene.waitForEvent(full.metadata.uid, 'QuotaLow');
  const waiting = unwished(full).map((text) => text.split(' ')[0] ?? '');
  const routed = [0, 1, 2].find((index) => !waiting.includes(`172.20.${index}.0/24`)) ?? 0;
  const tries = scene.calls('CreateRouteEntries').length;
  await scene.removeNode(routed);
  await scene.waitFor(
    'the free place is used',
    ({ status }) => status?.routes?.available === 48 && status.routes.failed === 1,
  );
  // One more may be the row that is tried from time to time.
  const more = scene.calls('CreateRouteEntries').length - tries;
  assert.ok(more >= 1 && more <= 3, `${more} requests`);
  cloud.admin.seed({ quotas: { vpc_quota_route_entrys_num: 60 } });
  await scene.checks(2);
  await scene.waitUntilReady(49);
});

test('ROUTE-27: one row of a full table is tried in every period, so that a raised quota is noticed within one', async (context) => {
  const scene = await RouteTableScene.open(harness, context, podCidrs(5));
  cloud.admin.seed({ quotas: { vpc_quota_route_entrys_num: 3 } });
  await scene.start();
  await scene.waitFor('two rows have no place', ({ status }) => status?.routes?.failed === 2);
  scene.mark();
  await scene.checks(4);
  const tries = scene.calls('CreateRouteEntries');
  assert.ok(tries.length >= 4, `${tries.length} tries in 4 periods`);
});

test('ROUTE-04: after a long outage of the cloud a table is compared within a period', async (context) => {
  const scene = await RouteTableScene.open(harness, context, podCidrs(2));
  await scene.start();
  await scene.waitUntilReady(2);
  cloud.addFault({ action: 'DescribeRouteEntryList', kind: 'error', times: 0 });
  await scene.checks(40);
  const [entry] = scene.entries();
  cloud.patchObject(entry?.routeEntryId ?? '', { released: true });
  cloud.removeFaults();
  await scene.checks();
  assert.equal(scene.routes().length, 2);
});

test('ROUTE-10: a VPC that is busy is waited for, and nothing is said of it', async (context) => {
  const scene = await RouteTableScene.open(harness, context, podCidrs(2));
  cloud.addFault({
    action: 'CreateRouteEntries',
    kind: 'error',
    code: 'TaskConflict',
    httpStatus: 400,
    times: 3,
  });
  await scene.start();
  const { metadata } = await scene.waitUntilReady(2);
  const readings = scene.readingsUntil('CreateRouteEntries');
  assert.equal(readings, 1, 'Nothing was done, so nothing is read');
  const events = await scene.events();
  const told = events.filter(({ regarding, type }) => {
    return regarding.uid === metadata.uid && type === 'Warning';
  });
  assert.deepEqual(told, []);
});

test('ROUTE-10: whatever is asked for, one write to the VPC follows the other', async (context) => {
  const scene = await RouteTableScene.open(harness, context, podCidrs(60));
  await scene.start();
  await scene.waitUntilReady(60);
  assert.equal(scene.calls('CreateRouteEntries').length, 2);
  assert.ok(scene.calls('CreateRouteEntries').every(({ code }) => code === null));
});

const lost = ['lose-answer', 'drop', 'apply-late'] as const;
for (const kind of lost) {
  test(`ROUTE-02: a request whose answer is lost (${kind}) is followed by a reading, never by a blind repeat`, async (context) => {
    const scene = await RouteTableScene.open(harness, context, podCidrs(2));
    cloud.addFault({ action: 'CreateRouteEntries', kind, times: 1, delayMs: 5_000 });
    await scene.start();
    await scene.waitUntilReady(2);
    await scene.waitForRoutes([scene.route('172.20.0.0/24', 0), scene.route('172.20.1.0/24', 1)]);
    const actions = scene
      .calls('CreateRouteEntries', 'DescribeRouteEntryList')
      .map(({ action }) => action);
    const first = actions.indexOf('CreateRouteEntries');
    assert.equal(actions[first + 1], 'DescribeRouteEntryList', actions.join());
    const gapMs = scene.gapMs('CreateRouteEntries', 'DescribeRouteEntryList');
    assert.ok(gapMs >= 2 * TIMEOUT_MS, `Only after ${gapMs} ms all that was sent has arrived`);
    const refused = scene.calls('CreateRouteEntries').filter(({ code }) => code !== null);
    assert.ok(refused.length <= 1, 'Nothing was made twice');
  });
}

test('ROUTE-24: a table that is answered empty deletes nothing and makes nothing twice', async (context) => {
  const scene = await RouteTableScene.open(harness, context, podCidrs(10));
  await scene.start();
  await scene.waitUntilReady(10);
  const before = scene.routes();
  for (const kind of ['empty-list', 'short-list'] as const) {
    scene.mark();
    cloud.addFault({ action: 'DescribeRouteEntryList', kind, times: 1 });
    await scene.checks(2);
    await scene.waitUntilReady(10);
    assert.deepEqual(scene.routes(), before);
    assert.deepEqual(
      scene.writes().filter((action) => action !== 'CreateRouteEntries'),
      [],
    );
  }
});

test('ROUTE-24 LIFE-07: an object that was restored empty removes none of the routes that bear our mark', async (context) => {
  const scene = await RouteTableScene.open(harness, context);
  const routes = Array.from({ length: 6 }, (_, index) => ({
    destinationCidr: `172.20.${index}.0/24`,
    nextHop: { type: 'Instance' as const, id: scene.instance(index).instanceId },
  }));
  await scene.create({ routes });
  await scene.start();
  await scene.waitUntilReady(6);
  const before = scene.routes();
  scene.kill();
  await scene.patch({ metadata: { finalizers: null } });
  await scene.delete();
  await scene.create({ routes: [] });
  await scene.start();
  const condition = await scene.waitForReason('Programmed', 'UnclaimedRoute');
  assert.match(condition.message, /no object has it on record/);
  await scene.checks(3);
  assert.deepEqual(scene.writes(), []);
  assert.deepEqual(scene.routes(), before);
  await scene.patch({ spec: { routes } });
  await scene.waitUntilReady(6);
  assert.deepEqual(scene.writes(), [], 'Rows take them over as they are');
});

test('ROUTE-08: a route of ours that is on no record goes once its instance is gone', async (context) => {
  const scene = await RouteTableScene.open(harness, context);
  await scene.create({
    routes: [
      {
        destinationCidr: '172.20.1.0/24',
        nextHop: { type: 'Instance', id: scene.instance(1).instanceId },
      },
    ],
  });
  await scene.start();
  await scene.waitUntilReady(1);
  scene.kill();
  await scene.patch({ metadata: { finalizers: null } });
  await scene.delete();
  await scene.create({ routes: [] });
  cloud.patchObject(scene.instance(1).instanceId, { released: true });
  await scene.start();
  await scene.waitForRoutes([]);
});

test('UX-08: without the permission nothing is deleted, the condition says which one, and it goes on by itself', async (context) => {
  const scene = await RouteTableScene.open(harness, context, podCidrs(2));
  await scene.start();
  await scene.waitUntilReady(2);
  const fault = cloud.addFault({ action: 'DescribeRouteEntryList', kind: 'deny' });
  await scene.checks(2);
  const condition = await scene.waitForReason('Stalled', 'Forbidden');
  assert.match(condition.message, /DescribeRouteEntryList/);
  const resource = await scene.find();
  assert.equal(resource?.status?.lastError?.code, 'Forbidden.RAM');
  assert.equal(scene.routes().length, 2);
  cloud.removeFaults(fault.id);
  await scene.checks(2);
  const ready = await scene.waitUntilReady(2);
  assert.equal(ready.status?.lastError, undefined);
});

test('ROUTE-12: a row that the cloud refuses says why, and concerns no other row', async (context) => {
  const scene = await RouteTableScene.open(harness, context, podCidrs(3));
  cloud.patchObject(scene.instance(1).instanceId, { released: true });
  await scene.start();
  const resource = await scene.waitFor(
    'one row is refused',
    ({ status }) => status?.routes?.available === 2 && status.routes.failed === 1,
  );
  assert.deepEqual(unwished(resource), ['172.20.1.0/24 NextHopNotFound']);
  assert.ok(!isReady(resource));
  await scene.removeNode(1);
  await scene.waitUntilReady(2);
});

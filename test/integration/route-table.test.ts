import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OperatorHarness } from '../support/operator-harness.ts';
import { CHECK_MS, RouteTableScene, TABLE_ID } from '../support/route-table-scene.ts';

const harness = await OperatorHarness.start({ instances: 8 });

test('ROUTE-01 ROUTE-11: every network of pods has a route of its own name, and it costs one listing', async (context) => {
  const scene = await RouteTableScene.open(harness, context, [
    ['172.20.0.0/24'],
    ['172.20.1.0/24'],
    [],
  ]);
  await scene.start();
  const resource = await scene.waitUntilReady(2);
  await scene.waitForRoutes([scene.route('172.20.0.0/24', 0), scene.route('172.20.1.0/24', 1)]);
  const names = scene.entries().map(({ routeEntryName = '' }) => routeEntryName);
  assert.ok(
    names.every((name) => /^k8s-[0-9a-f]{12}-[0-9a-f-]{36}-ipv4$/.test(name)),
    names.join(),
  );
  assert.equal(new Set(names).size, 2);
  assert.deepEqual(
    resource.status?.owned?.map(({ origin, state }) => `${origin ?? ''} ${state ?? ''}`),
    ['Created ', 'Created '],
  );
  assert.equal(scene.readingsUntil('CreateRouteEntries'), 1);
  assert.equal(scene.calls('DescribeRouteTableList').length, 1);
  assert.deepEqual(scene.writes(), ['CreateRouteEntries']);
  assert.equal(resource.status.vpcId, harness.cloud.vpcId);
  assert.equal(resource.metadata.name, TABLE_ID);
});

test('ROUTE-01 ROUTE-22: a restart reads each table once and writes nothing', async (context) => {
  const scene = await RouteTableScene.open(harness, context, [
    ['172.20.0.0/24'],
    ['172.20.1.0/24'],
  ]);
  await scene.start();
  await scene.waitUntilReady(2);
  await scene.quiet();
  await scene.start();
  await harness.waitFor('the table was read', () =>
    scene.calls('DescribeRouteEntryList').length > 0 ? true : undefined,
  );
  await harness.passTime(20_000);
  assert.equal(scene.calls('DescribeRouteEntryList').length, 1);
  assert.deepEqual(scene.writes(), []);
  assert.deepEqual(scene.apiWrites(), []);
});

test('ROUTE-04: a route that was deleted in the cloud is made again without any node event', async (context) => {
  const scene = await RouteTableScene.open(harness, context, [['172.20.0.0/24']]);
  await scene.start();
  const { metadata } = await scene.waitUntilReady(1);
  const [entry] = scene.entries();
  harness.cloud.patchObject(entry?.routeEntryId ?? '', { released: true });
  assert.deepEqual(scene.routes(), []);
  await scene.checks();
  await scene.waitForRoutes([scene.route('172.20.0.0/24', 0)]);
  const drift = await scene.waitForEvent(metadata.uid, 'DriftDetected');
  assert.match(drift.note, /172\.20\.0\.0\/24/);
});

test('ROUTE-04: while nothing changes, a comparison is one reading and no write', async (context) => {
  const scene = await RouteTableScene.open(harness, context, [['172.20.0.0/24']]);
  await scene.start();
  await scene.waitUntilReady(1);
  await scene.quiet();
  scene.mark();
  const before = scene.apiWrites().length;
  const beganMs = harness.clock.monotonicMs();
  const readings = (): number => scene.calls('DescribeRouteEntryList').length;
  // On a machine with much else to do, time passes faster than anything can follow.
  for (let round = 0; round < 20 && readings() < 5; round += 1) await scene.checks();
  const most = (harness.clock.monotonicMs() - beganMs) / CHECK_MS + 1;
  assert.ok(readings() >= 5 && readings() <= most, `${readings()} readings, at most ${most}`);
  assert.deepEqual(scene.writes(), []);
  assert.equal(scene.apiWrites().length, before);
});

test('ROUTE-08 LIFE-07: nodes that are deleted take their routes along together, and none is held', async (context) => {
  const cidrs = [0, 1, 2, 3, 4, 5].map((index) => [`172.20.${index}.0/24`]);
  const scene = await RouteTableScene.open(harness, context, cidrs);
  await scene.start();
  await scene.waitUntilReady(6);
  await scene.quiet();
  scene.mark();
  await Promise.all([0, 1, 2, 3, 4].map((index) => scene.removeNode(index)));
  await scene.waitForRoutes([scene.route('172.20.5.0/24', 5)]);
  const { status } = await scene.waitUntilReady(1);
  // Slow answers of the API server can make two runs of them.
  const writes = scene.writes();
  assert.ok(writes.length <= 2, writes.join());
  assert.ok(
    writes.every((action) => action === 'DeleteRouteEntries'),
    writes.join(),
  );
  assert.equal(status?.routes?.held, 0);
  assert.deepEqual(
    status.owned?.map(({ destinationCidr }) => destinationCidr),
    ['172.20.5.0/24'],
  );
});

test('B-54 ROUTE-22: routes of nodes that were deleted while nobody ran are removed, which the Go CCM never does', async (context) => {
  const scene = await RouteTableScene.open(harness, context, [
    ['172.20.0.0/24'],
    ['172.20.1.0/24'],
    ['172.20.2.0/24'],
  ]);
  await scene.start();
  await scene.waitUntilReady(3);
  scene.kill();
  await scene.removeNode(0);
  await scene.removeNode(1);
  await scene.start();
  await scene.waitForRoutes([scene.route('172.20.2.0/24', 2)]);
  await scene.waitUntilReady(1);
});

test('ROUTE-09: a node of the same name on another instance gets its route there, and never both', async (context) => {
  const scene = await RouteTableScene.open(harness, context, [['172.20.0.0/24']]);
  await scene.start();
  await scene.waitUntilReady(1);
  await scene.quiet();
  scene.mark();
  const name = scene.instance(0).hostName;
  await scene.removeNode(0);
  await scene.addNode(3, ['172.20.0.0/24'], { name });
  await scene.waitForRoutes([scene.route('172.20.0.0/24', 3)]);
  await scene.waitUntilReady(1);
  assert.deepEqual(scene.writes(), ['DeleteRouteEntries', 'CreateRouteEntries']);
  assert.deepEqual(
    scene.calls('CreateRouteEntries').map(({ code }) => code),
    [null],
    'Nothing was tried before the place was free',
  );
});

test('B-58 ROUTE-19: both families of a node are routed where the VPC has both', async (context) => {
  const scene = await RouteTableScene.open(harness, context);
  harness.cloud.patchObject(harness.cloud.vpcId, { ipv6CidrBlock: '2408:4000::/56' });
  await scene.addNode(0, ['172.20.0.0/24', 'fd00:20:0:1::/64']);
  await scene.start();
  await scene.waitUntilReady(2);
  await scene.waitForRoutes([scene.route('172.20.0.0/24', 0), scene.route('fd00:20:0:1::/64', 0)]);
  const families = scene.entries().map(({ routeEntryName = '' }) => routeEntryName.slice(-4));
  assert.deepEqual(families, ['ipv4', 'ipv6']);
  assert.equal(scene.calls('CreateRouteEntries').length, 1);
});

test('ROUTE-19: a family that the VPC cannot route is named, and the other one is not disturbed', async (context) => {
  const scene = await RouteTableScene.open(harness, context, [
    ['172.20.0.0/24', 'fd00:20:0:1::/64'],
  ]);
  await scene.start();
  await scene.waitForRoutes([scene.route('172.20.0.0/24', 0)]);
  const condition = await scene.waitForReason('Programmed', 'NoIpv6');
  assert.match(condition.message, /IPv6/);
  const resource = await scene.find();
  assert.deepEqual(
    resource?.status?.notAsWished?.map(
      ({ destinationCidr, reason }) => `${destinationCidr} ${reason}`,
    ),
    ['fd00:20:0:1::/64 NoIpv6'],
  );
  assert.equal(resource.status.routes?.available, 1);
  assert.equal(scene.calls('CreateRouteEntries').length, 1);
  await harness.waitFor('the node says so', async () =>
    (await scene.networkOf(0)) === 'True NoRouteCreated' ? true : undefined,
  );
  harness.cloud.patchObject(harness.cloud.vpcId, { ipv6CidrBlock: '2408:4000::/56' });
  await scene.checks();
  await scene.waitUntilReady(2);
});

test('B-58: rows that people add may lead to network interfaces, and stay beside those of nodes', async (context) => {
  const scene = await RouteTableScene.open(harness, context, [['172.20.0.0/24']]);
  await scene.start();
  await scene.waitUntilReady(1);
  const [vSwitch] = harness.cloud
    .state()
    .vpcs.flatMap((vpc) => vpc.vSwitches as { readonly vSwitchId: string }[]);
  harness.cloud.admin.seed({
    networkInterfaces: [
      {
        networkInterfaceId: 'eni-bp1routed',
        vSwitchId: vSwitch?.vSwitchId ?? '',
        privateIps: ['10.0.3.3'],
      },
    ],
  });
  await scene.applyAs('people', {
    routes: [
      {
        destinationCidr: '192.168.7.0/24',
        nextHop: { type: 'NetworkInterface', id: 'eni-bp1routed' },
      },
    ],
  });
  await scene.waitForRoutes(['192.168.7.0/24 eni-bp1routed', scene.route('172.20.0.0/24', 0)]);
  await scene.waitUntilReady(2);
  await scene.addNode(1, ['172.20.1.0/24']);
  await scene.waitUntilReady(3);
  await scene.applyAs('people', { routes: [] });
  await scene.waitForRoutes([scene.route('172.20.0.0/24', 0), scene.route('172.20.1.0/24', 1)]);
});

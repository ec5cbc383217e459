import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_SEED } from '../../emulator/model/cloud-seed.ts';
import { UNINITIALISED_TAINT } from '../../hack/demo/local-nodes.ts';
import { assertEventually } from '../support/assert-eventually.ts';
import { startE2eCluster } from './support/e2e-cluster.ts';
import { conditionOf, E2eNodes } from './support/e2e-nodes.ts';
import { E2eService } from './support/e2e-service.ts';

const POD_RANGE = '172.20.0.0/16';
const TABLE = 'vtb-bp1emulator0000000000';
const SECOND_TABLE = 'vtb-bp1emulator0000000002';
/** The period of nodes, the batch of their reads, and a machine that may be busy. */
const SOON = { withinMs: 60_000, everyMs: 500 };
/** The shortest period of route tables, and the time that the repair takes. */
const AFTER_A_CHECK = { withinMs: 150_000, everyMs: 1_000 };

const seed = {
  ...DEFAULT_SEED,
  vpcs: DEFAULT_SEED.vpcs?.map((vpc) => ({
    ...vpc,
    routeTables: [
      { routeTableId: TABLE, type: 'System' },
      { routeTableId: SECOND_TABLE, type: 'Custom' },
    ],
  })),
};
const valuesFor = (routeTableIDs: string) => ({
  cloudConfig: { routeTableIDs },
  operator: {
    clusterCidr: POD_RANGE,
    nodeMonitorPeriod: '2s',
    routeReconciliationPeriod: '1m',
    extraArgs: ['--node-status-update-frequency=5s'],
  },
});

const e2e = await startE2eCluster({
  with: ['kcm', 'kwok'],
  podCidr: POD_RANGE,
  seed,
  values: valuesFor(TABLE),
});
const { cluster, cloud, installation, kubectl } = e2e;
const nodes = new E2eNodes(e2e);
const first = await installation.startReplica('nodes-0');
await first.waitUntilReady();

for (const { number, how, withProviderId } of [
  { number: 4, how: 'names its instance', withProviderId: true },
  { number: 5, how: 'is found by its address', withProviderId: false },
]) {
  test(`Node E2E-22: a new node that ${how} gets what its instance is, and loses its taint`, async () => {
    const name = await nodes.join(number, { withProviderId });
    const { instances } = await cloud.state();
    const instance = instances.find(({ hostName }) => hostName === name);
    assert.ok(instance !== undefined);
    await assertEventually(async () => {
      const { metadata, spec, status } = await nodes.find(name);
      assert.deepEqual(spec.taints?.filter(({ key }) => key === UNINITIALISED_TAINT) ?? [], []);
      const { regionId, zoneId, instanceType, instanceId, privateIps } = instance;
      assert.equal(spec.providerID, `${regionId}.${instanceId}`);
      assert.deepEqual(status.addresses, [
        ...privateIps.map((address) => ({ type: 'InternalIP', address })),
        { type: 'Hostname', address: name },
      ]);
      const labels = {
        'node.kubernetes.io/instance-type': instanceType,
        'beta.kubernetes.io/instance-type': instanceType,
        'topology.kubernetes.io/zone': zoneId,
        'failure-domain.beta.kubernetes.io/zone': zoneId,
        'topology.kubernetes.io/region': regionId,
        'failure-domain.beta.kubernetes.io/region': regionId,
      };
      assert.deepEqual({ ...metadata.labels, ...labels }, metadata.labels);
    }, SOON);
  });
}

test('Node E2E-19: every node gets its route, and is told of it', async () => {
  await assertEventually(async () => {
    await nodes.assertRoutes(TABLE);
    for (const node of await nodes.list()) {
      assert.equal(conditionOf(node, 'NetworkUnavailable'), 'False RouteCreated');
    }
  }, SOON);
  const names = (await nodes.routes(TABLE)).map(({ routeEntryName = '' }) => routeEntryName);
  const uids = (await nodes.list()).map(({ metadata }) => metadata.uid);
  for (const uid of uids)
    assert.ok(
      names.some((name) => name.includes(uid)),
      names.join(),
    );
  assert.deepEqual(await nodes.routes(SECOND_TABLE), [], 'Nobody asked for another table.');
  await assertEventually(async () => {
    const columns = 'custom-columns=:metadata.name,:status.routes.available';
    const table = await kubectl.run('get', 'alibabaroutetables', '--no-headers', '-o', columns);
    assert.match(table, new RegExp(`^${TABLE} +5\\s*$`));
  }, SOON);
});

test('Node E2E-22: a node that joins is put behind the load balancers, too', async () => {
  const service = await webService();
  assert.equal((await backendIds(service)).length, 5);
  const name = await nodes.join(6);
  const instance = await nodes.instanceId(name);
  await assertEventually(async () => {
    assert.equal((await backendIds(service)).length, 6);
    assert.ok((await backendIds(service)).includes(instance));
    await nodes.assertRoutes(TABLE);
    assert.equal(conditionOf(await nodes.find(name), 'NetworkUnavailable'), 'False RouteCreated');
  }, SOON);
});

test('Node: addresses and labels that somebody changed are set right again', async () => {
  const { status } = await nodes.find('node-4');
  const changed = [
    { type: 'InternalIP', address: '10.9.9.9' },
    { type: 'Hostname', address: 'node-4' },
  ];
  await nodes.patchStatus('node-4', { addresses: changed }, 'merge');
  const key = 'node.kubernetes.io/instance-type';
  await kubectl.run('label', 'node', 'node-5', '--overwrite', `${key}=ecs.other.large`);
  await assertEventually(async () => {
    assert.deepEqual((await nodes.find('node-4')).status.addresses, status.addresses);
    assert.equal((await nodes.find('node-5')).metadata.labels[key], 'ecs.g7.xlarge');
  }, SOON);
});

test('Node: the condition NetworkUnavailable that somebody set goes again', async () => {
  const condition = { type: 'NetworkUnavailable', status: 'True', reason: 'NoRouteCreated' };
  await nodes.patchStatus('node-4', { conditions: [condition] }, 'strategic');
  await assertEventually(async () => {
    assert.equal(
      conditionOf(await nodes.find('node-4'), 'NetworkUnavailable'),
      'False RouteCreated',
    );
  }, SOON);
});

test('Route: an entry that was removed comes back, and one that leads astray is replaced', async () => {
  const { spec: removed } = await nodes.find('node-4');
  const { spec: astray } = await nodes.find('node-5');
  const entryOf = async (range: string | undefined) => {
    const entries = await nodes.routes(TABLE);
    const found = entries.find(({ destinationCidrBlock }) => destinationCidrBlock === range);
    assert.ok(found !== undefined);
    return found.routeEntryId;
  };
  const nextHops = [{ nextHopType: 'Instance', nextHopId: await nodes.instanceId('node-4') }];
  await change(await entryOf(removed.podCIDR), { released: true });
  await change(await entryOf(astray.podCIDR), { nextHops });
  await assert.rejects(nodes.assertRoutes(TABLE));
  await assertEventually(() => nodes.assertRoutes(TABLE), AFTER_A_CHECK);
});

test('Node E2E-13: an instance is released, and its node, its route and its backends go', async () => {
  const service = await webService();
  const instance = await nodes.instanceId('node-6');
  assert.ok((await backendIds(service)).includes(instance));
  await nodes.release('node-6');
  await assertEventually(async () => {
    const names = (await nodes.list()).map(({ metadata }) => metadata.name);
    assert.deepEqual(names, ['node-1', 'node-2', 'node-3', 'node-4', 'node-5']);
    await nodes.assertRoutes(TABLE);
    assert.equal((await backendIds(service)).includes(instance), false);
  }, SOON);
  assert.equal((await backendIds(service)).length, 5, 'All others stay.');
  await service.delete();
});

test('Route: of two tables that are named both are filled', async () => {
  await first.end();
  await e2e.upgrade(valuesFor(`${TABLE}, ${SECOND_TABLE}`));
  const since = await e2e.lastCall();
  const second = await installation.startReplica('nodes-1');
  await second.waitUntilReady();
  await assertEventually(() => nodes.assertRoutes(SECOND_TABLE), SOON);
  await nodes.assertRoutes(TABLE);
  const writes = (await cloud.calls(since)).filter(({ mutating }) => mutating);
  assert.deepEqual(
    writes.map(({ action }) => action),
    ['CreateRouteEntries'],
    'What was there is left as it was.',
  );
  await second.end();
});

let web: E2eService | undefined;

async function webService(): Promise<E2eService> {
  if (web === undefined) {
    web = new E2eService(e2e, await cluster.createNamespace(), 'web');
    await web.apply([{ name: 'http', protocol: 'TCP', port: 80 }]);
  }
  await web.waitUntilReady();
  return web;
}

async function backendIds(service: E2eService): Promise<readonly string[]> {
  const { groups } = await service.loadBalancer();
  return groups.flatMap(({ backendServers }) => backendServers.map(({ serverId }) => serverId));
}

async function change(id: string, patch: object): Promise<void> {
  await cloud.request('PATCH', `/_admin/objects/${id}`, patch);
}

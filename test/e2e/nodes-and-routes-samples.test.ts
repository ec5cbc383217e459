import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { parse, stringify } from 'yaml';
import { DEFAULT_SEED } from '../../emulator/model/cloud-seed.ts';
import { assertEventually } from '../support/assert-eventually.ts';
import { startE2eCluster, type ConditionView } from './support/e2e-cluster.ts';
import { E2eNodes } from './support/e2e-nodes.ts';

const SAMPLES = path.join(import.meta.dirname, '../../config/samples');
const POD_RANGE = '172.20.0.0/16';
const WITHIN = { withinMs: 60_000, everyMs: 250 };

interface SampleRouteTable {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly routeTableId: string;
    readonly routes: readonly {
      readonly destinationCidr: string;
      readonly nextHop: { readonly type: string; readonly id: string };
    }[];
  };
}

interface RouteTableView extends SampleRouteTable {
  readonly status?: {
    readonly conditions?: readonly ConditionView[];
    readonly plan?: object;
  };
}

const minimal = await sampleIn('alibaba-route-table-minimal.yaml');
const full = await sampleIn('alibaba-route-table-full.yaml');
const ownHop = minimal.object.spec.routes[0]?.nextHop.id ?? '';
const nodeHop = full.object.spec.routes[0]?.nextHop.id ?? '';
const [vSwitch] = DEFAULT_SEED.vpcs?.[0]?.vSwitches ?? [];
assert.ok(vSwitch !== undefined);

// A network in which the samples' route tables and next hops exist.
const seed = {
  ...DEFAULT_SEED,
  vpcs: DEFAULT_SEED.vpcs?.map((vpc) => ({
    ...vpc,
    ipv6CidrBlock: 'fd00:1::/56',
    routeTables: [
      { routeTableId: minimal.object.spec.routeTableId, type: 'System' },
      { routeTableId: full.object.spec.routeTableId, type: 'Custom' },
    ],
  })),
  networkInterfaces: [
    { networkInterfaceId: ownHop, vSwitchId: vSwitch.vSwitchId, privateIps: ['10.0.3.1'] },
  ],
  instances: [
    ...(DEFAULT_SEED.instances ?? []),
    {
      instanceId: nodeHop,
      zoneId: vSwitch.zoneId,
      vSwitchId: vSwitch.vSwitchId,
      instanceType: 'ecs.g7.xlarge',
      hostName: 'cn-hangzhou.10.0.0.3',
      privateIps: ['10.0.3.2'],
    },
  ],
};

const e2e = await startE2eCluster({
  with: ['kcm', 'kwok'],
  podCidr: POD_RANGE,
  seed,
  values: {
    cloudConfig: { routeTableIDs: minimal.object.spec.routeTableId },
    operator: { clusterCidr: POD_RANGE },
  },
});
const { cloud, installation, kubectl } = e2e;
const nodes = new E2eNodes(e2e);
const operator = await installation.startReplica('samples-0');
await operator.waitUntilReady();

test('sample alibaba-route-table-minimal.yaml: a route of one’s own comes and goes beside those of the nodes', async () => {
  const { spec, metadata } = minimal.object;
  const [own] = spec.routes;
  assert.ok(own !== undefined);
  await assertEventually(() => nodes.assertRoutes(spec.routeTableId), WITHIN);

  await kubectl.apply(minimal.text, '--server-side');
  await assertEventually(async () => {
    const entries = await nodes.routes(spec.routeTableId);
    const entry = entries.find(
      ({ destinationCidrBlock }) => destinationCidrBlock === own.destinationCidr,
    );
    assert.deepEqual(entry?.nextHops, [
      { nextHopType: own.nextHop.type, nextHopId: own.nextHop.id },
    ]);
    assert.equal(entry.status, 'Available');
    assert.equal(entries.length, (await nodes.list()).length + 1);
    assert.equal(await readyOf(metadata.name), 'True');
  }, WITHIN);

  const withoutRows = { ...minimal.object, spec: { routeTableId: spec.routeTableId } };
  await kubectl.apply(stringify(withoutRows), '--server-side');
  await assertEventually(() => nodes.assertRoutes(spec.routeTableId), WITHIN);
});

test('sample alibaba-route-table-full.yaml: tells what it would do, and does nothing', async () => {
  const { metadata } = full.object;
  const since = await e2e.lastCall();
  await kubectl.apply(full.text, '--server-side');
  await assertEventually(async () => {
    const plan = JSON.stringify((await routeTable(metadata.name)).status?.plan ?? {});
    for (const { destinationCidr } of full.object.spec.routes) {
      assert.ok(plan.includes(destinationCidr), plan);
    }
  }, WITHIN);
  await kubectl.run('delete', 'alibabaroutetable', metadata.name, '--wait=true', '--timeout=60s');
  const calls = await e2e.waitForQuiet(since);
  assert.deepEqual(
    calls.filter(({ mutating }) => mutating),
    [],
  );
  assert.deepEqual(await nodes.routes(full.object.spec.routeTableId), []);
  assert.equal((await cloud.state()).routeEntries.length, (await nodes.list()).length);
});

async function sampleIn(
  file: string,
): Promise<{ readonly text: string; readonly object: SampleRouteTable }> {
  const text = await readFile(path.join(SAMPLES, file), 'utf8');
  return { text, object: parse(text) as SampleRouteTable };
}

function routeTable(name: string): Promise<RouteTableView> {
  return kubectl.get<RouteTableView>('alibabaroutetable', name);
}

async function readyOf(name: string): Promise<string | undefined> {
  const { conditions = [] } = (await routeTable(name)).status ?? {};
  return conditions.find(({ type }) => type === 'Ready')?.status;
}

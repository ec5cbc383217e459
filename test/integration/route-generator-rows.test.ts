import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Registry } from 'prom-client';
import { isFailure } from '../../src/cloud/failure.ts';
import { KubeClient } from '../../src/operator/kube/kube-client.ts';
import { KubeNodeConditionWriter } from '../../src/operator/kube/node-condition-writer.ts';
import { KubeNodeDirectory } from '../../src/operator/kube/node-directory.ts';
import { ObjectCache } from '../../src/operator/kube/object-cache.ts';
import { KubeRouteTableWriter } from '../../src/operator/kube/route-table-writer.ts';
import { loadKubeConfig } from '../../src/operator/kubeconfig-source.ts';
import { SystemClock } from '../../src/operator/system-clock.ts';
import { routeMetrics } from '../../src/operator/telemetry/route-metrics.ts';
import { AbsenceBreaker } from '../../src/reconcilers/absence-breaker.ts';
import type { Node, RouteTableResource } from '../../src/reconcilers/kubernetes-objects.ts';
import { RouteGenerator } from '../../src/reconcilers/route-generator/route-generator.ts';
import { sharedControlPlane } from '../support/control-plane.ts';
import { nodeOf } from '../support/kubernetes-builders.ts';
import { rangeOf } from '../support/route-builders.ts';

const MAX_OBJECT_BYTES = 256 * 1024;

const { kubectl, kubeconfig } = await sharedControlPlane();
const { signal } = new AbortController();
const clock = new SystemClock();
const client = new KubeClient({
  kubeConfig: loadKubeConfig(kubeconfig, {}),
  clock,
  userAgent: 'alibaba-cloud-operator/test',
  queriesPerSecond: 1_000,
  burst: 1_000,
});
after(() => {
  client.close();
});

/** A generator for one table, what it is made to see, and what it said. */
function generatorOf(routeTableId: string) {
  const cache = new ObjectCache<RouteTableResource>(() => undefined);
  const seen = {
    nodes: [] as Node[],
    deleted: new Set<string>(),
    events: [] as string[],
    applies: 0,
  };
  const kube = new KubeRouteTableWriter(client, cache);
  const registry = new Registry();
  const list = (): readonly RouteTableResource[] => cache.list();
  const generator = new RouteGenerator({
    nodes: { find: () => undefined, list: () => seen.nodes },
    nodeDirectory: new KubeNodeDirectory(client),
    nodeDeletions: { hasUid: (uid) => seen.deleted.has(uid) },
    routeTables: { list, listForTable: list },
    writer: {
      apply: (generated, options, abort) => {
        seen.applies += 1;
        return kube.apply(generated, options, abort);
      },
      delete: (resource, abort) => kube.delete(resource, abort),
      patchStatus: (resource, change, abort) => kube.patchStatus(resource, change, abort),
    },
    selection: { select: () => Promise.resolve({ ids: [routeTableId] }) },
    breaker: new AbsenceBreaker(clock),
    events: {
      record: (_, { reason }) => {
        seen.events.push(reason);
      },
    },
    clock,
    logger: { debug: ignore, info: ignore, warn: ignore, error: ignore },
    metrics: routeMetrics(registry),
    settings: { clusterCidrs: [rangeOf('10.0.0.0/8')] },
  });
  return {
    cache,
    seen,
    run: (isPeriodic = false): Promise<boolean> => generator.run({ isPeriodic }, signal),
    metrics: () => registry.metrics(),
    rowCounts: (): Record<string, number> =>
      Object.fromEntries(
        cache.list().map(({ metadata, spec }) => [metadata.name, spec.routes?.length ?? 0]),
      ),
  };
}

function ignore(): void {
  return undefined;
}

function cidrOf(index: number): string {
  return `10.${Math.floor(index / 256)}.${index % 256}.0/24`;
}

/** Nodes with the lengths that names and ids have in the field. */
function fieldNodes(count: number): Node[] {
  return Array.from({ length: count }, (_, index) => {
    const suffix = String(index).padStart(4, '0');
    return nodeOf(`cn-hangzhou.10.100.${index}.201`, {
      providerId: `cn-hangzhou.i-bp1g6zv0ce8oghu7${suffix}`,
      podCidrs: [cidrOf(index)],
      metadata: { uid: `5d1f5a6e-6f0d-4cf8-8f5b-1c2ad8d1${suffix}` },
    });
  });
}

/** Makes Nodes that are really there, and what a cache would hold of them. */
async function createNodes(prefix: string, count: number): Promise<Node[]> {
  const names = Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
  await kubectl.apply({
    apiVersion: 'v1',
    kind: 'List',
    items: names.map((name) => ({ apiVersion: 'v1', kind: 'Node', metadata: { name } })),
  });
  const nodes: Node[] = [];
  for (const [index, name] of names.entries()) {
    const { metadata } = await kubectl.get<{ metadata: { uid: string } }>('node', name);
    const { uid } = metadata;
    const providerId = `cn-hangzhou.i-${index}`;
    nodes.push(nodeOf(name, { providerId, podCidrs: [cidrOf(index)], metadata: { uid } }));
  }
  return nodes;
}

test('ROUTE-26: two thousand nodes are four objects below 256 KiB, and a row stays where it first was', async () => {
  const { seen, run, rowCounts, cache } = generatorOf('vtb-many');
  seen.nodes = fieldNodes(2_000);
  assert.ok(await run());
  assert.deepEqual(rowCounts(), {
    'vtb-many': 500,
    'vtb-many-2': 500,
    'vtb-many-3': 500,
    'vtb-many-4': 500,
  });
  for (const name of Object.keys(rowCounts())) {
    const text = await kubectl.run('get', 'alirt', name, '-o', 'json', '--show-managed-fields');
    const bytes = Buffer.byteLength(JSON.stringify(JSON.parse(text)));
    assert.ok(bytes < MAX_OBJECT_BYTES, `${name} has ${bytes} bytes`);
  }
  const homes = (): ReadonlyMap<string, string> =>
    new Map(
      cache
        .list()
        .flatMap(({ metadata, spec }) =>
          (spec.routes ?? []).map(
            ({ destinationCidr }) => [destinationCidr, metadata.name] as const,
          ),
        ),
    );
  const before = homes();
  const [first] = seen.nodes.splice(0, 1);
  seen.deleted.add(first?.metadata.uid ?? '');
  seen.nodes.push(...fieldNodes(2_001).slice(2_000));
  seen.applies = 0;
  assert.ok(await run());
  assert.equal(seen.applies, 1, 'one node for another is one write');
  const after = homes();
  for (const [cidr, name] of before) {
    if (cidr !== cidrOf(0)) assert.equal(after.get(cidr), name, cidr);
  }
  assert.equal(after.get(cidrOf(2_000)), 'vtb-many');

  seen.applies = 0;
  assert.ok(await run());
  assert.equal(seen.applies, 0, 'an unchanged world is not written to');
});

test('ROUTE-23: with an empty cache no row goes while the Nodes are there', async () => {
  const { seen, run, rowCounts } = generatorOf('vtb-empty-cache');
  const nodes = await createNodes('there', 3);
  seen.nodes = nodes;
  await run();
  seen.nodes = [];
  await run();
  assert.deepEqual(rowCounts(), { 'vtb-empty-cache': 3 });
  assert.deepEqual(seen.events, [], 'that is nothing to tell people');

  await kubectl.run('delete', 'node', ...nodes.map(({ metadata }) => metadata.name));
  await run();
  assert.deepEqual(
    rowCounts(),
    { 'vtb-empty-cache': 0 },
    'once they are really gone their rows go',
  );
});

test('ROUTE-24: of many Nodes that are gone unseen no row goes, and of as many that somebody deleted every one', async () => {
  const { seen, run, rowCounts, cache } = generatorOf('vtb-gone');
  const nodes = await createNodes('gone', 10);
  seen.nodes = nodes;
  await run();
  await kubectl.run('delete', 'node', ...nodes.map(({ metadata }) => metadata.name));
  seen.nodes = [];
  await run();
  assert.deepEqual(rowCounts(), { 'vtb-gone': 10 });
  assert.deepEqual(seen.events, ['RemovalHeld']);
  const state = cache.list()[0]?.status.conditions?.find(({ type }) => type === 'Generated');
  assert.equal(state?.reason, 'RemovalHeld');
  await run();
  assert.deepEqual(seen.events, ['RemovalHeld'], 'it is told once');

  for (const { metadata } of nodes) seen.deleted.add(metadata.uid);
  await run();
  assert.deepEqual(rowCounts(), { 'vtb-gone': 0 });
});

test('ROUTE-24: three Nodes that are gone unseen are no landslide', async () => {
  const { seen, run, rowCounts } = generatorOf('vtb-few');
  seen.nodes = fieldNodes(10);
  await run();
  seen.nodes = seen.nodes.slice(3);
  await run();
  assert.deepEqual(rowCounts(), { 'vtb-few': 7 });
});

test('ROUTE-09: a node that is made again on another instance has its row replaced in place', async () => {
  const { seen, run, cache } = generatorOf('vtb-again');
  seen.nodes = [nodeOf('n', { podCidrs: [cidrOf(1)], metadata: { uid: 'former' } })];
  await run();
  seen.nodes = [
    nodeOf('n', {
      podCidrs: [cidrOf(1)],
      providerId: 'cn-hangzhou.i-other',
      metadata: { uid: 'present' },
    }),
  ];
  await run();
  assert.deepEqual(cache.list()[0]?.spec.routes, [
    {
      destinationCidr: cidrOf(1),
      nextHop: { type: 'Instance', id: 'i-other' },
      node: { name: 'n', uid: 'present' },
    },
  ]);
  assert.deepEqual(seen.events, []);
});

test('ROUTE-25: every run is counted, and what a periodic one has to set right', async () => {
  const { seen, run, metrics } = generatorOf('vtb-counted');
  seen.nodes = [nodeOf('one', { podCidrs: [cidrOf(1)] })];
  await run();
  await run(true);
  assert.match(await metrics(), /^route_controller_route_corrections_total 0$/m);
  seen.nodes.push(nodeOf('two', { podCidrs: [cidrOf(2)] }));
  await run(true);
  assert.match(await metrics(), /^route_controller_route_sync_total 3$/m);
  assert.match(await metrics(), /^route_controller_route_corrections_total 1$/m);
});

test('what an earlier version of this program owns is taken over, what a person owns is not', async () => {
  const { seen, run, cache } = generatorOf('vtb-managers');
  seen.nodes = [0, 1].map((index) => nodeOf(`m${index}`, { podCidrs: [cidrOf(index)] }));
  const applyAs = (manager: string, index: number): Promise<string> =>
    kubectl.runWithInput(
      {
        apiVersion: 'networking.alibabacloud.com/v1alpha1',
        kind: 'AlibabaRouteTable',
        metadata: { name: 'vtb-managers' },
        spec: {
          routeTableId: 'vtb-managers',
          routes: [
            {
              destinationCidr: cidrOf(index),
              nextHop: { type: 'Instance', id: `i-of-${manager}` },
            },
          ],
        },
      },
      ...['apply', '--server-side', '--field-manager', manager, '-f', '-'],
    );
  await applyAs('alibaba-cloud-operator', 0);
  await applyAs('people', 1);
  await run();
  const hops = (cache.list()[0]?.spec.routes ?? []).map(({ nextHop }) => nextHop?.id);
  assert.deepEqual(hops.sort(), ['i-m0', 'i-of-people']);
  assert.deepEqual(
    cache.list()[0]?.status.overriddenRoutes?.map(({ nodeName }) => nodeName),
    ['m1'],
  );
  seen.applies = 0;
  await run();
  assert.equal(seen.applies, 0, 'what a person has decided is not asked again');
});

test('ROUTE-17: the condition of a Node that was made again under its name is not written', async () => {
  const nodes = new ObjectCache<Node>(() => undefined);
  const writer = new KubeNodeConditionWriter(client, nodes, clock);
  const [node] = await createNodes('twice', 1);
  assert.ok(node);
  await kubectl.run('delete', 'node', 'twice-0');
  await createNodes('twice', 1);
  const condition = { status: 'False', reason: 'RouteCreated', message: '' } as const;
  await assert.rejects(writer.setNetworkUnavailable(node, condition, signal), (error) =>
    isFailure(error, 'conflict'),
  );
});

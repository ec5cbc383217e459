import { setTimeout as sleep } from 'node:timers/promises';
import {
  DEFAULT_REGION,
  DEFAULT_SEED,
  seedInstances,
  type CloudSeed,
  type SeedRouteEntry,
} from '../../emulator/model/cloud-seed.ts';
import type { CallRecord } from '../../emulator/model/call-log.ts';
import { AcceleratedClock } from '../../test/support/accelerated-clock.ts';
import { waitUntil } from '../control-plane/endpoint-probe.ts';
import {
  joiningNode,
  nodesOfInstances,
  readyNode,
  silencedAgent,
  UNINITIALISED_TAINT,
} from '../demo/local-nodes.ts';
import type { BenchCluster, BenchClusterOptions } from './bench-cluster.ts';
import { IDLE_FACTOR, type ScenarioName } from './bench-report.ts';
import type { Scenario } from './bench-scenarios.ts';
import { countRouteListings } from './call-tally.ts';

/** Scenarios that build on each other in one cluster. */
export interface NodePlan {
  readonly names: readonly ScenarioName[];
  readonly directory: string;
  /** Flags beside those that the chart gives by itself. */
  readonly flags: readonly string[];
  readonly cluster: () => BenchClusterOptions;
  /** What is there before the operator is. */
  readonly furnish?: (cluster: BenchCluster) => Promise<void>;
  readonly scenarios: (cluster: BenchCluster) => readonly Scenario[];
}

const NODES = 1_000;
const LEAVING = 50;
const CLUSTER_CIDR = '172.16.0.0/12';
/** Room for every node, and some more: what an account with so many nodes has been given. */
const ROUTE_QUOTA = 1_100;
const WINDOW_MS = 1_000;
const POLL_MS = 1_000;
const READY_TIMEOUT_MS = 15 * 60_000;
/** How many requests to the API server are on their way at a time. */
const CONNECTIONS = 40;
const HOUR_MS = 3_600_000;
/** In the idle hour's own time, in which nobody waits for it. */
const GENTLE_API = ['--kube-api-qps=10'];
/** With the shipped limits every node's three writes would take minutes, which is no call to the cloud. */
const QUICK_API = ['--kube-api-qps=500', '--kube-api-burst=500'];
/**
 * A machine that runs all of this may leave a lease of seconds unanswered, and who loses it ends. The
 * API server also keeps the machine's time, so that to an accelerated operator it is slower yet.
 */
const LONG_LEASE = [
  '--leader-elect-lease-duration=10m',
  '--leader-elect-renew-deadline=9m',
  '--leader-elect-retry-period=30s',
];

/** The clusters of a thousand nodes, and what happens in each. */
export const NODE_PLANS: readonly NodePlan[] = [
  {
    names: ['nodes-join-1000', 'nodes-leave-50'],
    directory: 'nodes',
    flags: [...QUICK_API, ...LONG_LEASE],
    cluster: () => optionsFor({ hasCheck: false }),
    scenarios: (cluster) => [join(cluster, 'nodes-join-1000'), leave(cluster)],
  },
  {
    names: ['nodes-join-1000-check-on'],
    directory: 'nodes-check-on',
    flags: [...QUICK_API, ...LONG_LEASE],
    cluster: () => optionsFor({ hasCheck: true }),
    scenarios: (cluster) => [join(cluster, 'nodes-join-1000-check-on')],
  },
  {
    names: ['nodes-idle-hour'],
    directory: 'nodes-idle',
    flags: [...GENTLE_API, ...LONG_LEASE],
    cluster: () => {
      const options = optionsFor({ hasCheck: false });
      return {
        ...options,
        // As another program left them, so that the operator takes them over when it starts.
        seed: { ...options.seed, routeEntries: seedRoutes() },
        clock: new AcceleratedClock(IDLE_FACTOR),
      };
    },
    furnish: async ({ api, cloud }) => {
      await registerNodes(api, nodesOfInstances((await cloud.state()).instances));
    },
    scenarios: (cluster) => [idleHour(cluster)],
  },
];

function optionsFor({ hasCheck }: { readonly hasCheck: boolean }): BenchClusterOptions {
  const instances = seedInstances(NODES).map((instance) => ({
    ...instance,
    sourceDestCheck: hasCheck,
  }));
  const seed: CloudSeed = { ...DEFAULT_SEED, instances };
  return {
    seed,
    quotas: { vpc_quota_route_entrys_num: ROUTE_QUOTA },
    values: { clusterCidr: CLUSTER_CIDR },
    isWithoutNodes: true,
  };
}

function seedRoutes(): readonly SeedRouteEntry[] {
  const routeTableId = DEFAULT_SEED.vpcs?.[0]?.routeTables?.[0]?.routeTableId ?? '';
  return seedInstances(NODES).map(({ instanceId }, index) => ({
    routeTableId,
    destinationCidrBlock: podRange(index),
    nextHopId: instanceId,
  }));
}

function join(cluster: BenchCluster, name: ScenarioName): Scenario {
  let windows = 0;
  let allReadySeconds = 0;
  return {
    name,
    // The first reading of an empty table belongs to the start.
    prepare: () => sleep(POLL_MS),
    change: async () => {
      const startedMs = performance.now();
      await createNodes(cluster);
      windows = Math.ceil((performance.now() - startedMs) / WINDOW_MS);
      await waitUntilAllReady(cluster);
      allReadySeconds = Math.round((performance.now() - startedMs) / 1_000);
    },
    isDone: async ({ routeEntries }) =>
      routeEntries.length === NODES && (await areAllReady(cluster, NODES)),
    measures: async (calls) => {
      assertEachOnce(calls, 'ModifyNetworkInterfaceAttribute');
      return {
        routeListings: countRouteListings(calls),
        windows,
        allReadySeconds,
        rssMiB: await cluster.operatorRssMiB(),
      };
    },
  };
}

/** Instances are taken away in the cloud, and what watches their agents takes note. */
function leave(cluster: BenchCluster): Scenario {
  return {
    name: 'nodes-leave-50',
    change: async () => {
      const names = seedInstances(LEAVING).map(({ instanceId, hostName = '' }) => ({
        instanceId,
        hostName,
      }));
      await each(names, async ({ instanceId }) => {
        await cluster.cloud.request('PATCH', `/_admin/objects/${instanceId}`, { released: true });
      });
      const status = silencedAgent(new Date());
      await each(names, async ({ hostName }) => {
        await cluster.api.patch(`/api/v1/nodes/${hostName}/status`, { status });
      });
    },
    isDone: async ({ routeEntries }) =>
      routeEntries.length === NODES - LEAVING && (await areAllReady(cluster, NODES - LEAVING)),
    measures: async (calls) => ({
      routeListings: countRouteListings(calls),
      rssMiB: await cluster.operatorRssMiB(),
    }),
  };
}

function idleHour(cluster: BenchCluster): Scenario {
  const { cloud } = cluster;
  return {
    name: 'nodes-idle-hour',
    countsSweep: true,
    prepare: () => waitUntilAllReady(cluster),
    change: () => Promise.resolve(),
    callsAfter: async (since) => {
      const startMs = Date.parse((await cloud.state()).now);
      const endMs = startMs + HOUR_MS;
      await sleep(HOUR_MS / IDLE_FACTOR);
      await waitUntil('the hour is over', READY_TIMEOUT_MS, async () => {
        await sleep(POLL_MS);
        return Date.parse((await cloud.state()).now) >= endMs;
      });
      const calls = await cloud.calls(since);
      return calls.filter(({ startedAt }) => {
        const atMs = Date.parse(startedAt);
        return atMs >= startMs && atMs < endMs;
      });
    },
    isDone: async ({ routeEntries }) =>
      routeEntries.length === NODES && (await areAllReady(cluster, NODES)),
    measures: async (calls) => ({
      routeListings: countRouteListings(calls),
      rssMiB: await cluster.operatorRssMiB(),
    }),
  };
}

/** Registers all Nodes as fast as the API server takes them, each with the range of its pods. */
async function createNodes({ api, cloud }: BenchCluster): Promise<void> {
  const { instances } = await cloud.state();
  await registerNodes(
    api,
    instances.map((instance) => joiningNode(instance)),
  );
}

async function registerNodes(api: BenchCluster['api'], nodes: readonly object[]): Promise<void> {
  await each([...(nodes as readonly NodeDraft[]).entries()], async ([index, node]) => {
    const podCIDR = podRange(index);
    await api.create('/api/v1/nodes', {
      ...readyNode(node),
      spec: { ...node.spec, podCIDR, podCIDRs: [podCIDR] },
    });
  });
}

interface NodeDraft {
  readonly spec: object;
}

/** The ranges of 256 addresses in order, from the beginning of the cluster's. */
function podRange(index: number): string {
  return `172.${16 + (index >> 8)}.${index & 255}.0/24`;
}

interface NodeView {
  readonly spec: {
    readonly providerID?: string;
    readonly taints?: readonly { readonly key: string }[];
  };
  readonly status: {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

function waitUntilAllReady(cluster: BenchCluster): Promise<void> {
  const areReady = async () => {
    await sleep(POLL_MS);
    return areAllReady(cluster, NODES);
  };
  return waitUntil('all nodes are ready', READY_TIMEOUT_MS, areReady, cluster.ended);
}

/** Tells whether there are so many Nodes, all initialised and all told that their routes are there. */
async function areAllReady({ api }: BenchCluster, count: number): Promise<boolean> {
  const nodes = (await api.list('/api/v1/nodes?resourceVersion=0')) as readonly NodeView[];
  return (
    nodes.length === count &&
    nodes.every(
      ({ spec, status }) =>
        spec.providerID?.startsWith(`${DEFAULT_REGION}.`) === true &&
        !(spec.taints ?? []).some(({ key }) => key === UNINITIALISED_TAINT) &&
        (status.conditions ?? []).some(
          ({ type, status: word }) => type === 'NetworkUnavailable' && word === 'False',
        ),
    )
  );
}

/** Fails when a write was sent twice for one object. */
function assertEachOnce(calls: readonly CallRecord[], action: string): void {
  const ids = calls.filter((call) => call.action === action).flatMap(({ objectIds }) => objectIds);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) throw new Error(`${action} was sent twice for ${twice}`);
}

/** Does something with each of many things, some at a time. */
async function each<Item>(
  items: readonly Item[],
  act: (item: Item) => Promise<void>,
): Promise<void> {
  const left = items.values();
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      for (const item of left) await act(item);
    }),
  );
}

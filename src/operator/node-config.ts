import { parseCidrRange, type CidrRange } from '../reconcilers/cidr-range.ts';
import type { CloudConfigFile } from './cloud-config-file.ts';
import type { ControllerName } from './controller-selection.ts';
import type { FlagValues } from './flag-values.ts';
import type { FlagName } from './operator-flags.ts';

/** How nodes are worked on. */
export interface NodeConfig {
  /** How many batches are initialised at a time. */
  readonly concurrentSyncs: number;
  /** How many batches are refreshed at a time. */
  readonly concurrentStatusUpdates: number;
  /** How many instances one call asks for. */
  readonly batchSize: number;
  /** How long nodes are gathered for one call. */
  readonly aggregationMs: number;
  readonly statusUpdateFrequencyMs: number;
  readonly monitorPeriodMs: number;
  /** Whether the source/destination check is switched off where routes need it. */
  readonly disablesSourceDestCheck: boolean;
}

/** How routes to the pods of nodes are made. */
export interface RouteConfig {
  /** Whether routes are made at all: switched on, and a range of the cluster is known. */
  readonly isEnabled: boolean;
  /** One range, or one of each family. */
  readonly clusterCidrs: readonly CidrRange[];
  readonly reconciliationPeriodMs: number;
  readonly batchSize: number;
  /** Whether the condition NetworkUnavailable of nodes is written. */
  readonly writesNodeCondition: boolean;
  /** The tables that are named; empty means that of the VPC. */
  readonly routeTableIds: readonly string[];
}

/** How nodes get the ranges of their pods. */
export interface NodeIpamConfig {
  readonly isEnabled: boolean;
  readonly allocator: 'RangeAllocator' | 'CloudAllocator';
  /** As long as the list of the cluster's ranges, in its order. */
  readonly maskSizes: readonly number[];
  readonly serviceCidrs: readonly CidrRange[];
}

/** The configuration of the controllers of nodes, and what to tell the user about it. */
export interface NodeConfigs {
  readonly nodes: NodeConfig;
  readonly routes: RouteConfig;
  readonly nodeIpam: NodeIpamConfig;
  readonly warnings: readonly string[];
}

const SHORTEST_RECONCILIATION_MS = 60_000;
/** The limits of the cloud for one call. */
const MAX_INSTANCES_PER_CALL = 100;
const MAX_ROUTES_PER_CALL = 50;
const DEFAULT_MASK_SIZES = { IPv4: 24, IPv6: 64 } as const;

/** Reads what concerns nodes, their routes and their pod ranges; mistakes are noted. */
export function readNodeConfigs(
  selected: ReadonlySet<ControllerName>,
  values: FlagValues,
  file: CloudConfigFile,
  mistakes: string[],
): NodeConfigs {
  const warnings: string[] = [];
  const clusterCidrs = readRanges('cluster-cidr', values, mistakes);
  // Upstream makes no routes for ranges that nobody gives; the Go CCM does not look at the flag.
  const hasRanges = !values.isGiven('allocate-node-cidrs') || values.boolean('allocate-node-cidrs');
  const isAskedFor = values.boolean('configure-cloud-routes');
  const wantsRoutes = isAskedFor && hasRanges;
  if (isAskedFor && values.isGiven('configure-cloud-routes')) {
    if (!hasRanges) warnings.push('No routes are made, because "--allocate-node-cidrs" is false');
    if (clusterCidrs.length === 0) {
      warnings.push(
        'No routes are made, because "--cluster-cidr" does not say which ranges are ours',
      );
    }
  }
  const givenPeriodMs = values.duration('route-reconciliation-period', 1);
  if (givenPeriodMs < SHORTEST_RECONCILIATION_MS) {
    warnings.push('Flag "--route-reconciliation-period" counts as 1m, which is its least value');
  }
  const concurrentSyncs =
    !values.isGiven('concurrent-node-syncs') && file.concurrentNodeSyncs !== undefined
      ? file.concurrentNodeSyncs
      : values.positive('concurrent-node-syncs');
  const statusUpdates = values.whole('concurrent-node-status-updates');
  return {
    nodes: {
      concurrentSyncs,
      concurrentStatusUpdates: statusUpdates === 0 ? concurrentSyncs : statusUpdates,
      batchSize: values.upTo('node-reconcile-batch-size', MAX_INSTANCES_PER_CALL),
      aggregationMs: 1_000 * values.seconds('node-event-aggregation-wait-seconds'),
      statusUpdateFrequencyMs: values.duration('node-status-update-frequency', 1_000),
      monitorPeriodMs: values.duration('node-monitor-period', 1_000),
      disablesSourceDestCheck:
        wantsRoutes && clusterCidrs.length > 0 && !values.boolean('skip-disable-source-dest-check'),
    },
    routes: {
      isEnabled: wantsRoutes && clusterCidrs.length > 0,
      clusterCidrs,
      reconciliationPeriodMs: Math.max(givenPeriodMs, SHORTEST_RECONCILIATION_MS),
      batchSize: values.upTo('route-reconcile-batch-size', MAX_ROUTES_PER_CALL),
      writesNodeCondition: values.boolean('node-network-condition'),
      routeTableIds: file.routeTableIds,
    },
    nodeIpam: readNodeIpam(selected.has('node-ipam-controller'), values, clusterCidrs, mistakes),
    warnings,
  };
}

/**
 * `--allocate-node-cidrs` alone switches nothing on: manifests of other controller managers carry it
 * for their routes, in clusters where kube-controller-manager gives the ranges.
 */
function readNodeIpam(
  isNamed: boolean,
  values: FlagValues,
  clusterCidrs: readonly CidrRange[],
  mistakes: string[],
): NodeIpamConfig {
  const isEnabled = values.boolean('allocate-node-cidrs') && isNamed;
  const allocator = values.oneOf('cidr-allocator-type', ['rangeallocator', 'cloudallocator']);
  if (isNamed && !values.boolean('allocate-node-cidrs')) {
    mistakes.push('Controller "node-ipam-controller" needs "--allocate-node-cidrs=true"');
  }
  if (isEnabled && clusterCidrs.length === 0) {
    mistakes.push('Controller "node-ipam-controller" needs "--cluster-cidr"');
  }
  const single = values.whole('node-cidr-mask-size');
  if (single !== 0 && clusterCidrs.length > 1) {
    mistakes.push(
      'Flag "--node-cidr-mask-size" is for a cluster of one family: use "--node-cidr-mask-size-ipv4" and "--node-cidr-mask-size-ipv6"',
    );
  }
  const maskSizes = clusterCidrs.map(({ family, prefixLength, text }) => {
    const flag = family === 'IPv4' ? 'node-cidr-mask-size-ipv4' : 'node-cidr-mask-size-ipv6';
    const own = values.whole(flag);
    const size =
      [own, single, DEFAULT_MASK_SIZES[family]].find((candidate) => candidate !== 0) ?? 0;
    const longest = family === 'IPv4' ? 32 : 128;
    if (isEnabled && (size < prefixLength || size > longest)) {
      mistakes.push(
        `Flag "--${flag}" is ${size}: a node's range must lie inside ${text}, so from ${prefixLength} to ${longest}`,
      );
    }
    return size;
  });
  return {
    isEnabled,
    allocator: allocator === 'cloudallocator' ? 'CloudAllocator' : 'RangeAllocator',
    maskSizes,
    serviceCidrs: readRanges('service-cluster-ip-range', values, mistakes),
  };
}

/** Reads one range, or two of different families. */
function readRanges(name: FlagName, values: FlagValues, mistakes: string[]): readonly CidrRange[] {
  const text = values.text(name);
  if (text === '') return [];
  const ranges = text.split(',').map((entry) => parseCidrRange(entry));
  const isComplete = ranges.every((range) => range !== undefined);
  const families = new Set(ranges.map((range) => range?.family));
  if (isComplete && families.size === ranges.length) return ranges;
  mistakes.push(
    `Flag "--${name}" is "${text}": it must be one range such as 10.0.0.0/16, or one of each family separated by a comma`,
  );
  return [];
}

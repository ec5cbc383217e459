import type { CidrRange } from '../../reconcilers/cidr-range.ts';
import type { CloudConfigFile } from './cloud-config-file.ts';
import type { ControllerName } from '../controllers/controller-selection.ts';
import type { FlagValues } from './flag-values.ts';
import { readNodeIpam, readRanges, type NodeIpamConfig } from './node-ipam-config.ts';

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

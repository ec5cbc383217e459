import type { EndpointSlice, Node, Service } from '../kubernetes-objects.ts';
import { readProviderId } from '../provider-id.ts';

/** A node behind a load balancer. */
export interface BackendNode {
  readonly nodeName: string;
  readonly instanceId: string;
  readonly weightPercent: number;
}

/** The nodes to register, sorted by instance id; `keep` leaves the registered ones as they are. */
export type BackendNodes = readonly BackendNode[] | 'keep';

const EXCLUDE_LABEL = 'node.kubernetes.io/exclude-from-external-load-balancers';
/** Read by presence, as the Go CCM does. */
const GO_CCM_EXCLUDE_LABELS = [
  'alpha.service-controller.kubernetes.io/exclude-balancer',
  'service.beta.kubernetes.io/exclude-node',
  'service.alibabacloud.com/exclude-node',
];
const AUTOSCALER_DELETION_TAINT = 'ToBeDeletedByClusterAutoscaler';
const FULL_WEIGHT_PERCENT = 100;
const GO_FALSE = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False']);

/**
 * Tells which nodes may stand behind a load balancer.
 *
 * Shape: readiness, cordons and the control-plane role play no part; health checks decide.
 * Source: Kubernetes service controller, node predicates.
 */
export function eligibleNodes(nodes: readonly Node[]): Node[] {
  return nodes.filter(
    (node) =>
      instanceIdOf(node.providerId) !== undefined &&
      !isExcludedFromLoadBalancers(node) &&
      !node.taints.some(({ key }) => key === AUTOSCALER_DELETION_TAINT) &&
      node.metadata.deletionTimestamp === undefined,
  );
}

/** Tells whether a node's labels keep it out of every load balancer. */
export function isExcludedFromLoadBalancers(node: Node): boolean {
  const { labels } = node.metadata;
  const exclude = labels[EXCLUDE_LABEL];
  // Kubernetes reads the value as Go reads booleans, and whatever is not false excludes.
  if (exclude !== undefined && !GO_FALSE.has(exclude)) return true;
  return GO_CCM_EXCLUDE_LABELS.some((label) => labels[label] !== undefined);
}

/**
 * Reads the instance id out of a provider id.
 *
 * Shape: `undefined` for no provider id, another provider's, and hybrid nodes.
 */
export function instanceIdOf(providerId: string): string | undefined {
  const id = readProviderId(providerId);
  return id.kind === 'ecs' ? id.instanceId : undefined;
}

/**
 * Decides the nodes behind a Service's node ports.
 *
 * Shape: Cluster takes every eligible node. Local takes the nodes that hold a ready endpoint, else
 *   those that hold a serving one, weighted by their number; with none of those the registered
 *   nodes stay and the health check decides, so that traffic finds its way as soon as one returns.
 * Source: Kubernetes KEP-1669 (terminating endpoints).
 */
export function backendNodes(
  service: Service,
  nodes: readonly Node[],
  slices: readonly EndpointSlice[],
): BackendNodes {
  const eligible = eligibleNodes(nodes);
  if (service.spec.externalTrafficPolicy === 'Cluster') {
    return sortedByInstance(eligible.map((node) => backendNode(node, FULL_WEIGHT_PERCENT)));
  }
  const endpoints = distinctEndpoints(slices);
  const ready = endpoints.filter((endpoint) => endpoint.ready && !endpoint.terminating);
  const chosen = ready.length > 0 ? ready : endpoints.filter((endpoint) => endpoint.serving);
  if (chosen.length === 0) return 'keep';
  const endpointsPerNode = Map.groupBy(chosen, (endpoint) => endpoint.nodeName);
  return sortedByInstance(
    eligible.flatMap((node) => {
      const count = endpointsPerNode.get(node.metadata.name)?.length ?? 0;
      return count === 0 ? [] : [backendNode(node, Math.min(count, FULL_WEIGHT_PERCENT))];
    }),
  );
}

interface PlacedEndpoint {
  readonly nodeName: string | undefined;
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
}

/** An endpoint can stand in two slices for a moment; it counts once. */
function distinctEndpoints(slices: readonly EndpointSlice[]): PlacedEndpoint[] {
  const byAddress = new Map<string, PlacedEndpoint>();
  for (const slice of slices) {
    if (slice.addressType === 'FQDN') continue;
    for (const endpoint of slice.endpoints) {
      const address = endpoint.addresses[0];
      if (address !== undefined && !byAddress.has(address)) {
        byAddress.set(address, { ...endpoint, nodeName: endpoint.nodeName });
      }
    }
  }
  return [...byAddress.values()];
}

function backendNode(node: Node, weightPercent: number): BackendNode {
  return {
    nodeName: node.metadata.name,
    instanceId: instanceIdOf(node.providerId) ?? '',
    weightPercent,
  };
}

/** Two Node objects of one instance are one backend. */
function sortedByInstance(nodes: readonly BackendNode[]): BackendNode[] {
  const byInstance = new Map(nodes.map((node) => [node.instanceId, node]));
  return [...byInstance.values()].sort((a, b) => (a.instanceId < b.instanceId ? -1 : 1));
}

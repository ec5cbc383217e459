import { containsRange, parseCidrRange, type CidrRange } from '../cidr-range.ts';
import type { Node } from '../kubernetes-objects.ts';
import { isExcludedNode, readProviderId } from '../provider-id.ts';
import type { RouteRow } from '../route-table/route-table-ports.ts';

/** A row that comes from a Node, its destination in canonical form. */
export type NodeRow = RouteRow & { readonly node: NonNullable<RouteRow['node']> };

/** Why a Node has no route to some of its pods. */
export interface NodeRouteProblem {
  readonly reason:
    'NoPodCidr' | 'NoProviderId' | 'InvalidPodCidr' | 'ForeignPodCidr' | 'PodCidrTaken';
  readonly message: string;
  /** Whether time alone may mend it, so that it is worth no event. */
  readonly isPassing: boolean;
}

/** The routes that one Node asks for, and why there are not more. */
export interface RoutesOfNode {
  readonly rows: readonly NodeRow[];
  readonly problems: readonly NodeRouteProblem[];
}

/** The routes that all Nodes ask for. */
export interface RoutesOfNodes {
  /** One for each destination, in the order of destinations. */
  readonly rows: readonly NodeRow[];
  /** Why Nodes have no route to some of their pods, by the Node's uid. */
  readonly problems: ReadonlyMap<string, readonly NodeRouteProblem[]>;
}

/** Tells whether a Node's routes are this program's concern: an instance, or not known to be none. */
export function isRoutedNode(node: Node): boolean {
  if (isExcludedNode(node)) return false;
  const { kind } = readProviderId(node.providerId);
  return kind === 'ecs' || kind === 'none';
}

/**
 * Tells which routes a Node asks for: one to its instance for each of its pod CIDRs.
 *
 * Shape: neither readiness nor taints nor cordons count. A pod CIDR outside of the cluster's is not
 *   routed, because such a route could not be told from a stranger's when it is to go.
 */
export function routesOfNode(node: Node, clusterCidrs: readonly CidrRange[]): RoutesOfNode {
  const rows: NodeRow[] = [];
  const problems: NodeRouteProblem[] = [];
  if (!isRoutedNode(node)) return { rows, problems };
  const providerId = readProviderId(node.providerId);
  if (node.podCidrs.length === 0) {
    problems.push({
      reason: 'NoPodCidr',
      message: 'The node has no pod CIDR, so there is nothing to route',
      isPassing: true,
    });
  } else if (providerId.kind !== 'ecs') {
    problems.push({
      reason: 'NoProviderId',
      message: 'The node has no provider id yet, so its instance is not known',
      isPassing: true,
    });
  } else {
    for (const text of node.podCidrs) {
      const range = parseCidrRange(text);
      const problem = podCidrProblem(text, range, clusterCidrs);
      if (problem !== undefined) problems.push(problem);
      else if (range !== undefined) {
        rows.push({
          destinationCidr: range.text,
          nextHop: { type: 'Instance', id: providerId.instanceId },
          node: { name: node.metadata.name, uid: node.metadata.uid },
        });
      }
    }
  }
  return { rows, problems };
}

/**
 * Tells which routes all Nodes ask for.
 *
 * Shape: of Nodes with one pod CIDR the oldest has the route, and the others a problem.
 */
export function routesOfNodes(
  nodes: readonly Node[],
  clusterCidrs: readonly CidrRange[],
): RoutesOfNodes {
  const byDestination = new Map<string, NodeRow>();
  const problems = new Map<string, readonly NodeRouteProblem[]>();
  for (const node of [...nodes].sort(byAge)) {
    const own = routesOfNode(node, clusterCidrs);
    const ownProblems = [...own.problems];
    for (const row of own.rows) {
      const present = byDestination.get(row.destinationCidr);
      if (present === undefined) {
        byDestination.set(row.destinationCidr, row);
      } else if (present.node.uid !== row.node.uid) {
        ownProblems.push({
          reason: 'PodCidrTaken',
          message: `The pod CIDR ${row.destinationCidr} is that of node "${present.node.name}" too, which has the route: give one of them another`,
          isPassing: false,
        });
      }
    }
    if (ownProblems.length > 0) problems.set(node.metadata.uid, ownProblems);
  }
  const rows = [...byDestination.values()].sort((one, other) =>
    compareTexts(one.destinationCidr, other.destinationCidr),
  );
  return { rows, problems };
}

function podCidrProblem(
  text: string,
  range: CidrRange | undefined,
  clusterCidrs: readonly CidrRange[],
): NodeRouteProblem | undefined {
  if (range === undefined) {
    return {
      reason: 'InvalidPodCidr',
      message: `The pod CIDR "${text}" is no network: it must be one such as 10.0.4.0/24`,
      isPassing: false,
    };
  }
  if (clusterCidrs.some((cluster) => containsRange(cluster, range))) return undefined;
  const known = clusterCidrs.map((cluster) => cluster.text).join(' and ');
  return {
    reason: 'ForeignPodCidr',
    message: `The pod CIDR ${range.text} lies outside of the cluster CIDR ${known}, so it is not routed: correct --cluster-cidr`,
    isPassing: false,
  };
}

function byAge(one: Node, other: Node): number {
  return (
    compareTexts(one.metadata.creationTimestamp, other.metadata.creationTimestamp) ||
    compareTexts(one.metadata.uid, other.metadata.uid)
  );
}

/** By code units, so that no locale has a say. */
function compareTexts(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

import { findCondition } from '../conditions.ts';
import type { Node, RouteTableResource } from '../kubernetes-objects.ts';
import { UNINITIALIZED_TAINT } from '../node/node-names.ts';
import { isRoutedNode, routesOfNode } from './node-routes.ts';
import type { GenerationOutcome } from './route-generator.ts';
import type { NetworkCondition } from './route-generator-ports.ts';

/**
 * What the condition NetworkUnavailable of a Node is to say.
 *
 * Shape: `untouched` is nobody's concern here; `pending` is on its way, and changes nothing that the
 *   Node says already.
 *   `failure` is what went wrong with a route, for an event; a Node that merely waits has none.
 */
export type NetworkVerdict =
  | { readonly kind: 'untouched' }
  | { readonly kind: 'pending' }
  | { readonly kind: 'available' }
  | { readonly kind: 'unavailable'; readonly message: string; readonly failure: boolean };

/** What is known when the network of a Node is judged. */
export interface NetworkKnowledge {
  readonly outcome: GenerationOutcome;
  /** The objects of one route table. */
  readonly listForTable: (routeTableId: string) => readonly RouteTableResource[];
  readonly clusterCidrs: Parameters<typeof routesOfNode>[1];
}

/** Reasons of rows that are being worked on. */
const PASSING_REASONS: ReadonlySet<string> = new Set([
  'Creating',
  'Pending',
  'Removing',
  'Replacing',
]);
const OWN_REASONS: ReadonlySet<string> = new Set(['RouteCreated', 'NoRouteCreated']);
/** How much of a Node's condition the causes may take. */
const MAX_MESSAGE = 900;

/** What a Node says whose routes are on their way. */
export const ROUTES_COMING: NetworkCondition = {
  status: 'True',
  reason: 'NoRouteCreated',
  message: 'The routes to the pods are being created',
};
const UNTOUCHED: NetworkVerdict = { kind: 'untouched' };
const PENDING: NetworkVerdict = { kind: 'pending' };
const AVAILABLE: NetworkVerdict = { kind: 'available' };

/**
 * Judges whether the pods of a Node can be reached: every pod CIDR in every route table.
 *
 * Shape: a person's next hop counts as a route, because the person has decided.
 */
export function judgeNetwork(node: Node, knowledge: NetworkKnowledge): NetworkVerdict {
  const { outcome, listForTable, clusterCidrs } = knowledge;
  if (!isRoutedNode(node)) return UNTOUCHED;
  if (node.podCidrs.length === 0) return judgeWithoutPods(node, knowledge);
  const problems = outcome.nodeProblems.get(node.metadata.uid) ?? [];
  if (problems.length > 0) {
    const isInitialized = !node.taints.some(({ key }) => key === UNINITIALIZED_TAINT);
    const told = problems.filter(({ isPassing }) => !isPassing || isInitialized);
    if (told.length === 0) return PENDING;
    return unavailable(
      told.map(({ message }) => message),
      told.some(({ isPassing }) => !isPassing),
    );
  }
  if (outcome.tableIds.length === 0) {
    const message = outcome.tableProblem?.message;
    return message === undefined ? PENDING : unavailable([message], false);
  }
  const states = outcome.tableIds.flatMap((routeTableId) =>
    routesOfNode(node, clusterCidrs).rows.map(({ destinationCidr }) =>
      judgeRow(destinationCidr, routeTableId, listForTable(routeTableId), outcome),
    ),
  );
  const failed = states.flatMap((state) => (state.kind === 'unavailable' ? [state] : []));
  if (failed.length > 0) {
    return unavailable(
      failed.map(({ message }) => message),
      failed.some(({ failure }) => failure),
    );
  }
  return states.length > 0 && states.every(({ kind }) => kind === 'available')
    ? AVAILABLE
    : PENDING;
}

/** Tells what to write for a verdict; `undefined` when the Node says so already. */
export function networkConditionChange(
  node: Node,
  verdict: NetworkVerdict,
): NetworkCondition | undefined {
  const present = node.networkUnavailable;
  if (verdict.kind === 'untouched') return undefined;
  if (verdict.kind === 'pending') {
    // A node that says nothing would be taken for one whose pods can be reached.
    return present === undefined ? ROUTES_COMING : undefined;
  }
  const wanted: NetworkCondition =
    verdict.kind === 'available'
      ? { status: 'False', reason: 'RouteCreated', message: 'Every route to the pods is in use' }
      : { status: 'True', reason: 'NoRouteCreated', message: verdict.message };
  const isSame =
    present?.status === wanted.status &&
    present.reason === wanted.reason &&
    // Another program's words for the same are as good; ours are kept up to date.
    (wanted.status === 'False' || present.message === wanted.message);
  return isSame ? undefined : wanted;
}

/** A Node that never had routes and has no pods is not touched. */
function judgeWithoutPods(node: Node, { outcome, listForTable }: NetworkKnowledge): NetworkVerdict {
  const { uid } = node.metadata;
  const hasRows = outcome.tableIds.some((routeTableId) =>
    listForTable(routeTableId).some(({ spec }) =>
      (spec.routes ?? []).some((row) => row.node?.uid === uid),
    ),
  );
  const hasCondition = OWN_REASONS.has(node.networkUnavailable?.reason ?? '');
  if (!hasRows && !hasCondition) return UNTOUCHED;
  return unavailable(['The node has no pod CIDR, so there is nothing to route'], false);
}

function judgeRow(
  destinationCidr: string,
  routeTableId: string,
  resources: readonly RouteTableResource[],
  { failures }: GenerationOutcome,
): NetworkVerdict {
  for (const { spec, status } of resources) {
    const row = spec.routes?.find((candidate) => candidate.destinationCidr === destinationCidr);
    if (row?.nextHop === undefined) continue;
    const owned = status.owned?.find((entry) => entry.destinationCidr === destinationCidr);
    if (owned?.nextHopId === row.nextHop.id && owned.state === undefined) return AVAILABLE;
    const found = status.notAsWished?.find((entry) => entry.destinationCidr === destinationCidr);
    const where = `${destinationCidr} in route table ${routeTableId}`;
    if (found !== undefined) {
      if (PASSING_REASONS.has(found.reason)) return PENDING;
      return unavailable([`No route to ${where}: ${found.message}`], true);
    }
    const ready = findCondition(status.conditions, 'Ready');
    const isStuck =
      spec.reconcilePolicy === 'Paused' ||
      spec.reconcilePolicy === 'Observe' ||
      findCondition(status.conditions, 'Stalled')?.status === 'True';
    if (isStuck && ready?.status === 'False') {
      return unavailable([`No route to ${where}: ${ready.message}`], true);
    }
    return PENDING;
  }
  const failure = failures.get(routeTableId);
  return failure === undefined ? PENDING : unavailable([failure], true);
}

/** In the order of the words, so that they stay the same. */
function unavailable(messages: readonly string[], failure: boolean): NetworkVerdict {
  const text = [...new Set(messages)].sort().join('; ');
  const message = text.length <= MAX_MESSAGE ? text : `${text.slice(0, MAX_MESSAGE - 1)}…`;
  return { kind: 'unavailable', message, failure };
}

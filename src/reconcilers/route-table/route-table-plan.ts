import { findingOf, type DesiredRoute, type RouteFinding } from './route-table-desired.ts';
import { describeEntry, hasNextHop, type ObservedRoute } from './route-table-observed.ts';

/** One entry to write; `owner` is the uid of the object for which it is done. */
export type RouteAction =
  | { readonly kind: 'deleteRoute'; readonly owner: string; readonly route: ObservedRoute }
  | { readonly kind: 'createRoute'; readonly owner: string; readonly route: DesiredRoute };

/** Why a row is not to be tried at present. */
export interface RowRefusal {
  readonly reason: string;
  readonly message: string;
}

/** What a plan is made from. */
export interface RoutePlanInput {
  readonly desired: readonly DesiredRoute[];
  readonly observed: readonly ObservedRoute[];
  /** Rows that are not to be tried at present, by destination. */
  readonly refused: ReadonlyMap<string, RowRefusal>;
  /** Entries whose deletion is not to be tried at present, by destination. */
  readonly undeletable: ReadonlyMap<string, RowRefusal>;
  /** The destinations of entries whose removal rests on absence, and is held back. */
  readonly held: ReadonlySet<string>;
  /** How many entries may be created at present. */
  readonly createBudget: number;
  /** Why no more may be. */
  readonly exhaustion: RowRefusal;
  /** The uid of the object whose status tells of entries that concern none of the rows. */
  readonly reporter: string;
  /** How the removal of an entry is approved, for what is held. */
  readonly approval: string;
}

/** What is to be done, and what the objects are told. */
export interface RoutePlan {
  readonly actions: readonly RouteAction[];
  /** Entries that bear no mark and equal a row: they are recorded, nothing is written to the cloud. */
  readonly adoptions: readonly DesiredRoute[];
  /** One for each desired route, and one for each entry that has to be known of beside them. */
  readonly findings: readonly RouteFinding[];
  /** Whether the cloud is between two states of an entry that the plan waits for. */
  readonly isWaiting: boolean;
  /** Whether a row waits for room in the table. */
  readonly isCrowded: boolean;
}

/**
 * Decides the writes that turn the observed entries of one table into the desired routes.
 *
 * Shape: deletes before creates, so that places are free; a wrong next hop is a delete, and a create
 *   only once the entry is seen to be gone, because a table holds one entry for each destination.
 *   What is not ours is never changed, unless it is proven to be stale and may be removed.
 */
export function planRoutes(input: RoutePlanInput): RoutePlan {
  const { desired, observed } = input;
  const byDestination = new Map(observed.map((route) => [route.destinationCidr, route]));
  const wanted = new Set(desired.map(({ destinationCidr }) => destinationCidr));
  const surplus = observed
    .filter(({ destinationCidr }) => !wanted.has(destinationCidr))
    .map((route) => planSurplus(input, route));
  let left = input.createBudget;
  let isCrowded = false;
  const rows = desired.map((route) => {
    const step = planRow(input, route, byDestination.get(route.destinationCidr));
    if (step.action?.kind !== 'createRoute') return step;
    if (left <= 0) {
      isCrowded = true;
      return { finding: finding(route, 'failed', input.exhaustion) };
    }
    left -= 1;
    return step;
  });
  const steps = [...surplus, ...rows];
  const actions = steps.flatMap(({ action }) => (action === undefined ? [] : [action]));
  return {
    actions: [
      ...actions.filter(({ kind }) => kind === 'deleteRoute'),
      ...actions.filter(({ kind }) => kind === 'createRoute'),
    ],
    adoptions: steps.flatMap(({ adopted }) => (adopted === undefined ? [] : [adopted])),
    findings: steps.flatMap((step) => (step.finding === undefined ? [] : [step.finding])),
    isWaiting: steps.some(({ isWaiting }) => isWaiting === true),
    isCrowded,
  };
}

/**
 * Lists the entries whose removal would rest on absence alone.
 *
 * Shape: those that no row asks for, and stale ones in the place of a row.
 */
export function inferredRemovals(
  desired: readonly DesiredRoute[],
  observed: readonly ObservedRoute[],
): ObservedRoute[] {
  const wanted = new Map(desired.map((route) => [route.destinationCidr, route]));
  return observed.filter((route) => {
    if (route.removal !== 'inferred' || route.entry.status === 'Deleting') return false;
    const row = wanted.get(route.destinationCidr);
    if (row === undefined) return true;
    return route.standing === 'unmarked' && !hasNextHop(route, row.nextHop);
  });
}

/** What becomes of one row, or of one entry without a row. */
interface Step {
  readonly action?: RouteAction;
  readonly adopted?: DesiredRoute;
  readonly finding?: RouteFinding;
  readonly isWaiting?: boolean;
}

function planSurplus(input: RoutePlanInput, route: ObservedRoute): Step {
  const { destinationCidr, entry, standing, removal } = route;
  const owner = route.claimant ?? input.reporter;
  if (removal === 'kept') return surplusNotOurs(input, route);
  if (entry.status === 'Deleting') return { isWaiting: true };
  const about = { owner, destinationCidr, nextHopId: route.nextHop.id };
  if (removal === 'inferred' && input.held.has(destinationCidr)) {
    const message = `The removal of ${describeEntry(route)} rests on absence alone, as that of many others does, so it is held back: ${input.approval}`;
    return { finding: { ...about, state: 'held', reason: 'RemovalHeld', message } };
  }
  // Only what is in use can be deleted.
  if (entry.status !== 'Available') return { isWaiting: true };
  const refusal = input.undeletable.get(destinationCidr);
  if (refusal !== undefined) return { finding: { ...about, state: 'failed', ...refusal } };
  const why = standing === 'ours' ? 'No row asks for it any more' : 'Its instance is gone';
  return {
    action: { kind: 'deleteRoute', owner, route },
    finding: { ...about, state: 'pending', reason: 'Removing', message: why },
  };
}

/** An entry that nobody asks for and that stays is told of, where it may take traffic unasked. */
function surplusNotOurs(input: RoutePlanInput, route: ObservedRoute): Step {
  const { standing, isInClusterCidr, destinationCidr, claimant } = route;
  const about = {
    owner: input.reporter,
    destinationCidr,
    nextHopId: route.nextHop.id,
    state: 'conflicting',
  } as const;
  if (standing === 'ours' && claimant === undefined) {
    const message = `The ${describeEntry(route)} bears the mark of this cluster, but no object has it on record, so it is left alone: remove it, or write a row for it`;
    return { finding: { ...about, reason: 'UnclaimedRoute', message } };
  }
  const isPersons = standing === 'unmarked' || standing === 'foreign';
  if (!isPersons || !isInClusterCidr) return {};
  const message = `The network of pods has a ${describeEntry(route)} that is not ours and is left alone: remove it if nobody needs it, or set spec.adoptStaleRoutes to have such entries removed whose instance is gone`;
  return { finding: { ...about, reason: 'ForeignRoute', message } };
}

function planRow(
  input: RoutePlanInput,
  desired: DesiredRoute,
  observed: ObservedRoute | undefined,
): Step {
  const refusal = input.refused.get(desired.destinationCidr);
  if (observed === undefined) {
    if (refusal !== undefined) return { finding: finding(desired, 'failed', refusal) };
    return {
      action: { kind: 'createRoute', owner: desired.owner, route: desired },
      finding: pending(desired, 'Creating', 'The entry is being made'),
    };
  }
  if (observed.entry.status === 'Deleting') {
    const message = `The ${describeEntry(observed)} is being deleted and has to be gone first`;
    return { isWaiting: true, finding: pending(desired, 'Replacing', message) };
  }
  if (hasNextHop(observed, desired.nextHop)) return planSameHop(desired, observed);
  return planOtherHop(input, desired, observed);
}

function planSameHop(desired: DesiredRoute, observed: ObservedRoute): Step {
  const { standing, entry } = observed;
  if (standing === 'untouchable' || standing === 'foreign') return conflict(desired, observed);
  const isInUse = entry.status === 'Available';
  return {
    ...(standing === 'unmarked' ? { adopted: desired } : {}),
    ...(isInUse ? {} : { isWaiting: true }),
    finding: isInUse
      ? finding(desired, 'available', { reason: 'Available', message: '' })
      : pending(desired, 'Pending', 'The cloud is putting the entry into use'),
  };
}

function planOtherHop(input: RoutePlanInput, desired: DesiredRoute, observed: ObservedRoute): Step {
  const { standing, removal, entry } = observed;
  const isStale = standing === 'unmarked' && removal === 'inferred';
  if (standing !== 'ours' && !isStale) return conflict(desired, observed);
  if (isStale && input.held.has(desired.destinationCidr)) {
    const message = `The removal of ${describeEntry(observed)} in its place rests on absence alone, as that of many others does, so it is held back: ${input.approval}`;
    return { finding: finding(desired, 'held', { reason: 'RemovalHeld', message }) };
  }
  const refusal = input.undeletable.get(desired.destinationCidr);
  if (refusal !== undefined) return { finding: finding(desired, 'failed', refusal) };
  const message = `The ${describeEntry(observed)} is replaced`;
  const step = { finding: pending(desired, 'Replacing', message), isWaiting: true };
  if (entry.status !== 'Available') return step;
  return { ...step, action: { kind: 'deleteRoute', owner: desired.owner, route: observed } };
}

function conflict(desired: DesiredRoute, observed: ObservedRoute): Step {
  const message = `The destination is taken by ${describeEntry(observed)}, which is not ours and is left alone: remove that entry, or this row`;
  return { finding: finding(desired, 'conflicting', { reason: 'DestinationTaken', message }) };
}

function pending(route: DesiredRoute, reason: string, message: string): RouteFinding {
  return finding(route, 'pending', { reason, message });
}

function finding(
  route: DesiredRoute,
  state: RouteFinding['state'],
  { reason, message }: RowRefusal,
): RouteFinding {
  return { ...findingOf(route), state, reason, message };
}

import type { CloudIdentity } from '../../cloud/cloud-identity.ts';
import {
  type ConditionState,
  conditionTime,
  failedConditions,
  setCondition,
  summarizeReady,
} from '../conditions.ts';
import type { Condition, RouteTableResource } from '../kubernetes-objects.ts';
import { observingMessage } from '../observe-policy.ts';
import type { DesiredRoute, RouteFinding } from './route-table-desired.ts';
import { hasNextHop, type ObservedRoute } from './route-table-observed.ts';
import type { RouteAction } from './route-table-plan.ts';
import type { OwnedRoute, RouteTableStatusChange, RowNotAsWished } from './route-table-ports.ts';
import type { QuotaStatus } from './route-table-quota.ts';
import type { Reasoned, RouteTableMember } from './route-table-verdict.ts';

/** The conditions that make an AlibabaRouteTable Ready, in the order in which people fix them. */
const READY_NEEDS = ['Accepted', 'Programmed'] as const;

/** The most rows, and steps of a plan, that a status lists in full. */
const MOST_LISTED = 64;
const MOST_OWNED = 1000;
const LONGEST_MESSAGE = 512;

/** What is told of entries that no row is about, and keeps nothing from being as asked. */
const REMARKS: ReadonlySet<string> = new Set(['ForeignRoute', 'UnclaimedRoute']);

/** How old the recorded time of the last comparison may get; one a pass would be a write a pass. */
const CHECK_TIME_AGE_MS = 30 * 60_000;

/** What a pass has seen of the route table. */
export interface SeenTable {
  readonly identity: CloudIdentity;
  readonly vpcId: string;
  readonly observed: readonly ObservedRoute[];
  readonly desired: readonly DesiredRoute[];
  readonly findings: readonly RouteFinding[];
  /** What would be done under Apply. */
  readonly actions: readonly RouteAction[];
  readonly adoptions: readonly DesiredRoute[];
  readonly quota: QuotaStatus;
}

/** What a pass found out about one object. */
export interface RouteTableStatusInput {
  readonly member: RouteTableMember;
  /** Unset where the cloud was not looked at. */
  readonly seen?: SeenTable;
  /** Why nothing is known of the cloud, or what it is busy with. */
  readonly progress?: Reasoned;
  readonly nowMs: number;
}

/**
 * Writes the status of one object that follows from a pass.
 *
 * Shape: tells what is known of the cloud, not what was asked for; lists only what is not as asked.
 */
export function routeTableStatus(input: RouteTableStatusInput): RouteTableStatusChange {
  const { member, seen, nowMs } = input;
  const { resource } = member;
  const findings = (seen?.findings ?? []).filter(({ owner }) => owner === resource.metadata.uid);
  const { generation } = resource.metadata;
  const programmed = programmedState(input, findings);
  const conditions = [acceptedState(member), programmed].reduce<readonly Condition[]>(
    (list, state) => setCondition(list, { ...state, observedGeneration: generation }, nowMs),
    conditionsFrom(resource),
  );
  const stalled = member.refusal ?? stalledBy(programmed, findings);
  const change: RouteTableStatusChange = {
    observedGeneration: generation,
    conditions: summarizeReady(
      {
        conditions,
        needs: READY_NEEDS,
        generation,
        ...(member.notReady === undefined ? {} : { notReady: member.notReady }),
        ...(stalled === undefined ? {} : { stalled }),
      },
      nowMs,
    ),
  };
  return seen === undefined ? change : { ...change, ...seenStatus(member, seen, findings, nowMs) };
}

/** The conditions of the stored status, as conditions. */
export function conditionsFrom(resource: RouteTableResource): readonly Condition[] {
  return resource.status.conditions ?? [];
}

/** Writes the status that follows from a failed pass; see `failedConditions`. */
export function failedRouteTableStatus(
  resource: RouteTableResource,
  failure: Reasoned & { readonly isStalled: boolean },
  nowMs: number,
): RouteTableStatusChange {
  const { generation } = resource.metadata;
  return {
    observedGeneration: generation,
    conditions: failedConditions(conditionsFrom(resource), generation, failure, nowMs),
  };
}

/** Lists the entries that are an object's own, by destination. */
export function ownedRoutes(
  resource: RouteTableResource,
  seen: Pick<SeenTable, 'observed' | 'desired'>,
): OwnedRoute[] {
  const { uid } = resource.metadata;
  const recorded = new Map(
    (resource.status.owned ?? []).map((owned) => [owned.destinationCidr, owned]),
  );
  const desired = new Map(seen.desired.map((route) => [route.destinationCidr, route]));
  return seen.observed
    .flatMap((route): OwnedRoute[] => {
      const row = desired.get(route.destinationCidr);
      const isAsked = row !== undefined && hasNextHop(route, row.nextHop);
      const isOurs = route.standing === 'ours' || (route.standing === 'unmarked' && isAsked);
      const owner = isAsked ? row.owner : route.claimant;
      if (!isOurs || owner !== uid) return [];
      const earlier = recorded.get(route.destinationCidr);
      const isSame = earlier?.nextHopId === route.nextHop.id;
      const state = stateOf(route);
      return [
        {
          destinationCidr: route.destinationCidr,
          nextHopId: route.nextHop.id,
          origin: isSame && earlier.origin !== undefined ? earlier.origin : originOf(route),
          ...(state === undefined ? {} : { state }),
        },
      ];
    })
    .toSorted(byDestination)
    .slice(0, MOST_OWNED);
}

/**
 * Adds to the entries on record those that are about to be made.
 *
 * Shape: written before the request is sent, so that whatever becomes of its answer, and of this
 *   process, the entry is known to be the object's own.
 */
export function withIntendedRoutes(
  resource: RouteTableResource,
  intended: readonly DesiredRoute[],
): OwnedRoute[] {
  const destinations = new Set(intended.map(({ destinationCidr }) => destinationCidr));
  const kept = (resource.status.owned ?? []).filter(
    ({ destinationCidr }) => !destinations.has(destinationCidr),
  );
  const added = intended.map((route): OwnedRoute => ({
    destinationCidr: route.destinationCidr,
    nextHopId: route.nextHop.id,
    origin: 'Created',
    state: 'Pending',
  }));
  return [...kept, ...added].toSorted(byDestination).slice(0, MOST_OWNED);
}

function seenStatus(
  member: RouteTableMember,
  seen: SeenTable,
  findings: readonly RouteFinding[],
  nowMs: number,
): RouteTableStatusChange {
  const { resource, stance } = member;
  const { uid } = resource.metadata;
  const unwished = findings.filter(({ state }) => state !== 'available');
  const count = (state: RouteFinding['state']): number =>
    findings.filter((finding) => finding.state === state).length;
  const plan = stance === 'observe' ? plannedSteps(uid, seen) : undefined;
  const checkedMs = Date.parse(resource.status.lastDriftCheckTime ?? '');
  const isCheckTimeOld = !(nowMs - checkedMs < CHECK_TIME_AGE_MS);
  return {
    accountId: seen.identity.accountId,
    regionId: seen.identity.regionId,
    vpcId: seen.vpcId,
    routes: {
      wished: resource.spec.routes?.length ?? 0,
      available: count('available'),
      conflicting: count('conflicting'),
      failed: count('failed'),
      held: count('held'),
    },
    quota: seen.quota,
    notAsWished: listed(resource, unwished, nowMs),
    notAsWishedTotal: unwished.length,
    // Under Observe nothing is taken over either.
    ...(stance === 'observe' ? {} : { owned: ownedRoutes(resource, seen) }),
    plan: plan === undefined ? null : plan.slice(0, MOST_LISTED),
    planTotal: plan === undefined ? null : plan.length,
    ...(isCheckTimeOld ? { lastDriftCheckTime: conditionTime(nowMs) } : {}),
    lastError: null,
  };
}

function acceptedState({ refusal }: RouteTableMember): ConditionState {
  if (refusal !== undefined) return { type: 'Accepted', status: 'False', ...refusal };
  return {
    type: 'Accepted',
    status: 'True',
    reason: 'Accepted',
    message: 'The spec is valid and the route table is ours to write to',
  };
}

function programmedState(
  input: RouteTableStatusInput,
  findings: readonly RouteFinding[],
): ConditionState {
  const type = 'Programmed';
  if (input.progress !== undefined) return { type, status: 'False', ...input.progress };
  if (input.seen === undefined) {
    return {
      type,
      status: 'Unknown',
      reason: 'NotObserved',
      message: 'The route table was not looked at',
    };
  }
  const problems = problemsOf(findings);
  const [first] = problems;
  if (first === undefined) return programmedTrue(findings);
  const isPending = problems.every(({ state }) => state === 'pending');
  const told = isPending ? problems : problems.filter(({ state }) => state !== 'pending');
  const reasons = new Set(told.map(({ reason }) => reason));
  const isObserving = isPending && input.member.stance === 'observe';
  return {
    type,
    status: 'False',
    reason: isObserving
      ? 'Observing'
      : isPending
        ? 'Pending'
        : reasons.size === 1
          ? (told[0]?.reason ?? first.reason)
          : 'SeveralReasons',
    message: isObserving
      ? observingMessage(input.member.resource.spec.reconcilePolicy !== 'Observe')
      : summaryOf(told),
  };
}

/** What nobody here made takes traffic, and is worth a remark on what is well otherwise. */
function programmedTrue(findings: readonly RouteFinding[]): ConditionState {
  const remarks = findings.filter(({ reason }) => REMARKS.has(reason)).toSorted(byDestination);
  const [first] = remarks;
  if (first !== undefined) {
    return {
      type: 'Programmed',
      status: 'True',
      reason: first.reason,
      message: summaryOf(remarks),
    };
  }
  return {
    type: 'Programmed',
    status: 'True',
    reason: 'Programmed',
    message: 'Every route that is asked for is in the route table',
  };
}

/** What keeps an object from being as asked; sorted, so that the words stay the same. */
function problemsOf(findings: readonly RouteFinding[]): readonly RouteFinding[] {
  return findings
    .filter(({ state, reason }) => state !== 'available' && !REMARKS.has(reason))
    .toSorted(byDestination);
}

function byDestination(
  one: { readonly destinationCidr: string },
  other: { readonly destinationCidr: string },
): number {
  return one.destinationCidr < other.destinationCidr ? -1 : 1;
}

function summaryOf(findings: readonly RouteFinding[]): string {
  const [first] = findings;
  if (first === undefined) return '';
  const more = findings.length - 1;
  const rest = more === 0 ? '' : `; ${more} more in status.notAsWished`;
  return `${first.destinationCidr}: ${first.message}${rest}`;
}

/** Nothing goes on before a person acts when nothing is pending and something is wrong. */
function stalledBy(
  programmed: ConditionState,
  findings: readonly RouteFinding[],
): Reasoned | undefined {
  const problems = problemsOf(findings);
  const isStalled =
    programmed.status === 'False' &&
    problems.length > 0 &&
    problems.every(({ state }) => state !== 'pending');
  return isStalled ? { reason: programmed.reason, message: programmed.message } : undefined;
}

function listed(
  resource: RouteTableResource,
  findings: readonly RouteFinding[],
  nowMs: number,
): RowNotAsWished[] {
  const earlier = new Map(
    (resource.status.notAsWished ?? []).map((row) => [row.destinationCidr, row]),
  );
  // One for each destination, as the schema asks.
  const distinct = new Map(findings.map((found) => [found.destinationCidr, found]));
  return [...distinct.values()]
    .toSorted(byDestination)
    .slice(0, MOST_LISTED)
    .map((found): RowNotAsWished => {
      const known = earlier.get(found.destinationCidr);
      const since = known?.reason === found.reason ? known.since : undefined;
      return {
        destinationCidr: found.destinationCidr,
        ...(found.nextHopId === '' ? {} : { nextHopId: found.nextHopId }),
        ...(found.nodeName === undefined ? {} : { nodeName: found.nodeName }),
        reason: found.reason,
        message: cut(found.message),
        since: since ?? conditionTime(nowMs),
      };
    });
}

function plannedSteps(uid: string, seen: SeenTable): NonNullable<RouteTableStatusChange['plan']> {
  const adopted = seen.adoptions.filter(({ owner }) => owner === uid);
  return [
    ...seen.actions
      .filter(({ owner }) => owner === uid)
      .map((action) => ({
        action: action.kind === 'createRoute' ? ('Create' as const) : ('Delete' as const),
        destinationCidr: action.route.destinationCidr,
        nextHopId: action.route.nextHop.id,
      })),
    ...adopted.map(({ destinationCidr, nextHop }) => ({
      action: 'Adopt' as const,
      destinationCidr,
      nextHopId: nextHop.id,
    })),
  ];
}

function stateOf({ entry }: ObservedRoute): OwnedRoute['state'] {
  if (entry.status === 'Available') return undefined;
  return entry.status === 'Deleting' ? 'Deleting' : 'Pending';
}

function originOf({ standing }: ObservedRoute): NonNullable<OwnedRoute['origin']> {
  return standing === 'unmarked' ? 'Adopted' : 'Created';
}

function cut(message: string): string {
  return message.length <= LONGEST_MESSAGE ? message : `${message.slice(0, LONGEST_MESSAGE - 1)}…`;
}

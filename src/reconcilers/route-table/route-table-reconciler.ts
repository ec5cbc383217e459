import type { Failure } from '../../cloud/failure.ts';
import type { CloudIdentity } from '../../cloud/cloud-identity.ts';
import { findCondition } from '../conditions.ts';
import type { RouteTableResource } from '../kubernetes-objects.ts';
import { APPROVE_REMOVAL_ANNOTATION, ROUTE_TABLE_FINALIZER } from '../names.ts';
import {
  observeAgain,
  settled,
  type ObjectKey,
  type Outcome,
  type Reconciler,
} from '../reconciler.ts';
import { GENERATED_CONDITION } from '../route-generator/generation-status.ts';
import { GatheredCreations } from './gathered-creations.ts';
import { applyRoutes } from './route-table-apply.ts';
import { RouteTableBeliefs } from './route-table-belief.ts';
import { describeRouteActions } from './route-table-drift.ts';
import { RouteTableFailures } from './route-table-failures.ts';
import { isRemovalApproved, RouteTableJudge, type TablePass } from './route-table-judge.ts';
import { RouteTableObserver } from './route-table-observer.ts';
import type { RouteAction } from './route-table-plan.ts';
import type { RouteTablePorts } from './route-table-ports.ts';
import { RouteTableReporter } from './route-table-reporter.ts';
import {
  conditionsFrom,
  failedRouteTableStatus,
  withIntendedRoutes,
  type SeenTable,
} from './route-table-status.ts';
import { memberOf, type RouteTableMember } from './route-table-verdict.ts';

/** How long the cloud is given for a change before it is looked at; longer each time. */
const FIRST_LOOK_MS = 1_000;
const LONGEST_LOOK_MS = 15_000;

/**
 * How often an object is looked at again that waits for something outside of the cluster, such as
 * other credentials: no event tells of that.
 */
const OUTSIDE_CHECK_MS = 5 * 60_000;

/**
 * Keeps the entries of VPC route tables equal to what AlibabaRouteTables ask for.
 *
 * Shape: a key names a route table of the cloud, so that all objects of one table are served by one
 *   pass, from one reading, and one writer.
 */
export class RouteTableReconciler implements Reconciler {
  readonly resourceKind = 'AlibabaRouteTable';
  readonly #ports: RouteTablePorts;
  readonly #beliefs = new RouteTableBeliefs();
  readonly #observer: RouteTableObserver;
  readonly #judge: RouteTableJudge;
  readonly #reporter: RouteTableReporter;
  readonly #failures: RouteTableFailures;
  readonly #gathered = new GatheredCreations();
  /** How often in a row each table was waited for. */
  readonly #looks = new Map<string, number>();

  constructor(ports: RouteTablePorts) {
    this.#ports = ports;
    const beliefs = this.#beliefs;
    this.#observer = new RouteTableObserver({ ...ports, beliefs });
    this.#judge = new RouteTableJudge(ports, this.#observer);
    this.#reporter = new RouteTableReporter(ports);
    this.#failures = new RouteTableFailures({ ...ports, beliefs, reporter: this.#reporter });
  }

  async reconcile(key: ObjectKey, signal: AbortSignal): Promise<Outcome> {
    const routeTableId = key.name;
    const resources = byAge(this.#ports.routeTables.listForTable(routeTableId));
    if (resources.length === 0) {
      this.#forget(routeTableId);
      return settled;
    }
    const identity = await this.#ports.identity(signal);
    const judged = this.#members(resources, identity);
    const kept = await this.#release(judged, signal);
    if (kept.every(({ stance }) => stance === 'leave')) return this.#leave(kept, signal);

    const vpcId = await this.#observer.vpcIdOf(routeTableId, signal);
    if (vpcId === undefined) return this.#missing(kept, signal);
    const members = this.#members(
      kept.map(({ resource }) => resource),
      identity,
      vpcId,
    );
    if (members.every(({ stance }) => stance === 'leave')) return this.#leave(members, signal);
    return this.#serve({ routeTableId, vpcId, identity, members }, signal);
  }

  /** Shows a failed pass, and remembers that the cloud may differ from what is believed. */
  async reportFailure(key: ObjectKey, failure: Failure, signal: AbortSignal): Promise<void> {
    await this.#failures.report(key.name, failure, signal);
  }

  /** Observes, plans and applies, for a table that exists. */
  async #serve(pass: TablePass, signal: AbortSignal): Promise<Outcome> {
    const { routeTableId, members } = pass;
    const observation = await this.#observer.observe(routeTableId, signal);
    if (observation.kind === 'missing') return this.#missing(members, signal);
    if (observation.kind === 'wait') {
      const { progress, afterMs } = observation;
      if (progress !== undefined) {
        for (const member of members) await this.#reporter.show({ member, progress }, signal);
      }
      return observeAgain(afterMs);
    }
    const { entries, isFresh, isCheck } = observation;
    const facts = await this.#judge.gather(pass, entries, isFresh, signal);
    const before = this.#judge.judge(pass, entries, facts);
    const actions = this.#actions(pass, before);
    if (isCheck) this.#tellDrift(members, actions);

    const guarded = await this.#guard(pass, before, actions, signal);
    const result = await this.#apply(guarded, before, actions, signal);
    const known = this.#beliefs.find(routeTableId)?.entries ?? entries;
    this.#judge.learn(routeTableId, result, known);
    const after = this.#judge.judge(guarded, known, facts);
    const shown = await this.#show(guarded, after, signal);
    this.#failures.clear(routeTableId);

    if (result.isRefuted) return this.#lookAgain(routeTableId);
    const isOpen = after.actions.some(({ owner }) => isWriter(members, owner));
    if (!result.isComplete || (isOpen && actions.length > 0)) return observeAgain(0);
    if (after.isWaiting) return this.#lookAgain(routeTableId);
    const isProven = await this.#finish({ ...guarded, members: shown }, after, signal);
    if (!isProven) return this.#lookAgain(routeTableId);
    this.#looks.delete(routeTableId);
    return this.#rest(routeTableId);
  }

  /** What is to be written now of what was planned. */
  #actions({ routeTableId, members }: TablePass, seen: SeenTable): readonly RouteAction[] {
    const own = seen.actions.filter(({ owner }) => isWriter(members, owner));
    const creations = own.filter((action) => action.kind === 'createRoute');
    const nowMs = this.#ports.clock.monotonicMs();
    return [
      ...own.filter((action) => action.kind === 'deleteRoute'),
      ...this.#gathered.select(routeTableId, creations, nowMs),
    ];
  }

  /**
   * Makes sure, before a write to the cloud, that no object can go without us, and that what is about
   * to be made is on record.
   */
  async #guard(
    pass: TablePass,
    seen: SeenTable,
    actions: readonly RouteAction[],
    signal: AbortSignal,
  ): Promise<TablePass> {
    const owners = new Set(seen.desired.map(({ owner }) => owner));
    const members: RouteTableMember[] = [];
    for (const member of pass.members) {
      const { uid } = member.resource.metadata;
      if (member.stance !== 'apply' || !owners.has(uid)) {
        members.push(member);
        continue;
      }
      const guarded = await this.#withFinalizer(member.resource, signal);
      const intended = actions.flatMap((action) =>
        action.kind === 'createRoute' && action.owner === uid ? [action.route] : [],
      );
      const resource =
        intended.length === 0
          ? guarded
          : await this.#ports.writer.patchStatus(
              guarded,
              { owned: withIntendedRoutes(guarded, intended) },
              signal,
            );
      members.push({ ...member, resource });
    }
    return { ...pass, members };
  }

  async #withFinalizer(
    resource: RouteTableResource,
    signal: AbortSignal,
  ): Promise<RouteTableResource> {
    // The API server refuses new finalizers on an object that is being deleted.
    if (resource.metadata.deletionTimestamp !== undefined) return resource;
    return this.#ports.writer.addFinalizer(resource, ROUTE_TABLE_FINALIZER, signal);
  }

  /** Applies a plan; what the cloud has accepted is believed, whatever comes after it. */
  #apply(
    { routeTableId, vpcId }: TablePass,
    seen: SeenTable,
    actions: readonly RouteAction[],
    signal: AbortSignal,
  ): ReturnType<typeof applyRoutes> {
    const asked = new Set(seen.desired.map(({ destinationCidr }) => destinationCidr));
    return applyRoutes({
      vpc: this.#ports.vpc,
      vpcId,
      routeTableId,
      actions,
      onAccepted: (accepted) => {
        this.#beliefs.keepWritten(routeTableId, accepted, (cidr) => asked.has(cidr));
      },
      options: { signal, lane: 'live' },
    });
  }

  /** Shows every object what concerns it; answers them as they are then. */
  async #show(
    pass: TablePass,
    seen: SeenTable,
    signal: AbortSignal,
  ): Promise<readonly RouteTableMember[]> {
    const shown: RouteTableMember[] = [];
    for (const member of pass.members) {
      const { stance, resource } = member;
      const stored = await this.#reporter.show(
        stance === 'leave' ? { member } : { member, seen },
        signal,
      );
      const adopted = seen.adoptions.filter(({ owner }) => owner === resource.metadata.uid).length;
      if (adopted > 0 && stance === 'apply') {
        this.#reporter.record(stored, {
          type: 'Normal',
          reason: 'AdoptedRoutes',
          action: 'Adopt',
          note: `${adopted} entries that were there already and are as asked are ours from now on`,
        });
      }
      shown.push({ ...member, resource: stored });
    }
    return shown;
  }

  /** Lets objects go of which nothing is left; tells whether what was read is enough to tell. */
  async #finish(pass: TablePass, seen: SeenTable, signal: AbortSignal): Promise<boolean> {
    const { routeTableId, members } = pass;
    const isHeld = seen.findings.some(({ reason }) => reason === 'RemovalHeld');
    for (const { resource, stance } of members.filter(isRemovalApproved)) {
      if (stance === 'observe') continue;
      // What is held back of the rows themselves waits for the same word.
      const generated = findCondition(conditionsFrom(resource), GENERATED_CONDITION);
      if (isHeld || generated?.reason === 'RemovalHeld') continue;
      await this.#ports.writer.removeAnnotations(resource, [APPROVE_REMOVAL_ANNOTATION], signal);
    }
    const removing = members.filter(({ stance }) => stance === 'remove');
    if (removing.length === 0) return true;
    // Only a reading after the last write proves that nothing is left.
    if (this.#beliefs.find(routeTableId)?.isAsRead !== true) return false;
    const asked = new Set(seen.desired.map(({ destinationCidr }) => destinationCidr));
    const left = seen.observed.filter(
      ({ removal, standing, destinationCidr }) =>
        removal === 'commanded' && standing === 'ours' && !asked.has(destinationCidr),
    );
    for (const { resource } of removing) {
      const { uid } = resource.metadata;
      if (left.some(({ claimant }) => claimant === uid)) continue;
      await this.#letGo(resource, 'None of its entries is left in the route table', signal);
    }
    return true;
  }

  /** Lets objects go that keep their entries in the cloud; answers the others. */
  async #release(
    members: readonly RouteTableMember[],
    signal: AbortSignal,
  ): Promise<readonly RouteTableMember[]> {
    for (const { resource, stance } of members) {
      if (stance !== 'release') continue;
      await this.#letGo(resource, 'Its entries stay in the route table as they are', signal);
    }
    return members.filter(({ stance }) => stance !== 'release');
  }

  async #letGo(resource: RouteTableResource, note: string, signal: AbortSignal): Promise<void> {
    this.#reporter.record(resource, {
      type: 'Normal',
      reason: 'DeletedRoutes',
      action: 'Delete',
      note,
    });
    await this.#ports.writer.removeFinalizer(resource, ROUTE_TABLE_FINALIZER, signal);
  }

  async #leave(members: readonly RouteTableMember[], signal: AbortSignal): Promise<Outcome> {
    for (const member of members) await this.#reporter.show({ member }, signal);
    const isWaiting = members.some(({ refusal }) => refusal !== undefined);
    return isWaiting ? observeAgain(OUTSIDE_CHECK_MS) : settled;
  }

  /** A table that is not there has nothing to remove, and nothing can be put into it. */
  async #missing(members: readonly RouteTableMember[], signal: AbortSignal): Promise<Outcome> {
    for (const { resource, stance } of members) {
      if (stance === 'remove') {
        await this.#letGo(resource, 'The route table is gone, and its entries with it', signal);
        continue;
      }
      if (stance === 'leave') continue;
      const message = `There is no route table "${resource.spec.routeTableId}" in the region: correct the id or the region, or delete this object`;
      const failure = { reason: 'TableNotFound', message, isStalled: true };
      const change = failedRouteTableStatus(resource, failure, this.#ports.clock.now());
      await this.#reporter.patch(resource, change, signal);
    }
    return observeAgain(OUTSIDE_CHECK_MS);
  }

  #members(
    resources: readonly RouteTableResource[],
    identity: CloudIdentity,
    vpcId?: string,
  ): RouteTableMember[] {
    const nodeUids = new Set(this.#ports.nodes.list().map(({ metadata }) => metadata.uid));
    const { isDryRun } = this.#ports.settings;
    const place = vpcId === undefined ? {} : { vpcId };
    return resources.flatMap(
      (resource) => memberOf({ resource, identity, nodeUids, isDryRun, ...place }) ?? [],
    );
  }

  #tellDrift(members: readonly RouteTableMember[], actions: readonly RouteAction[]): void {
    for (const { resource } of members) {
      // Only what is on record as done can have been undone.
      const done = new Set((resource.status.owned ?? []).map((owned) => owned.destinationCidr));
      const own = actions.filter(
        ({ owner, route }) => owner === resource.metadata.uid && done.has(route.destinationCidr),
      );
      if (own.length === 0) continue;
      this.#reporter.record(resource, {
        type: 'Warning',
        reason: 'DriftDetected',
        action: 'Compare',
        note: `The route table differs from what is asked for and is set right: ${describeRouteActions(own)}`,
      });
    }
  }

  /** The cloud is at work on something, or has something that was not known: it is read again. */
  #lookAgain(routeTableId: string): Outcome {
    const looks = this.#looks.get(routeTableId) ?? 0;
    this.#looks.set(routeTableId, looks + 1);
    this.#beliefs.mistrust(routeTableId);
    return observeAgain(Math.min(FIRST_LOOK_MS * 2 ** looks, LONGEST_LOOK_MS));
  }

  /** Nothing is to be done until something changes, or until it is time to look. */
  #rest(routeTableId: string): Outcome {
    const nextMs = Math.min(
      this.#observer.nextCheckMs(routeTableId),
      this.#judge.nextTryMs(routeTableId),
      this.#gathered.dueMs(routeTableId),
    );
    return observeAgain(Math.max(0, nextMs - this.#ports.clock.monotonicMs()));
  }

  #forget(routeTableId: string): void {
    this.#observer.forget(routeTableId);
    this.#judge.forget(routeTableId);
    this.#failures.clear(routeTableId);
    this.#looks.delete(routeTableId);
    this.#gathered.forget(routeTableId);
  }
}

/** Tells whether an object is one for which the cloud may be written to. */
function isWriter(members: readonly RouteTableMember[], uid: string): boolean {
  const member = members.find(({ resource }) => resource.metadata.uid === uid);
  return member?.stance === 'apply' || member?.stance === 'remove';
}

/** Puts the oldest first, so that of two that ask for the same the older one wins. */
function byAge(resources: readonly RouteTableResource[]): readonly RouteTableResource[] {
  return resources.toSorted(({ metadata: a }, { metadata: b }) => {
    const left = `${a.creationTimestamp} ${a.name}`;
    const right = `${b.creationTimestamp} ${b.name}`;
    return left < right ? -1 : left > right ? 1 : 0;
  });
}

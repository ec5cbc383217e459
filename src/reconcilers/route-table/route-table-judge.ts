import type { CloudIdentity } from '../../cloud/cloud-identity.ts';
import type { CloudRouteEntry } from '../../cloud/vpc/vpc-client.ts';
import type { Node } from '../kubernetes-objects.ts';
import { APPROVE_REMOVAL_ANNOTATION } from '../names.ts';
import { readProviderId } from '../provider-id.ts';
import { isRoutedNode } from '../route-generator/node-routes.ts';
import { absenceKeyOf } from '../route-generator/row-removals.ts';
import { canonicalCidr } from './remembered-ranges.ts';
import { fullTable, NO_IPV6, RefusedRows } from './route-refusals.ts';
import type { RouteApplyResult } from './route-table-apply.ts';
import { desiredRoutes, type DesiredRoutes } from './route-table-desired.ts';
import { observedRoutes, type ObservedRoute } from './route-table-observed.ts';
import type { RouteTableObserver } from './route-table-observer.ts';
import { inferredRemovals, planRoutes, type RowRefusal } from './route-table-plan.ts';
import type { RouteTablePorts } from './route-table-ports.ts';
import { countedEntries, quotaStatus, RouteQuotas } from './route-table-quota.ts';
import type { SeenTable } from './route-table-status.ts';
import { decidingStance, type RouteTableMember } from './route-table-verdict.ts';
import { StaleRoutes } from './stale-routes.ts';

/** One route table in one pass: who asks something of it, and where it is. */
export interface TablePass {
  readonly routeTableId: string;
  readonly vpcId: string;
  readonly identity: CloudIdentity;
  /** In order of age. */
  readonly members: readonly RouteTableMember[];
}

/** What had to be read of the cloud beside the entries. */
export interface TableFacts {
  readonly goneInstanceIds: ReadonlySet<string>;
  readonly hasIpv6: boolean;
}

const DAY_MS = 24 * 60 * 60_000;

/** What a Node says of its routes; computed once for a pass. */
interface NodeFacts {
  /** The uid of the Node behind each network of pods that is routed. */
  readonly uids: ReadonlyMap<string, string>;
  readonly instanceIds: ReadonlySet<string>;
  readonly joinedLastDay: ReadonlySet<string>;
}

/** Judges what is known of a route table, with what was refused, held and learned before. */
export class RouteTableJudge {
  readonly #ports: RouteTablePorts;
  readonly #observer: RouteTableObserver;
  readonly #refused: RefusedRows;
  readonly #undeletable: RefusedRows;
  readonly #quotas: RouteQuotas;
  readonly #stale: StaleRoutes;
  /** The tables with rows that have no place. */
  readonly #crowded = new Set<string>();
  /** What the breaker holds for each table. */
  readonly #heldKeys = new Map<string, readonly string[]>();

  constructor(ports: RouteTablePorts, observer: RouteTableObserver) {
    const { checkPeriodMs } = ports.settings;
    this.#ports = ports;
    this.#observer = observer;
    this.#refused = new RefusedRows(checkPeriodMs);
    this.#undeletable = new RefusedRows(checkPeriodMs);
    this.#quotas = new RouteQuotas(checkPeriodMs);
    this.#stale = new StaleRoutes(ports);
  }

  /** Reads what the judgement needs beside the entries, where it needs anything. */
  async gather(
    pass: TablePass,
    entries: readonly CloudRouteEntry[],
    isFresh: boolean,
    signal: AbortSignal,
  ): Promise<TableFacts> {
    const desired = this.#desired(pass);
    const { vpcId, routeTableId, identity } = pass;
    const hasIpv6 = await this.#observer.hasIpv6(vpcId, desired.routes, { isFresh }, signal);
    const instanceIds = this.#doubtfulInstances(pass, desired, entries);
    const wanted = { regionId: identity.regionId, instanceIds, isFresh };
    const goneInstanceIds = await this.#stale.prove(routeTableId, wanted, signal);
    return { goneInstanceIds, hasIpv6 };
  }

  /** Decides what is to be done, and what the objects are told. */
  judge(
    pass: TablePass,
    entries: readonly CloudRouteEntry[],
    facts: TableFacts,
  ): SeenTable & { readonly isWaiting: boolean } {
    const { clock } = this.#ports;
    const { routeTableId, members, vpcId, identity } = pass;
    const nowMs = clock.monotonicMs();
    const nodes = nodeFacts(this.#ports.nodes.list(), clock.now());
    const desired = this.#desired(pass);
    const observed = this.#observed(pass, desired, entries, facts, nodes);
    const reporter = reporterOf(members);
    const used = countedEntries(entries);
    for (const { resource } of members) {
      this.#quotas.recall(routeTableId, resource.status.quota, nowMs);
    }
    const createBudget = this.#quotas.budget(routeTableId, used, nowMs);
    const limit = this.#quotas.limit(routeTableId);
    const plan = planRoutes({
      desired: desired.routes,
      observed,
      refused: this.#refusals(pass, desired, facts, nowMs),
      undeletable: this.#undeletable.current(routeTableId, observed, nowMs),
      held: this.#heldRemovals(pass, desired, { observed, nodes }),
      createBudget,
      exhaustion: fullTable(limit),
      reporter: reporter?.resource.metadata.uid ?? '',
      approval: approvalOf(reporter),
    });
    if (plan.isCrowded) this.#crowded.add(routeTableId);
    else this.#crowded.delete(routeTableId);
    const joined = desired.routes.filter(
      ({ nodeName }) => nodeName !== undefined && nodes.joinedLastDay.has(nodeName),
    ).length;
    return {
      identity,
      vpcId,
      observed,
      desired: desired.routes,
      findings: [...plan.findings, ...desired.rejected],
      actions: plan.actions,
      adoptions: plan.adoptions,
      quota: quotaStatus(used, limit, joined),
      isWaiting: plan.isWaiting,
    };
  }

  /** Remembers what the cloud refused. */
  learn(routeTableId: string, result: RouteApplyResult, entries: readonly CloudRouteEntry[]): void {
    const nowMs = this.#ports.clock.monotonicMs();
    for (const { route, refusal } of result.refused) {
      this.#refused.note(routeTableId, route, refusal, nowMs);
    }
    for (const { action, refusal } of result.undeletable) {
      this.#undeletable.note(routeTableId, action.route, refusal, nowMs);
    }
    if (result.isFull) this.#quotas.noteFull(routeTableId, countedEntries(entries), nowMs);
  }

  /** Tells when something is to be tried or looked at again, on the monotonic clock. */
  nextTryMs(routeTableId: string): number {
    const isCrowded = this.#crowded.has(routeTableId);
    const nowMs = this.#ports.clock.monotonicMs();
    return Math.min(
      isCrowded ? this.#quotas.nextTryMs(routeTableId, nowMs) : Number.POSITIVE_INFINITY,
      this.#refused.nextRetryMs(routeTableId),
      this.#undeletable.nextRetryMs(routeTableId),
      this.#stale.nextLookMs(routeTableId),
    );
  }

  /** Forgets a table that nobody asks anything of. */
  forget(routeTableId: string): void {
    for (const memory of [this.#refused, this.#undeletable, this.#quotas, this.#stale]) {
      memory.forget(routeTableId);
    }
    this.#crowded.delete(routeTableId);
    this.#heldKeys.delete(routeTableId);
  }

  #desired({ members }: TablePass): DesiredRoutes {
    const resources = members
      .filter(({ stance }) => stance !== 'remove' && stance !== 'release')
      .map(({ resource }) => resource);
    return desiredRoutes(resources, this.#ports.settings.clusterId);
  }

  #observed(
    { members }: TablePass,
    { undecided }: DesiredRoutes,
    entries: readonly CloudRouteEntry[],
    { goneInstanceIds }: TableFacts,
    nodes: NodeFacts,
  ): ObservedRoute[] {
    const { clusterId, clusterCidrs } = this.#ports.settings;
    return observedRoutes({
      entries,
      members,
      clusterId,
      clusterCidrs,
      undecided,
      nodeCidrs: new Set(nodes.uids.keys()),
      goneInstanceIds,
    });
  }

  /** The instances behind entries that may be removed once these are proven to be gone. */
  #doubtfulInstances(
    pass: TablePass,
    desired: DesiredRoutes,
    entries: readonly CloudRouteEntry[],
  ): ReadonlySet<string> {
    const deciding = decidingStance(pass.members);
    const mayRemoveUnmarked = pass.members.some(
      ({ resource, stance }) => stance === deciding && resource.spec.adoptStaleRoutes === true,
    );
    const nodes = nodeFacts(this.#ports.nodes.list(), this.#ports.clock.now());
    const none = { goneInstanceIds: new Set<string>(), hasIpv6: true };
    const asked = new Set(desired.routes.map(({ destinationCidr }) => destinationCidr));
    return new Set(
      this.#observed(pass, desired, entries, none, nodes)
        .filter(({ standing, claimant, isInClusterCidr, nextHop, destinationCidr }) => {
          const isUnclaimed =
            standing === 'ours' && claimant === undefined && !asked.has(destinationCidr);
          const isCandidate = isUnclaimed || (standing === 'unmarked' && mayRemoveUnmarked);
          if (!isCandidate || !isInClusterCidr) return false;
          return nextHop.type === 'Instance' && !nodes.instanceIds.has(nextHop.id);
        })
        .map(({ nextHop }) => nextHop.id),
    );
  }

  #refusals(
    { routeTableId }: TablePass,
    { routes }: DesiredRoutes,
    { hasIpv6 }: TableFacts,
    nowMs: number,
  ): ReadonlyMap<string, RowRefusal> {
    const refused = this.#refused.current(routeTableId, routes, nowMs);
    if (hasIpv6) return refused;
    const withoutFamily = routes
      .filter(({ ipVersion }) => ipVersion === 'IPv6')
      .map(({ destinationCidr }) => [destinationCidr, NO_IPV6] as const);
    return new Map([...refused, ...withoutFamily]);
  }

  /** Asks the breaker about the removals that rest on absence; tells those that are held back. */
  #heldRemovals(
    { members, routeTableId }: TablePass,
    desired: DesiredRoutes,
    seen: { readonly observed: readonly ObservedRoute[]; readonly nodes: NodeFacts },
  ): ReadonlySet<string> {
    const { breaker } = this.#ports;
    const inferred = inferredRemovals(desired.routes, seen.observed);
    const keyOf = ({ destinationCidr, nextHop }: ObservedRoute): string => {
      const uid = seen.nodes.uids.get(destinationCidr);
      if (uid === undefined) return `${routeTableId} ${destinationCidr} ${nextHop.id}`;
      // Whoever took the row out has asked for it under this key, and it is to count once.
      return absenceKeyOf({ row: { destinationCidr, node: { uid, name: '' } }, resourceName: '' });
    };
    const keys = new Map(inferred.map((route) => [keyOf(route), route.destinationCidr]));
    for (const key of this.#heldKeys.get(routeTableId) ?? []) {
      if (!keys.has(key)) breaker.release('routes', key);
    }
    this.#heldKeys.delete(routeTableId);
    if (keys.size === 0) return new Set();
    if (members.some(isRemovalApproved)) {
      for (const key of keys.keys()) breaker.approve('routes', key);
    }
    const total = seen.observed.filter(({ standing }) => standing === 'ours').length;
    const { held } = breaker.judge('routes', keys.keys(), Math.max(total, keys.size));
    this.#heldKeys.set(routeTableId, held);
    return new Set(held.flatMap((key) => keys.get(key) ?? []));
  }
}

/** Tells whether a person has said that what is held back as absent is really gone. */
export function isRemovalApproved({ resource }: RouteTableMember): boolean {
  const { annotations, uid } = resource.metadata;
  return annotations[APPROVE_REMOVAL_ANNOTATION] === uid;
}

/** The object that tells of what concerns none of them more than another. */
function reporterOf(members: readonly RouteTableMember[]): RouteTableMember | undefined {
  const byStance = (wanted: RouteTableMember['stance']): RouteTableMember | undefined =>
    members.find(({ stance }) => stance === wanted);
  return byStance('apply') ?? byStance('remove') ?? byStance('observe') ?? members[0];
}

function approvalOf(reporter: RouteTableMember | undefined): string {
  if (reporter === undefined) return '';
  const { name, uid } = reporter.resource.metadata;
  return `annotate AlibabaRouteTable "${name}" with ${APPROVE_REMOVAL_ANNOTATION}=${uid} if they are really to go`;
}

function nodeFacts(nodes: readonly Node[], nowMs: number): NodeFacts {
  const uids = new Map<string, string>();
  const instanceIds = new Set<string>();
  const joinedLastDay = new Set<string>();
  for (const node of nodes) {
    const { metadata, podCidrs, providerId } = node;
    const id = readProviderId(providerId);
    if (id.kind === 'ecs') instanceIds.add(id.instanceId);
    if (nowMs - Date.parse(metadata.creationTimestamp) < DAY_MS) joinedLastDay.add(metadata.name);
    // One that people have taken out has given its routes up by command.
    if (!isRoutedNode(node)) continue;
    for (const cidr of podCidrs) uids.set(canonicalCidr(cidr), metadata.uid);
  }
  return { uids, instanceIds, joinedLastDay };
}

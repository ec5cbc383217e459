import type { CloudNextHop, CloudRouteEntry } from '../../cloud/vpc/vpc-client.ts';
import { containsRange, type CidrRange } from '../cidr-range.ts';
import type { RouteTableResource } from '../kubernetes-objects.ts';
import { canonicalCidr, rangeFrom } from './remembered-ranges.ts';
import { markOfEntry } from './route-table-names.ts';
import { decidingStance, type RouteTableMember } from './route-table-verdict.ts';

/**
 * Whose an entry is.
 *
 * Shape: `ours` by its name or by a status; `unmarked` bears no mark, so that it may be taken over
 *   where it equals a row; `foreign` is somebody else's by its name; `untouchable` is of a kind that
 *   is never changed: of the system or of a routing protocol, with several next hops, or a default
 *   route.
 */
export type Standing = 'ours' | 'unmarked' | 'foreign' | 'untouchable';

/** An entry of the route table, and whose it is. */
export interface ObservedRoute {
  readonly entry: CloudRouteEntry;
  /** In the one form that is compared. */
  readonly destinationCidr: string;
  /** The one way on; of several the first. */
  readonly nextHop: CloudNextHop;
  readonly standing: Standing;
  /** The uid of the object that recorded the entry or asks for it; unset where none does. */
  readonly claimant?: string;
  /**
   * What a removal would rest on, were no row to ask for the destination: on a command, such as a row
   * that was taken out, or on absence. `kept` is not to be removed.
   */
  readonly removal: 'commanded' | 'inferred' | 'kept';
  /** Whether it lies in the network of pods; told only of entries that no object claims. */
  readonly isInClusterCidr: boolean;
}

/** What the judgement of entries rests on. */
export interface ObservedRoutesInput {
  readonly entries: readonly CloudRouteEntry[];
  readonly members: readonly RouteTableMember[];
  readonly clusterId: string;
  readonly clusterCidrs: readonly CidrRange[];
  /** Destinations whose entries stay, because what is asked of them is about to be told. */
  readonly undecided: ReadonlySet<string>;
  /** The networks of pods of all Nodes there are, in the one form that is compared. */
  readonly nodeCidrs: ReadonlySet<string>;
  /** The ids of instances that are proven to be gone. */
  readonly goneInstanceIds: ReadonlySet<string>;
}

/** Tells of every entry of a route table whose it is, and what may be done about it. */
export function observedRoutes(input: ObservedRoutesInput): ObservedRoute[] {
  const claims = claimsOf(input.members.map(({ resource }) => resource));
  return input.entries.map((entry) => observedRoute(input, claims, entry));
}

/** Tells whether an entry leads where a row asks for. */
export function hasNextHop(
  route: Pick<ObservedRoute, 'nextHop'>,
  wanted: { readonly type: string; readonly id: string },
): boolean {
  return route.nextHop.type === wanted.type && route.nextHop.id === wanted.id;
}

/** Describes an entry so that people find it. */
export function describeEntry({ entry, nextHop }: ObservedRoute): string {
  const name = entry.name === '' ? 'without a name' : `"${entry.name}"`;
  return `route entry ${entry.id} ${name} to ${nextHop.type} "${nextHop.id}"`;
}

/** Which object recorded which entry, and which asks for which destination. */
interface Claims {
  readonly recorded: ReadonlyMap<string, string>;
  readonly asked: ReadonlyMap<string, string>;
}

function claimsOf(resources: readonly RouteTableResource[]): Claims {
  const recorded = new Map<string, string>();
  const asked = new Map<string, string>();
  for (const { metadata, spec, status } of resources) {
    for (const { destinationCidr, nextHopId } of status.owned ?? []) {
      const key = recordKey(destinationCidr, nextHopId);
      if (!recorded.has(key)) recorded.set(key, metadata.uid);
    }
    for (const { destinationCidr } of spec.routes ?? []) {
      const key = canonicalCidr(destinationCidr);
      if (!asked.has(key)) asked.set(key, metadata.uid);
    }
  }
  return { recorded, asked };
}

function observedRoute(
  input: ObservedRoutesInput,
  claims: Claims,
  entry: CloudRouteEntry,
): ObservedRoute {
  const range = rangeFrom(entry.destinationCidr);
  const destinationCidr = range?.text ?? entry.destinationCidr;
  const nextHop = entry.nextHops[0] ?? { type: '', id: '' };
  const recordedBy = claims.recorded.get(recordKey(destinationCidr, nextHop.id));
  const standing = standingOf(input, entry, { range, isRecorded: recordedBy !== undefined });
  const askedBy = standing === 'ours' ? claims.asked.get(destinationCidr) : undefined;
  const claimant = recordedBy ?? askedBy;
  // Of what is known to be ours nobody asks, and it is by far the most.
  const isInClusterCidr =
    claimant === undefined &&
    range !== undefined &&
    input.clusterCidrs.some((outer) => containsRange(outer, range));
  const base = { entry, destinationCidr, nextHop, standing, isInClusterCidr };
  return {
    ...base,
    ...(claimant === undefined ? {} : { claimant }),
    removal: removalOf(input, base, { claimant, isRecorded: recordedBy !== undefined }),
  };
}

function standingOf(
  { clusterId }: ObservedRoutesInput,
  entry: CloudRouteEntry,
  seen: { readonly range: CidrRange | undefined; readonly isRecorded: boolean },
): Standing {
  const isPlain =
    entry.type === 'Custom' &&
    entry.nextHops.length <= 1 &&
    seen.range !== undefined &&
    seen.range.prefixLength > 0;
  if (!isPlain) return 'untouchable';
  const mark = markOfEntry(clusterId, entry.name);
  if (mark === 'foreign') return 'foreign';
  return mark === 'ours' || seen.isRecorded ? 'ours' : 'unmarked';
}

function removalOf(
  { members, nodeCidrs, goneInstanceIds, undecided }: ObservedRoutesInput,
  route: Pick<ObservedRoute, 'destinationCidr' | 'nextHop' | 'standing' | 'isInClusterCidr'>,
  claim: { readonly claimant: string | undefined; readonly isRecorded: boolean },
): ObservedRoute['removal'] {
  if (undecided.has(route.destinationCidr)) return 'kept';
  const isStale =
    route.isInClusterCidr &&
    route.nextHop.type === 'Instance' &&
    goneInstanceIds.has(route.nextHop.id);
  const deciding = decidingStance(members);
  const deciders = members.filter(({ stance }) => stance === deciding);
  if (route.standing === 'unmarked') {
    return isStale && deciders.some(mayRemoveStale) ? 'inferred' : 'kept';
  }
  if (route.standing !== 'ours') return 'kept';
  const claimant = members.find(({ resource }) => resource.metadata.uid === claim.claimant);
  if (claimant?.stance === 'remove') return 'commanded';
  if (claimant?.stance === 'leave' || claimant?.stance === 'release') return 'kept';
  if (!claim.isRecorded) {
    // An object gave it away, or was restored without its records: only a blackhole is nobody's.
    return isStale && deciders.length > 0 ? 'inferred' : 'kept';
  }
  // Nobody took out the row of a Node that is still there because it went.
  return nodeCidrs.has(route.destinationCidr) ? 'inferred' : 'commanded';
}

function mayRemoveStale({ resource }: RouteTableMember): boolean {
  return resource.spec.adoptStaleRoutes === true;
}

function recordKey(destinationCidr: string, nextHopId: string): string {
  return `${canonicalCidr(destinationCidr)} ${nextHopId}`;
}

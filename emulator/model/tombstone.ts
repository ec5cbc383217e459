import type { ObjectKind, Ownership, Tombstone } from './cloud-objects.ts';
import type { CloudState } from './cloud-state.ts';
import type { Departure, Passing } from './passage.ts';
import type { VersionedStore } from './versioned-store.ts';

/**
 * Removes an object with its tags and keeps a tombstone of it.
 *
 * Shape: nothing happens when the object is not there. `seq` is the removing call, null for the
 *   admin interface.
 */
export function buryObject(
  state: CloudState,
  grave: {
    readonly kind: ObjectKind;
    readonly id: string;
    readonly now: number;
    readonly seq: number | null;
  },
): void {
  const { kind, id, now, seq } = grave;
  const store = storeOf(state, kind);
  const object = store.get(id);
  if (object === undefined) return;
  const tombstone: Tombstone = {
    kind,
    id,
    accountId: object.accountId,
    createdBySeq: object.createdBySeq,
    createdAt: object.createdAt,
    deletedBySeq: seq,
    deletedAt: now,
    object: { ...object, tags: state.tags.get(id) ?? [] },
  };
  state.tombstones.push(tombstone);
  store.remove(id, now);
  state.departing.delete(id);
  state.tags.remove(id, now);
}

/**
 * Sends an object on its way out: it shows that it is leaving, and is buried when its time has come.
 *
 * Shape: with no time for passages it is gone at once.
 */
export function departObject(
  state: CloudState,
  leaving: {
    readonly kind: DepartingKind;
    readonly id: string;
    readonly now: number;
    readonly seq: number | null;
  },
): void {
  const { kind, id, now, seq } = leaving;
  const { transitionMs } = state.settings;
  if (transitionMs <= 0) {
    buryObject(state, leaving);
    return;
  }
  const store = departingStore(state, kind);
  const object = store.get(id);
  if (object === undefined) return;
  const departure: Departure = { until: now + transitionMs, seq };
  store.set(id, { ...object, departure }, now);
  state.departing.set(id, { kind, departure });
}

/** Buries everything whose time has come, in the order of those times. */
export function settleDepartures(state: CloudState, now: number): void {
  if (state.departing.size === 0) return;
  const due = [...state.departing]
    .filter(([, { departure }]) => departure.until <= now)
    .sort(([, a], [, b]) => a.departure.until - b.departure.until);
  for (const [id, { kind, departure }] of due) {
    state.departing.delete(id);
    buryObject(state, { kind, id, now: departure.until, seq: departure.seq });
  }
}

/** Finds again what is on its way out, after the objects were taken from a file. */
export function resumeDepartures(state: CloudState): void {
  for (const kind of DEPARTING_KINDS) {
    for (const [id, { departure }] of departingStore(state, kind).entries()) {
      if (departure !== undefined) state.departing.set(id, { kind, departure });
    }
  }
}

const DEPARTING_KINDS = ['vpc', 'vSwitch', 'routeTable', 'routeEntry', 'networkInterface'] as const;

/** The kinds that take time to go. */
export type DepartingKind = (typeof DEPARTING_KINDS)[number];

function departingStore(
  state: CloudState,
  kind: DepartingKind,
): VersionedStore<Ownership & Passing> {
  return storeOf(state, kind) as unknown as VersionedStore<Ownership & Passing>;
}

interface OwnedStore {
  get(id: string): Ownership | undefined;
  remove(id: string, at: number): void;
}

function storeOf(state: CloudState, kind: ObjectKind): OwnedStore {
  switch (kind) {
    case 'loadBalancer':
      return state.loadBalancers;
    case 'listener':
      return state.listeners;
    case 'vServerGroup':
      return state.vServerGroups;
    case 'vpc':
      return state.vpcs;
    case 'vSwitch':
      return state.vSwitches;
    case 'routeTable':
      return state.routeTables;
    case 'routeEntry':
      return state.routeEntries;
    case 'instance':
      return state.instances;
    case 'networkInterface':
      return state.networkInterfaces;
    case 'securityGroup':
      return state.securityGroups;
    case 'disk':
      return state.disks;
  }
}

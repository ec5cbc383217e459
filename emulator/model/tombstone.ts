import type { ObjectKind, Ownership, Tombstone } from './cloud-objects.ts';
import type { CloudState } from './cloud-state.ts';

/**
 * Removes an object with its tags and keeps a tombstone of it.
 *
 * Shape: nothing happens when the object is not there. `seq` is the removing call, null for the
 *   admin interface.
 */
export function buryObject(
  state: CloudState,
  grave: {
    readonly kind: ObjectKind | 'instance' | 'vpc';
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
  state.tags.remove(id, now);
}

interface OwnedStore {
  get(id: string): Ownership | undefined;
  remove(id: string, at: number): void;
}

function storeOf(state: CloudState, kind: ObjectKind | 'instance' | 'vpc'): OwnedStore {
  switch (kind) {
    case 'loadBalancer':
      return state.loadBalancers;
    case 'listener':
      return state.listeners;
    case 'vServerGroup':
      return state.vServerGroups;
    case 'instance':
      return state.instances;
    case 'vpc':
      return state.vpcs;
  }
}

import type { Node } from '../reconcilers/kubernetes-objects.ts';
import { readProviderId } from '../reconcilers/provider-id.ts';
import type { NodeDeletions } from '../reconcilers/reconciler.ts';
import type { CacheChange } from './kube/object-cache.ts';

/** How many deletions are remembered; the oldest are forgotten first. */
const REMEMBERED = 10_000;

/** Remembers the Nodes that somebody was seen deleting; see `NodeDeletions`. */
export class WatchedNodeDeletions implements NodeDeletions {
  readonly #instances = new Map<string, string>();
  readonly #uids = new Set<string>();

  /** Takes note of a change of the cache of Nodes. */
  note({ previous, current, isInferred }: CacheChange<Node>): void {
    if (previous === undefined || current !== undefined || isInferred === true) return;
    const { uid } = previous.metadata;
    this.#uids.add(uid);
    const id = readProviderId(previous.providerId);
    if (id.kind === 'ecs') this.#instances.set(id.instanceId, uid);
    if (this.#uids.size > REMEMBERED) this.#forgetOldest();
  }

  hasUid(uid: string): boolean {
    return this.#uids.has(uid);
  }

  hasInstance(instanceId: string): boolean {
    return this.#instances.has(instanceId);
  }

  #forgetOldest(): void {
    const [oldest] = this.#uids;
    if (oldest !== undefined) this.#uids.delete(oldest);
    for (const [instanceId, uid] of this.#instances) {
      if (uid !== oldest) continue;
      this.#instances.delete(instanceId);
      return;
    }
  }
}

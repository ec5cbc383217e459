import type { Clock } from '../../cloud/clock.ts';
import type { ObjectKey } from '../../reconcilers/reconciler.ts';

/** Told how the updates after a change of nodes went. */
export interface NodeSyncMetrics {
  nodeSyncFailed(): void;
  nodeSyncEnded(seconds: number): void;
}

/** Follows each fan-out of a node change until the last load balancer has been seen to. */
export class NodeSyncTracker {
  readonly #clock: Clock;
  readonly #metrics: NodeSyncMetrics;
  readonly #pending = new Set<string>();
  #startedMs = 0;

  constructor(clock: Clock, metrics: NodeSyncMetrics) {
    this.#clock = clock;
    this.#metrics = metrics;
  }

  /** Begins with the keys that the change leads to; one that is under way goes on with more. */
  begin(keys: readonly ObjectKey[]): void {
    if (this.#pending.size === 0) this.#startedMs = this.#clock.monotonicMs();
    for (const key of keys) this.#pending.add(textOf(key));
  }

  /** Takes the end of a pass; a failed one is retried as a pass of its own. */
  passEnded(key: ObjectKey, hasFailed: boolean): void {
    if (!this.#pending.delete(textOf(key))) return;
    if (hasFailed) this.#metrics.nodeSyncFailed();
    if (this.#pending.size > 0) return;
    this.#metrics.nodeSyncEnded((this.#clock.monotonicMs() - this.#startedMs) / 1_000);
  }
}

function textOf({ namespace, name }: ObjectKey): string {
  return `${namespace}/${name}`;
}

import type { Clock } from '../../cloud/clock.ts';
import type { ObjectKey } from '../../reconcilers/reconciler.ts';

/** How urgent a key is: `live` follows a change, `sweep` looks again and yields to it. */
export type QueueLane = 'live' | 'sweep';

/** Counts what goes through a queue. */
export interface QueueMetrics {
  added(): void;
  depthChanged(depth: number): void;
  waited(seconds: number): void;
  worked(seconds: number): void;
  retried(): void;
}

interface WaitingKey {
  readonly key: ObjectKey;
  readonly sinceMs: number;
}

interface DelayedKey {
  readonly dueMs: number;
  readonly cancel: () => void;
}

interface RunningKey {
  readonly sinceMs: number;
  /** The lane in which the key waits for this run to end. */
  dirty: QueueLane | undefined;
}

/**
 * Keys that are to be worked on.
 *
 * Shape: a key waits at most once and is worked on by at most one at a time; added while it is
 *   worked on, it waits for exactly one more run. The live lane goes first; a key that waits in the
 *   sweep lane moves over when it is added live. A run that starts makes a delayed entry of the
 *   same key pointless, so it is dropped.
 */
export class WorkQueue {
  readonly #clock: Clock;
  readonly #metrics: QueueMetrics | undefined;
  readonly #waiting = {
    live: new Map<string, WaitingKey>(),
    sweep: new Map<string, WaitingKey>(),
  } satisfies Record<QueueLane, Map<string, WaitingKey>>;
  readonly #delayed = new Map<string, DelayedKey>();
  readonly #running = new Map<string, RunningKey>();
  readonly #takers: ((key: ObjectKey | undefined) => void)[] = [];

  constructor(clock: Clock, metrics?: QueueMetrics) {
    this.#clock = clock;
    this.#metrics = metrics;
  }

  /** How many keys wait to be worked on now. */
  get depth(): number {
    return this.#waiting.live.size + this.#waiting.sweep.size;
  }

  /** How long each key that is worked on has been so. */
  runningMs(): readonly number[] {
    const nowMs = this.#clock.monotonicMs();
    return [...this.#running.values()].map(({ sinceMs }) => nowMs - sinceMs);
  }

  /** Wants a key to be worked on as soon as may be. */
  add(key: ObjectKey, lane: QueueLane = 'live'): void {
    const text = textOf(key);
    const running = this.#running.get(text);
    if (running !== undefined) {
      if (running.dirty === undefined) this.#metrics?.added();
      running.dirty = running.dirty === 'live' ? 'live' : lane;
      return;
    }
    const waitingLive = this.#waiting.live.has(text);
    const inSweep = this.#waiting.sweep.get(text);
    if (waitingLive || (inSweep !== undefined && lane === 'sweep')) return;
    if (inSweep === undefined) {
      this.#metrics?.added();
    } else {
      this.#waiting.sweep.delete(text);
    }
    const sinceMs = inSweep?.sinceMs ?? this.#clock.monotonicMs();
    this.#waiting[lane].set(text, { key, sinceMs });
    this.#handOut();
    this.#metrics?.depthChanged(this.depth);
  }

  /**
   * Wants a key to be worked on after a while.
   *
   * Shape: of several delays of one key the one that ends first counts.
   */
  addAfter(key: ObjectKey, delayMs: number, lane: QueueLane = 'live'): void {
    if (delayMs <= 0) {
      this.add(key, lane);
      return;
    }
    const text = textOf(key);
    if (this.#waiting.live.has(text) || this.#waiting.sweep.has(text)) return;
    const dueMs = this.#clock.monotonicMs() + delayMs;
    const present = this.#delayed.get(text);
    if (present !== undefined && present.dueMs <= dueMs) return;
    present?.cancel();
    const cancel = this.#clock.schedule(delayMs, () => {
      this.#delayed.delete(text);
      this.add(key, lane);
    });
    this.#delayed.set(text, { dueMs, cancel });
  }

  /** As `addAfter`, and counts a retry. */
  retryAfter(key: ObjectKey, delayMs: number, lane: QueueLane = 'live'): void {
    this.#metrics?.retried();
    this.addAfter(key, delayMs, lane);
  }

  /** Waits for a key and takes it; `done` must follow. `undefined` once the signal is aborted. */
  next(signal: AbortSignal): Promise<ObjectKey | undefined> {
    return new Promise((resolve) => {
      if (signal.aborted) {
        resolve(undefined);
        return;
      }
      const taker = (key: ObjectKey | undefined): void => {
        signal.removeEventListener('abort', onAbort);
        resolve(key);
      };
      const onAbort = (): void => {
        const position = this.#takers.indexOf(taker);
        if (position >= 0) this.#takers.splice(position, 1);
        resolve(undefined);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#takers.push(taker);
      this.#handOut();
      this.#metrics?.depthChanged(this.depth);
    });
  }

  /** Ends the work on a key; if it was added meanwhile it waits again. */
  done(key: ObjectKey): void {
    const text = textOf(key);
    const running = this.#running.get(text);
    if (running === undefined) return;
    this.#running.delete(text);
    const nowMs = this.#clock.monotonicMs();
    this.#metrics?.worked((nowMs - running.sinceMs) / 1_000);
    if (running.dirty === undefined) return;
    this.#waiting[running.dirty].set(text, { key, sinceMs: nowMs });
    this.#handOut();
    this.#metrics?.depthChanged(this.depth);
  }

  /** Drops everything that waits, at once or delayed. */
  clear(): void {
    for (const { cancel } of this.#delayed.values()) cancel();
    this.#delayed.clear();
    this.#waiting.live.clear();
    this.#waiting.sweep.clear();
    this.#metrics?.depthChanged(0);
  }

  #handOut(): void {
    while (this.#takers.length > 0) {
      const lane = this.#waiting.live.size > 0 ? this.#waiting.live : this.#waiting.sweep;
      const [first] = lane;
      const taker = first === undefined ? undefined : this.#takers.shift();
      if (first === undefined || taker === undefined) return;
      const [text, { key, sinceMs }] = first;
      lane.delete(text);
      this.#delayed.get(text)?.cancel();
      this.#delayed.delete(text);
      const nowMs = this.#clock.monotonicMs();
      this.#running.set(text, { sinceMs: nowMs, dirty: undefined });
      this.#metrics?.waited((nowMs - sinceMs) / 1_000);
      taker(key);
    }
  }
}

function textOf(key: ObjectKey): string {
  return `${key.namespace}/${key.name}`;
}

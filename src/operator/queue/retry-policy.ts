import type { Clock, Randomness } from '../../cloud/clock.ts';
import type { Failure } from '../../cloud/failure.ts';
import type { ObjectKey } from '../../reconcilers/reconciler.ts';
import { TokenBucket } from '../kube/token-bucket.ts';

/** When a key that failed is worked on again. */
export interface Retry {
  readonly delayMs: number;
  /** Whether it is no retry but the next look after a failure that time alone does not mend. */
  readonly isResync: boolean;
}

/** How long to wait after the n-th failure in a row, n from 1. */
export type BackOff = (failuresInRow: number) => number;

const FIRST_SERVICE_RETRY_MS = 5_000;
const MAX_SERVICE_RETRY_MS = 300_000;
const FIRST_OWN_KIND_RETRY_MS = 5;
const MAX_OWN_KIND_RETRY_MS = 1_000_000;
const RETRIES_PER_SECOND = 10;
const RETRY_BURST = 100;
const FIRST_LOCK_RETRY_MS = 1_000;
/** A race for an object of Kubernetes is over at once; only what the other one wrote has to arrive. */
const FIRST_RACE_RETRY_MS = 100;
const MAX_CONFLICT_RETRY_MS = 15_000;
/** What to wait where an API asked us to slow down and did not say how long. */
const UNSAID_THROTTLE_MS = 5_000;
const RESYNC_JITTER = 0.1;

/** 5, 10, 20 … 300 s, the schedule that users of Services know. */
export function serviceBackOff(): BackOff {
  return (failures) => doubling(FIRST_SERVICE_RETRY_MS, failures, MAX_SERVICE_RETRY_MS);
}

/** The longer of 5 ms doubling to 1000 s and a place in a bucket of 10 retries a second. */
export function ownKindBackOff(clock: Clock): BackOff {
  const bucket = new TokenBucket(clock, RETRIES_PER_SECOND, RETRY_BURST);
  return (failures) =>
    Math.max(
      doubling(FIRST_OWN_KIND_RETRY_MS, failures, MAX_OWN_KIND_RETRY_MS),
      bucket.reserveMs(),
    );
}

/** As another one, and never longer than what is looked at again in any case after so long. */
export function noLongerThan(longestMs: number, backOff: BackOff): BackOff {
  return (failures) => Math.min(backOff(failures), longestMs);
}

/**
 * Decides when a failed key is tried again, by the kind of its failure.
 *
 * Shape: a lost race, a lock of someone else and a throttled API are no failures of the key, so they
 *   leave its back-off where it is; what only a change can mend waits for the resync.
 */
export class RetryPolicy {
  readonly #backOff: BackOff;
  readonly #resyncMs: number;
  readonly #randomness: Randomness;
  readonly #failures = new Map<string, number>();
  readonly #races = new Map<string, number>();
  readonly #locks = new Map<string, number>();

  constructor(backOff: BackOff, resyncMs: number, randomness: Randomness) {
    this.#backOff = backOff;
    this.#resyncMs = resyncMs;
    this.#randomness = randomness;
  }

  retryOf(key: ObjectKey, failure: Failure): Retry {
    const text = `${key.namespace}/${key.name}`;
    switch (failure.kind) {
      case 'conflict': {
        const delayMs = isLostRace(failure)
          ? this.#afterRace(text)
          : this.#afterLock(text, failure.afterProgress);
        return { delayMs: Math.max(delayMs, failure.retryAfterMs ?? 0), isResync: false };
      }
      case 'throttled':
        return { delayMs: failure.retryAfterMs ?? UNSAID_THROTTLE_MS, isResync: false };
      case 'terminal':
        return { delayMs: this.resyncDelayMs(), isResync: true };
      case 'retryable':
      case 'notfound': {
        const delayMs = this.#backOff(increment(this.#failures, text));
        return { delayMs: Math.max(delayMs, failure.retryAfterMs ?? 0), isResync: false };
      }
    }
  }

  /** Starts the back-off of a key anew, after a pass without failure. */
  forget(key: ObjectKey): void {
    const text = `${key.namespace}/${key.name}`;
    this.#failures.delete(text);
    this.#races.delete(text);
    this.#locks.delete(text);
  }

  #afterRace(text: string): number {
    const inRow = increment(this.#races, text);
    return doubling(FIRST_RACE_RETRY_MS, inRow, MAX_CONFLICT_RETRY_MS) * this.#jitter();
  }

  /** The lock that an accepted write left is another one than that of the last time. */
  #afterLock(text: string, isAnother: boolean): number {
    if (isAnother) this.#locks.delete(text);
    return doubling(FIRST_LOCK_RETRY_MS, increment(this.#locks, text), MAX_CONFLICT_RETRY_MS);
  }

  /** Up to twice as long, so that two who raced do not meet again. */
  #jitter(): number {
    return 1 + this.#randomness.fraction();
  }

  /** One resync period, spread so that keys do not come all at once. */
  resyncDelayMs(): number {
    return this.#resyncMs * (1 + RESYNC_JITTER * (2 * this.#randomness.fraction() - 1));
  }
}

/** Tells the API server's refusal of a write to an old version from a lock that the cloud holds. */
function isLostRace({ code }: Failure): boolean {
  return code === 'Conflict';
}

function doubling(firstMs: number, inRow: number, maxMs: number): number {
  return Math.min(firstMs * 2 ** (inRow - 1), maxMs);
}

function increment(counts: Map<string, number>, text: string): number {
  const count = (counts.get(text) ?? 0) + 1;
  counts.set(text, count);
  return count;
}

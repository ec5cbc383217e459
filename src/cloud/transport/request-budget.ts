import type { Clock } from '../clock.ts';
import type { CallLane } from '../call-options.ts';
import { abortReason } from './abortable-wait.ts';

/** How fast calls of one operation may follow each other. */
export interface BudgetLimits {
  readonly callsPerSecond: number;
  /** How many calls may leave at once after a rest. */
  readonly burst: number;
}

/** A sweep call that has waited this long goes before live calls that came later. */
const AGED_AFTER_MS = 10_000;

/** The part of the burst that sweep calls leave for live ones. */
const RESERVED_FOR_LIVE = 0.3;

/** The pause after a throttled call whose answer names none. */
const DEFAULT_PAUSE_MS = 1_000;

const SLOWEST_CALLS_PER_SECOND = 1;

/** How much of the configured rate a call that was not throttled gives back. */
const RECOVERY = 0.02;

/**
 * One token bucket per operation, so that a burst of one does not use up another's quota.
 *
 * Shape: live calls go before sweep calls, unless these have aged; within a lane first come, first
 *   served. A throttled call stops its operation for as long as the API asks and halves its
 *   rate, which comes back call by call.
 */
export class RequestBudget {
  readonly #limits: BudgetLimits;
  readonly #clock: Clock;
  readonly #buckets = new Map<string, OperationBucket>();

  constructor(limits: BudgetLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  /** Waits until one call of the operation may be sent; rejects when the signal is aborted first. */
  take(operation: string, lane: CallLane, signal: AbortSignal): Promise<void> {
    return this.#bucket(operation).take(lane, signal);
  }

  /** Slows the operation down after the API has throttled it. */
  throttled(operation: string, retryAfterMs: number | undefined): void {
    this.#bucket(operation).throttled(retryAfterMs ?? DEFAULT_PAUSE_MS);
  }

  /** Notes that the API has let a call pass. */
  passed(operation: string): void {
    this.#bucket(operation).passed();
  }

  #bucket(operation: string): OperationBucket {
    let bucket = this.#buckets.get(operation);
    if (bucket === undefined) {
      bucket = new OperationBucket(this.#limits, this.#clock);
      this.#buckets.set(operation, bucket);
    }
    return bucket;
  }
}

interface Waiting {
  readonly lane: CallLane;
  /** The order of service: when it came, and later by the ageing time for sweep calls. */
  readonly rank: number;
  readonly grant: () => void;
}

class OperationBucket {
  readonly #limits: BudgetLimits;
  readonly #clock: Clock;
  readonly #waiting: Waiting[] = [];
  #callsPerSecond: number;
  #tokens: number;
  #filledAtMs: number;
  #pausedUntilMs = 0;
  #cancelTimer: (() => void) | undefined;

  constructor(limits: BudgetLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
    this.#callsPerSecond = limits.callsPerSecond;
    this.#tokens = limits.burst;
    this.#filledAtMs = clock.monotonicMs();
  }

  take(lane: CallLane, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(abortReason(signal));
        return;
      }
      const onAbort = (): void => {
        const index = this.#waiting.indexOf(waiting);
        if (index >= 0) this.#waiting.splice(index, 1);
        reject(abortReason(signal));
      };
      const waiting: Waiting = {
        lane,
        rank: this.#clock.monotonicMs() + (lane === 'sweep' ? AGED_AFTER_MS : 0),
        grant: () => {
          signal.removeEventListener('abort', onAbort);
          resolve();
        },
      };
      signal.addEventListener('abort', onAbort, { once: true });
      const behind = this.#waiting.findIndex((other) => other.rank > waiting.rank);
      this.#waiting.splice(behind < 0 ? this.#waiting.length : behind, 0, waiting);
      this.#serve();
    });
  }

  throttled(retryAfterMs: number): void {
    const now = this.#clock.monotonicMs();
    this.#fill(now);
    this.#tokens = 0;
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, now + retryAfterMs);
    this.#callsPerSecond = Math.max(
      Math.min(SLOWEST_CALLS_PER_SECOND, this.#limits.callsPerSecond),
      this.#callsPerSecond / 2,
    );
    this.#serve();
  }

  passed(): void {
    this.#callsPerSecond = Math.min(
      this.#limits.callsPerSecond,
      this.#callsPerSecond + this.#limits.callsPerSecond * RECOVERY,
    );
  }

  #fill(now: number): void {
    // No tokens gather while the operation is stopped.
    const from = Math.max(this.#filledAtMs, Math.min(this.#pausedUntilMs, now));
    this.#tokens = Math.min(
      this.#limits.burst,
      this.#tokens + ((now - from) / 1_000) * this.#callsPerSecond,
    );
    this.#filledAtMs = now;
  }

  #serve(): void {
    const now = this.#clock.monotonicMs();
    this.#fill(now);
    for (;;) {
      const next = this.#waiting[0];
      if (next === undefined) return;
      const needed = this.#tokensNeeded(next, now);
      if (now >= this.#pausedUntilMs && this.#tokens >= needed - 1e-9) {
        this.#waiting.shift();
        this.#tokens -= 1;
        next.grant();
        continue;
      }
      const pauseMs = Math.max(0, this.#pausedUntilMs - now);
      const fillMs = (Math.max(0, needed - this.#tokens) / this.#callsPerSecond) * 1_000;
      this.#wakeAfter(Math.ceil(pauseMs + fillMs));
      return;
    }
  }

  #tokensNeeded(waiting: Waiting, now: number): number {
    if (waiting.lane === 'live' || now >= waiting.rank) return 1;
    return Math.min(this.#limits.burst, 1 + this.#limits.burst * RESERVED_FOR_LIVE);
  }

  #wakeAfter(delayMs: number): void {
    this.#cancelTimer?.();
    this.#cancelTimer = this.#clock.schedule(Math.max(1, delayMs), () => {
      this.#cancelTimer = undefined;
      this.#serve();
    });
  }
}

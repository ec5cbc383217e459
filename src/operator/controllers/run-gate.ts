import type { Clock } from '../../cloud/clock.ts';

/** How runs follow on events. */
export interface RunGateOptions {
  /** How long nothing may have happened before a run begins. */
  readonly quietMs: number;
  /** How long a run waits for quiet at most, from the first event on. */
  readonly longestWaitMs: number;
  /** The least time from the beginning of one run to that of the next that follows on events. */
  readonly spacingMs: number;
  /** The time from the end of a run to the next that follows on nothing. */
  readonly periodMs: number;
}

/** Why a run begins. */
export type RunCause = 'start' | 'event' | 'period' | 'retry';

/**
 * Lets through runs over everything: soon after events, but few for many of them.
 *
 * Shape: an event during a run leads to another run. A run begins at once at the start.
 */
export class RunGate {
  readonly #options: RunGateOptions;
  readonly #clock: Pick<Clock, 'monotonicMs' | 'sleep' | 'schedule'>;
  #firstEventMs: number | undefined;
  #lastEventMs = 0;
  #retryMs: number | undefined;
  #lastRunMs: number | undefined;
  #wake: () => void = () => undefined;

  constructor(options: RunGateOptions, clock: Pick<Clock, 'monotonicMs' | 'sleep' | 'schedule'>) {
    this.#options = options;
    this.#clock = clock;
  }

  /** Notes that something has happened that a run is to take in. */
  note(): void {
    this.#lastEventMs = this.#clock.monotonicMs();
    this.#firstEventMs ??= this.#lastEventMs;
    this.#wake();
  }

  /** Wants another run after a while, because the last one could not do everything. */
  retryAfter(delayMs: number): void {
    this.#retryMs = this.#clock.monotonicMs() + delayMs;
    this.#wake();
  }

  /** Waits until the next run is to begin, and tells why; `undefined` once the signal is aborted. */
  async next(signal: AbortSignal): Promise<RunCause | undefined> {
    const idleSinceMs = this.#clock.monotonicMs();
    while (!signal.aborted) {
      const due = this.#due(idleSinceMs);
      const waitMs = due.atMs - this.#clock.monotonicMs();
      if (waitMs <= 0) {
        this.#firstEventMs = undefined;
        this.#retryMs = undefined;
        this.#lastRunMs = this.#clock.monotonicMs();
        return due.cause;
      }
      await this.#wait(waitMs, signal);
    }
    return undefined;
  }

  #due(idleSinceMs: number): { readonly atMs: number; readonly cause: RunCause } {
    const { quietMs, longestWaitMs, spacingMs, periodMs } = this.#options;
    if (this.#lastRunMs === undefined) return { atMs: idleSinceMs, cause: 'start' };
    const candidates: { readonly atMs: number; readonly cause: RunCause }[] = [
      { atMs: idleSinceMs + periodMs, cause: 'period' },
    ];
    if (this.#retryMs !== undefined) candidates.push({ atMs: this.#retryMs, cause: 'retry' });
    if (this.#firstEventMs !== undefined) {
      const settledMs = Math.min(this.#lastEventMs + quietMs, this.#firstEventMs + longestWaitMs);
      const atMs = Math.max(settledMs, this.#lastRunMs + spacingMs);
      candidates.push({ atMs, cause: 'event' });
    }
    return candidates.reduce((one, other) => (other.atMs < one.atMs ? other : one));
  }

  /** Waits until something changes what is due, or the time is over. */
  #wait(delayMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        this.#wake = () => undefined;
        signal.removeEventListener('abort', done);
        resolve();
      };
      const cancel = this.#clock.schedule(delayMs, done);
      this.#wake = done;
      signal.addEventListener('abort', done, { once: true });
    });
  }
}

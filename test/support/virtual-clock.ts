import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../src/cloud/clock.ts';

interface Timer {
  readonly dueMs: number;
  readonly order: number;
  readonly callback: () => void;
}

/**
 * Time that moves only when a test says so.
 *
 * Shape: timers run in the order in which they are due, and what they set off has come to rest
 *   before the next one runs.
 */
export class VirtualClock implements Clock {
  readonly #startMs: number;
  readonly #timers = new Set<Timer>();
  #elapsedMs = 0;
  #count = 0;

  constructor(startMs = Date.parse('2026-01-01T00:00:00Z')) {
    this.#startMs = startMs;
  }

  now(): number {
    return this.#startMs + this.#elapsedMs;
  }

  monotonicMs(): number {
    return this.#elapsedMs;
  }

  schedule(delayMs: number, callback: () => void): () => void {
    this.#count += 1;
    const timer = { dueMs: this.#elapsedMs + Math.max(0, delayMs), order: this.#count, callback };
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
    };
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        cancel();
        reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
      };
      const cancel = this.schedule(delayMs, () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      });
      if (signal?.aborted === true) onAbort();
      else signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** Lets time pass, with all that is due meanwhile. */
  async advance(byMs: number): Promise<void> {
    const untilMs = this.#elapsedMs + byMs;
    await comeToRest();
    for (;;) {
      const next = this.#next();
      if (next === undefined || next.dueMs > untilMs) break;
      this.#timers.delete(next);
      this.#elapsedMs = Math.max(this.#elapsedMs, next.dueMs);
      next.callback();
      await comeToRest();
    }
    this.#elapsedMs = untilMs;
  }

  /** Lets time pass at once, as for a process that was stopped: nothing runs meanwhile. */
  skip(byMs: number): void {
    this.#elapsedMs += byMs;
  }

  /** Lets time pass until the promise is settled, and answers as it does. */
  async until<T>(promise: Promise<T>, atMostMs = 600_000): Promise<T> {
    const progress = { isSettled: false };
    const settle = (): void => {
      progress.isSettled = true;
    };
    promise.then(settle, settle);
    await comeToRest();
    const endMs = this.#elapsedMs + atMostMs;
    while (!progress.isSettled) {
      const next = this.#next();
      if (next === undefined || next.dueMs > endMs) {
        throw new Error('Nothing that is scheduled settles the promise');
      }
      await this.advance(Math.max(0, next.dueMs - this.#elapsedMs));
    }
    return promise;
  }

  #next(): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) {
      const isEarlier =
        first === undefined ||
        timer.dueMs < first.dueMs ||
        (timer.dueMs === first.dueMs && timer.order < first.order);
      if (isEarlier) first = timer;
    }
    return first;
  }
}

/** Waits until no promise that is ready has anything left to run. */
async function comeToRest(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await setImmediate();
}

import type { EmulatorClock } from '../../emulator/model/emulator-clock.ts';
import type { Clock } from '../../src/cloud/clock.ts';

/** How fast a time goes, and a moment at which both times are known, as a process can be told. */
export interface Acceleration {
  readonly factor: number;
  /** The machine's time at that moment, in milliseconds since the epoch. */
  readonly machineMs: number;
  /** The accelerated time at that moment. */
  readonly acceleratedMs: number;
}

/** The environment variable by which a process is told its acceleration. */
export const ACCELERATION_VARIABLE = 'TEST_CLOCK_ACCELERATION';

/**
 * A clock that runs a number of times as fast as the machine's, for an operator and the cloud it
 * calls: what waits five minutes waits ten seconds at factor 30, locks and time limits alike.
 *
 * Shape: the API server keeps the machine's time, so to the operator its answers seem that much
 *   slower. Where nobody does anything, `skip` shortens the wait for what is due next.
 */
export class AcceleratedClock implements Clock, EmulatorClock {
  readonly factor: number;
  readonly #timers = new Set<PendingTimer>();
  /** The machine's time at which both times would have been equal. */
  #originMs: number;
  readonly #startMs: number;
  #lastUseMs = machineTimeMs();

  constructor(factor: number) {
    this.factor = factor;
    this.#originMs = machineTimeMs();
    this.#startMs = this.#originMs;
  }

  now(): number {
    return Math.floor(this.#startMs + this.monotonicMs());
  }

  monotonicMs(): number {
    return (machineTimeMs() - this.#originMs) * this.factor;
  }

  schedule(delayMs: number, callback: () => void): () => void {
    const timer: PendingTimer = { dueMs: this.monotonicMs() + Math.max(delayMs, 0), callback };
    this.#timers.add(timer);
    this.#arm(timer);
    this.#lastUseMs = machineTimeMs();
    return () => {
      clearTimeout(timer.machineTimer);
      this.#timers.delete(timer);
    };
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, delayMs, signal);
  }

  /** Tells how long a time of this clock takes on the machine's. */
  machineMs(delayMs: number): number {
    return delayMs / this.factor;
  }

  /**
   * Tells for how long, on the machine's clock, nothing was scheduled and nothing became due. Who
   * sends a request schedules the end of the wait for its answer.
   */
  get unusedMs(): number {
    return machineTimeMs() - this.#lastUseMs;
  }

  /** Tells in how long the next of what is scheduled is due; `Infinity` when nothing is. */
  nextDueInMs(): number {
    const nowMs = this.monotonicMs();
    let nextMs = Infinity;
    for (const { dueMs } of this.#timers) nextMs = Math.min(nextMs, dueMs - nowMs);
    return nextMs;
  }

  /** Puts the time forward; what becomes due by it happens in its order, as soon as it can. */
  skip(byMs: number): void {
    this.#originMs -= this.machineMs(byMs);
    const inOrder = [...this.#timers].sort((a, b) => a.dueMs - b.dueMs);
    for (const timer of inOrder) {
      clearTimeout(timer.machineTimer);
      this.#arm(timer);
    }
  }

  /** What makes a process that preloads `accelerate-process.ts` keep this time, if none is skipped. */
  environment(): Readonly<Record<string, string>> {
    const acceleration: Acceleration = {
      factor: this.factor,
      machineMs: machineTimeMs(),
      acceleratedMs: this.now(),
    };
    return { [ACCELERATION_VARIABLE]: JSON.stringify(acceleration) };
  }

  #arm(timer: PendingTimer): void {
    const inMs = this.machineMs(timer.dueMs - this.monotonicMs());
    timer.machineTimer = setTimeout(
      () => {
        this.#timers.delete(timer);
        this.#lastUseMs = machineTimeMs();
        timer.callback();
      },
      Math.min(Math.max(inMs, 0), LONGEST_TIMER_MS),
    );
  }
}

/** A longer delay of a Node.js timer would be none at all; no test lasts as long. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

interface PendingTimer {
  readonly dueMs: number;
  readonly callback: () => void;
  machineTimer?: NodeJS.Timeout;
}

/**
 * One operator's view of a clock, which can end: nothing that is scheduled happens after that, as
 * if the process that asked for it were dead.
 */
export class MortalClock implements Clock {
  readonly #clock: Clock;
  readonly #pending = new Set<() => void>();
  #isDead = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  monotonicMs(): number {
    return this.#clock.monotonicMs();
  }

  schedule(delayMs: number, callback: () => void): () => void {
    if (this.#isDead) return () => undefined;
    const cancel = this.#clock.schedule(delayMs, () => {
      this.#pending.delete(cancel);
      callback();
    });
    this.#pending.add(cancel);
    return () => {
      this.#pending.delete(cancel);
      cancel();
    };
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, delayMs, signal);
  }

  /** Ends the time: callbacks that are due later never come. */
  die(): void {
    this.#isDead = true;
    for (const cancel of this.#pending) cancel();
    this.#pending.clear();
  }
}

function sleepOn(
  clock: Pick<Clock, 'schedule'>,
  delayMs: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      cancel();
      reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
    };
    const cancel = clock.schedule(delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    if (signal?.aborted === true) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** The machine's time with fractions of a millisecond, alike in all processes. */
export function machineTimeMs(): number {
  return performance.timeOrigin + performance.now();
}

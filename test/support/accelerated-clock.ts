import type { EmulatorClock } from '../../emulator/model/emulator-clock.ts';
import type { Clock } from '../../src/cloud/clock.ts';

/** Where an accelerated time starts and how fast it goes, as another process can be told. */
export interface Acceleration {
  readonly factor: number;
  /** The machine's time, in milliseconds since the epoch, at which both times were equal. */
  readonly originMs: number;
}

/** The environment variable by which a process is told its acceleration. */
export const ACCELERATION_VARIABLE = 'TEST_CLOCK_ACCELERATION';

/**
 * A clock that runs a number of times as fast as the machine's, for an operator and the cloud it
 * calls: what waits five minutes waits ten seconds at factor 30, locks and time limits alike.
 *
 * Shape: the API server keeps the machine's time, so to the operator its answers seem that much
 *   slower.
 */
export class AcceleratedClock implements Clock, EmulatorClock {
  readonly acceleration: Acceleration;

  constructor(factor: number) {
    this.acceleration = { factor, originMs: machineTimeMs() };
  }

  now(): number {
    return Math.floor(this.acceleration.originMs + this.monotonicMs());
  }

  monotonicMs(): number {
    const { factor, originMs } = this.acceleration;
    return (machineTimeMs() - originMs) * factor;
  }

  schedule(delayMs: number, callback: () => void): () => void {
    const timer = setTimeout(callback, Math.max(delayMs, 0) / this.acceleration.factor);
    return () => {
      clearTimeout(timer);
    };
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, delayMs, signal);
  }

  /** Tells how long a time of this clock takes on the machine's. */
  machineMs(delayMs: number): number {
    return delayMs / this.acceleration.factor;
  }

  /** What makes a process that preloads `accelerate-process.ts` keep this time. */
  environment(): Readonly<Record<string, string>> {
    return { [ACCELERATION_VARIABLE]: JSON.stringify(this.acceleration) };
  }
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

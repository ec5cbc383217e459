/** Where the emulator gets its time from. */
export interface EmulatorClock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Resolves when the clock has moved on by `delayMs`. */
  sleep(delayMs: number): Promise<void>;
}

/** The machine's own clock. */
export class RealClock implements EmulatorClock {
  now(): number {
    return Date.now();
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      // A pending delay must not keep the process alive once its server is closed.
      setTimeout(resolve, delayMs).unref();
    });
  }
}

interface Sleeper {
  readonly wakeAt: number;
  readonly wake: () => void;
}

/** A clock that moves only when it is told to. */
export class ManualClock implements EmulatorClock {
  #now: number;
  #sleepers: Sleeper[] = [];

  constructor(startMs: number) {
    this.#now = startMs;
  }

  now(): number {
    return this.#now;
  }

  sleep(delayMs: number): Promise<void> {
    if (delayMs <= 0) return Promise.resolve();
    return new Promise((wake) => {
      this.#sleepers.push({ wakeAt: this.#now + delayMs, wake });
    });
  }

  /** Moves the clock on and wakes the sleepers whose time has come, earliest first. */
  advance(advanceMs: number): void {
    this.#now += advanceMs;
    const due = this.#sleepers
      .filter((sleeper) => sleeper.wakeAt <= this.#now)
      .sort((a, b) => a.wakeAt - b.wakeAt);
    this.#sleepers = this.#sleepers.filter((sleeper) => sleeper.wakeAt > this.#now);
    for (const sleeper of due) sleeper.wake();
  }
}

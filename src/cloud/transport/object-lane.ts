import type { Clock } from '../clock.ts';
import { abortReason } from './abortable-wait.ts';

/** How long an object is left alone after a write to it. */
export interface LaneSpacing {
  /** After an answer, before the next write. */
  readonly spacingMs: number;
  /** The most that lock codes can make of it. */
  readonly longestSpacingMs: number;
}

/**
 * What became of a write, as far as its object is concerned: the cloud took it, it was refused
 * because of an earlier one, its answer is lost, or the object was left as it was.
 */
export type WriteOutcome = 'taken' | 'locked' | 'lost' | 'untouched';

/** How many taken writes in a row halve a spacing that has grown. */
const HALVED_AFTER_WRITES = 4;

/** Lanes beyond this number are looked through for those at rest. */
const KEPT_LANES = 256;

/**
 * One lane per cloud object: writes to one object go one after the other, with a pause between
 * them, because the cloud holds an object while it applies a write and refuses others meanwhile.
 *
 * Shape: first come, first served per object; objects do not wait for each other. A write that was
 *   refused by a lock doubles the pause of its object; writes that are taken bring it back slowly.
 */
export class ObjectLanes {
  readonly #spacing: LaneSpacing;
  readonly #clock: Clock;
  readonly #lanes = new Map<string, Lane>();

  constructor(spacing: LaneSpacing, clock: Clock) {
    this.#spacing = spacing;
    this.#clock = clock;
  }

  /**
   * Runs a write in the lane of its object and answers what it answers.
   *
   * Shape: `write` says through `report` what became of it before it ends; without a report it
   *   counts as `untouched`. A waiting write whose signal is aborted leaves the lane.
   */
  async run<T>(
    objectId: string,
    signal: AbortSignal,
    write: (report: (outcome: WriteOutcome) => void) => Promise<T>,
  ): Promise<T> {
    const lane = this.#lane(objectId);
    await lane.enter(signal);
    let outcome: WriteOutcome = 'untouched';
    try {
      const pauseMs = lane.remainingPauseMs();
      if (pauseMs > 0) await this.#clock.sleep(pauseMs, signal);
      return await write((became) => {
        outcome = became;
      });
    } finally {
      lane.leave(outcome);
    }
  }

  /** Starts the pause of an object that a write elsewhere has just made or changed. */
  touch(objectId: string): void {
    this.#lane(objectId).startPause();
  }

  #lane(objectId: string): Lane {
    let lane = this.#lanes.get(objectId);
    if (lane === undefined) {
      if (this.#lanes.size >= KEPT_LANES) this.#dropResting();
      lane = new Lane(this.#spacing, this.#clock);
      this.#lanes.set(objectId, lane);
    }
    return lane;
  }

  #dropResting(): void {
    for (const [objectId, lane] of this.#lanes) {
      if (lane.isAtRest()) this.#lanes.delete(objectId);
    }
  }
}

class Lane {
  readonly #limits: LaneSpacing;
  readonly #clock: Clock;
  readonly #waiting: (() => void)[] = [];
  #busy = false;
  #spacingMs: number;
  #takenInARow = 0;
  #freeAtMs = 0;

  constructor(limits: LaneSpacing, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
    this.#spacingMs = limits.spacingMs;
  }

  enter(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(abortReason(signal));
        return;
      }
      if (!this.#busy) {
        this.#busy = true;
        resolve();
        return;
      }
      const onAbort = (): void => {
        const index = this.#waiting.indexOf(turn);
        if (index >= 0) this.#waiting.splice(index, 1);
        reject(abortReason(signal));
      };
      const turn = (): void => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiting.push(turn);
    });
  }

  leave(outcome: WriteOutcome): void {
    this.#adjust(outcome);
    if (outcome !== 'untouched') this.startPause();
    const next = this.#waiting.shift();
    if (next === undefined) this.#busy = false;
    else next();
  }

  remainingPauseMs(): number {
    return Math.max(0, this.#freeAtMs - this.#clock.monotonicMs());
  }

  startPause(): void {
    this.#freeAtMs = this.#clock.monotonicMs() + this.#spacingMs;
  }

  isAtRest(): boolean {
    return (
      !this.#busy && this.remainingPauseMs() === 0 && this.#spacingMs <= this.#limits.spacingMs
    );
  }

  #adjust(outcome: WriteOutcome): void {
    if (outcome === 'locked') {
      this.#takenInARow = 0;
      this.#spacingMs = Math.min(this.#limits.longestSpacingMs, Math.max(this.#spacingMs, 1) * 2);
      return;
    }
    if (outcome !== 'taken') return;
    this.#takenInARow += 1;
    if (this.#takenInARow % HALVED_AFTER_WRITES !== 0) return;
    this.#spacingMs = Math.max(this.#limits.spacingMs, this.#spacingMs / 2);
  }
}

import type { Clock } from '../../cloud/clock.ts';

/**
 * A bucket of tokens that fills at an even rate.
 *
 * Shape: those who wait get their token in the order of asking.
 */
export class TokenBucket {
  readonly #clock: Clock;
  readonly #perSecond: number;
  readonly #burst: number;
  #tokens: number;
  #filledAtMs: number;

  constructor(clock: Clock, perSecond: number, burst: number) {
    this.#clock = clock;
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#tokens = burst;
    this.#filledAtMs = clock.monotonicMs();
  }

  /** Takes a token, on credit if there is none; returns how long to wait until it is earned. */
  reserveMs(): number {
    const nowMs = this.#clock.monotonicMs();
    const earned = ((nowMs - this.#filledAtMs) / 1_000) * this.#perSecond;
    this.#tokens = Math.min(this.#burst, this.#tokens + earned) - 1;
    this.#filledAtMs = nowMs;
    return this.#tokens >= 0 ? 0 : (-this.#tokens / this.#perSecond) * 1_000;
  }

  /** Takes a token and waits until it is earned; returns how long that took. */
  async take(signal: AbortSignal): Promise<number> {
    const waitMs = this.reserveMs();
    if (waitMs <= 0) return 0;
    try {
      await this.#clock.sleep(waitMs, signal);
    } catch (error) {
      this.#tokens += 1;
      throw error;
    }
    return waitMs;
  }
}

import type { Clock } from '../cloud/clock.ts';

/** How long an inferred removal counts. */
const WINDOW_MS = 10 * 60_000;
const ALWAYS_ALLOWED = 3;
const ALLOWED_SHARE = 0.2;

/**
 * Holds back what would be done because many things seem to be gone at once.
 *
 * Shape: counts only what is inferred from absence, by key and kind; commanded removals never pass
 *   here. Within ten minutes the larger of three and a fifth of a kind is let through; the same key
 *   counts once.
 */
export class AbsenceBreaker {
  readonly #clock: Clock;
  readonly #allowed = new Map<string, Map<string, number>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Tells whether acting on one more absence of a kind is let through, and counts it if so. */
  allow(kind: string, key: string, total: number): boolean {
    const nowMs = this.#clock.monotonicMs();
    const allowed = this.#allowed.get(kind) ?? new Map<string, number>();
    this.#allowed.set(kind, allowed);
    for (const [counted, atMs] of allowed) {
      if (nowMs - atMs >= WINDOW_MS) allowed.delete(counted);
    }
    if (allowed.has(key)) return true;
    const limit = Math.max(ALWAYS_ALLOWED, Math.floor(total * ALLOWED_SHARE));
    if (allowed.size >= limit) return false;
    allowed.set(key, nowMs);
    return true;
  }
}

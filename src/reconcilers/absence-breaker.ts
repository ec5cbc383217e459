import type { Clock } from '../cloud/clock.ts';

/** The kinds of things whose removal may be inferred from their absence. */
export type AbsenceKind = 'nodes' | 'routes' | 'backends' | 'load-balancers';

/** All kinds, in the order in which they are shown. */
export const ABSENCE_KINDS: readonly AbsenceKind[] = [
  'nodes',
  'routes',
  'backends',
  'load-balancers',
];

/** Whether an absence may be acted on. */
export type AbsenceVerdict = 'allowed' | 'held';

/** How long a removal that was let through counts. */
const WINDOW_MS = 10 * 60_000;
const ALWAYS_ALLOWED = 3;
const ALLOWED_SHARE = 0.2;
/** For how long, and how often at least, an absence must be seen before it is believed unasked. */
const AGREEMENT_MS = 30 * 60_000;
const AGREEMENTS = 6;
/** Two looks that are further apart say nothing of the time between them. */
const LONGEST_GAP_MS = 10 * 60_000;
/** With this much of a kind missing no agreement is enough: a person has to say so. */
const BELIEVED_SHARE = 0.5;
/** What nobody has asked for or approved for so long is forgotten. */
const FORGOTTEN_AFTER_MS = 60 * 60_000;

/** What is known of one key; times are on the monotonic clock. */
interface Absence {
  state: 'suspected' | 'held' | 'allowed' | 'approved';
  sinceMs: number;
  seenMs: number;
  /** How often it was seen held without a longer gap. */
  agreements: number;
}

/**
 * Holds back what would be removed because many things seem to be gone at once.
 *
 * Shape: counts what is inferred from absence only, by kind and key; commanded removals never pass
 *   here. Of a kind, the larger of three and a fifth may be gone within ten minutes; what is only
 *   suspected counts as well, so that nothing goes while many are about to. What is held stays so
 *   until it is released, approved, or, while more than half of the kind is there, has been seen
 *   absent again and again for half an hour. The same key counts once.
 * Units: keys are the caller's; uids where there are some, so that a successor is another key.
 */
export class AbsenceBreaker {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #absences = new Map<AbsenceKind, Map<string, Absence>>();

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock;
  }

  /** Counts keys that seem to be absent and have yet to be proven so. */
  suspect(kind: AbsenceKind, keys: Iterable<string>): void {
    const nowMs = this.#clock.monotonicMs();
    const absences = this.#ofKind(kind, nowMs);
    for (const key of keys) {
      const known = absences.get(key);
      if (known === undefined) absences.set(key, newAbsence('suspected', nowMs));
      else if (known.state === 'suspected') known.seenMs = nowMs;
    }
  }

  /** Tells whether one proven absence may be acted on, and counts it; see `judge`. */
  ask(kind: AbsenceKind, key: string, total: number): AbsenceVerdict {
    return this.judge(kind, [key], total).held.length > 0 ? 'held' : 'allowed';
  }

  /**
   * Decides on proven absences that are known at the same time.
   *
   * Shape: all of them count before any is decided on, so that of too many none is let through.
   *   What was allowed or approved stays so while it counts.
   * Units: `total` is how many of the kind there are, the absent ones included.
   */
  judge(
    kind: AbsenceKind,
    keys: Iterable<string>,
    total: number,
  ): { readonly allowed: readonly string[]; readonly held: readonly string[] } {
    const nowMs = this.#clock.monotonicMs();
    const asked = new Set(keys);
    this.suspect(kind, asked);
    const absences = this.#ofKind(kind, nowMs);
    const counted = [...absences.values()].filter(({ state }) => state !== 'approved');
    const missing = counted.filter(({ state }) => state !== 'allowed');
    const isTooMany = counted.length > allowedAtOnce(total);
    const isBelievable = missing.length < total * BELIEVED_SHARE;
    const allowed: string[] = [];
    const held: string[] = [];
    for (const key of asked) {
      const absence = absences.get(key);
      if (absence === undefined) continue;
      if (absence.state === 'held') {
        agree(absence, nowMs);
        if (isBelievable && isAgreed(absence, nowMs)) absence.state = 'approved';
      } else if (absence.state === 'suspected') {
        absences.set(key, newAbsence(isTooMany ? 'held' : 'allowed', nowMs));
      }
      (absences.get(key)?.state === 'held' ? held : allowed).push(key);
    }
    return { allowed, held };
  }

  /** Lists the keys of a kind that are held back. */
  held(kind: AbsenceKind): readonly string[] {
    return [...this.#ofKind(kind, this.#clock.monotonicMs())]
      .filter(([, { state }]) => state === 'held')
      .map(([key]) => key);
  }

  /** Lets a key through because a person said that it is gone; it no longer counts. */
  approve(kind: AbsenceKind, key: string): void {
    const nowMs = this.#clock.monotonicMs();
    this.#ofKind(kind, nowMs).set(key, newAbsence('approved', nowMs));
  }

  /** Forgets an absence that proved false; what was let through goes on counting. */
  release(kind: AbsenceKind, key: string): void {
    const absences = this.#absences.get(kind);
    if (absences?.get(key)?.state !== 'allowed') absences?.delete(key);
  }

  #ofKind(kind: AbsenceKind, nowMs: number): Map<string, Absence> {
    const absences = this.#absences.get(kind) ?? new Map<string, Absence>();
    this.#absences.set(kind, absences);
    for (const [key, { state, sinceMs, seenMs }] of absences) {
      const isOver =
        state === 'allowed' ? nowMs - sinceMs >= WINDOW_MS : nowMs - seenMs >= FORGOTTEN_AFTER_MS;
      if (isOver) absences.delete(key);
    }
    return absences;
  }
}

/** Tells how many of a kind may be gone within ten minutes. */
export function allowedAtOnce(total: number): number {
  return Math.max(ALWAYS_ALLOWED, Math.floor(total * ALLOWED_SHARE));
}

function newAbsence(state: Absence['state'], nowMs: number): Absence {
  return { state, sinceMs: nowMs, seenMs: nowMs, agreements: 1 };
}

function agree(absence: Absence, nowMs: number): void {
  // While the process or its machine was stopped nobody looked.
  const isInterrupted = nowMs - absence.seenMs > LONGEST_GAP_MS;
  absence.sinceMs = isInterrupted ? nowMs : absence.sinceMs;
  absence.agreements = isInterrupted ? 1 : absence.agreements + 1;
  absence.seenMs = nowMs;
}

function isAgreed({ sinceMs, agreements }: Absence, nowMs: number): boolean {
  return nowMs - sinceMs >= AGREEMENT_MS && agreements >= AGREEMENTS;
}

import type { EventContent } from './reconciler.ts';

/** One event of a table: what is recorded on an object, and when. */
export interface EventEntry {
  readonly type: EventContent['type'];
  readonly action: string;
  /** The words; `{detail}` is filled in. */
  readonly note: string;
  /** When it is recorded, once. */
  readonly when: string;
}

/** An event with what to do about it; empty where there is nothing to do. */
export interface RemediedEventEntry extends EventEntry {
  readonly remedy: string;
}

/** Writes the event that a table has for a reason, the words of its detail filled in. */
export function eventOf<Reason extends string>(
  table: Readonly<Record<Reason, EventEntry>>,
  reason: Reason,
  detail: string,
): EventContent {
  const { type, action, note } = table[reason];
  // A function, because a detail may have what `replace` takes for a pattern.
  return { type, reason, action, note: note.replace('{detail}', () => detail).trim() };
}

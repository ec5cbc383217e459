/** A state that an object passes through until the clock reaches `until`. */
export interface Passage {
  readonly status: string;
  readonly until: number;
}

/** The end of an object that is on its way out: when it is gone, and by which call. */
export interface Departure {
  readonly until: number;
  /** Null when the admin interface removes it. */
  readonly seq: number | null;
}

/** An object that may be passing through a state, or on its way out. */
export interface Passing {
  readonly transition?: Passage;
  readonly departure?: Departure;
}

/** The state an object shows at a time: the one it passes through, else where it rests. */
export function shownStatus(
  object: Passing,
  now: number,
  rest: { readonly resting?: string; readonly leaving?: string } = {},
): string {
  if (object.departure !== undefined) return rest.leaving ?? 'Deleting';
  const { transition } = object;
  if (transition !== undefined && now < transition.until) return transition.status;
  return rest.resting ?? 'Available';
}

/** Tells whether an object rests: it passes through no state and is not on its way out. */
export function isAtRest(object: Passing, now: number): boolean {
  return (
    object.departure === undefined &&
    (object.transition === undefined || object.transition.until <= now)
  );
}

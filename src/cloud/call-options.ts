/**
 * How urgent a call is: `live` follows a change that someone waits for, `sweep` looks for drift
 * and yields to it.
 */
export type CallLane = 'live' | 'sweep';

/** What every call is given. */
export interface CallOptions {
  readonly signal: AbortSignal;
  readonly lane: CallLane;
}

/** A tag of a cloud object. */
export interface CloudTag {
  readonly key: string;
  readonly value: string;
}

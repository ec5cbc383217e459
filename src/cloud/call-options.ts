/**
 * How urgent a call is: `live` follows a change that someone waits for, `sweep` looks for drift
 * and yields to it.
 */
export type CallLane = 'live' | 'sweep';

/**
 * What every call is given.
 *
 * Shape: the lane decides who goes first within the budget of one operation of one product; writes to
 *   one object go in the order in which they were asked for, whatever their lane.
 * Units: `signal` bounds all that is done for a call: its waits for the object and for the budget, its
 *   repetitions, every page of a list. A write that is aborted once it has left is `ambiguous`.
 */
export interface CallOptions {
  readonly signal: AbortSignal;
  readonly lane: CallLane;
}

/** A tag of a cloud object. */
export interface CloudTag {
  readonly key: string;
  readonly value: string;
}

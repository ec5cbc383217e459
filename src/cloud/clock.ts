/**
 * Time as the only door to it: real in the process, virtual in a simulation.
 *
 * Units: milliseconds everywhere.
 */
export interface Clock {
  /** Wall-clock time since the Unix epoch. */
  now(): number;
  /** Time since an arbitrary start; never goes back, and goes on while the process is stopped. */
  monotonicMs(): number;
  /** Calls back once after the delay; the returned function cancels. */
  schedule(delayMs: number, callback: () => void): () => void;
  /** Waits; rejects with the signal's reason when it is aborted first. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}

/** Randomness as the only door to it; a simulation seeds it. */
export interface Randomness {
  /** A number of at least 0 and less than 1. */
  fraction(): number;
  /** That many random bytes, in lower-case hexadecimal. */
  hex(bytes: number): string;
}

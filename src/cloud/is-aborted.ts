/**
 * Tells whether a signal is aborted, asked anew each time.
 *
 * Shape: after a first look at `signal.aborted` the compiler takes its answer for lasting, although
 *   every `await` can change it.
 */
export function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

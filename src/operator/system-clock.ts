import { randomBytes } from 'node:crypto';
import type { Clock, Randomness } from '../cloud/clock.ts';

/** The longest delay of a Node.js timer; a longer one would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * The time of this machine.
 *
 * Shape: the monotonic time goes on while the process is stopped by a signal.
 */
export class SystemClock implements Clock {
  now(): number {
    // eslint-disable-next-line no-restricted-properties -- This is the Clock port's real side.
    return Date.now();
  }

  monotonicMs(): number {
    return performance.now();
  }

  schedule(delayMs: number, callback: () => void): () => void {
    // eslint-disable-next-line no-restricted-globals -- This is the Clock port's real side.
    const timer = setTimeout(callback, Math.min(Math.max(delayMs, 0), MAX_TIMER_MS));
    return () => {
      clearTimeout(timer);
    };
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(abortReason(signal));
        return;
      }
      const cancel = this.schedule(delayMs, () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      });
      const onAbort = (): void => {
        cancel();
        reject(abortReason(signal));
      };
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }
}

/** The randomness of this machine. */
export class SystemRandomness implements Randomness {
  fraction(): number {
    // eslint-disable-next-line no-restricted-properties -- This is the Randomness port's real side.
    return Math.random();
  }

  hex(bytes: number): string {
    return randomBytes(bytes).toString('hex');
  }
}

function abortReason(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason;
  return reason instanceof Error ? reason : new Error('Aborted', { cause: reason });
}

import { abortReason } from './abortable-wait.ts';

interface SharedRead {
  readonly answer: Promise<unknown>;
  readonly abort: AbortController;
  waiting: number;
}

/**
 * Lets identical reads that are under way share one call.
 *
 * Shape: a call ends early only when everyone who waits for it has gone. After a write nobody joins
 *   a read that began before it, so that a reader never sees a state older than its own write.
 */
export class CoalescedReads {
  readonly #underWay = new Map<string, SharedRead>();

  /** Joins a read of this key that is under way, or starts one. */
  join<T>(
    key: string,
    signal: AbortSignal,
    start: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    if (signal.aborted) return Promise.reject(abortReason(signal));
    let shared = this.#underWay.get(key);
    if (shared === undefined) {
      const abort = new AbortController();
      const begun: SharedRead = { answer: start(abort.signal), abort, waiting: 0 };
      this.#underWay.set(key, begun);
      const leave = (): void => {
        if (this.#underWay.get(key) === begun) this.#underWay.delete(key);
      };
      begun.answer.then(leave, leave);
      shared = begun;
    }
    // Everyone who shares a key asked for the same answer, so it has the same type.
    return this.#wait(key, shared, signal) as Promise<T>;
  }

  /** Keeps later readers from joining what is under way. */
  closeToNewReaders(): void {
    this.#underWay.clear();
  }

  #wait(key: string, shared: SharedRead, signal: AbortSignal): Promise<unknown> {
    shared.waiting += 1;
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        shared.waiting -= 1;
        if (shared.waiting === 0) {
          if (this.#underWay.get(key) === shared) this.#underWay.delete(key);
          shared.abort.abort(abortReason(signal));
        }
        reject(abortReason(signal));
      };
      signal.addEventListener('abort', onAbort, { once: true });
      shared.answer
        .finally(() => {
          signal.removeEventListener('abort', onAbort);
        })
        .then(resolve, reject);
    });
  }
}

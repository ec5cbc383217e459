import { abortReason } from '../../cloud/transport/abortable-wait.ts';

/** Lets a number of tasks run at a time; the others wait for their turn, in the order of coming. */
export class WriteTurns {
  readonly #limit: number;
  readonly #waiting = new Set<() => void>();
  #running = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Runs a task when its turn has come.
   *
   * Errors: as of the task; the signal's reason when it is aborted while the task waits.
   */
  async take<T>(signal: AbortSignal, task: () => Promise<T>): Promise<T> {
    await this.#turn(signal);
    try {
      return await task();
    } finally {
      this.#handOver();
    }
  }

  async #turn(signal: AbortSignal): Promise<void> {
    if (this.#running < this.#limit) {
      this.#running += 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const begin = (): void => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      const onAbort = (): void => {
        this.#waiting.delete(begin);
        reject(abortReason(signal));
      };
      if (signal.aborted) {
        reject(abortReason(signal));
        return;
      }
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiting.add(begin);
    });
  }

  /** The turn goes to the one who has waited longest; the number of those who run stays the same. */
  #handOver(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#running -= 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}

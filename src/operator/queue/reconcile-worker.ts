import type { Clock, Randomness } from '../../cloud/clock.ts';
import { Failure, isFailure } from '../../cloud/failure.ts';
import type { Logger, ObjectKey, Outcome, Reconciler } from '../../reconcilers/reconciler.ts';
import type { RetryPolicy } from './retry-policy.ts';
import type { WorkQueue } from './work-queue.ts';

/** How one pass ended, by the names that dashboards use. */
export type PassResult = 'success' | 'error' | 'requeue' | 'requeue_after';

/** Counts passes. */
export interface ReconcileMetrics {
  passStarted(): void;
  passEnded(result: PassResult, seconds: number): void;
  failedTerminally(): void;
  panicked(): void;
  timedOut(): void;
}

/** What a worker needs. */
export interface ReconcileWorkerOptions {
  readonly reconciler: Reconciler;
  readonly queue: WorkQueue;
  readonly retryPolicy: RetryPolicy;
  readonly concurrency: number;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly logger: Logger;
  readonly metrics?: ReconcileMetrics;
  /** How long one pass may take before it is aborted; 5 minutes unless given. */
  readonly passTimeoutMs?: number;
  /** Told of the end of each pass. */
  readonly onPassEnd?: (key: ObjectKey, hasFailed: boolean) => void;
}

const PASS_TIMEOUT_MS = 300_000;
/** How long showing a failure may take; the next pass shows it again. */
const REPORT_TIMEOUT_MS = 60_000;

/** Takes keys from a queue, runs the reconciler on each, and decides when it runs again. */
export class ReconcileWorker {
  readonly #options: ReconcileWorkerOptions;
  /** The failure of each failing key, so that its repetitions are no news. */
  readonly #failing = new Map<string, string>();

  constructor(options: ReconcileWorkerOptions) {
    this.#options = options;
  }

  /**
   * Works until told to stop, and returns when the last pass has ended.
   *
   * Shape: `stop` takes no new key; `abort` ends the passes that are under way.
   */
  async run(stop: AbortSignal, abort: AbortSignal): Promise<void> {
    const workers = Array.from({ length: this.#options.concurrency }, () =>
      this.#work(stop, abort),
    );
    await Promise.all(workers);
  }

  /** Forgets the failures of a key whose object is gone: its successor did not fail. */
  forget(key: ObjectKey): void {
    this.#options.retryPolicy.forget(key);
    this.#failing.delete(textOf(key));
  }

  async #work(stop: AbortSignal, abort: AbortSignal): Promise<void> {
    for (;;) {
      const key = await this.#options.queue.next(stop);
      if (key === undefined) return;
      try {
        await this.#pass(key, abort);
      } finally {
        this.#options.queue.done(key);
      }
    }
  }

  async #pass(key: ObjectKey, abort: AbortSignal): Promise<void> {
    const { reconciler, clock, metrics } = this.#options;
    const startedMs = clock.monotonicMs();
    const deadline = this.#deadline(abort, this.#options.passTimeoutMs ?? PASS_TIMEOUT_MS);
    const log = this.#passLogger(key);
    metrics?.passStarted();
    let result: PassResult = 'error';
    try {
      const outcome = await reconciler.reconcile(key, deadline.signal);
      result = this.#settle(key, outcome);
      log.debug('Reconciled', { outcome: outcome.kind });
    } catch (error) {
      if (abort.aborted) return;
      if (deadline.hasTimedOut()) metrics?.timedOut();
      result = await this.#handleFailure(key, error, log, abort);
    } finally {
      deadline.cancel();
      metrics?.passEnded(result, (clock.monotonicMs() - startedMs) / 1_000);
      this.#options.onPassEnd?.(key, result === 'error');
    }
  }

  #settle(key: ObjectKey, outcome: Outcome): PassResult {
    const { queue, retryPolicy } = this.#options;
    retryPolicy.forget(key);
    this.#failing.delete(textOf(key));
    switch (outcome.kind) {
      case 'settled':
        return 'success';
      case 'observeAgain':
        queue.addAfter(key, outcome.afterMs);
        return 'requeue_after';
    }
  }

  async #handleFailure(
    key: ObjectKey,
    error: unknown,
    log: Logger,
    abort: AbortSignal,
  ): Promise<PassResult> {
    const { queue, retryPolicy, metrics } = this.#options;
    const failure = isFailure(error) ? error : this.#panic(error, log);
    const retry = retryPolicy.retryOf(key, failure);
    if (failure.kind === 'terminal') metrics?.failedTerminally();

    // A conflict is the normal end of a race and is no news.
    const isError = failure.kind !== 'conflict' && failure.kind !== 'throttled';
    const isNews = isError && this.#failing.get(textOf(key)) !== failure.message;
    if (isError) this.#failing.set(textOf(key), failure.message);
    log[isNews ? 'error' : 'debug']('Failed to reconcile', {
      err: failure.message,
      failureKind: failure.kind,
      ...(failure.code !== undefined && { code: failure.code }),
      ...(failure.requestId !== undefined && { requestId: failure.requestId }),
      retryInMs: Math.round(retry.delayMs),
    });
    await this.#report(key, failure, log, abort);
    if (retry.isResync) {
      queue.addAfter(key, retry.delayMs, 'sweep');
      return 'error';
    }
    queue.retryAfter(key, retry.delayMs);
    return isError ? 'error' : 'requeue';
  }

  /** A bug in a reconciler costs one pass of one key, not the process. */
  #panic(error: unknown, log: Logger): Failure {
    this.#options.metrics?.panicked();
    log.error('A reconciler threw what is not a failure', { err: error });
    return new Failure('retryable', 'Cannot reconcile: the operator has a defect; see its log', {
      cause: error,
      ambiguous: true,
    });
  }

  async #report(key: ObjectKey, failure: Failure, log: Logger, abort: AbortSignal): Promise<void> {
    const deadline = this.#deadline(abort, REPORT_TIMEOUT_MS);
    try {
      await this.#options.reconciler.reportFailure(key, failure, deadline.signal);
    } catch (error) {
      if (abort.aborted) return;
      // The next pass tries again; what it is about is in the log already.
      const isNews = !isFailure(error, 'conflict') && !isFailure(error, 'notfound');
      log[isNews ? 'warn' : 'debug']('Failed to show a failure', {
        err: isFailure(error) ? error.message : error,
      });
    } finally {
      deadline.cancel();
    }
  }

  #deadline(
    abort: AbortSignal,
    timeoutMs: number,
  ): {
    readonly signal: AbortSignal;
    readonly hasTimedOut: () => boolean;
    readonly cancel: () => void;
  } {
    const controller = new AbortController();
    let hasTimedOut = false;
    const onAbort = (): void => {
      controller.abort(abort.reason);
    };
    if (abort.aborted) onAbort();
    abort.addEventListener('abort', onAbort, { once: true });
    const cancelTimer = this.#options.clock.schedule(timeoutMs, () => {
      hasTimedOut = true;
      controller.abort(new Failure('retryable', `Gave up after ${timeoutMs / 1_000} s`));
    });
    return {
      signal: controller.signal,
      hasTimedOut: () => hasTimedOut,
      cancel: () => {
        cancelTimer();
        abort.removeEventListener('abort', onAbort);
      },
    };
  }

  #passLogger(key: ObjectKey): Logger {
    const { logger, reconciler, randomness } = this.#options;
    const bound = {
      controller: reconciler.resourceKind,
      namespace: key.namespace,
      name: key.name,
      reconcileID: randomness.hex(8),
    };
    return {
      debug: (message, fields) => {
        logger.debug(message, { ...bound, ...fields });
      },
      info: (message, fields) => {
        logger.info(message, { ...bound, ...fields });
      },
      warn: (message, fields) => {
        logger.warn(message, { ...bound, ...fields });
      },
      error: (message, fields) => {
        logger.error(message, { ...bound, ...fields });
      },
    };
  }
}

function textOf({ namespace, name }: ObjectKey): string {
  return `${namespace}/${name}`;
}

import type { KubeConfig } from '@kubernetes/client-node';
import OperatorBase from '@dot-i/k8s-operator';
import type { Clock } from '../cloud/clock.ts';
import type { Controller } from './controllers/controller.ts';
import type { Leadership } from './leadership.ts';
import type { ProcessLogger } from './telemetry/process-logger.ts';
import { whenAborted } from './when-aborted.ts';

/** A part of the process that runs beside the work and serves every replica. */
export interface BackgroundPart {
  readonly name: string;
  run(signal: AbortSignal): Promise<void>;
}

/** What a CloudOperator runs; all of it is made by the composition. */
export interface CloudOperatorParts {
  readonly kubeConfig: KubeConfig;
  readonly clock: Clock;
  readonly logger: ProcessLogger;
  readonly leadership: Leadership;
  /** Servers, in the order in which they start; they are closed last, in the other order. */
  readonly servers: readonly {
    open(): Promise<void>;
    close(): Promise<void>;
  }[];
  readonly background: readonly BackgroundPart[];
  /** Makes what the leader does; it waits for what that needs. */
  readonly prepareWork: (signal: AbortSignal) => Promise<Pick<Controller, 'run'>>;
  /** Writes what is still to be written, after the work and before the lease is given back. */
  readonly flush: (signal: AbortSignal) => Promise<void>;
}

/** How long the passes under way may take to end by themselves once the process is told to stop. */
const STOP_GRACE_MS = 18_000;
/** How long they may take once they are aborted. */
const ABORT_GRACE_MS = 4_000;
/** How long they may take when the end must not wait, because another may be at work already. */
const FAILURE_GRACE_MS = 500;
const FLUSH_LIMIT_MS = 3_000;

/**
 * The life of one operator: serve, watch, wait to lead, work, and end in order.
 *
 * Shape: the exit code of `done` is 0 after `stop`, and 1 when the lease was lost or a part failed.
 */
export class CloudOperator extends OperatorBase.default {
  readonly done: Promise<number>;
  readonly #parts: CloudOperatorParts;
  /** No new work. */
  readonly #stopping = new AbortController();
  /** End the work that is under way. */
  readonly #aborting = new AbortController();
  /** End everything else. */
  readonly #ending = new AbortController();
  #resolveDone: (code: number) => void = () => undefined;
  #hasFailed = false;

  constructor(parts: CloudOperatorParts) {
    super(parts.logger);
    this.kubeConfig = parts.kubeConfig;
    this.#parts = parts;
    this.done = new Promise((resolve) => {
      this.#resolveDone = resolve;
    });
  }

  /** Ends in order: no new work, the passes under way, what is to be written, the lease, the servers. */
  override stop(): void {
    if (this.#stopping.signal.aborted) return;
    this.#parts.logger.info('Stopping');
    this.#stopping.abort(new Error('the operator is stopping'));
  }

  /** Ends at once, because going on could do harm. */
  fail(message: string, fields: Readonly<Record<string, unknown>>): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.#parts.logger.error(message, fields);
    this.#aborting.abort(new Error(message));
    this.#stopping.abort(new Error(message));
  }

  protected override async init(): Promise<void> {
    for (const server of this.#parts.servers) await server.open();
    void this.#live();
  }

  async #live(): Promise<void> {
    const { background, leadership, logger, flush, servers } = this.#parts;
    const parts = background.map((part) =>
      part.run(this.#ending.signal).catch((error: unknown) => {
        this.fail('A part of the operator failed', { part: part.name, err: error });
      }),
    );
    let hasEnded = true;
    try {
      hasEnded = await this.#lead();
    } catch (error) {
      this.fail('The operator failed', { err: error });
    }
    if (!this.#hasFailed) {
      await this.#flush(flush);
      // A successor must not start while a pass of ours is under way.
      if (hasEnded) await leadership.release();
    }
    this.#ending.abort(new Error('the operator ends'));
    await this.#within(this.#abortGraceMs(), Promise.all(parts));
    for (const server of [...servers].reverse()) await server.close();
    logger.info('Stopped', { failed: this.#hasFailed });
    this.#resolveDone(this.#hasFailed ? 1 : 0);
  }

  /** Waits to lead, works, and tells whether all work has ended. */
  async #lead(): Promise<boolean> {
    const { leadership, prepareWork } = this.#parts;
    const stop = this.#stopping.signal;
    if (!(await leadership.acquire(stop))) return true;
    // The leases are kept until the last pass has ended, which is after the work was told to stop.
    const keeping = new AbortController();
    const kept = leadership.keep(keeping.signal).then((end) => {
      if (end.kind === 'lost') this.fail('Lost the lease', { why: end.reason });
    });
    try {
      return await this.#work(prepareWork, stop);
    } finally {
      keeping.abort();
      await kept;
    }
  }

  async #work(
    prepareWork: (signal: AbortSignal) => Promise<Pick<Controller, 'run'>>,
    stop: AbortSignal,
  ): Promise<boolean> {
    const { logger } = this.#parts;
    let work: Pick<Controller, 'run'>;
    try {
      work = await prepareWork(stop);
    } catch (error) {
      if (stop.aborted) return true;
      throw error;
    }
    let isRunning = true;
    const run = work.run(stop, this.#aborting.signal).then(() => {
      isRunning = false;
    });
    // What is thrown here is no failure of a pass, so nobody else would see it.
    await Promise.race([run, whenAborted(stop)]);
    if (!this.#hasFailed) await this.#within(STOP_GRACE_MS, run);
    if (isStillRunning(() => isRunning)) {
      this.#aborting.abort(new Error('the operator is stopping'));
      await this.#within(this.#abortGraceMs(), run);
    }
    const hasEnded = !isStillRunning(() => isRunning);
    if (!hasEnded) logger.warn('Some work did not end in time, so the lease is not released');
    return hasEnded;
  }

  async #flush(flush: CloudOperatorParts['flush']): Promise<void> {
    const { clock, logger } = this.#parts;
    const limit = new AbortController();
    const cancel = clock.schedule(FLUSH_LIMIT_MS, () => {
      limit.abort(new Error('the time is over'));
    });
    await flush(limit.signal).catch((error: unknown) => {
      logger.warn('Failed to write the last events', { err: error });
    });
    cancel();
  }

  #abortGraceMs(): number {
    return this.#hasFailed ? FAILURE_GRACE_MS : ABORT_GRACE_MS;
  }

  /** Waits for an end, but not for longer than this. */
  async #within(limitMs: number, end: Promise<unknown>): Promise<void> {
    const isOver = new AbortController();
    const limit = this.#parts.clock.sleep(limitMs, isOver.signal).catch(() => undefined);
    try {
      await Promise.race([end, limit]);
    } finally {
      isOver.abort();
    }
  }
}

function isStillRunning(ask: () => boolean): boolean {
  return ask();
}

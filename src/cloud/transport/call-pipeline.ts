import type { CallOptions } from '../call-options.ts';
import type { Clock, Randomness } from '../clock.ts';
import { Failure, isFailure } from '../failure.ts';
import { classifyResult, type ClassifiedFailure, type CodeLookup } from './call-failure.ts';
import type { CloudCallMetrics, CloudLogger } from './call-observer.ts';
import type { CloudProduct } from './cloud-settings.ts';
import type { CoalescedReads } from './coalesced-reads.ts';
import type { ObjectLanes, WriteOutcome } from './object-lane.ts';
import type { RequestBudget } from './request-budget.ts';
import type { RpcResult, RpcSender } from './rpc-sender.ts';

/** One call as a product's client asks for it. */
export interface PipelineCall {
  readonly action: string;
  readonly mutating: boolean;
  /** By the names on the wire, lists flattened. */
  readonly parameters: Readonly<Record<string, string>>;
  /** What the call wants, for messages: `create the load balancer`. */
  readonly purpose: string;
  /** The region whose endpoint is asked; unset, the one that this process works in. */
  readonly regionId?: string;
  /** The object in whose lane a write waits; a creation has none but its own token. */
  readonly laneOf?: string;
  readonly options: CallOptions;
}

/** What all products' pipelines share. */
export interface PipelinePorts {
  readonly sender: RpcSender;
  readonly budget: RequestBudget;
  readonly lanes: ObjectLanes;
  readonly reads: CoalescedReads;
  readonly clock: Clock;
  readonly randomness: Randomness;
  /** Whether this process is the one that may change the cloud; asked without a wait. */
  readonly mayWrite: () => boolean;
  /** Whether every call is refused that would change something. */
  readonly isDryRun?: boolean;
  readonly metrics: CloudCallMetrics;
  readonly logger: CloudLogger;
}

/** What one product adds. */
export interface PipelineProduct {
  readonly product: CloudProduct;
  readonly version: string;
  readonly lookup: CodeLookup;
}

const ATTEMPTS = 3;
const FIRST_BACKOFF_MS = 200;

/**
 * The one way that every call to the cloud takes.
 *
 * | stage | why there |
 * | --- | --- |
 * | coalesce | identical reads under way need one call |
 * | lane | a write waits for its load balancer before it takes a token, so no token lies idle |
 * | budget | directly before the call, so that waits elsewhere never add up to a burst |
 * | leave | in the turn in which the request meets its connection, after every wait: the lease is ours, and this is no dry run |
 * | send, classify | once; the result becomes an answer or a `Failure` |
 * | repeat | reads that failed in the network or the cloud, and calls that were never sent |
 * | count | every call that was tried |
 */
export class CallPipeline {
  readonly #product: PipelineProduct;
  readonly #ports: PipelinePorts;

  constructor(product: PipelineProduct, ports: PipelinePorts) {
    this.#product = product;
    this.#ports = ports;
  }

  /** Makes one call and answers the body of its answer. */
  async call(call: PipelineCall): Promise<Readonly<Record<string, unknown>>> {
    try {
      return call.mutating ? await this.#write(call) : await this.#read(call);
    } catch (error) {
      if (isFailure(error) || !call.options.signal.aborted) throw error;
      throw new Failure('retryable', `Cannot ${call.purpose}: the call was cancelled (Cancelled)`, {
        code: 'Cancelled',
        cause: error,
      });
    }
  }

  #read(call: PipelineCall): Promise<Readonly<Record<string, unknown>>> {
    const { reads } = this.#ports;
    const { signal, lane } = call.options;
    // A live reader never waits behind the budget of the sweep, so the lanes do not share.
    const { action, parameters, regionId } = call;
    const key = JSON.stringify([this.#product.product, action, lane, parameters, regionId]);
    return reads.join(key, signal, (shared) =>
      this.#attempts({ ...call, options: { lane, signal: shared } }),
    );
  }

  async #write(call: PipelineCall): Promise<Readonly<Record<string, unknown>>> {
    const { lanes, reads } = this.#ports;
    const { signal } = call.options;
    this.#requireLeave(call);
    try {
      if (call.laneOf === undefined) return await this.#attempts(call);
      return await lanes.run(call.laneOf, signal, (report) => this.#attempts(call, report));
    } finally {
      reads.closeToNewReaders();
    }
  }

  async #attempts(
    call: PipelineCall,
    report?: (outcome: WriteOutcome) => void,
  ): Promise<Readonly<Record<string, unknown>>> {
    const { budget, clock, randomness } = this.#ports;
    const { signal, lane } = call.options;
    const bucket = `${this.#product.product}:${call.action}`;
    for (let attempt = 1; ; attempt += 1) {
      await budget.take(bucket, lane, signal);
      const { result, failed } = await this.#send(call);
      if (failed?.meaning === 'throttled') budget.throttled(bucket, failed.failure.retryAfterMs);
      else budget.passed(bucket);
      report?.(laneOutcome(failed));
      if (failed === undefined) return answerBody(result);
      if (!failed.repeatable || attempt >= ATTEMPTS || signal.aborted) throw failed.failure;
      await clock.sleep(
        FIRST_BACKOFF_MS * 2 ** (attempt - 1) * (0.5 + randomness.fraction()),
        signal,
      );
    }
  }

  async #send(
    call: PipelineCall,
  ): Promise<{ readonly result: RpcResult; readonly failed: ClassifiedFailure | undefined }> {
    const { sender, clock } = this.#ports;
    const { signal, lane } = call.options;
    const startedAtMs = clock.monotonicMs();
    const { product, version } = this.#product;
    try {
      const result = await sender.send({
        product,
        version,
        action: call.action,
        parameters: call.parameters,
        ...(call.regionId === undefined ? {} : { regionId: call.regionId }),
        lane,
        signal,
        ...(call.mutating
          ? {
              beforeSend: (): void => {
                this.#requireLeave(call);
              },
            }
          : {}),
      });
      const failed = classifyResult(this.#failedCall(call), result, this.#product.lookup);
      this.#count(call, startedAtMs, result, failed);
      return { result, failed };
    } catch (error) {
      if (isFailure(error)) this.#countUnsent(call, startedAtMs, error);
      throw error;
    }
  }

  #requireLeave(call: PipelineCall): void {
    if (this.#ports.isDryRun === true) {
      throw new Failure('terminal', `Cannot ${call.purpose}: this is a dry run (DryRun)`, {
        code: 'DryRun',
      });
    }
    if (this.#ports.mayWrite()) return;
    throw new Failure('retryable', `Cannot ${call.purpose}: not the leader any more (NotLeader)`, {
      code: 'NotLeader',
    });
  }

  #failedCall(call: PipelineCall): Parameters<typeof classifyResult>[0] {
    return {
      product: this.#product.product,
      action: call.action,
      mutating: call.mutating,
      purpose: call.purpose,
    };
  }

  #count(
    call: PipelineCall,
    startedAtMs: number,
    result: RpcResult,
    failed: ClassifiedFailure | undefined,
  ): void {
    const { metrics, logger, clock } = this.#ports;
    const durationMs = clock.monotonicMs() - startedAtMs;
    const code = failed?.code ?? 'OK';
    const { product } = this.#product;
    const { action: operation, mutating } = call;
    const { lane } = call.options;
    metrics.observeCall({
      product,
      operation,
      mutating,
      lane,
      durationMs,
      code,
      throttled: failed?.meaning === 'throttled',
      knownCode: failed?.knownCode ?? true,
    });
    const fields = {
      product,
      operation,
      lane,
      code,
      durationMs: Math.round(durationMs),
      object: call.laneOf,
      requestId: requestIdOf(result),
    };
    if (failed?.knownCode === false) logger.warn('Cloud answered with an unknown code', fields);
    else if (mutating) logger.info('Cloud call', fields);
    else logger.debug('Cloud call', fields);
  }

  #countUnsent(call: PipelineCall, startedAtMs: number, failure: Failure): void {
    this.#ports.metrics.observeCall({
      product: this.#product.product,
      operation: call.action,
      mutating: call.mutating,
      lane: call.options.lane,
      durationMs: this.#ports.clock.monotonicMs() - startedAtMs,
      code: failure.code ?? 'NotSent',
      throttled: false,
      knownCode: true,
    });
  }
}

function laneOutcome(failed: ClassifiedFailure | undefined): WriteOutcome {
  if (failed === undefined) return 'taken';
  if (failed.meaning === 'locked') return 'locked';
  return failed.failure.ambiguous ? 'lost' : 'untouched';
}

function answerBody(result: RpcResult): Readonly<Record<string, unknown>> {
  if (result.kind === 'answered') return result.body;
  throw new Error('A call without an answer is a failure');
}

function requestIdOf(result: RpcResult): string | undefined {
  if (result.kind !== 'answered') return undefined;
  const { RequestId } = result.body;
  return typeof RequestId === 'string' ? RequestId : undefined;
}

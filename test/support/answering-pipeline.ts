import { CallPipeline, type PipelineProduct } from '../../src/cloud/transport/call-pipeline.ts';
import { CoalescedReads } from '../../src/cloud/transport/coalesced-reads.ts';
import { ObjectLanes } from '../../src/cloud/transport/object-lane.ts';
import { RequestBudget } from '../../src/cloud/transport/request-budget.ts';
import type { RpcCall, RpcResult, RpcSender } from '../../src/cloud/transport/rpc-sender.ts';
import { VirtualClock } from './virtual-clock.ts';

/** An answer of the API; one with a `Code` is a refusal. */
export type ScriptedAnswer = Readonly<Record<string, unknown>>;

/** A call as it was sent. */
export interface SentCall {
  readonly action: string;
  readonly regionId: string | undefined;
  readonly parameters: Readonly<Record<string, string>>;
  readonly atMs: number;
}

/** Answers each call by a function of its parameters, after the time that a test says. */
class AnsweringSender implements RpcSender {
  readonly calls: SentCall[] = [];
  readonly #answer: (call: RpcCall) => ScriptedAnswer;
  readonly #clock: VirtualClock;
  readonly #takesMs: number;

  constructor(answer: (call: RpcCall) => ScriptedAnswer, clock: VirtualClock, takesMs: number) {
    this.#answer = answer;
    this.#clock = clock;
    this.#takesMs = takesMs;
  }

  principal(): Promise<string> {
    return Promise.resolve('key');
  }

  async send(call: RpcCall): Promise<RpcResult> {
    call.beforeSend?.();
    const { action, regionId, parameters } = call;
    this.calls.push({ action, regionId, parameters, atMs: this.#clock.monotonicMs() });
    const body = this.#answer(call);
    if (this.#takesMs > 0) await this.#clock.sleep(this.#takesMs);
    return { kind: 'answered', httpStatus: 'Code' in body ? 400 : 200, body };
  }
}

/** A pipeline of one product whose calls are answered by a function, for tests of its client. */
export function answeringPipeline(
  product: PipelineProduct,
  answer: (call: RpcCall) => ScriptedAnswer,
  limits: { readonly spacingMs?: number; readonly takesMs?: number } = {},
): {
  readonly pipeline: CallPipeline;
  readonly calls: readonly SentCall[];
  readonly clock: VirtualClock;
} {
  const clock = new VirtualClock();
  const sender = new AnsweringSender(answer, clock, limits.takesMs ?? 0);
  const spacingMs = limits.spacingMs ?? 0;
  const pipeline = new CallPipeline(product, {
    sender,
    budget: new RequestBudget({ callsPerSecond: 1_000, burst: 1_000 }, clock),
    lanes: new ObjectLanes({ spacingMs, longestSpacingMs: spacingMs }, clock),
    reads: new CoalescedReads(),
    clock,
    randomness: { fraction: () => 0, hex: () => '' },
    mayWrite: () => true,
    metrics: { observeCall: () => undefined },
    logger: { debug: () => undefined, info: () => undefined, warn: () => undefined },
  });
  return { pipeline, calls: sender.calls, clock };
}

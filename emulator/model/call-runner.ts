import { ApiError } from './api-error.ts';
import { findErrorStatus, type PublishedOperation } from './api-catalog.ts';
import type { CallLog, CallRecord } from './call-log.ts';
import { throttled, type Cloud, type CloudCall } from './cloud.ts';
import type { AccessKey } from './cloud-state.ts';
import type { EmulatorClock } from './emulator-clock.ts';
import type { Fault, FaultBoard, FaultKind, FaultMoment } from './fault-board.ts';
import type { HoldDesk } from './hold-desk.ts';
import { principalsOf } from './sts/identity-operations.ts';
import { shortenLists } from './list-fault.ts';
import type { Answer } from './operation-context.ts';

/** How a call ends for its caller: with an answer, an error, or a connection that breaks. */
export type CallOutcome =
  | { readonly kind: 'answer'; readonly answer: Answer }
  | { readonly kind: 'error'; readonly error: ApiError }
  | { readonly kind: 'cut' };

/** A call whose caller is known and whose operation exists. */
export interface AdmittedCall {
  readonly operation: PublishedOperation;
  readonly parameters: ReadonlyMap<string, string>;
  readonly caller: AccessKey;
  readonly record: CallRecord;
  /** Aborted when the caller closes the connection. */
  readonly gone: AbortSignal | undefined;
}

interface RunnerParts {
  readonly cloud: Cloud;
  readonly clock: EmulatorClock;
  readonly log: CallLog;
  readonly faults: FaultBoard;
  readonly holds: HoldDesk;
  /** Told after each call that changed something. */
  readonly onApplied: () => void;
}

/** Leads admitted calls through the faults that are set and the cloud's state machine. */
export class CallRunner {
  readonly #parts: RunnerParts;
  // Rises with each reset, so that what was under way before it changes nothing after it.
  #epoch = 0;

  constructor(parts: RunnerParts) {
    this.#parts = parts;
  }

  /** Cuts what is held and makes calls under way end without effect. */
  cutRunning(): void {
    this.#epoch += 1;
    this.#parts.holds.cutAll();
  }

  async run(call: AdmittedCall): Promise<CallOutcome> {
    const { cloud, faults } = this.#parts;
    const { record, operation, parameters } = call;
    const epoch = this.#epoch;
    const acting = faults.trigger({
      action: operation.action,
      product: operation.product,
      principals: principalsOf(call.caller),
      parameters,
    });
    record.faultIds = acting.map(({ id }) => id);
    const marked = { operation, parameters, caller: call.caller, seq: record.seq };
    let unmark = cloud.markRunning(marked);
    let late = false;
    try {
      const arrived = await this.#pause(call, acting, 'received', () => {
        // Nobody waits for this call: its token is free for whoever tries again.
        unmark();
      });
      if (arrived === 'cut' || epoch !== this.#epoch) return { kind: 'cut' };
      if (call.gone?.aborted === true) unmark = cloud.markRunning(marked);
      if (has(acting, 'drop')) return { kind: 'cut' };
      const lateFault = find(acting, 'apply-late');
      if (lateFault !== undefined) {
        late = true;
        void this.#applyLate(call, acting, lateFault, unmark);
        return { kind: 'cut' };
      }
      const refusal = refusalOf(operation, acting);
      if (refusal !== undefined) return { kind: 'error', error: refusal };

      const { outcome, takesMs } = this.#carryOut(call, acting);
      if (takesMs > 0) await this.#parts.clock.sleep(takesMs);
      const answered = await this.#pause(call, acting, 'applied', unmark);
      if (answered === 'cut' || has(acting, 'lose-answer')) return { kind: 'cut' };
      const spoilt = acting.find(({ kind, applied }) => kind === 'error' && applied === true);
      return spoilt === undefined
        ? outcome
        : { kind: 'error', error: orderedError(operation, spoilt) };
    } finally {
      if (!late) unmark();
    }
  }

  async #applyLate(
    call: AdmittedCall,
    acting: readonly Fault[],
    fault: Fault,
    unmark: () => void,
  ): Promise<void> {
    const epoch = this.#epoch;
    await this.#parts.clock.sleep(fault.delayMs ?? 0);
    if (epoch === this.#epoch) this.#carryOut(call, acting);
    unmark();
  }

  /** Tells how the call ends, and how long it takes until then. */
  #carryOut(
    call: AdmittedCall,
    acting: readonly Fault[],
  ): { readonly outcome: CallOutcome; readonly takesMs: number } {
    const { cloud, clock, onApplied } = this.#parts;
    const { record } = call;
    const objectIds = new Set<string>();
    const cloudCall: CloudCall = {
      operation: call.operation,
      parameters: call.parameters,
      caller: call.caller,
      seq: record.seq,
      now: clock.now(),
      lagMs: Math.max(0, ...acting.filter(isLag).map(({ delayMs }) => delayMs ?? 0)),
      objectIds,
    };
    try {
      const { answer, applied, takesMs } = cloud.execute(cloudCall);
      record.applied = applied;
      if (applied) onApplied();
      return { outcome: { kind: 'answer', answer: shortened(answer, acting) }, takesMs };
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return { outcome: { kind: 'error', error }, takesMs: 0 };
    } finally {
      record.objectIds = [...objectIds];
    }
  }

  /** Waits for the delays and holds of one moment, in the order the faults were set. */
  async #pause(
    call: AdmittedCall,
    acting: readonly Fault[],
    moment: FaultMoment,
    onGone: () => void,
  ): Promise<'on' | 'cut'> {
    const { clock, holds } = this.#parts;
    const { record } = call;
    for (const fault of acting) {
      if ((fault.when ?? 'received') !== moment) continue;
      if (fault.kind === 'delay') await clock.sleep(fault.delayMs ?? 0);
      if (fault.kind !== 'hold') continue;
      const held = {
        seq: record.seq,
        action: record.action,
        parameters: record.parameters,
        when: moment,
        faultId: fault.id,
      };
      if ((await holds.hold(held, call.gone, onGone)) === 'cut') return 'cut';
    }
    return 'on';
  }
}

function has(faults: readonly Fault[], kind: FaultKind): boolean {
  return find(faults, kind) !== undefined;
}

function find(faults: readonly Fault[], kind: FaultKind): Fault | undefined {
  return faults.find((fault) => fault.kind === kind);
}

function isLag(fault: Fault): boolean {
  return fault.kind === 'lag';
}

function refusalOf(operation: PublishedOperation, acting: readonly Fault[]): ApiError | undefined {
  const fault = acting.find(
    ({ kind, applied }) =>
      kind === 'deny' || kind === 'throttle' || (kind === 'error' && applied !== true),
  );
  return fault === undefined ? undefined : orderedError(operation, fault);
}

function orderedError(operation: PublishedOperation, fault: Fault): ApiError {
  if (fault.kind === 'throttle') {
    const usual = throttled(fault.delayMs);
    return new ApiError(
      fault.code ?? usual.code,
      fault.httpStatus ?? usual.httpStatus,
      fault.message ?? usual.message,
      fault.delayMs,
    );
  }
  if (fault.kind === 'deny') return denied(operation, fault);
  const code = fault.code ?? 'ServiceUnavailable';
  const published = fault.code === undefined ? 503 : findErrorStatus(operation, code);
  return new ApiError(
    code,
    fault.httpStatus ?? published ?? 400,
    fault.message ?? 'The request has failed due to a fault that was ordered.',
  );
}

/** The answer to a caller without the permission, which names the permission. */
function denied(operation: PublishedOperation, fault: Fault): ApiError {
  const code = fault.code ?? 'Forbidden.RAM';
  return new ApiError(
    code,
    fault.httpStatus ?? findErrorStatus(operation, code) ?? 403,
    fault.message ??
      "User not authorized to operate on the specified resource, or this API doesn't support RAM.",
    undefined,
    {
      AuthAction: `${operation.product}:${operation.action}`,
      NoPermissionType: 'ImplicitDeny',
      PolicyType: 'AccountLevelIdentityBasedPolicy',
    },
  );
}

function shortened(answer: Answer, acting: readonly Fault[]): Answer {
  return acting.reduce(
    (soFar, { kind }) =>
      kind === 'empty-list' || kind === 'short-list' ? shortenLists(soFar, kind) : soFar,
    answer,
  );
}

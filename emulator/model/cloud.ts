import { ApiError, apiError } from './api-error.ts';
import { publishesError, type PublishedOperation } from './api-catalog.ts';
import type { AccessKey, CloudState } from './cloud-state.ts';
import { OperationContext, type Answer } from './operation-context.ts';
import { readOperationParameters, type OperationParameters } from './operation-parameters.ts';
import { findOperationHandler, isMutatingAction } from './operation-table.ts';
import { listRegions } from './region-operations.ts';
import { wholeAnswer } from './whole-answer.ts';

/** One call whose caller is known. */
export interface CloudCall {
  readonly operation: PublishedOperation;
  readonly parameters: ReadonlyMap<string, string>;
  readonly caller: AccessKey;
  readonly seq: number;
  readonly now: number;
  /** How far a read is behind the writes. */
  readonly lagMs: number;
  /** Receives the ids of the objects that the call names or makes. */
  readonly objectIds: Set<string>;
}

/** What comes of an accepted call. */
export interface CloudAnswer {
  readonly answer: Answer;
  /** Whether the call itself changed something. */
  readonly applied: boolean;
  /** How long it takes until it is answered. */
  readonly takesMs: number;
}

interface Bucket {
  readonly tokens: number;
  readonly at: number;
}

const MAX_TOKEN_LENGTH = 64;
// What a repeated token gets while its first call is running; the first that is published.
const PROCESSING_CODES = [
  'OperationFailed.TokenIsProcessing',
  'LastTokenProcessing',
  'OperationFailed.LastTokenProcessing',
  'OperationFailed.IdempotentTokenProcessing',
  'TOKEN_PROCESSING',
  'IdempotentProcessing',
];

/**
 * The state machine of the cloud: takes one call at a time, changes state, answers.
 *
 * Shape: synchronous; the same calls at the same times give the same answers.
 * Errors: `ApiError` with a published code.
 */
export class Cloud {
  readonly state: CloudState;
  readonly #buckets = new Map<string, Bucket>();
  /** Client tokens whose first call is still running, with that call. */
  readonly #running = new Map<string, number>();

  constructor(state: CloudState) {
    this.state = state;
  }

  /** Carries out a call. */
  execute(call: CloudCall): CloudAnswer {
    const { operation } = call;
    this.state.settle(call.now);
    this.#throttle(call);
    const parameters = readOperationParameters(operation, call.parameters);
    this.#checkRegion(operation, parameters);
    const handler = findOperationHandler(operation);
    if (handler === undefined) throw notServed(operation);

    const mutating = isMutatingAction(operation.action);
    const token = this.#tokenOf(call, parameters);
    const replayed = token === undefined ? undefined : this.#replay(call, token);
    if (replayed !== undefined) return { answer: replayed, applied: false, takesMs: 0 };

    const context = new OperationContext({
      state: this.state,
      operation,
      parameters,
      caller: call.caller,
      seq: call.seq,
      now: call.now,
      asOf: mutating ? call.now : call.now - call.lagMs,
    });
    try {
      const answer = wholeAnswer(operation, handler(context));
      const answeredAt = this.#hold(context);
      if (token !== undefined) {
        this.state.tokens.set(token, {
          parameters: fingerprint(call),
          answer,
          finishedAt: call.now,
        });
      }
      return {
        answer,
        applied: mutating && !context.changedNothing,
        takesMs: answeredAt - call.now,
      };
    } finally {
      for (const id of context.objectIds) call.objectIds.add(id);
    }
  }

  /** Holds what an accepted call has written, and gives the time of its answer. */
  #hold({ hold, now }: OperationContext): number {
    if (hold === undefined) return now;
    const { writeMs, lockMs } = this.state.settings;
    if (!this.state.has(hold.id)) return now + writeMs;
    return this.state.holds.take(hold, now, writeMs, lockMs);
  }

  /**
   * Marks a call's client token as running, from its arrival until its answer is out.
   *
   * Shape: gives the way to unmark it; a token that another call runs under is not marked.
   */
  markRunning(call: Pick<CloudCall, 'operation' | 'parameters' | 'caller' | 'seq'>): () => void {
    const token = tokenParameter(call);
    if (token === undefined) return () => undefined;
    const key = tokenKey(call, token);
    if (!this.#running.has(key)) this.#running.set(key, call.seq);
    return () => {
      if (this.#running.get(key) === call.seq) this.#running.delete(key);
    };
  }

  /** Forgets running tokens and used rates along with the objects. */
  clear(): void {
    this.state.clearObjects();
    this.#buckets.clear();
    this.#running.clear();
  }

  #throttle(call: CloudCall): void {
    const { rates } = this.state.settings;
    const { action, product } = call.operation;
    const rate = rates[action] ?? rates.default ?? 0;
    if (rate <= 0) return;
    const key = `${call.caller.accountId}/${product}/${action}`;
    const size = Math.max(rate, 1);
    const bucket = this.#buckets.get(key) ?? { tokens: size, at: call.now };
    const refilled = bucket.tokens + ((call.now - bucket.at) * rate) / 1000;
    const tokens = Math.min(size, refilled);
    const allowed = tokens >= 1;
    this.#buckets.set(key, { tokens: allowed ? tokens - 1 : tokens, at: call.now });
    if (!allowed) throw throttled(Math.ceil(((1 - tokens) * 1000) / rate));
  }

  #checkRegion(operation: PublishedOperation, parameters: OperationParameters): void {
    const regionId = parameters.findText('RegionId');
    if (regionId === undefined || listRegions(this.state).includes(regionId)) return;
    throw apiError(
      operation,
      'InvalidRegionId.NotFound',
      `The specified RegionId "${regionId}" does not exist.`,
    );
  }

  #tokenOf(call: CloudCall, parameters: OperationParameters): string | undefined {
    const token = tokenParameter(call);
    if (token === undefined) return undefined;
    const text = parameters.findText('ClientToken') ?? token;

    if (text.length > MAX_TOKEN_LENGTH || !/^[\x00-\x7f]*$/.test(text)) {
      throw apiError(
        call.operation,
        'InvalidParameter',
        'The specified parameter "ClientToken" is not valid.',
      );
    }
    return tokenKey(call, token);
  }

  #replay(call: CloudCall, token: string): Answer | undefined {
    const running = this.#running.get(token);
    if (running !== undefined && running !== call.seq) {
      throw apiError(
        call.operation,
        processingCode(call.operation),
        'The request with this ClientToken is being processed.',
      );
    }
    const record = this.state.tokens.get(token);
    if (record === undefined) return undefined;
    if (record.finishedAt + this.state.settings.tokenTtlMs <= call.now) {
      this.state.tokens.delete(token);
      return undefined;
    }
    if (record.parameters !== fingerprint(call)) {
      throw apiError(
        call.operation,
        'IdempotentParameterMismatch',
        'The ClientToken was used with other parameters.',
      );
    }
    // What CreateSomething has made is named SomethingId.
    const made = record.answer[`${call.operation.action.replace(/^Create/, '')}Id`];
    if (typeof made === 'string') call.objectIds.add(made);
    return record.answer;
  }
}

/** The answer to a call that comes too fast. */
export function throttled(retryAfterMs?: number): ApiError {
  return new ApiError(
    'Throttling.User',
    400,
    'Request was denied due to user flow control.',
    retryAfterMs,
  );
}

/** The answer to an action that the version does not have, or that this cloud does not serve. */
export function notServed(operation: PublishedOperation | undefined): ApiError {
  return apiError(
    operation,
    'InvalidAction.NotFound',
    'The specified action is not found; check its name and version.',
  );
}

function processingCode(operation: PublishedOperation): string {
  const published = PROCESSING_CODES.find((code) => publishesError(operation, code));
  if (published !== undefined) return published;
  return operation.product === 'slb' ? 'OperationFailed.TokenIsProcessing' : 'LastTokenProcessing';
}

type TokenCall = Pick<CloudCall, 'operation' | 'parameters' | 'caller'>;

function tokenParameter(call: TokenCall): string | undefined {
  const { idempotent } = call.operation;
  if (idempotent === undefined) return undefined;
  const token = call.parameters.get(idempotent);
  return token === '' ? undefined : token;
}

function tokenKey(call: TokenCall, token: string): string {
  const { version, action } = call.operation;
  return `${call.caller.accountId}/${version}/${action}/${token}`;
}

/** What makes two calls with one token the same: all their other parameters. */
function fingerprint(call: CloudCall): string {
  const pairs = [...call.parameters].filter(([name]) => name !== call.operation.idempotent);
  return JSON.stringify(pairs.sort(([a], [b]) => (a < b ? -1 : 1)));
}

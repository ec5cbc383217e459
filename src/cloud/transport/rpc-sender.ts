import type { CallLane } from '../call-options.ts';
import openApiUtil from '@alicloud/openapi-core/dist/utils.js';
import type { CloudProduct } from './cloud-settings.ts';
import type { HttpOutcome } from './http-exchange.ts';

/** One call of an RPC-style operation. */
export interface RpcCall {
  readonly product: CloudProduct;
  readonly version: string;
  readonly action: string;
  /** By the names on the wire, lists flattened. */
  readonly parameters: Readonly<Record<string, string>>;
  /** The region whose endpoint is asked; unset, the one that this process works in. */
  readonly regionId?: string;
  readonly lane: CallLane;
  readonly signal: AbortSignal;
  /**
   * Runs after every wait, in the turn in which the request is handed to its connection; when it
   * throws, nothing is sent and the call rejects with what it threw.
   */
  readonly beforeSend?: () => void;
}

/** What became of one call. */
export type RpcResult =
  | {
      readonly kind: 'answered';
      readonly httpStatus: number;
      readonly body: Readonly<Record<string, unknown>>;
      /** How long the API asks to wait before the next call. */
      readonly retryAfterMs?: number;
    }
  /** An answer that is no JSON object: a proxy's page, or half an answer. */
  | { readonly kind: 'unreadable'; readonly httpStatus: number }
  /** No answer; the call may have taken effect where it was sent. */
  | {
      readonly kind: 'lost';
      readonly reason: 'connect' | 'timeout' | 'cut' | 'cancelled';
      readonly sent: boolean;
      readonly cause: unknown;
    };

/**
 * Sends single calls to the cloud: over HTTP, or through a door inside the process.
 *
 * Shape: a call is sent once; nothing is retried here.
 * Errors: `Failure` where the credentials cannot be had, and what `beforeSend` throws; all else is
 *   a result.
 */
export interface RpcSender {
  send(call: RpcCall): Promise<RpcResult>;
  /** Names the credentials that calls are made with at present; another name may be another account. */
  principal(signal: AbortSignal): Promise<string>;
}

/** Reads how an exchange ended as the result of a call. */
export function rpcResult(outcome: HttpOutcome): RpcResult {
  if (outcome.kind === 'failed') {
    const { reason, sent, cause } = outcome;
    return { kind: 'lost', reason, sent, cause };
  }
  const body = parseObject(outcome.body);
  if (body === undefined) return { kind: 'unreadable', httpStatus: outcome.status };
  const retryAfterMs = openApiUtil.default.getThrottlingTimeLeft(outcome.headers);
  return {
    kind: 'answered',
    httpStatus: outcome.status,
    body,
    // The vendor's declaration leaves out that a missing header gives undefined.
    ...(typeof retryAfterMs === 'number' ? { retryAfterMs } : {}),
  };
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    return value as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

import type { CallLane } from '../call-options.ts';
import type { CloudProduct } from './cloud-settings.ts';

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

import type { CallLane } from '../call-options.ts';
import type { CloudProduct } from './cloud-settings.ts';

/** One call that has left this process, or that could not. */
export interface ObservedCall {
  readonly product: CloudProduct;
  readonly operation: string;
  readonly mutating: boolean;
  readonly lane: CallLane;
  /** From handing the call to the sender to its result, without waits for budget and lane. */
  readonly durationMs: number;
  /** `OK`, the API's own code, or a word of ours for a call without an answer. */
  readonly code: string;
  readonly throttled: boolean;
  /** Whether the code has a line in the error table; false asks for one. */
  readonly knownCode: boolean;
}

/** Counts calls to the cloud; implemented by the operator's metrics. */
export interface CloudCallMetrics {
  observeCall(call: ObservedCall): void;
}

/** Writes log lines; the fields never carry credentials. */
export interface CloudLogger {
  debug(message: string, fields: Readonly<Record<string, unknown>>): void;
  info(message: string, fields: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields: Readonly<Record<string, unknown>>): void;
}

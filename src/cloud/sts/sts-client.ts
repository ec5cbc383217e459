import type { CallOptions } from '../call-options.ts';

/** Who the calls are made as. */
export interface CallerIdentity {
  readonly accountId: string;
  /** The user or role, as the cloud names it. */
  readonly arn: string;
}

/**
 * Security Token Service, as far as it tells who one is.
 *
 * Errors: `terminal` for credentials that the cloud does not know, else `retryable`.
 * Source: STS API 2015-04-01.
 */
export interface StsClient {
  getCallerIdentity(options: CallOptions): Promise<CallerIdentity>;
}

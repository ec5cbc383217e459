import { findErrorStatus, type PublishedOperation } from './api-catalog.ts';

/** An error answer of the cloud: the published code, its HTTP status, and words. */
export class ApiError extends Error {
  readonly code: string;
  readonly httpStatus: number;
  /** How long the caller should wait, told in the answer's `x-acs-retry-after` header. */
  readonly retryAfterMs: number | undefined;
  /** Which permission is missing, told in the answer's `AccessDeniedDetail`. */
  readonly accessDenied: Readonly<Record<string, string>> | undefined;

  constructor(
    code: string,
    httpStatus: number,
    message: string,
    retryAfterMs?: number,
    accessDenied?: Readonly<Record<string, string>>,
  ) {
    super(message);
    this.name = 'ApiError';
    this.code = code;
    this.httpStatus = httpStatus;
    this.retryAfterMs = retryAfterMs;
    this.accessDenied = accessDenied;
  }
}

/** Makes the error answer of an operation, with the HTTP status that is published for the code. */
export function apiError(
  operation: PublishedOperation | undefined,
  code: string,
  message: string,
): ApiError {
  return new ApiError(code, findErrorStatus(operation, code) ?? 400, message);
}

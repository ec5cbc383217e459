import { Failure, isFailure } from '../../cloud/failure.ts';

/** One cause inside the `details` of an API server's answer. */
export interface StatusCause {
  readonly reason: string;
  readonly message: string;
  readonly field: string;
}

/** What an API server said when it refused a request; kept as the cause of the `Failure`. */
export class KubeStatus extends Error {
  readonly httpStatus: number;
  readonly reason: string;
  readonly causes: readonly StatusCause[];

  constructor(httpStatus: number, reason: string, message: string, causes: readonly StatusCause[]) {
    super(message);
    this.name = 'KubeStatus';
    this.httpStatus = httpStatus;
    this.reason = reason;
    this.causes = causes;
  }
}

/** What is known about an answer that is not a success. */
export interface RefusedAnswer {
  readonly httpStatus: number;
  readonly body: unknown;
  readonly retryAfterHeader: string | undefined;
  /** Whether the request could have changed something. */
  readonly isWrite: boolean;
  /** What was asked for, as verb and path, without its query. */
  readonly request: string;
}

/**
 * Turns an answer of the API server that is not a success into a `Failure`.
 *
 * Shape: the `Failure`'s code is the reason in the answer, such as `Conflict` or `NotFound`; the
 *   whole answer is found by `kubeStatusOf`.
 * Errors: 404 `notfound`, 409 `conflict`, 429 `throttled`, what the request or its sender is to
 *   blame for `terminal`, else `retryable`; a server error on a write is ambiguous.
 */
export function failureOfAnswer(answer: RefusedAnswer): Failure {
  const status = parseStatus(answer);
  const retryAfterMs = retryAfterMsOf(answer);
  const detail = {
    code: status.reason,
    cause: status,
    // The server may have written and failed to say so.
    ambiguous: answer.isWrite && answer.httpStatus >= 500,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  };
  return new Failure(kindOf(answer.httpStatus), `${answer.request}: ${status.message}`, detail);
}

/** Returns what the API server said, where a failure comes from its answer. */
export function kubeStatusOf(error: unknown): KubeStatus | undefined {
  if (!isFailure(error)) return undefined;
  return error.cause instanceof KubeStatus ? error.cause : undefined;
}

/** Tells whether a failure is an answer with this HTTP status. */
export function isHttpStatus(error: unknown, httpStatus: number): boolean {
  return kubeStatusOf(error)?.httpStatus === httpStatus;
}

/** Parses the `Status` object of an ERROR event in a watch. */
export function statusOfWatchError(body: unknown, request: string): Failure {
  const httpStatus = Number(member(body, 'code') ?? 500);
  return failureOfAnswer({
    httpStatus,
    body,
    retryAfterHeader: undefined,
    isWrite: false,
    request,
  });
}

function kindOf(httpStatus: number): Failure['kind'] {
  switch (httpStatus) {
    case 404:
      return 'notfound';
    case 409:
      return 'conflict';
    case 429:
      return 'throttled';
    // A token that has run out is replaced on disk; a request that timed out may be repeated.
    case 401:
    case 408:
    case 410:
      return 'retryable';
    default:
      return httpStatus >= 400 && httpStatus < 500 ? 'terminal' : 'retryable';
  }
}

function parseStatus({ httpStatus, body }: RefusedAnswer): KubeStatus {
  const reason = textOf(member(body, 'reason')) || `Http${httpStatus}`;
  const message = textOf(member(body, 'message')) || `the API server answered ${httpStatus}`;
  const listed: unknown = member(member(body, 'details'), 'causes');
  const causes = Array.isArray(listed) ? listed : [];
  return new KubeStatus(
    httpStatus,
    reason,
    message,
    causes.map((cause: unknown) => ({
      reason: textOf(member(cause, 'reason')),
      message: textOf(member(cause, 'message')),
      field: textOf(member(cause, 'field')),
    })),
  );
}

function retryAfterMsOf({ body, retryAfterHeader }: RefusedAnswer): number | undefined {
  const seconds = Number(
    retryAfterHeader ?? member(member(body, 'details'), 'retryAfterSeconds') ?? 0,
  );
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1_000 : undefined;
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

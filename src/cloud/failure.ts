/** What a failure means for the one who has to react to it; see the table in docs/architecture.md. */
export type FailureKind = 'retryable' | 'throttled' | 'conflict' | 'notfound' | 'terminal';

/** What is known about a failure beside its message. */
export interface FailureDetail {
  /** The API's own error code, as on the wire. */
  readonly code?: string;
  /** The request id the API answered with; for logs and status, never for event texts that repeat. */
  readonly requestId?: string;
  /** How long the API asked us to wait, in milliseconds. */
  readonly retryAfterMs?: number;
  /**
   * Whether a write may have taken effect although it failed: the answer was lost, timed out or
   * could not be read. A caller that sees `true` observes before it writes again.
   */
  readonly ambiguous?: boolean;
  /** Whether other writes of the same work were accepted before, so that this is no standstill. */
  readonly afterProgress?: boolean;
  readonly cause?: unknown;
}

/** The one error type that our own code throws; callers branch on `kind`, never on text. */
export class Failure extends Error {
  readonly kind: FailureKind;
  readonly code: string | undefined;
  readonly requestId: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly ambiguous: boolean;
  readonly afterProgress: boolean;

  constructor(kind: FailureKind, message: string, detail: FailureDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = 'Failure';
    this.kind = kind;
    this.code = detail.code;
    this.requestId = detail.requestId;
    this.retryAfterMs = detail.retryAfterMs;
    this.ambiguous = detail.ambiguous ?? false;
    this.afterProgress = detail.afterProgress ?? false;
  }
}

/** Says of a failure that other writes of the same work were accepted before it. */
export function afterProgress(failure: Failure): Failure {
  const { kind, message, code, requestId, retryAfterMs, ambiguous, cause } = failure;
  return new Failure(kind, message, {
    ...(code === undefined ? {} : { code }),
    ...(requestId === undefined ? {} : { requestId }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ambiguous,
    afterProgress: true,
    cause,
  });
}

/** Tells whether an unknown error is a `Failure`, of the given kind where one is asked for. */
export function isFailure(error: unknown, kind?: FailureKind): error is Failure {
  return error instanceof Failure && (kind === undefined || error.kind === kind);
}

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
  readonly cause?: unknown;
}

/** The one error type that our own code throws; callers branch on `kind`, never on text. */
export class Failure extends Error {
  readonly kind: FailureKind;
  readonly code: string | undefined;
  readonly requestId: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly ambiguous: boolean;

  constructor(kind: FailureKind, message: string, detail: FailureDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = 'Failure';
    this.kind = kind;
    this.code = detail.code;
    this.requestId = detail.requestId;
    this.retryAfterMs = detail.retryAfterMs;
    this.ambiguous = detail.ambiguous ?? false;
  }
}

/** Tells whether an unknown error is a `Failure`, of the given kind where one is asked for. */
export function isFailure(error: unknown, kind?: FailureKind): error is Failure {
  return error instanceof Failure && (kind === undefined || error.kind === kind);
}

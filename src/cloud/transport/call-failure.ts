import { Failure } from '../failure.ts';
import type { RpcResult } from './rpc-sender.ts';

/**
 * What an API error code means for us, finer than a kind of failure because the words differ.
 *
 * | meaning | kind |
 * | --- | --- |
 * | `locked`, `waiting`: an earlier change is still being applied; something must go first | `conflict` |
 * | `absent`: the object of the call does not exist | `notfound` |
 * | `internal`: the cloud failed; a write may have been applied | `retryable` |
 * | `passing`: refused at present, for a reason that passes by itself | `retryable` |
 * | `throttled` | `throttled` |
 * | all others | `terminal` |
 */
export type CodeMeaning =
  | 'locked'
  | 'waiting'
  | 'absent'
  | 'internal'
  | 'passing'
  | 'throttled'
  | 'credentials'
  | 'denied'
  | 'quota'
  | 'billing'
  | 'protected'
  | 'unsupported'
  | 'missing'
  | 'invalid';

/** What a table knows about one code. */
export interface CodeEntry {
  readonly meaning: CodeMeaning;
  /** What to do, where it is better said than by the meaning alone. */
  readonly advice?: string;
}

/** Looks codes up; `undefined` for one that nobody has met. */
export type CodeLookup = (
  action: string,
  code: string,
  apiMessage: string,
) => CodeEntry | undefined;

/** What a failure is told about its call. */
export interface FailedCall {
  readonly product: string;
  readonly action: string;
  readonly mutating: boolean;
  /** What the call wanted, for example `create the load balancer`. */
  readonly purpose: string;
}

/** A classified result. */
export interface ClassifiedFailure {
  readonly failure: Failure;
  readonly code: string;
  readonly meaning: CodeMeaning;
  readonly knownCode: boolean;
  /** Whether the same call may be sent again at once without a second effect. */
  readonly repeatable: boolean;
}

/**
 * Turns the result of a call into a failure, or `undefined` where it succeeded.
 *
 * Shape: messages are the same on every repetition: they carry the code, never a request id, a
 *   time or a credential.
 */
export function classifyResult(
  call: FailedCall,
  result: RpcResult,
  lookup: CodeLookup,
): ClassifiedFailure | undefined {
  switch (result.kind) {
    case 'lost':
      return lostCall(call, result);
    case 'unreadable':
      return unreadableAnswer(call, result.httpStatus);
    case 'answered':
      break;
  }
  const code = textOf(result.body, 'Code');
  if (result.httpStatus < 400 && code === '') return undefined;
  if (code === '') return unreadableAnswer(call, result.httpStatus);
  return refusedCall(call, result, code, lookup);
}

function refusedCall(
  call: FailedCall,
  result: Extract<RpcResult, { readonly kind: 'answered' }>,
  code: string,
  lookup: CodeLookup,
): ClassifiedFailure {
  const apiMessage = textOf(result.body, 'Message');
  const entry = lookup(call.action, code, apiMessage);
  const requestId = textOf(result.body, 'RequestId');
  const meaning = entry?.meaning ?? (result.httpStatus >= 500 ? 'internal' : 'passing');
  const why = entry?.advice ?? explanation(meaning, call, apiMessage);
  const failure = new Failure(kindOf(meaning), `Cannot ${call.purpose}: ${why} (${code})`, {
    code,
    ...(requestId === '' ? {} : { requestId }),
    ...(result.retryAfterMs === undefined ? {} : { retryAfterMs: result.retryAfterMs }),
    ambiguous: call.mutating && meaning === 'internal',
  });
  return {
    failure,
    code,
    meaning,
    knownCode: entry !== undefined,
    repeatable: !call.mutating && (meaning === 'internal' || meaning === 'throttled'),
  };
}

function lostCall(
  call: FailedCall,
  result: Extract<RpcResult, { readonly kind: 'lost' }>,
): ClassifiedFailure {
  const { code, why } = LOST[result.reason];
  const ambiguous = call.mutating && result.sent;
  return {
    failure: new Failure('retryable', `Cannot ${call.purpose}: ${why} (${code})`, {
      code,
      ambiguous,
      cause: result.cause,
    }),
    code,
    meaning: 'internal',
    knownCode: true,
    repeatable: result.reason !== 'cancelled' && !ambiguous,
  };
}

const LOST = {
  connect: {
    code: 'ConnectionFailed',
    why: 'no connection to the endpoint of the API; check the network and the endpoint settings',
  },
  timeout: { code: 'Timeout', why: 'the API did not answer in time' },
  cut: { code: 'ConnectionCut', why: 'the connection was cut before the answer' },
  cancelled: { code: 'Cancelled', why: 'the call was cancelled' },
} as const;

function unreadableAnswer(call: FailedCall, httpStatus: number): ClassifiedFailure {
  const code = 'UnreadableAnswer';
  return {
    failure: new Failure(
      'retryable',
      `Cannot ${call.purpose}: the answer, with status ${httpStatus}, is not one of the API; check for a proxy in between (${code})`,
      { code, ambiguous: call.mutating },
    ),
    code,
    meaning: 'internal',
    knownCode: true,
    repeatable: !call.mutating,
  };
}

function kindOf(meaning: CodeMeaning): Failure['kind'] {
  switch (meaning) {
    case 'locked':
    case 'waiting':
      return 'conflict';
    case 'absent':
      return 'notfound';
    case 'internal':
    case 'passing':
      return 'retryable';
    case 'throttled':
      return 'throttled';
    case 'credentials':
    case 'denied':
    case 'quota':
    case 'billing':
    case 'protected':
    case 'unsupported':
    case 'missing':
    case 'invalid':
      return 'terminal';
  }
}

function explanation(meaning: CodeMeaning, call: FailedCall, apiMessage: string): string {
  switch (meaning) {
    case 'locked':
      return 'an earlier change is still being applied';
    case 'waiting':
      return 'another change must come first';
    case 'absent':
      return 'it does not exist';
    case 'internal':
      return 'the API failed';
    case 'throttled':
      return 'too many calls of this operation; it is slowed down';
    case 'credentials':
      return 'the credentials are not accepted; check the access key, its secret and the clock of this machine';
    case 'denied':
      return `the identity lacks the permission "${call.product}:${call.action}"; add it to the RAM policy of the user or role`;
    case 'quota':
      return `a quota or limit is reached${saying(apiMessage)}; raise it in the Quota Center or free what is unused`;
    case 'billing':
      return `the account's orders or balance do not allow it${saying(apiMessage)}; settle it in the billing console`;
    case 'protected':
      return 'it is protected; switch the protection off first';
    case 'unsupported':
      return `the region, zone or kind of object does not support it${saying(apiMessage)}`;
    case 'missing':
      return `something that it refers to does not exist${saying(apiMessage)}`;
    case 'passing':
    case 'invalid':
      return `the API refuses it${saying(apiMessage)}`;
  }
}

/** Quotes what the API says, where that is fit for users: one line, stable, without secrets. */
function saying(apiMessage: string): string {
  if (/access\s*key|secret|signature|token|string to sign/i.test(apiMessage)) return '';
  const text = apiMessage
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi, '')
    .replace(/\brequest\s*id\b\s*[:=]?/gi, '')
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/[.,;:\s]+$/, '');
  if (text === '') return '';
  return `, saying "${text.length > 160 ? `${text.slice(0, 157)}...` : text}"`;
}

function textOf(body: Readonly<Record<string, unknown>>, name: string): string {
  const value = body[name] ?? body[name.charAt(0).toLowerCase() + name.slice(1)];
  if (typeof value === 'string') return value;
  return typeof value === 'number' ? String(value) : '';
}

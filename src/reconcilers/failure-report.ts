import type { Failure } from '../cloud/failure.ts';

/**
 * How a failure is shown to people.
 *
 * Shape: the same on every repetition of the failure; request ids and times are in the log and in
 *   `status.lastError` only.
 */
export interface FailureReport {
  /** The reason of the condition, one CamelCase word. */
  readonly reason: string;
  /** What failed and what to do, in one sentence. */
  readonly message: string;
  /** Whether nothing goes on before a person acts. */
  readonly isStalled: boolean;
  /** The event to record when the condition changes; absent where nobody has to know. */
  readonly event?: { readonly type: 'Warning'; readonly reason: string };
}

/** The longest message shown, in characters, so that it fits an event's note. */
const MAX_MESSAGE = 900;

/** What a terminal failure is about, by its code; the first line that fits decides. */
const TERMINAL_REASONS: readonly { readonly reason: string; readonly code: RegExp }[] = [
  { reason: 'DeletionProtected', code: /DeleteProtection/i },
  {
    reason: 'InvalidCredentials',
    code: /AccessKey|Signature|SecurityToken|Credential|TimeStamp|Unauthorized$/i,
  },
  {
    reason: 'QuotaExceeded',
    code: /quota|OverLimit|LimitExceed|TooMany|CountLimit|NumberOver|Exhaust|ResourceLimit|Insufficient(Available|Capacity)|STOCK|AvailableIpNotExist/i,
  },
  {
    reason: 'AccountProblem',
    code: /Balance|ARREARAGE|ChargeType|Bill|RealName|REAL_NAME|NameAuthentication|^Pay|PURCHASE|NOCARD|CashBook/i,
  },
  { reason: 'Forbidden', code: /Forb+id+en|Denied|NoPermission|NotAllowed|RAM_AUTH|RISK/i },
  { reason: 'NotSupported', code: /NotSupport|Unsupported/i },
  { reason: 'ReferenceNotFound', code: /NotFound|NotExist/i },
];

/** What the other kinds are about. */
const REASONS = {
  retryable: 'Retrying',
  throttled: 'Throttled',
  conflict: 'Conflict',
  notfound: 'NotFound',
} as const;

/** Turns a failure into the words of a condition and of an event. */
export function failureReport(failure: Failure): FailureReport {
  const reason =
    failure.kind === 'terminal' ? terminalReason(failure.code ?? '') : REASONS[failure.kind];
  const isQuiet = failure.kind === 'conflict' || failure.kind === 'throttled';
  return {
    reason,
    message: stableMessage(failure),
    isStalled: failure.kind === 'terminal',
    ...(isQuiet ? {} : { event: { type: 'Warning', reason } }),
  };
}

function terminalReason(code: string): string {
  return TERMINAL_REASONS.find((line) => line.code.test(code))?.reason ?? 'Refused';
}

/** Takes out of a message what changes from one repetition to the next, and what nobody may see. */
function stableMessage(failure: Failure): string {
  const { code, requestId } = failure;
  const text = (
    requestId === undefined ? failure.message : failure.message.replaceAll(requestId, '')
  )
    .replace(/\b[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12}\b/g, '')
    .replace(/,?\s*\brequest\s?id\b\s*[:=]?\s*(?=[,.;)]|$)/gi, '')
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z?/g, '')
    .replace(
      // Without a sign between them, the words are part of a sentence.
      /\b(Access_?Key_?Id|Access_?Key_?Secret|Security_?Token|Signature|Authorization)\b(\s*[=:]\s*)(?:Bearer\s+)?[^\s&,;"']+/gi,
      '$1$2(hidden)',
    )
    .replace(/\b(Bearer)(\s+)[^\s&,;"']+/gi, '$1$2(hidden)')
    .replace(/\b(?:LTAI|STS\.)[A-Za-z0-9.]{6,}/g, '(hidden)')
    .replace(/\s+/g, ' ')
    .replace(/\s+([,;)])/g, '$1')
    .trim()
    .replace(/\.$/, '');
  const cut = text.length <= MAX_MESSAGE ? text : `${text.slice(0, MAX_MESSAGE - 1)}…`;
  return code === undefined || text.includes(code) ? cut : `${cut} (${code})`;
}

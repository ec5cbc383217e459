import type { CodeEntry, CodeMeaning } from './call-failure.ts';

/** Codes by what they mean, as a table file writes them. */
export type CodesByMeaning = Readonly<Partial<Record<CodeMeaning, readonly string[]>>>;

/** Codes that the gateway in front of every product may answer. */
const GATEWAY_CODES: CodesByMeaning = {
  throttled: ['Rejected.Throttling', 'InnerRateLimiting'],
  internal: [
    'InternalError',
    'ServiceUnavailable',
    'ServiceUnavailable.RegionMaintaining',
    'UnknownError',
  ],
  passing: [
    // The next call has another nonce, and another time.
    'SignatureNonceUsed',
    'InvalidSecurityToken.Expired',
  ],
  locked: ['LastTokenProcessing', 'OperationConflict'],
  credentials: [
    'Forbidden.AccessKeyDisabled',
    'IllegalTimestamp',
    'IncompleteSignature',
    'InvalidAccessKeyId.Inactive',
    'InvalidAccessKeyId.NotFound',
    'InvalidSecurityToken.Malformed',
    'InvalidSecurityToken.MismatchWithAccessKey',
    'InvalidTimeStamp.Expired',
    'InvalidTimeStamp.Format',
    'MissingSecurityToken',
    'SignatureDoesNotMatch',
  ],
  denied: [
    'Forbidden',
    'Forbidden.NotSupportRAM',
    'Forbidden.RAM',
    'Forbidden.RiskControl',
    'Forbidden.SubUser',
    'Forbidden.Unauthorized',
    'NoPermission',
  ],
  billing: ['ChargeTypeViolation', 'InsufficientBalance', 'RealNameAuthenticationError'],
  missing: [
    'InvalidAccount.NotFound',
    'InvalidDiskId.NotFound',
    'InvalidImageId.NotFound',
    'InvalidInstanceId.NotFound',
    'InvalidRegionId.NotFound',
    'InvalidSecurityGroupId.NotFound',
    'InvalidSnapshotId.NotFound',
  ],
  unsupported: ['UnsupportedHTTPMethod', 'UnsupportedParameter'],
  invalid: [
    'IdempotentParameterMismatch',
    'InvalidAction',
    'InvalidAction.NotFound',
    'InvalidIdempotenceParameter.Mismatch',
    'InvalidOwner',
    'InvalidOwnerAccount',
    'InvalidOwnerId',
    'InvalidParamater',
    'InvalidParameter',
    'InvalidParameter.IsNull',
    'InvalidParameter.OwnerAccount',
    'InvalidParameter.ResourceOwnerAccount',
    'InvalidVersion',
    'MissingParameter',
  ],
};

/** Whole families of codes; the first that fits decides, after every exact line. */
const GATEWAY_FAMILIES: readonly (readonly [prefix: string, meaning: CodeMeaning])[] = [
  ['Throttling', 'throttled'],
  ['ServiceUnavailable', 'internal'],
  ['InternalError', 'internal'],
  ['InvalidAccessKeyId', 'credentials'],
  ['InvalidSecurityToken', 'credentials'],
  ['InvalidTimeStamp', 'credentials'],
  ['SignatureDoesNotMatch', 'credentials'],
  ['Forbidden.', 'denied'],
  ['NoPermission.', 'denied'],
];

const ADVICE: Readonly<Record<string, string>> = {
  'Forbidden.AccessKeyDisabled': 'the access key is disabled; enable it or configure another one',
  'Forbidden.RiskControl':
    'the account is blocked by risk control; contact the support of Alibaba Cloud',
  IdempotentParameterMismatch:
    'its client token was used before with other parameters; the earlier request must be found first',
  IllegalTimestamp: 'the time of the request is refused; check the clock of this machine',
  'InvalidAccessKeyId.Inactive': 'the access key is disabled; enable it or configure another one',
  'InvalidAccessKeyId.NotFound':
    'the access key id does not exist; check the configured access key',
  'InvalidRegionId.NotFound':
    'the region does not exist or does not serve this product; check the configured region and endpoint',
  'InvalidSecurityToken.Expired':
    'the temporary credentials have ended; they are renewed, or must be replaced where they are configured',
  'InvalidTimeStamp.Expired':
    'the time of the request is too far from that of the API; check the clock of this machine',
  RealNameAuthenticationError: 'the account must pass real-name verification first',
  SignatureDoesNotMatch: 'the signature does not match; check the configured access key secret',
};

const EXACT = codeEntries(GATEWAY_CODES, ADVICE);

/** Tells what a code means that any product may answer; `undefined` for others. */
export function findGatewayCode(code: string): CodeEntry | undefined {
  const exact = EXACT.get(code);
  if (exact !== undefined) return exact;
  const family = GATEWAY_FAMILIES.find(([prefix]) => code.startsWith(prefix));
  return family === undefined ? undefined : { meaning: family[1] };
}

/** Turns a table by meaning into one by code. */
export function codeEntries(
  codes: CodesByMeaning,
  advice: Readonly<Record<string, string>>,
): ReadonlyMap<string, CodeEntry> {
  const entries = new Map<string, CodeEntry>();
  for (const [meaning, members] of Object.entries(codes) as [CodeMeaning, readonly string[]][]) {
    for (const code of members) {
      if (entries.has(code)) throw new Error(`Code ${code} has two meanings`);
      const words = advice[code];
      entries.set(code, words === undefined ? { meaning } : { meaning, advice: words });
    }
  }
  return entries;
}

import {
  findPublishedOperation,
  isPublishedVersion,
  operationKey,
  type PublishedOperation,
} from '../model/api-catalog.ts';
import { ApiError, apiError } from '../model/api-error.ts';
import type { CallLog, CallRecord } from '../model/call-log.ts';
import type { CallOutcome, CallRunner } from '../model/call-runner.ts';
import { notServed } from '../model/cloud.ts';
import type { AccessKey, CloudState } from '../model/cloud-state.ts';
import type { EmulatorClock } from '../model/emulator-clock.ts';
import { ANONYMOUS, principalOf, UNSIGNED_ACTIONS } from '../model/sts/identity-operations.ts';
import { isMutatingAction } from '../model/operation-table.ts';
import {
  isHeaderSignatureRight,
  parseAuthorization,
  v1Signature,
  v1StringToSign,
} from './request-signature.ts';
import {
  readWireParameters,
  type WireAnswer,
  type WireParameters,
  type WireRequest,
} from './wire-message.ts';
import { writeXml } from './xml-answer.ts';

interface GatewayParts {
  readonly state: CloudState;
  readonly runner: CallRunner;
  readonly log: CallLog;
  /** The cloud's clock, which the call log tells. */
  readonly clock: EmulatorClock;
  /** The time that callers' timestamps are judged by. */
  readonly callerNow: () => number;
}

// What belongs to the wire format and not to the operation.
const COMMON_PARAMETERS = new Set([
  'AccessKeyId',
  'Action',
  'Format',
  'SecurityToken',
  'Signature',
  'SignatureMethod',
  'SignatureNonce',
  'SignatureType',
  'SignatureVersion',
  'Timestamp',
  'Version',
]);
const MAX_SKEW_MS = 15 * 60 * 1000;
const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

/**
 * The RPC wire format: takes a request apart, finds out who calls, hands the call on, and writes
 * the answer in the format that was asked for.
 */
export class RpcGateway {
  readonly #parts: GatewayParts;
  readonly #nonces = new Map<string, number>();

  constructor(parts: GatewayParts) {
    this.#parts = parts;
  }

  /** Forgets the nonces that were used. */
  clear(): void {
    this.#nonces.clear();
  }

  async handle(request: WireRequest): Promise<WireAnswer> {
    const { log, clock, state } = this.#parts;
    const parameters = readWireParameters(request);
    const all = new Map([...parameters.query, ...parameters.form]);
    const action = request.headers['x-acs-action'] ?? all.get('Action') ?? '';
    const version = request.headers['x-acs-version'] ?? all.get('Version') ?? '';
    const own = [...all].filter(([name]) => !COMMON_PARAMETERS.has(name));
    const record = log.begin({
      action,
      version,
      parameters: Object.fromEntries(own),
      accessKeyId: accessKeyIdOf(request, all) ?? null,
      userAgent: request.headers['user-agent'] ?? '',
      mutating: isMutatingAction(action),
      requestId: state.ids.requestId(),
      now: clock.now(),
    });
    const outcome = await this.#call(request, parameters, new Map(own), record);
    const end = { now: clock.now(), httpStatus: null, code: null };
    if (outcome.kind === 'cut') {
      log.finish(record, end);
      return { kind: 'cut' };
    }
    const answer = writeAnswer(outcome, { record, request, format: formatOf(request, all) });
    const code = outcome.kind === 'error' ? outcome.error.code : null;
    log.finish(record, { ...end, httpStatus: answer.status, code });
    return answer;
  }

  async #call(
    request: WireRequest,
    parameters: WireParameters,
    own: ReadonlyMap<string, string>,
    record: CallRecord,
  ): Promise<CallOutcome> {
    try {
      if (request.method !== 'GET' && request.method !== 'POST') {
        throw apiError(undefined, 'UnsupportedHTTPMethod', 'The HTTP method is not supported.');
      }
      if (record.action === '') throw missing('Action');
      if (record.version === '') throw missing('Version');
      const caller = isUnsigned(request, parameters, record)
        ? ANONYMOUS
        : this.#authenticate(request, parameters);
      if (caller !== ANONYMOUS) record.principal = principalOf(caller);
      const operation = requireOperation(record);
      const { gone } = request;
      return await this.#parts.runner.run({ operation, parameters: own, caller, record, gone });
    } catch (error) {
      if (error instanceof ApiError) return { kind: 'error', error };
      throw error;
    }
  }

  #authenticate(request: WireRequest, parameters: WireParameters): AccessKey {
    const authorization = request.headers.authorization;
    return authorization === undefined
      ? this.#authenticateQuery(request, parameters)
      : this.#authenticateHeader(request, parameters, authorization);
  }

  #authenticateHeader(
    request: WireRequest,
    parameters: WireParameters,
    authorization: string,
  ): AccessKey {
    const signature = parseAuthorization(authorization);
    if (signature === undefined) throw incomplete('The Authorization header is malformed.');
    this.#checkTimestamp(request.headers['x-acs-date']);
    const key = this.#requireKey(
      signature.accessKeyId,
      request.headers['x-acs-security-token'] ?? undefined,
    );
    if (!isHeaderSignatureRight(request, parameters, signature, key.accessKeySecret)) {
      throw mismatch('');
    }
    this.#useNonce(key, request.headers['x-acs-signature-nonce']);
    return key;
  }

  #authenticateQuery(request: WireRequest, parameters: WireParameters): AccessKey {
    const all = new Map([...parameters.query, ...parameters.form]);
    const accessKeyId = all.get('AccessKeyId');
    const signature = all.get('Signature');
    if (!accessKeyId || !signature) throw incomplete('The request is not signed.');
    this.#checkTimestamp(all.get('Timestamp'));
    const key = this.#requireKey(accessKeyId, all.get('SecurityToken'));
    const stringToSign = v1StringToSign(request.method, parameters);
    const method = all.get('SignatureMethod') ?? 'HMAC-SHA1';
    const right = v1Signature(stringToSign, key.accessKeySecret, method);
    if (right === undefined) throw incomplete(`The SignatureMethod "${method}" is not supported.`);
    if (right !== signature) throw mismatch(` server string to sign is:${stringToSign}`);
    this.#useNonce(key, all.get('SignatureNonce'));
    return key;
  }

  #checkTimestamp(timestamp: string | undefined): void {
    if (!timestamp) throw incomplete('The request has no timestamp.');
    if (!TIMESTAMP.test(timestamp) || Number.isNaN(Date.parse(timestamp))) {
      throw apiError(undefined, 'InvalidTimeStamp.Format', 'The timestamp is not ISO 8601 in UTC.');
    }
    if (Math.abs(this.#parts.callerNow() - Date.parse(timestamp)) > MAX_SKEW_MS) {
      throw apiError(undefined, 'InvalidTimeStamp.Expired', 'The timestamp is expired.');
    }
  }

  #requireKey(accessKeyId: string, securityToken: string | undefined): AccessKey {
    const { state, clock } = this.#parts;
    const key = state.accessKeys.get(accessKeyId);
    if (key === undefined) {
      throw apiError(undefined, 'InvalidAccessKeyId.NotFound', 'The AccessKeyId is not found.');
    }
    if (key.securityToken === undefined) return key;
    if (!securityToken) {
      throw apiError(undefined, 'MissingSecurityToken', 'SecurityToken is mandatory for this key.');
    }
    if (key.securityToken !== securityToken) {
      throw apiError(
        undefined,
        'InvalidSecurityToken.MismatchWithAccessKey',
        'The SecurityToken does not belong to the AccessKeyId.',
      );
    }
    if (key.expiresAt !== undefined && key.expiresAt <= clock.now()) {
      throw apiError(undefined, 'InvalidSecurityToken.Expired', 'The SecurityToken has expired.');
    }
    return key;
  }

  #useNonce(key: AccessKey, nonce: string | undefined): void {
    if (!nonce) throw incomplete('The request has no signature nonce.');
    const now = this.#parts.callerNow();
    for (const [used, at] of this.#nonces) {
      // The map is in the order of use: the first young one ends the search.
      if (at > now - 2 * MAX_SKEW_MS) break;
      this.#nonces.delete(used);
    }
    const name = `${key.accessKeyId}/${nonce}`;
    if (this.#nonces.has(name)) {
      throw apiError(undefined, 'SignatureNonceUsed', 'The signature nonce was used before.');
    }
    this.#nonces.set(name, now);
  }
}

function accessKeyIdOf(
  request: WireRequest,
  parameters: ReadonlyMap<string, string>,
): string | undefined {
  const authorization = request.headers.authorization;
  return authorization === undefined
    ? parameters.get('AccessKeyId')
    : parseAuthorization(authorization)?.accessKeyId;
}

/** Tells whether a call has no signature and needs none. */
function isUnsigned(
  request: WireRequest,
  { query, form }: WireParameters,
  { version, action }: CallRecord,
): boolean {
  return (
    UNSIGNED_ACTIONS.has(operationKey(version, action)) &&
    request.headers.authorization === undefined &&
    ![...query, ...form].some(([name]) => name === 'Signature')
  );
}

function requireOperation(record: CallRecord): PublishedOperation {
  if (!isPublishedVersion(record.version)) {
    throw apiError(undefined, 'InvalidVersion', 'The specified version is not valid.');
  }
  const operation = findPublishedOperation(record.version, record.action);
  if (operation === undefined) throw notServed(undefined);
  return operation;
}

function missing(name: string): ApiError {
  return apiError(undefined, 'MissingParameter', `The input parameter "${name}" is not supplied.`);
}

function incomplete(message: string): ApiError {
  return apiError(undefined, 'IncompleteSignature', message);
}

function mismatch(detail: string): ApiError {
  return apiError(
    undefined,
    'SignatureDoesNotMatch',
    `Specified signature is not matched with our calculation.${detail}`,
  );
}

type AnswerFormat = 'json' | 'xml';

/** V3 callers get JSON unless they ask for XML; V1 callers get XML unless they ask for JSON. */
function formatOf(request: WireRequest, parameters: ReadonlyMap<string, string>): AnswerFormat {
  const format = parameters.get('Format')?.toLowerCase();
  if (format === 'json' || format === 'xml') return format;
  return request.headers.authorization === undefined ? 'xml' : 'json';
}

function writeAnswer(
  outcome: Exclude<CallOutcome, { kind: 'cut' }>,
  call: {
    readonly record: CallRecord;
    readonly request: WireRequest;
    readonly format: AnswerFormat;
  },
): Extract<WireAnswer, { kind: 'answer' }> {
  const { record, request, format } = call;
  const { requestId } = record;
  const error = outcome.kind === 'error' ? outcome.error : undefined;
  const body =
    outcome.kind === 'answer'
      ? { RequestId: requestId, ...outcome.answer }
      : {
          RequestId: requestId,
          HostId: request.headers.host ?? '',
          Code: outcome.error.code,
          Message: outcome.error.message,
          Recommend: `https://next.api.aliyun.com/troubleshoot?q=${outcome.error.code}`,
          ...(outcome.error.accessDenied === undefined
            ? {}
            : { AccessDeniedDetail: outcome.error.accessDenied }),
        };
  const root = error === undefined ? `${record.action}Response` : 'Error';
  const retryAfterMs = error?.retryAfterMs;
  return {
    kind: 'answer',
    status: error?.httpStatus ?? 200,
    headers: {
      'content-type':
        format === 'json' ? 'application/json;charset=utf-8' : 'text/xml;charset=utf-8',
      'x-acs-request-id': requestId,
      ...(retryAfterMs === undefined ? {} : { 'x-acs-retry-after': String(retryAfterMs) }),
    },
    body: format === 'json' ? JSON.stringify(body) : writeXml(root, body),
  };
}

import type { Clock } from '../clock.ts';
import { Failure, isFailure } from '../failure.ts';
import type { HttpOutcome, HttpSender } from './http-exchange.ts';
import type { RoleCredentials } from './renewed-credentials.ts';

/** The longest that the service grants. */
const TOKEN_SECONDS = 21_600;

/** The service answers from the same host; what takes longer is not there. */
const METADATA_TIMEOUT_MS = 5_000;

const ATTEMPTS = 3;
const RETRY_AFTER_MS = 500;
const ROLE_FOLDER = 'ram/security-credentials/';

/**
 * Reads what an ECS instance can know about itself.
 *
 * Shape: always by token (version 2); one token is kept until shortly before it ends.
 * Errors: `notfound` where the service has no such entry; `retryable` where it cannot be reached
 *   or answers nonsense, after a few attempts.
 * Source: ECS instance metadata, security-hardened mode.
 */
export class InstanceMetadata {
  readonly #http: HttpSender;
  readonly #clock: Clock;
  readonly #endpoint: string;
  #token: { readonly value: string; readonly endsAtMs: number } | undefined;

  constructor(endpoint: string, ports: { readonly http: HttpSender; readonly clock: Clock }) {
    this.#endpoint = endpoint.replace(/\/+$/, '');
    this.#http = ports.http;
    this.#clock = ports.clock;
  }

  /** Reads the region the instance runs in. */
  regionId(signal: AbortSignal): Promise<string> {
    return this.#text('region-id', signal);
  }

  /** Reads the zone the instance runs in. */
  zoneId(signal: AbortSignal): Promise<string> {
    return this.#text('zone-id', signal);
  }

  /** Reads the VPC the instance belongs to. */
  vpcId(signal: AbortSignal): Promise<string> {
    return this.#text('vpc-id', signal);
  }

  /** Reads the vSwitch the instance belongs to. */
  vSwitchId(signal: AbortSignal): Promise<string> {
    return this.#text('vswitch-id', signal);
  }

  /** Reads the instance's id. */
  instanceId(signal: AbortSignal): Promise<string> {
    return this.#text('instance-id', signal);
  }

  /** Reads the temporary credentials of the instance's role, looking up its name unless given. */
  async roleCredentials(
    roleName: string | undefined,
    signal: AbortSignal,
  ): Promise<RoleCredentials> {
    const role = roleName ?? (await this.#attachedRole(signal));
    const text = await this.#text(`${ROLE_FOLDER}${encodeURIComponent(role)}`, signal);
    const credentials = parseRoleCredentials(text);
    if (credentials === undefined) {
      throw new Failure(
        'retryable',
        `Cannot read the credentials of the RAM role "${role}" from the instance metadata`,
      );
    }
    return credentials;
  }

  async #attachedRole(signal: AbortSignal): Promise<string> {
    try {
      return (await this.#text(ROLE_FOLDER, signal)).split('\n')[0]?.trim() ?? '';
    } catch (error) {
      if (!isFailure(error, 'notfound')) throw error;
      throw new Failure(
        'terminal',
        'The instance has no RAM role to take credentials from: attach one to it, or configure an access key',
        { code: 'NoRoleCredentials', cause: error },
      );
    }
  }

  async #text(entry: string, signal: AbortSignal): Promise<string> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#read(entry, signal);
      } catch (error) {
        const again = isFailure(error, 'retryable') && attempt < ATTEMPTS && !signal.aborted;
        if (!again) throw error;
        await this.#clock.sleep(RETRY_AFTER_MS * attempt, signal);
      }
    }
  }

  async #read(entry: string, signal: AbortSignal): Promise<string> {
    const answer = await this.#get(entry, await this.#currentToken(signal), signal);
    if (answer.status !== 401 && answer.status !== 403) return entryText(entry, answer);
    // The service forgets tokens when the instance is moved; one new token decides.
    this.#token = undefined;
    return entryText(entry, await this.#get(entry, await this.#currentToken(signal), signal));
  }

  async #currentToken(signal: AbortSignal): Promise<string> {
    const now = this.#clock.now();
    if (this.#token !== undefined && now < this.#token.endsAtMs) return this.#token.value;
    const answer = this.#answered(
      await this.#http.exchange({
        method: 'PUT',
        url: new URL(`${this.#endpoint}/latest/api/token`),
        headers: {
          'x-aliyun-ecs-metadata-token-ttl-seconds': String(TOKEN_SECONDS),
          'content-length': '0',
        },
        connectTimeoutMs: METADATA_TIMEOUT_MS,
        timeoutMs: METADATA_TIMEOUT_MS,
        signal,
      }),
    );
    const value = entryText('api/token', answer);
    this.#token = { value, endsAtMs: now + TOKEN_SECONDS * 900 };
    return value;
  }

  async #get(entry: string, token: string, signal: AbortSignal): Promise<Answer> {
    return this.#answered(
      await this.#http.exchange({
        method: 'GET',
        url: new URL(`${this.#endpoint}/latest/meta-data/${entry}`),
        headers: { 'x-aliyun-ecs-metadata-token': token },
        connectTimeoutMs: METADATA_TIMEOUT_MS,
        timeoutMs: METADATA_TIMEOUT_MS,
        signal,
      }),
    );
  }

  #answered(outcome: HttpOutcome): Answer {
    if (outcome.kind === 'answered') return outcome;
    throw new Failure(
      'retryable',
      `Cannot reach the instance metadata at "${this.#endpoint}": run on an ECS instance, or configure region, VPC and credentials`,
      { code: 'MetadataUnreachable', cause: outcome.cause },
    );
  }
}

type Answer = Extract<HttpOutcome, { readonly kind: 'answered' }>;

function entryText(entry: string, answer: Answer): string {
  const text = answer.body.trim();
  if (answer.status === 200 && text !== '') return text;
  if (answer.status === 404) {
    throw new Failure('notfound', `The instance metadata has no "${entry}"`, {
      code: 'MetadataNotFound',
    });
  }
  throw new Failure(
    'retryable',
    `Cannot read "${entry}" from the instance metadata: it answered with status ${answer.status}`,
    { code: 'MetadataUnreadable' },
  );
}

function parseRoleCredentials(text: string): RoleCredentials | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { Code, AccessKeyId, AccessKeySecret, SecurityToken, Expiration } = value as Record<
    string,
    unknown
  >;
  if (Code !== undefined && Code !== 'Success') return undefined;
  if (typeof AccessKeyId !== 'string' || AccessKeyId === '') return undefined;
  if (typeof AccessKeySecret !== 'string' || AccessKeySecret === '') return undefined;
  if (typeof SecurityToken !== 'string' || SecurityToken === '') return undefined;
  const expiresAtMs = typeof Expiration === 'string' ? Date.parse(Expiration) : Number.NaN;
  if (Number.isNaN(expiresAtMs)) return undefined;
  return {
    accessKeyId: AccessKeyId,
    accessKeySecret: AccessKeySecret,
    securityToken: SecurityToken,
    expiresAtMs,
  };
}

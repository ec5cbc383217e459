import { Failure } from '../failure.ts';
import { CallPipeline, type PipelinePorts } from '../transport/call-pipeline.ts';
import type { CloudSettings } from '../transport/cloud-settings.ts';
import type {
  AccessKey,
  OidcProof,
  RoleTokens,
  TakenRole,
} from '../transport/credential-source.ts';
import type { HttpSender } from '../transport/http-exchange.ts';
import type { RoleCredentials } from '../transport/renewed-credentials.ts';
import type { RpcSender } from '../transport/rpc-sender.ts';
import { SignedRpcSender } from '../transport/signed-rpc-sender.ts';
import { UnsignedRpcSender } from '../transport/unsigned-rpc-sender.ts';
import { decodeResponse, encodeRequest, MalformedAnswer } from '../transport/wire-codec.ts';
import { findStsCode } from './sts-error-table.ts';
import {
  STS_OPERATIONS,
  STS_VERSION,
  type AssumeRoleResponseBodyCredentials,
  type StsOperations,
} from './sts-operations.generated.ts';

/** What the tokens are asked for with. */
export interface OpenApiRoleTokensPorts {
  /** All that a pipeline needs but its sender, which differs by the proof. */
  readonly shared: Omit<PipelinePorts, 'sender'>;
  readonly http: HttpSender;
  /** Asked before every call. */
  readonly settings: () => CloudSettings;
  readonly regionId: (signal: AbortSignal) => Promise<string>;
}

/** The longest that a role allows unless it says otherwise. */
const DURATION_SECONDS = 3_600;

const DEFAULT_SESSION_NAME = 'alibaba-cloud-operator';

/**
 * Takes roles at the Security Token Service.
 *
 * Source: STS API 2015-04-01, AssumeRole and AssumeRoleWithOIDC.
 */
export class OpenApiRoleTokens implements RoleTokens {
  readonly #ports: OpenApiRoleTokensPorts;
  readonly #unsigned: RpcSender;

  constructor(ports: OpenApiRoleTokensPorts) {
    this.#ports = ports;
    const { http, settings, regionId, shared } = ports;
    this.#unsigned = new UnsignedRpcSender({ http, settings, regionId, clock: shared.clock });
  }

  withOidc(role: TakenRole, proof: OidcProof, signal: AbortSignal): Promise<RoleCredentials> {
    return this.#take(
      'AssumeRoleWithOIDC',
      {
        ...this.#request(role),
        OIDCProviderArn: proof.oidcProviderArn,
        OIDCToken: proof.token,
      },
      this.#unsigned,
      signal,
    );
  }

  withAccessKey(role: TakenRole, key: AccessKey, signal: AbortSignal): Promise<RoleCredentials> {
    const { http, settings, regionId, shared } = this.#ports;
    const { clock, randomness } = shared;
    const { accessKeyId, accessKeySecret, securityToken } = key;
    const providerName = securityToken === undefined ? 'static_ak' : 'static_sts';
    const resolved = { accessKeyId, accessKeySecret, securityToken, providerName };
    const sender = new SignedRpcSender(settings(), {
      http,
      credentials: { get: () => Promise.resolve(resolved), discard: () => undefined },
      clock,
      randomness,
      regionId,
    });
    return this.#take('AssumeRole', this.#request(role), sender, signal);
  }

  #request(role: TakenRole): StsOperations['AssumeRole']['request'] {
    return {
      roleArn: role.roleArn,
      roleSessionName: role.sessionName ?? DEFAULT_SESSION_NAME,
      durationSeconds: DURATION_SECONDS,
    };
  }

  async #take<Name extends 'AssumeRole' | 'AssumeRoleWithOIDC'>(
    name: Name,
    request: StsOperations[Name]['request'],
    sender: RpcSender,
    signal: AbortSignal,
  ): Promise<RoleCredentials> {
    const { shared } = this.#ports;
    const pipeline = new CallPipeline(
      { product: 'sts', version: STS_VERSION, lookup: findStsCode },
      { ...shared, sender },
    );
    const purpose = `take the RAM role "${request.roleArn}"`;
    const body = await pipeline.call({
      action: name,
      // Nothing in the cloud changes, so who does not lead may do it too, and it may be repeated.
      mutating: false,
      parameters: encodeRequest(STS_OPERATIONS[name], request),
      purpose,
      options: { signal, lane: 'live' },
    });
    const credentials = readCredentials(name, body);
    if (credentials !== undefined) return credentials;
    throw new Failure(
      'retryable',
      `Cannot ${purpose}: the answer has no credentials (MalformedAnswer)`,
      { code: 'MalformedAnswer' },
    );
  }
}

function readCredentials(
  name: 'AssumeRole' | 'AssumeRoleWithOIDC',
  body: unknown,
): RoleCredentials | undefined {
  let credentials: AssumeRoleResponseBodyCredentials | undefined;
  try {
    ({ credentials } = decodeResponse(
      STS_OPERATIONS[name],
      body,
    ) as StsOperations['AssumeRole']['response']);
  } catch (error) {
    if (error instanceof MalformedAnswer) return undefined;
    throw error;
  }
  const { accessKeyId, accessKeySecret, securityToken, expiration } = credentials ?? {};
  const expiresAtMs = Date.parse(expiration ?? '');
  if (isBlank(accessKeyId) || isBlank(accessKeySecret) || isBlank(securityToken)) return undefined;
  if (Number.isNaN(expiresAtMs)) return undefined;
  return { accessKeyId, accessKeySecret, securityToken, expiresAtMs };
}

function isBlank(text: string | undefined): text is undefined | '' {
  return text === undefined || text === '';
}

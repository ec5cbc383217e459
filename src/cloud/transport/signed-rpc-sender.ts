import openApiUtil from '@alicloud/openapi-core/dist/utils.js';
import type { Clock, Randomness } from '../clock.ts';
import type { CloudSettings } from './cloud-settings.ts';
import type { CredentialSource, ResolvedCredentials } from './credential-source.ts';
import { endpointOf } from './endpoint.ts';
import type { HttpSender } from './http-exchange.ts';
import { rpcResult, type RpcCall, type RpcResult, type RpcSender } from './rpc-sender.ts';
import { userAgent } from './user-agent.ts';

const SIGNATURE_ALGORITHM = 'ACS3-HMAC-SHA256';

/** What a sender over HTTP is made from. */
export interface SignedRpcSenderPorts {
  readonly http: HttpSender;
  readonly credentials: Pick<CredentialSource, 'get' | 'discard'>;
  readonly clock: Clock;
  readonly randomness: Randomness;
  /** The region the calls go to; asked before every call. */
  readonly regionId: (signal: AbortSignal) => Promise<string>;
}

/**
 * Sends calls over HTTP, signed in version 3 by the vendor's code.
 *
 * Shape: parameters go into the query of a POST without a body, as the vendor's clients send them.
 *   The transfer is our own, because the vendor's cannot be cancelled and has waits between our
 *   last word and the first byte.
 * Source: request structure and signature V3 of the Alibaba Cloud OpenAPI gateway.
 */
export class SignedRpcSender implements RpcSender {
  readonly #ports: SignedRpcSenderPorts;
  #settings: CloudSettings;

  constructor(settings: CloudSettings, ports: SignedRpcSenderPorts) {
    this.#settings = settings;
    this.#ports = ports;
  }

  /** Uses other settings from the next call on. */
  replace(settings: CloudSettings): void {
    this.#settings = settings;
  }

  async principal(signal: AbortSignal): Promise<string> {
    return (await this.#ports.credentials.get(signal)).accessKeyId;
  }

  async send(call: RpcCall): Promise<RpcResult> {
    const { http, credentials, regionId } = this.#ports;
    const settings = this.#settings;
    const host = endpointOf(call.product, call.regionId ?? (await regionId(call.signal)), settings);
    const identity = await credentials.get(call.signal);
    const outcome = await http.exchange({
      method: 'POST',
      url: requestUrl(settings.scheme, host, call.parameters),
      headers: this.#headers(call, host, identity, settings),
      connectTimeoutMs: settings.connectTimeoutMs,
      timeoutMs: settings.timeoutMs,
      signal: call.signal,
      ...(call.beforeSend === undefined ? {} : { beforeSend: call.beforeSend }),
    });
    const result = rpcResult(outcome);
    if (result.kind === 'answered' && isRefusedCredential(result.body)) credentials.discard();
    return result;
  }

  #headers(
    call: RpcCall,
    host: string,
    identity: ResolvedCredentials,
    settings: CloudSettings,
  ): Record<string, string> {
    const payloadHash = openApiUtil.default
      .hash(Buffer.from(''), SIGNATURE_ALGORITHM)
      .toString('hex');
    const headers: Record<string, string> = {
      host,
      accept: 'application/json',
      'user-agent': userAgent(settings, call.lane),
      'x-acs-action': call.action,
      'x-acs-version': call.version,
      'x-acs-date': new Date(this.#ports.clock.now()).toISOString().replace(/\.\d+Z$/, 'Z'),
      'x-acs-signature-nonce': this.#ports.randomness.hex(32),
      'x-acs-content-sha256': payloadHash,
      'x-acs-credentials-provider': identity.providerName,
      'content-length': '0',
    };
    if (identity.securityToken !== undefined) {
      headers['x-acs-accesskey-id'] = identity.accessKeyId;
      headers['x-acs-security-token'] = identity.securityToken;
    }
    headers.authorization = openApiUtil.default.getAuthorization(
      { method: 'POST', pathname: '/', query: call.parameters, headers } as unknown as Parameters<
        typeof openApiUtil.default.getAuthorization
      >[0],
      SIGNATURE_ALGORITHM,
      payloadHash,
      identity.accessKeyId,
      identity.accessKeySecret,
    );
    return headers;
  }
}

function requestUrl(
  scheme: 'http' | 'https',
  host: string,
  parameters: Readonly<Record<string, string>>,
): URL {
  const query = Object.entries(parameters)
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .join('&');
  return new URL(`${scheme}://${host}/${query === '' ? '' : `?${query}`}`);
}

/** Whether the API refuses the credentials themselves, so that asking for new ones may help. */
function isRefusedCredential(body: Readonly<Record<string, unknown>>): boolean {
  const { Code } = body;
  return (
    typeof Code === 'string' &&
    (Code.startsWith('InvalidSecurityToken') || Code.startsWith('InvalidAccessKeyId'))
  );
}

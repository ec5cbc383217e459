import type { Clock } from '../clock.ts';
import type { CloudSettings } from './cloud-settings.ts';
import { endpointOf } from './endpoint.ts';
import type { HttpSender } from './http-exchange.ts';
import { rpcResult, type RpcCall, type RpcResult, type RpcSender } from './rpc-sender.ts';
import { userAgent } from './user-agent.ts';

/** What a sender of unsigned calls is made from. */
export interface UnsignedRpcSenderPorts {
  readonly http: HttpSender;
  readonly clock: Clock;
  /** Asked before every call. */
  readonly settings: () => CloudSettings;
  readonly regionId: (signal: AbortSignal) => Promise<string>;
}

/**
 * Sends calls that carry their own proof, without a signature.
 *
 * Shape: parameters go into a form, not into the address, which proxies write into their logs.
 * Source: AssumeRoleWithOIDC of the STS API, as the vendor's clients send it.
 */
export class UnsignedRpcSender implements RpcSender {
  readonly #ports: UnsignedRpcSenderPorts;

  constructor(ports: UnsignedRpcSenderPorts) {
    this.#ports = ports;
  }

  principal(): Promise<string> {
    return Promise.resolve('');
  }

  async send(call: RpcCall): Promise<RpcResult> {
    const { http, clock } = this.#ports;
    const settings = this.#ports.settings();
    const regionId = call.regionId ?? (await this.#ports.regionId(call.signal));
    const host = endpointOf(call.product, regionId, settings);
    const url = new URL(`${settings.scheme}://${host}/`);
    url.searchParams.set('Action', call.action);
    url.searchParams.set('Version', call.version);
    url.searchParams.set('Format', 'JSON');
    url.searchParams.set('Timestamp', new Date(clock.now()).toISOString().replace(/\.\d+Z$/, 'Z'));
    const body = new URLSearchParams(call.parameters).toString();
    const outcome = await http.exchange({
      method: 'POST',
      url,
      headers: {
        host,
        accept: 'application/json',
        'user-agent': userAgent(settings, call.lane),
        'content-type': 'application/x-www-form-urlencoded',
        'content-length': String(Buffer.byteLength(body)),
      },
      body,
      connectTimeoutMs: settings.connectTimeoutMs,
      timeoutMs: settings.timeoutMs,
      signal: call.signal,
      ...(call.beforeSend === undefined ? {} : { beforeSend: call.beforeSend }),
    });
    return rpcResult(outcome);
  }
}

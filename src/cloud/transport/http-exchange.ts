import { Agent as HttpAgent, request as httpRequest, type ClientRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import type { Clock } from '../clock.ts';

/** One HTTP request. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Text, whose length in bytes the headers tell. */
  readonly body?: string;
  readonly connectTimeoutMs: number;
  /** For the whole exchange, the connection and the answer's body included. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /**
   * Runs once the connection stands, in the same turn in which the request is handed to it; when it
   * throws, nothing is sent and the exchange fails with what it threw.
   */
  readonly beforeSend?: () => void;
}

/** How an exchange ended; `sent` tells whether the other side may have seen the request. */
export type HttpOutcome =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
    }
  | {
      readonly kind: 'failed';
      readonly reason: 'connect' | 'timeout' | 'cut' | 'cancelled';
      readonly sent: boolean;
      readonly cause: unknown;
    };

/** Sends HTTP requests; the real one over sockets, others in tests and simulations. */
export interface HttpSender {
  exchange(request: HttpRequest): Promise<HttpOutcome>;
}

/** Idle connections go before usual servers close them, so that a write rarely meets a dying one. */
const IDLE_CONNECTION_MS = 4_000;

/** No answer of the API comes near; a proxy gone wrong must not fill the memory. */
const LONGEST_BODY_BYTES = 16 * 1024 * 1024;

/**
 * HTTP/1.1 over Node's own client, with connections kept for reuse.
 *
 * Shape: the request is held back until its connection stands, so that `beforeSend` is the last
 *   thing that happens before the first byte leaves; a request is never sent twice.
 */
export class SocketHttpSender implements HttpSender {
  readonly #clock: Clock;
  readonly #httpAgent = new HttpAgent({ keepAlive: true, timeout: IDLE_CONNECTION_MS });
  readonly #httpsAgent = new HttpsAgent({ keepAlive: true, timeout: IDLE_CONNECTION_MS });

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Closes every connection. */
  close(): void {
    this.#httpAgent.destroy();
    this.#httpsAgent.destroy();
  }

  exchange(request: HttpRequest): Promise<HttpOutcome> {
    return new Promise((resolve, reject) => {
      if (request.signal.aborted) {
        resolve(failed('cancelled', false, request.signal.reason));
        return;
      }
      let sent = false;
      let finished = false;
      const client = this.#open(request);

      const finish = (settle: () => void): void => {
        if (finished) return;
        finished = true;
        cancelConnect();
        cancelWhole();
        request.signal.removeEventListener('abort', onAbort);
        settle();
      };
      const fail = (reason: 'connect' | 'timeout' | 'cut' | 'cancelled', cause: unknown): void => {
        finish(() => {
          client.destroy();
          resolve(failed(reason, sent, cause));
        });
      };
      const onAbort = (): void => {
        fail('cancelled', request.signal.reason);
      };
      const cancelConnect = this.#clock.schedule(request.connectTimeoutMs, () => {
        if (!sent) fail('connect', new Error('The connection took too long'));
      });
      const cancelWhole = this.#clock.schedule(request.timeoutMs, () => {
        fail('timeout', new Error('The answer took too long'));
      });
      request.signal.addEventListener('abort', onAbort, { once: true });

      const send = (): void => {
        if (finished) return;
        try {
          request.beforeSend?.();
        } catch (error) {
          finish(() => {
            client.destroy();
            reject(error instanceof Error ? error : new Error(String(error)));
          });
          return;
        }
        sent = true;
        client.end(request.body);
      };
      client.once('socket', (socket: Socket) => {
        whenConnected(socket, request.url.protocol === 'https:', send);
      });
      client.on('error', (error) => {
        fail(sent ? 'cut' : 'connect', error);
      });
      client.once('response', (response) => {
        const chunks: Buffer[] = [];
        let size = 0;
        response.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size > LONGEST_BODY_BYTES) fail('cut', new Error('The answer is too long'));
          else chunks.push(chunk);
        });
        response.once('end', () => {
          finish(() => {
            resolve({
              kind: 'answered',
              status: response.statusCode ?? 0,
              headers: singleHeaders(response.headers),
              body: Buffer.concat(chunks).toString('utf8'),
            });
          });
        });
        response.once('error', (error) => {
          fail('cut', error);
        });
      });
    });
  }

  #open(request: HttpRequest): ClientRequest {
    const secure = request.url.protocol === 'https:';
    const options = { method: request.method, headers: request.headers };
    return secure
      ? httpsRequest(request.url, { ...options, agent: this.#httpsAgent })
      : httpRequest(request.url, { ...options, agent: this.#httpAgent });
  }
}

function whenConnected(socket: Socket, secure: boolean, then: () => void): void {
  // A connection taken from the pool stands already; `secureConnecting` covers the TLS handshake.
  const handshaking = secure && 'secureConnecting' in socket && socket.secureConnecting === true;
  if (!socket.connecting && !handshaking) then();
  else socket.once(secure ? 'secureConnect' : 'connect', then);
}

function failed(
  reason: 'connect' | 'timeout' | 'cut' | 'cancelled',
  sent: boolean,
  cause: unknown,
): HttpOutcome {
  return { kind: 'failed', reason, sent, cause };
}

function singleHeaders(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
): Record<string, string> {
  const single: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) single[name] = typeof value === 'string' ? value : value.join(', ');
  }
  return single;
}

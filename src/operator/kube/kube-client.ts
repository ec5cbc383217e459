import * as http from 'node:http';
import * as https from 'node:https';
import { StringDecoder } from 'node:string_decoder';
import type { KubeConfig } from '@kubernetes/client-node';
import type { Clock } from '../../cloud/clock.ts';
import { Failure, isFailure } from '../../cloud/failure.ts';
import { failureOfAnswer, statusOfWatchError } from './kube-failure.ts';
import { TokenBucket } from './token-bucket.ts';

/** How a body says what kind of patch it is. */
export const PATCH_TYPES = {
  apply: 'application/apply-patch+yaml',
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategicMerge: 'application/strategic-merge-patch+json',
} as const;

/** One request to the API server. */
export interface KubeRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Starts with a slash; names in it are escaped by `pathSegment`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** `application/json` unless given. */
  readonly contentType?: string;
  /** How long the answer may take, the wait for the rate limit left out; 30 s unless given. */
  readonly timeoutMs?: number;
}

/** One event of a watch. */
export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: unknown;
}

/** Counts what goes to the API server. */
export interface RestClientMetrics {
  requestEnded(method: string, code: string, host: string, seconds: number): void;
  rateLimited(method: string, host: string, seconds: number): void;
  retried(method: string, code: string, host: string): void;
}

/** What a client is made from. */
export interface KubeClientOptions {
  readonly kubeConfig: KubeConfig;
  readonly clock: Clock;
  readonly userAgent: string;
  readonly queriesPerSecond: number;
  readonly burst: number;
  readonly metrics?: RestClientMetrics;
  /** Told of each distinct warning that the API server sends along. */
  readonly onWarning?: (warning: string) => void;
  /** Whether this process may change anything; it always may unless given. */
  readonly mayWrite?: () => boolean;
}

const REQUEST_TIMEOUT_MS = 30_000;
/** How often, and after what wait at most, a request is sent again that the server did not take. */
const MAX_THROTTLE_RETRIES = 3;
const MAX_THROTTLE_WAIT_MS = 10_000;
const IDLE_CONNECTION_MS = 60_000;
/** How often a read is sent again whose kept connection the server had just closed. */
const MAX_STALE_CONNECTIONS = 3;
/** How long a watch may stay silent before it counts as dead; the server sends a bookmark a minute. */
const WATCH_SILENCE_MS = 150_000;
/** An answer beyond this is refused; a full page of our largest objects stays far below. */
const MAX_ANSWER_BYTES = 256 * 1024 * 1024;
const MAX_REMEMBERED_WARNINGS = 100;

interface Answer {
  readonly httpStatus: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly response: http.IncomingMessage;
}

/** An abort that comes with time, or with a signal. */
interface Deadline {
  readonly signal: AbortSignal;
  /** Begins the time anew. */
  readonly postpone: () => void;
  /** Lets it never come. */
  readonly cancel: () => void;
  readonly abort: () => void;
}

/**
 * Sends requests to one API server.
 *
 * Shape: connections are kept and shared; every request waits for the client's own rate limit.
 *   Credentials come from the kubeconfig anew for each request, so that a renewed token is used.
 * Errors: as `failureOfAnswer`; what did not get through is `retryable`, and ambiguous where a
 *   write may have arrived. An aborted request is `retryable` with the signal's reason as cause.
 */
export class KubeClient {
  readonly #options: KubeClientOptions;
  readonly #server: URL;
  #bucket: TokenBucket;
  readonly #warnings = new Set<string>();
  /** Shared with the clients of the same API server that have a rate of their own. */
  #pool: { current?: { readonly material: string; readonly agent: http.Agent } } = {};

  constructor(options: KubeClientOptions) {
    const cluster = options.kubeConfig.getCurrentCluster();
    if (cluster === null) {
      throw new Failure('terminal', 'Cannot reach an API server: the kubeconfig names no cluster');
    }
    this.#options = options;
    this.#server = new URL(cluster.server);
    this.#bucket = new TokenBucket(options.clock, options.queriesPerSecond, options.burst);
  }

  /** Returns a client of the same API server with a rate limit of its own. */
  withOwnRate(queriesPerSecond: number, burst: number): KubeClient {
    const client = new KubeClient({ ...this.#options, queriesPerSecond, burst });
    client.#pool = this.#pool;
    return client;
  }

  /** Returns this client for work that only a leader does: without the lease it only reads. */
  writingWhile(mayWrite: () => boolean): KubeClient {
    const client = new KubeClient({ ...this.#options, mayWrite });
    client.#pool = this.#pool;
    client.#bucket = this.#bucket;
    return client;
  }

  /**
   * Sends a request and returns the parsed JSON of the answer.
   *
   * Shape: a request that the server was too busy to take is sent again after the time it asks for.
   */
  async request(request: KubeRequest, signal: AbortSignal): Promise<unknown> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#requestOnce(request, signal);
      } catch (error) {
        if (!isFailure(error, 'throttled') || attempt > MAX_THROTTLE_RETRIES) throw error;
        if ((error.retryAfterMs ?? Infinity) > MAX_THROTTLE_WAIT_MS) throw error;
        await this.#options.clock.sleep(error.retryAfterMs ?? 0, signal).catch(() => {
          throw error;
        });
        this.#options.metrics?.retried(request.method, '429', this.#server.host);
      }
    }
  }

  /**
   * Opens a watch and yields its events until the server ends it.
   *
   * Shape: `onOpen` is told when the server has accepted it, which may be long before an event.
   * Errors: an ERROR event is thrown as the `Failure` that its status means.
   */
  async *watch(
    path: string,
    query: Readonly<Record<string, string>>,
    timeoutSeconds: number,
    signal: AbortSignal,
    onOpen?: () => void,
  ): AsyncGenerator<WatchEvent, void> {
    const request: KubeRequest = {
      method: 'GET',
      path,
      query: { ...query, watch: 'true', timeoutSeconds: String(timeoutSeconds) },
    };
    await this.#waitForRate(request, signal);
    const deadline = this.#deadline(signal, WATCH_SILENCE_MS);
    try {
      const answer = await this.#send(request, deadline.signal);
      if (answer.httpStatus !== 200) await this.#readAnswer(request, answer);
      onOpen?.();
      for await (const line of jsonLines(answer.response)) {
        deadline.postpone();
        yield parseEvent(line, request);
        // How long the reader takes is no silence of the server.
        deadline.postpone();
      }
    } catch (error) {
      throw this.#asFailure(error, request, signal);
    } finally {
      deadline.cancel();
      // Frees the connection of a watch whose reader has gone.
      deadline.abort();
    }
  }

  async #requestOnce(request: KubeRequest, signal: AbortSignal): Promise<unknown> {
    await this.#waitForRate(request, signal);
    const deadline = this.#deadline(signal, request.timeoutMs ?? REQUEST_TIMEOUT_MS);
    try {
      const answer = await this.#send(request, deadline.signal);
      return await this.#readAnswer(request, answer);
    } catch (error) {
      throw this.#asFailure(error, request, signal);
    } finally {
      deadline.cancel();
    }
  }

  /** Closes idle connections. */
  close(): void {
    this.#pool.current?.agent.destroy();
  }

  /** Asked right before a request is sent: a process may be stopped for long in any wait. */
  #requireLeave(request: KubeRequest): void {
    if (!isWrite(request) || this.#options.mayWrite?.() !== false) return;
    throw new Failure('retryable', `${describe(request)}: not the leader any more (NotLeader)`, {
      code: 'NotLeader',
    });
  }

  async #waitForRate(request: KubeRequest, signal: AbortSignal): Promise<void> {
    try {
      const waitedMs = await this.#bucket.take(signal);
      this.#options.metrics?.rateLimited(request.method, this.#server.host, waitedMs / 1_000);
    } catch (error) {
      throw new Failure('retryable', `${describe(request)}: aborted before it was sent`, {
        cause: error,
      });
    }
  }

  async #send(request: KubeRequest, signal: AbortSignal): Promise<Answer> {
    const { clock, metrics, userAgent } = this.#options;
    const startedMs = clock.monotonicMs();
    const url = new URL(this.#server);
    url.pathname = `${this.#server.pathname.replace(/\/$/, '')}${request.path}`;
    for (const [name, value] of Object.entries(request.query ?? {})) {
      url.searchParams.set(name, value);
    }
    const body = request.body === undefined ? undefined : Buffer.from(JSON.stringify(request.body));
    const { connection, headers } = await this.#connectionOptions();
    this.#requireLeave(request);
    let code = '<error>';
    try {
      const response = await this.#exchange(
        url,
        {
          ...connection,
          method: request.method,
          signal,
          headers: {
            ...headers,
            accept: 'application/json',
            'user-agent': userAgent,
            ...(body !== undefined && {
              'content-type': request.contentType ?? 'application/json',
              'content-length': body.byteLength,
            }),
          },
        },
        body,
      );
      code = String(response.statusCode ?? 0);
      this.#noteWarnings(response.headers.warning);
      return { httpStatus: response.statusCode ?? 0, headers: response.headers, response };
    } finally {
      const seconds = (clock.monotonicMs() - startedMs) / 1_000;
      metrics?.requestEnded(request.method, code, this.#server.host, seconds);
    }
  }

  /** Sends a read again that met a connection in the moment in which the server closed it. */
  async #exchange(
    url: URL,
    options: https.RequestOptions,
    body: Buffer | undefined,
  ): Promise<http.IncomingMessage> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await exchange(url, options, body);
      } catch (error) {
        const isStale = error instanceof StaleConnection && options.method === 'GET';
        if (!isStale || attempt > MAX_STALE_CONNECTIONS) throw error;
      }
    }
  }

  async #readAnswer(request: KubeRequest, answer: Answer): Promise<unknown> {
    const text = await readBody(answer.response);
    const body = parseJson(text);
    if (answer.httpStatus >= 200 && answer.httpStatus < 300 && body !== undefined) return body;
    const retryAfter = answer.headers['retry-after'];
    throw failureOfAnswer({
      httpStatus: answer.httpStatus,
      // A proxy's answer need not be JSON; its first words still help.
      body: body ?? { message: text.slice(0, 200) },
      retryAfterHeader: retryAfter,
      isWrite: isWrite(request),
      request: describe(request),
    });
  }

  /** The credentials and the connection pool for one request. */
  async #connectionOptions(): Promise<{
    readonly connection: https.RequestOptions;
    readonly headers: http.OutgoingHttpHeaders;
  }> {
    const applied: https.RequestOptions = {};
    await this.#options.kubeConfig.applyToHTTPSOptions(applied);
    const { auth, headers, agent, ...tls } = applied;
    const isProxied = this.#options.kubeConfig.getCurrentCluster()?.proxyUrl !== undefined;
    return {
      connection: {
        ...(auth !== null && auth !== undefined && { auth }),
        agent: isProxied ? agent : this.#poolFor(tls),
      },
      headers: Object.fromEntries(Object.entries(headers ?? {})),
    };
  }

  /** One pool of kept connections; another one once certificates on disk have changed. */
  #poolFor(tls: https.RequestOptions): http.Agent {
    const parts = [tls.ca, tls.cert, tls.key].map(String);
    const material = [...parts, tls.servername, tls.rejectUnauthorized].join('\n');
    if (this.#pool.current?.material !== material) {
      // Requests under way end on the connections of the former certificates. An idle connection is
      // closed before the API server does it, after 90 s.
      const options = {
        keepAlive: true,
        keepAliveMsecs: 30_000,
        maxFreeSockets: 16,
        timeout: IDLE_CONNECTION_MS,
      };
      const agent =
        this.#server.protocol === 'http:'
          ? new http.Agent(options)
          : new https.Agent({ ...options, ...(tls as https.AgentOptions) });
      this.#pool.current = { material, agent };
    }
    return this.#pool.current.agent;
  }

  #deadline(signal: AbortSignal, timeoutMs: number): Deadline {
    const controller = new AbortController();
    const onAbort = (): void => {
      controller.abort(signal.reason);
    };
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    const start = (): (() => void) =>
      this.#options.clock.schedule(timeoutMs, () => {
        controller.abort(new Error(`no answer within ${timeoutMs} ms`));
      });
    let cancelTimer = start();
    return {
      signal: controller.signal,
      postpone: () => {
        cancelTimer();
        cancelTimer = start();
      },
      cancel: () => {
        cancelTimer();
        signal.removeEventListener('abort', onAbort);
      },
      abort: () => {
        controller.abort();
      },
    };
  }

  #asFailure(error: unknown, request: KubeRequest, signal: AbortSignal): Failure {
    if (isFailure(error)) return error;
    const reason = signal.aborted ? 'aborted' : networkReason(error);
    const wasNeverSent = errorCode(error) === 'ECONNREFUSED' || errorCode(error) === 'ENOTFOUND';
    return new Failure('retryable', `${describe(request)}: ${reason}`, {
      cause: signal.aborted ? signal.reason : error,
      ambiguous: isWrite(request) && !wasNeverSent,
    });
  }

  #noteWarnings(header: string | undefined): void {
    if (header === undefined || this.#warnings.size >= MAX_REMEMBERED_WARNINGS) return;
    for (const [, quoted = ''] of header.matchAll(/299 \S+ "((?:[^"\\]|\\.)*)"/g)) {
      const warning = quoted.replace(/\\(.)/g, '$1');
      if (this.#warnings.has(warning)) continue;
      this.#warnings.add(warning);
      this.#options.onWarning?.(warning);
    }
  }
}

/** Escapes a name for use as one segment of a path. */
export function pathSegment(name: string): string {
  return encodeURIComponent(name);
}

/** A kept connection that turned out to be closed before anything was answered on it. */
class StaleConnection extends Error {}

function exchange(
  url: URL,
  options: https.RequestOptions,
  body: Buffer | undefined,
): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'http:' ? http.request : https.request;
    const request = send(url, options, resolve);
    request.on('error', (error) => {
      const isReset = ['ECONNRESET', 'EPIPE'].includes(errorCode(error));
      reject(
        request.reusedSocket && isReset
          ? new StaleConnection(error.message, { cause: error })
          : error,
      );
    });
    request.on('socket', (socket) => {
      // Finds out about a server that is gone without a word while a watch is silent.
      socket.setKeepAlive(true, 30_000);
    });
    request.end(body);
  });
}

async function readBody(response: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > MAX_ANSWER_BYTES) throw new Error('the answer is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Yields the lines of a stream, split at line feeds only, because JSON text may hold others. */
async function* jsonLines(response: http.IncomingMessage): AsyncGenerator<string, void> {
  const decoder = new StringDecoder('utf8');
  let pending = '';
  for await (const chunk of response as AsyncIterable<Buffer>) {
    const lines = (pending + decoder.write(chunk)).split('\n');
    pending = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') yield line;
  }
}

function parseEvent(line: string, request: KubeRequest): WatchEvent {
  const event = parseJson(line);
  const type: unknown =
    typeof event === 'object' && event !== null ? Reflect.get(event, 'type') : '';
  const object: unknown =
    typeof event === 'object' && event !== null ? Reflect.get(event, 'object') : {};
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
    case 'BOOKMARK':
      return { type, object };
    case 'ERROR':
      throw statusOfWatchError(object, describe(request));
    default:
      throw new Failure('retryable', `${describe(request)}: an event of the watch cannot be read`);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function isWrite(request: KubeRequest): boolean {
  return request.method !== 'GET';
}

function describe(request: KubeRequest): string {
  return `${request.method} ${request.path}`;
}

function networkReason(error: unknown): string {
  const code = errorCode(error);
  if (code === 'ABORT_ERR' && error instanceof Error && error.cause instanceof Error) {
    return error.cause.message;
  }
  return error instanceof Error ? error.message : String(error);
}

function errorCode(error: unknown): string {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
  return typeof code === 'string' ? code : '';
}

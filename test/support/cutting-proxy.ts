import { Agent as HttpAgent, createServer, request as httpRequest } from 'node:http';
import type { ClientRequest, IncomingMessage, Server, ServerResponse } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Clock } from '../../src/cloud/clock.ts';

/** The two ways on which an operator reaches the world. */
export type Channel = 'api' | 'cloud';

/** One request that came to the proxy. */
export interface ProxiedRequest {
  readonly channel: Channel;
  /** The place in the order in which requests came, over both channels, from 1. */
  readonly order: number;
  readonly method: string;
  /** The path with the query. */
  readonly target: string;
  readonly body: string;
  /**
   * What it asks for, without names and ids: an operation of the cloud, or the verb and the
   * resource of the API server.
   */
  readonly purpose: string;
  /** Whether it belongs to the story of an operator, as every cloud call and every write does. */
  readonly isStep: boolean;
  readonly isWrite: boolean;
}

/**
 * What becomes of a request: it passes; it is cut before anyone has seen it; it takes effect and
 * its answer is thrown away; or it stands still, before it is sent on or before it is answered,
 * until the operator is isolated.
 */
export type Verdict = 'pass' | 'cutBefore' | 'cutAfter' | 'holdBefore' | 'holdAfter';

/** A time, or how long something lasts, on the machine's clock and on the operator's. */
export interface Moment {
  readonly machineMs: number;
  readonly clockMs: number;
}

/** What a proxy is made from. */
export interface CuttingProxyOptions {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly apiServer: {
    readonly url: string;
    readonly certificateAuthority: string;
    /** The token with which requests are sent on, whoever sent them. */
    readonly token: string;
  };
  readonly cloudUrl: string;
  /** Decides on each request as it comes; every request passes unless given. */
  readonly decide?: (request: ProxiedRequest) => Verdict | Promise<Verdict>;
  /** Told in the same turn in which a request is cut or comes to stand still. */
  readonly onCut?: (request: ProxiedRequest, verdict: Verdict) => void;
}

/** The resources whose writes belong to no story: they tell of it, or say who may act in it. */
const BESIDE_THE_STORY = new Set(['events', 'leases']);

/**
 * Stands between one operator and the world, on loopback ports of its own.
 *
 * Shape: requests are read whole before they are sent on, answers stream through, so that watches
 *   work. Once isolated it passes nothing any more in either direction: to the world the operator
 *   is dead.
 */
export class CuttingProxy {
  readonly apiUrl: string;
  readonly cloudUrl: string;
  readonly #options: CuttingProxyOptions;
  readonly #servers: readonly Server[];
  readonly #requests: ProxiedRequest[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #upstream = new Set<ClientRequest>();
  readonly #agents: { readonly api: HttpsAgent; readonly cloud: HttpAgent };
  #isIsolated = false;
  /** Requests under way but for watches, and writes among them. */
  #running = 0;
  #writing = 0;
  #lostAnswers = 0;
  #lastRequest: Moment;
  #lastWrite: Moment;

  private constructor(options: CuttingProxyOptions, servers: Record<Channel, Server>) {
    this.#options = options;
    this.#lastRequest = this.#now();
    this.#lastWrite = this.#lastRequest;
    this.#servers = [servers.api, servers.cloud];
    this.apiUrl = urlOf(servers.api);
    this.cloudUrl = urlOf(servers.cloud);
    this.#agents = {
      api: new HttpsAgent({ keepAlive: true, ca: options.apiServer.certificateAuthority }),
      cloud: new HttpAgent({ keepAlive: true }),
    };
    for (const channel of ['api', 'cloud'] as const) {
      servers[channel].on('request', (incoming, answer) => {
        void this.#serve(channel, incoming, answer);
      });
      servers[channel].on('connection', (socket) => {
        this.#sockets.add(socket);
        socket.once('close', () => this.#sockets.delete(socket));
      });
    }
  }

  /** Starts one on two free loopback ports. */
  static async start(options: CuttingProxyOptions): Promise<CuttingProxy> {
    const [api, cloud] = await Promise.all([listen(), listen()]);
    return new CuttingProxy(options, { api, cloud });
  }

  get isIsolated(): boolean {
    return this.#isIsolated;
  }

  /** Every request that came, in order. */
  get requests(): readonly ProxiedRequest[] {
    return this.#requests;
  }

  /** Tells for how long nothing has been asked for; zero while an answer is out. */
  get restMs(): Moment {
    return this.#since(this.#running, this.#lastRequest);
  }

  /** Tells for how long nothing has been written; zero while a write is under way. */
  get quietMs(): Moment {
    return this.#since(this.#writing, this.#lastWrite);
  }

  /** Counts the requests that were to pass and yet got no answer, as under a load too high. */
  get lostAnswers(): number {
    return this.#lostAnswers;
  }

  /** Cuts the operator off for good, in this very turn. */
  isolate(): void {
    if (this.#isIsolated) return;
    this.#isIsolated = true;
    for (const server of this.#servers) server.close();
    for (const request of this.#upstream) request.destroy();
    for (const socket of this.#sockets) socket.destroy();
    this.#agents.api.destroy();
    this.#agents.cloud.destroy();
  }

  async #serve(channel: Channel, incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    try {
      const body = await readBody(incoming);
      if (this.#isIsolated) return;
      const request = this.#note(channel, incoming, body);
      const isWatch = request.purpose.startsWith('WATCH ');
      if (!isWatch) this.#running += 1;
      if (request.isWrite) this.#writing += 1;
      try {
        const verdict = (await this.#options.decide?.(request)) ?? 'pass';
        // It may have been isolated while the verdict was awaited.
        if (!this.#hasBeenIsolated()) await this.#carryOut(request, verdict, incoming, answer);
      } finally {
        this.#lastRequest = this.#now();
        if (!isWatch) this.#running -= 1;
        if (request.isWrite) {
          this.#writing -= 1;
          this.#lastWrite = this.#lastRequest;
        }
      }
    } catch {
      // Whoever is at one end sees that the other has gone.
      incoming.socket.destroy();
    }
  }

  #note(channel: Channel, incoming: IncomingMessage, body: string): ProxiedRequest {
    const request = {
      channel,
      order: this.#requests.length + 1,
      method: incoming.method ?? 'GET',
      target: incoming.url ?? '/',
      body,
      ...(channel === 'api' ? apiPurpose(incoming) : cloudPurpose(incoming, body)),
    };
    this.#requests.push(request);
    return request;
  }

  async #carryOut(
    request: ProxiedRequest,
    verdict: Verdict,
    incoming: IncomingMessage,
    answer: ServerResponse,
  ): Promise<void> {
    const { onCut } = this.#options;
    switch (verdict) {
      case 'pass':
        try {
          await this.#forward(request, incoming, answer);
        } catch (error) {
          const isEndOfWatch = request.purpose.startsWith('WATCH ');
          if (!this.#hasBeenIsolated() && !isEndOfWatch) this.#lostAnswers += 1;
          throw error;
        }
        return;
      case 'cutBefore':
        incoming.socket.destroy();
        onCut?.(request, verdict);
        return;
      case 'holdBefore':
        onCut?.(request, verdict);
        return;
      case 'cutAfter':
        await this.#forwardUnanswered(request, incoming);
        incoming.socket.destroy();
        onCut?.(request, verdict);
        return;
      case 'holdAfter':
        await this.#forwardUnanswered(request, incoming);
        onCut?.(request, verdict);
        return;
    }
  }

  /** Sends a request on and waits for its end; that there is no answer makes no difference. */
  async #forwardUnanswered(request: ProxiedRequest, incoming: IncomingMessage): Promise<void> {
    await this.#forward(request, incoming, undefined).catch(() => undefined);
  }

  /** Sends a request on, and its answer back unless nobody is to have it. */
  #forward(
    { channel, method, target, body }: ProxiedRequest,
    incoming: IncomingMessage,
    answer: ServerResponse | undefined,
  ): Promise<void> {
    const { apiServer, cloudUrl } = this.#options;
    const headers = { ...incoming.headers };
    if (channel === 'api') {
      delete headers.host;
      headers.authorization = `Bearer ${apiServer.token}`;
    }
    return new Promise((resolve, reject) => {
      const options = { method, headers, agent: this.#agents[channel] };
      const upstream =
        channel === 'api'
          ? httpsRequest(new URL(target, apiServer.url), options)
          : httpRequest(new URL(target, cloudUrl), options);
      this.#upstream.add(upstream);
      upstream.once('close', () => {
        this.#upstream.delete(upstream);
        // By now it has been answered in whole, or it never will be.
        reject(new Error('The other side closed the connection'));
      });
      upstream.once('error', reject);
      upstream.once('response', (response) => {
        response.once('error', reject);
        response.once('end', resolve);
        if (answer === undefined) {
          response.resume();
          return;
        }
        answer.writeHead(response.statusCode ?? 502, response.headers);
        // The first event of a watch may be long in coming.
        answer.flushHeaders();
        response.pipe(answer);
      });
      // A reader that goes away ends its watch.
      answer?.once('close', () => upstream.destroy());
      upstream.end(body);
    });
  }

  #since(underWay: number, last: Moment): Moment {
    const now = this.#now();
    if (underWay > 0) return { machineMs: 0, clockMs: 0 };
    return { machineMs: now.machineMs - last.machineMs, clockMs: now.clockMs - last.clockMs };
  }

  #now(): Moment {
    return { machineMs: performance.now(), clockMs: this.#options.clock.monotonicMs() };
  }

  #hasBeenIsolated(): boolean {
    return this.#isIsolated;
  }
}

function apiPurpose(
  incoming: IncomingMessage,
): Pick<ProxiedRequest, 'purpose' | 'isStep' | 'isWrite'> {
  const { pathname, searchParams } = new URL(incoming.url ?? '/', 'http://localhost');
  const parts = pathname.split('/').slice(pathname.startsWith('/apis/') ? 4 : 3);
  const [resource = '', , subresource] =
    parts[0] === 'namespaces' && parts.length > 2 ? parts.slice(2) : parts;
  const method = incoming.method ?? 'GET';
  const isWrite = method !== 'GET' && !BESIDE_THE_STORY.has(resource);
  const verb = searchParams.get('watch') === 'true' ? 'WATCH' : method;
  const purpose = `${verb} ${resource}${subresource === undefined ? '' : `/${subresource}`}`;
  return { purpose, isStep: isWrite, isWrite };
}

function cloudPurpose(
  incoming: IncomingMessage,
  body: string,
): Pick<ProxiedRequest, 'purpose' | 'isStep' | 'isWrite'> {
  const header = incoming.headers['x-acs-action'];
  const { searchParams } = new URL(incoming.url ?? '/', 'http://localhost');
  const action =
    (typeof header === 'string' ? header : undefined) ??
    searchParams.get('Action') ??
    new URLSearchParams(body).get('Action');
  const isWrite = action !== null && !/^(Describe|List|Get)/.test(action);
  return { purpose: action ?? 'metadata', isStep: action !== null, isWrite };
}

async function readBody(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function listen(): Promise<Server> {
  return new Promise((resolve, reject) => {
    // A watch lasts longer than a usual request.
    const server = createServer({ requestTimeout: 0, keepAliveTimeout: 60_000 });
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      resolve(server);
    });
  });
}

function urlOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { KubeConfig } from '@kubernetes/client-node';
import { parse } from 'yaml';

/** One request that came to the interposed server. */
export interface InterposedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly isWatch: boolean;
  readonly body: string;
}

/**
 * What becomes of a request instead of simply passing: it is answered here; its connection is
 * closed before it arrives; it takes effect and its answer is lost; or its answer is held back.
 */
export type Intervention =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly body: unknown;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'reset' }
  | { readonly kind: 'loseAnswer' }
  | { readonly kind: 'delayAnswer'; readonly until: Promise<void> };

/** The real API server, and who speaks to it. */
interface Upstream {
  readonly url: string;
  readonly authorization: string;
  readonly agent: Agent;
}

/**
 * Stands before a real API server and does to requests what networks and busy servers do.
 *
 * Shape: everything passes unless `intervene` says otherwise; watches can be held and cut.
 */
export class InterposedApiServer {
  readonly requests: InterposedRequest[] = [];
  /** Decides on each request as it comes. */
  intervene: (request: InterposedRequest) => Intervention | undefined = () => undefined;
  readonly #server: Server;
  readonly #upstream: Upstream;
  readonly #watches = new Set<ServerResponse>();
  #heldChunks: (() => void)[] | undefined;

  private constructor(server: Server, upstream: Upstream) {
    this.#server = server;
    this.#upstream = upstream;
    server.on('request', (incoming: IncomingMessage, answer: ServerResponse) => {
      void this.#serve(incoming, answer).catch(() => incoming.socket.destroy());
    });
  }

  /** Starts one before the API server that a kubeconfig names. */
  static async start(kubeconfig: string): Promise<InterposedApiServer> {
    const content = parse(await readFile(kubeconfig, 'utf8')) as {
      readonly clusters: readonly [
        { readonly cluster: Readonly<Record<'server' | 'certificate-authority-data', string>> },
      ];
      readonly users: readonly [{ readonly user: { readonly token: string } }];
    };
    const { cluster } = content.clusters[0];
    const ca = Buffer.from(cluster['certificate-authority-data'], 'base64');
    const server = createServer({ requestTimeout: 0 });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    return new InterposedApiServer(server, {
      url: cluster.server,
      authorization: `Bearer ${content.users[0].user.token}`,
      agent: new Agent({ keepAlive: true, ca }),
    });
  }

  /** A kubeconfig that leads here. */
  kubeConfig(): KubeConfig {
    const { port } = this.#server.address() as AddressInfo;
    const kubeConfig = new KubeConfig();
    kubeConfig.loadFromClusterAndUser(
      { name: 'interposed', server: `http://127.0.0.1:${port}`, skipTLSVerify: true },
      { name: 'somebody', token: 'canary-token-of-somebody' },
    );
    return kubeConfig;
  }

  /** How many requests of a method came for paths that end so. */
  count(method: string, pathEnd: string): number {
    return this.requests.filter(
      (request) => request.method === method && request.path.endsWith(pathEnd),
    ).length;
  }

  get openWatches(): number {
    return this.#watches.size;
  }

  /** Ends every open watch in the way in which a server ends one whose time is over. */
  endWatches(lastWords?: unknown): void {
    for (const answer of this.#watches) {
      answer.end(lastWords === undefined ? undefined : `${JSON.stringify(lastWords)}\n`);
    }
  }

  /** Holds back everything that watches deliver; the returned function lets it go, in order. */
  holdWatches(): () => void {
    const held: (() => void)[] = [];
    this.#heldChunks = held;
    return () => {
      this.#heldChunks = undefined;
      for (const deliver of held) deliver();
    };
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#upstream.agent.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const { pathname, searchParams } = new URL(incoming.url ?? '/', 'http://localhost');
    const request: InterposedRequest = {
      method: incoming.method ?? 'GET',
      path: pathname,
      query: searchParams,
      headers: incoming.headers,
      isWatch: searchParams.get('watch') === 'true',
      body: body.toString('utf8'),
    };
    this.requests.push(request);
    const intervention = this.intervene(request);
    switch (intervention?.kind) {
      case 'answer':
        answer.writeHead(intervention.status, {
          'content-type': 'application/json',
          ...intervention.headers,
        });
        answer.end(JSON.stringify(intervention.body));
        return;
      case 'reset':
        incoming.socket.destroy();
        return;
      case 'loseAnswer':
        await this.#forward(request, incoming, body, undefined);
        incoming.socket.destroy();
        return;
      case 'delayAnswer':
        await this.#forward(request, incoming, body, answer, intervention.until);
        return;
      case undefined:
        await this.#forward(request, incoming, body, answer);
    }
  }

  #forward(
    request: InterposedRequest,
    incoming: IncomingMessage,
    body: Buffer,
    answer: ServerResponse | undefined,
    until: Promise<void> = Promise.resolve(),
  ): Promise<void> {
    const { url, authorization, agent } = this.#upstream;
    const headers = { ...incoming.headers, authorization };
    delete headers.host;
    return new Promise((resolve, reject) => {
      const upstream = httpsRequest(new URL(incoming.url ?? '/', url), {
        method: request.method,
        headers,
        agent,
      });
      upstream.once('error', reject);
      upstream.once('response', (response) => {
        response.once('error', reject);
        response.once('end', () => {
          resolve();
        });
        if (answer === undefined) {
          response.resume();
          return;
        }
        void until.then(() => {
          answer.writeHead(response.statusCode ?? 502, response.headers);
          answer.flushHeaders();
          if (request.isWatch && response.statusCode === 200) {
            this.#streamWatch(response, answer, () => {
              // The connection to the client is fine and may carry its next request.
              resolve();
              upstream.destroy();
            });
          } else {
            response.pipe(answer);
          }
        });
      });
      upstream.end(body);
    });
  }

  #streamWatch(response: IncomingMessage, answer: ServerResponse, close: () => void): void {
    this.#watches.add(answer);
    answer.once('close', () => {
      this.#watches.delete(answer);
      close();
    });
    response.on('data', (chunk: Buffer) => {
      const deliver = (): void => {
        if (!answer.writableEnded) answer.write(chunk);
      };
      if (this.#heldChunks === undefined) deliver();
      else this.#heldChunks.push(deliver);
    });
    response.once('end', () => answer.end());
  }
}

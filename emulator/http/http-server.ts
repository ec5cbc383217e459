import type { AddressInfo } from 'node:net';
import { createAdaptorServer, type HttpBindings, type ServerType } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { Hono, type Context } from 'hono';
import type { WireAnswer, WireRequest } from './wire-message.ts';

/** The routes of the emulator, served by Node's own HTTP server. */
export type HttpApp = Hono<{ Bindings: HttpBindings }>;

type HttpContext = Context<{ Bindings: HttpBindings }>;

/** A server that listens. */
export interface ListeningServer {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Makes an empty set of routes. */
export function createHttpApp(): HttpApp {
  return new Hono<{ Bindings: HttpBindings }>();
}

/** Reads a request off the wire, target and headers as they came. */
export async function readWireRequest(context: HttpContext): Promise<WireRequest> {
  const { incoming, outgoing } = context.env;
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(',') : value;
  }
  const gone = new AbortController();
  outgoing.once('close', () => {
    if (!outgoing.writableFinished) gone.abort();
  });
  return {
    method: incoming.method ?? 'GET',
    target: incoming.url ?? '/',
    headers,
    body: new Uint8Array(await context.req.arrayBuffer()),
    gone: gone.signal,
  };
}

/** Writes an answer, or breaks the connection where the answer says so. */
export function writeWireAnswer(context: HttpContext, answer: WireAnswer): Response {
  if (answer.kind === 'cut') {
    context.env.incoming.socket.destroy();
    return RESPONSE_ALREADY_SENT;
  }
  return new Response(answer.body, { status: answer.status, headers: answer.headers });
}

/** Serves the routes on the loopback interface; port 0 takes a free one. */
export async function listenOnLoopback(app: HttpApp, port: number): Promise<ListeningServer> {
  const server = createAdaptorServer({ fetch: app.fetch, overrideGlobalObjects: false });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
  const address = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    close: () => closeServer(server),
  };
}

function closeServer(server: ServerType): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => {
      if (error === undefined) resolve();
      else reject(error);
    });
    // Keep-alive connections would hold the server open.
    if ('closeAllConnections' in server) server.closeAllConnections();
  });
}

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import type { Hono } from 'hono';

/** An HTTP server that listens. */
export interface HttpListener {
  /** The address it listens on, with the port that was chosen for port 0. */
  readonly address: { readonly host: string; readonly port: number };
  close(): Promise<void>;
}

/**
 * Serves an application on an address.
 *
 * Errors: rejects when the address cannot be had.
 */
export async function listen(
  application: Pick<Hono, 'fetch'>,
  address: { readonly host: string; readonly port: number },
): Promise<HttpListener> {
  const answer = getRequestListener(application.fetch);
  const server = createServer((request, response) => {
    void answer(request, response);
  });
  await bind(server, address);
  const bound = server.address() as AddressInfo;
  return {
    address: { host: bound.address, port: bound.port },
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

async function bind(
  server: Server,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<void> {
  try {
    await listenOn(server, host, port);
  } catch (error) {
    // Where there is no IPv6, all interfaces are the IPv4 ones.
    const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
    if (host !== '::' || code !== 'EAFNOSUPPORT') throw error;
    await listenOn(server, '0.0.0.0', port);
  }
}

function listenOn(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

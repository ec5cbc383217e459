import http from 'node:http';
import https from 'node:https';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Asks an endpoint on this machine and returns the HTTP status and body, or undefined when nobody
 * answers.
 *
 * Without a certificate authority the certificate is not checked: some programs make one for
 * themselves that nobody else knows.
 */
export async function probe(
  url: string,
  options: { readonly certificateAuthority?: string; readonly token?: string } = {},
): Promise<{ readonly status: number; readonly body: string } | undefined> {
  const client = url.startsWith('https:') ? https : http;
  const { certificateAuthority, token } = options;
  return new Promise((resolve) => {
    const request = client.get(
      url,
      {
        agent: false,
        timeout: 2000,
        rejectUnauthorized: certificateAuthority !== undefined,
        ...(certificateAuthority === undefined ? {} : { ca: certificateAuthority }),
        headers: {
          'user-agent': 'control-plane-probe',
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
      },
      (response) => {
        const chunks: string[] = [];
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => chunks.push(chunk));
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, body: chunks.join('') });
        });
        response.on('error', () => {
          resolve(undefined);
        });
      },
    );
    request.on('timeout', () => request.destroy());
    request.on('error', () => {
      resolve(undefined);
    });
  });
}

/**
 * Repeats a check until it holds.
 *
 * Errors: throws with the name of what was waited for when the time is over, and at once with the
 *   signal's reason when it is aborted.
 */
export async function waitUntil(
  name: string,
  timeoutMs: number,
  check: () => Promise<boolean>,
  signal?: AbortSignal,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    signal?.throwIfAborted();
    if (await check()) return;
    if (performance.now() > deadline) {
      throw new Error(
        `Gave up waiting until ${name}: ${Math.round(timeoutMs / 1000)} s have passed`,
      );
    }
    await sleep(100);
  }
}

/**
 * Chooses free ports on the loopback interface.
 *
 * They lie below the range from which outgoing connections are numbered, so that no connection of
 * another program takes one before its server has bound it.
 */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = 12_000 + Math.floor(Math.random() * 18_000);
    if (!ports.has(port) && (await isFree(port))) ports.add(port);
  }
  return [...ports];
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.on('error', () => {
      resolve(false);
    });
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}

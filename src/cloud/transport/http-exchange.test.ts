import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import test, { type TestContext } from 'node:test';
import { setDefaultCACertificates } from 'node:tls';
import { setTimeout as sleep } from 'node:timers/promises';
import { LOOPBACK_CERTIFICATE } from '../../../test/support/loopback-certificate.ts';
import type { Clock } from '../clock.ts';
import { SocketHttpSender, type HttpRequest } from './http-exchange.ts';

/** Sockets need real time. */
const clock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  schedule: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    return () => {
      clearTimeout(timer);
    };
  },
  sleep: async (delayMs, signal) => {
    await sleep(delayMs, undefined, signal === undefined ? {} : { signal });
  },
};

/** A server on a free port of the loopback interface, gone when the test ends. */
async function serve(context: TestContext, listener: RequestListener) {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(`${request.method ?? ''} ${request.url ?? ''}`);
    listener(request, response);
  });
  let connections = 0;
  server.on('connection', () => {
    connections += 1;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: new URL(`http://127.0.0.1:${port}/?a=1`), seen, connections: () => connections };
}

function sender(context: TestContext): SocketHttpSender {
  const made = new SocketHttpSender(clock);
  context.after(() => {
    made.close();
  });
  return made;
}

function requestTo(url: URL, more: Partial<HttpRequest> = {}): HttpRequest {
  return {
    method: 'POST',
    url,
    headers: { 'content-length': '0' },
    connectTimeoutMs: 1_000,
    timeoutMs: 2_000,
    signal: new AbortController().signal,
    ...more,
  };
}

test('SocketHttpSender answers status, headers and body, and keeps its connection', async (context) => {
  const { url, seen, connections } = await serve(context, (_, response) => {
    response.writeHead(418, { 'x-acs-retry-after': '7' });
    response.end('short and stout');
  });
  const http = sender(context);
  for (let call = 0; call < 3; call += 1) {
    const outcome = await http.exchange(requestTo(url));
    assert.ok(outcome.kind === 'answered');
    assert.deepEqual(
      [outcome.status, outcome.headers['x-acs-retry-after'], outcome.body],
      [418, '7', 'short and stout'],
    );
  }
  assert.deepEqual(seen, Array(3).fill('POST /?a=1'));
  assert.equal(connections(), 1);
});

test('SocketHttpSender sends nothing when beforeSend throws', async (context) => {
  const { url, seen } = await serve(context, (_, response) => {
    response.end();
  });
  const http = sender(context);
  const refused = http.exchange(
    requestTo(url, {
      beforeSend: () => {
        throw new Error('not the leader');
      },
    }),
  );
  await assert.rejects(refused, /not the leader/);
  const outcome = await http.exchange(requestTo(url));
  assert.equal(outcome.kind, 'answered');
  assert.equal(seen.length, 1, 'The refused request never arrived.');
});

test('SocketHttpSender asks beforeSend only once the connection stands', async (context) => {
  // The server takes the connection and never speaks TLS, as a paused or broken one.
  const sockets: Socket[] = [];
  const server = createTcpServer((socket) => {
    socket.on('error', () => undefined);
    sockets.push(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  let asked = 0;
  const outcome = await sender(context).exchange(
    requestTo(new URL(`https://127.0.0.1:${port}/`), {
      connectTimeoutMs: 100,
      beforeSend: () => {
        asked += 1;
      },
    }),
  );
  assert.ok(outcome.kind === 'failed');
  assert.deepEqual([outcome.reason, outcome.sent, asked], ['connect', false, 0]);
});

test('SocketHttpSender speaks TLS, asks beforeSend after the handshake and keeps its connection', async (context) => {
  setDefaultCACertificates([LOOPBACK_CERTIFICATE.cert]);
  const events: string[] = [];
  const server = createTlsServer(LOOPBACK_CERTIFICATE, (_, response) => {
    events.push('request');
    response.end('answer');
  });
  server.on('secureConnection', () => {
    events.push('handshake');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const http = sender(context);
  for (let call = 0; call < 2; call += 1) {
    const outcome = await http.exchange(
      requestTo(new URL(`https://127.0.0.1:${port}/`), {
        beforeSend: () => {
          events.push('beforeSend');
        },
      }),
    );
    assert.ok(outcome.kind === 'answered');
    assert.equal(outcome.body, 'answer');
  }
  assert.deepEqual(events.filter((event) => event === 'handshake').length, 1);
  assert.deepEqual(
    events.filter((event) => event !== 'handshake'),
    ['beforeSend', 'request', 'beforeSend', 'request'],
  );
});

test('SocketHttpSender sends nothing to a server whose certificate nobody vouches for', async (context) => {
  setDefaultCACertificates([]);
  const seen: string[] = [];
  const server = createTlsServer(LOOPBACK_CERTIFICATE, (request, response) => {
    seen.push(request.url ?? '');
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const outcome = await sender(context).exchange(
    requestTo(new URL(`https://127.0.0.1:${port}/secret`)),
  );
  assert.ok(outcome.kind === 'failed');
  assert.deepEqual([outcome.reason, outcome.sent, seen], ['connect', false, []]);
});

test('SocketHttpSender tells a refused connection from a cut one', async (context) => {
  const { url } = await serve(context, (request) => {
    request.socket.destroy();
  });
  const cut = await sender(context).exchange(requestTo(url));
  assert.ok(cut.kind === 'failed');
  assert.deepEqual([cut.reason, cut.sent], ['cut', true]);

  const closed = createTcpServer().listen(0, '127.0.0.1');
  await once(closed, 'listening');
  const { port } = closed.address() as AddressInfo;
  closed.close();
  await once(closed, 'close');
  const refused = await sender(context).exchange(requestTo(new URL(`http://127.0.0.1:${port}/`)));
  assert.ok(refused.kind === 'failed');
  assert.deepEqual([refused.reason, refused.sent], ['connect', false]);
});

test('SocketHttpSender takes half an answer for a cut', async (context) => {
  const { url } = await serve(context, (request, response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('{"RequestId"', () => {
      request.socket.destroy();
    });
  });
  const outcome = await sender(context).exchange(requestTo(url));
  assert.ok(outcome.kind === 'failed');
  assert.deepEqual([outcome.reason, outcome.sent], ['cut', true]);
});

const slow = [
  { name: 'NoAnswer', begin: false, reason: 'Nothing comes.' },
  { name: 'HalfAnswer', begin: true, reason: 'The limit is for the whole answer, not its start.' },
];

for (const { name, begin, reason } of slow) {
  test(`CTL-25: SocketHttpSender gives up a slow answer: ${name}`, async (context) => {
    const { url } = await serve(context, (_, response) => {
      if (begin) response.write('{');
    });
    const outcome = await sender(context).exchange(requestTo(url, { timeoutMs: 150 }));
    assert.ok(outcome.kind === 'failed');
    assert.deepEqual([outcome.reason, outcome.sent], ['timeout', true], reason);
  });
}

test('CTL-25: SocketHttpSender ends with its signal, before and after sending', async (context) => {
  const { url, seen } = await serve(context, () => undefined);
  const http = sender(context);
  const early = await http.exchange(requestTo(url, { signal: AbortSignal.abort(new Error('no')) }));
  assert.ok(early.kind === 'failed');
  assert.deepEqual([early.reason, early.sent], ['cancelled', false]);
  const abort = new AbortController();
  const late = http.exchange(requestTo(url, { signal: abort.signal }));
  while (seen.length === 0) await clock.sleep(5);
  abort.abort(new Error('enough'));
  const outcome = await late;
  assert.ok(outcome.kind === 'failed');
  assert.deepEqual([outcome.reason, outcome.sent], ['cancelled', true]);
});

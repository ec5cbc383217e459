import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Hono } from 'hono';
import { listen } from './http-listener.ts';

test('listen: serves on a free port until it is closed', async () => {
  const application = new Hono().get('/x', (context) => context.text('here'));
  const listener = await listen(application, { host: '127.0.0.1', port: 0 });
  const url = `http://127.0.0.1:${listener.address.port}/x`;
  assert.equal(await (await fetch(url)).text(), 'here');
  await assert.rejects(listen(application, listener.address), /EADDRINUSE/);
  await listener.close();
  await assert.rejects(fetch(url));
});

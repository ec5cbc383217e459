import assert from 'node:assert/strict';
import { test } from 'node:test';
import { healthApplication, type HealthCheck } from './health-checks.ts';

const ok: HealthCheck = { name: 'ping', problem: () => undefined };
const broken: HealthCheck = { name: 'informer-sync', problem: () => 'not listed yet: Node' };

const cases = [
  { path: '/livez', live: [ok], ready: [], status: 200, body: 'ok' },
  { path: '/healthz', live: [ok], ready: [broken], status: 200, body: 'ok' },
  {
    path: '/livez?verbose',
    live: [ok],
    ready: [],
    status: 200,
    body: '[+]ping ok\nlivez check passed\n',
  },
  {
    path: '/readyz',
    live: [ok],
    ready: [ok, broken],
    status: 500,
    body: '[+]ping ok\n[-]informer-sync failed: reason withheld\nreadyz check failed\n',
  },
  { path: '/readyz?exclude=informer-sync', live: [], ready: [ok, broken], status: 200, body: 'ok' },
  {
    path: '/readyz?verbose&exclude=informer-sync&exclude=nothing',
    live: [],
    ready: [ok, broken],
    status: 200,
    body: '[+]ping ok\nwarn: some health checks cannot be excluded: no matches for nothing\nreadyz check passed\n',
  },
  { path: '/readyz/ping', live: [], ready: [ok, broken], status: 200, body: 'ok' },
  {
    path: '/readyz/informer-sync',
    live: [],
    ready: [ok, broken],
    status: 500,
    body: 'internal server error: reason withheld\n',
  },
  { path: '/readyz', live: [], ready: [], status: 200, body: 'ok' },
] as const;

for (const { path, live, ready, status, body } of cases) {
  test(`OBS-12 OBS-13: GET ${path} answers ${status}`, async () => {
    const told: string[] = [];
    const application = healthApplication({ live, ready }, (endpoint, problems) => {
      told.push(`${endpoint}: ${problems.join()}`);
    });
    const answer = await application.request(path);
    assert.equal(answer.status, status);
    assert.equal(await answer.text(), body);
    const wanted = status === 200 ? [] : ['readyz: informer-sync: not listed yet: Node'];
    assert.deepEqual(told, wanted, 'The reason goes to the log, not to whoever asks');
  });
}

test('OBS-12: an unknown check is not found', async () => {
  const application = healthApplication({ live: [ok], ready: [] }, () => undefined);
  assert.equal((await application.request('/livez/other')).status, 404);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '../../../test/support/virtual-clock.ts';
import { CloudPlace } from './cloud-place.ts';
import { DEFAULT_CLOUD_SETTINGS } from './cloud-settings.ts';
import type { HttpOutcome, HttpRequest, HttpSender } from './http-exchange.ts';

const { signal } = new AbortController();

test('CloudPlace: many who ask at once share one question to the metadata', async () => {
  const asked: string[] = [];
  const http: HttpSender = {
    exchange: ({ url }: HttpRequest): Promise<HttpOutcome> => {
      asked.push(url.pathname);
      return Promise.resolve({ kind: 'answered', status: 200, headers: {}, body: 'cn-hangzhou' });
    },
  };
  const settings = { ...DEFAULT_CLOUD_SETTINGS, clusterId: '', operatorVersion: 'test' };
  const place = new CloudPlace(settings, { http, clock: new VirtualClock() });
  const regions = await Promise.all(Array.from({ length: 100 }, () => place.regionId(signal)));
  assert.deepEqual(new Set(regions), new Set(['cn-hangzhou']));
  assert.deepEqual(asked, ['/latest/api/token', '/latest/meta-data/region-id']);
  await place.regionId(signal);
  assert.equal(asked.length, 2, 'What was answered is kept');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '../../../test/support/virtual-clock.ts';
import { TokenBucket } from './token-bucket.ts';

test('CTL-26: a burst goes at once, then requests go at the rate, in order', async () => {
  const clock = new VirtualClock();
  const bucket = new TokenBucket(clock, 20, 30);
  const wentAtMs: number[] = [];
  const signal = new AbortController().signal;
  const all = Array.from({ length: 40 }, async () => {
    await bucket.take(signal);
    wentAtMs.push(clock.monotonicMs());
  });
  await clock.advance(10_000);
  await Promise.all(all);
  assert.equal(wentAtMs.filter((atMs) => atMs === 0).length, 30);
  assert.deepEqual(wentAtMs.slice(30), [50, 100, 150, 200, 250, 300, 350, 400, 450, 500]);
});

test('TokenBucket: whoever gives up gives the token back', async () => {
  const clock = new VirtualClock();
  const bucket = new TokenBucket(clock, 1, 1);
  assert.equal(bucket.reserveMs(), 0);
  const impatient = new AbortController();
  const waiting = bucket.take(impatient.signal);
  impatient.abort(new Error('enough'));
  await assert.rejects(waiting);
  assert.equal(bucket.reserveMs(), 1_000);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '../../../test/support/virtual-clock.ts';
import type { Randomness } from '../../cloud/clock.ts';
import { afterProgress, Failure, type FailureKind } from '../../cloud/failure.ts';
import { noLongerThan, ownKindBackOff, RetryPolicy, serviceBackOff } from './retry-policy.ts';

const middle: Randomness = { fraction: () => 0.5, hex: (bytes) => '00'.repeat(bytes) };
const web = { namespace: 'shop', name: 'web' };
const DRIFT_MS = 300_000;

function delaysOf(policy: RetryPolicy, kind: FailureKind, times: number): number[] {
  return Array.from({ length: times }, () => policy.retryOf(web, new Failure(kind, 'no')).delayMs);
}

test('SVC-76: a failing Service is retried after 5, 10, 20 … 300 seconds, and anew after success', () => {
  const policy = new RetryPolicy(serviceBackOff(), DRIFT_MS, middle);
  const want = [5, 10, 20, 40, 80, 160, 300, 300].map((seconds) => seconds * 1_000);
  assert.deepEqual(delaysOf(policy, 'retryable', 8), want);
  policy.forget(web);
  assert.deepEqual(delaysOf(policy, 'retryable', 1), [5_000]);
});

test('CTL-16 NODE-24: own kinds start at 5 ms, double to 1000 s, and begin again after success', () => {
  const clock = new VirtualClock();
  const policy = new RetryPolicy(ownKindBackOff(clock), DRIFT_MS, middle);
  const delays = delaysOf(policy, 'retryable', 20);
  assert.deepEqual(delays.slice(0, 4), [5, 10, 20, 40]);
  assert.equal(delays.at(-1), 1_000_000);
  policy.forget(web);
  assert.deepEqual(delaysOf(policy, 'retryable', 1), [5]);
});

test('a key that is looked at every so often anyway waits no longer for its next try', () => {
  const backOff = noLongerThan(60_000, (failures) => failures * 25_000);
  assert.deepEqual([1, 2, 3, 40].map(backOff), [25_000, 50_000, 60_000, 60_000]);
});

test('CTL-16 NODE-24: retries of all keys share ten a second after a burst of a hundred', () => {
  const clock = new VirtualClock();
  const policy = new RetryPolicy(ownKindBackOff(clock), DRIFT_MS, middle);
  const delays = Array.from({ length: 130 }, (_, index) => {
    const key = { namespace: 'shop', name: `web-${index}` };
    return policy.retryOf(key, new Failure('retryable', 'no')).delayMs;
  });
  assert.ok(delays.slice(0, 100).every((delay) => delay === 5));
  assert.equal(delays[100], 100);
  assert.equal(delays[129], 3_000);
});

test('RetryPolicy: a lock of someone else is asked for after 1, 2, 4 … 15 s and counts as no failure', () => {
  const policy = new RetryPolicy(serviceBackOff(), DRIFT_MS, middle);
  assert.deepEqual(delaysOf(policy, 'conflict', 6), [1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
  assert.deepEqual(delaysOf(policy, 'retryable', 1), [5_000]);
});

test('RetryPolicy: the lock of an own write that was accepted is a new one', () => {
  const policy = new RetryPolicy(serviceBackOff(), DRIFT_MS, middle);
  const locked = afterProgress(new Failure('conflict', 'locked', { code: 'ServiceIsConfiguring' }));
  const delays = Array.from({ length: 3 }, () => policy.retryOf(web, locked).delayMs);
  assert.deepEqual(delays, [1_000, 1_000, 1_000]);
  assert.deepEqual(delaysOf(policy, 'conflict', 2), [2_000, 4_000]);
});

test('RetryPolicy: locks and lost races do not lengthen the waits of each other', () => {
  const policy = new RetryPolicy(serviceBackOff(), DRIFT_MS, { ...middle, fraction: () => 0 });
  const raced = new Failure('conflict', 'someone wrote first', { code: 'Conflict' });
  assert.deepEqual(delaysOf(policy, 'conflict', 4), [1_000, 2_000, 4_000, 8_000]);
  assert.equal(policy.retryOf(web, raced).delayMs, 100);
  assert.equal(policy.retryOf(web, raced).delayMs, 200);
  policy.forget(web);
  assert.equal(policy.retryOf(web, raced).delayMs, 100);
  assert.deepEqual(delaysOf(policy, 'conflict', 1), [1_000]);
});

test('CTL-03: a lost race for an object is tried again after 100, 200, 400 ms …, spread up to twice that', () => {
  const delaysWith = (fraction: number): number[] => {
    const policy = new RetryPolicy(serviceBackOff(), DRIFT_MS, {
      ...middle,
      fraction: () => fraction,
    });
    const raced = new Failure('conflict', 'someone wrote first', { code: 'Conflict' });
    return Array.from({ length: 4 }, () => policy.retryOf(web, raced).delayMs);
  };
  assert.deepEqual(delaysWith(0), [100, 200, 400, 800]);
  assert.deepEqual(delaysWith(0.5), [150, 300, 600, 1_200]);
});

test('SVC-79: throttling waits as long as asked and leaves the failure count where it is', () => {
  const policy = new RetryPolicy(serviceBackOff(), DRIFT_MS, middle);
  assert.deepEqual(delaysOf(policy, 'retryable', 2), [5_000, 10_000]);
  const throttled = new Failure('throttled', 'slow', { retryAfterMs: 1_234 });
  assert.deepEqual(policy.retryOf(web, throttled), { delayMs: 1_234, isResync: false });
  assert.deepEqual(delaysOf(policy, 'throttled', 1), [5_000]);
  assert.deepEqual(delaysOf(policy, 'retryable', 1), [20_000]);
});

test('SVC-79 CTL-17: what only a change mends waits for the resync, spread by a tenth', () => {
  const delayWith = (fraction: number): number => {
    const policy = new RetryPolicy(serviceBackOff(), DRIFT_MS, {
      ...middle,
      fraction: () => fraction,
    });
    const retry = policy.retryOf(web, new Failure('terminal', 'denied'));
    assert.equal(retry.isResync, true);
    return retry.delayMs;
  };
  assert.equal(delayWith(0), 0.9 * DRIFT_MS);
  assert.equal(delayWith(0.5), DRIFT_MS);
  assert.ok(delayWith(0.999) <= 1.1 * DRIFT_MS);
});

test('RetryPolicy: an answer that says when to come again is heeded beyond the back-off', () => {
  const policy = new RetryPolicy(serviceBackOff(), DRIFT_MS, middle);
  const busy = new Failure('retryable', 'busy', { retryAfterMs: 60_000 });
  assert.equal(policy.retryOf(web, busy).delayMs, 60_000);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SystemClock, SystemRandomness } from './system-clock.ts';

test('SystemClock: a sleep ends with its time, or with the reason of an abort', async () => {
  const clock = new SystemClock();
  const before = clock.monotonicMs();
  await clock.sleep(20);
  assert.ok(clock.monotonicMs() - before >= 18);

  const controller = new AbortController();
  const sleeping = clock.sleep(60_000, controller.signal);
  controller.abort(new Error('enough'));
  await assert.rejects(sleeping, /enough/);
  await assert.rejects(clock.sleep(1, controller.signal), /enough/);
});

test('SystemClock: a delay too long for a timer does not fire at once, and can be cancelled', async () => {
  const clock = new SystemClock();
  let hasFired = false;
  const cancel = clock.schedule(2 ** 40, () => {
    hasFired = true;
  });
  await clock.sleep(10);
  cancel();
  assert.equal(hasFired, false);
});

test('SystemRandomness: fractions below one, and as many bytes as asked', () => {
  const randomness = new SystemRandomness();
  const fraction = randomness.fraction();
  assert.ok(fraction >= 0 && fraction < 1);
  assert.match(randomness.hex(8), /^[0-9a-f]{16}$/);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { WriteTurns } from './write-turns.ts';

const never = new AbortController().signal;

test('NODE-27 WriteTurns: as many at a time as allowed, in the order of coming', async () => {
  const turns = new WriteTurns(2);
  const begun: number[] = [];
  const finishers = new Map<number, () => void>();
  const tasks = [1, 2, 3, 4].map((id) =>
    turns.take(never, async () => {
      begun.push(id);
      await new Promise<void>((resolve) => finishers.set(id, resolve));
    }),
  );
  await setImmediate();
  assert.deepEqual(begun, [1, 2]);
  finishers.get(2)?.();
  await setImmediate();
  assert.deepEqual(begun, [1, 2, 3]);
  for (const id of [1, 3]) finishers.get(id)?.();
  await setImmediate();
  finishers.get(4)?.();
  await Promise.all(tasks);
  assert.deepEqual(begun, [1, 2, 3, 4]);
});

test('WriteTurns: a failed task hands its turn over, and one that waits can give up', async () => {
  const turns = new WriteTurns(1);
  const failed = turns.take(never, () => Promise.reject(new Error('broken')));
  const impatient = new AbortController();
  const given = turns.take(impatient.signal, () => Promise.resolve('given'));
  const last = turns.take(never, () => Promise.resolve('last'));
  impatient.abort(new Error('too long'));
  await assert.rejects(given, /too long/);
  await assert.rejects(failed, /broken/);
  assert.equal(await last, 'last');
  assert.equal(await turns.take(never, () => Promise.resolve('free')), 'free');
});

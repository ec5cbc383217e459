import assert from 'node:assert/strict';
import test from 'node:test';
import { CoalescedReads } from './coalesced-reads.ts';

const never = (): AbortSignal => new AbortController().signal;

/** A read whose end the test decides. */
function heldRead() {
  const started: AbortSignal[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const start = (signal: AbortSignal): Promise<string> => {
    started.push(signal);
    return promise;
  };
  return { started, start, resolve, reject };
}

test('CoalescedReads shares one call among identical reads that are under way', async () => {
  const reads = new CoalescedReads();
  const { started, start, resolve } = heldRead();
  const answers = [reads.join('a', never(), start), reads.join('a', never(), start)];
  resolve('answer');
  assert.deepEqual(await Promise.all(answers), ['answer', 'answer']);
  assert.equal(started.length, 1);
});

test('CoalescedReads keeps different reads apart, and starts anew once one has ended', async () => {
  const reads = new CoalescedReads();
  const { started, start, resolve } = heldRead();
  resolve('answer');
  await Promise.all([reads.join('a', never(), start), reads.join('b', never(), start)]);
  await reads.join('a', never(), start);
  assert.equal(started.length, 3);
});

test('CoalescedReads lets nobody join a read that began before a write', async () => {
  const reads = new CoalescedReads();
  const { started, start, resolve } = heldRead();
  const before = reads.join('a', never(), start);
  reads.closeToNewReaders();
  const after = reads.join('a', never(), start);
  resolve('answer');
  await Promise.all([before, after]);
  assert.equal(started.length, 2);
});

test('CoalescedReads ends a shared call only when everyone has left', async () => {
  const reads = new CoalescedReads();
  const { started, start } = heldRead();
  const [one, two] = [new AbortController(), new AbortController()];
  const first = reads.join('a', one.signal, start);
  const second = reads.join('a', two.signal, start);
  one.abort(new Error('first left'));
  await assert.rejects(first, /first left/);
  assert.equal(started[0]?.aborted, false);
  two.abort(new Error('second left'));
  await assert.rejects(second, /second left/);
  assert.equal(started[0].aborted, true);
});

test('CoalescedReads gives a failure to everyone who shares it', async () => {
  const reads = new CoalescedReads();
  const { start, reject } = heldRead();
  const answers = [reads.join('a', never(), start), reads.join('a', never(), start)];
  reject(new Error('no answer'));
  for (const answer of answers) await assert.rejects(answer, /no answer/);
});

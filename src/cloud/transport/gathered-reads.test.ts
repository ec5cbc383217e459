import assert from 'node:assert/strict';
import test from 'node:test';
import { VirtualClock } from '../../../test/support/virtual-clock.ts';
import type { CallLane, CallOptions } from '../call-options.ts';
import { Failure } from '../failure.ts';
import { GatheredReads } from './gathered-reads.ts';

interface Item {
  readonly id: string;
}

interface Call {
  readonly regionId: string;
  readonly ids: readonly string[];
  readonly lane: CallLane;
  readonly signal: AbortSignal;
  readonly atMs: number;
}

const WINDOW_MS = 1_000;

function setup(answer: (call: Call) => Promise<readonly Item[]> = everything) {
  const clock = new VirtualClock();
  const calls: Call[] = [];
  const reads = new GatheredReads<Item>(
    { windowMs: WINDOW_MS, idsPerCall: 100 },
    {
      clock,
      idOf: ({ id }) => id,
      readMany: (regionId, ids, { lane, signal }) => {
        const call = { regionId, ids, lane, signal, atMs: clock.monotonicMs() };
        calls.push(call);
        return answer(call);
      },
    },
  );
  return { reads, calls, clock };
}

function everything({ ids }: Call): Promise<readonly Item[]> {
  return Promise.resolve(ids.map((id) => ({ id })));
}

function by(signal = new AbortController().signal, lane: CallLane = 'live'): CallOptions {
  return { signal, lane };
}

const thousand = Array.from({ length: 1_000 }, (_, index) => `i-${index}`);

test('GatheredReads sends a full call at once and the rest after the window', async () => {
  const { reads, calls, clock } = setup();
  const found = Promise.all([...thousand, 'i-last'].map((id) => reads.find('region', id, by())));
  await clock.advance(0);
  assert.deepEqual(
    calls.map(({ ids, atMs }) => [ids.length, atMs]),
    Array.from({ length: 10 }, () => [100, 0]),
  );
  await clock.advance(WINDOW_MS - 1);
  assert.equal(calls.length, 10);
  await clock.advance(1);
  assert.deepEqual(calls[10]?.ids, ['i-last']);
  assert.deepEqual(
    (await found).map((item) => item?.id),
    [...thousand, 'i-last'],
  );
});

test('GatheredReads counts the window from the first id, so that nobody waits longer', async () => {
  const { reads, calls, clock } = setup();
  const first = reads.find('region', 'i-1', by());
  await clock.advance(900);
  const second = reads.find('region', 'i-2', by());
  await clock.advance(100);
  assert.deepEqual(calls[0]?.ids, ['i-1', 'i-2']);
  assert.equal(calls[0].atMs, WINDOW_MS);
  await Promise.all([first, second]);
});

test('GatheredReads sends an id that is asked for twice once, and answers both', async () => {
  const { reads, calls, clock } = setup();
  const both = Promise.all([
    reads.find('region', 'i-1', by()),
    reads.find('region', 'i-1', by()),
    reads.find('region', 'i-10', by()),
  ]);
  await clock.advance(WINDOW_MS);
  assert.deepEqual(calls[0]?.ids, ['i-1', 'i-10']);
  assert.deepEqual(
    (await both).map((item) => item?.id),
    ['i-1', 'i-1', 'i-10'],
  );
});

test('GatheredReads answers undefined for what a complete answer does not have', async () => {
  const { reads, clock } = setup(() => Promise.resolve([{ id: 'i-10' }, { id: 'i-other' }]));
  const found = Promise.all([
    reads.find('region', 'i-1', by()),
    reads.find('region', 'i-10', by()),
  ]);
  await clock.advance(WINDOW_MS);
  assert.deepEqual(await found, [undefined, { id: 'i-10' }], 'Ids are compared whole.');
});

test('GatheredReads begins anew for who asks after a call has left', async () => {
  const { reads, calls, clock } = setup(async (call) => {
    await clock.sleep(5_000);
    return everything(call);
  });
  const before = reads.find('region', 'i-1', by());
  await clock.advance(WINDOW_MS);
  const after = reads.find('region', 'i-1', by());
  await clock.advance(10_000);
  await Promise.all([before, after]);
  assert.equal(calls.length, 2, 'No answer is older than its question.');
});

test('GatheredReads tells a failure to those who wait for that call and to nobody else', async () => {
  const failure = new Failure('terminal', 'Cannot describe instances', { code: 'Forbidden.RAM' });
  const { reads, clock } = setup((call) =>
    call.regionId === 'bad' ? Promise.reject(failure) : everything(call),
  );
  const results = Promise.allSettled([
    reads.find('bad', 'i-1', by()),
    reads.find('bad', 'i-2', by()),
    reads.find('good', 'i-1', by()),
  ]);
  await clock.advance(WINDOW_MS);
  assert.deepEqual(await results, [
    { status: 'rejected', reason: failure },
    { status: 'rejected', reason: failure },
    { status: 'fulfilled', value: { id: 'i-1' } },
  ]);
});

test('GatheredReads keeps live readers out of the calls of the sweep', async () => {
  const { reads, calls, clock } = setup();
  const found = Promise.all([
    reads.find('region', 'i-1', by(undefined, 'live')),
    reads.find('region', 'i-2', by(undefined, 'sweep')),
  ]);
  await clock.advance(WINDOW_MS);
  await found;
  assert.deepEqual(
    calls.map(({ lane, ids }) => [lane, ids]),
    [
      ['live', ['i-1']],
      ['sweep', ['i-2']],
    ],
  );
});

test('GatheredReads lets one reader go without the others', async () => {
  const { reads, calls, clock } = setup();
  const leaving = new AbortController();
  const gone = reads.find('region', 'i-1', by(leaving.signal));
  const sharing = reads.find('region', 'i-1', by());
  const alone = new AbortController();
  const goneToo = reads.find('region', 'i-2', by(alone.signal));
  leaving.abort(new Error('no longer wanted'));
  alone.abort(new Error('no longer wanted'));
  await assert.rejects(gone, /no longer wanted/);
  await assert.rejects(goneToo, /no longer wanted/);
  await clock.advance(WINDOW_MS);
  assert.deepEqual(calls[0]?.ids, ['i-1'], 'Nobody asks for the other any more.');
  assert.deepEqual(await sharing, { id: 'i-1' });
});

test('GatheredReads makes no call when everyone has gone, and serves who comes then', async () => {
  const { reads, calls, clock } = setup();
  const leaving = new AbortController();
  const gone = reads.find('region', 'i-1', by(leaving.signal));
  leaving.abort(new Error('no longer wanted'));
  await assert.rejects(gone, /no longer wanted/);
  await clock.advance(500);
  const later = reads.find('region', 'i-1', by());
  await clock.advance(WINDOW_MS - 1);
  assert.equal(calls.length, 0);
  await clock.advance(1);
  assert.deepEqual(await later, { id: 'i-1' });
  assert.equal(calls.length, 1);
});

test('GatheredReads ends a call under way when everyone has gone', async () => {
  const { reads, calls, clock } = setup(() => new Promise(() => undefined));
  const one = new AbortController();
  const two = new AbortController();
  const both = Promise.allSettled([
    reads.find('region', 'i-1', by(one.signal)),
    reads.find('region', 'i-2', by(two.signal)),
  ]);
  await clock.advance(WINDOW_MS);
  one.abort(new Error('no longer wanted'));
  assert.equal(calls[0]?.signal.aborted, false);
  two.abort(new Error('no longer wanted'));
  assert.equal(calls[0].signal.aborted, true);
  await both;
});

test('GatheredReads refuses who has gone before asking', async () => {
  const { reads, calls, clock } = setup();
  await assert.rejects(reads.find('region', 'i-1', by(AbortSignal.abort(new Error('gone')))));
  await clock.advance(WINDOW_MS);
  assert.equal(calls.length, 0);
});

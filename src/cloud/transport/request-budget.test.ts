import assert from 'node:assert/strict';
import test from 'node:test';
import { VirtualClock } from '../../../test/support/virtual-clock.ts';
import type { CallLane } from '../call-options.ts';
import { RequestBudget } from './request-budget.ts';

const LIMITS = { callsPerSecond: 10, burst: 10 };

/** Takes tokens and notes when, and in which order, they were granted. */
function recorder(clock: VirtualClock, budget: RequestBudget) {
  const granted: { readonly name: string; readonly atMs: number }[] = [];
  const take = (name: string, lane: CallLane, operation = 'Read'): Promise<void> =>
    budget.take(operation, lane, new AbortController().signal).then(() => {
      granted.push({ name, atMs: clock.monotonicMs() });
    });
  return { granted, take };
}

test('CTL-25: RequestBudget lets a burst pass and then keeps the rate', async () => {
  const clock = new VirtualClock();
  const { granted, take } = recorder(clock, new RequestBudget(LIMITS, clock));
  for (let index = 0; index < 30; index += 1) void take(String(index), 'live');
  await clock.advance(5_000);
  assert.deepEqual(
    granted.map(({ name }) => name),
    Array.from({ length: 30 }, (_, index) => String(index)),
    'First come, first served.',
  );
  assert.equal(granted.filter(({ atMs }) => atMs === 0).length, 10);
  const inFirstSecond = granted.filter(({ atMs }) => atMs <= 1_000).length;
  assert.ok(inFirstSecond <= 20, `At most burst and rate in the first second: ${inFirstSecond}`);
  assert.equal(granted.at(-1)?.atMs, 2_000);
});

test('CTL-25: RequestBudget keeps one bucket per operation, so that a throttled one slows itself alone', async () => {
  const clock = new VirtualClock();
  const budget = new RequestBudget(LIMITS, clock);
  const { granted, take } = recorder(clock, budget);
  budget.throttled('Write', 60_000);
  void take('write', 'live', 'Write');
  void take('read', 'live', 'Read');
  await clock.advance(1_000);
  assert.deepEqual(granted, [{ name: 'read', atMs: 0 }]);
  await clock.advance(60_000);
  assert.equal(granted.length, 2);
});

test('RequestBudget serves live calls before sweep calls that came earlier', async () => {
  const clock = new VirtualClock();
  const { granted, take } = recorder(
    clock,
    new RequestBudget({ callsPerSecond: 1, burst: 1 }, clock),
  );
  void take('first', 'live');
  void take('sweep', 'sweep');
  void take('live-1', 'live');
  void take('live-2', 'live');
  await clock.advance(5_000);
  assert.deepEqual(
    granted.map(({ name }) => name),
    ['first', 'live-1', 'live-2', 'sweep'],
  );
});

test('RequestBudget lets an aged sweep call pass although live calls never end', async () => {
  const clock = new VirtualClock();
  const { granted, take } = recorder(
    clock,
    new RequestBudget({ callsPerSecond: 1, burst: 1 }, clock),
  );
  void take('sweep', 'sweep');
  void take('sweep-2', 'sweep');
  for (let second = 0; second < 30; second += 1) {
    void take(`live-${second}`, 'live');
    await clock.advance(1_000);
  }
  const sweep = granted.find(({ name }) => name === 'sweep-2');
  assert.ok(sweep !== undefined && sweep.atMs <= 13_000, JSON.stringify(sweep));
});

test('RequestBudget keeps a part of the burst free of sweep calls', async () => {
  const clock = new VirtualClock();
  const { granted, take } = recorder(clock, new RequestBudget(LIMITS, clock));
  for (let index = 0; index < 10; index += 1) void take(`sweep-${index}`, 'sweep');
  await clock.advance(0);
  assert.equal(granted.length, 7, 'Three tokens of ten stay for live calls.');
  for (let index = 0; index < 3; index += 1) void take(`live-${index}`, 'live');
  await clock.advance(0);
  assert.equal(granted.length, 10, 'Live calls need not wait for them.');
});

test('RequestBudget stops a throttled operation for as long as the API asks, and slows it down', async () => {
  const clock = new VirtualClock();
  const budget = new RequestBudget(LIMITS, clock);
  const { granted, take } = recorder(clock, budget);
  budget.throttled('Read', 3_000);
  for (let index = 0; index < 6; index += 1) void take(String(index), 'live');
  await clock.advance(2_999);
  assert.equal(granted.length, 0);
  await clock.advance(1_001);
  assert.equal(granted.length, 5, 'Half of ten in the second after the pause.');
});

test('RequestBudget takes its rate back call by call', async () => {
  const clock = new VirtualClock();
  const budget = new RequestBudget(LIMITS, clock);
  const { granted, take } = recorder(clock, budget);
  budget.throttled('Read', 0);
  for (let index = 0; index < 30; index += 1) budget.passed('Read');
  await clock.advance(10_000);
  granted.length = 0;
  for (let index = 0; index < 20; index += 1) void take(String(index), 'live');
  await clock.advance(1_000);
  assert.equal(granted.length, 20, 'A full burst, and ten in the second after it.');
});

test('RequestBudget forgets a waiting call whose signal is aborted', async () => {
  const clock = new VirtualClock();
  const budget = new RequestBudget({ callsPerSecond: 1, burst: 1 }, clock);
  const { granted, take } = recorder(clock, budget);
  void take('first', 'live');
  const abort = new AbortController();
  const waiting = budget.take('Read', 'live', abort.signal);
  void take('third', 'live');
  abort.abort(new Error('enough'));
  await assert.rejects(waiting, /enough/);
  await clock.advance(1_000);
  assert.deepEqual(
    granted.map(({ name }) => name),
    ['first', 'third'],
  );
});

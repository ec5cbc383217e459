import assert from 'node:assert/strict';
import test from 'node:test';
import { VirtualClock } from '../../../test/support/virtual-clock.ts';
import { ObjectLanes, type WriteOutcome } from './object-lane.ts';

const SPACING = { spacingMs: 300, longestSpacingMs: 2_000 };

interface Written {
  readonly name: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** Writes that last, with a note of when each ran. */
function recorder(clock: VirtualClock, lanes: ObjectLanes) {
  const written: Written[] = [];
  const write = (
    objectId: string,
    name: string,
    options: { outcome?: WriteOutcome; lastsMs?: number; signal?: AbortSignal } = {},
  ): Promise<void> => {
    const { outcome = 'taken', lastsMs = 100, signal = new AbortController().signal } = options;
    return lanes.run(objectId, signal, async (report) => {
      const fromMs = clock.monotonicMs();
      await clock.sleep(lastsMs);
      report(outcome);
      written.push({ name, fromMs, toMs: clock.monotonicMs() });
    });
  };
  return { written, write };
}

test('ObjectLanes runs writes to one object one after the other, with a pause after each answer', async () => {
  const clock = new VirtualClock();
  const { written, write } = recorder(clock, new ObjectLanes(SPACING, clock));
  for (const name of ['a', 'b', 'c']) void write('lb-1', name);
  await clock.advance(5_000);
  assert.deepEqual(written, [
    { name: 'a', fromMs: 0, toMs: 100 },
    { name: 'b', fromMs: 400, toMs: 500 },
    { name: 'c', fromMs: 800, toMs: 900 },
  ]);
});

test('ObjectLanes does not let objects wait for each other', async () => {
  const clock = new VirtualClock();
  const { written, write } = recorder(clock, new ObjectLanes(SPACING, clock));
  for (const objectId of ['lb-1', 'lb-2', 'lb-3']) void write(objectId, objectId);
  await clock.advance(100);
  assert.equal(written.length, 3);
});

const outcomes: readonly { name: string; outcome: WriteOutcome; wantMs: number; reason: string }[] =
  [
    { name: 'Taken', outcome: 'taken', wantMs: 300, reason: 'The cloud holds the object a while.' },
    { name: 'Locked', outcome: 'locked', wantMs: 600, reason: 'The pause was too short: doubled.' },
    { name: 'Lost', outcome: 'lost', wantMs: 300, reason: 'It may be being applied.' },
    { name: 'Untouched', outcome: 'untouched', wantMs: 0, reason: 'Nothing holds the object.' },
  ];

for (const { name, outcome, wantMs, reason } of outcomes) {
  test(`ObjectLanes: ${name}`, async () => {
    const clock = new VirtualClock();
    const { written, write } = recorder(clock, new ObjectLanes(SPACING, clock));
    void write('lb-1', 'first', { outcome });
    void write('lb-1', 'second');
    await clock.advance(5_000);
    assert.equal((written[1]?.fromMs ?? NaN) - (written[0]?.toMs ?? NaN), wantMs, reason);
  });
}

test('ObjectLanes doubles the pause up to its limit and brings it back slowly', async () => {
  const clock = new VirtualClock();
  const lanes = new ObjectLanes(SPACING, clock);
  const { written, write } = recorder(clock, lanes);
  const locked = Array.from({ length: 5 }, () => 'locked' as const);
  const taken = Array.from({ length: 13 }, () => 'taken' as const);
  for (const outcome of [...locked, ...taken]) void write('lb-1', outcome, { outcome, lastsMs: 0 });
  await clock.advance(120_000);
  const pauses = written.slice(1).map(({ fromMs }, index) => fromMs - (written[index]?.toMs ?? 0));
  assert.deepEqual(pauses, [
    ...[600, 1_200, 2_000, 2_000, 2_000],
    ...[2_000, 2_000, 2_000, 1_000, 1_000, 1_000, 1_000, 500, 500, 500, 500, 300],
  ]);
});

test('ObjectLanes starts the pause of an object that was just made', async () => {
  const clock = new VirtualClock();
  const lanes = new ObjectLanes(SPACING, clock);
  const { written, write } = recorder(clock, lanes);
  lanes.touch('lb-1');
  void write('lb-1', 'first');
  await clock.advance(1_000);
  assert.equal(written[0]?.fromMs, 300);
});

test('ObjectLanes lets a waiting write leave, and goes on after one that failed', async () => {
  const clock = new VirtualClock();
  const lanes = new ObjectLanes(SPACING, clock);
  const { written, write } = recorder(clock, lanes);
  const failing = lanes.run('lb-1', new AbortController().signal, () =>
    Promise.reject(new Error('refused')),
  );
  const abort = new AbortController();
  const leaving = write('lb-1', 'leaving', { signal: abort.signal });
  void write('lb-1', 'last');
  abort.abort(new Error('enough'));
  await assert.rejects(failing, /refused/);
  await assert.rejects(leaving, /enough/);
  await clock.advance(1_000);
  assert.deepEqual(
    written.map(({ name }) => name),
    ['last'],
  );
});

test('ObjectLanes lets a write leave that waits for the pause', async () => {
  const clock = new VirtualClock();
  const lanes = new ObjectLanes(SPACING, clock);
  const { written, write } = recorder(clock, lanes);
  lanes.touch('lb-1');
  const abort = new AbortController();
  const leaving = write('lb-1', 'leaving', { signal: abort.signal });
  void write('lb-1', 'next');
  await clock.advance(100);
  abort.abort(new Error('enough'));
  await assert.rejects(leaving, /enough/);
  await clock.advance(1_000);
  assert.deepEqual(written, [{ name: 'next', fromMs: 300, toMs: 400 }]);
});

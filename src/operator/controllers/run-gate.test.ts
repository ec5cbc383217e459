import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '../../../test/support/virtual-clock.ts';
import { RunGate } from './run-gate.ts';

const OPTIONS = { quietMs: 1_000, longestWaitMs: 5_000, spacingMs: 10_000, periodMs: 300_000 };

/** Runs a gate for a while; answers when runs began and why, with the time that each takes. */
async function runsOf(
  durationMs: number,
  events: readonly number[],
  options: { runMs?: number; retryAtRun?: number } = {},
): Promise<string[]> {
  const clock = new VirtualClock();
  const gate = new RunGate(OPTIONS, clock);
  const stop = new AbortController();
  const startMs = clock.monotonicMs();
  const runs: string[] = [];
  for (const atMs of events)
    clock.schedule(atMs, () => {
      gate.note();
    });
  const loop = (async () => {
    for (;;) {
      const cause = await gate.next(stop.signal);
      if (cause === undefined) return;
      runs.push(`${clock.monotonicMs() - startMs} ${cause}`);
      if (options.runMs !== undefined) await clock.sleep(options.runMs);
      if (runs.length === options.retryAtRun) gate.retryAfter(2_000);
    }
  })();
  await clock.advance(durationMs);
  stop.abort();
  await loop;
  return runs;
}

function every(stepMs: number, fromMs: number, toMs: number): number[] {
  return Array.from({ length: (toMs - fromMs) / stepMs }, (_, index) => fromMs + index * stepMs);
}

const cases: {
  name: string;
  durationMs: number;
  events: readonly number[];
  options?: { runMs?: number; retryAtRun?: number };
  want: readonly string[];
  reason: string;
}[] = [
  {
    name: 'Idle',
    durationMs: 700_000,
    events: [],
    want: ['0 start', '300000 period', '600000 period'],
    reason: 'Without events there is one run a period.',
  },
  {
    name: 'OneEvent',
    durationMs: 60_000,
    events: [20_000],
    want: ['0 start', '21000 event'],
    reason: 'It begins once a second has been quiet.',
  },
  {
    name: 'Burst',
    durationMs: 60_000,
    events: every(50, 20_000, 25_000),
    want: ['0 start', '25000 event'],
    reason: 'A hundred nodes in five seconds are one run, and none is left out.',
  },
  {
    name: 'ConstantEvents',
    durationMs: 60_000,
    events: every(500, 500, 60_000),
    want: [
      '0 start',
      '10000 event',
      '20000 event',
      '30000 event',
      '40000 event',
      '50000 event',
      '60000 event',
    ],
    reason: 'At most one run in ten seconds.',
  },
  {
    name: 'EventDuringARun',
    durationMs: 60_000,
    events: [20_000, 22_000],
    options: { runMs: 5_000 },
    want: ['0 start', '21000 event', '31000 event'],
    reason: 'It came too late for the run, and leads to another.',
  },
  {
    name: 'Retry',
    durationMs: 60_000,
    events: [],
    options: { retryAtRun: 1 },
    want: ['0 start', '2000 retry'],
    reason: 'What could not be done is tried again before the period is over.',
  },
];

for (const { name, durationMs, events, options, want, reason } of cases) {
  test(`ROUTE-03: RunGate: ${name}`, async () => {
    assert.deepEqual(await runsOf(durationMs, events, options), want, reason);
  });
}

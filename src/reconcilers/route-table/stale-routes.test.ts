import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CloudInstance } from '../../cloud/ecs/ecs-client.ts';
import { Failure } from '../../cloud/failure.ts';
import { VirtualClock } from '../../../test/support/virtual-clock.ts';
import { TABLE_ID } from '../../../test/support/route-builders.ts';
import { StaleRoutes } from './stale-routes.ts';

const signal = new AbortController().signal;
const log = (): void => undefined;
const logger = { debug: log, info: log, warn: log, error: log };

type Answer = 'there' | 'missing' | 'fails';

/** Looks for one instance at these times, and is answered so. */
async function look(
  looks: readonly { readonly atMs: number; readonly answer: Answer; readonly isFresh?: boolean }[],
): Promise<{ readonly isGone: boolean; readonly reads: number }> {
  const clock = new VirtualClock();
  let reads = 0;
  let answer: Answer = 'there';
  const stale = new StaleRoutes({
    clock,
    logger,
    reads: {
      findInstance: (_regionId, id) => {
        reads += 1;
        if (answer === 'fails') return Promise.reject(new Failure('throttled', 'Too many calls'));
        return Promise.resolve(answer === 'there' ? ({ id } as CloudInstance) : undefined);
      },
    },
  });
  let gone: ReadonlySet<string> = new Set();
  for (const one of looks) {
    clock.skip(one.atMs - clock.monotonicMs());
    answer = one.answer;
    const instanceIds = new Set(['i-a']);
    const wanted = { regionId: 'cn-hangzhou', instanceIds, isFresh: one.isFresh ?? false };
    gone = await stale.prove(TABLE_ID, wanted, signal);
  }
  return { isGone: gone.has('i-a'), reads };
}

const cases = [
  {
    name: 'Once',
    looks: [{ atMs: 0, answer: 'missing' }],
    want: { isGone: false, reads: 1 },
    reason: 'One answer proves nothing.',
  },
  {
    name: 'TwiceAtOnce',
    looks: [
      { atMs: 0, answer: 'missing' },
      { atMs: 59_999, answer: 'missing', isFresh: true },
    ],
    want: { isGone: false, reads: 2 },
    reason: 'Two answers within a minute are one.',
  },
  {
    name: 'Twice',
    looks: [
      { atMs: 0, answer: 'missing' },
      { atMs: 30_000, answer: 'missing' },
      { atMs: 60_000, answer: 'missing' },
    ],
    want: { isGone: true, reads: 2 },
    reason: 'Two answers that are a minute apart agree, and nobody asks between them.',
  },
  {
    name: 'Back',
    looks: [
      { atMs: 0, answer: 'missing' },
      { atMs: 60_000, answer: 'there' },
      { atMs: 120_000, answer: 'missing', isFresh: true },
    ],
    want: { isGone: false, reads: 3 },
    reason: 'It was seen in between, so that the proof begins anew.',
  },
  {
    name: 'Failure',
    looks: [
      { atMs: 0, answer: 'missing' },
      { atMs: 60_000, answer: 'fails' },
    ],
    want: { isGone: false, reads: 2 },
    reason: 'An error is no answer.',
  },
  {
    name: 'BackFromTheDead',
    looks: [
      { atMs: 0, answer: 'missing' },
      { atMs: 60_000, answer: 'missing' },
      { atMs: 400_000, answer: 'there', isFresh: true },
    ],
    want: { isGone: false, reads: 3 },
    reason: 'With every reading of the table it is looked for again.',
  },
] as const;
for (const { name, looks, want, reason } of cases) {
  test(`ROUTE-07 LIFE-05: StaleRoutes: ${name}`, async () => {
    assert.deepEqual(await look(looks), want, reason);
  });
}

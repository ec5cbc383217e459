import assert from 'node:assert/strict';
import test from 'node:test';
import { eventOf, type EventEntry } from './event-table.ts';

const TABLE = {
  Done: { type: 'Normal', action: 'Do', note: 'Done with {detail}', when: '' },
  Failed: { type: 'Warning', action: 'Do', note: 'Failed: {detail}; try again', when: '' },
} as const satisfies Readonly<Record<string, EventEntry>>;

const cases: readonly {
  readonly name: string;
  readonly reason: keyof typeof TABLE;
  readonly detail: string;
  readonly want: ReturnType<typeof eventOf>;
}[] = [
  {
    name: 'the detail stands where the words have room for it',
    reason: 'Failed',
    detail: 'no such disk',
    want: {
      type: 'Warning',
      reason: 'Failed',
      action: 'Do',
      note: 'Failed: no such disk; try again',
    },
  },
  {
    name: 'a detail is taken as it is, whatever replacements it looks like',
    reason: 'Failed',
    detail: "price $& or $'",
    want: {
      type: 'Warning',
      reason: 'Failed',
      action: 'Do',
      note: "Failed: price $& or $'; try again",
    },
  },
  {
    name: 'without a detail no blank is left at the end',
    reason: 'Done',
    detail: '',
    want: { type: 'Normal', reason: 'Done', action: 'Do', note: 'Done with' },
  },
];

for (const { name, reason, detail, want } of cases) {
  test(`eventOf: ${name}`, () => {
    assert.deepEqual(eventOf(TABLE, reason, detail), want);
  });
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseGoDuration } from './go-duration.ts';

const cases = [
  { text: '0', want: 0, reason: 'Zero is the one number without a unit.' },
  { text: '15s', want: 15_000, reason: 'The common form.' },
  { text: '1h30m', want: 5_400_000, reason: 'Parts add up.' },
  { text: '1.5s', want: 1_500, reason: 'Fractions are allowed.' },
  { text: '.5m', want: 30_000, reason: 'So are fractions without a whole part.' },
  { text: '300ms', want: 300, reason: 'ms is not a minute followed by an s.' },
  { text: '-2s', want: -2_000, reason: 'The caller judges the sign.' },
  { text: '5', want: undefined, reason: 'A number needs a unit.' },
  { text: '5 s', want: undefined, reason: 'Go takes no blanks.' },
  { text: '1h30', want: undefined, reason: 'Each part needs a unit.' },
  { text: '', want: undefined, reason: 'Nothing is no duration.' },
  { text: 's', want: undefined, reason: 'A unit needs a number.' },
];

for (const { text, want, reason } of cases) {
  test(`parseGoDuration: "${text}"`, () => {
    assert.equal(parseGoDuration(text), want, reason);
  });
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { containsRange, parseCidrRange, rangesOverlap, type CidrRange } from './cidr-range.ts';

function range(text: string): CidrRange {
  const parsed = parseCidrRange(text);
  assert.ok(parsed !== undefined, text);
  return parsed;
}

const texts: readonly { readonly text: string; readonly want: string | undefined }[] = [
  { text: '10.0.0.0/16', want: '10.0.0.0/16' },
  { text: ' 10.0.3.7/16 ', want: '10.0.0.0/16' },
  { text: 'FD00:0:0::1/64', want: 'fd00::/64' },
  { text: '0.0.0.0/0', want: '0.0.0.0/0' },
  { text: '10.0.0.0', want: undefined },
  { text: '10.0.0.0/33', want: undefined },
  { text: '10.0.0/8', want: undefined },
  { text: '010.0.0.0/8', want: undefined },
  { text: 'fe80::1%eth0/64', want: undefined },
  { text: '', want: undefined },
];
for (const { text, want } of texts) {
  test(`parseCidrRange: "${text}" is ${want ?? 'no range'}`, () => {
    assert.equal(parseCidrRange(text)?.text, want);
  });
}

const pairs: readonly (readonly [string, string, boolean, string])[] = [
  ['10.0.0.0/16', '10.0.4.0/24', true, 'a part of it'],
  ['10.0.0.0/16', '10.0.0.0/16', true, 'the range itself'],
  ['10.0.0.0/16', '10.0.0.0/8', false, 'a larger range that starts at the same address'],
  ['10.0.0.0/16', '10.1.0.0/24', false, 'a range beside it'],
  ['fd00::/48', 'fd00::/64', true, 'a part, of the other family'],
  ['0.0.0.0/0', '::/0', false, 'ranges of two families'],
];
for (const [outer, inner, want, name] of pairs) {
  test(`ROUTE-06: containsRange: ${outer} and ${inner}, ${name}`, () => {
    assert.equal(containsRange(range(outer), range(inner)), want);
  });
}

test('rangesOverlap: one inside the other, in either order, or apart', () => {
  assert.ok(rangesOverlap(range('10.0.0.0/8'), range('10.0.0.0/16')));
  assert.ok(rangesOverlap(range('10.0.0.0/16'), range('10.0.0.0/8')));
  assert.ok(!rangesOverlap(range('10.0.0.0/16'), range('10.1.0.0/16')));
});

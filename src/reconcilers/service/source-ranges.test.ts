import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressFamily, canonicalAddress, parseSourceRanges } from './source-ranges.ts';

const lists: { id: string; name: string; entries: string[]; want: string[] | 'invalid' }[] = [
  { id: 'SVC-57', name: 'Blanks', entries: [' 10.0.0.0/8 '], want: ['10.0.0.0/8'] },
  {
    id: 'SVC-58',
    name: 'OrderAndDuplicates',
    entries: ['192.168.0.0/16', '10.0.0.0/8', '192.168.0.0/16'],
    want: ['10.0.0.0/8', '192.168.0.0/16'],
  },
  { id: 'SVC-58', name: 'OpenAmongOthers', entries: ['10.0.0.0/8', '0.0.0.0/0'], want: [] },
  {
    id: 'SVC-58',
    name: 'Halves',
    entries: ['0.0.0.0/1', '128.0.0.0/1'],
    want: ['0.0.0.0/1', '128.0.0.0/1'],
  },
  { id: 'SVC-58', name: 'DenyAll', entries: ['255.0.0.0/32'], want: ['255.0.0.0/32'] },
  { id: 'SVC-58', name: 'Cleared', entries: [], want: [] },
  { id: 'SVC-59', name: 'NoMask', entries: ['10.0.0.1'], want: 'invalid' },
  { id: 'SVC-59', name: 'WideMask', entries: ['10.0.0.0/33'], want: 'invalid' },
  { id: 'SVC-59', name: 'Word', entries: ['10.0.0.0/8', 'office'], want: 'invalid' },
  { id: 'SVC-59', name: 'HostBits', entries: ['10.0.0.5/24'], want: ['10.0.0.0/24'] },
  { id: 'SVC-59', name: 'LeadingZeros', entries: ['010.001.0.0/16'], want: ['10.1.0.0/16'] },
  { id: 'SVC-59', name: 'Ipv6', entries: ['2001:DB8::1/32'], want: ['2001:db8::/32'] },
];

for (const { id, name, entries, want } of lists) {
  test(`${id}: parseSourceRanges: ${name}`, () => {
    const read = parseSourceRanges(entries);
    assert.deepEqual(read.kind === 'valid' ? read.ranges : 'invalid', want);
  });
}

test('SVC-59: parseSourceRanges: tells what an ambiguous entry was read as', () => {
  const read = parseSourceRanges(['10.0.0.5/24', '10.1.0.0/16']);
  assert.equal(read.kind, 'valid');
  assert.deepEqual(read.adjusted, [{ from: '10.0.0.5/24', to: '10.0.0.0/24' }]);
});

const addresses: [text: string, canonical: string | undefined, family: string | undefined][] = [
  ['010.1.2.3', '10.1.2.3', 'IPv4'],
  ['47.96.1.2', '47.96.1.2', 'IPv4'],
  ['0.0.0.0', '0.0.0.0', 'IPv4'],
  ['2001:DB8:0:0::1', '2001:db8::1', 'IPv6'],
  ['10.1', undefined, undefined],
  ['0x0a.1.2.3', undefined, undefined],
  ['256.1.2.3', undefined, undefined],
  ['example.com', undefined, undefined],
  ['', undefined, undefined],
];

for (const [text, canonical, family] of addresses) {
  test(`SVC-27: canonicalAddress: "${text}"`, () => {
    assert.equal(canonicalAddress(text), canonical);
    assert.equal(addressFamily(text), family);
  });
}

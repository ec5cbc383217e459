import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeRow, personsRow } from '../../../test/support/route-builders.ts';
import { markOfEntry, routeEntryName } from './route-table-names.ts';

const UID = '5e4dbfc9-c2ae-4642-b033-5607860aef6a';

test('ROUTE-11: routeEntryName tells the families of a node, and the rows of a person, apart', () => {
  const place = { resourceUid: UID, family: 'IPv4' } as const;
  const names = [
    routeEntryName('c1', nodeRow('10.0.1.0/24', 'i-a'), place),
    routeEntryName('c1', nodeRow('fd00::/64', 'i-a'), { ...place, family: 'IPv6' }),
    routeEntryName('c1', personsRow('10.0.1.0/24', 'i-a'), place),
    routeEntryName('c1', personsRow('10.0.2.0/24', 'i-a'), place),
    routeEntryName('c2', nodeRow('10.0.1.0/24', 'i-a'), place),
  ];
  assert.equal(new Set(names).size, names.length, names.join());
  for (const name of names) assert.match(name, /^k8s-[0-9a-f]{12}-[0-9a-z-]{1,111}$/);
});

test('ROUTE-11: routeEntryName stays within the 128 characters that the cloud takes', () => {
  const long = { ...nodeRow('fd00::/64', 'i-a'), node: { name: 'n', uid: 'u'.repeat(64) } };
  const name = routeEntryName('c1', long, { resourceUid: UID, family: 'IPv6' });
  assert.ok(name.length <= 128, String(name.length));
});

const marks = [
  {
    name: routeEntryName('c1', nodeRow('10.0.1.0/24', 'i-a'), { resourceUid: UID, family: 'IPv4' }),
    want: 'ours',
  },
  {
    name: routeEntryName('c2', nodeRow('10.0.1.0/24', 'i-a'), { resourceUid: UID, family: 'IPv4' }),
    want: 'foreign',
  },
  { name: '', want: 'none' },
  { name: 'to-the-office', want: 'none' },
  { name: 'k8s-routes-of-mine', want: 'none' },
] as const;
for (const { name, want } of marks) {
  test(`ROUTE-07: markOfEntry: "${name}" is ${want}`, () => {
    assert.equal(markOfEntry('c1', name), want);
  });
}

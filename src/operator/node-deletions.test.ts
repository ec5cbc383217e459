import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeOf } from '../../test/support/kubernetes-builders.ts';
import { WatchedNodeDeletions } from './node-deletions.ts';

const key = { namespace: '', name: 'a' };
const node = nodeOf('a', { metadata: { uid: 'uid-a' } });

const cases = [
  { name: 'Watched', change: { previous: node, current: undefined }, want: true },
  {
    name: 'MissingFromAList',
    change: { previous: node, current: undefined, isInferred: true },
    want: false,
  },
  { name: 'Changed', change: { previous: node, current: node }, want: false },
  { name: 'Added', change: { previous: undefined, current: node }, want: false },
];

for (const { name, change, want } of cases) {
  test(`WatchedNodeDeletions: ${name}`, () => {
    const deletions = new WatchedNodeDeletions();
    deletions.note({ key, ...change });
    assert.equal(deletions.hasUid('uid-a'), want);
    assert.equal(deletions.hasInstance('i-a'), want);
  });
}

test('WatchedNodeDeletions forgets the oldest of very many', () => {
  const deletions = new WatchedNodeDeletions();
  for (let index = 0; index <= 10_000; index += 1) {
    const previous = nodeOf(`n${index}`, { metadata: { uid: `uid-${index}` } });
    deletions.note({ key, previous, current: undefined });
  }
  assert.deepEqual([deletions.hasUid('uid-0'), deletions.hasUid('uid-1')], [false, true]);
  assert.deepEqual([deletions.hasInstance('i-n0'), deletions.hasInstance('i-n1')], [false, true]);
});

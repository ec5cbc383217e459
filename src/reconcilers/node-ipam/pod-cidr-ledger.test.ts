import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeOf } from '../../../test/support/kubernetes-builders.ts';
import { parseCidrRange, type CidrRange } from '../cidr-range.ts';
import type { Node } from '../kubernetes-objects.ts';
import type { NodeIpamSettings } from './node-ipam-ports.ts';
import { PodCidrLedger } from './pod-cidr-ledger.ts';

function range(text: string): CidrRange {
  const parsed = parseCidrRange(text);
  assert.ok(parsed !== undefined, text);
  return parsed;
}

function settingsOf(
  clusterRanges: readonly (readonly [string, number])[],
  serviceRanges: readonly string[] = [],
): NodeIpamSettings {
  return {
    allocator: 'RangeAllocator',
    clusterRanges: clusterRanges.map(([text, blockPrefixLength]) => ({
      range: range(text),
      blockPrefixLength,
    })),
    serviceRanges: serviceRanges.map(range),
  };
}

function reserve(ledger: PodCidrLedger, node: Node): readonly string[] | string {
  const reservation = ledger.reserve(node);
  return reservation.kind === 'reserved' ? reservation.podCidrs : reservation.kind;
}

const FOUR_BLOCKS = settingsOf([['10.0.0.0/22', 24]]);

test('IPAM-03: a node gets one block of each range, in the order of the ranges', () => {
  const ledger = new PodCidrLedger(
    settingsOf([
      ['fd00:10::/56', 64],
      ['10.0.0.0/16', 25],
    ]),
  );
  assert.deepEqual(reserve(ledger, nodeOf('a')), ['fd00:10::/64', '10.0.0.0/25']);
  assert.deepEqual(reserve(ledger, nodeOf('b')), ['fd00:10:0:1::/64', '10.0.0.128/25']);
});

test('IPAM-03: no block that has an address of a service range is given out', () => {
  const ledger = new PodCidrLedger(settingsOf([['10.0.0.0/22', 24]], ['10.0.1.128/26']));
  const given = ['a', 'b', 'c', 'd'].map((name) => reserve(ledger, nodeOf(name)));
  assert.deepEqual(given, [['10.0.0.0/24'], ['10.0.2.0/24'], ['10.0.3.0/24'], 'exhausted']);
});

test('IPAM-03: 300 nodes get 300 pairs of ranges that do not overlap', () => {
  const ledger = new PodCidrLedger(
    settingsOf(
      [
        ['10.0.0.0/14', 24],
        ['fd00:10::/48', 64],
      ],
      ['10.0.0.0/20', 'fd00:10:0:ff00::/108'],
    ),
  );
  const given = Array.from({ length: 300 }, (_, index) => reserve(ledger, nodeOf(`n-${index}`)));
  assert.equal(new Set(given.map((pair) => pair[0])).size, 300);
  assert.equal(new Set(given.map((pair) => pair[1])).size, 300);
  assert.deepEqual(given[0], ['10.0.16.0/24', 'fd00:10::/64'], 'Services come first in this range');
});

test('IPAM-04: what nodes have is not given out again, whatever its size', () => {
  const ledger = new PodCidrLedger(FOUR_BLOCKS);
  assert.equal(ledger.observe(nodeOf('a', { podCidrs: ['10.0.0.64/26'] })).kind, 'nothing');
  assert.equal(ledger.observe(nodeOf('b', { podCidrs: ['10.0.2.0/23'] })).kind, 'nothing');
  assert.deepEqual(reserve(ledger, nodeOf('c')), ['10.0.1.0/24']);
  assert.equal(reserve(ledger, nodeOf('d')), 'exhausted');
});

const unusable = [
  {
    name: 'Garbage',
    podCidrs: ['10.0.0.0'],
    problem: '"10.0.0.0" is no range of addresses',
    reason: 'What cannot be read could be anything.',
  },
  {
    name: 'Outside',
    podCidrs: ['192.168.0.0/24'],
    problem: '"192.168.0.0/24" is outside the cluster\'s ranges 10.0.0.0/22',
    reason: 'A range that is not ours means that the ranges of the cluster are configured wrongly.',
  },
  {
    name: 'Around',
    podCidrs: ['10.0.0.0/8'],
    problem: '"10.0.0.0/8" is outside the cluster\'s ranges 10.0.0.0/22',
    reason: 'It has addresses of ours and others.',
  },
  {
    name: 'OtherFamily',
    podCidrs: ['10.0.0.0/24', 'fd00::/64'],
    problem: '"fd00::/64" is outside the cluster\'s ranges 10.0.0.0/22',
    reason: 'A family that the cluster is not configured for.',
  },
];
for (const { name, podCidrs, problem, reason } of unusable) {
  test(`IPAM-04: a range that cannot be counted stops everything: ${name}`, () => {
    const ledger = new PodCidrLedger(FOUR_BLOCKS);
    const node = nodeOf('bad', { podCidrs });
    assert.deepEqual(ledger.observe(node), { kind: 'unusable', problem }, reason);
    assert.deepEqual(ledger.observe(node), { kind: 'nothing' }, 'It is told of once');
    assert.deepEqual(ledger.reserve(nodeOf('a')), { kind: 'stopped', byNodes: ['bad'] });
    assert.equal(ledger.forget('uid-of-bad'), true, 'The node is gone, so others go on');
    assert.deepEqual(reserve(ledger, nodeOf('a')), ['10.0.0.0/24']);
  });
}

test('IPAM-05: what is reserved for a node stays so until it is seen with ranges or gone', () => {
  const ledger = new PodCidrLedger(FOUR_BLOCKS);
  const bare = nodeOf('a');
  assert.deepEqual(reserve(ledger, bare), ['10.0.0.0/24']);
  ledger.observe(bare);
  assert.deepEqual(reserve(ledger, bare), ['10.0.0.0/24'], 'Asked again after a lost answer');
  assert.deepEqual(reserve(ledger, nodeOf('b')), ['10.0.1.0/24']);
  const written = nodeOf('a', { podCidrs: ['10.0.0.0/24'] });
  assert.equal(ledger.observe(written).kind, 'nothing', 'Our own write is no news');
  assert.equal(ledger.usage()[0]?.usedBlocks, 2);
});

test('IPAM-05: nothing of a pair is kept when the other family has nothing left', () => {
  const ledger = new PodCidrLedger(
    settingsOf([
      ['10.0.0.0/22', 24],
      ['fd00::/64', 64],
    ]),
  );
  reserve(ledger, nodeOf('a'));
  assert.deepEqual(ledger.reserve(nodeOf('b')), { kind: 'exhausted', range: 'fd00::/64' });
  assert.deepEqual(
    ledger.usage().map(({ usedBlocks, totalBlocks }) => [usedBlocks, totalBlocks]),
    [
      [1, 4],
      [1, 1],
    ],
  );
});

test('IPAM-06: a node that is gone frees its block, one of its name made again does not', () => {
  const ledger = new PodCidrLedger(settingsOf([['10.0.0.0/24', 24]]));
  ledger.observe(nodeOf('a', { podCidrs: ['10.0.0.0/24'] }));
  const again = nodeOf('a', { metadata: { uid: 'second' } });
  ledger.observe(again);
  assert.equal(reserve(ledger, again), 'exhausted');
  assert.equal(ledger.forget('uid-of-a'), true);
  assert.equal(ledger.forget('uid-of-a'), false, 'There is nothing more to free');
  assert.deepEqual(reserve(ledger, again), ['10.0.0.0/24']);
});

test('PodCidrLedger: a block that two nodes have is freed by the second that goes', () => {
  const ledger = new PodCidrLedger(settingsOf([['10.0.0.0/24', 24]]));
  ledger.observe(nodeOf('a', { podCidrs: ['10.0.0.0/24'] }));
  assert.deepEqual(ledger.observe(nodeOf('b', { podCidrs: ['10.0.0.0/25'] })), {
    kind: 'overlap',
    podCidr: '10.0.0.0/25',
    otherNode: 'a',
  });
  ledger.forget('uid-of-a');
  assert.equal(reserve(ledger, nodeOf('c')), 'exhausted');
  ledger.forget('uid-of-b');
  assert.deepEqual(reserve(ledger, nodeOf('c')), ['10.0.0.0/24']);
});

test('IPAM-02: a range that somebody else gave to a waiting node is told of, and counted', () => {
  const ledger = new PodCidrLedger(FOUR_BLOCKS);
  ledger.observe(nodeOf('a'));
  reserve(ledger, nodeOf('a'));
  const theirs = nodeOf('a', { podCidrs: ['10.0.2.0/24'] });
  assert.deepEqual(ledger.observe(theirs), { kind: 'foreign', podCidrs: ['10.0.2.0/24'] });
  assert.deepEqual(ledger.observe(theirs), { kind: 'nothing' });
  assert.equal(ledger.usage()[0]?.usedBlocks, 1, 'What was meant for it is free again');
  const registered = nodeOf('b', { podCidrs: ['10.0.3.0/24'] });
  assert.equal(ledger.observe(registered).kind, 'nothing', 'A node may come with its range');
});

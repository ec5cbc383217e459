import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseCidrRange, rangesOverlap, type CidrRange } from '../cidr-range.ts';
import { CidrBlocks } from './cidr-blocks.ts';

function range(text: string): CidrRange {
  const parsed = parseCidrRange(text);
  assert.ok(parsed !== undefined, text);
  return parsed;
}

function takeAll(blocks: CidrBlocks): string[] {
  const taken: string[] = [];
  for (let block = blocks.take(); block !== undefined; block = blocks.take()) {
    taken.push(block.text);
  }
  return taken;
}

const cuts = [
  {
    name: 'IPv4',
    range: '10.244.0.0/22',
    prefix: 24,
    want: ['10.244.0.0/24', '10.244.1.0/24', '10.244.2.0/24', '10.244.3.0/24'],
    reason: 'Blocks come in the order of their addresses.',
  },
  {
    name: 'IPv6',
    range: 'fd00:10::/62',
    prefix: 64,
    want: ['fd00:10::/64', 'fd00:10:0:1::/64', 'fd00:10:0:2::/64', 'fd00:10:0:3::/64'],
    reason: 'Addresses of 128 bits are counted exactly.',
  },
  {
    name: 'OneBlock',
    range: '192.168.7.0/24',
    prefix: 24,
    want: ['192.168.7.0/24'],
    reason: 'A range may be a single block.',
  },
  {
    name: 'HighBit',
    range: '255.255.254.0/23',
    prefix: 24,
    want: ['255.255.254.0/24', '255.255.255.0/24'],
    reason: 'Addresses above 2^31 do not turn negative.',
  },
];
for (const { name, range: text, prefix, want, reason } of cuts) {
  test(`CidrBlocks.take: ${name}`, () => {
    assert.deepEqual(takeAll(new CidrBlocks(range(text), prefix)), want, reason);
  });
}

const holds = [
  {
    name: 'Equal',
    held: '10.0.1.0/24',
    used: 1,
    reason: 'A block is held as it is.',
  },
  {
    name: 'Smaller',
    held: '10.0.1.128/25',
    used: 1,
    reason: 'A part of a block, from a smaller size of before, makes the whole block unusable.',
  },
  {
    name: 'Larger',
    held: '10.0.4.0/22',
    used: 4,
    reason: 'A network of a larger size of before covers several blocks.',
  },
  {
    name: 'AroundTheRange',
    held: '10.0.0.0/8',
    used: 256,
    reason: 'A network that holds the whole range leaves nothing.',
  },
  {
    name: 'Outside',
    held: '10.1.0.0/24',
    used: 0,
    reason: 'What is elsewhere holds nothing here.',
  },
  { name: 'OtherFamily', held: '::/0', used: 0, reason: 'Families have no address in common.' },
];
for (const { name, held, used, reason } of holds) {
  test(`CidrBlocks.hold: ${name}`, () => {
    const blocks = new CidrBlocks(range('10.0.0.0/16'), 24);
    blocks.hold(range(held));
    assert.equal(blocks.used, used, reason);
    const taken = takeAll(blocks);
    assert.equal(taken.length, 256 - used);
    assert.ok(taken.every((block) => !rangesOverlap(range(block), range(held))));
    blocks.release(range(held));
    assert.equal(blocks.used, 256 - used, 'Letting go frees exactly what was held');
  });
}

test('CidrBlocks.release: a block that two hold is free when both have let go', () => {
  const blocks = new CidrBlocks(range('10.0.0.0/24'), 24);
  blocks.hold(range('10.0.0.0/24'));
  blocks.hold(range('10.0.0.0/25'));
  blocks.release(range('10.0.0.0/25'));
  assert.equal(blocks.take(), undefined);
  blocks.release(range('10.0.0.0/24'));
  assert.equal(blocks.take()?.text, '10.0.0.0/24');
});

test('CidrBlocks.release: what nobody holds stays free', () => {
  const blocks = new CidrBlocks(range('10.0.0.0/23'), 24);
  blocks.release(range('10.0.0.0/24'));
  assert.equal(blocks.used, 0);
  assert.deepEqual(takeAll(blocks), ['10.0.0.0/24', '10.0.1.0/24']);
});

test('CidrBlocks.take: a block that was just freed comes up again last', () => {
  const blocks = new CidrBlocks(range('10.0.0.0/22'), 24);
  assert.equal(blocks.take()?.text, '10.0.0.0/24');
  blocks.release(range('10.0.0.0/24'));
  assert.deepEqual(takeAll(blocks), ['10.0.1.0/24', '10.0.2.0/24', '10.0.3.0/24', '10.0.0.0/24']);
});

test('IPAM-03: whatever is taken and freed in whatever order, no two who hold a block overlap', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 20 }), { maxLength: 80 }), (steps) => {
      const blocks = new CidrBlocks(range('10.0.0.0/20'), 24);
      const held: CidrRange[] = [];
      for (const step of steps) {
        // One step in three lets go of what a number picks; the others take.
        const [freed] = step % 3 === 0 ? held.splice(step % (held.length + 1), 1) : [];
        if (freed !== undefined) {
          blocks.release(freed);
          continue;
        }
        const block = blocks.take();
        if (block === undefined) {
          assert.equal(held.length, 16);
          continue;
        }
        assert.ok(held.every((other) => !rangesOverlap(other, block)));
        held.push(block);
      }
      assert.equal(blocks.used, held.length);
    }),
  );
});

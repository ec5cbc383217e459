import assert from 'node:assert/strict';
import { test } from 'node:test';
import { metadata } from '../../../test/support/kubernetes-builders.ts';
import type { RouteTableResource } from '../kubernetes-objects.ts';
import { CONFIRM_DELETION_ANNOTATION } from '../names.ts';
import type { NodeRow } from './node-routes.ts';
import { isGoing, MAX_ROWS, placeRows } from './row-placement.ts';

const TABLE = 'vtb-a';

function row(index: number): NodeRow {
  return {
    destinationCidr: `10.${Math.floor(index / 256)}.${index % 256}.0/24`,
    nextHop: { type: 'Instance', id: `i-${index}` },
    node: { name: `n${index}`, uid: `uid-${index}` },
  };
}

function rows(from: number, to: number): NodeRow[] {
  return Array.from({ length: to - from }, (_, index) => row(from + index));
}

function resource(
  name: string,
  routes: RouteTableResource['spec']['routes'],
  change: Partial<RouteTableResource['metadata']> = {},
): RouteTableResource {
  return {
    kind: 'AlibabaRouteTable',
    metadata: metadata(name, { namespace: '', ...change }),
    spec: { routeTableId: TABLE, ...(routes !== undefined && { routes }) },
    status: {},
  };
}

/** Writes what each object gets as its name, and how many rows from which to which. */
function summary(placed: ReturnType<typeof placeRows>): string[] {
  return placed.map(({ name, rows: own }) => {
    const nodes = own.map(({ node }) => node.name);
    return own.length === 0
      ? `${name}: none`
      : `${name}: ${own.length} ${nodes[0]}..${nodes.at(-1)}`;
  });
}

const person = {
  destinationCidr: '192.168.0.0/24',
  nextHop: { type: 'Instance', id: 'i-p' },
} as const;
const going = {
  deletionTimestamp: '2026-01-01T00:00:00Z',
  annotations: { [CONFIRM_DELETION_ANNOTATION]: 'uid-of-vtb-a' },
};

const cases: {
  name: string;
  wanted: readonly NodeRow[];
  live: readonly RouteTableResource[];
  want: readonly string[];
  reason: string;
}[] = [
  { name: 'Nothing', wanted: [], live: [], want: [], reason: 'No object is made without a row.' },
  {
    name: 'First',
    wanted: rows(0, 3),
    live: [],
    want: ['vtb-a: 3 n0..n2'],
    reason: 'The first object has the name of the table.',
  },
  {
    name: 'Full',
    wanted: rows(0, 1_001),
    live: [],
    want: ['vtb-a: 500 n0..n499', 'vtb-a-2: 500 n500..n999', 'vtb-a-3: 1 n1000..n1000'],
    reason: 'An object has at most five hundred rows.',
  },
  {
    name: 'RowsStay',
    wanted: rows(0, 4),
    live: [resource('vtb-a', []), resource('vtb-a-2', [row(2)])],
    want: ['vtb-a: 3 n0..n3', 'vtb-a-2: 1 n2..n2'],
    reason: 'A row stays where it first was, although there is room before it.',
  },
  {
    name: 'RoomOfTheGone',
    wanted: rows(1, 501),
    live: [resource('vtb-a', rows(0, 500))],
    want: ['vtb-a: 500 n1..n500'],
    reason: 'A row on its way out frees its place.',
  },
  {
    name: 'RowsOfPeopleTakeRoom',
    wanted: rows(0, 500),
    live: [resource('vtb-a', [person])],
    want: ['vtb-a: 499 n0..n498', 'vtb-a-2: 1 n499..n499'],
    reason: 'The API server refuses more than five hundred of whomever.',
  },
  {
    name: 'RowOfAPersonForANode',
    wanted: rows(0, 1),
    live: [resource('vtb-a', []), resource('vtb-a-2', [{ ...row(0), node: undefined } as never])],
    want: ['vtb-a: none', 'vtb-a-2: 1 n0..n0'],
    reason: 'The two meet in one row, so that one of them decides.',
  },
  {
    name: 'Empty',
    wanted: [],
    live: [resource('vtb-a', rows(0, 2)), resource('vtb-a-2', [])],
    want: ['vtb-a: none', 'vtb-a-2: none'],
    reason: 'Every object is told of, so that its rows go.',
  },
  {
    name: 'SecondAlone',
    wanted: rows(0, 2),
    live: [resource('vtb-a-2', [row(1)])],
    want: ['vtb-a: 1 n0..n0', 'vtb-a-2: 1 n1..n1'],
    reason: 'A first object that was deleted comes again.',
  },
  {
    name: 'ForeignNames',
    wanted: rows(0, 1),
    live: [resource('vtb-a-own', [row(0)]), resource('vtb-a-1', []), resource('vtb-a-02', [])],
    want: ['vtb-a: 1 n0..n0'],
    reason: 'Objects that people named are theirs.',
  },
  {
    name: 'Going',
    wanted: rows(0, 2),
    live: [resource('vtb-a', [row(0)], going)],
    want: ['vtb-a: 1 n0..n0', 'vtb-a-2: 1 n1..n1'],
    reason:
      'Nothing new goes into an object that is on its way out; what is there waits for its end.',
  },
];

for (const { name, wanted, live, want, reason } of cases) {
  test(`ROUTE-26: placeRows: ${name}`, () => {
    assert.deepEqual(summary(placeRows(TABLE, wanted, live)), want, reason);
  });
}

test('ROUTE-26: placeRows: what was placed is placed so again, and every row once', () => {
  for (const count of [1, MAX_ROWS, MAX_ROWS + 1, 2_000]) {
    const placed = placeRows(TABLE, rows(0, count), []);
    const live = placed.map((object) => resource(object.name, [...object.rows]));
    const again = placeRows(TABLE, rows(0, count).toReversed(), live.toReversed());
    assert.deepEqual(
      again.map((object) => [object.name, new Set(object.rows)]),
      placed.map((object) => [object.name, new Set(object.rows)]),
    );
    const all = again.flatMap((object) =>
      object.rows.map(({ destinationCidr }) => destinationCidr),
    );
    assert.equal(new Set(all).size, count);
    assert.equal(all.length, count);
  }
});

test('isGoing: a deletion that is held is not one', () => {
  assert.ok(isGoing(resource('vtb-a', [], going)));
  assert.ok(!isGoing(resource('vtb-a', [], { ...going, annotations: {} })));
  assert.ok(!isGoing(resource('vtb-a', [], { annotations: going.annotations })));
});

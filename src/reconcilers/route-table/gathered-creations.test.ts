import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  CLUSTER_ID,
  nodeRow,
  routeTableOf,
  TABLE_ID,
} from '../../../test/support/route-builders.ts';
import { GatheredCreations } from './gathered-creations.ts';
import { desiredRoutes } from './route-table-desired.ts';
import type { RouteAction } from './route-table-plan.ts';

type CreateAction = Extract<RouteAction, { kind: 'createRoute' }>;

/** Creations of routes, numbered from `first`. */
function creations(first: number, count: number): CreateAction[] {
  const rows = Array.from({ length: count }, (_, index) => {
    const number = first + index;
    return nodeRow(`10.${Math.floor(number / 256)}.${number % 256}.0/24`, `i-${number}`);
  });
  const { routes } = desiredRoutes([routeTableOf(rows)], CLUSTER_ID);
  return routes.map((route) => ({ kind: 'createRoute', owner: route.owner, route }));
}

const once = [
  { count: 0, want: 0, reason: 'Nothing is nothing.' },
  { count: 1, want: 1, reason: 'One node that joins is not kept waiting.' },
  { count: 49, want: 49, reason: 'What fits one request goes at once.' },
  { count: 50, want: 50, reason: 'A full request goes at once.' },
  { count: 51, want: 50, reason: 'Of more, the rest waits for what follows.' },
  { count: 437, want: 400, reason: 'Of more, the rest waits for what follows.' },
];
for (const { count, want, reason } of once) {
  test(`GatheredCreations: of ${count} at once ${want} go`, () => {
    const gathered = new GatheredCreations();
    assert.equal(gathered.select(TABLE_ID, creations(0, count), 0).length, want, reason);
    assert.equal(Number.isFinite(gathered.dueMs(TABLE_ID)), want < count);
  });
}

test('GatheredCreations: a thousand that come in waves take twenty requests', () => {
  const gathered = new GatheredCreations();
  let open: CreateAction[] = [];
  let requests = 0;
  let joined = 0;
  for (const [wave, size] of [437, 301, 199, 63].entries()) {
    open = [...open, ...creations(joined, size)];
    joined += size;
    const chosen = gathered.select(TABLE_ID, open, wave * 10_000);
    requests += Math.ceil(chosen.length / 50);
    open = open.filter((creation) => !chosen.includes(creation));
  }
  const last = gathered.select(TABLE_ID, open, 60_000);
  requests += Math.ceil(last.length / 50);
  assert.equal(requests, 20);
  assert.deepEqual(
    open.filter((creation) => !last.includes(creation)),
    [],
  );
});

test('GatheredCreations: what waits goes first, and after a while in any case', () => {
  const gathered = new GatheredCreations();
  const first = creations(0, 60);
  const gone = gathered.select(TABLE_ID, first, 0);
  const waiting = first.filter((one) => !gone.includes(one));
  assert.equal(waiting.length, 10);
  const later = creations(100, 60);
  const chosen = gathered.select(TABLE_ID, [...later, ...waiting], 5_000);
  assert.ok(
    waiting.every((one) => chosen.includes(one)),
    'None waits for ever',
  );
  const rest = later.filter((one) => !chosen.includes(one));
  assert.equal(gathered.select(TABLE_ID, rest, 16_999).length, 0);
  assert.equal(gathered.dueMs(TABLE_ID), 17_000);
  assert.equal(gathered.select(TABLE_ID, rest, 17_000).length, rest.length);
});

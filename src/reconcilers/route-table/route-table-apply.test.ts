import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '../../cloud/failure.ts';
import type {
  FailedRouteEntry,
  NewRouteEntry,
  RouteBatchAnswer,
} from '../../cloud/vpc/vpc-client.ts';
import {
  CLUSTER_ID,
  entryOf,
  memberWith,
  nodeRow,
  observe,
  routeTableOf,
  TABLE_ID,
} from '../../../test/support/route-builders.ts';
import { applyRoutes, type RouteApplyResult } from './route-table-apply.ts';
import { desiredRoutes } from './route-table-desired.ts';
import type { RouteAction } from './route-table-plan.ts';

/** A cloud that answers as it is told, and keeps the sizes of the requests. */
interface Script {
  /** What is said of each entry that is to be made, or of the whole request. */
  readonly onCreate?: (entries: readonly NewRouteEntry[]) => readonly FailedRouteEntry[];
  readonly onDelete?: (destinations: readonly string[]) => readonly FailedRouteEntry[];
}

interface Played {
  readonly result: RouteApplyResult;
  readonly sizes: readonly number[];
  readonly accepted: readonly RouteAction[];
}

const signal = new AbortController().signal;

function answerOf(failed: readonly FailedRouteEntry[] = []): Promise<RouteBatchAnswer> {
  return Promise.resolve({ failed, requestId: 'R' });
}

async function play(actions: readonly RouteAction[], script: Script): Promise<Played> {
  const sizes: number[] = [];
  const accepted: RouteAction[] = [];
  const result = await applyRoutes({
    vpc: {
      createRouteEntries: (_vpcId, entries) => {
        sizes.push(entries.length);
        return answerOf(script.onCreate?.(entries));
      },
      deleteRouteEntries: (_vpcId, entries) => {
        sizes.push(-entries.length);
        return answerOf(script.onDelete?.(entries.map(({ destinationCidr }) => destinationCidr)));
      },
    },
    vpcId: 'vpc-1',
    routeTableId: TABLE_ID,
    actions,
    onAccepted: (more) => {
      accepted.push(...more);
    },
    options: { signal, lane: 'live' },
  });
  return { result, sizes, accepted };
}

function creations(count: number): RouteAction[] {
  const rows = Array.from({ length: count }, (_, index) =>
    nodeRow(`10.0.${index}.0/24`, `i-${index}`),
  );
  const { routes } = desiredRoutes([routeTableOf(rows)], CLUSTER_ID);
  return routes.map((route) => ({ kind: 'createRoute', owner: route.owner, route }));
}

function deletions(count: number): RouteAction[] {
  const entries = Array.from({ length: count }, (_, index) => entryOf(`10.0.${index}.0/24`, 'i-x'));
  const observed = observe(entries, [memberWith(routeTableOf([]))]);
  return observed.map((route) => ({ kind: 'deleteRoute', owner: 'uid', route }));
}

function failed(destinationCidr: string, code: string): FailedRouteEntry {
  return { destinationCidr, nextHopId: '', code, message: 'words' };
}

/** Refuses a whole request that has one of these destinations in it. */
function poison(code: string, ...destinations: readonly string[]): Script['onCreate'] {
  return (entries) => {
    if (entries.some(({ destinationCidr }) => destinations.includes(destinationCidr))) {
      throw new Failure('terminal', 'Cannot create route entries', { code });
    }
    return [];
  };
}

test('ROUTE-10: applyRoutes sends at most 50 entries a request, deletions first, and a few requests a pass', async () => {
  const { result, sizes } = await play([...creations(130), ...deletions(60)], {});
  assert.deepEqual(sizes, [-50, -10, 50, 50], 'The rest is for the next pass');
  assert.equal(result.isComplete, false);
});

const entryCases = [
  {
    name: 'Duplicate',
    code: 'VPC_ROUTE_ENTRY_CIDR_BLOCK_DUPLICATE',
    want: { isRefuted: true, isFull: false, refused: [] },
    reason: 'What is there is read and judged.',
  },
  {
    name: 'InTransit',
    code: 'VPC_ROUTE_ENTRY_STATUS_ERROR',
    want: { isRefuted: true, isFull: false, refused: [] },
    reason: 'It is looked at again.',
  },
  {
    name: 'Full',
    code: 'QuotaExceeded',
    want: { isRefuted: false, isFull: true, refused: [] },
    reason: 'The quota is no matter of the row.',
  },
  {
    name: 'NoInstance',
    code: 'InvalidInstanId.NotFound',
    want: { isRefuted: false, isFull: false, refused: ['NextHopNotFound'] },
    reason: 'The code is misspelt on the wire.',
  },
  {
    name: 'NoIpv6',
    code: 'OperationDenied.VpcIpv6NotEnabled',
    want: { isRefuted: false, isFull: false, refused: ['NoIpv6'] },
    reason: 'It is not a missing permission.',
  },
  {
    name: 'Unknown',
    code: 'VPC_SOMETHING_NEW',
    want: { isRefuted: false, isFull: false, refused: ['Refused'] },
    reason: 'A code that nobody has met is shown, and tried again.',
  },
] as const;
for (const { name, code, want, reason } of entryCases) {
  test(`B-55 ROUTE-12: applyRoutes judges one entry of an answer: ${name}`, async () => {
    const script: Script = { onCreate: () => [failed('10.0.1.0/24', code)] };
    const { result, accepted } = await play(creations(3), script);
    assert.deepEqual(
      {
        isRefuted: result.isRefuted,
        isFull: result.isFull,
        refused: result.refused.map(({ refusal }) => refusal.reason),
      },
      want,
      reason,
    );
    assert.deepEqual(
      accepted.map(({ route }) => route.destinationCidr),
      ['10.0.0.0/24', '10.0.2.0/24'],
      'The others were made',
    );
  });
}

test('applyRoutes: a deletion of what is gone already is done, and one that is refused is told', async () => {
  const script: Script = {
    onDelete: () => [
      failed('10.0.0.0/24', 'VPC_ROUTER_ENTRY_NOT_EXIST'),
      failed('10.0.1.0/24', 'OperationDenied'),
    ],
  };
  const { result, accepted } = await play(deletions(3), script);
  assert.deepEqual(
    accepted.map(({ route }) => route.destinationCidr),
    ['10.0.0.0/24', '10.0.2.0/24'],
  );
  assert.deepEqual(
    result.undeletable.map(({ action }) => action.route.destinationCidr),
    ['10.0.1.0/24'],
  );
});

test('ROUTE-12: applyRoutes divides a request that is refused as a whole until the entry is found', async () => {
  const onCreate = poison('InvalidDestinationCidrBlock', '10.0.17.0/24');
  const { result, accepted } = await play(creations(50), { ...(onCreate && { onCreate }) });
  assert.deepEqual(
    result.refused.map(({ route, refusal }) => `${route.destinationCidr} ${refusal.reason}`),
    ['10.0.17.0/24 DestinationRefused'],
  );
  assert.equal(accepted.length, 49);
});

test('applyRoutes: entries that are all refused alike are not tried one by one', async () => {
  const onCreate: Script['onCreate'] = () => {
    throw new Failure('terminal', 'Cannot create route entries', {
      code: 'InvalidParam.Something',
    });
  };
  const { result, sizes } = await play(creations(50), { onCreate });
  assert.equal(result.refused.length, 50);
  assert.ok(sizes.length < 20, `${sizes.length} requests`);
});

test('ROUTE-27: applyRoutes finds the last place of a table that refuses whole requests', async () => {
  let places = 20;
  const onCreate: Script['onCreate'] = (entries) => {
    if (entries.length > places) {
      throw new Failure('terminal', 'Cannot create route entries', { code: 'QuotaExceeded' });
    }
    places -= entries.length;
    return [];
  };
  const { result, accepted } = await play(creations(50), { onCreate });
  assert.equal(accepted.length, 20);
  assert.equal(result.isFull, true);
  assert.deepEqual(result.refused, []);
});

const thrown = [
  { kind: 'terminal', code: 'Forbidden.RAM', reason: 'A missing permission is about every entry.' },
  { kind: 'conflict', code: 'TaskConflict', reason: 'The VPC is busy.' },
  { kind: 'retryable', code: 'Timeout', reason: 'Nobody knows what became of it.' },
] as const;
for (const { kind, code, reason } of thrown) {
  test(`applyRoutes: ends with a failure that is not about an entry: ${code}`, async () => {
    let count = 0;
    const onCreate: Script['onCreate'] = () => {
      count += 1;
      throw new Failure(kind, 'Cannot create route entries', { code });
    };
    await assert.rejects(play(creations(50), { onCreate }), { kind }, reason);
    assert.equal(count, 1, reason);
  });
}

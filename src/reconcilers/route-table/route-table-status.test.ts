import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findCondition } from '../conditions.ts';
import type { RouteTableResource } from '../kubernetes-objects.ts';
import {
  CLUSTER_ID,
  entryOf,
  memberWith,
  nodeRow,
  observe,
  personsRow,
  routeTableOf,
} from '../../../test/support/route-builders.ts';
import { desiredRoutes, type RouteFinding } from './route-table-desired.ts';
import type { RouteRow, RouteTableStatusChange } from './route-table-ports.ts';
import { statusEvents } from './route-table-reporter.ts';
import {
  failedRouteTableStatus,
  routeTableStatus,
  withIntendedRoutes,
  type SeenTable,
} from './route-table-status.ts';
import type { Stance } from './route-table-verdict.ts';

const NOW_MS = Date.parse('2026-03-01T12:00:00Z');
const UID = 'uid-of-vtb-1';

function finding(
  destinationCidr: string,
  state: RouteFinding['state'],
  reason: string,
): RouteFinding {
  return {
    owner: UID,
    destinationCidr,
    nextHopId: 'i-a',
    state,
    reason,
    message: `It is ${reason}`,
  };
}

/** The status of an object with these findings. */
function statusOf(
  findings: readonly RouteFinding[],
  change: {
    readonly rows?: readonly RouteRow[];
    readonly status?: RouteTableResource['status'];
    readonly stance?: Stance;
    readonly seen?: Partial<SeenTable>;
  } = {},
): RouteTableStatusChange {
  const resource = routeTableOf(change.rows ?? [], { status: change.status ?? {} });
  return routeTableStatus({
    member: memberWith(resource, change.stance),
    seen: {
      identity: { accountId: '1', regionId: 'cn-hangzhou' },
      vpcId: 'vpc-1',
      observed: [],
      desired: [],
      findings,
      actions: [],
      adoptions: [],
      quota: { used: 0 },
      ...change.seen,
    },
    nowMs: NOW_MS,
  });
}

function conditionOf(status: RouteTableStatusChange, type: string): string {
  const found = findCondition(status.conditions ?? [], type);
  return `${found?.status ?? ''} ${found?.reason ?? ''}`;
}

const available = finding('10.0.1.0/24', 'available', 'Available');
const cases = [
  {
    name: 'AllThere',
    findings: [available],
    want: { Programmed: 'True Programmed', Ready: 'True Ready', Stalled: 'False Ready' },
    reason: 'Everything is as asked.',
  },
  {
    name: 'OnTheWay',
    findings: [available, finding('10.0.2.0/24', 'pending', 'Creating')],
    want: { Programmed: 'False Pending', Ready: 'False Pending', Stalled: 'False Reconciling' },
    reason: 'Nothing has to be done about it.',
  },
  {
    name: 'Taken',
    findings: [finding('10.0.2.0/24', 'conflicting', 'DestinationTaken')],
    want: {
      Programmed: 'False DestinationTaken',
      Ready: 'False DestinationTaken',
      Stalled: 'True DestinationTaken',
    },
    reason: 'A person has to act.',
  },
  {
    name: 'TakenAndOnTheWay',
    findings: [
      finding('10.0.2.0/24', 'conflicting', 'DestinationTaken'),
      finding('10.0.3.0/24', 'pending', 'Creating'),
    ],
    want: {
      Programmed: 'False DestinationTaken',
      Ready: 'False DestinationTaken',
      Stalled: 'False Reconciling',
    },
    reason: 'What has to be acted on is told, but something goes on.',
  },
  {
    name: 'Several',
    findings: [
      finding('10.0.2.0/24', 'conflicting', 'DestinationTaken'),
      finding('10.0.3.0/24', 'failed', 'QuotaExceeded'),
    ],
    want: {
      Programmed: 'False SeveralReasons',
      Ready: 'False SeveralReasons',
      Stalled: 'True SeveralReasons',
    },
    reason: 'The rows tell the rest.',
  },
  {
    name: 'ForeignBeside',
    findings: [available, finding('10.0.9.0/24', 'conflicting', 'ForeignRoute')],
    want: { Programmed: 'True ForeignRoute', Ready: 'True Ready', Stalled: 'False Ready' },
    reason: 'Somebody else has a route there, and every row is as asked.',
  },
] as const;
for (const { name, findings, want, reason } of cases) {
  test(`API-07 API-08: routeTableStatus: ${name}`, () => {
    const status = statusOf(findings);
    const got = Object.fromEntries(
      Object.keys(want).map((type) => [type, conditionOf(status, type)]),
    );
    assert.deepEqual(got, want, reason);
  });
}

test('ROUTE-26: routeTableStatus lists at most 64 rows that are not as asked, and tells how many there are', () => {
  const findings = Array.from({ length: 300 }, (_, index) =>
    finding(`10.1.${index % 256}.0/${24 + Math.floor(index / 256)}`, 'failed', 'QuotaExceeded'),
  );
  const status = statusOf([...findings, { ...available, owner: 'another' }]);
  assert.equal(status.notAsWished?.length, 64);
  assert.equal(status.notAsWishedTotal, 300);
  assert.equal(status.routes?.failed, 300);
  assert.equal(status.routes.available, 0, 'Rows of other objects are their own matter');
});

test('routeTableStatus keeps since when a row is as it is, while the reason stays', () => {
  const since = '2026-02-01T00:00:00Z';
  const earlier = {
    destinationCidr: '10.0.2.0/24',
    reason: 'DestinationTaken',
    message: '',
    since,
  };
  const status = { notAsWished: [earlier] };
  const [same] =
    statusOf([finding('10.0.2.0/24', 'conflicting', 'DestinationTaken')], { status }).notAsWished ??
    [];
  const [other] =
    statusOf([finding('10.0.2.0/24', 'failed', 'Refused')], { status }).notAsWished ?? [];
  assert.equal(same?.since, since);
  assert.equal(other?.since, '2026-03-01T12:00:00Z');
});

test('ROUTE-07: routeTableStatus records what is ours, and how it came', () => {
  const rows = [nodeRow('10.0.1.0/24', 'i-a'), personsRow('10.0.2.0/24', 'i-b')];
  const resource = routeTableOf(rows);
  const { routes: desired } = desiredRoutes([resource], CLUSTER_ID);
  const [first] = desired;
  const entries = [
    entryOf('10.0.1.0/24', 'i-a', { name: first?.name ?? '', status: 'Pending' }),
    entryOf('10.0.2.0/24', 'i-b'),
    entryOf('10.0.3.0/24', 'i-c'),
  ];
  const observed = observe(entries, [memberWith(resource)]);
  const status = statusOf([], { rows, seen: { desired, observed } });
  assert.deepEqual(status.owned, [
    { destinationCidr: '10.0.1.0/24', nextHopId: 'i-a', origin: 'Created', state: 'Pending' },
    { destinationCidr: '10.0.2.0/24', nextHopId: 'i-b', origin: 'Adopted' },
  ]);
  const again = routeTableOf(rows, { status: { owned: [...status.owned] } });
  const seenAgain = observe(entries, [memberWith(again)]);
  const next = statusOf([], {
    rows,
    status: again.status,
    seen: { desired, observed: seenAgain },
  });
  assert.deepEqual(next.owned, status.owned, 'What was taken over stays known as that');
});

test('routeTableStatus writes the time of the comparison only from time to time', () => {
  const recent = { lastDriftCheckTime: '2026-03-01T11:45:00Z' };
  const old = { lastDriftCheckTime: '2026-03-01T11:00:00Z' };
  assert.equal(statusOf([], { status: recent }).lastDriftCheckTime, undefined);
  assert.equal(statusOf([], { status: old }).lastDriftCheckTime, '2026-03-01T12:00:00Z');
});

test('ROUTE-22: withIntendedRoutes puts what is about to be made in the place of what was there', () => {
  const rows = [nodeRow('10.0.1.0/24', 'i-new')];
  const resource = routeTableOf(rows, {
    status: {
      owned: [
        { destinationCidr: '10.0.1.0/24', nextHopId: 'i-old', origin: 'Adopted' },
        { destinationCidr: '10.0.2.0/24', nextHopId: 'i-b', origin: 'Created' },
      ],
    },
  });
  const { routes } = desiredRoutes([resource], CLUSTER_ID);
  assert.deepEqual(withIntendedRoutes(resource, routes), [
    { destinationCidr: '10.0.1.0/24', nextHopId: 'i-new', origin: 'Created', state: 'Pending' },
    { destinationCidr: '10.0.2.0/24', nextHopId: 'i-b', origin: 'Created' },
  ]);
});

test('API-10: failedRouteTableStatus speaks of the generation, and keeps what is known', () => {
  const resource = routeTableOf([], { metadata: { generation: 7 } });
  const failure = { reason: 'Forbidden', message: 'No', isStalled: true };
  const status = failedRouteTableStatus(resource, failure, NOW_MS);
  assert.equal(status.observedGeneration, 7);
  assert.equal(conditionOf(status, 'Stalled'), 'True Forbidden');
  assert.equal('owned' in status, false);
});

test('statusEvents: one Warning for what is new, one Normal for readiness, none for a repetition', () => {
  const before = routeTableOf([]);
  const taken = after(before, [finding('10.0.2.0/24', 'conflicting', 'DestinationTaken')]);
  assert.deepEqual(reasons(before, taken), ['Warning DestinationTaken']);
  assert.deepEqual(reasons(taken, taken), []);
  const ready = after(taken, [available]);
  assert.deepEqual(reasons(taken, ready), ['Normal Ready']);
  const low = { ...ready, status: { ...ready.status, quota: { forecast: 'Soon' } } };
  assert.deepEqual(reasons(ready, low), ['Warning QuotaLow']);
});

function after(
  resource: RouteTableResource,
  findings: readonly RouteFinding[],
): RouteTableResource {
  const { conditions = [] } = statusOf(findings, { status: resource.status });
  return { ...resource, status: { conditions: [...(conditions ?? [])] } };
}

function reasons(before: RouteTableResource, now: RouteTableResource): string[] {
  return statusEvents(before, now).map(({ type, reason }) => `${type} ${reason}`);
}

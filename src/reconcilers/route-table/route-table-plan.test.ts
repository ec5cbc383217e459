import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CloudRouteEntry } from '../../cloud/vpc/vpc-client.ts';
import {
  CLUSTER_ID,
  entryOf,
  memberWith,
  nodeRow,
  observe,
  personsRow,
  routeTableOf,
} from '../../../test/support/route-builders.ts';
import { routeEntryName } from './route-table-names.ts';
import { desiredRoutes } from './route-table-desired.ts';
import {
  inferredRemovals,
  planRoutes,
  type RouteAction,
  type RoutePlan,
} from './route-table-plan.ts';
import type { OwnedRoute, RouteRow } from './route-table-ports.ts';

const CIDR = '10.0.1.0/24';
const OURS = routeEntryName(CLUSTER_ID, nodeRow(CIDR, 'i-a'), {
  resourceUid: 'uid-of-vtb-1',
  family: 'IPv4',
});
const OTHERS = 'k8s-0123456789ab-uid-ipv4';

interface World {
  readonly rows?: readonly RouteRow[];
  readonly entries?: readonly CloudRouteEntry[];
  readonly owned?: readonly OwnedRoute[];
  readonly adoptStaleRoutes?: boolean;
  readonly nodeCidrs?: readonly string[];
  readonly gone?: readonly string[];
  readonly held?: readonly string[];
  readonly undecided?: readonly string[];
  readonly refused?: readonly string[];
  readonly undeletable?: readonly string[];
  readonly budget?: number;
}

const REFUSAL = { reason: 'Refused', message: 'The cloud said no' };

function plan(world: World): RoutePlan {
  const resource = routeTableOf(world.rows ?? [], {
    spec: { adoptStaleRoutes: world.adoptStaleRoutes === true },
    status: { owned: [...(world.owned ?? [])] },
  });
  const desired = desiredRoutes([resource], CLUSTER_ID);
  const observed = observe(world.entries ?? [], [memberWith(resource)], {
    nodeCidrs: world.nodeCidrs ?? [],
    goneInstanceIds: world.gone ?? [],
    undecided: world.undecided ?? [],
  });
  const refusals = (cidrs: readonly string[] = []): ReadonlyMap<string, typeof REFUSAL> =>
    new Map(cidrs.map((cidr) => [cidr, REFUSAL]));
  return planRoutes({
    desired: desired.routes,
    observed,
    refused: refusals(world.refused),
    undeletable: refusals(world.undeletable),
    held: new Set(world.held),
    createBudget: world.budget ?? Number.POSITIVE_INFINITY,
    exhaustion: { reason: 'QuotaExceeded', message: 'Full' },
    reporter: resource.metadata.uid,
    approval: 'say so',
  });
}

function words(actions: readonly RouteAction[]): string[] {
  return actions.map(({ kind, route }) => `${kind} ${route.destinationCidr} ${route.nextHop.id}`);
}

const row = nodeRow(CIDR, 'i-a');
const owned = { destinationCidr: CIDR, nextHopId: 'i-a' };

const cases: readonly (World & {
  readonly rules: string;
  readonly name: string;
  readonly want: readonly string[];
  readonly says: readonly string[];
  readonly waits?: boolean;
  readonly reason: string;
})[] = [
  {
    rules: 'ROUTE-01',
    name: 'Missing',
    rows: [row],
    want: [`createRoute ${CIDR} i-a`],
    says: ['pending Creating'],
    reason: 'A row without an entry gets one.',
  },
  {
    rules: 'ROUTE-01',
    name: 'Present',
    rows: [row],
    entries: [entryOf(CIDR, 'i-a', { name: OURS })],
    want: [],
    says: ['available Available'],
    reason: 'An entry that is as asked is left alone.',
  },
  {
    rules: 'ROUTE-07',
    name: 'EqualWithoutMark',
    rows: [row],
    entries: [entryOf(CIDR, 'i-a')],
    want: [],
    says: ['available Available'],
    reason: 'Routes of a predecessor bear no mark; one that equals a row is taken over as it is.',
  },
  {
    rules: 'B-55',
    name: 'TakenByAnother',
    rows: [row],
    entries: [entryOf(CIDR, 'i-b')],
    want: [],
    says: ['conflicting DestinationTaken'],
    reason: 'A destination that leads elsewhere is no success, and not ours to change.',
  },
  {
    rules: 'ROUTE-07',
    name: 'TakenByAnotherCluster',
    rows: [row],
    entries: [entryOf(CIDR, 'i-a', { name: OTHERS })],
    want: [],
    says: ['conflicting DestinationTaken'],
    reason: 'What bears the mark of another cluster is its own, even where it equals a row.',
  },
  {
    rules: 'ROUTE-09',
    name: 'WrongNextHop',
    rows: [row],
    entries: [entryOf(CIDR, 'i-b', { name: OURS })],
    want: [`deleteRoute ${CIDR} i-b`],
    says: ['pending Replacing'],
    waits: true,
    reason: 'The entry goes first; another one comes once it is seen to be gone.',
  },
  {
    rules: 'ROUTE-09',
    name: 'WrongNextHopGoing',
    rows: [row],
    entries: [entryOf(CIDR, 'i-b', { name: OURS, status: 'Deleting' })],
    want: [],
    says: ['pending Replacing'],
    waits: true,
    reason:
      'A table holds one entry for each destination, so that nothing is made before it is gone.',
  },
  {
    rules: 'ROUTE-09',
    name: 'WrongNextHopInTransit',
    rows: [row],
    entries: [entryOf(CIDR, 'i-b', { name: OURS, status: 'Pending' })],
    want: [],
    says: ['pending Replacing'],
    waits: true,
    reason: 'Only an entry that is in use can be deleted.',
  },
  {
    rules: 'B-58',
    name: 'WrongKindOfNextHop',
    rows: [personsRow(CIDR, 'eni-a', 'NetworkInterface')],
    entries: [entryOf(CIDR, 'eni-a', { nextHops: [{ type: 'HaVip', id: 'eni-a' }] })],
    want: [],
    says: ['conflicting DestinationTaken'],
    reason: 'The kind of next hop counts as well as its id.',
  },
  {
    rules: 'ROUTE-08',
    name: 'NoRowRecorded',
    entries: [entryOf(CIDR, 'i-a')],
    owned: [owned],
    want: [`deleteRoute ${CIDR} i-a`],
    says: ['pending Removing'],
    reason: 'A row that was taken out takes its entry along, also one that was taken over.',
  },
  {
    rules: 'ROUTE-24',
    name: 'NoRowButItsNode',
    entries: [entryOf(CIDR, 'i-a', { name: OURS })],
    owned: [owned],
    nodeCidrs: [CIDR],
    held: [CIDR],
    want: [],
    says: ['held RemovalHeld'],
    reason: 'The Node is there, so that the removal rests on absence, and many of them are held.',
  },
  {
    rules: 'ROUTE-08',
    name: 'Unclaimed',
    entries: [entryOf(CIDR, 'i-a', { name: OURS })],
    want: [],
    says: ['conflicting UnclaimedRoute'],
    reason: 'An object gave it away or lost its records; no row was taken out.',
  },
  {
    rules: 'ROUTE-08',
    name: 'UnclaimedBlackhole',
    entries: [entryOf(CIDR, 'i-gone', { name: OURS })],
    gone: ['i-gone'],
    want: [`deleteRoute ${CIDR} i-gone`],
    says: ['pending Removing'],
    reason: "What leads nowhere and bears our mark is nobody else's.",
  },
  {
    rules: 'ROUTE-05',
    name: 'HandMade',
    entries: [entryOf(CIDR, 'i-a')],
    want: [],
    says: ['conflicting ForeignRoute'],
    reason: 'In the network of pods it is told of, and kept.',
  },
  {
    rules: 'ROUTE-05 ROUTE-06',
    name: 'HandMadeOutside',
    entries: [entryOf('10.0.0.0/8', 'i-a'), entryOf('192.168.0.0/16', 'i-a')],
    want: [],
    says: [],
    reason: 'A larger route that starts at the same address is outside, like any other.',
  },
  {
    rules: 'ROUTE-07',
    name: 'StaleWithoutLeave',
    entries: [entryOf(CIDR, 'i-gone')],
    gone: ['i-gone'],
    want: [],
    says: ['conflicting ForeignRoute'],
    reason: 'Without adoptStaleRoutes it is only told of.',
  },
  {
    rules: 'ROUTE-07 ROUTE-08',
    name: 'Stale',
    entries: [entryOf(CIDR, 'i-gone')],
    adoptStaleRoutes: true,
    gone: ['i-gone'],
    want: [`deleteRoute ${CIDR} i-gone`],
    says: ['pending Removing'],
    reason: 'A blackhole in the network of pods goes when that was asked for.',
  },
  {
    rules: 'ROUTE-07',
    name: 'StaleInTheWay',
    rows: [row],
    entries: [entryOf(CIDR, 'i-gone')],
    adoptStaleRoutes: true,
    gone: ['i-gone'],
    want: [`deleteRoute ${CIDR} i-gone`],
    says: ['pending Replacing'],
    waits: true,
    reason: 'It makes place for the row.',
  },
  {
    rules: 'ROUTE-06 ROUTE-07',
    name: 'StaleOutside',
    entries: [entryOf('192.168.0.0/24', 'i-gone')],
    adoptStaleRoutes: true,
    gone: ['i-gone'],
    want: [],
    says: [],
    reason: 'Outside of the network of pods nothing is ever stale.',
  },
  {
    rules: 'ROUTE-07 ROUTE-24',
    name: 'StaleHeld',
    entries: [entryOf(CIDR, 'i-gone')],
    adoptStaleRoutes: true,
    gone: ['i-gone'],
    held: [CIDR],
    want: [],
    says: ['held RemovalHeld'],
    reason: 'Too many at once are held back.',
  },
  {
    rules: 'ROUTE-05',
    name: 'System',
    rows: [row],
    entries: [entryOf(CIDR, 'i-a', { type: 'System' })],
    want: [],
    says: ['conflicting DestinationTaken'],
    reason: 'Entries of the system are never ours.',
  },
  {
    rules: 'ROUTE-05',
    name: 'SeveralNextHops',
    entries: [
      entryOf(CIDR, 'i-a', {
        name: OURS,
        nextHops: [
          { type: 'Instance', id: 'i-a' },
          { type: 'Instance', id: 'i-b' },
        ],
      }),
    ],
    want: [],
    says: [],
    reason: 'A person made it what it is, whatever its name.',
  },
  {
    rules: 'ROUTE-05',
    name: 'Default',
    rows: [personsRow('0.0.0.0/0', 'i-a')],
    entries: [entryOf('0.0.0.0/0', 'i-b', { name: OURS })],
    want: [],
    says: [],
    reason: 'The default route is never asked for and never touched.',
  },
  {
    rules: 'ROUTE-27',
    name: 'OverQuota',
    rows: [row, nodeRow('10.0.2.0/24', 'i-b'), nodeRow('10.0.3.0/24', 'i-c')],
    entries: [entryOf('10.0.9.0/24', 'i-z', { name: OURS })],
    owned: [{ destinationCidr: '10.0.9.0/24', nextHopId: 'i-z' }],
    budget: 1,
    want: ['deleteRoute 10.0.9.0/24 i-z', `createRoute ${CIDR} i-a`],
    says: ['pending Removing', 'pending Creating', 'failed QuotaExceeded', 'failed QuotaExceeded'],
    reason: 'Deletions go on, as many are made as there are places, and the rest says why not.',
  },
  {
    rules: 'ROUTE-12',
    name: 'Refused',
    rows: [row],
    refused: [CIDR],
    want: [],
    says: ['failed Refused'],
    reason: 'A row that the cloud refused waits for its next try.',
  },
  {
    rules: 'ROUTE-12',
    name: 'Undeletable',
    entries: [entryOf(CIDR, 'i-a', { name: OURS })],
    owned: [owned],
    undeletable: [CIDR],
    want: [],
    says: ['failed Refused'],
    reason: 'A deletion that the cloud refused waits too.',
  },
  {
    rules: 'ROUTE-01',
    name: 'Undecided',
    entries: [entryOf(CIDR, 'i-a', { name: OURS })],
    owned: [owned],
    undecided: [CIDR],
    want: [],
    says: [],
    reason: 'A row whose next hop its Node is about to tell loses nothing meanwhile.',
  },
  {
    rules: 'B-58',
    name: 'DualStack',
    rows: [row, nodeRow('fd00:0:0:1::/64', 'i-a')],
    want: [`createRoute ${CIDR} i-a`, 'createRoute fd00:0:0:1::/64 i-a'],
    says: ['pending Creating', 'pending Creating'],
    reason: 'Each family has its own entry.',
  },
];

for (const { rules, name, want, says, waits, reason, ...world } of cases) {
  test(`${rules}: planRoutes: ${name}`, () => {
    const got = plan(world);
    assert.deepEqual(words(got.actions), want, reason);
    assert.deepEqual(
      got.findings.map(({ state, reason: why }) => `${state} ${why}`),
      says,
      reason,
    );
    assert.equal(got.isWaiting, waits ?? false, reason);
  });
}

test('inferredRemovals: what rests on a command is not among them', () => {
  const resource = routeTableOf([], { status: { owned: [owned] } });
  const entries = [
    entryOf(CIDR, 'i-a', { name: OURS }),
    entryOf('10.0.2.0/24', 'i-b', { name: OURS }),
    entryOf('10.0.3.0/24', 'i-b', { name: OURS, status: 'Deleting' }),
    entryOf('10.0.4.0/24', 'i-c', { name: OURS }),
  ];
  const seen = observe(entries, [memberWith(resource)], { goneInstanceIds: ['i-b'] });
  const inferred = inferredRemovals([], seen);
  assert.deepEqual(
    inferred.map(({ destinationCidr }) => destinationCidr),
    ['10.0.2.0/24'],
    'The recorded one was commanded, the third goes already, and the last one stays',
  );
});

test('ROUTE-09: planRoutes converges from every small state, and changes nothing foreign', () => {
  const hops = ['i-a', 'i-b'];
  const standings = ['ours', 'unmarked', 'other'] as const;
  const rowChoices: readonly (readonly RouteRow[])[] = [
    [],
    ...hops.map((id) => [nodeRow(CIDR, id)]),
    ...hops.map((id) => [nodeRow(CIDR, id), nodeRow('10.0.2.0/24', id)]),
  ];
  const entryChoices = ['10.0.1.0/24', '10.0.2.0/24'].flatMap((cidr) =>
    hops.flatMap((id) =>
      standings.flatMap((standing) =>
        ['Available', 'Pending', 'Deleting'].map((status) =>
          entryOf(cidr, id, { name: nameOf(standing), status }),
        ),
      ),
    ),
  );
  for (const rows of rowChoices) {
    for (const one of entryChoices) {
      for (const other of entryChoices) {
        if (one.destinationCidr >= other.destinationCidr) continue;
        convergence(rows, [one, other]);
      }
    }
  }
});

function nameOf(standing: 'ours' | 'unmarked' | 'other'): string {
  return { ours: OURS, unmarked: '', other: OTHERS }[standing];
}

/** Plans and carries out until nothing is left to do, in a cloud where everything takes one step. */
function convergence(rows: readonly RouteRow[], start: readonly CloudRouteEntry[]): void {
  let entries = start;
  const foreign = (): CloudRouteEntry[] =>
    entries
      .filter(({ name, status }) => name !== OURS && !isOursNow(name) && status !== 'Deleting')
      .map((entry) => ({ ...entry, status: 'Available' }));
  const foreignBefore = foreign();
  for (let step = 0; step < 10; step += 1) {
    const { actions, isWaiting } = plan({ rows, entries });
    if (actions.length === 0 && !isWaiting) break;
    const settledNow = entries
      .filter(({ status }) => status !== 'Deleting')
      .map((entry) => ({ ...entry, status: 'Available' }));
    entries = actions.reduce<readonly CloudRouteEntry[]>(carriedOut, settledNow);
    const cidrs = entries.map(({ destinationCidr }) => destinationCidr);
    assert.equal(new Set(cidrs).size, cidrs.length, 'Never two entries of one destination');
  }
  const last = plan({ rows, entries });
  assert.deepEqual(words(last.actions), []);
  assert.equal(last.isWaiting, false);
  assert.deepEqual(foreign(), foreignBefore, 'Nothing foreign has changed');
}

function isOursNow(name: string): boolean {
  return name.startsWith(OURS.slice(0, 'k8s-0123456789ab'.length));
}

function carriedOut(
  entries: readonly CloudRouteEntry[],
  action: RouteAction,
): readonly CloudRouteEntry[] {
  if (action.kind === 'deleteRoute') {
    return entries.map((entry) =>
      entry.destinationCidr === action.route.entry.destinationCidr
        ? { ...entry, status: 'Deleting' }
        : entry,
    );
  }
  const { destinationCidr, nextHop, name } = action.route;
  return [...entries, entryOf(destinationCidr, nextHop.id, { name, status: 'Pending' })];
}

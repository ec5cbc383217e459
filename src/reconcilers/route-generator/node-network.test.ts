import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeOf, taintOf } from '../../../test/support/kubernetes-builders.ts';
import { rangeOf, routeTableOf } from '../../../test/support/route-builders.ts';
import type { Condition, Node, RouteTableResource } from '../kubernetes-objects.ts';
import { UNINITIALIZED_TAINT } from '../node/node-names.ts';
import type { RouteRow } from '../route-table/route-table-ports.ts';
import { judgeNetwork, networkConditionChange, type NetworkVerdict } from './node-network.ts';
import { routesOfNodes } from './node-routes.ts';
import type { GenerationOutcome } from './route-generator.ts';

const clusterCidrs = [rangeOf('10.0.0.0/16'), rangeOf('fd00::/48')];
const V4 = '10.0.1.0/24';
const V6 = 'fd00:0:0:1::/64';

const node = nodeOf('a', { podCidrs: [V4, V6] });

function row(destinationCidr: string, id = 'i-a'): RouteRow {
  return {
    destinationCidr,
    nextHop: { type: 'Instance', id },
    node: { name: 'a', uid: 'uid-of-a' },
  };
}

function condition(type: string, status: 'True' | 'False', message: string): Condition {
  return { type, status, reason: 'X', message, lastTransitionTime: '2026-01-01T00:00:00Z' };
}

const available = routeTableOf([row(V4), row(V6)], {
  status: {
    owned: [
      { destinationCidr: V4, nextHopId: 'i-a' },
      { destinationCidr: V6, nextHopId: 'i-a' },
    ],
  },
});
const withoutEntries = routeTableOf([row(V4), row(V6)]);

const cases: {
  id: string;
  name: string;
  node?: Node;
  tables?: Readonly<Record<string, readonly RouteTableResource[]>>;
  outcome?: Partial<GenerationOutcome>;
  want: NetworkVerdict['kind'];
  message?: RegExp;
  failure?: boolean;
  reason: string;
}[] = [
  {
    id: 'ROUTE-13',
    name: 'AllThere',
    want: 'available',
    reason: 'Every pod CIDR has its entry in use.',
  },
  {
    id: 'ROUTE-13',
    name: 'OneOfTwoFailed',
    tables: {
      'vtb-1': [
        {
          ...available,
          status: {
            owned: [{ destinationCidr: V4, nextHopId: 'i-a' }],
            notAsWished: [
              { destinationCidr: V6, reason: 'NoIpv6', message: 'The VPC has no IPv6' },
            ],
          },
        },
      ],
    },
    want: 'unavailable',
    message: /No route to fd00:0:0:1::\/64 in route table vtb-1: The VPC has no IPv6/,
    failure: true,
    reason: 'A part of the pods cannot be reached.',
  },
  {
    id: 'ROUTE-13',
    name: 'OneOfTwoTables',
    tables: { 'vtb-1': [available], 'vtb-2': [routeTableOf([row(V4), row(V6)])] },
    outcome: { tableIds: ['vtb-1', 'vtb-2'] },
    want: 'pending',
    reason: 'The Go CCM clears the condition after the first table (B-57); here all count.',
  },
  {
    id: 'ROUTE-13',
    name: 'SecondObjectOfATable',
    tables: {
      'vtb-1': [
        routeTableOf([]),
        { ...available, metadata: { ...available.metadata, name: 'vtb-1-2' } },
      ],
    },
    want: 'available',
    reason: 'It is one route table.',
  },
  {
    id: 'ROUTE-13',
    name: 'NotYetInUse',
    tables: {
      'vtb-1': [
        {
          ...available,
          status: {
            owned: [
              { destinationCidr: V4, nextHopId: 'i-a', state: 'Pending' },
              { destinationCidr: V6, nextHopId: 'i-a' },
            ],
          },
        },
      ],
    },
    want: 'pending',
    reason: 'The entry is there but carries nothing yet.',
  },
  {
    id: 'ROUTE-13',
    name: 'WrongNextHop',
    tables: {
      'vtb-1': [
        {
          ...available,
          status: {
            owned: [
              { destinationCidr: V4, nextHopId: 'i-former' },
              { destinationCidr: V6, nextHopId: 'i-a' },
            ],
          },
        },
      ],
    },
    want: 'pending',
    reason: 'It is about to be replaced.',
  },
  {
    id: 'ROUTE-13',
    name: 'BeingCreated',
    tables: {
      'vtb-1': [
        {
          ...withoutEntries,
          status: { notAsWished: [{ destinationCidr: V4, reason: 'Creating', message: '' }] },
        },
      ],
    },
    want: 'pending',
    reason: 'That is no news.',
  },
  {
    id: 'ROUTE-13',
    name: 'NoRowYet',
    tables: {},
    want: 'pending',
    reason: 'The next run adds it.',
  },
  {
    id: 'ROUTE-12',
    name: 'RowNotWritten',
    tables: {},
    outcome: { failures: new Map([['vtb-1', 'Cannot write']]) },
    want: 'unavailable',
    message: /Cannot write/,
    failure: true,
    reason: 'The API server refuses the object.',
  },
  {
    id: 'ROUTE-13',
    name: 'HopOfAPerson',
    tables: {
      'vtb-1': [
        routeTableOf([row(V4, 'i-z'), row(V6)], {
          status: {
            owned: [
              { destinationCidr: V4, nextHopId: 'i-z' },
              { destinationCidr: V6, nextHopId: 'i-a' },
            ],
          },
        }),
      ],
    },
    want: 'available',
    reason: 'A person has decided where the packets go.',
  },
  {
    id: 'ROUTE-13',
    name: 'Paused',
    tables: {
      'vtb-1': [
        routeTableOf([row(V4), row(V6)], {
          spec: { reconcilePolicy: 'Paused' },
          status: { conditions: [condition('Ready', 'False', 'spec.reconcilePolicy is "Paused"')] },
        }),
      ],
    },
    want: 'unavailable',
    message: /is "Paused"/,
    failure: true,
    reason: 'Nothing will come of waiting.',
  },
  {
    id: 'ROUTE-13',
    name: 'Stalled',
    tables: {
      'vtb-1': [
        routeTableOf([row(V4), row(V6)], {
          status: {
            conditions: [
              condition('Ready', 'False', 'There is no route table "vtb-1"'),
              condition('Stalled', 'True', ''),
            ],
          },
        }),
      ],
    },
    want: 'unavailable',
    message: /There is no route table/,
    failure: true,
    reason: 'The whole table is out of reach.',
  },
  {
    id: 'ROUTE-13',
    name: 'SeveralTablesAndNoneChosen',
    tables: {},
    outcome: {
      tableIds: [],
      tableProblem: { reason: 'SeveralRouteTables', message: 'VPC "v" has 2 route tables' },
    },
    want: 'unavailable',
    message: /has 2 route tables/,
    failure: false,
    reason: 'The node says why, but it is no fault of the node and worth no event of it.',
  },
  {
    id: 'ROUTE-20',
    name: 'OutsideOfTheCluster',
    node: nodeOf('a', { podCidrs: ['10.9.1.0/24'] }),
    want: 'unavailable',
    message: /outside of the cluster CIDR/,
    failure: true,
    reason: 'The node is warned.',
  },
  {
    id: 'ROUTE-16',
    name: 'NoPodCidr',
    node: nodeOf('a'),
    tables: { 'vtb-1': [] },
    want: 'untouched',
    reason: 'A node with neither pods nor routes is not touched.',
  },
  {
    id: 'ROUTE-16',
    name: 'NoPodCidrAndRows',
    node: nodeOf('a'),
    want: 'unavailable',
    message: /no pod CIDR/,
    failure: false,
    reason: 'It has leftover routes.',
  },
  {
    id: 'ROUTE-16',
    name: 'NoPodCidrAndCondition',
    node: nodeOf('a', { networkUnavailable: { status: 'True', reason: 'NoRouteCreated' } }),
    tables: { 'vtb-1': [] },
    want: 'unavailable',
    message: /no pod CIDR/,
    failure: false,
    reason: 'The condition is there and says why.',
  },
  {
    id: 'ROUTE-15',
    name: 'NoPodCidrAndForeignCondition',
    node: nodeOf('a', { networkUnavailable: { status: 'False', reason: 'CalicoIsUp' } }),
    tables: { 'vtb-1': [] },
    want: 'untouched',
    reason: 'The network of the node is a plug-in’s.',
  },
  {
    id: 'ROUTE-13',
    name: 'NoProviderIdYet',
    node: nodeOf('a', {
      providerId: '',
      podCidrs: [V4],
      taints: [taintOf(UNINITIALIZED_TAINT)],
    }),
    want: 'pending',
    reason: 'It is being initialised.',
  },
  {
    id: 'ROUTE-13',
    name: 'NoProviderIdForGood',
    node: nodeOf('a', { providerId: '', podCidrs: [V4] }),
    want: 'unavailable',
    message: /no provider id/,
    failure: false,
    reason: 'Nobody initialises it any more.',
  },
  {
    id: 'ROUTE-13',
    name: 'Excluded',
    node: nodeOf('a', {
      podCidrs: [V4],
      metadata: { labels: { 'service.beta.kubernetes.io/exclude-node': '' } },
    }),
    want: 'untouched',
    reason: 'It is nobody’s concern.',
  },
];

for (const entry of cases) {
  const { id, name, want, message, failure, reason, tables = { 'vtb-1': [available] } } = entry;
  test(`${id}: judgeNetwork: ${name}`, () => {
    const judged = entry.node ?? node;
    const got = judgeNetwork(judged, {
      clusterCidrs,
      listForTable: (routeTableId) => tables[routeTableId] ?? [],
      outcome: {
        tableIds: ['vtb-1'],
        nodeProblems: routesOfNodes([judged], clusterCidrs).problems,
        failures: new Map(),
        ...entry.outcome,
      },
    });
    assert.equal(got.kind, want, reason);
    if (got.kind !== 'unavailable') return;
    assert.match(got.message, message ?? /^$/, reason);
    assert.equal(got.failure, failure, reason);
  });
}

const unavailable: NetworkVerdict = { kind: 'unavailable', message: 'Why', failure: true };
const changes: {
  id: string;
  name: string;
  present: Node['networkUnavailable'];
  verdict: NetworkVerdict;
  want: string | undefined;
}[] = [
  {
    id: 'ROUTE-13',
    name: 'FirstFalse',
    present: undefined,
    verdict: { kind: 'available' },
    want: 'False RouteCreated',
  },
  {
    id: 'ROUTE-14',
    name: 'FalseAlready',
    present: { status: 'False', reason: 'RouteCreated', message: 'words of another program' },
    verdict: { kind: 'available' },
    want: undefined,
  },
  {
    id: 'ROUTE-15',
    name: 'FalseOfAPlugIn',
    present: { status: 'False', reason: 'CalicoIsUp' },
    verdict: { kind: 'available' },
    want: 'False RouteCreated',
  },
  {
    id: 'ROUTE-13',
    name: 'NewlyTrue',
    present: { status: 'False', reason: 'RouteCreated' },
    verdict: unavailable,
    want: 'True NoRouteCreated',
  },
  {
    id: 'ROUTE-14',
    name: 'TrueAlready',
    present: { status: 'True', reason: 'NoRouteCreated', message: 'Why' },
    verdict: unavailable,
    want: undefined,
  },
  {
    id: 'ROUTE-13',
    name: 'TrueForAnotherCause',
    present: { status: 'True', reason: 'NoRouteCreated', message: 'What was before' },
    verdict: unavailable,
    want: 'True NoRouteCreated',
  },
  {
    id: 'ROUTE-13',
    name: 'ComingAndSilent',
    present: undefined,
    verdict: { kind: 'pending' },
    want: 'True NoRouteCreated',
  },
  {
    id: 'ROUTE-14',
    name: 'ComingAndFalse',
    present: { status: 'False', reason: 'RouteCreated' },
    verdict: { kind: 'pending' },
    want: undefined,
  },
  {
    id: 'ROUTE-16',
    name: 'Untouched',
    present: undefined,
    verdict: { kind: 'untouched' },
    want: undefined,
  },
];

for (const { id, name, present, verdict, want } of changes) {
  test(`${id}: networkConditionChange: ${name}`, () => {
    const judged = nodeOf('a', present === undefined ? {} : { networkUnavailable: present });
    const got = networkConditionChange(judged, verdict);
    assert.equal(got === undefined ? undefined : `${got.status} ${got.reason}`, want);
  });
}

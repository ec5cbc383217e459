import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CloudRouteEntry } from '../../cloud/vpc/vpc-client.ts';
import { parseCidrRange, type CidrRange } from '../cidr-range.ts';
import { planCloudCidrs } from './cloud-cidr-plan.ts';

function range(text: string): CidrRange {
  const parsed = parseCidrRange(text);
  assert.ok(parsed !== undefined, text);
  return parsed;
}

function entry(
  destinationCidr: string,
  instanceId: string,
  change: Partial<CloudRouteEntry> = {},
): CloudRouteEntry {
  return {
    id: `rte-${destinationCidr}`,
    routeTableId: 'vtb-1',
    name: '',
    description: '',
    destinationCidr,
    ipVersion: destinationCidr.includes(':') ? 'IPv6' : 'IPv4',
    type: 'Custom',
    status: 'Available',
    nextHops: [{ type: 'Instance', id: instanceId }],
    ...change,
  };
}

const SINGLE = ['10.0.0.0/16'];
const DUAL = ['fd00::/48', '10.0.0.0/16'];

const cases = [
  {
    name: 'Routed',
    podCidrs: [],
    entries: [entry('10.0.3.0/24', 'i-a'), entry('10.0.4.0/24', 'i-b')],
    ranges: SINGLE,
    want: { kind: 'assign', podCidrs: ['10.0.3.0/24'] },
    reason: 'The route that leads to the instance says its range.',
  },
  {
    name: 'DualStack',
    podCidrs: [],
    entries: [entry('10.0.3.0/24', 'i-a'), entry('fd00:0:0:3::/64', 'i-a')],
    ranges: DUAL,
    want: { kind: 'assign', podCidrs: ['fd00:0:0:3::/64', '10.0.3.0/24'] },
    reason: 'In the order of the cluster ranges.',
  },
  {
    name: 'OneFamilyRouted',
    podCidrs: [],
    entries: [entry('10.0.3.0/24', 'i-a')],
    ranges: DUAL,
    want: {
      kind: 'unclear',
      why: 'no route of the VPC leads to its instance i-a with a range inside fd00::/48',
    },
    reason: 'A second range could never be added, so both are waited for.',
  },
  {
    name: 'OutsideTheCluster',
    podCidrs: [],
    entries: [entry('192.168.0.0/24', 'i-a')],
    ranges: SINGLE,
    want: {
      kind: 'unclear',
      why: 'no route of the VPC leads to its instance i-a with a range inside 10.0.0.0/16',
    },
    reason: 'A route for another purpose, such as a gateway.',
  },
  {
    name: 'SameInTwoTables',
    podCidrs: [],
    entries: [entry('10.0.3.0/24', 'i-a'), entry('10.0.3.0/24', 'i-a', { routeTableId: 'vtb-2' })],
    ranges: SINGLE,
    want: { kind: 'assign', podCidrs: ['10.0.3.0/24'] },
    reason: 'Every table of a VPC has the routes.',
  },
  {
    name: 'SeveralRanges',
    podCidrs: [],
    entries: [entry('10.0.4.0/24', 'i-a'), entry('10.0.3.0/24', 'i-a')],
    ranges: SINGLE,
    want: {
      kind: 'unclear',
      why: 'several routes of the VPC lead to its instance i-a: 10.0.3.0/24, 10.0.4.0/24',
    },
    reason: 'Which of them is meant cannot be told, and cannot be changed later.',
  },
  {
    name: 'TablesDisagree',
    podCidrs: [],
    entries: [entry('10.0.3.0/24', 'i-a'), entry('10.0.3.0/24', 'i-b', { routeTableId: 'vtb-2' })],
    ranges: SINGLE,
    want: {
      kind: 'unclear',
      why: 'the route 10.0.3.0/24 leads to i-b, and 10.0.3.0/24 to its instance i-a',
    },
    reason: 'Two nodes must not have the same range.',
  },
  {
    name: 'WholeRangeRouted',
    podCidrs: [],
    entries: [entry('10.0.0.0/16', 'i-a'), entry('10.0.3.0/24', 'i-b')],
    ranges: SINGLE,
    want: {
      kind: 'unclear',
      why: 'the route 10.0.3.0/24 leads to i-b, and 10.0.0.0/16 to its instance i-a',
    },
    reason: 'A gateway of all pods is no owner of their ranges.',
  },
  {
    name: 'BehindAGateway',
    podCidrs: [],
    entries: [entry('10.0.0.0/16', 'i-gateway'), entry('10.0.3.0/24', 'i-a')],
    ranges: SINGLE,
    want: { kind: 'assign', podCidrs: ['10.0.3.0/24'] },
    reason: 'The narrower route goes before the wider one.',
  },
  {
    name: 'OtherEntries',
    podCidrs: [],
    entries: [
      entry('10.0.1.0/24', 'i-a', { type: 'System' }),
      entry('10.0.2.0/24', 'i-a', { status: 'Deleting' }),
      entry('10.0.3.0/24', 'i-a', { nextHops: [{ type: 'NetworkInterface', id: 'eni-a' }] }),
      entry('10.0.4.0/24', 'i-a', {
        nextHops: [
          { type: 'Instance', id: 'i-a' },
          { type: 'Instance', id: 'i-b' },
        ],
      }),
      entry('10.0.5.0/24', '', { nextHops: [] }),
    ],
    ranges: SINGLE,
    want: {
      kind: 'unclear',
      why: 'no route of the VPC leads to its instance i-a with a range inside 10.0.0.0/16',
    },
    reason: 'None of them gives a range to one instance alone.',
  },
  {
    name: 'IPAM-07: AsRouted',
    podCidrs: ['10.0.3.0/24'],
    entries: [entry('10.0.3.0/24', 'i-a'), entry('10.0.9.0/24', 'i-a')],
    ranges: SINGLE,
    want: { kind: 'nothing' },
    reason: 'One of the routes is that of the node.',
  },
  {
    name: 'IPAM-07: NotRouted',
    podCidrs: ['10.0.3.0/24'],
    entries: [entry('10.0.3.0/24', 'i-b')],
    ranges: SINGLE,
    want: { kind: 'nothing' },
    reason: 'No route leads to it, which is no other range; whose it is, is for the routes to say.',
  },
  {
    name: 'IPAM-07: RoutedOtherwise',
    podCidrs: ['10.0.3.0/24', 'fd00:0:0:3::/64'],
    entries: [entry('10.0.4.0/24', 'i-a'), entry('fd00:0:0:3::/64', 'i-a')],
    ranges: DUAL,
    want: { kind: 'mismatch', podCidr: '10.0.3.0/24', routed: ['10.0.4.0/24'] },
    reason: 'The cloud says another range than the node has.',
  },
];
for (const { name, podCidrs, entries, ranges, want, reason } of cases) {
  test(`planCloudCidrs: ${name}`, () => {
    const plan = planCloudCidrs({
      instanceId: 'i-a',
      podCidrs,
      entries,
      clusterRanges: ranges.map(range),
    });
    assert.deepEqual(plan, want, reason);
  });
}

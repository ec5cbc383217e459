import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeOf, taintOf } from '../../../test/support/kubernetes-builders.ts';
import type { CidrRange } from '../cidr-range.ts';
import { parseCidrRange } from '../cidr-range.ts';
import type { Node } from '../kubernetes-objects.ts';
import { routesOfNode, routesOfNodes } from './node-routes.ts';

const clusterCidrs: readonly CidrRange[] = ['10.0.0.0/16', 'fd00::/48'].flatMap(
  (text) => parseCidrRange(text) ?? [],
);

const cases: {
  id: string;
  name: string;
  node: Node;
  want: readonly string[];
  problems?: readonly string[];
  /** What the Go CCM does wrong there. */
  defect?: string;
  reason: string;
}[] = [
  {
    id: 'ROUTE-01',
    name: 'OneCidr',
    node: nodeOf('a', { podCidrs: ['10.0.1.0/24'] }),
    want: ['10.0.1.0/24 i-a'],
    reason: 'The next hop is the instance of the provider id.',
  },
  {
    id: 'ROUTE-01',
    name: 'TwoFamilies',
    node: nodeOf('a', { podCidrs: ['10.0.1.0/24', 'fd00:0:0:1::/64'] }),
    want: ['10.0.1.0/24 i-a', 'fd00:0:0:1::/64 i-a'],
    defect: 'the Go CCM routes the first IPv4 one alone (B-58)',
    reason: 'Each pod CIDR has its own route.',
  },
  {
    id: 'ROUTE-01 ROUTE-16',
    name: 'NoCidr',
    node: nodeOf('a'),
    want: [],
    problems: ['NoPodCidr'],
    reason: 'There is nothing to route, and the node says so.',
  },
  {
    id: 'ROUTE-20',
    name: 'OutsideOfTheCluster',
    node: nodeOf('a', { podCidrs: ['10.1.1.0/24', 'fd00:0:0:1::/64'] }),
    want: ['fd00:0:0:1::/64 i-a'],
    problems: ['ForeignPodCidr'],
    reason: 'Such a route could not be told from a stranger; the other family is not disturbed.',
  },
  {
    id: 'ROUTE-06 ROUTE-20',
    name: 'LargerThanTheCluster',
    node: nodeOf('a', { podCidrs: ['10.0.0.0/8'] }),
    want: [],
    problems: ['ForeignPodCidr'],
    reason: 'It begins where the cluster does, and covers much that is not ours.',
  },
  {
    id: 'ROUTE-01',
    name: 'NotCanonical',
    node: nodeOf('a', { podCidrs: ['10.0.1.7/24', 'fd00:0000:0000:0001::/64'] }),
    want: ['10.0.1.0/24 i-a', 'fd00:0:0:1::/64 i-a'],
    reason: 'The text is the form that is compared and sent.',
  },
  {
    id: 'ROUTE-12',
    name: 'NoNetwork',
    node: nodeOf('a', { podCidrs: ['somewhere'] }),
    want: [],
    problems: ['InvalidPodCidr'],
    defect: 'the Go CCM stalls its worker on it (B-45)',
    reason: 'The node is told, and the others go on.',
  },
  {
    id: 'ROUTE-21',
    name: 'NotReadyTaintedAndLeaving',
    node: nodeOf('a', {
      podCidrs: ['10.0.1.0/24'],
      ready: { status: 'Unknown', reason: 'NodeStatusUnknown' },
      taints: [taintOf('node.kubernetes.io/unschedulable')],
      metadata: { deletionTimestamp: '2026-01-02T00:00:00Z' },
    }),
    want: ['10.0.1.0/24 i-a'],
    reason: 'A node keeps its routes while it is there.',
  },
  {
    id: 'ROUTE-01',
    name: 'NoProviderId',
    node: nodeOf('a', { providerId: '', podCidrs: ['10.0.1.0/24'] }),
    want: [],
    problems: ['NoProviderId'],
    reason: 'Its instance is not known yet; the Go CCM drops it without a retry.',
  },
  {
    id: 'ROUTE-01',
    name: 'LingJunWithPods',
    node: nodeOf('a', { providerId: 'e01-cn-lingjun-1', podCidrs: ['10.0.1.0/24'] }),
    want: [],
    defect: 'the Go CCM tries it again for ever (B-59)',
    reason: 'It is no instance.',
  },
  {
    id: 'ROUTE-01',
    name: 'Hybrid',
    node: nodeOf('a', { providerId: 'ack-hybrid://x', podCidrs: ['10.0.1.0/24'] }),
    want: [],
    reason: 'It is outside of the cloud.',
  },
  {
    id: 'ROUTE-01',
    name: 'Virtual',
    node: nodeOf('a', {
      podCidrs: ['10.0.1.0/24'],
      metadata: { labels: { type: 'virtual-kubelet' } },
    }),
    want: [],
    reason: 'There is no instance behind it.',
  },
  {
    id: 'ROUTE-01',
    name: 'Excluded',
    node: nodeOf('a', {
      podCidrs: ['10.0.1.0/24'],
      metadata: { labels: { 'service.alibabacloud.com/exclude-node': '' } },
    }),
    want: [],
    reason: 'People have taken it out.',
  },
];

for (const { id, name, node, want, problems = [], defect, reason } of cases) {
  test(`${id}: routesOfNode: ${name}${defect === undefined ? '' : `; ${defect}`}`, () => {
    const got = routesOfNode(node, clusterCidrs);
    assert.deepEqual(
      got.rows.map(({ destinationCidr, nextHop }) => `${destinationCidr} ${nextHop?.id ?? ''}`),
      want,
      reason,
    );
    assert.deepEqual(
      got.problems.map((problem) => problem.reason),
      problems,
      reason,
    );
  });
}

test('ROUTE-01: of two nodes with one pod CIDR the older has the route, and the other says why', () => {
  const podCidrs = ['10.0.1.0/24'];
  const younger = nodeOf('a', {
    podCidrs,
    metadata: { creationTimestamp: '2026-01-02T00:00:00Z' },
  });
  const older = nodeOf('b', { podCidrs, metadata: { creationTimestamp: '2026-01-01T00:00:00Z' } });
  const { rows, problems } = routesOfNodes([younger, older], clusterCidrs);
  assert.deepEqual(
    rows.map(({ node }) => node.name),
    ['b'],
  );
  assert.deepEqual([...problems.keys()], ['uid-of-a']);
  assert.match(problems.get('uid-of-a')?.[0]?.message ?? '', /10\.0\.1\.0\/24 is that of node "b"/);
});

test('routesOfNodes: the order of nodes does not matter', () => {
  const nodes = [3, 1, 2].map((index) => nodeOf(`n${index}`, { podCidrs: [`10.0.${index}.0/24`] }));
  assert.deepEqual(
    routesOfNodes(nodes, clusterCidrs),
    routesOfNodes(nodes.toReversed(), clusterCidrs),
  );
});

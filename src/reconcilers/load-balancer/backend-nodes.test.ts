import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeOf, serviceOf, sliceOf, taintOf } from '../../../test/support/kubernetes-builders.ts';
import type { Endpoint, Node } from '../kubernetes-objects.ts';
import { backendNodes, eligibleNodes, instanceIdOf } from './backend-nodes.ts';

const EXCLUDE = 'node.kubernetes.io/exclude-from-external-load-balancers';

const excludeValues: readonly { readonly value: string | undefined; readonly isIn: boolean }[] = [
  { value: undefined, isIn: true },
  ...['0', 'f', 'F', 'false', 'False', 'FALSE'].map((value) => ({ value, isIn: true })),
  ...['1', 't', 'T', 'true', 'True', 'TRUE'].map((value) => ({ value, isIn: false })),
  ...['', 'foo', 'fALSE', ' false'].map((value) => ({ value, isIn: false })),
];

for (const { value, isIn } of excludeValues) {
  const shown = value === undefined ? 'absent' : JSON.stringify(value);
  test(`SVC-38 eligibleNodes: exclude label ${shown} ${isIn ? 'includes' : 'excludes'}`, () => {
    const labels = value === undefined ? {} : { [EXCLUDE]: value };
    assert.equal(eligibleNodes([nodeOf('a', { metadata: { labels } })]).length, isIn ? 1 : 0);
  });
}

const nodeCases: readonly {
  readonly name: string;
  readonly node: Node;
  readonly isIn: boolean;
  readonly reason: string;
}[] = [
  {
    name: 'SVC-39 AutoscalerTaint',
    node: nodeOf('a', { taints: [taintOf('ToBeDeletedByClusterAutoscaler')] }),
    isIn: false,
    reason: 'A node that the autoscaler is about to delete takes no new connections.',
  },
  {
    name: 'SVC-39 Deleting',
    node: nodeOf('a', { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } }),
    isIn: false,
    reason: 'A node that is being deleted is left out whenever the set is computed.',
  },
  {
    name: 'SVC-40 NotReadyTaint',
    node: nodeOf('a', { taints: [taintOf('node.kubernetes.io/not-ready')] }),
    isIn: true,
    reason: 'Readiness plays no part; health checks decide.',
  },
  {
    name: 'SVC-41 ControlPlane',
    node: nodeOf('a', {
      taints: [taintOf('node.kubernetes.io/unschedulable')],
      metadata: { labels: { 'node-role.kubernetes.io/control-plane': '' } },
    }),
    isIn: true,
    reason: 'Cordoned and control-plane nodes stay unless they carry the exclude label.',
  },
  {
    name: 'SVC-43 NoProviderId',
    node: nodeOf('a', { providerId: '' }),
    isIn: false,
    reason: 'A node without provider id cannot be registered yet.',
  },
  {
    name: 'SVC-43 OtherProvider',
    node: nodeOf('a', { providerId: 'aws:///eu-1/i-1234' }),
    isIn: false,
    reason: 'One foreign node must not fail the load balancer.',
  },
  {
    name: 'Hybrid',
    node: nodeOf('a', { providerId: 'ack-hybrid://i-1234' }),
    isIn: false,
    reason: 'A hybrid node is no ECS instance.',
  },
  {
    name: 'GoCcmExcludeLabel',
    node: nodeOf('a', { metadata: { labels: { 'service.alibabacloud.com/exclude-node': '' } } }),
    isIn: false,
    reason: 'The labels of the Go CCM are read by presence.',
  },
];

for (const { name, node, isIn, reason } of nodeCases) {
  test(`eligibleNodes: ${name}`, () => {
    assert.equal(eligibleNodes([node]).length, isIn ? 1 : 0, reason);
  });
}

const providerIds: readonly { readonly providerId: string; readonly want: string | undefined }[] = [
  { providerId: 'cn-hangzhou.i-bp1', want: 'i-bp1' },
  { providerId: 'alicloud://cn-hangzhou.i-bp1', want: 'i-bp1' },
  { providerId: 'alicloud:///cn-hangzhou/i-bp1', want: 'i-bp1' },
  { providerId: 'i-bp1', want: 'i-bp1' },
  { providerId: 'cn-hangzhou.eci-bp1', want: undefined },
  { providerId: 'kwok://node-1', want: undefined },
  { providerId: '', want: undefined },
];

for (const { providerId, want } of providerIds) {
  test(`instanceIdOf: ${JSON.stringify(providerId)}`, () => {
    assert.equal(instanceIdOf(providerId), want);
  });
}

test('backendNodes: Cluster takes every eligible node, whole weight, one per instance', () => {
  const nodes = [nodeOf('b'), nodeOf('a'), nodeOf('twin', { providerId: 'cn-hangzhou.i-a' })];
  const got = backendNodes(serviceOf(), nodes, []);
  assert.ok(got !== 'keep');
  assert.deepEqual(
    got.map(({ instanceId, weightPercent }) => [instanceId, weightPercent]),
    [
      ['i-a', 100],
      ['i-b', 100],
    ],
  );
});

const local = serviceOf({ spec: { externalTrafficPolicy: 'Local', healthCheckNodePort: 32_000 } });
const terminating = { ready: false, serving: true, terminating: true } as const;
const dead = { ready: false, serving: false, terminating: true } as const;

const localCases: readonly {
  readonly name: string;
  readonly endpoints: readonly Partial<Endpoint>[];
  readonly want: readonly string[] | 'keep';
  readonly reason: string;
}[] = [
  {
    name: 'TwoReady',
    endpoints: [{ nodeName: 'a' }, { nodeName: 'b' }],
    want: ['a', 'b'],
    reason: 'Nodes that hold a ready endpoint.',
  },
  {
    name: 'ReadyAndTerminating',
    endpoints: [{ nodeName: 'a' }, { nodeName: 'b', ...terminating }],
    want: ['a'],
    reason: 'A terminating endpoint does not count while another is ready.',
  },
  {
    name: 'ReadyThoughTerminating',
    endpoints: [{ nodeName: 'a' }, { nodeName: 'b', terminating: true }],
    want: ['a'],
    reason: 'A Service that publishes not-ready addresses calls terminating endpoints ready.',
  },
  {
    name: 'TerminatingServing',
    endpoints: [
      { nodeName: 'a', ...terminating },
      { nodeName: 'b', ...terminating },
    ],
    want: ['a', 'b'],
    reason: 'With none ready, those that still serve keep a rolling update loss-free.',
  },
  {
    name: 'NoneServing',
    endpoints: [{ nodeName: 'a', ...dead }],
    want: 'keep',
    reason: 'The set stays and the health check decides.',
  },
  { name: 'None', endpoints: [], want: 'keep', reason: 'Zero endpoints is a valid state.' },
  {
    name: 'WithoutNode',
    endpoints: [{ nodeName: 'a' }, {}],
    want: ['a'],
    reason: 'An endpoint without node name stands on no node of ours.',
  },
];

for (const { name, endpoints, want, reason } of localCases) {
  test(`SVC-50 EPS-05 backendNodes: Local ${name}`, () => {
    const got = backendNodes(local, [nodeOf('a'), nodeOf('b'), nodeOf('c')], [sliceOf(endpoints)]);
    const names = got === 'keep' ? 'keep' : got.map((node) => node.nodeName);
    assert.deepEqual(names, want, reason);
  });
}

test('EPS-02 EPS-03 backendNodes: an endpoint in two slices counts once, FQDN slices never', () => {
  const slices = [
    sliceOf([{ nodeName: 'a' }]),
    sliceOf([{ nodeName: 'a' }, { nodeName: 'a' }], 'web-2'),
    sliceOf([{ nodeName: 'b', addresses: ['web.example.com'] }], 'web-3', 'FQDN'),
  ];
  const got = backendNodes(local, [nodeOf('a'), nodeOf('b')], slices);
  assert.ok(got !== 'keep');
  assert.deepEqual(
    got.map(({ nodeName, weightPercent }) => [nodeName, weightPercent]),
    [['a', 2]],
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeOf } from '../../test/support/kubernetes-builders.ts';
import type { Node } from './kubernetes-objects.ts';
import { isExcludedNode, providerIdOf, readProviderId, type ProviderId } from './provider-id.ts';

function ecs(regionId: string, instanceId = 'i-bp1'): ProviderId {
  return { kind: 'ecs', regionId, instanceId };
}

const forms: readonly {
  readonly text: string;
  readonly want: ProviderId;
  readonly reason: string;
}[] = [
  { text: 'cn-hangzhou.i-bp1', want: ecs('cn-hangzhou'), reason: 'The form that is written.' },
  { text: 'alicloud://cn-hangzhou.i-bp1', want: ecs('cn-hangzhou'), reason: 'With a scheme.' },
  {
    text: 'alicloud:///cn-hangzhou.i-bp1',
    want: ecs('cn-hangzhou'),
    reason: 'With an empty host.',
  },
  { text: 'alicloud:///cn-hangzhou/i-bp1', want: ecs('cn-hangzhou'), reason: 'As a path.' },
  { text: 'cn-hangzhou/i-bp1', want: ecs('cn-hangzhou'), reason: 'As a path without a scheme.' },
  { text: 'ap-southeast-1.i-bp1', want: ecs('ap-southeast-1'), reason: 'A region with a number.' },
  { text: 'i-bp1', want: ecs(''), reason: 'The region is not told.' },
  { text: 'alicloud:///i-bp1', want: ecs(''), reason: 'The region is not told.' },
  {
    text: 'cn-hangzhou.i-bp1.more',
    want: ecs('cn-hangzhou'),
    reason: 'Further parts are ignored.',
  },
  { text: '', want: { kind: 'none' }, reason: 'The node has none yet.' },
  { text: 'ack-hybrid://i-bp1', want: { kind: 'hybrid' }, reason: 'A machine outside the cloud.' },
  { text: 'ack-hybrid://name', want: { kind: 'hybrid' }, reason: 'Whatever follows the scheme.' },
  { text: 'aws:///eu-1/i-1234', want: { kind: 'foreign' }, reason: 'Another cloud.' },
  { text: 'aws://eu-1.i-1234', want: { kind: 'foreign' }, reason: 'Another cloud, in our form.' },
  { text: 'other://x', want: { kind: 'foreign' }, reason: 'Another provider.' },
  { text: 'kwok://node-1', want: { kind: 'foreign' }, reason: 'A node that is simulated.' },
  { text: 'cn-hangzhou.eci-bp1', want: { kind: 'foreign' }, reason: 'A container instance.' },
  { text: 'e01-cn-abc123', want: { kind: 'foreign' }, reason: 'A LingJun node.' },
  { text: 'cn-hangzhou.', want: { kind: 'foreign' }, reason: 'No instance id.' },
  { text: '.i-bp1', want: { kind: 'foreign' }, reason: 'An empty region is malformed.' },
  { text: 'cn-hangzhou.i-', want: { kind: 'foreign' }, reason: 'An empty instance id.' },
  { text: ' cn-hangzhou.i-bp1', want: { kind: 'foreign' }, reason: 'Blanks are malformed.' },
  { text: 'cn-hangzhou.i-bp1x/y', want: { kind: 'foreign' }, reason: 'A path after the id.' },
];

for (const { text, want, reason } of forms) {
  test(`NODE-07 readProviderId: ${JSON.stringify(text)}`, () => {
    assert.deepEqual({ ...readProviderId(text) }, want, reason);
  });
}

test('NODE-07 providerIdOf: what is written is read back', () => {
  assert.equal(providerIdOf('cn-hangzhou', 'i-bp1'), 'cn-hangzhou.i-bp1');
  assert.deepEqual(readProviderId(providerIdOf('cn-hangzhou', 'i-bp1')), ecs('cn-hangzhou'));
});

const exclusions: readonly {
  readonly name: string;
  readonly node: Node;
  readonly isExcluded: boolean;
}[] = [
  { name: 'Plain', node: nodeOf('a'), isExcluded: false },
  {
    name: 'ExcludeLabel',
    node: nodeOf('a', { metadata: { labels: { 'service.alibabacloud.com/exclude-node': '' } } }),
    isExcluded: true,
  },
  {
    name: 'OldExcludeLabelWhateverItsValue',
    node: nodeOf('a', {
      metadata: { labels: { 'service.beta.kubernetes.io/exclude-node': 'false' } },
    }),
    isExcluded: true,
  },
  {
    name: 'VirtualKubelet',
    node: nodeOf('a', { metadata: { labels: { type: 'virtual-kubelet' } } }),
    isExcluded: true,
  },
  {
    name: 'OtherType',
    node: nodeOf('a', { metadata: { labels: { type: 'gpu' } } }),
    isExcluded: false,
  },
  { name: 'Hybrid', node: nodeOf('a', { providerId: 'ack-hybrid://a' }), isExcluded: true },
  {
    name: 'OutOfLoadBalancersOnly',
    node: nodeOf('a', {
      metadata: { labels: { 'node.kubernetes.io/exclude-from-external-load-balancers': '' } },
    }),
    isExcluded: false,
  },
];

for (const { name, node, isExcluded } of exclusions) {
  test(`isExcludedNode: ${name}`, () => {
    assert.equal(isExcludedNode(node), isExcluded);
  });
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeOf } from '../../../test/support/kubernetes-builders.ts';
import { isFollowed, questionAbout } from './node-standing.ts';

const REGION = 'cn-hangzhou';
const REGION_LABEL = 'topology.kubernetes.io/region';

const followedCases = [
  { name: 'Ecs', node: nodeOf('a'), want: true, reason: 'An instance of this cloud.' },
  {
    name: 'WithoutId',
    node: nodeOf('a', { providerId: '' }),
    want: true,
    reason: 'It is resolved by its name and addresses.',
  },
  {
    name: 'OtherProvider',
    node: nodeOf('a', { providerId: 'aws:///us-east-1a/i-0abc' }),
    want: false,
    reason: 'Another provider answers for it.',
  },
  {
    name: 'Unparsable',
    node: nodeOf('a', { providerId: 'cn-hangzhou.' }),
    want: false,
    reason: 'Nobody knows what it names.',
  },
  {
    name: 'LingJun',
    node: nodeOf('a', { providerId: 'cn-wulanchabu.e01-cn-abc' }),
    want: false,
    reason: 'Another product, which knows its own instances.',
  },
  {
    name: 'Hybrid',
    node: nodeOf('a', { providerId: 'ack-hybrid://10.0.0.1' }),
    want: false,
    reason: 'A machine outside of the cloud.',
  },
  {
    name: 'VirtualKubelet',
    node: nodeOf('a', { providerId: '', metadata: { labels: { type: 'virtual-kubelet' } } }),
    want: false,
    reason: 'It has no instance.',
  },
  {
    name: 'Excluded',
    node: nodeOf('a', {
      metadata: { labels: { 'service.alibabacloud.com/exclude-node': 'true' } },
    }),
    want: false,
    reason: 'Somebody marked it as not ours.',
  },
  {
    name: 'BeingDeleted',
    node: nodeOf('a', { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } }),
    want: false,
    reason: 'It goes already.',
  },
];

for (const { name, node, want, reason } of followedCases) {
  test(`LIFE-08 LIFE-17: isFollowed: ${name}`, () => {
    assert.equal(isFollowed(node), want, reason);
  });
}

const addresses = [
  { type: 'Hostname', address: 'a' },
  { type: 'InternalIP', address: '192.168.0.7' },
];

const questionCases = [
  {
    name: 'ById',
    node: nodeOf('a'),
    want: { instanceIds: ['i-a'], privateIps: [] },
    reason: 'A provider id names one instance.',
  },
  {
    name: 'OtherRegion',
    node: nodeOf('a', { providerId: 'cn-beijing.i-a' }),
    want: undefined,
    reason: 'Here it would be missing in any case.',
  },
  {
    name: 'UnknownRegion',
    node: nodeOf('a', { providerId: 'i-a' }),
    want: undefined,
    reason: 'Nobody knows whether it should be here.',
  },
  {
    name: 'LabelledRegion',
    node: nodeOf('a', { providerId: 'i-a', metadata: { labels: { [REGION_LABEL]: REGION } } }),
    want: { instanceIds: ['i-a'], privateIps: [] },
    reason: 'The label tells the region.',
  },
  {
    name: 'ByAddress',
    node: nodeOf('worker', { providerId: '', addresses }),
    want: { instanceIds: [], privateIps: ['192.168.0.7'] },
    reason: 'Without a provider id the address in the VPC tells the instance.',
  },
  {
    name: 'ByName',
    node: nodeOf('i-bp1abc', { providerId: '' }),
    want: { instanceIds: ['i-bp1abc'], privateIps: [] },
    reason: 'The name of the node is the id of its instance.',
  },
  {
    name: 'Nothing',
    node: nodeOf('worker', { providerId: '' }),
    want: undefined,
    reason: 'There is nothing to ask for, so no answer means anything.',
  },
  {
    name: 'WithoutIdInOtherRegion',
    node: nodeOf('worker', {
      providerId: '',
      addresses,
      metadata: { labels: { [REGION_LABEL]: 'cn-beijing' } },
    }),
    want: undefined,
    reason: 'Its addresses are of another network.',
  },
];

for (const { name, node, want, reason } of questionCases) {
  test(`LIFE-08 LIFE-09: questionAbout: ${name}`, () => {
    assert.deepEqual(questionAbout(node, REGION), want, reason);
  });
}

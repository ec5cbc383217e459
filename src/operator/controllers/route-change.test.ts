import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeOf, taintOf } from '../../../test/support/kubernetes-builders.ts';
import { nodeRow, routeTableOf } from '../../../test/support/route-builders.ts';
import type { Node } from '../../reconcilers/kubernetes-objects.ts';
import {
  APPROVE_REMOVAL_ANNOTATION,
  GENERATED_DIGEST_ANNOTATION,
} from '../../reconcilers/names.ts';
import { concernsRoutes, judgeRouteTableChange } from './route-change.ts';

const node = nodeOf('a', { podCidrs: ['10.0.1.0/24'] });

const nodeChanges: { name: string; before?: Node; after?: Node; want: boolean }[] = [
  { name: 'Added', after: node, want: true },
  { name: 'Deleted', before: node, want: true },
  {
    name: 'Replaced',
    before: node,
    after: nodeOf('a', { metadata: { uid: 'other' } }),
    want: true,
  },
  { name: 'PodCidrs', before: nodeOf('a'), after: node, want: true },
  {
    name: 'SecondPodCidr',
    before: node,
    after: { ...node, podCidrs: ['10.0.1.0/24', 'fd00::/64'] },
    want: true,
  },
  {
    name: 'Addresses',
    before: node,
    after: { ...node, addresses: [{ type: 'InternalIP', address: '10.1.0.1' }] },
    want: true,
  },
  { name: 'ProviderId', before: { ...node, providerId: '' }, after: node, want: true },
  {
    name: 'Excluded',
    before: node,
    after: nodeOf('a', {
      podCidrs: node.podCidrs,
      metadata: { labels: { 'service.alibabacloud.com/exclude-node': '' } },
    }),
    want: true,
  },
  {
    name: 'Heartbeat',
    before: node,
    after: { ...node, ready: { status: 'False', reason: 'KubeletNotReady' } },
    want: false,
  },
  { name: 'Taint', before: node, after: { ...node, taints: [taintOf('x')] }, want: false },
];

for (const { name, before, after, want } of nodeChanges) {
  test(`ROUTE-03: the pod CIDRs are compared with those of before, which the Go CCM fails to do (B-44): ${name}`, () => {
    assert.equal(concernsRoutes(before, after), want);
  });
}

const resource = routeTableOf([nodeRow('10.0.1.0/24', 'a')], {
  status: { conditions: [] },
});
const { metadata } = resource;

test('judgeRouteTableChange: a status shows, a spec and our annotations ask', () => {
  const changes = {
    same: resource,
    status: { ...resource, status: { observedGeneration: 2 } },
    spec: { ...resource, metadata: { ...metadata, generation: 2 } },
    approval: {
      ...resource,
      metadata: { ...metadata, annotations: { [APPROVE_REMOVAL_ANNOTATION]: metadata.uid } },
    },
    rows: {
      ...resource,
      metadata: {
        ...metadata,
        generation: 2,
        annotations: { [GENERATED_DIGEST_ANNOTATION]: 'abc' },
      },
    },
    note: { ...resource, metadata: { ...metadata, annotations: { note: 'mine' } } },
    finalizer: { ...resource, metadata: { ...metadata, finalizers: [] } },
    deleted: undefined,
  };
  const got = Object.entries(changes).map(([name, after]) => {
    const change = judgeRouteTableChange(resource, after);
    const { isAskedAnew, isGenerated, isShownOtherwise } = change;
    return `${name} ${isAskedAnew ? 'asked' : '-'} ${isGenerated ? 'by us' : '-'} ${isShownOtherwise ? 'shown' : '-'}`;
  });
  assert.deepEqual(got, [
    'same - - -',
    'status - - shown',
    'spec asked - -',
    'approval asked - -',
    'rows asked by us -',
    'note - - -',
    'finalizer asked - -',
    'deleted asked - shown',
  ]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeOf, taintOf } from '../../../test/support/kubernetes-builders.ts';
import type { Node, ObjectMeta } from '../../reconcilers/kubernetes-objects.ts';
import type { ApiObject } from '../kube/api-object.ts';
import { projectNode } from '../kube/node-projection.ts';
import { isSignificantNodeChange } from './node-change.ts';

const EXCLUDE = 'node.kubernetes.io/exclude-from-external-load-balancers';

const node = (
  change: Partial<Omit<Node, 'kind' | 'metadata'>> & { metadata?: Partial<ObjectMeta> } = {},
): Node => nodeOf('n1', change);
const labelled = (labels: Record<string, string>): Node => node({ metadata: { labels } });

const cases: readonly {
  readonly rule: string;
  readonly clause: string;
  readonly before: Node | undefined;
  readonly after: Node | undefined;
  readonly want: boolean;
}[] = [
  { rule: 'SVC-42', clause: 'a node added', before: undefined, after: node(), want: true },
  { rule: 'SVC-42', clause: 'a node removed', before: node(), after: undefined, want: true },
  {
    rule: 'SVC-42',
    clause: 'a node replaced under its name',
    before: node(),
    after: node({ metadata: { uid: 'another' } }),
    want: true,
  },
  {
    rule: 'SVC-42',
    clause: 'the provider id set',
    before: node({ providerId: '' }),
    after: node(),
    want: true,
  },
  {
    rule: 'SVC-42',
    clause: 'the exclude label added',
    before: node(),
    after: labelled({ [EXCLUDE]: 'true' }),
    want: true,
  },
  {
    rule: 'SVC-42',
    clause: 'the exclude label removed',
    before: labelled({ [EXCLUDE]: '' }),
    after: node(),
    want: true,
  },
  {
    rule: 'SVC-42',
    clause: 'the exclude label turned to false',
    before: labelled({ [EXCLUDE]: 'true' }),
    after: labelled({ [EXCLUDE]: 'false' }),
    want: true,
  },
  {
    rule: 'SVC-42',
    clause: 'an exclude label with the same meaning',
    before: labelled({ [EXCLUDE]: 'true' }),
    after: labelled({ [EXCLUDE]: 'foo' }),
    want: false,
  },
  {
    rule: 'SVC-42',
    clause: 'the exclude label added as false',
    before: node(),
    after: labelled({ [EXCLUDE]: 'false' }),
    want: false,
  },
  {
    rule: 'SVC-42',
    clause: 'another label',
    before: node(),
    after: labelled({ 'topology.kubernetes.io/zone': 'b' }),
    want: false,
  },
  {
    rule: 'SVC-39',
    clause: 'the deletion taint of the autoscaler',
    before: node(),
    after: node({ taints: [taintOf('ToBeDeletedByClusterAutoscaler')] }),
    want: false,
  },
  {
    rule: 'SVC-39',
    clause: 'a deletion timestamp',
    before: node(),
    after: node({ metadata: { deletionTimestamp: '2026-01-02T00:00:00Z' } }),
    want: false,
  },
  {
    rule: 'SVC-40',
    clause: 'the taint of a node that is not ready',
    before: node(),
    after: node({ taints: [taintOf('node.kubernetes.io/not-ready')] }),
    want: false,
  },
  {
    rule: 'SVC-41',
    clause: 'a cordon, and the role of a control plane',
    before: node(),
    after: node({
      taints: [taintOf('node.kubernetes.io/unschedulable')],
      metadata: { labels: { 'node-role.kubernetes.io/control-plane': '' } },
    }),
    want: false,
  },
];

for (const { rule, clause, before, after, want } of cases) {
  test(`${rule}: ${clause} ${want ? 'starts' : 'does not start'} an update`, () => {
    assert.equal(isSignificantNodeChange(before, after), want);
  });
}

const ready = { type: 'Ready', status: 'True', lastHeartbeatTime: '2026-01-01T00:00:00Z' };

function apiNode(change: { metadata?: object; spec?: object; status?: object } = {}): ApiObject {
  return {
    metadata: { name: 'n1', uid: 'uid-of-n1', resourceVersion: '1', ...change.metadata },
    spec: { providerID: 'cn-hangzhou.i-n1', ...change.spec },
    status: { conditions: [ready], images: [], ...change.status },
  };
}

/** Changes as the API server tells them, each with a new resource version. */
const passedOver: readonly { readonly clause: string; readonly after: ApiObject }[] = [
  {
    clause: 'a heartbeat',
    after: apiNode({
      status: { conditions: [{ ...ready, lastHeartbeatTime: '2026-01-01T00:05:00Z' }] },
    }),
  },
  {
    clause: 'a condition',
    after: apiNode({ status: { conditions: [{ ...ready, status: 'False' }] } }),
  },
  {
    clause: 'an image',
    after: apiNode({ status: { images: [{ names: ['example.com/web:1'], sizeBytes: 1 }] } }),
  },
  {
    clause: 'an annotation',
    after: apiNode({ metadata: { annotations: { 'example.com/checked': 'yes' } } }),
  },
  {
    clause: 'a taint of somebody else',
    after: apiNode({ spec: { taints: [{ key: 'example.com/batch', effect: 'NoSchedule' }] } }),
  },
];

for (const { clause, after } of passedOver) {
  test(`SVC-42: ${clause} does not start an update`, () => {
    const later = { ...after, metadata: { ...(after.metadata as object), resourceVersion: '2' } };
    assert.equal(isSignificantNodeChange(projectNode(apiNode()), projectNode(later)), false);
  });
}

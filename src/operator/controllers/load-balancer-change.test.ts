import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadBalancerOf } from '../../../test/support/kubernetes-builders.ts';
import type { LoadBalancerResource } from '../../reconcilers/kubernetes-objects.ts';
import { LOAD_BALANCER_FINALIZER, RESET_OVERRIDES_ANNOTATION } from '../../reconcilers/names.ts';
import { judgeLoadBalancerChange } from './load-balancer-change.ts';

const condition = {
  type: 'Ready',
  status: 'True',
  reason: 'Ready',
  message: '',
  lastTransitionTime: '2026-01-01T00:00:00Z',
} as const;

const cases: readonly {
  readonly name: string;
  readonly before: LoadBalancerResource | undefined;
  readonly after: LoadBalancerResource | undefined;
  readonly want: readonly [itself: boolean, service: boolean];
  readonly reason: string;
}[] = [
  {
    name: 'Created',
    before: undefined,
    after: loadBalancerOf(),
    want: [true, true],
    reason: 'It is new to both.',
  },
  {
    name: 'Gone',
    before: loadBalancerOf(),
    after: undefined,
    want: [true, true],
    reason: 'Its Service waits for it to go; what is remembered of it has to be forgotten.',
  },
  {
    name: 'SpecEdited',
    before: loadBalancerOf(),
    after: loadBalancerOf({ metadata: { generation: 2 } }),
    want: [true, true],
    reason: 'A person may have overridden a field, or given one back.',
  },
  {
    name: 'OwnStatusWrite',
    before: loadBalancerOf({ status: { conditions: [condition] } }),
    after: loadBalancerOf({ status: { conditions: [condition], backends: '3/3' } }),
    want: [false, true],
    reason: 'What a pass writes must not start the next one.',
  },
  {
    name: 'StatusWiped',
    before: loadBalancerOf({ status: { conditions: [condition], loadBalancerId: 'lb-1' } }),
    after: loadBalancerOf(),
    want: [true, true],
    reason: 'No generation tells of it, and it has to be written again.',
  },
  {
    name: 'Deleting',
    before: loadBalancerOf(),
    after: loadBalancerOf({ metadata: { deletionTimestamp: '2026-01-02T00:00:00Z' } }),
    want: [true, true],
    reason: 'Deletion is work.',
  },
  {
    name: 'OwnAnnotation',
    before: loadBalancerOf(),
    after: loadBalancerOf({ metadata: { annotations: { [RESET_OVERRIDES_ANNOTATION]: 'all' } } }),
    want: [true, true],
    reason: 'It asks for something.',
  },
  {
    name: 'ForeignAnnotation',
    before: loadBalancerOf(),
    after: loadBalancerOf({ metadata: { annotations: { 'example.com/x': '1' } } }),
    want: [false, false],
    reason: 'It is nothing to us.',
  },
  {
    name: 'FinalizerTaken',
    before: loadBalancerOf({ metadata: { finalizers: [LOAD_BALANCER_FINALIZER] } }),
    after: loadBalancerOf(),
    want: [true, false],
    reason: 'Without it the load balancer could be left behind.',
  },
  {
    name: 'OwnerReferenceTaken',
    before: loadBalancerOf(),
    after: loadBalancerOf({ metadata: { ownerReferences: [] } }),
    want: [false, true],
    reason: 'The generator puts it back.',
  },
  {
    name: 'VersionOnly',
    before: loadBalancerOf(),
    after: loadBalancerOf({ metadata: { resourceVersion: '2' } }),
    want: [false, false],
    reason: 'Nothing has changed.',
  },
];

for (const { name, before, after, want, reason } of cases) {
  test(`CTL-07: judgeLoadBalancerChange ${name}`, () => {
    const { concernsItself, concernsService } = judgeLoadBalancerChange(before, after);
    assert.deepEqual([concernsItself, concernsService], want, reason);
  });
}

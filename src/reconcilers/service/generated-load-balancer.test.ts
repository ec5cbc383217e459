import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadBalancerOf, serviceOf } from '../../../test/support/kubernetes-builders.ts';
import type { LoadBalancerResource, OwnerReference } from '../kubernetes-objects.ts';
import { GENERATED_DIGEST_ANNOTATION } from '../names.ts';
import {
  generatedLoadBalancer,
  isGeneratedFor,
  isGeneratedForName,
  standingOf,
} from './generated-load-balancer.ts';
import { desiredSpec } from './service-desired.ts';

const service = serviceOf();
const { uid } = service.metadata;

function ownedBy(change: Partial<OwnerReference>): OwnerReference[] {
  return [{ apiVersion: 'v1', kind: 'Service', name: 'web', uid, controller: true, ...change }];
}

const digest = { [GENERATED_DIGEST_ANNOTATION]: 'abc' };

const standings: {
  id: string;
  name: string;
  resource: LoadBalancerResource | undefined;
  want: string;
  /** Whether it was generated for this Service, and for a Service of its name. */
  generated: [boolean, boolean];
  reason: string;
}[] = [
  {
    id: 'OWN-02',
    name: 'Absent',
    resource: undefined,
    want: 'free',
    generated: [false, false],
    reason: 'It is to be made.',
  },
  {
    id: 'OWN-02',
    name: 'Own',
    resource: loadBalancerOf({ status: { service: { uid } } }),
    want: 'free',
    generated: [true, true],
    reason: 'It is applied to.',
  },
  {
    id: 'OWN-12',
    name: 'CommittedBefore',
    resource: loadBalancerOf({ metadata: { ownerReferences: [] } }),
    want: 'free',
    generated: [false, false],
    reason: 'It is joined, and not yet ours to delete.',
  },
  {
    id: 'SVC-24',
    name: 'Orphaned',
    resource: loadBalancerOf({
      metadata: { ownerReferences: [], annotations: digest },
      status: { service: { uid } },
    }),
    want: 'free',
    generated: [true, true],
    reason: 'What the garbage collector let go of is still ours.',
  },
  {
    id: 'SVC-24',
    name: 'OwnAndLeaving',
    resource: loadBalancerOf({ metadata: { deletionTimestamp: '2026-11-21T10:00:00Z' } }),
    want: 'leaving',
    generated: [true, true],
    reason: 'A terminating object is never applied to.',
  },
  {
    id: 'SVC-09',
    name: 'OwnerOfAnotherUid',
    resource: loadBalancerOf({ metadata: { ownerReferences: ownedBy({ uid: 'before' }) } }),
    want: 'stale',
    generated: [false, true],
    reason: 'It was made for an earlier Service of the name.',
  },
  {
    id: 'SVC-09',
    name: 'StatusOfAnotherUid',
    resource: loadBalancerOf({
      metadata: { ownerReferences: [] },
      status: { service: { uid: 'before' } },
    }),
    want: 'stale',
    generated: [false, false],
    reason: 'Its load balancer was made for another Service.',
  },
  {
    id: 'SVC-09',
    name: 'OwnerAndStatusDiffer',
    resource: loadBalancerOf({ status: { service: { uid: 'before' } } }),
    want: 'stale',
    generated: [true, true],
    reason: 'One that does not match is enough.',
  },
  {
    id: 'OWN-03',
    name: 'OtherController',
    resource: loadBalancerOf({
      metadata: { ownerReferences: ownedBy({ kind: 'Gateway', name: 'x', uid: 'x' }) },
    }),
    want: 'taken',
    generated: [false, false],
    reason: 'Exactly one controller owns an object.',
  },
  {
    id: 'OWN-03',
    name: 'OwnerThatDoesNotControl',
    resource: loadBalancerOf({
      metadata: { ownerReferences: ownedBy({ kind: 'Gateway', name: 'x', controller: false }) },
    }),
    want: 'free',
    generated: [false, false],
    reason: 'An owner that does not control is no obstacle.',
  },
  {
    id: 'OWN-12',
    name: 'ForAnotherService',
    resource: loadBalancerOf({
      metadata: { ownerReferences: [] },
      spec: { serviceRef: { name: 'api' } },
    }),
    want: 'taken',
    generated: [false, false],
    reason: 'It serves a Service of another name.',
  },
];

for (const { id, name, resource, want, generated, reason } of standings) {
  test(`${id}: standingOf: ${name}`, () => {
    assert.equal(standingOf(resource, service).kind, want, reason);
    if (resource === undefined) return;
    assert.deepEqual(
      [isGeneratedFor(resource, service), isGeneratedForName(resource, 'web')],
      generated,
      reason,
    );
  });
}

test('OWN-04: generatedLoadBalancer: the owner controls and does not block', () => {
  const { ownerReference } = generatedLoadBalancer(service, desiredSpec(service).spec);
  assert.deepEqual(ownerReference, { ...ownedBy({})[0], blockOwnerDeletion: false });
});

test('CTL-06: generatedLoadBalancer: the digest follows what is generated and nothing else', () => {
  const digestOf = (spec: Parameters<typeof serviceOf>[0]): string | undefined => {
    const of = serviceOf(spec);
    return generatedLoadBalancer(of, desiredSpec(of).spec).annotations[GENERATED_DIGEST_ANNOTATION];
  };
  const plain = digestOf({});
  assert.equal(digestOf({ metadata: { resourceVersion: '2', annotations: { x: 'y' } } }), plain);
  assert.notEqual(digestOf({ spec: { sessionAffinity: 'ClientIP' } }), plain);
});

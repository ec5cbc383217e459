import assert from 'node:assert/strict';
import { test } from 'node:test';
import { metadata, serviceOf, servicePort } from '../../../test/support/kubernetes-builders.ts';
import type { ObjectMeta, Service } from '../../reconcilers/kubernetes-objects.ts';
import {
  GO_CCM_SERVICE_FINALIZER,
  SERVICE_CLEANUP_FINALIZER,
  SERVICE_FINALIZER,
} from '../../reconcilers/names.ts';
import type { ApiObject } from '../kube/api-object.ts';
import { projectService } from '../kube/service-projection.ts';
import { concernsLoadBalancers, significantServiceChanges } from './service-change.ts';

interface Change {
  readonly metadata?: Partial<ObjectMeta>;
  readonly spec?: Partial<Service['spec']>;
  readonly status?: Partial<Service['status']>;
}

const port = servicePort(80);
const ours = [SERVICE_CLEANUP_FINALIZER, SERVICE_FINALIZER];
const deleted = { deletionTimestamp: '2026-01-02T00:00:00Z' };

const followed: readonly {
  readonly rule: string;
  readonly clause: string;
  readonly before?: Change;
  readonly after: Change;
  readonly want: string;
}[] = [
  {
    rule: 'SVC-06',
    clause: 'becomes wanted',
    before: { spec: { type: 'ClusterIP' } },
    after: {},
    want: 'type',
  },
  {
    rule: 'SVC-06',
    clause: 'is wanted no more',
    after: { spec: { type: 'NodePort' } },
    want: 'type',
  },
  {
    rule: 'SVC-06',
    clause: 'another class after another type',
    after: { spec: { loadBalancerClass: 'example.com/other' } },
    want: 'loadBalancerClass',
  },
  ...(
    [
      ['name', { name: 'other' }],
      ['protocol', { protocol: 'UDP' }],
      ['port', { port: 81 }],
      ['nodePort', { nodePort: 31_234 }],
      ['targetPort', { targetPort: 'http' }],
      ['appProtocol', { appProtocol: 'h2c' }],
    ] as const
  ).map(([clause, change]) => ({
    rule: 'SVC-06',
    clause: `ports: ${clause}`,
    after: { spec: { ports: [{ ...port, ...change }] } },
    want: 'ports',
  })),
  {
    rule: 'SVC-06',
    clause: 'ports: order',
    before: { spec: { ports: [servicePort(80), servicePort(81)] } },
    after: { spec: { ports: [servicePort(81), servicePort(80)] } },
    want: 'ports',
  },
  {
    rule: 'SVC-06',
    clause: 'ports: one more',
    after: { spec: { ports: [port, servicePort(81)] } },
    want: 'ports',
  },
  {
    rule: 'SVC-06',
    clause: 'sessionAffinity',
    after: { spec: { sessionAffinity: 'ClientIP' } },
    want: 'sessionAffinity',
  },
  {
    rule: 'SVC-06',
    clause: 'sessionAffinityConfig',
    after: { spec: { sessionAffinityTimeoutSeconds: 60 } },
    want: 'sessionAffinityConfig',
  },
  {
    rule: 'SVC-06',
    clause: 'loadBalancerIP',
    after: { spec: { loadBalancerIP: '1.2.3.4' } },
    want: 'loadBalancerIP',
  },
  {
    rule: 'SVC-06',
    clause: 'externalIPs',
    after: { spec: { externalIPs: ['1.2.3.4'] } },
    want: 'externalIPs',
  },
  {
    rule: 'SVC-06',
    clause: 'an annotation added',
    after: { metadata: { annotations: { 'example.com/any': '' } } },
    want: 'annotations',
  },
  {
    rule: 'SVC-06',
    clause: 'an annotation changed',
    before: { metadata: { annotations: { a: '1' } } },
    after: { metadata: { annotations: { a: '2' } } },
    want: 'annotations',
  },
  {
    rule: 'SVC-06',
    clause: 'an annotation removed',
    before: { metadata: { annotations: { a: '1' } } },
    after: {},
    want: 'annotations',
  },
  { rule: 'SVC-06', clause: 'UID', after: { metadata: { uid: 'another' } }, want: 'uid' },
  {
    rule: 'SVC-06',
    clause: 'externalTrafficPolicy',
    after: { spec: { externalTrafficPolicy: 'Local' } },
    want: 'externalTrafficPolicy',
  },
  {
    rule: 'SVC-06',
    clause: 'healthCheckNodePort',
    after: { spec: { healthCheckNodePort: 31_000 } },
    want: 'healthCheckNodePort',
  },
  {
    rule: 'SVC-06',
    clause: 'number of ipFamilies',
    after: { spec: { ipFamilies: ['IPv4', 'IPv6'] } },
    want: 'ipFamilies',
  },
  {
    rule: 'SVC-06',
    clause: 'loadBalancerSourceRanges',
    after: { spec: { loadBalancerSourceRanges: ['10.0.0.0/8'] } },
    want: 'loadBalancerSourceRanges',
  },
  ...[SERVICE_CLEANUP_FINALIZER, SERVICE_FINALIZER].map((finalizer) => ({
    rule: 'SVC-06',
    clause: `deletion with ${finalizer}`,
    before: { metadata: { finalizers: [finalizer] } },
    after: { metadata: { finalizers: [finalizer], ...deleted } },
    want: 'deletion',
  })),
  ...ours.map((finalizer) => ({
    rule: 'SVC-08',
    clause: `${finalizer} removed by someone`,
    before: { metadata: { finalizers: ours } },
    after: { metadata: { finalizers: ours.filter((other) => other !== finalizer) } },
    want: 'finalizers',
  })),
  {
    rule: 'SVC-08',
    clause: 'status.loadBalancer wiped',
    before: { status: { ingress: [{ ip: '1.2.3.4' }] } },
    after: {},
    want: 'ingress',
  },
  {
    rule: 'SVC-08',
    clause: 'allocateLoadBalancerNodePorts',
    after: { spec: { allocateLoadBalancerNodePorts: false } },
    want: 'allocateLoadBalancerNodePorts',
  },
];

for (const { rule, clause, before, after, want } of followed) {
  test(`${rule}: ${clause} starts a reconcile`, () => {
    assert.deepEqual(significantServiceChanges(serviceOf(before), serviceOf(after)), [want]);
  });
}

const condition = {
  type: 'T',
  status: 'True',
  reason: 'R',
  message: 'M',
  lastTransitionTime: 'L',
} as const;

const passedOver: readonly {
  readonly clause: string;
  readonly before?: Change;
  readonly after: Change;
}[] = [
  { clause: 'a status that is written', after: { status: { ingress: [{ ip: '1.2.3.4' }] } } },
  {
    clause: 'a status that changes',
    before: { status: { ingress: [{ ip: '1.2.3.4' }] } },
    after: { status: { ingress: [{ ip: '5.6.7.8' }] } },
  },
  { clause: 'a condition', after: { status: { conditions: [condition] } } },
  { clause: 'labels', after: { metadata: { labels: { a: 'b' } } } },
  { clause: 'generation', after: { metadata: { generation: 2 } } },
  { clause: 'a selector that is taken away', after: { spec: { hasSelector: false } } },
  { clause: 'the order of annotations', before: annotated('a', 'b'), after: annotated('b', 'a') },
  { clause: 'our own finalizers being added', after: { metadata: { finalizers: ours } } },
  { clause: 'a foreign finalizer', after: { metadata: { finalizers: ['example.com/x'] } } },
  {
    clause: 'deletion without our finalizer',
    before: { metadata: { finalizers: ['example.com/x'] } },
    after: { metadata: { finalizers: ['example.com/x'], ...deleted } },
  },
];

function annotated(...keys: string[]): Change {
  return { metadata: { annotations: Object.fromEntries(keys.map((key) => [key, '1'])) } };
}

for (const { clause, before, after } of passedOver) {
  test(`SVC-07: ${clause} starts nothing`, () => {
    assert.deepEqual(significantServiceChanges(serviceOf(before), serviceOf(after)), []);
  });
}

function apiService(change: { metadata?: object; spec?: object } = {}): ApiObject {
  return {
    metadata: { namespace: 'shop', name: 'web', uid: 'uid-of-web', ...change.metadata },
    spec: {
      type: 'LoadBalancer',
      selector: { app: 'web' },
      ports: [{ port: 80, nodePort: 30_080 }],
      internalTrafficPolicy: 'Cluster',
      ...change.spec,
    },
  };
}

/** Changes of what is not even kept of a Service, as the API server tells them. */
const unread: readonly { readonly clause: string; readonly after: ApiObject }[] = [
  { clause: 'resourceVersion', after: apiService({ metadata: { resourceVersion: '2' } }) },
  {
    clause: 'managedFields',
    after: apiService({
      metadata: { managedFields: [{ manager: 'kubectl', operation: 'Apply' }] },
    }),
  },
  {
    clause: 'internalTrafficPolicy',
    after: apiService({ spec: { internalTrafficPolicy: 'Local' } }),
  },
  {
    clause: 'trafficDistribution',
    after: apiService({ spec: { trafficDistribution: 'PreferClose' } }),
  },
  { clause: 'another selector', after: apiService({ spec: { selector: { app: 'shop' } } }) },
];

for (const { clause, after } of unread) {
  test(`SVC-07: ${clause} starts nothing`, () => {
    const before = projectService(apiService());
    assert.deepEqual(significantServiceChanges(before, projectService(after)), []);
  });
}

test('SVC-05: what has to do with load balancers is known by type or finalizer', () => {
  const plain = { spec: { type: 'ClusterIP' } };
  const held = (finalizer: string): Change => ({
    ...plain,
    metadata: metadata('web', { finalizers: [finalizer] }),
  });
  assert.equal(concernsLoadBalancers(serviceOf()), true);
  assert.equal(concernsLoadBalancers(serviceOf(plain)), false);
  for (const finalizer of [...ours, GO_CCM_SERVICE_FINALIZER]) {
    assert.equal(concernsLoadBalancers(serviceOf(held(finalizer))), true, finalizer);
  }
  assert.equal(concernsLoadBalancers(serviceOf(held('example.com/x'))), false);
});

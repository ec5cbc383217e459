import assert from 'node:assert/strict';
import { test } from 'node:test';
import { projectEndpointSlice } from './endpoint-slice-projection.ts';
import { projectLoadBalancer } from './load-balancer-projection.ts';
import { projectNode } from './node-projection.ts';
import { projectService } from './service-projection.ts';

test('KAS-10: projectService fills in what the API defaults', () => {
  const { spec, status } = projectService({
    metadata: { name: 'web', namespace: 'shop', uid: 'u', resourceVersion: '1' },
    spec: { ports: [{ port: 80 }], sessionAffinity: 'ClientIP' },
  });
  assert.deepEqual(spec, {
    type: 'ClusterIP',
    ports: [
      { name: '', protocol: 'TCP', port: 80, nodePort: 0, targetPort: '80', appProtocol: '' },
    ],
    externalTrafficPolicy: 'Cluster',
    healthCheckNodePort: 0,
    sessionAffinity: 'ClientIP',
    sessionAffinityTimeoutSeconds: 10_800,
    loadBalancerSourceRanges: [],
    allocateLoadBalancerNodePorts: true,
    externalIPs: [],
    ipFamilies: [],
    hasSelector: false,
  });
  assert.deepEqual(status, { ingress: [], conditions: [] });
});

test('projectService: everything that is set is kept', () => {
  const service = projectService({
    metadata: {
      name: 'web',
      namespace: 'shop',
      uid: 'u',
      resourceVersion: '7',
      generation: 3,
      creationTimestamp: '2026-01-01T00:00:00Z',
      deletionTimestamp: '2026-01-02T00:00:00Z',
      labels: { a: 'b' },
      annotations: { c: 'd', 'kubectl.kubernetes.io/last-applied-configuration': '{}' },
      finalizers: ['x/y'],
      ownerReferences: [
        { apiVersion: 'v1', kind: 'K', name: 'n', uid: 'o', controller: true, extra: 1 },
      ],
      managedFields: [{}],
    },
    spec: {
      type: 'LoadBalancer',
      loadBalancerClass: 'c/d',
      ports: [
        {
          name: 'http',
          protocol: 'UDP',
          port: 53,
          nodePort: 30053,
          targetPort: 'dns',
          appProtocol: 'p',
        },
      ],
      externalTrafficPolicy: 'Local',
      healthCheckNodePort: 31000,
      sessionAffinity: 'ClientIP',
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } },
      loadBalancerIP: '1.2.3.4',
      loadBalancerSourceRanges: ['10.0.0.0/8'],
      allocateLoadBalancerNodePorts: false,
      externalIPs: ['5.6.7.8'],
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      selector: { app: 'web' },
    },
    status: {
      loadBalancer: { ingress: [{ ip: '9.9.9.9', ipMode: 'VIP' }, { hostname: 'h' }] },
      conditions: [
        { type: 'T', status: 'True', reason: 'R', message: 'M', lastTransitionTime: 'L' },
      ],
    },
  });
  assert.deepEqual(service.metadata, {
    namespace: 'shop',
    name: 'web',
    uid: 'u',
    resourceVersion: '7',
    generation: 3,
    creationTimestamp: '2026-01-01T00:00:00Z',
    deletionTimestamp: '2026-01-02T00:00:00Z',
    labels: { a: 'b' },
    annotations: { c: 'd' },
    finalizers: ['x/y'],
    ownerReferences: [{ apiVersion: 'v1', kind: 'K', name: 'n', uid: 'o', controller: true }],
  });
  assert.equal(service.spec.loadBalancerClass, 'c/d');
  assert.equal(service.spec.ports[0]?.targetPort, 'dns');
  assert.equal(service.spec.sessionAffinityTimeoutSeconds, 60);
  assert.equal(service.spec.allocateLoadBalancerNodePorts, false);
  assert.equal(service.spec.hasSelector, true);
  assert.deepEqual(service.status.ingress, [{ ip: '9.9.9.9', ipMode: 'VIP' }, { hostname: 'h' }]);
  assert.equal(service.status.conditions[0]?.status, 'True');
});

test('CTL-08: projected objects cannot be changed, at any depth', () => {
  const service = projectService({ metadata: { labels: { a: 'b' } }, spec: { ports: [{}] } });
  const resource = projectLoadBalancer({ spec: { listeners: [{ port: 80 }] } });
  for (const part of [
    service,
    service.metadata.labels,
    service.spec.ports[0],
    resource.spec.listeners,
    resource.spec.listeners?.[0],
  ]) {
    assert.ok(Object.isFrozen(part));
  }
});

const endpointCases = [
  { name: 'Nothing', conditions: {}, want: [true, true, false] },
  { name: 'NotReady', conditions: { ready: false }, want: [false, false, false] },
  {
    name: 'Draining',
    conditions: { ready: false, serving: true, terminating: true },
    want: [false, true, true],
  },
] as const;

for (const { name, conditions, want } of endpointCases) {
  test(`projectEndpointSlice: conditions ${name}`, () => {
    const slice = projectEndpointSlice({
      metadata: { labels: { 'kubernetes.io/service-name': 'web' } },
      addressType: 'IPv4',
      endpoints: [{ addresses: ['10.0.0.1'], nodeName: 'n1', conditions }],
    });
    assert.equal(slice.serviceName, 'web');
    const endpoint = slice.endpoints[0];
    assert.deepEqual([endpoint?.ready, endpoint?.serving, endpoint?.terminating], want);
  });
}

test('projectNode: what reconcilers read is kept, heartbeats and foreign annotations are not', () => {
  const node = projectNode({
    metadata: {
      name: 'n1',
      labels: { a: 'b' },
      annotations: { c: 'd', 'alpha.kubernetes.io/provided-node-ip': '10.0.0.1' },
    },
    spec: {
      providerID: 'cn-a.i-1',
      taints: [{ key: 'k', effect: 'NoSchedule' }],
      podCIDR: '10.1.0.0/24',
      podCIDRs: ['10.1.0.0/24', 'fd00::/64'],
    },
    status: {
      addresses: [{ type: 'InternalIP', address: '10.0.0.1' }],
      conditions: [
        { type: 'MemoryPressure', status: 'False' },
        { type: 'Ready', status: 'True', reason: 'KubeletReady', lastHeartbeatTime: 'now' },
        { type: 'NetworkUnavailable', status: 'odd' },
      ],
    },
  });
  assert.equal(node.providerId, 'cn-a.i-1');
  assert.deepEqual(node.taints, [{ key: 'k', value: '', effect: 'NoSchedule' }]);
  assert.deepEqual(node.metadata.labels, { a: 'b' });
  assert.deepEqual(node.metadata.annotations, {
    'alpha.kubernetes.io/provided-node-ip': '10.0.0.1',
  });
  assert.deepEqual(node.podCidrs, ['10.1.0.0/24', 'fd00::/64']);
  assert.deepEqual(node.addresses, [{ type: 'InternalIP', address: '10.0.0.1' }]);
  assert.deepEqual(node.ready, { status: 'True', reason: 'KubeletReady' });
  assert.deepEqual(node.networkUnavailable, { status: 'Unknown', reason: '' });
});

test('projectNode: a node that has told nothing yet', () => {
  const node = projectNode({ metadata: { name: 'n2' }, spec: { podCIDR: '10.1.0.0/24' } });
  assert.equal(node.providerId, '');
  assert.equal(node.ready, undefined);
  assert.equal(node.networkUnavailable, undefined);
  assert.deepEqual(node.podCidrs, ['10.1.0.0/24'], 'Of a server that fills only the old field');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  loadBalancerOf,
  serviceOf,
  servicePort,
} from '../../../test/support/kubernetes-builders.ts';
import type { CloudHealthCheck } from '../../cloud/slb/slb-client.ts';
import type { LoadBalancerResource, Service } from '../kubernetes-objects.ts';
import { desiredLoadBalancer, type DesiredLoadBalancer } from './load-balancer-desired.ts';

const owner = { clusterId: 'c1', namespace: 'shop', serviceName: 'web', serviceUid: 'uid-1' };

function desiredOf(
  spec: Partial<LoadBalancerResource['spec']> = {},
  serviceSpec: Partial<Service['spec']> = {},
): DesiredLoadBalancer {
  return desiredLoadBalancer({
    resource: loadBalancerOf({ spec }),
    service: serviceOf({ spec: serviceSpec }),
    owner,
    nodes: [],
    closedListeners: new Set(),
  });
}

function listenerSpec(
  change: Partial<NonNullable<LoadBalancerResource['spec']['listeners']>[number]>,
): Partial<LoadBalancerResource['spec']> {
  return { listeners: [{ transport: 'TCP', port: 80, backend: { servicePort: 80 }, ...change }] };
}

const local: Partial<Service['spec']> = {
  externalTrafficPolicy: 'Local',
  healthCheckNodePort: 32_000,
};
const udp = [servicePort(80, { protocol: 'UDP' })];

const healthChecks: readonly {
  readonly name: string;
  readonly got: DesiredLoadBalancer;
  readonly want: Partial<CloudHealthCheck>;
}[] = [
  {
    name: 'Default',
    got: desiredOf(),
    want: { enabled: true, type: 'tcp', port: 30_080, intervalSeconds: 2, healthyThreshold: 3 },
  },
  {
    name: 'SVC-51 Local',
    got: desiredOf({}, local),
    want: { type: 'http', port: 32_000, path: '/healthz', httpCodes: 'http_2xx' },
  },
  {
    name: 'SVC-51 LocalUdp',
    got: desiredOf(listenerSpec({ transport: 'UDP' }), { ...local, ports: udp }),
    want: { type: 'udp', port: 30_080, path: '' },
  },
  {
    name: 'SVC-52 LocalWithoutHealthPort',
    got: desiredOf({}, { ...local, healthCheckNodePort: 0 }),
    want: { type: 'tcp', port: 30_080 },
  },
  {
    name: 'LocalOverridden',
    got: desiredOf(listenerSpec({ healthCheck: { mode: 'TCP' } }), local),
    want: { type: 'tcp', port: 30_080 },
  },
  {
    name: 'Http',
    got: desiredOf(
      listenerSpec({
        healthCheck: { mode: 'HTTP', path: '/ready', httpCodes: ['http_2xx', 'http_3xx'], port: 9 },
      }),
    ),
    want: { type: 'http', path: '/ready', httpCodes: 'http_2xx,http_3xx', port: 9 },
  },
  {
    name: 'Off',
    got: desiredOf(listenerSpec({ healthCheck: { mode: 'Off' } })),
    want: { enabled: false },
  },
];

for (const { name, got, want } of healthChecks) {
  test(`desiredLoadBalancer: health check ${name}`, () => {
    const healthCheck = got.listeners[0]?.settings.healthCheck;
    assert.ok(healthCheck !== undefined);
    assert.deepEqual({ ...healthCheck, ...want }, healthCheck);
  });
}

const listenerCases: readonly {
  readonly name: string;
  readonly got: DesiredLoadBalancer;
  readonly want: number;
  readonly reason: string;
}[] = [
  {
    name: 'Dormant',
    got: desiredOf({ listeners: [{ transport: 'TCP', port: 80, clb: { scheduler: 'wrr' } }] }),
    want: 0,
    reason: 'An override without backend waits for its port.',
  },
  {
    name: 'NoSuchServicePort',
    got: desiredOf(listenerSpec({ backend: { servicePort: 81 } })),
    want: 0,
    reason: 'There is nothing to point at.',
  },
  {
    name: 'SVC-64 NoNodePort',
    got: desiredOf({}, { ports: [servicePort(80, { nodePort: 0 })] }),
    want: 0,
    reason: 'Nodes are registered with a node port; without one nothing is published.',
  },
  {
    name: 'OtherTransport',
    got: desiredOf({}, { ports: udp }),
    want: 0,
    reason: 'A TCP listener never serves a UDP port.',
  },
  {
    name: 'UnservedProtocol',
    got: desiredOf(listenerSpec({ protocol: 'HTTPS' })),
    want: 0,
    reason: 'A protocol that cannot be served stops that port, and is not mapped to another.',
  },
];

for (const { name, got, want, reason } of listenerCases) {
  test(`desiredLoadBalancer: listeners ${name}`, () => {
    assert.equal(got.listeners.length, want, reason);
    assert.equal(got.serverGroups.length, want, reason);
  });
}

test('desiredLoadBalancer: reserved tag keys are left out, ownership tags never', () => {
  const { tags } = desiredOf({
    tags: [{ key: 'team', value: 'blue' }, { key: 'ack.aliyun.com', value: 'x' }, { key: 'empty' }],
  }).attributes;
  assert.equal(tags.find((tag) => tag.key === 'ack.aliyun.com')?.value, 'c1');
  assert.deepEqual(tags.slice(-2), [
    { key: 'team', value: 'blue' },
    { key: 'empty', value: '' },
  ]);
});

test('SVC-61 desiredLoadBalancer: persistence is for TCP only', () => {
  const clb = { persistenceTimeoutSeconds: 3600 };
  assert.equal(
    desiredOf(listenerSpec({ clb })).listeners[0]?.settings.persistenceTimeoutSeconds,
    3600,
  );
  const got = desiredOf(listenerSpec({ transport: 'UDP', clb }), { ports: udp });
  assert.equal(got.listeners[0]?.settings.persistenceTimeoutSeconds, 0);
});

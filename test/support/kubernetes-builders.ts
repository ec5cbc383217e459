import type {
  Endpoint,
  EndpointSlice,
  LoadBalancerResource,
  Node,
  ObjectMeta,
  Service,
  ServicePort,
  Taint,
} from '../../src/reconcilers/kubernetes-objects.ts';

const SERVICE_UID = '5e4dbfc9-c2ae-4642-b033-5607860aef6a';

/** Builds the metadata of an object of namespace `shop`. */
export function metadata(name: string, change: Partial<ObjectMeta> = {}): ObjectMeta {
  return {
    namespace: 'shop',
    name,
    uid: `uid-of-${name}`,
    resourceVersion: '1',
    generation: 1,
    creationTimestamp: '2026-01-01T00:00:00Z',
    labels: {},
    annotations: {},
    finalizers: [],
    ownerReferences: [],
    ...change,
  };
}

/** Builds a TCP port with a node port 30000 above it. */
export function servicePort(port: number, change: Partial<ServicePort> = {}): ServicePort {
  return {
    name: `port-${port}`,
    protocol: 'TCP',
    port,
    nodePort: 30_000 + port,
    targetPort: String(port),
    appProtocol: '',
    ...change,
  };
}

/** Builds the Service `shop/web`, of type LoadBalancer with TCP port 80. */
export function serviceOf(
  change: {
    readonly metadata?: Partial<ObjectMeta>;
    readonly spec?: Partial<Service['spec']>;
    readonly status?: Partial<Service['status']>;
  } = {},
): Service {
  return {
    kind: 'Service',
    metadata: metadata('web', { uid: SERVICE_UID, ...change.metadata }),
    spec: {
      type: 'LoadBalancer',
      ports: [servicePort(80)],
      externalTrafficPolicy: 'Cluster',
      healthCheckNodePort: 0,
      sessionAffinity: 'None',
      sessionAffinityTimeoutSeconds: 10_800,
      loadBalancerSourceRanges: [],
      allocateLoadBalancerNodePorts: true,
      externalIPs: [],
      ipFamilies: ['IPv4'],
      hasSelector: true,
      ...change.spec,
    },
    status: { ingress: [], conditions: [], ...change.status },
  };
}

/** Builds the AlibabaLoadBalancer that is generated from `serviceOf()`. */
export function loadBalancerOf(
  change: {
    readonly metadata?: Partial<ObjectMeta>;
    readonly spec?: Partial<LoadBalancerResource['spec']>;
    readonly status?: LoadBalancerResource['status'];
  } = {},
): LoadBalancerResource {
  return {
    kind: 'AlibabaLoadBalancer',
    metadata: metadata('web', {
      ownerReferences: [
        { apiVersion: 'v1', kind: 'Service', name: 'web', uid: SERVICE_UID, controller: true },
      ],
      ...change.metadata,
    }),
    spec: {
      type: 'CLB',
      serviceRef: { name: 'web' },
      listeners: [{ transport: 'TCP', port: 80, backend: { servicePort: 80 } }],
      ...change.spec,
    },
    status: change.status ?? {},
  };
}

/** Builds a node of an ECS instance. */
export function nodeOf(
  name: string,
  change: Partial<Omit<Node, 'kind' | 'metadata'>> & {
    readonly metadata?: Partial<ObjectMeta>;
  } = {},
): Node {
  return {
    kind: 'Node',
    providerId: change.providerId ?? `cn-hangzhou.i-${name}`,
    taints: change.taints ?? [],
    podCidrs: change.podCidrs ?? [],
    addresses: change.addresses ?? [],
    ...(change.ready !== undefined && { ready: change.ready }),
    ...(change.networkUnavailable !== undefined && {
      networkUnavailable: change.networkUnavailable,
    }),
    metadata: metadata(name, { namespace: '', ...change.metadata }),
  };
}

/** Builds a taint without a value. */
export function taintOf(key: string, effect = 'NoSchedule'): Taint {
  return { key, value: '', effect };
}

/** Builds a slice of Service `web`. */
export function sliceOf(
  endpoints: readonly Partial<Endpoint>[],
  name = 'web-1',
  addressType = 'IPv4',
): EndpointSlice {
  return {
    kind: 'EndpointSlice',
    metadata: metadata(name),
    serviceName: 'web',
    addressType,
    endpoints: endpoints.map((endpoint, index) => ({
      addresses: [`10.0.0.${index + 1}`],
      ready: true,
      serving: true,
      terminating: false,
      ...endpoint,
    })),
  };
}

import type { CloudTag } from '../../cloud/call-options.ts';
import type {
  CloudBackend,
  CloudHealthCheck,
  ListenerKey,
  ListenerSettings,
} from '../../cloud/slb/slb-client.ts';
import type { LoadBalancerResource, Service, ServicePort } from '../kubernetes-objects.ts';
import type { BackendNodes } from './backend-nodes.ts';
import type { AlibabaLoadBalancerSpec } from './load-balancer-resource.generated.ts';
import {
  defaultLoadBalancerName,
  isTagKeyAllowed,
  listenerDescription,
  ownershipTags,
  serverGroupName,
  type Owner,
} from './load-balancer-names.ts';

type ListenerSpec = NonNullable<AlibabaLoadBalancerSpec['listeners']>[number];

/** The settings of a load balancer itself; what is unset is left as the cloud has it. */
export interface DesiredAttributes {
  readonly name: string;
  readonly spec?: string;
  readonly instanceChargeType?: 'PayByCLCU' | 'PayBySpec';
  readonly internetChargeType?: 'paybytraffic' | 'paybybandwidth';
  readonly bandwidthMbps?: number;
  readonly deleteProtection: 'on' | 'off';
  readonly modificationProtection: 'ConsoleProtection' | 'NonProtection';
  /** The ownership tags and those of the spec. */
  readonly tags: readonly CloudTag[];
}

/** A listener that should be in the cloud; its server group is named by the node port. */
export interface DesiredListener {
  readonly key: ListenerKey;
  readonly nodePort: number;
  /** `false` closes it if it runs, and makes none otherwise. */
  readonly enabled: boolean;
  /** `false` while an access rule cannot be applied: it is neither made nor started. */
  readonly mayOpen: boolean;
  readonly settings: Omit<ListenerSettings, 'serverGroupId'>;
}

/** A server group that should be in the cloud. */
export interface DesiredServerGroup {
  readonly nodePort: number;
  readonly name: string;
  /** `keep` leaves the members as they are. */
  readonly backends: readonly CloudBackend[] | 'keep';
}

/** Everything that one AlibabaLoadBalancer and its Service ask of the cloud. */
export interface DesiredLoadBalancer {
  readonly attributes: DesiredAttributes;
  /** Sorted by port and protocol. */
  readonly listeners: readonly DesiredListener[];
  /** Sorted by node port; one for each distinct node port. */
  readonly serverGroups: readonly DesiredServerGroup[];
}

/** The cloud's defaults, written out so that taking a setting back restores them. */
const HEALTH_CHECK_DEFAULTS = {
  path: '',
  domain: '',
  httpCodes: '',
  intervalSeconds: 2,
  timeoutSeconds: 5,
  healthyThreshold: 3,
  unhealthyThreshold: 3,
} as const;

const DEFAULT_SCHEDULER = 'rr';
const DEFAULT_ESTABLISHED_TIMEOUT_SECONDS = 900;
const SERVICE_PROXY_HEALTH_PATH = '/healthz';

/** What `desiredLoadBalancer` decides from. */
export interface DesiredInput {
  readonly resource: LoadBalancerResource;
  readonly service: Service;
  readonly owner: Owner;
  readonly nodes: BackendNodes;
  /** Listeners, as transport and port, that may not open because an access rule cannot be applied; `all` for every one. */
  readonly closedListeners: ReadonlySet<string> | 'all';
}

/**
 * Decides what should be in the cloud.
 *
 * Shape: only listeners whose Service port exists, has a node port and can be served.
 */
export function desiredLoadBalancer(input: DesiredInput): DesiredLoadBalancer {
  const { resource, service, owner } = input;
  const listeners = (resource.spec.listeners ?? []).flatMap((listener) => {
    const servicePort = servicePortOf(listener, service);
    if (servicePort === undefined || !isServable(listener)) return [];
    return [desiredListener(input, listener, servicePort)];
  });
  const nodePorts = [...new Set(listeners.map((listener) => listener.nodePort))];
  return {
    attributes: desiredAttributes(resource.spec, owner),
    listeners: listeners.sort(byListenerKey),
    serverGroups: nodePorts
      .sort((a, b) => a - b)
      .map((nodePort) => desiredServerGroup(owner, nodePort, input.nodes)),
  };
}

/** Finds the Service port behind a listener; `undefined` for a dormant entry or one without node port. */
export function servicePortOf(listener: ListenerSpec, service: Service): ServicePort | undefined {
  if (listener.backend === undefined) return undefined;
  const { servicePort } = listener.backend;
  return service.spec.ports.find(
    (port) =>
      port.port === servicePort && port.protocol === listener.transport && port.nodePort !== 0,
  );
}

/** Writes transport and port of a listener as users read them. */
export function listenerLabel(listener: {
  readonly transport: string;
  readonly port: number;
}): string {
  return `${listener.transport}:${listener.port}`;
}

/** Tells whether this version can serve a listener's protocol. */
function isServable(listener: ListenerSpec): boolean {
  return listener.protocol === undefined || listener.protocol === listener.transport;
}

function desiredAttributes(spec: AlibabaLoadBalancerSpec, owner: Owner): DesiredAttributes {
  const clb = spec.clb ?? {};
  return {
    name: spec.name ?? defaultLoadBalancerName(owner.serviceUid),
    ...(clb.spec === undefined ? {} : { spec: clb.spec }),
    ...(clb.instanceChargeType === undefined ? {} : { instanceChargeType: clb.instanceChargeType }),
    ...(clb.internetChargeType === undefined
      ? {}
      : {
          internetChargeType:
            clb.internetChargeType === 'PayByTraffic' ? 'paybytraffic' : 'paybybandwidth',
        }),
    ...(clb.bandwidthMbps === undefined ? {} : { bandwidthMbps: clb.bandwidthMbps }),
    deleteProtection: clb.deletionProtection === 'Off' ? 'off' : 'on',
    modificationProtection:
      clb.modificationProtection === 'Off' ? 'NonProtection' : 'ConsoleProtection',
    tags: [
      ...ownershipTags(owner),
      ...(spec.tags ?? [])
        .filter((tag) => isTagKeyAllowed(tag.key))
        .map((tag) => ({ key: tag.key, value: tag.value ?? '' })),
    ],
  };
}

function desiredListener(
  input: DesiredInput,
  listener: ListenerSpec,
  servicePort: ServicePort,
): DesiredListener {
  const isTcp = listener.transport === 'TCP';
  return {
    key: { protocol: isTcp ? 'tcp' : 'udp', port: listener.port },
    nodePort: servicePort.nodePort,
    enabled: listener.enabled ?? true,
    mayOpen: input.closedListeners !== 'all' && !input.closedListeners.has(listenerLabel(listener)),
    settings: {
      description: listenerDescription(input.owner, listener.port),
      scheduler: listener.clb?.scheduler ?? DEFAULT_SCHEDULER,
      persistenceTimeoutSeconds: isTcp ? (listener.clb?.persistenceTimeoutSeconds ?? 0) : 0,
      establishedTimeoutSeconds: isTcp
        ? (listener.clb?.establishedTimeoutSeconds ?? DEFAULT_ESTABLISHED_TIMEOUT_SECONDS)
        : 0,
      healthCheck: desiredHealthCheck(listener, input.service, servicePort.nodePort),
    },
  };
}

/**
 * Decides the health check of a listener.
 *
 * Shape: with `externalTrafficPolicy: Local`, a TCP listener asks the service proxy of each node
 *   whether the node has an endpoint; a UDP listener has only the cloud's UDP check.
 * Source: Kubernetes, `spec.healthCheckNodePort`.
 */
function desiredHealthCheck(
  listener: ListenerSpec,
  service: Service,
  nodePort: number,
): CloudHealthCheck {
  const asked = listener.healthCheck ?? {};
  const { externalTrafficPolicy, healthCheckNodePort } = service.spec;
  const common = {
    enabled: asked.mode !== 'Off',
    // Written out although it is the default: a set without it would keep an earlier port.
    port: asked.port ?? nodePort,
    intervalSeconds: asked.intervalSeconds ?? HEALTH_CHECK_DEFAULTS.intervalSeconds,
    timeoutSeconds: asked.timeoutSeconds ?? HEALTH_CHECK_DEFAULTS.timeoutSeconds,
    healthyThreshold: asked.healthyThreshold ?? HEALTH_CHECK_DEFAULTS.healthyThreshold,
    unhealthyThreshold: asked.unhealthyThreshold ?? HEALTH_CHECK_DEFAULTS.unhealthyThreshold,
  };
  if (listener.transport === 'UDP') {
    return { ...HEALTH_CHECK_DEFAULTS, ...common, type: 'udp' };
  }
  const asksProxy =
    externalTrafficPolicy === 'Local' && healthCheckNodePort !== 0 && asked.mode === undefined;
  if (asksProxy) {
    return {
      ...common,
      type: 'http',
      port: asked.port ?? healthCheckNodePort,
      path: asked.path ?? SERVICE_PROXY_HEALTH_PATH,
      domain: asked.domain ?? HEALTH_CHECK_DEFAULTS.domain,
      httpCodes: asked.httpCodes?.join(',') ?? 'http_2xx',
    };
  }
  if (asked.mode === 'HTTP') {
    return {
      ...common,
      type: 'http',
      path: asked.path ?? HEALTH_CHECK_DEFAULTS.path,
      domain: asked.domain ?? HEALTH_CHECK_DEFAULTS.domain,
      httpCodes: asked.httpCodes?.join(',') ?? 'http_2xx',
    };
  }
  return { ...HEALTH_CHECK_DEFAULTS, ...common, type: 'tcp' };
}

function desiredServerGroup(
  owner: Owner,
  nodePort: number,
  nodes: BackendNodes,
): DesiredServerGroup {
  const name = serverGroupName(owner, nodePort);
  if (nodes === 'keep') return { nodePort, name, backends: 'keep' };
  const backends = nodes.map(({ instanceId, weightPercent }) => ({
    serverId: instanceId,
    port: nodePort,
    weightPercent,
    type: 'ecs' as const,
    serverIp: '',
    description: name,
  }));
  return { nodePort, name, backends };
}

function byListenerKey(a: DesiredListener, b: DesiredListener): number {
  return a.key.port - b.key.port || (a.key.protocol < b.key.protocol ? -1 : 1);
}

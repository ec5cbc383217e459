import type { CloudTag } from '../call-options.ts';
import type {
  CloudBackend,
  CloudBackendHealth,
  CloudHealthCheck,
  CloudListener,
  CloudLoadBalancer,
  CloudServerGroup,
  ListenerKey,
  ListenerSettings,
} from './slb-client.ts';
import type {
  DescribeHealthStatusResponseBodyBackendServersBackendServer,
  DescribeLoadBalancerAttributeResponseBody,
  DescribeLoadBalancerListenersResponseBodyListeners,
  DescribeLoadBalancersResponseBodyLoadBalancersLoadBalancer,
  DescribeVServerGroupAttributeResponseBodyBackendServersBackendServer,
  DescribeVServerGroupsResponseBodyVServerGroupsVServerGroup,
} from './slb-operations.generated.ts';

/** DescribeLoadBalancers answers numbers where all other operations answer words. */
const INTERNET_CHARGE_TYPES: Readonly<Record<string, string>> = {
  '3': 'paybybandwidth',
  '4': 'paybytraffic',
};

/** Reads a load balancer, whichever of the two describing operations answered. */
export function parseLoadBalancer(
  answer: DescribeLoadBalancerAttributeResponseBody &
    DescribeLoadBalancersResponseBodyLoadBalancersLoadBalancer,
): CloudLoadBalancer {
  const chargeType = answer.internetChargeType ?? '';
  return {
    id: answer.loadBalancerId ?? '',
    name: answer.loadBalancerName ?? '',
    status: answer.loadBalancerStatus ?? '',
    address: answer.address ?? '',
    addressType: answer.addressType === 'intranet' ? 'intranet' : 'internet',
    addressIpVersion: answer.addressIPVersion === 'ipv6' ? 'ipv6' : 'ipv4',
    vpcId: answer.vpcId ?? '',
    vSwitchId: answer.vSwitchId ?? '',
    masterZoneId: answer.masterZoneId ?? '',
    slaveZoneId: answer.slaveZoneId ?? '',
    resourceGroupId: answer.resourceGroupId ?? '',
    regionId: answer.regionId ?? '',
    spec: answer.loadBalancerSpec ?? '',
    instanceChargeType: answer.instanceChargeType ?? '',
    internetChargeType: INTERNET_CHARGE_TYPES[chargeType] ?? chargeType,
    bandwidthMbps: answer.bandwidth ?? 0,
    deleteProtection: answer.deleteProtection === 'on' ? 'on' : 'off',
    modificationProtection:
      answer.modificationProtectionStatus === 'ConsoleProtection'
        ? 'ConsoleProtection'
        : 'NonProtection',
    tags: parseTags(answer.tags?.tag),
  };
}

/** Reads a listener; `undefined` for a protocol that this project does not know. */
export function parseListener(
  answer: DescribeLoadBalancerListenersResponseBodyListeners,
): CloudListener | undefined {
  const key = listenerKey(answer.listenerProtocol, answer.listenerPort);
  if (key === undefined) return undefined;
  return {
    loadBalancerId: answer.loadBalancerId ?? '',
    key,
    status: answer.status ?? '',
    aclStatus: answer.aclStatus === 'on' ? 'on' : 'off',
    settings: listenerSettings(key, answer),
    tags: parseTags(answer.tags),
  };
}

/** Reads a server group without its members. */
export function parseServerGroup(
  answer: DescribeVServerGroupsResponseBodyVServerGroupsVServerGroup,
): CloudServerGroup {
  const listeners = answer.associatedObjects?.listeners?.listener ?? [];
  return {
    id: answer.VServerGroupId ?? '',
    name: answer.VServerGroupName ?? '',
    tags: parseTags(answer.tags?.tag),
    listeners: listeners.flatMap((listener) => {
      const key = listenerKey(listener.protocol, listener.port);
      return key === undefined ? [] : [key];
    }),
    createTime: answer.createTime ?? '',
  };
}

/** Reads a member of a server group. */
export function parseBackend(
  answer: DescribeVServerGroupAttributeResponseBodyBackendServersBackendServer,
): CloudBackend {
  const { type } = answer;
  const parsedType = type === 'eni' || type === 'eci' ? type : 'ecs';
  return {
    serverId: answer.serverId ?? '',
    port: answer.port ?? 0,
    weightPercent: answer.weight ?? 0,
    type: parsedType,
    // Some answers carry the private address of an instance; it identifies nothing for `ecs`.
    serverIp: parsedType === 'ecs' ? '' : (answer.serverIp ?? ''),
    description: answer.description ?? '',
  };
}

/** Reads the health of one backend; `undefined` for a listener that cannot be named. */
export function parseBackendHealth(
  answer: DescribeHealthStatusResponseBodyBackendServersBackendServer,
): CloudBackendHealth | undefined {
  const listener = listenerKey(answer.protocol, answer.listenerPort);
  if (listener === undefined) return undefined;
  return {
    serverId: answer.serverId ?? '',
    port: answer.port ?? 0,
    listener,
    status: answer.serverHealthStatus ?? '',
  };
}

function listenerSettings(
  key: ListenerKey,
  answer: DescribeLoadBalancerListenersResponseBodyListeners,
): ListenerSettings {
  const tcp = key.protocol === 'tcp' ? answer.TCPListenerConfig : undefined;
  return {
    description: answer.description ?? '',
    serverGroupId: answer.VServerGroupId ?? '',
    scheduler: answer.scheduler ?? '',
    persistenceTimeoutSeconds: tcp?.persistenceTimeout ?? 0,
    establishedTimeoutSeconds: tcp?.establishedTimeout ?? 0,
    healthCheck: listenerHealthCheck(key, answer),
  };
}

function listenerHealthCheck(
  key: ListenerKey,
  answer: DescribeLoadBalancerListenersResponseBodyListeners,
): CloudHealthCheck {
  switch (key.protocol) {
    case 'tcp': {
      const config = answer.TCPListenerConfig ?? {};
      return {
        ...commonHealthCheck(config),
        type: config.healthCheckType === 'http' ? 'http' : 'tcp',
        path: config.healthCheckURI ?? '',
        domain: config.healthCheckDomain ?? '',
        httpCodes: config.healthCheckHttpCode ?? '',
        timeoutSeconds: config.healthCheckConnectTimeout ?? 0,
      };
    }
    case 'udp': {
      const config = answer.UDPListenerConfig ?? {};
      return {
        ...commonHealthCheck(config),
        type: 'udp',
        path: '',
        domain: '',
        httpCodes: '',
        timeoutSeconds: config.healthCheckConnectTimeout ?? 0,
      };
    }
    case 'http':
    case 'https': {
      const config =
        (key.protocol === 'http' ? answer.HTTPListenerConfig : answer.HTTPSListenerConfig) ?? {};
      return {
        ...commonHealthCheck(config),
        type: config.healthCheckType === 'tcp' ? 'tcp' : 'http',
        path: config.healthCheckURI ?? '',
        domain: config.healthCheckDomain ?? '',
        httpCodes: config.healthCheckHttpCode ?? '',
        timeoutSeconds: config.healthCheckTimeout ?? 0,
      };
    }
  }
}

function commonHealthCheck(config: {
  readonly healthCheck?: string;
  readonly healthCheckConnectPort?: number;
  readonly healthCheckInterval?: number;
  readonly healthyThreshold?: number;
  readonly unhealthyThreshold?: number;
}): Pick<
  CloudHealthCheck,
  'enabled' | 'port' | 'intervalSeconds' | 'healthyThreshold' | 'unhealthyThreshold'
> {
  return {
    enabled: config.healthCheck === 'on',
    // A negative port stands for "the backend's own" in answers to some clients.
    port: Math.max(0, config.healthCheckConnectPort ?? 0),
    intervalSeconds: config.healthCheckInterval ?? 0,
    healthyThreshold: config.healthyThreshold ?? 0,
    unhealthyThreshold: config.unhealthyThreshold ?? 0,
  };
}

function parseTags(
  answers: readonly { readonly tagKey?: string; readonly tagValue?: string }[] | undefined,
): CloudTag[] {
  return (answers ?? []).map((tag) => ({ key: tag.tagKey ?? '', value: tag.tagValue ?? '' }));
}

function listenerKey(
  protocol: string | undefined,
  port: number | undefined,
): ListenerKey | undefined {
  if (port === undefined) return undefined;
  switch (protocol?.toLowerCase()) {
    case 'tcp':
      return { protocol: 'tcp', port };
    case 'udp':
      return { protocol: 'udp', port };
    case 'http':
      return { protocol: 'http', port };
    case 'https':
      return { protocol: 'https', port };
    default:
      return undefined;
  }
}

import type { CallOptions, CloudTag } from '../call-options.ts';

/** A load balancer as the cloud describes it; enumerations as on the wire, unset text is empty. */
export interface CloudLoadBalancer {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly address: string;
  readonly addressType: 'internet' | 'intranet';
  readonly addressIpVersion: 'ipv4' | 'ipv6';
  readonly vpcId: string;
  readonly vSwitchId: string;
  readonly masterZoneId: string;
  readonly slaveZoneId: string;
  readonly resourceGroupId: string;
  readonly regionId: string;
  readonly spec: string;
  readonly instanceChargeType: string;
  /** The words `paybytraffic` or `paybybandwidth`, whichever operation answered. */
  readonly internetChargeType: string;
  readonly bandwidthMbps: number;
  readonly deleteProtection: 'on' | 'off';
  readonly modificationProtection: 'ConsoleProtection' | 'NonProtection';
  readonly tags: readonly CloudTag[];
}

/** The answer to the creation of a load balancer. */
export interface CreatedLoadBalancer {
  readonly id: string;
  readonly name: string;
  readonly address: string;
  readonly requestId: string;
}

/** The key of a listener inside its load balancer. */
export interface ListenerKey {
  readonly protocol: 'tcp' | 'udp' | 'http' | 'https';
  readonly port: number;
}

/** How the cloud checks the backends of a TCP or UDP listener; zero and empty mean "the cloud's default". */
export interface CloudHealthCheck {
  readonly enabled: boolean;
  /** Only for TCP listeners; a UDP listener has `udp`. */
  readonly type: 'tcp' | 'http' | 'udp';
  /** 0 checks the backend's own port. */
  readonly port: number;
  readonly path: string;
  readonly domain: string;
  /** In the cloud's order, for example `http_2xx,http_3xx`. */
  readonly httpCodes: string;
  readonly intervalSeconds: number;
  readonly timeoutSeconds: number;
  readonly healthyThreshold: number;
  readonly unhealthyThreshold: number;
}

/** The settings of a TCP or UDP listener. */
export interface ListenerSettings {
  readonly description: string;
  readonly serverGroupId: string;
  readonly scheduler: string;
  /** TCP only; 0 is off. */
  readonly persistenceTimeoutSeconds: number;
  /** TCP only; 0 leaves the cloud's default. */
  readonly establishedTimeoutSeconds: number;
  readonly healthCheck: CloudHealthCheck;
}

/** A listener as the cloud describes it. */
export interface CloudListener {
  readonly loadBalancerId: string;
  readonly key: ListenerKey;
  /** `running`, `stopped`, `starting`, `configuring` or `stopping`. */
  readonly status: string;
  /** Whether an access control list restricts it. */
  readonly aclStatus: 'on' | 'off';
  readonly settings: ListenerSettings;
  readonly tags: readonly CloudTag[];
}

/** A virtual server group without its members. */
export interface CloudServerGroup {
  readonly id: string;
  readonly name: string;
  readonly tags: readonly CloudTag[];
  /** The listeners that use it. */
  readonly listeners: readonly ListenerKey[];
  readonly createTime: string;
}

/** One member of a virtual server group. */
export interface CloudBackend {
  readonly serverId: string;
  readonly port: number;
  readonly weightPercent: number;
  readonly type: 'ecs' | 'eni' | 'eci';
  /** Empty for `ecs`. */
  readonly serverIp: string;
  readonly description: string;
}

/** The health of one backend behind one listener. */
export interface CloudBackendHealth {
  readonly serverId: string;
  readonly port: number;
  readonly listener: ListenerKey;
  /** `normal`, `abnormal` or `unavailable`. */
  readonly status: string;
}

/** The documented limit of backends in one call. */
export const MAX_BACKENDS_PER_CALL = 20;

/** The documented limit of load balancers whose listeners one call lists. */
export const MAX_LOAD_BALANCERS_PER_LISTENER_LIST = 10;

/** A request for a load balancer, by parameter names on the wire; recorded before it is sent. */
export type CreateLoadBalancerParameters = Readonly<Record<string, string>>;

/**
 * Classic Load Balancer, in our own types.
 *
 * Shape: every page is followed; `find…` answers `undefined` for what does not exist; deletes and
 *   removals of what does not exist succeed; a write waits in the lane of its load balancer, so
 *   that writes to one load balancer never overlap.
 * Errors: `Failure`; `ambiguous` when a write may have taken effect; `conflict` when the cloud still
 *   applies an earlier change; `throttled`; `terminal`; `notfound` on a write to an absent object.
 * Source: SLB API 2014-05-15.
 */
export interface SlbClient {
  createLoadBalancer(
    parameters: CreateLoadBalancerParameters,
    clientToken: string,
    options: CallOptions,
  ): Promise<CreatedLoadBalancer>;
  findLoadBalancer(
    loadBalancerId: string,
    options: CallOptions,
  ): Promise<CloudLoadBalancer | undefined>;
  /** Lists the load balancers that carry all of the tags. */
  listLoadBalancersByTags(
    tags: readonly CloudTag[],
    options: CallOptions,
  ): Promise<readonly CloudLoadBalancer[]>;
  listLoadBalancersByName(
    name: string,
    options: CallOptions,
  ): Promise<readonly CloudLoadBalancer[]>;
  deleteLoadBalancer(loadBalancerId: string, options: CallOptions): Promise<void>;
  setLoadBalancerName(loadBalancerId: string, name: string, options: CallOptions): Promise<void>;
  setDeleteProtection(
    loadBalancerId: string,
    protection: 'on' | 'off',
    options: CallOptions,
  ): Promise<void>;
  setModificationProtection(
    loadBalancerId: string,
    protection: 'ConsoleProtection' | 'NonProtection',
    options: CallOptions,
  ): Promise<void>;
  modifyInstanceSpec(loadBalancerId: string, spec: string, options: CallOptions): Promise<void>;
  /** `spec` only with `PayBySpec`. */
  modifyInstanceChargeType(
    loadBalancerId: string,
    charge: { readonly instanceChargeType: 'PayByCLCU' | 'PayBySpec'; readonly spec?: string },
    options: CallOptions,
  ): Promise<void>;
  /** `bandwidthMbps` only with `paybybandwidth`. */
  modifyInternetSpec(
    loadBalancerId: string,
    charge: {
      readonly internetChargeType: 'paybytraffic' | 'paybybandwidth';
      readonly bandwidthMbps?: number;
    },
    options: CallOptions,
  ): Promise<void>;
  tagLoadBalancer(
    loadBalancerId: string,
    tags: readonly CloudTag[],
    options: CallOptions,
  ): Promise<void>;
  untagLoadBalancer(
    loadBalancerId: string,
    keys: readonly string[],
    options: CallOptions,
  ): Promise<void>;

  /** Lists the listeners of at most `MAX_LOAD_BALANCERS_PER_LISTENER_LIST` load balancers. */
  listListeners(
    loadBalancerIds: readonly string[],
    options: CallOptions,
  ): Promise<readonly CloudListener[]>;
  /** Creates the listener; the cloud leaves it stopped. Bandwidth is unlimited. */
  createListener(
    loadBalancerId: string,
    key: ListenerKey,
    settings: ListenerSettings,
    options: CallOptions,
  ): Promise<void>;
  /** Sets all settings that this project knows; others keep their value. */
  setListener(
    loadBalancerId: string,
    key: ListenerKey,
    settings: ListenerSettings,
    options: CallOptions,
  ): Promise<void>;
  startListener(loadBalancerId: string, key: ListenerKey, options: CallOptions): Promise<void>;
  stopListener(loadBalancerId: string, key: ListenerKey, options: CallOptions): Promise<void>;
  deleteListener(loadBalancerId: string, key: ListenerKey, options: CallOptions): Promise<void>;

  listServerGroups(
    loadBalancerId: string,
    options: CallOptions,
  ): Promise<readonly CloudServerGroup[]>;
  /** Lists the members of a group; `undefined` where the group does not exist. */
  findBackends(
    serverGroupId: string,
    options: CallOptions,
  ): Promise<readonly CloudBackend[] | undefined>;
  /** Creates a group with at most `MAX_BACKENDS_PER_CALL` members; answers its id. */
  createServerGroup(
    loadBalancerId: string,
    group: {
      readonly name: string;
      readonly tags: readonly CloudTag[];
      readonly backends: readonly CloudBackend[];
    },
    options: CallOptions,
  ): Promise<string>;
  /** At most `MAX_BACKENDS_PER_CALL` backends, like the two below. */
  addBackends(
    loadBalancerId: string,
    serverGroupId: string,
    backends: readonly CloudBackend[],
    options: CallOptions,
  ): Promise<void>;
  /** Sets weight and description of members. */
  setBackends(
    loadBalancerId: string,
    serverGroupId: string,
    backends: readonly CloudBackend[],
    options: CallOptions,
  ): Promise<void>;
  removeBackends(
    loadBalancerId: string,
    serverGroupId: string,
    backends: readonly CloudBackend[],
    options: CallOptions,
  ): Promise<void>;
  deleteServerGroup(
    loadBalancerId: string,
    serverGroupId: string,
    options: CallOptions,
  ): Promise<void>;

  /** Tells the health of every backend behind every listener of the load balancer. */
  listBackendHealth(
    loadBalancerId: string,
    options: CallOptions,
  ): Promise<readonly CloudBackendHealth[]>;
}

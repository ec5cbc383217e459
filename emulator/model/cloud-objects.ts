import type { Passage } from './passage.ts';

/** Whose an object is and which call made it; `createdBySeq` is null for seeded objects. */
export interface Ownership {
  readonly accountId: string;
  readonly regionId: string;
  readonly createdAt: number;
  readonly createdBySeq: number | null;
}

export interface Tag {
  readonly key: string;
  readonly value: string;
}

export interface LoadBalancer extends Ownership {
  readonly loadBalancerId: string;
  readonly loadBalancerName: string;
  readonly loadBalancerStatus: string;
  readonly address: string;
  readonly addressType: string;
  readonly addressIPVersion: string;
  readonly networkType: string;
  readonly vpcId: string;
  readonly vSwitchId: string;
  readonly masterZoneId: string;
  readonly slaveZoneId: string;
  readonly internetChargeType: string;
  readonly bandwidth: number;
  readonly instanceChargeType: string;
  readonly loadBalancerSpec: string;
  readonly payType: string;
  readonly resourceGroupId: string;
  readonly deleteProtection: string;
  readonly modificationProtectionStatus: string;
  readonly modificationProtectionReason: string;
}

/**
 * A listener. `status` is where it rests (`running` or `stopped`) once `transition` is over; the
 * settings carry the names of the describing operation.
 */
export interface Listener extends Ownership {
  readonly loadBalancerId: string;
  readonly listenerProtocol: 'tcp' | 'udp';
  readonly listenerPort: number;
  readonly status: string;
  readonly transition?: Passage;
  readonly settings: ListenerSettings;
}

export type ListenerSettings = Readonly<Record<string, string | number | boolean>>;

export interface BackendServer {
  readonly serverId: string;
  readonly serverIp: string;
  readonly port: number;
  readonly weight: number;
  readonly type: string;
  readonly description: string;
}

export interface VServerGroup extends Ownership {
  readonly vServerGroupId: string;
  readonly vServerGroupName: string;
  readonly loadBalancerId: string;
  readonly backendServers: readonly BackendServer[];
}

/** The kinds of objects that are made and removed; tombstones are kept for these. */
export type ObjectKind =
  | 'loadBalancer'
  | 'listener'
  | 'vServerGroup'
  | 'vpc'
  | 'vSwitch'
  | 'routeTable'
  | 'routeEntry'
  | 'instance'
  | 'networkInterface'
  | 'securityGroup'
  | 'disk';

/** An object that is gone: what it was, and the calls that made and removed it. */
export interface Tombstone {
  readonly kind: ObjectKind;
  readonly id: string;
  readonly accountId: string;
  readonly createdBySeq: number | null;
  readonly createdAt: number;
  /** Null when the admin interface removed it. */
  readonly deletedBySeq: number | null;
  readonly deletedAt: number;
  readonly object: unknown;
}

/** The id of a listener, as tag operations name it. */
export function listenerId(loadBalancerId: string, protocol: string, port: number): string {
  return `${loadBalancerId}_${protocol}_${port}`;
}

/** The state a listener shows at a time: the one it passes through, else where it rests. */
export function listenerStatus(listener: Listener, now: number): string {
  const { transition } = listener;
  return transition !== undefined && now < transition.until ? transition.status : listener.status;
}

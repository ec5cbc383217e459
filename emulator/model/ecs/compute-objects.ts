import type { Ownership } from '../cloud-objects.ts';
import { shownStatus, type Passing } from '../passage.ts';

/**
 * An instance. `status` is where it rests (`Running` or `Stopped`) once `transition` is over; its
 * network interfaces are objects of their own.
 */
export interface Instance extends Ownership, Passing {
  readonly instanceId: string;
  readonly instanceName?: string;
  readonly description?: string;
  readonly zoneId: string;
  readonly vSwitchId: string;
  readonly vpcId: string;
  readonly instanceType: string;
  readonly hostName: string;
  readonly privateIps: readonly string[];
  readonly publicIp?: string;
  readonly eip?: { readonly allocationId: string; readonly ipAddress: string };
  readonly securityGroupIds: readonly string[];
  readonly chargeType: string;
  readonly spotStrategy: string;
  /** Why operations on it are locked; empty when they are not. */
  readonly locks: readonly string[];
  readonly deletionProtection: boolean;
  readonly imageId?: string;
  readonly resourceGroupId?: string;
  readonly status: string;
}

/** A network interface; the first of its private addresses is the primary one. */
export interface NetworkInterface extends Ownership, Passing {
  readonly networkInterfaceId: string;
  readonly networkInterfaceName?: string;
  readonly description?: string;
  readonly type: 'Primary' | 'Secondary';
  /** Absent while it is attached to none. */
  readonly instanceId?: string;
  readonly vpcId: string;
  readonly vSwitchId: string;
  readonly zoneId: string;
  readonly privateIps: readonly string[];
  readonly ipv6s: readonly string[];
  readonly securityGroupIds: readonly string[];
  readonly sourceDestCheck: boolean;
  readonly deleteOnRelease: boolean;
  readonly resourceGroupId?: string;
}

/** A security group; its rules are not kept. */
export interface SecurityGroup extends Ownership {
  readonly securityGroupId: string;
  readonly securityGroupName: string;
  readonly description: string;
  readonly securityGroupType: string;
  /** Empty for a group of the classic network. */
  readonly vpcId: string;
  readonly resourceGroupId: string;
}

export interface Disk extends Ownership {
  readonly diskId: string;
  readonly diskName?: string;
  readonly description?: string;
  /** Empty for a disk of the whole region. */
  readonly zoneId: string;
  /** The zones that a disk of the whole region lies in. */
  readonly placementZoneIds?: readonly string[];
  readonly type: 'system' | 'data';
  readonly category: string;
  readonly performanceLevel?: string;
  /** In GiB. */
  readonly size: number;
  readonly chargeType: string;
  readonly encrypted: boolean;
  readonly portable: boolean;
  readonly deleteWithInstance: boolean;
  /** Absent while it is attached to none. */
  readonly instanceId?: string;
  readonly status: string;
}

/** The state that an instance shows at a time. */
export function instanceStatus(instance: Instance, now: number): string {
  return shownStatus(instance, now, { resting: instance.status, leaving: 'Stopping' });
}

/** The state that a network interface shows at a time. */
export function interfaceStatus(networkInterface: NetworkInterface, now: number): string {
  const resting = networkInterface.instanceId === undefined ? 'Available' : 'InUse';
  return shownStatus(networkInterface, now, { resting });
}

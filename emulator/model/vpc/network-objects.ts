import type { Ownership } from '../cloud-objects.ts';
import type { Passing } from '../passage.ts';

export interface Vpc extends Ownership, Passing {
  readonly vpcId: string;
  readonly cidrBlock: string;
  readonly vpcName?: string;
  readonly description?: string;
  /** Absent where the VPC has no IPv6. */
  readonly ipv6CidrBlock?: string;
  readonly secondaryCidrBlocks?: readonly string[];
  readonly resourceGroupId?: string;
  readonly isDefault?: boolean;
}

export interface VSwitch extends Ownership, Passing {
  readonly vSwitchId: string;
  readonly vpcId: string;
  readonly zoneId: string;
  readonly cidrBlock: string;
  readonly ipv6CidrBlock?: string;
  readonly vSwitchName?: string;
  readonly description?: string;
  /** The custom route table that it is associated with; absent for the VPC's own. */
  readonly routeTableId?: string;
}

export interface RouteTable extends Ownership, Passing {
  readonly routeTableId: string;
  readonly vpcId: string;
  readonly type: 'System' | 'Custom';
  readonly routeTableName?: string;
  readonly description?: string;
  readonly routePropagationEnable?: boolean;
}

/** One way on; several make a route of equal cost ways. */
export interface NextHop {
  readonly nextHopType: string;
  readonly nextHopId: string;
  readonly weight?: number;
}

/** A custom route entry; those of the system follow from the vSwitches. */
export interface RouteEntry extends Ownership, Passing {
  readonly routeEntryId: string;
  readonly routeTableId: string;
  readonly destinationCidrBlock: string;
  readonly ipVersion: 'IPv4' | 'IPv6';
  readonly routeEntryName?: string;
  readonly description?: string;
  readonly nextHops: readonly NextHop[];
  readonly modifiedAt: number;
}

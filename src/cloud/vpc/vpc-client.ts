import type { CallOptions } from '../call-options.ts';

/** A route table as the cloud describes it. */
export interface CloudRouteTable {
  readonly id: string;
  readonly name: string;
  readonly vpcId: string;
  readonly type: 'System' | 'Custom';
  readonly status: string;
}

/** One way on of a route entry. */
export interface CloudNextHop {
  /** For example `Instance` or `NetworkInterface`. */
  readonly type: string;
  /** Empty for a blackhole. */
  readonly id: string;
}

/** A route entry as the cloud describes it; enumerations as on the wire, unset text is empty. */
export interface CloudRouteEntry {
  readonly id: string;
  readonly routeTableId: string;
  readonly name: string;
  readonly description: string;
  readonly destinationCidr: string;
  readonly ipVersion: 'IPv4' | 'IPv6';
  /** `Custom`, `System`, `BGP`, `CEN` or `ECR`. */
  readonly type: string;
  /** `Pending`, `Available`, `Modifying` or `Deleting`. */
  readonly status: string;
  /** Several for a route of equal cost ways. */
  readonly nextHops: readonly CloudNextHop[];
}

/** What names one route entry of a table. */
export interface RouteEntryKey {
  readonly routeTableId: string;
  readonly destinationCidr: string;
  readonly nextHopId: string;
}

/** A route entry to create. */
export interface NewRouteEntry extends RouteEntryKey {
  readonly nextHopType: 'Instance' | 'NetworkInterface';
  readonly ipVersion: 'IPv4' | 'IPv6';
  readonly name: string;
}

/** Why one entry of a batch was not created or deleted. */
export interface FailedRouteEntry {
  readonly destinationCidr: string;
  readonly nextHopId: string;
  /** In the vocabulary of the batch operations, for example `VPC_ROUTE_ENTRY_CIDR_BLOCK_DUPLICATE`. */
  readonly code: string;
  readonly message: string;
}

/** The answer to a batch: what failed; everything else was accepted. */
export interface RouteBatchAnswer {
  readonly failed: readonly FailedRouteEntry[];
  readonly requestId: string;
}

/** A VPC as the cloud describes it. */
export interface CloudVpc {
  readonly id: string;
  readonly regionId: string;
  readonly cidrBlocks: readonly string[];
  /** Empty where the VPC has no IPv6. */
  readonly ipv6CidrBlocks: readonly string[];
}

/** The documented limit of route entries in one call. */
export const MAX_ROUTE_ENTRIES_PER_CALL = 50;

/**
 * Virtual Private Cloud, in our own types.
 *
 * Shape: every page is followed, and an answer that is not complete is a `Failure`, never a short
 *   list; `find…` answers `undefined` for what does not exist; writes to one VPC wait for each other.
 * Errors: `Failure`; `conflict` while an earlier change of the VPC is applied; `throttled`;
 *   `terminal` when it is forbidden, malformed or over the quota; `notfound` for an unknown table;
 *   `ambiguous` when a write may have taken effect.
 * Source: VPC API 2016-04-28.
 */
export interface VpcClient {
  findVpc(vpcId: string, options: CallOptions): Promise<CloudVpc | undefined>;
  listRouteTables(vpcId: string, options: CallOptions): Promise<readonly CloudRouteTable[]>;
  findRouteTable(routeTableId: string, options: CallOptions): Promise<CloudRouteTable | undefined>;
  /** Lists all entries of a table, of every type and next hop. */
  listRouteEntries(routeTableId: string, options: CallOptions): Promise<readonly CloudRouteEntry[]>;
  /** Creates at most `MAX_ROUTE_ENTRIES_PER_CALL` entries. */
  createRouteEntries(
    vpcId: string,
    entries: readonly NewRouteEntry[],
    options: CallOptions,
  ): Promise<RouteBatchAnswer>;
  /** Deletes at most `MAX_ROUTE_ENTRIES_PER_CALL` entries. */
  deleteRouteEntries(
    vpcId: string,
    entries: readonly RouteEntryKey[],
    options: CallOptions,
  ): Promise<RouteBatchAnswer>;
}

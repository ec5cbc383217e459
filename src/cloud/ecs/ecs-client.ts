import type { CallOptions, CloudTag } from '../call-options.ts';

/** A network interface of an instance as the instance's description shows it. */
export interface CloudInstanceInterface {
  readonly id: string;
  readonly type: 'Primary' | 'Secondary';
  /** The primary address first, the others in the order of the answer. */
  readonly privateIps: readonly string[];
  readonly ipv6s: readonly string[];
}

/** An instance as the cloud describes it; enumerations as on the wire, unset text is empty. */
export interface CloudInstance {
  readonly id: string;
  readonly name: string;
  readonly hostName: string;
  readonly regionId: string;
  readonly zoneId: string;
  readonly vpcId: string;
  readonly vSwitchId: string;
  readonly instanceType: string;
  /** `Pending`, `Starting`, `Running`, `Stopping` or `Stopped`. */
  readonly status: string;
  /** For example `PrePaid` or `PostPaid`. */
  readonly chargeType: string;
  /** For example `NoSpot` or `SpotAsPriceGo`. */
  readonly spotStrategy: string;
  /** Why operations are locked, for example `financial` or `security`; empty when they are not. */
  readonly lockReasons: readonly string[];
  /** Addresses of the public network that belong to the instance itself. */
  readonly publicIps: readonly string[];
  /** The elastic address that is bound to it; empty where none is. */
  readonly elasticIp: string;
  /** Addresses of the classic network. */
  readonly innerIps: readonly string[];
  /** Addresses in the VPC, as the instance's VPC attributes list them. */
  readonly privateIps: readonly string[];
  /** The primary one first, then by id. */
  readonly interfaces: readonly CloudInstanceInterface[];
  readonly tags: readonly CloudTag[];
}

/** A network interface as the cloud describes it. */
export interface CloudNetworkInterface {
  readonly id: string;
  readonly instanceId: string;
  readonly type: 'Primary' | 'Secondary';
  readonly sourceDestCheck: boolean;
}

/** A disk as the cloud describes it. */
export interface CloudDisk {
  readonly id: string;
  readonly regionId: string;
  /** Empty for a disk of the whole region. */
  readonly zoneId: string;
  readonly category: string;
  readonly status: string;
}

/** The documented limit of instances, disks or network interfaces that one call names. */
export const MAX_IDS_PER_CALL = 100;

/**
 * Elastic Compute Service, in our own types.
 *
 * Shape: every page is followed, and an answer that is not complete is a `Failure`, never a short
 *   list; ids that the cloud does not know are missing from the answer without an error.
 * Errors: `Failure`; `throttled`; `conflict` while an earlier change is applied; `terminal` when it is
 *   forbidden or malformed; `ambiguous` when a write may have taken effect.
 * Source: ECS API 2014-05-26.
 */
export interface EcsClient {
  /** Describes at most `MAX_IDS_PER_CALL` instances of one region by id. */
  listInstances(
    regionId: string,
    instanceIds: readonly string[],
    options: CallOptions,
  ): Promise<readonly CloudInstance[]>;
  /** Describes the instances of a VPC that have one of the private addresses. */
  listInstancesByPrivateIp(
    place: { readonly regionId: string; readonly vpcId: string },
    privateIps: readonly string[],
    options: CallOptions,
  ): Promise<readonly CloudInstance[]>;
  /** Describes at most `MAX_IDS_PER_CALL` network interfaces by id. */
  listNetworkInterfaces(
    regionId: string,
    networkInterfaceIds: readonly string[],
    options: CallOptions,
  ): Promise<readonly CloudNetworkInterface[]>;
  setSourceDestCheck(
    regionId: string,
    networkInterfaceId: string,
    isChecked: boolean,
    options: CallOptions,
  ): Promise<void>;
  /** Describes at most `MAX_IDS_PER_CALL` disks by id. */
  listDisks(
    regionId: string,
    diskIds: readonly string[],
    options: CallOptions,
  ): Promise<readonly CloudDisk[]>;
}

/**
 * Point reads that are gathered into few calls.
 *
 * Shape: asked for within one window, or until a call is full, they share one call of at most
 *   `MAX_IDS_PER_CALL` ids; an id asked for twice is sent once. A call that fails rejects only those who
 *   wait for it; `undefined` is what a complete answer did not contain.
 * Errors: as of `EcsClient`.
 */
export interface BatchedEcsReads {
  findInstance(
    regionId: string,
    instanceId: string,
    options: CallOptions,
  ): Promise<CloudInstance | undefined>;
  /** Finds the instances of a VPC that have a private address; empty when none has. */
  findInstancesByPrivateIp(
    place: { readonly regionId: string; readonly vpcId: string },
    privateIp: string,
    options: CallOptions,
  ): Promise<readonly CloudInstance[]>;
  findNetworkInterface(
    regionId: string,
    networkInterfaceId: string,
    options: CallOptions,
  ): Promise<CloudNetworkInterface | undefined>;
  findDisk(regionId: string, diskId: string, options: CallOptions): Promise<CloudDisk | undefined>;
}

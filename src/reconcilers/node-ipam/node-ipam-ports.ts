import type { CidrRange } from '../cidr-range.ts';
import type { Node } from '../kubernetes-objects.ts';
import type { EventRecorder, Logger, NodeCache, ObjectKey, Reconciler } from '../reconciler.ts';

/** One range that nodes get blocks of, and how long the prefix of a block is. */
export interface ClusterRange {
  readonly range: CidrRange;
  readonly blockPrefixLength: number;
}

/** How nodes get the ranges of their pods. */
export interface NodeIpamSettings {
  /** Whether blocks are cut from the cluster's ranges, or read from the routes of the VPC. */
  readonly allocator: 'RangeAllocator' | 'CloudAllocator';
  /** One, or one of each family; a node's ranges are in this order. */
  readonly clusterRanges: readonly ClusterRange[];
  /** Ranges that are never given to a node. */
  readonly serviceRanges: readonly CidrRange[];
}

/**
 * Writes the ranges of nodes' pods.
 *
 * Errors: `conflict` when the node has some already or is another one of its name, `notfound` when
 *   it is gone, `terminal` when it is forbidden or invalid, else `retryable`, and ambiguous when the
 *   write may have taken effect.
 */
export interface PodCidrWriter {
  /** Sets `spec.podCIDR` and `spec.podCIDRs` of a node that has none, in one write. */
  setPodCidrs(node: Node, podCidrs: readonly string[], signal: AbortSignal): Promise<Node>;
  /** Reads the node past the cache. */
  findDirectly(name: string, signal: AbortSignal): Promise<Node | undefined>;
  /** Lists all nodes past the cache, as they are. */
  listDirectly(signal: AbortSignal): Promise<readonly Node[]>;
}

/** What an allocator needs. */
export interface AllocatorPorts {
  readonly nodes: NodeCache;
  readonly writer: PodCidrWriter;
  readonly events: EventRecorder;
  readonly logger: Logger;
  readonly settings: NodeIpamSettings;
  /** Wants a node to be looked at. */
  readonly wake: (key: ObjectKey) => void;
}

/** Counts what is given out, for metrics. */
export interface NodeIpamUsage {
  readonly range: string;
  readonly totalBlocks: number;
  readonly usedBlocks: number;
}

/**
 * One way of giving nodes their ranges.
 *
 * Shape: `begin` comes before the first pass; from then on every change of a node is told.
 */
export interface PodCidrAllocator extends Reconciler {
  begin(signal: AbortSignal): Promise<void>;
  /** Takes a node into account that is new or has changed in what concerns its ranges. */
  noteNode(node: Node): void;
  /** Takes into account that a node has left the cache. */
  noteDeparture(node: Node): void;
  /** Whether a range that cannot be counted keeps everything from being given out. */
  readonly isStopped: boolean;
  usage(): readonly NodeIpamUsage[];
}

import type { Clock, Randomness } from '../../cloud/clock.ts';
import type { BatchedEcsReads, EcsClient } from '../../cloud/ecs/ecs-client.ts';
import type { Node, NodeAddress } from '../kubernetes-objects.ts';
import type { EventRecorder, Logger, NodeCache, ObjectKey } from '../reconciler.ts';
import type { Labels } from './node-labels.ts';

/** What to change of a Node in one write; what is left out stays as it is. */
export interface NodeChange {
  /** Only for a node that has none: the API server refuses any other. */
  readonly providerId?: string;
  readonly labels?: Labels;
  /** The key of the taints to take away; all others stay, in their order. */
  readonly removedTaint?: string;
}

/**
 * Reads and writes of Nodes past the cache.
 *
 * Errors: `conflict` when someone wrote first, `notfound` when the node is gone, `terminal` when it is
 *   forbidden or invalid, else `retryable`.
 */
export interface NodeWriter {
  /** Reads the Node directly from the API server. */
  findDirectly(key: ObjectKey, signal: AbortSignal): Promise<Node | undefined>;
  /** Changes metadata and spec in one write, if the Node is still as given. */
  change(node: Node, change: NodeChange, signal: AbortSignal): Promise<Node>;
  /** Replaces the whole list of addresses, if the Node is still as given. */
  replaceAddresses(
    node: Node,
    addresses: readonly NodeAddress[],
    signal: AbortSignal,
  ): Promise<Node>;
}

/** Counts how soon nodes are initialised, in seconds since they were made. */
export interface NodeInitialisationMetrics {
  taintRemoved(seconds: number): void;
  firstSyncEnded(seconds: number): void;
}

/** How the work on nodes is set. */
export interface NodeSettings {
  /** Whether the nodes' interfaces must let through what is not addressed to them. */
  readonly disablesSourceDestCheck: boolean;
  /** How many nodes are written at a time while they are initialised. */
  readonly concurrentWrites: number;
  /** How many nodes are written at a time while they are refreshed. */
  readonly concurrentRefreshWrites: number;
  readonly refreshPeriodMs: number;
}

/** What the reconcilers of nodes need. */
export interface NodePorts {
  readonly nodes: NodeCache;
  readonly writer: NodeWriter;
  readonly ecs: Pick<EcsClient, 'setSourceDestCheck'>;
  readonly reads: BatchedEcsReads;
  /** The region of the cluster, for nodes that do not tell theirs. */
  readonly regionId: (signal: AbortSignal) => Promise<string>;
  readonly vpcId: (signal: AbortSignal) => Promise<string>;
  /** Tells on a Node that its routes are on their way; absent where nobody makes them. */
  readonly announceRoutes?: (node: Node, signal: AbortSignal) => Promise<void>;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly logger: Logger;
  readonly metrics: NodeInitialisationMetrics;
  readonly settings: NodeSettings;
}

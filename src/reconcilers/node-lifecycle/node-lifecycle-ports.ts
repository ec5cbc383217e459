import type { Clock } from '../../cloud/clock.ts';
import type { CloudIdentity } from '../../cloud/cloud-identity.ts';
import type { EcsClient } from '../../cloud/ecs/ecs-client.ts';
import type { AbsenceBreaker } from '../absence-breaker.ts';
import type { Node } from '../kubernetes-objects.ts';
import type { EventRecorder, Logger, NodeCache } from '../reconciler.ts';

/**
 * Writes what the life of an instance means for its Node.
 *
 * Errors: `conflict` when others wrote first too often, `terminal` when it is forbidden, else
 *   `retryable`.
 */
export interface NodeLifecycleWriter {
  /** Deletes the Node if it still has this uid; one that is gone or another is success. */
  delete(node: Node, signal: AbortSignal): Promise<void>;
  /** Adds the taint of a shut-down instance, or takes it away; other taints stay as they are. */
  setShutdownTaint(node: Node, isWanted: boolean, signal: AbortSignal): Promise<void>;
}

/** What following the lives of nodes needs. */
export interface NodeLifecyclePorts {
  readonly nodes: NodeCache;
  readonly ecs: Pick<EcsClient, 'listInstances' | 'listInstancesByPrivateIp'>;
  /** Tells whose credentials are in use, and where. */
  readonly identity: (signal: AbortSignal) => Promise<CloudIdentity>;
  readonly vpcId: (signal: AbortSignal) => Promise<string>;
  /** Lists where the objects of this cluster say that their cloud objects are. */
  readonly recordedPlaces: () => readonly CloudIdentity[];
  readonly writer: NodeLifecycleWriter;
  readonly breaker: AbsenceBreaker;
  readonly events: EventRecorder;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly logger: Logger;
  /** Whether this process is still the one that may write. */
  readonly mayWrite: () => boolean;
}

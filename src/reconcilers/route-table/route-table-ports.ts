import type { Clock } from '../../cloud/clock.ts';
import type { CloudIdentity } from '../../cloud/cloud-identity.ts';
import type { BatchedEcsReads } from '../../cloud/ecs/ecs-client.ts';
import type { VpcClient } from '../../cloud/vpc/vpc-client.ts';
import type { AbsenceBreaker } from '../absence-breaker.ts';
import type { CidrRange } from '../cidr-range.ts';
import type { RouteTableResource } from '../kubernetes-objects.ts';
import type { EventRecorder, Logger, NodeCache, ObjectKey } from '../reconciler.ts';
import type { RouteTablePlaces } from './route-table-places.ts';
import type {
  AlibabaRouteTableSpec,
  AlibabaRouteTableStatus,
} from './route-table-resource.generated.ts';

/** One row of `spec.routes`. */
export type RouteRow = Readonly<NonNullable<AlibabaRouteTableSpec['routes']>[number]>;

/** One entry of `status.owned`. */
export type OwnedRoute = Readonly<NonNullable<AlibabaRouteTableStatus['owned']>[number]>;

/** One row of `status.notAsWished`. */
export type RowNotAsWished = Readonly<NonNullable<AlibabaRouteTableStatus['notAsWished']>[number]>;

/**
 * Reads of AlibabaRouteTables from the shared cache.
 *
 * Shape: never older than what this process itself wrote.
 */
export interface RouteTableCache {
  find(key: ObjectKey): RouteTableResource | undefined;
  list(): readonly RouteTableResource[];
  /** Lists the objects whose `spec.routeTableId` names the route table. */
  listForTable(routeTableId: string): readonly RouteTableResource[];
}

/** The members of the status to change; `null` removes one, lists replace lists. */
export type RouteTableStatusChange = {
  readonly [Member in keyof AlibabaRouteTableStatus]?: AlibabaRouteTableStatus[Member] | null;
};

/**
 * Writes of AlibabaRouteTables.
 *
 * Errors: `conflict` when someone wrote first, `notfound` when the object is gone, `terminal` when
 *   it is forbidden or invalid, else `retryable`.
 */
export interface RouteTableWriter {
  addFinalizer(
    resource: RouteTableResource,
    finalizer: string,
    signal: AbortSignal,
  ): Promise<RouteTableResource>;
  removeFinalizer(
    resource: RouteTableResource,
    finalizer: string,
    signal: AbortSignal,
  ): Promise<void>;
  /** Takes annotations of ours away that have been acted on. */
  removeAnnotations(
    resource: RouteTableResource,
    annotations: readonly string[],
    signal: AbortSignal,
  ): Promise<RouteTableResource>;
  /**
   * Merge-patches the status under a resourceVersion precondition; `null` removes a member.
   * Sends nothing when the status already says so.
   */
  patchStatus(
    resource: RouteTableResource,
    change: RouteTableStatusChange,
    signal: AbortSignal,
  ): Promise<RouteTableResource>;
}

/** What the reconciler of route tables and its parts need. */
export interface RouteTablePorts {
  readonly routeTables: RouteTableCache;
  readonly nodes: NodeCache;
  readonly writer: RouteTableWriter;
  readonly vpc: VpcClient;
  readonly places: RouteTablePlaces;
  readonly reads: Pick<BatchedEcsReads, 'findInstance'>;
  /** Tells whose credentials are in use, and where. */
  readonly identity: (signal: AbortSignal) => Promise<CloudIdentity>;
  readonly breaker: AbsenceBreaker;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly settings: RouteTableSettings;
}

/** The settings of the reconciler of route tables. */
export interface RouteTableSettings {
  readonly clusterId: string;
  /** The networks of pods; what lies outside of them is nobody's concern but a row's. */
  readonly clusterCidrs: readonly CidrRange[];
  /** How often a table is read and compared. */
  readonly checkPeriodMs: number;
  /** How long one request can be under way. */
  readonly requestTimeoutMs: number;
  /** Whether objects are only looked at, whatever they ask for. */
  readonly isDryRun: boolean;
  /** From when on, on the monotonic clock, nothing that an earlier leader sent can still arrive. */
  readonly undisturbedFromMs: number;
}

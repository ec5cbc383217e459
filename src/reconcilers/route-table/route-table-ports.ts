import type { RouteTableResource } from '../kubernetes-objects.ts';
import type { ObjectKey } from '../reconciler.ts';
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
 * Reads and writes of AlibabaRouteTables past the cache.
 *
 * Errors: `conflict` when someone wrote first, `notfound` when the object is gone, `terminal` when
 *   it is forbidden or invalid, else `retryable`.
 */
export interface RouteTableWriter {
  findDirectly(key: ObjectKey, signal: AbortSignal): Promise<RouteTableResource | undefined>;
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

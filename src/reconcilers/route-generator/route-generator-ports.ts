import type { RouteTableResource } from '../kubernetes-objects.ts';
import type { ApplyResult } from '../reconciler.ts';
import type { AlibabaRouteTableSpec } from '../route-table/route-table-resource.generated.ts';

/** What the generator wants one AlibabaRouteTable to say. */
export interface GeneratedRouteTable {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** With the rows from Nodes only, and of those without the ones that people own. */
  readonly spec: Pick<AlibabaRouteTableSpec, 'routeTableId' | 'routes'>;
}

/**
 * The generator's writes of AlibabaRouteTables.
 *
 * Errors: as of `RouteTableWriter`.
 */
export interface GeneratedRouteTableWriter {
  /** Applies on the server under the generator's field manager. */
  apply(
    generated: GeneratedRouteTable,
    options: { readonly force: boolean },
    signal: AbortSignal,
  ): Promise<ApplyResult<RouteTableResource>>;
  /** Deletes the object if it still has this uid. */
  delete(resource: RouteTableResource, signal: AbortSignal): Promise<void>;
}

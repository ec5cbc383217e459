import type { Clock } from '../../cloud/clock.ts';
import type { AbsenceBreaker } from '../absence-breaker.ts';
import type { CidrRange } from '../cidr-range.ts';
import type { Node, RouteTableResource } from '../kubernetes-objects.ts';
import type {
  ApplyResult,
  EventRecorder,
  Logger,
  NodeCache,
  NodeDeletions,
} from '../reconciler.ts';
import type { RouteTableCache, RouteTableWriter } from '../route-table/route-table-ports.ts';
import type { AlibabaRouteTableSpec } from '../route-table/route-table-resource.generated.ts';
import type { RouteTableSelection } from './route-table-selection.ts';

/** What the generator wants one AlibabaRouteTable to say. */
export interface GeneratedRouteTable {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** With the rows from Nodes only. */
  readonly spec: Pick<AlibabaRouteTableSpec, 'routeTableId' | 'routes'>;
}

/**
 * The generator's writes of AlibabaRouteTables.
 *
 * Errors: as of `RouteTableWriter`.
 */
export interface GeneratedRouteTableWriter extends Pick<RouteTableWriter, 'patchStatus'> {
  /** Applies on the server under the generator's field manager. */
  apply(
    generated: GeneratedRouteTable,
    options: { readonly force: boolean },
    signal: AbortSignal,
  ): Promise<ApplyResult<RouteTableResource>>;
  /** Deletes the object if it still has this uid. */
  delete(resource: RouteTableResource, signal: AbortSignal): Promise<void>;
}

/** Reads of Nodes past the cache. */
export interface NodeDirectory {
  /** Lists the uids of all Nodes that the API server has now. */
  listUids(signal: AbortSignal): Promise<ReadonlySet<string>>;
}

/** What is to be written as a Node's condition NetworkUnavailable. */
export interface NetworkCondition {
  readonly status: 'True' | 'False';
  readonly reason: 'RouteCreated' | 'NoRouteCreated';
  readonly message: string;
}

/** Writes the condition NetworkUnavailable of Nodes, and nothing else of them. */
export interface NodeConditionWriter {
  /**
   * Sets the condition, of the Node of this uid only.
   *
   * Errors: `conflict` when the Node was replaced by another of its name, `notfound` when it is gone.
   */
  setNetworkUnavailable(
    node: Node,
    condition: NetworkCondition,
    signal: AbortSignal,
  ): Promise<void>;
}

/** Counts runs of the generator. */
export interface RouteMetrics {
  runEnded(): void;
  /** Counts what a periodic run found to be otherwise than it should be. */
  corrected(count: number): void;
}

/** What the generator needs. */
export interface RouteGeneratorPorts {
  readonly nodes: NodeCache;
  readonly nodeDirectory: NodeDirectory;
  readonly nodeDeletions: Pick<NodeDeletions, 'hasUid'>;
  readonly routeTables: Pick<RouteTableCache, 'list' | 'listForTable'>;
  readonly writer: GeneratedRouteTableWriter;
  readonly selection: Pick<RouteTableSelection, 'select'>;
  readonly breaker: AbsenceBreaker;
  readonly events: EventRecorder;
  readonly clock: Pick<Clock, 'now'>;
  readonly logger: Logger;
  readonly metrics: RouteMetrics;
  readonly settings: { readonly clusterCidrs: readonly CidrRange[] };
}

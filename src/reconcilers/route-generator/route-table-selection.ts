import type { CallOptions } from '../../cloud/call-options.ts';
import type { Clock } from '../../cloud/clock.ts';
import { isFailure } from '../../cloud/failure.ts';
import type { VpcClient } from '../../cloud/vpc/vpc-client.ts';
import { failureReport } from '../failure-report.ts';
import type { RouteTableResource } from '../kubernetes-objects.ts';
import { GENERATED_LABELS } from '../names.ts';
import type { RouteTablePlaces } from '../route-table/route-table-places.ts';

/** Why it is in question which route tables are meant. */
export interface TableProblem {
  readonly reason: 'SeveralRouteTables' | 'NoRouteTable' | 'RouteTablesUnreadable';
  readonly message: string;
}

/** Which route tables the rows of Nodes go to. */
export interface SelectedTables {
  readonly ids: readonly string[];
  /** Unset where the configuration, or the VPC itself, names exactly these. */
  readonly problem?: TableProblem;
  /** Whether the cloud could not be asked, so that it is to be asked again soon. */
  readonly isStale?: boolean;
}

/** What the selection needs. */
export interface RouteTableSelectionPorts {
  readonly vpc: Pick<VpcClient, 'listRouteTables'>;
  readonly places: Pick<RouteTablePlaces, 'note'>;
  readonly vpcId: (signal: AbortSignal) => Promise<string>;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** The tables that the configuration names; empty means that of the VPC. */
  readonly configuredIds: readonly string[];
}

/** How long the table of the VPC is believed to be the only one; that hardly ever changes. */
const BELIEVED_MS = 30 * 60_000;
/** How long it is believed that there is not one. */
const DISBELIEVED_MS = 60_000;

/** Finds the route tables that the rows of Nodes go to. */
export class RouteTableSelection {
  readonly #ports: RouteTableSelectionPorts;
  #known: KnownTables | undefined;

  constructor(ports: RouteTableSelectionPorts) {
    this.#ports = ports;
  }

  /**
   * Tells the tables: as configured, else the one of the VPC.
   *
   * Shape: a VPC with several tables does not say which is meant; those that already have rows of
   *   Nodes go on then, and so they do while the cloud does not answer.
   */
  async select(
    resources: readonly RouteTableResource[],
    signal: AbortSignal,
  ): Promise<SelectedTables> {
    const { configuredIds } = this.#ports;
    if (configuredIds.length > 0) return { ids: configuredIds };
    const generated = generatedTableIds(resources);
    let known: KnownTables;
    try {
      known = await this.#tablesOfVpc({ signal, lane: 'live' });
    } catch (error) {
      if (!isFailure(error) || signal.aborted) throw error;
      // An outage that passes is no news as long as it is known which tables are meant.
      if (error.kind !== 'terminal' && generated.length > 0) {
        return { ids: generated, isStale: true };
      }
      const message = `The route tables of the VPC cannot be read: ${failureReport(error).message}`;
      const problem = { reason: 'RouteTablesUnreadable', message } as const;
      return { ids: generated, problem, isStale: true };
    }
    const { vpcId, ids } = known;
    if (ids.length === 1) return { ids };
    const going = generated.filter((id) => ids.includes(id));
    return { ids: going, problem: ambiguity(vpcId, ids, going) };
  }

  async #tablesOfVpc(options: CallOptions): Promise<KnownTables> {
    const { vpc, clock, places } = this.#ports;
    const vpcId = await this.#ports.vpcId(options.signal);
    const known = this.#known;
    if (known?.vpcId === vpcId) {
      const believedMs = known.ids.length === 1 ? BELIEVED_MS : DISBELIEVED_MS;
      if (clock.monotonicMs() - known.sinceMs < believedMs) return known;
    }
    const tables = await vpc.listRouteTables(vpcId, options);
    for (const table of tables) places.note(table);
    const ids = tables.map(({ id }) => id).sort();
    this.#known = { vpcId, ids, sinceMs: clock.monotonicMs() };
    return this.#known;
  }
}

interface KnownTables {
  readonly vpcId: string;
  readonly ids: readonly string[];
  readonly sinceMs: number;
}

/** The tables that have objects of the generator, each once. */
function generatedTableIds(resources: readonly RouteTableResource[]): readonly string[] {
  const ids = resources.filter(isGenerated).map(({ spec }) => spec.routeTableId);
  return [...new Set(ids)].sort();
}

/** Tells whether the generator has had a part in an object. */
export function isGenerated({ metadata }: RouteTableResource): boolean {
  return Object.entries(GENERATED_LABELS).every(([key, value]) => metadata.labels[key] === value);
}

function ambiguity(vpcId: string, ids: readonly string[], going: readonly string[]): TableProblem {
  if (ids.length === 0) {
    const message = `VPC "${vpcId}" has no route table that can be seen: check the VPC and the permission vpc:DescribeRouteTableList`;
    return { reason: 'NoRouteTable', message };
  }
  const then =
    going.length === 0
      ? 'no routes are made until then'
      : `${going.join(' and ')} ${going.length === 1 ? 'goes' : 'go'} on as before`;
  const message = `VPC "${vpcId}" has ${ids.length} route tables, ${ids.join(', ')}: name those for pods as routeTableIDs in the cloud-config; ${then}`;
  return { reason: 'SeveralRouteTables', message };
}

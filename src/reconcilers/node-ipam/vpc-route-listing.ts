import type { Clock } from '../../cloud/clock.ts';
import type { CloudRouteEntry, VpcClient } from '../../cloud/vpc/vpc-client.ts';

/** What a VpcRouteListing needs. */
export interface VpcRouteListingPorts {
  readonly vpc: Pick<VpcClient, 'listRouteTables' | 'listRouteEntries'>;
  readonly vpcId: (signal: AbortSignal) => Promise<string>;
  /** The tables that are named; empty means all of the VPC. */
  readonly routeTableIds: readonly string[];
  readonly clock: Clock;
}

/** How old a listing may be when another node asks. */
const MAX_AGE_MS = 15_000;

/** The entries of the VPC's route tables, read once for all nodes that ask within a short time. */
export class VpcRouteListing {
  readonly #ports: VpcRouteListingPorts;
  #known: { readonly readAtMs: number; readonly entries: readonly CloudRouteEntry[] } | undefined;

  constructor(ports: VpcRouteListingPorts) {
    this.#ports = ports;
  }

  /** Errors: as of `VpcClient`; a listing that is not complete is never returned. */
  async list(signal: AbortSignal): Promise<readonly CloudRouteEntry[]> {
    const { vpc, clock } = this.#ports;
    const nowMs = clock.monotonicMs();
    if (this.#known !== undefined && nowMs - this.#known.readAtMs < MAX_AGE_MS) {
      return this.#known.entries;
    }
    const options = { signal, lane: 'sweep' } as const;
    const tableIds = await this.#tableIds(signal);
    // Reads that are under way already are shared by the client.
    const lists = await Promise.all(tableIds.map((id) => vpc.listRouteEntries(id, options)));
    const entries = lists.flat();
    this.#known = { readAtMs: nowMs, entries };
    return entries;
  }

  async #tableIds(signal: AbortSignal): Promise<readonly string[]> {
    const { vpc, vpcId, routeTableIds } = this.#ports;
    if (routeTableIds.length > 0) return routeTableIds;
    const tables = await vpc.listRouteTables(await vpcId(signal), { signal, lane: 'sweep' });
    return tables.map(({ id }) => id);
  }
}

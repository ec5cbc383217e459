import { createHash } from 'node:crypto';
import type { CloudState } from '../cloud-state.ts';
import type { RouteTable, VSwitch } from './network-objects.ts';

/** The block of the cloud's own services, which every route table leads to. */
export const SERVICE_BLOCK = '100.64.0.0/10';

/** An entry that the system keeps in a route table. */
export interface SystemRoute {
  readonly routeEntryId: string;
  readonly routeTableId: string;
  readonly destinationCidrBlock: string;
  readonly ipVersion: 'IPv4' | 'IPv6';
  readonly nextHopType: 'local' | 'service';
}

/** The vSwitches of the region by VPC, as a read sees them. */
export function vSwitchesByVpc(state: CloudState, asOf?: number): Map<string, VSwitch[]> {
  return Map.groupBy(state.vSwitches.list(asOf), ({ vpcId }) => vpcId);
}

/** Lists the system's entries of a table: one for each block of a vSwitch, one for the services. */
export function systemRoutesOf(table: RouteTable, vSwitches: readonly VSwitch[]): SystemRoute[] {
  const blocks = vSwitches.flatMap(({ cidrBlock, ipv6CidrBlock }) =>
    ipv6CidrBlock === undefined ? [cidrBlock] : [cidrBlock, ipv6CidrBlock],
  );
  const local = blocks.map((block) => systemRoute(table, block, 'local'));
  return [...local, systemRoute(table, SERVICE_BLOCK, 'service')];
}

/** Finds an entry of the system by its id. */
export function findSystemRoute(state: CloudState, id: string): SystemRoute | undefined {
  const vSwitches = vSwitchesByVpc(state);
  for (const table of state.routeTables.list()) {
    const routes = systemRoutesOf(table, vSwitches.get(table.vpcId) ?? []);
    const found = routes.find(({ routeEntryId }) => routeEntryId === id);
    if (found !== undefined) return found;
  }
  return undefined;
}

function systemRoute(
  { routeTableId }: RouteTable,
  destinationCidrBlock: string,
  nextHopType: SystemRoute['nextHopType'],
): SystemRoute {
  const digest = createHash('sha256').update(`${routeTableId}/${destinationCidrBlock}`);
  return {
    routeEntryId: `rte-sys${digest.digest('hex').slice(0, 17)}`,
    routeTableId,
    destinationCidrBlock,
    ipVersion: destinationCidrBlock.includes(':') ? 'IPv6' : 'IPv4',
    nextHopType,
  };
}

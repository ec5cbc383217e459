import type { CloudState } from '../cloud-state.ts';
import { buryObject } from '../tombstone.ts';

interface Removal {
  readonly now: number;
  readonly seq: number | null;
}

/** Removes a VPC at once, with its vSwitches and route tables. */
export function removeVpc(state: CloudState, vpcId: string, by: Removal): void {
  for (const vSwitch of state.vSwitches.list()) {
    if (vSwitch.vpcId === vpcId)
      buryObject(state, { kind: 'vSwitch', id: vSwitch.vSwitchId, ...by });
  }
  for (const table of state.routeTables.list()) {
    if (table.vpcId === vpcId) removeRouteTable(state, table.routeTableId, by);
  }
  buryObject(state, { kind: 'vpc', id: vpcId, ...by });
}

/** Removes a route table at once, with its entries. */
export function removeRouteTable(state: CloudState, routeTableId: string, by: Removal): void {
  for (const entry of state.routeEntries.list()) {
    if (entry.routeTableId !== routeTableId) continue;
    buryObject(state, { kind: 'routeEntry', id: entry.routeEntryId, ...by });
  }
  buryObject(state, { kind: 'routeTable', id: routeTableId, ...by });
}

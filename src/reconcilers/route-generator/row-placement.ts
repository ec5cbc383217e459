import type { RouteTableResource } from '../kubernetes-objects.ts';
import { CONFIRM_DELETION_ANNOTATION } from '../names.ts';
import type { NodeRow } from './node-routes.ts';

/** The most rows that one object has. */
export const MAX_ROWS = 500;

/** What one object of a route table is to say of the Nodes. */
export interface PlacedRows {
  readonly name: string;
  /** The object as it is; unset for one that has to be made. */
  readonly live: RouteTableResource | undefined;
  readonly rows: readonly NodeRow[];
}

/**
 * Spreads the rows from Nodes over the objects of one route table.
 *
 * Shape: the objects are named `<tableId>`, `<tableId>-2` and so on; a row stays where it is, and a
 *   new one goes to the first object that has room for it. Rows of people take up room. Every object
 *   that there is is in the answer, also one without any row.
 * Units: `resources` are those whose `spec.routeTableId` is the table; the generator's names count.
 */
export function placeRows(
  routeTableId: string,
  rows: readonly NodeRow[],
  resources: readonly RouteTableResource[],
): readonly PlacedRows[] {
  const shards = new Map<number, Shard>();
  const homes = new Map<string, Shard>();
  for (const live of inOrder(routeTableId, resources)) {
    const shard: Shard = { number: live.number, live: live.resource, rows: [], taken: new Set() };
    shards.set(live.number, shard);
    for (const { destinationCidr } of live.resource.spec.routes ?? []) {
      if (!homes.has(destinationCidr)) homes.set(destinationCidr, shard);
    }
  }
  const wanted = new Set(rows.map(({ destinationCidr }) => destinationCidr));
  for (const shard of shards.values()) {
    for (const row of shard.live?.spec.routes ?? []) {
      // A row from a Node that asks for it no longer is on its way out and frees its place.
      if (row.node === undefined || wanted.has(row.destinationCidr)) {
        shard.taken.add(row.destinationCidr);
      }
    }
  }
  for (const row of rows) {
    const shard = homes.get(row.destinationCidr) ?? roomIn(shards);
    shard.rows.push(row);
    shard.taken.add(row.destinationCidr);
  }
  return [...shards.values()]
    .sort((one, other) => one.number - other.number)
    .map(({ number, live, rows: placed }) => ({
      name: nameOf(routeTableId, number),
      live,
      rows: placed,
    }));
}

/**
 * Tells whether an object is on its way out for good, so that what it said is asked of a new one
 * once it is gone; one whose deletion is held goes on as before.
 */
export function isGoing({ metadata }: RouteTableResource): boolean {
  return (
    metadata.deletionTimestamp !== undefined &&
    metadata.annotations[CONFIRM_DELETION_ANNOTATION] === metadata.uid
  );
}

interface Shard {
  readonly number: number;
  readonly live: RouteTableResource | undefined;
  readonly rows: NodeRow[];
  readonly taken: Set<string>;
}

function nameOf(routeTableId: string, number: number): string {
  return number === 1 ? routeTableId : `${routeTableId}-${number}`;
}

/** The objects that the generator has named, by number. */
function inOrder(
  routeTableId: string,
  resources: readonly RouteTableResource[],
): readonly { readonly number: number; readonly resource: RouteTableResource }[] {
  return resources
    .flatMap((resource) => {
      const { name } = resource.metadata;
      if (name === routeTableId) return [{ number: 1, resource }];
      const suffix = name.startsWith(`${routeTableId}-`) ? name.slice(routeTableId.length + 1) : '';
      const isNumber = /^[1-9]\d{0,4}$/.test(suffix) && suffix !== '1';
      return isNumber ? [{ number: Number(suffix), resource }] : [];
    })
    .sort((one, other) => one.number - other.number);
}

/** Finds the first object with room for one more row, which may be one that has to be made. */
function roomIn(shards: Map<number, Shard>): Shard {
  for (let number = 1; ; number += 1) {
    const present = shards.get(number);
    if (present === undefined) {
      const fresh: Shard = { number, live: undefined, rows: [], taken: new Set() };
      shards.set(number, fresh);
      return fresh;
    }
    const isOpen = present.live === undefined || !isGoing(present.live);
    if (isOpen && present.taken.size < MAX_ROWS) return present;
  }
}

import type { CloudRouteEntry } from '../../cloud/vpc/vpc-client.ts';
import type { RouteAction } from './route-table-plan.ts';

/** What is known of the entries of one table. */
export interface TableBelief {
  readonly entries: readonly CloudRouteEntry[];
  /** When the entries were read, on the monotonic clock. */
  readonly readAtMs: number;
  /** Whether nothing was written since. */
  readonly isAsRead: boolean;
}

/**
 * What this process knows of route tables from its own reads and accepted writes.
 *
 * Shape: only an optimisation; without an entry the cloud is read. The table and the objects tell all
 *   that has to be known.
 */
export class RouteTableBeliefs {
  readonly #known = new Map<string, TableBelief>();
  readonly #mistrusted = new Map<string, number>();

  /** Tells what is known; `undefined` when the cloud has to be read. */
  find(routeTableId: string): TableBelief | undefined {
    return this.#mistrusted.has(routeTableId) ? undefined : this.#known.get(routeTableId);
  }

  /** Keeps what was read. */
  keepRead(routeTableId: string, entries: readonly CloudRouteEntry[], readAtMs: number): void {
    this.#known.set(routeTableId, { entries, readAtMs, isAsRead: true });
    this.#mistrusted.delete(routeTableId);
  }

  /**
   * Keeps what follows from writes that the cloud has accepted.
   *
   * Shape: an entry that was accepted counts as in use, one that was deleted as gone, but for one in
   *   whose place another is to come, which is seen to be gone first. The periodic reading tells when
   *   it came otherwise.
   */
  keepWritten(
    routeTableId: string,
    accepted: readonly RouteAction[],
    isAsked: (destinationCidr: string) => boolean,
  ): void {
    const known = this.#known.get(routeTableId);
    if (known === undefined || accepted.length === 0) return;
    const deleted = new Set<CloudRouteEntry>();
    const created: CloudRouteEntry[] = [];
    for (const action of accepted) {
      if (action.kind === 'createRoute') {
        created.push(entryOf(routeTableId, action.route));
        continue;
      }
      const { entry, destinationCidr } = action.route;
      deleted.add(entry);
      if (isAsked(destinationCidr)) created.push({ ...entry, status: 'Deleting' });
    }
    const kept = known.entries.filter((entry) => !deleted.has(entry));
    this.#known.set(routeTableId, { ...known, entries: [...kept, ...created], isAsRead: false });
  }

  /** Has the cloud read before the next plan, not before `notBeforeMs` on the monotonic clock. */
  mistrust(routeTableId: string, notBeforeMs = 0): void {
    const earlier = this.#mistrusted.get(routeTableId) ?? 0;
    this.#mistrusted.set(routeTableId, Math.max(earlier, notBeforeMs));
  }

  /** Tells from when on reading shows every write whose answer was lost, on the monotonic clock. */
  readableFromMs(routeTableId: string): number {
    return this.#mistrusted.get(routeTableId) ?? 0;
  }

  /** Forgets a table that nobody asks anything of. */
  forget(routeTableId: string): void {
    this.#known.delete(routeTableId);
    this.#mistrusted.delete(routeTableId);
  }
}

function entryOf(
  routeTableId: string,
  route: Extract<RouteAction, { kind: 'createRoute' }>['route'],
): CloudRouteEntry {
  return {
    id: '',
    routeTableId,
    name: route.name,
    description: '',
    destinationCidr: route.destinationCidr,
    ipVersion: route.ipVersion,
    type: 'Custom',
    status: 'Available',
    nextHops: [{ type: route.nextHop.type, id: route.nextHop.id }],
  };
}

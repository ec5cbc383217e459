import { MAX_ROUTE_ENTRIES_PER_CALL } from '../../cloud/vpc/vpc-client.ts';
import type { RouteAction } from './route-table-plan.ts';

type CreateAction = Extract<RouteAction, { kind: 'createRoute' }>;

/**
 * How long the rest of many waits for more. Rows of nodes that join in number come in runs at least ten
 * seconds apart.
 */
const GATHER_MS = 12_000;

interface HeldRest {
  readonly destinations: ReadonlySet<string>;
  readonly untilMs: number;
}

/**
 * Fills requests while many routes are to be made, because each takes the whole VPC for a moment.
 *
 * Shape: up to one request's worth goes at once. Of more, full requests go, and the rest waits for what
 *   follows, goes first then, and after a while in any case.
 */
export class GatheredCreations {
  readonly #held = new Map<string, HeldRest>();

  /** Chooses what to make now; times are on the monotonic clock. */
  select(
    routeTableId: string,
    creations: readonly CreateAction[],
    nowMs: number,
  ): readonly CreateAction[] {
    const held = this.#held.get(routeTableId);
    const restSize = creations.length % MAX_ROUTE_ENTRIES_PER_CALL;
    const isRestOnly = restSize === creations.length;
    if (isRestOnly && held !== undefined && creations.length > 0 && nowMs < held.untilMs) return [];
    if (restSize === 0 || isRestOnly) {
      this.#held.delete(routeTableId);
      return creations;
    }
    const isHeld = ({ route }: CreateAction): boolean =>
      held?.destinations.has(route.destinationCidr) === true;
    const inOrder = [
      ...creations.filter(isHeld),
      ...creations.filter((creation) => !isHeld(creation)),
    ];
    const rest = inOrder.slice(-restSize);
    this.#held.set(routeTableId, {
      destinations: new Set(rest.map(({ route }) => route.destinationCidr)),
      untilMs: nowMs + GATHER_MS,
    });
    return inOrder.slice(0, -restSize);
  }

  /** Tells when what waits goes in any case; never, if nothing waits. */
  dueMs(routeTableId: string): number {
    return this.#held.get(routeTableId)?.untilMs ?? Number.POSITIVE_INFINITY;
  }

  /** Forgets a table that nobody asks anything of. */
  forget(routeTableId: string): void {
    this.#held.delete(routeTableId);
  }
}

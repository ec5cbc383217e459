import type { Clock } from '../../cloud/clock.ts';
import type { BatchedEcsReads } from '../../cloud/ecs/ecs-client.ts';
import type { Logger } from '../reconciler.ts';

/** How far apart the two reads are at least that prove an instance to be gone. */
const PROOF_MS = 60_000;

interface Look {
  readonly state: 'present' | 'missing' | 'gone';
  readonly sinceMs: number;
}

/** What StaleRoutes needs. */
export interface StaleRoutesPorts {
  readonly reads: Pick<BatchedEcsReads, 'findInstance'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Proves that the instances behind entries which nobody marked are gone.
 *
 * Shape: by id, by two reads a minute apart that agree; a read that fails proves nothing.
 */
export class StaleRoutes {
  readonly #ports: StaleRoutesPorts;
  readonly #tables = new Map<string, Map<string, Look>>();

  constructor(ports: StaleRoutesPorts) {
    this.#ports = ports;
  }

  /**
   * Looks for the instances of a table's entries as far as it is time to, and tells which are gone.
   *
   * Shape: `isFresh` says that the entries were just read, so that all instances are looked for anew.
   */
  async prove(
    routeTableId: string,
    wanted: {
      readonly regionId: string;
      readonly instanceIds: ReadonlySet<string>;
      readonly isFresh: boolean;
    },
    signal: AbortSignal,
  ): Promise<ReadonlySet<string>> {
    const looks = this.#tables.get(routeTableId) ?? new Map<string, Look>();
    this.#tables.set(routeTableId, looks);
    for (const id of looks.keys()) if (!wanted.instanceIds.has(id)) looks.delete(id);
    const due = [...wanted.instanceIds].filter(
      (id) => wanted.isFresh || this.#isDue(looks.get(id)),
    );
    await Promise.all(due.map((id) => this.#look(looks, id, wanted.regionId, signal)));
    return new Set([...looks].filter(([, { state }]) => state === 'gone').map(([id]) => id));
  }

  /** Tells when a second read is due, on the monotonic clock; never, if none is. */
  nextLookMs(routeTableId: string): number {
    const looks = [...(this.#tables.get(routeTableId)?.values() ?? [])];
    const missing = looks.filter(({ state }) => state === 'missing');
    return Math.min(Number.POSITIVE_INFINITY, ...missing.map(({ sinceMs }) => sinceMs + PROOF_MS));
  }

  /** Forgets a table that nobody asks anything of. */
  forget(routeTableId: string): void {
    this.#tables.delete(routeTableId);
  }

  #isDue(look: Look | undefined): boolean {
    if (look === undefined) return true;
    return look.state === 'missing' && this.#ports.clock.monotonicMs() - look.sinceMs >= PROOF_MS;
  }

  async #look(
    looks: Map<string, Look>,
    instanceId: string,
    regionId: string,
    signal: AbortSignal,
  ): Promise<void> {
    const { reads, clock, logger } = this.#ports;
    try {
      const found = await reads.findInstance(regionId, instanceId, { signal, lane: 'sweep' });
      const nowMs = clock.monotonicMs();
      const earlier = looks.get(instanceId);
      if (found !== undefined) {
        looks.set(instanceId, { state: 'present', sinceMs: nowMs });
      } else if (earlier === undefined || earlier.state === 'present') {
        looks.set(instanceId, { state: 'missing', sinceMs: nowMs });
      } else if (nowMs - earlier.sinceMs >= PROOF_MS) {
        looks.set(instanceId, { ...earlier, state: 'gone' });
      }
    } catch (error) {
      if (signal.aborted) throw error;
      const message = error instanceof Error ? error.message : String(error);
      logger.warn('Could not look for the instance of a route', { instanceId, err: message });
    }
  }
}

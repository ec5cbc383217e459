import type { Failure } from '../../cloud/failure.ts';
import type { Clock } from '../../cloud/clock.ts';
import { conditionTime } from '../conditions.ts';
import { failureReport } from '../failure-report.ts';
import type { RouteTableBeliefs } from './route-table-belief.ts';
import type { RouteTableCache } from './route-table-ports.ts';
import type { RouteTableReporter } from './route-table-reporter.ts';
import { failedRouteTableStatus } from './route-table-status.ts';

/** How long a failure that passes by itself goes unmentioned. */
const PASSING_MS = 10_000;

/** What RouteTableFailures needs. */
export interface RouteTableFailurePorts {
  readonly routeTables: RouteTableCache;
  readonly clock: Clock;
  readonly beliefs: RouteTableBeliefs;
  readonly reporter: RouteTableReporter;
  readonly settings: { readonly requestTimeoutMs: number };
}

/** Draws the consequences of failed passes: what is shown, and what is believed no longer. */
export class RouteTableFailures {
  readonly #ports: RouteTableFailurePorts;
  readonly #failingSinceMs = new Map<string, number>();

  constructor(ports: RouteTableFailurePorts) {
    this.#ports = ports;
  }

  /** Notes that a pass went well, or that nobody asks anything of the table. */
  clear(routeTableId: string): void {
    this.#failingSinceMs.delete(routeTableId);
  }

  /** Shows a failure on every object of the table; one that passes by itself only once it lasts. */
  async report(routeTableId: string, failure: Failure, signal: AbortSignal): Promise<void> {
    const { routeTables, reporter, clock } = this.#ports;
    this.#drawConsequences(routeTableId, failure);
    if (failure.kind === 'conflict' || failure.kind === 'throttled') return;
    if (failure.kind !== 'terminal' && !this.#isLasting(routeTableId)) return;
    const report = failureReport(failure);
    const nowMs = clock.now();
    for (const resource of routeTables.listForTable(routeTableId)) {
      // Nothing was tried for one that is paused.
      if (resource.spec.reconcilePolicy === 'Paused') continue;
      const change = {
        ...failedRouteTableStatus(resource, report, nowMs),
        lastError: {
          ...(failure.code === undefined ? {} : { code: failure.code.slice(0, 128) }),
          ...(failure.requestId === undefined ? {} : { requestId: failure.requestId.slice(0, 64) }),
          message: report.message.slice(0, 1024),
          time: resource.status.lastError?.time ?? conditionTime(nowMs),
        },
      };
      await reporter.patch(resource, change, signal);
    }
  }

  /**
   * Has the cloud read before the next write. A held lock and a full bucket say that nothing was
   * done; after any other failure the cloud may differ from what is believed.
   */
  #drawConsequences(routeTableId: string, failure: Failure): void {
    const { beliefs, clock, settings } = this.#ports;
    const isRefuted = /duplicat/i.test(failure.code ?? '');
    if (failure.kind === 'throttled' || (failure.kind === 'conflict' && !isRefuted)) return;
    const arrivedMs = clock.monotonicMs() + 2 * settings.requestTimeoutMs;
    beliefs.mistrust(routeTableId, failure.ambiguous ? arrivedMs : 0);
  }

  #isLasting(routeTableId: string): boolean {
    const nowMs = this.#ports.clock.monotonicMs();
    const sinceMs = this.#failingSinceMs.get(routeTableId) ?? nowMs;
    this.#failingSinceMs.set(routeTableId, sinceMs);
    return nowMs - sinceMs >= PASSING_MS;
  }
}

import type { Clock } from '../../cloud/clock.ts';
import { isFailure } from '../../cloud/failure.ts';
import type { CloudRouteEntry, VpcClient } from '../../cloud/vpc/vpc-client.ts';
import type { RouteTableBeliefs } from './route-table-belief.ts';
import type { DesiredRoute } from './route-table-desired.ts';
import type { RouteTablePlaces } from './route-table-places.ts';
import type { Reasoned } from './route-table-verdict.ts';

/** What is known of a table's entries before a plan, or why nothing can be planned. */
export type TableObservation =
  | {
      readonly kind: 'seen';
      readonly entries: readonly CloudRouteEntry[];
      /** Whether they were read just now. */
      readonly isFresh: boolean;
      /** Whether they were read only to compare them with what was believed. */
      readonly isCheck: boolean;
    }
  | { readonly kind: 'missing' }
  | {
      readonly kind: 'wait';
      readonly afterMs: number;
      /** What there is to tell of it; absent where nothing is known to have gone wrong. */
      readonly progress?: Reasoned;
    };

/** What RouteTableObserver needs. */
export interface RouteTableObserverPorts {
  readonly vpc: Pick<VpcClient, 'findRouteTable' | 'listRouteEntries' | 'findVpc'>;
  readonly clock: Clock;
  readonly beliefs: RouteTableBeliefs;
  readonly places: RouteTablePlaces;
  readonly settings: {
    readonly checkPeriodMs: number;
    readonly undisturbedFromMs: number;
  };
}

/** Finds out what is to be known of route tables with as few reads as can be. */
export class RouteTableObserver {
  readonly #ports: RouteTableObserverPorts;
  /** Whether each VPC has a range of IPv6. */
  readonly #ipv6 = new Map<string, boolean>();

  constructor(ports: RouteTableObserverPorts) {
    this.#ports = ports;
  }

  /** Tells the VPC of a table, read once; `undefined` when there is no such table. */
  async vpcIdOf(routeTableId: string, signal: AbortSignal): Promise<string | undefined> {
    const { vpc, places } = this.#ports;
    const known = places.findVpcId(routeTableId);
    if (known !== undefined) return known;
    const table = await vpc.findRouteTable(routeTableId, { signal, lane: 'live' });
    if (table !== undefined) places.note(table);
    return table?.vpcId;
  }

  /** Tells the entries as they are believed, or reads them where that is not to be relied on. */
  async observe(routeTableId: string, signal: AbortSignal): Promise<TableObservation> {
    const { beliefs, clock, settings, vpc } = this.#ports;
    const nowMs = clock.monotonicMs();
    const believed = beliefs.find(routeTableId);
    const isCheck = believed !== undefined && nowMs >= believed.readAtMs + settings.checkPeriodMs;
    if (believed !== undefined && !isCheck) {
      return { kind: 'seen', entries: believed.entries, isFresh: false, isCheck };
    }
    // A write whose answer was lost, by this process or by the one before, can still arrive.
    const arrivedMs = beliefs.readableFromMs(routeTableId);
    const readableFromMs = Math.max(arrivedMs, settings.undisturbedFromMs);
    if (nowMs < readableFromMs) {
      const wait = { kind: 'wait', afterMs: readableFromMs - nowMs } as const;
      const message =
        'The answer to a change was lost; the cloud is read again once the change must have arrived';
      return nowMs < arrivedMs ? { ...wait, progress: { reason: 'AnswerLost', message } } : wait;
    }
    try {
      const lane = isCheck ? 'sweep' : 'live';
      const entries = await vpc.listRouteEntries(routeTableId, { signal, lane });
      beliefs.keepRead(routeTableId, entries, clock.monotonicMs());
      return { kind: 'seen', entries, isFresh: true, isCheck };
    } catch (error) {
      if (!isFailure(error, 'notfound')) throw error;
      this.forget(routeTableId);
      return { kind: 'missing' };
    }
  }

  /** Tells when the entries are to be compared again, on the monotonic clock. */
  nextCheckMs(routeTableId: string): number {
    const readAtMs = this.#ports.beliefs.find(routeTableId)?.readAtMs;
    return readAtMs === undefined ? 0 : readAtMs + this.#ports.settings.checkPeriodMs;
  }

  /** Tells whether the VPC can have rows of a family at all; asked for only where there are some. */
  async hasIpv6(
    vpcId: string,
    desired: readonly DesiredRoute[],
    asked: { readonly isFresh: boolean },
    signal: AbortSignal,
  ): Promise<boolean> {
    if (!desired.some(({ ipVersion }) => ipVersion === 'IPv6')) return true;
    const known = this.#ipv6.get(vpcId);
    // What a VPC lacks it may have been given.
    if (known === true || (known === false && !asked.isFresh)) return known;
    const vpc = await this.#ports.vpc.findVpc(vpcId, { signal, lane: 'live' });
    const hasIpv6 = (vpc?.ipv6CidrBlocks.length ?? 0) > 0;
    this.#ipv6.set(vpcId, hasIpv6);
    return hasIpv6;
  }

  /** Forgets a table that is gone, or that nobody asks anything of. */
  forget(routeTableId: string): void {
    this.#ports.places.forget(routeTableId);
    this.#ports.beliefs.forget(routeTableId);
  }
}

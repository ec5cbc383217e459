import type { CloudRouteEntry } from '../../cloud/vpc/vpc-client.ts';
import type { AlibabaRouteTableStatus } from './route-table-resource.generated.ts';

/** What the status tells of the quota. */
export type QuotaStatus = NonNullable<AlibabaRouteTableStatus['quota']>;

/** The documented limit of a table that nobody has raised. */
const DEFAULT_LIMIT = 200;
const LOW_SHARE = 0.1;
const WARN_DAYS = 7;

interface Learned {
  readonly limit: number;
  readonly learnedAtMs: number;
}

/**
 * What is known of how many entries route tables take.
 *
 * Shape: only what the cloud has refused is a limit; the documented one is shown and never kept to,
 *   because it may have been raised. One row is tried from time to time to find that out.
 */
export class RouteQuotas {
  readonly #retryMs: number;
  readonly #learned = new Map<string, Learned>();

  /** Units: `retryMs` is how often one row is tried although the table is known to be full. */
  constructor(retryMs: number) {
    this.#retryMs = retryMs;
  }

  /** Notes that the cloud refused one entry more than there are. */
  noteFull(routeTableId: string, limit: number, nowMs: number): void {
    this.#learned.set(routeTableId, { limit, learnedAtMs: nowMs });
  }

  /** Takes over what an earlier process learned; one row is tried at once. */
  recall(routeTableId: string, quota: QuotaStatus | undefined, nowMs: number): void {
    if (quota?.limitSource !== 'Learned' || quota.limit === undefined) return;
    if (this.#learned.has(routeTableId)) return;
    this.#learned.set(routeTableId, { limit: quota.limit, learnedAtMs: nowMs - this.#retryMs });
  }

  /** Tells how many entries may be created now, and forgets a limit that was raised. */
  budget(routeTableId: string, used: number, nowMs: number): number {
    const learned = this.#learned.get(routeTableId);
    if (learned === undefined) return Number.POSITIVE_INFINITY;
    if (used > learned.limit) {
      this.#learned.delete(routeTableId);
      return Number.POSITIVE_INFINITY;
    }
    const isTryDue = nowMs - learned.learnedAtMs >= this.#retryMs;
    return Math.max(learned.limit - used, isTryDue ? 1 : 0);
  }

  /** Tells when one row is tried again, on the monotonic clock; never, if it is tried already. */
  nextTryMs(routeTableId: string, nowMs: number): number {
    const learned = this.#learned.get(routeTableId);
    const tryMs = (learned?.learnedAtMs ?? Number.POSITIVE_INFINITY) + this.#retryMs;
    return tryMs > nowMs ? tryMs : Number.POSITIVE_INFINITY;
  }

  limit(routeTableId: string): number | undefined {
    return this.#learned.get(routeTableId)?.limit;
  }

  /** Forgets a table that nobody asks anything of. */
  forget(routeTableId: string): void {
    this.#learned.delete(routeTableId);
  }
}

/** Counts the entries that the quota counts, of whomever they are. */
export function countedEntries(entries: readonly CloudRouteEntry[]): number {
  return entries.filter(({ type }) => type === 'Custom').length;
}

/**
 * Tells what is used and left of the quota, and when it will be used up.
 *
 * Units: `addedLastDay` counts the rows of the Nodes that joined within a day.
 */
export function quotaStatus(
  used: number,
  learnedLimit: number | undefined,
  addedLastDay: number,
): QuotaStatus {
  const limit = learnedLimit ?? (used <= DEFAULT_LIMIT ? DEFAULT_LIMIT : undefined);
  // More than the documented limit are there, so it was raised, and nobody knows how far.
  if (limit === undefined) return { used };
  const left = Math.max(0, limit - used);
  const name =
    learnedLimit === undefined
      ? `documented quota of ${limit}, unless yours is another one,`
      : `quota of ${limit}`;
  const forecast = forecastOf({ left, limit, name, addedLastDay });
  return {
    used,
    limit,
    left,
    limitSource: learnedLimit === undefined ? 'Default' : 'Learned',
    ...(forecast === undefined ? {} : { forecast }),
  };
}

function forecastOf(quota: {
  readonly left: number;
  readonly limit: number;
  readonly name: string;
  readonly addedLastDay: number;
}): string | undefined {
  const { left, limit, name, addedLastDay } = quota;
  const remedy = 'raise the quota "vpc_quota_route_entrys_num" or use a further route table';
  if (left === 0) return `The ${name} is used up: ${remedy}`;
  const days = addedLastDay === 0 ? Number.POSITIVE_INFINITY : left / addedLastDay;
  if (days < 1) {
    return `If as many Nodes join as within the last day, the ${name} is used up within a day: ${remedy}`;
  }
  if (days <= WARN_DAYS) {
    return `If as many Nodes join as within the last day, the ${name} is used up in about ${Math.ceil(days)} days: ${remedy}`;
  }
  if (left <= limit * LOW_SHARE) return `Less than a tenth of the ${name} is left: ${remedy}`;
  return undefined;
}

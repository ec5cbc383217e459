import type { Failure } from '../../cloud/failure.ts';
import { failureReport } from '../failure-report.ts';
import type { RowRefusal } from './route-table-plan.ts';

/**
 * What the refusal of one entry means.
 *
 * Shape: `observe` says that the cloud has something else than was believed, or is between two
 *   states; `gone` that there is nothing to delete; `full` that the quota is used up.
 */
export type EntryVerdict =
  | { readonly kind: 'observe' | 'gone' | 'full' }
  | { readonly kind: 'refused'; readonly refusal: RowRefusal };

/** What people can do about single rows, by the cloud's code; the first line that fits decides. */
const ROW_REASONS: readonly {
  readonly code: RegExp;
  readonly reason: string;
  readonly remedy: string;
}[] = [
  {
    code: /IPV6/i,
    reason: 'NoIpv6',
    remedy: 'give the VPC an IPv6 range, or remove IPv6 from the networks of pods',
  },
  {
    code: /(INSTAN|NEXT_?HOP|INTERFACE|ENI).*(NOT_?FOUND|NOT_?EXIST)/i,
    reason: 'NextHopNotFound',
    remedy: 'check that the next hop is in the VPC of the route table',
  },
  {
    code: /OVERLAP|InvalidDestinationCidrBlock|CIDR_?BLOCK.*MALFORMED/i,
    reason: 'DestinationRefused',
    remedy: 'the destination lies in a vSwitch or is reserved by the cloud, so use another one',
  },
];

/** Reasons of failures that stand in the way of every entry alike. */
const ACCOUNT_REASONS: ReadonlySet<string> = new Set([
  'Forbidden',
  'InvalidCredentials',
  'AccountProblem',
]);

/** Judges the refusal of one entry. */
export function judgeEntry(failure: Failure): EntryVerdict {
  if (failure.kind === 'conflict' || failure.kind === 'throttled') return { kind: 'observe' };
  if (failure.kind === 'notfound') return { kind: 'gone' };
  const { reason, message } = failureReport(failure);
  if (reason === 'QuotaExceeded') return { kind: 'full' };
  const known = ROW_REASONS.find(({ code }) => code.test(failure.code ?? ''));
  const refusal =
    known === undefined
      ? { reason: failure.kind === 'terminal' ? reason : 'Refused', message }
      : { reason: known.reason, message: `${message}: ${known.remedy}` };
  return { kind: 'refused', refusal };
}

/** Tells whether a refused request may have been refused for one of its entries. */
export function isAboutEntries(failure: Failure): boolean {
  if (failure.kind !== 'terminal') return false;
  const isKnown = ROW_REASONS.some(({ code }) => code.test(failure.code ?? ''));
  return isKnown || !ACCOUNT_REASONS.has(failureReport(failure).reason);
}

/** Says why no row can be made while the quota is used up. */
export function fullTable(limit: number | undefined): RowRefusal {
  const many = limit === undefined ? 'as many entries' : `${limit} entries, as many`;
  return {
    reason: 'QuotaExceeded',
    message: `The route table has ${many} as its quota allows: remove entries or raise the quota "vpc_quota_route_entrys_num"; a free place is used at once`,
  };
}

/** What the rows of the family IPv6 wait for in a VPC without IPv6. */
export const NO_IPV6: RowRefusal = {
  reason: 'NoIpv6',
  message:
    'The VPC has no IPv6 range, so that there is no route for the family IPv6: give the VPC one, or remove IPv6 from the networks of pods',
};

/** How long what was refused waits, the first time. */
const FIRST_RETRY_MS = 10_000;

/** What was refused: a row, or an entry that was to be deleted. */
interface Refusable {
  readonly destinationCidr: string;
  readonly nextHop: { readonly id: string };
}

interface Refused {
  readonly nextHopId: string;
  readonly refusal: RowRefusal;
  readonly tries: number;
  readonly retryAtMs: number;
}

/**
 * What the cloud refused, and when each is tried again.
 *
 * Shape: only in memory; after a restart everything is tried once. Another next hop makes it another
 *   row.
 */
export class RefusedRows {
  readonly #longestMs: number;
  readonly #tables = new Map<string, Map<string, Refused>>();

  /** Units: `longestMs` is the longest that a row waits. */
  constructor(longestMs: number) {
    this.#longestMs = longestMs;
  }

  /** Tells what of all there is must not be tried yet, and forgets what is no more. */
  current(
    routeTableId: string,
    all: readonly Refusable[],
    nowMs: number,
  ): ReadonlyMap<string, RowRefusal> {
    const refused = this.#tables.get(routeTableId);
    const waiting = new Map<string, RowRefusal>();
    if (refused === undefined) return waiting;
    const rows = new Map(all.map((row) => [row.destinationCidr, row.nextHop.id]));
    for (const [destination, entry] of refused) {
      if (rows.get(destination) !== entry.nextHopId) refused.delete(destination);
      else if (nowMs < entry.retryAtMs) waiting.set(destination, entry.refusal);
    }
    return waiting;
  }

  /** Notes that the cloud refused something; it waits longer each time. */
  note(routeTableId: string, what: Refusable, refusal: RowRefusal, nowMs: number): void {
    const refused = this.#tables.get(routeTableId) ?? new Map<string, Refused>();
    this.#tables.set(routeTableId, refused);
    const tries = (refused.get(what.destinationCidr)?.tries ?? 0) + 1;
    const delayMs = Math.min(FIRST_RETRY_MS * 2 ** (tries - 1), this.#longestMs);
    const { id: nextHopId } = what.nextHop;
    refused.set(what.destinationCidr, { nextHopId, refusal, tries, retryAtMs: nowMs + delayMs });
  }

  /** Tells when the first is to be tried again, on the monotonic clock; never, if none waits. */
  nextRetryMs(routeTableId: string): number {
    const waiting = [...(this.#tables.get(routeTableId)?.values() ?? [])];
    return Math.min(Number.POSITIVE_INFINITY, ...waiting.map(({ retryAtMs }) => retryAtMs));
  }

  /** Forgets a table that nobody asks anything of. */
  forget(routeTableId: string): void {
    this.#tables.delete(routeTableId);
  }
}

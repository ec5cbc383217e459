import type { CallRecord } from '../../emulator/model/call-log.ts';

/** What is read of a call. */
export type CountedCall = Pick<CallRecord, 'action' | 'version' | 'mutating' | 'userAgent'>;

/** The calls of one scenario. */
export interface Tally {
  readonly reads: number;
  readonly writes: number;
  /** Reads and writes together. */
  readonly total: number;
  /** Every call by its operation; those beside the work under names of their own. */
  readonly operations: Readonly<Record<string, number>>;
}

/** Which part of the operator's calls are none of the work itself. */
type Aside = 'sweep' | 'metadata' | 'credentials';

const STS_VERSION = '2015-04-01';
const METADATA_ACTION = 'InstanceMetadata';
const SWEEP_MARK = 'lane/sweep';

/**
 * Tells what a call belongs to when it is none of the work on a change; `undefined` for one that is.
 *
 * Shape: only reads are ever beside the work; a write counts, wherever it says it comes from.
 */
export function asideOf({ action, version, mutating, userAgent }: CountedCall): Aside | undefined {
  if (action === METADATA_ACTION) return 'metadata';
  if (version === STS_VERSION) return 'credentials';
  return !mutating && userAgent.includes(SWEEP_MARK) ? 'sweep' : undefined;
}

/**
 * Counts calls, failed and repeated ones included.
 *
 * Shape: operations are sorted by name; with `countsSweep` the calls of the sweep are reads like
 *   all others, and still shown under their own names.
 */
export function tallyCalls(calls: readonly CountedCall[], countsSweep = false): Tally {
  const counted = calls.filter((call) => {
    const aside = asideOf(call);
    return aside === undefined || (countsSweep && aside === 'sweep');
  });
  const writes = counted.filter(({ mutating }) => mutating).length;
  const byName = Map.groupBy(calls, nameOf);
  return {
    reads: counted.length - writes,
    writes,
    total: counted.length,
    operations: Object.fromEntries(
      [...byName].map(([name, named]) => [name, named.length] as const).toSorted(byKey),
    ),
  };
}

/** Counts how often the entries of a route table were listed, further pages left out. */
export function countRouteListings(
  calls: readonly Pick<CallRecord, 'action' | 'parameters'>[],
): number {
  return calls.filter(
    ({ action, parameters }) =>
      action === 'DescribeRouteEntryList' && (parameters.NextToken ?? '') === '',
  ).length;
}

function nameOf(call: CountedCall): string {
  const aside = asideOf(call);
  return aside === undefined ? call.action : `${aside}:${call.action}`;
}

function byKey([a]: readonly [string, number], [b]: readonly [string, number]): number {
  return a < b ? -1 : 1;
}

import { parseCidrRange, type CidrRange } from '../cidr-range.ts';

/** More than the networks of a very large cluster, in rows, entries and records. */
const MOST_REMEMBERED = 10_000;

const remembered = new Map<string, CidrRange | undefined>();

/**
 * Reads a range as `parseCidrRange` does, each text once.
 *
 * Shape: a pass over a thousand nodes reads each network several times, and reading takes longer than
 *   everything else in it. The same text is always the same range, so that who shares it cannot tell.
 */
export function rangeFrom(text: string): CidrRange | undefined {
  const known = remembered.get(text);
  if (known !== undefined || remembered.has(text)) return known;
  if (remembered.size >= MOST_REMEMBERED) remembered.clear();
  const range = parseCidrRange(text);
  remembered.set(text, range);
  return range;
}

/** The one form of a range that is compared; what is no range stands for itself. */
export function canonicalCidr(text: string): string {
  return rangeFrom(text)?.text ?? text;
}

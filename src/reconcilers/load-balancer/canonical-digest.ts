import { createHash } from 'node:crypto';

/**
 * Digests a value so that equal values have equal digests.
 *
 * Shape: 32 lower-case hexadecimal characters; the order of object members does not matter, the
 *   order of lists does, and a member that is `undefined` counts as absent.
 */
export function canonicalDigest(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex').slice(0, 32);
}

function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) => {
    if (member === null || typeof member !== 'object' || Array.isArray(member)) return member;
    return Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

/**
 * Computes the JSON merge patch that turns one value into another.
 *
 * Shape: `undefined` when they are equal. Members that the wanted object lacks are removed, at any
 *   depth; lists are replaced whole.
 * Source: RFC 7396.
 */
export function mergePatchBetween(present: unknown, wanted: unknown): unknown {
  if (!isRecord(present) || !isRecord(wanted)) {
    return isDeepEqual(present, wanted) ? undefined : wanted;
  }
  const patch: Record<string, unknown> = {};
  for (const name of new Set([...Object.keys(present), ...Object.keys(wanted)])) {
    const before = present[name];
    const after = wanted[name];
    if (after === undefined || after === null) {
      if (before !== undefined && before !== null) patch[name] = null;
      continue;
    }
    const change = mergePatchBetween(before, after);
    if (change !== undefined) patch[name] = change;
  }
  return Object.keys(patch).length === 0 ? undefined : patch;
}

/** Compares JSON values; members that are `undefined` count as absent. */
export function isDeepEqual(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (Array.isArray(left) && Array.isArray(right)) {
    return (
      left.length === right.length && left.every((item, index) => isDeepEqual(item, right[index]))
    );
  }
  if (!isRecord(left) || !isRecord(right)) return false;
  const names = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...names].every((name) => isDeepEqual(left[name], right[name]));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

import type { Answer } from './operation-context.ts';

/**
 * Shortens the lists of an answer, as a fault orders.
 *
 * Shape: the outermost lists only. `empty-list` leaves nothing, `short-list` the first half,
 *   rounded down. Counts and page tokens agree with what is left: the answer looks complete.
 */
export function shortenLists(answer: Answer, kind: 'empty-list' | 'short-list'): Answer {
  const shortened = shorten(answer, kind) as Record<string, unknown>;
  const removed = countItems(answer) - countItems(shortened);
  if (removed === 0) return answer;
  const rest = { ...shortened };
  Reflect.deleteProperty(rest, 'NextToken');
  if (typeof rest.TotalCount !== 'number') return rest;
  const page = typeof rest.PageNumber === 'number' ? rest.PageNumber : 1;
  const size = typeof rest.PageSize === 'number' ? rest.PageSize : 0;
  const before = kind === 'empty-list' ? 0 : (page - 1) * size;
  return { ...rest, TotalCount: before + countItems(shortened) };
}

function shorten(value: unknown, kind: 'empty-list' | 'short-list'): unknown {
  if (Array.isArray(value)) {
    return kind === 'empty-list' ? [] : value.slice(0, Math.floor(value.length / 2));
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, shorten(member, kind)]),
  );
}

/** Counts the items of the outermost lists. */
function countItems(value: unknown): number {
  if (Array.isArray(value)) return value.length;
  if (typeof value !== 'object' || value === null) return 0;
  return Object.values(value).reduce<number>((sum, member) => sum + countItems(member), 0);
}

import type { OperationContext } from './operation-context.ts';

// Seeded objects have always been there; answers need a time all the same, which clients sort by.
const SEEDED_AT = Date.UTC(2024, 0, 1);

/** Describes a time with seconds, as answers do except those on instances. */
export function describedTime(at: number): string {
  return new Date(at === 0 ? SEEDED_AT : at).toISOString().replace(/\.\d{3}Z$/, 'Z');
}

/** One page of a list that is asked for by number. */
export interface NumberedPage<Item> {
  readonly items: readonly Item[];
  readonly answer: {
    readonly PageNumber: number;
    readonly PageSize: number;
    readonly TotalCount: number;
  };
}

/** Cuts out the page that `PageNumber` and `PageSize` ask for. */
export function numberedPage<Item>(
  context: OperationContext,
  items: readonly Item[],
  defaultSize: number,
): NumberedPage<Item> {
  const number = Math.max(context.parameters.findInteger('PageNumber') ?? 1, 1);
  const size = context.parameters.findInteger('PageSize') ?? defaultSize;
  return {
    items: items.slice((number - 1) * size, number * size),
    answer: { PageNumber: number, PageSize: size, TotalCount: items.length },
  };
}

/** One page of a list that is asked for by token. */
export interface TokenPage<Item> {
  readonly items: readonly Item[];
  /** Absent on the last page. */
  readonly nextToken: string | undefined;
}

/**
 * Cuts out the page after `NextToken`.
 *
 * Shape: results are not kept between pages; a list that changes meanwhile may repeat or miss.
 * Errors: `code` for a token that this cloud never gave.
 */
export function tokenPage<Item>(
  context: OperationContext,
  items: readonly Item[],
  page: { readonly size: number; readonly invalidTokenCode: string },
): TokenPage<Item> {
  const token = context.parameters.findText('NextToken');
  const start = token === undefined ? 0 : readToken(token);
  if (start === undefined) {
    throw context.failure(page.invalidTokenCode, 'The specified parameter "NextToken" is invalid.');
  }
  const end = start + page.size;
  return {
    items: items.slice(start, end),
    nextToken: end < items.length ? writeToken(end) : undefined,
  };
}

const TOKEN_MARK = 'page:';

function writeToken(start: number): string {
  return Buffer.from(`${TOKEN_MARK}${start}`).toString('base64url');
}

function readToken(token: string): number | undefined {
  const match = /^page:(\d+)$/.exec(Buffer.from(token, 'base64url').toString());
  return match === null ? undefined : Number(match[1]);
}

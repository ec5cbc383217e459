import { Failure } from '../failure.ts';

/** One page of a list that is numbered in pages. */
export interface NumberedPage<Item> {
  readonly items: readonly Item[];
  /** How many items there are on all pages. */
  readonly totalCount: number | undefined;
}

/** One page of a list that goes on by tokens. */
export interface TokenPage<Item> {
  readonly items: readonly Item[];
  /** Where the list goes on; unset or empty on the last page. */
  readonly nextToken: string | undefined;
  /** How many items there are on all pages, where the operation tells and means it. */
  readonly totalCount?: number | undefined;
}

/** What both ways of listing need to know. */
export interface ListedKind<Item> {
  /** For messages: `list the route tables`. */
  readonly purpose: string;
  /** What an item is known by, so that one that comes twice counts once; empty for none. */
  readonly idOf: (item: Item) => string;
}

/**
 * Follows all numbered pages.
 *
 * Shape: every item once, in the order of the answers.
 * Errors: `retryable` with the code `IncompleteList` when fewer items came than the API counts, or
 *   when it does not count them: what is missing from a list must be missing from the cloud.
 */
export async function followPages<Item>(
  kind: ListedKind<Item>,
  pageSize: number,
  read: (pageNumber: number) => Promise<NumberedPage<Item>>,
): Promise<readonly Item[]> {
  const found = new Map<string, Item>();
  let total = 0;
  for (let pageNumber = 1; ; pageNumber += 1) {
    const page = await read(pageNumber);
    addItems(found, page.items, kind);
    if (page.totalCount === undefined) throw incomplete(kind.purpose, 'does not tell its length');
    // A count that shrinks from page to page is no reason to believe that nothing was missed.
    total = Math.max(total, page.totalCount);
    if (pageNumber * pageSize < total && page.items.length > 0) continue;
    if (found.size < total) throw incomplete(kind.purpose, 'is shorter than the API says it is');
    return [...found.values()];
  }
}

/**
 * Follows a list by its tokens.
 *
 * Shape: every item once, in the order of the answers.
 * Errors: `retryable` with the code `IncompleteList` when a token comes again, because the list would
 *   never end, or when fewer items came than the API counts.
 */
export async function followTokens<Item>(
  kind: ListedKind<Item>,
  read: (nextToken: string | undefined) => Promise<TokenPage<Item>>,
): Promise<readonly Item[]> {
  const found = new Map<string, Item>();
  const tokens = new Set<string>();
  let total = 0;
  let nextToken: string | undefined;
  for (;;) {
    const page = await read(nextToken);
    addItems(found, page.items, kind);
    total = Math.max(total, page.totalCount ?? 0);
    nextToken = page.nextToken ?? '';
    if (nextToken === '') break;
    if (tokens.has(nextToken)) throw incomplete(kind.purpose, 'goes on where it has been');
    tokens.add(nextToken);
  }
  if (found.size < total) throw incomplete(kind.purpose, 'is shorter than the API says it is');
  return [...found.values()];
}

function addItems<Item>(
  found: Map<string, Item>,
  items: readonly Item[],
  { idOf, purpose }: ListedKind<Item>,
): void {
  for (const item of items) {
    const id = idOf(item);
    if (id === '') throw incomplete(purpose, 'has an item without an id');
    found.set(id, item);
  }
}

function incomplete(purpose: string, what: string): Failure {
  return new Failure('retryable', `Cannot ${purpose}: the answer ${what} (IncompleteList)`, {
    code: 'IncompleteList',
  });
}

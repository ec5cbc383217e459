import { readFileSync } from 'node:fs';

/** One request parameter, or one member of a parameter's items, as the API publishes it. */
export interface PublishedParameter {
  readonly name: string;
  readonly type: string;
  readonly required?: boolean;
  readonly enum?: readonly string[];
  readonly default?: string | number | boolean;
  readonly min?: number;
  readonly max?: number;
  readonly length?: readonly [number, number];
  readonly maxItems?: number;
  readonly repeat?: string;
  readonly fields?: readonly PublishedParameter[];
}

/** One published error code of an operation. */
export interface PublishedError {
  readonly code: string;
  readonly http: number | readonly number[];
  readonly category: string;
  readonly retryable: boolean;
  readonly messageContains?: string;
  readonly treatedAs?: string;
}

/** What is published about one operation, with the product and action it belongs to. */
export interface PublishedOperation {
  readonly product: Product;
  readonly action: string;
  readonly version: string;
  readonly idempotent?: string;
  readonly pagination?: string;
  readonly request: readonly PublishedParameter[];
  readonly response: Readonly<Record<string, unknown>>;
  readonly errors: readonly PublishedError[];
}

/** The products that this cloud serves. */
export type Product = 'slb' | 'ecs' | 'vpc' | 'sts';

const PRODUCTS: readonly Product[] = ['slb', 'ecs', 'vpc', 'sts'];
const FOLDER = new URL('../../src/cloud/published-api/', import.meta.url);

function readPublished(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), 'utf8'));
}

function loadOperations(): Map<string, PublishedOperation> {
  const operations = new Map<string, PublishedOperation>();
  for (const product of PRODUCTS) {
    const published = readPublished(product) as Record<string, PublishedOperation>;
    for (const [action, operation] of Object.entries(published)) {
      operations.set(operationKey(operation.version, action), { ...operation, product, action });
    }
  }
  return operations;
}

const OPERATIONS = loadOperations();
const COMMON_ERRORS = readPublished('common-errors') as Record<
  'gateway' | 'slb',
  readonly PublishedError[]
>;

/** Names an operation across products: two products may share an action's name. */
export function operationKey(version: string, action: string): string {
  return `${version}/${action}`;
}

/** Lists every published operation, by product and then by action. */
export function listPublishedOperations(): PublishedOperation[] {
  return [...OPERATIONS.values()];
}

/** Finds what is published about an operation. */
export function findPublishedOperation(
  version: string,
  action: string,
): PublishedOperation | undefined {
  return OPERATIONS.get(operationKey(version, action));
}

/** Tells whether any product has this API version. */
export function isPublishedVersion(version: string): boolean {
  return listPublishedOperations().some((operation) => operation.version === version);
}

/** Tells whether the operation itself publishes the error code. */
export function publishesError(operation: PublishedOperation, code: string): boolean {
  return operation.errors.some((error) => error.code === code);
}

/**
 * Finds the HTTP status of an error code: the operation's own, else the product's general one,
 * else the gateway's.
 */
export function findErrorStatus(
  operation: PublishedOperation | undefined,
  code: string,
): number | undefined {
  const tables = [
    operation?.errors ?? [],
    operation?.product === 'slb' ? COMMON_ERRORS.slb : [],
    COMMON_ERRORS.gateway,
  ];
  for (const table of tables) {
    const found = table.find((error) => error.code === code);
    if (found === undefined) continue;
    return typeof found.http === 'number' ? found.http : found.http[0];
  }
  return undefined;
}

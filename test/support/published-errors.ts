import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { CodeMeaning } from '../../src/cloud/transport/call-failure.ts';

/** One error code of an operation, as the API's publisher tells of it. */
export interface PublishedError {
  readonly code: string;
  readonly category: string;
  readonly retryable: boolean;
  readonly messageContains?: string;
  readonly treatedAs?: string;
}

/** The error codes of a product, by operation. */
export type PublishedErrors = Readonly<
  Record<string, { readonly errors?: readonly PublishedError[] }>
>;

const PUBLISHED = path.join(import.meta.dirname, '../../src/cloud/published-api');

const TERMINAL: readonly CodeMeaning[] = [
  'credentials',
  'denied',
  'quota',
  'billing',
  'protected',
  'unsupported',
  'missing',
  'invalid',
];
const PASSING: readonly CodeMeaning[] = ['locked', 'waiting', 'internal', 'passing', 'throttled'];

/** Which meanings fit a category of the published tables. */
const FITTING: Readonly<Record<string, readonly CodeMeaning[]>> = {
  busy: ['locked'],
  conflict: ['locked'],
  idempotency: ['locked', 'invalid'],
  throttling: ['throttled'],
  protection: ['protected'],
  quota: ['quota'],
  unsupported: ['unsupported'],
  internal: ['internal'],
};

/** Reads the published error codes of a product. */
export async function publishedErrors(file: string): Promise<PublishedErrors> {
  return (await readPublished(file)) as PublishedErrors;
}

/** Reads the published error codes that every product answers with, by table. */
export async function publishedCommonErrors(): Promise<
  Readonly<Record<string, readonly PublishedError[]>>
> {
  return (await readPublished('common-errors.json')) as Readonly<
    Record<string, readonly PublishedError[]>
  >;
}

/** Fails unless a code of an operation has a meaning that fits what is published of it. */
export function assertFits(
  entry: { readonly meaning: CodeMeaning } | undefined,
  { code, category, retryable }: PublishedError,
): asserts entry {
  assert.ok(entry !== undefined, `${code} has no line`);
  const fitting = FITTING[category];
  if (fitting !== undefined) {
    assert.ok(fitting.includes(entry.meaning), `${code} is ${entry.meaning}`);
  }
  if (retryable) assert.ok(PASSING.includes(entry.meaning), `${code} may be tried again`);
}

/** Fails unless a code of every product has a meaning that fits what is published of it. */
export function assertCommonFits(
  entry: { readonly meaning: CodeMeaning } | undefined,
  { code, category, retryable }: PublishedError,
): asserts entry {
  assert.ok(entry !== undefined, `${code} has no line`);
  if (retryable) assert.ok(PASSING.includes(entry.meaning), `${code} is ${entry.meaning}`);
  if (category === 'validation' && !retryable) {
    assert.ok(TERMINAL.includes(entry.meaning), `${code} is ${entry.meaning}`);
  }
}

async function readPublished(file: string): Promise<unknown> {
  return JSON.parse(await readFile(path.join(PUBLISHED, file), 'utf8')) as unknown;
}

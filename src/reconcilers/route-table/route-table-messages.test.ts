import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { ROUTE_TABLE_MESSAGES, type RouteTableMessage } from './route-table-messages.ts';

const MESSAGES: Readonly<Record<string, RouteTableMessage>> = ROUTE_TABLE_MESSAGES;

/** Reasons of shared code that route tables never come to, and that of a row that is as asked. */
const NOT_SHOWN: ReadonlySet<string> = new Set(['DeletionProtected', 'Available']);

/** Finds the words that are given as reasons, directly or by way of a helper. */
function usedReasons(): ReadonlySet<string> {
  const files = readdirSync(import.meta.dirname)
    .filter((file) => file.endsWith('.ts') && !/\.(test|generated)\.ts$/.test(file))
    .filter((file) => !/route-table-(messages|ports)/.test(file))
    .map((file) => path.join(import.meta.dirname, file));
  const shared = ['failure-report.ts', 'conditions.ts'].map((file) =>
    path.join(import.meta.dirname, '..', file),
  );
  const found = new Set<string>();
  for (const file of [...files, ...shared]) {
    const text = readFileSync(file, 'utf8');
    const members = [...text.matchAll(/\breason:([^,{}]*)[,}\n]/g)].flatMap(([, value = '']) => [
      ...value.matchAll(/'([A-Z]\w+)'/g),
    ]);
    const given = [
      ...members,
      ...text.matchAll(/\bpending\(\w+, '([A-Z]\w+)'/g),
      ...text.matchAll(/^ {2}(?:retryable|notfound): '(\w+)',$/gm),
    ];
    for (const [, reason = ''] of given) found.add(reason);
  }
  return new Set([...found].filter((reason) => !NOT_SHOWN.has(reason)));
}

const used = usedReasons();

test('API-09 UX-08 ROUTE_TABLE_MESSAGES: has every reason that the code uses', () => {
  assert.deepEqual(
    [...used].filter((reason) => !(reason in MESSAGES)),
    [],
  );
});

test('API-09 UX-08 ROUTE_TABLE_MESSAGES: has no reason that nobody uses', () => {
  assert.deepEqual(
    Object.keys(MESSAGES).filter((reason) => !used.has(reason)),
    [],
  );
});

test('UX-08 ROUTE_TABLE_MESSAGES: whoever is warned is told what to do', () => {
  for (const [reason, { shownAs, remedy, meaning, when }] of Object.entries(MESSAGES)) {
    const isWarned = shownAs.some((shown) => 'event' in shown && shown.event === 'Warning');
    assert.ok(!isWarned || remedy !== '', reason);
    assert.ok(meaning.endsWith('.') && when.endsWith('.'), reason);
  }
});

test('API-05 ROUTE_TABLE_MESSAGES: every reason is one word that a condition can have', () => {
  for (const reason of Object.keys(MESSAGES)) assert.match(reason, /^[A-Z][A-Za-z0-9]{0,63}$/);
});

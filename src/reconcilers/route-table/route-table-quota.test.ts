import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TABLE_ID } from '../../../test/support/route-builders.ts';
import { quotaStatus, RouteQuotas } from './route-table-quota.ts';

const RETRY_MS = 300_000;

const cases = [
  {
    name: 'Unknown',
    used: 10,
    learned: undefined,
    added: 0,
    want: { used: 10, limit: 200, left: 190, limitSource: 'Default' },
    forecast: undefined,
    reason: 'The documented limit is shown, and where it is from.',
  },
  {
    name: 'Raised',
    used: 900,
    learned: undefined,
    added: 500,
    want: { used: 900 },
    forecast: undefined,
    reason: 'More than the documented limit are there, and nobody knows how far it was raised.',
  },
  {
    name: 'Learned',
    used: 40,
    learned: 48,
    added: 0,
    want: { used: 40, limit: 48, left: 8, limitSource: 'Learned' },
    forecast: undefined,
    reason: 'A refusal has shown it.',
  },
  {
    name: 'WithinADay',
    used: 100,
    learned: 150,
    added: 60,
    want: { used: 100, limit: 150, left: 50, limitSource: 'Learned' },
    forecast: /within a day/,
    reason: 'As many nodes as joined within the last day are more than what is left.',
  },
  {
    name: 'WithinAWeek',
    used: 100,
    learned: undefined,
    added: 25,
    want: { used: 100, limit: 200, left: 100, limitSource: 'Default' },
    forecast: /documented quota of 200, unless yours is another one, is used up in about 4 days/,
    reason: 'The cluster goes on growing as it does.',
  },
  {
    name: 'FarOff',
    used: 100,
    learned: undefined,
    added: 2,
    want: { used: 100, limit: 200, left: 100, limitSource: 'Default' },
    forecast: undefined,
    reason: 'It lasts for more than a week.',
  },
  {
    name: 'Low',
    used: 185,
    learned: undefined,
    added: 0,
    want: { used: 185, limit: 200, left: 15, limitSource: 'Default' },
    forecast: /Less than a tenth/,
    reason: 'Little is left, even if nothing grows.',
  },
  {
    name: 'UsedUp',
    used: 48,
    learned: 48,
    added: 0,
    want: { used: 48, limit: 48, left: 0, limitSource: 'Learned' },
    forecast: /is used up/,
    reason: 'Nothing is left.',
  },
] as const;
for (const { name, used, learned, added, want, forecast, reason } of cases) {
  test(`ROUTE-27: quotaStatus: ${name}`, () => {
    const { forecast: said, ...status } = quotaStatus(used, learned, added);
    assert.deepEqual(status, want, reason);
    if (forecast === undefined) assert.equal(said, undefined, reason);
    else assert.match(said ?? '', forecast, reason);
  });
}

test('ROUTE-27: RouteQuotas keeps to nothing but what was refused', () => {
  const quotas = new RouteQuotas(RETRY_MS);
  assert.equal(quotas.budget(TABLE_ID, 5_000, 0), Number.POSITIVE_INFINITY);
  quotas.noteFull(TABLE_ID, 48, 0);
  assert.equal(quotas.budget(TABLE_ID, 48, 1), 0);
  assert.equal(quotas.budget(TABLE_ID, 45, 1), 3, 'Free places are used');
});

test('ROUTE-27: RouteQuotas tries one row from time to time, and forgets a limit that was raised', () => {
  const quotas = new RouteQuotas(RETRY_MS);
  quotas.noteFull(TABLE_ID, 48, 0);
  assert.equal(quotas.budget(TABLE_ID, 48, RETRY_MS - 1), 0);
  assert.equal(quotas.budget(TABLE_ID, 48, RETRY_MS), 1);
  quotas.noteFull(TABLE_ID, 48, RETRY_MS);
  assert.equal(quotas.budget(TABLE_ID, 48, RETRY_MS + 1), 0, 'It was in vain');
  assert.equal(quotas.budget(TABLE_ID, 49, 2 * RETRY_MS), Number.POSITIVE_INFINITY);
  assert.equal(quotas.limit(TABLE_ID), undefined);
});

test('ROUTE-27: RouteQuotas takes over what an earlier process learned, and tries one row at once', () => {
  const quotas = new RouteQuotas(RETRY_MS);
  quotas.recall(TABLE_ID, { limit: 200, limitSource: 'Default' }, 0);
  assert.equal(quotas.limit(TABLE_ID), undefined, 'The documented limit is no limit');
  quotas.recall(TABLE_ID, { limit: 48, limitSource: 'Learned' }, 0);
  assert.equal(quotas.limit(TABLE_ID), 48);
  assert.equal(quotas.budget(TABLE_ID, 48, 0), 1);
});

test('ROUTE-27: RouteQuotas tells when the next row is tried, and nothing of a try that is due', () => {
  const quotas = new RouteQuotas(RETRY_MS);
  assert.equal(quotas.nextTryMs(TABLE_ID, 0), Number.POSITIVE_INFINITY, 'Nothing was refused');
  quotas.noteFull(TABLE_ID, 48, 5);
  assert.equal(quotas.nextTryMs(TABLE_ID, 6), 5 + RETRY_MS);
  assert.equal(quotas.nextTryMs(TABLE_ID, 5 + RETRY_MS), Number.POSITIVE_INFINITY);
});

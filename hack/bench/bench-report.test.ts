import assert from 'node:assert/strict';
import { test } from 'node:test';
import { check } from 'prettier';
import {
  benchPage,
  missedBounds,
  type BenchReport,
  type ScenarioName,
  type ScenarioResult,
} from './bench-report.ts';

function result(
  name: ScenarioName,
  reads: number,
  writes: number,
  operations: Record<string, number> = {},
): ScenarioResult {
  return { name, reads, writes, total: reads + writes, operations };
}

function report(...scenarios: ScenarioResult[]): BenchReport {
  return { scenarios, rssAtRestMiB: 100, startToReadyMs: 900 };
}

const cases = [
  { name: 'CreateKept', result: result('create', 1, 4), want: [] },
  {
    name: 'CreateReadsTwice',
    result: result('create', 2, 4),
    want: ['create: 6 total, at most 5', 'create: 2 reads, at most 1'],
  },
  {
    name: 'IdleRead',
    result: result('idle-pass', 1, 0),
    want: ['idle-pass: 1 total, at most 0'],
  },
  {
    name: 'IdleSweptTooOften',
    result: result('idle-pass', 0, 0, { 'sweep:DescribeLoadBalancers': 3 }),
    want: ['idle-pass: 3 calls of the sweep, at most 2'],
  },
  { name: 'RestartSweeps', result: result('restart-100', 12, 0), want: [] },
  {
    name: 'RestartWrites',
    result: result('restart-100', 0, 1),
    want: ['restart-100: 1 writes, at most 0'],
  },
  {
    name: 'NodesJoinWithOneCallMorePerWindow',
    result: {
      ...result('nodes-join-1000', 25, 20, { DescribeInstances: 13, CreateRouteEntries: 20 }),
      windows: 3,
      routeListings: 1,
    },
    want: [],
  },
  {
    name: 'NodesJoinInSmallBatches',
    result: {
      ...result('nodes-join-1000', 35, 22, { DescribeInstances: 14, CreateRouteEntries: 22 }),
      windows: 3,
      routeListings: 2,
    },
    want: [
      'nodes-join-1000: 57 total, at most 45',
      'nodes-join-1000: 14 DescribeInstances, at most 13',
      'nodes-join-1000: 22 CreateRouteEntries, at most 20',
      'nodes-join-1000: 2 listings of routes, at most 1',
    ],
  },
  {
    name: 'IdleHourAsksTooOften',
    result: {
      ...result('nodes-idle-hour', 200, 0, {
        DescribeInstances: 1,
        'sweep:DescribeInstances': 120,
      }),
      routeListings: 12,
    },
    want: ['nodes-idle-hour: 121 DescribeInstances, at most 120'],
  },
  { name: 'OneWritePerGroup', result: result('node-join-100', 0, 200), want: [] },
];

for (const { name, result: scenario, want } of cases) {
  test(`missedBounds: ${name}`, () => {
    assert.deepEqual(missedBounds(report(scenario)), want);
  });
}

test('missedBounds: memory is judged when it was measured', () => {
  assert.deepEqual(missedBounds({ ...report(), rssAtRestMiB: 131 }), [
    'rssAtRestMiB: 131, at most 130',
  ]);
  assert.deepEqual(missedBounds({ ...report(), rssAtRestMiB: null }), []);
});

test('benchPage: is formatted and has a row for each scenario', async () => {
  const nodes = { ...result('nodes-leave-50', 2, 1), routeListings: 0, rssMiB: 200 };
  const measured = report(result('delete', 1, 2, { DeleteX: 1 }), nodes);
  const page = await benchPage(measured, '2026-01-01');
  assert.match(page, /\| delete +\| +2 \| +1 \| +3 \| total ≤ 3 +\| DeleteX 1 +\|/);
  assert.match(page, /\| nodes-leave-50 +\| +\| +\| +200 MiB \| +0 \|/);
  assert.ok(await check(page, { parser: 'markdown', printWidth: 100 }));
});

import { format } from 'prettier';
import type { Tally } from './call-tally.ts';

/** What is measured with one Service, and with a hundred. */
export const SCENARIO_NAMES = [
  'create',
  'idle-pass',
  'restart',
  'backend-change',
  'node-join',
  'port-add',
  'delete',
  'create-100',
  'restart-100',
  'node-join-100',
] as const;

/** The name of a scenario. */
export type ScenarioName = (typeof SCENARIO_NAMES)[number];

/** The calls of one scenario. */
export interface ScenarioResult extends Tally {
  readonly name: ScenarioName;
}

/** All that one run has measured. */
export interface BenchReport {
  readonly scenarios: readonly ScenarioResult[];
  /** The operator's resident memory with one Service and nothing to do; null when not measured. */
  readonly rssAtRestMiB: number | null;
  /** From the start of the process until its readiness probe succeeds; null when not measured. */
  readonly startToReadyMs: number | null;
}

interface Bound {
  readonly what: keyof Pick<Tally, 'reads' | 'writes' | 'total'>;
  readonly most: number;
}

const SERVICES = 100;
const GROUPS_PER_SERVICE = 2;
/** The load balancer; group, listener and start for each port; one look at the outcome. */
const CREATE_TWO_PORTS = 1 + 3 * GROUPS_PER_SERVICE + 1;

/** How many calls are accepted at most. */
const BOUNDS: Readonly<Record<ScenarioName, readonly Bound[]>> = {
  create: [
    { what: 'total', most: 5 },
    { what: 'writes', most: 4 },
    { what: 'reads', most: 1 },
  ],
  'idle-pass': [{ what: 'total', most: 0 }],
  restart: [{ what: 'total', most: 0 }],
  'backend-change': [
    { what: 'writes', most: 2 },
    { what: 'reads', most: 0 },
  ],
  'node-join': [
    { what: 'writes', most: 1 },
    { what: 'reads', most: 0 },
  ],
  'port-add': [{ what: 'total', most: 4 }],
  delete: [{ what: 'total', most: 3 }],
  'create-100': [{ what: 'total', most: CREATE_TWO_PORTS * SERVICES }],
  'restart-100': [
    { what: 'writes', most: 0 },
    { what: 'reads', most: 12 },
  ],
  'node-join-100': [
    { what: 'writes', most: GROUPS_PER_SERVICE * SERVICES },
    { what: 'reads', most: 0 },
  ],
};

const MOST_RSS_MIB = 130;
/** A sweep asks for the load balancers by the hundred and for listeners ten load balancers at a time. */
const MOST_SWEEP_CALLS_WITH_ONE = 2;

/**
 * Tells in words which bounds a run has missed; empty when it kept them all.
 *
 * Shape: what was not measured is not judged.
 */
export function missedBounds({ scenarios, rssAtRestMiB }: BenchReport): string[] {
  const missed = scenarios.flatMap((scenario) =>
    BOUNDS[scenario.name]
      .filter(({ what, most }) => scenario[what] > most)
      .map(({ what, most }) => `${scenario.name}: ${scenario[what]} ${what}, at most ${most}`),
  );
  const idle = scenarios.find(({ name }) => name === 'idle-pass');
  const sweeps =
    (idle?.operations['sweep:DescribeLoadBalancers'] ?? 0) +
    (idle?.operations['sweep:DescribeLoadBalancerListeners'] ?? 0);
  if (sweeps > MOST_SWEEP_CALLS_WITH_ONE) {
    missed.push(`idle-pass: ${sweeps} calls of the sweep, at most ${MOST_SWEEP_CALLS_WITH_ONE}`);
  }
  if (rssAtRestMiB !== null && rssAtRestMiB > MOST_RSS_MIB) {
    missed.push(`rssAtRestMiB: ${rssAtRestMiB}, at most ${MOST_RSS_MIB}`);
  }
  return missed;
}

/** Writes the page that tells people what was measured, in the project's formatting. */
export async function benchPage(report: BenchReport, measuredOn: string): Promise<string> {
  const rows = report.scenarios.map(({ name, reads, writes, total, operations }) => {
    const calls = Object.entries(operations).map(([operation, count]) => `${operation} ${count}`);
    const bounds = BOUNDS[name].map(({ what, most }) => `${what} ≤ ${most}`);
    return [name, writes, reads, total, bounds.join(', '), calls.join(', ')];
  });
  const text = `# Benchmarks

The quota of cloud calls, not the processor, bounds a program of this kind, so calls are what is
counted. \`npm run -s bench -- --json\` measures; this page is written by its option \`--markdown\`.

A real API server, the local cloud and \`dist/operator.js\` run as separate processes; the operator has
the arguments and the service account of the installed chart. One Service has one TCP port and three
nodes; each of the hundred has two ports. Counted is every request that reached the cloud from the first
change until 30 s have passed without one, failed and repeated ones included, and a scenario only
counts when the cloud then is as asked for. Beside the work, and listed under names of their own, are the
sweep that compares all load balancers every 5 minutes (in \`restart-100\` it is counted), credentials
and instance metadata. A node joins before the restart, because the first change of a server group after
one may read it once. After \`idle-pass\` a listener is changed behind the operator's back, and the
run waits until the sweep has had it repaired: not looking would be no saving.

| Scenario | What happens |
| --- | --- |
| create | A Service is created |
| idle-pass | The Service, its AlibabaLoadBalancer and a Node are touched, with nothing to do |
| restart | The operator is stopped and started again |
| backend-change | The only endpoint of a Service with \`externalTrafficPolicy: Local\` moves to another node |
| node-join | A fourth node comes |
| port-add | The Service gets a second port |
| delete | The Service is deleted |

Measured on ${measuredOn}:

| Scenario | Writes | Reads | Total | Bound | Calls |
| --- | ---: | ---: | ---: | --- | --- |
${rows.map((row) => `| ${row.join(' | ')} |`).join('\n')}

Memory at rest with one Service: ${shown(report.rssAtRestMiB, 'MiB')} (bound: ${MOST_RSS_MIB} MiB). From the start of the process to ready: ${shown(report.startToReadyMs, 'ms')}.
`;
  return format(text, { parser: 'markdown', printWidth: 100 });
}

function shown(value: number | null, unit: string): string {
  return value === null ? 'not measured' : `${value} ${unit}`;
}

import { format } from 'prettier';
import type { Tally } from './call-tally.ts';

/** What is measured with one Service, with a hundred, and with a thousand nodes. */
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
  'nodes-join-1000',
  'nodes-leave-50',
  'nodes-join-1000-check-on',
  'nodes-idle-hour',
] as const;

/** The name of a scenario. */
export type ScenarioName = (typeof SCENARIO_NAMES)[number];

/** What is measured beside the calls. */
export interface ScenarioMeasures {
  /** How often the entries of a route table were listed, of however many pages. */
  readonly routeListings?: number;
  /** How many windows passed in which reads are gathered, while nodes kept coming. */
  readonly windows?: number;
  /** From the first Node until all were initialised and had their routes. */
  readonly allReadySeconds?: number;
  /** The operator's resident memory afterwards. */
  readonly rssMiB?: number;
}

/** The calls of one scenario, and what else was measured. */
export interface ScenarioResult extends Tally, ScenarioMeasures {
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
  /** A count of calls, or the name of an operation. */
  readonly what: string;
  readonly most: number;
  /** How many more for each window that passed. */
  readonly perWindow?: number;
}

const SERVICES = 100;
const GROUPS_PER_SERVICE = 2;
/** The load balancer; group, listener and start for each port; one look at the outcome. */
const CREATE_TWO_PORTS = 1 + 3 * GROUPS_PER_SERVICE + 1;

const NODES = 1_000;
const INSTANCES_PER_CALL = 100;
const ROUTES_PER_CALL = 50;
const NODE_READS = NODES / INSTANCES_PER_CALL;
const MOST_CALLS_OF_JOIN = 45;
const PASSES_PER_HOUR = 12;
/** How many times as fast as the machine's the time of the idle hour goes. */
export const IDLE_FACTOR = 10;

const JOIN_BOUNDS: readonly Bound[] = [
  { what: 'DescribeInstances', most: NODE_READS, perWindow: 1 },
  { what: 'CreateRouteEntries', most: NODES / ROUTES_PER_CALL },
  { what: 'listings of routes', most: 1 },
];

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
  'nodes-join-1000': [{ what: 'total', most: MOST_CALLS_OF_JOIN }, ...JOIN_BOUNDS],
  'nodes-leave-50': [{ what: 'total', most: 8 }],
  'nodes-join-1000-check-on': [
    { what: 'total', most: MOST_CALLS_OF_JOIN + NODE_READS + NODES },
    { what: 'ModifyNetworkInterfaceAttribute', most: NODES },
    ...JOIN_BOUNDS,
  ],
  'nodes-idle-hour': [
    { what: 'writes', most: 0 },
    { what: 'DescribeInstances', most: PASSES_PER_HOUR * NODE_READS },
    { what: 'listings of routes', most: PASSES_PER_HOUR },
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
      .map((bound) => ({
        ...bound,
        count: countOf(scenario, bound),
        most: mostOf(scenario, bound),
      }))
      .filter(({ count, most }) => count > most)
      .map(({ what, count, most }) => `${scenario.name}: ${count} ${what}, at most ${most}`),
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

function countOf(scenario: ScenarioResult, { what }: Bound): number {
  if (what === 'reads' || what === 'writes' || what === 'total') return scenario[what];
  if (what === 'listings of routes') return scenario.routeListings ?? 0;
  // Who asks for it makes no difference.
  return Object.entries(scenario.operations)
    .filter(([name]) => name === what || name.endsWith(`:${what}`))
    .reduce((sum, [, count]) => sum + count, 0);
}

function mostOf({ windows = 0 }: ScenarioResult, { most, perWindow = 0 }: Bound): number {
  return most + perWindow * windows;
}

/** Writes the page that tells people what was measured, in the project's formatting. */
export async function benchPage(report: BenchReport, measuredOn: string): Promise<string> {
  const rows = report.scenarios.map(({ name, reads, writes, total, operations }) => {
    const calls = Object.entries(operations).map(([operation, count]) => `${operation} ${count}`);
    const bounds = BOUNDS[name].map(({ what, most, perWindow }) =>
      perWindow === undefined ? `${what} ≤ ${most}` : `${what} ≤ ${most} and one per window`,
    );
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
| create-100, restart-100, node-join-100 | The same with a hundred Services |
| nodes-join-1000 | A thousand Nodes are registered, whose source/destination check is already off |
| nodes-leave-50 | Fifty of a thousand instances are released, and their Nodes become NotReady |
| nodes-join-1000-check-on | A thousand Nodes are registered, whose check is to be switched off |
| nodes-idle-hour | A thousand Nodes rest for an hour, sweeps counted |

The nodes have clusters of their own, with \`--cluster-cidr\`, a quota of 1,100 routes and no Service. They
are registered as fast as the API server takes them, as their agents do it: tainted, with their provider id
and the range of their pods, and Ready. A window is the second in which reads are gathered for one call; each
one that passes while nodes keep coming may cost one call more of each kind, so the total of a join holds
only where the machine registers the nodes within a few of them. The operator may send the API server
\`--kube-api-qps=500\` here, since the shipped limit would only stretch its three writes for each node over
minutes, and its leases are longer, since the machine may be too busy for short ones. The idle hour is one
of the operator's and the local cloud's own time, which both processes keep ${IDLE_FACTOR} times as fast as the
machine's, and begins after the operator has taken nodes and routes over as another program left them. The
heap has the limit that it has in the container.

Measured on ${measuredOn}:

| Scenario | Writes | Reads | Total | Bound | Calls |
| --- | ---: | ---: | ---: | --- | --- |
${rows.map((row) => `| ${row.join(' | ')} |`).join('\n')}

| With a thousand nodes | All ready after | Windows | Memory | Listings of routes |
| --- | ---: | ---: | ---: | ---: |
${nodeRows(report).join('\n')}

Memory at rest with one Service: ${shown(report.rssAtRestMiB, 'MiB')} (bound: ${MOST_RSS_MIB} MiB). From the start of the process to ready: ${shown(report.startToReadyMs, 'ms')}.
`;
  return format(text, { parser: 'markdown', printWidth: 100 });
}

function nodeRows({ scenarios }: BenchReport): string[] {
  return scenarios
    .filter(({ name }) => name.startsWith('nodes-'))
    .map(({ name, allReadySeconds = null, windows, rssMiB = null, routeListings = 0 }) => {
      const cells = [
        name,
        allReadySeconds === null ? '' : shown(allReadySeconds, 's'),
        windows ?? '',
        shown(rssMiB, 'MiB'),
        routeListings,
      ];
      return `| ${cells.join(' | ')} |`;
    });
}

function shown(value: number | null, unit: string): string {
  return value === null ? 'not measured' : `${value} ${unit}`;
}

/**
 * Measures the cloud calls, the memory and the start of the operator, on this machine.
 *
 * The result goes to standard output, what goes on meanwhile to standard error.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import Table from 'cli-table3';
import { Command, InvalidArgumentError } from 'commander';
import { formatElapsed } from '../control-plane/elapsed-progress.ts';
import { BenchCluster, type BenchClusterOptions } from './bench-cluster.ts';
import {
  benchPage,
  missedBounds,
  SCENARIO_NAMES,
  type BenchReport,
  type ScenarioName,
  type ScenarioResult,
} from './bench-report.ts';
import {
  scenariosOfHundred,
  scenariosOfOne,
  waitForRepair,
  type Scenario,
} from './bench-scenarios.ts';
import { tallyCalls } from './call-tally.ts';
import { NODE_PLANS } from './node-scenarios.ts';

interface Options {
  readonly json?: true;
  readonly markdown?: string;
  readonly check?: true;
  readonly only: readonly ScenarioName[];
  readonly quietSeconds: number;
  readonly driftSeconds?: number;
}

const SHIPPED_DRIFT_SECONDS = 300;
/** How long a scenario that only paves the way for another one must have been quiet. */
const UNMEASURED_QUIET_MS = 5_000;

const options = new Command('bench')
  .description('Counts the cloud calls of the operator, and measures its memory and its start')
  .option('--json', 'print the result as one JSON document')
  .option('--markdown <file>', 'also write the result as a page for people')
  .option('--check', 'exit with 1 when a bound is missed')
  .option('--only <names>', 'report only these scenarios, comma-separated', parseNames, [
    ...SCENARIO_NAMES,
  ])
  .option('--quiet-seconds <number>', 'how long no call must have come', parseSeconds, 30)
  .option(
    '--drift-seconds <number>',
    'restart the operator with this drift period for the repair after idle-pass, instead of waiting for the shipped one',
    parseSeconds,
  )
  .parse()
  .opts<Options>();

const startedMs = performance.now();
const directory = await mkdtemp(path.join(tmpdir(), 'alibaba-cloud-bench-'));
const clusters: BenchCluster[] = [];
let rssAtRestMiB: number | null = null;
let startToReadyMs: number | null = null;
const results = new Map<ScenarioName, ScenarioResult>();

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    void end(new Error('Interrupted'));
  });
}

try {
  await run();
} catch (error) {
  await end(error instanceof Error ? error : new Error(String(error)));
}
const report: BenchReport = {
  scenarios: SCENARIO_NAMES.flatMap((name) => results.get(name) ?? []),
  rssAtRestMiB,
  startToReadyMs,
};
process.stdout.write(options.json === true ? `${JSON.stringify(report)}\n` : table(report));
if (options.markdown !== undefined) {
  const day = new Date().toISOString().slice(0, 10);
  const measuredOn = `${day}, Node.js ${process.versions.node}, ${cpus().length} processors`;
  await writeFile(options.markdown, await benchPage(report, measuredOn));
}
const missed = missedBounds(report);
for (const line of missed) note(`Missed: ${line}`);
if (missed.length === 0) note('Every bound is kept');
await end(options.check === true && missed.length > 0 ? new Error('A bound is missed') : undefined);

async function run(): Promise<void> {
  const isWanted = ({ name }: Scenario) => options.only.includes(name);
  await runServices(isWanted);
  await runNodes(isWanted);
}

async function runServices(isWanted: (scenario: Scenario) => boolean): Promise<void> {
  if (options.only.every((name) => name.startsWith('nodes-'))) return;
  const one = await startCluster('one');
  const ready = await one.startOperator();
  const [create, idle, ...rest] = scenariosOfOne(one);
  if (create === undefined || idle === undefined) throw new Error('There are no scenarios');
  const isOneWanted = [create, idle, ...rest].some(isWanted);
  if (isOneWanted) {
    startToReadyMs = ready;
    note(`Ready after ${ready} ms`);
    await measure(one, create);
    await measure(one, idle);
    rssAtRestMiB = await one.operatorRssMiB();
    note(`At rest ${rssAtRestMiB} MiB`);
  }
  // Waiting for the sweep takes minutes, in which the hundred can be had. They share nothing.
  await Promise.all([
    (async () => {
      if (!isOneWanted) return;
      if (isWanted(idle)) await repair(one);
      for (const scenario of upToLast(rest, isWanted)) await measure(one, scenario);
    })(),
    (async () => {
      const isAnyWanted = SCENARIO_NAMES.some(
        (name) => name.endsWith('-100') && options.only.includes(name),
      );
      if (!isAnyWanted) return;
      const hundred = await startCluster('hundred');
      await hundred.startOperator();
      for (const scenario of upToLast(scenariosOfHundred(hundred), isWanted)) {
        await measure(hundred, scenario);
      }
    })(),
  ]);
}

/** Each in a cluster of its own, one after the other: a thousand nodes keep this machine busy. */
async function runNodes(isWanted: (scenario: Scenario) => boolean): Promise<void> {
  for (const plan of NODE_PLANS) {
    if (!plan.names.some((name) => options.only.includes(name))) continue;
    const cluster = await startCluster(plan.directory, plan.cluster());
    await plan.furnish?.(cluster);
    await cluster.startOperator(...plan.flags);
    const scenarios = plan.scenarios(cluster);
    for (const scenario of upToLast(scenarios, isWanted)) await measure(cluster, scenario);
    await cluster.stop();
  }
}

/** Scenarios build on each other, so those before a wanted one are run as well. */
function upToLast(
  scenarios: readonly Scenario[],
  isWanted: (one: Scenario) => boolean,
): Scenario[] {
  return scenarios.slice(0, scenarios.findLastIndex(isWanted) + 1);
}

async function startCluster(
  name: string,
  clusterOptions: BenchClusterOptions = {},
): Promise<BenchCluster> {
  const cluster = await BenchCluster.start(path.join(directory, name), clusterOptions);
  clusters.push(cluster);
  return cluster;
}

async function measure(cluster: BenchCluster, scenario: Scenario): Promise<void> {
  const { name, countsSweep = false } = scenario;
  const isReported = options.only.includes(name);
  const quietMs = isReported ? options.quietSeconds * 1_000 : UNMEASURED_QUIET_MS;
  await scenario.prepare?.();
  if (scenario.prepare !== undefined) {
    await cluster.callsUntilQuiet(await cluster.lastCall(), UNMEASURED_QUIET_MS);
  }
  const since = await cluster.lastCall();
  await scenario.change();
  const calls = await (scenario.callsAfter?.(since) ?? cluster.callsUntilQuiet(since, quietMs));
  const state = await cluster.cloud.state();
  if (!(await scenario.isDone(state))) {
    const seen = JSON.stringify([state.loadBalancers.slice(0, 2), state.routeEntries.slice(0, 2)]);
    throw new Error(`${name}: all is quiet, but the cloud is not as asked for: ${seen}`);
  }
  const tally = tallyCalls(calls, countsSweep);
  const measures = await scenario.measures?.(calls);
  if (isReported) results.set(name, { name, ...tally, ...measures });
  const failed = calls.filter(({ code }) => code !== null).length;
  note(
    `${name}: ${tally.writes} writes, ${tally.reads} reads, ${failed} calls refused` +
      (measures === undefined ? '' : `, ${JSON.stringify(measures)}`),
  );
  await scenario.restore?.();
  if (scenario.restore !== undefined) {
    await cluster.callsUntilQuiet(await cluster.lastCall(), UNMEASURED_QUIET_MS);
  }
}

/** Has the sweep prove that it looks. */
async function repair(cluster: BenchCluster): Promise<void> {
  const { driftSeconds } = options;
  if (driftSeconds !== undefined) {
    note(`Restarting the operator with --drift-period=${driftSeconds}s for the repair`);
    await cluster.stopOperator();
    await cluster.startOperator(`--drift-period=${driftSeconds}s`);
  }
  note('Waiting until a listener that was changed in the cloud is repaired');
  await waitForRepair(cluster, (driftSeconds ?? SHIPPED_DRIFT_SECONDS) * 1_000);
  note('The changed listener is repaired');
  if (driftSeconds !== undefined) {
    await cluster.stopOperator();
    await cluster.startOperator();
  }
  await cluster.callsUntilQuiet(await cluster.lastCall(), UNMEASURED_QUIET_MS);
}

async function end(error?: Error): Promise<never> {
  await Promise.all(clusters.map((cluster) => cluster.stop()));
  if (error === undefined) await rm(directory, { recursive: true, force: true });
  else process.stderr.write(`${error.message}\nLogs are kept in ${directory}\n`);
  process.exit(error === undefined ? 0 : 1);
}

function table({ scenarios, rssAtRestMiB, startToReadyMs }: BenchReport): string {
  const rows = new Table({
    head: ['Scenario', 'Writes', 'Reads', 'Total', 'Calls'],
    style: { head: [], border: [] },
  });
  for (const { name, writes, reads, total, operations } of scenarios) {
    const calls = Object.entries(operations).map(([operation, count]) => `${operation} ${count}`);
    rows.push([name, writes, reads, total, calls.join('\n')]);
  }
  return `${rows.toString()}\nrssAtRestMiB ${rssAtRestMiB ?? '-'}, startToReadyMs ${startToReadyMs ?? '-'}\n`;
}

function note(text: string): void {
  process.stderr.write(`[${formatElapsed(performance.now() - startedMs)}] ${text}\n`);
}

function parseNames(text: string): ScenarioName[] {
  return text.split(',').map((name) => {
    const known = SCENARIO_NAMES.find((candidate) => candidate === name);
    if (known === undefined) {
      throw new InvalidArgumentError(`must be of ${SCENARIO_NAMES.join(', ')}`);
    }
    return known;
  });
}

function parseSeconds(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError('must be a number of seconds');
  return Number(text);
}

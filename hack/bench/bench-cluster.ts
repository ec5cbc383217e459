import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { CallRecord } from '../../emulator/model/call-log.ts';
import { seedInstances, type CloudSeed } from '../../emulator/model/cloud-seed.ts';
import type { AcceleratedClock } from '../../test/support/accelerated-clock.ts';
import { ClusterClient } from '../../test/support/cluster-client.ts';
import type { Kubectl } from '../../test/support/kubectl.ts';
import { startControlPlane, type ControlPlane } from '../control-plane/control-plane.ts';
import { CloudProcess, type CloudStateView } from '../demo/cloud-process.ts';
import { LocalInstallation, type Replica } from '../demo/local-installation.ts';
import { nodesOfInstances, readyNode } from '../demo/local-nodes.ts';
import { asideOf } from './call-tally.ts';

const ACCELERATE = path.join(import.meta.dirname, '../../test/support/accelerate-process.ts');
const NEVER_QUIET_MS = 15 * 60_000;
const POLL_MS = 500;
/** Room for every scenario; an account that serves a hundred load balancers has been given it. */
const LOAD_BALANCER_QUOTA = 200;
const RSS_SAMPLES = 10;
const RSS_SAMPLE_MS = 1_000;

/** How a cluster differs from one of three nodes, without ranges of pods, in the machine's time. */
export interface BenchClusterOptions {
  readonly seed?: CloudSeed;
  readonly quotas?: Readonly<Record<string, number>>;
  /** Values of the chart's `operator`. */
  readonly values?: Readonly<Record<string, unknown>>;
  /** Whether the seeded instances are left without a Node. */
  readonly isWithoutNodes?: boolean;
  /** The time that cloud and operator keep. */
  readonly clock?: AcceleratedClock;
}

/** An API server, a local cloud and the operator of the installed chart, each in processes of its own. */
export class BenchCluster {
  readonly cloud: CloudProcess;
  readonly kubectl: Kubectl;
  /** Speaks to the API server where a program for each request would take too long. */
  readonly api: ClusterClient;
  readonly #controlPlane: ControlPlane;
  readonly #installation: LocalInstallation;
  readonly #ended = new AbortController();
  #operator: Replica | undefined;
  #starts = 0;
  #nodes = 0;

  private constructor(
    controlPlane: ControlPlane,
    cloud: CloudProcess,
    installation: LocalInstallation,
  ) {
    this.#controlPlane = controlPlane;
    this.cloud = cloud;
    this.#installation = installation;
    this.kubectl = installation.kubectl;
    this.api = new ClusterClient(controlPlane);
  }

  /** Starts everything but the operator, with three nodes unless said. */
  static async start(directory: string, options: BenchClusterOptions = {}): Promise<BenchCluster> {
    // No controller of Kubernetes takes part: node ports come from the API server, and endpoints
    // from the bench, so that nothing changes but what a scenario changes.
    const controlPlane = await startControlPlane({ directory });
    const environment = acceleration(options.clock);
    const cloud = await CloudProcess.start(controlPlane.processes, options.seed, environment);
    const quotas = { slb_quota_instances_num: LOAD_BALANCER_QUOTA, ...options.quotas };
    await cloud.request('PUT', '/_admin/settings', { quotas });
    const extraEnv = Object.entries(cloud.environment()).map(([name, value]) => ({ name, value }));
    const installation = await LocalInstallation.install({
      controlPlane,
      directory,
      values: { operator: { ...options.values, extraEnv } },
      environment,
    });
    const cluster = new BenchCluster(controlPlane, cloud, installation);
    if (options.isWithoutNodes === true) return cluster;
    const { instances } = await cloud.state();
    cluster.#nodes = instances.length;
    await cluster.applyAll(nodesOfInstances(instances).map(readyNode));
    return cluster;
  }

  /** Starts the operator and tells how long it took to be ready. */
  async startOperator(...furtherFlags: readonly string[]): Promise<number> {
    this.#starts += 1;
    const name = `operator-${this.#starts}`;
    const operator = await this.#installation.startReplica(name, ...furtherFlags);
    this.#operator = operator;
    void operator.exited.then(({ isExpected }) => {
      if (!isExpected) this.#ended.abort(new Error(`${name} has ended: see ${operator.logFile}`));
    });
    const startedMs = performance.now();
    await operator.waitUntilReady();
    return Math.round(performance.now() - startedMs);
  }

  /** Aborted when the operator has ended by itself. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  /** Ends the operator as a rolling update does. */
  async stopOperator(): Promise<void> {
    await this.#operator?.end('SIGTERM');
  }

  /** Creates or changes many objects in one go. */
  async applyAll(items: readonly object[]): Promise<void> {
    await this.kubectl.apply({ apiVersion: 'v1', kind: 'List', items }, '--server-side');
  }

  /** Adds one instance to the cloud, and the Node object of it to the cluster. */
  async addNode(): Promise<void> {
    const instances = seedInstances(this.#nodes + 1).slice(this.#nodes);
    this.#nodes += 1;
    await this.cloud.request('POST', '/_admin/seed', { instances });
    const ids = instances.map(({ instanceId }) => instanceId);
    const all: CloudStateView['instances'] = (await this.cloud.state()).instances;
    const added = all.filter(({ instanceId }) => ids.includes(instanceId));
    await this.applyAll(nodesOfInstances(added).map(readyNode));
  }

  /** Tells the number of the last call that reached the cloud. */
  async lastCall(): Promise<number> {
    return (await this.cloud.calls()).at(-1)?.seq ?? 0;
  }

  /**
   * Waits until no call but those beside the work has come for a while.
   *
   * Shape: every call after `since`, in order of arrival.
   */
  async callsUntilQuiet(since: number, quietMs: number): Promise<CallRecord[]> {
    const startedMs = performance.now();
    let busyMs = startedMs;
    const calls: CallRecord[] = [];
    while (performance.now() - busyMs < quietMs) {
      this.ended.throwIfAborted();
      if (performance.now() - startedMs > NEVER_QUIET_MS) {
        throw new Error(
          `The cloud is still being called after ${NEVER_QUIET_MS / 60_000} minutes: ${calls
            .slice(-10)
            .map(({ action, code }) => `${action} ${code ?? ''}`.trim())
            .join(', ')}`,
        );
      }
      await sleep(POLL_MS);
      const fresh = await this.cloud.calls(calls.at(-1)?.seq ?? since);
      if (fresh.some((call) => asideOf(call) === undefined)) busyMs = performance.now();
      calls.push(...fresh);
    }
    return calls;
  }

  /** Measures the operator's resident memory, in MiB: the median of some seconds. */
  async operatorRssMiB(): Promise<number> {
    const pid = this.#operator?.pid ?? 0;
    const samples: number[] = [];
    for (let sample = 0; sample < RSS_SAMPLES; sample += 1) {
      samples.push(await residentKiB(pid));
      await sleep(RSS_SAMPLE_MS);
    }
    const median = samples.toSorted((a, b) => a - b)[RSS_SAMPLES / 2] ?? 0;
    return Math.round(median / 102.4) / 10;
  }

  /** Ends everything that was started. */
  async stop(): Promise<void> {
    this.api.close();
    await this.#controlPlane.stop();
  }
}

/** What makes a process keep the time of a clock. */
function acceleration(clock: AcceleratedClock | undefined): Readonly<Record<string, string>> {
  if (clock === undefined) return {};
  return { ...clock.environment(), NODE_OPTIONS: `--import=${ACCELERATE}` };
}

async function residentKiB(pid: number): Promise<number> {
  if (process.platform === 'linux') {
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]);
  }
  const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', `${pid}`]);
  return Number(stdout.trim());
}

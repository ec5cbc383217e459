import { readFile } from 'node:fs/promises';
import { after } from 'node:test';
import type { AddOn } from '../../hack/control-plane/control-plane.ts';
import type { AuditEvent } from '../../hack/control-plane/audit-log.ts';
import type { Clock } from '../../src/cloud/clock.ts';
import { composeOperator, type ComposedOperator } from '../../src/operator/composition.ts';
import { readConfig } from '../../src/operator/config/config.ts';
import { loadKubeConfig } from '../../src/operator/kubeconfig-source.ts';
import { SystemClock, SystemRandomness } from '../../src/operator/system-clock.ts';
import { createProcessLogger } from '../../src/operator/telemetry/process-logger.ts';
import { SecretScrubber } from '../../src/operator/telemetry/secret-scrubber.ts';
import { AcceleratedClock } from './accelerated-clock.ts';
import { startTestControlPlane, type TestControlPlane } from './control-plane.ts';
import { startLocalCloud, type LocalCloud } from './local-cloud.ts';

/** An object as kubectl prints it, as far as tests read it. */
export interface KubeObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly generation?: number;
    readonly deletionTimestamp?: string;
    readonly finalizers?: readonly string[];
    readonly annotations?: Readonly<Record<string, string>>;
    readonly labels?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly Readonly<Record<string, unknown>>[];
    readonly managedFields?: readonly Readonly<Record<string, unknown>>[];
  };
  readonly spec: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>> & {
    readonly conditions?: readonly KubeCondition[];
    readonly loadBalancer?: { readonly ingress?: readonly KubeIngress[] };
  };
}

/** A condition as the API server stores it. */
export interface KubeCondition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly lastTransitionTime: string;
}

/** One entry of a Service's published addresses. */
export interface KubeIngress {
  readonly ip?: string;
  readonly hostname?: string;
  readonly ipMode?: string;
}

/** An event as the API server stores it. */
export interface KubeEvent {
  readonly type: string;
  readonly reason: string;
  readonly note: string;
  readonly eventTime: string;
  readonly reportingController: string;
  readonly regarding: { readonly kind: string; readonly name: string; readonly uid: string };
}

/** What a world is made with. */
export interface OperatorWorldOptions {
  readonly with?: readonly AddOn[];
  readonly instances?: number;
  readonly admissionPlugins?: readonly string[];
  /** How many times as fast as the machine's the time of operators and cloud goes; 1 unless given. */
  readonly factor?: number;
}

/** A real API server, a local cloud with a Node object for each instance, and operators. */
export interface OperatorWorld {
  readonly cluster: TestControlPlane;
  readonly cloud: LocalCloud;
  /** The time of operators and cloud. */
  readonly clock: Clock;
  /** Starts an operator in this process, as the program would be with these further flags. */
  startOperator(...flags: readonly string[]): Promise<RunningOperator>;
  /** Starts an operator as the user of another kubeconfig. */
  startOperatorAs(kubeconfig: string, ...flags: readonly string[]): Promise<RunningOperator>;
  /** Ends every operator that runs, and waits for that. */
  stopOperators(): Promise<void>;
  /** Finds an object; `undefined` when it is not there. */
  find(kind: string, namespace: string, name: string): Promise<KubeObject | undefined>;
  events(namespace: string): Promise<readonly KubeEvent[]>;
  /** Lists the writes that operators asked the API server for, leases and events left out. */
  operatorWrites(namespace?: string): Promise<readonly AuditEvent[]>;
}

/** An operator in this process. */
export interface RunningOperator {
  readonly operator: ComposedOperator;
  /** Ends it in order, and waits for that. */
  stop(): Promise<number>;
}

/**
 * Makes a world for the tests of one file; everything in it ends after the last test.
 *
 * Shape: nodes are ready and carry the provider ids of the cloud's instances.
 */
export async function startOperatorWorld(
  options: OperatorWorldOptions = {},
): Promise<OperatorWorld> {
  const running = new Set<RunningOperator>();
  const parts: { cloud?: LocalCloud } = {};
  // Before the control plane's own: hooks run in the order in which they are set.
  after(async () => {
    await Promise.all([...running].map((operator) => operator.stop()));
    await parts.cloud?.stop();
  });
  const cluster = await startTestControlPlane({
    ...(options.with === undefined ? {} : { with: options.with }),
    ...(options.admissionPlugins === undefined
      ? {}
      : { admissionPlugins: options.admissionPlugins }),
  });
  const { instances = 2, factor = 1 } = options;
  const accelerated = factor === 1 ? {} : { clock: new AcceleratedClock(factor) };
  const { clock = new SystemClock() }: { readonly clock?: Clock } = accelerated;
  const cloud = await startLocalCloud({ instances, ...accelerated });
  parts.cloud = cloud;
  await addNodes(cluster, cloud);
  const { kubectl } = cluster;

  const startAs = async (
    kubeconfig: string,
    ...flags: readonly string[]
  ): Promise<RunningOperator> => {
    const operator = await startOperator({ kubeconfig, cloud, clock, factor }, flags);
    running.add(operator);
    return {
      ...operator,
      stop: async () => {
        running.delete(operator);
        return operator.stop();
      },
    };
  };

  return {
    cluster,
    cloud,
    clock,
    startOperator: (...flags) => startAs(cluster.kubeconfig, ...flags),
    startOperatorAs: startAs,
    stopOperators: async () => {
      const operators = [...running];
      running.clear();
      await Promise.all(operators.map((operator) => operator.stop()));
    },
    find: async (kind, namespace, name) => {
      const text = await kubectl.run(
        ...['get', kind, name, '-n', namespace, '-o', 'json'],
        ...['--ignore-not-found', '--show-managed-fields'],
      );
      return text.trim() === '' ? undefined : (JSON.parse(text) as KubeObject);
    },
    events: async (namespace) => {
      const list = await kubectl.get<{ items: readonly KubeEvent[] }>(
        'events.events.k8s.io',
        '-n',
        namespace,
      );
      return list.items;
    },
    operatorWrites: async (namespace) => {
      const all = await cluster.auditEvents();
      return all.filter(
        ({ userAgent = '', verb, objectRef }) =>
          userAgent.startsWith('alibaba-cloud-operator/') &&
          ['create', 'update', 'patch', 'delete'].includes(verb) &&
          !['leases', 'events'].includes(objectRef?.resource ?? '') &&
          (namespace === undefined || objectRef?.namespace === namespace),
      );
    },
  };
}

/**
 * Asks again and again until an answer is good, and returns it.
 *
 * Errors: throws the last complaint when that takes too long.
 */
export async function eventually<T>(ask: () => Promise<T> | T, timeoutMs = 30_000): Promise<T> {
  const endMs = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (performance.now() > endMs) throw error;
    }
    await pause(100);
  }
}

/** Waits. */
export function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}

async function startOperator(
  world: {
    readonly kubeconfig: string;
    readonly cloud: LocalCloud;
    readonly clock: Clock;
    readonly factor: number;
  },
  flags: readonly string[],
): Promise<RunningOperator> {
  const { kubeconfig, cloud, clock, factor } = world;
  const reading = await readConfig({
    argv: [
      `--kubeconfig=${kubeconfig}`,
      '--health-probe-bind-addr=0',
      '--metrics-bind-addr=0',
      // Generous, so that a test waits for the operator and not for its manners.
      '--kube-api-qps=200',
      '--kube-api-burst=400',
      // Of the machine's time, however fast that of the operator goes; a busy machine keeps them.
      `--leader-elect-lease-duration=${15_000 * factor}ms`,
      `--leader-elect-renew-deadline=${12_000 * factor}ms`,
      `--leader-elect-retry-period=${500 * factor}ms`,
      // Of Services, unless a test is about others; the last one given counts.
      '--controllers=service-lb-controller',
      `--log-level=${process.env.TEST_LOG_LEVEL ?? 'error'}`,
      ...flags,
    ],
    env: cloud.env,
    version: 'test',
    readFile: (path) => readFile(path, 'utf8'),
  });
  if (reading.kind !== 'config') throw new Error(JSON.stringify(reading));
  const { config } = reading;
  const scrubber = new SecretScrubber();
  const operator = composeOperator({
    config,
    clock,
    randomness: new SystemRandomness(),
    kubeConfig: loadKubeConfig(kubeconfig, {}),
    logger: createProcessLogger({ ...config.logging, clock, scrubber }),
    scrubber,
    hostName: 'test',
  });
  await operator.start();
  return {
    operator,
    stop: () => {
      operator.stop();
      return operator.done;
    },
  };
}

async function addNodes({ kubectl }: TestControlPlane, cloud: LocalCloud): Promise<void> {
  await kubectl.apply({
    apiVersion: 'v1',
    kind: 'List',
    items: cloud.nodes.map(({ hostName, providerId, zone, region }) => ({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: {
        name: hostName,
        labels: { 'topology.kubernetes.io/zone': zone, 'topology.kubernetes.io/region': region },
      },
      spec: { providerID: providerId },
    })),
  });
}

import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { KubeConfig } from '@kubernetes/client-node';
import { stringify } from 'yaml';
import { emulatorEnvironment } from '../../emulator/emulator-environment.ts';
import type { SettingsChange } from '../../emulator/model/emulator-settings.ts';
import { ensureHelm } from '../../hack/control-plane/installed-helm.ts';
import { composeOperator, type ComposedOperator } from '../../src/operator/composition.ts';
import { readConfig } from '../../src/operator/config/config.ts';
import { SystemRandomness } from '../../src/operator/system-clock.ts';
import { createProcessLogger } from '../../src/operator/telemetry/process-logger.ts';
import { SecretScrubber } from '../../src/operator/telemetry/secret-scrubber.ts';
import type { Condition, ServiceIngress } from '../../src/reconcilers/kubernetes-objects.ts';
import type {
  AlibabaLoadBalancerSpec,
  AlibabaLoadBalancerStatus,
} from '../../src/reconcilers/load-balancer/load-balancer-resource.generated.ts';
import { AcceleratedClock, MortalClock } from './accelerated-clock.ts';
import { ClusterClient } from './cluster-client.ts';
import {
  startTestControlPlane,
  type TestControlPlane,
  type TestControlPlaneOptions,
} from './control-plane.ts';
import { CuttingProxy, type CuttingProxyOptions } from './cutting-proxy.ts';
import { startLocalCloud, type CloudNode, type LocalCloud } from './local-cloud.ts';

/** The metadata of an object as the API server shows it. */
export interface ObjectMetaView {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation?: number;
  readonly deletionTimestamp?: string;
  readonly finalizers?: readonly string[];
  readonly annotations?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
}

/** A Service as the API server shows it, as far as tests read it. */
export interface ServiceView {
  readonly metadata: ObjectMetaView;
  readonly spec: {
    readonly type: string;
    readonly clusterIP: string;
    readonly healthCheckNodePort?: number;
    readonly ports: readonly {
      readonly name?: string;
      readonly protocol: string;
      readonly port: number;
      readonly nodePort?: number;
    }[];
  };
  readonly status: {
    readonly loadBalancer: { readonly ingress?: readonly ServiceIngress[] };
    readonly conditions?: readonly Condition[];
  };
}

/** An AlibabaLoadBalancer as the API server shows it. */
export interface LoadBalancerView {
  readonly metadata: ObjectMetaView;
  readonly spec: AlibabaLoadBalancerSpec;
  readonly status?: AlibabaLoadBalancerStatus;
}

/** An event as the API server shows it. */
export interface EventView {
  /** Present when the same was said again. */
  readonly series?: { readonly count: number };
  readonly type: string;
  readonly reason: string;
  readonly note: string;
  readonly regarding: { readonly kind: string; readonly name: string; readonly uid: string };
}

/** What a Service is created with. */
export interface ServiceWish {
  readonly annotations?: Readonly<Record<string, string>>;
  /** TCP ports 80 and 443 unless given. */
  readonly ports?: readonly {
    readonly port: number;
    readonly protocol?: 'TCP' | 'UDP';
    readonly nodePort?: number;
  }[];
  /** Further members of its spec. */
  readonly spec?: Readonly<Record<string, unknown>>;
}

/** What a harness is made with. */
export interface OperatorHarnessOptions {
  /**
   * How many times as fast as the machine's the time of operators and cloud goes; 30 unless given.
   * At 1 it is the machine's own.
   */
  readonly factor?: number;
  readonly instances?: number;
  readonly cloud?: SettingsChange;
  readonly controlPlane?: TestControlPlaneOptions;
}

/** What one operator is started with. */
export interface OperatorOptions extends Pick<CuttingProxyOptions, 'decide' | 'onCut'> {
  /** Flags beside those that the harness gives. */
  readonly flags?: readonly string[];
  /** Variables that take the place of the harness's. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** An operator behind its own proxy. */
export interface HarnessedOperator {
  readonly proxy: CuttingProxy;
  /** Whether it follows when time is skipped. */
  readonly isSkippable: boolean;
  /** What it has logged. */
  log(): string;
  /** Lets it die in this very turn, as the world sees it: nothing of it gets through any more. */
  kill(): void;
}

/** One that runs in this process. */
export interface ComposedHarnessedOperator extends HarnessedOperator {
  readonly operator: ComposedOperator;
  /** Ends it in order. */
  stop(): Promise<number>;
}

/** One that runs as a process of its own. */
export interface ProcessHarnessedOperator extends HarnessedOperator {
  readonly process: ChildProcess;
  /** The exit code, or the signal that ended it. */
  readonly exited: Promise<number | NodeJS.Signals>;
}

const ROOT = path.join(import.meta.dirname, '../..');
const CHART = path.join(ROOT, 'helm/alibaba-cloud-operator');
const RIGHTS = ['service-account', 'cluster-role', 'lease-role'];
const SERVICE_ACCOUNT = 'alibaba-cloud-operator';
const DEFAULT_FACTOR = 30;
const POLL_MS = 20;
const IDLE_CHECK_MS = 10;
/** For so long on the machine's clock nothing is asked for before time is skipped. */
const IDLE_MS = 30;
const PASSING_STEP_MS = 30_000;
const PASSING_REST_MS = 12;
const SHORTEST_SKIP_MS = 1_000;
/** What is due later is no wait, but the end of a watch, or the next look at what is settled. */
const LONGEST_SKIP_MS = 90_000;
/** Of an operator of Services: those, nodes, endpoint slices and load balancers. */
const WATCHED_KINDS = 4;
/** How long on the machine's clock nothing that takes a moment may still be under way. */
const LEAST_QUIET_MS = 150;

/** The user name under which operators of a harness are known to the API server. */
export const OPERATOR_USER = `system:serviceaccount:kube-system:${SERVICE_ACCOUNT}`;

/**
 * A real API server, a local cloud with a Node for each instance, and operators that can die.
 *
 * Shape: operators and the cloud keep an accelerated time, and waits for up to a minute and a half
 *   are cut short while nobody does anything; each operator has a proxy of its own and the rights
 *   of the chart, and shares nothing with another one. No lease is asked for unless the flags say
 *   so.
 */
export class OperatorHarness {
  readonly plane: TestControlPlane;
  readonly cloud: LocalCloud;
  readonly clock: AcceleratedClock;
  readonly admin: ClusterClient;
  readonly #token: string;
  readonly #directory: string;
  readonly #living = new Set<HarnessedOperator>();
  #processes = 0;
  #namespaces = 0;

  private constructor(parts: {
    readonly plane: TestControlPlane;
    readonly cloud: LocalCloud;
    readonly clock: AcceleratedClock;
    readonly token: string;
    readonly directory: string;
  }) {
    this.plane = parts.plane;
    this.cloud = parts.cloud;
    this.clock = parts.clock;
    this.#token = parts.token;
    this.#directory = parts.directory;
    this.admin = new ClusterClient(parts.plane.controlPlane);
  }

  /** Starts one for the tests of a file, at its top level; everything ends after the last test. */
  static async start(options: OperatorHarnessOptions = {}): Promise<OperatorHarness> {
    const clock = new AcceleratedClock(options.factor ?? DEFAULT_FACTOR);
    const plane = await startTestControlPlane(options.controlPlane ?? {});
    const cloud = await startLocalCloud({
      instances: options.instances ?? 2,
      clock,
      ...(options.cloud === undefined ? {} : { settings: options.cloud }),
    });
    const token = await installRights(plane);
    const directory = await mkdtemp(path.join(tmpdir(), 'operators-'));
    const harness = new OperatorHarness({ plane, cloud, clock, token, directory });
    const skipping = setInterval(() => {
      harness.#skipIdleTime();
    }, IDLE_CHECK_MS);
    after(async () => {
      clearInterval(skipping);
      for (const operator of harness.#living) operator.kill();
      harness.admin.close();
      await cloud.stop();
      await rm(directory, { recursive: true, force: true });
    });
    await harness.addNodes(cloud.nodes);
    return harness;
  }

  /** Starts an operator in this process, with nothing of any earlier one. */
  async startOperator(options: OperatorOptions = {}): Promise<ComposedHarnessedOperator> {
    const proxy = await this.#startProxy(options);
    const reading = await readConfig({
      argv: this.#flags(options),
      env: { ...this.#environment(proxy), ...options.environment },
      version: 'test',
      readFile: (file) => readFile(file, 'utf8'),
    });
    if (reading.kind !== 'config') throw new Error(JSON.stringify(reading));
    const lines: string[] = [];
    const clock = new MortalClock(this.clock);
    const scrubber = new SecretScrubber();
    const operator = composeOperator({
      config: reading.config,
      clock,
      randomness: new SystemRandomness(),
      kubeConfig: kubeConfigOf(proxy.apiUrl),
      logger: createProcessLogger({
        ...reading.config.logging,
        clock,
        scrubber,
        destination: {
          write: (line) => {
            lines.push(line);
          },
        },
      }),
      scrubber,
      hostName: 'test',
    });
    await operator.start();
    const harnessed: ComposedHarnessedOperator = {
      operator,
      proxy,
      isSkippable: true,
      log: () => lines.join(''),
      kill: () => {
        proxy.isolate();
        clock.die();
        this.#living.delete(harnessed);
      },
      stop: async () => {
        operator.stop();
        const code = await operator.done;
        harnessed.kill();
        return code;
      },
    };
    this.#living.add(harnessed);
    return harnessed;
  }

  /** Starts `dist/operator.js` as a process that keeps the accelerated time. */
  async startProcess(options: OperatorOptions = {}): Promise<ProcessHarnessedOperator> {
    const proxy = await this.#startProxy(options);
    this.#processes += 1;
    const kubeconfig = path.join(this.#directory, `process-${this.#processes}.kubeconfig.yaml`);
    await writeFile(kubeconfig, stringify(JSON.parse(kubeConfigOf(proxy.apiUrl).exportConfig())));
    const child = spawn(
      process.execPath,
      [
        // As it is shipped, where it keeps the machine's time.
        ...(this.clock.factor === 1
          ? []
          : ['--import', path.join(import.meta.dirname, 'accelerate-process.ts')]),
        path.join(ROOT, 'dist/operator.js'),
        `--kubeconfig=${kubeconfig}`,
        ...this.#flags(options),
      ],
      {
        env: {
          PATH: process.env.PATH,
          ...this.clock.environment(),
          ...this.#environment(proxy),
          ...options.environment,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    const chunks: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => chunks.push(chunk));
    }
    const exited = new Promise<number | NodeJS.Signals>((resolve) => {
      child.once('exit', (code, signal) => {
        resolve(code ?? signal ?? -1);
      });
    });
    const harnessed: ProcessHarnessedOperator = {
      process: child,
      proxy,
      isSkippable: false,
      exited,
      log: () => chunks.join(''),
      kill: () => {
        child.kill('SIGKILL');
        proxy.isolate();
        this.#living.delete(harnessed);
      },
    };
    this.#living.add(harnessed);
    return harnessed;
  }

  /** Adds a Node object for each instance, as its kubelet and a cloud node controller leave it. */
  async addNodes(nodes: readonly CloudNode[]): Promise<void> {
    for (const { hostName, providerId, zone, region } of nodes) {
      await this.admin.create('/api/v1/nodes', {
        apiVersion: 'v1',
        kind: 'Node',
        metadata: {
          name: hostName,
          labels: {
            'topology.kubernetes.io/zone': zone,
            'topology.kubernetes.io/region': region,
          },
        },
        spec: { providerID: providerId },
      });
    }
  }

  /** Creates a namespace of its own for a test, and returns its name. */
  async createNamespace(): Promise<string> {
    this.#namespaces += 1;
    const name = `stage-${this.#namespaces}`;
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
    await this.admin.create('/api/v1/namespaces', namespace);
    return name;
  }

  /** Takes Services and AlibabaLoadBalancers out of a namespace, whatever holds them. */
  async clear(namespace: string): Promise<void> {
    for (const path of [servicePath, loadBalancerPath]) {
      for (const object of await this.admin.list(path(namespace, '').replace(/\/$/, ''))) {
        const { name } = (object as { readonly metadata: ObjectMetaView }).metadata;
        await this.admin.patch(path(namespace, name), { metadata: { finalizers: null } });
        await this.admin.delete(path(namespace, name));
      }
    }
  }

  /** The id under which the operators know the cluster. */
  async clusterId(): Promise<string> {
    const namespace = (await this.admin.find('/api/v1/namespaces/kube-system')) as {
      readonly metadata: ObjectMetaView;
    };
    return namespace.metadata.uid;
  }

  /** Creates a Service of type LoadBalancer. */
  async createService(
    namespace: string,
    name = 'web',
    wish: ServiceWish = {},
  ): Promise<ServiceView> {
    const ports = wish.ports ?? [{ port: 80 }, { port: 443 }];
    const created = await this.admin.create(`/api/v1/namespaces/${namespace}/services`, {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, annotations: wish.annotations ?? {} },
      spec: {
        type: 'LoadBalancer',
        selector: { app: name },
        ports: ports.map(({ port, protocol = 'TCP', nodePort }) => ({
          name: `${protocol.toLowerCase()}-${port}`,
          port,
          protocol,
          ...(nodePort === undefined ? {} : { nodePort }),
        })),
        ...wish.spec,
      },
    });
    return created as ServiceView;
  }

  async findService(namespace: string, name = 'web'): Promise<ServiceView | undefined> {
    return (await this.admin.find(servicePath(namespace, name))) as ServiceView | undefined;
  }

  async findLoadBalancer(namespace: string, name = 'web'): Promise<LoadBalancerView | undefined> {
    return (await this.admin.find(loadBalancerPath(namespace, name))) as
      LoadBalancerView | undefined;
  }

  async listEvents(namespace: string): Promise<readonly EventView[]> {
    const path = `/apis/events.k8s.io/v1/namespaces/${namespace}/events`;
    return (await this.admin.list(path)) as readonly EventView[];
  }

  /** Waits until a Service has its address and its AlibabaLoadBalancer is ready for its spec. */
  async waitUntilReady(namespace: string, name = 'web'): Promise<LoadBalancerView> {
    return this.waitFor(`${namespace}/${name} is ready`, async () => {
      const [service, resource] = await Promise.all([
        this.findService(namespace, name),
        this.findLoadBalancer(namespace, name),
      ]);
      const isReady =
        resource !== undefined &&
        isConditionCurrent(resource, 'Ready') &&
        (service?.status.loadBalancer.ingress ?? []).length > 0;
      return isReady ? resource : undefined;
    });
  }

  /** Waits until neither a Service nor its AlibabaLoadBalancer is left. */
  async waitUntilGone(namespace: string, name = 'web'): Promise<void> {
    await this.waitFor(`${namespace}/${name} is gone`, async () => {
      const found = await Promise.all([
        this.findService(namespace, name),
        this.findLoadBalancer(namespace, name),
      ]);
      return found.every((object) => object === undefined) ? true : undefined;
    });
  }

  /** Waits until an operator follows every kind of object that it works on. */
  async waitUntilWatching(operator: HarnessedOperator, kinds = WATCHED_KINDS): Promise<void> {
    await this.waitFor('the operator watches', () => {
      const watches = operator.proxy.requests.filter(({ purpose }) => purpose.startsWith('WATCH '));
      return watches.length >= kinds ? true : undefined;
    });
  }

  /** Waits until an operator has changed nothing for a while of the accelerated time. */
  async waitUntilQuiet(operator: HarnessedOperator, quietMs = 10_000): Promise<void> {
    await this.waitFor('the operator is quiet', () =>
      this.isQuiet(operator, quietMs) ? true : undefined,
    );
  }

  /** Tells whether an operator has changed nothing for a while of the accelerated time. */
  isQuiet(operator: HarnessedOperator, quietMs = 10_000): boolean {
    const { machineMs, clockMs } = operator.proxy.quietMs;
    return machineMs >= LEAST_QUIET_MS && clockMs >= quietMs;
  }

  /** Lets time pass faster than it goes, in steps that leave operators the time to act. */
  async passTime(passingMs: number): Promise<void> {
    const endMs = this.clock.monotonicMs() + passingMs;
    for (;;) {
      const leftMs = endMs - this.clock.monotonicMs();
      if (leftMs <= 0) return;
      // A request that is on its way must not seem to have been on it for long.
      await this.waitFor('operators are at rest', () =>
        this.#isAtRest(PASSING_REST_MS) ? true : undefined,
      );
      this.clock.skip(Math.min(leftMs, PASSING_STEP_MS));
      // What has become due happens first.
      await sleep(PASSING_REST_MS);
    }
  }

  /**
   * Asks again and again until there is an answer.
   *
   * Units: `timeoutMs` of the machine's time.
   */
  async waitFor<T>(
    what: string,
    ask: () => Promise<T | undefined> | T | undefined,
    timeoutMs = 30_000,
  ): Promise<T> {
    const endMs = performance.now() + timeoutMs;
    for (;;) {
      const answer = await ask();
      if (answer !== undefined) return answer;
      if (performance.now() > endMs) throw new Error(`Waited in vain until ${what}`);
      await sleep(POLL_MS);
    }
  }

  /** Where every operator waits for a time that is near, that time comes at once. */
  #skipIdleTime(): void {
    if (this.clock.factor === 1) return;
    // What a dead operator left under way is for the next one to meet.
    if (this.#living.size === 0) return;
    const nextMs = this.clock.nextDueInMs();
    if (nextMs < SHORTEST_SKIP_MS || nextMs > LONGEST_SKIP_MS) return;
    // A process keeps a time of its own, which goes on evenly.
    const isEveryoneHere = [...this.#living].every(({ isSkippable }) => isSkippable);
    if (!isEveryoneHere || !this.#isAtRest(IDLE_MS)) return;
    this.clock.skip(nextMs);
  }

  /** Tells whether, for so long on the machine's clock, no operator has done or begun anything. */
  #isAtRest(restMs: number): boolean {
    return (
      this.clock.unusedMs >= restMs &&
      [...this.#living].every(({ proxy }) => proxy.restMs.machineMs >= restMs)
    );
  }

  #startProxy(options: OperatorOptions): Promise<CuttingProxy> {
    const { url, certificateAuthority } = this.plane.controlPlane;
    const { decide, onCut } = options;
    return CuttingProxy.start({
      clock: this.clock,
      apiServer: { url, certificateAuthority, token: this.#token },
      cloudUrl: this.cloud.url,
      ...(decide === undefined ? {} : { decide }),
      ...(onCut === undefined ? {} : { onCut }),
    });
  }

  #environment(proxy: CuttingProxy): Record<string, string> {
    return emulatorEnvironment(proxy.cloudUrl, this.cloud.accessKey);
  }

  #flags({ flags = [] }: OperatorOptions): string[] {
    return [
      '--leader-elect=false',
      '--leader-elect-default-lease=',
      '--health-probe-bind-addr=0',
      '--metrics-bind-addr=0',
      // So that no metadata is asked for in the middle of what a test counts.
      `--region=${this.cloud.regionId}`,
      `--vpc-id=${this.cloud.vpcId}`,
      '--log-level=debug',
      // Of Services, unless a test is about others; the last one given counts.
      '--controllers=service-lb-controller',
      ...flags,
    ];
  }
}

/** The path of a Service. */
export function servicePath(namespace: string, name = 'web'): string {
  return `/api/v1/namespaces/${namespace}/services/${name}`;
}

/** The path of an AlibabaLoadBalancer. */
export function loadBalancerPath(namespace: string, name = 'web'): string {
  return `/apis/networking.alibabacloud.com/v1alpha1/namespaces/${namespace}/alibabaloadbalancers/${name}`;
}

/** Finds a condition that is true and speaks of the present spec. */
export function isConditionCurrent(resource: LoadBalancerView, type: string): boolean {
  const condition = conditionOf(resource, type);
  return (
    condition?.status === 'True' && condition.observedGeneration === resource.metadata.generation
  );
}

/** Finds a condition of an AlibabaLoadBalancer. */
export function conditionOf(
  resource: LoadBalancerView | undefined,
  type: string,
): Condition | undefined {
  return (resource?.status?.conditions as readonly Condition[] | undefined)?.find(
    (condition) => condition.type === type,
  );
}

/** Gives the operator's service account the rights of the chart, and returns a token of it. */
async function installRights({ kubectl, kubeconfig }: TestControlPlane): Promise<string> {
  const { stdout } = await promisify(execFile)(
    await ensureHelm(),
    [
      ...['template', SERVICE_ACCOUNT, CHART, '--namespace', 'kube-system'],
      // Of every controller, whichever of them a test runs.
      ...['--set', 'operator.controllers=*\\,node-ipam-controller'],
      ...['--set', 'operator.clusterCidr=10.0.0.0/8'],
      ...RIGHTS.flatMap((file) => ['--show-only', `templates/${file}.yaml`]),
    ],
    { env: { ...process.env, KUBECONFIG: kubeconfig } },
  );
  await kubectl.apply(stdout, '--namespace', 'kube-system');
  const token = await kubectl.run(
    ...['create', 'token', SERVICE_ACCOUNT, '--namespace', 'kube-system', '--duration=4h'],
  );
  return token.trim();
}

function kubeConfigOf(url: string): KubeConfig {
  const config = new KubeConfig();
  const name = 'proxy';
  config.loadFromOptions({
    // The client takes a server without TLS only so.
    clusters: [{ name, server: url, skipTLSVerify: true }],
    // The proxy adds the token.
    users: [{ name }],
    contexts: [{ name, cluster: name, user: name }],
    currentContext: name,
  });
  return config;
}

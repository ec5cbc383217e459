import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import { Kubectl } from '../../test/support/kubectl.ts';
import type { ControlPlane } from '../control-plane/control-plane.ts';
import { freePorts, probe, waitUntil } from '../control-plane/endpoint-probe.ts';
import { ensureHelm } from '../control-plane/installed-helm.ts';
import { writeKubeconfig } from '../control-plane/kubeconfig-file.ts';
import type { ProcessGroup, ProgramExited } from '../control-plane/process-group.ts';
import {
  localArguments,
  localEnvironment,
  type DeploymentObject,
  type Volume,
} from './pod-blueprint.ts';

const ROOT = path.join(import.meta.dirname, '../..');
const CHART = path.join(ROOT, 'helm/alibaba-cloud-operator');
const OPERATOR = path.join(ROOT, 'dist/operator.js');
const RELEASE = 'alibaba-cloud-operator';

/** One replica of the operator that runs as a process. */
export interface Replica {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  readonly healthUrl: string;
  readonly metricsUrl: string;
  /** Settles when it has ended, by itself or not. */
  readonly exited: Promise<ProgramExited>;
  /** Waits until its readiness probe succeeds, which every replica's does, leader or not. */
  waitUntilReady(timeoutMs?: number): Promise<void>;
  /** Ends it, and waits for its end. */
  end(signal?: NodeJS.Signals): Promise<void>;
}

/** Where and with what the chart is installed. */
export interface LocalInstallationOptions {
  readonly controlPlane: ControlPlane;
  /** A folder for the files that a pod would be given. */
  readonly directory: string;
  readonly namespace?: string;
  /** Values of the chart beside the number of replicas, which is 0: no kubelet runs pods here. */
  readonly values?: Readonly<Record<string, unknown>>;
  /** Variables that replicas get in place of those of the chart; NODE_OPTIONS beside the chart's. */
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * The chart, installed with helm, and its operator, run by processes on this machine.
 *
 * A replica gets the arguments, the environment, the files and the service account of the chart's
 * Deployment. What differs: it is told where the API server is, and listens on loopback ports of its
 * own.
 */
export class LocalInstallation {
  readonly namespace: string;
  readonly kubectl: Kubectl;
  readonly #controlPlane: ControlPlane;
  readonly #processes: ProcessGroup;
  readonly #directory: string;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #helm: string;

  private constructor(options: LocalInstallationOptions, helm: string) {
    this.namespace = options.namespace ?? 'kube-system';
    this.#controlPlane = options.controlPlane;
    this.#processes = options.controlPlane.processes;
    this.#directory = options.directory;
    this.#environment = options.environment ?? {};
    this.#helm = helm;
    this.kubectl = new Kubectl(options.controlPlane.kubectl, options.controlPlane.kubeconfig);
  }

  /** Installs the chart; its kinds are served when this returns. */
  static async install(options: LocalInstallationOptions): Promise<LocalInstallation> {
    if (!existsSync(OPERATOR)) throw new Error('Cannot find dist/operator.js: run `npm run build`');
    const installation = new LocalInstallation(options, await ensureHelm());
    await mkdir(options.directory, { recursive: true });
    await installation.upgrade(options.values ?? {});
    await installation.kubectl.run(
      ...['wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s'],
    );
    return installation;
  }

  /** Installs the chart again with other values; replicas started from now on use them. */
  async upgrade(values: Readonly<Record<string, unknown>>): Promise<void> {
    const file = path.join(this.#directory, 'values.yaml');
    await writeFile(file, stringify({ ...values, replicas: 0 }), { mode: 0o600 });
    await this.runHelm(
      ...['upgrade', '--install', RELEASE, CHART, '--create-namespace', '--values', file],
    );
    await this.#mountVolumes((await this.deployment()).spec.template.spec.volumes ?? []);
  }

  /** Runs helm as an administrator, in the namespace of the installation. */
  async runHelm(...parameters: readonly string[]): Promise<string> {
    const { stdout } = await promisify(execFile)(
      this.#helm,
      [...parameters, '--namespace', this.namespace],
      { env: { ...process.env, KUBECONFIG: this.#controlPlane.kubeconfig } },
    );
    return stdout;
  }

  /** Reads the Deployment as it is in the cluster. */
  deployment(): Promise<DeploymentObject> {
    return this.kubectl.get<DeploymentObject>('deployment', RELEASE, '-n', this.namespace);
  }

  /** Starts one replica; further flags come after those of the chart. */
  async startReplica(name: string, ...furtherFlags: readonly string[]): Promise<Replica> {
    const { metadata, spec } = await this.deployment();
    const [container] = spec.template.spec.containers;
    if (container === undefined) throw new Error('The Deployment has no container');
    const local = { podName: name, namespace: metadata.namespace, volumes: this.#volumes };
    const kubeconfig = await this.serviceAccountKubeconfig(name);
    const [health = 0, metrics = 0] = await freePorts(2);
    const exited = Promise.withResolvers<ProgramExited>();
    const pid = await this.#processes.run(
      name,
      process.execPath,
      [
        OPERATOR,
        ...localArguments(container, local),
        `--kubeconfig=${kubeconfig}`,
        `--health-probe-bind-addr=127.0.0.1:${health}`,
        `--metrics-bind-addr=127.0.0.1:${metrics}`,
        ...furtherFlags,
      ],
      {
        // Nothing of the caller's environment, as in a pod.
        environment: {
          PATH: process.env.PATH,
          ...this.#variables(localEnvironment(container, local)),
        },
        onExit: exited.resolve,
      },
    );
    const logFile = this.#processes.logFile(name);
    const healthUrl = `http://127.0.0.1:${health}`;
    return {
      name,
      pid,
      logFile,
      healthUrl,
      exited: exited.promise,
      metricsUrl: `http://127.0.0.1:${metrics}/metrics`,
      waitUntilReady: async (timeoutMs = 60_000) => {
        const ended = new AbortController();
        void exited.promise.then(({ code, signal }) => {
          const how = signal ?? `code ${code ?? 'unknown'}`;
          ended.abort(new Error(`${name} has ended with ${how}: see ${logFile}`));
        });
        const isReady = async () => (await probe(`${healthUrl}/readyz`))?.status === 200;
        await waitUntil(`${name} is ready`, timeoutMs, isReady, ended.signal);
      },
      end: (signal) => this.#processes.end(name, signal, 60_000),
    };
  }

  /** Writes a kubeconfig with a fresh token of the operator's service account. */
  async serviceAccountKubeconfig(name: string): Promise<string> {
    const { serviceAccountName } = (await this.deployment()).spec.template.spec;
    const token = await this.kubectl.run(
      ...['create', 'token', serviceAccountName, '-n', this.namespace, '--duration=24h'],
    );
    const file = path.join(this.#directory, `${name}.kubeconfig.yaml`);
    const { url, certificateAuthority } = this.#controlPlane;
    await writeKubeconfig(file, { url, certificateAuthority, token: token.trim() });
    return file;
  }

  /** Gives running replicas the present content of their ConfigMaps and Secrets, as a kubelet does. */
  async refreshVolumes(): Promise<void> {
    await this.#mountVolumes((await this.deployment()).spec.template.spec.volumes ?? []);
  }

  #variables(ofChart: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
    const options = [ofChart.NODE_OPTIONS, this.#environment.NODE_OPTIONS].filter(Boolean);
    return { ...ofChart, ...this.#environment, NODE_OPTIONS: options.join(' ') };
  }

  get #volumes(): string {
    return path.join(this.#directory, 'volumes');
  }

  async #mountVolumes(volumes: readonly Volume[]): Promise<void> {
    await Promise.all(
      volumes.map(async (volume) => {
        const folder = path.join(this.#volumes, volume.name);
        const files = await this.#filesOf(volume);
        await mkdir(folder, { recursive: true });
        for (const [name, content] of Object.entries(files)) {
          // A reader sees the old content or the new one, never a part.
          const draft = path.join(this.#directory, `${volume.name}-${name}.new`);
          await writeFile(draft, content, { mode: 0o600 });
          await rename(draft, path.join(folder, name));
        }
      }),
    );
  }

  async #filesOf(volume: Volume): Promise<Record<string, string | Buffer>> {
    const inNamespace = ['-n', this.namespace];
    if (volume.configMap !== undefined) {
      const { data = {} } = await this.kubectl.get<{ data?: Record<string, string> }>(
        ...['configmap', volume.configMap.name, ...inNamespace],
      );
      return data;
    }
    if (volume.secret !== undefined) {
      const { data = {} } = await this.kubectl.get<{ data?: Record<string, string> }>(
        ...['secret', volume.secret.secretName, ...inNamespace],
      );
      const decoded = Object.entries(data).map(([name, text]) => [
        name,
        Buffer.from(text, 'base64'),
      ]);
      return Object.fromEntries(decoded) as Record<string, Buffer>;
    }
    throw new Error(`Cannot mount volume "${volume.name}" outside of a pod`);
  }
}

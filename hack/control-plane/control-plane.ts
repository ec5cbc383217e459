import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { writeAuditPolicy } from './audit-log.ts';
import { freePorts, probe, waitUntil } from './endpoint-probe.ts';
import { writeKubeconfig } from './kubeconfig-file.ts';
import { ProcessGroup, type ProgramExited } from './process-group.ts';
import { ensurePrograms } from './program-locator.ts';
import { selectVersions, type Program } from './program-versions.ts';

/** A part of the control plane that only some need. */
export type AddOn = 'kcm' | 'scheduler' | 'kwok';

/** The add-ons by name, with the program that each is. */
export const ADD_ONS = {
  kcm: 'kube-controller-manager',
  scheduler: 'kube-scheduler',
  kwok: 'kwok',
} as const satisfies Record<AddOn, Program>;

/** What a control plane is to consist of. */
export interface ControlPlaneOptions {
  /** Where its data, keys and logs go; made when it is not there. */
  readonly directory: string;
  /** What runs beside etcd and kube-apiserver; nothing unless said. */
  readonly with?: readonly AddOn[];
  /** Whether every request on an object is written to an audit log; not unless said. */
  readonly audit?: boolean;
  /** Admission plugins to enable beside the default ones. */
  readonly admissionPlugins?: readonly string[];
  /** The range from which `kcm` gives each Node the range of its pods; unless said it gives none. */
  readonly podCidr?: string;
  /**
   * Told when a program ends that nobody told to end, with the end of its log.
   * Unless given, the error is thrown where no one catches it, which fails a test.
   */
  readonly onCrash?: (error: Error) => void;
}

/** A control plane that runs. */
export interface ControlPlane {
  readonly directory: string;
  /** As the API server tells it, without a leading "v". */
  readonly kubernetesVersion: string;
  readonly url: string;
  /** The file that makes its reader an administrator. */
  readonly kubeconfig: string;
  /** The certificates that the API server's own must come from, in PEM. */
  readonly certificateAuthority: string;
  readonly kubectl: string;
  /** The file for `readAuditLog`; nothing is written there unless asked for. */
  readonly auditLog: string;
  /** The group to which further programs can be added; they end before the control plane does. */
  readonly processes: ProcessGroup;
  /** Ends one program, to see what its users do without it. */
  halt(program: Program): Promise<void>;
  /** Starts a halted program again, with its data and on its port, and waits until it is ready. */
  resume(program: Program): Promise<void>;
  /** Lets it run on after this process has ended, until `stopKeptGroup`. */
  keepRunning(): Promise<void>;
  /** Ends all programs in order, and waits until none is left. */
  stop(): Promise<void>;
}

interface Paths {
  readonly etcdData: string;
  readonly certificates: string;
  readonly servingCertificate: string;
  readonly serviceAccountPrivateKey: string;
  readonly serviceAccountPublicKey: string;
  readonly tokens: string;
  readonly auditPolicy: string;
  readonly auditLog: string;
  readonly kubeconfig: string;
}

interface Ports {
  readonly etcd: number;
  readonly etcdPeer: number;
  readonly apiServer: number;
  readonly controllerManager: number;
  readonly scheduler: number;
  readonly kwok: number;
}

/** The label of a Node for which kwok does nothing, as if its agent had died. */
export const DEAD_AGENT_LABEL = 'example.com/dead-agent';

const START_TIMEOUT_MS = 90_000;
const START_ATTEMPTS = 3;

/**
 * Starts a real Kubernetes API server with role-based access control, on free loopback ports.
 *
 * Shape: returns when the API server and every add-on are ready and the system namespaces exist.
 * Errors: throws with the end of the log of a program that does not start.
 */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const addOns = (['kcm', 'scheduler', 'kwok'] as const).filter((addOn) =>
    options.with?.includes(addOn),
  );
  const programs = await ensurePrograms<Program>([
    'etcd',
    'kube-apiserver',
    'kubectl',
    ...addOns.map((addOn) => ADD_ONS[addOn]),
  ]);
  for (let attempt = 1; ; attempt += 1) {
    const starting = new StartingControlPlane(options, addOns, programs);
    try {
      return await starting.start();
    } catch (error) {
      // Between choosing a port and binding it someone else may take it.
      const isPortTaken =
        error instanceof Error && error.message.includes('address already in use');
      if (!isPortTaken || attempt === START_ATTEMPTS) throw error;
    }
  }
}

/** One attempt to start a control plane; it holds what the programs must agree on. */
class StartingControlPlane {
  readonly #options: ControlPlaneOptions;
  readonly #addOns: readonly AddOn[];
  readonly #programs: Readonly<Record<Program, string>>;
  readonly #directory: string;
  readonly #paths: Paths;
  readonly #token = randomBytes(16).toString('hex');
  readonly #crashed = new AbortController();

  constructor(
    options: ControlPlaneOptions,
    addOns: readonly AddOn[],
    programs: Readonly<Record<Program, string>>,
  ) {
    this.#options = options;
    this.#addOns = addOns;
    this.#programs = programs;
    this.#directory = path.resolve(options.directory);
    this.#paths = pathsIn(this.#directory);
  }

  async start(): Promise<ControlPlane> {
    await this.#writeFiles();
    const ports = await choosePorts();
    const group = await ProcessGroup.start(this.#directory);
    group.onUnexpectedExit = (exit) => {
      void crashError(group, exit).then((error) => {
        this.#crashed.abort(error);
      });
    };
    try {
      const run = (program: Program) =>
        group.run(program, this.#programs[program], this.#flags(program, ports));
      const ready = (program: Program) => this.#waitUntilReady(program, ports);

      // The API server waits for etcd by itself, so both start at once.
      await run('etcd');
      await run('kube-apiserver');
      await ready('kube-apiserver');
      const url = `https://127.0.0.1:${ports.apiServer}`;
      const certificateAuthority = await readFile(this.#paths.servingCertificate, 'utf8');
      const access = { url, certificateAuthority, token: this.#token };
      await writeKubeconfig(this.#paths.kubeconfig, access);
      const kubernetesVersion = await this.#checkVersion(ports);

      const addOnPrograms = this.#addOns.map((addOn) => ADD_ONS[addOn]);
      for (const program of addOnPrograms) await run(program);
      for (const program of addOnPrograms) await ready(program);

      this.#crashed.signal.throwIfAborted();
      group.onUnexpectedExit = (exit) => void this.#reportCrash(group, exit);
      return {
        directory: this.#directory,
        kubernetesVersion,
        url,
        kubeconfig: this.#paths.kubeconfig,
        certificateAuthority,
        kubectl: this.#programs.kubectl,
        auditLog: this.#paths.auditLog,
        processes: group,
        halt: (program) => group.end(program),
        resume: async (program) => {
          await run(program);
          await ready(program);
        },
        keepRunning: () => group.keepRunning(),
        stop: () => group.stop(),
      };
    } catch (error) {
      await group.stop();
      // A program that has ended explains better than the wait for it that was in vain.
      throw this.#crashed.signal.aborted ? this.#crashed.signal.reason : error;
    }
  }

  async #writeFiles(): Promise<void> {
    const paths = this.#paths;
    // A directory may be used again; keys, data and logs of two runs do not go together.
    for (const stale of [paths.etcdData, paths.certificates, path.dirname(paths.auditLog)]) {
      await rm(stale, { recursive: true, force: true });
    }
    await mkdir(paths.certificates, { recursive: true });
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const secret = { mode: 0o600 };
    await Promise.all([
      writeFile(
        paths.serviceAccountPrivateKey,
        privateKey.export({ type: 'pkcs1', format: 'pem' }),
        secret,
      ),
      writeFile(paths.serviceAccountPublicKey, publicKey.export({ type: 'spki', format: 'pem' })),
      writeFile(paths.tokens, `${this.#token},admin,admin,"system:masters"\n`, secret),
      writeAuditPolicy(paths.auditPolicy),
    ]);
  }

  #flags(program: Program, ports: Ports): string[] {
    const paths = this.#paths;
    const asAdmin = [`--kubeconfig=${paths.kubeconfig}`];
    switch (program) {
      case 'etcd':
        return [
          `--data-dir=${paths.etcdData}`,
          `--listen-client-urls=http://127.0.0.1:${ports.etcd}`,
          `--advertise-client-urls=http://127.0.0.1:${ports.etcd}`,
          `--listen-peer-urls=http://127.0.0.1:${ports.etcdPeer}`,
          `--initial-advertise-peer-urls=http://127.0.0.1:${ports.etcdPeer}`,
          `--initial-cluster=default=http://127.0.0.1:${ports.etcdPeer}`,
          // The data is thrown away; a disk that is slow to sync would only slow the tests.
          '--unsafe-no-fsync',
        ];
      case 'kube-apiserver':
        return this.#apiServerFlags(ports);
      case 'kube-controller-manager':
        return [
          ...asAdmin,
          // The cloud's part in the life of nodes belongs to the operator.
          '--controllers=*,-cloud-node-lifecycle-controller',
          `--root-ca-file=${paths.servingCertificate}`,
          `--service-account-private-key-file=${paths.serviceAccountPrivateKey}`,
          '--leader-elect=false',
          '--bind-address=127.0.0.1',
          `--secure-port=${ports.controllerManager}`,
          ...(this.#options.podCidr === undefined
            ? []
            : ['--allocate-node-cidrs=true', `--cluster-cidr=${this.#options.podCidr}`]),
        ];
      case 'kube-scheduler':
        return [
          ...asAdmin,
          '--leader-elect=false',
          '--bind-address=127.0.0.1',
          `--secure-port=${ports.scheduler}`,
        ];
      case 'kwok':
        return [
          ...asAdmin,
          '--manage-all-nodes=false',
          `--manage-nodes-with-label-selector=!${DEAD_AGENT_LABEL}`,
          // Without leases the nodes turn NotReady after 40 s.
          '--node-lease-duration-seconds=40',
          `--server-address=127.0.0.1:${ports.kwok}`,
        ];
      case 'helm':
      case 'kubectl':
        throw new Error(`${program} is not a server`);
    }
  }

  #apiServerFlags(ports: Ports): string[] {
    const paths = this.#paths;
    const { admissionPlugins = [], audit = false } = this.#options;
    return [
      `--etcd-servers=http://127.0.0.1:${ports.etcd}`,
      '--bind-address=127.0.0.1',
      '--advertise-address=127.0.0.1',
      `--secure-port=${ports.apiServer}`,
      `--cert-dir=${paths.certificates}`,
      '--authorization-mode=RBAC',
      `--token-auth-file=${paths.tokens}`,
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${paths.serviceAccountPublicKey}`,
      `--service-account-signing-key-file=${paths.serviceAccountPrivateKey}`,
      // Both families, so that a Service may ask for either or both.
      '--service-cluster-ip-range=10.96.0.0/16,fd00:10:96::/112',
      // The address of the API server is a loopback one, which no endpoint may have.
      '--endpoint-reconciler-type=none',
      ...(admissionPlugins.length === 0
        ? []
        : [`--enable-admission-plugins=${admissionPlugins.join(',')}`]),
      ...(audit
        ? [
            `--audit-policy-file=${paths.auditPolicy}`,
            `--audit-log-path=${paths.auditLog}`,
            // In megabytes; a log that is rotated away could not be counted.
            '--audit-log-maxsize=10000',
          ]
        : []),
    ];
  }

  async #waitUntilReady(program: Program, ports: Ports): Promise<void> {
    const isOk = async (url: string) => (await probe(url))?.status === 200;
    const checks: Partial<Record<Program, () => Promise<boolean>>> = {
      etcd: () => isOk(`http://127.0.0.1:${ports.etcd}/readyz`),
      'kube-apiserver': () => this.#isApiServerReady(ports),
      'kube-controller-manager': async () =>
        (await isOk(`https://127.0.0.1:${ports.controllerManager}/healthz`)) &&
        // It is of use once it has made what every namespace is given.
        (await this.#exists(ports, '/api/v1/namespaces/default/serviceaccounts/default')) &&
        this.#exists(ports, '/api/v1/namespaces/default/configmaps/kube-root-ca.crt'),
      'kube-scheduler': () => isOk(`https://127.0.0.1:${ports.scheduler}/healthz`),
      kwok: () => isOk(`http://127.0.0.1:${ports.kwok}/healthz`),
    };
    const check = checks[program];
    if (check === undefined) return;
    await waitUntil(`${program} is ready`, START_TIMEOUT_MS, check, this.#crashed.signal);
  }

  async #isApiServerReady(ports: Ports): Promise<boolean> {
    const readiness = await probe(`https://127.0.0.1:${ports.apiServer}/readyz`);
    return (
      readiness?.status === 200 &&
      // They are made shortly after it calls itself ready.
      (await this.#exists(ports, '/api/v1/namespaces/default')) &&
      this.#exists(ports, '/api/v1/namespaces/kube-system')
    );
  }

  async #exists(ports: Ports, resource: string): Promise<boolean> {
    const url = `https://127.0.0.1:${ports.apiServer}${resource}`;
    return (await probe(url, { token: this.#token }))?.status === 200;
  }

  /** A Kubernetes version that was asked for and is not what runs would make a test tell lies. */
  async #checkVersion(ports: Ports): Promise<string> {
    const answer = await probe(`https://127.0.0.1:${ports.apiServer}/version`);
    const { gitVersion = '' } = JSON.parse(answer?.body ?? '{}') as { gitVersion?: string };
    const version = gitVersion.replace(/^v/, '');
    const wanted = selectVersions(process.env).kubernetes;
    if ((process.env.K8S ?? '') !== '' && version !== wanted) {
      throw new Error(
        `Cannot use Kubernetes "${wanted}": ${this.#programs['kube-apiserver']} is ${version}; ` +
          'unset KUBEBUILDER_ASSETS or K8S',
      );
    }
    return version;
  }

  async #reportCrash(group: ProcessGroup, exit: ProgramExited): Promise<void> {
    const error = await crashError(group, exit);
    if (this.#options.onCrash === undefined) {
      // Out of the promise chain, where it ends the process with its message.
      setImmediate(() => {
        throw error;
      });
    } else this.#options.onCrash(error);
  }
}

function pathsIn(directory: string): Paths {
  const certificates = path.join(directory, 'certificates');
  return {
    etcdData: path.join(directory, 'etcd'),
    certificates,
    servingCertificate: path.join(certificates, 'apiserver.crt'),
    serviceAccountPrivateKey: path.join(directory, 'service-account.key'),
    serviceAccountPublicKey: path.join(directory, 'service-account.pub'),
    tokens: path.join(directory, 'tokens.csv'),
    auditPolicy: path.join(directory, 'audit-policy.yaml'),
    auditLog: path.join(directory, 'logs', 'audit.log'),
    kubeconfig: path.join(directory, 'kubeconfig.yaml'),
  };
}

async function choosePorts(): Promise<Ports> {
  const [etcd = 0, etcdPeer = 0, apiServer = 0, controllerManager = 0, scheduler = 0, kwok = 0] =
    await freePorts(6);
  return { etcd, etcdPeer, apiServer, controllerManager, scheduler, kwok };
}

async function crashError(group: ProcessGroup, exit: ProgramExited): Promise<Error> {
  const file = group.logFile(exit.name);
  const log = await readFile(file, 'utf8').catch(() => '');
  const tail = log.trimEnd().split('\n').slice(-15).join('\n');
  const how = exit.signal === null ? `code ${exit.code ?? 'unknown'}` : `signal ${exit.signal}`;
  return new Error(`${exit.name} has ended with ${how}; the end of ${file}:\n${tail}`);
}

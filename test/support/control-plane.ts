import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach } from 'node:test';
import { readAuditLog, type AuditEvent } from '../../hack/control-plane/audit-log.ts';
import {
  startControlPlane,
  type ControlPlane,
  type ControlPlaneOptions,
} from '../../hack/control-plane/control-plane.ts';
import { writeKubeconfig } from '../../hack/control-plane/kubeconfig-file.ts';
import { Kubectl } from './kubectl.ts';

const CRDS = path.join(import.meta.dirname, '../../crds');

/** A control plane for the tests of one file, with our kinds installed. */
export interface TestControlPlane {
  readonly controlPlane: ControlPlane;
  /** Runs kubectl as an administrator. */
  readonly kubectl: Kubectl;
  /** The kubeconfig file of an administrator. */
  readonly kubeconfig: string;
  /** Creates a namespace of its own for a test and returns its name. */
  createNamespace(labels?: Readonly<Record<string, string>>): Promise<string>;
  /** Issues a token for a service account, and returns the file of a kubeconfig that holds it. */
  serviceAccountKubeconfig(namespace: string, name: string): Promise<string>;
  /** Reads the requests that the API server has answered until now. */
  auditEvents(): Promise<AuditEvent[]>;
}

/** What a test can ask for; the directory is made for it, and the audit log is on. */
export interface TestControlPlaneOptions extends Omit<ControlPlaneOptions, 'directory'> {
  /** Whether our kinds are installed; they are unless said, but the chart wants to bring them itself. */
  readonly crds?: boolean;
}

let shared: Promise<TestControlPlane> | undefined;

/**
 * Starts a control plane with default options at the first call, and returns the same one to every
 * further call in this test file. Test files run in processes of their own, each with its own.
 */
export function sharedControlPlane(): Promise<TestControlPlane> {
  shared ??= startTestControlPlane();
  return shared;
}

/**
 * Starts a control plane and installs `crds/*.yaml`; it is stopped after the last test.
 *
 * Shape: to be called at the top level of a test file, or in the test that is to own it. When a test
 *   has failed, data and logs are kept and the place is printed.
 */
export async function startTestControlPlane(
  options: TestControlPlaneOptions = {},
): Promise<TestControlPlane> {
  const directory = await mkdtemp(path.join(tmpdir(), 'control-plane-'));
  let hasFailed = false;
  const controlPlane = await startControlPlane({ audit: true, ...options, directory });
  afterEach((context) => {
    if ('passed' in context && !context.passed) hasFailed = true;
  });
  after(async () => {
    await controlPlane.stop();
    if (hasFailed) {
      process.stderr.write(`The logs of the control plane are kept in ${directory}/logs\n`);
    } else {
      await rm(directory, { recursive: true, force: true });
    }
  });

  const kubectl = new Kubectl(controlPlane.kubectl, controlPlane.kubeconfig);
  if (options.crds !== false) await installCrds(kubectl);
  let namespaces = 0;
  return {
    controlPlane,
    kubectl,
    kubeconfig: controlPlane.kubeconfig,
    createNamespace: async (labels = {}) => {
      namespaces += 1;
      const name = `test-${namespaces}`;
      await kubectl.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });
      return name;
    },
    serviceAccountKubeconfig: async (namespace, name) => {
      const token = await kubectl.run('create', 'token', name, '-n', namespace, '--duration=1h');
      const file = path.join(directory, `${namespace}-${name}.kubeconfig.yaml`);
      const { url, certificateAuthority } = controlPlane;
      await writeKubeconfig(file, { url, certificateAuthority, token: token.trim(), namespace });
      return file;
    },
    auditEvents: () => readAuditLog(controlPlane.auditLog),
  };
}

async function installCrds(kubectl: Kubectl): Promise<void> {
  if (!existsSync(CRDS)) return;
  await kubectl.run('apply', '--server-side', '-f', CRDS);
  const wait = ['wait', '--for=condition=Established', '--timeout=30s', '-f', CRDS];
  // For a moment the status has no conditions yet, which kubectl takes for an error.
  for (let attempt = 1; attempt < 5; attempt += 1) {
    try {
      await kubectl.run(...wait);
      return;
    } catch (error) {
      if (!String(error).includes('accessor error')) throw error;
    }
  }
  await kubectl.run(...wait);
}

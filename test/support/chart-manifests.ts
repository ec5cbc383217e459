import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';
import { ensureHelm } from '../../hack/control-plane/installed-helm.ts';

/** The folder of the chart. */
export const CHART = path.join(import.meta.dirname, '../../helm/alibaba-cloud-operator');

/** An object that the chart renders, as far as tests read every one. */
export interface Manifest {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

/** One rule of a role. */
export interface RoleRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

/** The pods of the chart's Deployment, as far as tests read them. */
export interface PodTemplate {
  readonly metadata: object;
  readonly spec: {
    readonly serviceAccountName: string;
    readonly containers: readonly [ChartContainer];
    readonly volumes?: readonly { readonly name: string; readonly projected?: object }[];
    readonly [member: string]: unknown;
  };
}

/** The container of the chart's pods. */
export interface ChartContainer {
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value?: string }[];
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
  readonly [member: string]: unknown;
}

const helmFile = await ensureHelm();

/** Runs helm with a kubeconfig, or with none that leads anywhere. */
export async function helm(
  parameters: readonly string[],
  kubeconfig = '/dev/null',
): Promise<string> {
  const { stdout } = await promisify(execFile)(helmFile, parameters, {
    env: { ...process.env, KUBECONFIG: kubeconfig },
  });
  return stdout;
}

/** Renders the chart with settings such as `replicas=1`; a comma in a value is no end of it. */
export async function renderChart(...settings: readonly string[]): Promise<Manifest[]> {
  const sets = settings.flatMap((setting) => ['--set', setting.replaceAll(/\\?,/g, '\\,')]);
  const text = await helm(['template', 'test', CHART, ...sets]);
  return parseAllDocuments(text)
    .map((document) => document.toJS() as Manifest | null)
    .filter((manifest) => manifest !== null);
}

/** The kinds of objects, in their order. */
export function kindsOf(manifests: readonly Manifest[]): string[] {
  return manifests.map(({ kind }) => kind);
}

/** The only object of a kind. */
export function manifestOf(manifests: readonly Manifest[], kind: string): Manifest {
  const [found, ...more] = manifests.filter((manifest) => manifest.kind === kind);
  if (found === undefined || more.length > 0) throw new Error(`Not one ${kind} is rendered`);
  return found;
}

/** The rules of the only role of a kind. */
export function rulesOf(
  manifests: readonly Manifest[],
  kind: 'ClusterRole' | 'Role',
): readonly RoleRule[] {
  const role = manifestOf(manifests, kind) as Manifest & { readonly rules: readonly RoleRule[] };
  return role.rules;
}

/** The pods of the Deployment. */
export function podTemplateOf(manifests: readonly Manifest[]): PodTemplate {
  const deployment = manifestOf(manifests, 'Deployment') as Manifest & {
    readonly spec: { readonly template: PodTemplate };
  };
  return deployment.spec.template;
}

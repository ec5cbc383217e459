import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { withProgress } from './elapsed-progress.ts';
import { etcdModuleFile, kubernetesModuleFile, type GoModuleFile } from './go-module-file.ts';
import { versionOf, type Program, type Versions } from './program-versions.ts';

/** Where a program comes from, and how long a first build takes on two cores. */
const SOURCES = {
  etcd: { kind: 'module', package: 'go.etcd.io/etcd/server/v3', firstBuild: 'half a minute' },
  'kube-apiserver': {
    kind: 'module',
    package: 'k8s.io/kubernetes/cmd/kube-apiserver',
    firstBuild: '4 minutes',
  },
  'kube-controller-manager': {
    kind: 'module',
    package: 'k8s.io/kubernetes/cmd/kube-controller-manager',
    firstBuild: 'a minute',
  },
  'kube-scheduler': {
    kind: 'module',
    package: 'k8s.io/kubernetes/cmd/kube-scheduler',
    firstBuild: '10 seconds',
  },
  kubectl: {
    kind: 'module',
    package: 'k8s.io/kubernetes/cmd/kubectl',
    firstBuild: 'half a minute',
  },
  kwok: { kind: 'install', package: 'sigs.k8s.io/kwok/cmd/kwok', firstBuild: '80 seconds' },
  helm: { kind: 'install', package: 'helm.sh/helm/v4/cmd/helm', firstBuild: '100 seconds' },
} as const satisfies Record<
  Program,
  { kind: 'module' | 'install'; package: string; firstBuild: string }
>;

/**
 * Builds one program from source, through the Go module proxy that the user's Go is set up with.
 *
 * Shape: the file appears at `target` complete or not at all.
 * Errors: throws with the last lines of Go's output; the whole output stays beside the target.
 */
export async function buildProgram(
  program: Program,
  versions: Versions,
  target: string,
): Promise<void> {
  const version = versionOf(program, versions);
  const folder = path.dirname(target);
  await mkdir(folder, { recursive: true });
  const workspace = path.join(folder, '.build');
  // There is one builder at a time; what is here is what an earlier one that was killed has left.
  await rm(workspace, { recursive: true, force: true });
  await mkdir(workspace);
  try {
    const title = `Building ${program} ${version} from source (a first build takes about ${SOURCES[program].firstBuild} on two cores)`;
    await withProgress(title, () => buildInto(workspace, program, versions));
    await rename(path.join(workspace, program), target);
  } catch (error) {
    const log = path.join(folder, 'build.log');
    await rename(path.join(workspace, 'build.log'), log).catch(() => undefined);
    throw new Error(`Cannot build ${program} ${version}: see ${log}\n${messageOf(error)}`, {
      cause: error,
    });
  } finally {
    await rm(workspace, { recursive: true, force: true });
  }
}

async function buildInto(workspace: string, program: Program, versions: Versions): Promise<void> {
  const source = SOURCES[program];
  const version = versionOf(program, versions);
  const flags = ['-trimpath', '-ldflags', linkerFlags(program, version)];
  if (source.kind === 'install') {
    await runGo(workspace, ['install', ...flags, `${source.package}@v${version}`]);
    return;
  }
  const isEtcd = program === 'etcd';
  const modulePath = isEtcd ? 'go.etcd.io/etcd/server/v3' : 'k8s.io/kubernetes';
  const upstream = await upstreamModuleFile(workspace, `${modulePath}@v${version}`);
  const moduleFile = isEtcd ? etcdModuleFile : kubernetesModuleFile;
  await writeFile(path.join(workspace, 'go.mod'), moduleFile(version, upstream));
  await runGo(workspace, ['build', '-mod=mod', ...flags, '-o', program, source.package]);
}

async function upstreamModuleFile(workspace: string, module: string): Promise<GoModuleFile> {
  const download = JSON.parse(await runGo(workspace, ['mod', 'download', '-json', module])) as {
    GoMod: string;
  };
  return JSON.parse(
    await runGo(workspace, ['mod', 'edit', '-json', download.GoMod]),
  ) as GoModuleFile;
}

/** Strips debugging data, and stamps the version that a release of the program would tell. */
function linkerFlags(program: Program, version: string): string {
  const stamp = (variable: string, value: string) => `-X ${variable}=${value}`;
  const kubernetes = 'k8s.io/component-base/version';
  const [major = '', minor = ''] = version.split('.');
  switch (program) {
    case 'kube-apiserver':
    case 'kube-controller-manager':
    case 'kube-scheduler':
    case 'kubectl':
      return [
        '-s -w',
        stamp(`${kubernetes}.gitVersion`, `v${version}`),
        stamp(`${kubernetes}.gitMajor`, major),
        stamp(`${kubernetes}.gitMinor`, minor),
      ].join(' ');
    case 'helm':
      return `-s -w ${stamp('helm.sh/helm/v4/internal/version.version', `v${version}`)}`;
    case 'etcd':
    case 'kwok':
      return '-s -w';
  }
}

/** Runs the go command in a workspace and returns its standard output. */
async function runGo(workspace: string, parameters: readonly string[]): Promise<string> {
  const log = path.join(workspace, 'build.log');
  const go = spawn('go', parameters, {
    cwd: workspace,
    // A workspace file or a vendor mode of the user's other work must not reach this build.
    env: { ...process.env, CGO_ENABLED: '0', GOBIN: workspace, GOWORK: 'off' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const endWithUs = () => go.kill();
  process.once('exit', endWithUs);
  const chunks: string[] = [];
  go.stdout.setEncoding('utf8').on('data', (chunk: string) => chunks.push(chunk));
  const [code] = await Promise.all([
    new Promise<number | null>((resolve, reject) => {
      go.on('error', reject);
      go.on('close', resolve);
    }),
    pipeline(go.stderr, createWriteStream(log, { flags: 'a' })),
  ]);
  process.off('exit', endWithUs);
  if (code !== 0) {
    const tail = (await readFile(log, 'utf8')).trimEnd().split('\n').slice(-15).join('\n');
    throw new Error(`go ${parameters[0] ?? ''} ended with code ${code ?? 'unknown'}\n${tail}`);
  }
  return chunks.join('');
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { withExclusiveLock } from './exclusive-lock.ts';
import { buildProgram } from './program-builder.ts';
import { selectVersions, versionOf, type Program, type Versions } from './program-versions.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Tells the folder in which built programs are kept between runs. */
export function cacheFolder(environment: Environment): string {
  const root = environment.XDG_CACHE_HOME ?? '';
  const base = root === '' ? path.join(homedir(), '.cache') : root;
  return path.join(base, 'alibaba-cloud-operator', 'control-plane');
}

/** Tells where a built program is kept: in a folder per version, under its own name. */
export function cachedProgram(
  program: Program,
  versions: Versions,
  environment: Environment,
): string {
  const folder = `${program}-${versionOf(program, versions)}`;
  return path.join(cacheFolder(environment), folder, program);
}

/** Finds a program in `KUBEBUILDER_ASSETS`, else in the cache. */
export function findProgram(
  program: Program,
  versions: Versions,
  environment: Environment,
): string | undefined {
  const assets = environment.KUBEBUILDER_ASSETS ?? '';
  const candidates = [
    ...(assets === '' ? [] : [path.resolve(assets, program)]),
    cachedProgram(program, versions, environment),
  ];
  return candidates.find((candidate) => existsSync(candidate));
}

/** Says in one sentence what to install when a program is neither there nor can be built. */
export function missingPrerequisite(
  missing: readonly Program[],
  versions: Versions,
  goVersion: string | undefined,
): string {
  const names = missing.map((program) => `${program} ${versionOf(program, versions)}`).join(', ');
  const found = goVersion === undefined ? 'no Go is installed' : `Go here is ${goVersion}`;
  return (
    `Cannot get ${names}: ${found}; install Go ${versions.go} or newer, which builds them from ` +
    `source, or set KUBEBUILDER_ASSETS to a folder that holds ${missing.join(', ')}`
  );
}

/** Tells whether a version that `go env GOVERSION` prints is at least the wanted one. */
export function isGoRecentEnough(goVersion: string, wanted: string): boolean {
  const parts = (text: string) => text.replace(/^go/, '').split('.').map(Number.parseFloat);
  const [major = 0, minor = 0] = parts(goVersion);
  const [wantedMajor = 0, wantedMinor = 0] = parts(wanted);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

/**
 * Makes sure that programs can be run, building what is neither in `KUBEBUILDER_ASSETS` nor cached.
 *
 * Shape: the absolute path of each program asked for.
 * Errors: throws one sentence when something must be built and there is no Go that can.
 */
export async function ensurePrograms<P extends Program>(
  programs: readonly P[],
  environment: Environment = process.env,
): Promise<Record<P, string>> {
  const versions = selectVersions(environment);
  const isMissing = (program: Program) => findProgram(program, versions, environment) === undefined;
  const missing = programs.filter(isMissing);
  if (missing.length > 0) {
    const goVersion = await installedGo();
    if (goVersion === undefined || !isGoRecentEnough(goVersion, versions.go)) {
      throw new Error(missingPrerequisite(missing, versions, goVersion));
    }
    const folder = cacheFolder(environment);
    await mkdir(folder, { recursive: true });
    const onWait = (pid: number) => {
      process.stderr.write(`Waiting for process ${pid}, which is building the control plane\n`);
    };
    await withExclusiveLock(path.join(folder, 'build.lock'), onWait, async () => {
      for (const program of missing) {
        // Whoever held the lock before may have built it.
        if (!isMissing(program)) continue;
        await buildProgram(program, versions, cachedProgram(program, versions, environment));
      }
    });
  }
  const located = programs.map((program) => {
    const file = findProgram(program, versions, environment);
    if (file === undefined) throw new Error(`Cannot find ${program} after it was built`);
    return [program, file] as const;
  });
  return Object.fromEntries(located) as Record<P, string>;
}

async function installedGo(): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)('go', ['env', 'GOVERSION'], { cwd: homedir() });
    return stdout.trim();
  } catch {
    return undefined;
  }
}

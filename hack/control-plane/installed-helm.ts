import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ensurePrograms } from './program-locator.ts';

/** The oldest helm on which the chart is tried. */
const OLDEST_HELM = [3, 14] as const;

/** Tells whether what `helm version --short` prints is a helm that can install the chart. */
export function isHelmRecentEnough(printed: string): boolean {
  const [major = 0, minor = 0] = (/(\d+)\.(\d+)/.exec(printed) ?? []).slice(1).map(Number);
  return major > OLDEST_HELM[0] || (major === OLDEST_HELM[0] && minor >= OLDEST_HELM[1]);
}

/** Finds a helm on the PATH that is recent enough. */
export async function installedHelm(): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)('helm', ['version', '--short']);
    return isHelmRecentEnough(stdout) ? 'helm' : undefined;
  } catch {
    return undefined;
  }
}

/** Finds a helm on the PATH that is recent enough, else the pinned one, built when it must be. */
export async function ensureHelm(): Promise<string> {
  return (await installedHelm()) ?? (await ensurePrograms(['helm'])).helm;
}

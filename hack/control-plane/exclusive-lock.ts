import { randomUUID } from 'node:crypto';
import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** Tells whether a process lives, whoever owns it. */
export function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Anything but "no such process" means that there is one that we may not signal.
    return !hasCode(error, 'ESRCH');
  }
}

/**
 * Runs work while holding a lock file, so that two processes never do it at once.
 *
 * Shape: `onWait` is called once, with the holder's process id, when someone else has the lock.
 *   The lock of a process that has died is taken over.
 */
export async function withExclusiveLock<T>(
  path: string,
  onWait: (pid: number) => void,
  work: () => Promise<T>,
): Promise<T> {
  let hasWaited = false;
  while (!(await tryLock(path))) {
    const holder = Number(await readFile(path, 'utf8').catch(() => ''));
    if (holder > 0 && !isProcessAlive(holder)) {
      await rm(path, { force: true });
      continue;
    }
    if (!hasWaited && holder > 0) {
      hasWaited = true;
      onWait(holder);
    }
    await sleep(250);
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

async function tryLock(path: string): Promise<boolean> {
  // Linking a finished file makes the lock appear together with its holder's process id.
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, `${process.pid}`);
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

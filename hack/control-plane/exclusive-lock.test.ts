import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { withExclusiveLock } from './exclusive-lock.ts';

const root = await mkdtemp(path.join(tmpdir(), 'exclusive-lock-'));
after(() => rm(root, { recursive: true }));

test('withExclusiveLock: runs one piece of work at a time, and tells who is waited for', async () => {
  const file = path.join(root, 'busy.lock');
  const holders: number[] = [];
  let running = 0;
  const work = async () => {
    running += 1;
    assert.equal(running, 1);
    await sleep(50);
    running -= 1;
  };
  const lock = () => withExclusiveLock(file, (pid) => holders.push(pid), work);
  await Promise.all([lock(), lock()]);
  assert.deepEqual(holders, [process.pid]);
  assert.ok(!existsSync(file));
});

test('withExclusiveLock: takes over from a process that has died', async () => {
  const file = path.join(root, 'stale.lock');
  const { pid } = spawnSync(process.execPath, ['--version']);
  await writeFile(file, `${pid}`);
  assert.equal(await withExclusiveLock(file, unexpected, () => Promise.resolve('done')), 'done');
});

test('withExclusiveLock: lets go when the work fails', async () => {
  const file = path.join(root, 'failing.lock');
  const failing = () => Promise.reject(new Error('no'));
  await assert.rejects(withExclusiveLock(file, unexpected, failing), /no/);
  assert.ok(!existsSync(file));
});

function unexpected(pid: number): void {
  assert.fail(`waited for process ${pid}`);
}

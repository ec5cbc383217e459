import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { waitUntil } from './endpoint-probe.ts';
import { isProcessAlive } from './exclusive-lock.ts';
import { ProcessGroup, stopKeptGroup, type ProgramExited } from './process-group.ts';

const root = await mkdtemp(path.join(tmpdir(), 'process-group-'));
after(() => rm(root, { recursive: true, force: true }));

/** Starts a group with two programs in a process of its own, and returns all process ids. */
async function startElsewhere(
  name: string,
  ending: string,
): Promise<{ kill: (signal: NodeJS.Signals) => void; exited: Promise<unknown>; pids: number[] }> {
  const directory = path.join(root, name);
  const script = path.join(root, `${name}.ts`);
  await writeFile(
    script,
    `import { readFileSync } from 'node:fs';
     import { ProcessGroup } from ${JSON.stringify(path.join(import.meta.dirname, 'process-group.ts'))};
     const group = await ProcessGroup.start(${JSON.stringify(directory)});
     const pids = [Number(readFileSync(group.directory + '/supervisor.pid', 'utf8'))];
     pids.push(await group.run('first', 'sleep', ['300']));
     pids.push(await group.run('second', 'sleep', ['300']));
     process.send(pids);
     ${ending}`,
  );
  const child = fork(script, { execArgv: [] });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const pids = await new Promise<number[]>((resolve) => child.once('message', resolve));
  return { kill: (signal) => child.kill(signal), exited, pids };
}

const allGone = (pids: readonly number[]) => () =>
  Promise.resolve(!pids.some((pid) => isProcessAlive(pid)));

for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL'] as const) {
  test(`ProcessGroup: nothing is left when the owner gets ${signal}`, async () => {
    const owner = await startElsewhere(`killed-by-${signal}`, 'setInterval(() => {}, 1000);');
    assert.equal(owner.pids.length, 3);
    assert.ok(owner.pids.every((pid) => isProcessAlive(pid)));
    owner.kill(signal);
    await waitUntil('all processes are gone', 10_000, allGone(owner.pids));
  });
}

test('ProcessGroup: nothing is left when the owner fails or forgets', async () => {
  const failing = await startElsewhere('failing', 'setTimeout(() => { throw new Error(); }, 10);');
  const forgetful = await startElsewhere('forgetful', 'process.disconnect();');
  await Promise.all([failing.exited, forgetful.exited]);
  await waitUntil('all processes are gone', 10_000, allGone([...failing.pids, ...forgetful.pids]));
});

test('ProcessGroup: a kept group outlives its owner, until it is stopped', async () => {
  const owner = await startElsewhere('kept', 'await group.keepRunning(); process.exit(0);');
  await owner.exited;
  assert.ok(owner.pids.every((pid) => isProcessAlive(pid)));
  assert.equal(await stopKeptGroup(path.join(root, 'kept')), true);
  assert.ok(!owner.pids.some((pid) => isProcessAlive(pid)));
  assert.equal(await stopKeptGroup(path.join(root, 'kept')), false);
});

test('ProcessGroup: tells of an end that nobody ordered, and only of such', async () => {
  const group = await ProcessGroup.start(path.join(root, 'unexpected'));
  const exits: ProgramExited[] = [];
  group.onUnexpectedExit = (exit) => exits.push(exit);
  await group.run('ordered', 'sleep', ['300']);
  await group.end('ordered');
  await group.run('by-itself', 'sh', ['-c', 'echo last words; exit 3']);
  await waitUntil('the exit is told', 5000, () => Promise.resolve(exits.length > 0));
  await group.run('at-the-end', 'sleep', ['300']);
  await group.stop();
  assert.deepEqual(
    exits.map(({ name, code }) => ({ name, code })),
    [{ name: 'by-itself', code: 3 }],
  );
  assert.equal(await readFile(group.logFile('by-itself'), 'utf8'), 'last words\n');
});

test('ProcessGroup: a program that does not exist is an error of its start', async () => {
  const group = await ProcessGroup.start(path.join(root, 'absent'));
  await assert.rejects(group.run('absent', path.join(root, 'no-such-program'), []), /Cannot start/);
  await group.stop();
});

test('ProcessGroup: programs end even when their supervisor is killed', async () => {
  const directory = path.join(root, 'headless');
  const group = await ProcessGroup.start(directory);
  const pid = await group.run('first', 'sleep', ['300']);
  process.kill(Number(await readFile(path.join(directory, 'supervisor.pid'), 'utf8')), 'SIGKILL');
  await waitUntil('the program is gone', 10_000, allGone([pid]));
  await group.stop();
});

test('ProcessGroup: a stopped program can be ended', async () => {
  const group = await ProcessGroup.start(path.join(root, 'frozen'));
  const pid = await group.run('frozen', 'sleep', ['300']);
  process.kill(pid, 'SIGSTOP');
  await group.end('frozen');
  assert.ok(!isProcessAlive(pid));
  await group.stop();
});

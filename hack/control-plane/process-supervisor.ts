/**
 * The process that owns the programs of one control plane, demo or test.
 *
 * It is started detached, takes orders over an IPC channel and is the parent of every program. When
 * the process that gives the orders ends in any way, a SIGKILL included, the channel closes and the
 * programs end with it; unless it was told to keep them, then they end when it gets a SIGTERM.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import type { Answer, Order, ProgramExited, ProgramStart } from './process-group.ts';

const children = new Map<string, ChildProcess>();
const expectedToExit = new Set<ChildProcess>();
let isKept = false;
let isEnding = false;

process.on('message', (order: Order) => {
  void carryOut(order).then((answer) => {
    send({ kind: 'answer', order: order.number, ...answer });
  });
});
process.on('disconnect', () => {
  // Nobody is left who could want the data, so nothing needs an orderly end.
  if (!isKept) void endAll('SIGKILL', 0);
});
// A Ctrl-C in the terminal is for the process that gives the orders; its end is what counts.
process.on('SIGINT', () => undefined);
process.on('SIGHUP', () => undefined);
process.on('SIGTERM', () => void endAll('SIGTERM', 5000));

async function carryOut(order: Order): Promise<Pick<Answer, 'pid' | 'error'>> {
  switch (order.kind) {
    case 'start':
      return start(order.program);
    case 'stop': {
      const child = children.get(order.name);
      if (child !== undefined) await end(child, order.signal, order.graceMs);
      return {};
    }
    case 'keep':
      isKept = true;
      return {};
  }
}

function start(program: ProgramStart): Promise<Pick<Answer, 'pid' | 'error'>> {
  const log = openSync(program.logFile, 'a');
  const child = spawn(program.command, program.parameters, {
    cwd: program.directory,
    env: program.environment,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  return new Promise((resolve) => {
    child.on('error', (error) => {
      resolve({ error: error.message });
    });
    child.on('spawn', () => {
      children.set(program.name, child);
      resolve({ pid: child.pid });
    });
    child.on('exit', (code, signal) => {
      if (children.get(program.name) === child) children.delete(program.name);
      const isExpected = expectedToExit.delete(child);
      send({ kind: 'exited', name: program.name, pid: child.pid, code, signal, isExpected });
    });
  });
}

async function end(child: ChildProcess, signal: NodeJS.Signals, graceMs: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  expectedToExit.add(child);
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  // A stopped process takes no other signal until it goes on.
  if (signal !== 'SIGKILL') child.kill('SIGCONT');
  const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
  await exited;
  clearTimeout(timer);
}

async function endAll(signal: NodeJS.Signals, graceMs: number): Promise<void> {
  if (isEnding) return;
  isEnding = true;
  // Last started, first stopped: what uses a program goes before it.
  for (const child of [...children.values()].reverse()) await end(child, signal, graceMs);
  process.exit(0);
}

function send(message: Answer | ProgramExited): void {
  if (process.connected) process.send?.(message, () => undefined);
}

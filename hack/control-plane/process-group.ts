import { fork, type ChildProcess } from 'node:child_process';
import { openSync, closeSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isProcessAlive } from './exclusive-lock.ts';

/** How to start one program of a group. */
export interface ProgramStart {
  /** Its name within the group; its log is named after it. */
  readonly name: string;
  readonly command: string;
  readonly parameters: readonly string[];
  readonly directory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly logFile: string;
}

/** What the supervisor is told to do. */
export type Order = { readonly number: number } & (
  | { readonly kind: 'start'; readonly program: ProgramStart }
  | {
      readonly kind: 'stop';
      readonly name: string;
      readonly signal: NodeJS.Signals;
      readonly graceMs: number;
    }
  | { readonly kind: 'keep' }
);

type OrderWithoutNumber = Order extends infer O
  ? O extends Order
    ? Omit<O, 'number'>
    : never
  : never;

/** What the supervisor says when an order is carried out. */
export interface Answer {
  readonly kind: 'answer';
  readonly order: number;
  readonly pid?: number | undefined;
  readonly error?: string;
}

/** What the supervisor says when a program has ended. */
export interface ProgramExited {
  readonly kind: 'exited';
  readonly name: string;
  readonly pid: number | undefined;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Whether it was told to end. */
  readonly isExpected: boolean;
}

const SUPERVISOR = path.join(import.meta.dirname, 'process-supervisor.ts');
const SUPERVISOR_PID_FILE = 'supervisor.pid';

/**
 * Programs that run together and of which none is left behind, whatever becomes of this process.
 *
 * Shape: each program writes to `<directory>/logs/<name>.log`. Unless `keepRunning` is called, they
 *   all end when this process does, be it by SIGKILL.
 */
export class ProcessGroup {
  /** Called when a program ends that nobody told to end, and that has no `onExit` of its own. */
  onUnexpectedExit: (exit: ProgramExited) => void = () => undefined;
  readonly directory: string;
  readonly #supervisor: ChildProcess;
  readonly #pending = new Map<number, (answer: Answer) => void>();
  readonly #pids = new Map<string, number>();
  readonly #exitListeners = new Map<string, (exit: ProgramExited) => void>();
  #lastOrder = 0;
  #isStopping = false;

  private constructor(directory: string, supervisor: ChildProcess) {
    this.directory = directory;
    this.#supervisor = supervisor;
    supervisor.on('message', (message: Answer | ProgramExited) => {
      if (message.kind === 'answer') {
        this.#pending.get(message.order)?.(message);
        return;
      }
      if (this.#pids.get(message.name) === message.pid) this.#pids.delete(message.name);
      const listener = this.#exitListeners.get(message.name);
      if (listener !== undefined) listener(message);
      else if (!message.isExpected && !this.#isStopping) this.onUnexpectedExit(message);
    });
    supervisor.on('exit', () => {
      // Should someone have killed the supervisor itself, its programs are still ours to end.
      for (const pid of this.#pids.values()) if (isProcessAlive(pid)) process.kill(pid, 'SIGKILL');
      this.#pids.clear();
      for (const [order, settle] of this.#pending) {
        settle({ kind: 'answer', order, error: 'the supervisor has ended' });
      }
    });
    // A forgotten stop must not keep a test process from ending.
    supervisor.unref();
    supervisor.channel?.unref();
  }

  /** Starts an empty group whose logs and process ids are kept in a directory. */
  static async start(directory: string): Promise<ProcessGroup> {
    await mkdir(path.join(directory, 'logs'), { recursive: true });
    const log = openSync(path.join(directory, 'logs', 'supervisor.log'), 'a');
    const supervisor = fork(SUPERVISOR, [directory], {
      detached: true,
      execArgv: [],
      // The flags and the reporting channel of a test runner are not for this process.
      env: { ...process.env, NODE_OPTIONS: undefined, NODE_TEST_CONTEXT: undefined },
      stdio: ['ignore', log, log, 'ipc'],
    });
    closeSync(log);
    await writeFile(path.join(directory, SUPERVISOR_PID_FILE), `${supervisor.pid ?? ''}`);
    return new ProcessGroup(directory, supervisor);
  }

  /** Tells where a program of this group writes what it says. */
  logFile(name: string): string {
    return path.join(this.directory, 'logs', `${name}.log`);
  }

  /** Tells the process id of a running program. */
  pid(name: string): number | undefined {
    return this.#pids.get(name);
  }

  /**
   * Starts a program and returns its process id.
   *
   * Shape: `onExit` is called when the program ends, whoever ended it.
   * Errors: throws when the program cannot be run at all; one that ends later is reported through
   *   `onExit`, else through `onUnexpectedExit`.
   */
  async run(
    name: string,
    command: string,
    parameters: readonly string[],
    options: {
      readonly environment?: Readonly<Record<string, string | undefined>>;
      readonly onExit?: (exit: ProgramExited) => void;
    } = {},
  ): Promise<number> {
    if (options.onExit === undefined) this.#exitListeners.delete(name);
    else this.#exitListeners.set(name, options.onExit);
    const answer = await this.#order({
      kind: 'start',
      program: {
        name,
        command,
        parameters,
        directory: this.directory,
        environment: options.environment ?? process.env,
        logFile: this.logFile(name),
      },
    });
    if (answer.pid === undefined) {
      throw new Error(`Cannot start ${name}: ${answer.error ?? 'it has no process id'}`);
    }
    this.#pids.set(name, answer.pid);
    return answer.pid;
  }

  /** Ends one program and waits for its end; one that does not run is left alone. */
  async end(name: string, signal: NodeJS.Signals = 'SIGTERM', graceMs = 10_000): Promise<void> {
    await this.#order({ kind: 'stop', name, signal, graceMs });
    this.#pids.delete(name);
  }

  /** Lets the programs run on after this process has ended, until `stopKeptGroup`. */
  async keepRunning(): Promise<void> {
    await this.#order({ kind: 'keep' });
    this.#supervisor.disconnect();
  }

  /** Ends all programs, the last started first, and waits until none is left. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    if (this.#supervisor.exitCode !== null || this.#supervisor.signalCode !== null) return;
    this.#supervisor.ref();
    const exited = new Promise((resolve) => this.#supervisor.once('exit', resolve));
    this.#supervisor.kill('SIGTERM');
    await exited;
  }

  async #order(order: OrderWithoutNumber): Promise<Answer> {
    const number = ++this.#lastOrder;
    // While an answer is awaited, the channel keeps this process running.
    this.#supervisor.channel?.ref();
    try {
      return await new Promise<Answer>((resolve, reject) => {
        this.#pending.set(number, resolve);
        this.#supervisor.send({ ...order, number }, (error) => {
          if (error !== null) reject(error);
        });
      });
    } finally {
      this.#pending.delete(number);
      if (this.#pending.size === 0) this.#supervisor.channel?.unref();
    }
  }
}

/**
 * Ends a group that was told to keep running, and waits until none of its processes is left.
 *
 * Shape: false when nothing runs in that directory.
 */
export async function stopKeptGroup(directory: string): Promise<boolean> {
  const text = await readFile(path.join(directory, SUPERVISOR_PID_FILE), 'utf8').catch(() => '');
  const pid = Number(text);
  if (!(pid > 0) || !isProcessAlive(pid) || !(await isSupervisor(pid))) return false;
  process.kill(pid, 'SIGTERM');
  while (isProcessAlive(pid)) await sleep(50);
  return true;
}

/** Guards against a process id that belongs to someone else by now, where that can be told. */
async function isSupervisor(pid: number): Promise<boolean> {
  try {
    return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).includes(path.basename(SUPERVISOR));
  } catch {
    return true;
  }
}

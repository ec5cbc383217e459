import { spawn } from 'node:child_process';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePorts, probe } from '../../hack/control-plane/endpoint-probe.ts';

const MAIN = path.join(import.meta.dirname, '../../src/operator/main.ts');

/** How an operator process ended. */
export interface OperatorExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** One line of the operator's log. */
export interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** The operator as a process of its own, run from its sources, with what it says and how it ends. */
export class OperatorProcess {
  readonly exited: Promise<OperatorExit>;
  readonly healthUrl: string;
  readonly #child: ReturnType<typeof spawn>;
  #exit: OperatorExit | undefined;
  #output = '';
  #complaints = '';

  private constructor(
    flags: readonly string[],
    environment: Readonly<Record<string, string>>,
    healthUrl: string,
  ) {
    this.healthUrl = healthUrl;
    // Nothing of the caller's environment, where credentials could come from.
    const child = spawn(process.execPath, [MAIN, ...flags], {
      env: { PATH: process.env.PATH, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      this.#output += chunk;
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      this.#complaints += chunk;
    });
    this.exited = new Promise((resolve) => {
      child.on('close', (code, signal) => {
        this.#exit = { code, signal };
        resolve(this.#exit);
      });
    });
  }

  /** Runs it with exactly these flags. */
  static run(
    flags: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): OperatorProcess {
    return new OperatorProcess(flags, environment, '');
  }

  /** Runs it for a cluster, with its health on a free port. */
  static async start(
    kubeconfig: string,
    environment: Readonly<Record<string, string>>,
    ...furtherFlags: readonly string[]
  ): Promise<OperatorProcess> {
    const [port = 0] = await freePorts(1);
    const flags = [
      `--kubeconfig=${kubeconfig}`,
      `--health-probe-bind-addr=127.0.0.1:${port}`,
      '--metrics-bind-addr=0',
      // Of Services, unless a test is about others; the last one given counts.
      '--controllers=service-lb-controller',
      ...furtherFlags,
    ];
    return new OperatorProcess(flags, environment, `http://127.0.0.1:${port}`);
  }

  /** Whether it still runs. */
  get isRunning(): boolean {
    return this.#exit === undefined;
  }

  /** What it has written to standard error. */
  get complaints(): string {
    return this.#complaints;
  }

  /** What it has logged. */
  get log(): readonly LogLine[] {
    const lines = this.#output.split('\n').slice(0, -1);
    return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as LogLine);
  }

  /** Everything that it has said, for a search for what it must not say. */
  get said(): string {
    return this.#output + this.#complaints;
  }

  /** Asks its readiness probe; `undefined` when nobody answers. */
  async readiness(): Promise<{ readonly status: number; readonly body: string } | undefined> {
    return probe(`${this.healthUrl}/readyz?verbose`);
  }

  /** Ends it at once, if it still runs. */
  async kill(): Promise<void> {
    if (this.isRunning) this.#child.kill('SIGKILL');
    await Promise.race([this.exited, sleep(10_000, undefined, { ref: false })]);
  }
}

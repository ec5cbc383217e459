import { spawn } from 'node:child_process';

/** Thrown when kubectl says no; the message is what it says. */
export class KubectlError extends Error {
  readonly exitCode: number | null;

  constructor(parameters: readonly string[], exitCode: number | null, output: string) {
    super(`kubectl ${parameters.join(' ')}: ${output.trim()}`);
    this.name = 'KubectlError';
    this.exitCode = exitCode;
  }
}

/** The real kubectl, run as the user of one kubeconfig. */
export class Kubectl {
  readonly #file: string;
  readonly #kubeconfig: string;

  constructor(file: string, kubeconfig: string) {
    this.#file = file;
    this.#kubeconfig = kubeconfig;
  }

  /** Is the same kubectl as another user. */
  as(kubeconfig: string): Kubectl {
    return new Kubectl(this.#file, kubeconfig);
  }

  /**
   * Runs one command and returns what it prints.
   *
   * Errors: `KubectlError` with what it says on standard error when it ends with another code than 0.
   */
  async run(...parameters: readonly string[]): Promise<string> {
    return this.#run(parameters, '');
  }

  /** Runs one command that reads a manifest from standard input, as with `-f -`. */
  async runWithInput(input: string | object, ...parameters: readonly string[]): Promise<string> {
    return this.#run(parameters, typeof input === 'string' ? input : JSON.stringify(input));
  }

  /** Creates or updates what a manifest (YAML, or an object) holds, as `kubectl apply` does. */
  async apply(manifest: string | object, ...parameters: readonly string[]): Promise<string> {
    return this.runWithInput(manifest, 'apply', '-f', '-', ...parameters);
  }

  /** Runs `kubectl get … -o json`; the caller says what it expects to come. */
  async get<T>(...parameters: readonly string[]): Promise<T> {
    return JSON.parse(await this.run('get', '-o', 'json', ...parameters)) as T;
  }

  #run(parameters: readonly string[], input: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const child = spawn(this.#file, ['--kubeconfig', this.#kubeconfig, ...parameters]);
      let output = '';
      let complaint = '';
      child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
        output += chunk;
      });
      child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
        complaint += chunk;
      });
      child.on('error', reject);
      child.on('close', (code) => {
        if (code === 0) resolve(output);
        else reject(new KubectlError(parameters, code, complaint));
      });
      // A command that needs no input may have ended before it could be written.
      child.stdin.on('error', () => undefined);
      child.stdin.end(input);
    });
  }
}

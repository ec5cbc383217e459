import { execFile } from 'node:child_process';
import { mkdir, readFile, symlink } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { ensureHelm } from '../../hack/control-plane/installed-helm.ts';
import type { ControlPlane } from '../../hack/control-plane/control-plane.ts';

const DOCS = path.join(import.meta.dirname, '../../docs');

/** Reads one page of the documentation. */
export function readPage(page: string): Promise<string> {
  return readFile(path.join(DOCS, page), 'utf8');
}

/** Runs commands of the documentation, letter by letter, as whoever follows it does. */
export class DocumentedCommands {
  readonly #page: string;
  readonly #controlPlane: ControlPlane;

  constructor(page: string, controlPlane: ControlPlane) {
    this.#page = page;
    this.#controlPlane = controlPlane;
  }

  /**
   * Runs the block that bears a name behind its language, with variables of its environment.
   *
   * Errors: throws when there is no such block, and when a command in it fails.
   */
  async run(name: string, variables: Readonly<Record<string, string>> = {}): Promise<string> {
    const text = await readPage(this.#page);
    const block = new RegExp(`^\`\`\`sh ${name}\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(text)?.[1];
    if (block === undefined) throw new Error(`${this.#page} has no block "${name}"`);
    const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', block], {
      env: {
        ...variables,
        PATH: `${await this.#programs()}:${process.env.PATH ?? ''}`,
        HOME: this.#controlPlane.directory,
        KUBECONFIG: this.#controlPlane.kubeconfig,
      },
    });
    return stdout;
  }

  async #programs(): Promise<string> {
    const folder = path.join(this.#controlPlane.directory, 'programs');
    await mkdir(folder, { recursive: true });
    const programs = { kubectl: this.#controlPlane.kubectl, helm: await ensureHelm() };
    for (const [name, file] of Object.entries(programs)) {
      await symlink(file, path.join(folder, name)).catch((error: unknown) => {
        const isThere = error instanceof Error && 'code' in error && error.code === 'EEXIST';
        if (!isThere) throw error;
      });
    }
    return folder;
  }
}

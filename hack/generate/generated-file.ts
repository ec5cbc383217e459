import path from 'node:path';

/** A file that is generated: its path from the root of the repository, and what it must hold. */
export interface GeneratedFile {
  readonly path: string;
  readonly content: string;
}

/** The absolute path of the repository. */
export const repositoryRoot = path.join(import.meta.dirname, '../..');

import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { repositoryRoot } from './generated-file.ts';

/** What is read of a CustomResourceDefinition whose schema has a type of the reader's own. */
export interface ResourceDefinition<Schema> {
  readonly spec: {
    readonly names: { readonly kind: string };
    readonly versions: readonly {
      readonly storage: boolean;
      readonly schema: { readonly openAPIV3Schema: Schema };
    }[];
  };
}

/** Reads the definitions in `crds/`, in the order of their file names. */
export async function readDefinitions(): Promise<
  { readonly file: string; readonly text: string }[]
> {
  const folder = path.join(repositoryRoot, 'crds');
  const files = (await readdir(folder)).filter((file) => file.endsWith('.yaml')).sort();
  return Promise.all(
    files.map(async (file) => ({ file, text: await readFile(path.join(folder, file), 'utf8') })),
  );
}

/** Finds the schema of the version that is stored. */
export function storedSchema<Schema>(definition: ResourceDefinition<Schema>): Schema {
  const stored = definition.spec.versions.find((version) => version.storage);
  if (stored !== undefined) return stored.schema.openAPIV3Schema;
  throw new Error(`Cannot generate ${definition.spec.names.kind}: no version is stored`);
}

/**
 * Tells how the files beside a kind's reconciler start: `load-balancer/load-balancer` within
 * `src/reconcilers` for AlibabaLoadBalancer.
 */
export function reconcilerFile(definition: ResourceDefinition<unknown>): string {
  const noun = definition.spec.names.kind
    .replace(/^Alibaba/, '')
    .replace(/(?<=[a-z0-9])[A-Z]/g, '-$&')
    .toLowerCase();
  return `src/reconcilers/${noun}/${noun}`;
}

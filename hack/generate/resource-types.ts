import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { compile, type JSONSchema } from 'json-schema-to-typescript';
import { parse } from 'yaml';
import { repositoryRoot, type GeneratedFile } from './generated-file.ts';

/** What is read of a CustomResourceDefinition. */
interface CustomResourceDefinition {
  readonly spec: {
    readonly names: { readonly kind: string };
    readonly versions: readonly {
      readonly storage: boolean;
      readonly schema: {
        readonly openAPIV3Schema: { readonly properties: Readonly<Record<string, JSONSchema>> };
      };
    }[];
  };
}

const HEADER = '/* Generated from crds/; run `npm run generate`. */';

/**
 * Generates the types of spec and status of every kind from the schemas in `crds/`.
 *
 * Shape: one file per kind, beside its reconciler; descriptions become docstrings.
 */
export async function resourceTypes(): Promise<GeneratedFile[]> {
  const folder = path.join(repositoryRoot, 'crds');
  const files = (await readdir(folder)).filter((file) => file.endsWith('.yaml')).sort();
  return Promise.all(
    files.map(async (file) => {
      const text = await readFile(path.join(folder, file), 'utf8');
      return typesOfKind(parse(text) as CustomResourceDefinition);
    }),
  );
}

/** Generates the types of one kind. */
export async function typesOfKind(definition: CustomResourceDefinition): Promise<GeneratedFile> {
  const { kind } = definition.spec.names;
  const stored = definition.spec.versions.find((version) => version.storage);
  if (stored === undefined) throw new Error(`Cannot generate ${kind}: no version is stored`);
  const { properties } = stored.schema.openAPIV3Schema;
  const parts = [];
  for (const part of ['spec', 'status'] as const) {
    const schema = properties[part];
    if (schema === undefined) continue;
    const name = `${kind}${part === 'spec' ? 'Spec' : 'Status'}`;
    parts.push(
      await compile(typeSchema(schema), name, {
        bannerComment: '',
        additionalProperties: false,
        style: { singleQuote: true, printWidth: 100 },
      }),
    );
  }
  const noun = kebabCase(kind.replace(/^Alibaba/, ''));
  return {
    path: `src/reconcilers/${noun}/${noun}-resource.generated.ts`,
    content: [HEADER, ...parts.map((part) => part.trim())].join('\n\n') + '\n',
  };
}

/**
 * Leaves out what is not for a type: the extensions of Kubernetes, the bounds of lists, which would
 * become tuples, and the descriptions of items, which would be printed a second time with the list.
 */
function typeSchema(schema: JSONSchema): JSONSchema {
  const { items, properties, ...rest } = schema as JSONSchema & {
    readonly items?: JSONSchema;
    readonly properties?: Readonly<Record<string, JSONSchema>>;
  };
  const kept = Object.entries(rest).filter(
    ([key]) => !key.startsWith('x-kubernetes-') && key !== 'minItems' && key !== 'maxItems',
  );
  return {
    ...Object.fromEntries(kept),
    ...(items === undefined ? {} : { items: { ...typeSchema(items), description: '' } }),
    ...(properties === undefined ? {} : { properties: typeSchemas(properties) }),
  };
}

function typeSchemas(properties: Readonly<Record<string, JSONSchema>>): Record<string, JSONSchema> {
  return Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => [name, typeSchema(schema)]),
  );
}

function kebabCase(name: string): string {
  return name.replace(/(?<=[a-z0-9])[A-Z]/g, '-$&').toLowerCase();
}

import { compile, type JSONSchema } from 'json-schema-to-typescript';
import { parse } from 'yaml';
import type { GeneratedFile } from './generated-file.ts';
import {
  readDefinitions,
  reconcilerFile,
  storedSchema,
  type ResourceDefinition,
} from './resource-definition.ts';

type Definition = ResourceDefinition<{
  readonly properties: Readonly<Record<string, JSONSchema>>;
}>;

const HEADER = '/* Generated from crds/; run `npm run generate`. */';

/**
 * Generates the types of spec and status of every kind from the schemas in `crds/`.
 *
 * Shape: one file per kind, beside its reconciler; descriptions become docstrings.
 */
export async function resourceTypes(): Promise<GeneratedFile[]> {
  const definitions = await readDefinitions();
  return Promise.all(definitions.map(({ text }) => typesOfKind(parse(text) as Definition)));
}

/** Generates the types of one kind. */
export async function typesOfKind(definition: Definition): Promise<GeneratedFile> {
  const { kind } = definition.spec.names;
  const { properties } = storedSchema(definition);
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
  return {
    path: `${reconcilerFile(definition)}-resource.generated.ts`,
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

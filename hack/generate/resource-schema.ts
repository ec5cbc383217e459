import path from 'node:path';
import prettier from 'prettier';
import { parse } from 'yaml';
import { repositoryRoot, type GeneratedFile } from './generated-file.ts';
import {
  readDefinitions,
  reconcilerFile,
  storedSchema,
  type ResourceDefinition,
} from './resource-definition.ts';

/** A schema as far as it is walked here; everything else in it is kept as it is. */
interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly [keyword: string]: unknown;
}

type Definition = ResourceDefinition<Schema>;

/** Keywords that only the API server or a reader of the documentation needs. */
const LEFT_OUT: readonly string[] = ['description', 'x-kubernetes-validations'];

/**
 * Generates, from the schemas in `crds/`, what a program judges a spec with before it is sent.
 *
 * Shape: one JSON file per kind, beside its reconciler. Unknown members are refused there, which
 *   the API server does only when asked for strict validation.
 */
export async function resourceSchemas(): Promise<GeneratedFile[]> {
  const definitions = await readDefinitions();
  return Promise.all(definitions.map(({ text }) => schemaOfKind(parse(text) as Definition)));
}

/** Generates the schema of one kind. */
export async function schemaOfKind(definition: Definition): Promise<GeneratedFile> {
  const file = `${reconcilerFile(definition)}-schema.generated.json`;
  const style = await prettier.resolveConfig(path.join(repositoryRoot, file));
  const text = JSON.stringify(judgingSchema(storedSchema(definition)));
  return { path: file, content: await prettier.format(text, { ...style, parser: 'json' }) };
}

function judgingSchema(schema: Schema): Schema {
  const { properties, items, additionalProperties, ...rest } = schema;
  const kept = Object.fromEntries(
    Object.entries(rest).filter(([keyword]) => !LEFT_OUT.includes(keyword)),
  );
  return {
    ...kept,
    ...(items === undefined ? {} : { items: judgingSchema(items) }),
    ...(properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(
            Object.entries(properties).map(([name, member]) => [name, judgingSchema(member)]),
          ),
          additionalProperties: false,
        }),
    ...(typeof additionalProperties === 'object'
      ? { additionalProperties: judgingSchema(additionalProperties) }
      : {}),
  };
}

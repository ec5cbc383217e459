import { Ajv, type ValidateFunction } from 'ajv';
import formats from 'ajv-formats';
import resourceSchema from '../load-balancer/load-balancer-schema.generated.json' with { type: 'json' };

/** A schema of the CRD as far as its structure is walked. */
export interface FieldSchema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, FieldSchema>>;
  readonly items?: FieldSchema;
  readonly 'x-kubernetes-list-type'?: 'atomic' | 'map' | 'set';
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-map-type'?: 'atomic' | 'granular';
}

/** The schema of a whole AlibabaLoadBalancer. */
export const LOAD_BALANCER_SCHEMA: FieldSchema = resourceSchema as FieldSchema;

/** The schema of `spec` of an AlibabaLoadBalancer. */
export const SPEC_SCHEMA: FieldSchema = LOAD_BALANCER_SCHEMA.properties?.spec ?? {};

const ajv = new Ajv({ allErrors: true, strict: false });
// The package is CommonJS: its callable export is a member of what Node imports.
formats.default(ajv);

const judges = new Map<FieldSchema, ValidateFunction>();

/**
 * Finds the schema of a field of `spec`; the items of a list are entered without an element of
 * their own, as in `listeners`, `clb`, `scheduler`.
 */
export function schemaOfField(path: readonly string[]): FieldSchema | undefined {
  return path.reduce<FieldSchema | undefined>(
    (schema, name) => (schema?.items ?? schema)?.properties?.[name],
    SPEC_SCHEMA,
  );
}

/**
 * Tells whether the schema of the CRD allows a value for a field of `spec`.
 *
 * Shape: false for a field that the schema does not have.
 */
export function isAllowedValue(path: readonly string[], value: unknown): boolean {
  const schema = schemaOfField(path);
  return schema !== undefined && judge(schema)(value);
}

/** Lists, in words, what the schema of the CRD refuses in a whole object; empty when it is valid. */
export function resourceErrors(object: unknown): string[] {
  const validate = judge(LOAD_BALANCER_SCHEMA);
  if (validate(object)) return [];
  return (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message ?? ''}`);
}

function judge(schema: FieldSchema): ValidateFunction {
  const known = judges.get(schema);
  if (known !== undefined) return known;
  const compiled = ajv.compile(schema);
  judges.set(schema, compiled);
  return compiled;
}

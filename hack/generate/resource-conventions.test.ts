import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { repositoryRoot } from './generated-file.ts';

/** What is read of a schema. */
interface Schema {
  readonly type?: string;
  readonly format?: string;
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly default?: unknown;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxItems?: number;
  readonly maxProperties?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly 'x-kubernetes-list-type'?: string;
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-validations'?: readonly {
    readonly rule: string;
    readonly message?: string;
    readonly reason?: string;
    readonly fieldPath?: string;
  }[];
}

interface Column {
  readonly name: string;
  readonly type: string;
  readonly description?: string;
  readonly jsonPath: string;
  readonly priority?: number;
}

interface Definition {
  readonly spec: {
    readonly group: string;
    readonly scope: string;
    readonly names: {
      readonly kind: string;
      readonly shortNames: readonly string[];
      readonly categories: readonly string[];
    };
    readonly versions: readonly {
      readonly name: string;
      readonly storage: boolean;
      readonly subresources?: { readonly status?: object };
      readonly selectableFields?: readonly { readonly jsonPath: string }[];
      readonly additionalPrinterColumns: readonly Column[];
      readonly schema: { readonly openAPIV3Schema: Schema };
    }[];
  };
}

const FOLDER = path.join(repositoryRoot, 'crds');
/** Names of resources that every cluster has. */
const TAKEN_NAMES = new Set(['po', 'svc', 'no', 'ns', 'cm', 'deploy', 'ds', 'rs', 'ing', 'pv']);
/** Fields whose meaning is fixed by Kubernetes. */
const STANDARD_FIELDS = new Set(['.apiVersion', '.kind', '.metadata']);

/** Walks a schema and everything in it, with the path of each. */
function* schemasIn(schema: Schema, at = ''): Generator<readonly [string, Schema]> {
  yield [at, schema];
  for (const [name, member] of Object.entries(schema.properties ?? {})) {
    yield* schemasIn(member, `${at}.${name}`);
  }
  if (schema.items !== undefined) yield* schemasIn(schema.items, `${at}[]`);
  const { additionalProperties } = schema;
  if (additionalProperties !== undefined) yield* schemasIn(additionalProperties, `${at}{}`);
}

function pathsWhere(
  schemas: readonly (readonly [string, Schema])[],
  isWrong: (schema: Schema, at: string) => boolean,
): string[] {
  return schemas.filter(([at, schema]) => isWrong(schema, at)).map(([at]) => at);
}

for (const file of readdirSync(FOLDER).filter((name) => name.endsWith('.yaml'))) {
  const { spec } = parse(readFileSync(path.join(FOLDER, file), 'utf8')) as Definition;
  const { kind } = spec.names;
  const [version, ...others] = spec.versions;
  assert.ok(version !== undefined);
  const root = version.schema.openAPIV3Schema;
  const all = [...schemasIn(root)];
  const own = all.filter(([at]) => !STANDARD_FIELDS.has(at));
  const asked = own.filter(([at]) => at.startsWith('.spec'));

  test(`API-01 API-11 ${kind}: spec and status, the status apart, and no phase`, () => {
    const members = Object.keys(root.properties ?? {}).sort();
    assert.deepEqual(members, ['apiVersion', 'kind', 'metadata', 'spec', 'status']);
    assert.notEqual(version.subresources?.status, undefined);
    assert.deepEqual(
      pathsWhere(own, (_, at) => at.endsWith('.phase')),
      [],
    );
  });

  test(`API-02 ${kind}: fields are camelCase, numbers are integers, and what lasts says its unit`, () => {
    const names = own.flatMap(([, { properties = {} }]) => Object.keys(properties));
    assert.deepEqual(
      names.filter((name) => !/^[a-z][A-Za-z0-9]*$/.test(name)),
      [],
    );
    assert.deepEqual(
      pathsWhere(own, ({ type }) => type === 'number'),
      [],
    );
    assert.deepEqual(
      pathsWhere(asked, (_, at) => /(Timeout|Interval|Period|Duration)$/i.test(at)),
      [],
    );
  });

  test(`API-03 ${kind}: every string, number, list and map is bounded`, () => {
    const isBounded = (schema: Schema): boolean => {
      switch (schema.type) {
        case 'string':
          return (
            schema.maxLength !== undefined ||
            schema.enum !== undefined ||
            schema.format === 'date-time'
          );
        case 'integer':
          return schema.minimum !== undefined && schema.maximum !== undefined;
        case 'array':
          return schema.maxItems !== undefined && schema['x-kubernetes-list-type'] !== undefined;
        case 'object':
          return schema.additionalProperties === undefined || schema.maxProperties !== undefined;
        default:
          return true;
      }
    };
    assert.deepEqual(
      pathsWhere(own, (schema) => !isBounded(schema)),
      [],
    );
  });

  test(`API-04 ${kind}: a list of things with names is a map by keys that are required`, () => {
    const isShared = (schema: Schema): boolean => {
      if (schema.type !== 'array' || schema.items?.type !== 'object') return true;
      const keys = schema['x-kubernetes-list-map-keys'] ?? [];
      return keys.length > 0 && keys.every((key) => schema.items?.required?.includes(key) === true);
    };
    assert.deepEqual(
      pathsWhere(asked, (schema) => !isShared(schema)),
      [],
    );
  });

  test(`API-05 ${kind}: conditions have the standard schema`, () => {
    const conditions = root.properties?.status?.properties?.conditions;
    assert.deepEqual(conditions?.['x-kubernetes-list-map-keys'], ['type']);
    const { type, status, reason, message, observedGeneration } =
      conditions.items?.properties ?? {};
    assert.equal(type?.maxLength, 316);
    assert.deepEqual(status?.enum, ['True', 'False', 'Unknown']);
    assert.equal(reason?.maxLength, 1024);
    assert.match('DeletionHeld', new RegExp(reason.pattern ?? '$^'));
    assert.doesNotMatch('Deletion held', new RegExp(reason.pattern ?? ''));
    assert.equal(message?.maxLength, 32_768);
    assert.equal(observedGeneration?.minimum, 0);
  });

  test(`API-12 ${kind}: no field that can be generated has a default`, () => {
    assert.deepEqual(
      pathsWhere(asked, (schema) => schema.default !== undefined),
      [],
    );
  });

  test(`API-14 ${kind}: only what says where a resource lives is immutable`, () => {
    const immutable = pathsWhere(
      own,
      (schema) =>
        schema['x-kubernetes-validations']?.some(({ rule }) => rule.includes('oldSelf')) === true,
    );
    const allowed = ['.spec.type', '.spec.serviceRef', '.spec.routeTableId'];
    assert.deepEqual(
      immutable.filter((at) => !allowed.includes(at)),
      [],
    );
    assert.ok(immutable.length > 0);
    // An optional field could be taken away and set anew.
    const required = root.properties?.spec?.required ?? [];
    assert.ok(immutable.every((at) => required.includes(at.replace('.spec.', ''))));
  });

  test(`API-15 API-16 ${kind}: rules say what must hold, why, and read no metadata`, () => {
    const rules = own.flatMap(([, schema]) => schema['x-kubernetes-validations'] ?? []);
    for (const { rule, message = '', reason } of rules) {
      assert.match(message, /^(must|may not) /, rule);
      assert.doesNotMatch(message, /[\n.]$/, rule);
      assert.notEqual(reason, undefined, rule);
      assert.doesNotMatch(rule, /metadata/, rule);
    }
  });

  test(`API-19 API-20 ${kind}: columns are described, few without -o wide, and the age is last`, () => {
    const columns = version.additionalPrinterColumns;
    assert.deepEqual(
      columns.filter(({ type, description }) => type === '' || description === undefined),
      [],
    );
    const narrow = columns.filter(({ priority = 0 }) => priority === 0).map(({ name }) => name);
    assert.ok(narrow.length <= 6);
    const last = columns.at(-1);
    assert.deepEqual(
      [last?.name, last?.type, last?.jsonPath],
      ['Age', 'date', '.metadata.creationTimestamp'],
    );
    assert.ok(narrow.includes('Ready'));
    assert.ok(columns.some(({ name, priority }) => name === 'Reason' && priority === 1));
  });

  test(`API-21 ${kind}: short names are free, and the category is the provider's`, () => {
    assert.deepEqual(spec.names.categories, ['alibaba']);
    for (const name of spec.names.shortNames) {
      assert.match(name, /^al[a-z]+$/);
      assert.ok(!TAKEN_NAMES.has(name));
    }
  });

  test(`API-22 ${kind}: every field is described, and unknown ones are pruned`, () => {
    const fields = own.filter(([at]) => at !== '' && !at.endsWith(']') && !at.endsWith('}'));
    assert.deepEqual(
      pathsWhere(fields, ({ description = '' }) => description.length < 8),
      [],
    );
    assert.deepEqual(
      pathsWhere(all, (schema) => schema['x-kubernetes-preserve-unknown-fields'] === true),
      [],
    );
  });

  test(`API-23 API-24 ${kind}: one version is stored, and few fields can be selected by`, () => {
    assert.match(version.name, /^v1(alpha|beta)?\d*$/);
    assert.deepEqual(
      [version, ...others].filter(({ storage }) => storage).map(({ name }) => name),
      [version.name],
    );
    const selectable = version.selectableFields ?? [];
    assert.ok(selectable.length > 0 && selectable.length <= 8);
    const paths = new Set(all.map(([at]) => at));
    assert.deepEqual(
      selectable.filter(({ jsonPath }) => !paths.has(jsonPath)),
      [],
    );
  });
}

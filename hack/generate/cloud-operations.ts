import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fieldName } from '../../src/cloud/transport/wire-codec.ts';
import { repositoryRoot, type GeneratedFile } from './generated-file.ts';

/** The operations that the operator calls, by product. */
const CALLED_OPERATIONS = {
  slb: [
    'AddVServerGroupBackendServers',
    'CreateLoadBalancer',
    'CreateLoadBalancerTCPListener',
    'CreateLoadBalancerUDPListener',
    'CreateVServerGroup',
    'DeleteLoadBalancer',
    'DeleteLoadBalancerListener',
    'DeleteVServerGroup',
    'DescribeHealthStatus',
    'DescribeLoadBalancerAttribute',
    'DescribeLoadBalancerListeners',
    'DescribeLoadBalancers',
    'DescribeVServerGroupAttribute',
    'DescribeVServerGroups',
    'ModifyLoadBalancerInstanceChargeType',
    'ModifyLoadBalancerInstanceSpec',
    'ModifyLoadBalancerInternetSpec',
    'RemoveVServerGroupBackendServers',
    'SetLoadBalancerDeleteProtection',
    'SetLoadBalancerModificationProtection',
    'SetLoadBalancerName',
    'SetLoadBalancerTCPListenerAttribute',
    'SetLoadBalancerUDPListenerAttribute',
    'SetVServerGroupAttribute',
    'StartLoadBalancerListener',
    'StopLoadBalancerListener',
    'TagResources',
    'UntagResources',
  ],
  sts: ['AssumeRole', 'AssumeRoleWithOIDC', 'GetCallerIdentity'],
} as const;

/** A parameter as published. */
interface PublishedParameter {
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
  readonly fields?: readonly PublishedParameter[];
}

/** An answer's shape as published: a leaf is a type name, a list has one element. */
type PublishedShape =
  string | readonly [PublishedShape] | { readonly [name: string]: PublishedShape };

interface PublishedOperation {
  readonly version: string;
  readonly request: readonly PublishedParameter[];
  readonly response: Readonly<Record<string, PublishedShape>>;
}

/**
 * Generates, for every product, the types of requests and answers of the operations that the
 * operator calls, and the table of their names on the wire.
 *
 * Shape: one file per product; operation and field names are those of the vendor's packages.
 */
export async function cloudOperations(): Promise<GeneratedFile[]> {
  return Promise.all(
    Object.entries(CALLED_OPERATIONS).map(async ([product, operations]) => {
      const source = `src/cloud/published-api/${product}.json`;
      const text = await readFile(path.join(repositoryRoot, source), 'utf8');
      const published = JSON.parse(text) as Readonly<Record<string, PublishedOperation>>;
      return {
        path: `src/cloud/${product}/${product}-operations.generated.ts`,
        content: operationsFile(product, source, published, operations),
      };
    }),
  );
}

/** Writes one product's file. */
export function operationsFile(
  product: string,
  source: string,
  published: Readonly<Record<string, PublishedOperation>>,
  operations: readonly string[],
): string {
  const types: string[] = [];
  const members: string[] = [];
  const tables: string[] = [];
  const versions = new Set<string>();
  for (const name of operations) {
    const operation = published[name];
    if (operation === undefined) throw new Error(`Cannot generate ${name}: not in ${source}`);
    versions.add(operation.version);
    types.push(...requestTypes(`${name}Request`, operation.request));
    types.push(...answerTypes(`${name}ResponseBody`, operation.response));
    members.push(
      `  readonly ${name}: { readonly request: ${name}Request; readonly response: ${name}ResponseBody };`,
    );
    const table = {
      mutating: !/^(Describe|List|Get)/.test(name),
      request: requestShape(operation.request),
      response: answerShape(operation.response),
    };
    tables.push(`  ${name}: ${JSON.stringify(table)},`);
  }
  const [version, ...others] = [...versions];
  if (version === undefined || others.length > 0) {
    throw new Error(`Cannot generate ${product}: expected one API version`);
  }
  const title = product.charAt(0).toUpperCase() + product.slice(1);
  return [
    `/* Generated from ${source}; run \`npm run generate\`. */\n`,
    `import type { OperationTable } from '../transport/wire-codec.ts';\n`,
    ...types,
    `/** What each operation takes and answers. */`,
    `export interface ${title}Operations {`,
    ...members,
    '}\n',
    `/** The version of the API that the operations belong to. */`,
    `export const ${product.toUpperCase()}_VERSION = '${version}';\n`,
    `/** Names and shapes on the wire, by operation. */`,
    `export const ${product.toUpperCase()}_OPERATIONS: { readonly [Name in keyof ${title}Operations]: OperationTable } = {`,
    ...tables,
    '};',
    '',
  ].join('\n');
}

function requestTypes(typeName: string, parameters: readonly PublishedParameter[]): string[] {
  const nested: string[] = [];
  const lines = parameters.map((parameter) => {
    const type = parameterType(typeName, parameter, nested);
    const field = fieldName(parameter.name);
    return `  readonly ${parameter.required ? `${field}: ${type}` : `${field}?: ${type} | undefined`};`;
  });
  return [...nested, interfaceText(typeName, lines)];
}

function parameterType(typeName: string, parameter: PublishedParameter, nested: string[]): string {
  const item = /^array<(.*)>$/.exec(parameter.type)?.[1];
  const plain = item ?? parameter.type;
  let type: string;
  if (plain === 'object') {
    type = `${typeName}${parameter.name}`;
    nested.push(...requestTypes(type, parameter.fields ?? []));
  } else {
    type = leafType(plain);
  }
  return item === undefined ? type : `readonly ${type}[]`;
}

function answerTypes(typeName: string, shape: Readonly<Record<string, PublishedShape>>): string[] {
  const nested: string[] = [];
  const typeOf = (name: string, member: PublishedShape): string => {
    if (typeof member === 'string') return leafType(member);
    if (isList(member)) return `readonly ${typeOf(name, member[0])}[]`;
    nested.push(...answerTypes(`${typeName}${name}`, member));
    return `${typeName}${name}`;
  };
  const lines = Object.entries(shape).map(
    ([name, member]) => `  readonly ${fieldName(name)}?: ${typeOf(name, member)};`,
  );
  return [...nested, interfaceText(typeName, lines)];
}

function interfaceText(typeName: string, lines: readonly string[]): string {
  if (lines.length === 0) return `export type ${typeName} = Readonly<Record<string, never>>;\n`;
  return [`export interface ${typeName} {`, ...lines, '}\n'].join('\n');
}

function requestShape(parameters: readonly PublishedParameter[]): Record<string, unknown> {
  return Object.fromEntries(
    parameters.map((parameter) => {
      const item = /^array<(.*)>$/.exec(parameter.type)?.[1];
      const plain = item ?? parameter.type;
      const shape = plain === 'object' ? requestShape(parameter.fields ?? []) : leafType(plain);
      return [parameter.name, item === undefined ? shape : [shape]];
    }),
  );
}

function answerShape(shape: PublishedShape): unknown {
  if (typeof shape === 'string') return leafType(shape);
  if (isList(shape)) return [answerShape(shape[0])];
  return Object.fromEntries(
    Object.entries(shape).map(([name, member]) => [name, answerShape(member)]),
  );
}

function isList(shape: PublishedShape): shape is readonly [PublishedShape] {
  return Array.isArray(shape);
}

function leafType(published: string): 'string' | 'number' | 'boolean' {
  switch (published) {
    case 'string':
      return 'string';
    case 'boolean':
      return 'boolean';
    case 'int32':
    case 'int64':
    case 'float':
      return 'number';
    default:
      throw new Error(`Cannot generate a type for "${published}"`);
  }
}

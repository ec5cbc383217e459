import {
  AdminInterface,
  type AdminOperation,
  type AdminSchema,
} from '../../emulator/admin/admin-interface.ts';
import { listPublishedOperations } from '../../emulator/model/api-catalog.ts';
import { CLOUD_RULES } from '../../emulator/model/cloud-rules.ts';
import { DEFAULT_SETTINGS, QUOTAS } from '../../emulator/model/emulator-settings.ts';
import { FAULT_KINDS } from '../../emulator/model/fault-board.ts';
import type { GeneratedFile } from './generated-file.ts';

const PAGE = 'docs/emulator.md';
const SOURCE = 'emulator/admin/admin-openapi.yaml';

/** Generates the reference of the local cloud: its admin interface, its settings and its rules. */
export function emulatorReference(): Promise<GeneratedFile[]> {
  return Promise.resolve([{ path: PAGE, content: referencePage() }]);
}

function referencePage(): string {
  const admin = new AdminInterface();
  return [
    `<!-- Generated from the rules of emulator/model and from ${SOURCE}; run \`npm run generate\`. -->`,
    '',
    '# The local Alibaba Cloud',
    '',
    ...INTRODUCTION,
    '',
    '## Operations',
    '',
    'Parameters, answers and error codes are the published ones (`src/cloud/published-api`).',
    '',
    ...operationTable(),
    '',
    '## Admin interface',
    '',
    admin.document.info.description,
    `The interface is published as an OpenAPI file, \`${SOURCE}\`; requests are checked against it, and answers in tests.`,
    'A refused order is `{"error": "why"}`. Where there is nothing to say, the answer is `{}`.',
    '',
    ...verbSections(admin),
    '### Kinds of faults',
    '',
    ...table(
      ['kind', 'what happens to the call'],
      Object.entries(FAULT_KINDS).map(([kind, about]) => [code(kind), about]),
    ),
    '',
    'Several faults may act on one call: delays and holds first, in the order in which they were set.',
    '',
    '### Shapes',
    '',
    ...schemaSections(admin),
    '## Settings',
    '',
    ...settingTable(admin),
    '',
    '### Quotas',
    '',
    'Names for `quotas` in a seed and in the settings; 0 means no limit.',
    '',
    ...table(
      ['name', 'unless told', 'what it limits'],
      Object.entries(QUOTAS).map(([name, { limit, about }]) => [code(name), String(limit), about]),
    ),
    '',
    '## Rules',
    '',
    ...RULES_INTRODUCTION,
    '',
    ...ruleSections(),
  ].join('\n');
}

const INTRODUCTION = [
  'A stand-in for the parts of Alibaba Cloud that a cloud controller manager asks, load balancers (CLB), networks (VPC),',
  'instances (ECS) and roles (STS): real SDKs talk to it over HTTP, both of their signatures are verified, and it is no',
  'softer than the real one. By default a write takes 100 ms, in which it holds what it writes or its VPC and a second one',
  'gets the real lock code, a start or a pending route takes 500 ms, and an account may make 20 calls a second of one',
  'operation. It listens on the loopback interface only.',
  '',
  '```console',
  '$ make emulator',
  '$ npm run -s emulator -- --port 0 --seed seed.json --state cloud.json',
  '```',
  '',
  'It prints its URL and the environment variables that point this operator, the Go cloud controller manager or an SDK at',
  'it. `--port 0` takes a free port, `--seed` names a file with accounts, keys, networks and instances to begin with (JSON',
  'or YAML, as for `POST /_admin/seed`; without it one key `emulator` / `emulator-secret`, one VPC with two zones and three',
  'running instances), `--state` keeps everything in a file that a later start goes on from, `--manual-clock` stops the',
  'clock, which then moves with `POST /_admin/clock` only.',
  '',
  'Instance metadata, with the credentials of the role that the seed names, is served on the same port under `/latest/`.',
  'In a test, `startLocalCloud` of `test/support/local-cloud.ts` starts one in the same process.',
];

const RULES_INTRODUCTION = [
  'Every rule is proven by a test that carries its name. *documented* rules come from what the cloud publishes, *seen in a',
  'client* ones from what a client that works in practice sends or relies on; where the two disagree, this cloud accepts',
  'what the client does. For *assumed* ones nothing tells, and this cloud does what fits the rest.',
];

function operationTable(): string[] {
  const byVersion = Map.groupBy(
    listPublishedOperations(),
    ({ product, version }) => `${product} ${version}`,
  );
  return table(
    ['product and version', 'operations'],
    [...byVersion].map(([name, operations]) => [
      name,
      operations
        .map(({ action }) => code(action))
        .sort()
        .join(', '),
    ]),
  );
}

function verbSections(admin: AdminInterface): string[] {
  return Object.entries(admin.document.paths).flatMap(([path, verbs]) =>
    Object.entries(verbs).flatMap(([method, operation]) => [
      `### \`${method.toUpperCase()} ${path}\``,
      '',
      `${operation.summary}.${operation.description === undefined ? '' : ` ${operation.description}`}`,
      '',
      ...verbFacts(operation),
      '',
    ]),
  );
}

function verbFacts(operation: AdminOperation): string[] {
  const query = (operation.parameters ?? [])
    .filter((parameter) => parameter.in === 'query')
    .map((parameter) => `- query ${code(parameter.name)}: ${parameter.description ?? ''}`);
  const body = operation.requestBody?.content?.['application/json']?.schema;
  const answers = Object.entries(operation.responses).map(([status, response]) => {
    if (response.$ref !== undefined) {
      return `${code(status)} ${lastPart(response.$ref) === 'Done' ? '`{}`' : 'refused'}`;
    }
    const schema = response.content?.['application/json']?.schema;
    return `${code(status)} ${schema === undefined ? '' : shapeOf(schema)}`;
  });
  return [
    ...query,
    ...(body === undefined ? [] : [`- body: ${shapeOf(body)}`]),
    `- answers: ${answers.join(', ')}`,
  ];
}

/** Says a schema in one line: its type, its values, or the name of a shape. */
function shapeOf(schema: AdminSchema): string {
  if (schema.$ref !== undefined) return linkTo(lastPart(schema.$ref));
  if (schema.enum !== undefined) return schema.enum.map((value) => code(value)).join(' \\| ');
  const options = schema.anyOf ?? schema.allOf;
  if (options !== undefined) {
    return options.map(shapeOf).join(schema.anyOf === undefined ? ' and ' : ' or ');
  }
  if (schema.items !== undefined) return `list of ${shapeOf(schema.items)}`;
  if (schema.type === undefined) return 'any';
  const type = Array.isArray(schema.type) ? schema.type.join(' or ') : String(schema.type);
  if (typeof schema.additionalProperties === 'object') {
    return `map to ${shapeOf(schema.additionalProperties)}`;
  }
  const members = Object.keys(schema.properties ?? {});
  return members.length > 0 ? `${type} of ${members.map(code).join(', ')}` : type;
}

// Written where they are used: a section of their own would say nothing more.
const UNTOLD = new Set(['Nothing', 'Refusal']);

function schemaSections(admin: AdminInterface): string[] {
  const schemas = Object.entries(admin.document.components.schemas ?? {});
  return schemas
    .filter(([name]) => !UNTOLD.has(name))
    .flatMap(([name, schema]) => [
      `#### ${name}`,
      '',
      ...(schema.description === undefined ? [] : [`${schema.description}.`, '']),
      ...schemaBody(schema),
      '',
    ]);
}

function schemaBody(schema: AdminSchema): string[] {
  const parts = schema.allOf ?? [schema];
  const shared = parts.filter(({ $ref }) => $ref !== undefined).map(shapeOf);
  const properties = parts.flatMap((part) => Object.entries(part.properties ?? {}));
  const required = new Set(parts.flatMap((part) => part.required ?? []));
  if (properties.length === 0) return [`${shapeOf({ ...schema, allOf: undefined })}.`];
  return [
    ...(shared.length > 0 ? [`Has the members of ${shared.join(' and ')}, and:`, ''] : []),
    ...table(
      ['member', 'required', 'shape', 'meaning'],
      properties.map(([name, member]) => [
        code(name),
        required.has(name) ? 'yes' : '',
        shapeOf(member) +
          (member.default === undefined ? '' : `, ${code(String(member.default))} unless told`),
        member.description ?? '',
      ]),
    ),
  ];
}

function settingTable(admin: AdminInterface): string[] {
  const members = admin.document.components.schemas?.SettingsChange?.properties ?? {};
  return table(
    ['setting', 'unless told', 'meaning'],
    Object.entries(members).map(([name, member]) => {
      const value = DEFAULT_SETTINGS[name as keyof typeof DEFAULT_SETTINGS];
      const shown = typeof value === 'number' ? String(value) : code(JSON.stringify(value));
      return [
        code(name),
        name === 'quotas' ? 'the table below' : shown,
        member.description ?? admin.describe(member) ?? '',
      ];
    }),
  );
}

function ruleSections(): string[] {
  const byArea = Map.groupBy(CLOUD_RULES, ({ area }) => area);
  return [...byArea].flatMap(([area, rules]) => [
    `### ${area}`,
    '',
    ...table(
      ['rule', 'what holds', 'source'],
      rules.map(({ id, sentence, source }) => [code(id), sentence, source]),
    ),
    '',
  ]);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}

function code(text: string): string {
  return `\`${text}\``;
}

function linkTo(name: string): string {
  return `[${name}](#${name.toLowerCase()})`;
}

function lastPart(reference: string): string {
  return reference.slice(reference.lastIndexOf('/') + 1);
}

import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { resourceErrors } from '../../src/reconcilers/service/spec-judge.ts';
import { startTestControlPlane } from '../support/control-plane.ts';
import { eventually } from '../support/operator-world.ts';

const ROOT = path.join(import.meta.dirname, '../..');
const CRD = path.join(ROOT, 'crds/networking.alibabacloud.com_alibabaloadbalancers.yaml');
const SAMPLES = path.join(ROOT, 'config/samples');

const cluster = await startTestControlPlane();
const { kubectl } = cluster;
const namespace = await cluster.createNamespace();
let count = 0;

interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema;
  readonly enum?: readonly string[];
  readonly maxLength?: number;
  readonly maximum?: number;
  readonly minimum?: number;
  readonly maxItems?: number;
  readonly maxProperties?: number;
  readonly default?: unknown;
  readonly format?: string;
  readonly 'x-kubernetes-list-type'?: string;
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly required?: readonly string[];
}

interface Definition {
  readonly spec: {
    readonly names: {
      readonly shortNames: readonly string[];
      readonly categories: readonly string[];
    };
    readonly versions: readonly {
      readonly name: string;
      readonly subresources: object;
      readonly selectableFields: readonly { readonly jsonPath: string }[];
      readonly additionalPrinterColumns: readonly {
        readonly name: string;
        readonly type: string;
        readonly description?: string;
        readonly priority?: number;
      }[];
      readonly schema: { readonly openAPIV3Schema: Schema };
    }[];
  };
}

const definition = parse(await readFile(CRD, 'utf8')) as Definition;
const [version] = definition.spec.versions;
assert.ok(version);
const root = version.schema.openAPIV3Schema;

/** Lists every field with its schema, by path. */
function fieldsOf(schema: Schema, at = ''): [path: string, schema: Schema][] {
  const inner = schema.items ?? schema.additionalProperties ?? schema;
  const below = schema.items === undefined && inner === schema ? [] : fieldsOf(inner, `${at}[]`);
  const members = Object.entries(schema.properties ?? {}).flatMap(([name, member]) =>
    fieldsOf(member, `${at}.${name}`),
  );
  return [[at, schema], ...below, ...members];
}

const fields = fieldsOf(root).filter(([at]) => at !== '' && !at.startsWith('.metadata'));

test('API-01: spec and status are all there is, and status is a subresource', () => {
  assert.deepEqual(Object.keys(root.properties ?? {}).sort(), [
    'apiVersion',
    'kind',
    'metadata',
    'spec',
    'status',
  ]);
  assert.deepEqual(version.subresources, { status: {} });
});

for (const [at, schema] of fields) {
  test(`API-02 API-03 API-04 API-12 API-22: ${at} is described, bounded and well named`, () => {
    assert.ok(at.endsWith('[]') || (schema.description ?? '') !== '', 'described');
    const name = at.split('.').at(-1)?.replaceAll('[]', '') ?? '';
    assert.match(name, /^[a-z][a-zA-Z0-9]*$/, 'camelCase');
    assert.equal(schema.default, undefined, 'A default would own what the generator may write.');
    switch (schema.type) {
      case 'string':
        assert.ok(
          schema.enum !== undefined ||
            schema.maxLength !== undefined ||
            schema.format === 'date-time',
          'of bounded length',
        );
        return;
      case 'integer':
        assert.ok(schema.minimum !== undefined && schema.maximum !== undefined, 'of bounded size');
        assert.ok(schema.maximum <= 2 ** 53, 'exact in JSON');
        return;
      case 'array':
        assert.ok(schema.maxItems !== undefined, 'of bounded length');
        assert.ok(schema['x-kubernetes-list-type'] !== undefined, 'with a list type');
        for (const key of schema['x-kubernetes-list-map-keys'] ?? []) {
          assert.ok(schema.items?.required?.includes(key), `keyed by required ${key}`);
        }
        return;
      case 'object':
        if (schema.additionalProperties !== undefined) {
          assert.ok(schema.maxProperties !== undefined, 'of bounded size');
        }
        return;
      case 'number':
        assert.fail('There are no fractions in a spec.');
        return;
      default:
        assert.equal(schema.type, 'boolean');
    }
  });
}

test('API-19 API-21: columns end with Age, each described, few of them wide', () => {
  const columns = version.additionalPrinterColumns;
  assert.deepEqual(columns.at(-1), {
    name: 'Age',
    type: 'date',
    description: columns.at(-1)?.description,
    jsonPath: '.metadata.creationTimestamp',
  });
  assert.ok(columns.filter(({ priority = 0 }) => priority === 0).length <= 7);
  for (const { name, description } of columns) assert.ok(description, name);
  assert.deepEqual(definition.spec.names.shortNames, ['alilb']);
  assert.deepEqual(definition.spec.names.categories, ['alibaba']);
});

test('API-22: kubectl explain documents a field deep down', async () => {
  await eventually(async () => {
    // Discovery and documentation follow a moment after the kind is there.
    const text = await kubectl.run('explain', 'alilb.spec.listeners.healthCheck.httpCodes');
    assert.match(text, /The classes of answers that count as healthy/);
  });
});

test('API-24: objects can be asked for by Service', async () => {
  const name = await create({});
  const found = await kubectl.run(
    ...['get', 'alilb', '-n', namespace, '-o', 'name'],
    ...['--field-selector', `spec.serviceRef.name=${name}`],
  );
  assert.equal(found.trim(), `alibabaloadbalancer.networking.alibabacloud.com/${name}`);
});

/** Creates an object whose Service has its name, and returns the name. */
async function create(spec: object, ...more: readonly string[]): Promise<string> {
  count += 1;
  const name = `web-${count}`;
  const manifest = {
    apiVersion: 'networking.alibabacloud.com/v1alpha1',
    kind: 'AlibabaLoadBalancer',
    metadata: { name, namespace },
    spec: { type: 'CLB', serviceRef: { name }, ...spec },
  };
  await kubectl.runWithInput(manifest, 'create', '-f', '-', ...more);
  return name;
}

const tcp80 = { transport: 'TCP', port: 80 };

const specs: {
  id: string;
  name: string;
  spec: object;
  want: RegExp | undefined;
  reason: string;
}[] = [
  { id: 'API-12', name: 'Minimal', spec: {}, want: undefined, reason: 'Two fields are required.' },
  {
    id: 'API-14',
    name: 'UnknownType',
    spec: { type: 'ALB' },
    want: /spec\.type: Unsupported value: "ALB"/,
    reason: 'Only the products of the enumeration exist.',
  },
  {
    id: 'API-25',
    name: 'NameWithALeadingDigit',
    spec: { serviceRef: { name: '1web' } },
    want: undefined,
    reason: 'Kubernetes names Services so too, since 1.34.',
  },
  {
    id: 'API-25',
    name: 'ReferenceToAPath',
    spec: { serviceRef: { name: '../x' } },
    want: /spec\.serviceRef\.name/,
    reason: 'A name becomes a segment of a path.',
  },
  {
    id: 'API-25',
    name: 'ReferenceToAnotherNamespace',
    spec: { serviceRef: { name: 'web', namespace: 'other' } },
    want: /unknown field "spec\.serviceRef\.namespace"/,
    reason: 'There is no such field.',
  },
  {
    id: 'API-04',
    name: 'TcpAndUdpOfOneNumber',
    spec: { listeners: [tcp80, { ...tcp80, transport: 'UDP' }] },
    want: undefined,
    reason: 'They are two listeners.',
  },
  {
    id: 'API-04',
    name: 'TwiceTheSame',
    spec: { listeners: [tcp80, tcp80] },
    want: /spec\.listeners\[1\]: Duplicate value/,
    reason: 'They are one.',
  },
  {
    id: 'API-15',
    name: 'ProtocolAgainstTransport',
    spec: { listeners: [{ ...tcp80, protocol: 'UDP' }] },
    want: /spec\.listeners\[0\]\.protocol: Invalid value: .*must be 'UDP' if and only if `transport` is 'UDP'/,
    reason: 'The rule names the field and what is to be done.',
  },
  {
    id: 'API-03',
    name: 'PortTooHigh',
    spec: { listeners: [{ ...tcp80, port: 65_536 }] },
    want: /spec\.listeners\[0\]\.port: Invalid value: 65536/,
    reason: 'Numbers are bounded.',
  },
  {
    id: 'API-03',
    name: 'TooManyListeners',
    spec: {
      listeners: Array.from({ length: 51 }, (_, index) => ({ ...tcp80, port: index + 1 })),
    },
    want: /Too many: 51: must have at most 50 items/,
    reason: 'A load balancer has fifty.',
  },
  {
    id: 'API-03',
    name: 'NoNetwork',
    spec: { sourceRanges: ['office'] },
    want: /spec\.sourceRanges\[0\]/,
    reason: 'Text is checked by a pattern.',
  },
  {
    id: 'API-22',
    name: 'Misspelled',
    spec: { listners: [] },
    want: /unknown field "spec\.listners"/,
    reason: 'kubectl asks for strict validation.',
  },
];

for (const { id, name, spec, want, reason } of specs) {
  test(`${id}: the API server judges: ${name}`, async () => {
    if (want === undefined) await create(spec);
    else await assert.rejects(create(spec), want, reason);
    // What we judge with before we send is the same, but for the rules in CEL and unique keys.
    const service = { type: 'CLB', serviceRef: { name: 'web' } };
    const isOwnMatter = name === 'TwiceTheSame' || id === 'API-15';
    const isAllowed = resourceErrors({ spec: { ...service, ...spec } }).length === 0;
    assert.equal(isAllowed, want === undefined || isOwnMatter, reason);
  });
}

const changes: { name: string; patch: object; want: RegExp | undefined }[] = [
  { name: 'Type', patch: { type: 'NLB' }, want: /must not be changed; delete the object/ },
  {
    name: 'ServiceRef',
    patch: { serviceRef: { name: 'other' } },
    want: /spec\.serviceRef: .*must not be changed; create another object/,
  },
  { name: 'AddressType', patch: { addressType: 'Intranet' }, want: undefined },
  { name: 'Zone', patch: { clb: { masterZoneId: 'cn-hangzhou-i' } }, want: undefined },
];

for (const { name, patch, want } of changes) {
  test(`API-14: a change of ${name} is ${want === undefined ? 'judged against the cloud' : 'refused'}`, async () => {
    const object = await create({ addressType: 'Internet' });
    const change = kubectl.run(
      ...['patch', 'alilb', object, '-n', namespace, '--type=merge'],
      ...['-p', JSON.stringify({ spec: patch })],
    );
    if (want === undefined) await change;
    else await assert.rejects(change, want);
  });
}

test('API-01 CTL-05: the status is written through its subresource alone', async () => {
  const name = await create({});
  const patch = ['-n', namespace, '--type=merge', '-p', '{"status":{"loadBalancerId":"lb-1"}}'];
  await kubectl.run('patch', 'alilb', name, ...patch);
  const read = () =>
    kubectl.get<{ status?: { loadBalancerId: string } }>('alilb', name, '-n', namespace);
  assert.equal((await read()).status, undefined);
  await kubectl.run('patch', 'alilb', name, '--subresource=status', ...patch);
  assert.equal((await read()).status?.loadBalancerId, 'lb-1');
});

const conditions: { name: string; condition: object; want: RegExp }[] = [
  { name: 'Status', condition: { status: 'Maybe' }, want: /status: Unsupported value: "Maybe"/ },
  { name: 'Reason', condition: { reason: 'not a word' }, want: /reason/ },
  { name: 'Generation', condition: { observedGeneration: -1 }, want: /observedGeneration/ },
  { name: 'Time', condition: { lastTransitionTime: 'now' }, want: /lastTransitionTime/ },
];

for (const { name, condition, want } of conditions) {
  test(`API-05: a condition with a wrong ${name} is refused`, async () => {
    const object = await create({});
    const good = {
      type: 'Ready',
      status: 'True',
      reason: 'Ready',
      message: '',
      lastTransitionTime: '2026-11-21T10:00:00Z',
    };
    const patch = (change: object): Promise<string> =>
      kubectl.run(
        ...['patch', 'alilb', object, '-n', namespace, '--type=merge', '--subresource=status'],
        ...['-p', JSON.stringify({ status: { conditions: [{ ...good, ...change }] } })],
      );
    await patch({});
    await assert.rejects(patch(condition), want);
  });
}

test('API-04: two appliers own a listener each', async () => {
  const name = await create({});
  for (const [manager, port] of [
    ['one', 80],
    ['other', 81],
  ] as const) {
    await kubectl.apply(
      {
        apiVersion: 'networking.alibabacloud.com/v1alpha1',
        kind: 'AlibabaLoadBalancer',
        metadata: { name, namespace },
        spec: { listeners: [{ transport: 'TCP', port }] },
      },
      '--server-side',
      `--field-manager=${manager}`,
    );
  }
  const { spec } = await kubectl.get<{ spec: { listeners: { port: number }[] } }>(
    ...['alilb', name, '-n', namespace],
  );
  assert.deepEqual(
    spec.listeners.map(({ port }) => port),
    [80, 81],
  );
});

for (const file of (await readdir(SAMPLES)).sort()) {
  test(`API-22: the API server takes config/samples/${file}, strictly`, async () => {
    await kubectl.run(
      ...['apply', '-n', namespace, '--validate=strict', '--dry-run=server'],
      ...['-f', path.join(SAMPLES, file)],
    );
  });
}

test('API-04: the API server takes the network load balancer of the decision on the shape', async () => {
  const decision = path.join(ROOT, 'docs/adr/0002-alibaba-load-balancer-shape.md');
  const [, example = ''] = /```yaml\n(.*?)```/s.exec(await readFile(decision, 'utf8')) ?? [];
  const answer = await kubectl.apply(example, '--validate=strict', '--dry-run=server');
  assert.match(answer, /gateway created/);
});

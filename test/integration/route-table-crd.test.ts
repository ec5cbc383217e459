import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertEventually } from '../support/assert-eventually.ts';
import { startTestControlPlane } from '../support/control-plane.ts';

const GENERATOR = 'alibaba-cloud-operator-generator';
/** The most that an object with as many rows as one may have may take, in bytes. */
const MAX_OBJECT_BYTES = 256 * 1024;

interface RouteTable {
  readonly metadata: { readonly name: string; readonly managedFields: unknown };
  readonly spec: {
    readonly routeTableId: string;
    readonly routes?: readonly Row[];
  };
  readonly status?: { readonly quota: { readonly left: number } };
}

interface Row {
  readonly destinationCidr: string;
  readonly nextHop: { readonly type: string; readonly id: string };
  readonly node?: { readonly name: string; readonly uid: string };
}

const { kubectl } = await startTestControlPlane();
let count = 0;

function manifest(name: string, spec: object = {}): object {
  return {
    apiVersion: 'networking.alibabacloud.com/v1alpha1',
    kind: 'AlibabaRouteTable',
    metadata: { name },
    spec: { routeTableId: name, ...spec },
  };
}

/** Creates an object with a name of its own, which is returned. */
async function create(spec: object): Promise<string> {
  count += 1;
  const name = `vtb-${count}`;
  await kubectl.runWithInput(manifest(name, spec), 'create', '-f', '-');
  return name;
}

/** Applies rows as the generator does. */
async function generate(name: string, routes: readonly object[], force = false): Promise<void> {
  await kubectl.runWithInput(
    manifest(name, { routes }),
    ...['apply', '--server-side', '--field-manager', GENERATOR, '-f', '-'],
    ...(force ? ['--force-conflicts'] : []),
  );
}

async function rowsOf(name: string): Promise<readonly Row[]> {
  const { spec } = await kubectl.get<RouteTable>('alirt', name);
  return spec.routes ?? [];
}

function row(destinationCidr: string, id = 'i-a', node?: string): Row {
  return {
    destinationCidr,
    nextHop: { type: 'Instance', id },
    ...(node !== undefined && { node: { name: node, uid: `uid-${node}` } }),
  };
}

function withoutNextHop({ destinationCidr, node }: Row): object {
  return { destinationCidr, node };
}

const judged: { name: string; routes: readonly object[]; want: RegExp | undefined }[] = [
  { name: 'Ipv4', routes: [row('10.0.4.0/24')], want: undefined },
  { name: 'Ipv6', routes: [row('fd00:4::/64')], want: undefined },
  { name: 'OneAddress', routes: [row('10.0.4.7/32')], want: undefined },
  {
    name: 'AddressInsideOfTheNetwork',
    routes: [row('10.0.4.7/24')],
    want: /must be a network in canonical form/,
  },
  {
    name: 'Ipv6InALongForm',
    routes: [row('fd00:0004::/64')],
    want: /must be a network in canonical form/,
  },
  { name: 'NoNetwork', routes: [row('office')], want: /must be a network in canonical form/ },
  { name: 'DefaultRoute', routes: [row('0.0.0.0/0')], want: /must not be the default route/ },
  { name: 'Ipv6DefaultRoute', routes: [row('::/0')], want: /must not be the default route/ },
  {
    name: 'TwiceTheSame',
    routes: [row('10.0.4.0/24'), row('10.0.4.0/24', 'i-b')],
    want: /spec\.routes\[1\]: Duplicate value/,
  },
  { name: 'WithoutNextHop', routes: [{ destinationCidr: '10.0.4.0/24' }], want: undefined },
  {
    name: 'UnknownNextHop',
    routes: [{ ...row('10.0.4.0/24'), nextHop: { type: 'VpnGateway', id: 'vpn-a' } }],
    want: /nextHop\.type: Unsupported value: "VpnGateway"/,
  },
  {
    name: 'OneRowTooMany',
    routes: Array.from({ length: 501 }, (_, index) =>
      row(`10.${Math.floor(index / 256)}.${index % 256}.0/24`),
    ),
    want: /Too many: 501: must have at most 500 items/,
  },
];

for (const { name, routes, want } of judged) {
  test(`API-03 API-15 API-25: the API server judges rows: ${name}`, async () => {
    if (want === undefined) await create({ routes });
    else await assert.rejects(create({ routes }), want);
  });
}

test('API-14: the route table of an object is not changed, and everything else is', async () => {
  const name = await create({});
  const patch = (spec: object): Promise<string> =>
    kubectl.run('patch', 'alirt', name, '--type=merge', '-p', JSON.stringify({ spec }));
  await assert.rejects(
    patch({ routeTableId: 'vtb-other' }),
    /spec\.routeTableId: .*must not be changed; create another object/,
  );
  await patch({ reconcilePolicy: 'Paused', deletionPolicy: 'Retain', adoptStaleRoutes: true });
});

test('API-01 CTL-05: the status is written through its subresource alone', async () => {
  const name = await create({});
  const patch = ['--type=merge', '-p', '{"status":{"quota":{"left":7}}}'];
  await kubectl.run('patch', 'alirt', name, ...patch);
  assert.equal((await kubectl.get<RouteTable>('alirt', name)).status, undefined);
  await kubectl.run('patch', 'alirt', name, '--subresource=status', ...patch);
  assert.equal((await kubectl.get<RouteTable>('alirt', name)).status?.quota.left, 7);
});

test('API-22: kubectl explain documents a field deep down', async () => {
  await assertEventually(async () => {
    // Discovery and documentation follow a moment after the kind is there.
    const text = await kubectl.run('explain', 'alirt.spec.routes.nextHop.type');
    assert.match(text, /the primary network interface of an ECS instance/);
  });
});

test('API-24: objects can be asked for by route table', async () => {
  await create({ routeTableId: 'vtb-shared' });
  const name = await create({ routeTableId: 'vtb-shared' });
  const found = await kubectl.run(
    ...['get', 'alirt', '-o', 'name', '--field-selector', 'spec.routeTableId=vtb-shared'],
  );
  assert.deepEqual(
    found
      .trim()
      .split('\n')
      .map((line) => line.split('/')[1])
      .includes(name),
    true,
  );
  assert.equal(found.trim().split('\n').length, 2);
});

test('rows of people and rows from Nodes live in one list, and each goes with its owner', async () => {
  const name = 'vtb-both';
  await generate(name, [row('10.0.1.0/24', 'i-a', 'a'), row('10.0.2.0/24', 'i-b', 'b')]);
  const own = row('192.168.0.0/24', 'i-c');
  await kubectl.runWithInput(
    manifest(name, { routes: [own] }),
    ...['apply', '--server-side', '--field-manager', 'people', '-f', '-'],
  );
  assert.equal((await rowsOf(name)).length, 3);

  await generate(name, [row('10.0.1.0/24', 'i-a', 'a')]);
  const kept = (await rowsOf(name)).map(({ destinationCidr }) => destinationCidr);
  assert.deepEqual(kept.sort(), ['10.0.1.0/24', '192.168.0.0/24']);
});

test('a next hop that a person has edited is in the way of the generator, and goes with the Node', async () => {
  const name = 'vtb-edited';
  await generate(name, [row('10.0.1.0/24', 'i-a', 'a'), row('10.0.2.0/24', 'i-b', 'b')]);
  const patch = [{ op: 'replace', path: '/spec/routes/0/nextHop/id', value: 'i-z' }];
  await kubectl.run('patch', 'alirt', name, '--type=json', '-p', JSON.stringify(patch));

  await assert.rejects(
    generate(name, [row('10.0.1.0/24', 'i-a', 'a'), row('10.0.2.0/24', 'i-b', 'b')]),
    /\.spec\.routes\[destinationCidr="10\.0\.1\.0\/24"\]\.nextHop/,
  );
  const rest = withoutNextHop(row('10.0.1.0/24', 'i-a', 'a'));
  await generate(name, [rest, row('10.0.2.0/24', 'i-b', 'b')]);
  assert.deepEqual(await rowsOf(name), [
    row('10.0.1.0/24', 'i-z', 'a'),
    row('10.0.2.0/24', 'i-b', 'b'),
  ]);

  await generate(name, [row('10.0.2.0/24', 'i-b', 'b')]);
  assert.deepEqual(await rowsOf(name), [row('10.0.2.0/24', 'i-b', 'b')]);
});

test('a row that a person applies over a generated one is given back by applying without it', async () => {
  const name = 'vtb-given-back';
  await generate(name, [row('10.0.1.0/24', 'i-a', 'a')]);
  const asPerson = (routes: readonly object[]): Promise<string> =>
    kubectl.runWithInput(
      manifest(name, { routes }),
      ...['apply', '--server-side', '--force-conflicts', '--field-manager', 'people', '-f', '-'],
    );
  await asPerson([row('10.0.1.0/24', 'i-z')]);
  assert.deepEqual(await rowsOf(name), [row('10.0.1.0/24', 'i-z', 'a')]);
  await asPerson([]);
  const rest = withoutNextHop(row('10.0.1.0/24', 'i-a', 'a'));
  assert.deepEqual(await rowsOf(name), [rest]);
  await generate(name, [row('10.0.1.0/24', 'i-a', 'a')]);
  assert.deepEqual(await rowsOf(name), [row('10.0.1.0/24', 'i-a', 'a')]);
});

test('ROUTE-26: an object with 500 rows, and all of them in its status, stays below 256 KiB', async () => {
  const name = 'vtb-bp145q7glnuzdvzu21pay';
  const cidrs = Array.from(
    { length: 500 },
    (_, index) => `10.${100 + Math.floor(index / 256)}.${index % 256}.0/24`,
  );
  const instance = (index: number): string =>
    `i-bp1g6zv0ce8oghu7k${String(index).padStart(3, '0')}`;
  const rows = cidrs.map((destinationCidr, index) => ({
    destinationCidr,
    nextHop: { type: 'Instance', id: instance(index) },
    node: {
      name: `cn-hangzhou.10.100.${index}.201`,
      uid: `5d1f5a6e-6f0d-4cf8-8f5b-1c2ad8d1b${String(index).padStart(3, '0')}`,
    },
  }));
  await generate(name, rows);
  const status = {
    observedGeneration: 1,
    owned: cidrs.map((destinationCidr, index) => ({
      destinationCidr,
      nextHopId: instance(index),
      origin: 'Created',
    })),
    notAsWished: cidrs.slice(0, 64).map((destinationCidr, index) => ({
      destinationCidr,
      nextHopId: instance(index),
      nodeName: `cn-hangzhou.10.100.${index}.201`,
      reason: 'QuotaExceeded',
      message: `Cannot create the route: ${'the table takes no more entries; '.repeat(6)}`,
      since: '2026-11-21T10:00:00Z',
    })),
    notAsWishedTotal: 500,
  };
  await kubectl.runWithInput(
    { ...manifest(name), status },
    ...['apply', '--server-side', '--subresource=status', '--field-manager', 'status', '-f', '-'],
  );
  const stored = await kubectl.run('get', 'alirt', name, '-o', 'json', '--show-managed-fields');
  const bytes = Buffer.byteLength(JSON.stringify(JSON.parse(stored)));
  assert.ok(bytes < MAX_OBJECT_BYTES, `${bytes} bytes, with the records of who owns what`);
});

import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { resourceErrors } from './spec-judge.ts';

const ROOT = path.join(import.meta.dirname, '../../..');
const SAMPLES = path.join(ROOT, 'config/samples');
const SHAPE_DECISION = path.join(ROOT, 'docs/adr/0002-alibaba-load-balancer-shape.md');

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: Readonly<Record<string, unknown>>;
}

function manifestsIn(text: string): Manifest[] {
  return parseAllDocuments(text).map((document) => document.toJS() as Manifest);
}

async function loadBalancersIn(file: string): Promise<Manifest[]> {
  const manifests = manifestsIn(await readFile(path.join(SAMPLES, file), 'utf8'));
  return manifests.filter(({ kind }) => kind === 'AlibabaLoadBalancer');
}

for (const file of (await readdir(SAMPLES)).sort()) {
  test(`the schema allows every AlibabaLoadBalancer of config/samples/${file}`, async () => {
    for (const manifest of await loadBalancersIn(file)) {
      assert.deepEqual(resourceErrors(manifest), [], manifest.metadata.name);
    }
  });
}

test('the full sample has every member of the spec that this version serves', async () => {
  const [full] = await loadBalancersIn('alibaba-load-balancer-full.yaml');
  const served = [
    ...['type', 'serviceRef', 'name', 'addressType', 'ipFamilies', 'tags', 'sourceRanges'],
    ...['deletionPolicy', 'reconcilePolicy', 'backends', 'clb', 'listeners'],
  ];
  assert.deepEqual(Object.keys(full?.spec ?? {}).sort(), served.sort());
});

test('API-04: the decision on the shape shows a network load balancer that the schema allows', async () => {
  const text = await readFile(SHAPE_DECISION, 'utf8');
  const [, example = ''] = /```yaml\n(.*?)```/s.exec(text) ?? [];
  const [manifest] = manifestsIn(example);
  assert.equal(manifest?.spec.type, 'NLB');
  assert.deepEqual(resourceErrors(manifest), []);
});

const refused: { name: string; spec: object; want: RegExp }[] = [
  { name: 'NoServiceRef', spec: { type: 'CLB' }, want: /serviceRef/ },
  {
    name: 'UnknownMember',
    spec: { type: 'CLB', serviceRef: { name: 'web' }, listners: [] },
    want: /additional properties/,
  },
  {
    name: 'PortOutOfRange',
    spec: {
      type: 'CLB',
      serviceRef: { name: 'web' },
      listeners: [{ transport: 'TCP', port: 65_536 }],
    },
    want: /\/spec\/listeners\/0\/port/,
  },
];

for (const { name, spec, want } of refused) {
  test(`API-22: resourceErrors: ${name}`, () => {
    assert.match(resourceErrors({ spec }).join(), want);
  });
}

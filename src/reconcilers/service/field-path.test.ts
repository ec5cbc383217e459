import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  formatFieldPath,
  parseFieldPath,
  specLeaves,
  valueAtPath,
  withoutPath,
  type PathElement,
} from './field-path.ts';

const spec = {
  type: 'CLB',
  serviceRef: { name: 'web' },
  tags: [
    { key: 'team', value: 'blue' },
    { key: 'cost,centre]="x', value: '42' },
  ],
  sourceRanges: ['10.0.0.0/8'],
  clb: { bandwidthMbps: 5 },
  listeners: [
    {
      transport: 'TCP',
      port: 80,
      backend: { servicePort: 80 },
      clb: { scheduler: 'wrr' },
      healthCheck: { httpCodes: ['http_2xx'], path: '/' },
    },
    { transport: 'UDP', port: 80, backend: { servicePort: 80 }, clb: { scheduler: 'sch' } },
  ],
};

const SCHEDULER = '.spec.listeners[port=80,transport="TCP"].clb.scheduler';

test('parseFieldPath: reads what the API server writes in conflicts and in refusals', () => {
  assert.deepEqual(parseFieldPath(SCHEDULER), [
    { field: 'spec' },
    { field: 'listeners' },
    { key: { port: 80, transport: 'TCP' } },
    { field: 'clb' },
    { field: 'scheduler' },
  ]);
  assert.deepEqual(parseFieldPath('spec.listeners[0].healthCheck.path'), [
    { field: 'spec' },
    { field: 'listeners' },
    { index: 0 },
    { field: 'healthCheck' },
    { field: 'path' },
  ]);
  assert.deepEqual(parseFieldPath('.metadata.finalizers[="a/b"]'), [
    { field: 'metadata' },
    { field: 'finalizers' },
    { value: 'a/b' },
  ]);
});

for (const text of ['', '.spec.', '.spec[', '.spec[port=]', '.spec.a[x="1]', 'spec..a', '.a[b]']) {
  test(`parseFieldPath: "${text}" is no path`, () => {
    assert.equal(parseFieldPath(text), undefined);
  });
}

test('parseFieldPath: Go escapes that JSON does not know are read', () => {
  assert.deepEqual(parseFieldPath('.tags[key="a\\x07\\U0001f600\\a\\\\x41"]'), [
    { field: 'tags' },
    { key: { key: 'a\u0007😀\u0007\\x41' } },
  ]);
});

const element: fc.Arbitrary<PathElement> = fc.oneof(
  fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9_-]{0,12}$/).map((field) => ({ field })),
  fc.nat(500).map((index) => ({ index })),
  fc.oneof(fc.string(), fc.integer(), fc.boolean()).map((value) => ({ value })),
  fc
    .dictionary(
      fc.stringMatching(/^[a-z]{1,8}$/),
      fc.oneof(fc.string(), fc.integer(), fc.boolean()),
      { minKeys: 1, maxKeys: 3, noNullPrototype: true },
    )
    .map((key) => ({ key })),
);

test('parseFieldPath: reads back every path that is written', () => {
  fc.assert(
    fc.property(fc.array(element, { minLength: 1, maxLength: 6 }), (path) => {
      assert.deepEqual(parseFieldPath(formatFieldPath(path)), path);
    }),
  );
});

test('specLeaves: keys of list items are no values, atomic lists are one', () => {
  assert.deepEqual(
    specLeaves(spec).map(({ path }) => path),
    [
      '.spec.type',
      '.spec.serviceRef.name',
      '.spec.tags[key="team"].value',
      '.spec.tags[key="cost,centre]=\\"x"].value',
      '.spec.sourceRanges',
      '.spec.clb.bandwidthMbps',
      '.spec.listeners[port=80,transport="TCP"].backend.servicePort',
      SCHEDULER,
      '.spec.listeners[port=80,transport="TCP"].healthCheck.httpCodes',
      '.spec.listeners[port=80,transport="TCP"].healthCheck.path',
      '.spec.listeners[port=80,transport="UDP"].backend.servicePort',
      '.spec.listeners[port=80,transport="UDP"].clb.scheduler',
    ],
  );
});

test('specLeaves: every path leads back to its value', () => {
  for (const { path, value } of specLeaves(spec)) {
    assert.equal(valueAtPath({ spec }, parseFieldPath(path) ?? []), value, path);
  }
});

test('withoutPath: exactly the dropped values are gone, whichever they are', () => {
  const leaves = specLeaves(spec);
  fc.assert(
    fc.property(fc.subarray(leaves), (dropped) => {
      const before = JSON.stringify(spec);
      const kept = dropped.reduce<object>(
        (object, { path }) => withoutPath(object, (parseFieldPath(path) ?? []).slice(1)),
        spec,
      );
      const gone = new Set(dropped.map(({ path }) => path));
      assert.deepEqual(
        specLeaves(kept),
        leaves.filter(({ path }) => !gone.has(path)),
      );
      assert.equal(JSON.stringify(spec), before, 'The given object stays as it is.');
      assert.ok(!JSON.stringify(kept).includes('{}'), 'Nothing empty is left to be owned.');
    }),
  );
});

test('withoutPath: a list item stays where its keys are, so that its place is kept', () => {
  const kept = withoutPath(spec, parseFieldPath('.tags[key="team"].value') ?? []);
  assert.deepEqual(kept.tags[0], { key: 'team' });
});

test('withoutPath: a path that is not there changes nothing', () => {
  const path = parseFieldPath('.listeners[port=443,transport="TCP"].clb.scheduler') ?? [];
  assert.deepEqual(withoutPath(spec, path), spec);
});

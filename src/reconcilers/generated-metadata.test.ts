import assert from 'node:assert/strict';
import test from 'node:test';
import {
  hasGeneratedMetadata,
  withoutMetadataField,
  type GeneratedMetadata,
} from './generated-metadata.ts';

const GENERATED = { labels: { made: 'by-us' }, annotations: { 'example.com/digest': 'd1' } };

const cases: readonly {
  readonly name: string;
  readonly present: GeneratedMetadata;
  readonly want: boolean;
}[] = [
  {
    name: 'those of others beside ours do not matter',
    present: {
      labels: { made: 'by-us', team: 'a' },
      annotations: { 'example.com/digest': 'd1', note: 'x' },
    },
    want: true,
  },
  {
    name: 'another label value is a difference',
    present: { ...GENERATED, labels: { made: 'by-hand' } },
    want: false,
  },
  {
    name: 'an annotation that is missing is a difference',
    present: { ...GENERATED, annotations: {} },
    want: false,
  },
];

for (const { name, present, want } of cases) {
  test(`hasGeneratedMetadata: ${name}`, () => {
    assert.equal(hasGeneratedMetadata(GENERATED, present), want);
  });
}

test('withoutMetadataField: drops the label or annotation of the path, dots and all', () => {
  assert.deepEqual(withoutMetadataField(GENERATED, '.metadata.labels.made'), {
    ...GENERATED,
    labels: {},
  });
  assert.deepEqual(withoutMetadataField(GENERATED, '.metadata.annotations.example.com/digest'), {
    ...GENERATED,
    annotations: {},
  });
});

test('withoutMetadataField: a path of the spec is no matter of it', () => {
  assert.equal(withoutMetadataField(GENERATED, '.spec.routes'), undefined);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { instanceOf } from '../../../test/support/cloud-builders.ts';
import type { CloudInstance } from '../../cloud/ecs/ecs-client.ts';
import {
  admitAdditionalLabels,
  instanceLabels,
  labelsToAlign,
  missingLabels,
  outdatedLabels,
  type InstanceLabels,
  type Labels,
} from './node-labels.ts';

const STANDARD = {
  'node.kubernetes.io/instance-type': 'ecs.g7.xlarge',
  'beta.kubernetes.io/instance-type': 'ecs.g7.xlarge',
  'topology.kubernetes.io/zone': 'cn-hangzhou-h',
  'failure-domain.beta.kubernetes.io/zone': 'cn-hangzhou-h',
  'topology.kubernetes.io/region': 'cn-hangzhou',
  'failure-domain.beta.kubernetes.io/region': 'cn-hangzhou',
};

function labelsOf(change: Partial<CloudInstance> = {}): InstanceLabels {
  const labels = instanceLabels(instanceOf(change));
  assert.ok('standard' in labels, JSON.stringify(labels));
  return labels;
}

test('NODE-17 instanceLabels: type, zone and region under the current and the legacy key', () => {
  assert.deepEqual({ ...labelsOf().standard }, STANDARD);
});

test('NODE-17 instanceLabels: what the cloud leaves empty sets nothing', () => {
  const { standard, additional } = labelsOf({
    instanceType: '',
    zoneId: '',
    chargeType: '',
    spotStrategy: '',
  });
  assert.deepEqual(Object.keys(standard), [
    'topology.kubernetes.io/region',
    'failure-domain.beta.kubernetes.io/region',
  ]);
  assert.deepEqual({ ...additional }, {});
});

test('instanceLabels: the labels that this cloud adds', () => {
  const tags = [{ key: 'ack.alibabacloud.com/nodepool-id', value: 'np1' }];
  assert.deepEqual(
    { ...labelsOf({ chargeType: 'PrePaid', tags }).additional },
    {
      'node.alibabacloud.com/instance-charge-type': 'PrePaid',
      'node.alibabacloud.com/spot-strategy': 'NoSpot',
      'node.alibabacloud.com/nodepool-id': 'np1',
    },
  );
});

test('NODE-19 instanceLabels: an instance type with a slash is left out, and said', () => {
  const { standard, skipped } = labelsOf({ instanceType: 'ecs/g7' });
  assert.equal('node.kubernetes.io/instance-type' in standard, false);
  assert.equal('topology.kubernetes.io/zone' in standard, true);
  assert.deepEqual(skipped, [
    '"node.kubernetes.io/instance-type": the cloud\'s value "ecs/g7" is no valid label value',
  ]);
});

for (const change of [{ zoneId: 'a/b' }, { regionId: '-x' }, { zoneId: 'z'.repeat(64) }]) {
  test(`NODE-19 instanceLabels: ${JSON.stringify(change)} is refused`, () => {
    assert.ok('key' in instanceLabels(instanceOf(change)));
  });
}

const values: readonly { readonly value: string; readonly isValid: boolean }[] = [
  { value: 'a', isValid: true },
  { value: 'A.b_c-1', isValid: true },
  { value: 'a'.repeat(63), isValid: true },
  { value: 'a'.repeat(64), isValid: false },
  { value: 'a-', isValid: false },
  { value: '.a', isValid: false },
  { value: 'a b', isValid: false },
  { value: '池', isValid: false },
];

for (const { value, isValid } of values) {
  test(`NODE-19 instanceLabels: a pool named "${value}"`, () => {
    const tags = [{ key: 'ack.alibabacloud.com/nodepool-id', value }];
    const { additional, skipped } = labelsOf({ tags });
    assert.equal('node.alibabacloud.com/nodepool-id' in additional, isValid);
    assert.equal(skipped.length, isValid ? 0 : 1);
  });
}

test('NODE-18 admitAdditionalLabels: keys of Kubernetes are discarded, and said', () => {
  const { labels, skipped } = admitAdditionalLabels({
    'networking.alibabacloud.com/x': '1',
    'node.kubernetes.io/y': '2',
    'kubernetes.io/z': '3',
    'a.k8s.io/z': '4',
    'notkubernetes.io/z': '5',
    plain: '6',
  });
  assert.deepEqual(Object.keys(labels), [
    'networking.alibabacloud.com/x',
    'notkubernetes.io/z',
    'plain',
  ]);
  assert.equal(skipped.length, 3);
});

test('NODE-17 NODE-18 missingLabels: replaces standard values, only fills in additional ones', () => {
  const present = {
    ...STANDARD,
    'topology.kubernetes.io/zone': 'wrong',
    'node.alibabacloud.com/instance-charge-type': 'mine',
  };
  assert.deepEqual(
    { ...missingLabels(labelsOf(), present) },
    {
      'topology.kubernetes.io/zone': 'cn-hangzhou-h',
      'node.alibabacloud.com/spot-strategy': 'NoSpot',
    },
  );
});

test('outdatedLabels: sets what differs right, and lets what was taken away stay away', () => {
  const present = Object.fromEntries(
    Object.entries(STANDARD).filter(([key]) => key !== 'beta.kubernetes.io/instance-type'),
  );
  assert.deepEqual({ ...outdatedLabels(labelsOf(), present) }, {});
  assert.deepEqual(
    { ...outdatedLabels(labelsOf({ instanceType: 'ecs.g7.2xlarge' }), present) },
    { 'node.kubernetes.io/instance-type': 'ecs.g7.2xlarge' },
  );
});

const alignments: readonly {
  readonly name: string;
  readonly present: Labels;
  readonly want: Labels;
}[] = [
  { name: 'equal', present: STANDARD, want: {} },
  { name: 'none', present: {}, want: {} },
  {
    name: 'current missing',
    present: { 'failure-domain.beta.kubernetes.io/zone': 'z' },
    want: { 'topology.kubernetes.io/zone': 'z' },
  },
  {
    name: 'current different',
    present: { ...STANDARD, 'node.kubernetes.io/instance-type': 'mine' },
    want: { 'node.kubernetes.io/instance-type': 'ecs.g7.xlarge' },
  },
  {
    name: 'legacy missing',
    present: { 'topology.kubernetes.io/region': 'r' },
    want: {},
  },
];

for (const { name, present, want } of alignments) {
  test(`NODE-17 labelsToAlign: ${name}`, () => {
    assert.deepEqual({ ...labelsToAlign(present) }, want);
  });
}

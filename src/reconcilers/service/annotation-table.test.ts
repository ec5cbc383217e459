import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serviceOf } from '../../../test/support/kubernetes-builders.ts';
import {
  ANNOTATIONS,
  findAnnotation,
  MISSPELLED_ANNOTATIONS,
  unknownAnnotations,
} from './annotation-table.ts';
import { isRefusal } from './request-problem.ts';
import { desiredSpec } from './service-desired.ts';
import { schemaOfField } from './spec-judge.ts';

const PREFIXED = ANNOTATIONS.filter(({ keys }) => keys.length === 2);

test('the table has every suffix that the Go CCM reads, under both prefixes, once', () => {
  assert.equal(PREFIXED.length, 82);
  assert.equal(new Set(ANNOTATIONS.flatMap(({ keys }) => keys)).size, 82 * 2 + 6);
});

for (const entry of ANNOTATIONS) {
  const { name, keys, support } = entry;
  test(`annotation ${name}: its field exists, and what is empty asks for nothing`, () => {
    if (support.kind === 'field') {
      const { scope, path } = support.target;
      assert.ok(
        schemaOfField(scope === 'listener' ? ['listeners', ...path] : path),
        path.join('.'),
      );
    }
    if (support.kind === 'optOut') return;
    const [key = ''] = keys;
    const service = serviceOf({ metadata: { annotations: { [key]: '' } } });
    assert.deepEqual(desiredSpec(service), desiredSpec(serviceOf()));
  });

  if (support.kind !== 'notSupported') continue;
  test(`SVC-75: annotation ${name}: is named when it asks for what is not served`, () => {
    const [key = ''] = keys;
    const met: Record<string, string> = { 'acl-status': 'on', 'charge-type': 'paybybandwidth' };
    const needed = entry.needs?.name;
    const neededKey = PREFIXED.find((other) => other.name === needed)?.keys[0];
    const annotations = {
      [key]: askingValue(entry.isDefault),
      ...(neededKey === undefined ? {} : { [neededKey]: met[needed ?? ''] ?? 'on' }),
    };
    const { spec, problems } = desiredSpec(serviceOf({ metadata: { annotations } }));
    const named = problems.filter(({ source }) => source === key);
    assert.equal(named.length, 1);
    assert.equal(named[0]?.guardsAccess, entry.guardsAccess);
    const hasEffect = entry.guardsAccess || entry.concerns === 'CLB';
    assert.equal(
      isRefusal(named[0]),
      hasEffect,
      'What has no effect on TCP and UDP is no refusal.',
    );
    assert.deepEqual(spec.listeners, desiredSpec(serviceOf()).spec.listeners);
  });
}

test('SVC-75: access is guarded by exactly these', () => {
  assert.deepEqual(
    ANNOTATIONS.filter(({ guardsAccess }) => guardsAccess)
      .map(({ name }) => name)
      .sort(),
    [
      'acl-id',
      'acl-status',
      'acl-type',
      'additional-cert-ids',
      'cacert',
      'cacert-id',
      'cert-id',
      'domain-extensions',
      'protocol-port',
      'security-group-ids',
      'service.beta.kubernetes.io/load-balancer-source-ranges',
      'tls-cipher-policy',
    ],
  );
});

test('unknownAnnotations: only under the prefixes that are read, sorted', () => {
  const unknown = unknownAnnotations({
    'service.beta.kubernetes.io/alicloud-loadbalancer-zzz': '',
    'service.beta.kubernetes.io/alibaba-cloud-loadbalancer-aaa': '',
    'service.beta.kubernetes.io/alibaba-cloud-loadbalancer-spec': '',
    'service.beta.kubernetes.io/aws-load-balancer-type': 'nlb',
    'networking.alibabacloud.com/xyz': '',
    'kubectl.kubernetes.io/last-applied-configuration': '{}',
  });
  assert.deepEqual(unknown, [
    'networking.alibabacloud.com/xyz',
    'service.beta.kubernetes.io/alibaba-cloud-loadbalancer-aaa',
    'service.beta.kubernetes.io/alicloud-loadbalancer-zzz',
  ]);
});

test('MISSPELLED_ANNOTATIONS: leads from keys that nobody reads to ones that are read', () => {
  const names = PREFIXED.map(({ name }) => name);
  for (const [wrong, right] of Object.entries(MISSPELLED_ANNOTATIONS)) {
    assert.ok(!names.includes(wrong), wrong);
    assert.ok(names.includes(right), right);
  }
});

test('findAnnotation: an empty value of the first key counts', () => {
  assert.deepEqual(findAnnotation({ a: '', b: '1' }, ['a', 'b']), { key: 'a', value: '' });
  assert.equal(findAnnotation({}, ['a']), undefined);
});

/** Finds a value that is not the default. */
function askingValue(isDefault: (value: string) => boolean): string {
  const value = ['on', 'eip', 'eni', 'true', 'x'].find((candidate) => !isDefault(candidate));
  assert.ok(value);
  return value;
}

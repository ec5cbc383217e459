import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadBalancerOf, serviceOf } from '../../../test/support/kubernetes-builders.ts';
import { VirtualClock } from '../../../test/support/virtual-clock.ts';
import { desiredSpec } from '../service/service-desired.ts';
import { GeneratorPatience } from './generator-patience.ts';

const service = serviceOf({
  metadata: {
    annotations: { 'service.beta.kubernetes.io/alibaba-cloud-loadbalancer-name': 'from-service' },
  },
});
const { spec } = desiredSpec(service);
const before = loadBalancerOf({ spec });
const unnamed = { ...spec };
delete unnamed.name;

const CASES = [
  { title: 'a generated field is gone', now: loadBalancerOf({ spec: unnamed }), waitMs: 1_000 },
  {
    title: 'a listener is gone',
    now: loadBalancerOf({ spec: { ...spec, listeners: [] } }),
    waitMs: 1_000,
  },
  {
    title: 'a person has another value',
    now: loadBalancerOf({ spec: { ...spec, name: 'from-person' } }),
    waitMs: 0,
  },
  {
    title: 'nothing is applied to an object that is being deleted',
    now: loadBalancerOf({
      metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' },
      spec: unnamed,
    }),
    waitMs: 0,
  },
  {
    title: 'an object of the same name is another one',
    now: loadBalancerOf({ metadata: { uid: 'another' }, spec: unnamed }),
    waitMs: 0,
  },
];

for (const { title, now, waitMs } of CASES) {
  test(`GeneratorPatience: ${title}`, () => {
    const patience = new GeneratorPatience(new VirtualClock());
    assert.equal(patience.waitMs(before, service), 0);
    assert.equal(patience.waitMs(now, service), waitMs);
  });
}

test('GeneratorPatience: what was never there is not waited for', () => {
  const patience = new GeneratorPatience(new VirtualClock());
  assert.equal(patience.waitMs(loadBalancerOf({ spec: unnamed }), service), 0);
  assert.equal(patience.waitMs(loadBalancerOf({ spec: { ...unnamed } }), service), 0);
});

test('GeneratorPatience: a removal is waited for once, however often it is looked at', async () => {
  const clock = new VirtualClock();
  const patience = new GeneratorPatience(clock);
  const now = loadBalancerOf({ spec: unnamed });
  patience.waitMs(before, service);
  assert.equal(patience.waitMs(now, service), 1_000);
  await clock.advance(400);
  assert.equal(patience.waitMs(now, service), 600);
  await clock.advance(600);
  assert.equal(patience.waitMs(now, service), 0);
  assert.equal(patience.waitMs(loadBalancerOf({ spec: { ...unnamed } }), service), 0);
});

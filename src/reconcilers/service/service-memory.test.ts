import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadBalancerOf, serviceOf } from '../../../test/support/kubernetes-builders.ts';
import { VirtualClock } from '../../../test/support/virtual-clock.ts';
import { generatedLoadBalancer } from './generated-load-balancer.ts';
import { desiredSpec } from './service-desired.ts';
import { ServiceMemory } from './service-memory.ts';

const OURS = [{ ip: '47.1.2.3' }];
const THEIRS = [{ ip: '203.0.113.9', ipMode: 'VIP' }];

const foreign = serviceOf({ status: { ingress: THEIRS } });

test('SVC-91: a status that somebody else rewrites is restored three times in ten minutes', async () => {
  const clock = new VirtualClock();
  const memory = new ServiceMemory(clock);
  assert.equal(memory.judgePublication(serviceOf(), OURS).kind, 'write');
  memory.keepPublished(serviceOf(), OURS);

  const judged = Array.from({ length: 4 }, () => memory.judgePublication(foreign, OURS));
  assert.deepEqual(
    judged.map(({ kind }) => kind),
    ['write', 'write', 'write', 'wait'],
  );
  assert.deepEqual(
    judged.map((one) => one.foreign !== undefined),
    [true, false, false, false],
    'It is said once.',
  );
  assert.match(judged[0]?.foreign ?? '', /203\.0\.113\.9/);

  await clock.advance(judged[3]?.afterMs ?? 0);
  assert.equal(memory.judgePublication(foreign, OURS).kind, 'write');
});

test('SVC-08: a status that was emptied is restored without a warning', () => {
  const memory = new ServiceMemory(new VirtualClock());
  memory.keepPublished(serviceOf(), OURS);
  const judged = memory.judgePublication(serviceOf(), OURS);
  assert.deepEqual([judged.kind, judged.foreign], ['write', undefined]);
});

test('SVC-91: an address that changes for a reason of ours is no fight', () => {
  const memory = new ServiceMemory(new VirtualClock());
  memory.keepPublished(serviceOf(), OURS);
  for (let round = 0; round < 5; round += 1) {
    const next = [{ ip: `47.1.2.${round + 4}` }];
    assert.deepEqual(memory.judgePublication(foreign, next), { kind: 'write', afterMs: 0 });
    memory.keepPublished(foreign, next);
  }
});

test('SVC-09: nothing is remembered of an earlier Service of the name', () => {
  const memory = new ServiceMemory(new VirtualClock());
  memory.keepBackends(serviceOf(), 'digest');
  assert.equal(memory.findBackends(serviceOf()), 'digest');
  assert.equal(memory.findBackends(serviceOf({ metadata: { uid: 'another' } })), undefined);
});

test('CTL-02: an apply is remembered until the object or what is generated changes', () => {
  const memory = new ServiceMemory(new VirtualClock());
  const service = serviceOf();
  const generated = generatedLoadBalancer(service, desiredSpec(service).spec);
  const other = generatedLoadBalancer(service, { ...desiredSpec(service).spec, name: 'x' });
  memory.keepApplied(service, generated, loadBalancerOf(), []);
  assert.deepEqual(memory.findApplied(service, generated, loadBalancerOf()), []);
  assert.equal(memory.findApplied(service, other, loadBalancerOf()), undefined);
  const edited = loadBalancerOf({ metadata: { generation: 2 } });
  assert.equal(memory.findApplied(service, generated, edited), undefined);
  const anew = loadBalancerOf({ metadata: { uid: 'another' } });
  assert.equal(memory.findApplied(service, generated, anew), undefined);
  memory.forget(service.metadata);
  assert.equal(memory.findApplied(service, generated, loadBalancerOf()), undefined);
});

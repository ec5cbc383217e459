import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeOf, taintOf } from '../../../test/support/kubernetes-builders.ts';
import type { Node } from '../kubernetes-objects.ts';
import { InstanceClaims } from './instance-claims.ts';
import { UNINITIALIZED_TAINT } from './node-names.ts';

function waiting(name: string, creationTimestamp: string, providerId = 'cn-hangzhou.i-1'): Node {
  return nodeOf(name, {
    providerId,
    taints: [taintOf(UNINITIALIZED_TAINT)],
    metadata: { uid: `uid-${name}`, creationTimestamp },
  });
}

const older = waiting('z-older', '2026-01-01T00:00:00Z');
const newer = waiting('a-newer', '2026-01-02T00:00:00Z');

test('NODE-29 InstanceClaims: of two that wait the older goes first', () => {
  const claims = new InstanceClaims();
  for (const node of [newer, older]) claims.note(node);
  assert.equal(claims.rivalOf('i-1', newer), 'z-older');
  assert.equal(claims.rivalOf('i-1', older), undefined);
});

test('NODE-29 InstanceClaims: one that is initialised goes before an older one', () => {
  const claims = new InstanceClaims();
  const initialised = { ...newer, taints: [] };
  for (const node of [initialised, older]) claims.note(node);
  assert.equal(claims.rivalOf('i-1', older), 'a-newer');
});

test('NODE-29 InstanceClaims: a node without provider id claims what was found for it', () => {
  const claims = new InstanceClaims();
  const unnamed = waiting('b', '2026-01-03T00:00:00Z', '');
  claims.note(older);
  claims.note(unnamed);
  assert.equal(claims.rivalOf('i-1', unnamed), 'z-older', 'whoever asks is no rival of itself');
  claims.claim('i-1', unnamed);
  assert.equal(claims.rivalOf('i-1', older), undefined);
  assert.deepEqual(claims.forget('uid-z-older'), ['b']);
  assert.equal(claims.rivalOf('i-1', unnamed), undefined);
});

test('InstanceClaims: a node that becomes another instance gives the first one free', () => {
  const claims = new InstanceClaims();
  claims.claim('i-2', { ...older, providerId: '' });
  claims.note(older);
  assert.equal(claims.rivalOf('i-2', newer), undefined);
  assert.equal(claims.rivalOf('i-1', newer), 'z-older');
  assert.deepEqual(claims.forget('unknown'), []);
});

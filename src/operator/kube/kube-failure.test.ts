import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failureOfAnswer, isHttpStatus, kubeStatusOf } from './kube-failure.ts';

const cases = [
  { status: 400, isWrite: true, kind: 'terminal', ambiguous: false },
  { status: 401, isWrite: true, kind: 'retryable', ambiguous: false },
  { status: 403, isWrite: true, kind: 'terminal', ambiguous: false },
  { status: 404, isWrite: true, kind: 'notfound', ambiguous: false },
  { status: 408, isWrite: false, kind: 'retryable', ambiguous: false },
  { status: 409, isWrite: true, kind: 'conflict', ambiguous: false },
  { status: 410, isWrite: false, kind: 'retryable', ambiguous: false },
  { status: 422, isWrite: true, kind: 'terminal', ambiguous: false },
  { status: 429, isWrite: true, kind: 'throttled', ambiguous: false },
  { status: 500, isWrite: false, kind: 'retryable', ambiguous: false },
  { status: 500, isWrite: true, kind: 'retryable', ambiguous: true },
  { status: 504, isWrite: true, kind: 'retryable', ambiguous: true },
] as const;

for (const { status, isWrite, kind, ambiguous } of cases) {
  test(`KAS-17: HTTP ${status} on a ${isWrite ? 'write' : 'read'} is ${kind}`, () => {
    const failure = failureOfAnswer({
      httpStatus: status,
      body: { kind: 'Status', reason: 'Because', message: 'no' },
      retryAfterHeader: undefined,
      isWrite,
      request: 'PATCH /x',
    });
    assert.equal(failure.kind, kind);
    assert.equal(failure.ambiguous, ambiguous);
    assert.equal(failure.code, 'Because');
    assert.ok(isHttpStatus(failure, status));
  });
}

test('CTL-12: 429 tells how long to wait, by header or by body', () => {
  const answer = { httpStatus: 429, isWrite: false, request: 'GET /x' };
  const byHeader = failureOfAnswer({ ...answer, body: {}, retryAfterHeader: '7' });
  assert.equal(byHeader.retryAfterMs, 7_000);
  const byBody = failureOfAnswer({
    ...answer,
    body: { details: { retryAfterSeconds: 3 } },
    retryAfterHeader: undefined,
  });
  assert.equal(byBody.retryAfterMs, 3_000);
});

test('failureOfAnswer: the causes are kept, and an answer that is no status is no trouble', () => {
  const failure = failureOfAnswer({
    httpStatus: 422,
    body: { details: { causes: [{ reason: 'FieldValueInvalid', field: 'spec.x', message: 'm' }] } },
    retryAfterHeader: undefined,
    isWrite: true,
    request: 'PATCH /x',
  });
  assert.deepEqual(kubeStatusOf(failure)?.causes, [
    { reason: 'FieldValueInvalid', field: 'spec.x', message: 'm' },
  ]);
  const odd = failureOfAnswer({
    httpStatus: 502,
    body: { message: '<html>' },
    retryAfterHeader: undefined,
    isWrite: false,
    request: 'GET /x',
  });
  assert.equal(odd.kind, 'retryable');
  assert.equal(odd.code, 'Http502');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure, type FailureKind } from '../cloud/failure.ts';
import { failureReport } from './failure-report.ts';

const kinds: {
  name: string;
  kind: FailureKind;
  code?: string;
  reason: string;
  isStalled: boolean;
  hasEvent: boolean;
  why: string;
}[] = [
  {
    name: 'Outage',
    kind: 'retryable',
    reason: 'Retrying',
    isStalled: false,
    hasEvent: true,
    why: 'A person may want to know; nobody has to act.',
  },
  {
    name: 'FlowControl',
    kind: 'throttled',
    code: 'Throttling.User',
    reason: 'Throttled',
    isStalled: false,
    hasEvent: false,
    why: 'Being slowed down is normal and no news.',
  },
  {
    name: 'SomeoneWroteFirst',
    kind: 'conflict',
    reason: 'Conflict',
    isStalled: false,
    hasEvent: false,
    why: 'It is read and planned again.',
  },
  {
    name: 'Quota',
    kind: 'terminal',
    code: 'QuotaLimitExceeds.AclAttachedToListener',
    reason: 'QuotaExceeded',
    isStalled: true,
    hasEvent: true,
    why: 'A person raises the quota.',
  },
  {
    name: 'DeniedPermission',
    kind: 'terminal',
    code: 'Forbbiden.SubUser',
    reason: 'Forbidden',
    isStalled: true,
    hasEvent: true,
    why: 'The cloud misspells this code.',
  },
  {
    name: 'WrongKey',
    kind: 'terminal',
    code: 'InvalidAccessKeyId.NotFound',
    reason: 'InvalidCredentials',
    isStalled: true,
    hasEvent: true,
    why: 'It is about the key, although the code ends in NotFound.',
  },
  {
    name: 'NoMoney',
    kind: 'terminal',
    code: 'INSUFFICIENT_BALANCE',
    reason: 'AccountProblem',
    isStalled: true,
    hasEvent: true,
    why: 'It is settled in the billing console.',
  },
  {
    name: 'Protected',
    kind: 'terminal',
    code: 'OperationDenied.DeleteProtectionIsOn',
    reason: 'DeletionProtected',
    isStalled: true,
    hasEvent: true,
    why: 'It is no missing permission, although the code says denied.',
  },
  {
    name: 'UnknownCode',
    kind: 'terminal',
    code: 'Whatever',
    reason: 'Refused',
    isStalled: true,
    hasEvent: true,
    why: 'A code that nobody has met is refused, in its own words.',
  },
];

for (const { name, kind, code, reason, isStalled, hasEvent, why } of kinds) {
  test(`SVC-79: failureReport: ${name}`, () => {
    const failure = new Failure(
      kind,
      'Cannot create the load balancer',
      code === undefined ? {} : { code },
    );
    const report = failureReport(failure);
    assert.equal(report.reason, reason, why);
    assert.equal(report.isStalled, isStalled, why);
    assert.equal(report.event !== undefined, hasEvent, why);
    assert.match(report.reason, /^[A-Z][A-Za-z]+$/);
  });
}

test('SVC-85: a message is the same on every retry and carries the code', () => {
  const [first, second] = [
    ['0D6C2B0E-5E8D-4F55-A0E9-1B2C3D4E5F60', '2026-11-21T10:00:00Z'],
    ['AAAAAAAA-5E8D-4F55-A0E9-1B2C3D4E5F61', '2026-11-21T10:05:00.123Z'],
  ].map(([requestId = '', time = '']) =>
    failureReport(
      new Failure(
        'retryable',
        `Cannot start the listener: busy at ${time}, RequestId: ${requestId}`,
        {
          requestId,
          code: 'ServiceIsConfiguring',
        },
      ),
    ),
  );
  assert.deepEqual(first, second);
  assert.match(first?.message ?? '', /\(ServiceIsConfiguring\)$/);
  assert.doesNotMatch(first?.message ?? '', /RequestId|AAAA/);
});

test('SVC-85: a message shows no credentials', () => {
  const { message } = failureReport(
    new Failure(
      'retryable',
      'Cannot call https://slb/?AccessKeyId=LTAI5tSecretKey1&Signature=abc%3D&Action=X with Authorization: Bearer eyJhbGciOi and STS.NTexample1',
    ),
  );
  for (const secret of ['LTAI5tSecretKey1', 'abc%3D', 'eyJhbGciOi', 'STS.NTexample1']) {
    assert.ok(!message.includes(secret), `${secret} is in "${message}"`);
  }
});

test('SVC-85: a sentence about credentials stays whole', () => {
  const text = 'The signature does not match; check the configured access key secret (Code)';
  assert.equal(failureReport(new Failure('terminal', text, { code: 'Code' })).message, text);
});

test('a long message is cut to what an event can hold', () => {
  const { message } = failureReport(new Failure('terminal', 'x'.repeat(5_000)));
  assert.ok(message.length <= 1_000);
});

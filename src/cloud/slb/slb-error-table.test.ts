import assert from 'node:assert/strict';
import test from 'node:test';
import {
  assertCommonFits,
  assertFits,
  publishedCommonErrors,
  publishedErrors,
} from '../../../test/support/published-errors.ts';
import { classifyResult, type CodeMeaning } from '../transport/call-failure.ts';
import { findSlbCode } from './slb-error-table.ts';
import { SLB_OPERATIONS } from './slb-operations.generated.ts';

const operations = await publishedErrors('slb.json');

for (const action of Object.keys(SLB_OPERATIONS)) {
  test(`findSlbCode knows every published code of ${action}`, () => {
    for (const error of operations[action]?.errors ?? []) {
      const entry = findSlbCode(action, error.code, error.messageContains ?? '');
      assertFits(entry, error);
      if (error.treatedAs === 'absent' && error.messageContains !== undefined) {
        assert.equal(entry.meaning, 'absent', `${error.code} with "${error.messageContains}"`);
      }
    }
  });
}

for (const [table, errors] of Object.entries(await publishedCommonErrors())) {
  test(`findSlbCode knows every published common code of "${table}"`, () => {
    for (const error of errors) {
      assertCommonFits(findSlbCode('DescribeLoadBalancers', error.code, ''), error);
    }
  });
}

const meanings: readonly {
  readonly code: string;
  readonly message?: string;
  readonly want: CodeMeaning | undefined;
  readonly reason: string;
}[] = [
  {
    code: 'InvalidParameter',
    message: 'The specified VServerGroupId does not exist.',
    want: 'absent',
    reason: 'Only the words tell that the group is gone.',
  },
  {
    code: 'InvalidParameter',
    message: 'The specified resource does not exist.',
    want: 'absent',
    reason: 'Only the words tell that the listener is gone.',
  },
  {
    code: 'InvalidParameter',
    message: 'The parameter Bandwidth is out of range.',
    want: 'invalid',
    reason: 'A wrong value must not be taken for an absent object.',
  },
  {
    code: 'InvalidServerId.NotFound',
    want: 'passing',
    reason: 'A backend is gone, not the group: its node follows.',
  },
  {
    code: 'ListenerAlreadyExists',
    want: 'waiting',
    reason: 'The plan is made again from what is there.',
  },
  {
    code: 'RspoolVipExist',
    want: 'waiting',
    reason: 'The group can go once its listener has gone.',
  },
  {
    code: 'OperationFailed.TokenIsProcessing',
    want: 'locked',
    reason: 'The same request is still running; it is repeated with the same token.',
  },
  { code: 'Throttling.Whatever', want: 'throttled', reason: 'The whole family is throttling.' },
  { code: 'ORDER.SOMETHING_NEW', want: 'billing', reason: 'The whole family is about orders.' },
  { code: 'InvalidParameter.SomethingNew', want: 'invalid', reason: 'The whole family.' },
  { code: 'NeverSeenBefore', want: undefined, reason: 'Counted by code, to get a line.' },
];

for (const { code, message = '', want, reason } of meanings) {
  test(`findSlbCode: ${code}${message === '' ? '' : ` "${message}"`}`, () => {
    assert.equal(findSlbCode('SetLoadBalancerName', code, message)?.meaning, want, reason);
  });
}

const words: readonly {
  readonly code: string;
  readonly message?: string;
  readonly want: string;
}[] = [
  {
    code: 'Forbidden.RAM',
    want: 'Cannot rename the load balancer: the identity lacks the permission "slb:SetLoadBalancerName"; add it to the RAM policy of the user or role (Forbidden.RAM)',
  },
  {
    code: 'InvalidAccessKeyId.NotFound',
    message: 'Specified access key LTAI123 is not found.',
    want: 'Cannot rename the load balancer: the access key id does not exist; check the configured access key (InvalidAccessKeyId.NotFound)',
  },
  {
    code: 'SignatureDoesNotMatch',
    message: 'server string to sign is: POST&%2F&AccessKeyId%3DLTAI123',
    want: 'Cannot rename the load balancer: the signature does not match; check the configured access key secret (SignatureDoesNotMatch)',
  },
  {
    code: 'InvalidRegionId.NotFound',
    want: 'Cannot rename the load balancer: the region does not exist or does not serve this product; check the configured region and endpoint (InvalidRegionId.NotFound)',
  },
  {
    code: 'OverQuota',
    want: 'Cannot rename the load balancer: the account has as many load balancers as the quota allows; delete unused ones or raise the quota "slb_quota_instances_num" (OverQuota)',
  },
  {
    code: 'InvalidParam.TagKey',
    message: 'The param TagKey is invalid. Request id: 0A1B2C3D-0000-1111-2222-333344445555.',
    want: 'Cannot rename the load balancer: the API refuses it, saying "The param TagKey is invalid" (InvalidParam.TagKey)',
  },
  {
    code: 'InvalidParam.TagValue',
    message: 'The AccessKey LTAI123 may not use this value.',
    want: 'Cannot rename the load balancer: the API refuses it (InvalidParam.TagValue)',
  },
];

for (const { code, message = 'Words of the API.', want } of words) {
  test(`SVC-85 OBS-17: a failure says what to do, with its code: ${code}`, () => {
    const classified = (requestId: string) =>
      classifyResult(
        {
          product: 'slb',
          action: 'SetLoadBalancerName',
          mutating: true,
          purpose: 'rename the load balancer',
        },
        {
          kind: 'answered',
          httpStatus: 400,
          body: { Code: code, Message: message, RequestId: requestId },
        },
        findSlbCode,
      );
    const failure = classified('R-1')?.failure;
    assert.equal(failure?.message, want);
    assert.equal(failure.requestId, 'R-1');
    assert.equal(failure.code, code);
    assert.equal(
      classified('R-2')?.failure.message,
      failure.message,
      'Equal on every repetition, whatever the request id.',
    );
  });
}

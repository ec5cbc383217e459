import assert from 'node:assert/strict';
import test from 'node:test';
import {
  assertCommonFits,
  assertFits,
  publishedCommonErrors,
  publishedErrors,
} from '../../test/support/published-errors.ts';
import { findEcsCode } from './ecs/ecs-error-table.ts';
import { ECS_OPERATIONS } from './ecs/ecs-operations.ts';
import { findStsCode } from './sts/sts-error-table.ts';
import { STS_OPERATIONS } from './sts/sts-operations.generated.ts';
import type { CodeMeaning } from './transport/call-failure.ts';
import { findVpcCode } from './vpc/vpc-error-table.ts';
import { VPC_OPERATIONS } from './vpc/vpc-operations.ts';

const called = (operations: Readonly<Record<string, { readonly action: string }>>): string[] =>
  Object.values(operations).map(({ action }) => action);

const products = [
  {
    file: 'vpc.json',
    find: findVpcCode,
    // The items of a batch answer codes of the single operations.
    actions: [...called(VPC_OPERATIONS), 'CreateRouteEntry', 'DeleteRouteEntry'],
  },
  { file: 'ecs.json', find: findEcsCode, actions: called(ECS_OPERATIONS) },
  { file: 'sts.json', find: findStsCode, actions: Object.keys(STS_OPERATIONS) },
] as const;

// Published as something to try again, and known to be a missing permission as well.
const TWO_CAUSES = ['Forbbiden'];

for (const { file, find, actions } of products) {
  const operations = await publishedErrors(file);
  for (const action of actions) {
    test(`${find.name} knows every published code of ${action}`, () => {
      for (const error of operations[action]?.errors ?? []) {
        const { code, category } = error;
        const retryable = error.retryable && !TWO_CAUSES.includes(code);
        const entry = find(action, code);
        assertFits(entry, { ...error, retryable });
        // A state that passes is a conflict: whoever meets it looks again before the next write.
        if (retryable && category === 'state') assert.equal(entry.meaning, 'locked', code);
      }
    });
  }
}

const { gateway = [] } = await publishedCommonErrors();

for (const find of [findVpcCode, findEcsCode, findStsCode]) {
  test(`${find.name} knows every published code of the gateway`, () => {
    assert.ok(gateway.length > 0);
    for (const error of gateway) assertCommonFits(find('DescribeAnything', error.code), error);
  });
}

const meanings: readonly {
  readonly find: typeof findVpcCode;
  readonly code: string;
  readonly want: CodeMeaning | undefined;
  readonly reason: string;
}[] = [
  {
    find: findVpcCode,
    code: 'InvalidRouteTable.NotFound',
    want: 'absent',
    reason: 'The table that is asked for does not exist.',
  },
  {
    find: findVpcCode,
    code: 'InvalidRouteEntry.NotFound',
    want: 'absent',
    reason: 'There is nothing left to delete.',
  },
  {
    find: findVpcCode,
    code: 'Forbidden.VpcNotFound',
    want: 'absent',
    reason: 'A name like a refusal, and none.',
  },
  {
    find: findVpcCode,
    code: 'InvalidCIDRBlock.Duplicate',
    want: 'waiting',
    reason: 'The plan is made again from what is there.',
  },
  {
    find: findVpcCode,
    code: 'IncorrcetRouteEntryStatus',
    want: 'locked',
    reason: 'Misspelt on the wire, and met as such.',
  },
  {
    find: findVpcCode,
    code: 'TaskConflict.Whatever',
    want: 'locked',
    reason: 'The whole family.',
  },
  {
    find: findVpcCode,
    code: 'IncorrectStatus.SomethingNew',
    want: 'locked',
    reason: 'The whole family.',
  },
  {
    find: findVpcCode,
    code: 'QuotaExceeded.SomethingNew',
    want: 'quota',
    reason: 'The whole family.',
  },
  {
    find: findVpcCode,
    code: 'NeverSeenBefore',
    want: undefined,
    reason: 'Counted by code, to get a line.',
  },
  {
    find: findEcsCode,
    code: 'InvalidEniId.NotFound',
    want: 'absent',
    reason: 'The interface of the call does not exist.',
  },
  {
    find: findEcsCode,
    code: 'InvalidInstanceIds.NotFound',
    want: 'absent',
    reason: 'Some regions say so where others leave the id out.',
  },
  {
    find: findEcsCode,
    code: 'Throttling.User',
    want: 'throttled',
    reason: 'Whoever called too often waits.',
  },
  {
    find: findEcsCode,
    code: 'NeverSeenBefore',
    want: undefined,
    reason: 'Counted by code, to get a line.',
  },
];

for (const { find, code, want, reason } of meanings) {
  test(`${find.name}: ${code}`, () => {
    assert.equal(find('DescribeAnything', code)?.meaning, want, reason);
  });
}

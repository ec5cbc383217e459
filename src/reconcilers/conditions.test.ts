import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  areSameConditions,
  findCondition,
  isConditionTrue,
  isSameCondition,
  setCondition,
  summarizeReady,
  withoutConditions,
} from './conditions.ts';
import type { Condition } from './kubernetes-objects.ts';

const NOW_MS = Date.parse('2026-11-21T10:00:00.250Z');
const LATER_MS = NOW_MS + 5_000;

function condition(type: string, status: Condition['status'], generation = 3): Condition {
  return {
    type,
    status,
    reason: `${type}Reason`,
    message: `${type} message`,
    observedGeneration: generation,
    lastTransitionTime: '2026-11-21T09:00:00Z',
  };
}

test('API-06: setCondition: the time changes with the status and with nothing else', () => {
  const first = setCondition([], condition('Ready', 'False'), NOW_MS);
  assert.equal(first[0]?.lastTransitionTime, '2026-11-21T10:00:00Z');

  const reworded = setCondition(
    first,
    { ...condition('Ready', 'False', 4), message: 'other words' },
    LATER_MS,
  );
  assert.equal(reworded[0]?.lastTransitionTime, '2026-11-21T10:00:00Z');
  assert.equal(reworded[0].message, 'other words');
  assert.equal(reworded[0].observedGeneration, 4);

  const turned = setCondition(reworded, condition('Ready', 'True', 4), LATER_MS);
  assert.equal(turned[0]?.lastTransitionTime, '2026-11-21T10:00:05Z');
});

test('setCondition: the others keep their places and the given list stays as it is', () => {
  const given = Object.freeze([condition('Accepted', 'True'), condition('Ready', 'False')]);
  const set = setCondition(given, condition('Accepted', 'False'), NOW_MS);
  assert.deepEqual(
    set.map(({ type, status }) => [type, status]),
    [
      ['Accepted', 'False'],
      ['Ready', 'False'],
    ],
  );
  assert.equal(set[1], given[1]);
});

test('API-05: setCondition: a message longer than the schema allows is cut', () => {
  const long = { ...condition('Ready', 'False'), message: 'x'.repeat(40_000) };
  const [set] = setCondition([], long, NOW_MS);
  assert.equal(set?.message.length, 32_768);
  assert.ok(isSameCondition(set, long), 'The cut message is the same one on the next pass.');
});

test('API-07: isConditionTrue: one of an earlier generation does not count', () => {
  const conditions = [condition('Programmed', 'True', 2)];
  assert.equal(isConditionTrue(conditions, 'Programmed'), true);
  assert.equal(isConditionTrue(conditions, 'Programmed', 3), false);
  assert.equal(isConditionTrue(undefined, 'Programmed'), false);
});

test('areSameConditions: order does not matter, words and times do', () => {
  const ones = [condition('Accepted', 'True'), condition('Ready', 'True')];
  assert.ok(areSameConditions(ones, ones.toReversed()));
  assert.ok(!areSameConditions(ones, setCondition(ones, condition('Ready', 'False'), NOW_MS)));
  assert.ok(!areSameConditions(ones, withoutConditions(ones, ['Ready'])));
  assert.ok(areSameConditions(undefined, []));
});

const good = ['Accepted', 'Programmed', 'BackendsSynced'].map((type) => condition(type, 'True'));

/** The published algorithm of kstatus, as far as conditions go. */
function kstatus(conditions: readonly Condition[]): 'Failed' | 'InProgress' | 'Current' {
  if (isConditionTrue(conditions, 'Stalled')) return 'Failed';
  if (isConditionTrue(conditions, 'Reconciling')) return 'InProgress';
  return findCondition(conditions, 'Ready')?.status === 'True' ? 'Current' : 'InProgress';
}

const summaries: {
  name: string;
  conditions: Condition[];
  notReady?: { reason: string; message: string };
  stalled?: { reason: string; message: string };
  want: [status: string, reason: string];
  tools: ReturnType<typeof kstatus>;
  reason: string;
}[] = [
  {
    name: 'AllTrue',
    conditions: good,
    want: ['True', 'Ready'],
    tools: 'Current',
    reason: 'The whole desired state of this generation is in the cloud and usable.',
  },
  {
    name: 'FirstVisit',
    conditions: [],
    want: ['Unknown', 'Pending'],
    tools: 'InProgress',
    reason: 'A new object has a Ready at once.',
  },
  {
    name: 'EarlierGeneration',
    conditions: good.map((one) => ({ ...one, observedGeneration: 2 })),
    want: ['Unknown', 'Pending'],
    tools: 'InProgress',
    reason: 'What was true of the spec before says nothing of this one.',
  },
  {
    name: 'OneFalse',
    conditions: setCondition(good, condition('Programmed', 'False'), NOW_MS),
    want: ['False', 'ProgrammedReason'],
    tools: 'InProgress',
    reason: 'The part that fails is named.',
  },
  {
    name: 'TwoFalse',
    conditions: ['Accepted', 'BackendsSynced'].reduce(
      (all, type) => setCondition(all, condition(type, 'False'), NOW_MS),
      good,
    ),
    want: ['False', 'AcceptedReason'],
    tools: 'InProgress',
    reason: 'What is to be mended first is named.',
  },
  {
    name: 'Stalled',
    conditions: setCondition(good, condition('Accepted', 'False'), NOW_MS),
    stalled: { reason: 'NotSupported', message: 'Remove it' },
    want: ['False', 'AcceptedReason'],
    tools: 'Failed',
    reason: 'Nothing goes on before a person acts.',
  },
  {
    name: 'Held',
    conditions: good,
    notReady: { reason: 'DeletionHeld', message: 'Held' },
    want: ['False', 'DeletionHeld'],
    tools: 'InProgress',
    reason: 'It is not ready although every part is as asked.',
  },
  {
    name: 'StalledWords',
    conditions: good,
    stalled: { reason: 'Late', message: 'Too late' },
    want: ['True', 'Ready'],
    tools: 'Current',
    reason: 'An object that is Ready is never Stalled.',
  },
];

for (const { name, conditions, notReady, stalled, want, tools, reason } of summaries) {
  test(`API-07 API-08: summarizeReady: ${name}`, () => {
    const summary = summarizeReady(
      {
        conditions,
        generation: 3,
        ...(notReady === undefined ? {} : { notReady }),
        ...(stalled === undefined ? {} : { stalled }),
      },
      NOW_MS,
    );
    const ready = findCondition(summary, 'Ready');
    assert.deepEqual([ready?.status, ready?.reason], want, reason);
    assert.equal(ready?.observedGeneration, 3);
    assert.equal(kstatus(summary), tools, reason);
    for (const { reason: word } of summary) {
      assert.match(word, /^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/);
    }
  });
}

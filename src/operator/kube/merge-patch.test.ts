import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isDeepEqual, mergePatchBetween } from './merge-patch.ts';

const cases = [
  {
    name: 'Equal',
    present: { a: 1 },
    wanted: { a: 1 },
    want: undefined,
    reason: 'Nothing to send.',
  },
  { name: 'Changed', present: { a: 1 }, wanted: { a: 2 }, want: { a: 2 }, reason: 'Only that.' },
  {
    name: 'NestedRemoval',
    present: { a: { b: 1, c: 2 } },
    wanted: { a: { c: 2 } },
    want: { a: { b: null } },
    reason: 'A merge patch keeps what it does not name, so what goes is named.',
  },
  {
    name: 'ListReplaced',
    present: { a: [1, 2] },
    wanted: { a: [2] },
    want: { a: [2] },
    reason: 'Lists are atomic.',
  },
  {
    name: 'NullRemoves',
    present: { a: 1, b: 2 },
    wanted: { a: null, b: 2, c: null },
    want: { a: null },
    reason: 'What is not there need not go.',
  },
  {
    name: 'ObjectOrder',
    present: { a: { x: 1, y: 2 } },
    wanted: { a: { y: 2, x: 1 } },
    want: undefined,
    reason: 'The order of members means nothing.',
  },
] as const;

for (const { name, present, wanted, want, reason } of cases) {
  test(`mergePatchBetween: ${name}`, () => {
    assert.deepEqual(mergePatchBetween(present, wanted), want, reason);
  });
}

/** Applies a patch the way an API server does. Source: RFC 7396. */
function applyMergePatch(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const isObject = typeof target === 'object' && target !== null && !Array.isArray(target);
  const result: Record<string, unknown> = isObject ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) Reflect.deleteProperty(result, name);
    else result[name] = applyMergePatch(result[name], value);
  }
  return result;
}

const value: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  leaf: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constantFrom('x', 'y'), fc.boolean()),
  list: fc.array(tie('leaf'), { maxLength: 2 }),
  object: fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('any'), { maxKeys: 3 }),
  any: fc.oneof({ maxDepth: 3 }, tie('leaf'), tie('list'), tie('object')),
})).object;

test('mergePatchBetween: applied to the present value it gives the wanted one', () => {
  fc.assert(
    fc.property(value, value, (present, wanted) => {
      const patch = mergePatchBetween(present, wanted);
      const result = patch === undefined ? present : applyMergePatch(present, patch);
      assert.ok(isDeepEqual(result, wanted), JSON.stringify({ present, wanted, patch, result }));
    }),
  );
});

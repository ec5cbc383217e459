import assert from 'node:assert/strict';
import { test } from 'node:test';
import { conformancePage, ruleIds, unlistedRules } from './conformance.ts';
import { parseRules } from './conformance-rules.ts';
import { brokenReference, declaredNames } from './source-symbols.ts';
import type { FoundTest } from './test-titles.ts';

const RULES = `
families: [SVC, API]
sections:
  - title: Part
    rules:
      - { id: SVC-71, level: MUST, rule: A thing holds., keptBy: [src/a.ts#keep] }
      - id: SVC-72
        level: SHOULD
        rule: Each of them holds.
        clauses: [{ name: one }, { name: other, keywords: ['"t"', second] }]
      - { id: SVC-73, level: MAY, rule: It can wait., later: not yet }
      - { id: SVC-74, level: MUST, rule: It holds otherwise., changed: in our way }
`;

function found(...titles: string[]): FoundTest {
  return { file: 'src/a.test.ts', pattern: '{name}', titles };
}

function page(...tests: FoundTest[]): string[] {
  return conformancePage(parseRules(RULES), tests).split('\n');
}

function row(lines: readonly string[], id: string): string {
  return lines.find((line) => line.startsWith(`| ${id} |`)) ?? '';
}

test('conformancePage: a rule shows what keeps it and the tests that name it', () => {
  const lines = page(found('SVC-71 keeps it'), found('SVC-711 is none of it'));
  assert.equal(
    row(lines, 'SVC-71'),
    '| SVC-71 | MUST | A thing holds. | [`keep`](../src/a.ts) | SVC-71 keeps it ([a.test.ts](../src/a.test.ts)) |',
  );
});

test('conformancePage: rows of a table are counted', () => {
  assert.match(row(page(found('SVC-71 a', 'SVC-71 b', 'c')), 'SVC-71'), /\{name\} \(2 cases\)/);
});

test('conformancePage: what has no test says so, what waits says later, what differs says how', () => {
  const lines = page();
  assert.match(row(lines, 'SVC-71'), /\*\*no test yet\*\* \|$/);
  assert.match(row(lines, 'SVC-73'), /\*\*later\*\*: not yet \|  \| later \|$/);
  assert.match(row(lines, 'SVC-74'), /\*\*changed\*\*: in our way/);
});

const clauseCases = [
  { title: 'SVC-72 one', clause: 'SVC-72/one', isProven: true },
  { title: 'SVC-72 anyone', clause: 'SVC-72/one', isProven: false },
  { title: 'SVC-71 one', clause: 'SVC-72/one', isProven: false },
  { title: 'SVC-72 label "t" excludes', clause: 'SVC-72/other', isProven: true },
  { title: 'SVC-72 label "T" excludes', clause: 'SVC-72/other', isProven: false },
  { title: 'SVC-72 the second', clause: 'SVC-72/other', isProven: true },
];

for (const { title, clause, isProven } of clauseCases) {
  test(`conformancePage: "${title.replace('-', ' ')}" ${isProven ? 'proves' : 'is not'} ${clause.replace('-', ' ')}`, () => {
    assert.equal(!row(page(found(title)), clause).includes('no test yet'), isProven);
  });
}

test('conformancePage: a list counts as tested when each of its clauses is', () => {
  const half = page(found('SVC-72 one'));
  assert.equal(row(half, 'Part'), '| Part | 4 | 0 | 3 | 1 | 1 | 1 of 2 |');
  const whole = page(found('SVC-72 one', 'SVC-72 second'));
  assert.equal(row(whole, 'Part'), '| Part | 4 | 1 | 2 | 1 | 1 | 2 of 2 |');
});

test('unlistedRules: a test that names a rule which is not listed is an error', () => {
  const data = parseRules(RULES);
  assert.deepEqual(unlistedRules(data, [found('SVC-71 a', 'UTF-16 b')]), []);
  assert.deepEqual(unlistedRules(data, [found('API-99 a', 'API-99 b')]), [
    'src/a.test.ts names API-99, which docs/conformance-rules.yaml does not list',
  ]);
});

test('ruleIds: whole ids of known families only', () => {
  assert.deepEqual(ruleIds(['SVC'], 'SVC-01 SVC-02: XSVC-03 SVC-4 SVC-055 API-06'), [
    'SVC-01',
    'SVC-02',
  ]);
});

const badRules = [
  { name: 'a rule twice', from: 'SVC-72', to: 'SVC-71', want: /SVC-71 is there twice/ },
  { name: 'an unknown level', from: 'SHOULD', to: 'WOULD', want: /level/ },
  { name: 'two sentences', from: 'A thing holds.', to: 'A thing. It holds.', want: /rule/ },
  { name: 'an unknown member', from: 'changed:', to: 'altered:', want: /additional/ },
];

for (const { name, from, to, want } of badRules) {
  test(`parseRules: refuses ${name}`, () => {
    assert.throws(() => parseRules(RULES.replace(from, to)), want);
  });
}

test('declaredNames: what is at the top, and members of classes', () => {
  const names = declaredNames(`export const a = 1, b = 2; function c() { const d = 1; }
    export class E { f = 1; #g() {} } interface H { i: string } type J = string;`);
  assert.deepEqual([...names], ['a', 'b', 'c', 'E', 'E.f', 'E.#g', 'H', 'J']);
});

test('brokenReference: a file, a symbol of it, or a piece of its text has to be there', async () => {
  assert.equal(await brokenReference('hack/generate/source-symbols.ts#brokenReference'), undefined);
  assert.equal(await brokenReference('package.json#"type": "module"'), undefined);
  assert.match((await brokenReference('src/nowhere.ts#a')) ?? '', /does not exist/);
  assert.match((await brokenReference('hack/generate/source-symbols.ts#other')) ?? '', /no other/);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testsIn } from './test-titles.ts';

const cases: readonly {
  readonly name: string;
  readonly source: string;
  readonly want: readonly { readonly pattern: string; readonly titles: readonly string[] }[];
}[] = [
  {
    name: 'a plain title',
    source: `test('SVC-01 takes ours', () => {});`,
    want: [{ pattern: 'SVC-01 takes ours', titles: ['SVC-01 takes ours'] }],
  },
  {
    name: 'a table of objects, taken apart',
    source: `const cases = [{ name: 'A', n: 1 }, { name: 'B', n: make() }] as const;
      for (const { name } of cases) test(\`x: \${name}\`, () => {});`,
    want: [{ pattern: 'x: {name}', titles: ['x: A', 'x: B'] }],
  },
  {
    name: 'a table of objects, by member',
    source: `for (const row of [{ name: 'A' }]) { test(\`x: \${row.name} \${run(row)}\`, () => {}); }`,
    want: [{ pattern: 'x: {row.name} {…}', titles: ['x: A …'] }],
  },
  {
    name: 'rows that are mapped and spread, and a title that is computed',
    source: `const rows = [{ value: undefined }, ...['t', ''].map((value) => ({ value }))];
      for (const { value } of rows) {
        const shown = value === undefined ? 'absent' : JSON.stringify(value);
        test('label ' + shown, () => {});
      }`,
    want: [{ pattern: "{'label ' + shown}", titles: ['label absent', 'label "t"', 'label ""'] }],
  },
  {
    name: 'entries of a record, and forEach',
    source: `Object.entries({ a: 1, b: 2 }).forEach(([key, count], index) => {
        test(\`\${index} \${key}=\${count}\`, () => {});
      });`,
    want: [{ pattern: '{index} {key}={count}', titles: ['0 a=1', '1 b=2'] }],
  },
  {
    name: 'suites and tests inside tests',
    source: `describe('A', () => { it('b', async (t) => { await t.test('c', () => {}); }); });`,
    want: [
      { pattern: 'A › b', titles: ['A › b'] },
      { pattern: 'A › b › c', titles: ['A › b › c'] },
    ],
  },
  {
    name: 'a table that comes from elsewhere',
    source: `for (const { name } of load()) test(\`x: \${name}\`, () => {});
      const further = [made({ name: 'SVC-02 row' })];`,
    want: [
      { pattern: 'x: {name}', titles: ['x: …'] },
      { pattern: 'SVC-02 row', titles: ['SVC-02 row'] },
    ],
  },
  {
    name: 'a row that is completed by an unknown one',
    source: `for (const row of [{ ...base(), n: 1 }]) test(\`\${row.name} \${row.n}\`, () => {});`,
    want: [{ pattern: '{row.name} {row.n}', titles: ['… 1'] }],
  },
  {
    name: 'a parameter hides a constant of its name',
    source: `const name = 'A';
      function check(name: string) { test(\`x: \${name}\`, () => {}); }`,
    want: [{ pattern: 'x: {name}', titles: ['x: …'] }],
  },
  {
    name: 'no test: skipped, planned, or a regular expression',
    source: `test.skip('SVC-01 a', () => {}); test.todo('SVC-02 b'); /x/.test('SVC-03 c'); pattern.test('SVC-04 d');`,
    want: [],
  },
];

for (const { name, source, want } of cases) {
  test(`testsIn: ${name}`, () => {
    assert.deepEqual(
      testsIn('a.test.ts', source).map(({ pattern, titles }) => ({ pattern, titles })),
      want,
    );
  });
}

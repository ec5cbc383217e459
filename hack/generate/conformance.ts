import type { GeneratedFile } from './generated-file.ts';
import {
  readRules,
  RULES_FILE,
  type ConformanceData,
  type ConformanceRule,
  type RuleClause,
} from './conformance-rules.ts';
import { brokenReference } from './source-symbols.ts';
import { findTests, type FoundTest } from './test-titles.ts';

const PAGE = 'docs/conformance.md';

/**
 * Generates the page that lists the rules of the Kubernetes contract that this project keeps, with
 * the tests that name each and what keeps it.
 *
 * Errors: throws when a test names a rule that is not listed, or a rule is said to be kept by what
 *   does not exist.
 */
export async function conformance(): Promise<GeneratedFile[]> {
  const data = await readRules();
  const tests = await findTests();
  const mistakes = [...unlistedRules(data, tests), ...(await brokenReferences(data))];
  if (mistakes.length > 0) {
    throw new Error(`Cannot generate ${PAGE}:\n${mistakes.map((text) => `- ${text}`).join('\n')}`);
  }
  return [{ path: PAGE, content: conformancePage(data, tests) }];
}

/** Finds the tests that name rules which the data does not list. */
export function unlistedRules(data: ConformanceData, tests: readonly FoundTest[]): string[] {
  const listed = new Set(rulesOf(data).map(({ id }) => id));
  return tests.flatMap(({ file, titles }) => {
    const named = new Set(titles.flatMap((title) => ruleIds(data.families, title)));
    return [...named]
      .filter((id) => !listed.has(id))
      .map((id) => `${file} names ${id}, which ${RULES_FILE} does not list`);
  });
}

/** Lists the ids of rules in a title. */
export function ruleIds(families: readonly string[], title: string): string[] {
  return title.match(new RegExp(`\\b(?:${families.join('|')})-\\d\\d\\b`, 'g')) ?? [];
}

/** Writes the page. */
export function conformancePage(data: ConformanceData, tests: readonly FoundTest[]): string {
  const { families, sections } = data;
  const lines = sections.flatMap(({ title, rules }) => [
    `## ${title}`,
    '',
    '| rule | level | what it asks | kept by | tests |',
    '| --- | --- | --- | --- | --- |',
    ...rules.flatMap((rule) => ruleRows(rule, testsNaming(families, rule.id, tests))),
    '',
  ]);
  return [
    `<!-- Generated from ${RULES_FILE} and the titles of tests; run \`npm run generate\`. -->`,
    '',
    '# Conformance',
    '',
    'What Kubernetes, its users and its tools expect of a cloud controller and of a well-made operator, as',
    'far as this version touches it. A test belongs to a rule when its title names it. **later** marks what',
    'this version does not serve; **changed** tells where the design of this project differs from what is usual,',
    'and the rule is then in our wording. What a rule lists is a row of its own below it.',
    '',
    ...summary(data, tests),
    '',
    ...lines,
  ].join('\n');
}

async function brokenReferences(data: ConformanceData): Promise<string[]> {
  const broken = await Promise.all(
    rulesOf(data).flatMap(({ id, keptBy = [] }) =>
      keptBy.map(async (reference) => ({ id, why: await brokenReference(reference) })),
    ),
  );
  return broken.flatMap(({ id, why }) => (why === undefined ? [] : [`${id}: ${why}`]));
}

function rulesOf(data: ConformanceData): ConformanceRule[] {
  return data.sections.flatMap(({ rules }) => rules);
}

/** Narrows tests to their titles that name a rule. */
function testsNaming(
  families: readonly string[],
  id: string,
  tests: readonly FoundTest[],
): FoundTest[] {
  return withTitles(tests, (title) => ruleIds(families, title).includes(id));
}

function testsOfClause(clause: RuleClause, tests: readonly FoundTest[]): FoundTest[] {
  const keywords = clause.keywords ?? [clause.name];
  return withTitles(tests, (title) => keywords.some((keyword) => hasKeyword(title, keyword)));
}

function withTitles(tests: readonly FoundTest[], isMeant: (title: string) => boolean): FoundTest[] {
  return tests
    .map((found) => ({ ...found, titles: found.titles.filter(isMeant) }))
    .filter(({ titles }) => titles.length > 0);
}

/** Tells whether a title has a keyword by itself, not as a part of a longer word. */
function hasKeyword(title: string, keyword: string): boolean {
  const isInWord = (one: string | undefined, other: string | undefined): boolean =>
    /\w/.test(one ?? '') && /\w/.test(other ?? '');
  for (let at = title.indexOf(keyword); at >= 0; at = title.indexOf(keyword, at + 1)) {
    const end = at + keyword.length;
    const isWhole = !isInWord(title[at - 1], keyword[0]) && !isInWord(title[end], keyword.at(-1));
    if (isWhole) return true;
  }
  return false;
}

function ruleRows(rule: ConformanceRule, tests: readonly FoundTest[]): string[] {
  const asks = [
    rule.rule,
    ...(rule.changed === undefined ? [] : [`**changed**: ${rule.changed}`]),
    ...(rule.later === undefined ? [] : [`**later**: ${rule.later}`]),
  ];
  const rows = [
    [rule.id, rule.level, asks.join('<br>'), keptBy(rule), testsCell(tests, rule)],
    ...(rule.clauses ?? []).map((clause) => {
      const own = testsOfClause(clause, tests);
      return [`${rule.id}/${clause.name}`, '', '', '', testsCell(own, rule)];
    }),
  ];
  return rows.map((cells) => `| ${cells.join(' | ')} |`);
}

function keptBy({ keptBy = [] }: ConformanceRule): string {
  return keptBy
    .map((reference) => {
      const file = reference.split('#', 1).join();
      const symbol = reference.slice(file.length + 1);
      const name = symbol === '' ? file.split('/').slice(-1).join() : symbol;
      return `[\`${cell(name)}\`](../${file})`;
    })
    .join('<br>');
}

function testsCell(tests: readonly FoundTest[], rule: ConformanceRule): string {
  if (tests.length === 0) return rule.later === undefined ? '**no test yet**' : 'later';
  return tests
    .map(({ file, pattern, titles }) => {
      const count = titles.length > 1 ? ` (${titles.length} cases)` : '';
      const shown = titles.length > 1 ? pattern : titles.join();
      return `${cell(shown)}${count} ([${file.split('/').slice(-1).join()}](../${file}))`;
    })
    .join('<br>');
}

/** Writes text as it can stand in a cell of a table. */
function cell(text: string): string {
  return text.replaceAll(/[\\|<>*_[\]]/g, (character) => `\\${character}`);
}

function summary(data: ConformanceData, tests: readonly FoundTest[]): string[] {
  const rows = data.sections.map(({ title, rules }) => [title, ...counts(data, rules, tests)]);
  const total = ['**all**', ...counts(data, rulesOf(data), tests)];
  return [
    '| part | rules | with a test | no test yet | later | changed | clauses with a test |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...[...rows, total].map((cells) => `| ${cells.join(' | ')} |`),
  ];
}

function counts(
  data: ConformanceData,
  rules: readonly ConformanceRule[],
  tests: readonly FoundTest[],
): string[] {
  const judged = rules.map((rule) => {
    const own = testsNaming(data.families, rule.id, tests);
    const clauses = (rule.clauses ?? []).map((clause) => testsOfClause(clause, own).length > 0);
    // A list is kept as far as each thing in it is.
    return { rule, clauses, isTested: own.length > 0 && clauses.every(Boolean) };
  });
  const served = judged.filter(({ rule }) => rule.later === undefined);
  const numbers = [
    rules.length,
    served.filter(({ isTested }) => isTested).length,
    served.filter(({ isTested }) => !isTested).length,
    rules.length - served.length,
    rules.filter(({ changed }) => changed !== undefined).length,
  ].map(String);
  const clauses = judged.flatMap((one) => one.clauses);
  const proven = clauses.filter(Boolean).length;
  return [...numbers, clauses.length === 0 ? '' : `${proven} of ${clauses.length}`];
}

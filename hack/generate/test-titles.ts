import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import ts from 'typescript';
import { repositoryRoot } from './generated-file.ts';
import { StaticScope, UNKNOWN, showStatic } from './static-evaluation.ts';

/** One call of `test` in a source file. */
export interface FoundTest {
  /** From the root of the repository. */
  readonly file: string;
  /** The title as written, with the names of what is filled in in braces, after its suites' titles. */
  readonly pattern: string;
  /** The titles that it runs under, one for each row of its table; `…` where a value is not static. */
  readonly titles: readonly string[];
}

/** The folders that hold tests. */
const TEST_FOLDERS = ['src', 'emulator', 'hack', 'test'] as const;

/** Finds the tests of the repository, in the order of their files. */
export async function findTests(): Promise<FoundTest[]> {
  const found: FoundTest[] = [];
  for (const folder of TEST_FOLDERS) {
    const names = await readdir(path.join(repositoryRoot, folder), { recursive: true });
    for (const name of names.filter((candidate) => candidate.endsWith('.test.ts')).sort()) {
      const file = `${folder}/${name}`;
      found.push(...testsIn(file, await readFile(path.join(repositoryRoot, file), 'utf8')));
    }
  }
  return found;
}

/**
 * Finds the tests in one source text.
 *
 * Shape: one entry for each `test` call, whose titles come from running over the tables that are
 *   written in the file. A rule named by a `name` in a table that could not be followed counts as a
 *   test of that name. Skipped and planned tests are left out.
 */
export function testsIn(file: string, text: string): FoundTest[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const finder = new TestFinder(source);
  finder.walk(source, new StaticScope(), []);
  return finder.found(file);
}

/** A title, as written and as it runs. */
interface Title {
  readonly pattern: string;
  readonly text: string;
}

class TestFinder {
  readonly #source: ts.SourceFile;
  readonly #tests = new Map<ts.Node, { readonly pattern: string; readonly titles: string[] }>();

  constructor(source: ts.SourceFile) {
    this.#source = source;
  }

  found(file: string): FoundTest[] {
    const tests = [...this.#tests.values()].map(({ pattern, titles }) => ({
      file,
      pattern,
      titles: [...new Set(titles)],
    }));
    const said = tests.flatMap(({ titles }) => titles).join('\n');
    const unfollowed = rowNames(this.#source).filter((name) => !said.includes(name));
    return [...tests, ...unfollowed.map((name) => ({ file, pattern: name, titles: [name] }))];
  }

  /** Walks the statements in order, so that a table is known by the time a loop runs over it. */
  walk(node: ts.Node, scope: StaticScope, suites: readonly Title[]): void {
    if (ts.isVariableDeclaration(node)) scope.declare(node);
    if (ts.isForOfStatement(node)) {
      this.#walkLoop(node, scope, suites);
      return;
    }
    if (ts.isCallExpression(node)) {
      const run = asTestCall(node);
      if (run !== undefined) {
        this.#walkTest(node, run, scope, suites);
        return;
      }
      if (this.#walkForEach(node, scope, suites)) return;
    }
    const inner = ts.isBlock(node) || ts.isFunctionLike(node) ? scope.nested() : scope;
    if (ts.isFunctionLike(node)) {
      for (const parameter of node.parameters) inner.bind(parameter.name, UNKNOWN);
    }
    ts.forEachChild(node, (child) => {
      this.walk(child, inner, suites);
    });
  }

  #walkLoop(loop: ts.ForOfStatement, scope: StaticScope, suites: readonly Title[]): void {
    const { initializer, expression, statement } = loop;
    const [variable] = ts.isVariableDeclarationList(initializer) ? initializer.declarations : [];
    for (const row of rowsOf(scope.evaluate(expression))) {
      const inner = scope.nested();
      if (variable !== undefined) inner.bind(variable.name, row);
      this.walk(statement, inner, suites);
    }
  }

  /** Follows `table.forEach((row) => …)`; tells whether the call is one. */
  #walkForEach(call: ts.CallExpression, scope: StaticScope, suites: readonly Title[]): boolean {
    const { expression } = call;
    const [callback] = call.arguments;
    if (!ts.isPropertyAccessExpression(expression) || expression.name.text !== 'forEach') {
      return false;
    }
    if (callback === undefined || !ts.isArrowFunction(callback)) return false;
    rowsOf(scope.evaluate(expression.expression)).forEach((row, index) => {
      const inner = scope.nested();
      const [first, second] = callback.parameters;
      if (first !== undefined) inner.bind(first.name, row);
      if (second !== undefined) inner.bind(second.name, index);
      this.walk(callback.body, inner, suites);
    });
    return true;
  }

  #walkTest(
    call: ts.CallExpression,
    { kind, title }: TestCall,
    scope: StaticScope,
    suites: readonly Title[],
  ): void {
    const own: Title = {
      pattern: patternOf(title, this.#source),
      text: showStatic(scope.evaluate(title)),
    };
    const path = [...suites, own];
    if (kind === 'test') {
      const pattern = path.map((part) => part.pattern).join(' › ');
      const known = this.#tests.get(call) ?? { pattern, titles: [] };
      known.titles.push(path.map((part) => part.text).join(' › '));
      this.#tests.set(call, known);
    }
    for (const argument of call.arguments.slice(1)) this.walk(argument, scope.nested(), path);
  }
}

interface TestCall {
  readonly kind: 'test' | 'suite';
  readonly title: ts.Expression;
}

/** Recognises `test(title, …)`, `describe(title, …)` and `t.test(title, …)`. */
function asTestCall(call: ts.CallExpression): TestCall | undefined {
  const [title, ...others] = call.arguments;
  // One argument only is a regular expression's `test`, or a test without a body.
  if (title === undefined || others.length === 0) return undefined;
  const { expression } = call;
  const name = ts.isIdentifier(expression)
    ? expression.text
    : ts.isPropertyAccessExpression(expression) && ts.isIdentifier(expression.expression)
      ? expression.name.text.replace('only', expression.expression.text)
      : '';
  if (name === 'test' || name === 'it') return { kind: 'test', title };
  if (name === 'describe' || name === 'suite') return { kind: 'suite', title };
  return undefined;
}

/** A table that is not known is walked once, with nothing known of its row. */
function rowsOf(table: unknown): readonly unknown[] {
  return Array.isArray(table) ? table : [UNKNOWN];
}

function patternOf(title: ts.Expression, source: ts.SourceFile): string {
  if (ts.isStringLiteralLike(title)) return title.text;
  if (!ts.isTemplateExpression(title)) return `{${title.getText(source)}}`;
  const spans = title.templateSpans.map(({ expression, literal }) => {
    const text = expression.getText(source);
    return `{${/^[\w.]+$/.test(text) ? text : '…'}}${literal.text}`;
  });
  return title.head.text + spans.join('');
}

/** Lists the literal `name`s of rows; whoever asks looks for rules in them. */
function rowNames(source: ts.SourceFile): string[] {
  const names: string[] = [];
  const visit = (node: ts.Node): void => {
    if (
      ts.isPropertyAssignment(node) &&
      node.name.getText(source) === 'name' &&
      ts.isStringLiteralLike(node.initializer) &&
      /^[A-Z0-9]+-\d\d\b/.test(node.initializer.text)
    ) {
      names.push(node.initializer.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return names;
}

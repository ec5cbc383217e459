import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import ts from 'typescript';
import { LOAD_BALANCER_MESSAGES, type LoadBalancerMessage } from './load-balancer-messages.ts';

const MESSAGES: Readonly<Record<string, LoadBalancerMessage>> = LOAD_BALANCER_MESSAGES;

/** One reason in the code, with what stands beside it. */
interface UsedReason {
  readonly reason: string;
  readonly file: string;
  readonly type?: string;
  readonly status?: string;
}

/** The sources whose reasons end up in conditions and events of AlibabaLoadBalancers. */
function sources(): string[] {
  const own = readdirSync(import.meta.dirname)
    .filter((file) => file.endsWith('.ts') && !/\.(test|generated)\.ts$/.test(file))
    .filter((file) => file !== 'load-balancer-messages.ts');
  return [...own, '../failure-report.ts', '../conditions.ts', '../service/service-claim.ts'];
}

/**
 * Finds the literals that are reasons: values of members named `reason`, of tables and
 * constants named for reasons, and what functions named for reasons return.
 */
function reasonsIn(file: string): UsedReason[] {
  const text = readFileSync(path.join(import.meta.dirname, file), 'utf8');
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found: UsedReason[] = [];
  const literals = (node: ts.Node): string[] => {
    if (ts.isStringLiteral(node)) return [node.text];
    if (ts.isConditionalExpression(node)) {
      return [...literals(node.whenTrue), ...literals(node.whenFalse)];
    }
    if (ts.isBinaryExpression(node)) return literals(node.right);
    return [];
  };
  const literalMember = (object: ts.Node, name: string): Partial<Record<string, string>> => {
    if (!ts.isObjectLiteralExpression(object)) return {};
    for (const property of object.properties) {
      if (!ts.isPropertyAssignment(property) || property.name.getText() !== name) continue;
      const [value, ...others] = literals(property.initializer);
      return value === undefined || others.length > 0 ? {} : { [name]: value };
    }
    return {};
  };
  const visit = (node: ts.Node): void => {
    if (ts.isPropertyAssignment(node) && node.name.getText() === 'reason') {
      const beside = {
        ...literalMember(node.parent, 'type'),
        ...literalMember(node.parent, 'status'),
      };
      for (const reason of literals(node.initializer)) found.push({ reason, file, ...beside });
    }
    if (ts.isVariableDeclaration(node) && node.name.getText().endsWith('REASONS')) {
      const table = node.initializer;
      const values = table !== undefined && ts.isAsExpression(table) ? table.expression : table;
      if (values !== undefined && ts.isObjectLiteralExpression(values)) {
        for (const property of values.properties) {
          if (!ts.isPropertyAssignment(property)) continue;
          for (const reason of literals(property.initializer)) found.push({ reason, file });
        }
      }
    }
    const isConstant = ts.isVariableDeclaration(node) && node.name.getText().endsWith('_REASON');
    if (isConstant && node.initializer !== undefined) {
      // What the cloud is given as a reason is no CamelCase word.
      const reasons = literals(node.initializer).filter((word) => /^[A-Z][A-Za-z]+$/.test(word));
      for (const reason of reasons) found.push({ reason, file });
    }
    if (ts.isFunctionDeclaration(node) && node.name?.text.endsWith('Reason') === true) {
      ts.forEachChild(node.body ?? node, (statement) => {
        if (!ts.isReturnStatement(statement) || statement.expression === undefined) return;
        for (const reason of literals(statement.expression)) found.push({ reason, file });
      });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

const used = sources().flatMap(reasonsIn);

test('API-09 UX-08 LOAD_BALANCER_MESSAGES: has every reason that the code uses', () => {
  const missing = used.filter(({ reason }) => !(reason in MESSAGES));
  assert.deepEqual(missing, []);
});

test('API-09 UX-08 LOAD_BALANCER_MESSAGES: has no reason that nobody uses', () => {
  const names = new Set(used.map(({ reason }) => reason));
  assert.deepEqual(
    Object.keys(MESSAGES).filter((reason) => !names.has(reason)),
    [],
  );
});

test('LOAD_BALANCER_MESSAGES: shows a reason as what the code uses it for', () => {
  const wrong = used.filter(({ reason, type, status }) => {
    const shownAs = MESSAGES[reason]?.shownAs ?? [];
    if (type === 'Normal' || type === 'Warning') {
      return !shownAs.some((shown) => 'event' in shown && shown.event === type);
    }
    if (type === undefined || status === undefined) return false;
    return !shownAs.some(
      (shown) => 'condition' in shown && shown.condition === type && shown.status === status,
    );
  });
  assert.deepEqual(wrong, []);
});

test('LOAD_BALANCER_MESSAGES: the reasons of the code are found', () => {
  const names = used.map(({ reason }) => reason);
  for (const reason of ['WrongAccount', 'Retrying', 'Refused', 'QuotaExceeded', 'DriftDetected']) {
    assert.ok(names.includes(reason), reason);
  }
});

test('UX-08 LOAD_BALANCER_MESSAGES: whoever is warned is told what to do', () => {
  for (const [reason, { shownAs, remedy, meaning, when }] of Object.entries(MESSAGES)) {
    const isWarned = shownAs.some((shown) => 'event' in shown && shown.event === 'Warning');
    assert.ok(!isWarned || remedy !== '', reason);
    assert.ok(meaning.endsWith('.') && when.endsWith('.'), reason);
  }
});

test('API-05 LOAD_BALANCER_MESSAGES: every reason is one word that a condition can have', () => {
  for (const reason of Object.keys(MESSAGES)) assert.match(reason, /^[A-Z][A-Za-z]{0,127}$/);
});

import ts from 'typescript';

/** What an expression is worth that cannot be told without running the program. */
export const UNKNOWN: unique symbol = Symbol('unknown');

/** Shows a value as it stands in a title; `…` where it is not known. */
export function showStatic(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
    case 'boolean':
    case 'undefined':
      return String(value);
    default:
      return value === null ? 'null' : '…';
  }
}

/** A function of the program whose body is one expression. */
type StaticFunction = (...values: unknown[]) => unknown;

/**
 * Tells what expressions are worth as far as the text of a program says, without running it: literals,
 * tables of them, and the plain operations that tests build titles and tables with.
 *
 * Shape: everything else is `UNKNOWN`; nothing that is evaluated can have an effect.
 */
export class StaticScope {
  readonly #values = new Map<string, unknown>();
  readonly #outer: StaticScope | undefined;

  constructor(outer?: StaticScope) {
    this.#outer = outer;
  }

  /** Opens a scope inside this one. */
  nested(): StaticScope {
    return new StaticScope(this);
  }

  /** Notes what a variable is made of; one that can change is not known. */
  declare(declaration: ts.VariableDeclaration): void {
    const { name, initializer, parent } = declaration;
    const isConst = (ts.getCombinedNodeFlags(parent) & ts.NodeFlags.Const) !== 0;
    this.bind(name, isConst && initializer !== undefined ? this.evaluate(initializer) : UNKNOWN);
  }

  /** Gives a name, or the names of a pattern, their values. */
  bind(name: ts.BindingName, value: unknown): void {
    if (ts.isIdentifier(name)) {
      this.#values.set(name.text, value);
      return;
    }
    name.elements.forEach((element, index) => {
      if (ts.isOmittedExpression(element)) return;
      const key = ts.isArrayBindingPattern(name)
        ? index
        : propertyName(element.propertyName ?? element.name);
      const isRest = element.dotDotDotToken !== undefined;
      const found = isRest || key === undefined ? UNKNOWN : memberOf(value, key);
      const isDefault = found === undefined && element.initializer !== undefined;
      this.bind(element.name, isDefault ? this.evaluate(element.initializer) : found);
    });
  }

  /** Tells what an expression is worth. */
  evaluate(node: ts.Expression): unknown {
    if (ts.isStringLiteralLike(node)) return node.text;
    if (ts.isNumericLiteral(node)) return Number(node.text);
    if (ts.isIdentifier(node)) {
      return node.text === 'undefined' ? undefined : this.#find(node.text);
    }
    if (ts.isTemplateExpression(node)) {
      const spans = node.templateSpans.map(
        ({ expression, literal }) => showStatic(this.evaluate(expression)) + literal.text,
      );
      return node.head.text + spans.join('');
    }
    if (ts.isArrayLiteralExpression(node)) return this.#array(node);
    if (ts.isObjectLiteralExpression(node)) return this.#object(node);
    if (
      ts.isParenthesizedExpression(node) ||
      ts.isAsExpression(node) ||
      ts.isSatisfiesExpression(node)
    ) {
      return this.evaluate(node.expression);
    }
    if (ts.isPropertyAccessExpression(node)) {
      return memberOf(this.evaluate(node.expression), node.name.text);
    }
    if (ts.isElementAccessExpression(node)) {
      const key = this.evaluate(node.argumentExpression);
      const isKey = typeof key === 'string' || typeof key === 'number';
      return isKey ? memberOf(this.evaluate(node.expression), key) : UNKNOWN;
    }
    if (ts.isConditionalExpression(node)) {
      const condition = this.evaluate(node.condition);
      if (condition === UNKNOWN) return UNKNOWN;
      return this.evaluate(condition ? node.whenTrue : node.whenFalse);
    }
    if (ts.isBinaryExpression(node)) return this.#binary(node);
    if (ts.isArrowFunction(node)) return this.#function(node);
    if (ts.isCallExpression(node)) return this.#call(node);
    return KEYWORDS.has(node.kind) ? KEYWORDS.get(node.kind) : UNKNOWN;
  }

  #find(name: string): unknown {
    if (this.#values.has(name)) return this.#values.get(name);
    return this.#outer === undefined ? UNKNOWN : this.#outer.#find(name);
  }

  #array(node: ts.ArrayLiteralExpression): unknown {
    const values: unknown[] = [];
    for (const element of node.elements) {
      if (!ts.isSpreadElement(element)) {
        values.push(this.evaluate(element));
        continue;
      }
      const spread = this.evaluate(element.expression);
      // A row whose number is not known stands for all that come from there.
      if (Array.isArray(spread)) values.push(...(spread as unknown[]));
      else values.push(UNKNOWN);
    }
    return values;
  }

  #object(node: ts.ObjectLiteralExpression): unknown {
    const members: Record<string | symbol, unknown> = {};
    for (const property of node.properties) {
      const key = property.name === undefined ? undefined : propertyName(property.name);
      if (ts.isSpreadAssignment(property)) {
        const spread = this.evaluate(property.expression);
        if (isRecord(spread)) Object.assign(members, spread);
        else members[UNKNOWN] = true;
      } else if (key !== undefined) {
        members[key] = UNKNOWN;
        if (ts.isPropertyAssignment(property)) members[key] = this.evaluate(property.initializer);
        if (ts.isShorthandPropertyAssignment(property)) members[key] = this.#find(key);
      }
    }
    return members;
  }

  #binary(node: ts.BinaryExpression): unknown {
    const left = this.evaluate(node.left);
    const right = this.evaluate(node.right);
    const isConcatenation = node.operatorToken.kind === ts.SyntaxKind.PlusToken;
    if (isConcatenation && (typeof left === 'string' || typeof right === 'string')) {
      return showStatic(left) + showStatic(right);
    }
    if (left === UNKNOWN || right === UNKNOWN) return UNKNOWN;
    switch (node.operatorToken.kind) {
      case ts.SyntaxKind.EqualsEqualsEqualsToken:
        return left === right;
      case ts.SyntaxKind.ExclamationEqualsEqualsToken:
        return left !== right;
      case ts.SyntaxKind.QuestionQuestionToken:
        return left ?? right;
      default:
        return UNKNOWN;
    }
  }

  #function(node: ts.ArrowFunction): unknown {
    const { body } = node;
    if (ts.isBlock(body)) return UNKNOWN;
    const evaluated: StaticFunction = (...values) => {
      const inner = this.nested();
      node.parameters.forEach((parameter, index) => {
        inner.bind(parameter.name, values[index]);
      });
      return inner.evaluate(body);
    };
    return evaluated;
  }

  #call(node: ts.CallExpression): unknown {
    const { expression } = node;
    const values = node.arguments.map((argument) => this.evaluate(argument));
    if (!ts.isPropertyAccessExpression(expression)) {
      const called = ts.isIdentifier(expression) ? this.#find(expression.text) : UNKNOWN;
      if (isStaticFunction(called)) return called(...values);
      return expression.getText() === 'String' ? showStatic(values[0]) : UNKNOWN;
    }
    if (values.includes(UNKNOWN)) return UNKNOWN;
    const global = GLOBALS.get(expression.getText());
    if (global !== undefined) return global(values[0]);
    const subject = this.evaluate(expression.expression);
    if (!Array.isArray(subject)) return UNKNOWN;
    const [argument] = values;
    switch (expression.name.text) {
      case 'map':
        return isStaticFunction(argument)
          ? subject.map((row, index) => argument(row, index))
          : UNKNOWN;
      case 'flatMap':
        return isStaticFunction(argument)
          ? subject.flatMap((row, index) => argument(row, index))
          : UNKNOWN;
      case 'join':
        return subject.map(showStatic).join(typeof argument === 'string' ? argument : ',');
      default:
        return UNKNOWN;
    }
  }
}

const KEYWORDS: ReadonlyMap<ts.SyntaxKind, unknown> = new Map<ts.SyntaxKind, unknown>([
  [ts.SyntaxKind.TrueKeyword, true],
  [ts.SyntaxKind.FalseKeyword, false],
  [ts.SyntaxKind.NullKeyword, null],
]);

const GLOBALS: ReadonlyMap<string, StaticFunction> = new Map<string, StaticFunction>([
  ['JSON.stringify', (value) => (isWholly(value) ? JSON.stringify(value) : UNKNOWN)],
  ['Object.entries', (value) => (isRecord(value) ? Object.entries(value) : UNKNOWN)],
  ['Object.keys', (value) => (isRecord(value) ? Object.keys(value) : UNKNOWN)],
  ['Object.values', (value) => (isRecord(value) ? Object.values(value) : UNKNOWN)],
]);

function propertyName(name: ts.PropertyName | ts.BindingName): string | undefined {
  return ts.isIdentifier(name) || ts.isStringLiteralLike(name) || ts.isNumericLiteral(name)
    ? name.text
    : undefined;
}

function memberOf(value: unknown, key: string | number): unknown {
  if (Array.isArray(value))
    return key === 'length' ? value.length : (value as unknown[])[Number(key)];
  if (!isRecord(value)) return UNKNOWN;
  // What is spread into an object without being known may have any member.
  return key in value || !(UNKNOWN in value) ? value[key] : UNKNOWN;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isStaticFunction(value: unknown): value is StaticFunction {
  return typeof value === 'function';
}

/** Tells whether nothing in a value is unknown. */
function isWholly(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isWholly);
  if (isRecord(value)) return !(UNKNOWN in value) && Object.values(value).every(isWholly);
  return value !== UNKNOWN && !isStaticFunction(value);
}

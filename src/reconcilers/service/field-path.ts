import { SPEC_SCHEMA, type FieldSchema } from './spec-judge.ts';

/**
 * One step of a path into an object: a member, the item of a list-map with these keys, the item at
 * a place, or a member of a set.
 */
export type PathElement =
  | { readonly field: string }
  | { readonly key: Readonly<Record<string, string | number | boolean>> }
  | { readonly index: number }
  | { readonly value: unknown };

/** A path into an object. */
export type FieldPath = readonly PathElement[];

/** One value of an object that a field manager can own by itself. */
export interface FieldLeaf {
  /** The path as the API server writes it in conflicts. */
  readonly path: string;
  readonly value: unknown;
}

/**
 * Parses a path as the API server writes it in conflicts and in validation errors, for example
 * `.spec.listeners[port=80,transport="TCP"].clb.scheduler` or `spec.listeners[0].healthCheck.path`.
 *
 * Shape: `undefined` for text that is no such path.
 */
export function parseFieldPath(text: string): FieldPath | undefined {
  const elements: PathElement[] = [];
  let rest = text.startsWith('.') || text.startsWith('[') ? text : `.${text}`;
  while (rest !== '') {
    const field = /^\.([^.[\]]+)/.exec(rest);
    if (field?.[1] !== undefined) {
      elements.push({ field: field[1] });
      rest = rest.slice(field[0].length);
      continue;
    }
    const index = /^\[(\d+)\]/.exec(rest);
    if (index?.[1] !== undefined) {
      elements.push({ index: Number(index[1]) });
      rest = rest.slice(index[0].length);
      continue;
    }
    const item = /^\[((?:[^"[\]]|"(?:[^"\\]|\\.)*")*)\]/.exec(rest);
    const element = item?.[1] === undefined ? undefined : parseItem(item[1]);
    if (item === null || element === undefined) return undefined;
    elements.push(element);
    rest = rest.slice(item[0].length);
  }
  return elements.length === 0 ? undefined : elements;
}

/** Writes a path as the API server does in conflicts. */
export function formatFieldPath(path: FieldPath): string {
  return path.map(formatElement).join('');
}

/**
 * Lists the values of a spec that field managers own one by one.
 *
 * Shape: in the order of the object; an atomic list or map is one value, the keys of the items of
 *   a list-map are none. Paths begin with `.spec`.
 * Source: Kubernetes, server-side apply, merge strategy.
 */
export function specLeaves(spec: object): FieldLeaf[] {
  return leavesOf(spec, SPEC_SCHEMA, [{ field: 'spec' }]);
}

/** Finds the value at a path; `undefined` where there is none. */
export function valueAtPath(object: unknown, path: FieldPath): unknown {
  return path.reduce<unknown>((value, element) => step(value, element), object);
}

/**
 * Leaves one path out of a plain object.
 *
 * Shape: a new object that shares what is unchanged; an object that has become empty goes too, and
 *   the items of a list stay where their keys are. A place in a list stands for every item of it.
 */
export function withoutPath<T extends object>(object: T, path: FieldPath): T {
  const kept = leaveOut(object, path);
  return (kept ?? {}) as T;
}

function parseItem(text: string): PathElement | undefined {
  if (text.startsWith('=')) {
    const value = parseScalar(text.slice(1));
    return value === undefined ? undefined : { value };
  }
  const key: Record<string, string | number | boolean> = {};
  const pairs = text.matchAll(/([^=,]+)=("(?:[^"\\]|\\.)*"|[^,]*)(?:,|$)/g);
  let length = 0;
  for (const pair of pairs) {
    const [whole, name, literal] = pair;
    const value = literal === undefined ? undefined : parseScalar(literal);
    if (name === undefined || value === undefined || pair.index !== length) return undefined;
    key[name] = value;
    length += whole.length;
  }
  return length === text.length && length > 0 ? { key } : undefined;
}

/** Reads a scalar as Go quotes it, which differs from JSON in `\x` and `\U` escapes. */
function parseScalar(literal: string): string | number | boolean | undefined {
  const json = literal.replace(/\\(x[0-9a-f]{2}|U[0-9a-f]{8}|.)/g, (whole, escape: string) => {
    const isHex = /^[xU]./.test(escape);
    if (isHex) return quotedCharacter(Number.parseInt(escape.slice(1), 16));
    if (escape === 'a') return quotedCharacter(7);
    return escape === 'v' ? quotedCharacter(11) : whole;
  });
  try {
    const value: unknown = JSON.parse(json);
    return isScalar(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function quotedCharacter(codePoint: number): string {
  return JSON.stringify(String.fromCodePoint(codePoint)).slice(1, -1);
}

function formatElement(element: PathElement): string {
  if ('field' in element) return `.${element.field}`;
  if ('index' in element) return `[${element.index}]`;
  if ('value' in element) return `[=${JSON.stringify(element.value)}]`;
  const pairs = Object.entries(element.key)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return `[${pairs.join(',')}]`;
}

function leavesOf(value: unknown, schema: FieldSchema, path: FieldPath): FieldLeaf[] {
  if (Array.isArray(value) && schema['x-kubernetes-list-type'] === 'map') {
    return value.flatMap((item: unknown) => itemLeaves(item, schema, path));
  }
  if (isObject(value) && schema.properties !== undefined) {
    const members = schema.properties;
    return Object.entries(value).flatMap(([name, member]) =>
      member === undefined ? [] : leavesOf(member, members[name] ?? {}, [...path, { field: name }]),
    );
  }
  return [{ path: formatFieldPath(path), value }];
}

function itemLeaves(item: unknown, schema: FieldSchema, path: FieldPath): FieldLeaf[] {
  const keyNames = schema['x-kubernetes-list-map-keys'] ?? [];
  if (!isObject(item)) return [];
  const key = Object.fromEntries(keyNames.map((name) => [name, item[name] as string | number]));
  const rest = Object.fromEntries(
    Object.entries(item).filter(([name]) => !keyNames.includes(name)),
  );
  return leavesOf(rest, schema.items ?? {}, [...path, { key }]);
}

function step(value: unknown, element: PathElement): unknown {
  if ('field' in element) return isObject(value) ? value[element.field] : undefined;
  if (!Array.isArray(value)) return undefined;
  if ('index' in element) return value[element.index];
  return value.find((item: unknown) => isItem(item, element)) as unknown;
}

function leaveOut(value: unknown, path: FieldPath): unknown {
  const [element, ...rest] = path;
  if (element === undefined) return undefined;
  if (Array.isArray(value)) {
    const items = value.flatMap((item: unknown) => {
      if (!isItem(item, element)) return [item];
      const kept = leaveOut(item, rest);
      return kept === undefined ? [] : [kept];
    });
    return items.length === 0 ? undefined : items;
  }
  if (!isObject(value) || !('field' in element) || !(element.field in value)) return value;
  const { [element.field]: member, ...others } = value;
  const kept = leaveOut(member, rest);
  if (kept !== undefined) return { ...value, [element.field]: kept };
  return Object.keys(others).length === 0 ? undefined : others;
}

function isItem(item: unknown, element: PathElement): boolean {
  if ('index' in element) return true;
  if ('value' in element) return item === element.value;
  if ('field' in element || !isObject(item)) return false;
  return Object.entries(element.key).every(([name, value]) => item[name] === value);
}

function isScalar(value: unknown): value is string | number | boolean {
  return ['string', 'number', 'boolean'].includes(typeof value);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

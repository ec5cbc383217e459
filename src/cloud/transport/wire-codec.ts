/**
 * The shape of a request or an answer, by the names on the wire: a leaf, a list of one shape, or
 * members.
 */
export type WireShape =
  | 'string'
  | 'number'
  | 'boolean'
  | readonly [WireShape]
  | { readonly [wireName: string]: WireShape };

/** What is known of one operation. */
export interface OperationTable {
  /** Whether a call of it may change something in the cloud. */
  readonly mutating: boolean;
  readonly request: Readonly<Record<string, WireShape>>;
  readonly response: Readonly<Record<string, WireShape>>;
}

/**
 * Turns a name on the wire into the name of the field in the vendor's packages: the first letter
 * in lower case, acronyms as they are.
 */
export function fieldName(wireName: string): string {
  if (wireName.startsWith('VSwitch')) return `v${wireName.slice(1)}`;
  if (/^[A-Z]{2}/.test(wireName)) return wireName;
  return wireName.charAt(0).toLowerCase() + wireName.slice(1);
}

/**
 * Turns a request by field names into flat parameters as they go over the wire.
 *
 * Shape: list items count from 1 (`Tag.1.Key`); what is undefined is left out.
 */
export function encodeRequest(table: OperationTable, request: object): Record<string, string> {
  const parameters: Record<string, string> = {};
  const add = (name: string, shape: WireShape, value: unknown): void => {
    if (value === undefined || value === null) return;
    if (isListShape(shape)) {
      if (!Array.isArray(value)) throw new TypeError(`Cannot send "${name}": expected a list`);
      value.forEach((item, index) => {
        add(`${name}.${index + 1}`, shape[0], item);
      });
    } else if (typeof shape === 'string') {
      parameters[name] = plainText(name, value);
    } else {
      const members = value as Record<string, unknown>;
      for (const [member, memberShape] of Object.entries(shape)) {
        add(`${name}.${member}`, memberShape, members[fieldName(member)]);
      }
    }
  };
  const fields = request as Record<string, unknown>;
  for (const [name, shape] of Object.entries(table.request)) {
    add(name, shape, fields[fieldName(name)]);
  }
  return parameters;
}

/**
 * Reads an answer into fields by the vendor's names.
 *
 * Shape: missing and null members stay away, unknown ones are dropped, numbers and booleans may
 *   come as text and text as numbers; a list may be wrapped once more or once less than published.
 * Errors: `MalformedAnswer` where a member cannot be what it is published to be.
 */
export function decodeResponse(table: OperationTable, body: unknown): Record<string, unknown> {
  if (!isRecord(body)) throw new MalformedAnswer('', 'an object');
  return decodeMembers(table.response, body, '');
}

/** An answer that is not what the operation is published to answer. */
export class MalformedAnswer extends Error {
  constructor(path: string, expected: string) {
    super(`Cannot read the answer at "${path}": expected ${expected}`);
    this.name = 'MalformedAnswer';
  }
}

function decodeMembers(
  shape: Readonly<Record<string, WireShape>>,
  value: Readonly<Record<string, unknown>>,
  path: string,
): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const [member, memberShape] of Object.entries(shape)) {
    const decoded = decodeValue(
      memberShape,
      value[member],
      path === '' ? member : `${path}.${member}`,
    );
    if (decoded !== undefined) fields[fieldName(member)] = decoded;
  }
  return fields;
}

function decodeValue(shape: WireShape, value: unknown, path: string): unknown {
  if (value === undefined || value === null) return undefined;
  if (isListShape(shape)) {
    return listItems(value, path).map((item, index) =>
      decodeValue(shape[0], item, `${path}[${index}]`),
    );
  }
  if (typeof shape === 'string') return decodeLeaf(shape, value, path);
  // `Tags: [...]` where `Tags: { Tag: [...] }` is published.
  const [onlyMember, ...others] = Object.keys(shape);
  if (Array.isArray(value) && onlyMember !== undefined && others.length === 0) {
    return decodeMembers(shape, { [onlyMember]: value }, path);
  }
  if (value === '') return undefined;
  if (!isRecord(value)) throw new MalformedAnswer(path, 'an object');
  return decodeMembers(shape, value, path);
}

function listItems(value: unknown, path: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (value === '') return [];
  if (isRecord(value)) {
    // `Listeners: { Listener: [...] }` where `Listeners: [...]` is published, and `{}` for empty.
    const members = Object.values(value);
    if (members.length === 0) return [];
    if (members.length === 1 && Array.isArray(members[0])) return members[0];
  }
  throw new MalformedAnswer(path, 'a list');
}

function decodeLeaf(shape: 'string' | 'number' | 'boolean', value: unknown, path: string): unknown {
  switch (shape) {
    case 'string':
      if (typeof value === 'string') return value;
      if (typeof value === 'number' || typeof value === 'boolean') return String(value);
      throw new MalformedAnswer(path, 'text');
    case 'number': {
      if (value === '') return undefined;
      const number = typeof value === 'string' ? Number(value) : value;
      if (typeof number !== 'number' || !Number.isFinite(number)) {
        throw new MalformedAnswer(path, 'a number');
      }
      return number;
    }
    case 'boolean':
      if (typeof value === 'boolean') return value;
      if (value === 'true' || value === 'on') return true;
      if (value === 'false' || value === 'off') return false;
      throw new MalformedAnswer(path, 'true or false');
  }
}

function plainText(name: string, value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new TypeError(`Cannot send "${name}": expected text, a number or a boolean`);
}

function isListShape(shape: WireShape): shape is readonly [WireShape] {
  return Array.isArray(shape);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

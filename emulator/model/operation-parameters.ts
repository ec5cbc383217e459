import { publishesError, type PublishedOperation, type PublishedParameter } from './api-catalog.ts';
import { apiError, type ApiError } from './api-error.ts';

/** The members of one item of a list parameter, by upper-camel-case name. */
export type ParameterItem = Readonly<Record<string, string>>;
type ParameterValue =
  string | number | boolean | ParameterItem | readonly (string | ParameterItem)[];

/** What can be wrong with one parameter, each kind with error codes of its own. */
export type Violation = 'missing' | 'type' | 'range' | 'enum' | 'length' | 'items';

// Names that a client in practice makes longer than the documentation allows.
const ACCEPTED_LENGTHS: Readonly<Record<string, readonly [number, number]>> = {
  VServerGroupName: [1, 256],
};
// A client in practice sends this number for "not set".
const UNSET_NUMBER = '-520';
// ECS brings page sizes outside the range to its nearest end.
const CLAMPED = new Set(['DescribeInstances.MaxResults', 'DescribeDisks.MaxResults']);
// Numbers beyond the documented range that a client in practice sends.
const ACCEPTED_MAXIMA: Readonly<Record<string, number>> = {
  'DescribeRouteEntryList.MaxResult': 500,
};
// Parameters that are documented as required and left out by a client in practice; the operation
// asks for them itself where it cannot do without.
const LEFT_OUT = new Set(['ModifyRouteEntry.RouteEntryId']);
// Out-of-enum codes that carry another name than the parameter.
const ENUM_CODES: Readonly<Record<string, string>> = {
  InstanceNetworkType: 'InvalidNetworkType.NotFound',
};
const INTEGER_LIMITS: Readonly<Record<string, readonly [bigint, bigint]>> = {
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
};

/**
 * The parameters of one call after the checks that follow from the published metadata.
 *
 * Shape: names are upper camel case here whatever the wire spelling was; an empty value counts as
 *   not given; parameters that the operation does not publish are ignored.
 */
export class OperationParameters {
  readonly #values: ReadonlyMap<string, ParameterValue>;

  constructor(values: ReadonlyMap<string, ParameterValue>) {
    this.#values = values;
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** A value that the checks have made sure of. */
  text(name: string): string {
    const value = this.findText(name);
    if (value === undefined) throw new TypeError(`Parameter ${name} is not a required string`);
    return value;
  }

  findText(name: string): string | undefined {
    const value = this.#values.get(name);
    return typeof value === 'string' ? value : undefined;
  }

  integer(name: string): number {
    const value = this.findInteger(name);
    if (value === undefined) throw new TypeError(`Parameter ${name} is not a required number`);
    return value;
  }

  findInteger(name: string): number | undefined {
    const value = this.#values.get(name);
    return typeof value === 'number' ? value : undefined;
  }

  findFlag(name: string): boolean | undefined {
    const value = this.#values.get(name);
    return typeof value === 'boolean' ? value : undefined;
  }

  /** A list of strings, from `Name.N` or from one comma separated value. */
  texts(name: string): readonly string[] {
    const value = this.#values.get(name);
    return isList(value) ? value.filter((item) => typeof item === 'string') : [];
  }

  /** A list of objects, from `Name.N.Member`. */
  items(name: string): readonly ParameterItem[] {
    const value = this.#values.get(name);
    return isList(value) ? value.filter((item) => typeof item === 'object') : [];
  }
}

/**
 * Checks the parameters of a call against what its operation publishes.
 *
 * Shape: `flat` has the wire names (`Tag.1.Key`); the first letter of each part may be of either
 *   case, since create and set operations spell some names differently.
 * Errors: the published code for the first parameter that is wrong.
 */
export function readOperationParameters(
  operation: PublishedOperation,
  flat: ReadonlyMap<string, string>,
): OperationParameters {
  const given = new Map<string, string>();
  for (const [name, value] of flat) given.set(upperCamelPath(name), value);

  const values = new Map<string, ParameterValue>();
  for (const parameter of operation.request) {
    const name = upperCamel(parameter.name);
    const value = readParameter(operation, parameter, name, given);
    if (value !== undefined) values.set(name, value);
    else if (parameter.required === true && !LEFT_OUT.has(`${operation.action}.${name}`)) {
      throw violation(operation, name, 'missing');
    }
  }
  return new OperationParameters(values);
}

function readParameter(
  operation: PublishedOperation,
  parameter: PublishedParameter,
  name: string,
  given: ReadonlyMap<string, string>,
): ParameterValue | undefined {
  if (parameter.type.startsWith('array')) return readList(operation, parameter, name, given);
  if (parameter.type === 'object') return readObject(operation, parameter, name, given);
  const text = given.get(name);
  if (text === undefined || text === '') return undefined;
  if (parameter.repeat === 'comma separated string') {
    const texts = text.split(',').map((part) => part.trim());
    checkCount(operation, parameter, name, texts.length);
    for (const part of texts) checkText(operation, parameter, name, part);
    return texts;
  }
  return readScalar(operation, parameter, name, text);
}

function readScalar(
  operation: PublishedOperation,
  parameter: PublishedParameter,
  name: string,
  text: string,
): ParameterValue | undefined {
  switch (parameter.type) {
    case 'int32':
    case 'int64':
      return readInteger(operation, parameter, name, text);
    case 'boolean':
      if (/^true$/i.test(text)) return true;
      if (/^false$/i.test(text)) return false;
      throw violation(operation, name, 'type');
    default:
      checkText(operation, parameter, name, text);
      return text;
  }
}

function readInteger(
  operation: PublishedOperation,
  parameter: PublishedParameter,
  name: string,
  text: string,
): number | undefined {
  if (text === UNSET_NUMBER) return undefined;
  if (!/^[+-]?\d+$/.test(text)) throw violation(operation, name, 'type');
  const [lowest, highest] = INTEGER_LIMITS[parameter.type] ?? [0n, 0n];
  if (BigInt(text) < lowest || BigInt(text) > highest) throw violation(operation, name, 'type');

  const value = Number(text);
  if (value === parameter.default) return value;
  if (parameter.enum !== undefined && !parameter.enum.includes(String(value))) {
    throw violation(operation, name, 'enum');
  }
  const min = parameter.min ?? -Infinity;
  const max = acceptedMaximum(operation, parameter) ?? Infinity;
  if (CLAMPED.has(`${operation.action}.${name}`)) return Math.min(Math.max(value, min), max);
  if (value < min || value > max) throw violation(operation, name, 'range');
  return value;
}

function readList(
  operation: PublishedOperation,
  parameter: PublishedParameter,
  name: string,
  given: ReadonlyMap<string, string>,
): ParameterValue | undefined {
  const byIndex = new Map<number, Record<string, string>>();
  for (const [path, value] of given) {
    const match = /^(\d+)(?:\.(.+))?$/.exec(
      path.startsWith(`${name}.`) ? path.slice(name.length + 1) : '',
    );
    if (match === null) continue;
    const item = byIndex.get(Number(match[1])) ?? {};
    item[match[2] ?? ''] = value;
    byIndex.set(Number(match[1]), item);
  }
  if (byIndex.size === 0) return undefined;
  checkCount(operation, parameter, name, byIndex.size);

  const items = [...byIndex].sort(([a], [b]) => a - b).map(([, item]) => item);
  if (parameter.fields === undefined) {
    return items.map((item) => item[''] ?? '').filter((text) => text !== '');
  }
  for (const item of items) checkFields(operation, parameter, name, item);
  return items;
}

/** Reads an object that is spread over `Name.Member` parameters. */
function readObject(
  operation: PublishedOperation,
  parameter: PublishedParameter,
  name: string,
  given: ReadonlyMap<string, string>,
): ParameterItem | undefined {
  const members = [...given]
    .filter(([path]) => path.startsWith(`${name}.`))
    .map(([path, value]) => [path.slice(name.length + 1), value] as const);
  if (members.length === 0) return undefined;
  const item = Object.fromEntries(members);
  checkFields(operation, parameter, name, item);
  return item;
}

function checkFields(
  operation: PublishedOperation,
  parameter: PublishedParameter,
  name: string,
  item: ParameterItem,
): void {
  for (const field of parameter.fields ?? []) {
    // A list within an item has members of its own, which its handler reads.
    if (field.type.startsWith('array')) continue;
    const value = item[field.name];
    // The name of a list and of its member together name the member in codes: TagKey.
    const member = `${name}${field.name}`;
    if (field.required === true && (value ?? '') === '') {
      throw violation(operation, member, 'missing');
    }
    if (value !== undefined && value !== '') readScalar(operation, field, member, value);
  }
}

function checkText(
  operation: PublishedOperation,
  parameter: PublishedParameter,
  name: string,
  text: string,
): void {
  if (parameter.enum !== undefined && !parameter.enum.includes(text)) {
    throw violation(operation, name, 'enum');
  }
  const [shortest, longest] = acceptedLength(parameter) ?? [0, Infinity];
  if (text.length < shortest || text.length > longest) throw violation(operation, name, 'length');
}

function checkCount(
  operation: PublishedOperation,
  parameter: PublishedParameter,
  name: string,
  count: number,
): void {
  if (count > (parameter.maxItems ?? Infinity)) throw violation(operation, name, 'items');
}

/** The lengths that are accepted, which for some names reach beyond what is published. */
export function acceptedLength(
  parameter: PublishedParameter,
): readonly [number, number] | undefined {
  return ACCEPTED_LENGTHS[parameter.name] ?? parameter.length;
}

/** The highest number that is accepted, which for some names is beyond what is published. */
export function acceptedMaximum(
  operation: PublishedOperation,
  parameter: PublishedParameter,
): number | undefined {
  return ACCEPTED_MAXIMA[`${operation.action}.${parameter.name}`] ?? parameter.max;
}

/** Tells whether a number outside the parameter's range is brought into it instead of refused. */
export function isClamped(operation: PublishedOperation, name: string): boolean {
  return CLAMPED.has(`${operation.action}.${name}`);
}

/**
 * Finds the code for a wrong parameter: the first that the operation publishes for this name and
 * kind of mistake, else the general one.
 */
export function violationCode(
  operation: PublishedOperation,
  name: string,
  kind: Violation,
): string {
  const specific = specificCodes(name, kind).find((code) => publishesError(operation, code));
  if (specific !== undefined) return specific;
  if (kind === 'missing') return 'MissingParameter';
  if (kind === 'length' && operation.product === 'slb') return 'InvalidParameterLength';
  return 'InvalidParameter';
}

function specificCodes(name: string, kind: Violation): string[] {
  if (kind === 'missing') {
    const lower = name.charAt(0).toLowerCase() + name.slice(1);
    return [
      `MissingParam.${name}`,
      `MissingParameter.${name}`,
      `MissingParam.${lower}`,
      `MissingParam.${name}s`,
      `MissingParameter.${name}s`,
    ];
  }
  const general = [
    `InvalidParam.${name}`,
    `InvalidParameter.${name}`,
    `IllegalParam.${name}`,
    `InvalidParameter${name}`,
  ];
  switch (kind) {
    case 'enum':
      return [
        ...general,
        `Invalid${name}.NotFound`,
        `Invalid${name}.ValueNotSupported`,
        ENUM_CODES[name] ?? '',
      ];
    case 'length':
      return [
        `InvalidParamLength.${name}`,
        ...general,
        `InvalidParameter.${name}.Malformed`,
        `Invalid${name}.Malformed`,
        `Invalid${name}`,
      ];
    case 'items':
      return [
        `SizeLimitExceeded.${name}`,
        `SizeLimitExceeded.${name}Num`,
        `IllegalParamSize.${name}`,
        `Invalid${name}Count`,
        `NumberExceed.${name}s`,
        `InvalidParameter.TooMany${name}s`,
      ];
    case 'type':
    case 'range':
      return general;
  }
}

/** Makes the answer for a wrong parameter. */
export function violation(operation: PublishedOperation, name: string, kind: Violation): ApiError {
  const message =
    kind === 'missing'
      ? `The input parameter "${name}" that is mandatory for processing this request is not supplied.`
      : `The specified parameter "${name}" is not valid.`;
  return apiError(operation, violationCode(operation, name, kind), message);
}

function isList(value: ParameterValue | undefined): value is readonly (string | ParameterItem)[] {
  return Array.isArray(value);
}

function upperCamel(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

function upperCamelPath(path: string): string {
  return path.split('.').map(upperCamel).join('.');
}

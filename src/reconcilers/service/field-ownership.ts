import { Failure } from '../../cloud/failure.ts';
import { hasGeneratedMetadata, withoutMetadataField } from '../generated-metadata.ts';
import type { LoadBalancerResource } from '../kubernetes-objects.ts';
import type { AlibabaLoadBalancerStatus } from '../load-balancer/load-balancer-resource.generated.ts';
import type {
  ApplyResult,
  FieldCause,
  GeneratedLoadBalancer,
  LoadBalancerResourceWriter,
  StatusChange,
} from '../reconciler.ts';
import {
  parseFieldPath,
  specLeaves,
  valueAtPath,
  withoutPath,
  type FieldPath,
} from './field-path.ts';
import { quotable, type RequestProblem } from './request-problem.ts';

/** One generated field that carries a person's value. */
export type OverriddenField = NonNullable<AlibabaLoadBalancerStatus['overriddenFields']>[number];

/** What came of applying a generated object. */
export interface OwnershipOutcome {
  readonly resource: LoadBalancerResource;
  /** Sorted by path; every one, however many the status shows. */
  readonly overridden: readonly OverriddenField[];
  /** What the API server refused, by the annotation or field of the Service that asks for it. */
  readonly problems: readonly RequestProblem[];
}

/**
 * Field managers that are not people; what they own is taken back by force.
 *
 * Shape: every name that this operator ever used, and the one that the API server gives to fields
 *   from before the first apply.
 */
export const OWN_FIELD_MANAGERS: readonly string[] = [
  'alibaba-cloud-operator',
  'alibaba-cloud-operator-generator',
  'before-first-apply',
];

/** How often fields are dropped and the rest is applied again. */
const MAX_REPEATS = 3;

/** What is shown of a field that is not there. */
const NO_VALUE = '';

/** The most overridden fields that the status shows. */
const MAX_SHOWN = 64;
const MAX_SHOWN_PATH = 256;
const MAX_SHOWN_VALUE = 1024;

/** What an apply that keeps people's values needs to know. */
export interface OwnershipRequest {
  readonly generated: GeneratedLoadBalancer;
  /** Which annotation or field asks for which field of the spec; see `DesiredSpec.origins`. */
  readonly origins: ReadonlyMap<string, string>;
  /** Takes fields back from people: one path, or `all`. */
  readonly reset?: string;
}

/**
 * Applies a generated object so that a person's value wins over a generated one.
 *
 * Shape: applies without force; on a conflict exactly the paths that people own are dropped, and
 *   the rest is applied again, at most three times. Force is used only when all that stands in the
 *   way belongs to managers that are not people, or to what a person has asked to reset. A field
 *   that the API server finds invalid is dropped together with all that its annotation asks for.
 * Errors: those of the writer; `conflict` when people's fields change faster than they are dropped,
 *   `terminal` when the rest is refused too.
 */
export async function applyKeepingOverrides(
  writer: Pick<LoadBalancerResourceWriter, 'apply'>,
  request: OwnershipRequest,
  signal: AbortSignal,
): Promise<OwnershipOutcome> {
  let wish = request.generated;
  let force = false;
  const owners = new Map<string, string>();
  const problems: RequestProblem[] = [];
  for (let repeats = 0; repeats <= MAX_REPEATS; repeats += 1) {
    const result = await writer.apply(wish, { force }, signal);
    if (result.kind === 'applied') {
      const overridden = overriddenFields(request.generated, owners, result.resource);
      // Given back between the conflict and this apply, which has left it out: nobody has it now.
      if (overridden.some(({ value }) => value === NO_VALUE)) break;
      return { resource: result.resource, overridden, problems };
    }
    if (result.kind === 'invalid') {
      const refused = refusedFields(result, request.origins);
      problems.push(...refused.problems);
      wish = { ...wish, spec: refused.paths.reduce(withoutSpecPath, wish.spec) };
      continue;
    }
    const peoples = result.causes.filter((cause) => isPersons(cause, request.reset));
    for (const { field, manager } of peoples) owners.set(field, manager ?? '');
    wish = peoples.reduce(withoutField, wish);
    // Forcing applies everything, so it waits until nothing of a person's is in the way.
    force = peoples.length === 0;
  }
  throw new Failure(
    'conflict',
    `Cannot apply AlibabaLoadBalancer "${request.generated.key.name}": its fields change hands at the same time`,
    { code: 'Conflict' },
  );
}

/**
 * Tells what is to be written to the status about overridden fields.
 *
 * Shape: sorted by path, cut to what the schema allows; the total counts all of them. Empty when
 *   nothing is overridden and the status says nothing.
 */
export function overrideStatus(
  overridden: readonly OverriddenField[],
  live: LoadBalancerResource,
): StatusChange {
  if (overridden.length === 0) {
    const isClear = (live.status.overriddenFieldsTotal ?? 0) === 0;
    return isClear ? {} : { overriddenFields: null, overriddenFieldsTotal: null };
  }
  return {
    overriddenFields: overridden
      .filter(({ path }) => path.length <= MAX_SHOWN_PATH)
      .slice(0, MAX_SHOWN),
    overriddenFieldsTotal: overridden.length,
  };
}

/**
 * Tells whether an object already says what is generated, so that nothing has to be applied.
 *
 * Shape: true when labels, annotations and owner are in place, every generated field has the
 *   generated value or is listed in the status with the value that a person gave it, and no other
 *   field is listed.
 */
export function isAlreadyApplied(
  generated: GeneratedLoadBalancer,
  live: LoadBalancerResource,
): boolean {
  const { metadata, status } = live;
  const listed = new Map((status.overriddenFields ?? []).map((field) => [field.path, field]));
  const owner = metadata.ownerReferences.find(({ uid }) => uid === generated.ownerReference.uid);
  const leaves = specLeaves(generated.spec);
  const paths = new Set(leaves.map(({ path }) => path));
  return (
    owner?.controller === true &&
    hasGeneratedMetadata(generated, metadata) &&
    [...listed.keys()].every((path) => paths.has(path)) &&
    leaves.every(({ path, value }) => {
      const present = valueAtPath(live, parseFieldPath(path) ?? []);
      if (isSameValue(present, value)) return !listed.has(path);
      const override = listed.get(path);
      return (
        override?.value !== undefined &&
        override.value === shownValue(present) &&
        override.generatedValue === shownValue(value)
      );
    })
  );
}

/** Tells whether a field that is generated has lost its value between two looks at an object. */
export function hasLostGeneratedField(
  generated: GeneratedLoadBalancer['spec'],
  before: Pick<LoadBalancerResource, 'spec'>,
  now: Pick<LoadBalancerResource, 'spec'>,
): boolean {
  return specLeaves(generated).some(({ path }) => {
    const elements = parseFieldPath(path) ?? [];
    return valueAtPath(now, elements) === undefined && valueAtPath(before, elements) !== undefined;
  });
}

/** A conflict is a person's unless its manager is one of ours, or its path is to be reset. */
function isPersons(cause: FieldCause, reset: string | undefined): boolean {
  if (OWN_FIELD_MANAGERS.includes(cause.manager ?? '')) return false;
  return !isReset(cause.field, reset);
}

function isReset(field: string, reset: string | undefined): boolean {
  if (reset === undefined) return false;
  if (reset.trim() === 'all') return true;
  return reset.split(/\s+/).some((path) => {
    const wanted = path.startsWith('.') ? path : `.${path}`;
    return field === wanted || field.startsWith(`${wanted}.`) || field.startsWith(`${wanted}[`);
  });
}

function withoutField(wish: GeneratedLoadBalancer, { field }: FieldCause): GeneratedLoadBalancer {
  const withoutMetadata = withoutMetadataField(wish, field);
  if (withoutMetadata !== undefined) return withoutMetadata;
  const path = parseFieldPath(field);
  const [root] = path ?? [];
  if (path === undefined || root === undefined || !('field' in root) || root.field !== 'spec') {
    throw new Failure(
      'terminal',
      `Cannot apply AlibabaLoadBalancer "${wish.key.name}": field "${quotable(field)}" is owned by another manager: give it back`,
    );
  }
  return { ...wish, spec: withoutSpecPath(wish.spec, path.slice(1)) };
}

function withoutSpecPath(
  spec: GeneratedLoadBalancer['spec'],
  path: FieldPath,
): GeneratedLoadBalancer['spec'] {
  return withoutPath(spec, path);
}

/** Finds what asks for the fields that the API server refuses, and where else it does. */
function refusedFields(
  result: Extract<ApplyResult, { readonly kind: 'invalid' }>,
  origins: ReadonlyMap<string, string>,
): { readonly paths: readonly FieldPath[]; readonly problems: readonly RequestProblem[] } {
  const paths: FieldPath[] = [];
  const problems = new Map<string, RequestProblem>();
  for (const { field, message } of result.causes) {
    const refused = patternOf(field);
    const asking = [...origins].filter(
      ([pattern]) =>
        pattern === refused ||
        pattern.startsWith(`${refused}.`) ||
        refused.startsWith(`${pattern}.`),
    );
    for (const [pattern, source] of asking) {
      paths.push(pathOfPattern(pattern));
      problems.set(source, {
        kind: 'Invalid',
        source,
        value: '',
        message: `"${source}" is refused for ${field}: ${message}; it is left out`,
        guardsAccess: false,
      });
    }
  }
  if (paths.length === 0) {
    throw new Failure(
      'terminal',
      `The API server refuses the generated AlibabaLoadBalancer: ${result.message}`,
      { code: 'Invalid' },
    );
  }
  return { paths, problems: [...problems.values()] };
}

/** Writes the path of a field without the keys and places of lists, as origins are written. */
function patternOf(field: string): string {
  const names = (parseFieldPath(field) ?? []).flatMap((element) =>
    'field' in element ? [element.field] : [],
  );
  return `.${names.join('.')}`;
}

/** Reads an origin's path below `spec`, for every item of the lists on the way. */
function pathOfPattern(pattern: string): FieldPath {
  const [, , ...names] = pattern.split('.');
  return names.flatMap((field, depth) =>
    depth === 0 && field === 'listeners' ? [{ field }, { index: 0 }] : [{ field }],
  );
}

function overriddenFields(
  generated: GeneratedLoadBalancer,
  owners: ReadonlyMap<string, string>,
  live: LoadBalancerResource,
): OverriddenField[] {
  const wanted = new Map(specLeaves(generated.spec).map(({ path, value }) => [path, value]));
  return [...owners]
    .filter(([path]) => wanted.has(path))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, manager]) => ({
      path,
      manager: manager.slice(0, 128),
      value: shownValue(valueAtPath(live, parseFieldPath(path) ?? [])),
      generatedValue: shownValue(wanted.get(path)),
    }));
}

function shownValue(value: unknown): string {
  const json = value === undefined ? NO_VALUE : JSON.stringify(value);
  return json.length <= MAX_SHOWN_VALUE ? json : `${json.slice(0, MAX_SHOWN_VALUE - 1)}…`;
}

function isSameValue(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

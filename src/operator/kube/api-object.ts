import type { ObjectMeta, OwnerReference } from '../../reconcilers/kubernetes-objects.ts';

/** An object of the API as it came over the wire: nothing in it is certain. */
export type ApiObject = Readonly<Record<string, unknown>>;

/** An annotation that repeats the whole object; nothing here reads it, and every edit changes it. */
const LAST_APPLIED_ANNOTATION = 'kubectl.kubernetes.io/last-applied-configuration';

/** Reads an unknown value as an object; anything else is an empty one. */
export function objectOf(value: unknown): ApiObject {
  return isObject(value) ? value : {};
}

/** Reads an unknown value as a list of objects. */
export function objectsOf(value: unknown): readonly ApiObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** Reads an unknown value as a list of texts. */
export function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value)
    ? value.filter((item): item is string => typeof item === 'string')
    : [];
}

/** Reads an unknown value as text; anything but text and numbers is the fallback. */
export function textOf(value: unknown, fallback = ''): string {
  if (typeof value === 'string') return value;
  return typeof value === 'number' ? String(value) : fallback;
}

/** Reads an unknown value as text, or as unset. */
export function optionalTextOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Reads an unknown value as a number. */
export function numberOf(value: unknown, fallback = 0): number {
  return typeof value === 'number' ? value : fallback;
}

/** Reads an unknown value as a boolean. */
export function booleanOf(value: unknown, fallback: boolean): boolean {
  return typeof value === 'boolean' ? value : fallback;
}

/** Reads the metadata of an object, without what nobody here uses. */
export function metadataOf(object: ApiObject): ObjectMeta {
  const metadata = objectOf(object.metadata);
  const deletionTimestamp = optionalTextOf(metadata.deletionTimestamp);
  return {
    namespace: textOf(metadata.namespace),
    name: textOf(metadata.name),
    uid: textOf(metadata.uid),
    resourceVersion: textOf(metadata.resourceVersion),
    generation: numberOf(metadata.generation),
    creationTimestamp: textOf(metadata.creationTimestamp),
    ...(deletionTimestamp !== undefined && { deletionTimestamp }),
    labels: textMapOf(metadata.labels),
    annotations: textMapOf(metadata.annotations, LAST_APPLIED_ANNOTATION),
    finalizers: textsOf(metadata.finalizers),
    ownerReferences: objectsOf(metadata.ownerReferences).map(ownerReferenceOf),
  };
}

/** Freezes a value and everything in it. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const member of Object.values(value)) deepFreeze(member);
  }
  return value;
}

function ownerReferenceOf(reference: ApiObject): OwnerReference {
  const { controller, blockOwnerDeletion } = reference;
  return {
    apiVersion: textOf(reference.apiVersion),
    kind: textOf(reference.kind),
    name: textOf(reference.name),
    uid: textOf(reference.uid),
    ...(typeof controller === 'boolean' && { controller }),
    ...(typeof blockOwnerDeletion === 'boolean' && { blockOwnerDeletion }),
  };
}

function textMapOf(value: unknown, leftOut?: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(objectOf(value)).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string' && entry[0] !== leftOut,
    ),
  );
}

function isObject(value: unknown): value is ApiObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

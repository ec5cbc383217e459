import { Failure, isFailure } from '../../cloud/failure.ts';
import type { ObjectMeta } from '../../reconcilers/kubernetes-objects.ts';
import type { ApplyResult, FieldCause, ObjectKey } from '../../reconcilers/reconciler.ts';
import { objectOf, textOf, type ApiObject } from './api-object.ts';
import { GENERATOR_FIELD_MANAGER } from './field-managers.ts';
import { PATCH_TYPES, pathSegment, type KubeClient, type KubeRequest } from './kube-client.ts';
import { kubeStatusOf, type StatusCause } from './kube-failure.ts';
import { mergePatchBetween } from './merge-patch.ts';
import type { CachedObject, ObjectCache } from './object-cache.ts';

/** What an object of any kind must have to be written. */
interface WritableObject extends CachedObject {
  readonly metadata: ObjectMeta;
}

/** One operation of a JSON patch. */
export interface JsonPatchOperation {
  readonly op: 'test' | 'add' | 'remove' | 'replace';
  readonly path: string;
  readonly value?: unknown;
}

/**
 * The writes that are alike for every kind; each answer goes to the cache at once.
 *
 * Shape: nothing is sent when nothing would change.
 */
export class ObjectWriter<T extends WritableObject> {
  readonly #client: KubeClient;
  readonly #cache: ObjectCache<T>;
  readonly #project: (object: ApiObject) => T;
  readonly #collection: (namespace: string) => string;
  readonly #fieldManager: string;

  constructor(options: {
    readonly client: KubeClient;
    readonly cache: ObjectCache<T>;
    readonly project: (object: ApiObject) => T;
    /** The path of the collection in one namespace; of the whole one for cluster-scoped kinds. */
    readonly collection: (namespace: string) => string;
    readonly fieldManager: string;
  }) {
    this.#client = options.client;
    this.#cache = options.cache;
    this.#project = options.project;
    this.#collection = options.collection;
    this.#fieldManager = options.fieldManager;
  }

  async findDirectly(key: ObjectKey, signal: AbortSignal): Promise<T | undefined> {
    try {
      const answer = await this.#client.request({ method: 'GET', path: this.path(key) }, signal);
      return this.#project(objectOf(answer));
    } catch (error) {
      if (isFailure(error, 'notfound')) return undefined;
      throw error;
    }
  }

  async addFinalizers(object: T, wanted: readonly string[], signal: AbortSignal): Promise<T> {
    const present = object.metadata.finalizers;
    const missing = wanted.filter((finalizer) => !present.includes(finalizer));
    if (missing.length === 0) return object;
    const additions: JsonPatchOperation[] =
      present.length === 0
        ? [{ op: 'add', path: '/metadata/finalizers', value: missing }]
        : missing.map((value) => ({ op: 'add', path: '/metadata/finalizers/-', value }));
    return this.patchIfUnchanged(object, additions, signal);
  }

  async removeFinalizers(
    object: T,
    unwanted: readonly string[],
    signal: AbortSignal,
  ): Promise<void> {
    const removals = object.metadata.finalizers
      .map((finalizer, index) => ({ finalizer, index }))
      .filter(({ finalizer }) => unwanted.includes(finalizer))
      // From the end, so that the positions before stay what they are.
      .reverse()
      .map(({ index }): JsonPatchOperation => ({
        op: 'remove',
        path: `/metadata/finalizers/${index}`,
      }));
    if (removals.length === 0) return;
    try {
      await this.patchIfUnchanged(object, removals, signal);
    } catch (error) {
      if (!isFailure(error, 'notfound')) throw error;
    }
  }

  /** Removes labels and annotations by key. */
  async removeMarks(
    object: T,
    keys: { readonly labels: readonly string[]; readonly annotations: readonly string[] },
    signal: AbortSignal,
  ): Promise<T> {
    const removals: JsonPatchOperation[] = [
      ...removalsOf('labels', keys.labels, object.metadata.labels),
      ...removalsOf('annotations', keys.annotations, object.metadata.annotations),
    ];
    if (removals.length === 0) return object;
    return this.patchIfUnchanged(object, removals, signal);
  }

  /** Applies on the server under the generator's field manager; without it nothing is forced. */
  async apply(
    key: ObjectKey,
    body: ApiObject,
    options: { readonly force: boolean },
    signal: AbortSignal,
  ): Promise<ApplyResult<T>> {
    try {
      const resource = await this.write(
        { key },
        {
          method: 'PATCH',
          body,
          contentType: PATCH_TYPES.apply,
          query: { fieldManager: GENERATOR_FIELD_MANAGER, force: String(options.force) },
        },
        signal,
      );
      return { kind: 'applied', resource };
    } catch (error) {
      const status = kubeStatusOf(error);
      if (status?.httpStatus === 422) {
        return {
          kind: 'invalid',
          message: status.message,
          causes: status.causes.map(({ field, message }) => ({ field, message })),
        };
      }
      const conflicts = status?.causes.filter(({ reason }) => reason === 'FieldManagerConflict');
      if (status?.httpStatus === 409 && conflicts !== undefined && conflicts.length > 0) {
        return { kind: 'conflict', causes: conflicts.map(fieldConflict) };
      }
      throw error;
    }
  }

  /** Deletes the object if it still has this uid. */
  async delete(object: T, signal: AbortSignal): Promise<void> {
    const { namespace, name, uid, deletionTimestamp } = object.metadata;
    if (deletionTimestamp !== undefined) return;
    const body = {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      preconditions: { uid },
      propagationPolicy: 'Background',
    };
    try {
      await this.write({ key: { namespace, name }, uid }, { method: 'DELETE', body }, signal);
    } catch (error) {
      // Gone, or another object of this name: what was to be deleted is not there.
      if (!isFailure(error, 'notfound') && !isFailure(error, 'conflict')) throw error;
    }
  }

  /**
   * Merge-patches the status under a resourceVersion precondition; `null` removes a member, and what
   * the change leaves out stays as it is.
   */
  async patchStatus(
    object: T & { readonly status: object },
    change: object,
    signal: AbortSignal,
  ): Promise<T> {
    const { namespace, name, uid, resourceVersion } = object.metadata;
    const status = mergePatchBetween(object.status, { ...object.status, ...change });
    if (status === undefined) return object;
    return this.write(
      { key: { namespace, name }, uid },
      {
        method: 'PATCH',
        subresource: 'status',
        body: { metadata: { resourceVersion }, status },
        contentType: PATCH_TYPES.merge,
      },
      signal,
    );
  }

  /**
   * Sends a write of one object and hands its answer to the cache.
   *
   * Shape: an answer that shows the object without finalizers after its deletion began, or that is
   *   no object, means that the object of this uid is gone.
   */
  async write(
    target: { readonly key: ObjectKey; readonly uid?: string },
    request: Omit<KubeRequest, 'path'> & { readonly subresource?: string },
    signal: AbortSignal,
  ): Promise<T> {
    const { subresource, ...rest } = request;
    const path = this.path(target.key) + (subresource === undefined ? '' : `/${subresource}`);
    const flight = this.#cache.beginWrite(target.key);
    let answer: T;
    try {
      answer = this.#project(
        objectOf(
          await this.#client.request(
            {
              ...rest,
              path,
              ...(rest.method !== 'DELETE' && {
                query: { fieldManager: this.#fieldManager, ...rest.query },
              }),
            },
            signal,
          ),
        ),
      );
    } catch (error) {
      flight.failed();
      throw error;
    }
    const { uid, deletionTimestamp, finalizers } = answer.metadata;
    const isObject = uid !== '' && textOf(answer.metadata.resourceVersion) !== '';
    if (isObject && (deletionTimestamp === undefined || finalizers.length > 0)) {
      flight.succeeded(answer);
    } else {
      flight.removed(target.uid ?? uid);
    }
    return answer;
  }

  path(key: ObjectKey): string {
    return `${this.#collection(pathSegment(key.namespace))}/${pathSegment(key.name)}`;
  }

  /**
   * Sends a JSON patch that takes effect only if the object is still as given.
   *
   * Errors: `conflict` when someone wrote first.
   */
  async patchIfUnchanged(
    object: T,
    operations: readonly JsonPatchOperation[],
    signal: AbortSignal,
  ): Promise<T> {
    const { namespace, name, uid, resourceVersion } = object.metadata;
    const body: JsonPatchOperation[] = [
      { op: 'test', path: '/metadata/uid', value: uid },
      { op: 'test', path: '/metadata/resourceVersion', value: resourceVersion },
      ...operations,
    ];
    try {
      return await this.write(
        { key: { namespace, name }, uid },
        { method: 'PATCH', body, contentType: PATCH_TYPES.json },
        signal,
      );
    } catch (error) {
      const status = kubeStatusOf(error);
      // The API server answers a failed test like an invalid patch, only without a cause.
      if (status?.httpStatus === 422 && status.causes.length === 0) {
        throw new Failure('conflict', `Cannot change "${namespace}/${name}": someone wrote first`, {
          code: 'Conflict',
          cause: status,
        });
      }
      throw error;
    }
  }
}

/** Reads `conflict with "manager"`, which may go on with `using …` or a subresource. */
function fieldConflict({ field, message }: StatusCause): FieldCause {
  const manager = /^conflict with "((?:[^"\\]|\\.)*)"/.exec(message)?.[1];
  return { field, message, ...(manager !== undefined && { manager }) };
}

function removalsOf(
  member: 'labels' | 'annotations',
  keys: readonly string[],
  present: Readonly<Record<string, string>>,
): JsonPatchOperation[] {
  return [...new Set(keys)]
    .filter((key) => key in present)
    .map((key) => ({ op: 'remove', path: `/metadata/${member}/${escapePointer(key)}` }));
}

/**
 * Writes a key as one part of a JSON pointer.
 *
 * Source: RFC 6901.
 */
export function escapePointer(text: string): string {
  return text.replaceAll('~', '~0').replaceAll('/', '~1');
}

import { isFailure } from '../../cloud/failure.ts';
import type { LoadBalancerResource } from '../../reconcilers/kubernetes-objects.ts';
import { API_GROUP, API_VERSION } from '../../reconcilers/names.ts';
import type {
  ApplyResult,
  FieldCause,
  GeneratedLoadBalancer,
  LoadBalancerResourceWriter,
  ObjectKey,
  StatusChange,
} from '../../reconcilers/reconciler.ts';
import { FIELD_MANAGER, GENERATOR_FIELD_MANAGER } from './field-managers.ts';
import { PATCH_TYPES, type KubeClient } from './kube-client.ts';
import { kubeStatusOf, type StatusCause } from './kube-failure.ts';
import { projectLoadBalancer } from './load-balancer-projection.ts';
import { mergePatchBetween } from './merge-patch.ts';
import type { ObjectCache } from './object-cache.ts';
import { ObjectWriter } from './object-writer.ts';

/** Writes AlibabaLoadBalancers through the API server; see `LoadBalancerResourceWriter`. */
export class KubeLoadBalancerWriter implements LoadBalancerResourceWriter {
  readonly #writer: ObjectWriter<LoadBalancerResource>;

  constructor(client: KubeClient, cache: ObjectCache<LoadBalancerResource>) {
    this.#writer = new ObjectWriter({
      client,
      cache,
      project: projectLoadBalancer,
      collection: (namespace) =>
        `/apis/${API_GROUP}/${API_VERSION}/namespaces/${namespace}/alibabaloadbalancers`,
      fieldManager: FIELD_MANAGER,
    });
  }

  findDirectly(key: ObjectKey, signal: AbortSignal): Promise<LoadBalancerResource | undefined> {
    return this.#writer.findDirectly(key, signal);
  }

  async apply(
    generated: GeneratedLoadBalancer,
    options: { readonly force: boolean },
    signal: AbortSignal,
  ): Promise<ApplyResult> {
    const { namespace, name } = generated.key;
    const body = {
      apiVersion: `${API_GROUP}/${API_VERSION}`,
      kind: 'AlibabaLoadBalancer',
      metadata: {
        namespace,
        name,
        labels: generated.labels,
        annotations: generated.annotations,
        ownerReferences: [generated.ownerReference],
      },
      spec: generated.spec,
    };
    try {
      const resource = await this.#writer.write(
        { key: generated.key },
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

  async delete(resource: LoadBalancerResource, signal: AbortSignal): Promise<void> {
    const { namespace, name, uid, deletionTimestamp } = resource.metadata;
    if (deletionTimestamp !== undefined) return;
    const body = {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      preconditions: { uid },
      propagationPolicy: 'Background',
    };
    try {
      await this.#writer.write(
        { key: { namespace, name }, uid },
        { method: 'DELETE', body },
        signal,
      );
    } catch (error) {
      // Gone, or another object of this name: what was to be deleted is not there.
      if (!isFailure(error, 'notfound') && !isFailure(error, 'conflict')) throw error;
    }
  }

  addFinalizer(
    resource: LoadBalancerResource,
    finalizer: string,
    signal: AbortSignal,
  ): Promise<LoadBalancerResource> {
    return this.#writer.addFinalizers(resource, [finalizer], signal);
  }

  removeFinalizer(
    resource: LoadBalancerResource,
    finalizer: string,
    signal: AbortSignal,
  ): Promise<void> {
    return this.#writer.removeFinalizers(resource, [finalizer], signal);
  }

  removeAnnotations(
    resource: LoadBalancerResource,
    annotations: readonly string[],
    signal: AbortSignal,
  ): Promise<LoadBalancerResource> {
    return this.#writer.removeMarks(resource, { labels: [], annotations }, signal);
  }

  async patchStatus(
    resource: LoadBalancerResource,
    change: StatusChange,
    signal: AbortSignal,
  ): Promise<LoadBalancerResource> {
    const { namespace, name, uid, resourceVersion } = resource.metadata;
    const status = mergePatchBetween(resource.status, { ...resource.status, ...change });
    if (status === undefined) return resource;
    return this.#writer.write(
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
}

/** Reads `conflict with "manager"`, which may go on with `using …` or a subresource. */
function fieldConflict({ field, message }: StatusCause): FieldCause {
  const manager = /^conflict with "((?:[^"\\]|\\.)*)"/.exec(message)?.[1];
  return { field, message, ...(manager !== undefined && { manager }) };
}

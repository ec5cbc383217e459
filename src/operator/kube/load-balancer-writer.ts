import type { LoadBalancerResource } from '../../reconcilers/kubernetes-objects.ts';
import { API_GROUP, API_VERSION } from '../../reconcilers/names.ts';
import type {
  ApplyResult,
  GeneratedLoadBalancer,
  LoadBalancerResourceWriter,
  ObjectKey,
  StatusChange,
} from '../../reconcilers/reconciler.ts';
import { FIELD_MANAGER } from './field-managers.ts';
import type { KubeClient } from './kube-client.ts';
import { projectLoadBalancer } from './load-balancer-projection.ts';
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

  apply(
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
    return this.#writer.apply(generated.key, body, options, signal);
  }

  delete(resource: LoadBalancerResource, signal: AbortSignal): Promise<void> {
    return this.#writer.delete(resource, signal);
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

  patchStatus(
    resource: LoadBalancerResource,
    change: StatusChange,
    signal: AbortSignal,
  ): Promise<LoadBalancerResource> {
    return this.#writer.patchStatus(resource, change, signal);
  }
}

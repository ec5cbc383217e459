import type { Condition, Service, ServiceIngress } from '../../reconcilers/kubernetes-objects.ts';
import type {
  ObjectKey,
  ServiceStatusChange,
  ServiceWriter,
} from '../../reconcilers/reconciler.ts';
import { FIELD_MANAGER } from './field-managers.ts';
import { PATCH_TYPES, type KubeClient } from './kube-client.ts';
import { isDeepEqual } from './merge-patch.ts';
import type { ObjectCache } from './object-cache.ts';
import { ObjectWriter } from './object-writer.ts';
import { projectService } from './service-projection.ts';

/** Writes Services through the API server; see `ServiceWriter`. */
export class KubeServiceWriter implements ServiceWriter {
  readonly #writer: ObjectWriter<Service>;

  constructor(client: KubeClient, cache: ObjectCache<Service>) {
    this.#writer = new ObjectWriter({
      client,
      cache,
      project: projectService,
      collection: (namespace) => `/api/v1/namespaces/${namespace}/services`,
      fieldManager: FIELD_MANAGER,
    });
  }

  findDirectly(key: ObjectKey, signal: AbortSignal): Promise<Service | undefined> {
    return this.#writer.findDirectly(key, signal);
  }

  addFinalizers(
    service: Service,
    finalizers: readonly string[],
    signal: AbortSignal,
  ): Promise<Service> {
    return this.#writer.addFinalizers(service, finalizers, signal);
  }

  removeFinalizers(
    service: Service,
    finalizers: readonly string[],
    signal: AbortSignal,
  ): Promise<void> {
    return this.#writer.removeFinalizers(service, finalizers, signal);
  }

  async removeMarks(
    service: Service,
    keys: { readonly labels: readonly string[]; readonly annotations: readonly string[] },
    signal: AbortSignal,
  ): Promise<void> {
    await this.#writer.removeMarks(service, keys, signal);
  }

  async patchStatus(
    service: Service,
    change: ServiceStatusChange,
    signal: AbortSignal,
  ): Promise<void> {
    const { namespace, name, uid, resourceVersion } = service.metadata;
    const conditions = conditionsPatch(service.status.conditions, change);
    const isIngressChanged =
      change.ingress !== undefined && !isSameIngress(service.status.ingress, change.ingress);
    if (conditions.length === 0 && !isIngressChanged) return;
    // Strategic, because it merges conditions by their type: those of others stay untouched.
    const body = {
      metadata: { resourceVersion },
      status: {
        ...(isIngressChanged && { loadBalancer: { ingress: change.ingress } }),
        ...(conditions.length > 0 && { conditions }),
      },
    };
    await this.#writer.write(
      { key: { namespace, name }, uid },
      { method: 'PATCH', subresource: 'status', body, contentType: PATCH_TYPES.strategicMerge },
      signal,
    );
  }
}

/** The conditions to write, and the marks of those to take away. */
function conditionsPatch(
  present: readonly Condition[],
  change: ServiceStatusChange,
): readonly object[] {
  const changed = (change.conditions ?? []).filter(
    (wanted) => !present.some((condition) => isDeepEqual(condition, wanted)),
  );
  const removed = (change.removeConditions ?? []).filter((type) =>
    present.some((condition) => condition.type === type),
  );
  return [...changed, ...removed.map((type) => ({ $patch: 'delete', type }))];
}

/** Compares by meaning: the API server fills in `VIP` where an address says no mode. */
function isSameIngress(
  present: readonly ServiceIngress[],
  wanted: readonly ServiceIngress[],
): boolean {
  const withMode = (entry: ServiceIngress): ServiceIngress =>
    entry.ip === undefined ? entry : { ...entry, ipMode: entry.ipMode ?? 'VIP' };
  return isDeepEqual(present.map(withMode), wanted.map(withMode));
}

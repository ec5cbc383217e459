import type { RouteTableResource } from '../../reconcilers/kubernetes-objects.ts';
import { API_GROUP, API_VERSION } from '../../reconcilers/names.ts';
import type { ApplyResult } from '../../reconcilers/reconciler.ts';
import type {
  GeneratedRouteTable,
  GeneratedRouteTableWriter,
} from '../../reconcilers/route-generator/route-generator-ports.ts';
import type {
  RouteTableStatusChange,
  RouteTableWriter,
} from '../../reconcilers/route-table/route-table-ports.ts';
import { FIELD_MANAGER } from './field-managers.ts';
import type { KubeClient } from './kube-client.ts';
import type { ObjectCache } from './object-cache.ts';
import { ObjectWriter } from './object-writer.ts';
import { projectRouteTable } from './route-table-projection.ts';

/** Where the API server keeps AlibabaRouteTables. */
export const ROUTE_TABLES_PATH = `/apis/${API_GROUP}/${API_VERSION}/alibabaroutetables`;

/** Writes AlibabaRouteTables through the API server; see `RouteTableWriter`. */
export class KubeRouteTableWriter implements RouteTableWriter, GeneratedRouteTableWriter {
  readonly #writer: ObjectWriter<RouteTableResource>;

  constructor(client: KubeClient, cache: ObjectCache<RouteTableResource>) {
    this.#writer = new ObjectWriter({
      client,
      cache,
      project: projectRouteTable,
      collection: () => ROUTE_TABLES_PATH,
      fieldManager: FIELD_MANAGER,
    });
  }

  apply(
    generated: GeneratedRouteTable,
    options: { readonly force: boolean },
    signal: AbortSignal,
  ): Promise<ApplyResult<RouteTableResource>> {
    const { name, labels, annotations, spec } = generated;
    const body = {
      apiVersion: `${API_GROUP}/${API_VERSION}`,
      kind: 'AlibabaRouteTable',
      metadata: { name, labels, annotations },
      spec,
    };
    return this.#writer.apply({ namespace: '', name }, body, options, signal);
  }

  delete(resource: RouteTableResource, signal: AbortSignal): Promise<void> {
    return this.#writer.delete(resource, signal);
  }

  addFinalizer(
    resource: RouteTableResource,
    finalizer: string,
    signal: AbortSignal,
  ): Promise<RouteTableResource> {
    return this.#writer.addFinalizers(resource, [finalizer], signal);
  }

  removeFinalizer(
    resource: RouteTableResource,
    finalizer: string,
    signal: AbortSignal,
  ): Promise<void> {
    return this.#writer.removeFinalizers(resource, [finalizer], signal);
  }

  removeAnnotations(
    resource: RouteTableResource,
    annotations: readonly string[],
    signal: AbortSignal,
  ): Promise<RouteTableResource> {
    return this.#writer.removeMarks(resource, { labels: [], annotations }, signal);
  }

  patchStatus(
    resource: RouteTableResource,
    change: RouteTableStatusChange,
    signal: AbortSignal,
  ): Promise<RouteTableResource> {
    return this.#writer.patchStatus(resource, change, signal);
  }
}

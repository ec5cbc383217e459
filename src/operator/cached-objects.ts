import type {
  EndpointSlice,
  LoadBalancerResource,
  Node,
  PersistentVolume,
  RouteTableResource,
  Service,
} from '../reconcilers/kubernetes-objects.ts';
import { API_GROUP, API_VERSION } from '../reconcilers/names.ts';
import type {
  EndpointSliceCache,
  LoadBalancerResourceCache,
  Logger,
  NodeCache,
  ObjectKey,
  ServiceCache,
} from '../reconcilers/reconciler.ts';
import type { PersistentVolumeCache } from '../reconcilers/persistent-volume/persistent-volume-ports.ts';
import type { RouteTableCache } from '../reconcilers/route-table/route-table-ports.ts';
import type { Clock, Randomness } from '../cloud/clock.ts';
import { projectEndpointSlice, SERVICE_NAME_LABEL } from './kube/endpoint-slice-projection.ts';
import { Informer } from './kube/informer.ts';
import type { KubeClient } from './kube/kube-client.ts';
import { projectLoadBalancer } from './kube/load-balancer-projection.ts';
import { projectNode } from './kube/node-projection.ts';
import { projectPersistentVolume } from './kube/persistent-volume-projection.ts';
import { PERSISTENT_VOLUMES_PATH } from './kube/persistent-volume-writer.ts';
import { projectRouteTable } from './kube/route-table-projection.ts';
import { ROUTE_TABLES_PATH } from './kube/route-table-writer.ts';
import { projectService } from './kube/service-projection.ts';
import { keyText } from './kube/object-cache.ts';
import { WatchedNodeDeletions } from './node-deletions.ts';

/** A kind that is kept in a cache. */
export type CachedKind =
  | 'Service'
  | 'Node'
  | 'EndpointSlice'
  | 'AlibabaLoadBalancer'
  | 'AlibabaRouteTable'
  | 'PersistentVolume';

/** What to do where the API server does not know one of our kinds. */
const INSTALL_OUR_KINDS =
  'install the custom resource definitions of the chart, or of the folder crds; everything waits until then';

/** What the informers are made from. */
export interface CachedObjectsPorts {
  /** The kinds that are watched; the caches of all others stay empty and need no permission. */
  readonly kinds: ReadonlySet<CachedKind>;
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly logger: Logger;
}

/** The shared caches of the kinds that controllers read, and the informers that fill them. */
export class CachedObjects {
  readonly serviceInformer: Informer<Service>;
  readonly nodeInformer: Informer<Node>;
  readonly endpointSliceInformer: Informer<EndpointSlice>;
  readonly loadBalancerInformer: Informer<LoadBalancerResource>;
  readonly routeTableInformer: Informer<RouteTableResource>;
  readonly persistentVolumeInformer: Informer<PersistentVolume>;
  readonly services: ServiceCache;
  readonly nodes: NodeCache;
  readonly nodeDeletions = new WatchedNodeDeletions();
  readonly endpointSlices: EndpointSliceCache;
  readonly loadBalancers: LoadBalancerResourceCache;
  readonly routeTables: RouteTableCache;
  readonly persistentVolumes: PersistentVolumeCache;

  readonly #kinds: ReadonlySet<CachedKind>;

  constructor({ kinds, ...ports }: CachedObjectsPorts) {
    this.#kinds = kinds;
    this.serviceInformer = new Informer({
      ...ports,
      kind: 'Service',
      path: '/api/v1/services',
      project: projectService,
    });
    this.nodeInformer = new Informer({
      ...ports,
      kind: 'Node',
      path: '/api/v1/nodes',
      project: projectNode,
    });
    this.nodeInformer.addHandler((change) => {
      this.nodeDeletions.note(change);
    });
    this.endpointSliceInformer = new Informer({
      ...ports,
      kind: 'EndpointSlice',
      path: '/apis/discovery.k8s.io/v1/endpointslices',
      labelSelector: SERVICE_NAME_LABEL,
      project: projectEndpointSlice,
      indexers: [(slice) => [keyText(serviceKeyOf(slice))], nodeNamesOf],
    });
    this.loadBalancerInformer = new Informer({
      ...ports,
      kind: 'AlibabaLoadBalancer',
      path: `/apis/${API_GROUP}/${API_VERSION}/alibabaloadbalancers`,
      project: projectLoadBalancer,
      indexers: [({ metadata, spec }) => [keyText({ ...metadata, name: spec.serviceRef.name })]],
      whenUnknown: INSTALL_OUR_KINDS,
    });
    this.routeTableInformer = new Informer({
      ...ports,
      kind: 'AlibabaRouteTable',
      path: ROUTE_TABLES_PATH,
      project: projectRouteTable,
      indexers: [({ spec }) => [spec.routeTableId]],
      whenUnknown: INSTALL_OUR_KINDS,
    });
    this.persistentVolumeInformer = new Informer({
      ...ports,
      kind: 'PersistentVolume',
      path: PERSISTENT_VOLUMES_PATH,
      project: projectPersistentVolume,
    });

    const { serviceInformer, nodeInformer, endpointSliceInformer, loadBalancerInformer } = this;
    const { persistentVolumeInformer, routeTableInformer } = this;
    this.services = {
      find: (key) => serviceInformer.cache.find(key),
      list: () => serviceInformer.cache.list(),
    };
    this.nodes = {
      find: (key) => nodeInformer.cache.find(key),
      list: () => nodeInformer.cache.list(),
    };
    this.endpointSlices = {
      listForService: (key) => endpointSliceInformer.cache.listIndexed(0, keyText(key)),
    };
    this.loadBalancers = {
      find: (key) => loadBalancerInformer.cache.find(key),
      list: () => loadBalancerInformer.cache.list(),
      listForService: (key) => loadBalancerInformer.cache.listIndexed(0, keyText(key)),
    };
    this.routeTables = {
      find: (key) => routeTableInformer.cache.find(key),
      list: () => routeTableInformer.cache.list(),
      listForTable: (routeTableId) => routeTableInformer.cache.listIndexed(0, routeTableId),
    };
    this.persistentVolumes = {
      find: (key) => persistentVolumeInformer.cache.find(key),
      list: () => persistentVolumeInformer.cache.list(),
    };
  }

  /** Lists the Services that have an endpoint on a node, ready or not. */
  servicesOnNode(nodeName: string): readonly ObjectKey[] {
    return this.endpointSliceInformer.cache.listIndexed(1, nodeName).map(serviceKeyOf);
  }

  /** Keeps the caches up to date until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#watched().map((informer) => informer.run(signal)));
  }

  /** Resolves when the cache of each of the kinds has its first list. */
  async whenSynced(kinds: readonly CachedKind[]): Promise<void> {
    const waitedFor = this.#informers().filter(({ kind }) => isOneOf(kinds, kind));
    await Promise.all(waitedFor.map((informer) => informer.whenSynced()));
  }

  /** The kinds whose first list is still out. */
  unsyncedKinds(): readonly string[] {
    return this.#watched()
      .filter(({ isSynced }) => !isSynced)
      .map(({ kind }) => kind);
  }

  /** What keeps caches from being up to date, in words. */
  problems(): readonly string[] {
    return this.#watched().flatMap(({ kind, problem }) =>
      problem === undefined ? [] : [`${kind}: ${problem.message}`],
    );
  }

  #watched(): readonly AnyInformer[] {
    return this.#informers().filter(({ kind }) => isOneOf([...this.#kinds], kind));
  }

  #informers(): readonly AnyInformer[] {
    return [
      this.serviceInformer,
      this.nodeInformer,
      this.endpointSliceInformer,
      this.loadBalancerInformer,
      this.routeTableInformer,
      this.persistentVolumeInformer,
    ];
  }
}

type AnyInformer = Pick<Informer<Service>, 'kind' | 'run' | 'whenSynced' | 'isSynced' | 'problem'>;

function isOneOf(kinds: readonly string[], kind: string): boolean {
  return kinds.includes(kind);
}

function serviceKeyOf({ metadata, serviceName }: EndpointSlice): ObjectKey {
  return { namespace: metadata.namespace, name: serviceName };
}

function nodeNamesOf({ endpoints }: EndpointSlice): readonly string[] {
  return [...new Set(endpoints.flatMap(({ nodeName }) => nodeName ?? []))];
}

import type { Clock } from '../../cloud/clock.ts';
import type {
  EndpointSlice,
  LoadBalancerResource,
  Node,
  Service,
} from '../../reconcilers/kubernetes-objects.ts';
import type {
  LoadBalancerResourceCache,
  ObjectKey,
  ServiceCache,
} from '../../reconcilers/reconciler.ts';
import { isSignificantEndpointSliceChange } from './endpoint-slice-change.ts';
import { keyText, type CacheChange } from '../kube/object-cache.ts';
import { judgeLoadBalancerChange } from './load-balancer-change.ts';
import { isSignificantNodeChange } from './node-change.ts';
import type { WorkQueue } from '../queue/work-queue.ts';
import { concernsLoadBalancers, significantServiceChanges } from './service-change.ts';

/** Where changes come from and where they lead. */
export interface EventRoutingPorts {
  readonly services: ServiceCache;
  readonly loadBalancers: LoadBalancerResourceCache;
  readonly serviceQueue: WorkQueue;
  readonly loadBalancerQueue: WorkQueue;
  /** Lists the Services that have an endpoint on a node, ready or not. */
  readonly servicesOnNode: (nodeName: string) => readonly ObjectKey[];
  readonly clock: Clock;
  /** Told of the load balancers that a change of nodes leads to. */
  readonly onNodeFanOut?: (keys: readonly ObjectKey[]) => void;
}

/** How long endpoint changes are gathered; a rollout brings many at a time. */
const ENDPOINT_WINDOW_MS = 250;
/** How long node changes are gathered; a node pool grows by many at a time. */
const NODE_WINDOW_MS = 500;

/**
 * Decides which keys have to be worked on after a change.
 *
 * Shape: nothing is routed before `start`, which queues everything there is, so that what happened
 *   while no one looked is found.
 */
export class EventRouting {
  readonly #ports: EventRoutingPorts;
  readonly #endpointWindow = new Map<string, ObjectKey>();
  readonly #nodeWindow = new Set<string>();
  #cancelEndpointWindow: (() => void) | undefined;
  #cancelNodeWindow: (() => void) | undefined;
  #isStarted = false;

  constructor(ports: EventRoutingPorts) {
    this.#ports = ports;
  }

  /** Queues everything that is in the caches, and routes changes from here on. */
  start(): void {
    this.#isStarted = true;
    this.queueEverything();
  }

  /** Queues everything once more, because whose the Services are may have changed. */
  queueEverything(): void {
    if (!this.#isStarted) return;
    for (const service of this.#ports.services.list()) {
      if (concernsLoadBalancers(service)) this.#ports.serviceQueue.add(keyOf(service));
    }
    for (const resource of this.#ports.loadBalancers.list()) {
      this.#ports.loadBalancerQueue.add(keyOf(resource));
      for (const service of serviceKeysOf(resource)) this.#ports.serviceQueue.add(service);
    }
  }

  /** Routes nothing from here on. */
  stop(): void {
    this.#isStarted = false;
    this.#cancelEndpointWindow?.();
    this.#cancelNodeWindow?.();
  }

  onService({ key, previous, current }: CacheChange<Service>): void {
    if (!this.#isStarted) return;
    const { loadBalancers, serviceQueue } = this.#ports;
    const owned = loadBalancers.listForService(key);
    const isConcerned =
      owned.length > 0 ||
      [previous, current].some(
        (service) => service !== undefined && concernsLoadBalancers(service),
      );
    if (!isConcerned) return;
    const isUpdate = previous !== undefined && current !== undefined;
    if (isUpdate && significantServiceChanges(previous, current).length === 0) return;
    serviceQueue.add(key);
    this.#queueLoadBalancersOf(key);
  }

  onEndpointSlice({ previous, current }: CacheChange<EndpointSlice>): void {
    if (!this.#isStarted || !isSignificantEndpointSliceChange(previous, current)) return;
    const { clock, services } = this.#ports;
    for (const slice of [previous, current]) {
      if (slice === undefined) continue;
      const key = { namespace: slice.metadata.namespace, name: slice.serviceName };
      // With the policy Cluster every node answers for every endpoint.
      if (services.find(key)?.spec.externalTrafficPolicy !== 'Local') continue;
      this.#endpointWindow.set(keyText(key), key);
    }
    if (this.#endpointWindow.size === 0) return;
    this.#cancelEndpointWindow ??= clock.schedule(ENDPOINT_WINDOW_MS, () => {
      this.#cancelEndpointWindow = undefined;
      const keys = [...this.#endpointWindow.values()];
      this.#endpointWindow.clear();
      for (const key of keys) this.#queueLoadBalancersOf(key);
    });
  }

  onNode({ key, previous, current }: CacheChange<Node>): void {
    if (!this.#isStarted || !isSignificantNodeChange(previous, current)) return;
    const { clock, loadBalancerQueue, onNodeFanOut } = this.#ports;
    this.#nodeWindow.add(key.name);
    this.#cancelNodeWindow ??= clock.schedule(NODE_WINDOW_MS, () => {
      this.#cancelNodeWindow = undefined;
      const keys = this.#loadBalancersOn([...this.#nodeWindow]);
      this.#nodeWindow.clear();
      onNodeFanOut?.(keys);
      for (const key of keys) loadBalancerQueue.add(key);
    });
  }

  onLoadBalancer({ key, previous, current }: CacheChange<LoadBalancerResource>): void {
    if (!this.#isStarted) return;
    const { concernsItself, concernsService } = judgeLoadBalancerChange(previous, current);
    if (concernsItself) this.#ports.loadBalancerQueue.add(key);
    if (!concernsService) return;
    for (const resource of [previous, current]) {
      if (resource === undefined) continue;
      for (const service of serviceKeysOf(resource)) this.#ports.serviceQueue.add(service);
    }
  }

  /**
   * Lists the load balancers whose backends follow from these nodes: with the policy Cluster all
   * nodes stand behind a Service, with Local those that hold an endpoint of it.
   *
   * Shape: a node that has lost its last endpoint is not looked for, because that was a change of
   *   endpoints, which leads to the load balancer by itself.
   */
  #loadBalancersOn(nodeNames: readonly string[]): readonly ObjectKey[] {
    const { loadBalancers, services, servicesOnNode } = this.#ports;
    const placed = new Set(nodeNames.flatMap((name) => servicesOnNode(name).map(keyText)));
    const isConcerned = (service: ObjectKey): boolean =>
      services.find(service)?.spec.externalTrafficPolicy === 'Cluster' ||
      placed.has(keyText(service));
    return loadBalancers
      .list()
      .filter((resource) => isConcerned(servedServiceOf(resource)))
      .map(keyOf);
  }

  #queueLoadBalancersOf(service: ObjectKey): void {
    for (const resource of this.#ports.loadBalancers.listForService(service)) {
      this.#ports.loadBalancerQueue.add(keyOf(resource));
    }
  }
}

function servedServiceOf({ metadata, spec }: LoadBalancerResource): ObjectKey {
  return { namespace: metadata.namespace, name: spec.serviceRef.name };
}

/** The Service that is served, and the one whose name the object takes. */
function serviceKeysOf(resource: LoadBalancerResource): readonly ObjectKey[] {
  const { namespace, name } = resource.metadata;
  const served = servedServiceOf(resource);
  return served.name === name ? [served] : [served, { namespace, name }];
}

function keyOf(object: { readonly metadata: ObjectKey }): ObjectKey {
  return { namespace: object.metadata.namespace, name: object.metadata.name };
}

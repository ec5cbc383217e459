import type { Failure } from '../cloud/failure.ts';
import type {
  Condition,
  EndpointSlice,
  LoadBalancerResource,
  Node,
  ObjectMeta,
  OwnerReference,
  Service,
  ServiceIngress,
} from './kubernetes-objects.ts';
import type {
  AlibabaLoadBalancerSpec,
  AlibabaLoadBalancerStatus,
} from './load-balancer/load-balancer-resource.generated.ts';

/** Names one object; `namespace` is empty for cluster-scoped kinds. */
export interface ObjectKey {
  readonly namespace: string;
  readonly name: string;
}

/** How a pass ended that did not fail: done, or to be looked at again after a while. */
export type Outcome =
  { readonly kind: 'settled' } | { readonly kind: 'observeAgain'; readonly afterMs: number };

/** The outcome of a pass that has nothing left to do. */
export const settled: Outcome = { kind: 'settled' };

/** The outcome of a pass that waits for the cloud or for a time; it counts as no failure. */
export function observeAgain(afterMs: number): Outcome {
  return { kind: 'observeAgain', afterMs };
}

/**
 * The contract of a reconciler.
 *
 * Shape: a pass starts from the key and what it reads, never from the event that woke it.
 * Errors: `reconcile` throws `Failure`; whoever runs it calls `reportFailure` and requeues by kind.
 */
export interface Reconciler {
  readonly resourceKind: string;
  reconcile(key: ObjectKey, signal: AbortSignal): Promise<Outcome>;
  /** Shows a failed pass where the user looks: a condition and, on change, one event. */
  reportFailure(key: ObjectKey, failure: Failure, signal: AbortSignal): Promise<void>;
}

/** Reads of Services from the shared cache. */
export interface ServiceCache {
  find(key: ObjectKey): Service | undefined;
  list(): readonly Service[];
}

/** Reads of Nodes from the shared cache. */
export interface NodeCache {
  find(key: ObjectKey): Node | undefined;
  list(): readonly Node[];
}

/**
 * Tells which Nodes somebody was seen deleting.
 *
 * Shape: a Node that was merely found missing from a list, or that went before this process watched,
 *   is not among them: its removal is only inferred.
 */
export interface NodeDeletions {
  hasUid(uid: string): boolean;
  /** Whether the Node of this instance was among them. */
  hasInstance(instanceId: string): boolean;
}

/** Reads of EndpointSlices from the shared cache. */
export interface EndpointSliceCache {
  /** Lists the slices that belong to a Service. */
  listForService(service: ObjectKey): readonly EndpointSlice[];
}

/**
 * Reads of AlibabaLoadBalancers from the shared cache.
 *
 * Shape: never older than what this process itself wrote.
 */
export interface LoadBalancerResourceCache {
  find(key: ObjectKey): LoadBalancerResource | undefined;
  list(): readonly LoadBalancerResource[];
  /** Lists the objects whose `spec.serviceRef.name` names the Service, in its namespace. */
  listForService(service: ObjectKey): readonly LoadBalancerResource[];
}

/** One change of a Service's status; what is left out stays as it is. */
export interface ServiceStatusChange {
  readonly ingress?: readonly ServiceIngress[];
  readonly conditions?: readonly Condition[];
  /** Types of our own conditions to take away. */
  readonly removeConditions?: readonly string[];
}

/**
 * Reads and writes of Services past the cache.
 *
 * Errors: `conflict` when someone wrote first, `notfound` when the object is gone, `terminal` when
 *   it is forbidden or invalid, else `retryable`.
 */
export interface ServiceWriter {
  /** Reads the Service directly from the API server. */
  findDirectly(key: ObjectKey, signal: AbortSignal): Promise<Service | undefined>;
  /** Appends the finalizers that are missing, under a resourceVersion precondition. */
  addFinalizers(
    service: Service,
    finalizers: readonly string[],
    signal: AbortSignal,
  ): Promise<Service>;
  /** Takes exactly these finalizers away; order and foreign ones stay. */
  removeFinalizers(
    service: Service,
    finalizers: readonly string[],
    signal: AbortSignal,
  ): Promise<void>;
  /** Removes labels and annotations of ours, or of the Go CCM, by key. */
  removeMarks(
    service: Service,
    keys: { readonly labels: readonly string[]; readonly annotations: readonly string[] },
    signal: AbortSignal,
  ): Promise<void>;
  /** Patches `status.loadBalancer.ingress` and our own conditions; touches nothing else. */
  patchStatus(service: Service, change: ServiceStatusChange, signal: AbortSignal): Promise<void>;
}

/** What the generator wants an AlibabaLoadBalancer to say. */
export interface GeneratedLoadBalancer {
  readonly key: ObjectKey;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly ownerReference: OwnerReference;
  /** Without the paths that another manager owns. */
  readonly spec: Partial<AlibabaLoadBalancerSpec>;
}

/** One path that another field manager owns, or that the schema refuses. */
export interface FieldCause {
  /** The path as the API server writes it, for example `.spec.listeners[port=80,transport="TCP"].clb.scheduler`. */
  readonly field: string;
  readonly message: string;
  /** The manager named in a conflict. */
  readonly manager?: string;
}

/** The answer to one server-side apply. */
export type ApplyResult<Resource = LoadBalancerResource> =
  | { readonly kind: 'applied'; readonly resource: Resource }
  | { readonly kind: 'conflict'; readonly causes: readonly FieldCause[] }
  | { readonly kind: 'invalid'; readonly message: string; readonly causes: readonly FieldCause[] };

/**
 * Reads and writes of AlibabaLoadBalancers past the cache.
 *
 * Errors: as for `ServiceWriter`.
 */
export interface LoadBalancerResourceWriter {
  findDirectly(key: ObjectKey, signal: AbortSignal): Promise<LoadBalancerResource | undefined>;
  /** Applies on the server under the generator's field manager. */
  apply(
    generated: GeneratedLoadBalancer,
    options: { readonly force: boolean },
    signal: AbortSignal,
  ): Promise<ApplyResult>;
  /** Deletes the object if it still has this uid. */
  delete(resource: LoadBalancerResource, signal: AbortSignal): Promise<void>;
  addFinalizer(
    resource: LoadBalancerResource,
    finalizer: string,
    signal: AbortSignal,
  ): Promise<LoadBalancerResource>;
  removeFinalizer(
    resource: LoadBalancerResource,
    finalizer: string,
    signal: AbortSignal,
  ): Promise<void>;
  /** Takes annotations of ours away that have been acted on. */
  removeAnnotations(
    resource: LoadBalancerResource,
    annotations: readonly string[],
    signal: AbortSignal,
  ): Promise<LoadBalancerResource>;
  /**
   * Merge-patches the status under a resourceVersion precondition; `null` removes a member.
   * Sends nothing when the status already says so.
   */
  patchStatus(
    resource: LoadBalancerResource,
    change: StatusChange,
    signal: AbortSignal,
  ): Promise<LoadBalancerResource>;
}

/** The members of the status to change; `null` removes one, lists replace lists. */
export type StatusChange = {
  readonly [Member in keyof AlibabaLoadBalancerStatus]?: AlibabaLoadBalancerStatus[Member] | null;
};

/** What an event says. */
export interface EventContent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  /** What was being done, in one CamelCase word. */
  readonly action: string;
  readonly note: string;
  /** The name of the component that reports it; that of the whole program unless given. */
  readonly reporter?: string;
}

/** What an event is about: any object that the caches hold. */
export interface EventSubject {
  readonly kind:
    'Service' | 'AlibabaLoadBalancer' | 'Node' | 'AlibabaRouteTable' | 'PersistentVolume';
  readonly metadata: ObjectMeta;
}

/** Records events; repeats become a series, and a failure to write one never fails a pass. */
export interface EventRecorder {
  record(regarding: EventSubject, event: EventContent): void;
}

/** Structured log; values are fields, not text. */
export interface Logger {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

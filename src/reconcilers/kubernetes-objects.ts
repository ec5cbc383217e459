import type {
  AlibabaLoadBalancerSpec,
  AlibabaLoadBalancerStatus,
} from './load-balancer/load-balancer-resource.generated.ts';
import type {
  AlibabaRouteTableSpec,
  AlibabaRouteTableStatus,
} from './route-table/route-table-resource.generated.ts';

/**
 * The parts of Kubernetes objects that reconcilers read.
 *
 * Shape: what the caches hold; shared and never modified in place.
 * Source: Kubernetes API, v1 and discovery.k8s.io/v1.
 */
export interface ObjectMeta {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation: number;
  readonly creationTimestamp: string;
  readonly deletionTimestamp?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly finalizers: readonly string[];
  readonly ownerReferences: readonly OwnerReference[];
}

/** One reference from an object to the object that owns it. */
export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

/** A condition of `status.conditions`, as Kubernetes defines them. */
export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
  readonly lastTransitionTime: string;
  readonly observedGeneration?: number;
}

/** One entry of `spec.ports` of a Service. */
export interface ServicePort {
  readonly name: string;
  readonly protocol: string;
  readonly port: number;
  /** 0 where none is allocated. */
  readonly nodePort: number;
  readonly targetPort: string;
  readonly appProtocol: string;
}

/** One entry of `status.loadBalancer.ingress` of a Service. */
export interface ServiceIngress {
  readonly ip?: string;
  readonly hostname?: string;
  readonly ipMode?: string;
}

/** A Service. */
export interface Service {
  readonly kind: 'Service';
  readonly metadata: ObjectMeta;
  readonly spec: {
    readonly type: string;
    readonly loadBalancerClass?: string;
    readonly ports: readonly ServicePort[];
    readonly externalTrafficPolicy: 'Cluster' | 'Local';
    /** 0 where none is allocated. */
    readonly healthCheckNodePort: number;
    readonly sessionAffinity: 'None' | 'ClientIP';
    readonly sessionAffinityTimeoutSeconds: number;
    readonly loadBalancerIP?: string;
    readonly loadBalancerSourceRanges: readonly string[];
    readonly allocateLoadBalancerNodePorts: boolean;
    readonly externalIPs: readonly string[];
    readonly ipFamilies: readonly string[];
    readonly ipFamilyPolicy?: string;
    readonly hasSelector: boolean;
  };
  readonly status: {
    readonly ingress: readonly ServiceIngress[];
    readonly conditions: readonly Condition[];
  };
}

/** A taint of a Node. */
export interface Taint {
  readonly key: string;
  readonly value: string;
  readonly effect: string;
}

/** One entry of `status.addresses` of a Node. */
export interface NodeAddress {
  readonly type: string;
  readonly address: string;
}

/** A condition of a Node without the times of its heartbeats. */
export interface NodeCondition {
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  /** Kept of NetworkUnavailable only; unset where it says nothing. */
  readonly message?: string;
}

/**
 * A Node.
 *
 * Shape: of its annotations only those that this program reads.
 */
export interface Node {
  readonly kind: 'Node';
  readonly metadata: ObjectMeta;
  /** Empty where the node has none yet. */
  readonly providerId: string;
  readonly taints: readonly Taint[];
  readonly podCidrs: readonly string[];
  readonly addresses: readonly NodeAddress[];
  /** Unset where the node's agent has not told yet. */
  readonly ready?: NodeCondition;
  readonly networkUnavailable?: NodeCondition;
}

/** One endpoint of a slice; absent conditions are already read as the API defines them. */
export interface Endpoint {
  readonly addresses: readonly string[];
  readonly nodeName?: string;
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
}

/** An EndpointSlice. */
export interface EndpointSlice {
  readonly kind: 'EndpointSlice';
  readonly metadata: ObjectMeta;
  readonly serviceName: string;
  readonly addressType: string;
  readonly endpoints: readonly Endpoint[];
}

/** An AlibabaLoadBalancer as read from the API server. */
export interface LoadBalancerResource {
  readonly kind: 'AlibabaLoadBalancer';
  readonly metadata: ObjectMeta;
  readonly spec: AlibabaLoadBalancerSpec;
  readonly status: AlibabaLoadBalancerStatus;
}

/** An AlibabaRouteTable as read from the API server; it has no namespace. */
export interface RouteTableResource {
  readonly kind: 'AlibabaRouteTable';
  readonly metadata: ObjectMeta;
  readonly spec: AlibabaRouteTableSpec;
  readonly status: AlibabaRouteTableStatus;
}

/**
 * A PersistentVolume, which has no namespace.
 *
 * Shape: of its labels and annotations only those that say where it is and who made it.
 */
export interface PersistentVolume {
  readonly kind: 'PersistentVolume';
  readonly metadata: ObjectMeta;
  /** The CSI driver or FlexVolume plug-in; empty for volumes of other kinds. */
  readonly driver: string;
  /** What the driver knows the volume by; empty where nothing is said. */
  readonly volumeId: string;
  /** The keys of labels that nodes must have, over all terms; unset while there is no affinity. */
  readonly nodeAffinityKeys?: readonly string[];
}

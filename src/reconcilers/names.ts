/** The API group of our kinds, and the prefix of our own labels, annotations and finalizers. */
export const API_GROUP = 'networking.alibabacloud.com';

/** The version of our kinds. */
export const API_VERSION = 'v1alpha1';

/** The finalizer that Kubernetes' own tools know on Services with a cloud load balancer. */
export const SERVICE_CLEANUP_FINALIZER = 'service.kubernetes.io/load-balancer-cleanup';

/** Our own finalizer on Services; another controller does not remove it by mistake. */
export const SERVICE_FINALIZER = `${API_GROUP}/load-balancer`;

/** The finalizer that the Go CCM leaves on Services; it goes together with ours. */
export const GO_CCM_SERVICE_FINALIZER = 'service.k8s.alibaba/resources';

/** The label by which the Go CCM tells a Service's load balancer. */
export const GO_CCM_LOAD_BALANCER_LABEL = 'service.k8s.alibaba/loadbalancer-id';

/** The finalizer of an AlibabaLoadBalancer, put on and taken off by its own reconciler only. */
export const LOAD_BALANCER_FINALIZER = `${API_GROUP}/cloud-resources`;

/** The finalizer of an AlibabaRouteTable, put on and taken off by its own reconciler only. */
export const ROUTE_TABLE_FINALIZER = `${API_GROUP}/cloud-resources`;

/** The load balancer class that is always ours. */
export const LOAD_BALANCER_CLASS = 'alibabacloud.com/clb';

/** On an AlibabaLoadBalancer or an AlibabaRouteTable: deletes a held one although it is wanted; the value is its uid. */
export const CONFIRM_DELETION_ANNOTATION = `${API_GROUP}/confirm-deletion`;

/** On an AlibabaLoadBalancer: gives overridden fields back; a path, or `all`. */
export const RESET_OVERRIDES_ANNOTATION = `${API_GROUP}/reset-overrides`;

/** On an AlibabaLoadBalancer: lets a vanished load balancer be made again although the breaker holds; the value is its uid. */
export const APPROVE_RECREATION_ANNOTATION = `${API_GROUP}/approve-recreation`;

/** On a Node, an AlibabaLoadBalancer or an AlibabaRouteTable: what is held back there as absent is really gone; the value is the object's uid. */
export const APPROVE_REMOVAL_ANNOTATION = `${API_GROUP}/approve-removal`;

/**
 * On a generated object: a digest of all that was last generated, so that what is no longer asked for
 * is noticed also by a process that has just started.
 */
export const GENERATED_DIGEST_ANNOTATION = `${API_GROUP}/generated-digest`;

/** The labels of every generated object. */
export const GENERATED_LABELS: Readonly<Record<string, string>> = {
  'app.kubernetes.io/managed-by': 'alibaba-cloud-operator',
};

/** The mirror, on a Service, of the readiness of its AlibabaLoadBalancer. */
export const SERVICE_READY_CONDITION = `${API_GROUP}/Ready`;

/** The name that events give as their reporter. */
export const REPORTING_CONTROLLER = `${API_GROUP}/alibaba-cloud-operator`;

/** The name that events about routes give as their reporter. */
export const ROUTE_REPORTING_CONTROLLER = `${API_GROUP}/node-route-controller`;

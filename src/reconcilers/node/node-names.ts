import { APPROVE_REMOVAL_ANNOTATION } from '../names.ts';

/** The annotation with the addresses that a node's agent was told to use. */
export const PROVIDED_NODE_IP_ANNOTATION = 'alpha.kubernetes.io/provided-node-ip';

/** The taint of a node that has not been initialised. */
export const UNINITIALIZED_TAINT = 'node.cloudprovider.kubernetes.io/uninitialized';

/** The taint of a node whose instance is shut down. */
export const SHUTDOWN_TAINT = 'node.cloudprovider.kubernetes.io/shutdown';

/** The annotations of Nodes that this program reads. */
export const NODE_ANNOTATIONS: ReadonlySet<string> = new Set([
  PROVIDED_NODE_IP_ANNOTATION,
  APPROVE_REMOVAL_ANNOTATION,
]);

/** A label that tools know by two keys. */
export interface LabelPair {
  readonly current: string;
  readonly legacy: string;
}

/** The labels with the type of a node's instance. */
export const INSTANCE_TYPE_LABELS: LabelPair = {
  current: 'node.kubernetes.io/instance-type',
  legacy: 'beta.kubernetes.io/instance-type',
};

/** The labels with the zone of a node. */
export const ZONE_LABELS: LabelPair = {
  current: 'topology.kubernetes.io/zone',
  legacy: 'failure-domain.beta.kubernetes.io/zone',
};

/** The labels with the region of a node. */
export const REGION_LABELS: LabelPair = {
  current: 'topology.kubernetes.io/region',
  legacy: 'failure-domain.beta.kubernetes.io/region',
};

/** The label that tells how a node's instance is paid for. */
export const CHARGE_TYPE_LABEL = 'node.alibabacloud.com/instance-charge-type';

/** The label that tells how a node's instance bids for spare capacity. */
export const SPOT_STRATEGY_LABEL = 'node.alibabacloud.com/spot-strategy';

/** The label with the id of a node's pool. */
export const NODE_POOL_LABEL = 'node.alibabacloud.com/nodepool-id';

/** The tag of an instance that names the pool of its node. */
export const NODE_POOL_TAG = 'ack.alibabacloud.com/nodepool-id';

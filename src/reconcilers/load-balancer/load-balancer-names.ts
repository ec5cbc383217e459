import { createHash } from 'node:crypto';
import type { CloudTag } from '../../cloud/call-options.ts';
import { API_GROUP } from '../names.ts';

/** The tag by which the Go CCM and this operator find the load balancer of a Service. */
export const OWNER_TAG = 'kubernetes.do.not.delete';

/** The tag that names the cluster. */
export const CLUSTER_TAG = 'ack.aliyun.com';

/** The tag that the Go CCM puts on load balancers that a person brought. */
export const REUSED_TAG = 'kubernetes.reused.by.user';

/** The tag with the uid of the Service. */
export const SERVICE_UID_TAG = `${API_GROUP}/service-uid`;

/** The tag with the namespace and name of the Service, for people. */
export const SERVICE_NAME_TAG = `${API_GROUP}/service`;

/** The marks that the Go CCM does not know. */
export const ADDED_MARKS: readonly string[] = [SERVICE_UID_TAG, SERVICE_NAME_TAG];

/** Tag keys that users may not set, because either program reads a meaning into them. */
const RESERVED_TAG_KEYS: readonly string[] = [OWNER_TAG, CLUSTER_TAG, REUSED_TAG, ...ADDED_MARKS];

/** Tells whether users may set a tag with this key. */
export function isTagKeyAllowed(key: string): boolean {
  const lower = key.toLowerCase();
  return (
    !RESERVED_TAG_KEYS.includes(key) &&
    !['acs:', 'aliyun', 'http://', 'https://'].some((prefix) => lower.startsWith(prefix))
  );
}

/** The cluster id that the Go CCM uses where none is configured; recognised, never written. */
const UNCONFIGURED_CLUSTER_ID = 'clusterid';

/** The longest name of a server group that the cloud documents, in characters. */
const MAX_SERVER_GROUP_NAME = 80;

/** Says which Service, in which cluster, the cloud objects of a load balancer belong to. */
export interface Owner {
  readonly clusterId: string;
  readonly namespace: string;
  readonly serviceName: string;
  readonly serviceUid: string;
}

/** Names a load balancer after the uid of its Service, as the Go CCM does. */
export function defaultLoadBalancerName(serviceUid: string): string {
  return `a${serviceUid.replaceAll('-', '')}`.slice(0, 32);
}

/** Tells the tags that mark a load balancer as its owner's; the first two are the Go CCM's. */
export function ownershipTags(owner: Owner): CloudTag[] {
  return [
    { key: OWNER_TAG, value: defaultLoadBalancerName(owner.serviceUid) },
    { key: CLUSTER_TAG, value: owner.clusterId },
    { key: SERVICE_UID_TAG, value: owner.serviceUid },
    { key: SERVICE_NAME_TAG, value: `${owner.namespace}/${owner.serviceName}`.slice(0, 128) },
  ];
}

/** Tells the tags that mark a server group as its owner's. */
export function serverGroupTags(owner: Owner): CloudTag[] {
  return [
    { key: CLUSTER_TAG, value: owner.clusterId },
    { key: SERVICE_UID_TAG, value: owner.serviceUid },
  ];
}

/** Describes a listener as the Go CCM does, so that either program recognises it. */
export function listenerDescription(owner: Owner, port: number): string {
  return goCcmName(owner, port, owner.clusterId);
}

/** Tells whether a listener's description says that it was made for this owner and port. */
export function isListenerDescription(owner: Owner, port: number, description: string): boolean {
  return clusterIdsOf(owner).some((clusterId) => description === goCcmName(owner, port, clusterId));
}

/**
 * Names a server group as the Go CCM does where the cloud documents names of that length, else
 * by a hash; such a group is known by its tags.
 */
export function serverGroupName(owner: Owner, nodePort: number): string {
  const name = goCcmName(owner, nodePort, owner.clusterId);
  return name.length <= MAX_SERVER_GROUP_NAME ? name : `k8s-${nodePort}-${ownerHash(owner)}`;
}

/** Tells which node port a server group of this owner is for; `undefined` for a foreign group. */
export function nodePortOfServerGroup(owner: Owner, groupName: string): number | undefined {
  const nodePort = Number(/^k8s[/-](\d{1,5})[/-]/.exec(groupName)?.[1]);
  if (!Number.isInteger(nodePort)) return undefined;
  const known = [
    `k8s-${nodePort}-${ownerHash(owner)}`,
    ...clusterIdsOf(owner).map((clusterId) => goCcmName(owner, nodePort, clusterId)),
  ];
  return known.includes(groupName) ? nodePort : undefined;
}

/** Reads the cluster that tags name; one that stands for ours is read as ours, so that it stays. */
export function readTags(owner: Owner, tags: readonly CloudTag[]): CloudTag[] {
  const known = clusterIdsOf(owner);
  return tags.map((tag) =>
    tag.key === CLUSTER_TAG && known.includes(tag.value)
      ? { key: CLUSTER_TAG, value: owner.clusterId }
      : tag,
  );
}

/** What a load balancer's tags say about who it belongs to. */
export type Mark = 'ours' | 'missing' | 'foreign';

/** Reads the ownership mark of a load balancer. */
export function markOf(owner: Owner, tags: readonly CloudTag[]): Mark {
  const expected = new Map(ownershipTags(owner).map((tag) => [tag.key, tag.value]));
  const identifying = tags.filter((tag) => tag.key === OWNER_TAG || tag.key === SERVICE_UID_TAG);
  if (identifying.some((tag) => tag.value !== expected.get(tag.key))) return 'foreign';
  const cluster = tags.find((tag) => tag.key === CLUSTER_TAG);
  if (cluster !== undefined && !clusterIdsOf(owner).includes(cluster.value)) return 'foreign';
  return identifying.length === 0 ? 'missing' : 'ours';
}

function goCcmName(owner: Owner, port: number, clusterId: string): string {
  return `k8s/${port}/${owner.serviceName}/${owner.namespace}/${clusterId}`;
}

function clusterIdsOf(owner: Owner): string[] {
  return [owner.clusterId, UNCONFIGURED_CLUSTER_ID];
}

function ownerHash(owner: Owner): string {
  return createHash('sha256').update(owner.serviceUid).digest('hex').slice(0, 32);
}

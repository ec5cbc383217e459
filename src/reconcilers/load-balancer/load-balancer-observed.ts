import type {
  CloudBackend,
  CloudLoadBalancer,
  ListenerKey,
  ListenerSettings,
} from '../../cloud/slb/slb-client.ts';
import { canonicalDigest } from './canonical-digest.ts';
import type { DesiredAttributes } from './load-balancer-desired.ts';

/**
 * A part of the cloud as far as it is known: read or written by this process, or believed because
 * an earlier process recorded the digest of what the cloud had accepted.
 */
export type Known<Value> =
  | { readonly kind: 'seen'; readonly value: Value }
  | { readonly kind: 'believed'; readonly digest: string };

/** The settings of a load balancer that can be changed in place, as the cloud has them. */
export type ObservedAttributes = Pick<
  CloudLoadBalancer,
  | 'name'
  | 'spec'
  | 'instanceChargeType'
  | 'internetChargeType'
  | 'bandwidthMbps'
  | 'deleteProtection'
  | 'modificationProtection'
  | 'tags'
>;

/** A listener in the cloud. */
export interface ObservedListener {
  readonly key: ListenerKey;
  /** `running`, `stopped`, `starting`, `configuring` or `stopping`. */
  readonly status: string;
  /** Whether it was made for this load balancer's Service; others stay as they are. */
  readonly isOurs: boolean;
  readonly serverGroupId: string;
  readonly settings: Known<Omit<ListenerSettings, 'serverGroupId'>>;
}

/** A server group in the cloud. */
export interface ObservedServerGroup {
  readonly id: string;
  /** `undefined` for a group that was not made for this load balancer's Service. */
  readonly nodePort: number | undefined;
  readonly createTime: string;
  /** All members; those without our description were registered by someone else. */
  readonly backends: Known<readonly CloudBackend[]>;
  readonly registered: number;
}

/** What is known of one load balancer in the cloud. */
export interface ObservedLoadBalancer {
  readonly id: string;
  readonly attributes: Known<ObservedAttributes>;
  readonly listeners: readonly ObservedListener[];
  readonly serverGroups: readonly ObservedServerGroup[];
  /** Whether every group was listed, so that making a missing one cannot make a second. */
  readonly serverGroupsComplete: boolean;
}

/** Digests the settings of a listener, for `status.listeners[].appliedDigest`. */
export function listenerDigest(
  settings: Omit<ListenerSettings, 'serverGroupId'>,
  serverGroupId: string,
): string {
  return canonicalDigest({ settings, serverGroupId });
}

/** Digests the members of a server group, for `status.serverGroups[].appliedDigest`. */
export function backendsDigest(backends: readonly CloudBackend[]): string {
  return canonicalDigest(backends.toSorted(byBackendKey));
}

/** Digests the settings of a load balancer, for `status.appliedDigest`. */
export function attributesDigest(attributes: DesiredAttributes): string {
  return canonicalDigest({
    ...attributes,
    tags: attributes.tags.toSorted((a, b) => (a.key < b.key ? -1 : 1)),
  });
}

/** The identity of a member inside its group. */
export function backendKey(backend: CloudBackend): string {
  return `${backend.serverId} ${backend.serverIp} ${backend.port}`;
}

/** Tells whether two keys name the same listener. */
export function isSameListener(a: ListenerKey, b: ListenerKey): boolean {
  return a.port === b.port && a.protocol === b.protocol;
}

/**
 * Picks the group of a node port.
 *
 * Shape: of several with our mark, the one that a listener uses, else the oldest.
 */
export function serverGroupOf(
  observed: ObservedLoadBalancer,
  nodePort: number,
): ObservedServerGroup | undefined {
  const candidates = observed.serverGroups.filter((group) => group.nodePort === nodePort);
  const used = candidates.find((group) =>
    observed.listeners.some((listener) => listener.serverGroupId === group.id),
  );
  return used ?? candidates.toSorted((a, b) => (a.createTime < b.createTime ? -1 : 1))[0];
}

function byBackendKey(a: CloudBackend, b: CloudBackend): number {
  return backendKey(a) < backendKey(b) ? -1 : 1;
}

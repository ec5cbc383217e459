import type { Node } from './kubernetes-objects.ts';

/**
 * What a Node's provider id says.
 *
 * Shape: `ecs` names an instance of Elastic Compute Service, with an empty region where the id does not
 *   tell it; `none` is an empty id; `hybrid` a machine outside the cloud that was joined to the
 *   cluster; `foreign` everything else: other providers, other products, other clouds' forms.
 */
export type ProviderId =
  | { readonly kind: 'ecs'; readonly regionId: string; readonly instanceId: string }
  | { readonly kind: 'none' }
  | { readonly kind: 'hybrid' }
  | { readonly kind: 'foreign' };

const NONE: ProviderId = { kind: 'none' };
const HYBRID: ProviderId = { kind: 'hybrid' };
const FOREIGN: ProviderId = { kind: 'foreign' };

const HYBRID_SCHEME = 'ack-hybrid://';
/** Parts after the instance id are ignored, as the Go CCM does. */
const ECS_FORM =
  /^(?:alicloud:\/\/\/?)?(?:(?<region>[a-z][a-z0-9-]*)[./])?(?<instance>i-[a-z0-9]+)(?:\..*)?$/;

/** Read by presence, as the Go CCM does. */
const EXCLUDE_LABELS = [
  'service.beta.kubernetes.io/exclude-node',
  'service.alibabacloud.com/exclude-node',
];

/**
 * Reads a provider id in every form that was ever issued for this provider:
 * `region.i-…`, `alicloud://region.i-…`, `alicloud:///region/i-…` and `i-…` alone.
 */
export function readProviderId(text: string): ProviderId {
  if (text === '') return NONE;
  if (text.startsWith(HYBRID_SCHEME)) return HYBRID;
  const groups = ECS_FORM.exec(text)?.groups;
  if (groups?.instance === undefined) return FOREIGN;
  return { kind: 'ecs', regionId: groups.region ?? '', instanceId: groups.instance };
}

/** Writes the provider id of an instance in the form that is kept for good. */
export function providerIdOf(regionId: string, instanceId: string): string {
  return `${regionId}.${instanceId}`;
}

/**
 * Tells whether people, or what kind of node it is, keep a Node out of everything that this program
 * does with nodes and their routes: excluded by label, hybrid, or virtual.
 */
export function isExcludedNode(node: Node): boolean {
  const { labels } = node.metadata;
  return (
    EXCLUDE_LABELS.some((label) => labels[label] !== undefined) ||
    labels.type === 'virtual-kubelet' ||
    readProviderId(node.providerId).kind === 'hybrid'
  );
}

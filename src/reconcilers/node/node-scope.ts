import type { Node } from '../kubernetes-objects.ts';
import { isExcludedNode, readProviderId } from '../provider-id.ts';
import { UNINITIALIZED_TAINT } from './node-names.ts';

/** Whether a node is ours to work on; if not, the words say why. */
export type NodeScope =
  { readonly kind: 'ours' } | { readonly kind: 'leftAlone'; readonly why: string };

const OURS: NodeScope = { kind: 'ours' };

/**
 * Tells whether a node is an instance of this cloud, or may turn out to be one.
 *
 * Shape: other providers' nodes, hybrid and virtual ones and those that people exclude are left alone.
 */
export function nodeScope(node: Node): NodeScope {
  switch (readProviderId(node.providerId).kind) {
    case 'foreign':
      return leftAlone(`its provider id "${node.providerId}" names no ECS instance`);
    case 'hybrid':
      return leftAlone('it is a hybrid node');
    case 'ecs':
    case 'none':
      return isExcludedNode(node) ? leftAlone('its labels exclude it') : OURS;
  }
}

/** Tells whether a node waits to be initialised: the taint's value and effect do not count. */
export function isUninitialized(node: Node): boolean {
  return node.taints.some(({ key }) => key === UNINITIALIZED_TAINT);
}

function leftAlone(why: string): NodeScope {
  return { kind: 'leftAlone', why };
}

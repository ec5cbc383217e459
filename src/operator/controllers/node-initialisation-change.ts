import type { Node } from '../../reconcilers/kubernetes-objects.ts';
import { isSameAddresses } from '../../reconcilers/node/node-addresses.ts';
import { labelsToAlign } from '../../reconcilers/node/node-labels.ts';
import { PROVIDED_NODE_IP_ANNOTATION } from '../../reconcilers/node/node-names.ts';
import { isUninitialized, nodeScope } from '../../reconcilers/node/node-scope.ts';

/**
 * Tells whether a change of a Node starts a pass of its initialisation, or of its labels' alignment.
 *
 * Shape: of a node that waits to be initialised only what its initialisation depends on starts one, so
 *   that the heartbeats of a node that fails do not drive its tries.
 */
export function concernsInitialisation(previous: Node | undefined, current: Node): boolean {
  if (!isUninitialized(current)) return hasLabelsToAlign(current);
  if (previous?.metadata.uid !== current.metadata.uid) return true;
  return (
    !isUninitialized(previous) ||
    previous.providerId !== current.providerId ||
    nodeScope(previous).kind !== nodeScope(current).kind ||
    requestedIp(previous) !== requestedIp(current) ||
    // Without a provider id the addresses tell which instance it is.
    (current.providerId === '' && !isSameAddresses(previous.addresses, current.addresses))
  );
}

function hasLabelsToAlign(node: Node): boolean {
  return (
    nodeScope(node).kind === 'ours' && Object.keys(labelsToAlign(node.metadata.labels)).length > 0
  );
}

function requestedIp(node: Node): string | undefined {
  return node.metadata.annotations[PROVIDED_NODE_IP_ANNOTATION];
}

import type { Node } from '../../reconcilers/kubernetes-objects.ts';
import { isExcludedFromLoadBalancers } from '../../reconcilers/load-balancer/backend-nodes.ts';

/**
 * Tells whether a change of a Node starts an update of backends: it came, it went, its labels began
 * or ceased to exclude it, or its provider id changed.
 *
 * Shape: readiness, taints, cordons, deletion timestamps and other labels start nothing; taints and
 *   deletion timestamps count when the set is computed for another reason.
 * Source: Kubernetes service controller, shouldSyncUpdatedNode.
 */
export function isSignificantNodeChange(
  previous: Node | undefined,
  current: Node | undefined,
): boolean {
  if (previous === undefined || current === undefined) return previous !== current;
  return (
    previous.metadata.uid !== current.metadata.uid ||
    previous.providerId !== current.providerId ||
    isExcludedFromLoadBalancers(previous) !== isExcludedFromLoadBalancers(current)
  );
}

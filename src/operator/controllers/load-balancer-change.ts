import type { LoadBalancerResource } from '../../reconcilers/kubernetes-objects.ts';
import { API_GROUP } from '../../reconcilers/names.ts';

/** Who has to look at an AlibabaLoadBalancer that changed. */
export interface LoadBalancerChange {
  /** What was asked for changed, or what we had written of it is gone. */
  readonly concernsItself: boolean;
  /** Something that its Service shows or decides changed. */
  readonly concernsService: boolean;
}

/**
 * Judges a change of an AlibabaLoadBalancer.
 *
 * Shape: the status that a pass writes does not start the next pass of the same object; a status
 *   that was wiped does.
 */
export function judgeLoadBalancerChange(
  previous: LoadBalancerResource | undefined,
  current: LoadBalancerResource | undefined,
): LoadBalancerChange {
  if (previous === undefined || current === undefined) {
    return { concernsItself: true, concernsService: true };
  }
  const isAskedAnew =
    previous.metadata.uid !== current.metadata.uid ||
    previous.metadata.generation !== current.metadata.generation ||
    isDeleting(previous) !== isDeleting(current) ||
    isDifferent(ownAnnotations(previous), ownAnnotations(current));
  const isStripped =
    previous.metadata.finalizers.some((name) => !current.metadata.finalizers.includes(name)) ||
    isWiped(previous, current);
  const isShownOtherwise =
    isDifferent(previous.status, current.status) ||
    isDifferent(previous.metadata.ownerReferences, current.metadata.ownerReferences) ||
    isDifferent(previous.metadata.labels, current.metadata.labels);
  return {
    concernsItself: isAskedAnew || isStripped,
    concernsService: isAskedAnew || isShownOtherwise,
  };
}

function isDeleting(resource: LoadBalancerResource): boolean {
  return resource.metadata.deletionTimestamp !== undefined;
}

function ownAnnotations(resource: LoadBalancerResource): readonly (readonly [string, string])[] {
  return Object.entries(resource.metadata.annotations)
    .filter(([key]) => key.startsWith(`${API_GROUP}/`))
    .sort(([left], [right]) => (left < right ? -1 : 1));
}

/** Whether the whole status was taken away; our own writes always leave conditions. */
function isWiped(previous: LoadBalancerResource, current: LoadBalancerResource): boolean {
  return (
    (previous.status.conditions ?? []).length > 0 && (current.status.conditions ?? []).length === 0
  );
}

function isDifferent(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) !== JSON.stringify(right);
}

import type { Node, RouteTableResource } from '../../reconcilers/kubernetes-objects.ts';
import { API_GROUP, GENERATED_DIGEST_ANNOTATION } from '../../reconcilers/names.ts';
import { isExcludedNode } from '../../reconcilers/provider-id.ts';

/**
 * Tells whether a change of a Node starts a comparison of all Nodes with all rows: it came, it went,
 * its pod CIDRs, addresses or provider id changed, or its labels began or ceased to exclude it.
 *
 * Shape: readiness, taints and heartbeats start nothing.
 * Source: Kubernetes route controller, handleNodeUpdate.
 */
export function concernsRoutes(previous: Node | undefined, current: Node | undefined): boolean {
  if (previous === undefined || current === undefined) return previous !== current;
  return (
    previous.metadata.uid !== current.metadata.uid ||
    previous.providerId !== current.providerId ||
    isDifferent(previous.podCidrs, current.podCidrs) ||
    isDifferent(previous.addresses, current.addresses) ||
    isExcludedNode(previous) !== isExcludedNode(current)
  );
}

/** Who has to look at an AlibabaRouteTable that changed. */
export interface RouteTableChange {
  /** What is asked for changed, or what we had written of it is gone. */
  readonly isAskedAnew: boolean;
  /** The generator itself has written other rows, so it need not look again. */
  readonly isGenerated: boolean;
  /** What is known of its routes changed, so that Nodes may have to be told. */
  readonly isShownOtherwise: boolean;
}

/**
 * Judges a change of an AlibabaRouteTable.
 *
 * Shape: the status that a pass writes does not start the next pass; a status that was wiped does.
 */
export function judgeRouteTableChange(
  previous: RouteTableResource | undefined,
  current: RouteTableResource | undefined,
): RouteTableChange {
  if (previous === undefined || current === undefined) {
    const isGenerated = current !== undefined && digestOf(current) !== undefined;
    return { isAskedAnew: true, isGenerated, isShownOtherwise: true };
  }
  const isAskedAnew =
    previous.metadata.uid !== current.metadata.uid ||
    previous.metadata.generation !== current.metadata.generation ||
    previous.metadata.deletionTimestamp !== current.metadata.deletionTimestamp ||
    isDifferent(ownAnnotations(previous), ownAnnotations(current)) ||
    previous.metadata.finalizers.some((name) => !current.metadata.finalizers.includes(name)) ||
    isWiped(previous, current);
  return {
    isAskedAnew,
    isGenerated: digestOf(previous) !== digestOf(current),
    isShownOtherwise: isDifferent(previous.status, current.status),
  };
}

function digestOf({ metadata }: RouteTableResource): string | undefined {
  return metadata.annotations[GENERATED_DIGEST_ANNOTATION];
}

function ownAnnotations({ metadata }: RouteTableResource): readonly (readonly [string, string])[] {
  return Object.entries(metadata.annotations)
    .filter(([key]) => key.startsWith(`${API_GROUP}/`))
    .sort(([left], [right]) => (left < right ? -1 : 1));
}

/** Whether the whole status was taken away; our own writes always leave conditions. */
function isWiped(previous: RouteTableResource, current: RouteTableResource): boolean {
  return (
    (previous.status.conditions ?? []).length > 0 && (current.status.conditions ?? []).length === 0
  );
}

function isDifferent(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) !== JSON.stringify(right);
}

import type { EndpointSlice } from '../../reconcilers/kubernetes-objects.ts';

/**
 * Tells whether a change of an EndpointSlice can change which nodes hold an endpoint, or how many.
 *
 * Shape: addresses play no part, because nodes are registered and not pods.
 */
export function isSignificantEndpointSliceChange(
  previous: EndpointSlice | undefined,
  current: EndpointSlice | undefined,
): boolean {
  return nodesOf(previous) !== nodesOf(current);
}

/** What the endpoints of each node can do, as one comparable text; their number is their weight. */
function nodesOf(slice: EndpointSlice | undefined): string {
  const states = (slice?.endpoints ?? []).map(({ nodeName, ready, serving, terminating }) =>
    JSON.stringify([nodeName ?? '', ready, serving, terminating]),
  );
  return states.sort().join();
}

import type { EndpointSlice } from '../reconcilers/kubernetes-objects.ts';

/**
 * Tells whether a change of an EndpointSlice can change which nodes hold an endpoint.
 *
 * Shape: addresses play no part, because nodes are registered and not pods.
 */
export function isSignificantEndpointSliceChange(
  previous: EndpointSlice | undefined,
  current: EndpointSlice | undefined,
): boolean {
  return nodesOf(previous) !== nodesOf(current);
}

/** The nodes by what their endpoints can do, as one comparable text. */
function nodesOf(slice: EndpointSlice | undefined): string {
  const states = (slice?.endpoints ?? []).map(({ nodeName, ready, serving, terminating }) =>
    JSON.stringify([nodeName ?? '', ready, serving, terminating]),
  );
  return [...new Set(states)].sort().join();
}

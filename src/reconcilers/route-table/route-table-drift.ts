import type { RouteAction } from './route-table-plan.ts';

const MOST_NAMED = 10;

/** Says in words what a plan would change; sorted, and of many the first few. */
export function describeRouteActions(actions: readonly RouteAction[]): string {
  const words = actions.map(describeAction).toSorted();
  const more = words.length - MOST_NAMED;
  const named = words.slice(0, MOST_NAMED).join('; ');
  return more > 0 ? `${named}; and ${more} more` : named;
}

function describeAction(action: RouteAction): string {
  const { destinationCidr, nextHop } = action.route;
  return action.kind === 'createRoute'
    ? `${destinationCidr} to "${nextHop.id}" is missing`
    : `${destinationCidr} to "${nextHop.id}" is not asked for`;
}

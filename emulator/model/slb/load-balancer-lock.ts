import { publishesError, type PublishedOperation } from '../api-catalog.ts';
import type { LoadBalancer } from '../cloud-objects.ts';
import type { OperationContext } from '../operation-context.ts';

// In order of preference; the first that the operation publishes is answered. Clients that work in
// practice try again upon the first of them where they change a group from several threads.
const LOCK_CODES = [
  'VServerGroupProcessing',
  'ServiceIsConfiguring',
  'OperationBusy',
  'SystemBusy',
];

/** The code with which an operation is refused while an earlier write holds the load balancer. */
export function lockCode(operation: PublishedOperation): string {
  return LOCK_CODES.find((code) => publishesError(operation, code)) ?? 'ServiceIsConfiguring';
}

/**
 * Finds a load balancer for a write, which holds a part of it once the call is accepted: its own
 * settings, the listener or the server group of that id; all of it if no part is named.
 *
 * Errors: `InvalidLoadBalancerId.NotFound`; the operation's lock code while an earlier write
 *   still holds the same.
 */
export function claimLoadBalancer(
  context: OperationContext,
  part: string | undefined,
  loadBalancerId = context.parameters.text('LoadBalancerId'),
): LoadBalancer {
  const loadBalancer = context.loadBalancer(loadBalancerId);
  const hold = { id: loadBalancerId, ...(part === undefined ? {} : { part }) };
  if (context.state.holds.refuses(hold, context.now)) {
    throw context.failure(
      lockCode(context.operation),
      'The load balancer is being configured by an earlier operation; try again later.',
    );
  }
  context.hold = hold;
  return loadBalancer;
}

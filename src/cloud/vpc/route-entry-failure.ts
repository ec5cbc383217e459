import type { Failure } from '../failure.ts';
import { classifyResult } from '../transport/call-failure.ts';
import type { FailedRouteEntry } from './vpc-client.ts';
import { findVpcCode } from './vpc-error-table.ts';

/**
 * Tells what the failure of one entry of a batch means, as if it had been a call of its own.
 *
 * Shape: `conflict` where the destination is taken or an earlier change is still being applied,
 *   `notfound` where there is nothing to delete, `terminal` over the quota or for a wrong entry,
 *   `retryable` for what passes by itself and for codes that nobody has met.
 */
export function routeEntryFailure(kind: 'create' | 'delete', entry: FailedRouteEntry): Failure {
  // An item without a code failed all the same.
  const code = entry.code === '' ? 'UnknownError' : entry.code;
  const classified = classifyResult(
    {
      product: 'vpc',
      action: kind === 'create' ? 'CreateRouteEntries' : 'DeleteRouteEntries',
      mutating: true,
      purpose: `${kind} the route to "${entry.destinationCidr}"`,
    },
    { kind: 'answered', httpStatus: 400, body: { Code: code, Message: entry.message } },
    findVpcCode,
  );
  if (classified === undefined) throw new Error('An entry with a code is a failure');
  return classified.failure;
}

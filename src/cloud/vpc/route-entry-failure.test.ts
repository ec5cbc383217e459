import assert from 'node:assert/strict';
import test from 'node:test';
import { routeEntryFailure } from './route-entry-failure.ts';

const cases = [
  {
    code: 'VPC_ROUTE_ENTRY_CIDR_BLOCK_DUPLICATE',
    kind: 'conflict',
    reason: 'Someone was first: what is there decides.',
  },
  {
    code: 'VPC_ROUTE_ENTRY_STATUS_ERROR',
    kind: 'conflict',
    reason: 'It is just being made or removed.',
  },
  { code: 'VPC_ROUTER_ENTRY_NOT_EXIST', kind: 'notfound', reason: 'There is nothing to delete.' },
  { code: 'QuotaExceeded', kind: 'terminal', reason: 'Only people can make room.' },
  { code: 'InvalidDestinationCidrBlock', kind: 'terminal', reason: 'The entry is wrong.' },
  { code: 'OperationDenied', kind: 'terminal', reason: 'The entry is of the system.' },
  { code: 'InvalidInstanId.NotFound', kind: 'retryable', reason: 'The node may be gone.' },
  { code: 'VPC_NEVER_SEEN_BEFORE', kind: 'retryable', reason: 'Nobody knows what it means.' },
  { code: '', kind: 'retryable', reason: 'Nothing at all was said.' },
] as const;

for (const { code, kind, reason } of cases) {
  test(`routeEntryFailure: ${code === '' ? 'NoCode' : code}`, () => {
    const entry = { destinationCidr: '172.20.1.0/24', nextHopId: 'i-1', code, message: '' };
    assert.equal(routeEntryFailure('create', entry).kind, kind, reason);
  });
}

test('routeEntryFailure says which route failed, and what to do', () => {
  const entry = {
    destinationCidr: '172.20.1.0/24',
    nextHopId: 'i-1',
    code: 'QuotaExceeded',
    message: 'words',
  };
  const failure = routeEntryFailure('create', entry);
  assert.equal(
    failure.message,
    'Cannot create the route to "172.20.1.0/24": the route table has as many custom entries as the quota allows; remove entries, use another table or raise the quota "vpc_quota_route_entrys_num" (QuotaExceeded)',
  );
  assert.equal(failure.code, 'QuotaExceeded');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure, isFailure } from '../../cloud/failure.ts';
import type { SlbClient } from '../../cloud/slb/slb-client.ts';
import { applyLoadBalancer } from './load-balancer-apply.ts';
import { beliefAfterCreation } from './load-balancer-belief.ts';
import type { LoadBalancerAction } from './load-balancer-plan.ts';

const LOCK = { code: 'ServiceIsConfiguring', requestId: 'request-1', retryAfterMs: 7 };

/** Applies actions in a cloud that takes names and holds a lock against protection. */
async function failureOf(actions: readonly LoadBalancerAction[]): Promise<Failure> {
  const slb: Pick<SlbClient, 'setLoadBalancerName' | 'setDeleteProtection'> = {
    setLoadBalancerName: () => Promise.resolve(),
    setDeleteProtection: () => Promise.reject(new Failure('conflict', 'locked', LOCK)),
  };
  try {
    await applyLoadBalancer({
      slb: slb as SlbClient,
      owner: { clusterId: 'c1', namespace: 'shop', serviceName: 'web', serviceUid: 'uid-1' },
      actions,
      observed: beliefAfterCreation('lb-1', { kind: 'believed', digest: '' }),
      onAccepted: () => undefined,
      options: { signal: new AbortController().signal, lane: 'live' },
    });
  } catch (error) {
    if (isFailure(error)) return error;
    throw error;
  }
  throw new Error('Everything was accepted');
}

test('applyLoadBalancer: a failure tells whether something was accepted before it', async () => {
  const name: LoadBalancerAction = { kind: 'setName', name: 'web' };
  const protect: LoadBalancerAction = { kind: 'setDeleteProtection', protection: 'on' };
  assert.equal((await failureOf([protect])).afterProgress, false);
  const later = await failureOf([name, protect]);
  assert.equal(later.afterProgress, true);
  const { kind, message, code, requestId, retryAfterMs, ambiguous } = later;
  assert.deepEqual(
    { kind, message, code, requestId, retryAfterMs, ambiguous },
    { kind: 'conflict', message: 'locked', ...LOCK, ambiguous: false },
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '../../../test/support/virtual-clock.ts';
import { NodeSyncTracker } from './node-sync-tracker.ts';

const key = (name: string): { namespace: string; name: string } => ({ namespace: 'shop', name });

test('SVC-87: a fan-out is measured from its first key to its last, and failures are counted', async () => {
  const clock = new VirtualClock();
  const seen: string[] = [];
  const tracker = new NodeSyncTracker(clock, {
    nodeSyncFailed: () => seen.push('failed'),
    nodeSyncEnded: (seconds) => seen.push(`ended ${seconds}`),
  });
  tracker.passEnded(key('other'), true);
  tracker.begin([key('a'), key('b')]);
  await clock.advance(1_000);
  tracker.passEnded(key('a'), true);
  tracker.begin([key('c')]);
  await clock.advance(2_000);
  tracker.passEnded(key('b'), false);
  tracker.passEnded(key('b'), true);
  tracker.passEnded(key('c'), false);
  assert.deepEqual(seen, ['failed', 'ended 3']);
});

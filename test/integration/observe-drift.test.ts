import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PlannedStep } from '../../src/reconcilers/load-balancer/load-balancer-steps.ts';
import { LoadBalancerScene } from '../support/load-balancer-scene.ts';
import { OperatorHarness } from '../support/operator-harness.ts';
import { callsOf } from '../support/planned-calls.ts';

const harness = await OperatorHarness.start({ instances: 2 });
const { cloud } = harness;

const MINUTE_MS = 60_000;
/** After its creation a load balancer is not compared for a minute, for its tags may be late. */
const SETTLING_MS = 2 * MINUTE_MS;

test('MIG-08: what another hand does to an observed load balancer becomes part of the plan, no more', async (context) => {
  const scene = await LoadBalancerScene.open(harness, context, {
    operator: { flags: ['--drift-period=5m'] },
  });
  await harness.passTime(SETTLING_MS);
  const waitForPlan = (total: number): Promise<readonly PlannedStep[]> =>
    harness.waitFor(`a plan of ${total} steps`, async () => {
      const { plan, planTotal } = (await scene.resource())?.status ?? {};
      return planTotal === total ? plan : undefined;
    });
  await scene.changeResource({ spec: { reconcilePolicy: 'Observe' } });
  await waitForPlan(0);
  scene.mark();

  const { loadBalancerId } = scene.loadBalancer();
  cloud.patchObject(`${loadBalancerId}_tcp_80`, { scheduler: 'wrr' });
  await harness.passTime(6 * MINUTE_MS);
  const plan = await waitForPlan(1);
  assert.match(plan[0]?.change ?? '', /scheduler: is "wrr", asked for "rr"/);
  assert.deepEqual(scene.writes(), []);
  assert.ok(!(await scene.warnings()).includes('DriftDetected'), 'Nothing is set right');

  // The other hand takes it back: seen although the sweep leaves alone what is not at rest.
  cloud.patchObject(`${loadBalancerId}_tcp_80`, { scheduler: 'rr' });
  await harness.passTime(6 * MINUTE_MS);
  await waitForPlan(0);

  cloud.patchObject(loadBalancerId, { released: true });
  await harness.passTime(6 * MINUTE_MS);
  const lost = await harness.waitFor('a plan of a creation', async () => {
    const { plan: steps } = (await scene.resource())?.status ?? {};
    return steps?.[0]?.action === 'Create' ? steps : undefined;
  });
  assert.match(lost[0]?.change ?? '', /^in the place of ".*", which is not found/);
  assert.deepEqual(scene.writes(), []);
  assert.equal((await scene.resource())?.status?.loadBalancerId, loadBalancerId);

  await scene.changeResource({ spec: { reconcilePolicy: 'Apply' } });
  await harness.passTime(15 * MINUTE_MS);
  await scene.settle();
  assert.deepEqual(scene.writes(), callsOf(lost));
});

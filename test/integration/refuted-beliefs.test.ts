import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startOperatorWorld } from '../support/operator-world.ts';
import { ServiceScene } from '../support/service-scene.ts';

const world = await startOperatorWorld();
await world.startOperator();

test('a list that leaves a listener out is found out when the cloud refuses to make it again', async () => {
  const scene = await ServiceScene.open(world);
  world.cloud.addFault({ action: 'DescribeLoadBalancerListeners', kind: 'empty-list' });
  await scene.createService('web');
  await scene.waitUntilReady('web');
  const [created, ...others] = world.cloud
    .calls(0)
    .filter((call) => call.action === 'CreateLoadBalancerTCPListener')
    .filter((call) => call.applied);
  assert.ok(created !== undefined);
  assert.deepEqual(others, []);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CLOUD_TAINT, isTainted, type SeenNode } from '../support/node-scene.ts';
import { OperatorHarness } from '../support/operator-harness.ts';

const MINUTE_MS = 60_000;
const NODE = '/api/v1/nodes/patient';

const harness = await OperatorHarness.start({ instances: 2 });
const { admin, cloud } = harness;

test('NODE-24: a node that joined during a long outage of the cloud is initialised within a period after it', async () => {
  const instance = cloud.nodes[1];
  assert.ok(instance !== undefined);
  await admin.delete(`/api/v1/nodes/${instance.hostName}`);
  cloud.addFault({ action: 'DescribeInstances', kind: 'error', times: 0 });
  const operator = await harness.startOperator({ flags: ['--controllers=cloud-node-controller'] });
  await harness.waitUntilWatching(operator, 1);
  await admin.create('/api/v1/nodes', {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'patient' },
    spec: { providerID: instance.providerId, taints: [CLOUD_TAINT] },
  });
  await harness.passTime(60 * MINUTE_MS);
  assert.ok(isTainted((await admin.find(NODE)) as SeenNode));
  cloud.removeFaults();
  await harness.passTime(6 * MINUTE_MS);
  assert.ok(!isTainted((await admin.find(NODE)) as SeenNode));
});

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { NodeScene } from '../support/node-scene.ts';
import {
  eventually,
  pause,
  startOperatorWorld,
  type KubeObject,
} from '../support/operator-world.ts';
import { conditionOf, ServiceScene } from '../support/service-scene.ts';

const TABLE_ID = 'vtb-bp1emulator0000000000';
const FLAGS = ['--controllers=*', '--cluster-cidr=172.20.0.0/16', '--node-monitor-period=1s'];
const WATCHED_MS = 4_000;

const world = await startOperatorWorld({ instances: 2 });
const { cloud, cluster } = world;
const nodes = new NodeScene(world);
after(() => {
  nodes.client.close();
});

/** What the status of an object of ours says would be done. */
function planOf(object: KubeObject | undefined): readonly string[] {
  const { plan = [] } = (object?.status ?? {}) as {
    readonly plan?: readonly { readonly action: string }[];
  };
  return plan.map(({ action }) => action);
}

async function setHolder(holderIdentity: string): Promise<void> {
  const now = new Date().toISOString().replace('Z', '000Z');
  const leaseDurationSeconds = holderIdentity === '' ? 1 : 600;
  await cluster.kubectl.apply({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'ccm', namespace: 'kube-system' },
    spec: { holderIdentity, leaseDurationSeconds, acquireTime: now, renewTime: now },
  });
}

function holder(): Promise<string> {
  const lease = ['lease', 'ccm', '-n', 'kube-system'];
  return cluster.kubectl.run('get', ...lease, '-o', 'jsonpath={.spec.holderIdentity}');
}

function mutatingCalls(): readonly string[] {
  return cloud
    .calls()
    .filter(({ mutating }) => mutating)
    .map(({ action }) => action);
}

test('MIG-08 MIG-09: a dry run beside the Go CCM shows what is to come; after it nothing is done either before the Go CCM has let go', async () => {
  for (const [index, { hostName, instanceId }] of cloud.nodes.entries()) {
    const podCIDR = `172.20.${index}.0/24`;
    await nodes.patch(hostName, { spec: { podCIDR, podCIDRs: [podCIDR] } });
    const route = { routeTableId: TABLE_ID, destinationCidrBlock: podCIDR };
    cloud.admin.seed({ routeEntries: [{ ...route, nextHopId: instanceId }] });
  }
  await setHolder('the-go-ccm');
  const scene = await ServiceScene.open(world);
  await scene.createService('web');
  const found = await nodes.client.list('/api/v1/nodes');

  const looking = await world.startOperator(...FLAGS, '--dry-run');
  await eventually(async () => {
    const table = await world.find('alibabaroutetable', '', TABLE_ID);
    assert.deepEqual(planOf(table), ['Adopt', 'Adopt']);
    assert.ok(planOf(await scene.find('alilb', 'web')).length > 0);
  });
  assert.equal(await holder(), 'the-go-ccm');
  await looking.stop();
  assert.deepEqual(mutatingCalls(), []);
  assert.deepEqual(await nodes.client.list('/api/v1/nodes'), found);
  assert.equal((await scene.get('service', 'web')).metadata.finalizers, undefined);

  await world.startOperator(...FLAGS);
  await pause(WATCHED_MS);
  assert.deepEqual(mutatingCalls(), [], 'The Go CCM is still at work');

  await setHolder('');
  const service = await scene.waitUntilReady('web');
  assert.equal(scene.cloudOf(service).length, 1);
  await eventually(async () => {
    const table = await world.find('alibabaroutetable', '', TABLE_ID);
    assert.ok(table);
    const ready = conditionOf(table, 'Ready');
    assert.equal(ready?.status, 'True', ready?.message);
  });
  assert.ok(!mutatingCalls().some((action) => action.includes('RouteEntr')), 'They were adopted');
});

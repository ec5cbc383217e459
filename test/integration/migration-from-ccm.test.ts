import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { NodeScene, type SeenNode } from '../support/node-scene.ts';
import { conditionOf } from '../support/service-scene.ts';
import { eventually, pause, startOperatorWorld } from '../support/operator-world.ts';

const TABLE_ID = 'vtb-bp1emulator0000000000';
const FLAGS = [
  '--controllers=*',
  '--cluster-cidr=172.20.0.0/16',
  '--node-monitor-period=1s',
  // Twice within the time that the tests watch for writes.
  '--node-status-update-frequency=2s',
];
const WATCHED_MS = 6_000;

const world = await startOperatorWorld({ instances: 4 });
const { cloud, cluster } = world;
const { kubectl } = cluster;
const nodes = new NodeScene(world);
after(() => {
  nodes.client.close();
});

/** What the Go CCM leaves of a node: its labels and addresses, a route, and the word on its network. */
async function leaveAsTheGoCcmDoes(index: number): Promise<void> {
  const node = cloud.nodes[index];
  assert.ok(node);
  const podCidr = `172.20.${index}.0/24`;
  await nodes.patch(node.hostName, {
    metadata: {
      labels: {
        'beta.kubernetes.io/instance-type': 'ecs.g7.xlarge',
        'node.kubernetes.io/instance-type': 'ecs.g7.xlarge',
        'failure-domain.beta.kubernetes.io/zone': node.zone,
        'topology.kubernetes.io/zone': node.zone,
        'failure-domain.beta.kubernetes.io/region': node.region,
        'topology.kubernetes.io/region': node.region,
        'node.alibabacloud.com/instance-charge-type': 'PostPaid',
        'node.alibabacloud.com/spot-strategy': 'NoSpot',
      },
    },
    spec: { podCIDR: podCidr, podCIDRs: [podCidr] },
  });
  const now = new Date().toISOString().replace(/\.\d+/, '');
  const times = { lastHeartbeatTime: now, lastTransitionTime: now };
  await nodes.patchStatus(node.hostName, {
    addresses: [
      { type: 'InternalIP', address: node.privateIp },
      { type: 'Hostname', address: node.hostName },
    ],
    conditions: [
      { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'ready', ...times },
      {
        type: 'NetworkUnavailable',
        status: 'False',
        reason: 'RouteCreated',
        message: 'RouteController created a route',
        ...times,
      },
    ],
  });
  cloud.admin.seed({
    routeEntries: [
      {
        routeTableId: TABLE_ID,
        destinationCidrBlock: podCidr,
        nextHopType: 'Instance',
        nextHopId: node.instanceId,
      },
    ],
  });
  for (const networkInterface of interfacesOf(node.instanceId)) {
    cloud.patchObject(networkInterface, { sourceDestCheck: false });
  }
}

function interfacesOf(instanceId: string): readonly string[] {
  const { networkInterfaces } = cloud.state() as unknown as {
    readonly networkInterfaces: readonly {
      readonly networkInterfaceId: string;
      readonly instanceId?: string;
    }[];
  };
  return networkInterfaces
    .filter((each) => each.instanceId === instanceId)
    .map(({ networkInterfaceId }) => networkInterfaceId);
}

function seenNodes(): Promise<readonly SeenNode[]> {
  return nodes.client.list('/api/v1/nodes') as Promise<readonly SeenNode[]>;
}

async function setHolder(holderIdentity: string): Promise<void> {
  const now = new Date().toISOString().replace('Z', '000Z');
  await kubectl.apply({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'ccm', namespace: 'kube-system' },
    spec: {
      holderIdentity,
      leaseDurationSeconds: holderIdentity === '' ? 1 : 600,
      acquireTime: now,
      renewTime: now,
    },
  });
}

function mutatingCalls(): readonly string[] {
  return cloud
    .calls()
    .filter(({ mutating }) => mutating)
    .map(({ action }) => action);
}

before(async () => {
  for (const index of cloud.nodes.keys()) await leaveAsTheGoCcmDoes(index);
});

test('MIG-09: nodes and routes of the Go CCM are taken over once it lets go, without a write to the cloud or to a node', async () => {
  const found = await seenNodes();
  const entries = (): unknown => cloud.state().routeEntries;
  const entriesBefore = structuredClone(entries());

  await setHolder('the-go-ccm');
  const operator = await world.startOperator(...FLAGS);
  await pause(WATCHED_MS);
  assert.deepEqual(await world.operatorWrites(), [], 'Beside the Go CCM nothing is written');
  assert.deepEqual(mutatingCalls(), []);

  await setHolder('');
  await eventually(async () => {
    const table = await world.find('alibabaroutetable', '', TABLE_ID);
    assert.ok(table);
    const ready = conditionOf(table, 'Ready');
    assert.equal(ready?.status, 'True', ready?.message);
    const { owned } = table.status as { readonly owned?: readonly { readonly origin: string }[] };
    assert.deepEqual(
      owned?.map(({ origin }) => origin),
      cloud.nodes.map(() => 'Adopted'),
    );
  });
  await pause(WATCHED_MS);
  assert.deepEqual(mutatingCalls(), []);
  assert.deepEqual(entries(), entriesBefore);
  assert.deepEqual(await seenNodes(), found, 'Not even a heartbeat of a condition was written');

  await operator.stop();
  const settled = (await world.operatorWrites()).length;
  await world.startOperator(...FLAGS);
  await pause(WATCHED_MS);
  assert.equal((await world.operatorWrites()).length, settled, 'A restart writes nothing');
  assert.deepEqual(mutatingCalls(), []);
});

test('MIG-09: what was taken over is ours from then on: the route of a node that goes, goes', async () => {
  const [gone] = cloud.nodes;
  assert.ok(gone);
  await nodes.remove(gone.hostName);
  await eventually(() => {
    assert.deepEqual(mutatingCalls(), ['DeleteRouteEntries']);
    const left = JSON.stringify(cloud.state().routeEntries);
    assert.ok(!left.includes('172.20.0.0/24'), left);
    assert.ok(left.includes('172.20.1.0/24'), left);
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { APPROVE_REMOVAL_ANNOTATION } from '../../src/reconcilers/names.ts';
import { ClusterClient } from '../support/cluster-client.ts';
import type { InterposedApiServer } from '../support/interposed-api-server.ts';
import { interposeApiServer } from '../support/interposed-kubeconfig.ts';
import {
  eventually,
  pause,
  startOperatorWorld,
  type KubeObject,
} from '../support/operator-world.ts';
import { conditionOf, ServiceScene } from '../support/service-scene.ts';

const COUNT = 8;
const NODES = '/api/v1/nodes';
const QUIET_MS = 1_500;
const EXPIRED = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' };

const world = await startOperatorWorld({ instances: COUNT });
const { cloud, cluster } = world;
const admin = new ClusterClient(cluster.controlPlane);
const { server, kubeconfig } = await interposeApiServer(cluster.kubeconfig);
await world.startOperatorAs(kubeconfig, '--controllers=service-lb-controller');
const everyId = cloud.instanceIds.toSorted();

interface SeenGroup {
  readonly loadBalancerId: string;
  readonly backendServers: readonly { readonly serverId: string }[];
}

function backendsOf(scene: ServiceScene, service: KubeObject): readonly string[] {
  const [loadBalancer] = scene.cloudOf(service);
  const groups = cloud.state().vServerGroups as unknown as readonly SeenGroup[];
  const group = groups.find(
    ({ loadBalancerId }) => loadBalancerId === loadBalancer?.loadBalancerId,
  );
  return (group?.backendServers ?? []).map(({ serverId }) => serverId).sort();
}

/** Makes lists of nodes show only the first of them, and has one read at once. */
async function shortenNodeLists(shown: number): Promise<void> {
  const list = await admin.find(NODES);
  const { items, metadata } = list as {
    readonly items: readonly unknown[];
    readonly metadata: object;
  };
  const body = { kind: 'NodeList', apiVersion: 'v1', metadata, items: items.slice(0, shown) };
  let isRead = false;
  server.intervene = ({ path, method, isWatch }) => {
    if (path !== NODES || method !== 'GET' || isWatch) return undefined;
    isRead = true;
    return { kind: 'answer', status: 200, body };
  };
  server.endWatches({ type: 'ERROR', object: EXPIRED });
  await eventually(() => {
    assert.ok(isRead, 'The nodes were not listed again');
  });
}

/** Makes lists of nodes whole again, and has one read at once. */
async function restoreNodeLists(): Promise<void> {
  server.intervene = () => undefined;
  const before = listsOfNodes(server);
  server.endWatches({ type: 'ERROR', object: EXPIRED });
  await eventually(() => {
    assert.ok(listsOfNodes(server) > before, 'The nodes were not listed again');
  });
}

function listsOfNodes({ requests }: InterposedApiServer): number {
  return requests.filter(({ path, isWatch }) => path === NODES && !isWatch).length;
}

async function openServed(): Promise<{
  readonly scene: ServiceScene;
  readonly service: KubeObject;
}> {
  const scene = await ServiceScene.open(world);
  await scene.createService('web');
  const service = await scene.waitUntilReady('web');
  assert.deepEqual(backendsOf(scene, service), everyId);
  return { scene, service };
}

test('LIFE-07: backends stay whose nodes are missing from a list, until it shows them again', async (context) => {
  const { scene, service } = await openServed();
  context.after(() => scene.kubectl('delete', 'service', 'web', '--wait=false'));
  await shortenNodeLists(2);
  const condition = await scene.waitForReason('alilb', 'web', 'BackendsSynced', 'RemovalHeld');
  assert.equal(condition.status, 'False');
  assert.match(condition.message, /approve-removal=/);
  assert.deepEqual(backendsOf(scene, service), everyId);
  const resource = await scene.get('alilb', 'web');
  assert.equal(conditionOf(resource, 'Programmed')?.status, 'True', 'Nothing is under way');
  await eventually(async () => {
    assert.ok((await scene.saidOf('AlibabaLoadBalancer', 'web')).includes('Warning RemovalHeld'));
  });

  await restoreNodeLists();
  await scene.waitForReason('alilb', 'web', 'BackendsSynced', 'Synced');
  assert.deepEqual(backendsOf(scene, service), everyId);
});

test('LIFE-07: an approval on the load balancer lets its backends go, and is used up by that', async (context) => {
  const { scene, service } = await openServed();
  context.after(async () => {
    await scene.kubectl('delete', 'service', 'web', '--wait=false');
    await restoreNodeLists();
  });
  await shortenNodeLists(2);
  await scene.waitForReason('alilb', 'web', 'BackendsSynced', 'RemovalHeld');
  const { metadata } = await scene.get('alilb', 'web');
  await scene.patch('alilb', 'web', {
    metadata: { annotations: { [APPROVE_REMOVAL_ANNOTATION]: metadata.uid } },
  });
  await scene.waitForReason('alilb', 'web', 'BackendsSynced', 'Synced');
  assert.equal(backendsOf(scene, service).length, 2);
  const after = await scene.get('alilb', 'web');
  assert.equal(after.metadata.annotations?.[APPROVE_REMOVAL_ANNOTATION], undefined);
});

test('LIFE-07: backends of nodes that somebody deletes are not held, however many', async (context) => {
  const { scene, service } = await openServed();
  context.after(() => scene.kubectl('delete', 'service', 'web', '--wait=false'));
  const names = cloud.nodes.slice(2).map(({ hostName }) => hostName);
  await cluster.kubectl.run('delete', 'nodes', ...names);
  await eventually(() => {
    assert.equal(backendsOf(scene, service).length, 2);
  });
  await pause(QUIET_MS);
  const resource = await scene.get('alilb', 'web');
  assert.equal(conditionOf(resource, 'BackendsSynced')?.reason, 'Synced');
});

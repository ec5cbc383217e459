import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { objectOf } from '../../src/operator/kube/api-object.ts';
import { KubeClient } from '../../src/operator/kube/kube-client.ts';
import { KubeNodeLifecycleWriter } from '../../src/operator/kube/node-lifecycle-writer.ts';
import { projectNode } from '../../src/operator/kube/node-projection.ts';
import { ObjectCache } from '../../src/operator/kube/object-cache.ts';
import { SystemClock, SystemRandomness } from '../../src/operator/system-clock.ts';
import type { Node } from '../../src/reconcilers/kubernetes-objects.ts';
import { isFailure } from '../../src/cloud/failure.ts';
import { ClusterClient } from '../support/cluster-client.ts';
import { sharedControlPlane } from '../support/control-plane.ts';
import { InterposedApiServer } from '../support/interposed-api-server.ts';
import { nodePath, SHUTDOWN_TAINT, type NodeView } from '../support/node-lifecycle-scene.ts';

const OTHER_TAINT = { key: 'example.com/maintenance', effect: 'NoExecute' };
const LASTING_TAINT = {
  key: 'node.kubernetes.io/unreachable',
  effect: 'NoExecute',
  timeAdded: '2026-01-01T00:00:00Z',
};

const plane = await sharedControlPlane();
const server = await InterposedApiServer.start(plane.kubeconfig);
const admin = new ClusterClient(plane.controlPlane);
after(async () => {
  admin.close();
  await server.stop();
});
const clock = new SystemClock();
const client = new KubeClient({
  kubeConfig: server.kubeConfig(),
  clock,
  userAgent: 'alibaba-cloud-operator/9.9.9',
  queriesPerSecond: 1_000,
  burst: 1_000,
});
const writer = new KubeNodeLifecycleWriter({
  client,
  cache: new ObjectCache<Node>(() => undefined),
  clock,
  randomness: new SystemRandomness(),
});
const signal = new AbortController().signal;

async function createNode(name: string, taints: readonly object[] = []): Promise<Node> {
  await admin.delete(nodePath(name));
  const object = { apiVersion: 'v1', kind: 'Node', metadata: { name }, spec: { taints } };
  return projectNode(objectOf(await admin.create('/api/v1/nodes', object)));
}

async function getNode(name: string): Promise<NodeView> {
  const node = await admin.find(nodePath(name));
  assert.ok(node !== undefined, `${name} is gone`);
  return node as NodeView;
}

async function taintKeys(name: string): Promise<readonly string[]> {
  return ((await getNode(name)).spec.taints ?? []).map(({ key }) => key).sort();
}

test('LIFE-13: while another controller writes its own taint again and again, both end right', async () => {
  const name = 'life-busy';
  const node = await createNode(name);
  const over = new AbortController();
  const other = (async (): Promise<void> => {
    for (let turn = 0; !over.signal.aborted; turn += 1) {
      const current = await getNode(name);
      const others = (current.spec.taints ?? []).filter(({ key }) => key !== OTHER_TAINT.key);
      const { resourceVersion } = current.metadata;
      const taints = turn % 2 === 0 ? [...others, OTHER_TAINT] : others;
      // It may lose as well; then it comes back.
      await admin
        .patch(nodePath(name), { metadata: { resourceVersion }, spec: { taints } })
        .catch(() => undefined);
      await clock.sleep(60);
    }
  })();
  // A copy that is old already.
  await clock.sleep(150);
  await writer.setShutdownTaint(node, true, signal);
  over.abort();
  await other;
  assert.ok((await taintKeys(name)).includes(SHUTDOWN_TAINT));
  await admin.patch(nodePath(name), {
    spec: { taints: [OTHER_TAINT, { key: SHUTDOWN_TAINT, effect: 'NoSchedule' }] },
  });
  await writer.setShutdownTaint(node, true, signal);
  assert.deepEqual(await taintKeys(name), [OTHER_TAINT.key, SHUTDOWN_TAINT], 'It is there once');
});

test('LIFE-13: other taints stay as they are, with all that they say', async () => {
  const name = 'life-tainted';
  const node = await createNode(name, [OTHER_TAINT, LASTING_TAINT]);
  const before = (await getNode(name)).spec.taints ?? [];
  assert.ok(before.some(({ timeAdded }) => timeAdded !== undefined));
  await writer.setShutdownTaint(node, true, signal);
  const tainted = projectNode(objectOf(await admin.find(nodePath(name))));
  assert.equal(tainted.taints.length, before.length + 1);
  await writer.setShutdownTaint(tainted, false, signal);
  assert.deepEqual((await getNode(name)).spec.taints, before);
});

test('LIFE-13: it is tried five times, each from a fresh copy, and then given up', async () => {
  const name = 'life-contested';
  const node = await createNode(name);
  server.requests.length = 0;
  server.intervene = ({ method }) =>
    method === 'PATCH'
      ? {
          kind: 'answer',
          status: 409,
          body: { kind: 'Status', code: 409, reason: 'Conflict', message: 'someone was faster' },
        }
      : undefined;
  try {
    await assert.rejects(writer.setShutdownTaint(node, true, signal), (error) =>
      isFailure(error, 'conflict'),
    );
  } finally {
    server.intervene = () => undefined;
  }
  assert.deepEqual(
    server.requests.map(({ method }) => method),
    ['PATCH', 'GET', 'PATCH', 'GET', 'PATCH', 'GET', 'PATCH', 'GET', 'PATCH'],
  );
});

test('LIFE-06 LIFE-13: a successor of the same name is neither deleted nor marked', async () => {
  const name = 'life-successor';
  const node = await createNode(name);
  const successor = await createNode(name);
  await writer.delete(node, signal);
  await writer.setShutdownTaint(node, true, signal);
  assert.equal((await getNode(name)).metadata.uid, successor.metadata.uid);
  assert.ok(!(await taintKeys(name)).includes(SHUTDOWN_TAINT));
});

test('LIFE-06: a node that is gone already is deleted', async () => {
  const node = await createNode('life-gone');
  await admin.delete(nodePath('life-gone'));
  await writer.delete(node, signal);
});

test('LIFE-17: a node that is being deleted gets no mark from a stale copy', async () => {
  const name = 'life-leaving';
  const node = await createNode(name);
  await admin.patch(nodePath(name), { metadata: { finalizers: ['example.com/hold'] } });
  await admin.delete(nodePath(name));
  await writer.setShutdownTaint(node, true, signal);
  assert.ok(!(await taintKeys(name)).includes(SHUTDOWN_TAINT));
  await admin.patch(nodePath(name), { metadata: { finalizers: null } });
});

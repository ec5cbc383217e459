import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CallRecord } from '../../emulator/model/call-log.ts';
import type { CloudNode } from '../support/local-cloud.ts';
import {
  eventually,
  pause,
  startOperatorWorld,
  type KubeObject,
} from '../support/operator-world.ts';
import { ServiceScene } from '../support/service-scene.ts';

const WORKERS = 2;
/** Longer than changes of nodes or endpoints are gathered, with time for a pass after it. */
const QUIET_MS = 1_000;
const EXCLUDE = 'node.kubernetes.io/exclude-from-external-load-balancers';

const world = await startOperatorWorld({ instances: 3 });
await world.startOperator(`--concurrent-service-syncs=${WORKERS}`);
const { cloud, cluster } = world;
const { kubectl } = cluster;
const everyId = cloud.instanceIds.toSorted();
const nodeNames = cloud.nodes.map(({ hostName }) => hostName);

interface SeenGroup {
  readonly vServerGroupId: string;
  readonly loadBalancerId: string;
  readonly backendServers: readonly { readonly serverId: string }[];
}

function groupsOf(scene: ServiceScene, service: KubeObject): readonly SeenGroup[] {
  const [loadBalancer] = scene.cloudOf(service);
  const all = cloud.state().vServerGroups as unknown as readonly SeenGroup[];
  return all.filter(({ loadBalancerId }) => loadBalancerId === loadBalancer?.loadBalancerId);
}

/** Tells the instances behind a Service's one port, sorted. */
function backendsOf(scene: ServiceScene, service: KubeObject): readonly string[] {
  return (groupsOf(scene, service)[0]?.backendServers ?? []).map(({ serverId }) => serverId).sort();
}

async function waitForBackends(
  scene: ServiceScene,
  service: KubeObject,
  want: readonly string[],
): Promise<void> {
  await eventually(() => {
    assert.deepEqual(backendsOf(scene, service), want);
  });
}

function lastCall(): number {
  return cloud.calls().at(-1)?.seq ?? 0;
}

function actionsSince(seq: number): readonly string[] {
  return cloud.calls(seq).map(({ action }) => action);
}

/** Tells which instances a call adds or removes. */
function serversOf({ parameters }: CallRecord): readonly string[] {
  const listed = JSON.parse(parameters.BackendServers ?? '[]') as readonly { ServerId: string }[];
  return listed.map(({ ServerId }) => ServerId).sort();
}

function idOf(index: number): string {
  return cloud.instanceIds[index] ?? '';
}

async function addNodes(
  nodes: readonly Pick<CloudNode, 'hostName' | 'providerId'>[],
): Promise<void> {
  const items = nodes.map(({ hostName, providerId }) => ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: hostName },
    spec: { providerID: providerId },
  }));
  await kubectl.runWithInput({ apiVersion: 'v1', kind: 'List', items }, 'create', '-f', '-');
}

async function removeNodes(nodes: readonly Pick<CloudNode, 'hostName'>[]): Promise<void> {
  await kubectl.run('delete', 'node', ...nodes.map(({ hostName }) => hostName));
}

function idsOf(nodes: readonly CloudNode[]): readonly string[] {
  return nodes.map(({ instanceId }) => instanceId);
}

/** Lists the calls that add backends to a Service's group, or remove some. */
function backendCalls(
  scene: ServiceScene,
  service: KubeObject,
  since: number,
): readonly CallRecord[] {
  const ids = groupsOf(scene, service).map(({ vServerGroupId }) => vServerGroupId);
  return cloud
    .calls(since)
    .filter(
      ({ mutating, parameters }) => mutating && ids.includes(parameters.VServerGroupId ?? ''),
    );
}

async function slice(
  scene: ServiceScene,
  name: string,
  endpoints: readonly Readonly<Record<string, unknown>>[],
): Promise<void> {
  await kubectl.apply({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name,
      namespace: scene.namespace,
      labels: { 'kubernetes.io/service-name': 'web' },
    },
    addressType: 'IPv4',
    endpoints,
    ports: [{ name: '', port: 8080, protocol: 'TCP' }],
  });
}

function onNode(
  index: number,
  conditions?: Readonly<Record<string, boolean>>,
): Record<string, unknown> {
  return {
    addresses: [`10.9.0.${index + 1}`],
    nodeName: nodeNames[index],
    ...(conditions === undefined ? {} : { conditions }),
  };
}

/** Opens a scene with a ready Service of the policy Local whose one endpoint is on the first node. */
async function openLocal(spec: Readonly<Record<string, unknown>> = {}): Promise<{
  readonly scene: ServiceScene;
  readonly service: KubeObject;
}> {
  const scene = await ServiceScene.open(world);
  await slice(scene, 'web-1', [onNode(0, { ready: true })]);
  await scene.createService('web', { externalTrafficPolicy: 'Local', ...spec });
  const service = await scene.waitUntilReady('web');
  await waitForBackends(scene, service, [idOf(0)]);
  return { scene, service };
}

/** Removes what a scene made, so that the next one's nodes and calls are its own. */
async function close(scene: ServiceScene): Promise<void> {
  await scene.kubectl('delete', 'services', '--all', '--timeout=30s');
}

test('SVC-40 SVC-41 SVC-42: what else happens to a node, cordons and readiness too, causes no call', async () => {
  const scene = await ServiceScene.open(world);
  await scene.createService('web');
  const service = await scene.waitUntilReady('web');
  const since = lastCall();
  const [name = ''] = nodeNames;
  const conditions = [
    {
      type: 'Ready',
      status: 'False',
      reason: 'KubeletNotReady',
      message: '',
      lastHeartbeatTime: '2026-01-01T00:00:00Z',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    },
  ];
  const status = { conditions, images: [{ names: ['example.com/web:1'], sizeBytes: 1 }] };
  const patch = JSON.stringify({ status });
  await kubectl.run('patch', 'node', name, '--subresource=status', '--type=merge', '-p', patch);
  await kubectl.run('annotate', 'node', name, 'example.com/seen=yes');
  await kubectl.run('label', 'node', name, 'example.com/pool=a', `${EXCLUDE}=false`);
  // The API server itself puts the taint on a new node.
  await kubectl.run('taint', 'node', name, 'node.kubernetes.io/not-ready-');
  await kubectl.run('cordon', name);
  await pause(QUIET_MS);
  assert.deepEqual(actionsSince(since), []);
  assert.deepEqual(backendsOf(scene, service), everyId);

  // The label does matter, and a set that is made anew still has what is not ready or cordoned.
  await kubectl.run('label', 'node', nodeNames[1] ?? '', `${EXCLUDE}=`);
  await waitForBackends(scene, service, [idOf(0), idOf(2)].sort());
  await kubectl.run('label', 'node', nodeNames[1] ?? '', `${EXCLUDE}-`);
  await waitForBackends(scene, service, everyId);

  await kubectl.run('uncordon', name);
  await kubectl.run('label', 'node', name, `${EXCLUDE}-`);
  await close(scene);
});

test('SVC-39: nodes that are about to go start no new set, and are left out of the next', async () => {
  const scene = await ServiceScene.open(world);
  await scene.createService('web');
  const service = await scene.waitUntilReady('web');
  const since = lastCall();
  const [tainted = '', deleted = ''] = nodeNames;
  const hold = (finalizers: readonly string[]): string =>
    JSON.stringify({ metadata: { finalizers } });
  await kubectl.run('taint', 'node', tainted, 'ToBeDeletedByClusterAutoscaler=1:NoSchedule');
  await kubectl.run('patch', 'node', deleted, '--type=merge', '-p', hold(['example.com/hold']));
  await kubectl.run('delete', 'node', deleted, '--wait=false');
  await pause(QUIET_MS);
  assert.deepEqual(actionsSince(since), []);

  const added = cloud.addInstances(1);
  await addNodes(added);
  await waitForBackends(scene, service, [idOf(2), ...idsOf(added)].sort());

  await kubectl.run('taint', 'node', tainted, 'ToBeDeletedByClusterAutoscaler-');
  await kubectl.run('patch', 'node', deleted, '--type=merge', '-p', hold([]));
  await addNodes(cloud.nodes.slice(1, 2));
  await removeNodes(added);
  await waitForBackends(scene, service, everyId);
  await close(scene);
});

test('SVC-43 SVC-44 KAS-13: nodes that leave the set as it is cause no call', async () => {
  const scene = await ServiceScene.open(world);
  await scene.createService('web');
  const service = await scene.waitUntilReady('web');
  const since = lastCall();
  const added = [
    { hostName: 'elsewhere', providerId: 'aws:///eu-west-1a/i-0123456789abcdef0' },
    { hostName: 'nowhere', providerId: '' },
    { hostName: 'twin', providerId: cloud.nodes[0]?.providerId ?? '' },
  ];
  await addNodes(added);
  await pause(QUIET_MS);
  await removeNodes(added);
  await pause(QUIET_MS);
  assert.deepEqual(actionsSince(since), []);
  assert.deepEqual(backendsOf(scene, service), everyId);

  // A provider id can be set once; the server lets nobody change it.
  const [late] = cloud.addInstances(1);
  assert.ok(late);
  await addNodes([{ hostName: 'late', providerId: '' }]);
  const named = (providerID: string): string => JSON.stringify({ spec: { providerID } });
  await kubectl.run('patch', 'node', 'late', '--type=merge', '-p', named(late.providerId));
  await waitForBackends(scene, service, [...everyId, late.instanceId].sort());
  await assert.rejects(
    kubectl.run('patch', 'node', 'late', '--type=merge', '-p', named('cn-hangzhou.i-other')),
    /providerID: Forbidden/,
  );
  await removeNodes([{ hostName: 'late' }]);
  await waitForBackends(scene, service, everyId);
  await close(scene);
});

test('SVC-47: nodes that join and leave in a burst cost each load balancer a few calls', async () => {
  const scene = await ServiceScene.open(world);
  for (const name of ['a', 'b']) await scene.createService(name);
  const services = [await scene.waitUntilReady('a'), await scene.waitUntilReady('b')];
  const since = lastCall();
  const added = cloud.addInstances(6);
  await addNodes(added);
  for (const service of services) {
    await waitForBackends(scene, service, [...everyId, ...idsOf(added)].sort());
    const calls = backendCalls(scene, service, since);
    assert.deepEqual(calls.flatMap(serversOf).sort(), idsOf(added).toSorted());
    assert.ok(calls.length <= 2, `${calls.length} calls for ${added.length} nodes`);
  }
  await removeNodes(added);
  for (const service of services) await waitForBackends(scene, service, everyId);
  await close(scene);
});

test('SVC-45 SVC-46 SVC-88: a change of nodes reaches as many load balancers at a time as there are workers, each once', async () => {
  const scene = await ServiceScene.open(world);
  const names = ['a', 'b', 'c'];
  for (const name of names) await scene.createService(name);
  const services: KubeObject[] = [];
  for (const name of names) services.push(await scene.waitUntilReady(name));
  const since = lastCall();
  const action = 'AddVServerGroupBackendServers';
  const hold = cloud.addFault({ action, kind: 'hold', times: 0 });
  const added = cloud.addInstances(2);
  await addNodes(added.slice(0, 1));
  await eventually(async () => {
    assert.equal((await cloud.held(0)).length, WORKERS);
  });
  await addNodes(added.slice(1));
  await pause(QUIET_MS);
  const held = await cloud.held(0);
  const groups = held.map(({ parameters }) => parameters.VServerGroupId);
  assert.equal(new Set(groups).size, WORKERS, `One call each: ${groups.join(', ')}`);
  assert.equal(held.length, WORKERS);

  cloud.removeFaults(hold.id);
  for (const { id } of held) cloud.release(id);
  for (const service of services) {
    await waitForBackends(scene, service, [...everyId, ...idsOf(added)].sort());
    const calls = backendCalls(scene, service, since);
    assert.deepEqual(calls.flatMap(serversOf).sort(), idsOf(added).toSorted());
    for (const [index, call] of calls.entries()) {
      const previous = calls[index - 1]?.finishedAt ?? call.startedAt;
      assert.ok(previous <= call.startedAt, `${call.startedAt} is before ${previous}`);
    }
  }
  await removeNodes(added);
  for (const service of services) await waitForBackends(scene, service, everyId);
  await close(scene);
});

test('SVC-45: an update of backends that fails is tried again by itself, and for that load balancer only', async () => {
  const scene = await ServiceScene.open(world);
  for (const name of ['bad', 'good']) await scene.createService(name);
  const bad = await scene.waitUntilReady('bad');
  const good = await scene.waitUntilReady('good');
  const since = lastCall();
  cloud.addFault({
    action: 'AddVServerGroupBackendServers',
    match: { VServerGroupId: groupsOf(scene, bad)[0]?.vServerGroupId ?? '' },
    kind: 'error',
    code: 'BackendServer.configuring',
    httpStatus: 400,
    times: 2,
  });
  const added = cloud.addInstances(1);
  await addNodes(added);
  const want = [...everyId, ...idsOf(added)].sort();
  for (const service of [good, bad]) await waitForBackends(scene, service, want);
  const codesOf = (service: KubeObject): readonly (string | null)[] =>
    backendCalls(scene, service, since).map(({ code }) => code);
  assert.deepEqual(codesOf(good), [null]);
  assert.deepEqual(codesOf(bad), ['BackendServer.configuring', 'BackendServer.configuring', null]);
  await removeNodes(added);
  for (const service of [bad, good]) await waitForBackends(scene, service, everyId);
  await close(scene);
});

test('SVC-68: an application protocol is a hint that fails nothing and changes nothing', async () => {
  const scene = await ServiceScene.open(world);
  const portWith = (appProtocol: string): object => ({
    spec: { ports: [{ port: 80, appProtocol }] },
  });
  await scene.createService('web', { ports: [{ port: 80, appProtocol: 'kubernetes.io/h2c' }] });
  const service = await scene.waitUntilReady('web');
  const since = lastCall();
  for (const hint of ['https', 'example.com/whatever']) {
    await scene.patch('service', 'web', portWith(hint));
  }
  await pause(QUIET_MS);
  await scene.waitUntilReady('web');
  assert.deepEqual(actionsSince(since), []);
  assert.deepEqual(
    scene.cloudOf(service)[0]?.listeners.map(({ listenerProtocol }) => listenerProtocol),
    ['tcp'],
  );
  const warnings = (await scene.saidOf('Service', 'web')).filter(
    (said) => !said.startsWith('Normal'),
  );
  assert.deepEqual(warnings, []);
});

test('SVC-74: a headless Service is refused by the server, and one with a chosen cluster IP is served', async () => {
  const scene = await ServiceScene.open(world);
  await assert.rejects(
    scene.createService('web', { clusterIP: 'None' }),
    /may not be set to 'None'/,
  );
  await scene.createService('plain', { type: 'ClusterIP', clusterIP: 'None' });
  const balanced = { spec: { type: 'LoadBalancer' } };
  await assert.rejects(scene.patch('service', 'plain', balanced), /may not be set to 'None'/);
  const { clusterIP } = (await kubectl.get<KubeObject>('service', 'kubernetes')).spec;
  const chosen = String(clusterIP).replace(/\d+$/, '77');
  await scene.createService('chosen', { clusterIP: chosen });
  const service = await scene.waitUntilReady('chosen');
  assert.equal(service.spec.clusterIP, chosen);
  assert.deepEqual(backendsOf(scene, service), everyId);
});

test('EPS-01: an Endpoints object counts for nothing and is not even read', async () => {
  const { scene, service } = await openLocal();
  const since = lastCall();
  await kubectl.apply({
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { name: 'web', namespace: scene.namespace },
    subsets: [{ addresses: [{ ip: '10.9.0.2', nodeName: nodeNames[1] }], ports: [{ port: 8080 }] }],
  });
  await pause(QUIET_MS);
  assert.deepEqual(actionsSince(since), []);
  assert.deepEqual(backendsOf(scene, service), [idOf(0)]);
  const asked = (await cluster.auditEvents())
    .filter(({ userAgent = '' }) => userAgent.startsWith('alibaba-cloud-operator/'))
    .map(({ objectRef }) => objectRef?.resource);
  assert.ok(asked.includes('endpointslices'));
  assert.ok(!asked.includes('endpoints'));
});

test('EPS-04: what a condition of an endpoint does not say is read as the API defines it', async () => {
  const { scene, service } = await openLocal();
  await slice(scene, 'web-1', [
    onNode(0),
    onNode(1, { ready: false }),
    onNode(2, { serving: true }),
  ]);
  await waitForBackends(scene, service, [idOf(0), idOf(2)].sort());
  // Nothing is ready here, so what serves counts, and what is not ready does not serve.
  await slice(scene, 'web-1', [
    onNode(1, { ready: false }),
    onNode(2, { ready: false, serving: true }),
  ]);
  await waitForBackends(scene, service, [idOf(2)]);
});

test('EPS-08: endpoints without a pod count, and those without a node do no harm', async () => {
  const { scene, service } = await openLocal({ selector: null });
  const pod = { kind: 'Pod', name: 'web-1', namespace: scene.namespace };
  await slice(scene, 'web-1', [
    { addresses: ['192.0.2.1'] },
    { ...onNode(1), targetRef: pod },
    onNode(2),
    { addresses: ['192.0.2.2'], nodeName: 'no-such-node' },
  ]);
  await waitForBackends(scene, service, [idOf(1), idOf(2)].sort());
  await scene.waitUntilReady('web');
});

test('EPS-10: endpoints that come at once are one difference', async () => {
  const { scene, service } = await openLocal();
  const since = lastCall();
  await Promise.all([1, 2].map((index) => slice(scene, `more-${index}`, [onNode(index)])));
  await waitForBackends(scene, service, everyId);
  assert.deepEqual(backendCalls(scene, service, since).map(serversOf), [[idOf(1), idOf(2)].sort()]);
});

test('EPS-12: without any endpoint the address and the registered nodes stay', async () => {
  const { scene, service } = await openLocal();
  const since = lastCall();
  await slice(scene, 'web-1', [onNode(0, { ready: false, serving: false })]);
  await scene.waitForReason('alilb', 'web', 'BackendsSynced', 'NoReadyEndpoint');
  await scene.kubectl('delete', 'endpointslices', '--all');
  await pause(QUIET_MS);
  assert.deepEqual(actionsSince(since), []);
  assert.deepEqual(backendsOf(scene, service), [idOf(0)]);
  const { status } = await scene.get('service', 'web');
  assert.deepEqual(status?.loadBalancer, service.status?.loadBalancer);
});

test('EPS-13: endpoints that are published although not ready count as the slice says', async () => {
  const { scene, service } = await openLocal({ publishNotReadyAddresses: true });
  await slice(scene, 'web-1', [onNode(1, { ready: true, serving: false, terminating: false })]);
  await waitForBackends(scene, service, [idOf(1)]);
});

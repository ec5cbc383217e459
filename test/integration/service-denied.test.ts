import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually, pause, startOperatorWorld } from '../support/operator-world.ts';
import { ServiceScene } from '../support/service-scene.ts';

const READY = 'networking.alibabacloud.com/Ready';

const world = await startOperatorWorld();
const { kubectl } = world.cluster;

/** Everything that the operator needs but to write Services themselves. */
const RULES = [
  {
    apiGroups: [''],
    resources: ['services', 'nodes', 'namespaces'],
    verbs: ['get', 'list', 'watch'],
  },
  { apiGroups: [''], resources: ['services/status'], verbs: ['patch', 'update'] },
  {
    apiGroups: ['discovery.k8s.io'],
    resources: ['endpointslices'],
    verbs: ['get', 'list', 'watch'],
  },
  { apiGroups: ['networking.alibabacloud.com'], resources: ['*'], verbs: ['*'] },
  { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['*'] },
  { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['create', 'patch', 'update'] },
];

test('SVC-13 SVC-12: without the right to set a finalizer nothing is made, and the Service says why', async () => {
  const scene = await ServiceScene.open(world);
  const subject = { kind: 'ServiceAccount', name: 'operator', namespace: scene.namespace };
  await kubectl.run('create', 'serviceaccount', subject.name, '-n', scene.namespace);
  await kubectl.apply({
    apiVersion: 'v1',
    kind: 'List',
    items: [
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'ClusterRole',
        metadata: { name: 'operator' },
        rules: RULES,
      },
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'ClusterRoleBinding',
        metadata: { name: 'operator' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'operator' },
        subjects: [subject],
      },
    ],
  });
  const kubeconfig = await world.cluster.serviceAccountKubeconfig(scene.namespace, subject.name);
  await world.startOperatorAs(kubeconfig);
  await scene.createService('web');
  const condition = await scene.waitForReason('service', 'web', READY, 'Forbidden');
  assert.match(condition.message, /cannot patch resource "services"/);
  await eventually(async () => {
    const said = await scene.saidOf('Service', 'web');
    assert.deepEqual(said, ['Warning SyncLoadBalancerFailed']);
  });
  await pause(1_000);
  assert.equal(await scene.find('alilb', 'web'), undefined);
  const writes = world.cloud.calls().filter(({ mutating }) => mutating);
  assert.deepEqual(writes, []);

  // With the right it goes on by itself, at the latest after a change of the Service.
  const writing = { apiGroups: [''], resources: ['services'], verbs: ['patch', 'update'] };
  const patch = JSON.stringify({ rules: [...RULES, writing] });
  await kubectl.run('patch', 'clusterrole', 'operator', '--type=merge', '-p', patch);
  await scene.kubectl('annotate', 'service', 'web', 'touch=1');
  await scene.waitUntilReady('web');
});

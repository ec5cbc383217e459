import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  eventually,
  pause,
  startOperatorWorld,
  type KubeObject,
} from '../support/operator-world.ts';
import { ServiceScene } from '../support/service-scene.ts';

const READY = 'networking.alibabacloud.com/Ready';

// The plugin checks that whoever blocks the deletion of an owner may do so.
const world = await startOperatorWorld({
  admissionPlugins: ['OwnerReferencesPermissionEnforcement'],
});
const { kubectl } = world.cluster;
await world.startOperator();

/** Creates an AlibabaLoadBalancer as a person would. */
async function createResource(
  scene: ServiceScene,
  name: string,
  spec: object = {},
  metadata: object = {},
): Promise<KubeObject> {
  const manifest = {
    apiVersion: 'networking.alibabacloud.com/v1alpha1',
    kind: 'AlibabaLoadBalancer',
    metadata: { name, namespace: scene.namespace, ...metadata },
    spec: { type: 'CLB', serviceRef: { name }, ...spec },
  };
  await kubectl.runWithInput(manifest, 'create', '-f', '-');
  return scene.get('alilb', name);
}

test('OWN-01 OWN-02 OWN-04: the Service is the one controller, in its namespace, and does not block', async () => {
  const scene = await ServiceScene.open(world);
  await scene.createService('web');
  const service = await scene.waitUntilReady('web');
  const { metadata } = await scene.get('alilb', 'web');
  assert.deepEqual(metadata.ownerReferences, [
    {
      apiVersion: 'v1',
      kind: 'Service',
      name: 'web',
      uid: service.metadata.uid,
      controller: true,
      blockOwnerDeletion: false,
    },
  ]);
});

const taken: { name: string; metadata: object; spec: object; want: RegExp; reason: string }[] = [
  {
    name: 'OtherController',
    metadata: {
      ownerReferences: [
        { apiVersion: 'apps/v1', kind: 'Deployment', name: 'x', uid: 'uid-x', controller: true },
      ],
    },
    spec: {},
    want: /belongs to Deployment "x": rename or delete it, or rename the Service/,
    reason: 'An object has one controller.',
  },
  {
    name: 'OtherService',
    metadata: {},
    spec: { serviceRef: { name: 'other' } },
    want: /belongs to Service "other"/,
    reason: 'It serves another one.',
  },
];

for (const { name, metadata, spec, want, reason } of taken) {
  test(`OWN-03 OWN-12: a name that is taken is told, and the object is untouched: ${name}`, async () => {
    const scene = await ServiceScene.open(world);
    const before = await createResource(scene, 'web', spec, metadata);
    await scene.createService('web');
    const condition = await scene.waitForReason('service', 'web', READY, 'NameTaken');
    assert.match(condition.message, want, reason);
    await pause(500);
    const after = await scene.get('alilb', 'web');
    assert.deepEqual(after.spec, before.spec, reason);
    assert.deepEqual(after.metadata.ownerReferences, before.metadata.ownerReferences);
    const said = await scene.saidOf('Service', 'web');
    assert.equal(said.filter((one) => one === 'Warning NameTaken').length, 1);

    // Out of the way, the Service is served.
    await scene.kubectl('delete', 'alilb', 'web', '--timeout=20s');
    await scene.waitUntilReady('web');
  });
}

test('OWN-03: a Service whose name is taken goes without touching the object', async () => {
  const scene = await ServiceScene.open(world);
  const before = await createResource(scene, 'web', { serviceRef: { name: 'other' } });
  await scene.createService('web');
  await scene.waitForReason('service', 'web', READY, 'NameTaken');
  await scene.kubectl('delete', 'service', 'web', '--timeout=20s');
  const after = await scene.get('alilb', 'web');
  assert.equal(after.metadata.uid, before.metadata.uid);
});

test('OWN-12: overrides committed before their Service are joined, and go with it', async () => {
  const scene = await ServiceScene.open(world);
  const before = await createResource(scene, 'web', {
    name: 'from-person',
    listeners: [{ transport: 'TCP', port: 80, clb: { scheduler: 'wlc' } }],
  });
  await scene.createService('web');
  const service = await scene.waitUntilReady('web');
  const after = await scene.get('alilb', 'web');
  assert.equal(after.metadata.uid, before.metadata.uid);
  assert.equal(after.metadata.ownerReferences?.length, 1);
  const [loadBalancer] = scene.cloudOf(service);
  assert.equal(loadBalancer?.loadBalancerName, 'from-person');
  assert.equal(loadBalancer.listeners[0]?.scheduler, 'wlc');

  await scene.kubectl('delete', 'service', 'web', '--timeout=20s');
  await scene.waitUntilGone('alilb', 'web');
  assert.deepEqual(scene.cloudOf(service), []);
});

test('OWN-12: a second object for a Service that has its own is refused', async () => {
  const scene = await ServiceScene.open(world);
  await scene.createService('web');
  const service = await scene.waitUntilReady('web');
  await createResource(scene, 'second', {
    serviceRef: { name: 'web' },
    listeners: [{ transport: 'TCP', port: 8_080, backend: { servicePort: 80 } }],
  });
  const condition = await scene.waitForReason('alilb', 'second', 'Accepted', 'Conflict');
  assert.match(condition.message, /edit that one and delete this one/);
  await pause(1_000);
  assert.equal(scene.cloudOf(service).length, 1);
});

test('OWN-12: an object for a Service that we do not generate for works by itself', async () => {
  const scene = await ServiceScene.open(world);
  await scene.createService('api', { type: 'NodePort', ports: [{ port: 8_080 }] });
  await createResource(scene, 'api', {
    listeners: [{ transport: 'TCP', port: 80, backend: { servicePort: 8_080 } }],
  });
  await scene.waitForReason('alilb', 'api', 'Ready', 'Ready');
  const service = await scene.get('service', 'api');
  assert.deepEqual(service.metadata.finalizers ?? [], []);
  assert.equal(scene.cloudOf(service).length, 1);
  await scene.kubectl('delete', 'alilb', 'api', '--timeout=20s');
  assert.deepEqual(scene.cloudOf(service), []);
});

test('OWN-07 SVC-09: an object of an earlier Service of the name goes first, an owner put by hand too', async () => {
  const scene = await ServiceScene.open(world);
  await scene.createService('web', { type: 'ClusterIP' });
  const before = await createResource(
    scene,
    'web',
    {},
    {
      ownerReferences: [
        { apiVersion: 'v1', kind: 'Service', name: 'web', uid: 'uid-before', controller: true },
      ],
    },
  );
  await scene.patch('service', 'web', { spec: { type: 'LoadBalancer' } });
  await scene.waitUntilReady('web');
  const after = await scene.get('alilb', 'web');
  assert.notEqual(after.metadata.uid, before.metadata.uid);
});

test('SVC-09: an object whose status tells of another Service goes first, whatever it says it has', async () => {
  const scene = await ServiceScene.open(world);
  await createResource(scene, 'web', {});
  const status = { service: { uid: 'uid-before' }, loadBalancerId: 'lb-of-somebody' };
  await scene.patch('alilb', 'web', { status }, '--subresource=status');
  await scene.createService('web');
  const service = await scene.waitUntilReady('web');
  await eventually(async () => {
    const resource = await scene.get('alilb', 'web');
    assert.deepEqual(resource.status?.service, { uid: service.metadata.uid });
    assert.notEqual(resource.status.loadBalancerId, 'lb-of-somebody');
  });
});

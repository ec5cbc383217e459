import assert from 'node:assert/strict';
import { test } from 'node:test';
import { interposeApiServer } from '../support/interposed-kubeconfig.ts';
import { isTainted, NODE_FLAGS, NodeScene, patchesOf } from '../support/node-scene.ts';
import { eventually, pause, startOperatorWorld } from '../support/operator-world.ts';

/** Two refreshes pass within it. */
const QUIET_MS = 2_500;
const TYPE = 'node.kubernetes.io/instance-type';
const LEGACY_TYPE = 'beta.kubernetes.io/instance-type';
const ZONE = 'topology.kubernetes.io/zone';
const LEGACY_ZONE = 'failure-domain.beta.kubernetes.io/zone';
const CHARGE_TYPE = 'node.alibabacloud.com/instance-charge-type';
const POOL_TAG = 'ack.alibabacloud.com/nodepool-id';

const world = await startOperatorWorld({ instances: 1 });
const { cloud } = world;
const { server, kubeconfig } = await interposeApiServer(world.cluster.kubeconfig);
await world.startOperatorAs(kubeconfig, ...NODE_FLAGS, '--node-status-update-frequency=1s');
const scene = new NodeScene(world);

async function label(name: string, labels: Readonly<Record<string, string | null>>): Promise<void> {
  await scene.patch(name, { metadata: { labels } });
}

async function waitForLabel(name: string, key: string, value: string | undefined): Promise<void> {
  await eventually(async () => {
    assert.equal((await scene.get(name)).metadata.labels?.[key], value);
  });
}

function writesOf(name: string): number {
  return patchesOf(server, name).length;
}

test('NODE-17: six labels under current and legacy keys, and those of this cloud', async () => {
  const instance = scene.startInstance({
    chargeType: 'PrePaid',
    spotStrategy: 'SpotAsPriceGo',
    tags: { [POOL_TAG]: 'np-1' },
  });
  const { metadata } = await scene.initialise('labelled', instance, {
    labels: { [ZONE]: 'stale' },
  });
  assert.deepEqual(metadata.labels, {
    [TYPE]: instance.instanceType,
    [LEGACY_TYPE]: instance.instanceType,
    [ZONE]: instance.zoneId,
    [LEGACY_ZONE]: instance.zoneId,
    'topology.kubernetes.io/region': cloud.regionId,
    'failure-domain.beta.kubernetes.io/region': cloud.regionId,
    [CHARGE_TYPE]: 'PrePaid',
    'node.alibabacloud.com/spot-strategy': 'SpotAsPriceGo',
    'node.alibabacloud.com/nodepool-id': 'np-1',
  });
});

test('NODE-17: a current label that is taken away or changed follows its legacy one', async () => {
  const instance = scene.startInstance();
  await scene.initialise('aligned', instance);
  await label('aligned', { [ZONE]: null });
  await waitForLabel('aligned', ZONE, instance.zoneId);
  await label('aligned', { [TYPE]: 'mine' });
  await waitForLabel('aligned', TYPE, instance.instanceType);
});

test('NODE-17: a legacy label that is taken away stays away', async () => {
  const instance = scene.startInstance();
  await scene.initialise('modern', instance);
  await scene.waitForEvent('modern', 'Synced');
  const before = writesOf('modern');
  await label('modern', { [LEGACY_ZONE]: null });
  await pause(QUIET_MS);
  assert.equal((await scene.get('modern')).metadata.labels?.[LEGACY_ZONE], undefined);
  assert.equal(writesOf('modern'), before);
});

test('NODE-18: a label that people have set keeps its value', async () => {
  const instance = scene.startInstance({ chargeType: 'PostPaid' });
  const node = await scene.initialise('theirs', instance, { labels: { [CHARGE_TYPE]: 'mine' } });
  assert.equal(node.metadata.labels?.[CHARGE_TYPE], 'mine');
  await pause(QUIET_MS);
  assert.equal((await scene.get('theirs')).metadata.labels?.[CHARGE_TYPE], 'mine');
});

test('NODE-19: a value that no label can have is left out with a Warning', async () => {
  const instance = scene.startInstance({
    instanceType: 'ecs/g7.xlarge',
    tags: { [POOL_TAG]: 'a pool' },
  });
  const node = await scene.initialise('odd', instance);
  assert.equal(node.metadata.labels?.[TYPE], undefined);
  assert.equal(node.metadata.labels?.[ZONE], instance.zoneId);
  await eventually(async () => {
    const skipped = (await scene.eventsOf('odd')).filter(({ reason }) => reason === 'LabelSkipped');
    assert.deepEqual(
      skipped.map(({ type, note }) => [type, /"([^"]+)":/.exec(note)?.[1]]).toSorted(),
      [
        ['Warning', 'node.alibabacloud.com/nodepool-id'],
        ['Warning', TYPE],
      ],
    );
  });
});

test('NODE-19: a zone that no label can have keeps the taint', async () => {
  const instance = scene.startInstance();
  cloud.patchObject(instance.instanceId, { zoneId: 'zone/1' });
  await scene.register('nowhere', { providerId: `${cloud.regionId}.${instance.instanceId}` });
  const event = await scene.waitForEvent('nowhere', 'InitializationFailed');
  assert.match(event.note, /"zone\/1".*topology\.kubernetes\.io\/zone/);
  assert.ok(isTainted(await scene.get('nowhere')));
  await scene.remove('nowhere');
});

test('B-50: labels that are as they should be are not written at every refresh', async () => {
  const instance = scene.startInstance();
  await scene.initialise('quiet', instance);
  await scene.waitForEvent('quiet', 'Synced');
  const before = writesOf('quiet');
  await pause(QUIET_MS);
  assert.equal(writesOf('quiet'), before);
});

test('B-50: an instance that is given another type shows it, in one write', async () => {
  const instance = scene.startInstance();
  await scene.initialise('resized', instance);
  await scene.waitForEvent('resized', 'Synced');
  const before = writesOf('resized');
  cloud.patchObject(instance.instanceId, { instanceType: 'ecs.g7.2xlarge' });
  await waitForLabel('resized', TYPE, 'ecs.g7.2xlarge');
  await waitForLabel('resized', LEGACY_TYPE, 'ecs.g7.2xlarge');
  await pause(QUIET_MS);
  assert.equal(writesOf('resized'), before + 1);
});

test('NODE-17 NODE-28: labels of nodes of other providers are not aligned', async () => {
  await scene.register('elsewhere', {
    providerId: 'other://x',
    taints: [],
    labels: { [LEGACY_ZONE]: 'z' },
  });
  await pause(500);
  assert.equal((await scene.get('elsewhere')).metadata.labels?.[ZONE], undefined);
});

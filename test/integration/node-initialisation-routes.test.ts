import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SeedInstance } from '../../emulator/model/cloud-seed.ts';
import { isTainted, NodeScene, NODE_FLAGS } from '../support/node-scene.ts';
import { eventually, pause, startOperatorWorld } from '../support/operator-world.ts';

const FLAGS = [...NODE_FLAGS, '--cluster-cidr=10.244.0.0/16'];

const world = await startOperatorWorld({ instances: 1 });
const { cloud } = world;
const scene = new NodeScene(world);

function primaryOf({ enis = [] }: SeedInstance): string {
  return enis[0]?.networkInterfaceId ?? '';
}

function lastCall(): number {
  return cloud.calls().at(-1)?.seq ?? 0;
}

function callsSince(seq: number, action: string): number {
  return cloud.calls(seq).filter((call) => call.action === action).length;
}

function isChecked(instance: SeedInstance): boolean {
  const all = cloud.state().networkInterfaces as unknown as readonly {
    readonly networkInterfaceId: string;
    readonly sourceDestCheck: boolean;
  }[];
  const found = all.find(({ networkInterfaceId }) => networkInterfaceId === primaryOf(instance));
  assert.ok(found);
  return found.sourceDestCheck;
}

test('the source/destination check is switched off once, and not where it is off already', async () => {
  const operator = await world.startOperator(...FLAGS);
  const checked = [scene.startInstance(), scene.startInstance()];
  const unchecked = scene.startInstance({ sourceDestCheck: false });
  const before = lastCall();
  const all = [...checked, unchecked];
  for (const [index, instance] of all.entries()) {
    await scene.register(`routed-${index}`, { providerId: scene.providerIdOf(instance) });
  }
  await scene.waitUntilAllInitialised(all.map((_, index) => `routed-${index}`));
  assert.deepEqual(all.map(isChecked), [false, false, false]);
  assert.equal(callsSince(before, 'ModifyNetworkInterfaceAttribute'), 2);

  // Somebody switches it on again: what an initialised node has is not ours to repeat.
  const [first] = checked;
  assert.ok(first);
  cloud.patchObject(primaryOf(first), { sourceDestCheck: true });
  await scene.patch('routed-0', { metadata: { labels: { team: 'a' } } });
  await operator.stop();
  await world.startOperator(...FLAGS, '--node-status-update-frequency=1s');
  await pause(1_500);
  assert.ok(isChecked(first));
  assert.equal(callsSince(before, 'ModifyNetworkInterfaceAttribute'), 2);
  await world.stopOperators();
});

test('many nodes whose check is on: the interfaces are read together, each is written once', async () => {
  const instances = Array.from({ length: 20 }, () => scene.startInstance());
  for (const [index, instance] of instances.entries()) {
    await scene.register(`crowd-${index}`, { providerId: scene.providerIdOf(instance) });
  }
  const before = lastCall();
  await world.startOperator(...FLAGS);
  await scene.waitUntilAllInitialised(instances.map((_, index) => `crowd-${index}`));
  assert.equal(callsSince(before, 'ModifyNetworkInterfaceAttribute'), 20);
  assert.equal(callsSince(before, 'DescribeNetworkInterfaces'), 1);
  assert.ok(!instances.some(isChecked));
  await world.stopOperators();
});

test('a check that cannot be switched off keeps the taint, and a Warning says why', async () => {
  await world.startOperator(...FLAGS);
  const instance = scene.startInstance();
  cloud.addFault({
    action: 'ModifyNetworkInterfaceAttribute',
    kind: 'error',
    code: 'Forbidden.RAM',
    httpStatus: 403,
    times: 0,
  });
  await scene.register('forbidden', { providerId: scene.providerIdOf(instance) });
  const event = await scene.waitForEvent('forbidden', 'InitializationFailed');
  assert.match(event.note, /Forbidden\.RAM/);
  await pause(500);
  const node = await scene.get('forbidden');
  assert.ok(isTainted(node));
  assert.equal(node.status.addresses, undefined);
  cloud.removeFaults();
  await scene.remove('forbidden');
  await world.stopOperators();
});

test('a check that is being changed by somebody else is tried again', async () => {
  await world.startOperator(...FLAGS);
  const instance = scene.startInstance();
  cloud.addFault({
    action: 'ModifyNetworkInterfaceAttribute',
    kind: 'error',
    code: 'InvalidOperation.Conflict',
    httpStatus: 403,
    times: 2,
  });
  await scene.register('conflicting', { providerId: scene.providerIdOf(instance) });
  await scene.waitUntilInitialised('conflicting');
  assert.ok(!isChecked(instance));
  const events = await scene.eventsOf('conflicting');
  assert.ok(!events.some(({ reason }) => reason === 'InitializationFailed'));
  await world.stopOperators();
});

for (const flag of ['--skip-disable-source-dest-check', '--configure-cloud-routes=false']) {
  test(`with ${flag} no network interface is read or changed`, async () => {
    await world.startOperator(...FLAGS, flag);
    const instance = scene.startInstance();
    const before = lastCall();
    const name = `with${flag}`.replace(/[^a-z]+/g, '-');
    await scene.register(name, { providerId: scene.providerIdOf(instance) });
    await scene.waitUntilInitialised(name);
    assert.ok(isChecked(instance));
    assert.equal(callsSince(before, 'DescribeNetworkInterfaces'), 0);
    await world.stopOperators();
  });
}

test('a node that gets routes never shows without the taint and without its condition', async () => {
  // The controller of routes gets nowhere, so it is not the one who says it.
  cloud.addFault({ action: 'DescribeRouteTableList', kind: 'hold', times: 0 });
  await world.startOperator(...FLAGS, '--controllers=cloud-node-controller,node-route-controller');
  const instance = scene.startInstance();
  const watched = scene.watch('announced');
  await scene.register('announced', {
    providerId: scene.providerIdOf(instance),
    spec: { podCIDR: '10.244.7.0/24', podCIDRs: ['10.244.7.0/24'] },
  });
  await scene.waitUntilInitialised('announced');
  await eventually(() => {
    assert.ok(watched.versions.some((version) => !isTainted(version)));
  });
  watched.end();
  const open = watched.versions.filter((version) => !isTainted(version));
  for (const { status } of open) {
    assert.ok(
      status.conditions?.some(
        (condition) => Reflect.get(condition, 'type') === 'NetworkUnavailable',
      ),
    );
  }
  assert.ok(cloud.calls().some(({ action }) => action === 'DescribeRouteTableList'));
  cloud.removeFaults();
  for (const { id } of await cloud.held(0)) cloud.release(id);
  await world.stopOperators();
});

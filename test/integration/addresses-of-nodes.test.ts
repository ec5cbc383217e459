import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SeedInstance } from '../../emulator/model/cloud-seed.ts';
import { interposeApiServer } from '../support/interposed-kubeconfig.ts';
import {
  addressOf,
  addressTexts,
  isTainted,
  NODE_FLAGS,
  NodeScene,
  patchesOf,
} from '../support/node-scene.ts';
import { eventually, pause, startOperatorWorld } from '../support/operator-world.ts';

const REQUEST = 'alpha.kubernetes.io/provided-node-ip';
/** Two of them pass within `QUIET_MS`. */
const REFRESH = '--node-status-update-frequency=1s';
const QUIET_MS = 2_500;

const world = await startOperatorWorld({ instances: 1 });
const { cloud } = world;
const { server, kubeconfig } = await interposeApiServer(world.cluster.kubeconfig);
await world.startOperatorAs(kubeconfig, ...NODE_FLAGS, REFRESH);
const scene = new NodeScene(world);

/** Starts an instance with a second interface, addresses of both families and a public one. */
function startDualStack(number: number): {
  readonly instance: SeedInstance;
  readonly own: string;
  readonly second: string;
  readonly own6: string;
} {
  const [own, second] = [`10.0.8.${number}`, `10.0.9.${number}`];
  const [own6, second6] = [`2408::8:${number}`, `2408::9:${number}`];
  const instance = scene.startInstance({
    privateIps: [own],
    publicIp: `8.8.1.${number}`,
    enis: [
      {
        networkInterfaceId: `eni-second-${number}`,
        privateIps: [second],
        ipv6s: [second6],
        primary: false,
      },
      {
        networkInterfaceId: `eni-primary-${number}`,
        privateIps: [own],
        ipv6s: [own6],
        primary: true,
      },
    ],
  });
  return { instance, own, second, own6 };
}

async function waitForAddresses(name: string, want: readonly string[]): Promise<void> {
  await eventually(async () => {
    assert.deepEqual(addressTexts(await scene.get(name)), want);
  });
}

function writesOf(name: string): number {
  return patchesOf(server, name).length;
}

function allWrites(): number {
  return server.requests.filter(
    ({ method, path }) => method === 'PATCH' && path.startsWith('/api/v1/nodes/'),
  ).length;
}

test('NODE-11: an instance with two interfaces has those of the primary one, in a fixed order', async () => {
  const { instance, own, own6 } = startDualStack(1);
  const node = await scene.initialise('dual', instance);
  assert.deepEqual(addressTexts(node), [
    'ExternalIP 8.8.1.1',
    `InternalIP ${own}`,
    `InternalIP ${own6}`,
  ]);
});

test('NODE-09 NODE-10: one requested address, on the second interface', async () => {
  const { instance, second } = startDualStack(2);
  const node = await scene.initialise('requested', instance, {
    annotations: { [REQUEST]: second },
  });
  assert.deepEqual(addressTexts(node), [`InternalIP ${second}`, 'ExternalIP 8.8.1.2']);
});

test('NODE-09 NODE-10: one requested address of each family', async () => {
  const { instance, second, own6 } = startDualStack(3);
  const annotations = { [REQUEST]: `${second},${own6}` };
  const node = await scene.initialise('requested-pair', instance, { annotations });
  assert.deepEqual(addressTexts(node), [
    `InternalIP ${second}`,
    `InternalIP ${own6}`,
    'ExternalIP 8.8.1.3',
  ]);
});

const refusals = ['10.0.8.250', '10.0.8.4,10.0.9.4', '10.0.8.4, 2408::8:4', '0.0.0.0,::'];

for (const [index, request] of refusals.entries()) {
  test(`NODE-09 B-48: a request for "${request}" keeps the taint, and a Warning says why`, async () => {
    const { instance, own } = startDualStack(40 + index);
    const name = `refused-${index}`;
    await scene.register(name, {
      providerId: scene.providerIdOf(instance),
      annotations: { [REQUEST]: request },
    });
    const event = await scene.waitForEvent(name, 'InitializationFailed');
    assert.equal(event.type, 'Warning');
    assert.ok(event.note.includes(REQUEST) && event.note.includes(request), event.note);
    await pause(300);
    const node = await scene.get(name);
    assert.ok(isTainted(node));
    assert.equal(node.metadata.labels?.['topology.kubernetes.io/zone'], undefined);
    // What the agent is told to use is put right.
    await scene.patch(name, { metadata: { annotations: { [REQUEST]: own } } });
    await scene.waitUntilInitialised(name);
  });
}

test('NODE-12: the host name that the agent reports stays, its other addresses go', async () => {
  const instance = scene.startInstance();
  await scene.register('named', {
    providerId: scene.providerIdOf(instance),
    addresses: [
      { type: 'InternalIP', address: '192.168.7.7' },
      { type: 'Hostname', address: 'n1' },
    ],
  });
  await waitForAddresses('named', [`InternalIP ${addressOf(instance)}`, 'Hostname n1']);
});

test('NODE-14 NODE-16: of two internal addresses one changes, and the list is exact', async () => {
  const { instance, own, own6 } = startDualStack(5);
  await scene.initialise('changing', instance);
  cloud.patchObject('eni-primary-5', { ipv6s: ['2408::8:55'] });
  await waitForAddresses('changing', [
    'ExternalIP 8.8.1.5',
    `InternalIP ${own}`,
    'InternalIP 2408::8:55',
  ]);
  assert.notEqual(own6, '2408::8:55');
});

test('NODE-16 NODE-22: an unchanged node is not written, a swapped order is once', async () => {
  const { instance, own, own6 } = startDualStack(6);
  const node = await scene.initialise('quiet', instance);
  await scene.waitForEvent('quiet', 'Synced');
  const before = writesOf('quiet');
  await pause(QUIET_MS);
  assert.equal(writesOf('quiet'), before);
  const right = addressTexts(node);
  await scene.patchStatus('quiet', {
    addresses: [...(node.status.addresses ?? [])].reverse(),
  });
  await waitForAddresses('quiet', right);
  await pause(QUIET_MS);
  assert.equal(writesOf('quiet'), before + 1);
  assert.ok(right.includes(`InternalIP ${own}`) && right.includes(`InternalIP ${own6}`));
});

test('NODE-15: an address that the cloud tells twice is written once', async () => {
  const instance = scene.startInstance({
    publicIp: '8.8.2.1',
    eip: { allocationId: 'eip-1', ipAddress: '8.8.2.1' },
  });
  const node = await scene.initialise('repeated', instance);
  assert.deepEqual(addressTexts(node), ['ExternalIP 8.8.2.1', `InternalIP ${addressOf(instance)}`]);
});

test('NODE-22: an address that somebody changed is set right at the next refresh', async () => {
  const instance = scene.startInstance();
  await scene.initialise('meddled', instance);
  await scene.patchStatus('meddled', {
    addresses: [{ type: 'InternalIP', address: '192.168.1.1' }],
  });
  await waitForAddresses('meddled', [`InternalIP ${addressOf(instance)}`]);
});

test('NODE-22: a public address that is bound later shows at the next refresh', async () => {
  const instance = scene.startInstance();
  await scene.initialise('bound', instance);
  cloud.patchObject(instance.instanceId, {
    eip: { allocationId: 'eip-2', ipAddress: '8.8.2.2' },
  });
  await waitForAddresses('bound', ['ExternalIP 8.8.2.2', `InternalIP ${addressOf(instance)}`]);
});

test('NODE-09: a request that ceases to fit leaves an initialised node as it is, with one Warning', async () => {
  const { instance, own } = startDualStack(7);
  const annotations = { [REQUEST]: own };
  const node = await scene.initialise('outdated', instance, { annotations });
  await scene.patch('outdated', { metadata: { annotations: { [REQUEST]: '10.0.8.250' } } });
  const event = await scene.waitForEvent('outdated', 'AddressesFailed');
  assert.match(event.note, /10\.0\.8\.250/);
  await pause(QUIET_MS);
  assert.deepEqual(addressTexts(await scene.get('outdated')), addressTexts(node));
  const warnings = (await scene.eventsOf('outdated')).filter(({ type }) => type === 'Warning');
  assert.equal(warnings.length, 1);
});

test('NODE-13: an instance that tells no addresses leaves those of its node', async () => {
  const instance = scene.startInstance();
  const node = await scene.initialise('silent', instance);
  cloud.patchObject(instance.enis?.[0]?.networkInterfaceId ?? '', { privateIps: [] });
  cloud.patchObject(instance.instanceId, { privateIps: [] });
  await pause(QUIET_MS);
  assert.deepEqual(addressTexts(await scene.get('silent')), addressTexts(node));
});

test('NODE-22: tainted nodes and those of others are left out of the refresh', async () => {
  const instance = scene.startInstance();
  const address = [{ type: 'InternalIP', address: '192.168.1.9' }];
  await scene.register('other-cloud', { providerId: 'other://x', taints: [], addresses: address });
  await scene.register('left-out', {
    providerId: scene.providerIdOf(instance),
    taints: [],
    labels: { 'service.alibabacloud.com/exclude-node': '' },
    addresses: address,
  });
  await scene.register('waiting', {
    providerId: scene.providerIdOf(instance),
    annotations: { [REQUEST]: '10.0.8.250' },
    addresses: address,
  });
  await pause(QUIET_MS);
  for (const name of ['other-cloud', 'left-out', 'waiting']) {
    assert.deepEqual(addressTexts(await scene.get(name)), ['InternalIP 192.168.1.9']);
  }
});

test('NODE-22 NODE-23 B-46 B-51: a round of 300 nodes takes few calls, and one that fails stops no other', async () => {
  const instances = Array.from({ length: 300 }, () => scene.startInstance());
  const gone = { instanceId: 'i-gone' };
  const wrong = [{ type: 'InternalIP', address: '192.168.1.1' }];
  const names = [...instances, gone].map((_, index) => `round-${index}`);
  for (const [index, { instanceId }] of [...instances, gone].entries()) {
    await scene.register(names[index] ?? '', {
      providerId: `${cloud.regionId}.${instanceId}`,
      taints: [],
      addresses: wrong,
    });
  }
  const right = instances.map((instance) => [`InternalIP ${addressOf(instance)}`]);
  await eventually(async () => {
    const nodes = await scene.waitUntilAllInitialised(names.slice(0, -1));
    assert.deepEqual(nodes.map(addressTexts), right);
  });
  const nodesInRound = (await scene.client.list('/api/v1/nodes')).length;
  const calls = (): number =>
    cloud.calls().filter(({ action }) => action === 'DescribeInstances').length;
  const [before, gets] = [calls(), server.count('GET', '/api/v1/nodes/round-1')];
  const writes = allWrites();
  const startedMs = performance.now();
  await pause(QUIET_MS);
  // One more may have been under way at the beginning.
  const rounds = Math.ceil((performance.now() - startedMs) / 1_000) + 1;
  assert.ok(
    calls() - before <= rounds * Math.ceil(nodesInRound / 100),
    `${calls() - before} calls`,
  );
  assert.ok(calls() - before > 0);
  assert.equal(allWrites(), writes, 'Nothing is written');
  assert.equal(server.count('GET', '/api/v1/nodes/round-1'), gets, 'nodes are read from the cache');

  // The call for one region goes on failing; the nodes of the others are refreshed all the same.
  cloud.addFault({
    action: 'DescribeInstances',
    match: { RegionId: 'cn-beijing' },
    kind: 'error',
    code: 'InternalError',
    httpStatus: 500,
    times: 0,
  });
  const away = { providerId: 'cn-beijing.i-1', taints: [], addresses: wrong };
  await scene.register('away', away);
  await eventually(() => {
    assert.ok(cloud.calls().some(({ code }) => code === 'InternalError'));
  });
  await Promise.all(names.slice(0, 5).map((name) => scene.patchStatus(name, { addresses: wrong })));
  await eventually(async () => {
    const nodes = await scene.waitUntilAllInitialised(names.slice(0, 5));
    assert.deepEqual(nodes.map(addressTexts), right.slice(0, 5));
  });
  assert.deepEqual(addressTexts(await scene.get('away')), ['InternalIP 192.168.1.1']);
  cloud.removeFaults();
});

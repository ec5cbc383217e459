import assert from 'node:assert/strict';
import { test } from 'node:test';
import { probe, waitUntil } from '../../hack/control-plane/endpoint-probe.ts';
import type { Replica } from '../../hack/demo/local-installation.ts';
import { startE2eCluster } from './support/e2e-cluster.ts';
import { describeListeners, E2eService, type PortWish } from './support/e2e-service.ts';

const LEASE_DURATION_MS = 15_000;
const HTTP: PortWish = { name: 'http', protocol: 'TCP', port: 80, nodePort: 30_080 };
const HTTPS: PortWish = { name: 'https', protocol: 'TCP', port: 443, nodePort: 30_443 };

const e2e = await startE2eCluster();
const { cluster, cloud, installation, kubectl } = e2e;

interface LeaseSpec {
  readonly holderIdentity: string;
  readonly acquireTime: string;
  readonly renewTime: string;
}

async function lease(): Promise<LeaseSpec> {
  const { spec } = await kubectl.get<{ spec: LeaseSpec }>(
    ...['lease', 'alibaba-cloud-operator', '-n', 'kube-system'],
  );
  return spec;
}

const holds = async ({ name }: Replica) => (await lease()).holderIdentity.startsWith(`${name}_`);

async function startReplica(name: string): Promise<Replica> {
  const replica = await installation.startReplica(name);
  await replica.waitUntilReady();
  return replica;
}

async function startLeader(name: string): Promise<Replica> {
  const replica = await startReplica(name);
  await waitUntil(`${name} leads`, 60_000, () => holds(replica));
  return replica;
}

async function readyService(...ports: PortWish[]): Promise<E2eService> {
  const service = new E2eService(e2e, await cluster.createNamespace(), 'web');
  await service.apply(ports);
  await service.waitUntilReady();
  return service;
}

/** Names every write that reached the cloud since a call, once all is quiet. */
async function writesSince(since: number): Promise<string[]> {
  const calls = await e2e.waitForQuiet(since);
  return calls.filter(({ mutating }) => mutating).map(({ action }) => action);
}

test('operator PKG-11: a restart and an upgrade of the chart write nothing to the cloud', async () => {
  const first = await startLeader('restart-0');
  const service = await readyService(HTTP, HTTPS);
  await e2e.waitForQuiet(0);
  const before = await service.loadBalancer();
  const since = await e2e.lastCall();

  await first.end();
  const second = await startLeader('restart-1');
  assert.deepEqual(await writesSince(since), []);

  await second.end();
  await e2e.upgrade({ operator: { logLevel: 'debug', concurrentServiceSyncs: 3 } });
  const third = await startLeader('restart-2');
  assert.deepEqual(await writesSince(since), []);
  assert.deepEqual(await service.loadBalancer(), before);

  // Not from being asleep: the next change is served.
  await service.apply([HTTP]);
  await waitUntil('the second listener is gone', 60_000, async () => {
    return describeListeners(await service.loadBalancer()).join() === 'tcp 80 running: 3 at 30080';
  });
  await service.delete();
  await third.end();
});

test('operator CTL-20 CTL-24 OBS-08: another replica takes over when the leader is killed, and not before', async (t) => {
  const leader = await startLeader('killed-0');
  const successor = await startReplica('killed-1');
  const service = await readyService(HTTP);
  await e2e.waitForQuiet(0);
  const since = await e2e.lastCall();
  assert.deepEqual(await leaderMetric(leader), '1');
  assert.deepEqual(await leaderMetric(successor), '0');

  await leader.end('SIGKILL');
  const last = await lease();
  assert.ok(last.holderIdentity.startsWith('killed-0_'), 'Nobody has given the lease back.');
  const late = new E2eService(e2e, await cluster.createNamespace(), 'late');
  await late.apply([HTTPS]);
  await waitUntil('the successor leads', 60_000, () => holds(successor));
  const { acquireTime } = await lease();
  const silentMs = Date.parse(acquireTime) - Date.parse(last.renewTime);
  t.diagnostic(`${silentMs} ms from the last renewal to the next leader`);
  assert.ok(silentMs >= LEASE_DURATION_MS, `Taken over after ${silentMs} ms`);

  await late.waitUntilReady();
  const owner = (await late.loadBalancer()).loadBalancerId;
  const calls = await e2e.waitForQuiet(since);
  const foreign = calls.filter(({ mutating, objectIds }) => mutating && !objectIds.includes(owner));
  assert.deepEqual(foreign, [], 'What was as asked for is left as it is.');
  assert.deepEqual(await leaderMetric(successor), '1');
  await service.delete();
  await late.delete();
  await successor.end();
});

test('operator CTL-22: a leader that is told to end hands over at once', async (t) => {
  const leader = await startLeader('ended-0');
  const successor = await startReplica('ended-1');
  const service = await readyService(HTTP);
  await e2e.waitForQuiet(0);
  const since = await e2e.lastCall();

  await leader.end('SIGTERM');
  assert.equal((await leader.exited).code, 0);
  await waitUntil('the successor leads', 60_000, () => holds(successor));
  const releases = (await e2e.operatorRequests()).filter(
    ({ objectRef, requestObject }) =>
      objectRef?.name === 'alibaba-cloud-operator' &&
      (requestObject as { spec?: LeaseSpec } | undefined)?.spec?.holderIdentity === '',
  );
  const releasedAt = releases.at(-1)?.stageTimestamp ?? '';
  const waitedMs = Date.parse((await lease()).acquireTime) - Date.parse(releasedAt);
  t.diagnostic(`${waitedMs} ms from the release to the next leader`);
  // It asks every two seconds, and would have to wait for fifteen if nothing had been released.
  assert.ok(waitedMs < LEASE_DURATION_MS / 2, `Taken over after ${waitedMs} ms`);

  assert.deepEqual(await writesSince(since), []);
  await service.apply([HTTP, HTTPS]);
  await waitUntil('the successor works', 60_000, async () => {
    return describeListeners(await service.loadBalancer()).length === 2;
  });
  await service.delete();
  await successor.end();
});

test('chart MIG-10: to uninstall it leaves cloud, kinds and objects as they are; installed again it goes on', async () => {
  const operator = await startLeader('uninstalled-0');
  const service = await readyService(HTTP);
  await e2e.waitForQuiet(0);
  const before = await service.loadBalancer();
  const since = await e2e.lastCall();

  await operator.end();
  await installation.runHelm('uninstall', 'alibaba-cloud-operator');
  const object = ['alilb', 'web', '-n', service.namespace];
  assert.match(await kubectl.run('get', ...object), /web/);
  await e2e.upgrade({});
  const successor = await startLeader('uninstalled-1');
  assert.deepEqual(await writesSince(since), []);
  assert.deepEqual(await service.loadBalancer(), before);
  await service.delete();
  assert.deepEqual((await cloud.state()).loadBalancers, []);
  await successor.end();
});

async function leaderMetric({ metricsUrl }: Replica): Promise<string | undefined> {
  const text = (await probe(metricsUrl))?.body ?? '';
  return /^leader_election_master_status\{name="alibaba-cloud-operator"\} (\d)$/m.exec(text)?.[1];
}

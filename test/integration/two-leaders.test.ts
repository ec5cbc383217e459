import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { OperatorHarness, type ProcessHarnessedOperator } from '../support/operator-harness.ts';

/** How long a leader is stopped: longer than its lease lasts. */
const STOPPED_MS = 20_000;
const PORTS = 10;
/** The load balancer, and for each port a group, a listener and its start. */
const WRITES = 1 + 3 * PORTS;
/** How long a load balancer is left alone between two writes. */
const WRITE_PAUSE_MS = 300;
const LEASE = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/alibaba-cloud-operator';

interface Replica extends ProcessHarnessedOperator {
  readonly name: string;
}

/** Time is the machine's: what is tried is what a signal does to a process. */
const harness = await OperatorHarness.start({ factor: 1 });
const { cloud, admin } = harness;
let replicas: Replica[] = [];

afterEach(async (context) => {
  if ('passed' in context && !context.passed) {
    for (const replica of replicas) {
      process.stdout.write(`--- ${replica.name}\n${replica.log()}\n`);
    }
  }
  for (const replica of replicas) replica.kill();
  await Promise.all(replicas.map(({ exited }) => exited));
  replicas = [];
  cloud.reset();
});

async function startReplica(name: string): Promise<Replica> {
  const started = await harness.startProcess({
    flags: ['--leader-elect=true', '--leader-elect-default-lease=kube-system/ccm'],
    environment: { POD_NAME: name },
  });
  const replica = { ...started, name };
  replicas.push(replica);
  return replica;
}

/** Starts the one that is to lead, and then the one that is to follow it. */
async function startPair(): Promise<{ readonly leader: Replica; readonly other: Replica }> {
  const leader = await startReplica('first');
  await untilLeading(leader);
  const other = await startReplica('second');
  await harness.waitUntilWatching(other);
  return { leader, other };
}

async function untilLeading({ name }: Replica): Promise<void> {
  await harness.waitFor(`the replica ${name} leads`, async () => {
    const lease = (await admin.find(LEASE)) as
      { readonly spec: { readonly holderIdentity?: string } } | undefined;
    return lease?.spec.holderIdentity?.startsWith(`${name}_`) === true ? true : undefined;
  });
}

/** The changes that a replica asked the cloud for, the first `since` requests left out. */
function cloudWrites({ proxy }: Replica, since = 0): readonly string[] {
  return proxy.requests
    .slice(since)
    .filter(({ channel, isWrite }) => channel === 'cloud' && isWrite)
    .map(({ purpose }) => purpose);
}

function made(kind: string): number {
  const { loadBalancers, vServerGroups, deleted = [] } = cloud.state({ deleted: true });
  const alive = kind === 'loadBalancer' ? loadBalancers : vServerGroups;
  return alive.length + deleted.filter((tombstone) => tombstone.kind === kind).length;
}

test('CTL-21: a leader that was stopped between two writes does not make the second when it goes on', async () => {
  const { leader, other } = await startPair();
  const namespace = await harness.createNamespace();
  const ports = Array.from({ length: PORTS }, (_, index) => ({ port: 8_000 + index }));
  await harness.createService(namespace, 'web', { ports });
  await harness.waitFor('it is in the middle of its work', () => {
    const writes = cloud.calls().filter(({ mutating }) => mutating);
    const isBetween = writes.every(({ finishedAt }) => finishedAt !== null);
    return writes.length >= PORTS && isBetween ? true : undefined;
  });
  // The answer is on its way; the next write leaves a moment after it has come.
  await sleep(WRITE_PAUSE_MS / 3);
  leader.process.kill('SIGSTOP');
  const stoppedAtMs = performance.now();
  // On a busy machine the next write may have left before the signal; it arrives now.
  await sleep(WRITE_PAUSE_MS);
  const since = leader.proxy.requests.length;
  assert.ok(cloudWrites(leader).length < WRITES, 'There is more to do');
  await untilLeading(other);
  await sleep(STOPPED_MS - (performance.now() - stoppedAtMs));
  leader.process.kill('SIGCONT');

  assert.notEqual(await leader.exited, 0, 'It ends, and says that it failed');
  await harness.waitFor(
    'the other one has finished',
    async () => (await harness.findService(namespace))?.status.loadBalancer.ingress?.[0]?.ip,
    60_000,
  );
  await harness.waitUntilReady(namespace);
  await harness.waitUntilQuiet(other);
  assert.deepEqual(cloudWrites(leader, since), []);
  assert.equal(made('loadBalancer'), 1);
  assert.equal(made('vServerGroup'), PORTS, 'The other one did the rest, and nothing twice');
});

for (const held of ['CreateLoadBalancer', 'CreateVServerGroup'] as const) {
  test(`CTL-21 SVC-80: a leader is stopped while its ${held} is under way: one load balancer, one group`, async () => {
    const { leader, other } = await startPair();
    cloud.addFault({ action: held, kind: 'hold', when: 'received' });
    const namespace = await harness.createNamespace();
    await harness.createService(namespace, 'web', { ports: [{ port: 80 }] });
    const [call] = await cloud.held(30_000);
    assert.ok(call !== undefined, 'The call is under way');

    leader.process.kill('SIGSTOP');
    const stoppedAtMs = performance.now();
    const since = leader.proxy.requests.length;
    await untilLeading(other);
    // What the stopped one has asked for happens while the other one leads already.
    cloud.release(call.id);
    await sleep(STOPPED_MS - (performance.now() - stoppedAtMs));
    leader.process.kill('SIGCONT');

    assert.notEqual(await leader.exited, 0, 'It ends, and says that it failed');
    await harness.waitFor(
      'the other one has finished',
      async () => (await harness.findService(namespace))?.status.loadBalancer.ingress?.[0]?.ip,
      60_000,
    );
    await harness.waitUntilReady(namespace);
    await harness.waitUntilQuiet(other);
    assert.deepEqual(cloudWrites(leader, since), []);
    assert.equal(made('loadBalancer'), 1);
    assert.equal(made('vServerGroup'), 1);
  });
}

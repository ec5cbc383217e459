import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { OperatorHarness, type ProcessHarnessedOperator } from '../support/operator-harness.ts';
import { TABLE_ID, type RouteTableView, type SeenEntry } from '../support/route-table-scene.ts';

/** How long a leader is stopped: longer than its lease lasts. */
const STOPPED_MS = 20_000;
/** More than one call takes. */
const NODES = 120;
const PER_CALL = 50;
/** Beside the writing of routes, nodes are told that theirs are on the way: it is in the midst of that. */
const TELLING_MS = 3_000;
const LAST_REQUEST_MS = 300;
const LEASE = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/alibaba-cloud-operator';
const TABLE = `/apis/networking.alibabacloud.com/v1alpha1/alibabaroutetables/${TABLE_ID}`;
const WRITE = 'CreateRouteEntries';

interface Replica extends ProcessHarnessedOperator {
  readonly name: string;
}

/** Time is the machine's: what is tried is what a signal does to a process. */
const harness = await OperatorHarness.start({ factor: 1, instances: NODES });
const { cloud, admin } = harness;
const replicas: Replica[] = [];

afterEach((context) => {
  for (const replica of replicas) {
    if ('passed' in context && !context.passed) {
      process.stdout.write(`--- ${replica.name}\n${replica.log()}\n`);
    }
    replica.kill();
  }
});

async function startReplica(name: string): Promise<Replica> {
  const started = await harness.startProcess({
    flags: [
      '--controllers=node-route-controller',
      '--cluster-cidr=172.20.0.0/16',
      '--leader-elect=true',
      '--leader-elect-default-lease=kube-system/ccm',
    ],
    environment: { POD_NAME: name },
  });
  const replica = { ...started, name };
  replicas.push(replica);
  return replica;
}

async function untilLeading({ name }: Replica): Promise<void> {
  await harness.waitFor(`the replica ${name} leads`, async () => {
    const lease = (await admin.find(LEASE)) as
      { readonly spec: { readonly holderIdentity?: string } } | undefined;
    return lease?.spec.holderIdentity?.startsWith(`${name}_`) === true ? true : undefined;
  });
}

/** The changes that a replica asked the world for, the first `since` requests left out. */
function writes({ proxy }: Replica, since = 0): readonly string[] {
  return proxy.requests
    .slice(since)
    .filter(({ isWrite }) => isWrite)
    .map(({ purpose }) => purpose);
}

function entries(): readonly SeenEntry[] {
  return cloud.state().routeEntries as unknown as readonly SeenEntry[];
}

/** Gives each instance its Node, with a network of pods of its own. */
async function giveNetworks(): Promise<void> {
  for (const [index, { hostName }] of cloud.nodes.entries()) {
    const podCIDR = `172.20.${index}.0/24`;
    await admin.patch(`/api/v1/nodes/${hostName}`, { spec: { podCIDR, podCIDRs: [podCIDR] } });
  }
}

test('CTL-21: a leader that was stopped between two writes of routes writes nothing more when it goes on', async () => {
  await giveNetworks();
  cloud.addFault({ action: WRITE, kind: 'hold', when: 'applied' });
  const leader = await startReplica('first');
  await untilLeading(leader);
  const other = await startReplica('second');
  await harness.waitUntilWatching(other, 2);
  const [call] = await cloud.held(30_000);
  assert.ok(call !== undefined, 'The first write is under way');

  await sleep(TELLING_MS);

  leader.process.kill('SIGSTOP');
  const stoppedAtMs = performance.now();
  // On a busy machine another request may have left before the signal; it arrives now.
  await sleep(LAST_REQUEST_MS);
  assert.equal(entries().length, PER_CALL, 'There is more to do');
  const since = leader.proxy.requests.length;
  // Its answer comes to a process that cannot read it before it goes on.
  cloud.release(call.id);
  await untilLeading(other);
  await sleep(STOPPED_MS - (performance.now() - stoppedAtMs));
  leader.process.kill('SIGCONT');

  assert.notEqual(await leader.exited, 0, 'It ends, and says that it failed');
  const table = await harness.waitFor(
    'the other one has finished',
    async () => {
      const found = (await admin.find(TABLE)) as RouteTableView | undefined;
      return found?.status?.routes?.available === NODES ? found : undefined;
    },
    60_000,
  );
  await harness.waitUntilQuiet(other);
  assert.deepEqual(writes(leader, since), [], 'It woke up and wrote nothing');
  const destinations = entries().map(({ destinationCidrBlock }) => destinationCidrBlock);
  assert.equal(new Set(destinations).size, NODES);
  assert.equal(destinations.length, NODES, 'The other one did the rest, and nothing twice');
  assert.equal(table.status?.owned?.length, NODES);
  const { deleted = [] } = cloud.state({ deleted: true });
  assert.deepEqual(
    deleted.filter(({ kind }) => kind === 'routeEntry'),
    [],
  );
});

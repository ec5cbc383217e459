import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { APPROVE_RECREATION_ANNOTATION } from '../../src/reconcilers/names.ts';
import { OWNER_TAG } from '../../src/reconcilers/load-balancer/load-balancer-names.ts';
import { LoadBalancerScene, type SceneOptions } from '../support/load-balancer-scene.ts';
import { conditionOf, loadBalancerPath, OperatorHarness } from '../support/operator-harness.ts';

const harness = await OperatorHarness.start({ instances: 3 });
const { cloud, admin } = harness;

const MINUTE_MS = 60_000;
/** In which everything in the cloud is looked at, server groups included. */
const ROUND_MS = 36 * MINUTE_MS;
/** After its creation a load balancer is not compared for a minute, for its tags may be late. */
const SETTLING_MS = 2 * MINUTE_MS;

const swept: SceneOptions = { operator: { flags: ['--drift-period=5m'] } };

async function open(context: TestContext): Promise<LoadBalancerScene> {
  const scene = await LoadBalancerScene.open(harness, context, swept);
  await harness.passTime(SETTLING_MS);
  scene.mark();
  return scene;
}

function without(object: object, ...names: readonly string[]): object {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));
}

interface DriftCase {
  readonly what: string;
  /** Whether only the slower look at server groups can see it. */
  readonly isInGroup?: boolean;
  readonly drift: (scene: LoadBalancerScene) => void;
  /** What the event says. */
  readonly said: RegExp;
  readonly repair: readonly string[];
}

function listenerId(scene: LoadBalancerScene): string {
  return `${scene.loadBalancer().loadBalancerId}_tcp_80`;
}

const drifts: readonly DriftCase[] = [
  {
    what: 'the scheduler of a listener',
    drift: (scene) => cloud.patchObject(listenerId(scene), { scheduler: 'wrr' }),
    said: /TCP:80 scheduler: is "wrr", asked for "rr"/,
    repair: ['SetLoadBalancerTCPListenerAttribute'],
  },
  {
    what: 'a listener that was stopped',
    drift: (scene) => cloud.patchObject(listenerId(scene), { status: 'stopped' }),
    said: /TCP:80: is "stopped", asked for "running"/,
    repair: ['StartLoadBalancerListener'],
  },
  {
    what: 'a listener that was deleted',
    drift: (scene) => cloud.patchObject(listenerId(scene), { released: true }),
    said: /TCP:80: missing/,
    repair: ['CreateLoadBalancerTCPListener', 'StartLoadBalancerListener'],
  },
  {
    what: 'the protection against deletion',
    drift: (scene) =>
      cloud.patchObject(scene.loadBalancer().loadBalancerId, { deleteProtection: 'off' }),
    said: /deletion protection: is "off", asked for "on"/,
    repair: ['SetLoadBalancerDeleteProtection'],
  },
  {
    what: 'our tag that was taken away',
    drift: (scene) => {
      const { loadBalancerId, tags } = scene.loadBalancer();
      cloud.patchObject(loadBalancerId, { tags: without(tags, OWNER_TAG) });
    },
    said: /kubernetes\.do\.not\.delete/,
    repair: ['TagResources'],
  },
  {
    what: 'a member that was removed',
    isInGroup: true,
    drift: (scene) => {
      const [group] = scene.groups();
      assert.ok(group !== undefined);
      const backendServers = group.backendServers.slice(1);
      cloud.patchObject(group.vServerGroupId, { backendServers });
    },
    said: /backend i-.*: missing/,
    repair: ['AddVServerGroupBackendServers'],
  },
  {
    what: 'the weight of a member',
    isInGroup: true,
    drift: (scene) => {
      const [group] = scene.groups();
      assert.ok(group !== undefined);
      const backendServers = group.backendServers.map((server) => ({ ...server, weight: 7 }));
      cloud.patchObject(group.vServerGroupId, { backendServers });
    },
    said: /weight is not 100/,
    repair: ['SetVServerGroupAttribute'],
  },
];

for (const { what, isInGroup = false, drift, said, repair } of drifts) {
  test(`SVC-81: ${what} is noticed, told of and set right`, async (context) => {
    const scene = await open(context);
    const before = scene.loadBalancer();
    const groupsBefore = scene.groups();
    drift(scene);
    await harness.passTime(isInGroup ? ROUND_MS : 6 * MINUTE_MS);
    await scene.becomes(() => {
      assert.deepEqual(scene.writes(), repair);
    });
    assert.match(await scene.waitForEvent('DriftDetected'), said);
    const withoutTimes = ({ listeners, ...rest }: typeof before): unknown => ({
      ...rest,
      listeners: listeners
        .toSorted((a, b) => a.listenerPort - b.listenerPort)
        .map((listener) => without(listener, 'createdAt', 'createdBySeq')),
    });
    assert.deepEqual(withoutTimes(scene.loadBalancer()), withoutTimes(before));
    assert.deepEqual(membersOf(scene), groupsBefore.map(sortedMembers));
    scene.mark();
    await harness.passTime(6 * MINUTE_MS);
    assert.deepEqual(scene.writes(), [], 'Then it is quiet');
  });
}

test('SVC-81: a drift is told of and set right though someone writes to the object at the same time', async (context) => {
  let isArmed = false;
  const scene: LoadBalancerScene = await LoadBalancerScene.open(harness, context, {
    operator: {
      ...swept.operator,
      decide: async ({ purpose }): Promise<'pass'> => {
        if (isArmed && purpose === 'PATCH alibabaloadbalancers/status') {
          isArmed = false;
          await scene.changeResource({ metadata: { annotations: { note: 'by a person' } } });
        }
        return 'pass';
      },
    },
  });
  await harness.passTime(SETTLING_MS);
  scene.mark();
  cloud.patchObject(listenerId(scene), { scheduler: 'wrr' });
  isArmed = true;
  await harness.passTime(12 * MINUTE_MS);
  await scene.becomes(() => {
    assert.deepEqual(scene.writes(), ['SetLoadBalancerTCPListenerAttribute']);
  });
  await scene.waitForEvent('DriftDetected');
});

function sortedMembers({
  backendServers,
}: ReturnType<LoadBalancerScene['groups']>[number]): unknown {
  return backendServers.map(({ serverId, port, weight }) => `${serverId}:${port}=${weight}`).sort();
}

function membersOf(scene: LoadBalancerScene): unknown {
  return scene.groups().map(sortedMembers);
}

test('SVC-81 CTL-19: an hour without a change: nothing is written, and the sweep reads what it may', async (context) => {
  const scene = await open(context);
  await harness.passTime(60 * MINUTE_MS);
  assert.deepEqual(scene.writes(), []);
  const reads = scene
    .calls()
    .filter((action) =>
      ['DescribeLoadBalancers', 'DescribeLoadBalancerListeners'].includes(action),
    );
  // One load balancer: at most two calls in five minutes, give or take the jitter.
  assert.ok(reads.length >= 18 && reads.length <= 28, `${reads.length} reads`);
  assert.ok(!scene.calls().includes('DescribeLoadBalancerAttribute'), scene.calls().join());
});

test('SVC-81: what is deleted in the console is proven gone by two reads a minute apart, and made again', async (context) => {
  const scene = await open(context);
  const before = scene.loadBalancer();
  cloud.patchObject(before.loadBalancerId, { released: true });
  await harness.passTime(8 * MINUTE_MS);
  await scene.becomes(() => {
    assert.equal(scene.loadBalancer().listeners.length, 2);
  });
  const after = scene.loadBalancer();
  assert.notEqual(after.loadBalancerId, before.loadBalancerId);
  assert.deepEqual(
    (await scene.service())?.status.loadBalancer.ingress?.map(({ ip }) => ip),
    [after.address],
  );
  assert.match(await scene.waitForEvent('RecreatingLoadBalancer'), /its address changes/);

  const calls = cloud.calls();
  const absences = calls.filter(({ code }) => code === 'InvalidLoadBalancerId.NotFound');
  const creation = calls.findLast(({ action }) => action === 'CreateLoadBalancer');
  const proofs = absences.filter(({ seq }) => seq < (creation?.seq ?? 0));
  const firstMs = Date.parse(proofs[0]?.startedAt ?? '');
  const lastMs = Date.parse(proofs.at(-1)?.startedAt ?? '');
  assert.ok(lastMs - firstMs >= MINUTE_MS, `The reads were ${lastMs - firstMs} ms apart`);
  assert.equal(scene.made('loadBalancer'), 2);
});

test('SVC-49: of a load balancer that has vanished, an update of backends makes no failure', async (context) => {
  const scene = await open(context);
  cloud.patchObject(scene.loadBalancer().loadBalancerId, { released: true });
  const [node] = cloud.addInstances(1);
  assert.ok(node !== undefined);
  await harness.addNodes([node]);
  context.after(() => admin.delete(`/api/v1/nodes/${node.hostName}`));
  await harness.passTime(3 * MINUTE_MS);
  await scene.becomes(() => {
    assert.deepEqual(scene.backendNodes(), ['node-1', 'node-2', 'node-3', node.hostName]);
  });
  const reasons = (await harness.listEvents(scene.namespace)).map(({ reason }) => reason);
  assert.deepEqual(
    reasons.filter((reason) => reason.endsWith('Failed')),
    [],
  );
});

test('a list that leaves a load balancer out is no proof that it is gone', async (context) => {
  const scene = await open(context);
  cloud.addFault({ action: 'DescribeLoadBalancers', kind: 'empty-list', times: 0 });
  await harness.passTime(20 * MINUTE_MS);
  assert.deepEqual(scene.writes(), []);
  assert.equal(scene.made('loadBalancer'), 1);
  assert.equal(conditionOf(await scene.resource(), 'Ready')?.status, 'True');
});

test('one answer that it does not exist is no proof that it is gone', async (context) => {
  const scene = await open(context);
  cloud.addFault({ action: 'DescribeLoadBalancers', kind: 'empty-list' });
  cloud.addFault({
    action: 'DescribeLoadBalancerAttribute',
    kind: 'error',
    code: 'InvalidLoadBalancerId.NotFound',
    times: 2,
  });
  await harness.passTime(20 * MINUTE_MS);
  await scene.settle();
  assert.deepEqual(scene.writes(), []);
  assert.equal(scene.made('loadBalancer'), 1);
  assert.equal((await scene.resource())?.status?.missing, undefined);
});

test('a load balancer that vanishes again is made again only ten minutes after the last time', async (context) => {
  const scene = await open(context);
  const creationTimesMs = (): readonly number[] =>
    cloud
      .calls()
      .filter(({ action, applied }) => action === 'CreateLoadBalancer' && applied)
      .map(({ startedAt }) => Date.parse(startedAt));
  const untilMade = async (count: number): Promise<void> => {
    while (scene.made('loadBalancer') < count) await harness.passTime(MINUTE_MS / 4);
    await harness.waitUntilReady(scene.namespace);
  };
  cloud.patchObject(scene.loadBalancer().loadBalancerId, { released: true });
  await untilMade(2);
  cloud.patchObject(scene.loadBalancer().loadBalancerId, { released: true });
  await untilMade(3);
  assert.match(await scene.waitForEvent('RecreationHeld'), /approve-recreation/);
  const [, secondMs = 0, thirdMs = 0] = creationTimesMs();
  assert.ok(thirdMs - secondMs >= 10 * MINUTE_MS, `After ${thirdMs - secondMs} ms`);
});

test('when many vanish at once, three are made again and the others wait for an approval', async (context) => {
  const scene = await LoadBalancerScene.openEmpty(harness, context, swept.operator);
  const names = ['web-1', 'web-2', 'web-3', 'web-4', 'web-5'];
  for (const name of names) {
    await harness.createService(scene.namespace, name, { ports: [{ port: 80 }] });
  }
  for (const name of names) await harness.waitUntilReady(scene.namespace, name);
  await harness.passTime(SETTLING_MS);
  for (const { loadBalancerId } of scene.loadBalancers()) {
    cloud.patchObject(loadBalancerId, { released: true });
  }
  await harness.passTime(8 * MINUTE_MS);
  await harness.waitUntilQuiet(scene.operator);
  assert.equal(scene.loadBalancers().length, 3);
  const held = [];
  for (const name of names) {
    const resource = await harness.findLoadBalancer(scene.namespace, name);
    if (conditionOf(resource, 'Accepted')?.reason === 'RecreationHeld') held.push(resource);
  }
  assert.equal(held.length, 2);
  await scene.waitForEvent('RecreationHeld');

  const [first] = held;
  assert.ok(first !== undefined);
  const { name, uid } = first.metadata;
  await admin.patch(loadBalancerPath(scene.namespace, name), {
    metadata: { annotations: { [APPROVE_RECREATION_ANNOTATION]: uid } },
  });
  await harness.waitUntilReady(scene.namespace, name);
  assert.equal(scene.loadBalancers().length, 4);
  const approved = await harness.findLoadBalancer(scene.namespace, name);
  assert.equal(approved?.metadata.annotations?.[APPROVE_RECREATION_ANNOTATION], undefined);
});

test('SEC-10: a load balancer that bears the mark of another owner is left alone, by a deletion too', async (context) => {
  const scene = await open(context);
  const { loadBalancerId, tags } = scene.loadBalancer();
  cloud.patchObject(loadBalancerId, {
    tags: { ...tags, [OWNER_TAG]: 'a11111111111111111111111111111111' },
    loadBalancerName: 'taken-over',
  });
  await harness.passTime(6 * MINUTE_MS);
  const message = await scene.waitForReason('Accepted', 'False', 'ForeignMark');
  assert.match(message, /left alone/);
  await scene.changeService({ spec: { ports: [{ port: 8080, protocol: 'TCP' }] } });
  await scene.rest();
  await scene.deleteService();
  await scene.rest();
  await harness.passTime(6 * MINUTE_MS);
  assert.deepEqual(scene.writes(), []);
  assert.equal(scene.loadBalancer().loadBalancerName, 'taken-over');

  const warned = (await harness.listEvents(scene.namespace)).filter(
    ({ reason }) => reason === 'ForeignMark',
  );
  assert.deepEqual(
    warned.map(({ regarding, series }) => [regarding.kind, series]),
    [['AlibabaLoadBalancer', undefined]],
    'It is said once',
  );

  cloud.patchObject(loadBalancerId, { tags });
  await harness.passTime(6 * MINUTE_MS);
  await harness.waitUntilGone(scene.namespace);
  assert.deepEqual(scene.loadBalancers(), []);
});

test('once the mark of another owner is corrected, the load balancer is kept as asked again', async (context) => {
  const scene = await open(context);
  const { loadBalancerId, tags } = scene.loadBalancer();
  cloud.patchObject(loadBalancerId, {
    tags: { ...tags, [OWNER_TAG]: 'a11111111111111111111111111111111' },
  });
  await harness.passTime(6 * MINUTE_MS);
  await scene.waitForReason('Accepted', 'False', 'ForeignMark');
  cloud.patchObject(loadBalancerId, { tags });
  await harness.passTime(6 * MINUTE_MS);
  await scene.waitForReason('Ready', 'True', 'Ready');
  assert.deepEqual(scene.writes(), []);
});

test('SVC-81: what was changed while no operator ran is found by the next one', async (context) => {
  const scene = await open(context);
  await scene.operator.stop();
  cloud.patchObject(listenerId(scene), { scheduler: 'wlc' });
  scene.mark();
  await scene.restart(swept.operator);
  await harness.passTime(6 * MINUTE_MS);
  await scene.becomes(() => {
    assert.deepEqual(scene.writes(), ['SetLoadBalancerTCPListenerAttribute']);
  });
});

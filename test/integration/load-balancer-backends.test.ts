import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { ProxiedRequest } from '../support/cutting-proxy.ts';
import { LoadBalancerScene, type EndpointWish } from '../support/load-balancer-scene.ts';
import { OperatorHarness } from '../support/operator-harness.ts';

const harness = await OperatorHarness.start({ instances: 3 });
const { cloud, admin } = harness;

/** How long changes of nodes are gathered. */
const NODE_WINDOW_MS = 500;
const EXCLUDE = 'node.kubernetes.io/exclude-from-external-load-balancers';
const ALL = ['node-1', 'node-2', 'node-3'];
const OTHERS = ['node-1', 'node-3'];

function nodePath(name: string): string {
  return `/api/v1/nodes/${name}`;
}

async function changeNode(name: string, change: object): Promise<void> {
  await admin.patch(nodePath(name), change);
}

/** Undoes after the test what it does to a node. */
async function changeNodeFor(context: TestContext, change: object, back: object): Promise<void> {
  await changeNode('node-2', change);
  context.after(() => changeNode('node-2', back));
}

/** Adds a node for an instance of its own, and takes it away after the test. */
async function joinNodes(
  context: TestContext,
  count: number,
  providerId?: (instanceId: string) => string,
): Promise<readonly string[]> {
  const nodes = cloud.addInstances(count).map((node) => ({
    ...node,
    providerId: providerId?.(node.instanceId) ?? node.providerId,
  }));
  context.after(async () => {
    for (const { hostName } of nodes) await admin.delete(nodePath(hostName));
  });
  await harness.addNodes(nodes);
  return nodes.map(({ hostName }) => hostName);
}

/** The load balancers of the passes so far, in order. */
function loadBalancerPasses({ operator }: LoadBalancerScene): readonly string[] {
  return operator
    .log()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Readonly<Record<string, string>>)
    .filter(({ controller, msg }) => controller === 'AlibabaLoadBalancer' && msg === 'Reconciled')
    .map(({ name = '' }) => name);
}

test('SVC-42 SVC-47: a node that joins costs one write for each group, and no read', async (context) => {
  const scene = await LoadBalancerScene.open(harness, context);
  const joined = await joinNodes(context, 1);
  await scene.becomes(() => {
    assert.deepEqual(scene.backendNodes(), [...ALL, ...joined].sort());
  });
  assert.deepEqual(scene.calls(), [
    'AddVServerGroupBackendServers',
    'AddVServerGroupBackendServers',
  ]);

  scene.mark();
  for (const name of joined) await admin.delete(nodePath(name));
  await scene.becomes(() => {
    assert.deepEqual(scene.backendNodes(), ALL);
  });
  assert.deepEqual(scene.calls(), [
    'RemoveVServerGroupBackendServers',
    'RemoveVServerGroupBackendServers',
  ]);
});

test('SVC-42 SVC-47: with Local only a node that holds an endpoint leads to the load balancer', async (context) => {
  const ports = [{ port: 80 }];
  const scene = await LoadBalancerScene.open(harness, context, {
    service: { ports, spec: { externalTrafficPolicy: 'Local' } },
  });
  await scene.setEndpoints([{ node: 'node-1' }]);
  await harness.createService(scene.namespace, 'spread', { ports });
  await harness.waitUntilReady(scene.namespace, 'spread');
  const members = (): Readonly<Record<string, number>> =>
    Object.fromEntries(
      scene.groups().map(({ vServerGroupName, backendServers }) => [
        // k8s/<node port>/<Service>/<namespace>/<cluster>
        vServerGroupName.split('/')[2] ?? '',
        backendServers.length,
      ]),
    );
  const become = (want: Readonly<Record<string, number>>): Promise<void> =>
    scene.becomes(() => {
      assert.deepEqual(members(), want);
    });
  await become({ web: 1, spread: 3 });

  scene.mark();
  const before = loadBalancerPasses(scene);
  await joinNodes(context, 1);
  await become({ web: 1, spread: 4 });
  assert.deepEqual(scene.calls(), ['AddVServerGroupBackendServers']);
  const after = loadBalancerPasses(scene);
  assert.deepEqual(after.slice(before.length), ['spread'], 'The other one is not looked at');

  scene.mark();
  const excluded = (value: string | null): object => ({
    metadata: { labels: { [EXCLUDE]: value } },
  });
  context.after(() => changeNode('node-1', excluded(null)));
  await changeNode('node-1', excluded('true'));
  await become({ web: 0, spread: 3 });
  await changeNode('node-1', excluded(null));
  await become({ web: 1, spread: 4 });
  const [add, remove] = ['AddVServerGroupBackendServers', 'RemoveVServerGroupBackendServers'];
  assert.deepEqual(scene.calls(), [remove, remove, add, add]);
});

test('SVC-47: thirty nodes that join at once cost a write for each moment and each twenty of them', async (context) => {
  const scene = await LoadBalancerScene.open(harness, context, {
    service: { ports: [{ port: 80 }] },
  });
  const startedMs = harness.clock.monotonicMs();
  const joined = await joinNodes(context, 30);
  const tookMs = harness.clock.monotonicMs() - startedMs;
  await scene.becomes(() => {
    assert.deepEqual(scene.backendNodes(), [...ALL, ...joined].sort());
  });
  const writes = scene.writes();
  assert.ok(writes.every((action) => action === 'AddVServerGroupBackendServers'));
  // They become known over a moment, which may fall into several windows; each costs a write.
  const windows = Math.ceil(tookMs / NODE_WINDOW_MS) + 1;
  assert.ok(writes.length >= 2, 'One write takes twenty');
  assert.ok(writes.length <= windows + 1, `${writes.length} writes for ${windows} windows`);
  assert.deepEqual(scene.calls(), writes);
});

for (const value of ['1', 't', 'T', 'true', 'True', 'TRUE', '', 'foo', 'yes']) {
  test(`SVC-38 SVC-42: the exclude label of value "${value}" takes a node out, its end brings it back`, async (context) => {
    const scene = await LoadBalancerScene.open(harness, context, {
      service: { ports: [{ port: 80 }] },
    });
    const absent = { metadata: { labels: { [EXCLUDE]: null } } };
    await changeNodeFor(context, { metadata: { labels: { [EXCLUDE]: value } } }, absent);
    await scene.becomes(() => {
      assert.deepEqual(scene.backendNodes(), OTHERS);
    });
    assert.deepEqual(scene.calls(), ['RemoveVServerGroupBackendServers']);
    scene.mark();
    await changeNode('node-2', absent);
    await scene.becomes(() => {
      assert.deepEqual(scene.backendNodes(), ALL);
    });
    assert.deepEqual(scene.calls(), ['AddVServerGroupBackendServers']);
  });
}

for (const value of ['0', 'f', 'F', 'false', 'False', 'FALSE']) {
  test(`SVC-38: the exclude label of value "${value}" changes nothing`, async (context) => {
    const scene = await LoadBalancerScene.open(harness, context);
    await changeNodeFor(
      context,
      { metadata: { labels: { [EXCLUDE]: value } } },
      { metadata: { labels: { [EXCLUDE]: null } } },
    );
    await scene.rest();
    assert.deepEqual(scene.calls(), []);
    assert.deepEqual(scene.backendNodes(), ALL);
  });
}

const AUTOSCALER_TAINT = {
  key: 'ToBeDeletedByClusterAutoscaler',
  value: '1700000000',
  effect: 'NoSchedule',
};

test('SVC-39: the taint of the autoscaler counts only when the set is computed anyway', async (context) => {
  const scene = await LoadBalancerScene.open(harness, context, {
    service: { ports: [{ port: 80 }] },
  });
  await changeNodeFor(
    context,
    { spec: { taints: [AUTOSCALER_TAINT] } },
    { spec: { taints: null } },
  );
  await scene.rest();
  assert.deepEqual(scene.calls(), [], 'It starts nothing');
  const joined = await joinNodes(context, 1);
  await scene.becomes(() => {
    assert.deepEqual(scene.backendNodes(), [...OTHERS, ...joined].sort());
  });
});

test('SVC-39: a node that is being deleted counts only when the set is computed anyway', async (context) => {
  const scene = await LoadBalancerScene.open(harness, context, {
    service: { ports: [{ port: 80 }] },
  });
  const [going = ''] = await joinNodes(context, 1);
  await scene.becomes(() => {
    assert.deepEqual(scene.backendNodes(), [...ALL, going].sort());
  });
  scene.mark();
  await changeNode(going, { metadata: { finalizers: ['example.com/wait'] } });
  await admin.delete(nodePath(going));
  await scene.rest();
  assert.deepEqual(scene.calls(), []);
  const [joined = ''] = await joinNodes(context, 1);
  await scene.becomes(() => {
    assert.deepEqual(scene.backendNodes(), [...ALL, joined].sort());
  });
  await changeNode(going, { metadata: { finalizers: null } });
});

const now = '2026-01-01T00:00:00Z';
const insignificant: readonly {
  readonly rule: string;
  readonly what: string;
  readonly change: object;
  readonly back: object;
  readonly isStatus?: boolean;
}[] = [
  ...['True', 'False', 'Unknown'].map((status) => ({
    rule: 'SVC-40 SVC-42',
    what: `readiness "${status}"`,
    change: {
      status: {
        conditions: [{ type: 'Ready', status, reason: 'x', message: '', lastTransitionTime: now }],
      },
    },
    back: { status: { conditions: null } },
    isStatus: true,
  })),
  {
    rule: 'SVC-42',
    what: 'a heartbeat',
    change: {
      status: {
        conditions: [
          {
            type: 'MemoryPressure',
            status: 'False',
            reason: 'x',
            message: '',
            lastTransitionTime: now,
            lastHeartbeatTime: now,
          },
        ],
      },
    },
    back: { status: { conditions: null } },
    isStatus: true,
  },
  {
    rule: 'SVC-42',
    what: 'its images',
    change: { status: { images: [{ names: ['example.com/image:1'], sizeBytes: 1 }] } },
    back: { status: { images: null } },
    isStatus: true,
  },
  {
    rule: 'SVC-41 SVC-42',
    what: 'a cordon',
    change: { spec: { unschedulable: true } },
    back: { spec: { unschedulable: null } },
  },
  {
    rule: 'SVC-41 SVC-42',
    what: 'the control-plane role',
    change: { metadata: { labels: { 'node-role.kubernetes.io/control-plane': '' } } },
    back: { metadata: { labels: { 'node-role.kubernetes.io/control-plane': null } } },
  },
  {
    rule: 'SVC-42',
    what: 'another label',
    change: { metadata: { labels: { team: 'blue' } } },
    back: { metadata: { labels: { team: null } } },
  },
  {
    rule: 'SVC-42',
    what: 'an annotation',
    change: { metadata: { annotations: { note: 'blue' } } },
    back: { metadata: { annotations: { note: null } } },
  },
  {
    rule: 'SVC-42',
    what: 'another taint',
    change: { spec: { taints: [{ key: 'example.com/other', effect: 'NoSchedule' }] } },
    back: { spec: { taints: null } },
  },
];

for (const { rule, what, change, back, isStatus = false } of insignificant) {
  test(`${rule}: ${what} of a node makes no call, and it stays`, async (context) => {
    const scene = await LoadBalancerScene.open(harness, context);
    const path = `${nodePath('node-2')}${isStatus ? '/status' : ''}`;
    await admin.patch(path, change);
    context.after(() => admin.patch(path, back));
    await scene.rest();
    assert.deepEqual(scene.calls(), []);
    const joined = await joinNodes(context, 1);
    await scene.becomes(() => {
      assert.deepEqual(scene.backendNodes(), [...ALL, ...joined].sort());
    });
  });
}

test('SVC-44: a hundred events of nodes that leave the set as it is make no call', async (context) => {
  const scene = await LoadBalancerScene.open(harness, context);
  for (let event = 0; event < 100; event += 1) {
    await changeNode(ALL[event % 3] ?? '', { metadata: { annotations: { event: `${event}` } } });
  }
  await scene.rest();
  assert.deepEqual(scene.calls(), []);
});

test('SVC-42 SVC-43: a node without a provider id is left out until it has one', async (context) => {
  const scene = await LoadBalancerScene.open(harness, context, {
    service: { ports: [{ port: 80 }] },
  });
  const [name = ''] = await joinNodes(context, 1, () => '');
  await scene.rest();
  assert.deepEqual(scene.calls(), []);
  const instanceId = cloud.state().instances.find(({ hostName }) => hostName === name)?.instanceId;
  await changeNode(name, { spec: { providerID: `${cloud.regionId}.${String(instanceId)}` } });
  await scene.becomes(() => {
    assert.deepEqual(scene.backendNodes(), [...ALL, name].sort());
  });
  assert.deepEqual(scene.calls(), ['AddVServerGroupBackendServers']);
});

test('SVC-43: a node of another provider is never sent to the cloud', async (context) => {
  const scene = await LoadBalancerScene.open(harness, context);
  await joinNodes(context, 1, (instanceId) => `other://zone/${instanceId}`);
  await scene.rest();
  assert.deepEqual(scene.calls(), []);
});

test('SVC-48: without an eligible node the load balancer is there all the same, with a Warning', async (context) => {
  for (const name of ALL) await changeNode(name, { metadata: { labels: { [EXCLUDE]: 'true' } } });
  context.after(async () => {
    for (const name of ALL) await changeNode(name, { metadata: { labels: { [EXCLUDE]: null } } });
  });
  const scene = await LoadBalancerScene.open(harness, context);
  assert.equal(scene.loadBalancer().listeners.length, 2);
  assert.deepEqual(scene.backendNodes(), []);
  await scene.waitForEvent('UnAvailableLoadBalancer');
  await changeNode('node-1', { metadata: { labels: { [EXCLUDE]: null } } });
  await scene.becomes(() => {
    assert.deepEqual(scene.backendNodes(), ['node-1']);
  });
});

/** Which nodes hold an endpoint that takes traffic, by the rule of kube-proxy. */
function servingNodes(endpoints: readonly EndpointWish[]): readonly string[] {
  const ready = endpoints.filter(({ ready = true, terminating = false }) => ready && !terminating);
  const chosen =
    ready.length > 0 ? ready : endpoints.filter(({ ready = true, serving = ready }) => serving);
  return chosen.map(({ node }) => node);
}

const moves: readonly { readonly name: string; readonly steps: readonly EndpointWish[][] }[] = [
  {
    name: 'from one node to another at once',
    steps: [[{ node: 'node-1' }], [{ node: 'node-2' }], [{ node: 'node-3' }]],
  },
  {
    name: 'over, as a rolling update does it',
    steps: [
      [{ node: 'node-1' }],
      [{ node: 'node-1' }, { node: 'node-2', ready: false }],
      [{ node: 'node-1' }, { node: 'node-2' }],
      [{ node: 'node-1', ready: false, serving: true, terminating: true }, { node: 'node-2' }],
      [{ node: 'node-2' }],
    ],
  },
  {
    name: 'away, until only such remain that end',
    steps: [
      [{ node: 'node-1' }, { node: 'node-2' }],
      [{ node: 'node-1', ready: false, serving: true, terminating: true }, { node: 'node-2' }],
      [
        { node: 'node-1', ready: false, serving: true, terminating: true },
        { node: 'node-2', ready: false, serving: true, terminating: true },
      ],
      [
        { node: 'node-1', ready: false, serving: false, terminating: true },
        { node: 'node-2', ready: false, serving: true, terminating: true },
      ],
    ],
  },
];

for (const { name, steps } of moves) {
  test(`SVC-50 EPS-05 EPS-06: endpoints move ${name}, and at every moment a node that serves is registered`, async (context) => {
    let serving: readonly string[] = [];
    const gaps: string[] = [];
    const watch = ({ purpose, isWrite }: ProxiedRequest): 'pass' => {
      const isOut =
        serving.length > 0 && !scene.backendNodes().some((node) => serving.includes(node));
      if (isWrite && isOut) gaps.push(`before ${purpose}`);
      return 'pass';
    };
    const scene: LoadBalancerScene = await LoadBalancerScene.open(harness, context, {
      service: { ports: [{ port: 80 }], spec: { externalTrafficPolicy: 'Local' } },
      operator: { decide: (request) => watch(request) },
    });
    let before: readonly EndpointWish[] = [];
    for (const step of steps) {
      // Traffic may go to the nodes of either state while the one becomes the other.
      serving = before.length === 0 ? [] : [...servingNodes(before), ...servingNodes(step)];
      await scene.setEndpoints(step);
      await scene.becomes(() => {
        assert.deepEqual(scene.backendNodes(), [...servingNodes(step)].sort());
      });
      serving = servingNodes(step);
      before = step;
    }
    assert.deepEqual(gaps, []);
  });
}

test('SVC-50: when no endpoint serves any more, the set stays and the health check decides', async (context) => {
  const scene = await LoadBalancerScene.open(harness, context, {
    service: { ports: [{ port: 80 }], spec: { externalTrafficPolicy: 'Local' } },
  });
  await scene.setEndpoints([{ node: 'node-1' }]);
  await scene.becomes(() => {
    assert.deepEqual(scene.backendNodes(), ['node-1']);
  });
  scene.mark();
  await scene.setEndpoints([{ node: 'node-1', ready: false }]);
  await scene.rest();
  await scene.setEndpoints([]);
  await scene.rest();
  assert.deepEqual(scene.calls(), []);
  assert.deepEqual(scene.backendNodes(), ['node-1']);
});

test('SVC-50: with Local, a node weighs as many endpoints as it holds', async (context) => {
  const scene = await LoadBalancerScene.open(harness, context, {
    service: { ports: [{ port: 80 }], spec: { externalTrafficPolicy: 'Local' } },
  });
  const weights = (): readonly number[] =>
    scene.groups().flatMap(({ backendServers }) => backendServers.map(({ weight }) => weight));
  await scene.setEndpoints([{ node: 'node-1' }, { node: 'node-2' }]);
  await scene.becomes(() => {
    assert.deepEqual(weights(), [1, 1]);
  });
  await scene.setEndpoints([{ node: 'node-1' }, { node: 'node-2' }, { node: 'node-2' }]);
  await scene.becomes(() => {
    assert.deepEqual(weights(), [1, 2]);
  });
});

test('SVC-65: the members of every port follow a change of nodes while its node port changes', async (context) => {
  const scene = await LoadBalancerScene.open(harness, context, {
    service: { ports: [{ port: 80, nodePort: 30_200 }] },
  });
  await scene.changeService({
    spec: { ports: [{ name: 'tcp-80', port: 80, protocol: 'TCP', nodePort: 30_201 }] },
  });
  const joined = await joinNodes(context, 1);
  await scene.becomes(() => {
    assert.deepEqual(scene.backendNodes(), [...ALL, ...joined].sort());
    assert.deepEqual(
      [
        ...new Set(
          scene.groups().flatMap(({ backendServers }) => backendServers.map(({ port }) => port)),
        ),
      ],
      [30_201],
    );
  });
  assert.equal(scene.groups().length, 1);
});

import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type { PlannedStep } from '../../src/reconcilers/load-balancer/load-balancer-steps.ts';
import { leaveLoadBalancer } from '../support/go-ccm-load-balancer.ts';
import { NodeScene, type SeenNode } from '../support/node-scene.ts';
import { eventually, pause, startOperatorWorld } from '../support/operator-world.ts';
import { callsOf } from '../support/planned-calls.ts';
import { ServiceScene } from '../support/service-scene.ts';

const TABLE_ID = 'vtb-bp1emulator0000000000';
const FLAGS = [
  '--controllers=*,node-ipam-controller',
  '--cluster-cidr=172.20.0.0/16',
  '--allocate-node-cidrs',
  '--node-monitor-period=1s',
  '--node-status-update-frequency=2s',
];
/** How long is watched for what must not happen; several periods of every controller. */
const WATCHED_MS = 6_000;

interface SeenRouteStep {
  readonly action: string;
  readonly destinationCidr: string;
}

const world = await startOperatorWorld({ instances: 3 });
const { cloud, cluster } = world;
const nodes = new NodeScene(world);

let sinceSeq = 0;
function writes(): readonly string[] {
  return cloud.calls(sinceSeq).flatMap(({ action, mutating }) => (mutating ? [action] : []));
}

async function seenNodes(): Promise<readonly SeenNode[]> {
  return (await nodes.client.list('/api/v1/nodes')) as unknown as readonly SeenNode[];
}

/** Holds the lease of the Go CCM, which works on; or gives it up. */
async function setHolder(holderIdentity: string): Promise<void> {
  const now = new Date().toISOString().replace('Z', '000Z');
  await cluster.kubectl.apply({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'ccm', namespace: 'kube-system' },
    spec: {
      holderIdentity,
      leaseDurationSeconds: holderIdentity === '' ? 1 : 600,
      acquireTime: now,
      renewTime: now,
    },
  });
}

async function planOf<Step>(
  kind: string,
  namespace: string,
  name: string,
): Promise<readonly Step[]> {
  const object = await world.find(kind, namespace, name);
  const { plan } = (object?.status ?? {}) as { readonly plan?: readonly Step[] };
  assert.ok(plan, `${kind} ${name} has a plan`);
  return plan;
}

before(async () => {
  // Of three nodes two have a route, and one of the two has lost its taint.
  for (const [index, node] of cloud.nodes.entries()) {
    const podCidr = `172.20.${index}.0/24`;
    await nodes.patch(node.hostName, {
      spec: {
        podCIDR: podCidr,
        podCIDRs: [podCidr],
        ...(index === 0
          ? {
              taints: [
                {
                  key: 'node.cloudprovider.kubernetes.io/uninitialized',
                  value: 'true',
                  effect: 'NoSchedule',
                },
              ],
            }
          : {}),
      },
    });
    if (index === 0) continue;
    cloud.admin.seed({
      routeEntries: [
        {
          routeTableId: TABLE_ID,
          destinationCidrBlock: podCidr,
          nextHopType: 'Instance',
          nextHopId: node.instanceId,
        },
      ],
    });
  }
});

test('MIG-08 MIG-09: a dry run beside the Go CCM shows what would be done, and writes nothing else', async () => {
  const scene = await ServiceScene.open(world);
  const finalizers = ['service.k8s.alibaba/resources'];
  await scene.createService('as-asked', {}, { finalizers });
  const left = await leaveLoadBalancer(world, scene, 'as-asked');
  await scene.createService('fewer', {}, { finalizers });
  await leaveLoadBalancer(world, scene, 'fewer', { instanceIds: cloud.instanceIds.slice(1) });
  await scene.createService('new');
  // This one says for itself that it wants to be changed.
  await cluster.kubectl.runWithInput(
    {
      apiVersion: 'networking.alibabacloud.com/v1alpha1',
      kind: 'AlibabaLoadBalancer',
      metadata: { name: 'new', namespace: scene.namespace },
      spec: { type: 'CLB', serviceRef: { name: 'new' }, reconcilePolicy: 'Apply' },
    },
    'create',
    '-f',
    '-',
  );
  await setHolder('the-go-ccm');
  sinceSeq = cloud.calls().at(-1)?.seq ?? 0;
  const names = ['as-asked', 'fewer', 'new'] as const;
  const servicesBefore = await Promise.all(names.map((name) => scene.get('service', name)));
  const nodesBefore = await seenNodes();

  const dry = await world.startOperator(...FLAGS, '--dry-run');
  const plans = new Map<string, readonly PlannedStep[]>();
  for (const name of names) {
    const ready = await scene.waitForReason('alilb', name, 'Ready', 'Observing');
    assert.match(ready.message, /--dry-run/);
    plans.set(name, await planOf<PlannedStep>('alilb', scene.namespace, name));
  }
  await pause(WATCHED_MS);
  assert.deepEqual(callsOf(plans.get('as-asked') ?? []), [], 'Nothing to do but to record it');
  assert.deepEqual(callsOf(plans.get('fewer') ?? []), ['AddVServerGroupBackendServers']);
  const routeSteps = await planOf<SeenRouteStep>('alirt', '', TABLE_ID);
  assert.deepEqual(
    routeSteps.map(({ action, destinationCidr }) => `${action} ${destinationCidr}`),
    ['Create 172.20.0.0/24', 'Adopt 172.20.1.0/24', 'Adopt 172.20.2.0/24'],
  );
  for (const name of names) {
    const said = await scene.saidOf('AlibabaLoadBalancer', name);
    assert.deepEqual(
      said.filter((one) => one.endsWith('PlanChanged')),
      ['Normal PlanChanged'],
      name,
    );
  }

  assert.deepEqual(writes(), [], 'No call was to change the cloud');
  const kubernetesWrites = (await world.operatorWrites()).map(
    ({ verb, objectRef }) =>
      `${verb} ${objectRef?.resource ?? ''}${objectRef?.subresource === undefined ? '' : `/${objectRef.subresource}`}`,
  );
  assert.deepEqual(
    [...new Set(kubernetesWrites)].sort(),
    [
      'patch alibabaloadbalancers',
      'patch alibabaloadbalancers/status',
      'patch alibabaroutetables',
      'patch alibabaroutetables/status',
    ],
    'Only our own objects, and what is shown in them',
  );
  assert.deepEqual(await seenNodes(), nodesBefore);
  const servicesAfter = await Promise.all(names.map((name) => scene.get('service', name)));
  assert.deepEqual(servicesAfter, servicesBefore);
  for (const name of names) {
    assert.deepEqual((await scene.get('alilb', name)).metadata.finalizers ?? [], [], name);
  }
  const shown = await world.find('alirt', '', TABLE_ID);
  assert.deepEqual(shown?.metadata.finalizers ?? [], []);

  // Without the flag exactly that is done.
  await dry.stop();
  await setHolder('');
  await world.startOperator(
    '--controllers=service-lb-controller,node-route-controller',
    '--cluster-cidr=172.20.0.0/16',
  );
  for (const name of names) await scene.waitUntilReady(name);
  await eventually(async () => {
    const table = await world.find('alirt', '', TABLE_ID);
    const { routes } = table?.status as { readonly routes: { readonly available: number } };
    assert.equal(routes.available, 3);
  });
  await pause(1_000);
  const planned = [...plans.values()].flatMap(callsOf);
  assert.deepEqual(writes().toSorted(), [...planned, 'CreateRouteEntries'].toSorted());
  const service = await scene.get('service', 'as-asked');
  assert.equal(service.status?.loadBalancer?.ingress?.[0]?.ip, left.address);
});

test('MIG-08: a dry run keeps what is deleted meanwhile, and what it has is cleaned up after it', async () => {
  await world.stopOperators();
  const scene = await ServiceScene.open(world);
  const flags = ['--controllers=service-lb-controller'];
  const first = await world.startOperator(...flags);
  await scene.createService('web');
  const service = await scene.waitUntilReady('web');
  await first.stop();
  sinceSeq = cloud.calls().at(-1)?.seq ?? 0;

  const dry = await world.startOperator(...flags, '--dry-run');
  await scene.kubectl('delete', 'alilb', 'web', '--wait=false');
  await scene.kubectl('delete', 'service', 'web', '--wait=false');
  const steps = await eventually(async () => {
    const plan = await planOf<PlannedStep>('alilb', scene.namespace, 'web');
    assert.equal(plan.length, 2);
    return plan;
  });
  await pause(2_000);
  assert.deepEqual(writes(), []);
  assert.equal(scene.cloudOf(service).length, 1);
  assert.ok((await scene.get('service', 'web')).metadata.finalizers?.length);
  await dry.stop();

  await world.startOperator(...flags);
  await scene.waitUntilGone('service', 'web');
  await scene.waitUntilGone('alilb', 'web');
  assert.deepEqual(writes(), callsOf(steps));
  assert.deepEqual(scene.cloudOf(service), []);
});

import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { CloudClients } from '../../src/cloud/cloud-clients.ts';
import { isFailure } from '../../src/cloud/failure.ts';
import type { CallOptions } from '../../src/cloud/call-options.ts';
import { DEFAULT_CLOUD_SETTINGS } from '../../src/cloud/transport/cloud-settings.ts';
import { SystemClock, SystemRandomness } from '../../src/operator/system-clock.ts';
import { isConditionTrue } from '../../src/reconcilers/conditions.ts';
import type { LoadBalancerResource, Service } from '../../src/reconcilers/kubernetes-objects.ts';
import { applyLoadBalancer } from '../../src/reconcilers/load-balancer/load-balancer-apply.ts';
import { beliefAfterCreation } from '../../src/reconcilers/load-balancer/load-balancer-belief.ts';
import {
  attributesOfCreation,
  creationParameters,
} from '../../src/reconcilers/load-balancer/load-balancer-creation.ts';
import { deleteFromCloud } from '../../src/reconcilers/load-balancer/load-balancer-deletion.ts';
import {
  desiredLoadBalancer,
  type DesiredLoadBalancer,
} from '../../src/reconcilers/load-balancer/load-balancer-desired.ts';
import {
  ADDED_MARKS,
  listenerDescription,
  ownershipTags,
  serverGroupName,
  type Owner,
} from '../../src/reconcilers/load-balancer/load-balancer-names.ts';
import { observeLoadBalancer } from '../../src/reconcilers/load-balancer/load-balancer-observe.ts';
import type { ObservedLoadBalancer } from '../../src/reconcilers/load-balancer/load-balancer-observed.ts';
import { planLoadBalancer } from '../../src/reconcilers/load-balancer/load-balancer-plan.ts';
import { loadBalancerStatus } from '../../src/reconcilers/load-balancer/load-balancer-status.ts';
import { loadBalancerOf, serviceOf, servicePort } from '../support/kubernetes-builders.ts';
import { startLocalCloud, type LocalCloud } from '../support/local-cloud.ts';

const owner: Owner = {
  clusterId: 'c1',
  namespace: 'shop',
  serviceName: 'web',
  serviceUid: 'uid-1',
};
const options: CallOptions = { signal: AbortSignal.timeout(300_000), lane: 'live' };

const systemClock = new SystemClock();

let cloud: LocalCloud;
let clients: CloudClients;

before(async () => {
  cloud = await startLocalCloud({ instances: 4 });
  const { host } = new URL(cloud.url);
  clients = new CloudClients(
    {
      ...DEFAULT_CLOUD_SETTINGS,
      regionId: cloud.regionId,
      vpcId: cloud.vpcId,
      endpoints: { slb: host, sts: host },
      scheme: 'http',
      credentials: {
        kind: 'accessKey',
        accessKeyId: cloud.accessKey.id,
        accessKeySecret: cloud.accessKey.secret,
      },
      metadataEndpoint: cloud.url,
      clusterId: owner.clusterId,
      operatorVersion: 'test',
    },
    {
      clock: systemClock,
      randomness: new SystemRandomness(),
      mayWrite: () => true,
      metrics: { observeCall: () => undefined },
      logger: { debug: () => undefined, info: () => undefined, warn: () => undefined },
    },
  );
});

beforeEach(() => {
  cloud.reset();
});

after(async () => {
  await cloud.stop();
});

interface Wish {
  readonly spec?: Partial<LoadBalancerResource['spec']>;
  readonly service?: Partial<Service['spec']>;
  readonly instances?: readonly number[];
}

function desiredOf(wish: Wish = {}): DesiredLoadBalancer {
  return desiredLoadBalancer({
    resource: loadBalancerOf({ spec: wish.spec ?? {} }),
    service: serviceOf({ spec: wish.service ?? {} }),
    owner,
    nodes: (wish.instances ?? [0, 1, 2]).map((index) => ({
      nodeName: `node-${index}`,
      instanceId: cloud.instanceIds[index] ?? '',
      weightPercent: 100,
    })),
    closedListeners: new Set(),
  });
}

async function create(desired: DesiredLoadBalancer): Promise<ObservedLoadBalancer> {
  const parameters = creationParameters(loadBalancerOf(), desired.attributes, {});
  const created = await clients.slb.createLoadBalancer(parameters, 'token-1', options);
  return beliefAfterCreation(created.id, {
    kind: 'seen',
    value: attributesOfCreation(parameters),
  });
}

/** Applies what is planned from a belief, and proves that reading the cloud plans nothing more. */
async function converge(
  desired: DesiredLoadBalancer,
  believed: ObservedLoadBalancer,
): Promise<ObservedLoadBalancer> {
  const actions = planLoadBalancer(desired, believed);
  const known = await applyLoadBalancer({
    slb: clients.slb,
    owner,
    actions,
    observed: believed,
    onAccepted: () => undefined,
    options,
  });
  const read = await readAtRest(believed.id);
  assert.deepEqual(planLoadBalancer(desired, read), [], 'What was read is as desired');
  assert.deepEqual(planLoadBalancer(desired, running(known)), [], 'So is what is believed');
  return read;
}

async function readAtRest(id: string): Promise<ObservedLoadBalancer> {
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const read = await observeLoadBalancer(clients.slb, owner, id, options);
    assert.ok(read !== undefined);
    const { listeners } = read.observed;
    if (listeners.every(({ status }) => status === 'running' || status === 'stopped')) {
      return read.observed;
    }
    await systemClock.sleep(200);
  }
  throw new Error('The listeners did not come to rest');
}

function running(observed: ObservedLoadBalancer): ObservedLoadBalancer {
  return {
    ...observed,
    listeners: observed.listeners.map((listener) =>
      listener.status === 'starting' ? { ...listener, status: 'running' } : listener,
    ),
  };
}

function writes(since: number): string[] {
  return cloud
    .calls(since)
    .filter((call) => call.mutating)
    .map((call) => call.action);
}

test('a load balancer with TCP and UDP takes a write for each of its parts', async () => {
  const ports = [servicePort(53), servicePort(53, { protocol: 'UDP' })];
  const desired = desiredOf({
    service: { ports },
    spec: {
      listeners: [
        { transport: 'TCP', port: 53, backend: { servicePort: 53 } },
        { transport: 'UDP', port: 53, backend: { servicePort: 53 } },
      ],
    },
  });
  await converge(desired, await create(desired));
  assert.deepEqual(writes(0), [
    'CreateLoadBalancer',
    'CreateVServerGroup',
    'CreateLoadBalancerTCPListener',
    'StartLoadBalancerListener',
    'CreateLoadBalancerUDPListener',
    'StartLoadBalancerListener',
  ]);
  assert.ok(
    cloud.calls(0).every((call) => call.httpStatus === 200),
    'The pause between writes keeps clear of the locks',
  );
});

const changes: readonly {
  readonly name: string;
  readonly wish: Wish;
  readonly want: readonly string[];
}[] = [
  {
    name: 'SVC-53 traffic policy Local',
    wish: { service: { externalTrafficPolicy: 'Local', healthCheckNodePort: 32_000 } },
    want: ['SetLoadBalancerTCPListenerAttribute'],
  },
  {
    name: 'SVC-65 node port',
    wish: { service: { ports: [servicePort(80, { nodePort: 31_000 })] } },
    want: ['CreateVServerGroup', 'SetLoadBalancerTCPListenerAttribute', 'DeleteVServerGroup'],
  },
  {
    name: 'nodes',
    wish: { instances: [1, 2, 3] },
    want: ['AddVServerGroupBackendServers', 'RemoveVServerGroupBackendServers'],
  },
  {
    name: 'SVC-61 scheduler, persistence, name and tags',
    wish: {
      spec: {
        name: 'shop-web',
        tags: [{ key: 'team', value: 'blue' }],
        listeners: [
          {
            transport: 'TCP',
            port: 80,
            backend: { servicePort: 80 },
            clb: { scheduler: 'wrr', persistenceTimeoutSeconds: 3600 },
          },
        ],
      },
    },
    want: ['SetLoadBalancerName', 'TagResources', 'SetLoadBalancerTCPListenerAttribute'],
  },
  {
    name: 'health check off',
    wish: {
      spec: {
        listeners: [
          {
            transport: 'TCP',
            port: 80,
            backend: { servicePort: 80 },
            healthCheck: { mode: 'Off' },
          },
        ],
      },
    },
    want: ['SetLoadBalancerTCPListenerAttribute'],
  },
  {
    name: 'closed by a person',
    wish: {
      spec: {
        listeners: [{ transport: 'TCP', port: 80, enabled: false, backend: { servicePort: 80 } }],
      },
    },
    want: ['StopLoadBalancerListener'],
  },
  {
    name: 'no port left',
    wish: { service: { ports: [] } },
    want: ['DeleteLoadBalancerListener', 'DeleteVServerGroup'],
  },
];

for (const { name, wish, want } of changes) {
  test(`a change of ${name} reaches the cloud, and its way back too`, async () => {
    const plain = desiredOf();
    const before = await converge(plain, await create(plain));
    const since = cloud.calls(0).at(-1)?.seq ?? 0;
    const changed = await converge(desiredOf(wish), before);
    assert.deepEqual(writes(since), want);
    await converge(plain, changed);
  });
}

test('what someone else put into our load balancer stays', async () => {
  const desired = desiredOf();
  const believed = await converge(desired, await create(desired));
  const { id } = believed;
  const foreignGroup = await clients.slb.createServerGroup(
    id,
    { name: 'by-hand', tags: [], backends: [] },
    options,
  );
  const ownGroup = believed.serverGroups[0]?.id ?? '';
  const byHand = {
    serverId: cloud.instanceIds[3] ?? '',
    port: 30_080,
    weightPercent: 50,
    type: 'ecs' as const,
    serverIp: '',
    description: 'by hand',
  };
  await clients.slb.addBackends(id, ownGroup, [byHand], options);
  const read = await readAtRest(id);
  assert.deepEqual(planLoadBalancer(desired, read), []);
  await converge(desiredOf({ instances: [0] }), read);
  const members = await clients.slb.findBackends(ownGroup, options);
  assert.ok(members?.some((member) => member.description === 'by hand'));
  const groups = await clients.slb.listServerGroups(id, options);
  assert.ok(groups.some((group) => group.id === foreignGroup));
});

test('SVC-16 deletion takes three calls, and is done again without harm', async () => {
  const desired = desiredOf();
  const { id } = await converge(desired, await create(desired));
  const resource = loadBalancerOf({
    status: { loadBalancerId: id, ownership: 'Created', attributes: { VpcId: '' } },
  });
  const since = cloud.calls(0).at(-1)?.seq ?? 0;
  const input = {
    slb: clients.slb,
    resource,
    owner,
    identity: { accountId: cloud.accountId, regionId: cloud.regionId },
    nowMs: systemClock.now(),
    begin: () => Promise.resolve(),
    options,
  };
  assert.deepEqual(await deleteFromCloud(input), { kind: 'gone' });
  assert.deepEqual(
    cloud.calls(since).map((call) => call.action),
    ['DescribeLoadBalancerAttribute', 'SetLoadBalancerDeleteProtection', 'DeleteLoadBalancer'],
  );
  assert.deepEqual(await deleteFromCloud(input), { kind: 'gone' });
});

test('a load balancer with the mark of another owner is not deleted', async () => {
  const desired = desiredOf();
  const { id } = await create(desired);
  const resource = loadBalancerOf({ status: { loadBalancerId: id, ownership: 'Created' } });
  const result = await deleteFromCloud({
    slb: clients.slb,
    resource,
    owner: { ...owner, serviceUid: 'uid-2' },
    identity: { accountId: cloud.accountId, regionId: cloud.regionId },
    nowMs: systemClock.now(),
    begin: () => Promise.resolve(),
    options,
  });
  assert.equal(result.kind, 'foreign');
  assert.ok((await clients.slb.findLoadBalancer(id, options)) !== undefined);
});

test('SVC-80 the same token with the same parameters makes one load balancer', async () => {
  const desired = desiredOf();
  const first = await create(desired);
  const second = await create(desired);
  assert.equal(first.id, second.id);
});

test('an open creation is looked for, not repeated, while it is deleted', async () => {
  const desired = desiredOf();
  const parameters = { ...creationParameters(loadBalancerOf(), desired.attributes, {}) };
  const creation = {
    token: 'token-1',
    parameters,
    startedAt: new Date(systemClock.now()).toISOString(),
    accountId: cloud.accountId,
    regionId: cloud.regionId,
  };
  const input = {
    slb: clients.slb,
    resource: loadBalancerOf({ status: { creation } }),
    owner,
    identity: { accountId: cloud.accountId, regionId: cloud.regionId },
    nowMs: systemClock.now(),
    begin: () => Promise.resolve(),
    options,
  };
  assert.equal((await deleteFromCloud(input)).kind, 'wait');
  const later = { ...input, nowMs: systemClock.now() + 5 * 60_000 };
  assert.equal((await deleteFromCloud(later)).kind, 'gone');
  const { id } = await create(desired);
  const found = await deleteFromCloud(input);
  assert.ok(found.kind === 'found');
  assert.equal(found.change.loadBalancerId, id);
  assert.deepEqual(writes(0), ['CreateLoadBalancer']);
});

test('a write whose answer is lost is reported as ambiguous', async () => {
  const desired = desiredOf();
  const believed = await create(desired);
  cloud.addFault({ action: 'CreateVServerGroup', kind: 'lose-answer' });
  await assert.rejects(
    applyLoadBalancer({
      slb: clients.slb,
      owner,
      actions: planLoadBalancer(desired, believed),
      observed: believed,
      onAccepted: () => undefined,
      options,
    }),
    (error) => isFailure(error) && error.ambiguous,
  );
});

test('SVC-92 what the Go CCM made without a cluster id is taken over without a write', async () => {
  const desired = desiredOf();
  const believed = await converge(desired, await create(desired));
  const { id } = believed;
  const goCcm = { ...owner, clusterId: 'clusterid' };
  const ownGroup = believed.serverGroups[0];
  assert.ok(ownGroup?.backends.kind === 'seen');
  const members = ownGroup.backends.value.map((backend) => ({
    ...backend,
    description: serverGroupName(goCcm, 30_080),
  }));
  await clients.slb.setBackends(id, ownGroup.id, members, options);
  cloud.patchObject(`${id}_tcp_80`, { Description: listenerDescription(goCcm, 80) });
  await clients.slb.tagLoadBalancer(id, ownershipTags(goCcm).slice(0, 2), options);
  await clients.slb.untagLoadBalancer(id, [...ADDED_MARKS], options);

  const read = await readAtRest(id);
  assert.deepEqual(planLoadBalancer(desired, read), []);
  const status = loadBalancerStatus({
    resource: loadBalancerOf(),
    service: serviceOf(),
    refusal: undefined,
    notReady: undefined,
    progress: undefined,
    desired,
    observed: read,
    nowMs: 0,
  });
  assert.ok(isConditionTrue(status.conditions ?? [], 'Ready'));
});

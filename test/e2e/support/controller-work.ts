import assert from 'node:assert/strict';
import { waitUntil } from '../../../hack/control-plane/endpoint-probe.ts';
import type { ControllerName } from '../../../src/operator/controllers/controller-selection.ts';
import type { E2eCluster } from './e2e-cluster.ts';
import { E2eService } from './e2e-service.ts';

/** The range of the pods of every cluster in which this work is done. */
export const CLUSTER_CIDR = '172.20.0.0/16';

/** What one controller does in its usual day, and what it does that with. */
export interface ControllerWork {
  /** The versions of the APIs of the cloud that it calls; every one also asks who it is. */
  readonly cloudApis: readonly string[];
  /** Permissions that its usual day does not need, and what needs them. */
  readonly seldom?: Readonly<Record<string, string>>;
  /** Gives it work, and returns when it is done. */
  readonly doWork: (e2e: E2eCluster) => Promise<void>;
}

interface NodeView {
  readonly metadata: { readonly labels?: Readonly<Record<string, string>> };
  readonly spec: {
    readonly podCIDR?: string;
    readonly taints?: readonly { readonly key: string }[];
  };
  readonly status: {
    readonly addresses?: readonly { readonly type: string; readonly address: string }[];
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

interface RouteEntryView {
  readonly destinationCidrBlock?: string;
}

const SLB = '2014-05-15';
const ECS = '2014-05-26';
const VPC = '2016-04-28';
const REGION = 'cn-hangzhou';
const UNINITIALISED = {
  key: 'node.cloudprovider.kubernetes.io/uninitialized',
  value: 'true',
  effect: 'NoSchedule',
};
const WAIT_MS = 45_000;
const AFTER_A_CONFLICT = 'read again when somebody else wrote first';
let instances = 0;

/** The day of each controller. */
export const CONTROLLER_WORK: Readonly<Record<ControllerName, ControllerWork>> = {
  'cloud-node-controller': {
    cloudApis: [ECS],
    seldom: { 'get /nodes': AFTER_A_CONFLICT },
    doWork: async (e2e) => {
      const name = 'joins';
      await addNode(e2e, name, { instance: await addInstance(e2e), taints: [UNINITIALISED] });
      await waitForNode(e2e, name, ({ spec, status }) => {
        const isWaiting = (spec.taints ?? []).some(({ key }) => key === UNINITIALISED.key);
        return !isWaiting && (status.addresses ?? []).length > 0;
      });
      assert.equal(
        (await nodeOf(e2e, name)).metadata.labels?.['topology.kubernetes.io/zone'],
        'cn-hangzhou-h',
      );
      await e2e.kubectl.run('delete', 'node', name);
    },
  },
  'cloud-node-lifecycle-controller': {
    cloudApis: [ECS],
    seldom: { 'get /nodes': AFTER_A_CONFLICT },
    doWork: async (e2e) => {
      const name = 'leaves';
      const instance = await addInstance(e2e, { status: 'Stopped' });
      await addNode(e2e, name, { instance });
      await waitForNode(e2e, name, ({ spec }) =>
        (spec.taints ?? []).some(({ key }) => key.endsWith('/shutdown')),
      );
      await e2e.cloud.request('PATCH', `/_admin/objects/${instance}`, { released: true });
      await waitUntil(`node ${name} is gone`, WAIT_MS, async () => {
        const found = ['get', 'node', name, '--ignore-not-found', '-o', 'name'];
        return (await e2e.kubectl.run(...found)) === '';
      });
    },
  },
  'node-ipam-controller': {
    cloudApis: [],
    seldom: { 'get /nodes': AFTER_A_CONFLICT },
    doWork: async (e2e) => {
      const name = 'wants-a-range';
      await addNode(e2e, name, {});
      await waitForNode(e2e, name, ({ spec }) => spec.podCIDR?.startsWith('172.20.') === true);
      await e2e.kubectl.run('delete', 'node', name);
    },
  },
  'node-route-controller': {
    cloudApis: [VPC, ECS],
    seldom: {
      'delete networking.alibabacloud.com/alibabaroutetables':
        'another table takes the place of one',
    },
    doWork: async (e2e) => {
      const name = 'has-a-range';
      const podCIDR = '172.20.250.0/24';
      await addNode(e2e, name, { instance: await addInstance(e2e), podCIDR });
      await waitForNode(e2e, name, ({ status }) =>
        (status.conditions ?? []).some(
          ({ type, status: word }) => type === 'NetworkUnavailable' && word === 'False',
        ),
      );
      const isThere = async (): Promise<boolean> => {
        const { routeEntries } = await e2e.cloud.request<{
          readonly routeEntries: readonly RouteEntryView[];
        }>('GET', '/_admin/state');
        return JSON.stringify(routeEntries).includes(podCIDR);
      };
      assert.ok(await isThere());
      await e2e.kubectl.run('delete', 'node', name);
      await waitUntil('its route is gone', WAIT_MS, async () => !(await isThere()));
    },
  },
  'persistentvolume-label-controller': {
    cloudApis: [ECS],
    doWork: async (e2e) => {
      const diskId = 'd-bp1emulator00000001';
      await e2e.cloud.request('POST', '/_admin/seed', {
        disks: [{ diskId, zoneId: 'cn-hangzhou-h', category: 'cloud_essd', size: 20 }],
      });
      await e2e.kubectl.apply({
        apiVersion: 'v1',
        kind: 'PersistentVolume',
        metadata: { name: 'disk' },
        spec: {
          capacity: { storage: '20Gi' },
          accessModes: ['ReadWriteOnce'],
          csi: { driver: 'diskplugin.csi.alibabacloud.com', volumeHandle: diskId },
        },
      });
      await waitUntil('the volume says where it is', WAIT_MS, async () => {
        const { metadata } = await e2e.kubectl.get<NodeView>('persistentvolume', 'disk');
        return metadata.labels?.['topology.kubernetes.io/zone'] === 'cn-hangzhou-h';
      });
      await e2e.kubectl.run('delete', 'persistentvolume', 'disk', '--wait=false');
    },
  },
  'service-lb-controller': {
    cloudApis: [SLB],
    seldom: { 'get /services': 'a load balancer is left whose Service is not in the cache' },
    doWork: async (e2e) => {
      const service = new E2eService(e2e, await e2e.cluster.createNamespace(), 'web');
      const http = { name: 'http', protocol: 'TCP', port: 80 } as const;
      await service.apply([http]);
      await service.waitUntilReady();
      await service.apply([http, { name: 'https', protocol: 'TCP', port: 443 }]);
      await waitUntil('both listeners run', WAIT_MS, async () => {
        const { listeners } = await service.loadBalancer();
        return listeners.filter(({ status }) => status === 'running').length === 2;
      });
      await service.delete();
      const { loadBalancers, vServerGroups } = await e2e.cloud.state();
      assert.deepEqual({ loadBalancers, vServerGroups }, { loadBalancers: [], vServerGroups: [] });
    },
  },
};

/** Starts an instance beside those of the seed, and tells its id. */
async function addInstance(e2e: E2eCluster, change: object = {}): Promise<string> {
  instances += 1;
  const number = String(900 + instances);
  const instanceId = `i-bp1emulator00000${number}`;
  const privateIps = [`10.0.3.${instances}`];
  const networkInterfaceId = `eni-bp1emulator00000${number}`;
  await e2e.cloud.request('POST', '/_admin/seed', {
    instances: [
      {
        instanceId,
        regionId: REGION,
        zoneId: 'cn-hangzhou-h',
        vSwitchId: 'vsw-bp1emulator000000000h',
        instanceType: 'ecs.g7.xlarge',
        hostName: `added-${number}`,
        privateIps,
        enis: [{ networkInterfaceId, privateIps, primary: true }],
        status: 'Running',
        ...change,
      },
    ],
  });
  return instanceId;
}

/** Adds a Node as its agent does, behind which no load balancer is to stand. */
async function addNode(
  e2e: E2eCluster,
  name: string,
  wish: { readonly instance?: string; readonly taints?: object[]; readonly podCIDR?: string },
): Promise<void> {
  const { instance, taints, podCIDR } = wish;
  await e2e.kubectl.runWithInput(
    {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: {
        name,
        labels: { 'node.kubernetes.io/exclude-from-external-load-balancers': '' },
      },
      spec: {
        ...(instance !== undefined && { providerID: `${REGION}.${instance}` }),
        ...(podCIDR !== undefined && { podCIDR, podCIDRs: [podCIDR] }),
        taints,
      },
    },
    ...['create', '-f', '-'],
  );
}

function nodeOf({ kubectl }: E2eCluster, name: string): Promise<NodeView> {
  return kubectl.get<NodeView>('node', name);
}

async function waitForNode(
  e2e: E2eCluster,
  name: string,
  isDone: (node: NodeView) => boolean,
): Promise<void> {
  let seen: NodeView | undefined;
  try {
    await waitUntil(`node ${name} is seen to`, WAIT_MS, async () => {
      seen = await nodeOf(e2e, name);
      return isDone(seen);
    });
  } catch (error) {
    throw new Error(`Nobody saw to node ${name}: ${JSON.stringify(seen)}`, { cause: error });
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { CallRecord } from '../../emulator/model/call-log.ts';
import { waitUntil } from '../control-plane/endpoint-probe.ts';
import type { CloudStateView } from '../demo/cloud-process.ts';
import type { BenchCluster } from './bench-cluster.ts';
import type { ScenarioMeasures, ScenarioName } from './bench-report.ts';

/** One thing that happens to a cluster, and what the cloud must look like afterwards. */
export interface Scenario {
  readonly name: ScenarioName;
  /** Brings the cluster to where the scenario starts; not counted. */
  readonly prepare?: () => Promise<void>;
  readonly change: () => Promise<void>;
  /** Waits until there is nothing left to count, where that is not when all is quiet. */
  readonly callsAfter?: (since: number) => Promise<CallRecord[]>;
  /** Tells whether the work was done, so that not doing it is not taken for thrift. */
  readonly isDone: (state: CloudStateView) => boolean | Promise<boolean>;
  /** Measures what else there is. */
  readonly measures?: (calls: readonly CallRecord[]) => Promise<ScenarioMeasures>;
  /** Puts back what `prepare` has changed; not counted. */
  readonly restore?: () => Promise<void>;
  /** The sweep is the work itself. */
  readonly countsSweep?: boolean;
}

const NAMESPACE = 'default';
const SERVICE = 'web';
const HUNDRED = 100;
const REACHED_TIMEOUT_MS = 60_000;
/** The sweep leaves a load balancer alone that is younger than this. */
const SETTLED_AFTER_MS = 65_000;

/** The scenarios with one Service of one TCP port, in the order in which they build on each other. */
export function scenariosOfOne(cluster: BenchCluster): Scenario[] {
  const { kubectl } = cluster;
  const patchService = (spec: object) =>
    kubectl.run('patch', 'service', SERVICE, '--type=merge', '-p', JSON.stringify({ spec }));
  const reached = (isDone: Scenario['isDone']) =>
    waitUntil(
      'the cloud is as prepared',
      REACHED_TIMEOUT_MS,
      async () => await isDone(await cluster.cloud.state()),
    );
  return [
    {
      name: 'create',
      change: () => cluster.applyAll([serviceOf(SERVICE, [80])]),
      isDone: has({ services: 1, ports: [80], backends: 3 }),
    },
    {
      name: 'idle-pass',
      change: async () => {
        const touch = `example.com/touched=${Date.now()}`;
        for (const object of [`service/${SERVICE}`, `alibabaloadbalancer/${SERVICE}`]) {
          await kubectl.run('annotate', object, touch);
        }
        const [node = ''] = (await kubectl.run('get', 'nodes', '-o', 'name')).split('\n');
        await kubectl.run('annotate', node, touch);
      },
      isDone: has({ services: 1, ports: [80], backends: 3 }),
    },
    restart('restart', cluster, has({ services: 1, ports: [80], backends: 3 })),
    {
      name: 'backend-change',
      prepare: async () => {
        await cluster.applyAll([endpointSlice('node-1')]);
        await patchService({ externalTrafficPolicy: 'Local' });
        await reached(isOnlyBackend('i-bp1emulator00000001'));
      },
      change: () => cluster.applyAll([endpointSlice('node-2')]),
      isDone: isOnlyBackend('i-bp1emulator00000002'),
      restore: async () => {
        await patchService({ externalTrafficPolicy: 'Cluster' });
        await reached(has({ services: 1, ports: [80], backends: 3 }));
      },
    },
    {
      name: 'node-join',
      change: () => cluster.addNode(),
      isDone: has({ services: 1, ports: [80], backends: 4 }),
    },
    {
      name: 'port-add',
      change: () => cluster.applyAll([serviceOf(SERVICE, [80, 443])]),
      isDone: has({ services: 1, ports: [80, 443], backends: 4 }),
    },
    {
      name: 'delete',
      change: async () => {
        await kubectl.run('delete', 'service', SERVICE);
      },
      isDone: ({ loadBalancers, vServerGroups }) =>
        loadBalancers.length === 0 && vServerGroups.length === 0,
    },
  ];
}

/** The scenarios with a hundred Services of two TCP ports. */
export function scenariosOfHundred(cluster: BenchCluster): Scenario[] {
  const names = Array.from({ length: HUNDRED }, (_, index) => `web-${index + 1}`);
  const all = { services: HUNDRED, ports: [80, 443] };
  return [
    {
      name: 'create-100',
      change: () => cluster.applyAll(names.map((name) => serviceOf(name, [80, 443]))),
      isDone: has({ ...all, backends: 3 }),
    },
    // Before the restart, after which the first change of a group may read it once.
    {
      name: 'node-join-100',
      change: () => cluster.addNode(),
      isDone: has({ ...all, backends: 4 }),
    },
    {
      ...restart('restart-100', cluster, has({ ...all, backends: 4 })),
      // Each of them is to be looked at, or the count would flatter.
      prepare: () => sleep(SETTLED_AFTER_MS),
      countsSweep: true,
    },
  ];
}

/**
 * Changes the one listener behind the operator's back and waits until it is as it was.
 *
 * Errors: throws when the sweep should have been over for long and nothing was repaired.
 */
export async function waitForRepair(cluster: BenchCluster, driftPeriodMs: number): Promise<void> {
  const { cloud } = cluster;
  const scheduler = async () =>
    (await cloud.request<ListenerSchedulers>('GET', '/_admin/state')).loadBalancers[0]
      ?.listeners[0];
  const before = await scheduler();
  if (before === undefined) throw new Error('There is no listener to change');
  const changed = before.scheduler === 'wlc' ? 'wrr' : 'wlc';
  await cloud.request('PATCH', `/_admin/objects/${before.listenerId}`, { scheduler: changed });
  if ((await scheduler())?.scheduler !== changed) throw new Error('The listener did not change');
  // One period with its jitter, another for a load balancer too young for the first, and the repair.
  await waitUntil('the changed listener is repaired', 2.2 * driftPeriodMs + 90_000, async () => {
    await sleep(POLL_MS);
    return (await scheduler())?.scheduler === before.scheduler;
  });
}

interface ListenerSchedulers {
  readonly loadBalancers: readonly {
    readonly listeners: readonly { readonly listenerId: string; readonly scheduler: string }[];
  }[];
}

const POLL_MS = 1_000;

function restart(name: ScenarioName, cluster: BenchCluster, isDone: Scenario['isDone']): Scenario {
  return {
    name,
    change: async () => {
      await cluster.stopOperator();
      await cluster.startOperator();
    },
    isDone,
  };
}

interface Wanted {
  readonly services: number;
  readonly ports: readonly number[];
  readonly backends: number;
}

/** Tells whether each load balancer has its listeners running, each with all backends. */
function has({ services, ports, backends }: Wanted): Scenario['isDone'] {
  return ({ loadBalancers, vServerGroups }) =>
    loadBalancers.length === services &&
    vServerGroups.length === services * ports.length &&
    vServerGroups.every((group) => group.backendServers.length === backends) &&
    loadBalancers.every(
      ({ listeners }) =>
        listeners.length === ports.length &&
        listeners.every(
          ({ listenerPort, status }) => ports.includes(listenerPort) && status === 'running',
        ),
    );
}

function isOnlyBackend(instanceId: string): Scenario['isDone'] {
  return ({ vServerGroups }) =>
    vServerGroups.every(({ backendServers }) =>
      backendServers.every(({ serverId }) => serverId === instanceId),
    ) && vServerGroups.every(({ backendServers }) => backendServers.length === 1);
}

function serviceOf(name: string, ports: readonly number[]): object {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: NAMESPACE },
    spec: {
      type: 'LoadBalancer',
      selector: { app: name },
      ports: ports.map((port) => ({ name: `tcp-${port}`, port, protocol: 'TCP' })),
    },
  };
}

/** The slice that an endpoint on one node makes; no controller of Kubernetes runs here. */
function endpointSlice(nodeName: string): object {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${SERVICE}-1`,
      namespace: NAMESPACE,
      labels: { 'kubernetes.io/service-name': SERVICE },
    },
    addressType: 'IPv4',
    ports: [{ name: 'tcp-80', port: 80, protocol: 'TCP' }],
    endpoints: [
      {
        addresses: ['10.1.0.1'],
        nodeName,
        conditions: { ready: true, serving: true, terminating: false },
      },
    ],
  };
}

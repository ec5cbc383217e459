import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Kubectl } from '../../test/support/kubectl.ts';
import { DEAD_AGENT_LABEL } from '../control-plane/control-plane.ts';
import { withProgress } from '../control-plane/elapsed-progress.ts';
import { waitUntil } from '../control-plane/endpoint-probe.ts';
import type { CloudProcess } from './cloud-process.ts';
import {
  callsTable,
  eventsTable,
  listenersTable,
  routesTable,
  type EventObject,
} from './demo-report.ts';
import type { LocalInstallation, Replica } from './local-installation.ts';
import { silencedAgent, UNINITIALISED_TAINT } from './local-nodes.ts';

/** Where the demo happens. */
export interface DemoStage {
  readonly kubectl: Kubectl;
  readonly cloud: CloudProcess;
  readonly installation: LocalInstallation;
  readonly print: (text: string) => void;
}

interface NodeView {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly taints?: readonly { readonly key: string }[] };
  readonly status: {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

/** An event with what is needed to choose it and to put it in its place. */
interface ReportedEvent extends EventObject {
  readonly reportingController: string;
  readonly eventTime: string;
}

const ROOT = path.join(import.meta.dirname, '../..');
const SAMPLE = 'config/samples/service-minimal.yaml';
const STEP_TIMEOUT_MS = 120_000;
const NODE_COLUMNS = [
  'NAME:.metadata.name',
  'TAINTS:.spec.taints[*].key',
  'ADDRESSES:.status.addresses[*].address',
  'PODS:.spec.podCIDR',
].join(',');
const LABEL_COLUMNS = [
  'NAME:.metadata.name',
  'PROVIDER ID:.spec.providerID',
  'ZONE:.metadata.labels.topology\\.kubernetes\\.io/zone',
  'TYPE:.metadata.labels.node\\.kubernetes\\.io/instance-type',
].join(',');

/** The operator starts, and the nodes that wait for it become usable. */
export async function nodesJoin(
  stage: DemoStage,
  startOperator: () => Promise<Replica>,
): Promise<Replica> {
  const { kubectl, print, cloud } = stage;
  print(
    '\nThree nodes have registered. Nobody has said yet what they are, so a taint keeps pods off:',
  );
  await showNodes(stage, NODE_COLUMNS);
  const operator = await withProgress('Starting the operator', startOperator);
  await withProgress('Waiting until the nodes are initialised and have their routes', () =>
    waitUntil('every node is initialised and has its route', STEP_TIMEOUT_MS, async () => {
      const nodes = await listNodes(kubectl);
      return nodes.length > 0 && nodes.every(isUsable);
    }),
  );
  print('\nThe operator has asked the cloud what they are:');
  await showNodes(stage, NODE_COLUMNS);
  await showNodes(stage, LABEL_COLUMNS);
  await waitUntil('the route table is Ready', STEP_TIMEOUT_MS, () =>
    areReady(kubectl, 'alibabaroutetables'),
  );
  await show(stage, 'get', 'alibabaroutetables');
  print(`In the cloud\n${routesTable(await cloud.state())}`);
  return operator;
}

/** A Service is applied, and gets its load balancer. */
export async function serviceComes(stage: DemoStage): Promise<void> {
  const { kubectl, cloud, print } = stage;
  const before = await lastCall(cloud);
  await kubectl.run('apply', '-f', path.join(ROOT, SAMPLE));
  print(`\n$ kubectl apply -f ${SAMPLE}`);
  await withProgress('Waiting until the load balancer is ready', () =>
    waitUntil('every AlibabaLoadBalancer is Ready', STEP_TIMEOUT_MS, () =>
      areReady(kubectl, 'alibabaloadbalancers'),
    ),
  );
  await show(stage, 'get', 'alibabaloadbalancers');
  await show(stage, 'get', 'services', 'web');
  print(`In the cloud\n${listenersTable(await cloud.state())}`);
  print(`\nCloud calls since the Service was made\n${callsTable(await cloud.calls(before))}`);
}

/** One instance is released, and what depends on it goes: its Node, its route, its backends. */
export async function instanceGoes(stage: DemoStage): Promise<void> {
  const { kubectl, cloud, print } = stage;
  const { instances } = await cloud.state();
  const leaving = instances.at(-1);
  if (leaving === undefined) throw new Error('There is no instance to release');
  const { instanceId, hostName } = leaving;
  const before = await lastCall(cloud);
  print(`
Now somebody releases instance ${instanceId} in the console. Its kubelet falls silent with it, which
kube-controller-manager notes after 50 s; to save the wait, the demo notes it in its place.

$ curl -X PATCH ${cloud.url}/_admin/objects/${instanceId} -d '{"released": true}'`);
  await cloud.request('PATCH', `/_admin/objects/${instanceId}`, { released: true });
  await kubectl.run('label', 'node', hostName, `${DEAD_AGENT_LABEL}=`);
  await kubectl.run(
    ...['patch', 'node', hostName, '--subresource=status', '--type=strategic'],
    ...['-p', JSON.stringify({ status: silencedAgent(new Date()) })],
  );
  await show(stage, 'get', 'nodes');
  await withProgress('Waiting until its node, its route and its backends are gone', () =>
    waitUntil(`all that depends on ${instanceId} is gone`, STEP_TIMEOUT_MS, async () => {
      const nodes = await listNodes(kubectl);
      const { routeEntries, vServerGroups } = await cloud.state();
      return (
        !nodes.some(({ metadata }) => metadata.name === hostName) &&
        !JSON.stringify([routeEntries, vServerGroups]).includes(instanceId)
      );
    }),
  );
  await waitUntil('what is left is Ready', STEP_TIMEOUT_MS, async () => {
    const kinds = ['alibabaroutetables', 'alibabaloadbalancers'];
    const ready = await Promise.all(kinds.map((kind) => areReady(kubectl, kind)));
    return ready.every(Boolean);
  });
  await show(stage, 'get', 'nodes');
  await show(stage, 'get', 'alibabaroutetables');
  const state = await cloud.state();
  print(`In the cloud\n${routesTable(state)}\n${listenersTable(state)}`);
  print(`\nCloud calls since the instance was released\n${callsTable(await cloud.calls(before))}`);
}

/** Shows what the operator has told people meanwhile. */
export async function showEvents({ kubectl, print }: DemoStage): Promise<void> {
  const { items } = await kubectl.get<{ items: readonly ReportedEvent[] }>(
    ...['events.events.k8s.io', '--all-namespaces'],
  );
  const ours = items
    .filter((event) => event.reportingController.startsWith('networking.alibabacloud.com/'))
    // Times of creation are told in whole seconds only.
    .sort((a, b) => a.eventTime.localeCompare(b.eventTime));
  print(`\nEvents\n${eventsTable(ours)}`);
}

/** Shows what there is to see where the demo did not go on. */
export async function showTrouble(
  { kubectl, print }: DemoStage,
  logFile: string | undefined,
): Promise<void> {
  const kinds = 'nodes,alibabaroutetables,alibabaloadbalancers';
  print(await kubectl.run('get', kinds, '-A', '-o', 'yaml'));
  if (logFile === undefined) return;
  const lines = (await readFile(logFile, 'utf8')).trimEnd().split('\n');
  print(lines.slice(-20).join('\n'));
}

async function show(stage: DemoStage, ...command: readonly string[]): Promise<void> {
  stage.print(`\n$ kubectl ${command.join(' ')}\n${await stage.kubectl.run(...command)}`);
}

async function showNodes({ kubectl, print }: DemoStage, columns: string): Promise<void> {
  print(await kubectl.run('get', 'nodes', '-o', `custom-columns=${columns}`));
}

async function listNodes(kubectl: Kubectl): Promise<readonly NodeView[]> {
  return (await kubectl.get<{ items: readonly NodeView[] }>('nodes')).items;
}

function isUsable({ spec, status }: NodeView): boolean {
  return (
    !(spec.taints ?? []).some(({ key }) => key === UNINITIALISED_TAINT) &&
    (status.conditions ?? []).some(
      ({ type, status: word }) => type === 'NetworkUnavailable' && word === 'False',
    )
  );
}

async function areReady(kubectl: Kubectl, kind: string): Promise<boolean> {
  const { items } = await kubectl.get<{
    items: { status?: { conditions?: { type: string; status: string }[] } }[];
  }>(kind, '--all-namespaces');
  const isReady = ({ status }: (typeof items)[number]) =>
    status?.conditions?.some(({ type, status: word }) => type === 'Ready' && word === 'True') ===
    true;
  return items.length > 0 && items.every(isReady);
}

async function lastCall(cloud: CloudProcess): Promise<number> {
  return (await cloud.calls()).at(-1)?.seq ?? 0;
}

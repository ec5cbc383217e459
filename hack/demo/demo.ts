/**
 * Shows the whole way from a Service to a load balancer, on this machine.
 *
 * It stays up until Ctrl-C; with `DEMO=once` it ends by itself, and its exit code says whether the
 * sample became ready.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startControlPlane, type ControlPlane } from '../control-plane/control-plane.ts';
import { withProgress } from '../control-plane/elapsed-progress.ts';
import { waitUntil } from '../control-plane/endpoint-probe.ts';
import { callsTable, eventsTable, listenersTable, type EventObject } from './demo-report.ts';
import { CloudProcess } from './cloud-process.ts';
import { LocalInstallation, type Replica } from './local-installation.ts';
import { nodesOfInstances } from './local-nodes.ts';

const ROOT = path.join(import.meta.dirname, '../..');
const SAMPLE = 'config/samples/load-balancer-minimal.yaml';
const READY_TIMEOUT_MS = 120_000;

const isOnce = process.env.DEMO === 'once';
const directory = await mkdtemp(path.join(tmpdir(), 'alibaba-cloud-demo-'));
const ending = Promise.withResolvers<'interrupted' | Error>();
let controlPlane: ControlPlane | undefined;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    ending.resolve('interrupted');
  });
}
// Whoever started this may be ended in a way that sends no signal on. The timer also keeps this
// process up while it waits for Ctrl-C.
const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) ending.resolve('interrupted');
}, 500);

const outcome = await Promise.race([
  ending.promise,
  run().catch((error: unknown) => (error instanceof Error ? error : new Error(String(error)))),
]);
if (outcome === 'interrupted') process.stderr.write('\nStopping\n');
await controlPlane?.stop();
if (outcome instanceof Error) {
  process.stderr.write(`\n${outcome.message}\nLogs are kept in ${directory}/logs\n`);
} else {
  await rm(directory, { recursive: true, force: true });
}
const isInterruptedTooEarly = isOnce && outcome === 'interrupted';
process.exit(outcome instanceof Error || isInterruptedTooEarly ? 1 : 0);

async function run(): Promise<undefined> {
  controlPlane = await withProgress('Starting a Kubernetes control plane', () =>
    startControlPlane({
      directory,
      with: ['kcm', 'scheduler', 'kwok'],
      onCrash: ending.resolve,
    }),
  );
  const { processes, kubernetesVersion } = controlPlane;
  const { cloud, installation, operator } = await startRest(controlPlane);
  const { kubectl } = installation;
  print(`Kubernetes ${kubernetesVersion}, a local Alibaba Cloud at ${cloud.url}, the operator`);

  const callsBefore = (await cloud.calls()).at(-1)?.seq ?? 0;
  await kubectl.run('apply', '-f', path.join(ROOT, SAMPLE));
  print(`\n$ kubectl apply -f ${SAMPLE}`);
  try {
    await withProgress('Waiting until the load balancer is ready', () =>
      waitUntil('every AlibabaLoadBalancer is Ready', READY_TIMEOUT_MS, () =>
        isReady(installation),
      ),
    );
  } catch (error) {
    print(await kubectl.run('get', 'alibabaloadbalancers', '-A', '-o', 'yaml'));
    print(await lastLines(processes.logFile(operator.name), 20));
    throw error;
  }
  await report(installation, cloud, callsBefore);
  if (isOnce) return;
  printWhatToTry(controlPlane, cloud, operator);
  // Until Ctrl-C, or until something crashes.
  await new Promise(() => undefined);
}

async function startRest(
  running: ControlPlane,
): Promise<{ cloud: CloudProcess; installation: LocalInstallation; operator: Replica }> {
  const cloud = await withProgress('Starting the local Alibaba Cloud', () =>
    CloudProcess.start(running.processes),
  );
  const extraEnv = Object.entries(cloud.environment()).map(([name, value]) => ({ name, value }));
  const installation = await withProgress('Installing the chart', () =>
    LocalInstallation.install({
      controlPlane: running,
      directory,
      values: { operator: { extraEnv } },
    }),
  );
  const nodes = nodesOfInstances((await cloud.state()).instances);
  for (const node of nodes) await installation.kubectl.apply(node, '--server-side');
  const operator = await withProgress('Starting the operator', async () => {
    const replica = await installation.startReplica('operator-0');
    await replica.waitUntilReady();
    return replica;
  });
  void operator.exited.then(({ code, signal }) => {
    const how = signal ?? `code ${code ?? 'unknown'}`;
    ending.resolve(new Error(`The operator has ended with ${how}: see ${operator.logFile}`));
  });
  return { cloud, installation, operator };
}

/** An event with what is needed to choose it and to put it in its place. */
interface ReportedEvent extends EventObject {
  readonly reportingController: string;
  readonly eventTime: string;
}

async function isReady({ kubectl }: LocalInstallation): Promise<boolean> {
  const { items } = await kubectl.get<{
    items: { status?: { conditions?: { type: string; status: string }[] } }[];
  }>('alibabaloadbalancers', '--all-namespaces');
  const isItemReady = ({ status }: (typeof items)[number]) =>
    status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;
  return items.length > 0 && items.every(isItemReady);
}

async function report(
  { kubectl }: LocalInstallation,
  cloud: CloudProcess,
  callsBefore: number,
): Promise<void> {
  for (const command of ['get alibabaloadbalancers', 'get services web']) {
    print(`\n$ kubectl ${command}\n${await kubectl.run(...command.split(' '))}`);
  }
  print(`In the cloud\n${listenersTable(await cloud.state())}`);
  const { items } = await kubectl.get<{ items: readonly ReportedEvent[] }>(
    ...['events.events.k8s.io', '--all-namespaces'],
  );
  const ours = items
    .filter((event) => event.reportingController.startsWith('networking.alibabacloud.com/'))
    // Times of creation are told in whole seconds only.
    .sort((a, b) => a.eventTime.localeCompare(b.eventTime));
  print(`\nEvents\n${eventsTable(ours)}`);
  print(`\nCloud calls since the Service was made\n${callsTable(await cloud.calls(callsBefore))}`);
}

function printWhatToTry(running: ControlPlane, cloud: CloudProcess, operator: Replica): void {
  print(`
Try, in another terminal:
  export KUBECONFIG=${running.kubeconfig} PATH=${path.dirname(running.kubectl)}:$PATH
  kubectl explain alibabaloadbalancers.spec
  kubectl describe alibabaloadbalancer web
  kubectl annotate service web service.beta.kubernetes.io/alibaba-cloud-loadbalancer-scheduler=wrr
  kubectl patch alibabaloadbalancer web --type merge -p '{"spec":{"reconcilePolicy":"Paused"}}'
  kubectl delete service web
  curl -s ${cloud.url}/_admin/state
  tail -f ${operator.logFile}

Ctrl-C stops everything.`);
}

async function lastLines(file: string, count: number): Promise<string> {
  return (await readFile(file, 'utf8')).trimEnd().split('\n').slice(-count).join('\n');
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/**
 * Shows on this machine how nodes come, how a Service gets its load balancer, and what becomes of both
 * when an instance goes.
 *
 * It stays up until Ctrl-C; with `DEMO=once` it ends by itself, and its exit code says whether all of
 * it happened.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startControlPlane, type ControlPlane } from '../control-plane/control-plane.ts';
import { withProgress } from '../control-plane/elapsed-progress.ts';
import { CloudProcess } from './cloud-process.ts';
import {
  instanceGoes,
  nodesJoin,
  serviceComes,
  showEvents,
  showTrouble,
  type DemoStage,
} from './demo-story.ts';
import { LocalInstallation, type Replica } from './local-installation.ts';
import { joiningNode } from './local-nodes.ts';

/** The range of the pods, apart from that of the local cloud's network. */
const POD_CIDR = '172.20.0.0/16';

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
      podCidr: POD_CIDR,
      onCrash: ending.resolve,
    }),
  );
  const stage = await setUp(controlPlane);
  print(
    `Kubernetes ${controlPlane.kubernetesVersion}, a local Alibaba Cloud at ${stage.cloud.url}, the chart`,
  );
  let operator: Replica | undefined;
  try {
    operator = await nodesJoin(stage, async () => {
      operator = await startOperator(stage.installation);
      return operator;
    });
    await serviceComes(stage);
    await instanceGoes(stage);
  } catch (error) {
    await showTrouble(stage, operator?.logFile);
    throw error;
  }
  await showEvents(stage);
  if (isOnce) return;
  await printWhatToTry(controlPlane, stage.cloud, operator);
  // Until Ctrl-C, or until something crashes.
  await new Promise(() => undefined);
}

async function setUp(running: ControlPlane): Promise<DemoStage> {
  const cloud = await withProgress('Starting the local Alibaba Cloud', () =>
    CloudProcess.start(running.processes),
  );
  const extraEnv = Object.entries(cloud.environment()).map(([name, value]) => ({ name, value }));
  const installation = await withProgress('Installing the chart', () =>
    LocalInstallation.install({
      controlPlane: running,
      directory,
      values: { operator: { clusterCidr: POD_CIDR, extraEnv } },
    }),
  );
  const { kubectl } = installation;
  for (const instance of (await cloud.state()).instances) {
    await kubectl.runWithInput(joiningNode(instance), 'create', '-f', '-');
  }
  return { kubectl, cloud, installation, print };
}

async function startOperator(installation: LocalInstallation): Promise<Replica> {
  const replica = await installation.startReplica('operator-0');
  void replica.exited.then(({ code, signal }) => {
    const how = signal ?? `code ${code ?? 'unknown'}`;
    ending.resolve(new Error(`The operator has ended with ${how}: see ${replica.logFile}`));
  });
  await replica.waitUntilReady();
  return replica;
}

async function printWhatToTry(
  running: ControlPlane,
  cloud: CloudProcess,
  operator: Replica,
): Promise<void> {
  const [route] = (await cloud.state()).routeEntries;
  print(`
Try, in another terminal:
  export KUBECONFIG=${running.kubeconfig} PATH=${path.dirname(running.kubectl)}:$PATH
  kubectl explain alibabaloadbalancers.spec
  kubectl describe alibabaloadbalancer web
  kubectl annotate service web service.beta.kubernetes.io/alibaba-cloud-loadbalancer-scheduler=wrr
  kubectl patch alibabaloadbalancer web --type merge -p '{"spec":{"reconcilePolicy":"Paused"}}'
  kubectl delete service web
  kubectl get alibabaroutetables -o yaml
  kubectl delete node node-2
  curl -s -X PATCH ${cloud.url}/_admin/objects/${route?.routeEntryId ?? ''} -d '{"released": true}'
      (a route is deleted in the console: it is back within five minutes, and an event tells of it)
  curl -s ${cloud.url}/_admin/state
  tail -f ${operator.logFile}

Ctrl-C stops everything.`);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

import { setTimeout as sleep } from 'node:timers/promises';
import { waitUntil } from '../../../hack/control-plane/endpoint-probe.ts';
import type { CallRecord } from '../../../emulator/model/call-log.ts';
import type { AuditEvent } from '../../../hack/control-plane/audit-log.ts';
import { CloudProcess } from '../../../hack/demo/cloud-process.ts';
import { LocalInstallation } from '../../../hack/demo/local-installation.ts';
import { nodesOfInstances } from '../../../hack/demo/local-nodes.ts';
import {
  startTestControlPlane,
  type TestControlPlane,
  type TestControlPlaneOptions,
} from '../../support/control-plane.ts';
import type { Kubectl } from '../../support/kubectl.ts';

/** What a test can ask for beside the control plane's options. */
export interface E2eClusterOptions extends TestControlPlaneOptions {
  /** Values of the chart, beside those that point the operator at the local cloud. */
  readonly values?: ChartValues;
  /** The local cloud's seed; three instances unless said. */
  readonly seed?: object;
}

/** Values of the chart; `operator` is joined with what points the operator at the local cloud. */
export interface ChartValues {
  readonly operator?: Readonly<Record<string, unknown>>;
  readonly [name: string]: unknown;
}

/** One condition of an object. */
export interface ConditionView {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

/** A cluster with the chart installed, beside a local cloud; no operator runs before it is started. */
export interface E2eCluster {
  readonly cluster: TestControlPlane;
  readonly cloud: CloudProcess;
  readonly installation: LocalInstallation;
  /** Runs kubectl as an administrator. */
  readonly kubectl: Kubectl;
  /** Waits until an AlibabaLoadBalancer has a condition, and returns it. */
  waitForCondition(
    namespace: string,
    name: string,
    wanted: { readonly type: string; readonly status: string; readonly reason?: string },
    timeoutMs?: number,
  ): Promise<ConditionView>;
  /** Waits until a Service and its AlibabaLoadBalancer are gone. */
  waitForGone(namespace: string, name: string, timeoutMs?: number): Promise<void>;
  /** Waits until no call has reached the cloud for a while, and returns those after `since`. */
  waitForQuiet(since: number, quietMs?: number): Promise<CallRecord[]>;
  /** Tells the number of the last call that reached the cloud. */
  lastCall(): Promise<number>;
  /** Tells what the operator asked the API server for, as its service account. */
  operatorRequests(): Promise<AuditEvent[]>;
  /** Installs the chart with other values; replicas started from now on use them. */
  upgrade(values: ChartValues): Promise<void>;
}

/** Starts all that an operator needs, to be called at the top level of a test file. */
export async function startE2eCluster(options: E2eClusterOptions = {}): Promise<E2eCluster> {
  const { values = {}, seed, ...controlPlaneOptions } = options;
  const cluster = await startTestControlPlane({
    with: ['kcm', 'kwok'],
    // The strictest API server that the operator's rights must do for.
    admissionPlugins: ['OwnerReferencesPermissionEnforcement'],
    crds: false,
    ...controlPlaneOptions,
  });
  const { controlPlane, kubectl } = cluster;
  const cloud = await CloudProcess.start(controlPlane.processes, seed);
  const installation = await LocalInstallation.install({
    controlPlane,
    directory: controlPlane.directory,
    values: pointedAt(cloud, values),
  });
  for (const node of nodesOfInstances((await cloud.state()).instances)) {
    await kubectl.apply(node, '--server-side');
  }
  const lastCall = async () => (await cloud.calls()).at(-1)?.seq ?? 0;

  return {
    cluster,
    cloud,
    installation,
    kubectl,
    lastCall,
    operatorRequests: async () => {
      const account = `system:serviceaccount:${installation.namespace}:alibaba-cloud-operator`;
      return (await cluster.auditEvents()).filter(({ user }) => user.username === account);
    },
    upgrade: (newValues) => installation.upgrade(pointedAt(cloud, newValues)),
    waitForCondition: async (namespace, name, wanted, timeoutMs = 60_000) => {
      let seen: readonly ConditionView[] = [];
      const find = async (): Promise<ConditionView | undefined> => {
        seen = await conditionsOf(kubectl, namespace, name);
        return seen.find(
          ({ type, status, reason }) =>
            type === wanted.type &&
            status === wanted.status &&
            reason === (wanted.reason ?? reason),
        );
      };
      const what = `${namespace}/${name} has ${wanted.type}=${wanted.status} ${wanted.reason ?? ''}`;
      try {
        await waitUntil(what, timeoutMs, async () => (await find()) !== undefined);
      } catch (error) {
        throw new Error(`${what} not seen; its conditions are ${JSON.stringify(seen)}`, {
          cause: error,
        });
      }
      const found = await find();
      if (found === undefined) throw new Error(`${what} was seen but did not last`);
      return found;
    },
    waitForGone: (namespace, name, timeoutMs = 60_000) =>
      waitUntil(`${namespace}/${name} is gone`, timeoutMs, async () => {
        const objects = await kubectl.run(
          ...['get', 'services,alibabaloadbalancers', '-n', namespace],
          ...['--field-selector', `metadata.name=${name}`, '-o', 'name'],
        );
        return objects === '';
      }),
    waitForQuiet: async (since, quietMs = 3_000) => {
      for (let last = await lastCall(); ;) {
        await sleep(quietMs);
        const now = await lastCall();
        if (now === last) return cloud.calls(since);
        last = now;
      }
    },
  };
}

function pointedAt(cloud: CloudProcess, values: ChartValues): ChartValues {
  const extraEnv = Object.entries(cloud.environment()).map(([name, value]) => ({ name, value }));
  return { ...values, operator: { ...values.operator, extraEnv } };
}

async function conditionsOf(
  kubectl: Kubectl,
  namespace: string,
  name: string,
): Promise<readonly ConditionView[]> {
  const { items } = await kubectl.get<{
    items: readonly { readonly status?: { readonly conditions?: readonly ConditionView[] } }[];
  }>('alibabaloadbalancers', '-n', namespace, '--field-selector', `metadata.name=${name}`);
  return items[0]?.status?.conditions ?? [];
}

import type { TestContext } from 'node:test';
import {
  conditionOf,
  loadBalancerPath,
  servicePath,
  type ComposedHarnessedOperator,
  type LoadBalancerView,
  type OperatorHarness,
  type OperatorOptions,
  type ServiceView,
  type ServiceWish,
} from './operator-harness.ts';
import { pause } from './operator-world.ts';
import type { SeenLoadBalancer } from './service-scene.ts';

/** A server group of the local cloud, as far as tests read it. */
export interface SeenGroup {
  readonly vServerGroupId: string;
  readonly vServerGroupName: string;
  readonly loadBalancerId: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly backendServers: readonly {
    readonly serverId: string;
    readonly port: number;
    readonly weight: number;
  }[];
}

/** An endpoint of a Service, by the node it is on; ready unless said otherwise. */
export interface EndpointWish {
  readonly node: string;
  readonly ready?: boolean;
  readonly serving?: boolean;
  readonly terminating?: boolean;
}

/** What a scene opens with. */
export interface SceneOptions {
  readonly service?: ServiceWish;
  readonly operator?: OperatorOptions;
}

const SLICE = 'web-1';
/** How long, in accelerated time, an operator is watched that is to do nothing. */
const NOTHING_MS = 5_000;
/** The same on the machine's clock, for the API server to tell of the change. */
const NOTHING_MACHINE_MS = 250;

/** A Service of its own, an operator for it, and what came of them in a cloud of its own. */
export class LoadBalancerScene {
  readonly harness: OperatorHarness;
  readonly namespace: string;
  operator: ComposedHarnessedOperator;
  #sinceSeq = 0;

  private constructor(
    harness: OperatorHarness,
    namespace: string,
    operator: ComposedHarnessedOperator,
  ) {
    this.harness = harness;
    this.namespace = namespace;
    this.operator = operator;
  }

  /** Opens a scene with an operator that watches an empty namespace in an empty cloud. */
  static async openEmpty(
    harness: OperatorHarness,
    context: TestContext,
    options: OperatorOptions = {},
  ): Promise<LoadBalancerScene> {
    harness.cloud.reset();
    const namespace = await harness.createNamespace();
    const operator = await harness.startOperator(withoutSweep(options));
    await harness.waitUntilWatching(operator);
    const scene = new LoadBalancerScene(harness, namespace, operator);
    context.after(async () => {
      if ('passed' in context && context.passed === false)
        process.stdout.write(scene.operator.log());
      scene.operator.kill();
      await harness.clear(namespace);
    });
    return scene;
  }

  /** Opens a scene with a Service whose load balancer is ready, and an operator that is quiet. */
  static async open(
    harness: OperatorHarness,
    context: TestContext,
    options: SceneOptions = {},
  ): Promise<LoadBalancerScene> {
    const scene = await LoadBalancerScene.openEmpty(harness, context, options.operator);
    await harness.createService(scene.namespace, 'web', options.service);
    await scene.settle();
    scene.mark();
    return scene;
  }

  /** Waits until everything is as asked for, and nothing is written any more. */
  async settle(): Promise<LoadBalancerView> {
    await this.harness.waitUntilReady(this.namespace);
    await this.harness.waitUntilQuiet(this.operator);
    return this.harness.waitUntilReady(this.namespace);
  }

  /**
   * Waits until a check throws no longer, everything is as asked for, and nothing is written any
   * more; fails as the check does.
   */
  async becomes(check: () => void): Promise<void> {
    let problem: unknown;
    try {
      await this.harness.waitFor('the check holds', () => {
        problem = problemOf(check);
        return problem === undefined ? true : undefined;
      });
    } catch (error) {
      throw problem instanceof Error ? problem : error;
    }
    await this.settle();
    check();
  }

  /** Lets what has just changed have its effect, if it is to have one. */
  async rest(): Promise<void> {
    await pause(NOTHING_MACHINE_MS);
    await this.harness.clock.sleep(NOTHING_MS);
    await this.harness.waitUntilQuiet(this.operator, NOTHING_MS);
  }

  /** Starts another operator in the place of this one, which ends in order. */
  async restart(options: OperatorOptions = {}): Promise<void> {
    await this.operator.stop();
    this.operator = await this.harness.startOperator(withoutSweep(options));
    await this.harness.waitUntilWatching(this.operator);
  }

  /** Counts calls from here on. */
  mark(): void {
    this.#sinceSeq = this.harness.cloud.calls().at(-1)?.seq ?? 0;
  }

  /** The calls to the load balancer's API since the mark, reads and writes, in order. */
  calls(): readonly string[] {
    return this.#calls().map(({ action }) => action);
  }

  /** The calls since the mark that were to change something. */
  writes(): readonly string[] {
    return this.#calls().flatMap(({ action, mutating }) => (mutating ? [action] : []));
  }

  service(): Promise<ServiceView | undefined> {
    return this.harness.findService(this.namespace);
  }

  resource(): Promise<LoadBalancerView | undefined> {
    return this.harness.findLoadBalancer(this.namespace);
  }

  /** All load balancers in the cloud. */
  loadBalancers(): readonly SeenLoadBalancer[] {
    return this.harness.cloud.state().loadBalancers as unknown as readonly SeenLoadBalancer[];
  }

  /** The one load balancer in the cloud. */
  loadBalancer(): SeenLoadBalancer {
    const [only, ...others] = this.loadBalancers();
    if (only === undefined || others.length > 0) {
      throw new Error(`There are ${others.length + (only === undefined ? 0 : 1)} load balancers`);
    }
    return only;
  }

  groups(): readonly SeenGroup[] {
    return this.harness.cloud.state().vServerGroups as unknown as readonly SeenGroup[];
  }

  /** The instances behind each port, as host names, sorted; all ports must have the same ones. */
  backendNodes(): readonly string[] {
    const { instances } = this.harness.cloud.state();
    const [first, ...others] = this.groups().map(({ backendServers }) =>
      backendServers
        .map(({ serverId }) => hostNameOf(instances, serverId))
        .sort()
        .join(' '),
    );
    const other = others.find((names) => names !== first);
    if (other !== undefined) throw new Error(`Groups differ: ${first ?? ''} and ${other}`);
    return first === undefined || first === '' ? [] : first.split(' ');
  }

  /** Counts the load balancers, or groups, that were ever made. */
  made(kind: 'loadBalancer' | 'vServerGroup'): number {
    const {
      loadBalancers,
      vServerGroups,
      deleted = [],
    } = this.harness.cloud.state({
      deleted: true,
    });
    const alive = kind === 'loadBalancer' ? loadBalancers : vServerGroups;
    return alive.length + deleted.filter((tombstone) => tombstone.kind === kind).length;
  }

  async changeService(change: object): Promise<void> {
    await this.harness.admin.patch(servicePath(this.namespace), change);
  }

  async deleteService(): Promise<void> {
    await this.harness.admin.delete(servicePath(this.namespace));
  }

  async changeResource(change: object): Promise<void> {
    await this.harness.admin.patch(loadBalancerPath(this.namespace), change);
  }

  /** Waits until a condition of the AlibabaLoadBalancer has a reason; returns its message. */
  waitForReason(type: string, status: 'True' | 'False', reason: string): Promise<string> {
    return this.harness.waitFor(`${type} is ${status} for ${reason}`, async () => {
      const condition = conditionOf(await this.resource(), type);
      const isSo = condition?.status === status && condition.reason === reason;
      return isSo ? condition.message : undefined;
    });
  }

  /** Waits until an event of this reason was written; returns what it says. */
  waitForEvent(reason: string): Promise<string> {
    return this.harness.waitFor(`an event says ${reason}`, async () => {
      const events = await this.harness.listEvents(this.namespace);
      return events.find((event) => event.reason === reason)?.note;
    });
  }

  /** The warnings that were written about anything in the namespace. */
  async warnings(): Promise<readonly string[]> {
    // Events are written in a queue of their own.
    await this.rest();
    const events = await this.harness.listEvents(this.namespace);
    return events.filter(({ type }) => type === 'Warning').map(({ reason }) => reason);
  }

  /** Says which endpoints the Service has, as a controller of endpoints would. */
  async setEndpoints(endpoints: readonly EndpointWish[]): Promise<void> {
    const collection = `/apis/discovery.k8s.io/v1/namespaces/${this.namespace}/endpointslices`;
    const slice = {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: SLICE, labels: { 'kubernetes.io/service-name': 'web' } },
      addressType: 'IPv4',
      ports: [{ name: 'tcp-80', port: 8080, protocol: 'TCP' }],
      endpoints: endpoints.map(
        ({ node, ready = true, serving = ready, terminating = false }, index) => ({
          addresses: [`172.16.0.${index + 1}`],
          nodeName: node,
          conditions: { ready, serving, terminating },
        }),
      ),
    };
    const { admin } = this.harness;
    const isThere = (await admin.find(`${collection}/${SLICE}`)) !== undefined;
    if (isThere) await admin.patch(`${collection}/${SLICE}`, { endpoints: slice.endpoints });
    else await admin.create(collection, slice);
  }

  #calls(): readonly { readonly action: string; readonly mutating: boolean }[] {
    return this.harness.cloud
      .calls(this.#sinceSeq)
      .filter(({ version }) => version === SLB_VERSION);
  }
}

const SLB_VERSION = '2014-05-15';

/** The sweep goes by the clock; a test that is not about it counts calls without it. */
function withoutSweep(options: OperatorOptions): OperatorOptions {
  return { ...options, flags: ['--drift-period=24h', ...(options.flags ?? [])] };
}

function problemOf(check: () => void): unknown {
  try {
    check();
    return undefined;
  } catch (error) {
    return error;
  }
}

function hostNameOf(
  instances: readonly Readonly<Record<string, unknown>>[],
  instanceId: string,
): string {
  const hostName = instances.find((instance) => instance.instanceId === instanceId)?.hostName;
  return typeof hostName === 'string' ? hostName : instanceId;
}

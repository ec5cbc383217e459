import type { TestContext } from 'node:test';
import type { CallRecord } from '../../emulator/model/call-log.ts';
import { ClusterScene } from './cluster-scene.ts';
import type { EventView, ObjectMetaView, OperatorHarness } from './operator-harness.ts';

/** A Node as the API server shows it, as far as tests of its life read it. */
export interface NodeView {
  readonly metadata: ObjectMetaView;
  readonly spec: {
    readonly providerID?: string;
    readonly taints?: readonly {
      readonly key: string;
      readonly effect: string;
      readonly value?: string;
      readonly timeAdded?: string;
    }[];
  };
}

/** What a node's agent says of it; `unset` where it has not said anything. */
export type ReadyWord = 'True' | 'False' | 'Unknown' | 'unset';

/** How a Node differs from one of an instance that is ready. */
export interface NodeWish {
  readonly ready?: ReadyWord;
  readonly providerId?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  readonly taints?: readonly object[];
  readonly addresses?: readonly { readonly type: string; readonly address: string }[];
}

/** The taint of an instance that is shut down. */
export const SHUTDOWN_TAINT = 'node.cloudprovider.kubernetes.io/shutdown';

/** The taint of a node that has yet to be initialised, as its agent sets it. */
export const UNINITIALIZED_TAINT = {
  key: 'node.cloudprovider.kubernetes.io/uninitialized',
  value: 'true',
  effect: 'NoSchedule',
};

/** How often the operator looks at the nodes. */
export const PERIOD_MS = 5_000;

const FLAGS = ['--controllers=cloud-node-lifecycle-controller'];

/** A cluster of nodes of its own, with one operator that follows their lives. */
export class NodeLifecycleScene extends ClusterScene {
  private constructor(harness: OperatorHarness) {
    super(harness, FLAGS);
  }

  /** Opens a scene in which the first instances of the cloud have a Node each. */
  static async open(
    harness: OperatorHarness,
    context: TestContext,
    nodes: readonly NodeWish[],
  ): Promise<NodeLifecycleScene> {
    const scene = new NodeLifecycleScene(harness);
    await scene.clear(context, '/api/v1/nodes');
    for (const [index, wish] of nodes.entries()) await scene.addNode(index, wish);
    return scene;
  }

  /** The questions for instances since the mark. */
  questions(): readonly CallRecord[] {
    return this.calls('DescribeInstances');
  }

  nameOf(index: number): string {
    return this.instance(index).hostName;
  }

  async addNode(index: number, wish: NodeWish = {}): Promise<void> {
    const { admin } = this.harness;
    const { hostName, providerId, region } = this.instance(index);
    await admin.create('/api/v1/nodes', {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: {
        name: hostName,
        labels: { 'topology.kubernetes.io/region': region, ...wish.labels },
        finalizers: wish.finalizers ?? [],
      },
      spec: { providerID: wish.providerId ?? providerId, taints: wish.taints ?? [] },
      status: { addresses: wish.addresses ?? [], conditions: conditionsOf(wish.ready ?? 'True') },
    });
  }

  /** Says of a node what its agent, or the controller that misses it, says. */
  async setReady(index: number, word: ReadyWord): Promise<void> {
    await this.harness.admin.patch(`${nodePath(this.nameOf(index))}/status`, {
      status: { conditions: conditionsOf(word) },
    });
  }

  async findNode(index: number): Promise<NodeView | undefined> {
    return (await this.harness.admin.find(nodePath(this.nameOf(index)))) as NodeView | undefined;
  }

  async isTainted(index: number): Promise<boolean> {
    const node = await this.findNode(index);
    return (node?.spec.taints ?? []).some(({ key }) => key === SHUTDOWN_TAINT);
  }

  /** How many Nodes there are. */
  async countNodes(): Promise<number> {
    return (await this.harness.admin.list('/api/v1/nodes')).length;
  }

  /** Takes instances away, as somebody does in the console. */
  releaseInstances(...indexes: readonly number[]): void {
    for (const index of indexes) {
      this.harness.cloud.patchObject(this.instance(index).instanceId, { released: true });
    }
  }

  setStatus(index: number, status: 'Running' | 'Stopped' | 'Stopping' | 'Starting'): void {
    this.harness.cloud.patchObject(this.instance(index).instanceId, { status });
  }

  /** Lets some rounds pass. */
  async rounds(count: number): Promise<void> {
    await this.harness.passTime(count * PERIOD_MS);
  }

  async waitUntilGone(...indexes: readonly number[]): Promise<void> {
    await this.harness.waitFor(`nodes ${indexes.join(', ')} are gone`, async () => {
      const found = await Promise.all(indexes.map((index) => this.findNode(index)));
      return found.every((node) => node === undefined) ? true : undefined;
    });
  }

  /** The events about a node of this scene, by its uid. */
  async eventsOf(node: NodeView): Promise<readonly EventView[]> {
    const events = await this.harness.listEvents('default');
    return events.filter((event) => event.regarding.uid === node.metadata.uid);
  }

  /** Waits for an event about a node. */
  waitForEvent(node: NodeView, reason: string): Promise<EventView> {
    return this.harness.waitFor(`${node.metadata.name} has an event ${reason}`, async () =>
      (await this.eventsOf(node)).find((event) => event.reason === reason),
    );
  }
}

/** The path of a Node. */
export function nodePath(name: string): string {
  return `/api/v1/nodes/${name}`;
}

function conditionsOf(word: ReadyWord): readonly object[] {
  if (word === 'unset') return [];
  return [{ type: 'Ready', status: word, reason: 'Test', message: 'As the test says' }];
}

import assert from 'node:assert/strict';
import { seedInstances, type SeedInstance } from '../../emulator/model/cloud-seed.ts';
import { KubeClient } from '../../src/operator/kube/kube-client.ts';
import { loadKubeConfig } from '../../src/operator/kubeconfig-source.ts';
import { SystemClock } from '../../src/operator/system-clock.ts';
import { ClusterClient } from './cluster-client.ts';
import type { InterposedApiServer } from './interposed-api-server.ts';
import { eventually, type KubeEvent, type OperatorWorld } from './operator-world.ts';

/** A Node as the API server shows it, as far as tests read it. */
export interface SeenNode {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly creationTimestamp: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly finalizers?: readonly string[];
    readonly ownerReferences?: readonly object[];
  };
  readonly spec: {
    readonly providerID?: string;
    readonly taints?: readonly {
      readonly key: string;
      readonly value?: string;
      readonly effect: string;
      readonly timeAdded?: string;
    }[];
    readonly unschedulable?: boolean;
    readonly podCIDR?: string;
    readonly podCIDRs?: readonly string[];
  };
  readonly status: {
    readonly addresses?: readonly SeenAddress[];
    readonly conditions?: readonly object[];
    readonly capacity?: Readonly<Record<string, string>>;
    readonly nodeInfo?: object;
  };
}

/** One entry of a Node's addresses. */
export interface SeenAddress {
  readonly type: string;
  readonly address: string;
}

/** What a Node is made with, as its agent would. */
export interface NodeWish {
  readonly providerId?: string;
  readonly taints?: readonly object[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly addresses?: readonly SeenAddress[];
  /** Further members of its metadata and spec. */
  readonly metadata?: object;
  readonly spec?: object;
}

/** The taint that kubelet puts on a node of an external cloud provider. */
export const CLOUD_TAINT = {
  key: 'node.cloudprovider.kubernetes.io/uninitialized',
  value: 'true',
  effect: 'NoSchedule',
} as const;

const NODES = '/api/v1/nodes';
/** Lets a process on a busy machine keep its leases. */
export const PATIENT_LEASES = [
  '--leader-elect-lease-duration=60s',
  '--leader-elect-renew-deadline=50s',
] as const;
/** The flags of an operator that initialises nodes soon, and does nothing else. */
export const NODE_FLAGS = [
  '--controllers=cloud-node-controller',
  '--node-event-aggregation-wait-seconds=0.1',
  ...PATIENT_LEASES,
] as const;
/** Instances of scenes are numbered from here, beyond those that a world begins with. */
let nextInstance = 500;

/** The doings of kubelets and of people with Nodes, and the instances behind them. */
export class NodeScene {
  readonly client: ClusterClient;
  readonly #world: OperatorWorld;

  constructor(world: OperatorWorld) {
    this.#world = world;
    this.client = new ClusterClient(world.cluster.controlPlane);
  }

  /** Starts an instance; `change` replaces members. */
  startInstance(change: Partial<SeedInstance> = {}): SeedInstance {
    nextInstance += 1;
    const [seeded] = seedInstances(nextInstance).slice(-1);
    assert.ok(seeded);
    const instance = { ...seeded, ...change };
    this.#world.cloud.admin.seed({ instances: [instance] });
    return instance;
  }

  /** The provider id of an instance. */
  providerIdOf({ instanceId }: SeedInstance): string {
    return `${this.#world.cloud.regionId}.${instanceId}`;
  }

  /** Makes a Node with the taint, as kubelet does when it registers. */
  async register(name: string, wish: NodeWish = {}): Promise<SeenNode> {
    const { providerId, taints = [CLOUD_TAINT], labels, annotations, addresses } = wish;
    const created = await this.client.create(NODES, {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name, labels, annotations, ...wish.metadata },
      spec: { providerID: providerId, taints, ...wish.spec },
      // Only an administrator's creation takes the status along.
      status: { addresses },
    });
    return created as SeenNode;
  }

  async find(name: string): Promise<SeenNode | undefined> {
    return (await this.client.find(`${NODES}/${name}`)) as SeenNode | undefined;
  }

  /** Finds a Node that must be there. */
  async get(name: string): Promise<SeenNode> {
    const node = await this.find(name);
    assert.ok(node, `node ${name} is gone`);
    return node;
  }

  async patch(name: string, change: object): Promise<void> {
    await this.client.patch(`${NODES}/${name}`, change);
  }

  async patchStatus(name: string, status: object): Promise<void> {
    await this.client.patch(`${NODES}/${name}/status`, { status });
  }

  async remove(name: string): Promise<void> {
    await this.client.delete(`${NODES}/${name}`);
  }

  /** Waits until a Node has lost the taint and got addresses. */
  waitUntilInitialised(name: string): Promise<SeenNode> {
    return eventually(async () => {
      const node = await this.get(name);
      assert.ok(!isTainted(node), 'still tainted');
      assert.ok((node.status.addresses?.length ?? 0) > 0, 'no addresses yet');
      return node;
    });
  }

  /** Makes a Node of an instance, and waits until it is initialised. */
  async initialise(name: string, instance: SeedInstance, wish: NodeWish = {}): Promise<SeenNode> {
    await this.register(name, { providerId: this.providerIdOf(instance), ...wish });
    return this.waitUntilInitialised(name);
  }

  /** As `waitUntilInitialised` for many, in the order of their names. */
  async waitUntilAllInitialised(names: readonly string[]): Promise<readonly SeenNode[]> {
    return eventually(async () => {
      const all = (await this.client.list(NODES)) as readonly SeenNode[];
      const byName = new Map(all.map((node) => [node.metadata.name, node]));
      return names.map((name) => {
        const node = byName.get(name);
        assert.ok(node && !isTainted(node), `${name} is still tainted`);
        assert.ok((node.status.addresses?.length ?? 0) > 0, `${name} has no addresses yet`);
        return node;
      });
    });
  }

  /** Waits until an event about a Node was recorded, and returns it. */
  waitForEvent(name: string, reason: string): Promise<KubeEvent> {
    return eventually(async () => {
      const found = (await this.eventsOf(name)).find((event) => event.reason === reason);
      assert.ok(found, `no event ${reason} on ${name}`);
      return found;
    });
  }

  /** Collects every version of a Node, from the one there is, until the returned function is called. */
  watch(name: string): { readonly versions: readonly SeenNode[]; readonly end: () => void } {
    const versions: SeenNode[] = [];
    const ended = new AbortController();
    const client = new KubeClient({
      kubeConfig: loadKubeConfig(this.#world.cluster.kubeconfig, {}),
      clock: new SystemClock(),
      userAgent: 'test',
      queriesPerSecond: 100,
      burst: 100,
    });
    const follow = async (): Promise<void> => {
      const query = { fieldSelector: `metadata.name=${name}` };
      for await (const { object } of client.watch(NODES, query, 300, ended.signal)) {
        versions.push(object as SeenNode);
      }
    };
    void follow().catch(() => undefined);
    return {
      versions,
      end: () => {
        ended.abort();
        client.close();
      },
    };
  }

  async eventsOf(name: string): Promise<readonly KubeEvent[]> {
    const all = await this.client.list('/apis/events.k8s.io/v1/namespaces/default/events');
    return (all as readonly KubeEvent[]).filter(
      ({ regarding }) => regarding.kind === 'Node' && regarding.name === name,
    );
  }
}

/** Tells whether a Node waits to be initialised. */
export function isTainted(node: SeenNode): boolean {
  return node.spec.taints?.some(({ key }) => key === CLOUD_TAINT.key) ?? false;
}

/** The first address of an instance. */
export function addressOf({ privateIps }: SeedInstance): string {
  return privateIps[0] ?? '';
}

/** Lists what of a Node was patched through an API server, by subresource; `node` is the object. */
export function patchesOf({ requests }: InterposedApiServer, name: string): readonly string[] {
  return requests
    .filter(({ method, path }) => method === 'PATCH' && path.split('/')[4] === name)
    .map(({ path }) => path.split('/')[5] ?? 'node');
}

/** Writes addresses as `Type address`. */
export function addressTexts(node: SeenNode): readonly string[] {
  return (node.status.addresses ?? []).map(({ type, address }) => `${type} ${address}`);
}

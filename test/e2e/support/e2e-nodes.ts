import assert from 'node:assert/strict';
import { seedInstances } from '../../../emulator/model/cloud-seed.ts';
import { DEAD_AGENT_LABEL } from '../../../hack/control-plane/control-plane.ts';
import { joiningNode, silencedAgent } from '../../../hack/demo/local-nodes.ts';
import type { E2eCluster } from './e2e-cluster.ts';

/** A Node as the API server shows it. */
export interface E2eNode {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly labels: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly providerID?: string;
    readonly podCIDR?: string;
    readonly taints?: readonly { readonly key: string }[];
  };
  readonly status: {
    readonly addresses?: readonly { readonly type: string; readonly address: string }[];
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason: string;
    }[];
  };
}

/** A custom route entry of the cloud. */
export interface E2eRouteEntry {
  readonly routeEntryId: string;
  readonly routeTableId: string;
  readonly routeEntryName?: string;
  readonly destinationCidrBlock: string;
  readonly status: string;
  readonly nextHops: readonly { readonly nextHopType: string; readonly nextHopId: string }[];
}

/** The nodes of an e2e cluster, seen from the API server and from the cloud. */
export class E2eNodes {
  readonly #e2e: E2eCluster;

  constructor(e2e: E2eCluster) {
    this.#e2e = e2e;
  }

  /** Starts the instance of that number (from 1), and registers its Node as its agent does. */
  async join(
    number: number,
    options: { readonly withProviderId: boolean } = { withProviderId: true },
  ): Promise<string> {
    const { cloud, kubectl } = this.#e2e;
    const seeded = seedInstances(number).slice(-1);
    await cloud.request('POST', '/_admin/seed', { instances: seeded });
    const id = seeded[0]?.instanceId;
    const instance = (await cloud.state()).instances.find(({ instanceId }) => instanceId === id);
    assert.ok(instance !== undefined);
    await kubectl.runWithInput(joiningNode(instance, options), 'create', '-f', '-');
    return instance.hostName;
  }

  /** Takes the instance of a Node away, as somebody does in the console; its agent falls silent. */
  async release(name: string): Promise<void> {
    const { cloud, kubectl } = this.#e2e;
    await kubectl.run('label', 'node', name, `${DEAD_AGENT_LABEL}=`);
    await cloud.request('PATCH', `/_admin/objects/${await this.instanceId(name)}`, {
      released: true,
    });
    await this.patchStatus(name, silencedAgent(new Date()), 'strategic');
  }

  find(name: string): Promise<E2eNode> {
    return this.#e2e.kubectl.get<E2eNode>('node', name);
  }

  async list(): Promise<readonly E2eNode[]> {
    return (await this.#e2e.kubectl.get<{ items: readonly E2eNode[] }>('nodes')).items;
  }

  /** Changes the status of a Node, as its agent or somebody else may. */
  async patchStatus(name: string, status: object, type: 'merge' | 'strategic'): Promise<void> {
    await this.#e2e.kubectl.run(
      ...['patch', 'node', name, '--subresource=status', '--type', type],
      ...['-p', JSON.stringify({ status })],
    );
  }

  /** The id of the instance behind a Node, by the host name that both have. */
  async instanceId(name: string): Promise<string> {
    const { instances } = await this.#e2e.cloud.state();
    const found = instances.find(({ hostName }) => hostName === name);
    assert.ok(found !== undefined, `No instance has the host name "${name}"`);
    return found.instanceId;
  }

  /** Reads the custom entries of a route table. */
  async routes(routeTableId: string): Promise<readonly E2eRouteEntry[]> {
    const { routeEntries } = await this.#e2e.cloud.request<{
      readonly routeEntries: readonly E2eRouteEntry[];
    }>('GET', '/_admin/state');
    return routeEntries.filter((entry) => entry.routeTableId === routeTableId);
  }

  /** Fails unless a table has exactly one entry for each Node, in use, to the Node's instance. */
  async assertRoutes(routeTableId: string): Promise<void> {
    const nodes = await this.list();
    const wanted = await Promise.all(
      nodes.map(async ({ metadata, spec }) => {
        const hop = await this.instanceId(metadata.name);
        return `${spec.podCIDR ?? 'no range'} Available Instance ${hop}`;
      }),
    );
    const found = (await this.routes(routeTableId)).map((entry) => {
      const hops = entry.nextHops.map(
        ({ nextHopType, nextHopId }) => `${nextHopType} ${nextHopId}`,
      );
      return `${entry.destinationCidrBlock} ${entry.status} ${hops.join()}`;
    });
    assert.deepEqual(found.toSorted(), wanted.toSorted());
  }
}

/** Tells status and reason of one of a Node's conditions. */
export function conditionOf(node: E2eNode, type: string): string | undefined {
  const found = node.status.conditions?.find((condition) => condition.type === type);
  return found === undefined ? undefined : `${found.status} ${found.reason}`;
}

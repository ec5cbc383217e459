import assert from 'node:assert/strict';
import type { RouteTableResource } from '../../src/reconcilers/kubernetes-objects.ts';
import { NodeScene, type SeenNode } from './node-scene.ts';
import {
  eventually,
  type KubeCondition,
  type OperatorWorld,
  type RunningOperator,
} from './operator-world.ts';

/** The route table that every cloud begins with. */
export const SYSTEM_TABLE = 'vtb-bp1emulator0000000000';

/** The flags of an operator that makes routes, and nothing else. */
export const ROUTE_FLAGS: readonly string[] = [
  '--controllers=node-route-controller',
  '--cluster-cidr=10.100.0.0/16,fd00:100::/48',
];

const ROUTE_TABLES = '/apis/networking.alibabacloud.com/v1alpha1/alibabaroutetables';

/** An AlibabaRouteTable as the API server shows it. */
export type SeenRouteTable = Pick<RouteTableResource, 'metadata' | 'spec'> & {
  readonly status?: RouteTableResource['status'];
};

/** A Node with pods, and the instance behind it. */
export interface RoutedNode {
  readonly name: string;
  readonly instanceId: string;
  readonly uid: string;
}

/** The doings of people and of the cluster with Nodes that have pods, and with route tables. */
export class RouteScene {
  readonly nodes: NodeScene;
  readonly #world: OperatorWorld;

  constructor(world: OperatorWorld) {
    this.#world = world;
    this.nodes = new NodeScene(world);
  }

  /** Makes an instance and its Node with these pod CIDRs, initialised. */
  async join(name: string, podCidrs: readonly string[]): Promise<RoutedNode> {
    const { instanceId } = this.nodes.startInstance();
    const { metadata } = await this.nodes.register(name, {
      providerId: `${this.#world.cloud.regionId}.${instanceId}`,
      taints: [],
      ...(podCidrs.length > 0 && { spec: { podCIDR: podCidrs[0], podCIDRs: podCidrs } }),
    });
    return { name, instanceId, uid: metadata.uid };
  }

  async table(name = SYSTEM_TABLE): Promise<SeenRouteTable | undefined> {
    return (await this.nodes.client.find(`${ROUTE_TABLES}/${name}`)) as SeenRouteTable | undefined;
  }

  async tables(): Promise<readonly SeenRouteTable[]> {
    return (await this.nodes.client.list(ROUTE_TABLES)) as readonly SeenRouteTable[];
  }

  async patchTable(name: string, change: object): Promise<void> {
    await this.nodes.client.patch(`${ROUTE_TABLES}/${name}`, change);
  }

  /** Waits until the rows of an object are these, written as `destination nextHop`, in any order. */
  async waitForRows(want: readonly string[], name = SYSTEM_TABLE): Promise<SeenRouteTable> {
    return eventually(async () => {
      const table = await this.table(name);
      assert.ok(table, `no object ${name}`);
      assert.deepEqual(rowTexts(table), [...want].sort());
      return table;
    });
  }

  /** Waits until a condition of an object has this status and reason. */
  async waitForTableCondition(
    type: string,
    want: string,
    name = SYSTEM_TABLE,
  ): Promise<KubeCondition> {
    return eventually(async () => {
      const conditions = (await this.table(name))?.status?.conditions ?? [];
      const found = conditions.find((condition) => condition.type === type);
      assert.ok(found, `no condition ${type} on ${name}`);
      assert.equal(`${found.status} ${found.reason}`, want, found.message);
      return found;
    });
  }

  /** Lists the reasons of the events about an object. */
  async tableEvents(name = SYSTEM_TABLE): Promise<readonly string[]> {
    const events = await this.#world.events('default');
    return events.filter(({ regarding }) => regarding.name === name).map(({ reason }) => reason);
  }

  /** Reads the condition NetworkUnavailable of a Node. */
  async network(nodeName: string): Promise<KubeCondition | undefined> {
    return networkOf(await this.nodes.get(nodeName));
  }

  /** Waits until the condition NetworkUnavailable of a Node has this status and reason. */
  async waitForNetwork(nodeName: string, want: string): Promise<KubeCondition> {
    return eventually(async () => {
      const found = await this.network(nodeName);
      assert.ok(found, `${nodeName} says nothing`);
      assert.equal(`${found.status} ${found.reason}`, want, found.message);
      return found;
    });
  }

  /** Lists the custom entries of the cloud as `table destination nextHop`. */
  entries(): readonly string[] {
    const { routeEntries } = this.#world.cloud.state();
    return routeEntries
      .map((entry) => {
        const { routeTableId, destinationCidrBlock, nextHops } = entry as unknown as {
          readonly routeTableId: string;
          readonly destinationCidrBlock: string;
          readonly nextHops: readonly { readonly nextHopId: string }[];
        };
        return `${routeTableId} ${destinationCidrBlock} ${nextHops[0]?.nextHopId ?? ''}`;
      })
      .sort();
  }
}

/** Counts the runs of an operator over all nodes. */
export async function countRuns({ operator }: RunningOperator): Promise<number> {
  const text = await operator.metrics.registry.metrics();
  const found = /^route_controller_route_sync_total (\d+)$/m.exec(text);
  return Number(found?.[1] ?? Number.NaN);
}

/** Writes the rows of an object as `destination nextHop`, sorted. */
export function rowTexts({ spec }: Pick<SeenRouteTable, 'spec'>): readonly string[] {
  return (spec.routes ?? [])
    .map(({ destinationCidr, nextHop }) => `${destinationCidr} ${nextHop?.id ?? ''}`.trim())
    .sort();
}

function networkOf({ status }: SeenNode): KubeCondition | undefined {
  const conditions = (status.conditions ?? []) as readonly KubeCondition[];
  return conditions.find(({ type }) => type === 'NetworkUnavailable');
}

import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { DEFAULT_SEED, type SeedRouteEntry } from '../../emulator/model/cloud-seed.ts';
import type { Condition } from '../../src/reconcilers/kubernetes-objects.ts';
import type {
  AlibabaRouteTableSpec,
  AlibabaRouteTableStatus,
} from '../../src/reconcilers/route-table/route-table-resource.generated.ts';
import { ClusterScene } from './cluster-scene.ts';
import type { EventView, ObjectMetaView, OperatorHarness } from './operator-harness.ts';

/** An AlibabaRouteTable as the API server shows it. */
export interface RouteTableView {
  readonly metadata: ObjectMetaView;
  readonly spec: AlibabaRouteTableSpec;
  readonly status?: AlibabaRouteTableStatus;
}

/** A custom entry of a route table, as the cloud's state shows it. */
export interface SeenEntry {
  readonly routeEntryId: string;
  readonly routeTableId: string;
  readonly destinationCidrBlock: string;
  readonly routeEntryName?: string;
  readonly status: string;
  readonly nextHops: readonly { readonly nextHopType: string; readonly nextHopId: string }[];
}

/** A Node as the API server shows it, as far as tests of routes read it. */
export interface RoutedNodeView {
  readonly metadata: ObjectMetaView;
  readonly status: { readonly conditions?: readonly Condition[] };
}

/** The table that a cloud of tests begins with. */
export const TABLE_ID = DEFAULT_SEED.vpcs?.[0]?.routeTables?.[0]?.routeTableId ?? '';

const TABLES = '/apis/networking.alibabacloud.com/v1alpha1/alibabaroutetables';
const NODES = '/api/v1/nodes';
/** How often tables are compared, at the least that can be asked for. */
export const CHECK_MS = 60_000;
const FLAGS = [
  '--controllers=node-route-controller',
  '--cluster-cidr=172.20.0.0/16,fd00:20::/48',
  '--route-reconciliation-period=1m',
];

/** A cluster of nodes of its own, with one operator that keeps its routes. */
export class RouteTableScene extends ClusterScene {
  private constructor(harness: OperatorHarness) {
    super(harness, FLAGS);
  }

  /** Opens a scene in which the first instances have a Node with these networks of pods each. */
  static async open(
    harness: OperatorHarness,
    context: TestContext,
    podCidrs: readonly (readonly string[])[] = [],
  ): Promise<RouteTableScene> {
    const scene = new RouteTableScene(harness);
    await scene.clear(context, NODES, TABLES);
    for (const [index, cidrs] of podCidrs.entries()) await scene.addNode(index, cidrs);
    return scene;
  }

  /** The calls since the mark that were to change the cloud. */
  writes(): readonly string[] {
    return this.calls()
      .filter(({ mutating }) => mutating)
      .map(({ action }) => action);
  }

  /** How often tables were read, since the mark, up to the last call of an operation. */
  readingsUntil(action: string): number {
    const last = this.calls(action).at(-1);
    assert.ok(last !== undefined, `No ${action}`);
    return this.calls('DescribeRouteEntryList').filter(({ seq }) => seq < last.seq).length;
  }

  /** How long after the first call of one operation the next of another one came, by the cloud's clock. */
  gapMs(action: string, next: string): number {
    const [first] = this.calls(action);
    const following = this.calls(next).find(({ seq }) => seq > (first?.seq ?? Infinity));
    assert.ok(first !== undefined && following !== undefined, `No ${next} after ${action}`);
    return Date.parse(following.startedAt) - Date.parse(first.startedAt);
  }

  async addNode(
    index: number,
    podCidrs: readonly string[],
    change: { readonly name?: string; readonly labels?: Readonly<Record<string, string>> } = {},
  ): Promise<void> {
    const { hostName, providerId, region } = this.instance(index);
    await this.harness.admin.create(NODES, {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: {
        name: change.name ?? hostName,
        labels: { 'topology.kubernetes.io/region': region, ...change.labels },
      },
      spec: { providerID: providerId, podCIDR: podCidrs[0], podCIDRs: podCidrs },
    });
  }

  async removeNode(index: number): Promise<void> {
    await this.harness.admin.delete(`${NODES}/${this.instance(index).hostName}`);
  }

  async findNode(index: number): Promise<RoutedNodeView | undefined> {
    const path = `${NODES}/${this.instance(index).hostName}`;
    return (await this.harness.admin.find(path)) as RoutedNodeView | undefined;
  }

  /** The reason that a Node gives for whether its pods can be reached. */
  async networkOf(index: number): Promise<string | undefined> {
    const node = await this.findNode(index);
    const found = node?.status.conditions?.find(({ type }) => type === 'NetworkUnavailable');
    return found === undefined ? undefined : `${found.status} ${found.reason}`;
  }

  /** Makes an object as a person does. */
  async create(
    spec: Partial<AlibabaRouteTableSpec> = {},
    name = TABLE_ID,
  ): Promise<RouteTableView> {
    const created = await this.harness.admin.create(TABLES, {
      apiVersion: 'networking.alibabacloud.com/v1alpha1',
      kind: 'AlibabaRouteTable',
      metadata: { name },
      spec: { routeTableId: TABLE_ID, ...spec },
    });
    return created as RouteTableView;
  }

  async patch(change: object, name = TABLE_ID): Promise<void> {
    await this.harness.admin.patch(`${TABLES}/${name}`, change);
  }

  /** Applies a part of the spec on the server, as the manager of that name. */
  async applyAs(
    manager: string,
    spec: Partial<AlibabaRouteTableSpec>,
    name = TABLE_ID,
  ): Promise<void> {
    const object = {
      apiVersion: 'networking.alibabacloud.com/v1alpha1',
      kind: 'AlibabaRouteTable',
      metadata: { name },
      spec: { routeTableId: TABLE_ID, ...spec },
    };
    const path = `${TABLES}/${name}?fieldManager=${manager}&force=true`;
    await this.harness.admin.patch(path, object, 'apply');
  }

  async patchStatus(status: object | null, name = TABLE_ID): Promise<void> {
    await this.harness.admin.patch(`${TABLES}/${name}/status`, { status });
  }

  async delete(name = TABLE_ID): Promise<void> {
    await this.harness.admin.delete(`${TABLES}/${name}`);
  }

  async find(name = TABLE_ID): Promise<RouteTableView | undefined> {
    return (await this.harness.admin.find(`${TABLES}/${name}`)) as RouteTableView | undefined;
  }

  /** Waits until an object is as a test wants it, and returns it. */
  waitFor(
    what: string,
    isSo: (resource: RouteTableView) => boolean,
    name = TABLE_ID,
  ): Promise<RouteTableView> {
    let last: RouteTableView | undefined;
    return this.harness
      .waitFor(what, async () => {
        last = await this.find(name);
        return last !== undefined && isSo(last) ? last : undefined;
      })
      .catch((error: unknown) => {
        throw new Error(`${what}: ${JSON.stringify(last)}`, { cause: error });
      });
  }

  /** Waits until an object is Ready for its spec, with so many routes. */
  waitUntilReady(available: number, name = TABLE_ID): Promise<RouteTableView> {
    return this.waitFor(
      `${name} is ready with ${available} routes`,
      (resource) => isReady(resource) && (resource.status?.routes?.available ?? 0) === available,
      name,
    );
  }

  /** Waits until a condition of an object has a reason, and returns the condition. */
  async waitForReason(type: string, reason: string, name = TABLE_ID): Promise<Condition> {
    const resource = await this.waitFor(
      `${type} is ${reason}`,
      (found) => conditionOf(found, type)?.reason === reason,
      name,
    );
    const condition = conditionOf(resource, type);
    assert.ok(condition);
    return condition;
  }

  async waitUntilGone(name = TABLE_ID): Promise<void> {
    await this.harness.waitFor(`${name} is gone`, async () =>
      (await this.find(name)) === undefined ? true : undefined,
    );
  }

  /** Makes entries as somebody else does. */
  seedEntries(...entries: readonly Partial<SeedRouteEntry>[]): void {
    this.harness.cloud.admin.seed({
      routeEntries: entries.map((entry) => ({
        routeTableId: TABLE_ID,
        destinationCidrBlock: '',
        ...entry,
      })),
    });
  }

  /** The custom entries of a table that are there, by destination. */
  entries(routeTableId = TABLE_ID): readonly SeenEntry[] {
    const all = this.harness.cloud.state().routeEntries as unknown as readonly SeenEntry[];
    return all
      .filter((entry) => entry.routeTableId === routeTableId && entry.status !== 'Deleting')
      .toSorted((a, b) => (a.destinationCidrBlock < b.destinationCidrBlock ? -1 : 1));
  }

  /** Writes the entries of a table as `destination next-hop`. */
  routes(routeTableId = TABLE_ID): readonly string[] {
    return this.entries(routeTableId).map(
      ({ destinationCidrBlock, nextHops }) =>
        `${destinationCidrBlock} ${nextHops.map(({ nextHopId }) => nextHopId).join('+')}`,
    );
  }

  /** Waits until a table has exactly these entries. */
  async waitForRoutes(wanted: readonly string[], routeTableId = TABLE_ID): Promise<void> {
    const sorted = wanted.toSorted();
    await this.harness
      .waitFor('the routes are there', () => {
        const found = this.routes(routeTableId);
        return JSON.stringify(found) === JSON.stringify(sorted) ? true : undefined;
      })
      .catch((error: unknown) => {
        assert.deepEqual(this.routes(routeTableId), sorted);
        throw error;
      });
  }

  /** The route to a network of pods through an instance, as `routes` writes it. */
  route(destinationCidr: string, index: number): string {
    return `${destinationCidr} ${this.instance(index).instanceId}`;
  }

  /** The events about objects of this kind, with their reporter. */
  async events(): Promise<readonly EventView[]> {
    const all = await this.harness.listEvents('default');
    return all.filter(({ regarding }) => regarding.kind === 'AlibabaRouteTable');
  }

  /** Waits until an event about an object of a uid was recorded. */
  waitForEvent(uid: string, reason: string): Promise<EventView> {
    return this.harness.waitFor(`there is an event ${reason}`, async () =>
      (await this.events()).find((event) => event.regarding.uid === uid && event.reason === reason),
    );
  }

  /** Lets time pass in which tables are compared. */
  async checks(count = 1): Promise<void> {
    await this.harness.passTime(count * CHECK_MS * 1.2);
  }
}

/** A row of a person to an instance of a scene. */
export function personsRow(
  scene: RouteTableScene,
  destinationCidr: string,
  index: number,
): { destinationCidr: string; nextHop: { type: 'Instance'; id: string } } {
  return { destinationCidr, nextHop: { type: 'Instance', id: scene.instance(index).instanceId } };
}

/** Finds the condition of a type. */
export function conditionOf(resource: RouteTableView, type: string): Condition | undefined {
  return resource.status?.conditions?.find((condition) => condition.type === type);
}

/** Tells whether an object is Ready for its spec. */
export function isReady(resource: RouteTableView): boolean {
  const ready = conditionOf(resource, 'Ready');
  return (
    ready?.status === 'True' && resource.status?.observedGeneration === resource.metadata.generation
  );
}

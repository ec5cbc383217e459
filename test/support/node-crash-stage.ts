import assert from 'node:assert/strict';
import type { AuditEvent } from '../../hack/control-plane/audit-log.ts';
import { countBy, type CrashStage, type Death, type Harvest } from './crash-walk.ts';
import type { CloudNode } from './local-cloud.ts';
import { NodeHistory } from './node-history.ts';
import { CLOUD_TAINT, isTainted, type SeenNode } from './node-scene.ts';
import type { OperatorHarness } from './operator-harness.ts';
import { isReady, TABLE_ID, type RouteTableView, type SeenEntry } from './route-table-scene.ts';

/** The controllers that a stage is about. */
export type NodeCrashController =
  'cloud-node-controller' | 'cloud-node-lifecycle-controller' | 'node-route-controller';

/** How a Node comes to the cluster. */
export interface JoiningNode {
  /** Of its instance. */
  readonly index: number;
  readonly podCidrs: readonly string[];
  /** The host name of its instance unless given. */
  readonly name?: string;
  /**
   * What it knows of itself: all, as one that was initialised long ago; its provider id, and has yet
   * to be initialised; or only its address.
   */
  readonly knows?: 'all' | 'providerId' | 'address';
}

/** A Node that was made on the stage. */
interface MadeNode extends JoiningNode {
  readonly uid: string;
  readonly name: string;
  readonly instance: CloudNode;
}

const NODES = '/api/v1/nodes';
const TABLES = '/apis/networking.alibabacloud.com/v1alpha1/alibabaroutetables';
const ZONE = 'topology.kubernetes.io/zone';
const CHECK_OFF = 'ModifyNetworkInterfaceAttribute';
const CLUSTER_CIDRS = '172.20.0.0/16,fd00:20::/48';
/** The instance that somebody else's entries lead to. */
const FOREIGN_INDEX = 0;

/** A cluster whose nodes come and go, beside route entries of somebody else. */
export class NodeCrashStage implements CrashStage {
  readonly flags: readonly string[];
  readonly watchedKinds: number;
  readonly #harness: OperatorHarness;
  readonly #controllers: ReadonlySet<NodeCrashController>;
  readonly #history: NodeHistory;
  readonly #foreignIds: ReadonlySet<string>;
  readonly #foreignBefore: string;
  readonly #startSeq: number;
  readonly #startedAtMs = Date.now();
  /** Every Node that was made, by its uid. */
  readonly #made = new Map<string, MadeNode>();
  /** The uids of those that are to go. */
  readonly #going = new Set<string>();

  private constructor(
    harness: OperatorHarness,
    controllers: readonly NodeCrashController[],
    history: NodeHistory,
  ) {
    const { cloud } = harness;
    this.#harness = harness;
    this.#controllers = new Set(controllers);
    this.#history = history;
    this.#foreignIds = new Set(this.#entries().map(({ routeEntryId }) => routeEntryId));
    this.#foreignBefore = this.#foreignState();
    this.#startSeq = cloud.calls().at(-1)?.seq ?? 0;
    // Nodes, and route tables where there are routes.
    this.watchedKinds = this.#controllers.has('node-route-controller') ? 2 : 1;
    this.flags = [
      `--controllers=${controllers.join(',')}`,
      `--cluster-cidr=${CLUSTER_CIDRS}`,
      // What goes by the clock belongs to no story.
      '--route-reconciliation-period=24h',
      '--node-status-update-frequency=24h',
    ];
  }

  /** Opens one without nodes. */
  static async open(
    harness: OperatorHarness,
    controllers: readonly NodeCrashController[],
  ): Promise<NodeCrashStage> {
    const { cloud } = harness;
    await removeAll(harness);
    cloud.removeFaults();
    cloud.patchObject(cloud.vpcId, { ipv6CidrBlock: '2408:4000::/56' });
    const hop = cloud.nodes[FOREIGN_INDEX]?.instanceId ?? '';
    cloud.admin.seed({
      routeEntries: [
        // Outside of the networks of pods, within them, and of another cluster.
        { destinationCidrBlock: '192.168.7.0/24' },
        { destinationCidrBlock: '172.20.200.0/24' },
        {
          destinationCidrBlock: '172.20.201.0/24',
          routeEntryName: 'k8s-0123456789ab-00000000-0000-4000-8000-000000000000-ipv4',
        },
      ].map((entry) => ({ ...entry, routeTableId: TABLE_ID, nextHopId: hop })),
    });
    return new NodeCrashStage(harness, controllers, NodeHistory.begin(harness.plane.kubeconfig));
  }

  /** A node registers. */
  async join(joining: JoiningNode): Promise<void> {
    const { index, podCidrs, knows = 'all' } = joining;
    const instance = this.#instance(index);
    const name = joining.name ?? instance.hostName;
    const addresses = [{ type: 'InternalIP', address: instance.privateIp }];
    const created = (await this.#harness.admin.create(NODES, {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: {
        name,
        labels:
          knows === 'all'
            ? { [ZONE]: instance.zone, 'topology.kubernetes.io/region': instance.region }
            : {},
      },
      spec: {
        ...(knows === 'address' ? {} : { providerID: instance.providerId }),
        podCIDR: podCidrs[0],
        podCIDRs: podCidrs,
        taints: knows === 'all' ? [] : [CLOUD_TAINT],
      },
      status: { conditions: readyIs('True'), addresses: knows === 'providerId' ? [] : addresses },
    })) as SeenNode;
    const { uid } = created.metadata;
    this.#made.set(uid, { ...joining, uid, name, instance });
  }

  /** A person deletes the node of an instance. */
  async leave(index: number): Promise<void> {
    const node = this.#nodeOf(index);
    this.#going.add(node.uid);
    await this.#harness.admin.delete(`${NODES}/${node.name}`);
  }

  /** An instance is released, and its node is not heard of any more. */
  async release(index: number): Promise<void> {
    const { uid, instance } = this.#nodeOf(index);
    this.#harness.cloud.patchObject(instance.instanceId, { released: true });
    await this.fallSilent(index);
    this.#going.add(uid);
  }

  /** A node is not heard of any more. */
  async fallSilent(index: number): Promise<void> {
    const { name } = this.#nodeOf(index);
    // A list of a merge patch takes the place of the whole list.
    const { status } = (await this.#harness.admin.find(`${NODES}/${name}`)) as SeenNode;
    const kept = (status.conditions ?? []) as readonly { readonly type: string }[];
    const conditions = [...kept.filter(({ type }) => type !== 'Ready'), ...readyIs('Unknown')];
    await this.#harness.admin.patch(`${NODES}/${name}/status`, { status: { conditions } });
  }

  async waitUntilSettled(): Promise<void> {
    let complaints: readonly string[] = [];
    await this.#harness
      .waitFor('the stage is set', async () => {
        complaints = await this.complaints();
        return complaints.length === 0 ? true : undefined;
      })
      .catch((error: unknown) => {
        throw new Error(complaints.join('; '), { cause: error });
      });
  }

  async complaints(): Promise<readonly string[]> {
    const nodes = (await this.#harness.admin.list(NODES)) as readonly SeenNode[];
    const wished = this.#wished();
    const names = nodes.map(({ metadata }) => metadata.uid).sort();
    return [
      ...difference('nodes', names, wished.map(({ uid }) => uid).sort()),
      ...(this.#controllers.has('cloud-node-controller')
        ? nodes.flatMap((node) => this.#initialisationComplaints(node))
        : []),
      ...(this.#controllers.has('node-route-controller')
        ? [...(await this.#routeComplaints()), ...nodes.flatMap(networkComplaints)]
        : []),
    ];
  }

  harvest(): Harvest {
    const { deleted = [] } = this.#harness.cloud.state({ deleted: true });
    const objects: readonly Readonly<Record<string, unknown>>[] = [
      ...this.#entries().map((entry) => ({ ...entry, kind: 'routeEntry' })),
      ...deleted,
    ];
    const made = objects.filter(({ createdBySeq }) => Number(createdBySeq) > this.#startSeq);
    const removed = made.filter(({ deletedBySeq }) => deletedBySeq !== undefined);
    return {
      made: countBy(made, ({ kind }) => String(kind)),
      removed: countBy(removed, ({ kind }) => String(kind)),
    };
  }

  judge({ moment }: Death): void {
    this.#judgeNodes();
    this.#judgeForeign();
    this.#judgeChecks(moment === 'late' ? 2 : 1);
  }

  isPartOfStory({ objectRef, requestReceivedTimestamp }: AuditEvent): boolean {
    const isOurs = ['nodes', 'alibabaroutetables'].includes(objectRef?.resource ?? '');
    return isOurs && Date.parse(requestReceivedTimestamp) >= this.#startedAtMs;
  }

  async clear(): Promise<void> {
    this.#history.end();
    await removeAll(this.#harness);
  }

  /** The nodes that are to be there. */
  #wished(): readonly MadeNode[] {
    return [...this.#made.values()].filter(({ uid }) => !this.#going.has(uid));
  }

  #nodeOf(index: number): MadeNode {
    const node = this.#wished().find((each) => each.index === index);
    assert.ok(node, `Instance ${index} has no node`);
    return node;
  }

  #instance(index: number): CloudNode {
    const instance = this.#harness.cloud.nodes[index];
    assert.ok(instance, `Instance ${index} is not seeded`);
    return instance;
  }

  #initialisationComplaints(node: SeenNode): readonly string[] {
    const made = this.#made.get(node.metadata.uid);
    if (made === undefined) return [];
    const { name, instance } = made;
    const { spec, metadata, status } = node;
    return [
      ...difference(`${name} is tainted`, isTainted(node), false),
      ...difference(`${name} provider id`, spec.providerID, instance.providerId),
      ...difference(`${name} zone`, metadata.labels?.[ZONE], instance.zone),
      ...difference(`${name} addresses`, status.addresses, [
        { type: 'InternalIP', address: instance.privateIp },
      ]),
      ...(made.knows === 'all' || made.knows === undefined
        ? []
        : difference(`${name} check`, this.#checkOf(instance), false)),
    ];
  }

  async #routeComplaints(): Promise<readonly string[]> {
    const wished = this.#wished()
      .flatMap((node) => node.podCidrs.map((cidr) => ({ cidr, node })))
      .toSorted((a, b) => (a.cidr < b.cidr ? -1 : 1));
    const hops = wished.map(({ cidr, node }) => `${cidr} ${node.instance.instanceId}`);
    const resource = (await this.#harness.admin.find(`${TABLES}/${TABLE_ID}`)) as
      RouteTableView | undefined;
    if (resource === undefined) return ['The AlibabaRouteTable is missing'];
    const rows = (resource.spec.routes ?? []).map(
      ({ destinationCidr, nextHop }) => `${destinationCidr} ${nextHop?.id ?? ''}`,
    );
    const owned = (resource.status?.owned ?? []).map(
      ({ destinationCidr, nextHopId, origin, state }) =>
        `${destinationCidr} ${nextHopId} ${origin ?? ''} ${state ?? 'in use'}`,
    );
    const entries = this.#entries()
      .filter(({ routeEntryId }) => !this.#foreignIds.has(routeEntryId))
      .map(
        ({ destinationCidrBlock, nextHops, status, routeEntryName = '' }) =>
          `${destinationCidrBlock} ${nextHops.map(({ nextHopId }) => nextHopId).join('+')} ${status} ${uidIn(routeEntryName)}`,
      );
    return [
      ...difference('ready', isReady(resource), true),
      ...difference('rows', rows.toSorted(), hops),
      ...difference(
        'records',
        owned.toSorted(),
        hops.map((hop) => `${hop} Created in use`),
      ),
      ...difference(
        'entries',
        entries.toSorted(),
        wished.map(({ node }, at) => `${hops[at] ?? ''} Available ${node.uid}`),
      ),
    ];
  }

  /** No version of a Node may be open to pods too early, and none may go whose instance lives. */
  #judgeNodes(): void {
    const announces =
      this.#controllers.has('cloud-node-controller') &&
      this.#controllers.has('node-route-controller');
    for (const { type, node } of this.#history.versions) {
      const made = this.#made.get(node.metadata.uid);
      if (made === undefined) continue;
      const { name } = made;
      if (type === 'DELETED') {
        assert.ok(this.#going.has(made.uid), `${name} was deleted, and its instance lives`);
        continue;
      }
      if (isTainted(node)) continue;
      assert.equal(node.spec.providerID, made.instance.providerId, `${name} without its id`);
      assert.equal(node.metadata.labels?.[ZONE], made.instance.zone, `${name} without its zone`);
      const isNew = made.knows !== undefined && made.knows !== 'all';
      if (announces && isNew) assert.ok(networkOf(node), `${name} without a word on its routes`);
    }
  }

  #judgeForeign(): void {
    const { cloud } = this.#harness;
    const writes = cloud
      .calls(this.#startSeq)
      .filter(
        ({ mutating, objectIds }) => mutating && objectIds.some((id) => this.#foreignIds.has(id)),
      );
    assert.deepEqual(writes, [], 'Nothing is written that belongs to someone else');
    assert.equal(this.#foreignState(), this.#foreignBefore);
  }

  #judgeChecks(most: number): void {
    const switches = this.#harness.cloud
      .calls(this.#startSeq)
      .filter(({ action, applied }) => action === CHECK_OFF && applied);
    const counts = countBy(switches, ({ parameters }) => parameters.NetworkInterfaceId ?? '');
    for (const [id, count] of Object.entries(counts)) {
      assert.ok(count <= most, `The check of ${id} was switched off ${count} times`);
    }
  }

  #checkOf({ instanceId }: CloudNode): boolean | undefined {
    const instances = this.#harness.cloud.state().instances as unknown as readonly {
      readonly instanceId: string;
      readonly enis: readonly { readonly primary: boolean; readonly sourceDestCheck: boolean }[];
    }[];
    const instance = instances.find((each) => each.instanceId === instanceId);
    return instance?.enis.find(({ primary }) => primary)?.sourceDestCheck;
  }

  #entries(): readonly StateEntry[] {
    return this.#harness.cloud.state().routeEntries as unknown as readonly StateEntry[];
  }

  #foreignState(): string {
    const { routeEntries, deleted = [] } = this.#harness.cloud.state({ deleted: true });
    return JSON.stringify({
      routeEntries: routeEntries.filter(({ routeEntryId }) =>
        this.#foreignIds.has(String(routeEntryId)),
      ),
      deleted: deleted.filter(({ id }) => this.#foreignIds.has(String(id))),
    });
  }
}

/** An entry with who made it. */
type StateEntry = SeenEntry & { readonly createdBySeq: number | null };

async function removeAll(harness: OperatorHarness): Promise<void> {
  const { admin } = harness;
  for (const path of [NODES, TABLES]) {
    // A kind that was defined a moment ago is not served yet.
    const list = await harness.waitFor(`${path} is served`, () =>
      admin.list(path).catch(() => undefined),
    );
    for (const object of list) {
      const { name } = (object as SeenNode).metadata;
      await admin.patch(`${path}/${name}`, { metadata: { finalizers: null } });
      await admin.delete(`${path}/${name}`);
    }
  }
}

function networkComplaints(node: SeenNode): readonly string[] {
  const found = networkOf(node);
  const text = found === undefined ? 'unset' : `${found.status} ${found.reason}`;
  return difference(`${node.metadata.name} network`, text, 'False RouteCreated');
}

function networkOf({
  status,
}: SeenNode): { readonly status: string; readonly reason: string } | undefined {
  const conditions = (status.conditions ?? []) as readonly {
    readonly type: string;
    readonly status: string;
    readonly reason: string;
  }[];
  return conditions.find(({ type }) => type === 'NetworkUnavailable');
}

function difference(what: string, got: unknown, wanted: unknown): readonly string[] {
  const [gotText, wantedText] = [JSON.stringify(got), JSON.stringify(wanted)];
  return gotText === wantedText ? [] : [`${what}: ${gotText} instead of ${wantedText}`];
}

/** The uid of the Node in the name of an entry. */
function uidIn(name: string): string {
  return /^k8s-[0-9a-f]{12}-([0-9a-f-]{36})-ipv[46]$/.exec(name)?.[1] ?? name;
}

function readyIs(word: 'True' | 'Unknown'): readonly object[] {
  return [{ type: 'Ready', status: word, reason: 'Test', message: 'As the test says' }];
}

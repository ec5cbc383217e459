import {
  listenerId,
  listenerStatus,
  type Listener,
  type LoadBalancer,
  type Ownership,
  type Tombstone,
  type VServerGroup,
} from '../model/cloud-objects.ts';
import {
  instanceStatus,
  interfaceStatus,
  type Disk,
  type Instance,
  type NetworkInterface,
  type SecurityGroup,
} from '../model/ecs/compute-objects.ts';
import type { RouteEntry, RouteTable, Vpc, VSwitch } from '../model/vpc/network-objects.ts';
import { shownStatus, type Passing } from '../model/passage.ts';
import { withoutMembers } from '../model/without-members.ts';
import { restingListener } from '../model/slb/listener-operations.ts';
import type { CloudState } from '../model/cloud-state.ts';

/** Everything the cloud holds, as `GET /_admin/state` shows it. */
export interface StateDocument {
  readonly now: string;
  readonly regionId: string;
  readonly accounts: readonly { accountId: string; accessKeyIds: readonly string[] }[];
  readonly vpcs: readonly Record<string, unknown>[];
  readonly routeEntries: readonly Record<string, unknown>[];
  readonly instances: readonly Record<string, unknown>[];
  readonly networkInterfaces: readonly Record<string, unknown>[];
  readonly securityGroups: readonly Record<string, unknown>[];
  readonly disks: readonly Record<string, unknown>[];
  readonly loadBalancers: readonly Record<string, unknown>[];
  readonly vServerGroups: readonly Record<string, unknown>[];
  readonly deleted?: readonly Record<string, unknown>[];
}

/**
 * Shows the state in a stable order: the order in which objects were made.
 *
 * Shape: members carry the names of the seed, else those of the describing operation with a small
 *   first letter. Tags are shown as they were set, visible to readers yet or not.
 */
export function stateDocument(state: CloudState, now: number, withDeleted: boolean): StateDocument {
  const keys = [...state.accessKeys.values()];
  return {
    now: new Date(now).toISOString(),
    regionId: state.regionId,
    accounts: [...state.accounts].map((accountId) => ({
      accountId,
      accessKeyIds: keys
        .filter((key) => key.accountId === accountId)
        .map(({ accessKeyId }) => accessKeyId),
    })),
    vpcs: shownVpcs(state, now),
    routeEntries: state.routeEntries.list().map((entry) => shownRouteEntry(entry, now)),
    instances: shownInstances(state, now),
    networkInterfaces: state.networkInterfaces
      .list()
      .map((eni) => shownNetworkInterface(state, eni, now)),
    securityGroups: state.securityGroups.list().map((group) => shownSecurityGroup(state, group)),
    disks: state.disks.list().map((disk) => shownDisk(state, disk)),
    loadBalancers: state.loadBalancers
      .list()
      .map((loadBalancer) => shownLoadBalancer(state, loadBalancer, now)),
    vServerGroups: state.vServerGroups.list().map((group) => shownGroup(state, group)),
    ...(withDeleted
      ? { deleted: state.tombstones.map((tombstone) => shownTombstone(tombstone, now)) }
      : {}),
  };
}

type Tags = readonly { readonly key: string; readonly value: string }[];

function shownOwnership(owner: Ownership): Record<string, unknown> {
  return {
    accountId: owner.accountId,
    regionId: owner.regionId,
    createdAt: shownTime(owner.createdAt),
    createdBySeq: owner.createdBySeq,
  };
}

/** Seeded objects have no time at which they were made. */
function shownTime(at: number): string | null {
  return at === 0 ? null : new Date(at).toISOString();
}

function shownTags(tags: Tags): Record<string, string> {
  return Object.fromEntries(tags.map(({ key, value }) => [key, value]));
}

function shownVpcs(state: CloudState, now: number): Record<string, unknown>[] {
  const vSwitches = Map.groupBy(state.vSwitches.list(), ({ vpcId }) => vpcId);
  const routeTables = Map.groupBy(state.routeTables.list(), ({ vpcId }) => vpcId);
  return state.vpcs.list().map((vpc) => ({
    ...shownVpc(state, vpc, now),
    vSwitches: (vSwitches.get(vpc.vpcId) ?? []).map((each) => shownVSwitch(state, each, now)),
    routeTables: (routeTables.get(vpc.vpcId) ?? []).map((each) =>
      shownRouteTable(state, each, now),
    ),
  }));
}

/** Leaves out what an object passes through: its status tells. */
function atRest<Value extends Passing>(object: Value): Omit<Value, 'transition' | 'departure'> {
  return withoutMembers(object, 'transition', 'departure');
}

function shownVpc(state: CloudState, vpc: Vpc, now: number): Record<string, unknown> {
  return {
    ...atRest(vpc),
    status: shownStatus(vpc, now),
    ...shownOwnership(vpc),
    tags: shownTags(state.tags.get(vpc.vpcId) ?? []),
  };
}

function shownVSwitch(state: CloudState, vSwitch: VSwitch, now: number): Record<string, unknown> {
  return {
    ...atRest(vSwitch),
    status: shownStatus(vSwitch, now),
    ...shownOwnership(vSwitch),
    tags: shownTags(state.tags.get(vSwitch.vSwitchId) ?? []),
  };
}

function shownRouteTable(
  state: CloudState,
  table: RouteTable,
  now: number,
): Record<string, unknown> {
  return {
    ...atRest(table),
    status: shownStatus(table, now),
    ...shownOwnership(table),
    tags: shownTags(state.tags.get(table.routeTableId) ?? []),
  };
}

function shownRouteEntry(entry: RouteEntry, now: number): Record<string, unknown> {
  const { modifiedAt, ...rest } = atRest(entry);
  return {
    ...rest,
    status: shownStatus(entry, now),
    modifiedAt: shownTime(modifiedAt),
    ...shownOwnership(entry),
  };
}

function shownInstances(state: CloudState, now: number): Record<string, unknown>[] {
  const interfaces = Map.groupBy(
    state.networkInterfaces.list(),
    ({ instanceId }) => instanceId ?? '',
  );
  return state.instances.list().map((instance) => {
    const own = interfaces.get(instance.instanceId) ?? [];
    return shownInstance(state, instance, { own, now });
  });
}

function shownInstance(
  state: CloudState,
  instance: Instance,
  { own, now }: { readonly own: readonly NetworkInterface[]; readonly now: number },
): Record<string, unknown> {
  return {
    ...atRest(instance),
    status: instanceStatus(instance, now),
    enis: own.map((eni) => ({
      networkInterfaceId: eni.networkInterfaceId,
      privateIps: eni.privateIps,
      ipv6s: eni.ipv6s,
      primary: eni.type === 'Primary',
      sourceDestCheck: eni.sourceDestCheck,
    })),
    ...shownOwnership(instance),
    tags: shownTags(state.tags.get(instance.instanceId) ?? []),
  };
}

function shownNetworkInterface(
  state: CloudState,
  eni: NetworkInterface,
  now: number,
): Record<string, unknown> {
  return {
    ...atRest(eni),
    status: interfaceStatus(eni, now),
    ...shownOwnership(eni),
    tags: shownTags(state.tags.get(eni.networkInterfaceId) ?? []),
  };
}

function shownSecurityGroup(state: CloudState, group: SecurityGroup): Record<string, unknown> {
  return {
    ...group,
    ...shownOwnership(group),
    tags: shownTags(state.tags.get(group.securityGroupId) ?? []),
  };
}

function shownDisk(state: CloudState, disk: Disk): Record<string, unknown> {
  return {
    ...disk,
    ...shownOwnership(disk),
    tags: shownTags(state.tags.get(disk.diskId) ?? []),
  };
}

function shownLoadBalancer(
  state: CloudState,
  loadBalancer: LoadBalancer,
  now: number,
): Record<string, unknown> {
  const { loadBalancerId } = loadBalancer;
  return {
    ...loadBalancer,
    ...shownOwnership(loadBalancer),
    tags: shownTags(state.tags.get(loadBalancerId) ?? []),
    listeners: state.listeners
      .list()
      .filter((listener) => listener.loadBalancerId === loadBalancerId)
      .map((listener) => {
        const id = listenerId(loadBalancerId, listener.listenerProtocol, listener.listenerPort);
        return shownListener(listener, state.tags.get(id) ?? [], now);
      }),
  };
}

/** Shows a listener with its settings beside its other members. */
export function shownListener(
  listener: Listener,
  tags: Tags,
  now: number,
): Record<string, unknown> {
  const { settings, ...rest } = restingListener(listener);
  const shown = Object.entries(settings).map(
    ([name, value]) => [name.charAt(0).toLowerCase() + name.slice(1), value] as const,
  );
  return {
    listenerId: listenerId(
      listener.loadBalancerId,
      listener.listenerProtocol,
      listener.listenerPort,
    ),
    ...rest,
    status: listenerStatus(listener, now),
    ...Object.fromEntries(shown),
    ...shownOwnership(listener),
    tags: shownTags(tags),
  };
}

function shownGroup(state: CloudState, group: VServerGroup): Record<string, unknown> {
  return {
    ...group,
    ...shownOwnership(group),
    tags: shownTags(state.tags.get(group.vServerGroupId) ?? []),
  };
}

function shownTombstone(tombstone: Tombstone, now: number): Record<string, unknown> {
  const { object, ...facts } = tombstone;
  const last = object as Ownership & Passing & { readonly tags: Tags };
  return {
    ...facts,
    createdAt: shownTime(tombstone.createdAt),
    deletedAt: shownTime(tombstone.deletedAt),
    object:
      tombstone.kind === 'listener'
        ? shownListener(object as Listener, last.tags, now)
        : { ...atRest(last), ...shownOwnership(last), tags: shownTags(last.tags) },
  };
}

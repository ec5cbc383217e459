import {
  listenerId,
  listenerStatus,
  type Instance,
  type Listener,
  type LoadBalancer,
  type Ownership,
  type Tombstone,
  type VServerGroup,
  type Vpc,
} from '../model/cloud-objects.ts';
import { restingListener } from '../model/listener-operations.ts';
import type { CloudState } from '../model/cloud-state.ts';

/** Everything the cloud holds, as `GET /_admin/state` shows it. */
export interface StateDocument {
  readonly now: string;
  readonly regionId: string;
  readonly accounts: readonly { accountId: string; accessKeyIds: readonly string[] }[];
  readonly vpcs: readonly Record<string, unknown>[];
  readonly instances: readonly Record<string, unknown>[];
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
    vpcs: state.vpcs.list().map(shownVpc),
    instances: state.instances.list().map(shownInstance),
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

function shownVpc(vpc: Vpc): Record<string, unknown> {
  return { ...vpc, ...shownOwnership(vpc) };
}

function shownInstance(instance: Instance): Record<string, unknown> {
  return { ...instance, ...shownOwnership(instance) };
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
  const last = object as Ownership & { readonly tags: Tags };
  return {
    ...facts,
    createdAt: shownTime(tombstone.createdAt),
    deletedAt: shownTime(tombstone.deletedAt),
    object:
      tombstone.kind === 'listener'
        ? shownListener(object as Listener, last.tags, now)
        : { ...last, ...shownOwnership(last), tags: shownTags(last.tags) },
  };
}

import type { CallOptions } from '../../cloud/call-options.ts';
import type {
  CloudBackend,
  CloudListener,
  CloudLoadBalancer,
  CloudServerGroup,
  SlbClient,
} from '../../cloud/slb/slb-client.ts';
import type { DesiredLoadBalancer } from './load-balancer-desired.ts';
import {
  isListenerDescription,
  listenerDescription,
  nodePortOfServerGroup,
  readTags,
  serverGroupName,
  type Owner,
} from './load-balancer-names.ts';
import type {
  ObservedListener,
  ObservedLoadBalancer,
  ObservedServerGroup,
} from './load-balancer-observed.ts';
import {
  isAttributeReadNeeded,
  isServerGroupListNeeded,
  serverGroupsToRead,
} from './load-balancer-plan.ts';

/**
 * Reads one load balancer with its listeners, groups and the members of its own groups.
 *
 * Shape: `undefined` where the cloud does not have it.
 */
export async function observeLoadBalancer(
  slb: SlbClient,
  owner: Owner,
  loadBalancerId: string,
  options: CallOptions,
): Promise<{ observed: ObservedLoadBalancer; attributes: CloudLoadBalancer } | undefined> {
  const attributes = await slb.findLoadBalancer(loadBalancerId, options);
  if (attributes === undefined) return undefined;
  const listeners = await slb.listListeners([loadBalancerId], options);
  const serverGroups = await observeServerGroups(slb, owner, loadBalancerId, options);
  const observed: ObservedLoadBalancer = {
    id: loadBalancerId,
    attributes: observedAttributes(owner, attributes),
    listeners: listeners.map((listener) => observedListener(owner, listener)),
    serverGroups,
    serverGroupsComplete: true,
  };
  return { observed, attributes };
}

/** Reads the groups of a load balancer that are its owner's, with their members. */
export async function observeServerGroups(
  slb: SlbClient,
  owner: Owner,
  loadBalancerId: string,
  options: CallOptions,
): Promise<ObservedServerGroup[]> {
  const serverGroups: ObservedServerGroup[] = [];
  for (const group of await slb.listServerGroups(loadBalancerId, options)) {
    if (nodePortOfServerGroup(owner, group.name) === undefined) continue;
    const backends = await slb.findBackends(group.id, options);
    if (backends !== undefined) serverGroups.push(observedServerGroup(owner, group, backends));
  }
  return serverGroups;
}

/**
 * Reads what is believed and has to be known for a plan, and nothing else.
 *
 * Errors: `notfound` when the load balancer is gone.
 */
export async function observeWhatPlanNeeds(
  slb: SlbClient,
  owner: Owner,
  desired: DesiredLoadBalancer,
  believed: ObservedLoadBalancer,
  options: CallOptions,
): Promise<ObservedLoadBalancer | undefined> {
  let observed = believed;
  if (isAttributeReadNeeded(desired.attributes, observed)) {
    const attributes = await slb.findLoadBalancer(observed.id, options);
    if (attributes === undefined) return undefined;
    observed = { ...observed, attributes: observedAttributes(owner, attributes) };
  }
  if (isServerGroupListNeeded(desired, observed)) {
    const groups = await slb.listServerGroups(observed.id, options);
    const known = new Map(observed.serverGroups.map((group) => [group.id, group]));
    const serverGroups: ObservedServerGroup[] = [];
    for (const group of groups) {
      const believedGroup = known.get(group.id);
      const isOurs = nodePortOfServerGroup(owner, group.name) !== undefined;
      if (believedGroup !== undefined) serverGroups.push(believedGroup);
      else if (isOurs) {
        const backends = (await slb.findBackends(group.id, options)) ?? [];
        serverGroups.push(observedServerGroup(owner, group, backends));
      }
    }
    observed = { ...observed, serverGroups, serverGroupsComplete: true };
  }
  for (const group of serverGroupsToRead(desired, observed)) {
    const backends = await slb.findBackends(group.id, options);
    observed = {
      ...observed,
      serverGroups: observed.serverGroups.flatMap((candidate) => {
        if (candidate.id !== group.id) return [candidate];
        if (backends === undefined) return [];
        return [withMembers(owner, candidate, backends)];
      }),
    };
  }
  return observed;
}

/** Reads the settings of a load balancer as those of this owner's. */
export function observedAttributes(
  owner: Owner,
  attributes: CloudLoadBalancer,
): ObservedLoadBalancer['attributes'] {
  return { kind: 'seen', value: { ...attributes, tags: readTags(owner, attributes.tags) } };
}

/** Reads a listener of the cloud as one of this owner's load balancer. */
export function observedListener(owner: Owner, listener: CloudListener): ObservedListener {
  const { serverGroupId, ...settings } = listener.settings;
  const { port } = listener.key;
  const isOurs = isListenerDescription(owner, port, settings.description);
  // A description that is recognised as ours stays, whichever of its spellings it has.
  const description = isOurs ? listenerDescription(owner, port) : settings.description;
  return {
    key: listener.key,
    status: listener.status,
    isOurs,
    serverGroupId,
    settings: { kind: 'seen', value: { ...settings, description } },
  };
}

function observedServerGroup(
  owner: Owner,
  group: CloudServerGroup,
  backends: readonly CloudBackend[],
): ObservedServerGroup {
  const base: ObservedServerGroup = {
    id: group.id,
    nodePort: nodePortOfServerGroup(owner, group.name),
    createTime: group.createTime,
    backends: { kind: 'seen', value: [] },
    registered: 0,
  };
  return withMembers(owner, base, backends);
}

/** A member that is recognised as ours counts as described, whichever spelling it has. */
function withMembers(
  owner: Owner,
  group: ObservedServerGroup,
  backends: readonly CloudBackend[],
): ObservedServerGroup {
  const { nodePort } = group;
  if (nodePort === undefined) return group;
  const description = serverGroupName(owner, nodePort);
  const value = backends.map((backend) =>
    nodePortOfServerGroup(owner, backend.description) === nodePort
      ? { ...backend, description }
      : backend,
  );
  return { ...group, backends: { kind: 'seen', value }, registered: value.length };
}

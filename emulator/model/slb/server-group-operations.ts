import { describedTime } from '../answer-page.ts';
import { parseBackendServers, type GivenBackendServer } from './backend-servers.ts';
import {
  listenerStatus,
  type BackendServer,
  type Listener,
  type VServerGroup,
} from '../cloud-objects.ts';
import { instanceStatus, type Instance } from '../ecs/compute-objects.ts';
import { listenersOf } from './listener-operations.ts';
import { claimLoadBalancer } from './load-balancer-lock.ts';
import type { Answer, OperationContext, OperationHandler } from '../operation-context.ts';
import { describedTags, hasTags, putTags, readTags } from '../tag-rules.ts';
import { buryObject } from '../tombstone.ts';

const ABSENT_GROUP = 'The specified VServerGroupId does not exist.';
const DEFAULT_WEIGHT = 100;

/** The operations on vServer groups, and the health of their members. */
export const SERVER_GROUP_OPERATIONS: Readonly<Record<string, OperationHandler>> = {
  CreateVServerGroup: createGroup,
  DescribeVServerGroups: describeGroups,
  DescribeVServerGroupAttribute: describeGroup,
  SetVServerGroupAttribute: setGroup,
  AddVServerGroupBackendServers: addServers,
  RemoveVServerGroupBackendServers: removeServers,
  ModifyVServerGroupBackendServers: modifyServers,
  DeleteVServerGroup: deleteGroup,
  DescribeHealthStatus: describeHealth,
};

function createGroup(context: OperationContext): Answer {
  const { parameters, state } = context;
  const loadBalancer = claimLoadBalancer(context, `group of call ${context.seq}`);
  const tags = readTags(context);
  const groups = state.vServerGroups
    .list()
    .filter(({ loadBalancerId }) => loadBalancerId === loadBalancer.loadBalancerId);
  if (groups.length >= state.quota('slb_quota_vservergroups_num')) {
    throw context.failure('OverQuota', 'The load balancer has too many server groups.');
  }
  const given = parseBackendServers(context, 'BackendServers');
  const empty: VServerGroup = {
    ...context.ownership(),
    regionId: loadBalancer.regionId,
    vServerGroupId: state.ids.objectId('rsp', loadBalancer.regionId, 12),
    vServerGroupName: parameters.findText('VServerGroupName') ?? '',
    loadBalancerId: loadBalancer.loadBalancerId,
    backendServers: [],
  };
  const group = { ...empty, backendServers: withAdded(context, empty, given) };
  state.vServerGroups.set(group.vServerGroupId, group, context.now);
  putTags(context, group.vServerGroupId, tags);
  context.objectIds.add(group.vServerGroupId);
  context.hold = { id: loadBalancer.loadBalancerId, part: group.vServerGroupId };
  return changedGroup(group);
}

function describeGroups(context: OperationContext): Answer {
  const { parameters, state } = context;
  const loadBalancer = context.loadBalancer();
  const withListeners = parameters.findFlag('IncludeListener') === true;
  const name = parameters.findText('Description');
  const listeners = listenersOf(state, loadBalancer.loadBalancerId, context.asOf);
  const groups = state.vServerGroups
    .list(context.asOf)
    .filter(({ loadBalancerId }) => loadBalancerId === loadBalancer.loadBalancerId)
    .filter(({ vServerGroupName }) => name === undefined || vServerGroupName === name)
    .filter(({ vServerGroupId }) =>
      hasTags(context.visibleTags(vServerGroupId), parameters.items('Tag')),
    );
  return {
    VServerGroups: {
      VServerGroup: groups.map((group) => ({
        VServerGroupId: group.vServerGroupId,
        VServerGroupName: group.vServerGroupName,
        ServerCount: group.backendServers.length,
        CreateTime: describedTime(group.createdAt),
        Tags: { Tag: describedTags(context.visibleTags(group.vServerGroupId)) },
        AssociatedObjects: {
          Listeners: {
            Listener: listeners
              .filter((listener) => withListeners && usesGroup(listener, group))
              .map(({ listenerPort, listenerProtocol }) => ({
                Port: listenerPort,
                Protocol: listenerProtocol,
              })),
          },
          Rules: { Rule: [] },
        },
      })),
    },
  };
}

function describeGroup(context: OperationContext): Answer {
  const group = requireGroup(context);
  return {
    VServerGroupId: group.vServerGroupId,
    VServerGroupName: group.vServerGroupName,
    LoadBalancerId: group.loadBalancerId,
    CreateTime: describedTime(group.createdAt),
    BackendServers: {
      BackendServer: group.backendServers.map((server) => ({
        ...describedServer(server),
        ServerIp: server.serverIp,
      })),
    },
    Tags: { Tag: describedTags(context.visibleTags(group.vServerGroupId)) },
  };
}

/** Changes name, weights and descriptions; members that are not there are left alone. */
function setGroup(context: OperationContext): Answer {
  const group = claimGroup(context);
  const given = parseBackendServers(context, 'BackendServers');
  const backendServers = group.backendServers.map((server) => {
    const change = given.find((candidate) => matches(candidate, server));
    if (change === undefined) return server;
    return {
      ...server,
      weight: change.weight ?? server.weight,
      description: change.description ?? server.description,
    };
  });
  const vServerGroupName = context.parameters.findText('VServerGroupName');
  const changed = {
    ...group,
    backendServers,
    vServerGroupName: vServerGroupName ?? group.vServerGroupName,
  };
  context.state.vServerGroups.set(group.vServerGroupId, changed, context.now);
  return { ...changedGroup(changed), VServerGroupName: changed.vServerGroupName };
}

function addServers(context: OperationContext): Answer {
  const group = claimGroup(context);
  const given = parseBackendServers(context, 'BackendServers');
  return replaceServers(context, group, withAdded(context, group, given));
}

function removeServers(context: OperationContext): Answer {
  const group = claimGroup(context);
  const given = parseBackendServers(context, 'BackendServers');
  const { VServerGroupId, BackendServers } = replaceServers(context, group, without(group, given));
  // This answer alone tells no descriptions.
  const BackendServer = BackendServers.BackendServer.map((server) => {
    const plain = { ...server };
    Reflect.deleteProperty(plain, 'Description');
    return plain;
  });
  return { VServerGroupId, BackendServers: { BackendServer } };
}

function modifyServers(context: OperationContext): Answer {
  const group = claimGroup(context);
  const outgoing = parseBackendServers(context, 'OldBackendServers');
  const incoming = parseBackendServers(context, 'NewBackendServers');
  const left = { ...group, backendServers: without(group, outgoing) };
  return replaceServers(context, group, withAdded(context, left, incoming));
}

function deleteGroup(context: OperationContext): Answer {
  const group = claimGroup(context);
  const listeners = listenersOf(context.state, group.loadBalancerId);
  if (listeners.some((listener) => usesGroup(listener, group))) {
    throw context.failure('RspoolVipExist', 'The server group is in use by a listener.');
  }
  buryObject(context.state, {
    kind: 'vServerGroup',
    id: group.vServerGroupId,
    now: context.now,
    seq: context.seq,
  });
  return {};
}

function requireGroup(context: OperationContext): VServerGroup {
  const id = context.parameters.text('VServerGroupId');
  context.objectIds.add(id);
  const group = context.state.vServerGroups.get(id, context.asOf);
  if (group === undefined || !context.sees(group)) {
    throw context.failure('InvalidParameter', ABSENT_GROUP);
  }
  return group;
}

function claimGroup(context: OperationContext): VServerGroup {
  const group = requireGroup(context);
  claimLoadBalancer(context, group.vServerGroupId, group.loadBalancerId);
  return group;
}

function replaceServers(
  context: OperationContext,
  group: VServerGroup,
  backendServers: readonly BackendServer[],
): ChangedGroup {
  const changed = { ...group, backendServers };
  context.state.vServerGroups.set(group.vServerGroupId, changed, context.now);
  return changedGroup(changed);
}

/**
 * The members of a group with new ones added; one that is there already stays as it is.
 *
 * Errors: an unknown server, one that does not run, one of another network, too many servers.
 */
function withAdded(
  context: OperationContext,
  group: VServerGroup,
  given: readonly GivenBackendServer[],
): BackendServer[] {
  const members = [...group.backendServers];
  for (const server of given) {
    if (members.some((member) => matches(server, member))) continue;
    const network = requireServer(context, server);
    refuseOtherNetwork(context, group, network.vpcId);
    members.push({
      serverId: server.serverId,
      serverIp: server.type === 'ecs' ? '' : (server.serverIp ?? network.address),
      port: server.port,
      weight: server.weight ?? DEFAULT_WEIGHT,
      type: server.type,
      description: server.description ?? '',
    });
  }
  const others = context.state.vServerGroups
    .list()
    .filter(
      ({ loadBalancerId, vServerGroupId }) =>
        loadBalancerId === group.loadBalancerId && vServerGroupId !== group.vServerGroupId,
    );
  const count = others.reduce((sum, { backendServers }) => sum + backendServers.length, 0);
  if (count + members.length > context.state.quota('slb_quota_backendservers_num')) {
    throw context.failure(
      'InstanceBackendServerNumberOverLimit',
      'The load balancer has too many backend servers.',
    );
  }
  refuseCrowdedServer(context, group, given);
  return members;
}

function without(group: VServerGroup, given: readonly GivenBackendServer[]): BackendServer[] {
  return group.backendServers.filter((member) => !given.some((server) => matches(server, member)));
}

function matches(given: GivenBackendServer, member: BackendServer): boolean {
  return (
    given.serverId === member.serverId &&
    given.port === member.port &&
    given.type === member.type &&
    (given.type === 'ecs' || given.serverIp === undefined || given.serverIp === member.serverIp)
  );
}

interface ServerNetwork {
  readonly vpcId: string;
  readonly address: string;
}

function requireServer(context: OperationContext, server: GivenBackendServer): ServerNetwork {
  const { state, now } = context;
  const eni = server.type === 'ecs' ? undefined : state.networkInterfaces.get(server.serverId);
  const instance = state.instances.get(eni?.instanceId ?? server.serverId);
  if (instance === undefined || !context.sees(instance)) {
    throw context.failure(
      'InvalidServerId.NotFound',
      `The specified ServerId "${server.serverId}" does not exist.`,
    );
  }
  if (instanceStatus(instance, now) !== 'Running') {
    throw context.failure('ObtainIpFail', `The server "${server.serverId}" does not run.`);
  }
  return { vpcId: instance.vpcId, address: eni?.privateIps[0] ?? '' };
}

/** All servers of a load balancer are in one VPC, its own if it has one. */
function refuseOtherNetwork(context: OperationContext, group: VServerGroup, vpcId: string): void {
  const { state } = context;
  const loadBalancer = state.loadBalancers.get(group.loadBalancerId);
  const known = loadBalancer?.vpcId === '' ? vpcOfMembers(context, group) : loadBalancer?.vpcId;
  if (known !== undefined && known !== vpcId) {
    throw context.failure('NetworkConflict', 'The servers of a load balancer must be in one VPC.');
  }
}

function vpcOfMembers(context: OperationContext, group: VServerGroup): string | undefined {
  for (const other of context.state.vServerGroups.list()) {
    if (other.loadBalancerId !== group.loadBalancerId) continue;
    for (const { serverId } of other.backendServers) {
      const instance = context.state.instances.get(serverId);
      if (instance !== undefined) return instance.vpcId;
    }
  }
  return undefined;
}

function refuseCrowdedServer(
  context: OperationContext,
  group: VServerGroup,
  given: readonly GivenBackendServer[],
): void {
  const limit = context.state.quota('slb_quota_backendserver_attached_num');
  if (limit === Infinity) return;
  for (const { serverId } of given) {
    const loadBalancers = new Set([group.loadBalancerId]);
    for (const other of context.state.vServerGroups.list()) {
      if (other.backendServers.some((member) => member.serverId === serverId)) {
        loadBalancers.add(other.loadBalancerId);
      }
    }
    if (loadBalancers.size > limit) {
      throw context.failure('OverQuota', `"${serverId}" serves too many load balancers.`);
    }
  }
}

function usesGroup(listener: Listener, group: VServerGroup): boolean {
  return listener.settings.VServerGroupId === group.vServerGroupId;
}

function describedServer(server: BackendServer): Record<string, unknown> {
  return {
    ServerId: server.serverId,
    Port: server.port,
    Weight: server.weight,
    Type: server.type,
    Description: server.description,
  };
}

interface ChangedGroup extends Answer {
  readonly VServerGroupId: string;
  readonly BackendServers: { readonly BackendServer: readonly Record<string, unknown>[] };
}

function changedGroup(group: VServerGroup): ChangedGroup {
  return {
    VServerGroupId: group.vServerGroupId,
    BackendServers: { BackendServer: group.backendServers.map(describedServer) },
  };
}

function describeHealth(context: OperationContext): Answer {
  const { parameters, state } = context;
  const loadBalancer = context.loadBalancer();
  const port = parameters.findInteger('ListenerPort');
  const protocol = parameters.findText('ListenerProtocol')?.toLowerCase();
  const listeners = listenersOf(state, loadBalancer.loadBalancerId, context.asOf)
    .filter(({ listenerPort }) => port === undefined || listenerPort === port)
    .filter(({ listenerProtocol }) => protocol === undefined || listenerProtocol === protocol);
  if (port !== undefined && listeners.length === 0) {
    throw context.failure('CheckedListenerNotFound', 'There is no listener on this port.');
  }
  if (port !== undefined && listeners.length > 1) {
    throw context.failure('TooManyListeners', 'Two listeners share the port; name the protocol.');
  }
  return {
    BackendServers: { BackendServer: listeners.flatMap((each) => listenerHealth(context, each)) },
  };
}

function listenerHealth(context: OperationContext, listener: Listener): Record<string, unknown>[] {
  const groupId = listener.settings.VServerGroupId;
  if (typeof groupId !== 'string') return [];
  const group = context.state.vServerGroups.get(groupId, context.asOf);
  const checked =
    listener.settings.HealthCheck === 'on' && listenerStatus(listener, context.asOf) === 'running';
  return (group?.backendServers ?? []).map((server) => {
    const instance = instanceOf(context, server);
    const running = instance !== undefined && instanceStatus(instance, context.asOf) === 'Running';
    const health = running ? 'normal' : 'abnormal';
    return {
      ListenerPort: listener.listenerPort,
      Protocol: listener.listenerProtocol,
      ServerId: server.serverId,
      Port: server.port,
      ServerIp: server.serverIp === '' ? (instance?.privateIps[0] ?? '') : server.serverIp,
      ServerHealthStatus: checked ? health : 'unavailable',
    };
  });
}

function instanceOf(context: OperationContext, server: BackendServer): Instance | undefined {
  const { state, asOf } = context;
  const eni = state.networkInterfaces.get(server.serverId, asOf);
  return state.instances.get(eni?.instanceId ?? server.serverId, asOf);
}

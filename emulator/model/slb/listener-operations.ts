import { tokenPage } from '../answer-page.ts';
import {
  listenerId,
  listenerStatus,
  type Listener,
  type ListenerSettings,
  type LoadBalancer,
} from '../cloud-objects.ts';
import type { CloudState } from '../cloud-state.ts';
import { claimLoadBalancer } from './load-balancer-lock.ts';
import type { Answer, OperationContext, OperationHandler } from '../operation-context.ts';
import type { OperationParameters } from '../operation-parameters.ts';
import { describedTags, hasTags, putTags, readTags } from '../tag-rules.ts';
import { buryObject } from '../tombstone.ts';

type Protocol = Listener['listenerProtocol'];
type Setting = ListenerSettings[string];

const SHARED_DEFAULTS: ListenerSettings = {
  Scheduler: 'wrr',
  AclStatus: 'off',
  HealthCheck: 'on',
  HealthCheckConnectTimeout: 5,
  HealthCheckInterval: 2,
  HealthyThreshold: 3,
  UnhealthyThreshold: 3,
  ProxyProtocolV2Enabled: false,
};
const DEFAULTS: Readonly<Record<Protocol, ListenerSettings>> = {
  tcp: {
    ...SHARED_DEFAULTS,
    PersistenceTimeout: 0,
    EstablishedTimeout: 900,
    ConnectionDrain: 'off',
    SynProxy: 'disable',
    HealthCheckType: 'tcp',
  },
  udp: SHARED_DEFAULTS,
};

const SHARED_SETTINGS = [
  'Description',
  'Bandwidth',
  'Scheduler',
  'BackendServerPort',
  'VServerGroupId',
  'MasterSlaveServerGroupId',
  'AclStatus',
  'AclId',
  'AclType',
  'HealthCheckConnectPort',
  'HealthCheckConnectTimeout',
  'HealthCheckInterval',
  'HealthyThreshold',
  'UnhealthyThreshold',
  'ProxyProtocolV2Enabled',
];

/** The settings that a listener of each protocol has, beside its health check's switch. */
export const LISTENER_SETTINGS: Readonly<Record<Protocol, readonly string[]>> = {
  tcp: [
    ...SHARED_SETTINGS,
    'EstablishedTimeout',
    'PersistenceTimeout',
    'ConnectionDrain',
    'ConnectionDrainTimeout',
    'SynProxy',
    'HealthCheckType',
    'HealthCheckDomain',
    'HealthCheckURI',
    'HealthCheckHttpCode',
  ],
  udp: [...SHARED_SETTINGS, 'HealthCheckReq', 'HealthCheckExp'],
};

/** The operations on TCP and UDP listeners. */
export const LISTENER_OPERATIONS: Readonly<Record<string, OperationHandler>> = {
  CreateLoadBalancerTCPListener: (context) => createListener(context, 'tcp'),
  CreateLoadBalancerUDPListener: (context) => createListener(context, 'udp'),
  SetLoadBalancerTCPListenerAttribute: (context) => setListener(context, 'tcp'),
  SetLoadBalancerUDPListenerAttribute: (context) => setListener(context, 'udp'),
  DescribeLoadBalancerTCPListenerAttribute: (context) => describeListener(context, 'tcp'),
  DescribeLoadBalancerUDPListenerAttribute: (context) => describeListener(context, 'udp'),
  StartLoadBalancerListener: startListener,
  StopLoadBalancerListener: stopListener,
  DeleteLoadBalancerListener: deleteListener,
  DescribeLoadBalancerListeners: describeListeners,
};

/** Lists the listeners of a load balancer, oldest first. */
export function listenersOf(state: CloudState, loadBalancerId: string, asOf?: number): Listener[] {
  return state.listeners
    .list(asOf)
    .filter((listener) => listener.loadBalancerId === loadBalancerId);
}

function createListener(context: OperationContext, protocol: Protocol): Answer {
  const { parameters, state } = context;
  const loadBalancer = claimForListener(context);
  const { loadBalancerId } = loadBalancer;
  const port = parameters.integer('ListenerPort');
  const id = listenerId(loadBalancerId, protocol, port);
  context.objectIds.add(id);
  if (state.listeners.get(id) !== undefined) {
    throw context.failure('ListenerAlreadyExists', 'There is already a listener on this port.');
  }
  if (listenersOf(state, loadBalancerId).length >= state.quota('slb_quota_listeners_num')) {
    throw context.failure('ListenerNumberOverLimit', 'The load balancer has too many listeners.');
  }
  const tags = readTags(context);
  const settings = { ...DEFAULTS[protocol], ...givenSettings(parameters, protocol) };
  if (
    settings.BackendServerPort === undefined &&
    settings.VServerGroupId === undefined &&
    settings.MasterSlaveServerGroupId === undefined
  ) {
    throw context.failure(
      'MissingParameter',
      'Either BackendServerPort or a server group is needed.',
    );
  }
  checkSettings(context, loadBalancer, settings);

  const listener: Listener = {
    ...context.ownership(),
    regionId: loadBalancer.regionId,
    loadBalancerId,
    listenerProtocol: protocol,
    listenerPort: port,
    status: 'stopped',
    settings: settledSettings(settings),
  };
  state.listeners.set(id, listener, context.now);
  putTags(context, id, tags);
  return {};
}

/** The settings that a call gives, under the names of the describing operation. */
function givenSettings(
  parameters: OperationParameters,
  protocol: Protocol,
): Record<string, Setting> {
  const given: Record<string, Setting> = {};
  for (const name of LISTENER_SETTINGS[protocol]) {
    const list = parameters.texts(name);
    const value =
      parameters.findText(name) ??
      parameters.findInteger(name) ??
      parameters.findFlag(name) ??
      (list.length > 0 ? list.join(',') : undefined);
    if (value !== undefined) given[name] = value;
  }
  const healthCheck = parameters.findText('HealthCheckSwitch');
  if (healthCheck !== undefined) given.HealthCheck = healthCheck;
  return given;
}

function checkSettings(
  context: OperationContext,
  loadBalancer: LoadBalancer,
  settings: ListenerSettings,
): void {
  const groupId = settings.VServerGroupId;
  const pairId = settings.MasterSlaveServerGroupId;
  if (groupId !== undefined && pairId !== undefined) {
    throw context.failure(
      'Abs.VServerGroupIdAndMasterSlaveServerGroupId.MissMatch',
      'VServerGroupId and MasterSlaveServerGroupId exclude each other.',
    );
  }
  if (pairId !== undefined) {
    throw context.failure('InvalidParameter', 'The specified MasterSlaveGroupId does not exist.');
  }
  if (groupId !== undefined) checkGroup(context, loadBalancer, String(groupId));
  if (settings.AclStatus === 'on') {
    if (settings.AclId === undefined || settings.AclType === undefined) {
      throw context.failure('MissingParameter', 'AclStatus on needs AclId and AclType.');
    }
    throw context.failure('AclNotExist', 'The specified AclId does not exist.');
  }
  if (settings.ConnectionDrain === 'on' && settings.ConnectionDrainTimeout === undefined) {
    throw context.failure('MissingParameter', 'ConnectionDrain on needs ConnectionDrainTimeout.');
  }
  const uri = settings.HealthCheckURI;
  if (typeof uri === 'string' && !uri.startsWith('/')) {
    throw context.failure('InvalidParameter', 'HealthCheckURI must start with "/".');
  }
}

function checkGroup(context: OperationContext, loadBalancer: LoadBalancer, groupId: string): void {
  const group = context.state.vServerGroups.get(groupId);
  if (group === undefined || !context.sees(group)) {
    throw context.failure('InvalidParameter', 'The specified VServerGroupId does not exist.');
  }
  if (group.loadBalancerId !== loadBalancer.loadBalancerId) {
    throw context.failure('VipNotMatchRspool', 'The server group is of another load balancer.');
  }
}

/** What remains of settings that others make meaningless. */
function settledSettings(settings: ListenerSettings): ListenerSettings {
  const settled: Record<string, Setting> = { ...settings };
  const drop = (...names: string[]): void => {
    for (const name of names) Reflect.deleteProperty(settled, name);
  };
  if (settled.VServerGroupId !== undefined) drop('BackendServerPort');
  if (settled.AclStatus !== 'on') drop('AclId', 'AclType');
  if (settled.ConnectionDrain !== 'on') drop('ConnectionDrainTimeout');
  return settled.HealthCheckType === 'http'
    ? { HealthCheckHttpCode: 'http_2xx', ...settled }
    : settled;
}

function setListener(context: OperationContext, protocol: Protocol): Answer {
  const { parameters, state } = context;
  const loadBalancer = claimForListener(context);
  const listener = requireListener(context, loadBalancer, protocol);
  refuseWhileMoving(context, listener);
  const given = givenSettings(parameters, protocol);
  const settings: Record<string, Setting> = { ...listener.settings, ...given };
  applyGroupSwitch(context, settings, given);
  checkSettings(context, loadBalancer, settings);

  state.listeners.set(
    idOf(listener),
    {
      ...restingListener(listener),
      settings: settledSettings(settings),
      ...(listener.status === 'running' ? moving(context, 'configuring') : {}),
    },
    context.now,
  );
  return {};
}

/** `VServerGroup=off` gives a listener back to the default group, whatever id is beside it. */
function applyGroupSwitch(
  context: OperationContext,
  settings: Record<string, Setting>,
  given: Readonly<Record<string, Setting>>,
): void {
  const group = context.parameters.findText('VServerGroup');
  const pair = context.parameters.findText('MasterSlaveServerGroup');
  if (group === 'on' && pair === 'on') {
    throw context.failure(
      'Abs.VServerGroupIdAndMasterSlaveServerGroupId.MissMatch',
      'VServerGroup and MasterSlaveServerGroup cannot both be on.',
    );
  }
  if (group === 'off') Reflect.deleteProperty(settings, 'VServerGroupId');
  if (group === 'on' && given.VServerGroupId === undefined) {
    throw context.failure('MissingParam.VServerGroupId', 'VServerGroup on needs VServerGroupId.');
  }
  if (pair === 'off') Reflect.deleteProperty(settings, 'MasterSlaveServerGroupId');
}

function startListener(context: OperationContext): Answer {
  const loadBalancer = claimForListener(context);
  const listener = requireListener(context, loadBalancer);
  if (loadBalancer.loadBalancerStatus === 'locked') {
    throw context.failure('Operation.NotAllowed', 'The load balancer is locked.');
  }
  const status = listenerStatus(listener, context.now);
  if (status === 'stopping') refuseWhileMoving(context, listener);
  if (status === 'running') throw statusNotSupported(context, status);
  if (status !== 'stopped') {
    throw context.failure('Operation.Deny', `The listener is ${status}.`);
  }
  rest(context, listener, 'running', 'starting');
  return {};
}

function stopListener(context: OperationContext): Answer {
  const listener = requireListener(context, claimForListener(context));
  refuseWhileMoving(context, listener);
  if (listener.status === 'stopped') throw statusNotSupported(context, 'stopped');
  rest(context, listener, 'stopped', 'stopping');
  return {};
}

function deleteListener(context: OperationContext): Answer {
  const listener = requireListener(context, claimForListener(context));
  refuseWhileMoving(context, listener);
  const grave = { kind: 'listener', id: idOf(listener), now: context.now } as const;
  buryObject(context.state, { ...grave, seq: context.seq });
  return {};
}

function rest(context: OperationContext, listener: Listener, status: string, via: string): void {
  const resting = { ...restingListener(listener), status, ...moving(context, via) };
  context.state.listeners.set(idOf(listener), resting, context.now);
}

function moving(context: OperationContext, status: string): Pick<Listener, 'transition'> {
  const { transitionMs } = context.state.settings;
  return transitionMs > 0 ? { transition: { status, until: context.now + transitionMs } } : {};
}

/** A listener that passes through no state: it is where it rests. */
export function restingListener(listener: Listener): Listener {
  const resting = { ...listener };
  Reflect.deleteProperty(resting, 'transition');
  return resting;
}

function idOf(listener: Listener): string {
  return listenerId(listener.loadBalancerId, listener.listenerProtocol, listener.listenerPort);
}

/** Finds the load balancer of the listener, or the two listeners, of a port for a write to them. */
function claimForListener(context: OperationContext): LoadBalancer {
  return claimLoadBalancer(context, `port ${context.parameters.integer('ListenerPort')}`);
}

function refuseWhileMoving(context: OperationContext, listener: Listener): void {
  const status = listenerStatus(listener, context.now);
  if (status === 'running' || status === 'stopped') return;
  const code = status === 'stopping' ? 'ServiceIsStopping' : 'ServiceIsConfiguring';
  throw context.failure(code, `The listener is ${status}.`);
}

function statusNotSupported(context: OperationContext, status: string): Error {
  return context.failure(
    'OperationFailed.ListenerStatusNotSupport',
    `The operation is not supported while the listener is ${status}.`,
  );
}

/** Finds the one listener that a write means by its port, and its protocol where two share it. */
function requireListener(
  context: OperationContext,
  loadBalancer: LoadBalancer,
  protocol = context.parameters.findText('ListenerProtocol')?.toLowerCase(),
): Listener {
  const port = context.parameters.integer('ListenerPort');
  const found = listenersOf(context.state, loadBalancer.loadBalancerId)
    .filter((listener) => listener.listenerPort === port)
    .filter((listener) => protocol === undefined || listener.listenerProtocol === protocol);
  const [listener, ...others] = found;
  if (listener === undefined) {
    throw context.failure('ListenerNotFound', 'There is no listener on this port.');
  }
  if (others.length > 0) {
    throw context.failure('TooManyListeners', 'Two listeners share the port; name the protocol.');
  }
  context.objectIds.add(idOf(listener));
  return listener;
}

function describeListener(context: OperationContext, protocol: Protocol): Answer {
  const loadBalancer = context.loadBalancer();
  const port = context.parameters.integer('ListenerPort');
  const id = listenerId(loadBalancer.loadBalancerId, protocol, port);
  context.objectIds.add(id);
  const listener = context.state.listeners.get(id, context.asOf);
  if (listener === undefined) {
    throw context.failure('InvalidParameter', 'The specified resource does not exist.');
  }
  return {
    ...pick(listener.settings, Object.keys(context.operation.response)),
    LoadBalancerId: listener.loadBalancerId,
    ListenerPort: port,
    Status: listenerStatus(listener, context.asOf),
    Tags: { Tag: describedTags(context.visibleTags(id)) },
  };
}

function describeListeners(context: OperationContext): Answer {
  const { parameters, state } = context;
  const ids = parameters.texts('LoadBalancerId');
  for (const id of ids) context.objectIds.add(id);
  const protocol = parameters.findText('ListenerProtocol');
  const port = parameters.findInteger('ListenerPort');
  const description = parameters.findText('Description');
  const found = state.listeners
    .list(context.asOf)
    .filter((listener) => context.sees(listener))
    .filter(({ loadBalancerId }) => ids.length === 0 || ids.includes(loadBalancerId))
    .filter(({ listenerProtocol }) => protocol === undefined || listenerProtocol === protocol)
    .filter(({ listenerPort }) => port === undefined || port === 0 || listenerPort === port)
    .filter(({ settings }) => description === undefined || settings.Description === description)
    .filter((listener) => hasTags(context.visibleTags(idOf(listener)), parameters.items('Tag')));
  const size = parameters.findInteger('MaxResults') ?? 20;
  const page = tokenPage(context, found, { size, invalidTokenCode: 'IllegalParam.NextToken' });
  return {
    Listeners: page.items.map((listener) => listedListener(context, listener)),
    MaxResults: size,
    ...(page.nextToken === undefined ? {} : { NextToken: page.nextToken }),
    TotalCount: found.length,
  };
}

function listedListener(context: OperationContext, listener: Listener): Record<string, unknown> {
  const [shape] = context.operation.response.Listeners as Record<string, unknown>[];
  const config = listener.listenerProtocol === 'tcp' ? 'TCPListenerConfig' : 'UDPListenerConfig';
  const members = Object.keys(shape?.[config] ?? {});
  return {
    ...pick(listener.settings, Object.keys(shape ?? {})),
    LoadBalancerId: listener.loadBalancerId,
    ListenerProtocol: listener.listenerProtocol,
    ListenerPort: listener.listenerPort,
    Status: listenerStatus(listener, context.asOf),
    [config]: {
      ...pick(listener.settings, members),
      // The list tells this flag in words, the single answer as a boolean.
      ProxyProtocolV2Enabled: String(listener.settings.ProxyProtocolV2Enabled ?? false),
    },
    Tags: describedTags(context.visibleTags(idOf(listener))),
  };
}

function pick(settings: ListenerSettings, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    names.filter((name) => settings[name] !== undefined).map((name) => [name, settings[name]]),
  );
}

import { findFreeAddress, isFreeAddress, nextPublicAddress } from '../address-pool.ts';
import { describedTime, numberedPage } from '../answer-page.ts';
import { listenerId, type LoadBalancer } from '../cloud-objects.ts';
import { readJsonText } from '../json-text.ts';
import { claimLoadBalancer } from './load-balancer-lock.ts';
import { listenersOf } from './listener-operations.ts';
import type { Answer, OperationContext, OperationHandler } from '../operation-context.ts';
import type { ParameterItem } from '../operation-parameters.ts';
import { zonesOf } from '../region-operations.ts';
import { describedTags, hasTags, putTags, readTags } from '../tag-rules.ts';
import { buryObject } from '../tombstone.ts';

const NAME = /^\p{L}[\p{L}\p{N}._/-]*$/u;
const LCU_SPEC = 'slb.lcu.elastic';
const MAX_INTERNET_BANDWIDTH = 5120;

/** The operations on load balancers as a whole. */
export const LOAD_BALANCER_OPERATIONS: Readonly<Record<string, OperationHandler>> = {
  CreateLoadBalancer: createLoadBalancer,
  DescribeLoadBalancers: describeLoadBalancers,
  DescribeLoadBalancerAttribute: describeLoadBalancerAttribute,
  DeleteLoadBalancer: deleteLoadBalancer,
  SetLoadBalancerName: (context) => {
    const loadBalancerName = context.parameters.text('LoadBalancerName');
    checkName(context, loadBalancerName);
    return change(context, () => ({ loadBalancerName }));
  },
  SetLoadBalancerStatus: (context) =>
    change(context, () => ({ loadBalancerStatus: context.parameters.text('LoadBalancerStatus') })),
  SetLoadBalancerDeleteProtection: (context) =>
    change(context, () => ({ deleteProtection: context.parameters.text('DeleteProtection') })),
  SetLoadBalancerModificationProtection: (context) => change(context, modificationProtection),
  ModifyLoadBalancerInstanceSpec: (context) => ({
    ...change(context, changedSpec),
    OrderId: context.state.ids.next('order') + 200_000_000_000,
  }),
  ModifyLoadBalancerInstanceChargeType: (context) => change(context, changedInstanceChargeType),
  ModifyLoadBalancerInternetSpec: (context) => ({
    ...change(context, changedInternetSpec),
    OrderId: context.state.ids.next('order') + 200_000_000_000,
  }),
};

function createLoadBalancer(context: OperationContext): Answer {
  const { parameters, state } = context;
  const tags = readTags(context);
  const name = parameters.findText('LoadBalancerName');
  if (name !== undefined) checkName(context, name);
  const charge = creationCharge(context);
  const zones = creationZones(context);
  const protection = modificationProtection(context);
  const owned = state.loadBalancers
    .list()
    .filter((loadBalancer) => loadBalancer.accountId === context.accountId);
  if (owned.length >= state.quota('slb_quota_instances_num')) {
    throw context.failure('OverQuota', 'The number of load balancers exceeds the quota.');
  }

  const place = creationPlace(context);
  const loadBalancerId = state.ids.objectId('lb', context.regionId, 18);
  const loadBalancer: LoadBalancer = {
    ...context.ownership(),
    loadBalancerId,
    loadBalancerName: name ?? loadBalancerId,
    loadBalancerStatus: 'active',
    ...place,
    ...zones,
    ...charge,
    payType: parameters.findText('PayType') ?? 'PayOnDemand',
    resourceGroupId: parameters.findText('ResourceGroupId') ?? `rg-acfm${context.accountId}`,
    deleteProtection: parameters.findText('DeleteProtection') ?? 'off',
    ...protection,
  };
  putTags(context, loadBalancerId, tags);
  state.loadBalancers.set(loadBalancerId, loadBalancer, context.now);
  context.objectIds.add(loadBalancerId);
  context.hold = { id: loadBalancerId };
  return {
    LoadBalancerId: loadBalancerId,
    LoadBalancerName: loadBalancer.loadBalancerName,
    Address: loadBalancer.address,
    AddressIPVersion: loadBalancer.addressIPVersion,
    NetworkType: loadBalancer.networkType,
    ResourceGroupId: loadBalancer.resourceGroupId,
    VpcId: loadBalancer.vpcId,
    VSwitchId: loadBalancer.vSwitchId,
    OrderId: state.ids.next('order') + 200_000_000_000,
  };
}

type Place = Pick<
  LoadBalancer,
  'address' | 'addressType' | 'addressIPVersion' | 'networkType' | 'vpcId' | 'vSwitchId'
>;

function creationPlace(context: OperationContext): Place {
  const { parameters, state } = context;
  const vSwitchId = parameters.findText('VSwitchId');
  const addressType =
    parameters.findText('AddressType') ?? (vSwitchId === undefined ? 'internet' : 'intranet');
  const addressIPVersion = parameters.findText('AddressIPVersion') ?? 'ipv4';
  if (addressType === 'internet') {
    return {
      address: nextPublicAddress(state, addressIPVersion),
      addressType,
      addressIPVersion,
      networkType: 'Classic',
      vpcId: '',
      vSwitchId: '',
    };
  }

  if (addressIPVersion === 'ipv6') {
    throw context.failure(
      'InvalidParameter.Mismatch',
      'AddressIPVersion ipv6 needs AddressType internet.',
    );
  }
  if (vSwitchId === undefined) {
    throw context.failure('MissingParam.VSwitchId', 'An intranet load balancer needs VSwitchId.');
  }
  const vSwitch = state.vSwitches.get(vSwitchId);
  if (vSwitch === undefined || !context.sees(vSwitch)) {
    throw context.failure('InvalidVSwitchId.NotFound', 'The specified VSwitchId does not exist.');
  }
  const vpcId = parameters.findText('VpcId');
  if (vpcId !== undefined && vpcId !== vSwitch.vpcId) {
    throw context.failure('InvalidVpcId.NotExist', 'The vSwitch is not in the specified VPC.');
  }
  const wanted = parameters.findText('Address');
  if (wanted !== undefined && !isFreeAddress(state, vSwitch.cidrBlock, wanted)) {
    throw context.failure('IpNotAvailable', 'The address is taken or outside of the vSwitch.');
  }
  const address = wanted ?? findFreeAddress(state, vSwitch.cidrBlock);
  if (address === undefined) {
    throw context.failure('VSwitchAvailableIpNotExist', 'The vSwitch has no free address.');
  }
  return {
    address,
    addressType,
    addressIPVersion,
    networkType: 'vpc',
    vpcId: vSwitch.vpcId,
    vSwitchId,
  };
}

type Charge = Pick<
  LoadBalancer,
  'internetChargeType' | 'bandwidth' | 'instanceChargeType' | 'loadBalancerSpec'
>;

function creationCharge(context: OperationContext): Charge {
  const { parameters } = context;
  const instanceChargeType = parameters.findText('InstanceChargeType') ?? 'PayBySpec';
  const internetChargeType = parameters.findText('InternetChargeType') ?? 'paybytraffic';
  const spec = parameters.findText('LoadBalancerSpec');
  const bandwidth = parameters.findInteger('Bandwidth') ?? -1;
  if (instanceChargeType === 'PayByCLCU') {
    if (internetChargeType !== 'paybytraffic') {
      throw context.failure(
        'Instance.InternetChargeTypeNotAllowed',
        'A load balancer that is paid by CLCU is paid by traffic.',
      );
    }
    return { internetChargeType, bandwidth, instanceChargeType, loadBalancerSpec: LCU_SPEC };
  }
  if (spec === undefined) {
    throw context.failure('MissingParam.LoadBalancerSpec', 'PayBySpec needs LoadBalancerSpec.');
  }
  if (internetChargeType === 'paybybandwidth' && bandwidth < 1) {
    throw context.failure('InvalidParameter.Bandwidth', 'paybybandwidth needs Bandwidth.');
  }
  return { internetChargeType, bandwidth, instanceChargeType, loadBalancerSpec: spec };
}

function creationZones(
  context: OperationContext,
): Pick<LoadBalancer, 'masterZoneId' | 'slaveZoneId'> {
  const zones = zonesOf(context.state, context.regionId);
  const masterZoneId = context.parameters.findText('MasterZoneId') ?? zones[0] ?? '';
  const slaveZoneId =
    context.parameters.findText('SlaveZoneId') ??
    zones.find((zone) => zone !== masterZoneId) ??
    masterZoneId;
  for (const zone of [masterZoneId, slaveZoneId]) {
    if (!zones.includes(zone)) {
      throw context.failure('PRODUCT.NOT_AVAILABLE_IZ', `The zone "${zone}" is not available.`);
    }
  }
  return { masterZoneId, slaveZoneId };
}

function checkName(context: OperationContext, name: string): void {
  if (!NAME.test(name)) {
    throw context.failure('InvalidParameter', 'The specified LoadBalancerName is not valid.');
  }
}

function modificationProtection(
  context: OperationContext,
): Pick<LoadBalancer, 'modificationProtectionStatus' | 'modificationProtectionReason'> {
  const status = context.parameters.findText('ModificationProtectionStatus') ?? 'NonProtection';
  const reason = context.parameters.findText('ModificationProtectionReason') ?? '';
  return {
    modificationProtectionStatus: status,
    // Without protection there is no reason for it.
    modificationProtectionReason: status === 'NonProtection' ? '' : reason,
  };
}

function changedSpec(context: OperationContext, loadBalancer: LoadBalancer): Partial<LoadBalancer> {
  if (loadBalancer.instanceChargeType === 'PayByCLCU') {
    throw context.failure('OperationDenied.PayByCLCU', 'The load balancer is paid by CLCU.');
  }
  return { loadBalancerSpec: context.parameters.text('LoadBalancerSpec') };
}

function changedInstanceChargeType(context: OperationContext): Partial<LoadBalancer> {
  const instanceChargeType = context.parameters.text('InstanceChargeType');
  if (instanceChargeType === 'PayByCLCU') {
    return {
      instanceChargeType,
      loadBalancerSpec: LCU_SPEC,
      internetChargeType: 'paybytraffic',
      bandwidth: -1,
    };
  }
  const spec = context.parameters.findText('LoadBalancerSpec');
  if (spec === undefined) {
    throw context.failure('MissingParam.LoadBalancerSpec', 'PayBySpec needs LoadBalancerSpec.');
  }
  return { instanceChargeType, loadBalancerSpec: spec };
}

function changedInternetSpec(
  context: OperationContext,
  loadBalancer: LoadBalancer,
): Partial<LoadBalancer> {
  const internetChargeType =
    context.parameters.findText('InternetChargeType') ?? loadBalancer.internetChargeType;
  const bandwidth = context.parameters.findInteger('Bandwidth') ?? loadBalancer.bandwidth;
  if (internetChargeType === 'paybytraffic') return { internetChargeType, bandwidth: -1 };
  if (loadBalancer.instanceChargeType === 'PayByCLCU') {
    throw context.failure('OperationDenied.PayByCLCU', 'The load balancer is paid by CLCU.');
  }
  if (bandwidth < 1 || bandwidth > MAX_INTERNET_BANDWIDTH) {
    throw context.failure(
      'Instance.InternetChargeTypeNotAllowed',
      'paybybandwidth needs a Bandwidth of 1 to 5120.',
    );
  }
  return { internetChargeType, bandwidth };
}

function change(
  context: OperationContext,
  changed: (context: OperationContext, loadBalancer: LoadBalancer) => Partial<LoadBalancer>,
): Answer {
  const loadBalancer = claimLoadBalancer(context, 'settings');
  context.state.loadBalancers.set(
    loadBalancer.loadBalancerId,
    { ...loadBalancer, ...changed(context, loadBalancer) },
    context.now,
  );
  return {};
}

function deleteLoadBalancer(context: OperationContext): Answer {
  const { loadBalancerId, deleteProtection } = claimLoadBalancer(context, undefined);
  if (deleteProtection === 'on') {
    throw context.failure(
      'OperationDenied.DeleteProtectionIsOn',
      'The operation is not allowed because deletion protection is on.',
    );
  }
  removeLoadBalancer(context.state, loadBalancerId, { now: context.now, seq: context.seq });
  return {};
}

/** Removes a load balancer with its listeners and server groups, and all their tags. */
export function removeLoadBalancer(
  state: OperationContext['state'],
  loadBalancerId: string,
  by: { readonly now: number; readonly seq: number | null },
): void {
  for (const listener of listenersOf(state, loadBalancerId)) {
    const id = listenerId(loadBalancerId, listener.listenerProtocol, listener.listenerPort);
    buryObject(state, { kind: 'listener', id, ...by });
  }
  for (const group of state.vServerGroups.list()) {
    if (group.loadBalancerId !== loadBalancerId) continue;
    buryObject(state, { kind: 'vServerGroup', id: group.vServerGroupId, ...by });
  }
  buryObject(state, { kind: 'loadBalancer', id: loadBalancerId, ...by });
  state.holds.release(loadBalancerId);
}

// Filters whose value must equal the load balancer's field.
const FIELD_FILTERS: readonly (readonly [string, keyof LoadBalancer])[] = [
  ['Address', 'address'],
  ['AddressIPVersion', 'addressIPVersion'],
  ['AddressType', 'addressType'],
  ['InternetChargeType', 'internetChargeType'],
  ['LoadBalancerStatus', 'loadBalancerStatus'],
  ['MasterZoneId', 'masterZoneId'],
  ['NetworkType', 'networkType'],
  ['PayType', 'payType'],
  ['ResourceGroupId', 'resourceGroupId'],
  ['SlaveZoneId', 'slaveZoneId'],
  ['VSwitchId', 'vSwitchId'],
  ['VpcId', 'vpcId'],
];

function describeLoadBalancers(context: OperationContext): Answer {
  const { parameters } = context;
  const ids = parameters.texts('LoadBalancerId');
  const names = parameters.texts('LoadBalancerName');
  const tagFilter = [...parameters.items('Tag'), ...legacyTagFilter(context)];
  for (const id of ids) context.objectIds.add(id);

  const found = context.state.loadBalancers
    .list(context.asOf)
    .filter((loadBalancer) => context.sees(loadBalancer))
    .filter(({ loadBalancerId }) => ids.length === 0 || ids.includes(loadBalancerId))
    .filter(({ loadBalancerName }) => names.length === 0 || names.includes(loadBalancerName))
    .filter((loadBalancer) =>
      FIELD_FILTERS.every(([name, field]) => {
        const wanted = parameters.findText(name);
        return wanted === undefined || loadBalancer[field] === wanted;
      }),
    )
    .filter((loadBalancer) => servesServer(context, loadBalancer))
    .filter(({ loadBalancerId }) => hasTags(context.visibleTags(loadBalancerId), tagFilter));
  const page = numberedPage(context, found, 10);
  return {
    LoadBalancers: {
      LoadBalancer: page.items.map((loadBalancer) => listedLoadBalancer(context, loadBalancer)),
    },
    ...page.answer,
  };
}

/** The older filter: JSON with TagKey and TagValue. */
function legacyTagFilter(context: OperationContext): ParameterItem[] {
  const text = context.parameters.findText('Tags');
  if (text === undefined) return [];
  const items = parseTagList(text);
  if (items === undefined || items.length > 10) {
    throw context.failure('InvalidTag', 'The specified parameter "Tags" is not valid.');
  }
  return items;
}

/** Reads a JSON list of tags, whose members may be spelt in two ways; undefined when malformed. */
export function parseTagList(text: string): ParameterItem[] | undefined {
  const parsed = readJsonText(text);
  if (!Array.isArray(parsed)) return undefined;
  const items: ParameterItem[] = [];
  for (const item of parsed as unknown[]) {
    if (typeof item !== 'object' || item === null) return undefined;
    const members = new Map(
      Object.entries(item).map(([name, value]) => [name.toLowerCase(), value as unknown]),
    );
    const key = members.get('tagkey') ?? members.get('key');
    const value = members.get('tagvalue') ?? members.get('value');
    if (typeof key !== 'string' || key === '') return undefined;
    items.push(typeof value === 'string' ? { Key: key, Value: value } : { Key: key });
  }
  return items;
}

function servesServer(context: OperationContext, { loadBalancerId }: LoadBalancer): boolean {
  const serverId = context.parameters.findText('ServerId');
  const address = context.parameters.findText('ServerIntranetAddress');
  if (serverId === undefined && address === undefined) return true;
  const wanted = context.state.instances
    .list(context.asOf)
    .filter(({ instanceId }) => serverId === undefined || instanceId === serverId)
    .filter(({ privateIps }) => address === undefined || privateIps.includes(address))
    .map(({ instanceId }) => instanceId);
  return context.state.vServerGroups
    .list(context.asOf)
    .filter((group) => group.loadBalancerId === loadBalancerId)
    .some((group) => group.backendServers.some((server) => wanted.includes(server.serverId)));
}

function describedLoadBalancer(
  context: OperationContext,
  loadBalancer: LoadBalancer,
): Record<string, unknown> {
  return {
    LoadBalancerId: loadBalancer.loadBalancerId,
    LoadBalancerName: loadBalancer.loadBalancerName,
    LoadBalancerStatus: loadBalancer.loadBalancerStatus,
    Address: loadBalancer.address,
    AddressType: loadBalancer.addressType,
    AddressIPVersion: loadBalancer.addressIPVersion,
    NetworkType: loadBalancer.networkType,
    VpcId: loadBalancer.vpcId,
    VSwitchId: loadBalancer.vSwitchId,
    RegionId: loadBalancer.regionId,
    RegionIdAlias: loadBalancer.regionId,
    MasterZoneId: loadBalancer.masterZoneId,
    SlaveZoneId: loadBalancer.slaveZoneId,
    Bandwidth: loadBalancer.bandwidth,
    InstanceChargeType: loadBalancer.instanceChargeType,
    LoadBalancerSpec: loadBalancer.loadBalancerSpec,
    PayType: loadBalancer.payType,
    ResourceGroupId: loadBalancer.resourceGroupId,
    DeleteProtection: loadBalancer.deleteProtection,
    ModificationProtectionStatus: loadBalancer.modificationProtectionStatus,
    ModificationProtectionReason: loadBalancer.modificationProtectionReason,
    CreateTime: describedTime(loadBalancer.createdAt),
    CreateTimeStamp: loadBalancer.createdAt,
    Tags: { Tag: describedTags(context.visibleTags(loadBalancer.loadBalancerId)) },
  };
}

function listedLoadBalancer(
  context: OperationContext,
  loadBalancer: LoadBalancer,
): Record<string, unknown> {
  return {
    ...describedLoadBalancer(context, loadBalancer),
    // The list tells the charge type by number; the words are in the alias.
    InternetChargeType: loadBalancer.internetChargeType === 'paybybandwidth' ? '3' : '4',
    InternetChargeTypeAlias: loadBalancer.internetChargeType,
  };
}

function describeLoadBalancerAttribute(context: OperationContext): Answer {
  const loadBalancer = context.loadBalancer();
  const listeners = listenersOf(context.state, loadBalancer.loadBalancerId, context.asOf);
  return {
    ...describedLoadBalancer(context, loadBalancer),
    InternetChargeType: loadBalancer.internetChargeType,
    BackendServers: { BackendServer: [] },
    ListenerPorts: {
      ListenerPort: [...new Set(listeners.map(({ listenerPort }) => listenerPort))],
    },
    // The misspelt member came first and is still answered beside the right one.
    ListenerPortsAndProtocal: {
      ListenerPortAndProtocal: listeners.map(({ listenerPort, listenerProtocol }) => ({
        ListenerPort: listenerPort,
        ListenerProtocal: listenerProtocol,
      })),
    },
    ListenerPortsAndProtocol: {
      ListenerPortAndProtocol: listeners.map(({ listenerPort, listenerProtocol, settings }) => ({
        ListenerPort: listenerPort,
        ListenerProtocol: listenerProtocol,
        Description: settings.Description ?? '',
      })),
    },
  };
}

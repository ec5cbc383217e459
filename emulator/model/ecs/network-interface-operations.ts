import { instanceStatus, type Instance, type NetworkInterface } from './compute-objects.ts';
import { requireInstance } from './instance-operations.ts';
import {
  assignIpv6Addresses,
  assignPrivateIpAddresses,
  newIpv6Addresses,
  newPrivateAddresses,
  unassignIpv6Addresses,
  unassignPrivateIpAddresses,
} from './interface-addresses.ts';
import {
  describedInterface,
  describeNetworkInterfaceAttribute,
  describeNetworkInterfaces,
  requireInterface,
} from './network-interface-list.ts';
import type { Answer, OperationContext, OperationHandler } from '../operation-context.ts';
import { isAtRest } from '../passage.ts';
import { putTags, readTags } from '../tag-rules.ts';
import { departObject } from '../tombstone.ts';
import { requireVSwitch } from '../vpc/vswitch-operations.ts';
import { withoutMembers } from '../without-members.ts';

const STEADY = new Set(['Running', 'Stopped']);

/** The operations on network interfaces. */
export const NETWORK_INTERFACE_OPERATIONS: Readonly<Record<string, OperationHandler>> = {
  DescribeNetworkInterfaces: describeNetworkInterfaces,
  DescribeNetworkInterfaceAttribute: describeNetworkInterfaceAttribute,
  ModifyNetworkInterfaceAttribute: modifyNetworkInterfaceAttribute,
  CreateNetworkInterface: createNetworkInterface,
  DeleteNetworkInterface: deleteNetworkInterface,
  AttachNetworkInterface: attachNetworkInterface,
  DetachNetworkInterface: detachNetworkInterface,
  AssignPrivateIpAddresses: assignPrivateIpAddresses,
  UnassignPrivateIpAddresses: unassignPrivateIpAddresses,
  AssignIpv6Addresses: assignIpv6Addresses,
  UnassignIpv6Addresses: unassignIpv6Addresses,
};

function createNetworkInterface(context: OperationContext): Answer {
  const { parameters, state, now } = context;
  const vSwitch = requireVSwitch(context);
  if (!isAtRest(vSwitch, now)) {
    throw context.failure('IncorrectVSwitchStatus', 'The status of the vSwitch does not allow it.');
  }
  const group = parameters.findText('SecurityGroupId');
  const groups = parameters.texts('SecurityGroupIds');
  if (group !== undefined && groups.length > 0) {
    throw context.failure(
      'InvalidSecurityGroupId.SingleIdAndMultiIdConflict',
      'SecurityGroupId and SecurityGroupIds exclude each other.',
    );
  }
  if (group === undefined && groups.length === 0) {
    throw context.failure('MissingParameter', 'SecurityGroupId or SecurityGroupIds is needed.');
  }
  const primary = parameters.findText('PrimaryIpAddress');
  const wanted = [
    ...(primary === undefined ? [] : [primary]),
    ...parameters.texts('PrivateIpAddress'),
  ];
  const more = parameters.findInteger('SecondaryPrivateIpAddressCount') ?? 0;
  const privateIps = newPrivateAddresses(context, vSwitch, {
    wanted,
    count: more + (primary === undefined ? 1 : 0),
  });
  const ipv6s = newIpv6Addresses(context, vSwitch, {
    wanted: parameters.texts('Ipv6Address'),
    count: parameters.findInteger('Ipv6AddressCount') ?? 0,
  });
  const tags = readTags(context);
  const id = state.ids.objectId('eni', vSwitch.regionId, 17);
  const name = parameters.findText('NetworkInterfaceName');
  const description = parameters.findText('Description');
  const eni: NetworkInterface = {
    ...context.ownership(),
    regionId: vSwitch.regionId,
    networkInterfaceId: id,
    ...(name === undefined ? {} : { networkInterfaceName: name }),
    ...(description === undefined ? {} : { description }),
    type: 'Secondary',
    vpcId: vSwitch.vpcId,
    vSwitchId: vSwitch.vSwitchId,
    zoneId: vSwitch.zoneId,
    // Addresses that the cloud picks come first where no primary one is named.
    privateIps: primary === undefined ? rotated(privateIps, wanted.length) : privateIps,
    ipv6s,
    securityGroupIds: group === undefined ? groups : [group],
    sourceDestCheck: parameters.findFlag('SourceDestCheck') ?? false,
    deleteOnRelease: parameters.findFlag('DeleteOnRelease') ?? true,
    ...context.passage('Creating'),
  };
  putTags(context, id, tags);
  state.networkInterfaces.set(id, eni, now);
  context.objectIds.add(id);
  return withoutMembers(describedInterface(context, eni), 'NetworkInterfaceTrafficMode');
}

function rotated<Item>(items: readonly Item[], by: number): Item[] {
  return [...items.slice(by), ...items.slice(0, by)];
}

function modifyNetworkInterfaceAttribute(context: OperationContext): Answer {
  const { parameters, state, now } = context;
  const eni = requireInterface(context);
  requireRest(context, eni);
  const name = parameters.findText('NetworkInterfaceName');
  const description = parameters.findText('Description');
  const groups = parameters.texts('SecurityGroupId');
  const sourceDestCheck = parameters.findFlag('SourceDestCheck');
  const deleteOnRelease = parameters.findFlag('DeleteOnRelease');
  state.networkInterfaces.set(
    eni.networkInterfaceId,
    {
      ...eni,
      ...(name === undefined ? {} : { networkInterfaceName: name }),
      ...(description === undefined ? {} : { description }),
      ...(groups.length === 0 ? {} : { securityGroupIds: groups }),
      ...(sourceDestCheck === undefined ? {} : { sourceDestCheck }),
      ...(deleteOnRelease === undefined ? {} : { deleteOnRelease }),
    },
    now,
  );
  return {};
}

function deleteNetworkInterface(context: OperationContext): Answer {
  const { state, now, seq } = context;
  const eni = requireInterface(context);
  requireRest(context, eni);
  if (eni.instanceId !== undefined) throw wrongState(context);
  departObject(state, { kind: 'networkInterface', id: eni.networkInterfaceId, now, seq });
  return {};
}

function attachNetworkInterface(context: OperationContext): Answer {
  const eni = requireInterface(context);
  const instance = requireOwner(context);
  requireRest(context, eni);
  if (eni.instanceId !== undefined) throw wrongState(context);
  if (eni.vpcId !== instance.vpcId) {
    throw context.failure('InvalidOperation.VpcMismatch', 'They are not in one VPC.');
  }
  if (eni.zoneId !== instance.zoneId) {
    throw context.failure('InvalidOperation.AvailabilityZoneMismatch', 'They are not in one zone.');
  }
  context.state.networkInterfaces.set(
    eni.networkInterfaceId,
    { ...eni, instanceId: instance.instanceId, ...context.passage('Attaching') },
    context.now,
  );
  return {};
}

function detachNetworkInterface(context: OperationContext): Answer {
  const eni = requireInterface(context);
  const instance = requireOwner(context);
  if (eni.instanceId !== instance.instanceId) {
    throw context.failure(
      'InvalidParameter.EniNotBelongEcs',
      'The interface is not attached to the instance.',
    );
  }
  requireRest(context, eni);
  if (eni.type === 'Primary') {
    throw context.failure(
      'InvalidOperation.DetachPrimaryEniNotAllowed',
      'The primary interface cannot be detached.',
    );
  }
  const next: NetworkInterface = {
    ...withoutMembers(eni, 'instanceId'),
    ...context.passage('Detaching'),
  };
  context.state.networkInterfaces.set(eni.networkInterfaceId, next, context.now);
  return {};
}

/** Finds the instance that an interface is put on or taken from; it runs or is stopped. */
function requireOwner(context: OperationContext): Instance {
  const instance = requireInstance(context, context.parameters.text('InstanceId'), [
    'InvalidEcsId.NotFound',
  ]);
  if (!STEADY.has(instanceStatus(instance, context.now))) {
    throw context.failure(
      'InvalidOperation.InvalidEcsState',
      'The status of the instance does not allow it.',
    );
  }
  return instance;
}

function requireRest(context: OperationContext, eni: NetworkInterface): void {
  if (!isAtRest(eni, context.now)) throw wrongState(context);
}

function wrongState(context: OperationContext): Error {
  return context.failure(
    'InvalidOperation.InvalidEniState',
    'The status of the network interface does not allow it.',
  );
}

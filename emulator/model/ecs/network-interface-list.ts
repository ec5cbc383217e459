import { macAddress } from './mac-address.ts';
import { describedTime, numberedPage, tokenPage } from '../answer-page.ts';
import { interfaceStatus, type NetworkInterface } from './compute-objects.ts';
import { nameMatches } from './instance-reading.ts';
import type { Answer, OperationContext } from '../operation-context.ts';
import { describedTags, hasTags } from '../tag-rules.ts';

const ENI_NOT_FOUND = ['InvalidEniId.NotFound'];

/** Finds a network interface as the call sees it. */
export function requireInterface(
  context: OperationContext,
  id = context.parameters.text('NetworkInterfaceId'),
): NetworkInterface {
  context.objectIds.add(id);
  const eni = context.state.networkInterfaces.get(id, context.asOf);
  if (eni === undefined || !context.sees(eni)) {
    throw context.failureOf(
      ENI_NOT_FOUND,
      `The specified NetworkInterfaceId "${id}" does not exist.`,
    );
  }
  return eni;
}

/** Lists network interfaces in both ways of paging; ids that do not exist are left out silently. */
export function describeNetworkInterfaces(context: OperationContext): Answer {
  const { parameters } = context;
  const found = interfacesAsked(context);
  const described = (eni: NetworkInterface): Record<string, unknown> => ({
    ...describedInterface(context, eni),
    ...describedAttachment(eni),
  });
  if (parameters.has('MaxResults') || parameters.has('NextToken')) {
    const size = parameters.findInteger('MaxResults') ?? 10;
    const page = tokenPage(context, found, { size, invalidTokenCode: 'InvalidParameter' });
    return {
      NetworkInterfaceSets: { NetworkInterfaceSet: page.items.map(described) },
      NextToken: page.nextToken ?? '',
      TotalCount: found.length,
    };
  }
  const page = numberedPage(context, found, 10);
  return {
    NetworkInterfaceSets: { NetworkInterfaceSet: page.items.map(described) },
    NextToken: '',
    ...page.answer,
  };
}

/** Describes one interface, in an answer of its own. */
export function describeNetworkInterfaceAttribute(context: OperationContext): Answer {
  const eni = requireInterface(context);
  const { NetworkInterfaceTrafficMode, ...shown } = describedInterface(context, eni);
  return {
    ...shown,
    ...describedAttachment(eni),
    NetworkInterfaceTrafficMode,
    NetworkInterfaceTrafficConfig: { NetworkInterfaceTrafficMode },
  };
}

function interfacesAsked(context: OperationContext): NetworkInterface[] {
  const { parameters, state, asOf } = context;
  const ids = parameters.texts('NetworkInterfaceId');
  for (const id of ids) context.objectIds.add(id);
  const wantedIds = new Set(ids);
  const addresses = new Set(parameters.texts('PrivateIpAddress'));
  const ipv6s = new Set(parameters.texts('Ipv6Address'));
  const group = parameters.findText('SecurityGroupId');
  const name = parameters.findText('NetworkInterfaceName');
  return (
    state.networkInterfaces
      .list(asOf)
      .filter((eni) => context.sees(eni))
      .filter(({ networkInterfaceId }) => ids.length === 0 || wantedIds.has(networkInterfaceId))
      .filter(({ instanceId }) => context.wants('InstanceId', instanceId ?? ''))
      .filter(({ type }) => context.wants('Type', type))
      .filter(({ vpcId }) => context.wants('VpcId', vpcId))
      .filter(({ vSwitchId }) => context.wants('VSwitchId', vSwitchId))
      .filter(({ resourceGroupId }) => context.wants('ResourceGroupId', resourceGroupId ?? ''))
      .filter(({ privateIps }) => context.wants('PrimaryIpAddress', privateIps[0] ?? ''))
      .filter(
        ({ privateIps }) => addresses.size === 0 || privateIps.some((ip) => addresses.has(ip)),
      )
      .filter((eni) => ipv6s.size === 0 || eni.ipv6s.some((address) => ipv6s.has(address)))
      .filter((eni) => context.wants('Status', interfaceStatus(eni, asOf)))
      .filter((eni) => name === undefined || nameMatches(name, eni.networkInterfaceName ?? ''))
      .filter(({ securityGroupIds }) => group === undefined || securityGroupIds.includes(group))
      .filter((eni) =>
        hasTags(context.visibleTags(eni.networkInterfaceId), parameters.items('Tag')),
      )
      // None is managed by another service of the cloud.
      .filter(() => parameters.findFlag('ServiceManaged') !== true)
  );
}

/** What every answer on an interface has. */
export function describedInterface(
  context: OperationContext,
  eni: NetworkInterface,
): Record<string, unknown> {
  const [primaryIp = ''] = eni.privateIps;
  return {
    NetworkInterfaceId: eni.networkInterfaceId,
    NetworkInterfaceName: eni.networkInterfaceName ?? '',
    Description: eni.description ?? '',
    Type: eni.type,
    Status: interfaceStatus(eni, context.asOf),
    MacAddress: macAddress(eni.networkInterfaceId),
    VpcId: eni.vpcId,
    VSwitchId: eni.vSwitchId,
    ZoneId: eni.zoneId,
    OwnerId: eni.accountId,
    ResourceGroupId: eni.resourceGroupId ?? '',
    ServiceManaged: false,
    SourceDestCheck: eni.sourceDestCheck,
    NetworkInterfaceTrafficMode: 'Standard',
    PrivateIpAddress: primaryIp,
    PrivateIpSets: {
      PrivateIpSet: eni.privateIps.map((address) => ({
        PrivateIpAddress: address,
        Primary: address === primaryIp,
      })),
    },
    Ipv6Sets: { Ipv6Set: eni.ipv6s.map((address) => ({ Ipv6Address: address })) },
    SecurityGroupIds: { SecurityGroupId: eni.securityGroupIds },
    Tags: { Tag: describedTags(context.visibleTags(eni.networkInterfaceId)) },
  };
}

function describedAttachment(eni: NetworkInterface): Record<string, unknown> {
  return {
    InstanceId: eni.instanceId ?? '',
    Attachment: eni.instanceId === undefined ? {} : { InstanceId: eni.instanceId },
    AssociatedPublicIp: {},
    CreationTime: describedTime(eni.createdAt),
    DeleteOnRelease: eni.deleteOnRelease,
  };
}

import { macAddress } from './mac-address.ts';
import { numberedPage, tokenPage } from '../answer-page.ts';
import { instanceStatus, type Instance, type NetworkInterface } from './compute-objects.ts';
import { describedSize } from './instance-size.ts';
import { jsonTexts, minuteTime, nameMatches } from './instance-reading.ts';
import type { Answer, OperationContext } from '../operation-context.ts';
import { describedTags, hasTags } from '../tag-rules.ts';

const MIN_TOKEN_PAGE = 10;
// Without it, the answer leaves out the secondary addresses of primary interfaces.
const ALL_PRIMARY_ADDRESSES = 'NETWORK_PRIMARY_ENI_IP';

/** Lists instances in both ways of paging; ids that do not exist are left out silently. */
export function describeInstances(context: OperationContext): Answer {
  const { parameters } = context;
  context.refuseDryRun();
  const found = instancesAsked(context);
  const interfaces = interfacesByInstance(context);
  const described = (instance: Instance): Record<string, unknown> =>
    describedInstance(context, instance, interfaces.get(instance.instanceId) ?? []);
  if (parameters.has('MaxResults') || parameters.has('NextToken')) {
    const size = Math.max(parameters.findInteger('MaxResults') ?? 0, MIN_TOKEN_PAGE);
    const page = tokenPage(context, found, { size, invalidTokenCode: 'InvalidParameter' });
    return {
      Instances: { Instance: page.items.map(described) },
      NextToken: page.nextToken ?? '',
      TotalCount: found.length,
    };
  }
  const page = numberedPage(context, found, 10);
  return { Instances: { Instance: page.items.map(described) }, ...page.answer };
}

function instancesAsked(context: OperationContext): Instance[] {
  const { parameters, state, asOf } = context;
  const ids = jsonTexts(context, 'InstanceIds');
  for (const id of ids ?? []) context.objectIds.add(id);
  const wantedIds = ids === undefined ? undefined : new Set(ids);
  const privateIps = jsonTexts(context, 'PrivateIpAddresses');
  const publicIps = jsonTexts(context, 'PublicIpAddresses');
  const eips = jsonTexts(context, 'EipAddresses');
  const inner = jsonTexts(context, 'InnerIpAddresses');
  const ipv6s = parameters.texts('Ipv6Address');
  const holders = ipv6s.length === 0 ? undefined : holdersOf(context, ipv6s);
  const lock = parameters.findText('LockReason');
  const group = parameters.findText('SecurityGroupId');
  const name = parameters.findText('InstanceName');
  return (
    state.instances
      .list(asOf)
      .filter((instance) => context.sees(instance))
      .filter(({ instanceId }) => wantedIds?.has(instanceId) ?? true)
      .filter((each) => privateIps?.some((address) => each.privateIps.includes(address)) ?? true)
      .filter(({ publicIp }) => publicIps?.includes(publicIp ?? '') ?? true)
      .filter(({ eip }) => eips?.includes(eip?.ipAddress ?? '') ?? true)
      .filter(({ instanceId }) => holders?.has(instanceId) ?? true)
      .filter((instance) => context.wants('VpcId', instance.vpcId))
      .filter((instance) => context.wants('VSwitchId', instance.vSwitchId))
      .filter((instance) => context.wants('ZoneId', instance.zoneId))
      .filter((instance) => context.wants('Status', instanceStatus(instance, asOf)))
      .filter((instance) => context.wants('InstanceType', instance.instanceType))
      .filter((instance) => context.wants('InstanceTypeFamily', familyOf(instance)))
      .filter((instance) => context.wants('InstanceChargeType', instance.chargeType))
      .filter((instance) => context.wants('ImageId', instance.imageId ?? ''))
      .filter((instance) => context.wants('ResourceGroupId', instance.resourceGroupId ?? ''))
      .filter((instance) => name === undefined || nameMatches(name, shownName(instance)))
      .filter(({ securityGroupIds }) => group === undefined || securityGroupIds.includes(group))
      .filter(({ locks }) => lock === undefined || locks.includes(lock))
      .filter(({ instanceId }) => hasTags(context.visibleTags(instanceId), parameters.items('Tag')))
      // All instances are in VPCs: none has an address of the classic network.
      .filter(() => inner === undefined && context.wants('InstanceNetworkType', 'vpc'))
  );
}

function holdersOf(context: OperationContext, ipv6s: readonly string[]): Set<string | undefined> {
  const interfaces = context.state.networkInterfaces.list(context.asOf);
  return new Set(
    interfaces
      .filter((eni) => eni.ipv6s.some((address) => ipv6s.includes(address)))
      .map(({ instanceId }) => instanceId),
  );
}

function interfacesByInstance(context: OperationContext): Map<string, NetworkInterface[]> {
  return Map.groupBy(
    context.state.networkInterfaces.list(context.asOf),
    ({ instanceId }) => instanceId ?? '',
  );
}

function shownName({ instanceName, hostName }: Instance): string {
  return instanceName ?? hostName;
}

function familyOf({ instanceType }: Instance): string {
  return instanceType.split('.').slice(0, 2).join('.');
}

function describedInstance(
  context: OperationContext,
  instance: Instance,
  interfaces: readonly NetworkInterface[],
): Record<string, unknown> {
  return {
    ...describedFacts(context, instance),
    ...describedSize(instance.instanceType),
    InstanceTypeFamily: familyOf(instance),
    SpotStrategy: instance.spotStrategy,
    OSType: 'linux',
    OSName: 'Alibaba Cloud Linux',
    IoOptimized: true,
    DeviceAvailable: true,
    Recyclable: false,
    DeletionProtection: instance.deletionProtection,
    ResourceGroupId: instance.resourceGroupId ?? '',
    StartTime: minuteTime(instance.createdAt),
    NetworkInterfaces: {
      NetworkInterface: interfaces.map((eni) => describedInterface(context, eni)),
    },
    OperationLocks: { LockReason: instance.locks.map((reason) => ({ LockReason: reason })) },
    Tags: { Tag: describedTags(context.visibleTags(instance.instanceId)) },
  };
}

/** What the list and the single answer have in common. */
export function describedFacts(
  context: OperationContext,
  instance: Instance,
): Record<string, unknown> {
  return {
    InstanceId: instance.instanceId,
    InstanceName: shownName(instance),
    HostName: instance.hostName,
    Description: instance.description ?? '',
    Status: instanceStatus(instance, context.asOf),
    RegionId: instance.regionId,
    ZoneId: instance.zoneId,
    InstanceType: instance.instanceType,
    InstanceChargeType: instance.chargeType,
    InstanceNetworkType: 'vpc',
    InternetChargeType: 'PayByTraffic',
    InternetMaxBandwidthIn: 100,
    InternetMaxBandwidthOut: instance.publicIp === undefined ? 0 : 5,
    ImageId: instance.imageId ?? '',
    SerialNumber: instance.instanceId,
    ClusterId: '',
    VlanId: '',
    CreationTime: minuteTime(instance.createdAt),
    ExpiredTime: '2099-12-31T15:59Z',
    StoppedMode: 'Not-applicable',
    VpcAttributes: {
      VpcId: instance.vpcId,
      VSwitchId: instance.vSwitchId,
      PrivateIpAddress: { IpAddress: instance.privateIps },
      NatIpAddress: '',
    },
    PublicIpAddress: { IpAddress: instance.publicIp === undefined ? [] : [instance.publicIp] },
    InnerIpAddress: { IpAddress: [] },
    EipAddress: {
      AllocationId: instance.eip?.allocationId ?? '',
      IpAddress: instance.eip?.ipAddress ?? '',
      InternetChargeType: instance.eip === undefined ? '' : 'PayByTraffic',
    },
    SecurityGroupIds: { SecurityGroupId: instance.securityGroupIds },
  };
}

function describedInterface(
  context: OperationContext,
  eni: NetworkInterface,
): Record<string, unknown> {
  const [primaryIp = ''] = eni.privateIps;
  const isWhole =
    eni.type === 'Secondary' ||
    context.parameters.texts('AdditionalAttributes').includes(ALL_PRIMARY_ADDRESSES);
  const addresses = isWhole ? eni.privateIps : eni.privateIps.slice(0, 1);
  return {
    NetworkInterfaceId: eni.networkInterfaceId,
    MacAddress: macAddress(eni.networkInterfaceId),
    PrimaryIpAddress: primaryIp,
    Type: eni.type,
    PrivateIpSets: {
      PrivateIpSet: addresses.map((address) => ({
        PrivateIpAddress: address,
        Primary: address === primaryIp,
      })),
    },
    Ipv6Sets: { Ipv6Set: eni.ipv6s.map((address) => ({ Ipv6Address: address })) },
  };
}

import { numberedPage, tokenPage } from './answer-page.ts';
import type { Instance } from './cloud-objects.ts';
import type { Answer, OperationContext, OperationHandler } from './operation-context.ts';

const MAX_IDS = 100;

/** The operations on ECS instances. */
export const INSTANCE_OPERATIONS: Readonly<Record<string, OperationHandler>> = {
  DescribeInstances: describeInstances,
};

function describeInstances(context: OperationContext): Answer {
  const { parameters, state } = context;
  if (parameters.findFlag('DryRun') === true) {
    throw context.failure('DryRunOperation', 'The request would have succeeded without DryRun.');
  }
  const ids = jsonTexts(context, 'InstanceIds');
  for (const id of ids ?? []) context.objectIds.add(id);
  const privateIps = jsonTexts(context, 'PrivateIpAddresses');
  const publicIps = jsonTexts(context, 'PublicIpAddresses');
  const eips = jsonTexts(context, 'EipAddresses');
  const wants = (name: string, value: string): boolean => {
    const wanted = parameters.findText(name);
    return wanted === undefined || wanted === value;
  };
  const found = state.instances
    .list(context.asOf)
    .filter((instance) => context.sees(instance))
    .filter(({ instanceId }) => ids?.includes(instanceId) ?? true)
    .filter((each) => privateIps?.some((address) => each.privateIps.includes(address)) ?? true)
    .filter(({ publicIp }) => publicIps?.includes(publicIp ?? '') ?? true)
    .filter(({ eip }) => eips?.includes(eip?.ipAddress ?? '') ?? true)
    .filter((instance) => wants('VpcId', instance.vpcId))
    .filter((instance) => wants('VSwitchId', instance.vSwitchId))
    .filter((instance) => wants('ZoneId', instance.zoneId))
    .filter((instance) => wants('Status', instance.status))
    .filter((instance) => wants('InstanceType', instance.instanceType))
    .filter((instance) => wants('InstanceName', instance.instanceName ?? instance.hostName))
    // Seeded instances carry no tags, no lock and one kind of network.
    .filter(() => parameters.items('Tag').length === 0 && !parameters.has('LockReason'))
    .filter(() => wants('InstanceNetworkType', 'vpc'));
  return pageOfInstances(context, found);
}

function pageOfInstances(context: OperationContext, found: readonly Instance[]): Answer {
  const { parameters } = context;
  if (parameters.has('MaxResults') || parameters.has('NextToken')) {
    const size = Math.max(parameters.findInteger('MaxResults') ?? 10, 10);
    const page = tokenPage(context, found, { size, invalidTokenCode: 'InvalidParameter' });
    return {
      Instances: { Instance: page.items.map(describedInstance) },
      NextToken: page.nextToken ?? '',
      TotalCount: found.length,
    };
  }
  const page = numberedPage(context, found, 10);
  return { Instances: { Instance: page.items.map(describedInstance) }, ...page.answer };
}

/** Reads a JSON list of strings that is a parameter's text. */
function jsonTexts(context: OperationContext, name: string): string[] | undefined {
  const text = context.parameters.findText(name);
  if (text === undefined) return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    parsed = undefined;
  }
  if (!isTextList(parsed) || parsed.length > MAX_IDS) {
    throw context.failure('InvalidParameter', `The specified parameter "${name}" is not valid.`);
  }
  return parsed;
}

function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function describedInstance(instance: Instance): Record<string, unknown> {
  return {
    InstanceId: instance.instanceId,
    InstanceName: instance.instanceName ?? instance.hostName,
    HostName: instance.hostName,
    Status: instance.status,
    RegionId: instance.regionId,
    ZoneId: instance.zoneId,
    InstanceType: instance.instanceType,
    InstanceTypeFamily: instance.instanceType.split('.').slice(0, 2).join('.'),
    InstanceChargeType: 'PostPaid',
    InstanceNetworkType: 'vpc',
    OSType: 'linux',
    CreationTime: '2024-01-01T00:00Z',
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
      InternetChargeType: '',
    },
    NetworkInterfaces: { NetworkInterface: describedInterfaces(instance) },
    OperationLocks: { LockReason: [] },
    SecurityGroupIds: { SecurityGroupId: [] },
    Tags: { Tag: [] },
  };
}

function describedInterfaces(instance: Instance): Record<string, unknown>[] {
  return instance.enis.map((eni, index) => {
    const [primaryIp = ''] = eni.privateIps;
    const primary = eni.primary ?? index === 0;
    return {
      NetworkInterfaceId: eni.networkInterfaceId,
      MacAddress: macAddress(eni.networkInterfaceId),
      PrimaryIpAddress: primaryIp,
      Type: primary ? 'Primary' : 'Secondary',
      PrivateIpSets: {
        PrivateIpSet: eni.privateIps.map((address) => ({
          PrivateIpAddress: address,
          Primary: address === primaryIp,
        })),
      },
      Ipv6Sets: { Ipv6Set: (eni.ipv6s ?? []).map((address) => ({ Ipv6Address: address })) },
    };
  });
}

/** The hardware address of an interface, which follows from its id. */
export function macAddress(networkInterfaceId: string): string {
  let hash = 0;
  for (const character of networkInterfaceId) {
    hash = (hash * 31 + character.charCodeAt(0)) % 2 ** 32;
  }
  const hex = hash.toString(16).padStart(8, '0');
  return ['00', '16', hex.slice(0, 2), hex.slice(2, 4), hex.slice(4, 6), hex.slice(6, 8)].join(':');
}

import type { ModelFields } from '../transport/model-codec.ts';
import type {
  CloudDisk,
  CloudInstance,
  CloudInstanceInterface,
  CloudNetworkInterface,
} from './ecs-client.ts';
import type { ECS_OPERATIONS } from './ecs-operations.ts';

type Answer<Name extends keyof typeof ECS_OPERATIONS> = ModelFields<
  InstanceType<(typeof ECS_OPERATIONS)[Name]['answer']>
>;

type ItemOf<List> = NonNullable<List> extends readonly (infer Item)[] ? Item : never;
type DescribedInstance = ItemOf<NonNullable<Answer<'describeInstances'>['instances']>['instance']>;
type DescribedInstanceInterface = ItemOf<
  NonNullable<DescribedInstance['networkInterfaces']>['networkInterface']
>;
type DescribedInterface = ItemOf<
  NonNullable<Answer<'describeNetworkInterfaces'>['networkInterfaceSets']>['networkInterfaceSet']
>;
type DescribedDisk = ItemOf<NonNullable<Answer<'describeDisks'>['disks']>['disk']>;

/** Reads an instance. */
export function parseInstance(answer: DescribedInstance): CloudInstance {
  const { vpcAttributes } = answer;
  return {
    id: answer.instanceId ?? '',
    name: answer.instanceName ?? '',
    hostName: answer.hostName ?? '',
    regionId: answer.regionId ?? '',
    zoneId: answer.zoneId ?? '',
    vpcId: vpcAttributes?.vpcId ?? '',
    vSwitchId: vpcAttributes?.vSwitchId ?? '',
    instanceType: answer.instanceType ?? '',
    status: answer.status ?? '',
    chargeType: answer.instanceChargeType ?? '',
    spotStrategy: answer.spotStrategy ?? '',
    lockReasons: filled(
      (answer.operationLocks?.lockReason ?? []).map(({ lockReason }) => lockReason),
    ),
    publicIps: filled(answer.publicIpAddress?.ipAddress),
    elasticIp: answer.eipAddress?.ipAddress ?? '',
    innerIps: filled(answer.innerIpAddress?.ipAddress),
    privateIps: filled(vpcAttributes?.privateIpAddress?.ipAddress),
    interfaces: (answer.networkInterfaces?.networkInterface ?? [])
      .map(parseInstanceInterface)
      .toSorted(primaryFirst),
    tags: (answer.tags?.tag ?? []).map(({ tagKey = '', tagValue = '' }) => ({
      key: tagKey,
      value: tagValue,
    })),
  };
}

/** Reads a network interface. */
export function parseNetworkInterface(answer: DescribedInterface): CloudNetworkInterface {
  return {
    id: answer.networkInterfaceId ?? '',
    instanceId: filled([answer.instanceId, answer.attachment?.instanceId])[0] ?? '',
    type: interfaceType(answer.type),
    // The documented default; a region that does not know the check does not answer it.
    sourceDestCheck: answer.sourceDestCheck ?? false,
  };
}

/** Reads a disk. */
export function parseDisk(answer: DescribedDisk): CloudDisk {
  return {
    id: answer.diskId ?? '',
    regionId: answer.regionId ?? '',
    zoneId: answer.zoneId ?? '',
    category: answer.category ?? '',
    status: answer.status ?? '',
  };
}

function parseInstanceInterface(answer: DescribedInstanceInterface): CloudInstanceInterface {
  const sets = answer.privateIpSets?.privateIpSet ?? [];
  const primary = sets.filter(({ primary: isPrimary }) => isPrimary === true);
  const privateIps = [answer.primaryIpAddress, ...[...primary, ...sets].map(addressOf)];
  return {
    id: answer.networkInterfaceId ?? '',
    type: interfaceType(answer.type),
    privateIps: [...new Set(filled(privateIps))],
    ipv6s: [
      ...new Set(filled((answer.ipv6Sets?.ipv6Set ?? []).map(({ ipv6Address }) => ipv6Address))),
    ],
  };
}

function addressOf(set: { readonly privateIpAddress?: string | undefined }): string | undefined {
  return set.privateIpAddress;
}

/** Trunks and their members are secondary ones for everything that is done here. */
function interfaceType(type: string | undefined): 'Primary' | 'Secondary' {
  return type === 'Primary' ? 'Primary' : 'Secondary';
}

function primaryFirst(one: CloudInstanceInterface, other: CloudInstanceInterface): number {
  if (one.type !== other.type) return one.type === 'Primary' ? -1 : 1;
  return one.id < other.id ? -1 : 1;
}

function filled(texts: readonly (string | undefined)[] | undefined): string[] {
  return (texts ?? []).flatMap((text) => (text === undefined || text === '' ? [] : [text]));
}

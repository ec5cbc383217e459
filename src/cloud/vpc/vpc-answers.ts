import type { ModelFields } from '../transport/model-codec.ts';
import type { CloudRouteEntry, CloudRouteTable, CloudVpc } from './vpc-client.ts';
import type { VPC_OPERATIONS } from './vpc-operations.ts';

type Answer<Name extends keyof typeof VPC_OPERATIONS> = ModelFields<
  InstanceType<(typeof VPC_OPERATIONS)[Name]['answer']>
>;

type ItemOf<List> = NonNullable<List> extends readonly (infer Item)[] ? Item : never;
type DescribedVpc = ItemOf<NonNullable<Answer<'describeVpcs'>['vpcs']>['vpc']>;
type DescribedTable = ItemOf<
  NonNullable<Answer<'describeRouteTableList'>['routerTableList']>['routerTableListType']
>;
type DescribedEntry = ItemOf<
  NonNullable<Answer<'describeRouteEntryList'>['routeEntrys']>['routeEntry']
>;

/** Reads a VPC; its main block comes first. */
export function parseVpc(answer: DescribedVpc): CloudVpc {
  const cidrBlocks = [answer.cidrBlock, ...(answer.secondaryCidrBlocks?.secondaryCidrBlock ?? [])];
  const ipv6CidrBlocks = [
    answer.ipv6CidrBlock,
    ...(answer.ipv6CidrBlocks?.ipv6CidrBlock ?? []).map((block) => block.ipv6CidrBlock),
  ];
  return {
    id: answer.vpcId ?? '',
    regionId: answer.regionId ?? '',
    cidrBlocks: filledOnce(cidrBlocks),
    ipv6CidrBlocks: filledOnce(ipv6CidrBlocks),
  };
}

/** Reads a route table. */
export function parseRouteTable(answer: DescribedTable): CloudRouteTable {
  return {
    id: answer.routeTableId ?? '',
    name: answer.routeTableName ?? '',
    vpcId: answer.vpcId ?? '',
    type: answer.routeTableType === 'Custom' ? 'Custom' : 'System',
    status: answer.status ?? '',
  };
}

/** Reads an entry of a table; the API names the table again, but not everywhere. */
export function parseRouteEntry(routeTableId: string, answer: DescribedEntry): CloudRouteEntry {
  const destinationCidr = answer.destinationCidrBlock ?? '';
  return {
    id: answer.routeEntryId ?? '',
    routeTableId: filled(answer.routeTableId) ?? routeTableId,
    name: answer.routeEntryName ?? '',
    description: answer.description ?? '',
    destinationCidr,
    ipVersion: isIpv6(answer.ipVersion, destinationCidr) ? 'IPv6' : 'IPv4',
    type: answer.type ?? '',
    status: answer.status ?? '',
    nextHops: (answer.nextHops?.nextHop ?? []).map((hop) => ({
      type: hop.nextHopType ?? '',
      id: hop.nextHopId ?? '',
    })),
  };
}

/** Answers are written `ipv6` where requests say `IPv6`; an address with a colon speaks for itself. */
function isIpv6(ipVersion: string | undefined, destinationCidr: string): boolean {
  return ipVersion?.toLowerCase() === 'ipv6' || destinationCidr.includes(':');
}

function filledOnce(texts: readonly (string | undefined)[]): string[] {
  return [...new Set(texts.flatMap((text) => filled(text) ?? []))];
}

function filled(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

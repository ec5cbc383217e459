import { countFreeAddresses } from './address-pool.ts';
import { describedTime, numberedPage } from './answer-page.ts';
import type { Vpc, VSwitch } from './cloud-objects.ts';
import type { Answer, OperationContext, OperationHandler } from './operation-context.ts';

/** The operations on VPCs and vSwitches. */
export const NETWORK_OPERATIONS: Readonly<Record<string, OperationHandler>> = {
  DescribeVpcs: describeVpcs,
  DescribeVSwitches: describeVSwitches,
};

function describeVpcs(context: OperationContext): Answer {
  refuseDryRun(context);
  const { parameters, state } = context;
  const ids = parameters.texts('VpcId');
  for (const id of ids) context.objectIds.add(id);
  const name = parameters.findText('VpcName');
  const found = state.vpcs
    .list(context.asOf)
    .filter((vpc) => context.sees(vpc))
    .filter(({ vpcId }) => ids.length === 0 || ids.includes(vpcId))
    .filter(({ vpcName }) => name === undefined || vpcName === name)
    // Seeded networks carry no tags and are nobody's default.
    .filter(() => parameters.items('Tag').length === 0 && !asksForDefault(context));
  const page = numberedPage(context, found, 10);
  return { Vpcs: { Vpc: page.items.map(describedVpc) }, ...page.answer };
}

function describedVpc(vpc: Vpc): Record<string, unknown> {
  return {
    VpcId: vpc.vpcId,
    VpcName: vpc.vpcName ?? '',
    CidrBlock: vpc.cidrBlock,
    Status: 'Available',
    RegionId: vpc.regionId,
    CreationTime: describedTime(vpc.createdAt),
    Description: '',
    IsDefault: false,
    OwnerId: ownerNumber(vpc),
    VSwitchIds: { VSwitchId: vpc.vSwitches.map(({ vSwitchId }) => vSwitchId) },
    RouterTableIds: { RouterTableIds: vpc.routeTables.map(({ routeTableId }) => routeTableId) },
    SecondaryCidrBlocks: { SecondaryCidrBlock: [] },
    UserCidrs: { UserCidr: [] },
    NatGatewayIds: { NatGatewayIds: [] },
    Tags: { Tag: [] },
  };
}

function describeVSwitches(context: OperationContext): Answer {
  refuseDryRun(context);
  const { parameters, state } = context;
  const wants = (name: string, value: string): boolean => {
    const wanted = parameters.findText(name);
    return wanted === undefined || wanted === value;
  };
  const vSwitchId = parameters.findText('VSwitchId');
  if (vSwitchId !== undefined) context.objectIds.add(vSwitchId);
  const found = state.vpcs
    .list(context.asOf)
    .filter((vpc) => context.sees(vpc) && wants('VpcId', vpc.vpcId))
    .flatMap((vpc) => vpc.vSwitches.map((vSwitch) => ({ vpc, vSwitch })))
    .filter(({ vSwitch }) => wants('VSwitchId', vSwitch.vSwitchId))
    .filter(({ vSwitch }) => wants('ZoneId', vSwitch.zoneId))
    .filter(({ vSwitch }) => wants('VSwitchName', vSwitch.vSwitchName ?? ''))
    .filter(({ vpc }) => wants('RouteTableId', systemTableOf(vpc)))
    .filter(() => parameters.items('Tag').length === 0 && !asksForDefault(context));
  const page = numberedPage(context, found, 10);
  return {
    VSwitches: {
      VSwitch: page.items.map(({ vpc, vSwitch }) => describedVSwitch(context, vpc, vSwitch)),
    },
    ...page.answer,
  };
}

function describedVSwitch(
  context: OperationContext,
  vpc: Vpc,
  vSwitch: VSwitch,
): Record<string, unknown> {
  return {
    VSwitchId: vSwitch.vSwitchId,
    VSwitchName: vSwitch.vSwitchName ?? '',
    VpcId: vpc.vpcId,
    ZoneId: vSwitch.zoneId,
    CidrBlock: vSwitch.cidrBlock,
    Status: 'Available',
    AvailableIpAddressCount: countFreeAddresses(context.state, vSwitch.cidrBlock),
    CreationTime: describedTime(vpc.createdAt),
    Description: '',
    IsDefault: false,
    OwnerId: ownerNumber(vpc),
    RouteTable: { RouteTableId: systemTableOf(vpc), RouteTableType: 'System' },
    Tags: { Tag: [] },
  };
}

/** Account ids are numbers in these answers; one that is none shows as 0. */
function ownerNumber({ accountId }: Vpc): number {
  return /^\d+$/.test(accountId) ? Number(accountId) : 0;
}

function systemTableOf(vpc: Vpc): string {
  return vpc.routeTables.find(({ type }) => type === 'System')?.routeTableId ?? '';
}

function asksForDefault(context: OperationContext): boolean {
  return context.parameters.findFlag('IsDefault') === true;
}

function refuseDryRun(context: OperationContext): void {
  if (context.parameters.findFlag('DryRun') === true) {
    throw context.failure('DryRunOperation', 'The request would have succeeded without DryRun.');
  }
}

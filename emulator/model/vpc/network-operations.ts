import { describedTime, numberedPage } from '../answer-page.ts';
import { containsBlock, parseCidrBlock, subBlock } from '../cidr-block.ts';
import type { RouteTable, Vpc, VSwitch } from './network-objects.ts';
import type { Answer, OperationContext, OperationHandler } from '../operation-context.ts';
import { isAtRest, shownStatus } from '../passage.ts';
import { hasTags, keyedTags, putTags, readTags } from '../tag-rules.ts';
import { departObject } from '../tombstone.ts';
import { claimVpc, requireVpc } from './vpc-lock.ts';

// What the blocks of new VPCs are cut from, by account and region alike.
const IPV6_SPACE = '2408:4000::/24';
const IPV6_VPC_LENGTH = 56;
const VPC_MASKS = [8, 28] as const;

/** The operations on VPCs. */
export const NETWORK_OPERATIONS: Readonly<Record<string, OperationHandler>> = {
  CreateVpc: createVpc,
  ModifyVpcAttribute: modifyVpcAttribute,
  DeleteVpc: deleteVpc,
  DescribeVpcs: describeVpcs,
  DescribeVpcAttribute: describeVpcAttribute,
  DescribeVRouters: describeVRouters,
};

function createVpc(context: OperationContext): Answer {
  const { parameters, state, now } = context;
  const mine = state.vpcs.list().filter((vpc) => context.sees(vpc));
  if (mine.length >= state.quota('vpc_quota_instances_num')) {
    throw context.failure('QuotaExceeded.Vpc', 'There are too many VPCs in the region.');
  }
  const cidrBlock = creationBlock(context, parameters.findText('CidrBlock') ?? '172.16.0.0/12');
  const tags = readTags(context);
  context.refuseDryRun();

  const vpcId = state.ids.objectId('vpc', context.regionId, 17);
  const routeTableId = state.ids.objectId('vtb', context.regionId, 17);
  const resourceGroupId = parameters.findText('ResourceGroupId') ?? `rg-acfm${context.accountId}`;
  const name = parameters.findText('VpcName');
  const description = parameters.findText('Description');
  const vpc: Vpc = {
    ...context.ownership(),
    vpcId,
    cidrBlock,
    resourceGroupId,
    ...(name === undefined ? {} : { vpcName: name }),
    ...(description === undefined ? {} : { description }),
    ...(parameters.findFlag('EnableIpv6') === true
      ? { ipv6CidrBlock: nextIpv6Block(context) }
      : {}),
    ...context.passage('Pending'),
  };
  putTags(context, vpcId, tags);
  state.vpcs.set(vpcId, vpc, now);
  const table: RouteTable = { ...context.ownership(), routeTableId, vpcId, type: 'System' };
  state.routeTables.set(routeTableId, table, now);
  for (const id of [vpcId, routeTableId]) context.objectIds.add(id);
  return {
    VpcId: vpcId,
    VRouterId: routerIdOf(vpc),
    RouteTableId: routeTableId,
    ResourceGroupId: resourceGroupId,
  };
}

function creationBlock(context: OperationContext, text: string): string {
  const block = parseCidrBlock(text);
  const [shortest, longest] = VPC_MASKS;
  if (block?.family !== 'IPv4' || block.length < shortest || block.length > longest) {
    throw context.failure('InvalidParameter', 'The specified CidrBlock is not valid.');
  }
  return block.text;
}

function nextIpv6Block(context: OperationContext): string {
  const space = parseCidrBlock(IPV6_SPACE);
  const number = context.state.ids.next('vpc-ipv6');
  return space === undefined ? '' : subBlock(space, IPV6_VPC_LENGTH, number);
}

function modifyVpcAttribute(context: OperationContext): Answer {
  const { parameters, state, now } = context;
  const vpc = requireVpc(context, parameters.text('VpcId'));
  if (!isAtRest(vpc, now)) {
    throw context.failure('IncorrectVpcStatus', 'The status of the VPC does not allow it.');
  }
  const name = parameters.findText('VpcName');
  const description = parameters.findText('Description');
  const block = parameters.findText('CidrBlock');
  const hasIpv6 = parameters.findFlag('EnableIPv6');
  if (hasIpv6 === true && block !== undefined) {
    throw context.failure(
      'ExclusiveParam.EnableIpv6AndCidrBlock',
      'EnableIPv6 and CidrBlock exclude each other.',
    );
  }
  const changed: Vpc = {
    ...vpc,
    ...(name === undefined ? {} : { vpcName: name }),
    ...(description === undefined ? {} : { description }),
    ...(block === undefined ? {} : { cidrBlock: changedBlock(context, vpc, block) }),
    ...(hasIpv6 === true && vpc.ipv6CidrBlock === undefined
      ? { ipv6CidrBlock: nextIpv6Block(context) }
      : {}),
  };
  if (hasIpv6 === false) dropIpv6(context, changed);
  state.vpcs.set(vpc.vpcId, changed, now);
  return {};
}

/** A VPC keeps a block that all its vSwitches lie in. */
function changedBlock(context: OperationContext, vpc: Vpc, text: string): string {
  const changed = creationBlock(context, text);
  const outer = [changed, ...(vpc.secondaryCidrBlocks ?? [])].flatMap(
    (each) => parseCidrBlock(each) ?? [],
  );
  const isLeftOut = context.state.vSwitches.list().some(({ vpcId, cidrBlock }) => {
    const inner = parseCidrBlock(cidrBlock);
    return (
      vpcId === vpc.vpcId &&
      inner !== undefined &&
      !outer.some((each) => containsBlock(each, inner))
    );
  });
  if (isLeftOut) {
    throw context.failure('IllegalCidrBlock', 'A vSwitch does not lie in the CidrBlock.');
  }
  return changed;
}

function dropIpv6(context: OperationContext, vpc: Vpc): void {
  const isUsed = context.state.vSwitches
    .list()
    .some(({ vpcId, ipv6CidrBlock }) => vpcId === vpc.vpcId && ipv6CidrBlock !== undefined);
  if (isUsed) {
    throw context.failure('OperationFailed.IpV6VSwitchInuse', 'A vSwitch of the VPC has IPv6.');
  }
  Reflect.deleteProperty(vpc, 'ipv6CidrBlock');
}

function deleteVpc(context: OperationContext): Answer {
  const { state, parameters, now, seq } = context;
  const { vpcId } = claimVpc(context, parameters.text('VpcId'));
  const within = (object: { readonly vpcId: string }): boolean => object.vpcId === vpcId;
  if (state.vSwitches.list().some(within)) throw inUse(context, 'VSwitch');
  if (state.securityGroups.list().some(within)) throw inUse(context, 'SecurityGroup');
  const tables = state.routeTables.list().filter(within);
  if (tables.some(({ type }) => type === 'Custom')) throw inUse(context, 'CustomRouteTable');
  const tableIds = new Set(tables.map(({ routeTableId }) => routeTableId));
  if (state.routeEntries.list().some(({ routeTableId }) => tableIds.has(routeTableId))) {
    throw inUse(context, 'RouteEntry');
  }
  context.refuseDryRun();
  departObject(state, { kind: 'vpc', id: vpcId, now, seq });
  for (const id of tableIds) departObject(state, { kind: 'routeTable', id, now, seq });
  return {};
}

function inUse(context: OperationContext, what: string): Error {
  return context.failure(`DependencyViolation.${what}`, `The VPC still has a ${what}.`);
}

function describeVpcs(context: OperationContext): Answer {
  context.refuseDryRun();
  const { parameters, state, asOf } = context;
  const ids = parameters.texts('VpcId');
  for (const id of ids) context.objectIds.add(id);
  const isDefault = parameters.findFlag('IsDefault');
  const hasIpv6 = parameters.findFlag('EnableIpv6');
  const found = state.vpcs
    .list(asOf)
    .filter((vpc) => context.sees(vpc))
    .filter(({ vpcId }) => ids.length === 0 || ids.includes(vpcId))
    .filter(({ vpcName }) => context.wants('VpcName', vpcName ?? ''))
    .filter(({ resourceGroupId }) => context.wants('ResourceGroupId', resourceGroupId ?? ''))
    .filter((vpc) => isDefault === undefined || (vpc.isDefault ?? false) === isDefault)
    .filter((vpc) => hasIpv6 === undefined || (vpc.ipv6CidrBlock !== undefined) === hasIpv6)
    .filter(({ vpcId }) => hasTags(context.visibleTags(vpcId), parameters.items('Tag')));
  const page = numberedPage(context, found, 10);
  const parts = partsByVpc(context);
  return {
    Vpcs: {
      Vpc: page.items.map((vpc) => ({
        ...describedVpc(context, vpc, parts(vpc)),
        RouterTableIds: {
          RouterTableIds: parts(vpc).routeTables.map(({ routeTableId }) => routeTableId),
        },
        NatGatewayIds: { NatGatewayIds: [] },
      })),
    },
    ...page.answer,
  };
}

interface VpcParts {
  readonly vSwitches: readonly VSwitch[];
  readonly routeTables: readonly RouteTable[];
}

function partsByVpc(context: OperationContext): (vpc: Vpc) => VpcParts {
  const { state, asOf } = context;
  const vSwitches = Map.groupBy(state.vSwitches.list(asOf), ({ vpcId }) => vpcId);
  const routeTables = Map.groupBy(state.routeTables.list(asOf), ({ vpcId }) => vpcId);
  return ({ vpcId }) => ({
    vSwitches: vSwitches.get(vpcId) ?? [],
    routeTables: routeTables.get(vpcId) ?? [],
  });
}

/** What the list and the single answer have in common. */
function describedVpc(
  context: OperationContext,
  vpc: Vpc,
  { vSwitches }: VpcParts,
): Record<string, unknown> {
  const { ipv6CidrBlock = '' } = vpc;
  return {
    VpcId: vpc.vpcId,
    VpcName: vpc.vpcName ?? '',
    CidrBlock: vpc.cidrBlock,
    Ipv6CidrBlock: ipv6CidrBlock,
    Ipv6CidrBlocks: {
      Ipv6CidrBlock: ipv6CidrBlock === '' ? [] : [{ Ipv6CidrBlock: ipv6CidrBlock, Ipv6Isp: 'BGP' }],
    },
    EnabledIpv6: ipv6CidrBlock !== '',
    Status: shownStatus(vpc, context.asOf),
    RegionId: vpc.regionId,
    CreationTime: describedTime(vpc.createdAt),
    Description: vpc.description ?? '',
    IsDefault: vpc.isDefault ?? false,
    OwnerId: ownerNumber(vpc),
    ResourceGroupId: vpc.resourceGroupId ?? '',
    VRouterId: routerIdOf(vpc),
    VSwitchIds: { VSwitchId: vSwitches.map(({ vSwitchId }) => vSwitchId) },
    SecondaryCidrBlocks: { SecondaryCidrBlock: vpc.secondaryCidrBlocks ?? [] },
    UserCidrs: { UserCidr: [] },
    Tags: { Tag: keyedTags(context, vpc.vpcId) },
  };
}

function describeVpcAttribute(context: OperationContext): Answer {
  const vpc = requireVpc(context, context.parameters.text('VpcId'));
  context.refuseDryRun();
  const parts = partsByVpc(context)(vpc);
  return {
    ...describedVpc(context, vpc, parts),
    ClassicLinkEnabled: false,
    AssociatedCens: { AssociatedCen: [] },
    CloudResources: {
      CloudResourceSetType: [
        { ResourceType: 'VRouter', ResourceCount: 1 },
        { ResourceType: 'VSwitch', ResourceCount: parts.vSwitches.length },
        { ResourceType: 'RouteTable', ResourceCount: parts.routeTables.length },
      ],
    },
  };
}

function describeVRouters(context: OperationContext): Answer {
  const { state, asOf } = context;
  const found = state.vpcs
    .list(asOf)
    .filter((vpc) => context.sees(vpc) && context.wants('VRouterId', routerIdOf(vpc)));
  const page = numberedPage(context, found, 10);
  const parts = partsByVpc(context);
  return {
    VRouters: {
      VRouter: page.items.map((vpc) => ({
        VRouterId: routerIdOf(vpc),
        VRouterName: '',
        VpcId: vpc.vpcId,
        RegionId: vpc.regionId,
        CreationTime: describedTime(vpc.createdAt),
        Description: '',
        RouteTableIds: {
          RouteTableId: parts(vpc).routeTables.map(({ routeTableId }) => routeTableId),
        },
      })),
    },
    ...page.answer,
  };
}

/** Every VPC has one router, whose id follows from its own. */
export function routerIdOf({ vpcId }: { readonly vpcId: string }): string {
  return `vrt-${vpcId.replace(/^vpc-/, '')}`;
}

/** Account ids are numbers in these answers; one that is none shows as 0. */
export function ownerNumber({ accountId }: { readonly accountId: string }): number {
  return /^\d+$/.test(accountId) ? Number(accountId) : 0;
}

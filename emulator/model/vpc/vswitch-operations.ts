import { freeAddressCounter } from '../address-pool.ts';
import { describedTime, numberedPage } from '../answer-page.ts';
import {
  blocksOverlap,
  containsBlock,
  parseCidrBlock,
  subBlock,
  type CidrBlock,
} from '../cidr-block.ts';
import { ownerNumber } from './network-operations.ts';
import type { Vpc, VSwitch } from './network-objects.ts';
import type { Answer, OperationContext, OperationHandler } from '../operation-context.ts';
import { isAtRest, shownStatus } from '../passage.ts';
import { zonesOf } from '../region-operations.ts';
import { hasTags, keyedTags, putTags, readTags } from '../tag-rules.ts';
import { departObject } from '../tombstone.ts';
import { claimVpc } from './vpc-lock.ts';

const VSWITCH_NOT_FOUND = ['InvalidVSwitchId.NotFound', 'InvalidVswitchID.NotFound'];
const IPV6_VSWITCH_LENGTH = 64;
const MAX_IPV6_NUMBER = 255;
const VSWITCH_MASKS = [16, 29] as const;
// Blocks that no vSwitch may lie in or touch.
const RESERVED = ['100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/4'];

/** The operations on vSwitches. */
export const VSWITCH_OPERATIONS: Readonly<Record<string, OperationHandler>> = {
  CreateVSwitch: createVSwitch,
  ModifyVSwitchAttribute: modifyVSwitchAttribute,
  DeleteVSwitch: deleteVSwitch,
  DescribeVSwitches: describeVSwitches,
  DescribeVSwitchAttributes: describeVSwitchAttributes,
};

/** Finds a vSwitch as the call sees it. */
export function requireVSwitch(
  context: OperationContext,
  vSwitchId = context.parameters.text('VSwitchId'),
): VSwitch {
  context.objectIds.add(vSwitchId);
  const vSwitch = context.state.vSwitches.get(vSwitchId, context.asOf);
  if (vSwitch === undefined || !context.sees(vSwitch)) {
    throw context.failureOf(
      VSWITCH_NOT_FOUND,
      `NotFound: the specified VSwitchId "${vSwitchId}" does not exist.`,
    );
  }
  return vSwitch;
}

function createVSwitch(context: OperationContext): Answer {
  const { parameters, state, now } = context;
  const vpc = claimVpc(context, parameters.text('VpcId'));
  const zoneId = parameters.text('ZoneId');
  if (!zonesOf(state, vpc.regionId).includes(zoneId)) {
    throw context.failure('InvalidZoneId.NotFound', `The zone "${zoneId}" does not exist.`);
  }
  const siblings = state.vSwitches.list().filter(({ vpcId }) => vpcId === vpc.vpcId);
  if (siblings.length >= state.quota('vpc_quota_vswitches_num')) {
    throw context.failure('QuotaExceeded.VSwitch', 'The VPC has too many vSwitches.');
  }
  const block = creationBlock(context, vpc, siblings);
  refuseRouteConflict(context, vpc, block);
  const name = parameters.findText('VSwitchName');
  const description = parameters.findText('Description');
  const ipv6 = creationIpv6Block(context, vpc, siblings);
  const tags = readTags(context);
  const vSwitchId = state.ids.objectId('vsw', vpc.regionId, 17);
  const vSwitch: VSwitch = {
    ...context.ownership(),
    regionId: vpc.regionId,
    vSwitchId,
    vpcId: vpc.vpcId,
    zoneId,
    cidrBlock: block.text,
    ...(ipv6 === undefined ? {} : { ipv6CidrBlock: ipv6 }),
    ...(name === undefined ? {} : { vSwitchName: name }),
    ...(description === undefined ? {} : { description }),
    ...context.passage('Pending'),
  };
  putTags(context, vSwitchId, tags);
  state.vSwitches.set(vSwitchId, vSwitch, now);
  context.objectIds.add(vSwitchId);
  return { VSwitchId: vSwitchId };
}

function creationBlock(
  context: OperationContext,
  vpc: Vpc,
  siblings: readonly VSwitch[],
): CidrBlock {
  const block = parseCidrBlock(context.parameters.text('CidrBlock'));
  if (block?.family !== 'IPv4') {
    throw context.failure('InvalidCidrBlock.Malformed', 'The specified CidrBlock is not valid.');
  }
  const [shortest, longest] = VSWITCH_MASKS;
  if (block.length < shortest || block.length > longest) {
    throw context.failure('InvalidCirdrBlock.MaskLength', 'The mask must be 16 to 29 bits long.');
  }
  const ofVpc = blocksOf([vpc.cidrBlock, ...(vpc.secondaryCidrBlocks ?? [])]);
  const isReserved = blocksOf(RESERVED).some((reserved) => blocksOverlap(reserved, block));
  if (isReserved || !ofVpc.some((outer) => containsBlock(outer, block))) {
    throw context.failure('IllegalParam.CidrBlock', 'The CidrBlock does not lie in the VPC.');
  }
  const taken = blocksOf(siblings.map(({ cidrBlock }) => cidrBlock));
  if (taken.some((other) => blocksOverlap(other, block))) {
    throw context.failure(
      'InvalidCidrBlock.Overlapped',
      'The CidrBlock overlaps with that of another vSwitch.',
    );
  }
  return block;
}

/** A block that a route leads to already, or lies in, cannot become a vSwitch. */
function refuseRouteConflict(context: OperationContext, vpc: Vpc, block: CidrBlock): void {
  const { state } = context;
  const conflict = state.routeEntries.list().some((entry) => {
    const destination = parseCidrBlock(entry.destinationCidrBlock);
    return (
      destination !== undefined &&
      containsBlock(block, destination) &&
      state.routeTables.get(entry.routeTableId)?.vpcId === vpc.vpcId
    );
  });
  if (conflict) {
    throw context.failure('RouteConflict.AlreadyExist', 'A route entry leads into the CidrBlock.');
  }
}

function creationIpv6Block(
  context: OperationContext,
  vpc: Vpc,
  siblings: readonly VSwitch[],
): string | undefined {
  const number = context.parameters.findInteger('Ipv6CidrBlock');
  if (number === undefined) return undefined;
  const outer = parseCidrBlock(vpc.ipv6CidrBlock ?? '');
  if (outer === undefined) {
    throw context.failure('OperationFailed.VpcIpv6Disabled', 'The VPC has no IPv6 CIDR block.');
  }
  const block = subBlock(outer, IPV6_VSWITCH_LENGTH, number);
  if (siblings.some(({ ipv6CidrBlock }) => ipv6CidrBlock === block)) {
    throw context.failure(
      'OperationFailed.Ipv6CidrBlockExisted',
      'Another vSwitch has this IPv6 CIDR block.',
    );
  }
  return block;
}

function blocksOf(texts: readonly string[]): CidrBlock[] {
  return texts.flatMap((text) => parseCidrBlock(text) ?? []);
}

function modifyVSwitchAttribute(context: OperationContext): Answer {
  const { parameters, state, now } = context;
  const vSwitch = requireVSwitch(context);
  if (!isAtRest(vSwitch, now)) {
    throw context.failure('IncorrectStatus.VSwitch', 'The vSwitch is on its way to another state.');
  }
  const name = parameters.findText('VSwitchName');
  const description = parameters.findText('Description');
  const hasIpv6 = parameters.findFlag('EnableIPv6');
  const ipv6 = changedIpv6Block(context, vSwitch);
  const changed: VSwitch = {
    ...vSwitch,
    ...(name === undefined ? {} : { vSwitchName: name }),
    ...(description === undefined ? {} : { description }),
    ...(ipv6 === undefined ? {} : { ipv6CidrBlock: ipv6 }),
  };
  if (hasIpv6 === false) Reflect.deleteProperty(changed, 'ipv6CidrBlock');
  state.vSwitches.set(vSwitch.vSwitchId, changed, now);
  return {};
}

/** The IPv6 block that a change asks for: that of a number, or of the first free one. */
function changedIpv6Block(context: OperationContext, vSwitch: VSwitch): string | undefined {
  const { parameters, state } = context;
  const hasIpv6 = parameters.findFlag('EnableIPv6');
  const number = parameters.findInteger('Ipv6CidrBlock');
  if (hasIpv6 === false && number !== undefined) {
    throw context.failure(
      'ParamExclusive.DisableIpv6AndIpv6CidrBlock',
      'An IPv6 block cannot be asked for while IPv6 is switched off.',
    );
  }
  if (number === undefined && (hasIpv6 !== true || vSwitch.ipv6CidrBlock !== undefined)) {
    return undefined;
  }
  const vpc = state.vpcs.get(vSwitch.vpcId);
  const siblings = state.vSwitches
    .list()
    .filter(({ vpcId, vSwitchId }) => vpcId === vSwitch.vpcId && vSwitchId !== vSwitch.vSwitchId);
  const outer = parseCidrBlock(vpc?.ipv6CidrBlock ?? '');
  if (vpc === undefined || outer === undefined) {
    throw context.failure('OperationFailed.VpcIpv6Disabled', 'The VPC has no IPv6 CIDR block.');
  }
  if (number !== undefined) return creationIpv6Block(context, vpc, siblings);
  const taken = new Set(siblings.map(({ ipv6CidrBlock }) => ipv6CidrBlock));
  for (let free = 0; free <= MAX_IPV6_NUMBER; free += 1) {
    const block = subBlock(outer, IPV6_VSWITCH_LENGTH, free);
    if (!taken.has(block)) return block;
  }
  throw context.failure('IllegalParam.Ipv6CidrBlock', 'No IPv6 CIDR block is free.');
}

function deleteVSwitch(context: OperationContext): Answer {
  const { state, now, seq } = context;
  const vSwitch = requireVSwitch(context);
  const { vSwitchId } = vSwitch;
  claimVpc(context, vSwitch.vpcId);
  if (!isAtRest(vSwitch, now)) {
    throw context.failure('IncorrectVSwitchStatus', 'The status of the vSwitch does not allow it.');
  }
  const within = (object: { readonly vSwitchId: string }): boolean =>
    object.vSwitchId === vSwitchId;
  if (state.instances.list().some(within) || state.networkInterfaces.list().some(within)) {
    throw context.failure('DependencyViolation', 'The vSwitch is in use by ECS.');
  }
  if (state.loadBalancers.list().some(within)) {
    throw context.failure('DependencyViolation.CloudService', 'The vSwitch is in use by CLB.');
  }
  if (vSwitch.routeTableId !== undefined) {
    throw context.failure(
      'DependencyViolation.RouteTable',
      'The vSwitch is associated with a custom route table.',
    );
  }
  context.refuseDryRun();
  departObject(state, { kind: 'vSwitch', id: vSwitchId, now, seq });
  return {};
}

function describeVSwitches(context: OperationContext): Answer {
  context.refuseDryRun();
  const { parameters, state } = context;
  const vSwitchId = parameters.findText('VSwitchId');
  if (vSwitchId !== undefined) context.objectIds.add(vSwitchId);
  const tables = systemTables(context);
  const hasIpv6 = parameters.findFlag('EnableIpv6');
  const found = state.vSwitches
    .list(context.asOf)
    .filter((vSwitch) => context.sees(vSwitch) && context.wants('VpcId', vSwitch.vpcId))
    .filter((vSwitch) => context.wants('VSwitchId', vSwitch.vSwitchId))
    .filter((vSwitch) => context.wants('ZoneId', vSwitch.zoneId))
    .filter((vSwitch) => context.wants('VSwitchName', vSwitch.vSwitchName ?? ''))
    .filter((vSwitch) => context.wants('RouteTableId', tableOf(vSwitch, tables).id))
    .filter((each) => hasIpv6 === undefined || (each.ipv6CidrBlock !== undefined) === hasIpv6)
    .filter((each) => hasTags(context.visibleTags(each.vSwitchId), parameters.items('Tag')))
    // No vSwitch here is anybody's default.
    .filter(() => parameters.findFlag('IsDefault') !== true);
  const page = numberedPage(context, found, 10);
  const countFree = freeAddressCounter(state);
  return {
    VSwitches: {
      VSwitch: page.items.map((each) => describedVSwitch(context, each, { tables, countFree })),
    },
    ...page.answer,
  };
}

function describeVSwitchAttributes(context: OperationContext): Answer {
  const vSwitch = requireVSwitch(context);
  context.refuseDryRun();
  const tables = systemTables(context);
  const countFree = freeAddressCounter(context.state);
  return describedVSwitch(context, vSwitch, { tables, countFree });
}

/** The system route tables of the VPCs, by VPC. */
function systemTables(context: OperationContext): Map<string, string> {
  const tables = context.state.routeTables.list(context.asOf);
  return new Map(
    tables
      .filter(({ type }) => type === 'System')
      .map(({ vpcId, routeTableId }) => [vpcId, routeTableId]),
  );
}

function tableOf(
  vSwitch: VSwitch,
  tables: ReadonlyMap<string, string>,
): { readonly id: string; readonly type: string } {
  return vSwitch.routeTableId === undefined
    ? { id: tables.get(vSwitch.vpcId) ?? '', type: 'System' }
    : { id: vSwitch.routeTableId, type: 'Custom' };
}

function describedVSwitch(
  context: OperationContext,
  vSwitch: VSwitch,
  known: {
    readonly tables: ReadonlyMap<string, string>;
    readonly countFree: (cidrBlock: string) => number;
  },
): Record<string, unknown> {
  const table = tableOf(vSwitch, known.tables);
  return {
    VSwitchId: vSwitch.vSwitchId,
    VSwitchName: vSwitch.vSwitchName ?? '',
    VpcId: vSwitch.vpcId,
    ZoneId: vSwitch.zoneId,
    CidrBlock: vSwitch.cidrBlock,
    Ipv6CidrBlock: vSwitch.ipv6CidrBlock ?? '',
    EnabledIpv6: vSwitch.ipv6CidrBlock !== undefined,
    // A vSwitch on its way out shows no state of its own for it.
    Status: shownStatus(vSwitch, context.asOf, { leaving: 'Pending' }),
    AvailableIpAddressCount: known.countFree(vSwitch.cidrBlock),
    CreationTime: describedTime(vSwitch.createdAt),
    Description: vSwitch.description ?? '',
    IsDefault: false,
    OwnerId: ownerNumber(vSwitch),
    RouteTable: { RouteTableId: table.id, RouteTableType: table.type },
    Tags: { Tag: keyedTags(context, vSwitch.vSwitchId) },
  };
}

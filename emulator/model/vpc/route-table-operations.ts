import { describedTime, numberedPage } from '../answer-page.ts';
import type { RouteTable, VSwitch } from './network-objects.ts';
import { ownerNumber, routerIdOf } from './network-operations.ts';
import type { Answer, OperationContext, OperationHandler } from '../operation-context.ts';
import { isAtRest, shownStatus } from '../passage.ts';
import { DEFAULT_WEIGHT, entriesOf, isBlackhole, type ListedEntry } from './route-entry-list.ts';
import { hasTags, keyedTags, putTags, readTags } from '../tag-rules.ts';
import { departObject } from '../tombstone.ts';
import { claimVpc, claimVpcOfTable, requireRouteTable } from './vpc-lock.ts';
import { requireVSwitch } from './vswitch-operations.ts';
import { withoutMembers } from '../without-members.ts';

const TABLE_STATUS_CODES = [
  'IncorrectRouteTableStatus',
  'IncorrectStatus.RouteTable',
  'IncorrectStatus',
  'OperationConflict',
];

/** The operations on route tables. */
export const ROUTE_TABLE_OPERATIONS: Readonly<Record<string, OperationHandler>> = {
  CreateRouteTable: createRouteTable,
  DeleteRouteTable: deleteRouteTable,
  DescribeRouteTables: describeRouteTables,
  DescribeRouteTableList: describeRouteTableList,
  ModifyRouteTableAttributes: modifyRouteTableAttributes,
  AssociateRouteTable: associateRouteTable,
  UnassociateRouteTable: unassociateRouteTable,
};

function createRouteTable(context: OperationContext): Answer {
  const { parameters, state, now } = context;
  const vpc = claimVpc(context, parameters.text('VpcId'));
  const custom = state.routeTables
    .list()
    .filter(({ vpcId, type }) => vpcId === vpc.vpcId && type === 'Custom');
  if (custom.length >= state.quota('vpc_quota_route_tables_num')) {
    throw context.failure('QuotaExceeded.RouteTable', 'The VPC has too many route tables.');
  }
  const tags = readTags(context);
  const routeTableId = state.ids.objectId('vtb', vpc.regionId, 17);
  const table: RouteTable = {
    ...context.ownership(),
    regionId: vpc.regionId,
    routeTableId,
    vpcId: vpc.vpcId,
    type: 'Custom',
    ...named(context),
    ...context.passage('Pending'),
  };
  putTags(context, routeTableId, tags);
  state.routeTables.set(routeTableId, table, now);
  context.objectIds.add(routeTableId);
  return { RouteTableId: routeTableId };
}

function named(context: OperationContext): Pick<RouteTable, 'routeTableName' | 'description'> {
  const routeTableName = context.parameters.findText('RouteTableName');
  const description = context.parameters.findText('Description');
  return {
    ...(routeTableName === undefined ? {} : { routeTableName }),
    ...(description === undefined ? {} : { description }),
  };
}

/** Finds the table that a write names, at rest, and claims its VPC. */
function claimTable(context: OperationContext): RouteTable {
  const table = requireRouteTable(context, context.parameters.text('RouteTableId'));
  claimVpcOfTable(context, table);
  if (!isAtRest(table, context.now)) {
    throw context.failureOf(TABLE_STATUS_CODES, 'The status of the route table does not allow it.');
  }
  return table;
}

function deleteRouteTable(context: OperationContext): Answer {
  const { state, now, seq } = context;
  const { routeTableId, type } = claimTable(context);
  if (type === 'System') {
    throw context.failure('IncorrectRouteTableType', 'A system route table cannot be deleted.');
  }
  if (associatedWith(state.vSwitches.list(), routeTableId).length > 0) {
    throw context.failure(
      'IncorrectRouteTableStatus',
      'The route table is associated with a vSwitch.',
    );
  }
  if (state.routeEntries.list().some((entry) => entry.routeTableId === routeTableId)) {
    throw context.failure(
      'IncorrectRouteTableStatus.RouteEntryExist',
      'The route table still has entries.',
    );
  }
  departObject(state, { kind: 'routeTable', id: routeTableId, now, seq });
  return {};
}

function modifyRouteTableAttributes(context: OperationContext): Answer {
  const table = claimTable(context);
  const propagation = context.parameters.findFlag('RoutePropagationEnable');
  context.state.routeTables.set(
    table.routeTableId,
    {
      ...table,
      ...named(context),
      ...(propagation === undefined ? {} : { routePropagationEnable: propagation }),
    },
    context.now,
  );
  return {};
}

function associateRouteTable(context: OperationContext): Answer {
  const { vSwitch, table } = claimPair(context);
  if (table.type === 'System') {
    throw context.failure(
      'OperationDenied.SwitchToSystemRouteTable',
      'A vSwitch goes back to the system route table by unassociating it from its own.',
    );
  }
  if (table.vpcId !== vSwitch.vpcId) {
    throw context.failure('Forbidden.NotInSameVpc', 'They are not in one VPC.');
  }
  if (vSwitch.routeTableId === table.routeTableId) {
    throw context.failure(
      'Forbidden.VSwitchAlreadyAssociatedRouteTable',
      'The vSwitch is associated with the route table already.',
    );
  }
  context.state.vSwitches.set(
    vSwitch.vSwitchId,
    { ...vSwitch, routeTableId: table.routeTableId, ...context.passage('Pending') },
    context.now,
  );
  return {};
}

function unassociateRouteTable(context: OperationContext): Answer {
  const { vSwitch, table } = claimPair(context);
  if (table.type === 'System') {
    throw context.failure('OperationUnsupported.SystemRouteTable', 'It is the system route table.');
  }
  if (vSwitch.routeTableId !== table.routeTableId) {
    throw context.failure(
      'OperationFailed.VSwitchNotAssociate',
      'The vSwitch is not associated with the route table.',
    );
  }
  const next: VSwitch = {
    ...withoutMembers(vSwitch, 'routeTableId'),
    ...context.passage('Pending'),
  };
  context.state.vSwitches.set(vSwitch.vSwitchId, next, context.now);
  return {};
}

function claimPair(context: OperationContext): {
  readonly vSwitch: VSwitch;
  readonly table: RouteTable;
} {
  const vSwitch = requireVSwitch(context);
  const table = claimTable(context);
  if (!isAtRest(vSwitch, context.now)) {
    throw context.failure('IncorrectVSwitchStatus', 'The status of the vSwitch does not allow it.');
  }
  return { vSwitch, table };
}

function describeRouteTableList(context: OperationContext): Answer {
  const { parameters, state, asOf } = context;
  const found = tablesAsked(context)
    .filter(({ vpcId }) => context.wants('VpcId', vpcId))
    .filter(({ type }) => context.wants('RouteTableType', type))
    .filter((table) => hasTags(context.visibleTags(table.routeTableId), parameters.items('Tag')));
  const page = numberedPage(context, found, 10);
  const vSwitches = state.vSwitches.list(asOf);
  return {
    RouterTableList: {
      RouterTableListType: page.items.map((table) => ({
        RouteTableId: table.routeTableId,
        RouteTableName: table.routeTableName ?? '',
        Description: table.description ?? '',
        RouteTableType: table.type,
        AssociateType: 'VSwitch',
        VpcId: table.vpcId,
        RouterId: routerIdOf(table),
        RouterType: 'VRouter',
        RoutePropagationEnable: table.routePropagationEnable ?? true,
        Status: shownStatus(table, asOf),
        CreationTime: describedTime(table.createdAt),
        OwnerId: ownerNumber(table),
        VSwitchIds: { VSwitchId: vSwitchIdsOf(table, vSwitches) },
        GatewayIds: { GatewayIds: [] },
        Tags: { Tag: keyedTags(context, table.routeTableId) },
      })),
    },
    ...page.answer,
  };
}

function describeRouteTables(context: OperationContext): Answer {
  const { state, asOf } = context;
  const found = tablesAsked(context)
    .filter((table) => context.wants('VRouterId', routerIdOf(table)))
    .filter(({ type }) => context.wants('Type', type));
  const page = numberedPage(context, found, 10);
  const vSwitches = state.vSwitches.list(asOf);
  return {
    RouteTables: {
      RouteTable: page.items.map((table) => ({
        RouteTableId: table.routeTableId,
        RouteTableType: table.type,
        VRouterId: routerIdOf(table),
        Status: shownStatus(table, asOf),
        CreationTime: describedTime(table.createdAt),
        VSwitchIds: { VSwitchId: vSwitchIdsOf(table, vSwitches) },
        RouteEntrys: {
          RouteEntry: entriesOf(context, table).map((entry) => describedEntry(context, entry)),
        },
      })),
    },
    ...page.answer,
  };
}

/** The tables that the filters of both lists let through. */
function tablesAsked(context: OperationContext): RouteTable[] {
  const id = context.parameters.findText('RouteTableId');
  if (id !== undefined) context.objectIds.add(id);
  return context.state.routeTables
    .list(context.asOf)
    .filter((table) => context.sees(table))
    .filter(({ routeTableId }) => context.wants('RouteTableId', routeTableId))
    .filter(({ routeTableName }) => context.wants('RouteTableName', routeTableName ?? ''))
    .filter((table) => context.wants('RouterId', routerIdOf(table)))
    .filter(() => context.wants('RouterType', 'VRouter'));
}

function describedEntry(context: OperationContext, entry: ListedEntry): Record<string, unknown> {
  const { RouteEntryId, RouteEntryName, RouteTableId, Type, Status, Description } = entry.shown;
  const [first] = entry.hops;
  return {
    RouteEntryId,
    RouteEntryName,
    RouteTableId: RouteTableId ?? '',
    DestinationCidrBlock: entry.destination,
    Type,
    Status,
    Description,
    ...(entry.hops.length > 1
      ? {}
      : { InstanceId: first?.nextHopId ?? '', NextHopType: first?.nextHopType ?? '' }),
    NextHops: {
      NextHop: entry.hops.map((hop) => ({
        NextHopId: hop.nextHopId,
        NextHopType: hop.nextHopType,
        Enabled: isBlackhole(context, hop) ? 0 : 1,
        Weight: hop.weight ?? DEFAULT_WEIGHT,
      })),
    },
  };
}

function vSwitchIdsOf(table: RouteTable, vSwitches: readonly VSwitch[]): string[] {
  const own =
    table.type === 'Custom'
      ? associatedWith(vSwitches, table.routeTableId)
      : vSwitches.filter(
          ({ vpcId, routeTableId }) => vpcId === table.vpcId && routeTableId === undefined,
        );
  return own.map(({ vSwitchId }) => vSwitchId);
}

function associatedWith(vSwitches: readonly VSwitch[], routeTableId: string): VSwitch[] {
  return vSwitches.filter((vSwitch) => vSwitch.routeTableId === routeTableId);
}

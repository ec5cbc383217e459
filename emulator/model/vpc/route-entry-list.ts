import { describedTime, tokenPage } from '../answer-page.ts';
import { parseCidrBlock } from '../cidr-block.ts';
import type { NextHop, RouteEntry, RouteTable } from './network-objects.ts';
import type { Answer, OperationContext } from '../operation-context.ts';
import { shownStatus } from '../passage.ts';
import { systemRoutesOf, vSwitchesByVpc, type SystemRoute } from './system-routes.ts';
import { requireRouteTable } from './vpc-lock.ts';

const DEFAULT_PAGE_SIZE = 100;
/** The weight of a next hop that shares with no other. */
export const DEFAULT_WEIGHT = 255;

/** Lists the entries of one table: its own in the order in which they were made, then the system's. */
export function describeRouteEntryList(context: OperationContext): Answer {
  const { parameters } = context;
  const table = requireRouteTable(context, parameters.text('RouteTableId'));
  const listed = entriesOf(context, table);
  refuseUnknownHop(context, listed);

  const asked = [parameters.findText('DestinationCidrBlock') ?? []].flat();
  const destinations = new Set(
    [...parameters.texts('DestCidrBlockList'), ...asked].map(
      (text) => parseCidrBlock(text)?.text ?? text,
    ),
  );
  const nextHopId = parameters.findText('NextHopId');
  const nextHopType = parameters.findText('NextHopType');
  const found = listed
    .filter(({ destination }) => destinations.size === 0 || destinations.has(destination))
    .filter(
      ({ hops }) => nextHopId === undefined || hops.some((hop) => hop.nextHopId === nextHopId),
    )
    .filter(
      ({ hops }) =>
        nextHopType === undefined || hops.some((hop) => hop.nextHopType === nextHopType),
    )
    .filter(({ shown }) => context.wants('RouteEntryId', shown.RouteEntryId))
    .filter(({ shown }) => context.wants('RouteEntryName', shown.RouteEntryName))
    .filter(({ shown }) => context.wants('RouteEntryType', shown.Type))
    .filter(({ family }) => context.wants('IpVersion', family));
  const page = tokenPage(context, found, {
    size: parameters.findInteger('MaxResult') ?? DEFAULT_PAGE_SIZE,
    invalidTokenCode: 'IllegalParam.NextToken',
  });
  return {
    RouteEntrys: {
      RouteEntry: page.items.map(({ shown, hops }) => ({
        ...shown,
        NextHops: { NextHop: hops.map((hop) => describedHop(context, hop)) },
      })),
    },
    NextToken: page.nextToken ?? '',
  };
}

/** One entry of the list, of either kind. */
export interface ListedEntry {
  readonly destination: string;
  readonly family: 'IPv4' | 'IPv6';
  readonly hops: readonly NextHop[];
  readonly shown: Readonly<
    Record<'RouteEntryId' | 'RouteEntryName' | 'Type' | 'Status' | 'Description', string>
  > &
    Readonly<Record<string, string>>;
}

/** Lists all entries of a table as a read sees them. */
export function entriesOf(context: OperationContext, table: RouteTable): ListedEntry[] {
  const { state, asOf } = context;
  const custom = state.routeEntries
    .list(asOf)
    .filter(({ routeTableId }) => routeTableId === table.routeTableId)
    .map((entry) => listedCustom(entry, asOf));
  const vSwitches = vSwitchesByVpc(state, asOf).get(table.vpcId) ?? [];
  return [...custom, ...systemRoutesOf(table, vSwitches).map(listedSystem)];
}

function listedCustom(entry: RouteEntry, asOf: number): ListedEntry {
  return {
    destination: entry.destinationCidrBlock,
    family: entry.ipVersion,
    hops: entry.nextHops,
    shown: {
      RouteEntryId: entry.routeEntryId,
      RouteEntryName: entry.routeEntryName ?? '',
      RouteTableId: entry.routeTableId,
      DestinationCidrBlock: entry.destinationCidrBlock,
      Description: entry.description ?? '',
      IpVersion: entry.ipVersion.toLowerCase(),
      Type: 'Custom',
      Origin: 'CustomCreate',
      Status: shownStatus(entry, asOf),
      GmtModified: describedTime(entry.modifiedAt),
    },
  };
}

function listedSystem(route: SystemRoute): ListedEntry {
  return {
    destination: route.destinationCidrBlock,
    family: route.ipVersion,
    hops: [{ nextHopType: route.nextHopType, nextHopId: '' }],
    shown: {
      RouteEntryId: route.routeEntryId,
      RouteEntryName: '',
      RouteTableId: route.routeTableId,
      DestinationCidrBlock: route.destinationCidrBlock,
      Description: '',
      IpVersion: route.ipVersion.toLowerCase(),
      Type: 'System',
      Origin: 'SystemCreate',
      Status: 'Available',
      GmtModified: describedTime(0),
    },
  };
}

/** Describes a next hop; one that is gone is not enabled any more. */
function describedHop(context: OperationContext, hop: NextHop): Record<string, unknown> {
  return {
    NextHopType: hop.nextHopType,
    NextHopId: hop.nextHopId,
    NextHopRegionId: context.regionId,
    Enabled: isBlackhole(context, hop) ? 0 : 1,
    Weight: hop.weight ?? DEFAULT_WEIGHT,
  };
}

/** Tells whether what a next hop leads to is gone. */
export function isBlackhole(context: OperationContext, hop: NextHop): boolean {
  const { state, asOf } = context;
  if (hop.nextHopType === 'Instance') return state.instances.get(hop.nextHopId, asOf) === undefined;
  return (
    hop.nextHopType === 'NetworkInterface' &&
    state.networkInterfaces.get(hop.nextHopId, asOf) === undefined
  );
}

function refuseUnknownHop(context: OperationContext, listed: readonly ListedEntry[]): void {
  const { parameters, state, asOf } = context;
  const id = parameters.findText('NextHopId');
  if (id === undefined) return;
  const known = state.instances.get(id, asOf) ?? state.networkInterfaces.get(id, asOf) ?? undefined;
  if (known !== undefined || listed.some(({ hops }) => hops.some((hop) => hop.nextHopId === id))) {
    return;
  }
  throw context.failure('InvalidNextHop.NotFound', `The next hop "${id}" does not exist.`);
}

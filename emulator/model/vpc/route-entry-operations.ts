import type { ApiError } from '../api-error.ts';
import { parseCidrBlock } from '../cidr-block.ts';
import type { NextHop, RouteEntry, RouteTable } from './network-objects.ts';
import type { Answer, OperationContext, OperationHandler } from '../operation-context.ts';
import { violation } from '../operation-parameters.ts';
import { isAtRest } from '../passage.ts';
import { describeRouteEntryList, entriesOf } from './route-entry-list.ts';
import { RouteBook, RouteRefusal } from './route-rules.ts';
import { findSystemRoute } from './system-routes.ts';
import { departObject } from '../tombstone.ts';
import { claimVpcOfTable, requireRouteTable } from './vpc-lock.ts';

const MAX_NEXT_HOPS = 16;
const STATUS_CODES = ['IncorrectRouteEntryStatus', 'IncorrectStatus'];

/** The operations on the entries of route tables. */
export const ROUTE_ENTRY_OPERATIONS: Readonly<Record<string, OperationHandler>> = {
  CreateRouteEntry: createRouteEntry,
  CreateRouteEntries: createRouteEntries,
  DeleteRouteEntry: deleteRouteEntry,
  DeleteRouteEntries: deleteRouteEntries,
  ModifyRouteEntry: modifyRouteEntry,
  DescribeRouteEntryList: describeRouteEntryList,
};

/** What a caller wants an entry to be. */
interface WantedEntry {
  readonly destination: string;
  readonly nextHops: readonly NextHop[];
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  readonly ipVersion?: string | undefined;
}

function createRouteEntry(context: OperationContext): Answer {
  const { parameters } = context;
  const table = requireRouteTable(context, parameters.text('RouteTableId'));
  const vpc = claimVpcOfTable(context, table);
  const wanted: WantedEntry = {
    destination: parameters.text('DestinationCidrBlock'),
    nextHops: readNextHops(context),
    name: parameters.findText('RouteEntryName'),
    description: parameters.findText('Description'),
  };
  const book = new RouteBook(context, vpc);
  try {
    const destination = book.checkNew(table, wanted);
    context.refuseDryRun();
    return { RouteEntryId: addEntry(context, book, table, { ...wanted, destination }) };
  } catch (error) {
    throw asApiError(context, error);
  }
}

function readNextHops(context: OperationContext): NextHop[] {
  const { parameters } = context;
  const items = parameters.items('NextHopList');
  const nextHopId = parameters.findText('NextHopId');
  const nextHopType = parameters.findText('NextHopType');
  if (items.length === 0) {
    if (nextHopId === undefined) {
      throw context.failure(
        'InvalidNexthopTypeAndList.BothNull',
        'Either NextHopId or NextHopList is needed.',
      );
    }
    return [{ nextHopType: nextHopType ?? 'Instance', nextHopId }];
  }
  if (nextHopId !== undefined || nextHopType !== undefined) {
    throw context.failure(
      'InvalidNexthopTypeAndList.BothNotNull',
      'NextHopId and NextHopList exclude each other.',
    );
  }
  if (items.length < 2 || items.length > MAX_NEXT_HOPS) {
    throw context.failure('InvalidNexthopListSize', 'NextHopList takes 2 to 16 next hops.');
  }
  return items.map((item) => ({
    nextHopType: item.NextHopType ?? 'Instance',
    nextHopId: item.NextHopId ?? '',
    weight: Number(item.Weight ?? 255),
  }));
}

function createRouteEntries(context: OperationContext): Answer {
  const batch = readBatch(context);
  context.refuseDryRun();
  const made: string[] = [];
  const failed: FailedEntry[] = [];
  for (const { item, table, book } of batch) {
    const destination = item.DstCidrBlock ?? '';
    const nextHop = { nextHopType: item.NextHopType ?? 'Instance', nextHopId: item.NextHop ?? '' };
    const wanted = {
      destination,
      nextHops: [nextHop],
      name: item.Name,
      description: item.Description,
      ipVersion: item.IpVersion,
    };
    try {
      const checked = book.checkNew(table, wanted);
      made.push(addEntry(context, book, table, { ...wanted, destination: checked }));
    } catch (error) {
      if (!(error instanceof RouteRefusal)) throw error;
      failed.push(failedEntry(item.DstCidrBlock, item.NextHop, error));
    }
  }
  if (made.length === 0) changeNothing(context);
  return {
    RouteEntryIds: made,
    SuccessCount: made.length,
    FailedCount: failed.length,
    FailedRouteEntries: failed,
  };
}

function deleteRouteEntries(context: OperationContext): Answer {
  const batch = readBatch(context);
  context.refuseDryRun();
  const failed: (FailedEntry & { readonly RouteEntryId: string })[] = [];
  for (const { item, table, book } of batch) {
    try {
      removeEntry(
        context,
        book,
        book.require(table, {
          id: item.RouteEntryId,
          destination: item.DstCidrBlock,
          nextHopId: item.NextHop,
        }),
      );
    } catch (error) {
      if (!(error instanceof RouteRefusal)) throw error;
      const facts = failedEntry(item.DstCidrBlock, item.NextHop, error);
      failed.push({ ...facts, RouteEntryId: item.RouteEntryId ?? '' });
    }
  }
  if (failed.length === batch.length) changeNothing(context);
  return {
    SuccessCount: batch.length - failed.length,
    FailedCount: failed.length,
    FailedRouteEntries: failed,
  };
}

/** An accepted batch of which every item failed changes nothing and holds nothing. */
function changeNothing(context: OperationContext): void {
  context.changedNothing = true;
  context.hold = undefined;
}

interface BatchItem {
  readonly item: Readonly<Record<string, string>>;
  readonly table: RouteTable;
  readonly book: RouteBook;
}

/** Reads the items of a batch with their tables; the VPCs are claimed, and each has one book. */
function readBatch(context: OperationContext): BatchItem[] {
  const books = new Map<string, RouteBook>();
  return context.parameters.items('RouteEntries').map((item) => {
    const table = requireRouteTable(context, item.RouteTableId ?? '');
    let book = books.get(table.vpcId);
    if (book === undefined) {
      book = new RouteBook(context, claimVpcOfTable(context, table));
      books.set(table.vpcId, book);
    }
    return { item, table, book };
  });
}

interface FailedEntry {
  readonly DstCidrBlock: string;
  readonly NextHop: string;
  readonly FailedCode: string;
  readonly FailedMessage: string;
}

function failedEntry(
  destination: string | undefined,
  nextHop: string | undefined,
  refusal: RouteRefusal,
): FailedEntry {
  return {
    DstCidrBlock: destination ?? '',
    NextHop: nextHop ?? '',
    FailedCode: refusal.itemCode,
    FailedMessage: refusal.message,
  };
}

function addEntry(
  context: OperationContext,
  book: RouteBook,
  table: RouteTable,
  wanted: WantedEntry,
): string {
  const { state, now } = context;
  const routeEntryId = state.ids.objectId('rte', table.regionId, 17);
  const entry: RouteEntry = {
    ...context.ownership(),
    regionId: table.regionId,
    routeEntryId,
    routeTableId: table.routeTableId,
    destinationCidrBlock: wanted.destination,
    ipVersion: wanted.destination.includes(':') ? 'IPv6' : 'IPv4',
    ...(wanted.name === undefined ? {} : { routeEntryName: wanted.name }),
    ...(wanted.description === undefined ? {} : { description: wanted.description }),
    nextHops: wanted.nextHops,
    modifiedAt: now,
    ...context.passage('Pending'),
  };
  context.objectIds.add(routeEntryId);
  state.routeEntries.set(routeEntryId, entry, now);
  book.note(entry);
  return routeEntryId;
}

function removeEntry(context: OperationContext, book: RouteBook, entry: RouteEntry): void {
  const id = entry.routeEntryId;
  context.objectIds.add(id);
  departObject(context.state, { kind: 'routeEntry', id, now: context.now, seq: context.seq });
  book.noteRemoved(entry);
}

function deleteRouteEntry(context: OperationContext): Answer {
  const { parameters, state } = context;
  const id = parameters.findText('RouteEntryId');
  const destination = parameters.findText('DestinationCidrBlock');
  const routeTableId = parameters.findText('RouteTableId');
  if (id !== undefined && destination !== undefined) {
    throw context.failure(
      'ParamExclusive.RouteEntryIdAndRouteTableIdOrDestCidrBlock',
      'RouteEntryId and DestinationCidrBlock exclude each other.',
    );
  }
  const nextHopId = parameters.findText('NextHopId');
  const nextHopIds = parameters.items('NextHopList').map((item) => item.NextHopId ?? '');
  if (nextHopId !== undefined && nextHopIds.length > 0) {
    throw context.failure(
      'ParamExclusive.NextHopIdAndList',
      'NextHopId and NextHopList exclude each other.',
    );
  }
  const tableId = routeTableId ?? tableOfEntry(context, id);
  if (tableId === undefined || (id === undefined && destination === undefined)) {
    if (id !== undefined) throw absent(context, 'InvalidRouteEntry.NotFound');
    throw context.failure(
      'MissingParameter',
      'RouteEntryId, or RouteTableId and DestinationCidrBlock are needed.',
    );
  }
  const table = requireRouteTable(context, tableId);
  const book = new RouteBook(context, claimVpcOfTable(context, table));
  try {
    const entry = book.require(table, { id, destination, nextHopId, nextHopIds });
    context.refuseDryRun();
    removeEntry(context, book, state.routeEntries.get(entry.routeEntryId) ?? entry);
    return {};
  } catch (error) {
    throw asApiError(context, error);
  }
}

function modifyRouteEntry(context: OperationContext): Answer {
  const { parameters, state, now } = context;
  const { table, id, isSystem } = entryToModify(context);
  const book = new RouteBook(context, claimVpcOfTable(context, table));
  const entry = id === undefined ? undefined : state.routeEntries.get(id);
  if (isSystem) {
    throw context.failure(
      'OperationDenied.ModifyManagedRouteEntry',
      'Entries of the system cannot be changed.',
    );
  }
  if (entry === undefined) throw absent(context, 'InvalidRouteEntryId.NotFound');
  if (!isAtRest(entry, now)) {
    throw context.failureOf(STATUS_CODES, 'The status of the route entry does not allow it.');
  }
  const name = parameters.findText('RouteEntryName');
  const description = parameters.findText('Description');
  const nextHops = newNextHops(context, book, entry);
  context.refuseDryRun();
  state.routeEntries.set(
    entry.routeEntryId,
    {
      ...entry,
      ...(name === undefined ? {} : { routeEntryName: name }),
      ...(description === undefined ? {} : { description }),
      ...(nextHops === undefined ? {} : { nextHops, ...context.passage('Modifying') }),
      modifiedAt: now,
    },
    now,
  );
  return {};
}

interface EntryToModify {
  readonly table: RouteTable;
  /** Absent where the table has no such entry. */
  readonly id: string | undefined;
  readonly isSystem: boolean;
}

/** Finds what a change is about: by its id, or by its table and destination. */
function entryToModify(context: OperationContext): EntryToModify {
  const { parameters, state } = context;
  const id = parameters.findText('RouteEntryId');
  const routeTableId = parameters.findText('RouteTableId');
  const destination = parameters.findText('DestinationCidrBlock');
  if (id !== undefined) {
    const tableId = tableOfEntry(context, id);
    if (tableId === undefined) throw absent(context, 'InvalidRouteEntryId.NotFound');
    const table = requireRouteTable(context, tableId);
    return { table, id, isSystem: state.routeEntries.get(id) === undefined };
  }
  if (routeTableId === undefined || destination === undefined) {
    throw violation(context.operation, 'RouteEntryId', 'missing');
  }
  const table = requireRouteTable(context, routeTableId);
  const block = parseCidrBlock(destination)?.text ?? destination;
  const named = entriesOf(context, table).find((entry) => entry.destination === block);
  const namedId = named?.shown.RouteEntryId;
  if (namedId !== undefined) context.objectIds.add(namedId);
  return { table, id: namedId, isSystem: named?.shown.Type === 'System' };
}

function newNextHops(
  context: OperationContext,
  book: RouteBook,
  entry: RouteEntry,
): readonly NextHop[] | undefined {
  const nextHopId = context.parameters.findText('NewNextHopId');
  const nextHopType = context.parameters.findText('NewNextHopType');
  if (nextHopId === undefined && nextHopType === undefined) return undefined;
  if (nextHopId === undefined) {
    throw context.failure('MissingParam.NewNextHopId', 'NewNextHopType needs NewNextHopId.');
  }
  if (nextHopType === undefined) {
    throw context.failure('MissingParam.NewNextHopType', 'NewNextHopId needs NewNextHopType.');
  }
  const hop = { nextHopType, nextHopId };
  if (entry.nextHops.some((each) => each.nextHopId === nextHopId)) {
    throw context.failure('OperationDenied.NextHopExist', 'The entry has this next hop already.');
  }
  try {
    book.checkNextHop(hop);
  } catch (error) {
    throw asApiError(context, error);
  }
  return [hop];
}

/** The table of an entry, one of the system's too. */
function tableOfEntry(context: OperationContext, id: string | undefined): string | undefined {
  if (id === undefined) return undefined;
  context.objectIds.add(id);
  const { state } = context;
  return state.routeEntries.get(id)?.routeTableId ?? findSystemRoute(state, id)?.routeTableId;
}

function absent(context: OperationContext, code: string): ApiError {
  return context.failure(code, 'NotFound: the specified route entry does not exist.');
}

/** The single operations answer a refusal with the code of their own vocabulary. */
function asApiError(context: OperationContext, error: unknown): unknown {
  return error instanceof RouteRefusal ? context.failureOf(error.codes, error.message) : error;
}

import type { CallOptions } from '../call-options.ts';
import { Failure } from '../failure.ts';
import type { CallPipeline } from '../transport/call-pipeline.ts';
import { followPages, followTokens } from '../transport/complete-list.ts';
import { ModelCaller } from '../transport/model-caller.ts';
import type { ModelFields } from '../transport/model-codec.ts';
import { parseRouteEntry, parseRouteTable, parseVpc } from './vpc-answers.ts';
import {
  MAX_ROUTE_ENTRIES_PER_CALL,
  type CloudRouteEntry,
  type CloudRouteTable,
  type CloudVpc,
  type NewRouteEntry,
  type RouteBatchAnswer,
  type RouteEntryKey,
  type VpcClient,
} from './vpc-client.ts';
import { VPC_OPERATIONS } from './vpc-operations.ts';

/** What the client is made from. */
export interface OpenApiVpcClientPorts {
  readonly pipeline: CallPipeline;
  readonly regionId: (signal: AbortSignal) => Promise<string>;
}

/** The longest page of route tables that the API answers. */
const TABLES_PER_PAGE = 50;

/** The published schema allows more than the text of the documentation; the Go CCM asks for as many. */
const ENTRIES_PER_PAGE = 500;

type BatchResult = ModelFields<
  InstanceType<(typeof VPC_OPERATIONS)['createRouteEntries' | 'deleteRouteEntries']['answer']>
>;

/**
 * Virtual Private Cloud over the vendor's OpenAPI.
 *
 * Shape: one method, one operation, but for lists, which follow every page; writes to one VPC take
 *   one lane, whichever of its tables they change.
 * Source: VPC API 2016-04-28.
 */
export class OpenApiVpcClient implements VpcClient {
  readonly #calls: ModelCaller;
  readonly #regionId: (signal: AbortSignal) => Promise<string>;

  constructor(ports: OpenApiVpcClientPorts) {
    this.#calls = new ModelCaller(ports.pipeline);
    this.#regionId = ports.regionId;
  }

  async findVpc(vpcId: string, options: CallOptions): Promise<CloudVpc | undefined> {
    const purpose = `read the VPC "${vpcId}"`;
    const regionId = await this.#regionId(options.signal);
    const listed = await followPages(
      { purpose, idOf: ({ id }: CloudVpc) => id },
      TABLES_PER_PAGE,
      async (pageNumber) => {
        const answer = await this.#calls.call(
          VPC_OPERATIONS.describeVpcs,
          { regionId, vpcId, pageNumber, pageSize: TABLES_PER_PAGE },
          { purpose, options },
        );
        return { items: (answer.vpcs?.vpc ?? []).map(parseVpc), totalCount: answer.totalCount };
      },
    );
    return listed.find(({ id }) => id === vpcId);
  }

  async listRouteTables(vpcId: string, options: CallOptions): Promise<readonly CloudRouteTable[]> {
    // Without a filter the API would list what belongs to everyone.
    if (vpcId === '') throw new RangeError('Cannot list route tables: name a VPC');
    return this.#listRouteTables({ vpcId }, `list the route tables of "${vpcId}"`, options);
  }

  async findRouteTable(
    routeTableId: string,
    options: CallOptions,
  ): Promise<CloudRouteTable | undefined> {
    const listed = await this.#listRouteTables(
      { routeTableId },
      `read the route table "${routeTableId}"`,
      options,
    );
    return listed.find(({ id }) => id === routeTableId);
  }

  async listRouteEntries(
    routeTableId: string,
    options: CallOptions,
  ): Promise<readonly CloudRouteEntry[]> {
    const purpose = `list the entries of the route table "${routeTableId}"`;
    const regionId = await this.#regionId(options.signal);
    return followTokens(
      // An entry that is just being made may have no id yet; its table has one per destination.
      { purpose, idOf: (entry: CloudRouteEntry) => entry.id || entry.destinationCidr },
      async (nextToken) => {
        const answer = await this.#calls.call(
          VPC_OPERATIONS.describeRouteEntryList,
          { regionId, routeTableId, maxResult: ENTRIES_PER_PAGE, nextToken },
          { purpose, options },
        );
        return {
          items: (answer.routeEntrys?.routeEntry ?? []).map((entry) =>
            parseRouteEntry(routeTableId, entry),
          ),
          nextToken: answer.nextToken,
          totalCount: answer.totalCount,
        };
      },
    );
  }

  async createRouteEntries(
    vpcId: string,
    entries: readonly NewRouteEntry[],
    options: CallOptions,
  ): Promise<RouteBatchAnswer> {
    if (entries.length === 0) return NOTHING_SENT;
    requireBatch(entries);
    const purpose = `create route entries in "${vpcId}"`;
    const answer = await this.#calls.call(
      VPC_OPERATIONS.createRouteEntries,
      {
        regionId: await this.#regionId(options.signal),
        routeEntries: entries.map((entry) => ({
          routeTableId: entry.routeTableId,
          dstCidrBlock: entry.destinationCidr,
          nextHop: entry.nextHopId,
          nextHopType: entry.nextHopType,
          name: entry.name === '' ? undefined : entry.name,
          ipVersion: entry.ipVersion === 'IPv6' ? 6 : undefined,
        })),
      },
      { purpose, laneOf: vpcId, options },
    );
    return batchAnswer(answer, entries.length, purpose);
  }

  async deleteRouteEntries(
    vpcId: string,
    entries: readonly RouteEntryKey[],
    options: CallOptions,
  ): Promise<RouteBatchAnswer> {
    if (entries.length === 0) return NOTHING_SENT;
    requireBatch(entries);
    const purpose = `delete route entries of "${vpcId}"`;
    const answer = await this.#calls.call(
      VPC_OPERATIONS.deleteRouteEntries,
      {
        regionId: await this.#regionId(options.signal),
        routeEntries: entries.map((entry) => ({
          routeTableId: entry.routeTableId,
          dstCidrBlock: entry.destinationCidr,
          nextHop: entry.nextHopId === '' ? undefined : entry.nextHopId,
        })),
      },
      { purpose, laneOf: vpcId, options },
    );
    return batchAnswer(answer, entries.length, purpose);
  }

  async #listRouteTables(
    filter: { readonly vpcId: string } | { readonly routeTableId: string },
    purpose: string,
    options: CallOptions,
  ): Promise<readonly CloudRouteTable[]> {
    const regionId = await this.#regionId(options.signal);
    return followPages(
      { purpose, idOf: ({ id }: CloudRouteTable) => id },
      TABLES_PER_PAGE,
      async (pageNumber) => {
        const answer = await this.#calls.call(
          VPC_OPERATIONS.describeRouteTableList,
          { regionId, ...filter, pageNumber, pageSize: TABLES_PER_PAGE },
          { purpose, options },
        );
        return {
          items: (answer.routerTableList?.routerTableListType ?? []).map(parseRouteTable),
          totalCount: answer.totalCount,
        };
      },
    );
  }
}

const NOTHING_SENT: RouteBatchAnswer = { failed: [], requestId: '' };

function requireBatch(entries: readonly RouteEntryKey[]): void {
  if (entries.length <= MAX_ROUTE_ENTRIES_PER_CALL) return;
  throw new RangeError(
    `Cannot send route entries: at most ${MAX_ROUTE_ENTRIES_PER_CALL} in one call`,
  );
}

/** Reads the answer to a batch, of which some may have failed although the call succeeded. */
function batchAnswer(answer: BatchResult, sent: number, purpose: string): RouteBatchAnswer {
  const failed = (answer.failedRouteEntries ?? []).map((entry) => ({
    destinationCidr: entry.dstCidrBlock ?? '',
    nextHopId: entry.nextHop ?? '',
    code: entry.failedCode ?? '',
    message: entry.failedMessage ?? '',
  }));
  const { failedCount = failed.length, successCount = sent - failedCount } = answer;
  // Whoever takes silence for success would believe in routes that do not exist.
  if (failedCount !== failed.length || successCount + failedCount !== sent) {
    throw new Failure(
      'retryable',
      `Cannot ${purpose}: the counts of the answer contradict each other (MalformedAnswer)`,
      { code: 'MalformedAnswer', ambiguous: true },
    );
  }
  return { failed, requestId: answer.requestId ?? '' };
}

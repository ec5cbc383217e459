import type { CallOptions } from '../call-options.ts';
import { isFailure } from '../failure.ts';
import type { CallPipeline } from '../transport/call-pipeline.ts';
import { followTokens } from '../transport/complete-list.ts';
import { ModelCaller, type ModelCallPlace } from '../transport/model-caller.ts';
import type { ModelFields } from '../transport/model-codec.ts';
import { parseDisk, parseInstance, parseNetworkInterface } from './ecs-answers.ts';
import {
  MAX_IDS_PER_CALL,
  type CloudDisk,
  type CloudInstance,
  type CloudNetworkInterface,
  type EcsClient,
} from './ecs-client.ts';
import { ECS_OPERATIONS } from './ecs-operations.ts';

/** The longest page that all lists here answer. */
const PAGE_SIZE = 100;

type InstanceFilter = Pick<
  ModelFields<InstanceType<typeof ECS_OPERATIONS.describeInstances.request>>,
  'instanceIds' | 'privateIpAddresses' | 'vpcId' | 'instanceNetworkType'
>;

/**
 * Elastic Compute Service over the vendor's OpenAPI.
 *
 * Shape: one method, one operation, for at most `MAX_IDS_PER_CALL` names; a write waits in the lane of
 *   its network interface.
 * Source: ECS API 2014-05-26.
 */
export class OpenApiEcsClient implements EcsClient {
  readonly #calls: ModelCaller;

  constructor(pipeline: CallPipeline) {
    this.#calls = new ModelCaller(pipeline);
  }

  async listInstances(
    regionId: string,
    instanceIds: readonly string[],
    options: CallOptions,
  ): Promise<readonly CloudInstance[]> {
    return withoutUnknown(instanceIds, (ids) =>
      this.#listInstances({ instanceIds: JSON.stringify(ids) }, ids, {
        purpose: 'describe instances',
        regionId,
        options,
      }),
    );
  }

  async listInstancesByPrivateIp(
    place: { readonly regionId: string; readonly vpcId: string },
    privateIps: readonly string[],
    options: CallOptions,
  ): Promise<readonly CloudInstance[]> {
    const { regionId, vpcId } = place;
    return this.#listInstances(
      {
        vpcId,
        // The addresses are looked at only together with this.
        instanceNetworkType: 'vpc',
        privateIpAddresses: JSON.stringify(privateIps),
      },
      privateIps,
      { purpose: 'describe instances by their addresses', regionId, options },
    );
  }

  async listNetworkInterfaces(
    regionId: string,
    networkInterfaceIds: readonly string[],
    options: CallOptions,
  ): Promise<readonly CloudNetworkInterface[]> {
    const place = { purpose: 'describe network interfaces', regionId, options };
    if (isNobody(networkInterfaceIds, place.purpose)) return [];
    return withoutUnknown(networkInterfaceIds, (ids) =>
      followTokens(
        { purpose: place.purpose, idOf: ({ id }: CloudNetworkInterface) => id },
        async (nextToken) => {
          const answer = await this.#calls.call(
            ECS_OPERATIONS.describeNetworkInterfaces,
            { regionId, networkInterfaceId: ids, maxResults: PAGE_SIZE, nextToken },
            place,
          );
          return {
            items: (answer.networkInterfaceSets?.networkInterfaceSet ?? []).map(
              parseNetworkInterface,
            ),
            nextToken: answer.nextToken,
            totalCount: plausibleCount(answer.totalCount, ids),
          };
        },
      ),
    );
  }

  async setSourceDestCheck(
    regionId: string,
    networkInterfaceId: string,
    isChecked: boolean,
    options: CallOptions,
  ): Promise<void> {
    await this.#calls.call(
      ECS_OPERATIONS.modifyNetworkInterfaceAttribute,
      { regionId, networkInterfaceId, sourceDestCheck: isChecked },
      {
        purpose: `switch the source/destination check of "${networkInterfaceId}" ${isChecked ? 'on' : 'off'}`,
        regionId,
        laneOf: networkInterfaceId,
        options,
      },
    );
  }

  async listDisks(
    regionId: string,
    diskIds: readonly string[],
    options: CallOptions,
  ): Promise<readonly CloudDisk[]> {
    const place = { purpose: 'describe disks', regionId, options };
    if (isNobody(diskIds, place.purpose)) return [];
    return followTokens(
      { purpose: place.purpose, idOf: ({ id }: CloudDisk) => id },
      async (nextToken) => {
        const answer = await this.#calls.call(
          ECS_OPERATIONS.describeDisks,
          { regionId, diskIds: JSON.stringify(diskIds), maxResults: PAGE_SIZE, nextToken },
          place,
        );
        return {
          items: (answer.disks?.disk ?? []).map(parseDisk),
          nextToken: answer.nextToken,
          totalCount: plausibleCount(answer.totalCount, diskIds),
        };
      },
    );
  }

  async #listInstances(
    filter: InstanceFilter,
    asked: readonly string[],
    place: ModelCallPlace & { readonly regionId: string },
  ): Promise<readonly CloudInstance[]> {
    if (isNobody(asked, place.purpose)) return [];
    return followTokens(
      { purpose: place.purpose, idOf: ({ id }: CloudInstance) => id },
      async (nextToken) => {
        const answer = await this.#calls.call(
          ECS_OPERATIONS.describeInstances,
          {
            regionId: place.regionId,
            ...filter,
            additionalAttributes: ['NETWORK_PRIMARY_ENI_IP'],
            maxResults: PAGE_SIZE,
            nextToken,
          },
          place,
        );
        return {
          items: (answer.instances?.instance ?? []).map(parseInstance),
          nextToken: answer.nextToken,
          totalCount: plausibleCount(answer.totalCount, asked),
        };
      },
    );
  }
}

/**
 * Whether nobody is asked for; a list without a filter would be that of everyone.
 *
 * Errors: throws `RangeError` for more than one call takes.
 */
function isNobody(asked: readonly string[], purpose: string): boolean {
  if (asked.length > MAX_IDS_PER_CALL) {
    throw new RangeError(`Cannot ${purpose}: at most ${MAX_IDS_PER_CALL} in one call`);
  }
  return asked.length === 0;
}

/**
 * Reads without those that do not exist: most regions leave them out, some refuse the whole call for
 * one of them, and then the others are read apart from it.
 */
async function withoutUnknown<Item>(
  ids: readonly string[],
  read: (ids: readonly string[]) => Promise<readonly Item[]>,
): Promise<readonly Item[]> {
  try {
    return await read(ids);
  } catch (error) {
    if (!isFailure(error, 'notfound')) throw error;
    if (ids.length <= 1) return [];
    const half = Math.ceil(ids.length / 2);
    const some = await withoutUnknown(ids.slice(0, half), read);
    return [...some, ...(await withoutUnknown(ids.slice(half), read))];
  }
}

/**
 * The count of a list that goes on by tokens, which is documented to have no meaning there. One that
 * is not more than was asked for can be true, and then it must not be more than what came.
 */
function plausibleCount(count: number | undefined, asked: readonly string[]): number | undefined {
  return count !== undefined && count <= new Set(asked).size ? count : undefined;
}

import { Failure, isFailure } from '../failure.ts';
import type { CallPipeline } from '../transport/call-pipeline.ts';
import { followPages, followTokens } from '../transport/complete-list.ts';
import type { ObjectLanes } from '../transport/object-lane.ts';
import { decodeResponse, encodeRequest, MalformedAnswer } from '../transport/wire-codec.ts';
import {
  parseBackend,
  parseBackendHealth,
  parseListener,
  parseLoadBalancer,
  parseServerGroup,
} from './slb-answers.ts';
import type { CallOptions, CloudTag } from '../call-options.ts';
import {
  MAX_BACKENDS_PER_CALL,
  MAX_LOAD_BALANCERS_PER_LISTENER_LIST,
  type CloudBackend,
  type CloudBackendHealth,
  type CloudListener,
  type CloudLoadBalancer,
  type CloudServerGroup,
  type CreatedLoadBalancer,
  type CreateLoadBalancerParameters,
  type ListenerKey,
  type ListenerSettings,
  type SlbClient,
} from './slb-client.ts';
import { changedListener, newListener } from './slb-listener-requests.ts';
import {
  SLB_OPERATIONS,
  type DescribeLoadBalancerListenersResponseBodyListeners,
  type DescribeLoadBalancersRequest,
  type SlbOperations,
} from './slb-operations.generated.ts';

/** What the client is made from. */
export interface OpenApiSlbClientPorts {
  readonly pipeline: CallPipeline;
  readonly lanes: ObjectLanes;
  readonly regionId: (signal: AbortSignal) => Promise<string>;
}

/** The longest page that the API answers. */
const PAGE_SIZE = 100;

/** The documented limits of tags and tag keys in one call. */
const MAX_TAGS_PER_CALL = 20;

/** How a call is placed beside its request. */
interface CallPlace {
  readonly purpose: string;
  readonly laneOf?: string;
  readonly options: CallOptions;
}

/**
 * Classic Load Balancer over the vendor's OpenAPI.
 *
 * Shape: one method, one operation, but for lists, which follow every page and are refused when
 *   they come out shorter than the API says they are.
 * Source: SLB API 2014-05-15.
 */
export class OpenApiSlbClient implements SlbClient {
  readonly #pipeline: CallPipeline;
  readonly #lanes: ObjectLanes;
  readonly #regionId: (signal: AbortSignal) => Promise<string>;

  constructor(ports: OpenApiSlbClientPorts) {
    this.#pipeline = ports.pipeline;
    this.#lanes = ports.lanes;
    this.#regionId = ports.regionId;
  }

  async createLoadBalancer(
    parameters: CreateLoadBalancerParameters,
    clientToken: string,
    options: CallOptions,
  ): Promise<CreatedLoadBalancer> {
    const purpose = 'create the load balancer';
    const body = await this.#pipeline.call({
      action: 'CreateLoadBalancer',
      mutating: true,
      parameters: {
        RegionId: await this.#regionId(options.signal),
        ...parameters,
        ClientToken: clientToken,
      },
      purpose,
      // A token that is still being worked on refuses its repetition.
      laneOf: `token:${clientToken}`,
      options,
    });
    const answer = this.#decode('CreateLoadBalancer', body, purpose);
    const id = requiredId(answer.loadBalancerId, purpose);
    this.#lanes.touch(id);
    return {
      id,
      name: answer.loadBalancerName ?? '',
      address: answer.address ?? '',
      requestId: answer.requestId ?? '',
    };
  }

  async findLoadBalancer(
    loadBalancerId: string,
    options: CallOptions,
  ): Promise<CloudLoadBalancer | undefined> {
    const answer = await undefinedWhereAbsent(
      this.#call(
        'DescribeLoadBalancerAttribute',
        { regionId: await this.#regionId(options.signal), loadBalancerId },
        { purpose: `read the load balancer "${loadBalancerId}"`, options },
      ),
    );
    // Some regions answer an empty object where others say that there is none.
    if (answer === undefined || (answer.loadBalancerId ?? '') === '') return undefined;
    return parseLoadBalancer(answer);
  }

  async listLoadBalancersByTags(
    tags: readonly CloudTag[],
    options: CallOptions,
  ): Promise<readonly CloudLoadBalancer[]> {
    // Without a filter the API would list what belongs to everyone.
    if (tags.length === 0) throw new RangeError('Cannot list load balancers: name a tag');
    return this.#listLoadBalancers(
      {
        regionId: await this.#regionId(options.signal),
        tag: tags.map(({ key, value }) => ({ key, value })),
      },
      'list the load balancers by tag',
      options,
    );
  }

  async listLoadBalancersByName(
    name: string,
    options: CallOptions,
  ): Promise<readonly CloudLoadBalancer[]> {
    if (name === '') throw new RangeError('Cannot list load balancers: name one');
    const found = await this.#listLoadBalancers(
      { regionId: await this.#regionId(options.signal), loadBalancerName: name },
      `list the load balancers named "${name}"`,
      options,
    );
    return found.filter((loadBalancer) => loadBalancer.name === name);
  }

  async deleteLoadBalancer(loadBalancerId: string, options: CallOptions): Promise<void> {
    await undefinedWhereAbsent(
      this.#call(
        'DeleteLoadBalancer',
        { regionId: await this.#regionId(options.signal), loadBalancerId },
        this.#write(`delete the load balancer "${loadBalancerId}"`, loadBalancerId, options),
      ),
    );
  }

  async setLoadBalancerName(
    loadBalancerId: string,
    name: string,
    options: CallOptions,
  ): Promise<void> {
    await this.#call(
      'SetLoadBalancerName',
      {
        regionId: await this.#regionId(options.signal),
        loadBalancerId,
        loadBalancerName: name,
      },
      this.#write(`rename the load balancer "${loadBalancerId}"`, loadBalancerId, options),
    );
  }

  async setDeleteProtection(
    loadBalancerId: string,
    protection: 'on' | 'off',
    options: CallOptions,
  ): Promise<void> {
    await this.#call(
      'SetLoadBalancerDeleteProtection',
      {
        regionId: await this.#regionId(options.signal),
        loadBalancerId,
        deleteProtection: protection,
      },
      this.#write(
        `switch the deletion protection of "${loadBalancerId}" ${protection}`,
        loadBalancerId,
        options,
      ),
    );
  }

  async setModificationProtection(
    loadBalancerId: string,
    protection: 'ConsoleProtection' | 'NonProtection',
    options: CallOptions,
  ): Promise<void> {
    await this.#call(
      'SetLoadBalancerModificationProtection',
      {
        regionId: await this.#regionId(options.signal),
        loadBalancerId,
        modificationProtectionStatus: protection,
        modificationProtectionReason:
          protection === 'ConsoleProtection' ? MODIFICATION_PROTECTION_REASON : undefined,
      },
      this.#write(
        `change the modification protection of "${loadBalancerId}"`,
        loadBalancerId,
        options,
      ),
    );
  }

  async modifyInstanceSpec(
    loadBalancerId: string,
    spec: string,
    options: CallOptions,
  ): Promise<void> {
    await this.#call(
      'ModifyLoadBalancerInstanceSpec',
      {
        regionId: await this.#regionId(options.signal),
        loadBalancerId,
        loadBalancerSpec: spec,
      },
      this.#write(
        `change the specification of "${loadBalancerId}" to "${spec}"`,
        loadBalancerId,
        options,
      ),
    );
  }

  async modifyInstanceChargeType(
    loadBalancerId: string,
    charge: { readonly instanceChargeType: 'PayByCLCU' | 'PayBySpec'; readonly spec?: string },
    options: CallOptions,
  ): Promise<void> {
    await this.#call(
      'ModifyLoadBalancerInstanceChargeType',
      {
        regionId: await this.#regionId(options.signal),
        loadBalancerId,
        instanceChargeType: charge.instanceChargeType,
        loadBalancerSpec: charge.instanceChargeType === 'PayBySpec' ? charge.spec : undefined,
      },
      this.#write(
        `change the charge type of "${loadBalancerId}" to "${charge.instanceChargeType}"`,
        loadBalancerId,
        options,
      ),
    );
  }

  async modifyInternetSpec(
    loadBalancerId: string,
    charge: {
      readonly internetChargeType: 'paybytraffic' | 'paybybandwidth';
      readonly bandwidthMbps?: number;
    },
    options: CallOptions,
  ): Promise<void> {
    await this.#call(
      'ModifyLoadBalancerInternetSpec',
      {
        regionId: await this.#regionId(options.signal),
        loadBalancerId,
        internetChargeType: charge.internetChargeType,
        bandwidth:
          charge.internetChargeType === 'paybybandwidth' ? charge.bandwidthMbps : undefined,
      },
      this.#write(
        `change the internet charge of "${loadBalancerId}" to "${charge.internetChargeType}"`,
        loadBalancerId,
        options,
      ),
    );
  }

  async tagLoadBalancer(
    loadBalancerId: string,
    tags: readonly CloudTag[],
    options: CallOptions,
  ): Promise<void> {
    for (const some of chunksOf(tags, MAX_TAGS_PER_CALL)) {
      await this.#call(
        'TagResources',
        {
          regionId: await this.#regionId(options.signal),
          resourceType: 'instance',
          resourceId: [loadBalancerId],
          tag: some.map(({ key, value }) => ({ key, value })),
        },
        this.#write(`tag the load balancer "${loadBalancerId}"`, loadBalancerId, options),
      );
    }
  }

  async untagLoadBalancer(
    loadBalancerId: string,
    keys: readonly string[],
    options: CallOptions,
  ): Promise<void> {
    for (const some of chunksOf(keys, MAX_TAGS_PER_CALL)) {
      await undefinedWhereAbsent(
        this.#call(
          'UntagResources',
          {
            regionId: await this.#regionId(options.signal),
            resourceType: 'instance',
            resourceId: [loadBalancerId],
            tagKey: some,
          },
          this.#write(
            `take tags from the load balancer "${loadBalancerId}"`,
            loadBalancerId,
            options,
          ),
        ),
      );
    }
  }

  async listListeners(
    loadBalancerIds: readonly string[],
    options: CallOptions,
  ): Promise<readonly CloudListener[]> {
    if (loadBalancerIds.length === 0) return [];
    if (loadBalancerIds.length > MAX_LOAD_BALANCERS_PER_LISTENER_LIST) {
      throw new RangeError(
        `Cannot list listeners: at most ${MAX_LOAD_BALANCERS_PER_LISTENER_LIST} load balancers`,
      );
    }
    const listed = await undefinedWhereAbsent(this.#listListenerPages(loadBalancerIds, options));
    if (listed !== undefined) return listed;
    // One that has just gone must not hide the listeners of the others.
    if (loadBalancerIds.length === 1) return [];
    const each: CloudListener[] = [];
    for (const loadBalancerId of loadBalancerIds) {
      each.push(...(await this.listListeners([loadBalancerId], options)));
    }
    return each;
  }

  async createListener(
    loadBalancerId: string,
    key: ListenerKey,
    settings: ListenerSettings,
    options: CallOptions,
  ): Promise<void> {
    const regionId = await this.#regionId(options.signal);
    const request = newListener(loadBalancerId, regionId, key, settings);
    const place = this.#write(
      `create listener ${listenerName(key)} of "${loadBalancerId}"`,
      loadBalancerId,
      options,
    );
    if (request.protocol === 'tcp') {
      await this.#call('CreateLoadBalancerTCPListener', request.tcp, place);
    } else {
      await this.#call('CreateLoadBalancerUDPListener', request.udp, place);
    }
  }

  async setListener(
    loadBalancerId: string,
    key: ListenerKey,
    settings: ListenerSettings,
    options: CallOptions,
  ): Promise<void> {
    const regionId = await this.#regionId(options.signal);
    const request = changedListener(loadBalancerId, regionId, key, settings);
    const place = this.#write(
      `change listener ${listenerName(key)} of "${loadBalancerId}"`,
      loadBalancerId,
      options,
    );
    if (request.protocol === 'tcp') {
      await this.#call('SetLoadBalancerTCPListenerAttribute', request.tcp, place);
    } else {
      await this.#call('SetLoadBalancerUDPListenerAttribute', request.udp, place);
    }
  }

  async startListener(
    loadBalancerId: string,
    key: ListenerKey,
    options: CallOptions,
  ): Promise<void> {
    await this.#call(
      'StartLoadBalancerListener',
      await this.#listenerOf(loadBalancerId, key, options),
      this.#write(
        `start listener ${listenerName(key)} of "${loadBalancerId}"`,
        loadBalancerId,
        options,
      ),
    );
  }

  async stopListener(
    loadBalancerId: string,
    key: ListenerKey,
    options: CallOptions,
  ): Promise<void> {
    await this.#call(
      'StopLoadBalancerListener',
      await this.#listenerOf(loadBalancerId, key, options),
      this.#write(
        `stop listener ${listenerName(key)} of "${loadBalancerId}"`,
        loadBalancerId,
        options,
      ),
    );
  }

  async deleteListener(
    loadBalancerId: string,
    key: ListenerKey,
    options: CallOptions,
  ): Promise<void> {
    await undefinedWhereAbsent(
      this.#call(
        'DeleteLoadBalancerListener',
        await this.#listenerOf(loadBalancerId, key, options),
        this.#write(
          `delete listener ${listenerName(key)} of "${loadBalancerId}"`,
          loadBalancerId,
          options,
        ),
      ),
    );
  }

  async listServerGroups(
    loadBalancerId: string,
    options: CallOptions,
  ): Promise<readonly CloudServerGroup[]> {
    const answer = await undefinedWhereAbsent(
      this.#call(
        'DescribeVServerGroups',
        {
          regionId: await this.#regionId(options.signal),
          loadBalancerId,
          includeListener: true,
        },
        { purpose: `list the server groups of "${loadBalancerId}"`, options },
      ),
    );
    return (answer?.VServerGroups?.VServerGroup ?? []).map(parseServerGroup);
  }

  async findBackends(
    serverGroupId: string,
    options: CallOptions,
  ): Promise<readonly CloudBackend[] | undefined> {
    const answer = await undefinedWhereAbsent(
      this.#call(
        'DescribeVServerGroupAttribute',
        { regionId: await this.#regionId(options.signal), VServerGroupId: serverGroupId },
        { purpose: `read the server group "${serverGroupId}"`, options },
      ),
    );
    if (answer === undefined) return undefined;
    return (answer.backendServers?.backendServer ?? []).map(parseBackend);
  }

  async createServerGroup(
    loadBalancerId: string,
    group: {
      readonly name: string;
      readonly tags: readonly CloudTag[];
      readonly backends: readonly CloudBackend[];
    },
    options: CallOptions,
  ): Promise<string> {
    const purpose = `create server group "${group.name}" of "${loadBalancerId}"`;
    const answer = await this.#call(
      'CreateVServerGroup',
      {
        regionId: await this.#regionId(options.signal),
        loadBalancerId,
        VServerGroupName: group.name,
        tag: group.tags.map(({ key, value }) => ({ key, value })),
        backendServers: group.backends.length === 0 ? undefined : backendsText(group.backends),
      },
      this.#write(purpose, loadBalancerId, options),
    );
    return requiredId(answer.VServerGroupId, purpose);
  }

  async addBackends(
    loadBalancerId: string,
    serverGroupId: string,
    backends: readonly CloudBackend[],
    options: CallOptions,
  ): Promise<void> {
    if (backends.length === 0) return;
    await this.#call(
      'AddVServerGroupBackendServers',
      {
        regionId: await this.#regionId(options.signal),
        VServerGroupId: serverGroupId,
        backendServers: backendsText(backends),
      },
      this.#write(`add backends to "${serverGroupId}"`, loadBalancerId, options),
    );
  }

  async setBackends(
    loadBalancerId: string,
    serverGroupId: string,
    backends: readonly CloudBackend[],
    options: CallOptions,
  ): Promise<void> {
    if (backends.length === 0) return;
    await this.#call(
      'SetVServerGroupAttribute',
      {
        regionId: await this.#regionId(options.signal),
        VServerGroupId: serverGroupId,
        backendServers: backendsText(backends),
      },
      this.#write(`change backends of "${serverGroupId}"`, loadBalancerId, options),
    );
  }

  async removeBackends(
    loadBalancerId: string,
    serverGroupId: string,
    backends: readonly CloudBackend[],
    options: CallOptions,
  ): Promise<void> {
    if (backends.length === 0) return;
    await undefinedWhereAbsent(
      this.#call(
        'RemoveVServerGroupBackendServers',
        {
          regionId: await this.#regionId(options.signal),
          VServerGroupId: serverGroupId,
          backendServers: backendsText(backends),
        },
        this.#write(`remove backends from "${serverGroupId}"`, loadBalancerId, options),
      ),
    );
  }

  async deleteServerGroup(
    loadBalancerId: string,
    serverGroupId: string,
    options: CallOptions,
  ): Promise<void> {
    await undefinedWhereAbsent(
      this.#call(
        'DeleteVServerGroup',
        { regionId: await this.#regionId(options.signal), VServerGroupId: serverGroupId },
        this.#write(`delete the server group "${serverGroupId}"`, loadBalancerId, options),
      ),
    );
  }

  async listBackendHealth(
    loadBalancerId: string,
    options: CallOptions,
  ): Promise<readonly CloudBackendHealth[]> {
    const answer = await undefinedWhereAbsent(
      this.#call(
        'DescribeHealthStatus',
        { regionId: await this.#regionId(options.signal), loadBalancerId },
        { purpose: `read the health of the backends of "${loadBalancerId}"`, options },
      ),
    );
    return (answer?.backendServers?.backendServer ?? []).flatMap((backend) => {
      const health = parseBackendHealth(backend);
      return health === undefined ? [] : [health];
    });
  }

  #listLoadBalancers(
    filter: DescribeLoadBalancersRequest,
    purpose: string,
    options: CallOptions,
  ): Promise<readonly CloudLoadBalancer[]> {
    return followPages(
      { purpose, idOf: ({ id }: CloudLoadBalancer) => id },
      PAGE_SIZE,
      async (pageNumber) => {
        const answer = await this.#call(
          'DescribeLoadBalancers',
          { ...filter, pageNumber, pageSize: PAGE_SIZE },
          { purpose, options },
        );
        return {
          items: (answer.loadBalancers?.loadBalancer ?? []).map(parseLoadBalancer),
          totalCount: answer.totalCount,
        };
      },
    );
  }

  async #listListenerPages(
    loadBalancerIds: readonly string[],
    options: CallOptions,
  ): Promise<readonly CloudListener[]> {
    const purpose = 'list the listeners';
    const regionId = await this.#regionId(options.signal);
    const described = await followTokens(
      { purpose, idOf: describedListenerId },
      async (nextToken) => {
        const answer = await this.#call(
          'DescribeLoadBalancerListeners',
          { regionId, loadBalancerId: loadBalancerIds, maxResults: PAGE_SIZE, nextToken },
          { purpose, options },
        );
        return {
          items: answer.listeners ?? [],
          nextToken: answer.nextToken,
          totalCount: answer.totalCount,
        };
      },
    );
    // Listeners of protocols that are not known here count, but nobody looks at them.
    return described.flatMap((item) => parseListener(item) ?? []);
  }

  async #listenerOf(
    loadBalancerId: string,
    key: ListenerKey,
    options: CallOptions,
  ): Promise<SlbOperations['StartLoadBalancerListener']['request']> {
    return {
      regionId: await this.#regionId(options.signal),
      loadBalancerId,
      listenerPort: key.port,
      // A port may have a TCP and a UDP listener; without the protocol the call is refused.
      listenerProtocol: key.protocol,
    };
  }

  #write(purpose: string, loadBalancerId: string, options: CallOptions): CallPlace {
    return { purpose, laneOf: loadBalancerId, options };
  }

  async #call<Name extends keyof SlbOperations>(
    name: Name,
    request: SlbOperations[Name]['request'],
    place: CallPlace,
  ): Promise<SlbOperations[Name]['response']> {
    const table = SLB_OPERATIONS[name];
    const body = await this.#pipeline.call({
      action: name,
      mutating: table.mutating,
      parameters: encodeRequest(table, request),
      ...place,
    });
    return this.#decode(name, body, place.purpose);
  }

  #decode<Name extends keyof SlbOperations>(
    name: Name,
    body: unknown,
    purpose: string,
  ): SlbOperations[Name]['response'] {
    const table = SLB_OPERATIONS[name];
    try {
      // The table was generated together with the type.
      return decodeResponse(table, body);
    } catch (error) {
      if (!(error instanceof MalformedAnswer)) throw error;
      throw new Failure('retryable', `Cannot ${purpose}: ${error.message} (MalformedAnswer)`, {
        code: 'MalformedAnswer',
        ambiguous: table.mutating,
        cause: error,
      });
    }
  }
}

/** The same words that the Go CCM gives as the reason, so that neither program sees a difference. */
const MODIFICATION_PROTECTION_REASON = 'managed.by.ack';

async function undefinedWhereAbsent<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (isFailure(error, 'notfound')) return undefined;
    throw error;
  }
}

function describedListenerId(item: DescribeLoadBalancerListenersResponseBodyListeners): string {
  return [item.loadBalancerId, item.listenerProtocol, item.listenerPort].join('/');
}

function requiredId(id: string | undefined, purpose: string): string {
  if (id !== undefined && id !== '') return id;
  throw new Failure('retryable', `Cannot ${purpose}: the answer has no id (MalformedAnswer)`, {
    code: 'MalformedAnswer',
    ambiguous: true,
  });
}

function backendsText(backends: readonly CloudBackend[]): string {
  if (backends.length > MAX_BACKENDS_PER_CALL) {
    throw new RangeError(`Cannot send backends: at most ${MAX_BACKENDS_PER_CALL} in one call`);
  }
  return JSON.stringify(
    backends.map((backend) => ({
      ServerId: backend.serverId,
      Port: backend.port,
      Weight: backend.weightPercent,
      Type: backend.type,
      ...(backend.serverIp === '' ? {} : { ServerIp: backend.serverIp }),
      ...(backend.description === '' ? {} : { Description: backend.description }),
    })),
  );
}

function listenerName(key: ListenerKey): string {
  return `${key.protocol}/${key.port}`;
}

function chunksOf<T>(items: readonly T[], size: number): T[][] {
  const chunks: T[][] = [];
  for (let start = 0; start < items.length; start += size) {
    chunks.push(items.slice(start, start + size));
  }
  return chunks;
}

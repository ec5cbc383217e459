import type { Clock } from '../clock.ts';
import type { CallOptions } from '../call-options.ts';
import { Failure } from '../failure.ts';
import { GatheredReads } from '../transport/gathered-reads.ts';
import {
  MAX_IDS_PER_CALL,
  type BatchedEcsReads,
  type CloudDisk,
  type CloudInstance,
  type CloudNetworkInterface,
  type EcsClient,
} from './ecs-client.ts';

/** What the reads are made from. */
export interface GatheredEcsReadsPorts {
  readonly ecs: EcsClient;
  readonly clock: Clock;
  /** How long after the first one a call waits for others. */
  readonly windowMs: number;
}

/** The instances that have an address. */
interface AddressHolders {
  readonly privateIp: string;
  readonly instances: readonly CloudInstance[];
}

/** Point reads of ECS, gathered into calls of many ids. */
export class GatheredEcsReads implements BatchedEcsReads {
  readonly #ports: GatheredEcsReadsPorts;
  readonly #instances: GatheredReads<CloudInstance>;
  /** By VPC, because one call asks for addresses of one. */
  readonly #addressHolders = new Map<string, GatheredReads<AddressHolders>>();
  readonly #networkInterfaces: GatheredReads<CloudNetworkInterface>;
  readonly #disks: GatheredReads<CloudDisk>;

  constructor(ports: GatheredEcsReadsPorts) {
    const { ecs, clock, windowMs } = ports;
    this.#ports = ports;
    const limits = { windowMs, idsPerCall: MAX_IDS_PER_CALL };
    const idOf = ({ id }: { readonly id: string }): string => id;
    this.#instances = new GatheredReads(limits, {
      clock,
      idOf,
      readMany: (regionId, ids, options) => ecs.listInstances(regionId, ids, options),
    });
    this.#networkInterfaces = new GatheredReads(limits, {
      clock,
      idOf,
      readMany: (regionId, ids, options) => ecs.listNetworkInterfaces(regionId, ids, options),
    });
    this.#disks = new GatheredReads(limits, {
      clock,
      idOf,
      readMany: (regionId, ids, options) => ecs.listDisks(regionId, ids, options),
    });
  }

  async findInstance(
    regionId: string,
    instanceId: string,
    options: CallOptions,
  ): Promise<CloudInstance | undefined> {
    requireId('instance', instanceId);
    return this.#instances.find(regionId, instanceId, options);
  }

  async findInstancesByPrivateIp(
    place: { readonly regionId: string; readonly vpcId: string },
    privateIp: string,
    options: CallOptions,
  ): Promise<readonly CloudInstance[]> {
    const { regionId, vpcId } = place;
    const gathered = this.#addressHolders.get(vpcId) ?? this.#gatherAddresses(vpcId);
    this.#addressHolders.set(vpcId, gathered);
    return (await gathered.find(regionId, privateIp, options))?.instances ?? [];
  }

  #gatherAddresses(vpcId: string): GatheredReads<AddressHolders> {
    const { ecs, clock, windowMs } = this.#ports;
    return new GatheredReads(
      { windowMs, idsPerCall: MAX_IDS_PER_CALL },
      {
        clock,
        idOf: ({ privateIp }) => privateIp,
        readMany: async (regionId, privateIps, options) => {
          const place = { regionId, vpcId };
          const found = await ecs.listInstancesByPrivateIp(place, privateIps, options);
          return privateIps.map((privateIp) => ({
            privateIp,
            instances: found.filter((instance) => hasPrivateIp(instance, privateIp)),
          }));
        },
      },
    );
  }

  async findNetworkInterface(
    regionId: string,
    networkInterfaceId: string,
    options: CallOptions,
  ): Promise<CloudNetworkInterface | undefined> {
    requireId('network interface', networkInterfaceId);
    return this.#networkInterfaces.find(regionId, networkInterfaceId, options);
  }

  async findDisk(
    regionId: string,
    diskId: string,
    options: CallOptions,
  ): Promise<CloudDisk | undefined> {
    requireId('disk', diskId);
    return this.#disks.find(regionId, diskId, options);
  }
}

function hasPrivateIp({ privateIps, interfaces }: CloudInstance, privateIp: string): boolean {
  return (
    privateIps.includes(privateIp) || interfaces.some((each) => each.privateIps.includes(privateIp))
  );
}

/** Keeps out what can be no id, because the API would refuse everyone in the same call with it. */
function requireId(kind: string, id: string): void {
  if (/^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/.test(id)) return;
  throw new Failure(
    'terminal',
    `Cannot read the ${kind}: its id must consist of letters, digits and dashes (InvalidId)`,
    { code: 'InvalidId' },
  );
}

import { containsBlock, parseCidrBlock, type CidrBlock } from '../cidr-block.ts';
import { instanceStatus } from '../ecs/compute-objects.ts';
import type { NextHop, RouteEntry, RouteTable, Vpc } from './network-objects.ts';
import type { OperationContext } from '../operation-context.ts';
import { isAtRest } from '../passage.ts';
import { SERVICE_BLOCK, systemRoutesOf } from './system-routes.ts';

/** Why one entry is not made or removed: in a call of its own, and as an item of a batch. */
export class RouteRefusal extends Error {
  /** The codes of a single operation; the first that it publishes is answered. */
  readonly codes: readonly string[];
  /** The code in the vocabulary of the batch operations. */
  readonly itemCode: string;

  constructor(codes: readonly [string, ...string[]], message: string, itemCode: string = codes[0]) {
    super(message);
    this.name = 'RouteRefusal';
    this.codes = codes;
    this.itemCode = itemCode;
  }
}

// What an unknown next hop is, by its type; this cloud has instances and network interfaces only.
const HOP_NOT_FOUND: Readonly<Record<string, string>> = {
  Instance: 'InvalidInstanId.NotFound',
  NetworkInterface: 'InvalidNetworkInterface.NotFound',
  HaVip: 'InvalidHaVipId.NotFound',
  RouterInterface: 'InvalidNextHopId.NotFound',
  VpnGateway: 'InvalidVpnInstanceId.NotFound',
  IPv6Gateway: 'InvalidIpv6Gateway.NotFound',
  NatGateway: 'InvalidNatGatewayId.NotFound',
  Attachment: 'InvalidAttachment.NotFound',
  VpcPeer: 'ResourceNotFound.VpcPeer',
  Ipv4Gateway: 'ResourceNotFound.Ipv4Gateway',
};
const STEADY = new Set(['Running', 'Stopped']);

/** What names an entry for a removal: its id, or its block with or without its next hop. */
interface EntryName {
  readonly id?: string | undefined;
  readonly destination?: string | undefined;
  readonly nextHopId?: string | undefined;
  /** All next hops of an entry that has several; none where they are not given. */
  readonly nextHopIds?: readonly string[];
}

/** The rules of routes in one VPC, as they hold during one call; it sees what the call has made. */
export class RouteBook {
  readonly #context: OperationContext;
  readonly #vpc: Vpc;
  readonly #vSwitchBlocks: readonly CidrBlock[];
  /** Entries by table and destination. */
  readonly #entries = new Map<string, Map<string, RouteEntry>>();

  constructor(context: OperationContext, vpc: Vpc) {
    this.#context = context;
    this.#vpc = vpc;
    const vSwitches = context.state.vSwitches.list().filter(({ vpcId }) => vpcId === vpc.vpcId);
    this.#vSwitchBlocks = vSwitches.flatMap(({ cidrBlock, ipv6CidrBlock = '' }) =>
      [cidrBlock, ipv6CidrBlock].flatMap((text) => parseCidrBlock(text) ?? []),
    );
    for (const entry of context.state.routeEntries.list()) this.note(entry);
  }

  /** Takes a new or changed entry into account. */
  note(entry: RouteEntry): void {
    const { routeTableId, destinationCidrBlock } = entry;
    const table = this.#entries.get(routeTableId) ?? new Map<string, RouteEntry>();
    table.set(destinationCidrBlock, entry);
    this.#entries.set(routeTableId, table);
  }

  /** Takes into account that an entry is on its way out. */
  noteRemoved(entry: RouteEntry): void {
    const leaving = this.#context.state.routeEntries.get(entry.routeEntryId);
    if (leaving === undefined) {
      this.#entries.get(entry.routeTableId)?.delete(entry.destinationCidrBlock);
    } else {
      this.note(leaving);
    }
  }

  /**
   * Checks a new entry against every rule.
   *
   * Shape: gives its destination as it is written everywhere.
   * Errors: `RouteRefusal`.
   */
  checkNew(
    table: RouteTable,
    wanted: {
      readonly destination: string;
      readonly nextHops: readonly NextHop[];
      readonly ipVersion?: string | undefined;
    },
  ): string {
    this.#checkTable(table);
    const block = this.#checkDestination(wanted.destination, wanted.ipVersion);
    const entries = this.#entries.get(table.routeTableId);
    const there = entries?.get(block.text);
    if (there !== undefined && !isAtRest(there, this.#context.now)) {
      throw new RouteRefusal(
        ['IncorrectRouteEntryStatus'],
        `The status of the route entry to ${block.text} does not allow it.`,
        'VPC_ROUTE_ENTRY_STATUS_ERROR',
      );
    }
    if (there !== undefined) {
      throw new RouteRefusal(
        ['InvalidCIDRBlock.Duplicate'],
        `Specified CIDR block already exists, entry.cidrBlock=${block.text}`,
        'VPC_ROUTE_ENTRY_CIDR_BLOCK_DUPLICATE',
      );
    }
    for (const hop of wanted.nextHops) this.checkNextHop(hop);
    if ((entries?.size ?? 0) >= this.#context.state.quota('vpc_quota_route_entrys_num')) {
      throw new RouteRefusal(['QuotaExceeded'], 'Route entry quota exceeded in this route table.');
    }
    return block.text;
  }

  /** Checks that a next hop is in the VPC and in a state that can be routed to. */
  checkNextHop({ nextHopType, nextHopId }: NextHop): void {
    const { state, now } = this.#context;
    const instance = nextHopType === 'Instance' ? state.instances.get(nextHopId) : undefined;
    const eni =
      nextHopType === 'NetworkInterface' ? state.networkInterfaces.get(nextHopId) : undefined;
    const hop = instance ?? eni;
    if (hop === undefined || !this.#context.sees(hop)) {
      throw new RouteRefusal(
        [HOP_NOT_FOUND[nextHopType] ?? 'InvalidNextHopId.NotFound', 'InvalidNextHop.NotFound'],
        `The specified next hop "${nextHopId}" does not exist.`,
      );
    }
    if (hop.vpcId !== this.#vpc.vpcId) {
      throw new RouteRefusal(
        ['OperationFailed.InstanceDismatchCurrentVpc', 'InvalidNextHop.NotFound'],
        `The next hop "${nextHopId}" is not in the VPC.`,
      );
    }
    if (instance !== undefined && !STEADY.has(instanceStatus(instance, now))) {
      throw new RouteRefusal(
        ['IncorrectInstanceStatus'],
        `The status of the instance "${nextHopId}" does not allow it.`,
      );
    }
  }

  /**
   * Finds the entry that a removal names.
   *
   * Errors: `RouteRefusal` when there is none, it belongs to the system, or it passes through a
   *   state.
   */
  require(table: RouteTable, name: EntryName): RouteEntry {
    const { now } = this.#context;
    this.#checkTable(table);
    this.#refuseSystemRoute(table, name);
    const entry = this.#find(table, name);
    if (entry === undefined) {
      throw new RouteRefusal(
        ['InvalidRouteEntry.NotFound'],
        'NotFound: the specified route entry does not exist.',
        'VPC_ROUTER_ENTRY_NOT_EXIST',
      );
    }
    if (!isAtRest(entry, now)) {
      throw new RouteRefusal(
        ['IncorrectRouteEntryStatus'],
        'The status of the route entry does not allow it.',
        'VPC_ROUTE_ENTRY_STATUS_ERROR',
      );
    }
    return entry;
  }

  #find(table: RouteTable, name: EntryName): RouteEntry | undefined {
    const { id, destination, nextHopId, nextHopIds = [] } = name;
    const entries = this.#entries.get(table.routeTableId);
    const byId = id === undefined ? undefined : this.#context.state.routeEntries.get(id);
    const block = destination === undefined ? undefined : parseCidrBlock(destination);
    const entry = id === undefined ? entries?.get(block?.text ?? '') : byId;
    if (entry?.routeTableId !== table.routeTableId) return undefined;
    if (block !== undefined && entry.destinationCidrBlock !== block.text) return undefined;
    const hops = new Set(entry.nextHops.map((hop) => hop.nextHopId));
    if (nextHopId !== undefined && !hops.has(nextHopId)) return undefined;
    const listed = new Set(nextHopIds);
    const isList = listed.size === hops.size && nextHopIds.every((each) => hops.has(each));
    return nextHopIds.length === 0 || isList ? entry : undefined;
  }

  #refuseSystemRoute(table: RouteTable, { id, destination }: EntryName): void {
    const vSwitches = this.#context.state.vSwitches
      .list()
      .filter(({ vpcId }) => vpcId === this.#vpc.vpcId);
    const isSystem = systemRoutesOf(table, vSwitches).some(
      (route) => route.routeEntryId === id || route.destinationCidrBlock === destination,
    );
    if (isSystem) {
      throw new RouteRefusal(['OperationDenied'], 'Entries of the system cannot be deleted.');
    }
  }

  #checkTable(table: RouteTable): void {
    if (isAtRest(table, this.#context.now)) return;
    throw new RouteRefusal(
      ['IncorrectStatus.RouteTableStatus', 'IncorrectRouteTableStatus'],
      'The status of the route table does not allow it.',
    );
  }

  #checkDestination(text: string, ipVersion: string | undefined): CidrBlock {
    const block = parseCidrBlock(text);
    const family = block?.family === 'IPv6' ? '6' : '4';
    if (
      block === undefined ||
      (ipVersion !== undefined && ipVersion !== '' && ipVersion !== family)
    ) {
      throw new RouteRefusal(['InvalidCidrBlock.Malformed'], `"${text}" is no CIDR block.`);
    }
    if (block.family === 'IPv6' && this.#vpc.ipv6CidrBlock === undefined) {
      throw new RouteRefusal(
        ['OperationDenied.VpcIpv6NotEnabled'],
        'The VPC has no IPv6 CIDR block.',
      );
    }
    if (block.text === SERVICE_BLOCK) {
      throw new RouteRefusal(
        ['InvalidDestinationCidrBlock'],
        `The destination ${SERVICE_BLOCK} belongs to the cloud.`,
      );
    }
    if (this.#vSwitchBlocks.some((vSwitchBlock) => containsBlock(vSwitchBlock, block))) {
      throw new RouteRefusal(
        ['OperationUnsupported.DestinationCidrBlockOverlapWithVSwitch'],
        `The destination ${block.text} lies in the CIDR block of a vSwitch.`,
      );
    }
    return block;
  }
}

import ipaddr from 'ipaddr.js';
import { findFreeAddresses, isFreeAddress } from '../address-pool.ts';
import { containsBlock, parseCidrBlock, subBlock } from '../cidr-block.ts';
import type { NetworkInterface } from './compute-objects.ts';
import type { VSwitch } from '../vpc/network-objects.ts';
import { requireInterface } from './network-interface-list.ts';
import type { Answer, OperationContext } from '../operation-context.ts';
import { isAtRest } from '../passage.ts';

// The primary address and 49 more.
const MAX_PRIVATE_IPS = 50;
const MAX_IPV6S = 10;
const TAKEN_CODES = ['InvalidOperation.AddressAlreadyAllocated', 'InvalidIp.IpAssigned'];
const OUTSIDE_CODES = [
  'InvalidOperation.AddressNotInVSwitchCidr',
  'InvalidVSwitchId.IpInvalid',
  'InvalidParameter',
];

/** The addresses that a caller names, and how many more the cloud shall pick. */
interface WantedAddresses {
  readonly wanted: readonly string[];
  readonly count: number;
}

/**
 * Finds private addresses of a vSwitch: those that are named, then picked ones.
 *
 * Errors: an address that is taken, or does not lie in the vSwitch; none left.
 */
export function newPrivateAddresses(
  context: OperationContext,
  vSwitch: VSwitch,
  { wanted, count }: WantedAddresses,
): string[] {
  const { state } = context;
  refuseRepeated(context, wanted);
  for (const address of wanted) {
    const within = parseCidrBlock(vSwitch.cidrBlock);
    const block = parseCidrBlock(address);
    if (within === undefined || block === undefined || !containsBlock(within, block)) {
      throw context.failureOf(OUTSIDE_CODES, `"${address}" does not lie in the vSwitch.`);
    }
    if (!isFreeAddress(state, vSwitch.cidrBlock, address)) {
      throw context.failureOf(TAKEN_CODES, `"${address}" is taken.`);
    }
  }
  const picked = findFreeAddresses(state, vSwitch.cidrBlock, { count, besides: wanted });
  if (picked.length < count) {
    throw context.failure(
      'InvalidVSwitchId.IpNotEnough',
      'The vSwitch has too few addresses left.',
    );
  }
  return [...wanted, ...picked];
}

/** Finds IPv6 addresses of a vSwitch; errors as for private addresses, and where it has no IPv6. */
export function newIpv6Addresses(
  context: OperationContext,
  vSwitch: VSwitch,
  { wanted, count }: WantedAddresses,
): string[] {
  if (wanted.length === 0 && count === 0) return [];
  const within = parseCidrBlock(vSwitch.ipv6CidrBlock ?? '');
  if (within === undefined) {
    throw context.failureOf(
      ['InvalidVSwitch.Ipv6NotTurnOn', 'InvalidOperation.VSwitchIpv6Disabled'],
      'The vSwitch has no IPv6 CIDR block.',
    );
  }
  refuseRepeated(context, wanted);
  const used = new Set(context.state.networkInterfaces.list().flatMap(({ ipv6s }) => ipv6s));
  const named = wanted.map((text) => {
    const block = parseCidrBlock(text);
    if (block === undefined || !containsBlock(within, block)) {
      throw context.failure('InvalidIp.Address', `"${text}" does not lie in the vSwitch.`);
    }
    const address = ipaddr.parse(text).toString();
    if (used.has(address)) throw context.failure('InvalidIp.IpAssigned', `"${text}" is taken.`);
    used.add(address);
    return address;
  });
  const picked: string[] = [];
  for (let number = 1; picked.length < count; number += 1) {
    const [address = ''] = subBlock(within, 128, number).split('/');
    if (!used.has(address)) picked.push(address);
  }
  return [...named, ...picked];
}

function refuseRepeated(context: OperationContext, addresses: readonly string[]): void {
  if (new Set(addresses).size === addresses.length) return;
  throw context.failure('InvalidIp.IpRepeated', 'An address is given twice.');
}

/** Puts secondary private addresses on an interface. */
export function assignPrivateIpAddresses(context: OperationContext): Answer {
  const { parameters } = context;
  const { eni, vSwitch } = requireChangeable(context);
  const asked = wantedOf(context, 'PrivateIpAddress', 'SecondaryPrivateIpAddressCount');
  if (eni.privateIps.length + asked.wanted.length + asked.count > MAX_PRIVATE_IPS) {
    throw context.failure('MaxEniPrivateIpsCountExceeded', 'The interface has too many addresses.');
  }
  const added = newPrivateAddresses(context, vSwitch, asked);
  replace(context, { ...eni, privateIps: [...eni.privateIps, ...added] });
  return {
    AssignedPrivateIpAddressesSet: {
      NetworkInterfaceId: parameters.text('NetworkInterfaceId'),
      PrivateIpSet: { PrivateIpAddress: added },
      Ipv4PrefixSet: { Ipv4Prefixes: [] },
    },
  };
}

/** Takes secondary private addresses from an interface; the primary one stays. */
export function unassignPrivateIpAddresses(context: OperationContext): Answer {
  const { eni } = requireChangeable(context);
  const leaving = context.parameters.texts('PrivateIpAddress');
  for (const address of leaving) {
    if (!eni.privateIps.slice(1).includes(address)) {
      throw context.failure(
        'InvalidIp.IpUnassigned',
        `"${address}" is no secondary address of it.`,
      );
    }
  }
  const privateIps = eni.privateIps.filter((address) => !leaving.includes(address));
  replace(context, { ...eni, privateIps });
  return {};
}

/** Puts IPv6 addresses on an interface. */
export function assignIpv6Addresses(context: OperationContext): Answer {
  const { eni, vSwitch } = requireChangeable(context);
  const asked = wantedOf(context, 'Ipv6Address', 'Ipv6AddressCount');
  if (eni.ipv6s.length + asked.wanted.length + asked.count > MAX_IPV6S) {
    throw context.failure('MaxEniIpv6IpsCountExceeded', 'The interface has too many addresses.');
  }
  const added = newIpv6Addresses(context, vSwitch, asked);
  replace(context, { ...eni, ipv6s: [...eni.ipv6s, ...added] });
  return {
    NetworkInterfaceId: eni.networkInterfaceId,
    Ipv6Sets: { Ipv6Address: added },
    Ipv6PrefixSets: { Ipv6Prefix: [] },
  };
}

/** Takes IPv6 addresses from an interface. */
export function unassignIpv6Addresses(context: OperationContext): Answer {
  const { eni } = requireChangeable(context);
  const leaving = context.parameters.texts('Ipv6Address').map((text) => normalAddress(text));
  for (const address of leaving) {
    if (!eni.ipv6s.includes(address)) {
      throw context.failure('InvalidIp.IpUnassigned', `"${address}" is no address of it.`);
    }
  }
  replace(context, { ...eni, ipv6s: eni.ipv6s.filter((each) => !leaving.includes(each)) });
  return {};
}

function normalAddress(text: string): string {
  return ipaddr.isValid(text) ? ipaddr.parse(text).toString() : text;
}

/** Reads which addresses, or how many, a call asks for: the one or the other. */
function wantedOf(context: OperationContext, list: string, number: string): WantedAddresses {
  const wanted = context.parameters.texts(list);
  const count = context.parameters.findInteger(number) ?? 0;
  if (wanted.length > 0 && count > 0) {
    throw context.failure('InvalidParameter.Conflict', `${list} and ${number} exclude each other.`);
  }
  if (wanted.length === 0 && count === 0) {
    throw context.failure('MissingParameter', `${list} or ${number} is needed.`);
  }
  return { wanted, count };
}

function requireChangeable(context: OperationContext): {
  readonly eni: NetworkInterface;
  readonly vSwitch: VSwitch;
} {
  const eni = requireInterface(context);
  if (!isAtRest(eni, context.now)) {
    throw context.failure(
      'InvalidOperation.InvalidEniState',
      'The status of the network interface does not allow it.',
    );
  }
  const vSwitch = context.state.vSwitches.get(eni.vSwitchId);
  if (vSwitch === undefined) {
    throw context.failure('InvalidVSwitchId.NotFound', 'The vSwitch of the interface is gone.');
  }
  return { eni, vSwitch };
}

function replace(context: OperationContext, eni: NetworkInterface): void {
  context.state.networkInterfaces.set(eni.networkInterfaceId, eni, context.now);
}

import ipaddr from 'ipaddr.js';
import type { CloudState } from './cloud-state.ts';

/** The next public address; no two load balancers ever get the same. */
export function nextPublicAddress(state: CloudState, ipVersion: string): string {
  const number = state.ids.next(`address-${ipVersion}`);
  if (ipVersion === 'ipv6') return `2408:4005:3a2::${number.toString(16)}`;
  return `47.96.${1 + ((number >> 8) & 127)}.${number & 255}`;
}

/** Lists the private addresses that are in use by instances, network interfaces or load balancers. */
function usedAddresses(state: CloudState): Set<string> {
  const used = new Set<string>();
  for (const loadBalancer of state.loadBalancers.list()) used.add(loadBalancer.address);
  for (const instance of state.instances.list()) {
    for (const address of instance.privateIps) used.add(address);
  }
  for (const { privateIps } of state.networkInterfaces.list()) {
    for (const address of privateIps) used.add(address);
  }
  return used;
}

/** Tells whether an address is a usable one of the CIDR block and not taken. */
export function isFreeAddress(state: CloudState, cidrBlock: string, address: string): boolean {
  if (!ipaddr.IPv4.isValidFourPartDecimal(address)) return false;
  const offset = toNumber(address) - firstOf(cidrBlock);
  return isUsable(offset, sizeOf(cidrBlock)) && !usedAddresses(state).has(address);
}

/** Finds the first free address of a CIDR block. */
export function findFreeAddress(state: CloudState, cidrBlock: string): string | undefined {
  return findFreeAddresses(state, cidrBlock, { count: 1, besides: [] })[0];
}

/** Finds the first free addresses of a CIDR block, fewer where it has not as many. */
export function findFreeAddresses(
  state: CloudState,
  cidrBlock: string,
  wanted: { readonly count: number; readonly besides: readonly string[] },
): string[] {
  const used = usedAddresses(state);
  for (const address of wanted.besides) used.add(address);
  const first = firstOf(cidrBlock);
  const size = sizeOf(cidrBlock);
  const found: string[] = [];
  for (let offset = 0; offset < size && found.length < wanted.count; offset += 1) {
    const address = fromNumber(first + offset);
    if (isUsable(offset, size) && !used.has(address)) found.push(address);
  }
  return found;
}

/** Makes a counter of the free addresses of CIDR blocks, as they are now. */
export function freeAddressCounter(state: CloudState): (cidrBlock: string) => number {
  const used = [...usedAddresses(state)]
    .filter((address) => ipaddr.IPv4.isValidFourPartDecimal(address))
    .map(toNumber);
  return (cidrBlock) => {
    const first = firstOf(cidrBlock);
    const size = sizeOf(cidrBlock);
    const taken = used.filter((number) => isUsable(number - first, size)).length;
    return Math.max(size - 4 - taken, 0);
  };
}

/** The first and the last three addresses of a vSwitch belong to the cloud. */
function isUsable(offset: number, size: number): boolean {
  return offset >= 1 && offset < size - 3;
}

function firstOf(cidrBlock: string): number {
  return toNumber(ipaddr.IPv4.networkAddressFromCIDR(cidrBlock).toString());
}

function sizeOf(cidrBlock: string): number {
  return 2 ** (32 - ipaddr.IPv4.parseCIDR(cidrBlock)[1]);
}

function toNumber(address: string): number {
  return ipaddr.IPv4.parse(address)
    .toByteArray()
    .reduce((number, byte) => number * 256 + byte, 0);
}

function fromNumber(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
}

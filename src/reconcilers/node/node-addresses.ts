import type { CloudInstance } from '../../cloud/ecs/ecs-client.ts';
import type { Node, NodeAddress } from '../kubernetes-objects.ts';
import { addressFamily, canonicalAddress } from '../service/source-ranges.ts';
import { PROVIDED_NODE_IP_ANNOTATION } from './node-names.ts';

/**
 * The addresses that a node should have.
 *
 * Shape: `keep` leaves what it has; `refused` says in words why the addresses that its agent was told
 *   to use cannot be had.
 */
export type WantedAddresses =
  | { readonly kind: 'addresses'; readonly addresses: readonly NodeAddress[] }
  | { readonly kind: 'keep' }
  | { readonly kind: 'refused'; readonly why: string };

const UNSPECIFIED = new Set(['0.0.0.0', '::']);

/**
 * Lists the addresses of an instance in an order that does not depend on that of the answer.
 *
 * Shape: as the Go CCM writes them: public addresses, the elastic one, those of the classic network,
 *   those in the VPC with the primary one first, then the IPv6 ones of the primary interface; each
 *   once. Addresses of further interfaces are left out, because network plug-ins give them to pods.
 */
export function instanceAddresses(instance: CloudInstance): readonly NodeAddress[] {
  const primary = instance.interfaces.find(({ type }) => type === 'Primary');
  const primaryIp = primary?.privateIps[0] ?? '';
  const privateIps = instance.privateIps.includes(primaryIp)
    ? [primaryIp, ...instance.privateIps.filter((address) => address !== primaryIp).sort()]
    : [...instance.privateIps].sort();
  return distinct([
    ...[...instance.publicIps].sort().map(external),
    external(instance.elasticIp),
    ...[...instance.innerIps].sort().map(internal),
    ...privateIps.map(internal),
    // Where the VPC's own list is empty, the interface still tells.
    ...(privateIps.length === 0 ? [internal(primaryIp)] : []),
    ...[...(primary?.ipv6s ?? [])].sort().map(internal),
  ]);
}

/**
 * Decides the addresses of a node from those of its instance.
 *
 * Shape: with addresses that the node's agent was told to use, those come first, in that order, and
 *   further ones of their type are left out; they may be any of the instance, on any interface. A host
 *   name that the agent reported stays, at the end.
 * Source: Kubernetes cloud-provider, GetNodeAddressesFromNodeIP.
 */
export function wantedAddresses(instance: CloudInstance, node: Node): WantedAddresses {
  const listed = instanceAddresses(instance);
  if (listed.length === 0) return { kind: 'keep' };
  const hostNames = node.addresses.filter(({ type }) => type === 'Hostname');
  const request = node.metadata.annotations[PROVIDED_NODE_IP_ANNOTATION];
  if (request === undefined) return wanted([...listed, ...hostNames]);

  const requested = parseRequest(request);
  if (requested === undefined) {
    return {
      kind: 'refused',
      why: `annotation "${PROVIDED_NODE_IP_ANNOTATION}" is "${request}": it must be one address, or one of each family separated by a comma`,
    };
  }
  const everywhere = distinct([...listed, ...instance.interfaces.flatMap(interfaceAddresses)]);
  const matched: NodeAddress[] = [];
  for (const address of requested) {
    const found = everywhere.filter((candidate) => candidate.address === address);
    if (found.length === 0) {
      return {
        kind: 'refused',
        why: `annotation "${PROVIDED_NODE_IP_ANNOTATION}" asks for ${address}, which is none of the addresses of instance "${instance.id}"`,
      };
    }
    matched.push(...found);
  }
  const types = new Set(matched.map(({ type }) => type));
  return wanted([...matched, ...listed.filter(({ type }) => !types.has(type)), ...hostNames]);
}

/** Tells whether two lists have the same addresses in the same order. */
export function isSameAddresses(
  left: readonly NodeAddress[],
  right: readonly NodeAddress[],
): boolean {
  return (
    left.length === right.length &&
    left.every(({ type, address }, index) => {
      const other = right[index];
      return other?.type === type && other.address === address;
    })
  );
}

function wanted(addresses: readonly NodeAddress[]): WantedAddresses {
  return { kind: 'addresses', addresses: distinct(addresses) };
}

/** Reads one address, or one of each family; blanks are not allowed, as in Kubernetes. */
function parseRequest(text: string): readonly string[] | undefined {
  const parts = text.split(',');
  const addresses = parts.flatMap((part) =>
    part.trim() === part ? (canonicalAddress(part) ?? []) : [],
  );
  if (addresses.length !== parts.length || addresses.length > 2) return undefined;
  if (addresses.length === 1) return addresses;
  const families = new Set(addresses.map(addressFamily));
  const hasUnspecified = addresses.some((address) => UNSPECIFIED.has(address));
  return families.size === 2 && !hasUnspecified ? addresses : undefined;
}

function interfaceAddresses({
  privateIps,
  ipv6s,
}: CloudInstance['interfaces'][number]): readonly NodeAddress[] {
  return [...privateIps, ...ipv6s].map(internal);
}

function internal(address: string): NodeAddress {
  return { type: 'InternalIP', address };
}

function external(address: string): NodeAddress {
  return { type: 'ExternalIP', address };
}

/** The API server refuses an address that is listed twice; empty ones are none. */
function distinct(addresses: readonly NodeAddress[]): readonly NodeAddress[] {
  const byText = new Map<string, NodeAddress>();
  for (const { type, address } of addresses) {
    if (address === '') continue;
    const canonical = type === 'Hostname' ? address : (canonicalAddress(address) ?? address);
    const text = `${type} ${canonical}`;
    if (!byText.has(text)) byText.set(text, { type, address: canonical });
  }
  return [...byText.values()];
}

import ipaddr from 'ipaddr.js';

/**
 * The client networks that a list of ranges means.
 *
 * Shape: `ranges` in canonical form, sorted, each once; empty when everybody may connect.
 *   `adjusted` lists the entries that were not written as networks, with what they were read as.
 */
export type SourceRanges =
  | {
      readonly kind: 'valid';
      readonly ranges: readonly string[];
      readonly adjusted: readonly { readonly from: string; readonly to: string }[];
    }
  | { readonly kind: 'invalid'; readonly entry: string };

/**
 * Reads a list of client networks as the API server means it.
 *
 * Shape: blanks around entries do not count, nor do order and repetition; `0.0.0.0/0` anywhere lets
 *   every IPv4 client in.
 * Source: Kubernetes, `spec.loadBalancerSourceRanges`.
 */
export function parseSourceRanges(entries: readonly string[]): SourceRanges {
  const ranges = new Set<string>();
  const adjusted: { from: string; to: string }[] = [];
  for (const text of entries) {
    const entry = text.trim();
    const range = canonicalRange(entry);
    if (range === undefined) return { kind: 'invalid', entry };
    if (range !== entry.toLowerCase()) adjusted.push({ from: entry, to: range });
    ranges.add(range);
  }
  const isOpen = ranges.has('0.0.0.0/0') || ranges.size === 0;
  return { kind: 'valid', ranges: isOpen ? [] : [...ranges].sort(), adjusted };
}

/**
 * Writes an address in canonical form; `undefined` for text that is none.
 *
 * Shape: leading zeros of IPv4 are read as decimal, as Kubernetes does.
 */
export function canonicalAddress(text: string): string | undefined {
  const address = parseAddress(text.trim());
  if (address === undefined) return undefined;
  return address.kind() === 'ipv6'
    ? (address as ipaddr.IPv6).toRFC5952String()
    : address.toString();
}

/** Tells the family of an address; `undefined` for text that is none. */
export function addressFamily(text: string): 'IPv4' | 'IPv6' | undefined {
  const address = parseAddress(text.trim());
  if (address === undefined) return undefined;
  return address.kind() === 'ipv4' ? 'IPv4' : 'IPv6';
}

function canonicalRange(entry: string): string | undefined {
  const [, address, digits] = /^([^/]+)\/(\d{1,3})$/.exec(entry) ?? [];
  const canonical = address === undefined ? undefined : canonicalAddress(address);
  if (canonical === undefined) return undefined;
  const range = `${canonical}/${Number(digits)}`;
  if (!ipaddr.isValidCIDR(range)) return undefined;
  const isIpv4 = ipaddr.IPv4.isValid(canonical);
  const network = isIpv4
    ? ipaddr.IPv4.networkAddressFromCIDR(range).toString()
    : ipaddr.IPv6.networkAddressFromCIDR(range).toRFC5952String();
  return `${network}/${Number(digits)}`;
}

function parseAddress(text: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  const decimal = text.replace(/(?<![\d.])0+(?=\d+\.)|(?<=\.)0+(?=\d)/g, '');
  if (ipaddr.IPv4.isValidFourPartDecimal(decimal)) return ipaddr.IPv4.parse(decimal);
  return text.includes(':') && ipaddr.IPv6.isValid(text) ? ipaddr.IPv6.parse(text) : undefined;
}

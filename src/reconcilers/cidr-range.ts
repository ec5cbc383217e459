import ipaddr from 'ipaddr.js';

/** A range of addresses of one family; its text is the one form that is compared and sent. */
export interface CidrRange {
  readonly family: 'IPv4' | 'IPv6';
  readonly prefixLength: number;
  /** The network's address and the length of its prefix, in the shortest form. */
  readonly text: string;
}

/**
 * Reads a range such as `10.0.0.0/16`; `undefined` when the text is none.
 *
 * Shape: an address inside the range stands for the range, as the cloud reads it.
 */
export function parseCidrRange(text: string): CidrRange | undefined {
  const trimmed = text.trim();
  // The library also reads the short and the octal forms of old, such as 10.0/8 and 010.0.0.0/8.
  const isValid = trimmed.includes(':')
    ? ipaddr.IPv6.isValidCIDR(trimmed) && !trimmed.includes('%')
    : ipaddr.IPv4.isValidCIDRFourPartDecimal(trimmed);
  if (!isValid) return undefined;
  const [address, prefixLength] = ipaddr.parseCIDR(trimmed);
  const isIpv4 = address.kind() === 'ipv4';
  const network = isIpv4
    ? ipaddr.IPv4.networkAddressFromCIDR(trimmed).toString()
    : ipaddr.IPv6.networkAddressFromCIDR(trimmed).toRFC5952String();
  return {
    family: isIpv4 ? 'IPv4' : 'IPv6',
    prefixLength,
    text: `${network}/${prefixLength}`,
  };
}

/** Tells whether every address of `inner` is also one of `outer`. */
export function containsRange(outer: CidrRange, inner: CidrRange): boolean {
  if (outer.family !== inner.family || inner.prefixLength < outer.prefixLength) return false;
  return ipaddr.parseCIDR(inner.text)[0].match(ipaddr.parseCIDR(outer.text));
}

/** Tells whether the ranges have an address in common. */
export function rangesOverlap(one: CidrRange, other: CidrRange): boolean {
  return containsRange(one, other) || containsRange(other, one);
}

import ipaddr from 'ipaddr.js';

/** A block of addresses, of either family. */
export interface CidrBlock {
  readonly family: 'IPv4' | 'IPv6';
  /** The block as it is written everywhere: `10.0.0.0/8`, `2408:4005:3::/56`. */
  readonly text: string;
  /** The bytes of its first address. */
  readonly bytes: readonly number[];
  readonly length: number;
}

/**
 * Reads a block; a bare address is a block of one.
 *
 * Errors: none; undefined for what is no block, or has bits set behind its mask.
 */
export function parseCidrBlock(text: string): CidrBlock | undefined {
  const [address = '', mask, ...rest] = text.split('/');
  if (rest.length > 0 || !isAddress(address)) return undefined;
  const parsed = ipaddr.parse(address);
  const bytes = parsed.toByteArray();
  const width = bytes.length * 8;
  if (mask !== undefined && !/^\d{1,3}$/.test(mask)) return undefined;
  const length = mask === undefined ? width : Number(mask);
  if (length > width) return undefined;
  if (bytes.some((byte, index) => (byte & ~maskByte(length, index)) !== 0)) return undefined;
  return {
    family: parsed.kind() === 'ipv4' ? 'IPv4' : 'IPv6',
    text: `${parsed.toString()}/${length}`,
    bytes,
    length,
  };
}

/** Tells whether the inner block lies in the outer one, or equals it. */
export function containsBlock(outer: CidrBlock, inner: CidrBlock): boolean {
  return (
    outer.family === inner.family &&
    outer.length <= inner.length &&
    outer.bytes.every(
      (byte, index) => ((inner.bytes[index] ?? 0) & maskByte(outer.length, index)) === byte,
    )
  );
}

/** Tells whether two blocks share an address. */
export function blocksOverlap(a: CidrBlock, b: CidrBlock): boolean {
  return containsBlock(a, b) || containsBlock(b, a);
}

/** The block of the given length at a number within a block, as a text. */
export function subBlock(block: CidrBlock, length: number, number: number): string {
  const bytes = [...block.bytes];
  const shift = block.bytes.length * 8 - length;
  let value = BigInt(number) << BigInt(shift);
  for (let index = bytes.length - 1; index >= 0; index -= 1) {
    bytes[index] = (bytes[index] ?? 0) | Number(value & 255n);
    value >>= 8n;
  }
  return `${ipaddr.fromByteArray(bytes).toString()}/${length}`;
}

function isAddress(text: string): boolean {
  return text.includes(':') ? ipaddr.IPv6.isValid(text) : ipaddr.IPv4.isValidFourPartDecimal(text);
}

function maskByte(length: number, index: number): number {
  const bits = Math.min(Math.max(length - index * 8, 0), 8);
  return (0xff << (8 - bits)) & 0xff;
}

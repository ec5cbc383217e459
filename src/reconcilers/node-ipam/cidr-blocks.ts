import ipaddr from 'ipaddr.js';
import { containsRange, parseCidrRange, rangesOverlap, type CidrRange } from '../cidr-range.ts';

/**
 * How much longer a block's prefix may be than that of its range.
 *
 * Source: the Kubernetes node IPAM controller, which keeps one bit for each block.
 */
export const MAX_BLOCK_PREFIX_DIFFERENCE = 16;

const BITS = { IPv4: 32, IPv6: 128 } as const;

/**
 * The blocks of equal size that a range is cut into, and how many hold each of them.
 *
 * Shape: a block is free when nobody holds it; two who hold the same one both have to let go. What
 *   was given out last comes up again last, so that routes to a block that was just freed have time
 *   to go.
 */
export class CidrBlocks {
  readonly range: CidrRange;
  readonly blockPrefixLength: number;
  readonly #holders: Uint32Array;
  readonly #firstAddress: bigint;
  #used = 0;
  #next = 0;

  /** `blockPrefixLength` is at least the range's and at most `MAX_BLOCK_PREFIX_DIFFERENCE` longer. */
  constructor(range: CidrRange, blockPrefixLength: number) {
    this.range = range;
    this.blockPrefixLength = blockPrefixLength;
    this.#holders = new Uint32Array(2 ** (blockPrefixLength - range.prefixLength));
    this.#firstAddress = firstAddressOf(range);
  }

  /** How many blocks there are. */
  get total(): number {
    return this.#holders.length;
  }

  /** How many blocks are held. */
  get used(): number {
    return this.#used;
  }

  /** Holds every block that has an address of this range. */
  hold(cidr: CidrRange): void {
    const { first, end } = this.#spanOf(cidr);
    for (let index = first; index < end; index += 1) {
      const holders = this.#holders[index] ?? 0;
      if (holders === 0) this.#used += 1;
      this.#holders[index] = holders + 1;
    }
  }

  /** Takes one `hold` of the same range back. */
  release(cidr: CidrRange): void {
    const { first, end } = this.#spanOf(cidr);
    for (let index = first; index < end; index += 1) {
      const holders = this.#holders[index] ?? 0;
      if (holders === 0) continue;
      if (holders === 1) this.#used -= 1;
      this.#holders[index] = holders - 1;
    }
  }

  /** Tells whether a block that has an address of this range is held. */
  isHeld(cidr: CidrRange): boolean {
    const { first, end } = this.#spanOf(cidr);
    return this.#holders.subarray(first, end).some((holders) => holders > 0);
  }

  /** Holds a free block and returns it; `undefined` when there is none. */
  take(): CidrRange | undefined {
    if (this.#used === this.total) return undefined;
    const fromNext = this.#holders.indexOf(0, this.#next);
    const index = fromNext >= 0 ? fromNext : this.#holders.indexOf(0);
    const block = this.#blockAt(index);
    this.#next = (index + 1) % this.total;
    this.hold(block);
    return block;
  }

  /** The blocks that overlap a range, as positions; `end` is the first one after them. */
  #spanOf(cidr: CidrRange): { readonly first: number; readonly end: number } {
    if (!rangesOverlap(this.range, cidr)) return { first: 0, end: 0 };
    if (containsRange(cidr, this.range)) return { first: 0, end: this.total };
    const first = Number((firstAddressOf(cidr) - this.#firstAddress) >> this.#hostBits());
    return { first, end: first + 2 ** Math.max(0, this.blockPrefixLength - cidr.prefixLength) };
  }

  #blockAt(index: number): CidrRange {
    const bits = BITS[this.range.family];
    const address = this.#firstAddress + (BigInt(index) << this.#hostBits());
    const bytes = Array.from({ length: bits / 8 }, (_, position) =>
      Number((address >> BigInt(bits - 8 * (position + 1))) & 0xffn),
    );
    const text = `${ipaddr.fromByteArray(bytes).toString()}/${this.blockPrefixLength}`;
    const block = parseCidrRange(text);
    if (block === undefined) throw new Error(`Not a range: ${text}`);
    return block;
  }

  #hostBits(): bigint {
    return BigInt(BITS[this.range.family] - this.blockPrefixLength);
  }
}

/** The library knows networks and bytes, but no n-th network of a size; so addresses become numbers. */
function firstAddressOf(range: CidrRange): bigint {
  const [address] = ipaddr.parseCIDR(range.text);
  return address.toByteArray().reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

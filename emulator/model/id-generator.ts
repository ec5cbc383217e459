import { createHash } from 'node:crypto';

// The two or three characters that ids of one region share.
const REGION_MARKS: Readonly<Record<string, string>> = {
  'cn-beijing': '2ze',
  'cn-hangzhou': 'bp1',
  'cn-hongkong': 'j6c',
  'cn-qingdao': 'm5e',
  'cn-shanghai': 'uf6',
  'cn-shenzhen': 'wz9',
  'ap-southeast-1': 't4n',
};

/**
 * Makes ids that look like the real ones and repeat from run to run.
 *
 * Shape: the n-th id of a prefix depends on the seed, the prefix and n alone.
 */
export class IdGenerator {
  readonly #seed: string;
  #counters = new Map<string, number>();

  constructor(seed: string) {
    this.#seed = seed;
  }

  /** An id such as `lb-bp1b6c719dfa08e7x2k4`: prefix, the region's mark, base-36 characters. */
  objectId(prefix: string, regionId: string, length: number): string {
    const digits = BigInt(`0x${this.#digest(prefix)}`).toString(36);
    return `${prefix}-${REGION_MARKS[regionId] ?? 'gw8'}${digits.slice(0, length)}`;
  }

  /** A request id: an upper-case UUID. */
  requestId(): string {
    const hex = this.#digest('request').toUpperCase();
    const parts = [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`];
    return [...parts, `A${hex.slice(17, 20)}`, hex.slice(20, 32)].join('-');
  }

  /** Characters for a secret or a token. */
  secret(name: string, length: number): string {
    return createHash('sha512')
      .update(this.#digest(name))
      .digest('base64url')
      .replaceAll(/[-_]/g, 'x')
      .slice(0, length);
  }

  /** The number of ids made so far for a name, counted up by one. */
  next(name: string): number {
    const next = (this.#counters.get(name) ?? 0) + 1;
    this.#counters.set(name, next);
    return next;
  }

  /** The counters, to be kept with the objects that the ids were made for. */
  counters(): Record<string, number> {
    return Object.fromEntries(this.#counters);
  }

  /** Goes on from counters that were kept; none starts over. */
  restore(counters: Readonly<Record<string, number>> = {}): void {
    this.#counters = new Map(Object.entries(counters));
  }

  #digest(name: string): string {
    return createHash('sha256')
      .update(`${this.#seed}/${name}/${this.next(name)}`)
      .digest('hex');
  }
}

import { containsRange, parseCidrRange, rangesOverlap, type CidrRange } from '../cidr-range.ts';
import type { Node } from '../kubernetes-objects.ts';
import { CidrBlocks } from './cidr-blocks.ts';
import type { NodeIpamSettings, NodeIpamUsage } from './node-ipam-ports.ts';

/** What looking at a node has brought to light. */
export type LedgerFinding =
  | { readonly kind: 'nothing' }
  /** A range of the node's pods cannot be told apart from those of others. */
  | { readonly kind: 'unusable'; readonly problem: string }
  /** Somebody else gave the node its ranges while we would have. */
  | { readonly kind: 'foreign'; readonly podCidrs: readonly string[] }
  /** Another node has addresses of the same range. */
  | { readonly kind: 'overlap'; readonly podCidr: string; readonly otherNode: string };

/** The answer to asking for blocks. */
export type Reservation =
  | { readonly kind: 'reserved'; readonly podCidrs: readonly string[] }
  | { readonly kind: 'exhausted'; readonly range: string }
  /** Nothing is given out while a range of some node is unusable. */
  | { readonly kind: 'stopped'; readonly byNodes: readonly string[] };

/** What one node holds. */
interface Holding {
  readonly name: string;
  readonly cidrs: readonly CidrRange[];
  /** Whether the node was seen with them, or they are only meant for it. */
  readonly isSeen: boolean;
}

const NOTHING: LedgerFinding = { kind: 'nothing' };

/**
 * Who holds which block of the cluster's ranges.
 *
 * Shape: by uid, so that a node made again under its name is another one. What was once reserved for
 *   a node stays so, whatever came of the write, until the node is seen with ranges or is gone. While
 *   a node has ranges that are unparsable or outside the cluster's, nothing is given out.
 */
export class PodCidrLedger {
  readonly #blocks: readonly CidrBlocks[];
  readonly #holdings = new Map<string, Holding>();
  /** Nodes that were seen without ranges. */
  readonly #bare = new Set<string>();
  readonly #unusable = new Map<string, string>();

  constructor({ clusterRanges, serviceRanges }: NodeIpamSettings) {
    this.#blocks = clusterRanges.map(
      ({ range, blockPrefixLength }) => new CidrBlocks(range, blockPrefixLength),
    );
    for (const blocks of this.#blocks) for (const range of serviceRanges) blocks.hold(range);
  }

  /** Why nothing is given out, by the names of the nodes that are the reason. */
  get stoppedBy(): readonly string[] {
    return [...this.#unusable.values()].sort();
  }

  usage(): readonly NodeIpamUsage[] {
    return this.#blocks.map(({ range, total, used }) => ({
      range: range.text,
      totalBlocks: total,
      usedBlocks: used,
    }));
  }

  /** Takes into account what a node has; asked again about the same it finds nothing more. */
  observe(node: Node): LedgerFinding {
    const { uid, name } = node.metadata;
    if (node.podCidrs.length === 0) {
      this.#bare.add(uid);
      return NOTHING;
    }
    const wasBare = this.#bare.delete(uid);
    if (this.#unusable.has(uid)) return NOTHING;
    const former = this.#holdings.get(uid);
    if (former?.isSeen === true) return NOTHING;

    const cidrs = node.podCidrs.map(parseCidrRange);
    const problem = this.#problemOf(node, cidrs);
    if (problem !== undefined) {
      this.#unusable.set(uid, name);
      return { kind: 'unusable', problem };
    }
    const present = cidrs.filter((cidr) => cidr !== undefined);
    const isOurs = former !== undefined && isSame(former.cidrs, present);
    if (isOurs) {
      this.#holdings.set(uid, { ...former, isSeen: true });
      return NOTHING;
    }
    this.#letGo(uid);
    const overlap = this.#findOverlap(present);
    this.#hold(uid, { name, cidrs: present, isSeen: true });
    if (overlap !== undefined) return overlap;
    return wasBare ? { kind: 'foreign', podCidrs: present.map(({ text }) => text) } : NOTHING;
  }

  /** Reserves one block of each range for a node, the same ones each time it is asked for it. */
  reserve(node: Node): Reservation {
    if (this.#unusable.size > 0) return { kind: 'stopped', byNodes: this.stoppedBy };
    const { uid, name } = node.metadata;
    const former = this.#holdings.get(uid);
    if (former !== undefined) return reserved(former.cidrs);

    const taken: CidrRange[] = [];
    for (const blocks of this.#blocks) {
      const block = blocks.take();
      if (block === undefined) {
        for (const cidr of taken) this.#blocksOf(cidr)?.release(cidr);
        return { kind: 'exhausted', range: blocks.range.text };
      }
      taken.push(block);
    }
    this.#holdings.set(uid, { name, cidrs: taken, isSeen: false });
    return reserved(taken);
  }

  /** Frees what a node held that is gone; tells whether that lets others go on. */
  forget(uid: string): boolean {
    this.#bare.delete(uid);
    const wasUnusable = this.#unusable.delete(uid);
    return this.#letGo(uid) || (wasUnusable && this.#unusable.size === 0);
  }

  #problemOf(node: Node, cidrs: readonly (CidrRange | undefined)[]): string | undefined {
    const unparsable = cidrs.findIndex((cidr) => cidr === undefined);
    if (unparsable >= 0) return `"${node.podCidrs[unparsable] ?? ''}" is no range of addresses`;
    const outside = cidrs.find((cidr) => cidr !== undefined && !this.#blocksOf(cidr));
    if (outside === undefined) return undefined;
    const ranges = this.#blocks.map(({ range }) => range.text).join(', ');
    return `"${outside.text}" is outside the cluster's ranges ${ranges}`;
  }

  #findOverlap(cidrs: readonly CidrRange[]): LedgerFinding | undefined {
    const held = cidrs.find((cidr) => this.#blocksOf(cidr)?.isHeld(cidr));
    if (held === undefined) return undefined;
    // Only now, because it looks at every node.
    const other = [...this.#holdings.values()].find((holding) =>
      holding.cidrs.some((cidr) => rangesOverlap(cidr, held)),
    );
    if (other === undefined) return undefined;
    return { kind: 'overlap', podCidr: held.text, otherNode: other.name };
  }

  #hold(uid: string, holding: Holding): void {
    for (const cidr of holding.cidrs) this.#blocksOf(cidr)?.hold(cidr);
    this.#holdings.set(uid, holding);
  }

  #letGo(uid: string): boolean {
    const holding = this.#holdings.get(uid);
    if (holding === undefined) return false;
    for (const cidr of holding.cidrs) this.#blocksOf(cidr)?.release(cidr);
    return this.#holdings.delete(uid);
  }

  #blocksOf(cidr: CidrRange): CidrBlocks | undefined {
    return this.#blocks.find(({ range }) => containsRange(range, cidr));
  }
}

function reserved(cidrs: readonly CidrRange[]): Reservation {
  return { kind: 'reserved', podCidrs: cidrs.map(({ text }) => text) };
}

function isSame(one: readonly CidrRange[], other: readonly CidrRange[]): boolean {
  return one.length === other.length && one.every(({ text }, index) => text === other[index]?.text);
}

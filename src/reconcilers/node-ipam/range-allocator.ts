import type { Failure } from '../../cloud/failure.ts';
import { failureReport } from '../failure-report.ts';
import type { Node } from '../kubernetes-objects.ts';
import { observeAgain, settled, type ObjectKey, type Outcome } from '../reconciler.ts';
import { nodeIpamEvent } from './node-ipam-messages.ts';
import type { AllocatorPorts, NodeIpamUsage, PodCidrAllocator } from './node-ipam-ports.ts';
import { assignPodCidrs } from './pod-cidr-assignment.ts';
import { PodCidrLedger } from './pod-cidr-ledger.ts';

/** How often a node that waits says so; it goes on at once when a block is freed. */
const TELL_AGAIN_MS = 300_000;

/**
 * Gives each node without a range for its pods one block of each of the cluster's ranges.
 *
 * Shape: `begin` comes before the first pass, and every change of a node is told to `noteNode` and
 *   `noteDeparture`, so that a block is known as held before another node asks for one. A node's range
 *   is written once and never changed.
 */
export class RangeAllocator implements PodCidrAllocator {
  readonly resourceKind = 'Node';
  readonly #ports: AllocatorPorts;
  readonly #ledger: PodCidrLedger;
  /** The uids of nodes that left the cache, by name. */
  readonly #departed = new Map<string, Set<string>>();

  constructor(ports: AllocatorPorts) {
    this.#ports = ports;
    this.#ledger = new PodCidrLedger(ports.settings);
  }

  /** Whether a range that cannot be counted keeps everything from being given out. */
  get isStopped(): boolean {
    return this.#ledger.stoppedBy.length > 0;
  }

  usage(): readonly NodeIpamUsage[] {
    return this.#ledger.usage();
  }

  /**
   * Takes the ranges of all nodes into account.
   *
   * Shape: read past the cache, which may not yet show what an earlier leader wrote last.
   */
  async begin(signal: AbortSignal): Promise<void> {
    const { writer, nodes } = this.#ports;
    const listed = await writer.listDirectly(signal);
    for (const node of [...listed, ...nodes.list()]) this.#observe(node);
    this.#wakeWaiting();
  }

  /** Takes a node into account that is new or has changed. */
  noteNode(node: Node): void {
    this.#observe(node);
    if (isWaiting(node)) this.#ports.wake(node.metadata);
  }

  /** Remembers that a node has left the cache. */
  noteDeparture({ metadata }: Node): void {
    const uids = this.#departed.get(metadata.name) ?? new Set();
    this.#departed.set(metadata.name, uids.add(metadata.uid));
    this.#ports.wake(metadata);
  }

  async reconcile(key: ObjectKey, signal: AbortSignal): Promise<Outcome> {
    await this.#freeDeparted(key, signal);
    const node = this.#ports.nodes.find(key);
    if (node === undefined || !isWaiting(node)) return settled;

    const reservation = this.#ledger.reserve(node);
    switch (reservation.kind) {
      case 'stopped': {
        const names = reservation.byNodes.map((name) => `"${name}"`).join(', ');
        this.#record(node, 'CIDRNotAvailable', `the range of node ${names} cannot be counted`);
        return observeAgain(TELL_AGAIN_MS);
      }
      case 'exhausted':
        this.#record(node, 'CIDRNotAvailable', `every block of ${reservation.range} is taken`);
        return observeAgain(TELL_AGAIN_MS);
      case 'reserved':
        // The cache tells of the answer, and that it is ours is known by what is reserved; of a node
        // that went meanwhile the departure frees it.
        await assignPodCidrs(this.#ports, node, reservation.podCidrs, signal);
        return settled;
    }
  }

  reportFailure(key: ObjectKey, failure: Failure): Promise<void> {
    const node = this.#ports.nodes.find(key);
    const report = failureReport(failure);
    if (node !== undefined && report.event !== undefined) {
      this.#record(node, 'CIDRAssignmentFailed', report.message);
    }
    return Promise.resolve();
  }

  /** Frees what nodes held that are really gone; a cache can be short of one for other reasons. */
  async #freeDeparted(key: ObjectKey, signal: AbortSignal): Promise<void> {
    const departed = this.#departed.get(key.name);
    if (departed === undefined) return;
    // Those that leave during the read are judged by the next one.
    const uids = [...departed];
    const live = await this.#ports.writer.findDirectly(key.name, signal);
    let hasFreed = false;
    for (const uid of uids) {
      if (uid !== live?.metadata.uid && this.#ledger.forget(uid)) hasFreed = true;
      departed.delete(uid);
    }
    if (departed.size === 0) this.#departed.delete(key.name);
    if (hasFreed) this.#wakeWaiting();
  }

  #observe(node: Node): void {
    const finding = this.#ledger.observe(node);
    switch (finding.kind) {
      case 'nothing':
        return;
      case 'unusable':
        this.#record(node, 'InvalidPodCIDR', finding.problem);
        this.#ports.logger.error('Gives no more ranges to nodes', {
          node: node.metadata.name,
          problem: finding.problem,
        });
        return;
      case 'foreign':
        this.#record(node, 'ForeignPodCIDR', finding.podCidrs.join(', '));
        return;
      case 'overlap':
        this.#record(
          node,
          'PodCIDROverlap',
          `The range ${finding.podCidr} overlaps that of node "${finding.otherNode}"`,
        );
        return;
    }
  }

  #wakeWaiting(): void {
    const { nodes, wake } = this.#ports;
    for (const node of nodes.list()) if (isWaiting(node)) wake(node.metadata);
  }

  #record(node: Node, ...content: Parameters<typeof nodeIpamEvent>): void {
    this.#ports.events.record(node, nodeIpamEvent(...content));
  }
}

function isWaiting(node: Node): boolean {
  return node.podCidrs.length === 0 && node.metadata.deletionTimestamp === undefined;
}

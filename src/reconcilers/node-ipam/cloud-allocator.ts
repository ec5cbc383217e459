import type { Failure } from '../../cloud/failure.ts';
import type { CloudRouteEntry } from '../../cloud/vpc/vpc-client.ts';
import { parseCidrRange, rangesOverlap, type CidrRange } from '../cidr-range.ts';
import { failureReport } from '../failure-report.ts';
import type { Node } from '../kubernetes-objects.ts';
import { isExcludedNode, readProviderId } from '../provider-id.ts';
import { observeAgain, settled, type ObjectKey, type Outcome } from '../reconciler.ts';
import { planCloudCidrs } from './cloud-cidr-plan.ts';
import { nodeIpamEvent } from './node-ipam-messages.ts';
import type { AllocatorPorts, PodCidrAllocator } from './node-ipam-ports.ts';
import { assignPodCidrs } from './pod-cidr-assignment.ts';

/** What a CloudAllocator needs. */
export interface CloudAllocatorPorts extends AllocatorPorts {
  /** Lists the entries of the VPC's route tables. */
  readonly listRoutes: (signal: AbortSignal) => Promise<readonly CloudRouteEntry[]>;
}

/** How soon the routes are looked at again for a node that none leads to. */
const NEXT_LOOK_MS = 60_000;

/**
 * Gives each node without a range for its pods those that the routes of the VPC lead to it with.
 *
 * Shape: only nodes that are instances; what a node has is compared and never changed.
 */
export class CloudAllocator implements PodCidrAllocator {
  readonly resourceKind = 'Node';
  readonly isStopped = false;
  readonly #ports: CloudAllocatorPorts;

  constructor(ports: CloudAllocatorPorts) {
    this.#ports = ports;
  }

  usage(): readonly never[] {
    return [];
  }

  begin(): Promise<void> {
    for (const node of this.#ports.nodes.list()) this.noteNode(node);
    return Promise.resolve();
  }

  noteNode(node: Node): void {
    if (instanceIdOf(node) !== undefined) this.#ports.wake(node.metadata);
  }

  noteDeparture(): void {
    // Nothing is kept about nodes.
  }

  async reconcile(key: ObjectKey, signal: AbortSignal): Promise<Outcome> {
    const { nodes, listRoutes, settings } = this.#ports;
    const node = nodes.find(key);
    const instanceId = node === undefined ? undefined : instanceIdOf(node);
    if (node === undefined || instanceId === undefined) return settled;
    const plan = planCloudCidrs({
      instanceId,
      podCidrs: node.podCidrs,
      entries: await listRoutes(signal),
      clusterRanges: settings.clusterRanges.map(({ range }) => range),
    });
    switch (plan.kind) {
      case 'nothing':
        return settled;
      case 'mismatch': {
        const note = `The node has ${plan.podCidr}, but the routes of the VPC lead to it with ${plan.routed.join(', ')}`;
        this.#record(node, 'PodCIDRMismatch', note);
        return settled;
      }
      case 'unclear':
        this.#record(node, 'CIDRNotAvailable', plan.why);
        return observeAgain(NEXT_LOOK_MS);
      case 'assign':
        return this.#assign(node, plan.podCidrs, signal);
    }
  }

  reportFailure(key: ObjectKey, failure: Failure): Promise<void> {
    const node = this.#ports.nodes.find(key);
    const report = failureReport(failure);
    // A node that has its ranges works, whether or not they can be compared.
    if (node?.podCidrs.length === 0 && report.event !== undefined) {
      this.#record(node, 'CIDRAssignmentFailed', report.message);
    }
    return Promise.resolve();
  }

  async #assign(node: Node, podCidrs: readonly string[], signal: AbortSignal): Promise<Outcome> {
    const holder = this.#findHolder(podCidrs, node);
    if (holder !== undefined) {
      const why = `node "${holder.metadata.name}" has ${holder.podCidrs.join(', ')}, and routes of the VPC lead here with ${podCidrs.join(', ')}`;
      this.#record(node, 'CIDRNotAvailable', why);
      return observeAgain(NEXT_LOOK_MS);
    }
    await assignPodCidrs(this.#ports, node, podCidrs, signal);
    return settled;
  }

  /** Finds another node that has an address of the ranges. */
  #findHolder(podCidrs: readonly string[], node: Node): Node | undefined {
    const wanted = rangesOf(podCidrs);
    return this.#ports.nodes
      .list()
      .find(
        (other) =>
          other.metadata.uid !== node.metadata.uid &&
          rangesOf(other.podCidrs).some((cidr) => wanted.some((want) => rangesOverlap(want, cidr))),
      );
  }

  #record(node: Node, ...content: Parameters<typeof nodeIpamEvent>): void {
    this.#ports.events.record(node, nodeIpamEvent(...content));
  }
}

/** The instance that a node is, where its ranges are a matter of the VPC. */
function instanceIdOf(node: Node): string | undefined {
  if (isExcludedNode(node) || node.metadata.deletionTimestamp !== undefined) return undefined;
  const id = readProviderId(node.providerId);
  return id.kind === 'ecs' ? id.instanceId : undefined;
}

function rangesOf(texts: readonly string[]): readonly CidrRange[] {
  return texts.map(parseCidrRange).filter((range) => range !== undefined);
}

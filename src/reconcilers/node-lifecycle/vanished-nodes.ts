import type { CloudIdentity } from '../../cloud/cloud-identity.ts';
import { Failure, isFailure } from '../../cloud/failure.ts';
import { isAborted } from '../../cloud/is-aborted.ts';
import type { Node } from '../kubernetes-objects.ts';
import { APPROVE_REMOVAL_ANNOTATION } from '../names.ts';
import {
  deletingNode,
  deletingNodeFailed,
  deletionHeld,
  MOST_NAMED,
  wrongPlace,
} from './node-lifecycle-messages.ts';
import type { NodeLifecyclePorts } from './node-lifecycle-ports.ts';

/** What deleting nodes needs. */
export interface VanishedNodesPorts extends Pick<
  NodeLifecyclePorts,
  'breaker' | 'recordedPlaces' | 'mayWrite' | 'logger' | 'events'
> {
  readonly writer: Pick<NodeLifecyclePorts['writer'], 'delete'>;
}

/** Deletes the nodes whose instances are proven to be gone, unless too many are. */
export class VanishedNodes {
  readonly #ports: VanishedNodesPorts;
  /** The uids of nodes that are held and have been told so. */
  readonly #told = new Set<string>();
  /** Where an instance of this cluster has been seen by this process. */
  #provenPlace: CloudIdentity | undefined;

  constructor(ports: VanishedNodesPorts) {
    this.#ports = ports;
  }

  /** Takes note that instances of this cluster are visible with these credentials. */
  provePlace(place: CloudIdentity): void {
    this.#provenPlace ??= place;
  }

  /** Takes a node out that is no longer missing. */
  forget(uid: string): void {
    this.#told.delete(uid);
    this.#ports.breaker.release('nodes', uid);
  }

  /** Deletes those that may go; `total` is how many nodes are followed. */
  async remove(
    gone: readonly Node[],
    { identity, total }: { readonly identity: CloudIdentity; readonly total: number },
    signal: AbortSignal,
  ): Promise<void> {
    if (gone.length === 0) return;
    const { breaker } = this.#ports;
    const elsewhere = this.#otherPlace(identity);
    if (elsewhere !== undefined) {
      this.#hold(gone, { place: wrongPlace(identity, elsewhere) });
      return;
    }
    for (const { metadata } of gone) {
      const isApproved = metadata.annotations[APPROVE_REMOVAL_ANNOTATION] === metadata.uid;
      if (isApproved) breaker.approve('nodes', metadata.uid);
    }
    const uids = gone.map(({ metadata }) => metadata.uid);
    const held = new Set(breaker.judge('nodes', uids, total).held);
    this.#hold(
      gone.filter(({ metadata }) => held.has(metadata.uid)),
      { total },
    );
    for (const node of gone) {
      if (!held.has(node.metadata.uid)) await this.#delete(node, signal);
    }
  }

  /** Finds a recorded place that speaks against the present one. */
  #otherPlace(identity: CloudIdentity): CloudIdentity | undefined {
    const { recordedPlaces } = this.#ports;
    const proven = this.#provenPlace;
    if (proven !== undefined && !isSamePlace(proven, identity)) return proven;
    const recorded = recordedPlaces();
    // Records of a place that the cluster has left do not outweigh one of where it is.
    return recorded.some((place) => isSamePlace(place, identity)) ? undefined : recorded[0];
  }

  async #delete(node: Node, signal: AbortSignal): Promise<void> {
    const { writer, events, logger, mayWrite } = this.#ports;
    if (isAborted(signal) || !mayWrite()) return;
    const fields = {
      node: node.metadata.name,
      uid: node.metadata.uid,
      providerId: node.providerId,
    };
    events.record(node, deletingNode(node));
    try {
      await writer.delete(node, signal);
      logger.info('Deleted the node of an instance that is gone', fields);
    } catch (error) {
      // The process ends; whoever leads next sees the same.
      if (isAborted(signal)) return;
      const failure = isFailure(error)
        ? error
        : new Failure('retryable', String(error), { cause: error });
      events.record(node, deletingNodeFailed(node, failure));
      logger.warn('Failed to delete the node of an instance that is gone', {
        ...fields,
        err: error,
      });
    }
  }

  #hold(held: readonly Node[], why: { readonly total: number } | { readonly place: string }): void {
    const { events, logger } = this.#ports;
    const untold = held.filter(({ metadata }) => !this.#told.has(metadata.uid));
    if (untold.length === 0) return;
    for (const node of untold.slice(0, Math.max(0, MOST_NAMED - this.#told.size))) {
      events.record(node, deletionHeld(node, held, why));
    }
    for (const { metadata } of untold) this.#told.add(metadata.uid);
    logger.warn('Kept nodes whose instances seem to be gone', {
      ...why,
      nodes: held.map(({ metadata }) => metadata.name),
    });
  }
}

function isSamePlace(one: CloudIdentity, other: CloudIdentity): boolean {
  return one.accountId === other.accountId && one.regionId === other.regionId;
}

import type { CloudIdentity } from '../../cloud/cloud-identity.ts';
import { isFailure, type Failure } from '../../cloud/failure.ts';
import { MAX_IDS_PER_CALL } from '../../cloud/ecs/ecs-client.ts';
import type { Node } from '../kubernetes-objects.ts';
import { sightInstances, type Sighting } from './instance-sightings.ts';
import { instanceCheckFailed, MOST_NAMED } from './node-lifecycle-messages.ts';
import type { NodeLifecyclePorts } from './node-lifecycle-ports.ts';
import { isUninitialized } from '../node/node-scope.ts';
import { isFollowed, isReady, questionAbout, shutdownTaintIndex } from './node-standing.ts';
import { VanishedNodes } from './vanished-nodes.ts';

/** How many nodes are looked for in one round; the others take their turn in the next ones. */
const NODES_PER_ROUND = 10 * MAX_IDS_PER_CALL;
/** For how long a node that joins is left to whoever initialises it, who asks for its instance too. */
const JOINING_MS = 60_000;

/**
 * Follows the lives of instances: marks the nodes of those that are shut down, and deletes the nodes
 * of those that are gone.
 *
 * Shape: works in rounds, from the cache; a node that is ready costs no call. An instance is gone when
 *   a second question for it, in a later round, is not answered with it either; whatever goes wrong
 *   on the way leaves the node alone.
 * Source: Kubernetes cloud node lifecycle controller.
 */
export class NodeLifecycle {
  readonly #ports: NodeLifecyclePorts;
  readonly #vanished: VanishedNodes;
  /** By uid, in which round the instance was first missing. */
  readonly #missingSince = new Map<string, number>();
  /** By uid, in which round the instance was last looked for. */
  readonly #lookedAt = new Map<string, number>();
  /** By uid, since when a node that has yet to be initialised has been known, on the monotonic clock. */
  readonly #joiningSinceMs = new Map<string, number>();
  readonly #failed = new Set<string>();
  #round = 0;
  #lastFailure = '';

  constructor(ports: NodeLifecyclePorts) {
    this.#ports = ports;
    this.#vanished = new VanishedNodes(ports);
  }

  /** Takes the taint of shut-down instances off nodes that are ready again; asks the cloud nothing. */
  async tendReady(signal: AbortSignal): Promise<void> {
    for (const node of this.#ports.nodes.list()) {
      if (!isFollowed(node) || !isReady(node) || shutdownTaintIndex(node) < 0) continue;
      await this.#setShutdownTaint(node, false, signal);
    }
  }

  /** Looks for the instances of the nodes that are not ready, and does what follows. */
  async tendUnready(signal: AbortSignal): Promise<void> {
    this.#round += 1;
    const followed = this.#ports.nodes.list().filter(isFollowed);
    const unready = followed.filter((node) => !isReady(node));
    this.#forgetOthers(unready);
    if (unready.length === 0) return;
    const identity = await this.#identity(signal);
    if (identity === undefined) return;
    const due = this.#due(unready, identity.regionId);
    // Whoever was missing before is asked for apart from the others, in a question of its own.
    const [again, first] = partition(due, ({ metadata }) => this.#missingSince.has(metadata.uid));
    const [seenFirst, seenAgain] = await Promise.all([
      this.#sight(first, identity, signal),
      this.#sight(again, identity, signal),
    ]);
    const seen = [...seenFirst, ...seenAgain];
    if (seen.some(([, sighting]) => sighting !== 'absent')) {
      this.#vanished.provePlace(identity);
    }
    const gone: Node[] = [];
    for (const [node, sighting] of seen) {
      // A question takes a while; what the node has become meanwhile is what counts.
      const current = this.#stillUnready(node);
      if (current === undefined) continue;
      if (sighting === 'absent') {
        if (this.#isMissingAgain(current)) gone.push(current);
      } else {
        this.#noteThere(current.metadata.uid);
        if (sighting === 'stopped') await this.#setShutdownTaint(current, true, signal);
      }
    }
    await this.#vanished.remove(gone, { identity, total: followed.length }, signal);
  }

  async #identity(signal: AbortSignal): Promise<CloudIdentity | undefined> {
    try {
      return await this.#ports.identity(signal);
    } catch (error) {
      this.#noteFailure(error);
      return undefined;
    }
  }

  /** Those that can be looked for, the ones that waited longest first. */
  #due(unready: readonly Node[], regionId: string): readonly Node[] {
    const lookedAt = ({ metadata }: Node): number => this.#lookedAt.get(metadata.uid) ?? 0;
    const due = unready
      .filter((node) => questionAbout(node, regionId) !== undefined && !this.#isJoining(node))
      .sort((one, other) => lookedAt(one) - lookedAt(other))
      .slice(0, NODES_PER_ROUND);
    for (const { metadata } of due) this.#lookedAt.set(metadata.uid, this.#round);
    return due;
  }

  /** A thousand nodes that join at once would otherwise be asked for twice, and again and again. */
  #isJoining(node: Node): boolean {
    const { uid } = node.metadata;
    if (!isUninitialized(node)) return false;
    const nowMs = this.#ports.clock.monotonicMs();
    const sinceMs = this.#joiningSinceMs.get(uid) ?? nowMs;
    this.#joiningSinceMs.set(uid, sinceMs);
    return nowMs - sinceMs < JOINING_MS;
  }

  async #sight(
    nodes: readonly Node[],
    { regionId }: CloudIdentity,
    signal: AbortSignal,
  ): Promise<readonly [Node, Sighting][]> {
    const { ecs, vpcId } = this.#ports;
    const questions = new Map(
      nodes.flatMap((node) => {
        const question = questionAbout(node, regionId);
        return question === undefined ? [] : [[node.metadata.uid, question] as const];
      }),
    );
    const { seen, failures } = await sightInstances(ecs, { regionId, vpcId }, questions, {
      signal,
      lane: 'live',
    });
    this.#tellFailures(nodes, failures);
    return nodes.flatMap((node): [Node, Sighting][] => {
      const sighting = seen.get(node.metadata.uid);
      return sighting === undefined ? [] : [[node, sighting]];
    });
  }

  /** Notes that an instance is missing, and tells whether it was in an earlier round too. */
  #isMissingAgain({ metadata: { uid } }: Node): boolean {
    const since = this.#missingSince.get(uid);
    if (since !== undefined) return since < this.#round;
    this.#missingSince.set(uid, this.#round);
    this.#ports.breaker.suspect('nodes', [uid]);
    return false;
  }

  #stillUnready(node: Node): Node | undefined {
    const current = this.#ports.nodes.find({ namespace: '', name: node.metadata.name });
    const isSame =
      current?.metadata.uid === node.metadata.uid && current.providerId === node.providerId;
    return isSame && isFollowed(current) && !isReady(current) ? current : undefined;
  }

  async #setShutdownTaint(node: Node, isWanted: boolean, signal: AbortSignal): Promise<void> {
    const { writer, mayWrite, logger } = this.#ports;
    if (shutdownTaintIndex(node) >= 0 === isWanted || !mayWrite()) return;
    const fields = { node: node.metadata.name, providerId: node.providerId };
    try {
      await writer.setShutdownTaint(node, isWanted, signal);
      logger.info(
        isWanted
          ? 'Tainted the node of an instance that is shut down'
          : 'Took the taint of a shut-down instance off a node that is ready',
        fields,
      );
    } catch (error) {
      if (isFailure(error, 'notfound')) return;
      logger.warn('Failed to change the taint of a shut-down instance', { ...fields, err: error });
    }
  }

  /** Says once on each node that its instance cannot be looked for, where waiting does not mend it. */
  #tellFailures(nodes: readonly Node[], failures: ReadonlyMap<string, Failure>): void {
    for (const node of nodes) {
      const { uid } = node.metadata;
      const failure = failures.get(uid);
      if (failure === undefined) {
        this.#failed.delete(uid);
        continue;
      }
      this.#noteFailure(failure);
      const isTold = failure.kind !== 'terminal' || this.#failed.has(uid);
      if (isTold || this.#failed.size >= MOST_NAMED) continue;
      this.#failed.add(uid);
      this.#ports.events.record(node, instanceCheckFailed(failure));
    }
    if (failures.size === 0 && nodes.length > 0) this.#lastFailure = '';
  }

  #noteFailure(error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    // A round comes every few seconds; the log says it once.
    if (why === this.#lastFailure) return;
    this.#lastFailure = why;
    this.#ports.logger.warn('Failed to look for the instances of nodes that are not ready', {
      err: error,
    });
  }

  /** Forgets what was known of nodes that are gone, ready, or no longer ours to follow. */
  #forgetOthers(unready: readonly Node[]): void {
    const uids = new Set(unready.map(({ metadata }) => metadata.uid));
    const known = [
      ...this.#lookedAt.keys(),
      ...this.#missingSince.keys(),
      ...this.#joiningSinceMs.keys(),
    ];
    for (const uid of known) if (!uids.has(uid)) this.#forget(uid);
  }

  #forget(uid: string): void {
    this.#noteThere(uid);
    this.#lookedAt.delete(uid);
    this.#joiningSinceMs.delete(uid);
    this.#failed.delete(uid);
  }

  #noteThere(uid: string): void {
    this.#missingSince.delete(uid);
    this.#vanished.forget(uid);
  }
}

function partition<T>(all: readonly T[], isFirst: (one: T) => boolean): readonly [T[], T[]] {
  const first: T[] = [];
  const second: T[] = [];
  for (const one of all) (isFirst(one) ? first : second).push(one);
  return [first, second];
}

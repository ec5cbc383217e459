import type { Clock, Randomness } from '../../cloud/clock.ts';
import { isFailure } from '../../cloud/failure.ts';
import type { Node } from '../kubernetes-objects.ts';
import type { NodeWriter } from './node-ports.ts';

/** How often a write is tried that others get ahead of, and how long to wait between two tries. */
export interface ConflictPolicy {
  readonly tries: number;
  /** The least wait; up to twice as long is waited. */
  readonly pauseMs: number;
}

/** For the write that initialises a node, which its agent writes often at that time. */
export const INITIALISATION_CONFLICTS: ConflictPolicy = { tries: 20, pauseMs: 50 };

/** For addresses and labels of initialised nodes. */
export const NODE_CONFLICTS: ConflictPolicy = { tries: 5, pauseMs: 100 };

/**
 * Writes a node, and does so again from a fresh copy when someone else wrote first.
 *
 * Shape: `attempt` decides anew for each copy, and returns the node as it then is. `undefined` when
 *   the node is gone, or another one has taken its name.
 * Errors: as of `attempt`; `conflict` when all tries met one.
 */
export async function updateNode(
  ports: {
    readonly writer: NodeWriter;
    readonly clock: Clock;
    readonly randomness: Randomness;
  },
  node: Node,
  policy: ConflictPolicy,
  attempt: (node: Node) => Promise<Node>,
  signal: AbortSignal,
): Promise<Node | undefined> {
  const { writer, clock, randomness } = ports;
  let copy = node;
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt(copy);
    } catch (error) {
      if (isFailure(error, 'notfound')) return undefined;
      if (!isFailure(error, 'conflict') || tries >= policy.tries) throw error;
    }
    await clock.sleep(policy.pauseMs * (1 + randomness.fraction()), signal);
    const fresh = await writer.findDirectly(node.metadata, signal);
    if (fresh?.metadata.uid !== node.metadata.uid) return undefined;
    copy = fresh;
  }
}

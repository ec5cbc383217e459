import type { Clock, Randomness } from '../../cloud/clock.ts';
import { isFailure } from '../../cloud/failure.ts';
import type { Node } from '../../reconcilers/kubernetes-objects.ts';
import type { NodeLifecycleWriter } from '../../reconcilers/node-lifecycle/node-lifecycle-ports.ts';
import {
  SHUTDOWN_TAINT_OBJECT,
  shutdownTaintIndex,
} from '../../reconcilers/node-lifecycle/node-standing.ts';
import type { KubeClient } from './kube-client.ts';
import { nodeObjectWriter } from './node-object-writer.ts';
import type { ObjectCache } from './object-cache.ts';
import type { JsonPatchOperation, ObjectWriter } from './object-writer.ts';

/** What the writer is made from. */
export interface NodeLifecycleWriterOptions {
  readonly client: KubeClient;
  readonly cache: ObjectCache<Node>;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly randomness: Pick<Randomness, 'fraction'>;
}

const TRIES = 5;
const RETRY_BASE_MS = 100;

/** Deletes and taints Nodes through the API server; see `NodeLifecycleWriter`. */
export class KubeNodeLifecycleWriter implements NodeLifecycleWriter {
  readonly #options: NodeLifecycleWriterOptions;
  readonly #writer: ObjectWriter<Node>;

  constructor(options: NodeLifecycleWriterOptions) {
    this.#options = options;
    this.#writer = nodeObjectWriter(options.client, options.cache);
  }

  delete(node: Node, signal: AbortSignal): Promise<void> {
    return this.#writer.delete(node, signal);
  }

  async setShutdownTaint(node: Node, isWanted: boolean, signal: AbortSignal): Promise<void> {
    const { clock, randomness } = this.#options;
    let current: Node | undefined = node;
    for (let attempt = 1; ; attempt += 1) {
      const operations = taintOperations(current, isWanted);
      if (operations.length === 0) return;
      try {
        await this.#writer.patchIfUnchanged(current, operations, signal);
        return;
      } catch (error) {
        if (!isFailure(error, 'conflict') || attempt === TRIES) throw error;
      }
      await clock.sleep(RETRY_BASE_MS * (1 + randomness.fraction()), signal);
      // Taints are one list that all controllers write: theirs are read again before ours goes in.
      current = await this.#writer.findDirectly(node.metadata, signal);
      const isSame = current?.metadata.uid === node.metadata.uid;
      if (current === undefined || !isSame || current.metadata.deletionTimestamp !== undefined) {
        return;
      }
    }
  }
}

/** One entry is added or removed by its position, so that the others keep all that they say. */
function taintOperations(node: Node, isWanted: boolean): JsonPatchOperation[] {
  const index = shutdownTaintIndex(node);
  if (index >= 0 === isWanted) return [];
  if (!isWanted) return [{ op: 'remove', path: `/spec/taints/${index}` }];
  return node.taints.length === 0
    ? [{ op: 'add', path: '/spec/taints', value: [SHUTDOWN_TAINT_OBJECT] }]
    : [{ op: 'add', path: '/spec/taints/-', value: SHUTDOWN_TAINT_OBJECT }];
}

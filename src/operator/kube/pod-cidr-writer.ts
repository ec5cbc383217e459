import { Failure } from '../../cloud/failure.ts';
import type { Node } from '../../reconcilers/kubernetes-objects.ts';
import type { PodCidrWriter } from '../../reconcilers/node-ipam/node-ipam-ports.ts';
import { objectOf, objectsOf, textOf } from './api-object.ts';
import { PATCH_TYPES, type KubeClient } from './kube-client.ts';
import { kubeStatusOf } from './kube-failure.ts';
import { NODES_PATH, nodeObjectWriter } from './node-object-writer.ts';
import { projectNode } from './node-projection.ts';
import type { ObjectCache } from './object-cache.ts';
import type { ObjectWriter } from './object-writer.ts';

const PAGE_SIZE = 500;

/**
 * How long the answer to a write of a node's ranges is waited for; a write of an earlier leader that
 * was not answered within it is not under way any more.
 */
export const POD_CIDR_WRITE_TIMEOUT_MS = 10_000;

/** Writes the ranges of nodes' pods through the API server; see `PodCidrWriter`. */
export class KubePodCidrWriter implements PodCidrWriter {
  readonly #client: KubeClient;
  readonly #writer: ObjectWriter<Node>;
  readonly #mayWrite: () => boolean;

  /** `mayWrite` tells whether this process still leads; it is asked directly before each write. */
  constructor(client: KubeClient, cache: ObjectCache<Node>, mayWrite: () => boolean) {
    this.#client = client;
    this.#mayWrite = mayWrite;
    this.#writer = nodeObjectWriter(client, cache);
  }

  async setPodCidrs(node: Node, podCidrs: readonly string[], signal: AbortSignal): Promise<Node> {
    const { namespace, name, uid } = node.metadata;
    if (!this.#mayWrite()) {
      throw new Failure('retryable', 'Cannot write a node: this process does not lead any more');
    }
    // Not the resourceVersion: heartbeats change it, and all that counts is that there is no range.
    const body = [
      { op: 'test', path: '/metadata/uid', value: uid },
      { op: 'test', path: '/spec/podCIDRs', value: null },
      { op: 'add', path: '/spec/podCIDR', value: podCidrs[0] },
      { op: 'add', path: '/spec/podCIDRs', value: podCidrs },
    ];
    try {
      return await this.#writer.write(
        { key: { namespace, name }, uid },
        {
          method: 'PATCH',
          body,
          contentType: PATCH_TYPES.json,
          timeoutMs: POD_CIDR_WRITE_TIMEOUT_MS,
        },
        signal,
      );
    } catch (error) {
      const status = kubeStatusOf(error);
      // The API server answers a failed test like an invalid patch, only without a cause.
      if (status?.httpStatus === 422 && status.causes.length === 0) {
        throw new Failure('conflict', `Cannot give node "${name}" a range: it has one already`, {
          code: 'Conflict',
          cause: status,
        });
      }
      throw error;
    }
  }

  findDirectly(name: string, signal: AbortSignal): Promise<Node | undefined> {
    return this.#writer.findDirectly({ namespace: '', name }, signal);
  }

  async listDirectly(signal: AbortSignal): Promise<readonly Node[]> {
    const nodes: Node[] = [];
    let token = '';
    do {
      const query = { limit: String(PAGE_SIZE), ...(token !== '' && { continue: token }) };
      const request = { method: 'GET', path: NODES_PATH, query } as const;
      const answer = objectOf(await this.#client.request(request, signal));
      for (const item of objectsOf(answer.items)) nodes.push(projectNode(item));
      token = textOf(objectOf(answer.metadata).continue);
    } while (token !== '');
    return nodes;
  }
}

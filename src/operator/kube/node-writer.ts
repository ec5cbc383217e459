import type { Node, NodeAddress } from '../../reconcilers/kubernetes-objects.ts';
import type { NodeChange, NodeWriter } from '../../reconcilers/node/node-ports.ts';
import type { ObjectKey } from '../../reconcilers/reconciler.ts';
import { PATCH_TYPES, type KubeClient } from './kube-client.ts';
import { nodeObjectWriter } from './node-object-writer.ts';
import type { ObjectCache } from './object-cache.ts';
import { escapePointer, type ObjectWriter, type JsonPatchOperation } from './object-writer.ts';

/** Writes Nodes through the API server; see `NodeWriter`. */
export class KubeNodeWriter implements NodeWriter {
  readonly #writer: ObjectWriter<Node>;

  constructor(client: KubeClient, cache: ObjectCache<Node>) {
    this.#writer = nodeObjectWriter(client, cache);
  }

  findDirectly(key: ObjectKey, signal: AbortSignal): Promise<Node | undefined> {
    return this.#writer.findDirectly(key, signal);
  }

  async change(node: Node, change: NodeChange, signal: AbortSignal): Promise<Node> {
    // Other taints have members that are not cached, so the list is not written anew.
    const operations = [
      ...providerIdOperations(change.providerId),
      ...labelOperations(node, change),
      ...taintOperations(node, change.removedTaint),
    ];
    if (operations.length === 0) return node;
    return this.#writer.patchIfUnchanged(node, operations, signal);
  }

  replaceAddresses(
    node: Node,
    addresses: readonly NodeAddress[],
    signal: AbortSignal,
  ): Promise<Node> {
    const { namespace, name, uid, resourceVersion } = node.metadata;
    // A strategic patch would merge the list by type, of which a node can have several.
    return this.#writer.write(
      { key: { namespace, name }, uid },
      {
        method: 'PATCH',
        subresource: 'status',
        body: { metadata: { uid, resourceVersion }, status: { addresses } },
        contentType: PATCH_TYPES.merge,
      },
      signal,
    );
  }
}

function providerIdOperations(providerId: string | undefined): readonly JsonPatchOperation[] {
  if (providerId === undefined) return [];
  return [{ op: 'add', path: '/spec/providerID', value: providerId }];
}

function labelOperations(node: Node, { labels = {} }: NodeChange): readonly JsonPatchOperation[] {
  const entries = Object.entries(labels);
  if (entries.length === 0) return [];
  // Nothing can be added to a member that is not there.
  if (Object.keys(node.metadata.labels).length === 0) {
    return [{ op: 'add', path: '/metadata/labels', value: labels }];
  }
  return entries.map(([key, value]) => ({
    op: 'add',
    path: `/metadata/labels/${escapePointer(key)}`,
    value,
  }));
}

function taintOperations(node: Node, key: string | undefined): readonly JsonPatchOperation[] {
  return (
    node.taints
      .map((taint, index) => ({ taint, index }))
      .filter(({ taint }) => taint.key === key)
      // From the end, so that the positions before stay what they are.
      .reverse()
      .map(({ index }) => ({ op: 'remove', path: `/spec/taints/${index}` }))
  );
}

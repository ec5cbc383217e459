import type { Node } from '../../reconcilers/kubernetes-objects.ts';
import { FIELD_MANAGER } from './field-managers.ts';
import type { KubeClient } from './kube-client.ts';
import { projectNode } from './node-projection.ts';
import type { ObjectCache } from './object-cache.ts';
import { ObjectWriter } from './object-writer.ts';

/** The path of the Nodes of the cluster. */
export const NODES_PATH = '/api/v1/nodes';

/** Makes what writes Nodes, and tells the cache of the answers. */
export function nodeObjectWriter(client: KubeClient, cache: ObjectCache<Node>): ObjectWriter<Node> {
  return new ObjectWriter({
    client,
    cache,
    project: projectNode,
    collection: () => NODES_PATH,
    fieldManager: FIELD_MANAGER,
  });
}

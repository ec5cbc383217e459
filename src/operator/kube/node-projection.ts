import type { Node } from '../../reconcilers/kubernetes-objects.ts';
import {
  deepFreeze,
  metadataOf,
  objectOf,
  objectsOf,
  textOf,
  type ApiObject,
} from './api-object.ts';

/**
 * Keeps of a Node what reconcilers read.
 *
 * Shape: without annotations and owner references, which nobody reads and which heartbeats of some
 *   network plug-ins change.
 * Source: Kubernetes API, v1 Node.
 */
export function projectNode(object: ApiObject): Node {
  const spec = objectOf(object.spec);
  return deepFreeze<Node>({
    kind: 'Node',
    metadata: { ...metadataOf(object), annotations: {}, ownerReferences: [] },
    providerId: textOf(spec.providerID),
    taintKeys: objectsOf(spec.taints).map((taint) => textOf(taint.key)),
  });
}

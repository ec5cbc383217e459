import type { Node, NodeCondition } from '../../reconcilers/kubernetes-objects.ts';
import { NODE_ANNOTATIONS } from '../../reconcilers/node/node-names.ts';
import {
  deepFreeze,
  metadataOf,
  objectOf,
  objectsOf,
  optionalTextOf,
  textOf,
  textsOf,
  type ApiObject,
} from './api-object.ts';

/**
 * Keeps of a Node what reconcilers read.
 *
 * Shape: of its annotations only those of `NODE_ANNOTATIONS`, because heartbeats of some network
 *   plug-ins change others; conditions without the times of heartbeats.
 * Source: Kubernetes API, v1 Node.
 */
export function projectNode(object: ApiObject): Node {
  const spec = objectOf(object.spec);
  const status = objectOf(object.status);
  const metadata = metadataOf(object);
  const ready = conditionOf(status, 'Ready');
  const networkUnavailable = conditionOf(status, 'NetworkUnavailable');
  const message = optionalTextOf(findCondition(status, 'NetworkUnavailable')?.message);
  const podCidr = textOf(spec.podCIDR);
  const podCidrs = textsOf(spec.podCIDRs);
  return deepFreeze<Node>({
    kind: 'Node',
    metadata: {
      ...metadata,
      annotations: Object.fromEntries(
        Object.entries(metadata.annotations).filter(([key]) => NODE_ANNOTATIONS.has(key)),
      ),
      ownerReferences: [],
    },
    providerId: textOf(spec.providerID),
    taints: objectsOf(spec.taints).map((taint) => ({
      key: textOf(taint.key),
      value: textOf(taint.value),
      effect: textOf(taint.effect),
    })),
    // The server fills the list from the single field; objects of old servers may have only that.
    podCidrs: podCidrs.length > 0 || podCidr === '' ? podCidrs : [podCidr],
    addresses: objectsOf(status.addresses).map((entry) => ({
      type: textOf(entry.type),
      address: textOf(entry.address),
    })),
    ...(ready !== undefined && { ready }),
    ...(networkUnavailable !== undefined && {
      networkUnavailable: {
        ...networkUnavailable,
        ...(message !== undefined && { message }),
      },
    }),
  });
}

function conditionOf(status: ApiObject, type: string): NodeCondition | undefined {
  const found = findCondition(status, type);
  if (found === undefined) return undefined;
  const text = textOf(found.status);
  return {
    status: text === 'True' || text === 'False' ? text : 'Unknown',
    reason: textOf(found.reason),
  };
}

function findCondition(status: ApiObject, type: string): ApiObject | undefined {
  return objectsOf(status.conditions).find((condition) => textOf(condition.type) === type);
}

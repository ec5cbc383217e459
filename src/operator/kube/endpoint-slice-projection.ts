import type { Endpoint, EndpointSlice } from '../../reconcilers/kubernetes-objects.ts';
import {
  booleanOf,
  deepFreeze,
  metadataOf,
  objectOf,
  objectsOf,
  optionalTextOf,
  textOf,
  textsOf,
  type ApiObject,
} from './api-object.ts';

/** The label by which a slice names its Service. */
export const SERVICE_NAME_LABEL = 'kubernetes.io/service-name';

/**
 * Keeps of an EndpointSlice what reconcilers read.
 *
 * Shape: an absent condition is read as the API defines: ready unless said otherwise, serving as
 *   ready, not terminating.
 * Source: Kubernetes API, discovery.k8s.io/v1 EndpointSlice.
 */
export function projectEndpointSlice(object: ApiObject): EndpointSlice {
  const metadata = metadataOf(object);
  return deepFreeze<EndpointSlice>({
    kind: 'EndpointSlice',
    metadata: { ...metadata, annotations: {}, ownerReferences: [] },
    serviceName: metadata.labels[SERVICE_NAME_LABEL] ?? '',
    addressType: textOf(object.addressType),
    endpoints: objectsOf(object.endpoints).map(projectEndpoint),
  });
}

function projectEndpoint(endpoint: ApiObject): Endpoint {
  const conditions = objectOf(endpoint.conditions);
  const nodeName = optionalTextOf(endpoint.nodeName);
  const ready = booleanOf(conditions.ready, true);
  return {
    addresses: textsOf(endpoint.addresses),
    ...(nodeName !== undefined && { nodeName }),
    ready,
    serving: booleanOf(conditions.serving, ready),
    terminating: booleanOf(conditions.terminating, false),
  };
}

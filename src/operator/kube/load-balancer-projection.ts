import type { LoadBalancerResource } from '../../reconcilers/kubernetes-objects.ts';
import type { AlibabaLoadBalancerSpec } from '../../reconcilers/load-balancer/load-balancer-resource.generated.ts';
import { deepFreeze, metadataOf, objectOf, type ApiObject } from './api-object.ts';

/**
 * Keeps of an AlibabaLoadBalancer its spec, its status and what reconcilers read of its metadata.
 *
 * Shape: spec and status are taken as they are, since the API server judged them by the same schema
 *   that their types come from.
 */
export function projectLoadBalancer(object: ApiObject): LoadBalancerResource {
  return deepFreeze<LoadBalancerResource>({
    kind: 'AlibabaLoadBalancer',
    metadata: metadataOf(object),
    spec: objectOf(object.spec) as unknown as AlibabaLoadBalancerSpec,
    status: objectOf(object.status),
  });
}

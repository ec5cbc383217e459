import type { RouteTableResource } from '../../reconcilers/kubernetes-objects.ts';
import type { AlibabaRouteTableSpec } from '../../reconcilers/route-table/route-table-resource.generated.ts';
import { deepFreeze, metadataOf, objectOf, type ApiObject } from './api-object.ts';

/**
 * Keeps of an AlibabaRouteTable its spec, its status and what reconcilers read of its metadata.
 *
 * Shape: spec and status are taken as they are, since the API server judged them by the same schema
 *   that their types come from.
 */
export function projectRouteTable(object: ApiObject): RouteTableResource {
  return deepFreeze<RouteTableResource>({
    kind: 'AlibabaRouteTable',
    metadata: metadataOf(object),
    spec: objectOf(object.spec) as unknown as AlibabaRouteTableSpec,
    status: objectOf(object.status),
  });
}

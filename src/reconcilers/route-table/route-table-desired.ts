import type { RouteTableResource } from '../kubernetes-objects.ts';
import { rangeFrom } from './remembered-ranges.ts';
import { routeEntryName } from './route-table-names.ts';
import type { RouteRow } from './route-table-ports.ts';

/** A route that an object asks for. */
export interface DesiredRoute {
  /** In the one form that is compared. */
  readonly destinationCidr: string;
  readonly ipVersion: 'IPv4' | 'IPv6';
  readonly nextHop: NonNullable<RouteRow['nextHop']>;
  /** The name that its entry gets. */
  readonly name: string;
  /** The uid of the object that asks. */
  readonly owner: string;
  readonly nodeName?: string;
}

/** Something about a row, or about an entry in its place, that an object's status tells. */
export interface RouteFinding {
  /** The uid of the object whose status tells it. */
  readonly owner: string;
  readonly destinationCidr: string;
  readonly nextHopId: string;
  readonly nodeName?: string;
  readonly state: 'available' | 'pending' | 'conflicting' | 'failed' | 'held';
  readonly reason: string;
  readonly message: string;
}

/** What all objects of a route table ask for together. */
export interface DesiredRoutes {
  /** One route for each destination, in the order of the objects and their rows. */
  readonly routes: readonly DesiredRoute[];
  /** The rows that cannot be asked of the cloud. */
  readonly rejected: readonly RouteFinding[];
  /** Destinations of rows whose next hop the Node is about to tell; what is there stays until then. */
  readonly undecided: ReadonlySet<string>;
}

/**
 * Gathers what the objects of one route table ask for.
 *
 * Shape: `resources` in order of age; of two rows with one destination the older object's counts.
 */
export function desiredRoutes(
  resources: readonly RouteTableResource[],
  clusterId: string,
): DesiredRoutes {
  const routes = new Map<string, { readonly route: DesiredRoute; readonly claimant: string }>();
  const rejected: RouteFinding[] = [];
  const undecided = new Set<string>();
  for (const resource of resources) {
    for (const row of resource.spec.routes ?? []) {
      const route = desiredRoute(resource, row, clusterId);
      if (route === undefined) {
        rejected.push(unusableRow(resource, row));
        if (row.node !== undefined) undecided.add(row.destinationCidr);
        continue;
      }
      const earlier = routes.get(route.destinationCidr);
      if (earlier === undefined) {
        routes.set(route.destinationCidr, { route, claimant: resource.metadata.name });
      } else {
        rejected.push({
          ...findingOf(route),
          state: 'conflicting',
          reason: 'ClaimedElsewhere',
          message: `AlibabaRouteTable "${earlier.claimant}" is older and asks for this destination too, so its row counts: remove one of the two rows`,
        });
      }
    }
  }
  return { routes: [...routes.values()].map(({ route }) => route), rejected, undecided };
}

/** The parts of a finding that a row tells. */
export function findingOf(
  route: DesiredRoute,
): Pick<RouteFinding, 'owner' | 'destinationCidr' | 'nextHopId' | 'nodeName'> {
  return {
    owner: route.owner,
    destinationCidr: route.destinationCidr,
    nextHopId: route.nextHop.id,
    ...(route.nodeName === undefined ? {} : { nodeName: route.nodeName }),
  };
}

function desiredRoute(
  resource: RouteTableResource,
  row: RouteRow,
  clusterId: string,
): DesiredRoute | undefined {
  const range = rangeFrom(row.destinationCidr);
  // The way out of the network is never ours to decide.
  if (range === undefined || range.prefixLength === 0) return undefined;
  const { nextHop } = row;
  if (nextHop === undefined) return undefined;
  const { uid } = resource.metadata;
  return {
    destinationCidr: range.text,
    ipVersion: range.family,
    nextHop,
    name: routeEntryName(clusterId, row, { resourceUid: uid, family: range.family }),
    owner: uid,
    ...(row.node === undefined ? {} : { nodeName: row.node.name }),
  };
}

function unusableRow(resource: RouteTableResource, row: RouteRow): RouteFinding {
  const said =
    row.nextHop === undefined
      ? {
          reason: 'NoNextHop',
          message: 'The row makes no route without a next hop: give it one, or remove it',
        }
      : {
          reason: 'InvalidRow',
          message: `Destination "${row.destinationCidr}" cannot be routed: it must be a network in canonical form, and not the default route`,
        };
  return {
    owner: resource.metadata.uid,
    destinationCidr: row.destinationCidr,
    nextHopId: row.nextHop?.id ?? '',
    ...(row.node === undefined ? {} : { nodeName: row.node.name }),
    state: 'failed',
    ...said,
  };
}

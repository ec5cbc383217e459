import type { CloudRouteEntry } from '../../src/cloud/vpc/vpc-client.ts';
import { parseCidrRange, type CidrRange } from '../../src/reconcilers/cidr-range.ts';
import type { ObjectMeta, RouteTableResource } from '../../src/reconcilers/kubernetes-objects.ts';
import { ROUTE_TABLE_FINALIZER } from '../../src/reconcilers/names.ts';
import {
  observedRoutes,
  type ObservedRoute,
} from '../../src/reconcilers/route-table/route-table-observed.ts';
import type { RouteRow } from '../../src/reconcilers/route-table/route-table-ports.ts';
import type {
  RouteTableMember,
  Stance,
} from '../../src/reconcilers/route-table/route-table-verdict.ts';
import { metadata } from './kubernetes-builders.ts';

/** The cluster of the objects that these builders make. */
export const CLUSTER_ID = 'c1';

/** The route table of the objects that these builders make. */
export const TABLE_ID = 'vtb-1';

/** Reads a range that is written right. */
export function rangeOf(text: string): CidrRange {
  const range = parseCidrRange(text);
  if (range === undefined) throw new Error(`"${text}" is no range`);
  return range;
}

/** Builds a row that comes from the Node `node-<id>`. */
export function nodeRow(destinationCidr: string, id: string): RouteRow {
  return {
    destinationCidr,
    nextHop: { type: 'Instance', id },
    node: { name: `node-${id}`, uid: `uid-of-node-${id}` },
  };
}

/** Builds a row that a person wrote. */
export function personsRow(
  destinationCidr: string,
  id: string,
  type: 'Instance' | 'NetworkInterface' = 'Instance',
): RouteRow {
  return { destinationCidr, nextHop: { type, id } };
}

/** Builds an AlibabaRouteTable of route table `vtb-1`. */
export function routeTableOf(
  routes: readonly RouteRow[],
  change: {
    readonly metadata?: Partial<ObjectMeta>;
    readonly spec?: Partial<RouteTableResource['spec']>;
    readonly status?: RouteTableResource['status'];
  } = {},
): RouteTableResource {
  const name = change.metadata?.name ?? TABLE_ID;
  return {
    kind: 'AlibabaRouteTable',
    metadata: metadata(name, {
      namespace: '',
      finalizers: [ROUTE_TABLE_FINALIZER],
      ...change.metadata,
    }),
    spec: { routeTableId: TABLE_ID, routes: [...routes], ...change.spec },
    status: change.status ?? {},
  };
}

/** Builds a member of a pass. */
export function memberWith(
  resource: RouteTableResource,
  stance: Stance = 'apply',
): RouteTableMember {
  return { resource, stance };
}

/** Builds an entry of route table `vtb-1` that nobody marked, to an instance. */
export function entryOf(
  destinationCidr: string,
  nextHopId: string,
  change: Partial<CloudRouteEntry> = {},
): CloudRouteEntry {
  return {
    id: `rte-${destinationCidr}`,
    routeTableId: TABLE_ID,
    name: '',
    description: '',
    destinationCidr,
    ipVersion: destinationCidr.includes(':') ? 'IPv6' : 'IPv4',
    type: 'Custom',
    status: 'Available',
    nextHops: [{ type: 'Instance', id: nextHopId }],
    ...change,
  };
}

/** Judges entries as a pass does, with the cluster's range `10.0.0.0/16` and no Nodes. */
export function observe(
  entries: readonly CloudRouteEntry[],
  members: readonly RouteTableMember[],
  change: {
    readonly nodeCidrs?: readonly string[];
    readonly goneInstanceIds?: readonly string[];
    readonly undecided?: readonly string[];
  } = {},
): ObservedRoute[] {
  return observedRoutes({
    entries,
    members,
    clusterId: CLUSTER_ID,
    clusterCidrs: [rangeOf('10.0.0.0/16'), rangeOf('fd00::/48')],
    undecided: new Set(change.undecided),
    nodeCidrs: new Set(change.nodeCidrs),
    goneInstanceIds: new Set(change.goneInstanceIds),
  });
}

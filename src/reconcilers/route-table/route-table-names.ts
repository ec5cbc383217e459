import { createHash } from 'node:crypto';
import type { RouteRow } from './route-table-ports.ts';

/** Whose name an entry bears: ours, that of another cluster of this program's, or none that we know. */
export type EntryMark = 'ours' | 'foreign' | 'none';

const MARK = /^k8s-([0-9a-f]{12})-/;

/** Digests a cluster's id for the names of its route entries. */
export function clusterHash(clusterId: string): string {
  return digest(clusterId, 12);
}

/**
 * Names a route entry of ours.
 *
 * Shape: at most 128 characters, the cloud's limit; the name says the cluster, and then the Node and
 *   the family, or the object and the destination of a row that a person wrote.
 */
export function routeEntryName(
  clusterId: string,
  row: RouteRow,
  place: { readonly resourceUid: string; readonly family: 'IPv4' | 'IPv6' },
): string {
  const prefix = `k8s-${clusterHash(clusterId)}`;
  return row.node === undefined
    ? `${prefix}-${place.resourceUid}-${digest(row.destinationCidr, 8)}`
    : `${prefix}-${row.node.uid}-${place.family.toLowerCase()}`;
}

/** Tells whose mark the name of an entry is. */
export function markOfEntry(clusterId: string, name: string): EntryMark {
  const hash = MARK.exec(name)?.[1];
  if (hash === undefined) return 'none';
  return hash === clusterHash(clusterId) ? 'ours' : 'foreign';
}

function digest(text: string, length: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, length);
}

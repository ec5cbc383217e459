import type { Node } from '../kubernetes-objects.ts';
import type { NodeDeletions } from '../reconciler.ts';
import { isRoutedNode, type NodeRow } from './node-routes.ts';

/** A row from a Node that is in an object and that no Node asks for. */
export interface LeavingRow {
  readonly row: NodeRow;
  /** The object that it is in. */
  readonly resourceName: string;
}

/** What is known about Nodes when rows are judged. */
export interface NodeKnowledge {
  /** The Nodes in the cache, by uid. */
  readonly nodes: ReadonlyMap<string, Node>;
  readonly deletions: Pick<NodeDeletions, 'hasUid'>;
}

/** The rows that are leaving, by how that is known. */
export interface JudgedRows {
  /** Somebody has deleted the Node, or has taken it out by a label. */
  readonly commanded: readonly LeavingRow[];
  /** The Node is missing from the cache, and nobody was seen deleting it. */
  readonly missing: readonly LeavingRow[];
  /** The Node is there, but the configuration does not cover its pods or the table any longer. */
  readonly unconfigured: readonly LeavingRow[];
}

/** Judges how it is known that rows are to go. */
export function judgeLeavingRows(
  leaving: readonly LeavingRow[],
  { nodes, deletions }: NodeKnowledge,
): JudgedRows {
  const commanded: LeavingRow[] = [];
  const missing: LeavingRow[] = [];
  const unconfigured: LeavingRow[] = [];
  for (const entry of leaving) {
    const { uid } = entry.row.node;
    const node = nodes.get(uid);
    if (node !== undefined) (isRoutedNode(node) ? unconfigured : commanded).push(entry);
    else if (deletions.hasUid(uid)) commanded.push(entry);
    else missing.push(entry);
  }
  return { commanded, missing, unconfigured };
}

/** Names a row for the breaker: once, in however many tables it is. */
export function absenceKeyOf({ row }: LeavingRow): string {
  return `${row.node.uid} ${row.destinationCidr}`;
}

import { eventOf, type RemediedEventEntry } from '../event-table.ts';
import type { EventContent } from '../reconciler.ts';

/**
 * Every event about the ranges of nodes' pods, by reason.
 *
 * Shape: the first two reasons are those of the Kubernetes node IPAM controller.
 */
export const NODE_IPAM_EVENTS = {
  CIDRNotAvailable: {
    type: 'Warning',
    action: 'AllocatePodCIDR',
    note: 'Cannot give the node a range for its pods: {detail}',
    when: "No block of the cluster's ranges is free, or no route of the VPC leads to the node",
    remedy:
      'Delete nodes that are gone or start the next cluster with a larger `--cluster-cidr`; for routes of the VPC, make one to the node. It goes on by itself.',
  },
  CIDRAssignmentFailed: {
    type: 'Warning',
    action: 'AllocatePodCIDR',
    note: 'Failed to give the node a range for its pods: {detail}',
    when: 'The Node could not be written, or the routes of the VPC could not be read',
    remedy: 'Do what the message says; it is tried again, with the same range.',
  },
  InvalidPodCIDR: {
    type: 'Warning',
    action: 'AllocatePodCIDR',
    note: 'No node gets a range for its pods while this node has one that cannot be counted: {detail}; correct --cluster-cidr, or delete the node',
    when: "A node has a range of pods that is unparsable or outside the cluster's ranges",
    remedy:
      'Correct `--cluster-cidr`, or delete the node and let it register again; nodes that have a range keep it.',
  },
  PodCIDROverlap: {
    type: 'Warning',
    action: 'AllocatePodCIDR',
    note: '{detail}; delete one of the two nodes and let it register again',
    when: 'Two nodes have a range of pods in common',
    remedy: 'Delete one of the two nodes and let it register again.',
  },
  ForeignPodCIDR: {
    type: 'Warning',
    action: 'AllocatePodCIDR',
    note: 'Another program gave the node its range {detail}; start kube-controller-manager with --allocate-node-cidrs=false, or this program without --allocate-node-cidrs',
    when: 'A node that waited for a range got one from somebody else',
    remedy: 'Let only one program give nodes their ranges.',
  },
  PodCIDRMismatch: {
    type: 'Warning',
    action: 'AllocatePodCIDR',
    note: '{detail}; a range of a node cannot be changed, so correct the route, or delete the node and let it register again',
    when: 'The routes of the VPC give a node another range than it has',
    remedy: 'Correct the route, or delete the node and let it register again.',
  },
} as const satisfies Readonly<Record<string, RemediedEventEntry>>;

/** The reason of an event about the range of a node's pods. */
export type NodeIpamEventReason = keyof typeof NODE_IPAM_EVENTS;

/** Writes an event of the table. */
export function nodeIpamEvent(reason: NodeIpamEventReason, detail: string): EventContent {
  return eventOf(NODE_IPAM_EVENTS, reason, detail);
}

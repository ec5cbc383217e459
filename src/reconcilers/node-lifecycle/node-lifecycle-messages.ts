import { allowedAtOnce } from '../absence-breaker.ts';
import type { CloudIdentity } from '../../cloud/cloud-identity.ts';
import type { Failure } from '../../cloud/failure.ts';
import type { Node } from '../kubernetes-objects.ts';
import { APPROVE_REMOVAL_ANNOTATION } from '../names.ts';
import type { ReasonMessage } from '../reason-message.ts';
import type { EventContent } from '../reconciler.ts';

/** How many nodes are named in one message, and are told themselves. */
export const MOST_NAMED = 20;

/** What an event of the node lifecycle means to people. */
export interface NodeLifecycleMessage extends ReasonMessage {
  readonly type: EventContent['type'];
}

/** Every event of the node lifecycle, on Nodes. */
export const NODE_LIFECYCLE_EVENTS = {
  DeletingNode: {
    type: 'Normal',
    meaning: 'The Node is being deleted, because its instance no longer exists.',
    when: 'It is not ready, and two direct questions for its instance found none.',
    remedy: '',
  },
  DeletingNodeFailed: {
    type: 'Warning',
    meaning: 'The Node of an instance that no longer exists could not be deleted.',
    when: 'The API server refused it or was not reached; it is tried again.',
    remedy: 'Grant the operator the right to delete nodes, as the chart does.',
  },
  DeletionHeld: {
    type: 'Warning',
    meaning: 'The instance seems to be gone, and the Node is kept all the same.',
    when: 'Too many instances are missing at once, or the account or region is not the recorded one.',
    remedy: `Check account, region and permissions; where an instance is really gone, annotate its Node with \`${APPROVE_REMOVAL_ANNOTATION}\` and its uid, or delete the Node.`,
  },
  InstanceCheckFailed: {
    type: 'Warning',
    meaning: 'Nobody knows whether the instance of a node that is not ready still exists.',
    when: 'The cloud refused the question; the Node stays until it is answered.',
    remedy: 'Grant the operator ecs:DescribeInstances.',
  },
} as const satisfies Readonly<Record<string, NodeLifecycleMessage>>;

/** Says that a node goes. */
export function deletingNode(node: Node): EventContent {
  return {
    type: 'Normal',
    reason: 'DeletingNode',
    action: 'Delete',
    note: `Deleting node "${node.metadata.name}", because ${whatIsGone(node)}`,
  };
}

/** Says that a node did not go. */
export function deletingNodeFailed(node: Node, failure: Failure): EventContent {
  return {
    type: 'Warning',
    reason: 'DeletingNodeFailed',
    action: 'Delete',
    note: `Failed to delete node "${node.metadata.name}": ${failure.message}`,
  };
}

/** Says on one of many nodes that they are kept. */
export function deletionHeld(
  node: Node,
  held: readonly Node[],
  why: { readonly total: number } | { readonly place: string },
): EventContent {
  const cause =
    'place' in why
      ? why.place
      : `${held.length} of ${why.total} nodes have lost their instances at once, more than ${allowedAtOnce(why.total)}`;
  return {
    type: 'Warning',
    reason: 'DeletionHeld',
    action: 'Delete',
    note: `Nodes are kept that seem to be gone, because ${cause}: check account, region and permissions, then annotate this node with ${APPROVE_REMOVAL_ANNOTATION}=${node.metadata.uid} if its instance is gone. Kept: ${named(held)}`,
  };
}

/** Says that a node's instance could not be looked for. */
export function instanceCheckFailed(failure: Failure): EventContent {
  return {
    type: 'Warning',
    reason: 'InstanceCheckFailed',
    action: 'Observe',
    note: `Cannot tell whether the instance still exists, so the node stays: ${failure.message}`,
  };
}

/** Tells how the place where instances are looked for differs from the recorded ones. */
export function wrongPlace(current: CloudIdentity, recorded: CloudIdentity): string {
  return `the credentials are of account "${current.accountId}" in region "${current.regionId}", and this cluster's cloud objects are in account "${recorded.accountId}" in region "${recorded.regionId}"`;
}

function whatIsGone({ providerId }: Node): string {
  return providerId === ''
    ? 'no instance with its name or addresses exists any more'
    : `its instance "${providerId}" no longer exists`;
}

function named(nodes: readonly Node[]): string {
  const names = nodes.map(({ metadata }) => metadata.name).sort();
  const shown = names.slice(0, MOST_NAMED).join(', ');
  return names.length > MOST_NAMED ? `${shown} and ${names.length - MOST_NAMED} more` : shown;
}

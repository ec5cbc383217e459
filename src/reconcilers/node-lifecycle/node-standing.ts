import type { Node } from '../kubernetes-objects.ts';
import { instanceClues } from '../node/instance-clues.ts';
import { REGION_LABELS, SHUTDOWN_TAINT } from '../node/node-names.ts';
import { nodeScope } from '../node/node-scope.ts';
import { readProviderId } from '../provider-id.ts';

/** What has to be asked to learn whether the instance of a node exists; any answer will do. */
export interface InstanceQuestion {
  readonly instanceIds: readonly string[];
  /** Addresses in the VPC. */
  readonly privateIps: readonly string[];
}

/** The taint of a node whose instance is shut down, as the API server takes it. */
export const SHUTDOWN_TAINT_OBJECT = { key: SHUTDOWN_TAINT, effect: 'NoSchedule' } as const;

/** Tells whether the life of a Node is ours to follow; one that is being deleted needs nobody. */
export function isFollowed(node: Node): boolean {
  return node.metadata.deletionTimestamp === undefined && nodeScope(node).kind === 'ours';
}

/** Tells whether the node's agent says that it is ready; an unknown or missing word is a no. */
export function isReady(node: Node): boolean {
  return node.ready?.status === 'True';
}

/** Finds the position of the taint of a shut-down instance; -1 without one. */
export function shutdownTaintIndex(node: Node): number {
  return node.taints.findIndex(
    ({ key, effect }) =>
      key === SHUTDOWN_TAINT_OBJECT.key && effect === SHUTDOWN_TAINT_OBJECT.effect,
  );
}

/**
 * Tells what to ask, in a region, about a node's instance.
 *
 * Shape: `undefined` where no answer would prove anything: for an instance of another region, or of an
 *   unknown one, and for a node that tells neither an instance nor an address.
 */
export function questionAbout(node: Node, regionId: string): InstanceQuestion | undefined {
  const labelled = node.metadata.labels[REGION_LABELS.current];
  const id = readProviderId(node.providerId);
  if (id.kind === 'ecs') {
    const instanceRegion = id.regionId === '' ? labelled : id.regionId;
    return instanceRegion === regionId
      ? { instanceIds: [id.instanceId], privateIps: [] }
      : undefined;
  }
  if (labelled !== undefined && labelled !== regionId) return undefined;
  const clues = instanceClues(node);
  return clues.instanceIds.length + clues.privateIps.length === 0 ? undefined : clues;
}

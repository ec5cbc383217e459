import type { Node } from '../kubernetes-objects.ts';
import { readProviderId } from '../provider-id.ts';
import { isUninitialized } from './node-scope.ts';

/**
 * Knows which nodes say, or were found, to be which instance.
 *
 * Shape: of several nodes of one instance an initialised one goes first, then the one that was made
 *   first; the others have no claim.
 */
export class InstanceClaims {
  readonly #nodesByInstance = new Map<string, Map<string, Node>>();
  readonly #instanceByUid = new Map<string, string>();

  /** Takes a node as it is; an instance that was found for it stays found. */
  note(node: Node): void {
    const id = readProviderId(node.providerId);
    const { uid } = node.metadata;
    const instanceId = id.kind === 'ecs' ? id.instanceId : this.#instanceByUid.get(uid);
    if (instanceId !== undefined) this.claim(instanceId, node);
  }

  /** Records that a node was found to be an instance. */
  claim(instanceId: string, node: Node): void {
    const { uid } = node.metadata;
    if (this.#instanceByUid.get(uid) !== instanceId) this.forget(uid);
    const nodes = this.#nodesByInstance.get(instanceId) ?? new Map<string, Node>();
    nodes.set(uid, node);
    this.#nodesByInstance.set(instanceId, nodes);
    this.#instanceByUid.set(uid, instanceId);
  }

  /** Forgets a node, and returns the names of the others that claim its instance. */
  forget(uid: string): readonly string[] {
    const instanceId = this.#instanceByUid.get(uid);
    if (instanceId === undefined) return [];
    this.#instanceByUid.delete(uid);
    const nodes = this.#nodesByInstance.get(instanceId);
    nodes?.delete(uid);
    if (nodes?.size === 0) this.#nodesByInstance.delete(instanceId);
    return [...(nodes?.values() ?? [])].map(({ metadata }) => metadata.name);
  }

  /** Names the node that goes before this one, where one does. */
  rivalOf(instanceId: string, node: Node): string | undefined {
    const nodes = [...(this.#nodesByInstance.get(instanceId)?.values() ?? [])];
    const [first] = nodes.sort(byClaim);
    return first === undefined || first.metadata.uid === node.metadata.uid
      ? undefined
      : first.metadata.name;
  }
}

function byClaim(left: Node, right: Node): number {
  const initialised = Number(isUninitialized(left)) - Number(isUninitialized(right));
  if (initialised !== 0) return initialised;
  const [a, b] = [left, right].map(({ metadata }) => [metadata.creationTimestamp, metadata.name]);
  return String(a) < String(b) ? -1 : 1;
}

import type { CloudIdentity } from '../../cloud/cloud-identity.ts';
import type { RouteTableResource } from '../kubernetes-objects.ts';
import { ROUTE_TABLE_FINALIZER, CONFIRM_DELETION_ANNOTATION } from '../names.ts';
import { isObserving } from '../observe-policy.ts';

/** The reason and the words of a condition. */
export interface Reasoned {
  readonly reason: string;
  readonly message: string;
}

/**
 * What may be done for one object of a route table.
 *
 * Shape: `apply` keeps the cloud as asked; `observe` only tells what it would do; `leave` neither
 *   reads nor writes; `remove` takes out what is ours; `release` gives it away as it is.
 */
export type Stance = 'apply' | 'observe' | 'leave' | 'remove' | 'release';

/** One object of a route table, and what may be done for it. */
export interface RouteTableMember {
  readonly resource: RouteTableResource;
  readonly stance: Stance;
  /** Why the spec is not accepted. */
  readonly refusal?: Reasoned;
  /** Why the object is not ready whatever is in the cloud. */
  readonly notReady?: Reasoned;
}

/**
 * Tells whose wishes count for entries that are nobody's.
 *
 * Shape: those who only look decide where nobody writes, so that they see what would be done.
 */
export function decidingStance(members: readonly RouteTableMember[]): 'apply' | 'observe' {
  return members.some(({ stance }) => stance === 'apply') ? 'apply' : 'observe';
}

/** What a judgement rests on. */
export interface VerdictInput {
  readonly resource: RouteTableResource;
  readonly identity: CloudIdentity;
  /** The VPC of the route table; unset while it is not known. */
  readonly vpcId?: string;
  /** The uids of all Nodes there are. */
  readonly nodeUids: ReadonlySet<string>;
  /** Whether objects are only looked at, whatever they ask for. */
  readonly isDryRun: boolean;
}

/** Judges an object; `undefined` for one that goes without us. */
export function memberOf(input: VerdictInput): RouteTableMember | undefined {
  const { resource, isDryRun } = input;
  const isObserved = isObserving({ spec: resource.spec, isDryRun });
  const isDeleting = resource.metadata.deletionTimestamp !== undefined;
  if (isDeleting && !resource.metadata.finalizers.includes(ROUTE_TABLE_FINALIZER)) {
    return undefined;
  }
  const refusal = placeMismatch(input);
  if (refusal !== undefined) return { resource, stance: 'leave', refusal };
  const { deletionPolicy, reconcilePolicy } = resource.spec;
  if (reconcilePolicy === 'Paused') {
    const message =
      'spec.reconcilePolicy is "Paused": nothing is changed in the cloud, and deletion waits; set it to "Apply" to go on';
    return { resource, stance: 'leave', notReady: { reason: 'Paused', message } };
  }
  if (isDeleting && isObserved) {
    const message = isDryRun
      ? 'The operator runs with --dry-run, so the deletion waits: run it without the flag to go on'
      : 'spec.reconcilePolicy is "Observe", so the deletion waits: set it to "Apply" to go on';
    return { resource, stance: 'observe', notReady: { reason: 'Observing', message } };
  }
  if (isDeleting) {
    if (deletionPolicy === 'Retain') return { resource, stance: 'release', notReady: DELETING };
    const held = heldDeletion(input);
    if (held === undefined) return { resource, stance: 'remove', notReady: DELETING };
    return { resource, stance: 'apply', notReady: held };
  }
  return { resource, stance: isObserved ? 'observe' : 'apply' };
}

const DELETING: Reasoned = {
  reason: 'Deleting',
  message: 'The entries of this object are being removed from the route table',
};

/** Proves, as far as the records can, that the route table is the one that was written to before. */
function placeMismatch({ resource, identity, vpcId }: VerdictInput): Reasoned | undefined {
  const { status } = resource;
  if (status.accountId !== undefined && status.accountId !== identity.accountId) {
    return {
      reason: 'WrongAccount',
      message: `The route table belongs to account "${status.accountId}", but the credentials are of account "${identity.accountId}": give the operator credentials of the first account; nothing is written until then`,
    };
  }
  if (status.regionId !== undefined && status.regionId !== identity.regionId) {
    return {
      reason: 'WrongRegion',
      message: `The route table is in region "${status.regionId}", but the operator works in region "${identity.regionId}": configure the first region; nothing is written until then`,
    };
  }
  if (status.vpcId !== undefined && vpcId !== undefined && status.vpcId !== vpcId) {
    return {
      reason: 'WrongVpc',
      message: `The route table was in VPC "${status.vpcId}", but the cloud has it in VPC "${vpcId}": check the account and the endpoint; nothing is written until then`,
    };
  }
  return undefined;
}

/** Says why a deletion is held back: the Nodes still want its routes, and would lose their network. */
function heldDeletion({ resource, nodeUids }: VerdictInput): Reasoned | undefined {
  const { uid, annotations } = resource.metadata;
  if (annotations[CONFIRM_DELETION_ANNOTATION] === uid) return undefined;
  const wanted = (resource.spec.routes ?? []).filter(
    ({ node }) => node !== undefined && nodeUids.has(node.uid),
  ).length;
  if (wanted === 0) return undefined;
  return {
    reason: 'DeletionHeld',
    message: `Nodes still want ${wanted} of its routes, and their pods would be cut off: remove the Nodes, or annotate this object with ${CONFIRM_DELETION_ANNOTATION}=${uid}`,
  };
}

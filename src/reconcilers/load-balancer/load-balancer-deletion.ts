import type { CallOptions } from '../../cloud/call-options.ts';
import type { CloudLoadBalancer, SlbClient } from '../../cloud/slb/slb-client.ts';
import type { CloudIdentity } from '../../cloud/cloud-identity.ts';
import type { LoadBalancerResource } from '../kubernetes-objects.ts';
import type { StatusChange } from '../reconciler.ts';
import { canStillAppear } from './load-balancer-creation.ts';
import {
  defaultLoadBalancerName,
  markOf,
  OWNER_TAG,
  ownershipTags,
  type Owner,
} from './load-balancer-names.ts';
import { foreignMark } from './load-balancer-verdict.ts';
import {
  deletionStep,
  unmarkingStep,
  unprotectionStep,
  type PlannedStep,
} from './load-balancer-steps.ts';
import { SEEN_ATTRIBUTE, seenAttributes, type Reasoned } from './load-balancer-status.ts';

/** A load balancer that was just made may not be found by its id yet; for this long that is lag. */
const CREATION_LAG_MS = 5 * 60_000;

/** What one pass of a deletion came to. */
export type DeletionResult =
  /** Nothing of ours is left in the cloud. */
  | { readonly kind: 'gone' }
  /** An id that was found; to be recorded before anything is done to it. */
  | { readonly kind: 'found'; readonly change: StatusChange }
  /** To be looked at again. */
  | { readonly kind: 'wait'; readonly afterMs: number; readonly progress: Reasoned }
  /** A person has protected it. */
  | { readonly kind: 'blocked'; readonly notReady: Reasoned }
  /** It bears another owner's mark. */
  | { readonly kind: 'foreign'; readonly refusal: Reasoned };

/** What a deletion works with. */
export interface DeletionInput {
  readonly slb: SlbClient;
  readonly resource: LoadBalancerResource;
  readonly owner: Owner;
  readonly identity: CloudIdentity;
  readonly nowMs: number;
  /** Stores in the status, before the first write, that the removal begins, and what was seen. */
  readonly begin: (seen: StatusChange) => Promise<void>;
  readonly options: CallOptions;
}

const LOOK_AGAIN_MS = 15_000;

/**
 * Carries the deletion of a load balancer one step further.
 *
 * Shape: acts only on the id in the status, and only on a load balancer that bears no other
 *   owner's mark; an open creation is never repeated, only looked for. Where the status says
 *   nothing, as after somebody has emptied it, a load balancer with the owner's marks is looked for.
 */
export async function deleteFromCloud(input: DeletionInput): Promise<DeletionResult> {
  const { resource } = input;
  const { loadBalancerId, ownership } = resource.status;
  if (loadBalancerId === undefined) {
    return resource.status.creation === undefined
      ? deleteUnrecorded(input)
      : deleteOpenCreation(input);
  }
  if (ownership !== 'Created') return { kind: 'gone' };

  const seen = await input.slb.findLoadBalancer(loadBalancerId, input.options);
  if (seen === undefined) return absent(input);
  const isForeign = markOf(input.owner, seen.tags) === 'foreign';
  if (isForeign) return { kind: 'foreign', refusal: foreignMark(loadBalancerId) };
  if (resource.spec.deletionPolicy === 'Retain') return retain(input, seen);
  return removeLoadBalancer(input, seen);
}

/** Says what `deleteFromCloud` would do, step by step, without doing it. */
export async function planDeletion(
  input: Pick<DeletionInput, 'slb' | 'resource' | 'owner' | 'options'>,
): Promise<PlannedStep[]> {
  const { slb, resource, owner, options } = input;
  const { creation, loadBalancerId, ownership } = resource.status;
  if (loadBalancerId !== undefined && ownership !== 'Created') return [];
  const seen =
    loadBalancerId !== undefined
      ? await slb.findLoadBalancer(loadBalancerId, options)
      : creation !== undefined
        ? await findByMarks(slb, owner, creation.parameters.LoadBalancerName, options)
        : undefined;
  if (seen === undefined || markOf(owner, seen.tags) === 'foreign') return [];
  if (resource.spec.deletionPolicy === 'Retain') {
    const keys = presentMarks(owner, seen);
    return keys.length === 0 ? [] : [unmarkingStep(keys)];
  }
  if (resource.spec.clb?.deletionProtection === 'On') return [];
  return [...(seen.deleteProtection === 'on' ? [unprotectionStep()] : []), deletionStep(seen.id)];
}

async function removeLoadBalancer(
  { slb, resource, nowMs, begin, options }: DeletionInput,
  seen: CloudLoadBalancer,
): Promise<DeletionResult> {
  if (resource.spec.clb?.deletionProtection === 'On') {
    return {
      kind: 'blocked',
      notReady: {
        reason: 'DeletionBlocked',
        message:
          'spec.clb.deletionProtection is "On": set it to "Off" or remove it to let the load balancer be deleted',
      },
    };
  }
  // Once it was seen, not finding it any more means that a deletion whose answer was lost took effect.
  await begin(isWithinCreationLag(resource, nowMs) ? { attributes: seenAttributes(seen) } : {});
  if (seen.deleteProtection === 'on') await slb.setDeleteProtection(seen.id, 'off', options);
  await slb.deleteLoadBalancer(seen.id, options);
  return { kind: 'gone' };
}

/** Takes our marks off, so that a later controller does not find what we gave away. */
async function retain(
  { slb, owner, begin, options }: DeletionInput,
  seen: CloudLoadBalancer,
): Promise<DeletionResult> {
  const keys = presentMarks(owner, seen);
  if (keys.length === 0) return { kind: 'gone' };
  await begin({});
  await slb.untagLoadBalancer(seen.id, keys, options);
  return { kind: 'gone' };
}

function presentMarks(owner: Owner, seen: CloudLoadBalancer): string[] {
  return ownershipTags(owner)
    .map((tag) => tag.key)
    .filter((key) => seen.tags.some((tag) => tag.key === key));
}

function absent({ resource, nowMs }: DeletionInput): DeletionResult {
  if (isWithinCreationLag(resource, nowMs)) {
    return {
      kind: 'wait',
      afterMs: LOOK_AGAIN_MS,
      progress: {
        reason: 'NotVisibleYet',
        message: 'The load balancer was made a moment ago and cannot be read yet',
      },
    };
  }
  return { kind: 'gone' };
}

/** Tells whether not finding a load balancer can be the lag after its own creation. */
export function isWithinCreationLag(resource: LoadBalancerResource, nowMs: number): boolean {
  const { createdTime, attributes } = resource.status;
  const wasSeen = attributes?.[SEEN_ATTRIBUTE] !== undefined;
  if (createdTime === undefined || wasSeen) return false;
  return nowMs - Date.parse(createdTime) < CREATION_LAG_MS;
}

/** Finds a load balancer that is recorded no longer. */
async function deleteUnrecorded(input: DeletionInput): Promise<DeletionResult> {
  const { resource, owner, slb, identity, options } = input;
  // Without the uid there is nothing to know it by.
  if (owner.serviceUid === '') return { kind: 'gone' };
  const found = await findByMarks(slb, owner, resource.spec.name, options);
  return found === undefined ? { kind: 'gone' } : foundAs(found, owner, identity);
}

function foundAs(
  { id }: CloudLoadBalancer,
  { serviceUid }: Owner,
  { accountId, regionId }: CloudIdentity,
): DeletionResult {
  return {
    kind: 'found',
    change: {
      loadBalancerId: id,
      ownership: 'Created',
      accountId,
      regionId,
      service: { uid: serviceUid },
      creation: null,
    },
  };
}

async function deleteOpenCreation(input: DeletionInput): Promise<DeletionResult> {
  const { resource, owner, slb, nowMs, options } = input;
  const { creation } = resource.status;
  if (creation === undefined) return { kind: 'gone' };
  const found = await findByMarks(slb, owner, creation.parameters.LoadBalancerName, options);
  if (found !== undefined) return foundAs(found, owner, creation);
  if (!canStillAppear(creation, nowMs)) return { kind: 'gone' };
  return {
    kind: 'wait',
    afterMs: LOOK_AGAIN_MS,
    progress: {
      reason: 'CreationUnknown',
      message:
        'A request for a load balancer was under way; the operator looks for it by tag and name before it concludes that nothing was made',
    },
  };
}

/**
 * Finds the load balancer that was made for an owner, by its tags and then by its name.
 *
 * Shape: by name only one that bears our mark already or, while tags are not visible yet, none.
 */
export async function findByMarks(
  slb: SlbClient,
  owner: Owner,
  name: string | undefined,
  options: CallOptions,
): Promise<CloudLoadBalancer | undefined> {
  const tag = { key: OWNER_TAG, value: defaultLoadBalancerName(owner.serviceUid) };
  const tagged = await slb.listLoadBalancersByTags([tag], options);
  const byTag = tagged.find((candidate) => markOf(owner, candidate.tags) === 'ours');
  if (byTag !== undefined) return byTag;
  const named = await slb.listLoadBalancersByName(
    name ?? defaultLoadBalancerName(owner.serviceUid),
    options,
  );
  return named.find((candidate) => isOursByName(owner, candidate));
}

/** A name that is made of the Service's uid is as good as a mark; any other needs one. */
function isOursByName(owner: Owner, candidate: CloudLoadBalancer): boolean {
  const mark = markOf(owner, candidate.tags);
  if (mark !== 'missing') return mark === 'ours';
  return candidate.name === defaultLoadBalancerName(owner.serviceUid);
}

import type { LoadBalancerResource, Service } from '../kubernetes-objects.ts';
import { CONFIRM_DELETION_ANNOTATION } from '../names.ts';
import { isMadeForAnother } from '../service/generated-load-balancer.ts';
import { isRefusal, type RequestProblem } from '../service/request-problem.ts';
import { isReleased, optOutRefusal, serviceClaim } from '../service/service-claim.ts';
import { closedListeners, refusals, type Refusal } from './load-balancer-acceptance.ts';
import { listenerLabel } from './load-balancer-desired.ts';
import type { CloudIdentity } from '../../cloud/cloud-identity.ts';
import type { CreationDefaults } from './load-balancer-creation.ts';
import { OWNER_TAG, SERVICE_UID_TAG } from './load-balancer-names.ts';
import type { Reasoned } from './load-balancer-status.ts';

/**
 * What may be done for an AlibabaLoadBalancer.
 *
 * Shape: `ignore` touches nothing at all; `leave` shows why and writes nothing to the cloud;
 *   `serve` goes on, with what is refused named and held back.
 */
export type Verdict =
  | { readonly kind: 'ignore' }
  | { readonly kind: 'leave'; readonly refusal?: Reasoned; readonly notReady?: Reasoned }
  | {
      readonly kind: 'serve';
      readonly refusal?: Reasoned;
      readonly notReady?: Reasoned;
      readonly mayCreate: boolean;
      readonly closedListeners: ReadonlySet<string> | 'all';
    };

/** What a verdict is made from. */
export interface VerdictInput {
  readonly resource: LoadBalancerResource;
  readonly service: Service | undefined;
  readonly identity: CloudIdentity;
  readonly isDefaultImplementation: boolean;
  /** What the Service asks for and this version does not serve; empty for one made by a person. */
  readonly requestProblems: readonly RequestProblem[];
  readonly creationDefaults: CreationDefaults;
}

/** Tells whether an object was generated from its Service, rather than written by a person. */
export function isGenerated(resource: LoadBalancerResource): boolean {
  return resource.metadata.ownerReferences.some(
    (reference) => reference.kind === 'Service' && reference.controller === true,
  );
}

/** Judges an object that is not to be deleted. */
export function verdictOf(input: VerdictInput): Verdict {
  const { resource, service, identity } = input;
  const mismatch = ownershipMismatch(resource, service, identity);
  if (mismatch !== undefined) return { kind: 'leave', refusal: mismatch };
  if (service !== undefined) {
    const unserved = unservedService(input, service);
    if (unserved !== undefined) return unserved;
  }
  const notReady = deletionHold(resource, service);
  if (resource.spec.reconcilePolicy === 'Paused') {
    return {
      kind: 'leave',
      notReady: {
        reason: 'Paused',
        message:
          'spec.reconcilePolicy is "Paused": nothing is changed in the cloud, and deletion waits; set it to "Apply" to go on',
      },
    };
  }
  const found = [
    ...refusals(resource, service, input.creationDefaults),
    ...input.requestProblems.filter(isRefusal).map(refusalOfRequest),
  ];
  const refusal = summary([...found, ...openListeners(resource, found)]);
  const base = {
    ...(refusal === undefined ? {} : { refusal }),
    ...(notReady === undefined ? {} : { notReady }),
  };
  if (service === undefined) return { kind: 'leave', ...base };
  const mayCreate = !found.some(({ holds }) => holds === 'creation');
  return { kind: 'serve', ...base, mayCreate, closedListeners: closedListeners(found) };
}

/**
 * Tells whether a deletion is held back because the Service still wants its load balancer.
 *
 * Shape: a removal that has begun goes on to its end, even if the Service wants a load balancer
 *   again by then: it gets another one, rather than what is left of this one.
 */
export function isDeletionHeld(
  resource: LoadBalancerResource,
  service: Service | undefined,
): boolean {
  if (resource.metadata.deletionTimestamp === undefined || !isGenerated(resource)) return false;
  if (resource.status.removalStartedTime !== undefined) return false;
  if (isReleased(service, resource.status.service?.uid)) return false;
  if (service !== undefined && isMadeForAnother(resource, service)) return false;
  return resource.metadata.annotations[CONFIRM_DELETION_ANNOTATION] !== resource.metadata.uid;
}

/** Proves that the recorded load balancer is ours to write to, as far as the records can. */
export function ownershipMismatch(
  resource: LoadBalancerResource,
  service: Service | undefined,
  identity: CloudIdentity,
): Reasoned | undefined {
  const { status } = resource;
  const accountId = status.accountId ?? status.creation?.accountId;
  if (accountId !== undefined && accountId !== identity.accountId) {
    return {
      reason: 'WrongAccount',
      message: `The load balancer belongs to account "${accountId}", but the credentials are of account "${identity.accountId}": give the operator credentials of the first account; nothing is written until then`,
    };
  }
  const regionId = status.regionId ?? status.creation?.regionId;
  if (regionId !== undefined && regionId !== identity.regionId) {
    return {
      reason: 'WrongRegion',
      message: `The load balancer is in region "${regionId}", but the operator works in region "${identity.regionId}": configure the first region; nothing is written until then`,
    };
  }
  if (service !== undefined && isMadeForAnother(resource, service)) {
    return {
      reason: 'OtherService',
      message: `The load balancer was made for an earlier Service "${service.metadata.name}": this object is removed with it, and the Service gets a load balancer of its own`,
    };
  }
  return undefined;
}

/** Says why a load balancer with another owner's mark is left alone. */
export function foreignMark(loadBalancerId: string): Reasoned {
  return {
    reason: 'ForeignMark',
    message: `Load balancer "${loadBalancerId}" bears the tag of another owner (${OWNER_TAG} or ${SERVICE_UID_TAG}): it is left alone; correct the tag if the load balancer is this object's`,
  };
}

function unservedService(input: VerdictInput, service: Service): Verdict | undefined {
  const { resource } = input;
  const claim = serviceClaim(service, input.isDefaultImplementation);
  if (!isGenerated(resource)) {
    const isConflict = claim.kind === 'ours' && resource.metadata.name !== service.metadata.name;
    if (!isConflict) return undefined;
    return {
      kind: 'leave',
      refusal: {
        reason: 'Conflict',
        message: `Service "${service.metadata.name}" has its own AlibabaLoadBalancer of the same name: edit that one and delete this one`,
      },
    };
  }
  // A Service that is going or unwanted is its own reconciler's to clean up; on standby another
  // controller may be at work.
  if (service.metadata.deletionTimestamp !== undefined) return { kind: 'ignore' };
  const optOut = optOutRefusal(service);
  if (optOut !== undefined) return { kind: 'leave', refusal: optOut };
  return claim.kind === 'ours' ? undefined : { kind: 'ignore' };
}

function deletionHold(
  resource: LoadBalancerResource,
  service: Service | undefined,
): Reasoned | undefined {
  if (!isDeletionHeld(resource, service)) return undefined;
  return {
    reason: 'DeletionHeld',
    message: `The Service still wants this load balancer, whose address would be lost: delete the Service, or annotate this object with ${CONFIRM_DELETION_ANNOTATION}=${resource.metadata.uid}`,
  };
}

function refusalOfRequest(problem: RequestProblem): Refusal {
  const port = problem.port;
  const holdsPort =
    port === undefined ? 'listeners' : { listener: `${port.transport}:${port.port}` };
  return {
    reason: problem.kind === 'NotSupported' ? 'NotSupported' : 'Invalid',
    source: problem.specPath ?? problem.source,
    message: problem.message,
    holds: problem.guardsAccess ? holdsPort : 'nothing',
  };
}

/** Names the listeners that run although an access rule for them cannot be applied. */
function openListeners(resource: LoadBalancerResource, found: readonly Refusal[]): Refusal[] {
  const rules = found.filter(({ reason }) => reason === 'NotSupported' || reason === 'Invalid');
  const closed = closedListeners(rules);
  return (resource.status.listeners ?? [])
    .filter(({ state }) => state === 'Running')
    .map(listenerLabel)
    .filter((label) => closed === 'all' || closed.has(label))
    .map((label) => ({
      reason: 'OpenWiderThanAsked',
      source: `spec.listeners[${label}]`,
      message: `Listener ${label} is open wider than asked: it was opened before the restriction that cannot be applied; set its \`enabled\` to false to close it, or remove the restriction`,
      holds: 'nothing',
    }));
}

/** Says everything that is refused in one condition; a wish that stands in two places is said once. */
function summary(found: readonly Refusal[]): Reasoned | undefined {
  const bySource = new Map(found.map((refusal) => [refusal.source, refusal]));
  const distinct = [...bySource.values()].toSorted((a, b) => (a.source < b.source ? -1 : 1));
  const [first] = distinct;
  if (first === undefined) return undefined;
  const reasons = new Set(distinct.map((refusal) => refusal.reason));
  // Nothing else is as urgent to know as an open door.
  const isOpen = reasons.has('OpenWiderThanAsked');
  return {
    reason: isOpen ? 'OpenWiderThanAsked' : reasons.size === 1 ? first.reason : 'Refused',
    message: distinct.map((refusal) => refusal.message).join('; '),
  };
}

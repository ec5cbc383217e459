import type { CloudLoadBalancer } from '../../cloud/slb/slb-client.ts';
import type { CloudIdentity } from '../../cloud/cloud-identity.ts';
import {
  type ConditionState,
  failedConditions,
  findCondition,
  setCondition,
  summarizeReady,
} from '../conditions.ts';
import type { Condition, LoadBalancerResource, Service } from '../kubernetes-objects.ts';
import type { EventContent, StatusChange } from '../reconciler.ts';
import {
  listenerLabel,
  type DesiredLoadBalancer,
  type DesiredServerGroup,
} from './load-balancer-desired.ts';
import {
  attributesDigest,
  backendsDigest,
  isSameListener,
  listenerDigest,
  serverGroupOf,
  type ObservedListener,
  type ObservedLoadBalancer,
  type ObservedServerGroup,
} from './load-balancer-observed.ts';
import { APPROVE_REMOVAL_ANNOTATION } from '../names.ts';
import { createdTagKeys } from './applied-tag-keys.ts';
import { withoutRemovals } from './backend-absences.ts';
import { compareBackends, planLoadBalancer } from './load-balancer-plan.ts';
import { MOST_STEPS, type PlannedStep } from './load-balancer-steps.ts';
import type { AlibabaLoadBalancerStatus } from './load-balancer-resource.generated.ts';

type ListenerStatus = NonNullable<AlibabaLoadBalancerStatus['listeners']>[number];
type ServerGroupStatus = NonNullable<AlibabaLoadBalancerStatus['serverGroups']>[number];

/** The reason and the words of a condition. */
export interface Reasoned {
  readonly reason: string;
  readonly message: string;
}

/** What would be done, for an object that is only looked at. */
export interface Preview {
  readonly steps: readonly PlannedStep[];
  /** Why it is not done. */
  readonly message: string;
}

/** What a pass found out, from which the status follows. */
export interface StatusInput {
  readonly resource: LoadBalancerResource;
  readonly service: Service | undefined;
  /** Why the spec is not accepted as a whole. */
  readonly refusal: Reasoned | undefined;
  /** Why the object is not ready although all is as asked, for example while its deletion is held. */
  readonly notReady: Reasoned | undefined;
  readonly desired: DesiredLoadBalancer | undefined;
  readonly observed: ObservedLoadBalancer | undefined;
  /** Why nothing is known of the cloud, or what it is busy with. */
  readonly progress: Reasoned | undefined;
  /** The instances that stay registered although their nodes seem to be gone. */
  readonly heldBackends?: readonly string[];
  /** Set where the object is only looked at. */
  readonly preview?: Preview | undefined;
  readonly nowMs: number;
}

/**
 * Writes the status that follows from a pass.
 *
 * Shape: tells what is known of the cloud, not what was asked for; a digest is set only on a part
 *   that is as desired.
 */
export function loadBalancerStatus(input: StatusInput): StatusChange {
  const { resource, desired, observed, preview, nowMs } = input;
  const conditions = conditionsOf(input);
  const isInSync = desired !== undefined && observed !== undefined && isProgrammed(input);
  const change: StatusChange = {
    observedGeneration: resource.metadata.generation,
    dormantListeners: dormantListeners(resource),
    plan: preview === undefined ? null : preview.steps.slice(0, MOST_STEPS),
    planTotal: preview === undefined ? null : preview.steps.length,
    conditions: summarizeReady(
      {
        conditions,
        generation: resource.metadata.generation,
        ...(input.notReady === undefined ? {} : { notReady: input.notReady }),
        ...(input.refusal === undefined ? {} : { stalled: input.refusal }),
      },
      nowMs,
    ),
  };
  if (desired === undefined || observed === undefined) return change;
  return {
    ...change,
    appliedDigest: isInSync ? attributesDigest(desired.attributes) : null,
    // Keys that are not asked for any more are on record until their tags are taken off.
    ...(preview !== undefined && !isInSync
      ? {}
      : { appliedTagKeys: (resource.spec.tags ?? []).map((tag) => tag.key).sort() }),
    listeners: listenerStatuses(desired, observed),
    serverGroups: serverGroupStatuses(resource, desired, observed),
    backends: backendsSummary(desired, observed),
    missing: null,
    ...(isInSync ? { lastError: null } : {}),
  };
}

/** Tells whether the cloud has everything that is asked for and accepted. */
export function isProgrammed(
  input: Pick<StatusInput, 'desired' | 'observed' | 'resource' | 'heldBackends'>,
): boolean {
  const { desired, observed, resource, heldBackends = [] } = input;
  if (desired === undefined || observed === undefined) return false;
  const plan = planLoadBalancer(desired, observed, resource.status.appliedTagKeys);
  return (
    withoutRemovals(plan, heldBackends).length === 0 &&
    desired.listeners.every((listener) => {
      if (!listener.enabled || !listener.mayOpen) return true;
      const seen = observed.listeners.find((other) => isSameListener(other.key, listener.key));
      return seen?.status === 'running';
    })
  );
}

/** An attribute that only a description by the cloud can have told, not our own request. */
export const SEEN_ATTRIBUTE = 'VpcId';

/** Records a load balancer as the cloud described it, by the cloud's names. */
export function seenAttributes(
  seen: CloudLoadBalancer,
): NonNullable<AlibabaLoadBalancerStatus['attributes']> {
  return {
    AddressType: seen.addressType,
    ResourceGroupId: seen.resourceGroupId,
    VSwitchId: seen.vSwitchId,
    MasterZoneId: seen.masterZoneId,
    SlaveZoneId: seen.slaveZoneId,
    [SEEN_ATTRIBUTE]: seen.vpcId,
    LoadBalancerSpec: seen.spec,
    InstanceChargeType: seen.instanceChargeType,
    InternetChargeType: seen.internetChargeType,
  };
}

/** Records what the cloud answered when it made the load balancer. */
export function creationStatus(
  resource: LoadBalancerResource,
  service: Service,
  created: { readonly id: string; readonly address: string },
  identity: CloudIdentity,
  createdTime: string,
): StatusChange {
  return {
    loadBalancerId: created.id,
    ownership: 'Created',
    accountId: identity.accountId,
    regionId: identity.regionId,
    service: { uid: service.metadata.uid },
    createdTime,
    addresses: created.address === '' ? [] : [{ ip: created.address, family: 'IPv4' }],
    attributes: {
      ...Object.fromEntries(
        Object.entries(resource.status.creation?.parameters ?? {}).filter(([name]) =>
          ['AddressType', 'ResourceGroupId', 'VSwitchId', 'MasterZoneId', 'SlaveZoneId'].includes(
            name,
          ),
        ),
      ),
    },
    ...createdTagKeys(resource),
    creation: null,
  };
}

/** Writes the status that follows from a failed pass; see `failedConditions`. */
export function failureStatus(
  resource: LoadBalancerResource,
  failure: Reasoned & { readonly isStalled: boolean },
  nowMs: number,
): StatusChange {
  const { generation } = resource.metadata;
  return {
    observedGeneration: generation,
    conditions: failedConditions(conditionsFrom(resource), generation, failure, nowMs),
  };
}

/** Empties what the status tells of a load balancer that is known to be gone. */
export function forgottenStatus(resource: LoadBalancerResource): StatusChange {
  return {
    loadBalancerId: null,
    ownership: null,
    createdTime: null,
    attributes: null,
    appliedDigest: null,
    appliedTagKeys: null,
    addresses: null,
    listeners: null,
    serverGroups: null,
    backends: null,
    missing: null,
    creation: null,
    creationEpoch: (resource.status.creationEpoch ?? 0) + 1,
  };
}

/**
 * Tells which events follow from a change of conditions.
 *
 * Shape: one Warning for each condition that has newly become False for a reason that a person has
 *   to know, one Normal when the object has become Ready.
 */
export function conditionEvents(
  before: readonly Condition[] | undefined,
  after: readonly Condition[] | undefined,
): EventContent[] {
  const events: EventContent[] = [];
  for (const type of ['Accepted', 'BackendsSynced', 'Stalled', 'Ready']) {
    const now = findCondition(after, type);
    if (now === undefined || isSameWords(findCondition(before, type), now)) continue;
    const isBad =
      (type === 'Accepted' && now.status === 'False') ||
      (type === 'BackendsSynced' && WARNED_BACKEND_REASONS.has(now.reason)) ||
      (type === 'Stalled' && now.status === 'True') ||
      (type === 'Ready' && WARNED_READY_REASONS.has(now.reason));
    if (isBad && !events.some((event) => event.reason === now.reason)) {
      events.push({ type: 'Warning', reason: now.reason, action: 'Reconcile', note: now.message });
    }
    const wasReady = findCondition(before, 'Ready')?.status === 'True';
    if (type === 'Ready' && now.status === 'True' && !wasReady) {
      events.push({
        type: 'Normal',
        reason: 'Ready',
        action: 'Reconcile',
        note: 'The load balancer is as asked for',
      });
    }
  }
  return events;
}

/** Reasons of `BackendsSynced` that a person has to know. */
const WARNED_BACKEND_REASONS = new Set(['NoBackends', 'RemovalHeld']);

/** How many instances a message names. */
const MOST_NAMED = 20;

/** Reasons of `Ready` that no other condition tells. */
const WARNED_READY_REASONS = new Set(['DeletionHeld', 'DeletionBlocked']);

function isSameWords(one: Condition | undefined, other: Condition): boolean {
  return (
    one?.status === other.status && one.reason === other.reason && one.message === other.message
  );
}

function conditionsOf(input: StatusInput): Condition[] {
  const states = [acceptedState(input), programmedState(input), backendsState(input)];
  return states.reduce<Condition[]>(
    (conditions, state) =>
      setCondition(
        conditions,
        { ...state, observedGeneration: input.resource.metadata.generation },
        input.nowMs,
      ),
    [...conditionsFrom(input.resource)],
  );
}

/** The conditions of the stored status, as conditions. */
export function conditionsFrom(resource: LoadBalancerResource): readonly Condition[] {
  return resource.status.conditions ?? [];
}

function acceptedState({ refusal }: StatusInput): ConditionState {
  if (refusal !== undefined) return { type: 'Accepted', status: 'False', ...refusal };
  return {
    type: 'Accepted',
    status: 'True',
    reason: 'Accepted',
    message: 'The spec is valid and the load balancer is ours to manage',
  };
}

function programmedState(input: StatusInput): ConditionState {
  if (input.progress !== undefined) {
    return { type: 'Programmed', status: 'False', ...input.progress };
  }
  const observing = observingState(input, 'Programmed');
  if (observing !== undefined) return observing;
  if (isProgrammed(input)) {
    return {
      type: 'Programmed',
      status: 'True',
      reason: 'Programmed',
      message: 'The cloud has everything that is asked for and accepted',
    };
  }
  return {
    type: 'Programmed',
    status: 'False',
    reason: 'Pending',
    message: 'The load balancer is being brought to what is asked for',
  };
}

/** Says of what is open that it is only looked at; `undefined` where nothing is open. */
function observingState({ preview }: StatusInput, type: string): ConditionState | undefined {
  if (preview === undefined || preview.steps.length === 0) return undefined;
  return { type, status: 'False', reason: 'Observing', message: preview.message };
}

function backendsState(input: StatusInput): ConditionState {
  const { desired, observed, heldBackends = [] } = input;
  const type = 'BackendsSynced';
  const observing = observingState(input, type);
  if (observing !== undefined && (desired === undefined || observed === undefined)) {
    return observing;
  }
  if (desired === undefined || observed === undefined) {
    return { type, status: 'False', reason: 'Pending', message: 'No server group is known yet' };
  }
  if (heldBackends.length > 0) {
    const { uid } = input.resource.metadata;
    return {
      type,
      status: 'False',
      reason: 'RemovalHeld',
      message: `Backends stay registered whose nodes are missing from the cluster, because too many are at once: ${namedInstances(heldBackends)}; if their nodes are really gone, annotate this object with ${APPROVE_REMOVAL_ANNOTATION}=${uid}`,
    };
  }
  const open = desired.serverGroups.filter((wanted) => {
    const group = serverGroupOf(observed, wanted.nodePort);
    if (group === undefined) return true;
    return !hasBackends(group, wanted);
  });
  if (open.length > 0) {
    if (observing !== undefined) return observing;
    const nodePorts = open.map((group) => group.nodePort).join(', ');
    return {
      type,
      status: 'False',
      reason: 'Pending',
      message: `Backends are being registered for node port ${nodePorts}`,
    };
  }
  if (desired.serverGroups.some(({ backends }) => backends === 'keep')) {
    return {
      type,
      status: 'True',
      reason: 'NoReadyEndpoint',
      message:
        'No node holds a ready endpoint, so the registered nodes stay and the health check decides',
    };
  }
  if (desired.serverGroups.some(({ backends }) => backends.length === 0)) {
    return {
      type,
      status: 'True',
      reason: 'NoBackends',
      message:
        'No node can be registered: a node needs a provider id of this cloud and must not be excluded from load balancers',
    };
  }
  return { type, status: 'True', reason: 'Synced', message: 'All backends are registered' };
}

function namedInstances(ids: readonly string[]): string {
  const shown = ids.slice(0, MOST_NAMED).join(', ');
  return ids.length > MOST_NAMED ? `${shown} and ${ids.length - MOST_NAMED} more` : shown;
}

function hasBackends(group: ObservedServerGroup, desired: DesiredServerGroup): boolean {
  const { backends: wanted, name } = desired;
  if (wanted === 'keep') return true;
  const { backends } = group;
  if (backends.kind === 'believed') return backends.digest === backendsDigest(wanted);
  const { missing, changed, surplus } = compareBackends(wanted, { backends, name });
  return missing.length + changed.length + surplus.length === 0;
}

/** Counts the members that are desired, or were and are still there. */
function registeredOf(group: ObservedServerGroup, desired: DesiredServerGroup): number {
  const { backends: wanted, name } = desired;
  const { backends } = group;
  if (wanted === 'keep' || backends.kind === 'believed') return group.registered;
  const { missing, surplus } = compareBackends(wanted, { backends, name });
  return wanted.length - missing.length + surplus.length;
}

function listenerStatuses(
  desired: DesiredLoadBalancer,
  observed: ObservedLoadBalancer,
): ListenerStatus[] {
  const wanted = desired.listeners.map((listener): ListenerStatus => {
    const seen = observed.listeners.find((other) => isSameListener(other.key, listener.key));
    const base = listenerIdentity(listener.key);
    if (seen === undefined) return { ...base, state: 'Pending' };
    const groupId = serverGroupOf(observed, listener.nodePort)?.id ?? '';
    return {
      ...base,
      state: stateOf(seen),
      serverGroupId: seen.serverGroupId === '' ? groupId : seen.serverGroupId,
      appliedDigest: listenerDigest(listener.settings, groupId),
    };
  });
  const leftOver = observed.listeners
    .filter(
      (listener) =>
        listener.isOurs &&
        !desired.listeners.some((other) => isSameListener(other.key, listener.key)),
    )
    .map((listener): ListenerStatus => ({
      ...listenerIdentity(listener.key),
      state: stateOf(listener),
    }));
  return [...wanted, ...leftOver];
}

function listenerIdentity(key: ObservedListener['key']): ListenerStatus {
  const transport = key.protocol === 'udp' ? 'UDP' : 'TCP';
  return {
    transport,
    port: key.port,
    protocol: key.protocol.toUpperCase() as NonNullable<ListenerStatus['protocol']>,
  };
}

function stateOf(listener: ObservedListener): NonNullable<ListenerStatus['state']> {
  switch (listener.status) {
    case 'running':
      return 'Running';
    case 'stopped':
      return 'Stopped';
    case 'starting':
      return 'Starting';
    case 'stopping':
      return 'Stopping';
    default:
      return 'Configuring';
  }
}

function serverGroupStatuses(
  resource: LoadBalancerResource,
  desired: DesiredLoadBalancer,
  observed: ObservedLoadBalancer,
): ServerGroupStatus[] {
  return desired.serverGroups.flatMap((wanted): ServerGroupStatus[] => {
    const group = serverGroupOf(observed, wanted.nodePort);
    if (group === undefined) return [];
    const earlier = resource.status.serverGroups?.find((other) => other.id === group.id);
    const digest = hasBackends(group, wanted) ? digestOf(group, wanted) : undefined;
    return [
      {
        ...(earlier?.healthy === undefined ? {} : { healthy: earlier.healthy }),
        ...(earlier?.healthSeenTime === undefined
          ? {}
          : { healthSeenTime: earlier.healthSeenTime }),
        id: group.id,
        nodePort: wanted.nodePort,
        desired: wanted.backends === 'keep' ? group.registered : wanted.backends.length,
        registered: registeredOf(group, wanted),
        ...(digest === undefined ? {} : { appliedDigest: digest }),
      },
    ];
  });
}

function digestOf({ backends }: ObservedServerGroup, desired: DesiredServerGroup): string {
  if (desired.backends !== 'keep') return backendsDigest(desired.backends);
  return backends.kind === 'believed' ? backends.digest : backendsDigest(backends.value);
}

function backendsSummary(desired: DesiredLoadBalancer, observed: ObservedLoadBalancer): string {
  let registered = 0;
  let wanted = 0;
  for (const group of desired.serverGroups) {
    const seen = serverGroupOf(observed, group.nodePort);
    const present = seen === undefined ? 0 : registeredOf(seen, group);
    registered += present;
    wanted += group.backends === 'keep' ? present : group.backends.length;
  }
  return `${registered}/${wanted}`;
}

function dormantListeners(resource: LoadBalancerResource): string[] {
  return (resource.spec.listeners ?? [])
    .filter((listener) => listener.backend === undefined)
    .map(listenerLabel)
    .sort();
}

import type { CloudTag } from '../../cloud/call-options.ts';
import {
  MAX_BACKENDS_PER_CALL,
  type CloudBackend,
  type CloudHealthCheck,
  type ListenerKey,
  type ListenerSettings,
} from '../../cloud/slb/slb-client.ts';
import type {
  DesiredAttributes,
  DesiredListener,
  DesiredLoadBalancer,
  DesiredServerGroup,
} from './load-balancer-desired.ts';
import { ADDED_MARKS, OWNER_TAG } from './load-balancer-names.ts';
import {
  attributesDigest,
  backendKey,
  backendsDigest,
  isSameListener,
  listenerDigest,
  serverGroupOf,
  type ObservedListener,
  type ObservedLoadBalancer,
  type ObservedServerGroup,
} from './load-balancer-observed.ts';

/** One write to the cloud; a server group that has no id yet is named by its node port. */
export type LoadBalancerAction =
  | { readonly kind: 'setName'; readonly name: string }
  | { readonly kind: 'setInstanceSpec'; readonly spec: string }
  | {
      readonly kind: 'setInstanceChargeType';
      readonly instanceChargeType: 'PayByCLCU' | 'PayBySpec';
      readonly spec?: string;
    }
  | {
      readonly kind: 'setInternetCharge';
      readonly internetChargeType: 'paybytraffic' | 'paybybandwidth';
      readonly bandwidthMbps?: number;
    }
  | { readonly kind: 'setDeleteProtection'; readonly protection: 'on' | 'off' }
  | {
      readonly kind: 'setModificationProtection';
      readonly protection: 'ConsoleProtection' | 'NonProtection';
    }
  | { readonly kind: 'tag'; readonly tags: readonly CloudTag[] }
  | { readonly kind: 'untag'; readonly keys: readonly string[] }
  | {
      readonly kind: 'createServerGroup';
      readonly nodePort: number;
      readonly name: string;
      readonly backends: readonly CloudBackend[];
    }
  | {
      readonly kind: 'addBackends';
      readonly nodePort: number;
      readonly backends: readonly CloudBackend[];
    }
  | {
      readonly kind: 'setBackends';
      readonly nodePort: number;
      readonly backends: readonly CloudBackend[];
    }
  | {
      readonly kind: 'removeBackends';
      readonly nodePort: number;
      readonly backends: readonly CloudBackend[];
    }
  | { readonly kind: 'deleteServerGroup'; readonly serverGroupId: string }
  | {
      readonly kind: 'createListener';
      readonly key: ListenerKey;
      readonly nodePort: number;
      readonly settings: Omit<ListenerSettings, 'serverGroupId'>;
    }
  | {
      readonly kind: 'setListener';
      readonly key: ListenerKey;
      readonly nodePort: number;
      readonly settings: Omit<ListenerSettings, 'serverGroupId'>;
    }
  | { readonly kind: 'startListener'; readonly key: ListenerKey }
  | { readonly kind: 'stopListener'; readonly key: ListenerKey }
  | { readonly kind: 'deleteListener'; readonly key: ListenerKey };

/**
 * Decides the writes that turn what is known of one load balancer into what is desired.
 *
 * Shape: listeners that go are deleted first, so that their quota is free; a group exists with its
 *   members before a listener points at it; health checks change before members do; members are
 *   added before others are removed; a group goes after the last listener that used it. What is
 *   not ours is never changed. While a listener is between two states nothing is planned for it.
 *   `ownedTagKeys` are the further tags that an earlier pass wrote.
 */
export function planLoadBalancer(
  desired: DesiredLoadBalancer,
  observed: ObservedLoadBalancer,
  ownedTagKeys: readonly string[] = [],
): LoadBalancerAction[] {
  const surplusListeners = observed.listeners.filter(
    (listener) =>
      listener.isOurs &&
      !desired.listeners.some((wanted) => isSameListener(wanted.key, listener.key)),
  );
  return [
    ...planAttributes(desired.attributes, observed, ownedTagKeys),
    ...surplusListeners
      .filter(isSteady)
      .map(({ key }): LoadBalancerAction => ({ kind: 'deleteListener', key })),
    ...desired.serverGroups.flatMap((group) => planMissingServerGroup(group, observed)),
    ...desired.listeners.flatMap((listener) => planListener(listener, observed)),
    ...desired.serverGroups.flatMap((group) => planBackends(group, observed)),
    ...planSurplusServerGroups(desired, observed, surplusListeners),
  ];
}

/** Tells whether the cloud is not between two states of a listener. */
export function isSteady(listener: ObservedListener): boolean {
  return listener.status === 'running' || listener.status === 'stopped';
}

function planAttributes(
  desired: DesiredAttributes,
  observed: ObservedLoadBalancer,
  ownedTagKeys: readonly string[],
): LoadBalancerAction[] {
  const { attributes } = observed;
  if (attributes.kind === 'believed') {
    // Believed attributes differ only after a change of the spec; the observer reads them then.
    return [];
  }
  const seen = attributes.value;
  const actions: LoadBalancerAction[] = [];
  const wantedCharge = desired.instanceChargeType ?? seen.instanceChargeType;
  if (desired.instanceChargeType !== undefined && wantedCharge !== seen.instanceChargeType) {
    actions.push({
      kind: 'setInstanceChargeType',
      instanceChargeType: desired.instanceChargeType,
      ...(desired.instanceChargeType === 'PayBySpec'
        ? { spec: desired.spec ?? 'slb.s1.small' }
        : {}),
    });
  } else if (
    wantedCharge === 'PayBySpec' &&
    desired.spec !== undefined &&
    desired.spec !== seen.spec
  ) {
    actions.push({ kind: 'setInstanceSpec', spec: desired.spec });
  }
  if (desired.internetChargeType !== undefined && isInternetChargeDifferent(desired, seen)) {
    actions.push({
      kind: 'setInternetCharge',
      internetChargeType: desired.internetChargeType,
      ...(desired.internetChargeType === 'paybybandwidth' && desired.bandwidthMbps !== undefined
        ? { bandwidthMbps: desired.bandwidthMbps }
        : {}),
    });
  }
  if (desired.name !== seen.name) actions.push({ kind: 'setName', name: desired.name });
  if (desired.deleteProtection !== seen.deleteProtection) {
    actions.push({ kind: 'setDeleteProtection', protection: desired.deleteProtection });
  }
  if (desired.modificationProtection !== seen.modificationProtection) {
    actions.push({ kind: 'setModificationProtection', protection: desired.modificationProtection });
  }
  const missingTags = desired.tags.filter((tag) => isTagMissing(tag, seen.tags, desired.tags));
  if (missingTags.length > 0) actions.push({ kind: 'tag', tags: missingTags });
  const surplusTagKeys = ownedTagKeys.filter(
    (key) =>
      seen.tags.some((tag) => tag.key === key) && !desired.tags.some((tag) => tag.key === key),
  );
  if (surplusTagKeys.length > 0) actions.push({ kind: 'untag', keys: surplusTagKeys });
  return actions;
}

/**
 * Tells whether a tag has to be written.
 *
 * Shape: what the owner's tag already proves is not said again by the tags that only this program
 *   knows, so that taking over from the Go CCM writes none.
 */
function isTagMissing(
  wanted: CloudTag,
  seen: readonly CloudTag[],
  desired: readonly CloudTag[],
): boolean {
  const present = seen.find((tag) => tag.key === wanted.key);
  if (present !== undefined) return present.value !== wanted.value;
  const owner = desired.find((tag) => tag.key === OWNER_TAG);
  const isProven = seen.some((tag) => tag.key === OWNER_TAG && tag.value === owner?.value);
  return !(isProven && ADDED_MARKS.includes(wanted.key));
}

function isInternetChargeDifferent(
  desired: DesiredAttributes,
  seen: { readonly internetChargeType: string; readonly bandwidthMbps: number },
): boolean {
  if (desired.internetChargeType !== seen.internetChargeType) return true;
  return (
    desired.internetChargeType === 'paybybandwidth' &&
    desired.bandwidthMbps !== undefined &&
    desired.bandwidthMbps !== seen.bandwidthMbps
  );
}

function planMissingServerGroup(
  desired: DesiredServerGroup,
  observed: ObservedLoadBalancer,
): LoadBalancerAction[] {
  if (serverGroupOf(observed, desired.nodePort) !== undefined) return [];
  const { nodePort, name } = desired;
  const backends = desired.backends === 'keep' ? [] : desired.backends;
  const [first = [], ...rest] = chunks(backends);
  return [
    { kind: 'createServerGroup', nodePort, name, backends: first },
    ...rest.map((chunk): LoadBalancerAction => ({
      kind: 'addBackends',
      nodePort,
      backends: chunk,
    })),
  ];
}

function planListener(
  desired: DesiredListener,
  observed: ObservedLoadBalancer,
): LoadBalancerAction[] {
  const { key, nodePort, settings } = desired;
  const listener = observed.listeners.find((candidate) => isSameListener(candidate.key, key));
  if (listener === undefined) {
    if (!desired.enabled || !desired.mayOpen) return [];
    return [
      { kind: 'createListener', key, nodePort, settings },
      { kind: 'startListener', key },
    ];
  }
  if (!isSteady(listener)) return [];
  const actions: LoadBalancerAction[] = [];
  const groupId = serverGroupOf(observed, nodePort)?.id;
  if (groupId === undefined || !hasSettings(listener, desired, groupId)) {
    actions.push({ kind: 'setListener', key, nodePort, settings });
  }
  if (desired.enabled && desired.mayOpen && listener.status === 'stopped') {
    actions.push({ kind: 'startListener', key });
  }
  if (!desired.enabled && listener.status === 'running') {
    actions.push({ kind: 'stopListener', key });
  }
  return actions;
}

function hasSettings(
  listener: ObservedListener,
  desired: DesiredListener,
  serverGroupId: string,
): boolean {
  const { settings } = listener;
  if (settings.kind === 'believed') {
    return settings.digest === listenerDigest(desired.settings, serverGroupId);
  }
  return (
    listener.serverGroupId === serverGroupId &&
    isSameSettings(desired.settings, settings.value, desired.nodePort)
  );
}

/** Compares what the desired settings speak of; the cloud fills in what they leave open. */
export function isSameSettings(
  desired: Omit<ListenerSettings, 'serverGroupId'>,
  seen: Omit<ListenerSettings, 'serverGroupId'>,
  nodePort: number,
): boolean {
  return (
    desired.description === seen.description &&
    desired.scheduler === seen.scheduler &&
    desired.persistenceTimeoutSeconds === seen.persistenceTimeoutSeconds &&
    (desired.establishedTimeoutSeconds === 0 ||
      desired.establishedTimeoutSeconds === seen.establishedTimeoutSeconds) &&
    isSameHealthCheck(desired.healthCheck, seen.healthCheck, nodePort)
  );
}

function isSameHealthCheck(
  desired: CloudHealthCheck,
  seen: CloudHealthCheck,
  nodePort: number,
): boolean {
  if (!desired.enabled || !seen.enabled) return desired.enabled === seen.enabled;
  const common =
    desired.type === seen.type &&
    // The cloud answers no port where it checks the backend's own.
    desired.port === (seen.port === 0 ? nodePort : seen.port) &&
    desired.intervalSeconds === seen.intervalSeconds &&
    desired.timeoutSeconds === seen.timeoutSeconds &&
    desired.healthyThreshold === seen.healthyThreshold &&
    desired.unhealthyThreshold === seen.unhealthyThreshold;
  if (desired.type !== 'http') return common;
  return (
    common &&
    (desired.path === '' || desired.path === seen.path) &&
    (desired.domain === '' || desired.domain === seen.domain) &&
    (desired.httpCodes === '' || isSameCodes(desired.httpCodes, seen.httpCodes))
  );
}

function isSameCodes(desired: string, seen: string): boolean {
  return desired.split(',').toSorted().join(',') === seen.split(',').toSorted().join(',');
}

function planBackends(
  desired: DesiredServerGroup,
  observed: ObservedLoadBalancer,
): LoadBalancerAction[] {
  const group = serverGroupOf(observed, desired.nodePort);
  if (group === undefined || desired.backends === 'keep') return [];
  const { nodePort, name } = desired;
  const { missing, changed, surplus } = compareBackends(desired.backends, {
    backends: group.backends,
    name,
  });
  return [
    ...chunks(missing).map((backends) => ({ kind: 'addBackends', nodePort, backends }) as const),
    ...chunks(changed).map((backends) => ({ kind: 'setBackends', nodePort, backends }) as const),
    ...chunks(surplus).map((backends) => ({ kind: 'removeBackends', nodePort, backends }) as const),
  ];
}

/** What sets the members of a group apart from those desired. */
export interface BackendDifference {
  readonly missing: readonly CloudBackend[];
  readonly changed: readonly CloudBackend[];
  readonly surplus: readonly CloudBackend[];
}

/**
 * Compares the members of a group with those desired.
 *
 * Shape: a member that someone else registered counts where it is desired, and stays as it is.
 */
export function compareBackends(
  desired: readonly CloudBackend[],
  { backends, name }: { readonly backends: ObservedServerGroup['backends']; readonly name: string },
): BackendDifference {
  // Believed members differ only after a change; the observer reads the group then.
  if (backends.kind === 'believed') return { missing: [], changed: [], surplus: [] };
  const ours = backends.value.filter((backend) => backend.description === name);
  const seen = new Set(backends.value.map(backendKey));
  const own = new Map(ours.map((backend) => [backendKey(backend), backend]));
  const wanted = new Set(desired.map(backendKey));
  return {
    missing: desired.filter((backend) => !seen.has(backendKey(backend))),
    changed: desired.filter((backend) => {
      const present = own.get(backendKey(backend));
      return present !== undefined && present.weightPercent !== backend.weightPercent;
    }),
    surplus: ours.filter((backend) => !wanted.has(backendKey(backend))),
  };
}

function planSurplusServerGroups(
  desired: DesiredLoadBalancer,
  observed: ObservedLoadBalancer,
  surplusListeners: readonly ObservedListener[],
): LoadBalancerAction[] {
  const kept = new Set(
    desired.serverGroups.map((group) => serverGroupOf(observed, group.nodePort)?.id),
  );
  // A listener that is planned to move to another group, or to go, no longer holds its group.
  const held = new Set(
    observed.listeners
      .filter((listener) => !isMovable(listener, desired, surplusListeners))
      .map((listener) => listener.serverGroupId),
  );
  return observed.serverGroups
    .filter((group) => group.nodePort !== undefined && !kept.has(group.id) && !held.has(group.id))
    .map((group) => ({ kind: 'deleteServerGroup', serverGroupId: group.id }));
}

function isMovable(
  listener: ObservedListener,
  desired: DesiredLoadBalancer,
  surplusListeners: readonly ObservedListener[],
): boolean {
  if (!isSteady(listener)) return false;
  return (
    surplusListeners.includes(listener) ||
    desired.listeners.some((wanted) => isSameListener(wanted.key, listener.key))
  );
}

function chunks(backends: readonly CloudBackend[]): CloudBackend[][] {
  const result: CloudBackend[][] = [];
  for (let start = 0; start < backends.length; start += MAX_BACKENDS_PER_CALL) {
    result.push(backends.slice(start, start + MAX_BACKENDS_PER_CALL));
  }
  return result;
}

/** Tells whether the attributes have to be read before a plan can be made. */
export function isAttributeReadNeeded(
  desired: DesiredAttributes,
  observed: ObservedLoadBalancer,
): boolean {
  const { attributes } = observed;
  return attributes.kind === 'believed' && attributes.digest !== attributesDigest(desired);
}

/** Lists the groups whose members have to be read before a plan can be made. */
export function serverGroupsToRead(
  desired: DesiredLoadBalancer,
  observed: ObservedLoadBalancer,
): ObservedServerGroup[] {
  return desired.serverGroups.flatMap((wanted) => {
    const group = serverGroupOf(observed, wanted.nodePort);
    if (group === undefined || wanted.backends === 'keep') return [];
    const { backends } = group;
    const isOutdated =
      backends.kind === 'believed' && backends.digest !== backendsDigest(wanted.backends);
    return isOutdated ? [group] : [];
  });
}

/** Tells whether a group is missing that must be looked for before it is made. */
export function isServerGroupListNeeded(
  desired: DesiredLoadBalancer,
  observed: ObservedLoadBalancer,
): boolean {
  if (observed.serverGroupsComplete) return false;
  return desired.serverGroups.some(
    (wanted) => serverGroupOf(observed, wanted.nodePort) === undefined,
  );
}

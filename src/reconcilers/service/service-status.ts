import {
  findCondition,
  isConditionTrue,
  isSameCondition,
  nextCondition,
  type ConditionState,
} from '../conditions.ts';
import type {
  Condition,
  LoadBalancerResource,
  Service,
  ServiceIngress,
} from '../kubernetes-objects.ts';
import { SERVICE_READY_CONDITION } from '../names.ts';
import type { EventContent, ServiceStatusChange } from '../reconciler.ts';
import { ANNOTATIONS, findAnnotation, IP_MODE_ANNOTATION } from './annotation-table.ts';
import { isRefusal, type RequestProblem } from './request-problem.ts';
import { SERVICE_CONDITIONS, serviceEvent, type ServiceEventReason } from './service-messages.ts';
import { addressFamily, canonicalAddress } from './source-ranges.ts';

/** The condition that Kubernetes knows for ports that cannot be served. */
export const PORTS_ERROR_CONDITION = 'LoadBalancerPortsError';

/** What the status of a Service follows from. */
export interface ServiceStatusInput {
  readonly service: Service;
  /** The Service's own AlibabaLoadBalancer, as last read. */
  readonly resource: LoadBalancerResource | undefined;
  readonly problems: readonly RequestProblem[];
  /** What the Service waits for before its AlibabaLoadBalancer can be applied. */
  readonly waiting?:
    { readonly kind: 'taken'; readonly by: string } | { readonly kind: 'replacing' };
  /** A digest of the registered backends when the status was last made; unknown after a start. */
  readonly lastBackends: string | undefined;
  readonly nowMs: number;
}

/** What is written to the status of a Service, and said about it. */
export interface ServiceStatusPlan {
  /** `undefined` when the status already says so. */
  readonly change: ServiceStatusChange | undefined;
  readonly events: readonly EventContent[];
}

/**
 * Decides the status of a Service that is served.
 *
 * Shape: addresses are published when listeners run and never withdrawn because something fails
 *   later; the mirror condition says what the AlibabaLoadBalancer's `Ready` says, and what of the
 *   request is not served. An event is due when what it says was not in the condition before.
 */
export function serviceStatus(input: ServiceStatusInput): ServiceStatusPlan {
  const { service, nowMs } = input;
  const present = service.status.conditions;
  const ingress = desiredIngress(input);
  const base = baseState(input);
  const ready = readyState(input, base);
  const portsError = portsErrorState(input.problems);

  const states = portsError === undefined ? [ready] : [ready, portsError];
  const conditions = states
    .filter((state) => !isSameCondition(findCondition(present, state.type), state))
    .map((state) => nextCondition(present, state, nowMs));
  const isFixed =
    portsError === undefined && findCondition(present, PORTS_ERROR_CONDITION) !== undefined;
  const change: ServiceStatusChange = {
    ...(isSameIngress(service.status.ingress, ingress) ? {} : { ingress }),
    ...(conditions.length === 0 ? {} : { conditions }),
    ...(isFixed ? { removeConditions: [PORTS_ERROR_CONDITION] } : {}),
  };
  return {
    change: Object.keys(change).length === 0 ? undefined : change,
    events: statusEvents(input, base),
  };
}

/** Decides the status of a Service whose load balancer is being removed. */
export function releasingStatus(
  service: Service,
  resource: LoadBalancerResource,
  nowMs: number,
): ServiceStatusPlan {
  const failure = failureOf(resource);
  const deleting = SERVICE_CONDITIONS.Deleting;
  const state: ConditionState = {
    type: SERVICE_READY_CONDITION,
    status: 'False',
    reason: failure?.reason ?? deleting.reason,
    message: failure?.message ?? deleting.message,
  };
  const before = findCondition(service.status.conditions, SERVICE_READY_CONDITION);
  if (isSameCondition(before, state)) return { change: undefined, events: [] };
  return {
    change: { conditions: [nextCondition(service.status.conditions, state, nowMs)] },
    events:
      failure === undefined ? [] : [serviceEvent('DeleteLoadBalancerFailed', failure.message)],
  };
}

/**
 * Takes everything of ours out of the status of a Service that is no longer served.
 *
 * Shape: addresses stay on a load balancer of another class, whose controller has written them.
 */
export function releasedStatus(service: Service): ServiceStatusChange {
  return {
    ...(service.spec.type === 'LoadBalancer' ? {} : { ingress: [] }),
    removeConditions: [SERVICE_READY_CONDITION, PORTS_ERROR_CONDITION],
  };
}

/**
 * Digests which backends are registered, so that a change of them is noticed.
 *
 * Shape: `undefined` while no group is known.
 */
export function backendsDigest(resource: LoadBalancerResource | undefined): string | undefined {
  const groups = resource?.status.serverGroups ?? [];
  if (groups.length === 0) return undefined;
  return groups
    .map(({ id, appliedDigest = '', registered = 0 }) => `${id}=${appliedDigest}/${registered}`)
    .sort()
    .join(' ');
}

/** Compares addresses by meaning: an address without mode is stored as `VIP`. */
export function isSameIngress(
  ones: readonly ServiceIngress[],
  others: readonly ServiceIngress[],
): boolean {
  const text = ({ ip, hostname, ipMode }: ServiceIngress): string =>
    JSON.stringify([ip, hostname, ip === undefined ? undefined : (ipMode ?? 'VIP')]);
  return ones.map(text).join() === others.map(text).join();
}

function desiredIngress(input: ServiceStatusInput): readonly ServiceIngress[] {
  const { service, resource, waiting } = input;
  if (waiting?.kind === 'replacing' || isProvenGone(resource)) return [];
  const isRunning =
    resource !== undefined &&
    isConditionTrue(resource.status.conditions, 'Programmed') &&
    (resource.status.listeners ?? []).some(({ state }) => state === 'Running');
  if (!isRunning) return service.status.ingress;

  const hostname = settingOf(service, 'hostname');
  if (hostname !== undefined) return [{ hostname }];
  const addresses = publishableAddresses(resource, service);
  if (addresses.length === 0) return service.status.ingress;
  const ipMode = settingOf(service, IP_MODE_ANNOTATION);
  return addresses.map((ip) => (ipMode === undefined ? { ip } : { ip, ipMode }));
}

/** A load balancer that was there and is confirmed to be gone has no address to publish. */
function isProvenGone(resource: LoadBalancerResource | undefined): boolean {
  if (resource === undefined) return false;
  const { creationEpoch = 0, loadBalancerId } = resource.status;
  return creationEpoch > 0 && loadBalancerId === undefined;
}

/** Lists the addresses of the Service's families, in the order that the Service gives. */
function publishableAddresses(resource: LoadBalancerResource, service: Service): string[] {
  const addresses = (resource.status.addresses ?? []).flatMap(({ ip }) => {
    const canonical = canonicalAddress(ip);
    return canonical === undefined ? [] : [canonical];
  });
  const { ipFamilies } = service.spec;
  if (ipFamilies.length === 0) return addresses;
  return ipFamilies.flatMap((family) => addresses.filter((ip) => addressFamily(ip) === family));
}

/** Reads a valid setting that concerns the status alone. */
function settingOf(service: Service, name: string): string | undefined {
  const entry = ANNOTATIONS.find((candidate) => candidate.name === name);
  if (entry?.support.kind !== 'service') return undefined;
  const value = findAnnotation(service.metadata.annotations, entry.keys)?.value;
  return value !== undefined && entry.support.isValid(value) ? value : undefined;
}

interface BaseState extends Pick<ConditionState, 'status' | 'reason' | 'message'> {
  readonly isFailure?: boolean;
}

function readyState(input: ServiceStatusInput, base: BaseState): ConditionState {
  const unsaid = remarks(input).filter((remark) => !base.message.includes(remark));
  return {
    type: SERVICE_READY_CONDITION,
    status: base.status,
    reason: base.reason,
    message: [base.message, ...unsaid].filter((text) => text !== '').join('; '),
  };
}

/** Decides the state of the mirror condition, and whether it tells of something that went wrong. */
function baseState({ service, resource, waiting }: ServiceStatusInput): BaseState {
  if (waiting?.kind === 'taken') return nameTakenState(service, waiting.by);
  if (waiting?.kind === 'replacing') return stateOf(SERVICE_CONDITIONS.Replacing);
  const ready = findCondition(conditionsOf(resource), 'Ready');
  const isCurrent =
    ready?.observedGeneration !== undefined &&
    ready.observedGeneration === resource?.metadata.generation;
  if (resource === undefined || ready === undefined || !isCurrent) {
    return stateOf(SERVICE_CONDITIONS.Pending);
  }
  const wrong = (resource.status.addresses ?? []).find(
    ({ ip }) => canonicalAddress(ip) === undefined,
  );
  if (wrong !== undefined) {
    return { ...stateOf(SERVICE_CONDITIONS.InvalidAddress, wrong.ip), isFailure: true };
  }
  return { ...stateOf(ready), isFailure: failureOf(resource) !== undefined };
}

function stateOf(
  { status, reason, message }: Pick<ConditionState, 'status' | 'reason' | 'message'>,
  detail = '',
): BaseState {
  return { status, reason, message: message.replace('{detail}', () => detail) };
}

function nameTakenState(service: Service, by: string): BaseState {
  const state = stateOf(SERVICE_CONDITIONS.NameTaken, by);
  return { ...state, message: state.message.replace('{name}', () => service.metadata.name) };
}

/** What is worth saying beside the state: every problem of the request, and missing backends. */
function remarks({ problems, resource }: ServiceStatusInput): string[] {
  const backends = unavailableBackends(resource);
  return [
    ...new Set(problems.map(({ message }) => message)),
    ...(backends === undefined ? [] : [backends.message]),
  ];
}

function unavailableBackends(resource: LoadBalancerResource | undefined): Condition | undefined {
  const backends = findCondition(conditionsOf(resource), 'BackendsSynced');
  return backends?.reason === 'NoBackends' ? backends : undefined;
}

function portsErrorState(problems: readonly RequestProblem[]): ConditionState | undefined {
  const unserved = problems.filter(({ notServed }) => notServed !== undefined);
  if (unserved.length === 0) return undefined;
  const has = (kind: RequestProblem['notServed']): boolean =>
    unserved.some(({ notServed }) => notServed === kind);
  const { reason } = has('Protocol')
    ? SERVICE_CONDITIONS.LoadBalancerMixedProtocolNotSupported
    : has('NodePort')
      ? SERVICE_CONDITIONS.NodePortNotAllocated
      : SERVICE_CONDITIONS.TooManyPorts;
  return {
    type: PORTS_ERROR_CONDITION,
    status: 'True',
    reason,
    message: [...new Set(unserved.map(({ message }) => message))].join('; '),
  };
}

/** Says what is new: what the condition did not say before. */
function statusEvents(input: ServiceStatusInput, base: BaseState): EventContent[] {
  const { service, resource, problems, waiting } = input;
  const before = findCondition(service.status.conditions, SERVICE_READY_CONDITION);
  const isNews = (text: string): boolean => before?.message.includes(text) !== true;
  const events: EventContent[] = [];

  if (before === undefined) events.push(serviceEvent('EnsuringLoadBalancer'));
  if (waiting?.kind === 'taken' && isNews(base.message)) {
    events.push(serviceEvent('NameTaken', base.message));
  }
  for (const problem of problems) {
    if (isNews(problem.message)) {
      events.push(serviceEvent(problemEventReason(problem), problem.message));
    }
  }
  const backends = unavailableBackends(resource);
  if (backends !== undefined && isNews(backends.message)) {
    events.push(serviceEvent('UnAvailableLoadBalancer', backends.message));
  }
  const isSaid = problems.some(({ message }) => base.message.includes(message));
  if (base.isFailure === true && !isSaid && isNews(base.message)) {
    events.push(serviceEvent(failureEventReason(service, resource), base.message));
  }
  if (base.status === 'True') events.push(...successEvents(input, before));
  return events;
}

/** Backends that cannot be registered behind an address in use are another matter than no address. */
function failureEventReason(
  service: Service,
  resource: LoadBalancerResource | undefined,
): ServiceEventReason {
  const conditions = conditionsOf(resource);
  const isBackends =
    findCondition(conditions, 'BackendsSynced')?.status === 'False' &&
    isConditionTrue(conditions, 'Accepted') &&
    service.status.ingress.length > 0;
  return isBackends ? 'UpdateLoadBalancerFailed' : 'SyncLoadBalancerFailed';
}

function successEvents(input: ServiceStatusInput, before: Condition | undefined): EventContent[] {
  const { resource, lastBackends } = input;
  const address = (resource?.status.addresses ?? []).map(({ ip }) => ip).join(', ');
  if (before?.status !== 'True') {
    const id = resource?.status.loadBalancerId ?? '';
    return [serviceEvent('EnsuredLoadBalancer', address === '' ? id : `${id} at ${address}`)];
  }
  const backends = backendsDigest(resource);
  if (lastBackends === undefined || backends === undefined || backends === lastBackends) return [];
  return [serviceEvent('UpdatedLoadBalancer', resource?.status.backends ?? '')];
}

function problemEventReason(problem: RequestProblem): ServiceEventReason {
  if (isRefusal(problem)) {
    return problem.kind === 'Invalid' ? 'InvalidSetting' : 'UnsupportedSetting';
  }
  if (problem.kind === 'Unknown') return 'UnknownAnnotation';
  return problem.source === 'spec.ipFamilies' ? 'SingleStackServed' : 'AdjustedSetting';
}

/** Reads from an AlibabaLoadBalancer why it does not get on; `undefined` while it does. */
function failureOf(
  resource: LoadBalancerResource,
): { readonly reason: string; readonly message: string } | undefined {
  const ready = findCondition(conditionsOf(resource), 'Ready');
  if (ready?.status !== 'False') return undefined;
  const isStuck = isConditionTrue(conditionsOf(resource), 'Stalled');
  // The last error stays in the status until a pass succeeds; what follows it is progress.
  return isStuck || resource.status.lastError?.message === ready.message ? ready : undefined;
}

function conditionsOf(resource: LoadBalancerResource | undefined): readonly Condition[] {
  return resource?.status.conditions ?? [];
}

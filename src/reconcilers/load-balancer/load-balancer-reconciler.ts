import type { Clock } from '../../cloud/clock.ts';
import type { Failure } from '../../cloud/failure.ts';
import type { CallOptions, SlbClient } from '../../cloud/slb/slb-client.ts';
import { conditionTime } from '../conditions.ts';
import type { LoadBalancerResource, Service } from '../kubernetes-objects.ts';
import {
  APPROVE_RECREATION_ANNOTATION,
  GO_CCM_LOAD_BALANCER_LABEL,
  GO_CCM_SERVICE_FINALIZER,
  LOAD_BALANCER_FINALIZER,
} from '../names.ts';
import {
  observeAgain,
  settled,
  type EndpointSliceCache,
  type EventRecorder,
  type LoadBalancerResourceCache,
  type LoadBalancerResourceWriter,
  type Logger,
  type NodeCache,
  type ObjectKey,
  type Outcome,
  type Reconciler,
  type ServiceCache,
  type StatusChange,
} from '../reconciler.ts';
import { serviceRequestProblems } from '../service/service-desired.ts';
import type { AbsenceBreaker } from './absence-breaker.ts';
import { backendNodes } from './backend-nodes.ts';
import { applyLoadBalancer } from './load-balancer-apply.ts';
import { beliefAfterCreation, type LoadBalancerBeliefs } from './load-balancer-belief.ts';
import {
  attributesOfCreation,
  creationParameters,
  isLookUpNeeded,
  newCreationRecord,
  type CloudIdentity,
  type CreationDefaults,
  type CreationRecord,
} from './load-balancer-creation.ts';
import { deleteFromCloud, findByMarks, isWithinCreationLag } from './load-balancer-deletion.ts';
import { describeActions } from './load-balancer-drift.ts';
import { desiredLoadBalancer, type DesiredLoadBalancer } from './load-balancer-desired.ts';
import { LoadBalancerFailures } from './load-balancer-failures.ts';
import { markOf, type Owner } from './load-balancer-names.ts';
import {
  observedListener,
  observeLoadBalancer,
  observeWhatPlanNeeds,
} from './load-balancer-observe.ts';
import type { ObservedLoadBalancer } from './load-balancer-observed.ts';
import { isSteady, planLoadBalancer, type LoadBalancerAction } from './load-balancer-plan.ts';
import {
  conditionEvents,
  conditionsFrom,
  creationStatus,
  forgottenStatus,
  loadBalancerStatus,
  seenAttributes,
  type Reasoned,
  type StatusInput,
} from './load-balancer-status.ts';
import {
  foreignMark,
  isDeletionHeld,
  isGenerated,
  ownershipMismatch,
  verdictOf,
  type Verdict,
} from './load-balancer-verdict.ts';

/** What a LoadBalancerReconciler needs. */
export interface LoadBalancerPorts {
  readonly services: ServiceCache;
  readonly nodes: NodeCache;
  readonly endpointSlices: EndpointSliceCache;
  readonly loadBalancers: LoadBalancerResourceCache;
  readonly writer: LoadBalancerResourceWriter;
  readonly slb: SlbClient;
  /** Tells whose credentials are in use, and where. */
  readonly identity: (signal: AbortSignal) => Promise<CloudIdentity>;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly beliefs: LoadBalancerBeliefs;
  readonly breaker: AbsenceBreaker;
  readonly isDefaultImplementation: () => boolean;
  readonly settings: LoadBalancerSettings;
}

/** The settings of a LoadBalancerReconciler. */
export interface LoadBalancerSettings {
  readonly clusterId: string;
  readonly creationDefaults: CreationDefaults;
  /** How long one request can be under way. */
  readonly requestTimeoutMs: number;
  /** From when on, on the monotonic clock, nothing that an earlier leader sent can still arrive. */
  readonly undisturbedFromMs: number;
}

/** How long after a start the listeners are looked at. */
const VERIFY_AFTER_MS = 1_000;
/** How far apart two reads must be that prove a load balancer to be gone. */
const MISSING_PROOF_MS = 60_000;
const RECREATION_INTERVAL_MS = 10 * 60_000;

/** Keeps one load balancer of the cloud equal to what an AlibabaLoadBalancer and its Service ask for. */
export class LoadBalancerReconciler implements Reconciler {
  readonly resourceKind = 'AlibabaLoadBalancer';
  readonly #ports: LoadBalancerPorts;
  readonly #failures: LoadBalancerFailures;

  constructor(ports: LoadBalancerPorts) {
    this.#ports = ports;
    this.#failures = new LoadBalancerFailures(ports);
  }

  async reconcile(key: ObjectKey, signal: AbortSignal): Promise<Outcome> {
    const { loadBalancers, services } = this.#ports;
    const resource = loadBalancers.find(key);
    if (resource === undefined) return settled;
    const service = services.find({
      namespace: key.namespace,
      name: resource.spec.serviceRef.name,
    });
    const isDeleting = resource.metadata.deletionTimestamp !== undefined;
    if (isDeleting && !isDeletionHeld(resource, service)) return this.#delete(resource, signal);

    const verdict = await this.#judge(resource, service, signal);
    if (verdict.kind === 'ignore') return settled;
    if (verdict.kind === 'leave' || service === undefined) {
      await this.#show(
        { ...emptyStatusInput, ...verdictWords(verdict), resource, service },
        signal,
      );
      return settled;
    }
    return this.#serve(resource, service, verdict, signal);
  }

  /**
   * Compares what was read outside a pass with what is desired.
   *
   * Shape: one entry for each difference, in words; empty where all is as desired; `undefined` for
   *   an object that a pass has to look at first, or that is not to be served.
   */
  async differences(
    resource: LoadBalancerResource,
    seen: Partial<ObservedLoadBalancer>,
    signal: AbortSignal,
  ): Promise<readonly string[] | undefined> {
    const believed = this.#ports.beliefs.find(resource);
    if (believed === undefined || resource.metadata.deletionTimestamp !== undefined) {
      return undefined;
    }
    const service = this.#ports.services.find({
      namespace: resource.metadata.namespace,
      name: resource.spec.serviceRef.name,
    });
    const verdict = await this.#judge(resource, service, signal);
    if (service === undefined || verdict.kind !== 'serve') return undefined;
    const desired = this.#desired(resource, service, verdict);
    const observed = { ...believed, ...seen };
    const actions = planLoadBalancer(desired, observed, resource.status.appliedTagKeys);
    return describeActions(actions, observed);
  }

  /** Tells whose objects a resource's load balancer owns in the cloud. */
  ownerOf(resource: LoadBalancerResource): Owner {
    return this.#owner(resource, resource.status.service?.uid ?? '');
  }

  /** Shows a failed pass, and remembers that the cloud may differ from what is believed. */
  async reportFailure(key: ObjectKey, failure: Failure, signal: AbortSignal): Promise<void> {
    await this.#failures.report(key, failure, signal);
  }

  async #judge(
    resource: LoadBalancerResource,
    service: Service | undefined,
    signal: AbortSignal,
  ): Promise<Verdict> {
    return verdictOf({
      resource,
      service,
      identity: await this.#ports.identity(signal),
      isDefaultImplementation: this.#ports.isDefaultImplementation(),
      requestProblems:
        service !== undefined && isGenerated(resource)
          ? serviceRequestProblems(service, resource)
          : [],
      creationDefaults: this.#ports.settings.creationDefaults,
    });
  }

  /** Observe, plan, apply, for an object that may be served. */
  async #serve(
    resource: LoadBalancerResource,
    service: Service,
    verdict: Extract<Verdict, { kind: 'serve' }>,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const desired = this.#desired(resource, service, verdict);
    const input: StatusInput = {
      ...emptyStatusInput,
      ...verdictWords(verdict),
      nowMs: this.#ports.clock.now(),
      resource,
      service,
      desired,
    };
    if (resource.status.loadBalancerId === undefined) {
      if (!verdict.mayCreate && resource.status.creation === undefined) {
        await this.#show(input, signal);
        return settled;
      }
      return this.#create(resource, service, desired, signal);
    }

    const observation = await this.#observe(resource, service, desired, signal);
    if (observation.kind === 'wait') {
      await this.#show({ ...input, progress: observation.progress }, signal);
      return observeAgain(observation.afterMs);
    }
    if (observation.kind === 'missing') return this.#missing(input, signal);
    if (observation.kind === 'foreign') {
      await this.#show({ ...input, refusal: observation.refusal }, signal);
      return settled;
    }
    const { observed } = observation;

    const actions = planLoadBalancer(desired, observed, resource.status.appliedTagKeys);
    let current = resource;
    if (actions.length > 0) current = await this.#announce(resource, signal);
    const applied = await this.#apply(current, service, actions, observed, signal);
    // A start takes a moment. Before the address is published it is looked at; later ones are
    // believed, and the sweep looks at them.
    const isPublished = hasPublishedAddress(resource, service);
    const known = isPublished ? withStartsBelieved(applied) : applied;
    if (actions.length > 0) this.#ports.beliefs.keep(current, known);
    await this.#show({ ...input, resource: current, observed: known }, signal);
    this.#failures.clear(resource.metadata.uid);
    return known.listeners.every(isSteady) ? settled : observeAgain(VERIFY_AFTER_MS);
  }

  #desired(
    resource: LoadBalancerResource,
    service: Service,
    verdict: Extract<Verdict, { kind: 'serve' }>,
  ): DesiredLoadBalancer {
    const slices = this.#ports.endpointSlices.listForService({
      namespace: service.metadata.namespace,
      name: service.metadata.name,
    });
    return desiredLoadBalancer({
      resource,
      service,
      owner: this.#owner(resource, service.metadata.uid),
      nodes: backendNodes(service, this.#ports.nodes.list(), slices),
      closedListeners: verdict.closedListeners,
    });
  }

  /** Records the request, sends it, records the answer: whoever dies in between, one is made. */
  async #create(
    resource: LoadBalancerResource,
    service: Service,
    desired: DesiredLoadBalancer,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const { writer, slb, clock, events } = this.#ports;
    const options: CallOptions = { signal, lane: 'live' };
    const owner = this.#owner(resource, service.metadata.uid);
    const open = resource.status.creation;
    const isOld = open !== undefined && isLookUpNeeded(open, clock.now());
    if (isOld || (open === undefined && hasPredecessor(service))) {
      const found = await findByMarks(slb, owner, open?.parameters.LoadBalancerName, options);
      if (found !== undefined) {
        const identity = await this.#ports.identity(signal);
        const adopted = await writer.patchStatus(
          resource,
          {
            ...creationStatus(resource, service, found, identity, conditionTime(clock.now())),
            attributes: seenAttributes(found),
          },
          signal,
        );
        this.#ports.beliefs.mistrust(adopted.metadata.uid);
        return observeAgain(0);
      }
      // Nothing came of the open request, so a refusal of its repetition may close it.
      if (isOld) this.#failures.noteCreation(resource, true);
    }
    const withFinalizer = await writer.addFinalizer(resource, LOAD_BALANCER_FINALIZER, signal);
    const record = open ?? (await this.#newRecord(withFinalizer, desired, signal));
    const recorded =
      open === undefined
        ? await writer.patchStatus(
            withFinalizer,
            { creation: record, service: { uid: service.metadata.uid } },
            signal,
          )
        : withFinalizer;
    this.#failures.noteCreation(recorded, open === undefined);
    const created = await slb.createLoadBalancer(record.parameters, record.token, options);
    const identity = { accountId: record.accountId, regionId: record.regionId };
    const stored = await writer.patchStatus(
      recorded,
      creationStatus(recorded, service, created, identity, conditionTime(clock.now())),
      signal,
    );
    this.#ports.beliefs.keep(
      stored,
      beliefAfterCreation(created.id, {
        kind: 'seen',
        value: attributesOfCreation(record.parameters),
      }),
    );
    // A repeated request may answer with a load balancer that an earlier process went on with.
    if (open !== undefined) this.#ports.beliefs.mistrust(stored.metadata.uid);
    events.record(stored, {
      type: 'Normal',
      reason: 'CreatedLoadBalancer',
      action: 'Create',
      note: `Created load balancer ${created.id} with address ${created.address}`,
    });
    return observeAgain(0);
  }

  async #newRecord(
    resource: LoadBalancerResource,
    desired: DesiredLoadBalancer,
    signal: AbortSignal,
  ): Promise<CreationRecord> {
    const { settings, identity, clock } = this.#ports;
    const parameters = creationParameters(resource, desired.attributes, settings.creationDefaults);
    return newCreationRecord(resource, parameters, await identity(signal), clock.now());
  }

  async #observe(
    resource: LoadBalancerResource,
    service: Service,
    desired: DesiredLoadBalancer,
    signal: AbortSignal,
  ): Promise<Observation> {
    const { beliefs, slb, clock, settings } = this.#ports;
    const options: CallOptions = { signal, lane: 'live' };
    const owner = this.#owner(resource, service.metadata.uid);
    const loadBalancerId = resource.status.loadBalancerId ?? '';
    const believed = beliefs.find(resource);
    if (believed !== undefined) {
      const current = believed.listeners.every(isSteady)
        ? believed
        : await this.#withListeners(believed, owner, options);
      const observed = await observeWhatPlanNeeds(slb, owner, desired, current, options);
      if (observed === undefined) return { kind: 'missing' };
      beliefs.keep(resource, observed);
      return { kind: 'seen', observed };
    }
    // A write whose answer was lost, by this process or by the one before, can still arrive.
    const readableFromMs = Math.max(
      beliefs.readableFromMs(resource.metadata.uid),
      settings.undisturbedFromMs,
    );
    const waitMs = readableFromMs - clock.monotonicMs();
    if (waitMs > 0) {
      return {
        kind: 'wait',
        afterMs: waitMs,
        progress: {
          reason: 'AnswerLost',
          message:
            'The answer to a change was lost; the cloud is read again once the change must have arrived',
        },
      };
    }
    const read = await observeLoadBalancer(slb, owner, loadBalancerId, options);
    if (read === undefined) return { kind: 'missing' };
    if (markOf(owner, read.attributes.tags) === 'foreign') {
      return { kind: 'foreign', refusal: foreignMark(loadBalancerId) };
    }
    beliefs.keep(resource, read.observed);
    return { kind: 'seen', observed: read.observed };
  }

  async #withListeners(
    believed: ObservedLoadBalancer,
    owner: Owner,
    options: CallOptions,
  ): Promise<ObservedLoadBalancer> {
    const listeners = await this.#ports.slb.listListeners([believed.id], options);
    return {
      ...believed,
      listeners: listeners.map((listener) => observedListener(owner, listener)),
    };
  }

  /** Says, before the first write, that the recorded digests are no longer to be relied on. */
  async #announce(
    resource: LoadBalancerResource,
    signal: AbortSignal,
  ): Promise<LoadBalancerResource> {
    if (resource.status.appliedDigest === undefined) return resource;
    return this.#ports.writer.patchStatus(resource, { appliedDigest: null }, signal);
  }

  async #apply(
    resource: LoadBalancerResource,
    service: Service,
    actions: readonly LoadBalancerAction[],
    observed: ObservedLoadBalancer,
    signal: AbortSignal,
  ): Promise<ObservedLoadBalancer> {
    const { slb, beliefs } = this.#ports;
    return applyLoadBalancer({
      slb,
      owner: this.#owner(resource, service.metadata.uid),
      actions,
      observed,
      onAccepted: (known) => {
        beliefs.keep(resource, known);
      },
      options: { signal, lane: 'live' },
    });
  }

  /** A load balancer that cannot be found is proven gone before another one is made. */
  async #missing(input: StatusInput, signal: AbortSignal): Promise<Outcome> {
    const { resource } = input;
    const { writer, clock, events, breaker, loadBalancers, beliefs } = this.#ports;
    const nowMs = clock.now();
    beliefs.mistrust(resource.metadata.uid);
    const id = resource.status.loadBalancerId ?? '';
    const firstSeen = resource.status.missing?.firstSeenTime;
    const isLag = isWithinCreationLag(resource, nowMs);
    const provenAtMs = (firstSeen === undefined ? nowMs : Date.parse(firstSeen)) + MISSING_PROOF_MS;
    if (isLag || nowMs < provenAtMs) {
      const message = `Load balancer "${id}" was not found; it is looked for again before another one is made`;
      const change: StatusChange =
        firstSeen === undefined && !isLag
          ? { missing: { firstSeenTime: conditionTime(nowMs) } }
          : {};
      await this.#show({ ...input, progress: { reason: 'NotFound', message } }, signal, change);
      return observeAgain(isLag ? 15_000 : provenAtMs - nowMs);
    }
    const { uid } = resource.metadata;
    const isApproved = resource.metadata.annotations[APPROVE_RECREATION_ANNOTATION] === uid;
    const { lastRecreationTime } = resource.status;
    const waitMs =
      lastRecreationTime === undefined
        ? 0
        : Date.parse(lastRecreationTime) + RECREATION_INTERVAL_MS - nowMs;
    const isLetThrough =
      isApproved ||
      (waitMs <= 0 && breaker.allow('load balancer', uid, loadBalancers.list().length));
    if (!isLetThrough) {
      const message = `Load balancer "${id}" is gone, and too many are at once, or this one again: check the account and region, then annotate this object with ${APPROVE_RECREATION_ANNOTATION}=${uid} to have another one made`;
      await this.#show({ ...input, refusal: { reason: 'RecreationHeld', message } }, signal);
      return observeAgain(Math.max(waitMs, MISSING_PROOF_MS));
    }
    const current = await writer.removeAnnotations(
      resource,
      [APPROVE_RECREATION_ANNOTATION],
      signal,
    );
    const forgotten = await writer.patchStatus(
      current,
      { ...forgottenStatus(resource), lastRecreationTime: conditionTime(nowMs) },
      signal,
    );
    beliefs.forget(resource.metadata.uid);
    events.record(forgotten, {
      type: 'Warning',
      reason: 'RecreatingLoadBalancer',
      action: 'Create',
      note: `Load balancer ${id} is gone from the cloud, so another one is made: its address changes`,
    });
    return observeAgain(0);
  }

  async #delete(resource: LoadBalancerResource, signal: AbortSignal): Promise<Outcome> {
    const { writer, slb, clock, beliefs, events } = this.#ports;
    if (!resource.metadata.finalizers.includes(LOAD_BALANCER_FINALIZER)) return settled;
    const hasCloudObject =
      resource.status.loadBalancerId !== undefined || resource.status.creation !== undefined;
    const base: StatusInput = {
      ...emptyStatusInput,
      nowMs: clock.now(),
      resource,
      service: undefined,
      notReady: {
        reason: 'Deleting',
        message: 'The load balancer is being removed from the cloud',
      },
    };
    let current = resource;
    if (hasCloudObject) {
      const held = await this.#deletionHold(resource, signal);
      if (held !== undefined) {
        await this.#show({ ...base, ...held }, signal);
        return settled;
      }
      current = await this.#show(base, signal);
      const result = await deleteFromCloud({
        slb,
        resource,
        owner: this.#owner(resource, resource.status.service?.uid ?? ''),
        nowMs: clock.now(),
        record: async (change) => {
          current = await writer.patchStatus(current, change, signal);
        },
        options: { signal, lane: 'live' },
      });
      switch (result.kind) {
        case 'found':
          await writer.patchStatus(current, result.change, signal);
          return observeAgain(0);
        case 'wait':
          await this.#show({ ...base, resource: current, progress: result.progress }, signal);
          return observeAgain(result.afterMs);
        case 'blocked':
          await this.#show({ ...base, resource: current, notReady: result.notReady }, signal);
          return settled;
        case 'foreign': {
          const { refusal } = result;
          await this.#show({ ...base, resource: current, refusal, notReady: refusal }, signal);
          return settled;
        }
        case 'gone':
          events.record(resource, {
            type: 'Normal',
            reason: 'DeletedLoadBalancer',
            action: 'Delete',
            note: `Nothing of load balancer ${resource.status.loadBalancerId ?? ''} is left to manage`,
          });
      }
    }
    await writer.removeFinalizer(current, LOAD_BALANCER_FINALIZER, signal);
    beliefs.forget(resource.metadata.uid);
    return settled;
  }

  /** Says why a deletion may not go on, if so. */
  async #deletionHold(
    resource: LoadBalancerResource,
    signal: AbortSignal,
  ): Promise<Pick<StatusInput, 'refusal' | 'notReady'> | undefined> {
    const identity = await this.#ports.identity(signal);
    const refusal = ownershipMismatch(resource, undefined, identity);
    if (refusal !== undefined) return { refusal, notReady: refusal };
    if (resource.spec.reconcilePolicy !== 'Paused') return undefined;
    const message =
      'spec.reconcilePolicy is "Paused", so the deletion waits: set it to "Apply" to go on';
    return { refusal: undefined, notReady: { reason: 'Paused', message } };
  }

  #owner(resource: LoadBalancerResource, serviceUid: string): Owner {
    return {
      clusterId: this.#ports.settings.clusterId,
      namespace: resource.metadata.namespace,
      serviceName: resource.spec.serviceRef.name,
      serviceUid,
    };
  }

  async #show(
    input: Omit<StatusInput, 'nowMs'> & { readonly nowMs?: number },
    signal: AbortSignal,
    further: StatusChange = {},
  ): Promise<LoadBalancerResource> {
    const { writer, clock, events } = this.#ports;
    const change = loadBalancerStatus({ ...input, nowMs: clock.now() });
    const before = conditionsFrom(input.resource);
    const stored = await writer.patchStatus(input.resource, { ...change, ...further }, signal);
    for (const event of conditionEvents(before, conditionsFrom(stored))) {
      events.record(stored, event);
    }
    return stored;
  }
}

type Observation =
  | { readonly kind: 'seen'; readonly observed: ObservedLoadBalancer }
  | { readonly kind: 'missing' }
  | { readonly kind: 'foreign'; readonly refusal: Reasoned }
  | { readonly kind: 'wait'; readonly afterMs: number; readonly progress: Reasoned };

/** Tells whether another controller, or a lost status, may have left the Service a load balancer. */
function hasPredecessor(service: Service): boolean {
  return (
    service.metadata.finalizers.includes(GO_CCM_SERVICE_FINALIZER) ||
    service.metadata.labels[GO_CCM_LOAD_BALANCER_LABEL] !== undefined ||
    service.status.ingress.length > 0
  );
}

function hasPublishedAddress(resource: LoadBalancerResource, service: Service): boolean {
  const addresses = resource.status.addresses ?? [];
  return addresses.some(({ ip }) => service.status.ingress.some((ingress) => ingress.ip === ip));
}

function withStartsBelieved(observed: ObservedLoadBalancer): ObservedLoadBalancer {
  return {
    ...observed,
    listeners: observed.listeners.map((listener) =>
      listener.status === 'starting' ? { ...listener, status: 'running' } : listener,
    ),
  };
}

const emptyStatusInput = {
  refusal: undefined,
  notReady: undefined,
  desired: undefined,
  observed: undefined,
  progress: undefined,
} as const;

function verdictWords(
  verdict: Exclude<Verdict, { kind: 'ignore' }>,
): Pick<StatusInput, 'refusal' | 'notReady'> {
  return { refusal: verdict.refusal, notReady: verdict.notReady };
}

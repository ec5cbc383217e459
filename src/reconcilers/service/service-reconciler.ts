import type { Clock } from '../../cloud/clock.ts';
import type { Failure } from '../../cloud/failure.ts';
import { conditionTime, findCondition, isSameCondition, nextCondition } from '../conditions.ts';
import { failureReport } from '../failure-report.ts';
import type { LoadBalancerResource, Service } from '../kubernetes-objects.ts';
import {
  CONFIRM_DELETION_ANNOTATION,
  GO_CCM_SERVICE_FINALIZER,
  RESET_OVERRIDES_ANNOTATION,
  SERVICE_CLEANUP_FINALIZER,
  SERVICE_FINALIZER,
  SERVICE_READY_CONDITION,
} from '../names.ts';
import {
  observeAgain,
  settled,
  type EventRecorder,
  type GeneratedLoadBalancer,
  type LoadBalancerResourceCache,
  type LoadBalancerResourceWriter,
  type Logger,
  type ObjectKey,
  type Outcome,
  type Reconciler,
  type ServiceCache,
  type ServiceWriter,
} from '../reconciler.ts';
import { departedOverrides } from './departed-overrides.ts';
import { applyKeepingOverrides, isAlreadyApplied, overrideStatus } from './field-ownership.ts';
import {
  generatedLoadBalancer,
  isGeneratedFor,
  isGeneratedForName,
  standingOf,
} from './generated-load-balancer.ts';
import type { RequestProblem } from './request-problem.ts';
import { isReleased, serviceClaim } from './service-claim.ts';
import { desiredSpec } from './service-desired.ts';
import { ServiceMemory } from './service-memory.ts';
import { serviceEvent } from './service-messages.ts';
import {
  backendsDigest,
  releasedStatus,
  releasingStatus,
  serviceStatus,
  type ServiceStatusInput,
} from './service-status.ts';

/** What a ServiceReconciler needs. */
export interface ServiceReconcilerPorts {
  readonly services: ServiceCache;
  readonly loadBalancers: LoadBalancerResourceCache;
  readonly serviceWriter: ServiceWriter;
  readonly loadBalancerWriter: LoadBalancerResourceWriter;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Tells whether Services of the unset class are ours: the default role, with both leases held. */
  readonly isDefaultImplementation: () => boolean;
  /** Whether nothing is written but the AlibabaLoadBalancers that Services ask for. */
  readonly isDryRun: boolean;
}

/** The finalizers that keep a Service until its load balancer is gone. */
const FINALIZERS: readonly string[] = [SERVICE_CLEANUP_FINALIZER, SERVICE_FINALIZER];

/** How soon a cache is asked again that has not seen what the API server has. */
const CACHE_BEHIND_MS = 1_000;

/** How often a removal is looked at that no event has told the end of. */
const REMOVAL_CHECK_MS = 30_000;

/** Keeps the AlibabaLoadBalancer of each Service that is ours, and the Service's status. */
export class ServiceReconciler implements Reconciler {
  readonly resourceKind = 'Service';
  readonly #ports: ServiceReconcilerPorts;
  readonly #memory: ServiceMemory;

  constructor(ports: ServiceReconcilerPorts) {
    this.#ports = ports;
    this.#memory = new ServiceMemory(ports.clock);
  }

  async reconcile(key: ObjectKey, signal: AbortSignal): Promise<Outcome> {
    const service = this.#ports.services.find(key);
    const resource = this.#ports.loadBalancers.find(key);
    if (this.#ports.isDryRun) return this.#generateOnly(service, resource, signal);
    if (service === undefined) return this.#cleanUpAfter(key, resource, signal);

    const isUnwanted = isReleased(service, undefined);
    if (isUnwanted && isTraceOfOurs(service, resource)) {
      return this.#release(service, resource, signal);
    }
    // One that is somebody else's, or has opted out, is left as it is, and so is one of the default
    // class while another controller may be at work.
    const claim = serviceClaim(service, this.#ports.isDefaultImplementation());
    if (isUnwanted || claim.kind !== 'ours') return settled;
    return this.#ensure(service, resource, signal);
  }

  async reportFailure(key: ObjectKey, failure: Failure, signal: AbortSignal): Promise<void> {
    const service = this.#ports.services.find(key);
    const report = failureReport(failure);
    if (service === undefined || report.event === undefined || failure.kind === 'notfound') return;

    const isLeaving = isReleased(service, undefined);
    // A namespace that is going refuses every creation; what is in it is removed all the same.
    if (isLeaving && failure.code === 'Forbidden') return;
    const state = {
      type: SERVICE_READY_CONDITION,
      status: 'False',
      reason: report.reason,
      message: report.message,
    } as const;
    const present = service.status.conditions;
    if (isSameCondition(findCondition(present, SERVICE_READY_CONDITION), state)) return;
    const reason = isLeaving ? 'DeleteLoadBalancerFailed' : 'SyncLoadBalancerFailed';
    this.#ports.events.record(service, serviceEvent(reason, report.message));
    if (this.#ports.isDryRun) return;
    const condition = nextCondition(present, state, this.#ports.clock.now());
    await this.#ports.serviceWriter.patchStatus(service, { conditions: [condition] }, signal);
  }

  /** Serves a Service: finalizers, then the object that the cloud is made from, then the status. */
  async #ensure(
    found: Service,
    known: LoadBalancerResource | undefined,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const { serviceWriter, loadBalancerWriter } = this.#ports;
    // The finalizers go on before anything else is written, so that a crash cannot leak.
    const service = hasFinalizers(found)
      ? found
      : await serviceWriter.addFinalizers(found, FINALIZERS, signal);
    // A cache that lags would have a second object made, or another's written to.
    const resource = known ?? (await loadBalancerWriter.findDirectly(keyOf(service), signal));

    const standing = standingOf(resource, service);
    switch (standing.kind) {
      case 'taken':
        await this.#show(service, undefined, { waiting: standing }, signal);
        return settled;
      case 'stale':
        await loadBalancerWriter.delete(standing.resource, signal);
        await this.#show(service, undefined, { waiting: { kind: 'replacing' } }, signal);
        return observeAgain(REMOVAL_CHECK_MS);
      case 'leaving':
        return this.#waitForLeaving(service, standing.resource, signal);
      case 'free':
        break;
    }

    const live = await this.#withoutRemoval(resource, signal);
    const desired = desiredSpec(service, live);
    const generated = generatedLoadBalancer(service, desired.spec);
    const applied = await this.#apply(service, live, generated, desired.origins, signal);
    const problems = [...desired.problems, ...applied.problems];
    return this.#show(service, applied.resource, { problems }, signal);
  }

  /** Writes the object that shows what would be done; Services, and objects that are to go, stay. */
  async #generateOnly(
    service: Service | undefined,
    known: LoadBalancerResource | undefined,
    signal: AbortSignal,
  ): Promise<Outcome> {
    if (service === undefined || isReleased(service, undefined)) return settled;
    const claim = serviceClaim(service, this.#ports.isDefaultImplementation());
    if (claim.kind !== 'ours') return settled;
    const { loadBalancerWriter } = this.#ports;
    const resource = known ?? (await loadBalancerWriter.findDirectly(keyOf(service), signal));
    if (standingOf(resource, service).kind !== 'free') return settled;
    const desired = desiredSpec(service, resource);
    const generated = generatedLoadBalancer(service, desired.spec);
    await this.#apply(service, resource, generated, desired.origins, signal);
    return settled;
  }

  /** Takes the record of a removal back that ended before the object was deleted. */
  async #withoutRemoval(
    resource: LoadBalancerResource | undefined,
    signal: AbortSignal,
  ): Promise<LoadBalancerResource | undefined> {
    if (resource?.status.removalStartedTime === undefined) return resource;
    const change = { removalStartedTime: null };
    return this.#ports.loadBalancerWriter.patchStatus(resource, change, signal);
  }

  /** Writes what is generated, unless the object says so already. */
  async #apply(
    service: Service,
    live: LoadBalancerResource | undefined,
    generated: GeneratedLoadBalancer,
    origins: ReadonlyMap<string, string>,
    signal: AbortSignal,
  ): Promise<Applied> {
    const { loadBalancerWriter, events } = this.#ports;
    const reset = this.#ports.isDryRun
      ? undefined
      : live?.metadata.annotations[RESET_OVERRIDES_ANNOTATION];
    if (live !== undefined && reset === undefined) {
      if (isAlreadyApplied(generated, live)) return { resource: live, problems: [] };
      const known = this.#memory.findApplied(service, generated, live);
      if (known !== undefined) return { resource: live, problems: known };
    }
    const outcome = await applyKeepingOverrides(
      loadBalancerWriter,
      { generated, origins, ...(reset === undefined ? {} : { reset }) },
      signal,
    );
    for (const { listener, fields, isKept } of departedOverrides(live, outcome.resource, origins)) {
      const reason = isKept ? 'OverrideDormant' : 'OverrideLost';
      events.record(service, serviceEvent(reason, `${listener} (${fields.join(', ')})`));
    }
    const shown = await loadBalancerWriter.patchStatus(
      outcome.resource,
      overrideStatus(outcome.overridden, outcome.resource),
      signal,
    );
    const resource =
      reset === undefined
        ? shown
        : await loadBalancerWriter.removeAnnotations(shown, [RESET_OVERRIDES_ANNOTATION], signal);
    this.#memory.keepApplied(service, generated, resource, outcome.problems);
    return { resource, problems: outcome.problems };
  }

  /** An object on its way out is not written to: it is held as it is, or goes and is made anew. */
  async #waitForLeaving(
    service: Service,
    resource: LoadBalancerResource,
    signal: AbortSignal,
  ): Promise<Outcome> {
    if (!isGoing(resource)) {
      const { problems } = desiredSpec(service, resource);
      return this.#show(service, resource, { problems }, signal);
    }
    await this.#show(service, undefined, { waiting: { kind: 'replacing' } }, signal);
    return observeAgain(REMOVAL_CHECK_MS);
  }

  /** Removes the load balancer of a Service that is going, or no longer asks for one. */
  async #release(
    service: Service,
    known: LoadBalancerResource | undefined,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const { serviceWriter, loadBalancerWriter, events, clock } = this.#ports;
    // Absence from a cache is no proof of absence.
    const resource = known ?? (await loadBalancerWriter.findDirectly(keyOf(service), signal));
    if (resource !== undefined && isGeneratedFor(resource, service)) {
      if (resource.metadata.deletionTimestamp === undefined) {
        // Recorded first: a Service that changes its mind meanwhile must not have it held half-way.
        const removalStartedTime = conditionTime(clock.now());
        await loadBalancerWriter.patchStatus(resource, { removalStartedTime }, signal);
        await loadBalancerWriter.delete(resource, signal);
        events.record(service, serviceEvent('DeletingLoadBalancer'));
      }
      const { change, events: due } = releasingStatus(service, resource, clock.now());
      for (const event of due) events.record(service, event);
      if (change !== undefined) await serviceWriter.patchStatus(service, change, signal);
      return observeAgain(REMOVAL_CHECK_MS);
    }

    const mirror = findCondition(service.status.conditions, SERVICE_READY_CONDITION);
    const isStaying = service.metadata.deletionTimestamp === undefined;
    if (isStaying) await serviceWriter.patchStatus(service, releasedStatus(service), signal);
    // The last act, on the Service as the write before has left it.
    await serviceWriter.removeFinalizers(
      this.#ports.services.find(keyOf(service)) ?? service,
      [...FINALIZERS, GO_CCM_SERVICE_FINALIZER],
      signal,
    );
    if (mirror !== undefined && mirror.reason !== 'NameTaken') {
      events.record(service, serviceEvent('DeletedLoadBalancer'));
    }
    this.#memory.forget(keyOf(service));
    return settled;
  }

  /** Removes what was generated for a Service whose finalizers were taken off by force. */
  async #cleanUpAfter(
    key: ObjectKey,
    resource: LoadBalancerResource | undefined,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const { serviceWriter, loadBalancerWriter, logger } = this.#ports;
    this.#memory.forget(key);
    if (resource === undefined || !isGeneratedForName(resource, key.name)) return settled;
    if (resource.metadata.deletionTimestamp !== undefined) return settled;
    // The Service is inferred to be gone; nothing is deleted on an inference.
    const present = await serviceWriter.findDirectly(key, signal);
    if (present !== undefined) return observeAgain(CACHE_BEHIND_MS);
    logger.info('Deleted the load balancer of a Service that is gone', { ...key });
    await loadBalancerWriter.delete(resource, signal);
    return settled;
  }

  /** Writes the status where it differs, and says what is new. */
  async #show(
    service: Service,
    resource: LoadBalancerResource | undefined,
    found: { problems?: readonly RequestProblem[]; waiting?: ServiceStatusInput['waiting'] },
    signal: AbortSignal,
  ): Promise<Outcome> {
    const { serviceWriter, events, clock } = this.#ports;
    const { change, events: due } = serviceStatus({
      service,
      resource,
      problems: found.problems ?? [],
      ...(found.waiting === undefined ? {} : { waiting: found.waiting }),
      lastBackends: this.#memory.findBackends(service),
      nowMs: clock.now(),
    });
    for (const event of due) events.record(service, event);
    this.#memory.keepBackends(service, backendsDigest(resource));
    const publication = this.#memory.judgePublication(service, change?.ingress);
    if (publication.foreign !== undefined) {
      events.record(service, serviceEvent('ForeignStatusWriter', publication.foreign));
    }
    if (change === undefined) return settled;
    if (publication.kind === 'wait') {
      const { conditions, removeConditions } = change;
      await serviceWriter.patchStatus(
        service,
        {
          ...(conditions === undefined ? {} : { conditions }),
          ...(removeConditions === undefined ? {} : { removeConditions }),
        },
        signal,
      );
      return observeAgain(publication.afterMs);
    }
    await serviceWriter.patchStatus(service, change, signal);
    if (change.ingress !== undefined) this.#memory.keepPublished(service, change.ingress);
    return settled;
  }
}

/** What came of bringing an AlibabaLoadBalancer to what is generated. */
interface Applied {
  readonly resource: LoadBalancerResource;
  readonly problems: readonly RequestProblem[];
}

/** Tells whether something of a Service is ours to clean up, whatever it asks for now. */
function isTraceOfOurs(service: Service, resource: LoadBalancerResource | undefined): boolean {
  return (
    service.metadata.finalizers.includes(SERVICE_FINALIZER) ||
    (resource !== undefined && isGeneratedFor(resource, service))
  );
}

function hasFinalizers(service: Service): boolean {
  return FINALIZERS.every((finalizer) => service.metadata.finalizers.includes(finalizer));
}

/** A deletion that a person has confirmed, or that has begun, ends although the Service wants it. */
function isGoing({ metadata, status }: LoadBalancerResource): boolean {
  const isConfirmed = metadata.annotations[CONFIRM_DELETION_ANNOTATION] === metadata.uid;
  return isConfirmed || status.removalStartedTime !== undefined;
}

function keyOf(service: Service): ObjectKey {
  const { namespace, name } = service.metadata;
  return { namespace, name };
}

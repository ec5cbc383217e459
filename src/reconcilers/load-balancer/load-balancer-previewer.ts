import type { CallOptions } from '../../cloud/call-options.ts';
import { conditionTime } from '../conditions.ts';
import type { LoadBalancerResource, Service } from '../kubernetes-objects.ts';
import { isObserving, observingMessage } from '../observe-policy.ts';
import { observeAgain, settled, type Outcome } from '../reconciler.ts';
import type { BackendAbsences } from './backend-absences.ts';
import { beliefAfterCreation } from './load-balancer-belief.ts';
import { attributesOfCreation, creationParameters } from './load-balancer-creation.ts';
import { findPredecessor } from './load-balancer-creator.ts';
import { isWithinCreationLag, planDeletion } from './load-balancer-deletion.ts';
import type { DesiredLoadBalancer } from './load-balancer-desired.ts';
import { observeLoadBalancer } from './load-balancer-observe.ts';
import type { ObservedLoadBalancer } from './load-balancer-observed.ts';
import type { LoadBalancerObserver } from './load-balancer-observer.ts';
import { isSteady, planLoadBalancer } from './load-balancer-plan.ts';
import { OUTSIDE_CHECK_MS, ownerOf, type LoadBalancerPorts } from './load-balancer-ports.ts';
import type { Findings, LoadBalancerReporter } from './load-balancer-reporter.ts';
import { creationStatus, seenAttributes, type Preview } from './load-balancer-status.ts';
import {
  adoptionStep,
  creationStep,
  plannedSteps,
  type PlannedStep,
} from './load-balancer-steps.ts';

/** How soon a listener is looked at again that is between two states, and for which nothing is planned. */
const UNSTEADY_CHECK_MS = 1_000;
/** The same for a load balancer that was made a moment ago and cannot be read yet. */
const LAG_CHECK_MS = 15_000;

/** What is desired for an object, and whether a load balancer may be made for it. */
export interface Wish {
  readonly desired: DesiredLoadBalancer;
  readonly mayCreate: boolean;
}

/** Works out what would be done for objects that are only looked at, and shows it. */
export class LoadBalancerPreviewer {
  readonly #ports: LoadBalancerPorts;
  readonly #reporter: LoadBalancerReporter;
  readonly #observer: LoadBalancerObserver;
  readonly #absences: BackendAbsences;

  constructor(
    ports: LoadBalancerPorts,
    parts: {
      readonly reporter: LoadBalancerReporter;
      readonly observer: LoadBalancerObserver;
      readonly absences: BackendAbsences;
    },
  ) {
    this.#ports = ports;
    this.#reporter = parts.reporter;
    this.#observer = parts.observer;
    this.#absences = parts.absences;
  }

  /** Tells whether an object is only looked at. */
  isFor({ spec }: LoadBalancerResource): boolean {
    return isObserving({ spec, isDryRun: this.#ports.settings.isDryRun });
  }

  /**
   * Answers the object as it would be once the load balancer is recorded that its Service has
   * already; the object itself where there is none, or where one is recorded.
   */
  async asAdopted(
    resource: LoadBalancerResource,
    service: Service,
    signal: AbortSignal,
  ): Promise<LoadBalancerResource> {
    const { slb, clock, settings, identity } = this.#ports;
    if (resource.status.loadBalancerId !== undefined) return resource;
    const input = { resource, service, owner: ownerOf(settings, resource, service.metadata.uid) };
    const options: CallOptions = { signal, lane: 'live' };
    const found = await findPredecessor({ ...input, slb, nowMs: clock.now() }, options);
    if (found === undefined) return resource;
    const recorded = creationStatus(
      resource,
      service,
      found,
      await identity(signal),
      conditionTime(clock.now()),
    );
    return {
      ...resource,
      status: withoutNulls({
        ...resource.status,
        ...recorded,
        attributes: seenAttributes(found),
      }),
    };
  }

  /** Shows what would be done to bring the load balancer of an object to what is desired. */
  async show(
    findings: Findings,
    adopted: LoadBalancerResource,
    wish: Wish,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const { resource } = findings;
    if (adopted.status.loadBalancerId === undefined) {
      const steps = wish.mayCreate || adopted.status.creation !== undefined;
      return this.#showSteps(findings, steps ? this.#creation(resource, wish.desired) : [], signal);
    }
    return resource.status.loadBalancerId === undefined
      ? this.#showAdoption(findings, adopted, wish.desired, signal)
      : this.#showChanges(findings, wish.desired, signal);
  }

  /** Shows what the deletion of an object would do, which waits meanwhile. */
  async showDeletion(resource: LoadBalancerResource, signal: AbortSignal): Promise<Outcome> {
    const { slb, settings } = this.#ports;
    const { message } = this.#previewOf([]);
    const steps = await planDeletion({
      slb,
      resource,
      owner: ownerOf(settings, resource),
      options: { signal, lane: 'live' },
    });
    const notReady = { reason: 'Observing', message: `The deletion waits. ${message}` };
    return this.#showSteps({ resource, service: undefined, notReady }, steps, signal);
  }

  async #showAdoption(
    findings: Findings,
    adopted: LoadBalancerResource,
    desired: DesiredLoadBalancer,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const { slb, settings } = this.#ports;
    const id = adopted.status.loadBalancerId ?? '';
    const owner = ownerOf(settings, adopted);
    const read = await observeLoadBalancer(slb, owner, id, { signal, lane: 'live' });
    if (read === undefined) return observeAgain(UNSTEADY_CHECK_MS);
    const steps = this.#changes(adopted, desired, read.observed);
    return this.#showSteps(findings, [adoptionStep(id), ...steps], signal, read.observed);
  }

  async #showChanges(
    findings: Findings,
    desired: DesiredLoadBalancer,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const { resource } = findings;
    const { settings, beliefs, clock } = this.#ports;
    const observation = await this.#observer.observe(
      resource,
      ownerOf(settings, resource),
      desired,
      signal,
    );
    switch (observation.kind) {
      case 'wait':
        // What was planned before stays to be seen.
        if (resource.status.plan === undefined) {
          await this.#reporter.show({ ...findings, progress: observation.progress }, signal);
        }
        return observeAgain(observation.afterMs);
      case 'foreign': {
        const { refusal } = observation;
        return this.#showSteps({ ...findings, refusal }, [], signal);
      }
      case 'missing': {
        beliefs.mistrust(resource.metadata.uid);
        if (isWithinCreationLag(resource, clock.now())) return observeAgain(LAG_CHECK_MS);
        const lostId = resource.status.loadBalancerId;
        return this.#showSteps(findings, this.#creation(resource, desired, lostId), signal);
      }
      case 'seen':
        break;
    }
    const { observed } = observation;
    const steps = this.#changes(resource, desired, observed);
    const outcome = await this.#showSteps(
      { ...findings, desired, observed },
      steps,
      signal,
      observed,
    );
    // What differs may be set right by another hand, so it is read anew each time.
    if (steps.length > 0) beliefs.mistrust(resource.metadata.uid);
    return outcome;
  }

  /** What is held back as absent would not be removed either; nothing is counted by looking. */
  #changes(
    resource: LoadBalancerResource,
    desired: DesiredLoadBalancer,
    observed: ObservedLoadBalancer,
  ): PlannedStep[] {
    const plan = planLoadBalancer(desired, observed, resource.status.appliedTagKeys);
    return plannedSteps(this.#absences.withoutHeld(plan), observed);
  }

  #creation(
    resource: LoadBalancerResource,
    desired: DesiredLoadBalancer,
    lostId?: string,
  ): PlannedStep[] {
    const { creation } = resource.status;
    const parameters =
      creation?.parameters ??
      creationParameters(resource, desired.attributes, this.#ports.settings.creationDefaults);
    const value = attributesOfCreation(parameters);
    const made = beliefAfterCreation('', { kind: 'seen', value });
    return [
      creationStep(parameters, lostId),
      ...plannedSteps(planLoadBalancer(desired, made), made),
    ];
  }

  async #showSteps(
    findings: Findings,
    steps: readonly PlannedStep[],
    signal: AbortSignal,
    observed?: ObservedLoadBalancer,
  ): Promise<Outcome> {
    await this.#reporter.show({ ...findings, preview: this.#previewOf(steps) }, signal);
    if (observed?.listeners.every(isSteady) === false) return observeAgain(UNSTEADY_CHECK_MS);
    return steps.length === 0 && findings.refusal === undefined
      ? settled
      : observeAgain(OUTSIDE_CHECK_MS);
  }

  #previewOf(steps: readonly PlannedStep[]): Preview {
    return { steps, message: observingMessage(this.#ports.settings.isDryRun) };
  }
}

/** A status with a change of it: what the change removes is not there. */
function withoutNulls(status: object): LoadBalancerResource['status'] {
  return Object.fromEntries(Object.entries(status).filter(([, value]) => value !== null));
}

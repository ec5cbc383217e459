import type { Failure } from '../../cloud/failure.ts';
import type { LoadBalancerResource, Service } from '../kubernetes-objects.ts';
import { LOAD_BALANCER_FINALIZER } from '../names.ts';
import {
  observeAgain,
  settled,
  type ObjectKey,
  type Outcome,
  type Reconciler,
  type StatusChange,
} from '../reconciler.ts';
import { serviceRequestProblems } from '../service/service-desired.ts';
import { backendNodes } from './backend-nodes.ts';
import { BackendAbsences } from './backend-absences.ts';
import { GeneratorPatience } from './generator-patience.ts';
import { announcedTagKeys } from './applied-tag-keys.ts';
import { applyLoadBalancer } from './load-balancer-apply.ts';
import { LoadBalancerCreator } from './load-balancer-creator.ts';
import { desiredLoadBalancer, type DesiredLoadBalancer } from './load-balancer-desired.ts';
import { describeActions } from './load-balancer-drift.ts';
import { LoadBalancerFailures } from './load-balancer-failures.ts';
import { isSameListener, type ObservedLoadBalancer } from './load-balancer-observed.ts';
import { LoadBalancerObserver } from './load-balancer-observer.ts';
import { isSteady, planLoadBalancer, type LoadBalancerAction } from './load-balancer-plan.ts';
import { OUTSIDE_CHECK_MS, ownerOf, type LoadBalancerPorts } from './load-balancer-ports.ts';
import { LoadBalancerPreviewer } from './load-balancer-previewer.ts';
import { LoadBalancerRemover } from './load-balancer-remover.ts';
import { LoadBalancerReporter, type Findings } from './load-balancer-reporter.ts';
import { isDeletionHeld, isGenerated, verdictOf, type Verdict } from './load-balancer-verdict.ts';
import { MissingLoadBalancer } from './missing-load-balancer.ts';

/** How often members are judged again that are kept although their nodes seem to be gone. */
const HELD_CHECK_MS = 60_000;
/** How long after a start the listeners are looked at. */
const VERIFY_AFTER_MS = 1_000;

/** Keeps one load balancer of the cloud equal to what an AlibabaLoadBalancer and its Service ask for. */
export class LoadBalancerReconciler implements Reconciler {
  readonly resourceKind = 'AlibabaLoadBalancer';
  readonly #ports: LoadBalancerPorts;
  readonly #failures: LoadBalancerFailures;
  readonly #reporter: LoadBalancerReporter;
  readonly #observer: LoadBalancerObserver;
  readonly #creator: LoadBalancerCreator;
  readonly #remover: LoadBalancerRemover;
  readonly #missing: MissingLoadBalancer;
  readonly #absences: BackendAbsences;
  readonly #patience: GeneratorPatience;
  readonly #previewer: LoadBalancerPreviewer;

  constructor(ports: LoadBalancerPorts) {
    this.#ports = ports;
    this.#failures = new LoadBalancerFailures(ports);
    this.#reporter = new LoadBalancerReporter(ports);
    this.#observer = new LoadBalancerObserver(ports);
    this.#creator = new LoadBalancerCreator(ports, this.#failures);
    this.#missing = new MissingLoadBalancer(ports, this.#reporter);
    this.#absences = new BackendAbsences(ports);
    this.#patience = new GeneratorPatience(ports.clock);
    this.#previewer = new LoadBalancerPreviewer(ports, {
      reporter: this.#reporter,
      observer: this.#observer,
      absences: this.#absences,
    });
    this.#remover = new LoadBalancerRemover(ports, this.#reporter, this.#previewer);
  }

  async reconcile(key: ObjectKey, signal: AbortSignal): Promise<Outcome> {
    const resource = this.#ports.loadBalancers.find(key);
    if (resource === undefined) {
      this.#patience.forget(key);
      return settled;
    }
    const service = this.#serviceOf(resource);
    const isDeleting = resource.metadata.deletionTimestamp !== undefined;
    if (isDeleting && !isDeletionHeld(resource, service)) {
      return this.#remover.remove(resource, signal);
    }
    if (this.#previewer.isFor(resource) && service !== undefined) {
      return this.#preview(resource, service, signal);
    }

    const verdict = await this.#judge(resource, service, signal);
    if (verdict.kind === 'ignore') return settled;
    const findings: Findings = { resource, service, ...wordsOf(verdict) };
    if (verdict.kind === 'leave' || service === undefined) {
      await this.#reporter.show(findings, signal);
      return verdict.refusal === undefined ? settled : observeAgain(OUTSIDE_CHECK_MS);
    }

    const desired = this.#desired(resource, service, verdict);
    if (resource.status.loadBalancerId !== undefined) {
      const waitMs = isGenerated(resource) ? this.#patience.waitMs(resource, service) : 0;
      if (waitMs > 0) return observeAgain(waitMs);
      // Somebody may have taken it off; without it the object could go and leave its load balancer,
      // however long the cloud lets nothing else be done.
      const guarded = await this.#withFinalizer(resource, signal);
      return this.#serve({ ...findings, resource: guarded, desired }, service, desired, signal);
    }
    if (!verdict.mayCreate && resource.status.creation === undefined) {
      await this.#reporter.show({ ...findings, desired }, signal);
      return settled;
    }
    // The finalizer is put on right before the first record of a load balancer, so that an object
    // that has it and no record may have lost one.
    const mayHaveOne = resource.metadata.finalizers.includes(LOAD_BALANCER_FINALIZER);
    const guarded = await this.#withFinalizer(resource, signal);
    await this.#creator.create(guarded, service, { desired, mayHaveOne }, signal);
    return observeAgain(0);
  }

  /** Shows a failed pass, and remembers that the cloud may differ from what is believed. */
  async reportFailure(key: ObjectKey, failure: Failure, signal: AbortSignal): Promise<void> {
    await this.#failures.report(key, failure, signal);
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
    const service = this.#serviceOf(resource);
    const verdict = await this.#judge(resource, service, signal);
    if (service === undefined || verdict.kind !== 'serve') return undefined;
    const desired = this.#desired(resource, service, verdict);
    const observed = { ...believed, ...seen };
    const actions = planLoadBalancer(desired, observed, resource.status.appliedTagKeys);
    return describeActions(this.#absences.withoutHeld(actions), observed);
  }

  /** Tells whether an object is only looked at. */
  isObserving(resource: LoadBalancerResource): boolean {
    return this.#previewer.isFor(resource);
  }

  /** Shows what would be done, judged as if a load balancer that is there already were recorded. */
  async #preview(
    resource: LoadBalancerResource,
    service: Service,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const judged = await this.#judge(resource, service, signal);
    if (judged.kind === 'ignore') return settled;
    if (judged.kind === 'leave') {
      await this.#reporter.show({ resource, service, ...wordsOf(judged) }, signal);
      return judged.refusal === undefined ? settled : observeAgain(OUTSIDE_CHECK_MS);
    }
    const adopted = await this.#previewer.asAdopted(resource, service, signal);
    const again = adopted === resource ? judged : await this.#judge(adopted, service, signal);
    const verdict = again.kind === 'serve' ? again : judged;
    const outcome = await this.#previewer.show(
      { resource, service, ...wordsOf(verdict) },
      adopted,
      { desired: this.#desired(adopted, service, verdict), mayCreate: verdict.mayCreate },
      signal,
    );
    this.#failures.clear(resource.metadata.uid);
    return outcome;
  }

  /** Observes, plans and applies, for an object whose load balancer exists. */
  async #serve(
    findings: Findings,
    service: Service,
    desired: DesiredLoadBalancer,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const { resource } = findings;
    const owner = ownerOf(this.#ports.settings, resource, service.metadata.uid);
    const observation = await this.#observer.observe(resource, owner, desired, signal);
    switch (observation.kind) {
      case 'wait':
        await this.#reporter.show({ ...findings, progress: observation.progress }, signal);
        return observeAgain(observation.afterMs);
      case 'missing':
        return this.#missing.handle(findings, signal);
      case 'foreign':
        await this.#reporter.show({ ...findings, refusal: observation.refusal }, signal);
        return observeAgain(OUTSIDE_CHECK_MS);
      case 'seen':
        this.#ports.breaker.release('load-balancers', resource.metadata.uid);
        break;
    }
    const { observed, attributes } = observation;
    const plan = planLoadBalancer(desired, observed, resource.status.appliedTagKeys);
    const { actions, held } = this.#absences.withhold(resource, plan);
    const approved = await this.#absences.endApproval(resource, signal);
    const announced =
      actions.length === 0 ? approved : await this.#announce(approved, actions, signal);
    const known = await this.#apply(announced, service, actions, observed, signal);

    const seen: StatusChange = attributes === undefined ? {} : { attributes };
    await this.#reporter.show(
      { ...findings, resource: announced, observed: known, heldBackends: held },
      signal,
      seen,
    );
    this.#failures.clear(resource.metadata.uid);
    if (!known.listeners.every(isSteady)) return observeAgain(VERIFY_AFTER_MS);
    return held.length === 0 ? settled : observeAgain(HELD_CHECK_MS);
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

  #desired(
    resource: LoadBalancerResource,
    service: Service,
    verdict: Extract<Verdict, { kind: 'serve' }>,
  ): DesiredLoadBalancer {
    const { endpointSlices, nodes, settings } = this.#ports;
    const slices = endpointSlices.listForService(service.metadata);
    return desiredLoadBalancer({
      resource,
      service,
      owner: ownerOf(settings, resource, service.metadata.uid),
      nodes: backendNodes(service, nodes.list(), slices),
      closedListeners: verdict.closedListeners,
    });
  }

  /** Makes sure, before the first write to the cloud, that the object cannot go without us. */
  async #withFinalizer(
    resource: LoadBalancerResource,
    signal: AbortSignal,
  ): Promise<LoadBalancerResource> {
    // The API server refuses new finalizers on an object that is being deleted.
    if (resource.metadata.deletionTimestamp !== undefined) return resource;
    return this.#ports.writer.addFinalizer(resource, LOAD_BALANCER_FINALIZER, signal);
  }

  /**
   * Says, before a write, that the recorded digests are no longer to be relied on, and which tags
   * will be ours to take off again, whether we hear of them or not.
   */
  async #announce(
    resource: LoadBalancerResource,
    actions: readonly LoadBalancerAction[],
    signal: AbortSignal,
  ): Promise<LoadBalancerResource> {
    const change: StatusChange = {
      ...(resource.status.appliedDigest === undefined ? {} : { appliedDigest: null }),
      ...announcedTagKeys(resource, actions),
    };
    return this.#ports.writer.patchStatus(resource, change, signal);
  }

  /** Applies a plan; what the cloud has accepted is believed, whatever comes after it. */
  async #apply(
    resource: LoadBalancerResource,
    service: Service,
    actions: readonly LoadBalancerAction[],
    observed: ObservedLoadBalancer,
    signal: AbortSignal,
  ): Promise<ObservedLoadBalancer> {
    const { slb, beliefs, settings } = this.#ports;
    // A start takes a moment. Before the address is published it is looked at; later ones are
    // believed, and the sweep looks at them.
    const isPublished = hasPublishedAddress(resource, service);
    const believable = (known: ObservedLoadBalancer): ObservedLoadBalancer =>
      isPublished ? withStartsBelieved(known, actions) : known;
    const applied = await applyLoadBalancer({
      slb,
      owner: ownerOf(settings, resource, service.metadata.uid),
      actions,
      observed,
      onAccepted: (known) => {
        beliefs.keep(resource, believable(known));
      },
      options: { signal, lane: 'live' },
    });
    return believable(applied);
  }

  #serviceOf(resource: LoadBalancerResource): Service | undefined {
    const { namespace } = resource.metadata;
    return this.#ports.services.find({ namespace, name: resource.spec.serviceRef.name });
  }
}

function wordsOf(
  verdict: Exclude<Verdict, { kind: 'ignore' }>,
): Pick<Findings, 'refusal' | 'notReady'> {
  return { refusal: verdict.refusal, notReady: verdict.notReady };
}

function hasPublishedAddress(resource: LoadBalancerResource, service: Service): boolean {
  const addresses = resource.status.addresses ?? [];
  return addresses.some(({ ip }) => service.status.ingress.some((ingress) => ingress.ip === ip));
}

/**
 * Counts the starts of a plan as done.
 *
 * Shape: a listener that was seen starting was left out of the plan, so that it stays as seen: it
 *   is planned once it runs.
 */
function withStartsBelieved(
  observed: ObservedLoadBalancer,
  actions: readonly LoadBalancerAction[],
): ObservedLoadBalancer {
  const started = actions.filter((action) => action.kind === 'startListener');
  return {
    ...observed,
    listeners: observed.listeners.map((listener) =>
      listener.status === 'starting' && started.some(({ key }) => isSameListener(key, listener.key))
        ? { ...listener, status: 'running' }
        : listener,
    ),
  };
}

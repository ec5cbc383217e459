import { conditionTime } from '../conditions.ts';
import { APPROVE_RECREATION_ANNOTATION } from '../names.ts';
import { observeAgain, type Outcome, type StatusChange } from '../reconciler.ts';
import { isWithinCreationLag } from './load-balancer-deletion.ts';
import type { LoadBalancerPorts } from './load-balancer-ports.ts';
import type { Findings, LoadBalancerReporter } from './load-balancer-reporter.ts';
import { forgottenStatus } from './load-balancer-status.ts';

/**
 * How far apart two reads must be that prove a load balancer to be gone: a minute, and the second
 * that is cut off the recorded time of the first.
 */
const MISSING_PROOF_MS = 61_000;
/** At most one is made again in ten minutes; times are recorded in whole seconds here too. */
const RECREATION_INTERVAL_MS = 10 * 60_000 + 1_000;
const LAG_CHECK_MS = 15_000;

/** Deals with load balancers that cannot be found although nobody here deleted them. */
export class MissingLoadBalancer {
  readonly #ports: LoadBalancerPorts;
  readonly #reporter: LoadBalancerReporter;

  constructor(ports: LoadBalancerPorts, reporter: LoadBalancerReporter) {
    this.#ports = ports;
    this.#reporter = reporter;
  }

  /** A load balancer that cannot be found is proven gone before another one is made. */
  async handle(findings: Findings, signal: AbortSignal): Promise<Outcome> {
    const { resource } = findings;
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
      await this.#reporter.show(
        { ...findings, progress: { reason: 'NotFound', message } },
        signal,
        change,
      );
      return observeAgain(isLag ? LAG_CHECK_MS : provenAtMs - nowMs);
    }
    const { uid } = resource.metadata;
    const isApproved = resource.metadata.annotations[APPROVE_RECREATION_ANNOTATION] === uid;
    const { lastRecreationTime, createdTime = lastRecreationTime } = resource.status;
    const waitMs =
      lastRecreationTime === undefined || createdTime === undefined
        ? 0
        : Date.parse(createdTime) + RECREATION_INTERVAL_MS - nowMs;
    const isLetThrough =
      isApproved ||
      (waitMs <= 0 &&
        breaker.ask('load-balancers', uid, loadBalancers.list().length) === 'allowed');
    if (!isLetThrough) {
      const message = `Load balancer "${id}" is gone, and too many are at once, or this one again: check the account and region, then annotate this object with ${APPROVE_RECREATION_ANNOTATION}=${uid} to have another one made`;
      await this.#reporter.show(
        { ...findings, refusal: { reason: 'RecreationHeld', message } },
        signal,
      );
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
    beliefs.forget(uid);
    breaker.release('load-balancers', uid);
    events.record(forgotten, {
      type: 'Warning',
      reason: 'RecreatingLoadBalancer',
      action: 'Create',
      note: `Load balancer ${id} is gone from the cloud, so another one is made: its address changes`,
    });
    return observeAgain(0);
  }
}

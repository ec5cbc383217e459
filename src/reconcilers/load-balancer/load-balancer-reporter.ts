import type { LoadBalancerResource } from '../kubernetes-objects.ts';
import type { StatusChange } from '../reconciler.ts';
import type { LoadBalancerPorts } from './load-balancer-ports.ts';
import { planSummary } from './load-balancer-steps.ts';
import {
  conditionEvents,
  conditionsFrom,
  loadBalancerStatus,
  type StatusInput,
} from './load-balancer-status.ts';

/** What a pass found out; what it says nothing of is unknown. */
export type Findings = Pick<StatusInput, 'resource' | 'service'> &
  Partial<Omit<StatusInput, 'resource' | 'service' | 'nowMs'>>;

/** Writes what a pass found out to the status, and records the events that follow from it. */
export class LoadBalancerReporter {
  readonly #ports: Pick<LoadBalancerPorts, 'writer' | 'clock' | 'events'>;

  constructor(ports: Pick<LoadBalancerPorts, 'writer' | 'clock' | 'events'>) {
    this.#ports = ports;
  }

  /** Shows findings, with further members of the status; answers the object as it is then. */
  async show(
    findings: Findings,
    signal: AbortSignal,
    further: StatusChange = {},
  ): Promise<LoadBalancerResource> {
    const { writer, clock, events } = this.#ports;
    const { resource } = findings;
    const change = loadBalancerStatus({ ...nothing, ...findings, nowMs: clock.now() });
    const stored = await writer.patchStatus(resource, { ...change, ...further }, signal);
    const due = conditionEvents(conditionsFrom(resource), conditionsFrom(stored));
    for (const event of due) events.record(stored, event);
    const { preview } = findings;
    const isNewPlan =
      JSON.stringify(resource.status.plan) !== JSON.stringify(stored.status.plan) ||
      resource.status.planTotal !== stored.status.planTotal;
    if (preview !== undefined && isNewPlan) {
      events.record(stored, {
        type: 'Normal',
        reason: 'PlanChanged',
        action: 'Observe',
        note: planSummary(preview.steps),
      });
    }
    return stored;
  }
}

const nothing = {
  refusal: undefined,
  notReady: undefined,
  desired: undefined,
  observed: undefined,
  progress: undefined,
} as const;

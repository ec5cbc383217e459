import type { Clock } from '../../cloud/clock.ts';
import { findCondition } from '../conditions.ts';
import type { Condition, RouteTableResource } from '../kubernetes-objects.ts';
import { ROUTE_REPORTING_CONTROLLER } from '../names.ts';
import type { EventContent, EventRecorder } from '../reconciler.ts';
import type { RouteTableStatusChange, RouteTableWriter } from './route-table-ports.ts';
import {
  conditionsFrom,
  routeTableStatus,
  type RouteTableStatusInput,
} from './route-table-status.ts';

/** What RouteTableReporter needs. */
export interface RouteTableReporterPorts {
  readonly writer: RouteTableWriter;
  readonly clock: Clock;
  readonly events: EventRecorder;
}

/** Writes what a pass found out to the status of an object, and records the events that follow. */
export class RouteTableReporter {
  readonly #ports: RouteTableReporterPorts;

  constructor(ports: RouteTableReporterPorts) {
    this.#ports = ports;
  }

  /** Shows findings; answers the object as it is then. */
  show(
    findings: Omit<RouteTableStatusInput, 'nowMs'>,
    signal: AbortSignal,
  ): Promise<RouteTableResource> {
    const change = routeTableStatus({ ...findings, nowMs: this.#ports.clock.now() });
    return this.patch(findings.member.resource, change, signal);
  }

  /** Writes a change of the status, and records the events that follow from it. */
  async patch(
    resource: RouteTableResource,
    change: RouteTableStatusChange,
    signal: AbortSignal,
  ): Promise<RouteTableResource> {
    const stored = await this.#ports.writer.patchStatus(resource, change, signal);
    for (const event of statusEvents(resource, stored)) this.record(stored, event);
    return stored;
  }

  /** Records an event in the name of the controller of routes. */
  record(resource: RouteTableResource, event: EventContent): void {
    this.#ports.events.record(resource, { ...event, reporter: ROUTE_REPORTING_CONTROLLER });
  }
}

/** Reasons of `Ready` and of `Programmed` that no other condition tells. */
const WARNED_REASONS: ReadonlySet<string> = new Set([
  'DeletionHeld',
  'ForeignRoute',
  'UnclaimedRoute',
]);

/**
 * Tells which events follow from a change of the status.
 *
 * Shape: one Warning for each condition that has newly come to say what a person has to know, and for
 *   a quota that has come to be short; one Normal when the object has become Ready.
 */
export function statusEvents(
  before: RouteTableResource,
  after: RouteTableResource,
): readonly EventContent[] {
  const events: EventContent[] = [];
  for (const type of ['Accepted', 'Stalled', 'Programmed', 'Ready']) {
    const earlier = findCondition(conditionsFrom(before), type);
    const now = findCondition(conditionsFrom(after), type);
    if (now === undefined || isSameWords(earlier, now)) continue;
    const isBad =
      (type === 'Accepted' && now.status === 'False') ||
      (type === 'Stalled' && now.status === 'True') ||
      WARNED_REASONS.has(now.reason);
    if (isBad && !events.some(({ reason }) => reason === now.reason)) {
      events.push({ type: 'Warning', reason: now.reason, action: 'Reconcile', note: now.message });
    }
    if (type === 'Ready' && now.status === 'True' && earlier?.status !== 'True') {
      events.push({
        type: 'Normal',
        reason: 'Ready',
        action: 'Reconcile',
        note: 'Every route that is asked for is in the route table',
      });
    }
  }
  const { forecast } = after.status.quota ?? {};
  if (forecast !== undefined && before.status.quota?.forecast === undefined) {
    events.push({ type: 'Warning', reason: 'QuotaLow', action: 'Reconcile', note: forecast });
  }
  const { plan } = after.status;
  const isNewPlan =
    JSON.stringify(before.status.plan) !== JSON.stringify(plan) ||
    before.status.planTotal !== after.status.planTotal;
  if (plan !== undefined && isNewPlan) {
    events.push({
      type: 'Normal',
      reason: 'PlanChanged',
      action: 'Observe',
      note: planSummary(plan, after.status.planTotal ?? plan.length),
    });
  }
  return events;
}

/** Says a plan in one sentence. */
function planSummary(
  plan: NonNullable<RouteTableResource['status']['plan']>,
  total: number,
): string {
  if (total === 0) return 'Nothing would be changed: all is as asked for';
  const told = plan.map(
    ({ action, destinationCidr, nextHopId = '' }) => `${action} ${destinationCidr} to ${nextHopId}`,
  );
  return `${total === 1 ? '1 step' : `${total} steps`} would be taken: ${told.join('; ')}`;
}

function isSameWords(one: Condition | undefined, other: Condition): boolean {
  return (
    one?.status === other.status && one.reason === other.reason && one.message === other.message
  );
}

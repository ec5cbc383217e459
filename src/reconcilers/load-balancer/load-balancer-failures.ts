import type { Clock } from '../../cloud/clock.ts';
import type { Failure } from '../../cloud/failure.ts';
import { failureReport } from '../failure-report.ts';
import type { LoadBalancerResource } from '../kubernetes-objects.ts';
import type {
  EventRecorder,
  LoadBalancerResourceCache,
  LoadBalancerResourceWriter,
  ObjectKey,
} from '../reconciler.ts';
import type { LoadBalancerBeliefs } from './load-balancer-belief.ts';
import { conditionEvents, conditionsFrom, failureStatus } from './load-balancer-status.ts';

/** What LoadBalancerFailures needs. */
export interface LoadBalancerFailurePorts {
  readonly loadBalancers: LoadBalancerResourceCache;
  readonly writer: LoadBalancerResourceWriter;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly beliefs: LoadBalancerBeliefs;
  readonly settings: { readonly requestTimeoutMs: number };
}

/** How long a failure that passes by itself goes unmentioned. */
const PASSING_MS = 10_000;

/** Refusals that say that the cloud has something else than what is believed. */
const REFUTATIONS: ReadonlySet<string> = new Set(['ListenerAlreadyExists', 'RspoolVipExist']);

/** Draws the consequences of failed passes: what is shown, and what is believed no longer. */
export class LoadBalancerFailures {
  readonly #ports: LoadBalancerFailurePorts;
  readonly #failingSinceMs = new Map<string, number>();
  /** Objects whose open creation this process recorded, and has had every answer for. */
  readonly #answeredCreations = new Set<string>();

  constructor(ports: LoadBalancerFailurePorts) {
    this.#ports = ports;
  }

  /** Notes that a creation is about to be requested. */
  noteCreation(resource: LoadBalancerResource, isNew: boolean): void {
    if (isNew) this.#answeredCreations.add(resource.metadata.uid);
  }

  /** Notes that a pass went well. */
  clear(resourceUid: string): void {
    this.#failingSinceMs.delete(resourceUid);
    this.#answeredCreations.delete(resourceUid);
  }

  /** Shows a failure where the user looks; one that passes by itself only once it lasts. */
  async report(key: ObjectKey, failure: Failure, signal: AbortSignal): Promise<void> {
    const { loadBalancers, writer, events, clock } = this.#ports;
    const resource = loadBalancers.find(key);
    if (resource === undefined) return;
    this.#drawConsequences(resource, failure);
    if (failure.kind === 'conflict' || failure.kind === 'throttled') return;

    const report = failureReport(failure);
    const change = {
      ...failureStatus(resource, report, clock.now()),
      ...this.#closedCreation(resource, failure),
      lastError: {
        ...(failure.code === undefined ? {} : { code: failure.code }),
        ...(failure.requestId === undefined ? {} : { requestId: failure.requestId }),
        message: report.message.slice(0, 1024),
      },
    };
    if (failure.kind !== 'terminal' && !this.#isLasting(resource)) return;
    const stored = await writer.patchStatus(resource, change, signal);
    for (const event of conditionEvents(conditionsFrom(resource), conditionsFrom(stored))) {
      events.record(stored, event);
    }
  }

  /**
   * Has the cloud read before the next write. A held lock and a full bucket say that nothing was
   * done; after any other failure the cloud may differ from what is believed.
   */
  #drawConsequences(resource: LoadBalancerResource, failure: Failure): void {
    const { beliefs, clock, settings } = this.#ports;
    const { uid } = resource.metadata;
    if (failure.ambiguous) this.#answeredCreations.delete(uid);
    const isRefuted = REFUTATIONS.has(failure.code ?? '');
    if (failure.kind === 'throttled' || (failure.kind === 'conflict' && !isRefuted)) return;
    const arrivedMs = clock.monotonicMs() + 2 * settings.requestTimeoutMs;
    beliefs.mistrust(uid, failure.ambiguous ? arrivedMs : 0);
  }

  /**
   * Closes a creation that the cloud has refused, so that the next request can follow the spec.
   * One that may have taken effect unanswered stays open, and is repeated and looked for.
   */
  #closedCreation(resource: LoadBalancerResource, failure: Failure): { readonly creation?: null } {
    const isRefused =
      failure.kind === 'terminal' &&
      failure.code !== undefined &&
      resource.status.creation !== undefined &&
      this.#answeredCreations.has(resource.metadata.uid);
    return isRefused ? { creation: null } : {};
  }

  #isLasting(resource: LoadBalancerResource): boolean {
    const nowMs = this.#ports.clock.monotonicMs();
    const { uid } = resource.metadata;
    const sinceMs = this.#failingSinceMs.get(uid) ?? nowMs;
    this.#failingSinceMs.set(uid, sinceMs);
    return nowMs - sinceMs >= PASSING_MS;
  }
}

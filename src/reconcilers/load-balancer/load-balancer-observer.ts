import type { CallOptions } from '../../cloud/call-options.ts';
import type { LoadBalancerResource } from '../kubernetes-objects.ts';
import type { DesiredLoadBalancer } from './load-balancer-desired.ts';
import { markOf, type Owner } from './load-balancer-names.ts';
import {
  observedListener,
  observeLoadBalancer,
  observeWhatPlanNeeds,
} from './load-balancer-observe.ts';
import type { ObservedLoadBalancer } from './load-balancer-observed.ts';
import { isSteady } from './load-balancer-plan.ts';
import type { LoadBalancerPorts } from './load-balancer-ports.ts';
import { seenAttributes, type Reasoned } from './load-balancer-status.ts';
import type { AlibabaLoadBalancerStatus } from './load-balancer-resource.generated.ts';
import { foreignMark } from './load-balancer-verdict.ts';

/** What is known of a load balancer before a plan, or why nothing can be planned. */
export type Observation =
  | {
      readonly kind: 'seen';
      readonly observed: ObservedLoadBalancer;
      /** What a description by the cloud told; absent where nothing was read. */
      readonly attributes?: AlibabaLoadBalancerStatus['attributes'];
    }
  | { readonly kind: 'missing' }
  | { readonly kind: 'foreign'; readonly refusal: Reasoned }
  | { readonly kind: 'wait'; readonly afterMs: number; readonly progress: Reasoned };

/** Finds out what is to be known for a plan with as few reads as can be. */
export class LoadBalancerObserver {
  readonly #ports: Pick<LoadBalancerPorts, 'beliefs' | 'slb' | 'clock' | 'settings'>;

  constructor(ports: Pick<LoadBalancerPorts, 'beliefs' | 'slb' | 'clock' | 'settings'>) {
    this.#ports = ports;
  }

  /** Tells what is believed, completed by what a plan needs; reads everything where nothing is believed. */
  async observe(
    resource: LoadBalancerResource,
    owner: Owner,
    desired: DesiredLoadBalancer,
    signal: AbortSignal,
  ): Promise<Observation> {
    const { beliefs, slb } = this.#ports;
    const options: CallOptions = { signal, lane: 'live' };
    const believed = beliefs.find(resource);
    if (believed === undefined) return this.#readAll(resource, owner, options);
    const current = believed.listeners.every(isSteady)
      ? believed
      : await this.#withListeners(believed, owner, options);
    const observed = await observeWhatPlanNeeds(slb, owner, desired, current, options);
    if (observed === undefined) return { kind: 'missing' };
    beliefs.keep(resource, observed);
    return { kind: 'seen', observed };
  }

  async #readAll(
    resource: LoadBalancerResource,
    owner: Owner,
    options: CallOptions,
  ): Promise<Observation> {
    const { beliefs, slb, clock, settings } = this.#ports;
    // A write whose answer was lost, by this process or by the one before, can still arrive.
    const readableFromMs = Math.max(
      beliefs.readableFromMs(resource.metadata.uid),
      settings.undisturbedFromMs,
    );
    const waitMs = readableFromMs - clock.monotonicMs();
    if (waitMs > 0) {
      const message =
        'The answer to a change was lost; the cloud is read again once the change must have arrived';
      return { kind: 'wait', afterMs: waitMs, progress: { reason: 'AnswerLost', message } };
    }
    const loadBalancerId = resource.status.loadBalancerId ?? '';
    const read = await observeLoadBalancer(slb, owner, loadBalancerId, options);
    if (read === undefined) return { kind: 'missing' };
    if (markOf(owner, read.attributes.tags) === 'foreign') {
      return { kind: 'foreign', refusal: foreignMark(loadBalancerId) };
    }
    beliefs.keep(resource, read.observed);
    return {
      kind: 'seen',
      observed: read.observed,
      attributes: seenAttributes(read.attributes),
    };
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
}

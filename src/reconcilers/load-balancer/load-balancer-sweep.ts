import type { Clock, Randomness } from '../../cloud/clock.ts';
import { isFailure } from '../../cloud/failure.ts';
import type { CallOptions } from '../../cloud/call-options.ts';
import {
  MAX_LOAD_BALANCERS_PER_LISTENER_LIST,
  type CloudBackendHealth,
  type CloudListener,
  type CloudLoadBalancer,
  type SlbClient,
} from '../../cloud/slb/slb-client.ts';
import { isAborted } from '../../cloud/is-aborted.ts';
import { conditionTime } from '../conditions.ts';
import type { LoadBalancerResource } from '../kubernetes-objects.ts';
import type {
  EventRecorder,
  LoadBalancerResourceCache,
  LoadBalancerResourceWriter,
  Logger,
  ObjectKey,
  StatusChange,
} from '../reconciler.ts';
import type { LoadBalancerBeliefs } from './load-balancer-belief.ts';
import { CLUSTER_TAG } from './load-balancer-names.ts';
import {
  observedAttributes,
  observedListener,
  observeServerGroups,
} from './load-balancer-observe.ts';
import type { ObservedLoadBalancer } from './load-balancer-observed.ts';
import { ownerOf } from './load-balancer-ports.ts';
import type { LoadBalancerReconciler } from './load-balancer-reconciler.ts';
import { seenAttributes } from './load-balancer-status.ts';

/** What a LoadBalancerSweep needs. */
export interface LoadBalancerSweepPorts {
  readonly loadBalancers: LoadBalancerResourceCache;
  readonly writer: LoadBalancerResourceWriter;
  readonly slb: SlbClient;
  readonly reconciler: LoadBalancerReconciler;
  readonly beliefs: LoadBalancerBeliefs;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly logger: Logger;
  /** Has the object reconciled. */
  readonly wake: (key: ObjectKey) => void;
  readonly settings: {
    readonly clusterId: string;
    readonly driftPeriodMs: number;
  };
}

/** Server groups can be read only one load balancer at a time, so looking at all takes this long. */
const SERVER_GROUP_PERIOD_MS = 30 * 60_000;
/** However many load balancers there are, reading groups leaves the cloud's read quota alone. */
const MIN_SERVER_GROUP_PAUSE_MS = 2_000;
const JITTER_SHARE = 0.1;
const MAX_SUMMARY = 1024;
const PATCH_ATTEMPTS = 3;

/**
 * Looks, beside the passes, whether the cloud still is as this operator left it.
 *
 * Shape: load balancers and listeners of the whole cluster in few calls every drift period; groups
 *   and members one load balancer at a time, spread over half an hour. It changes nothing in the
 *   cloud: what differs is shown, mistrusted and left to a pass.
 */
export class LoadBalancerSweep {
  readonly #ports: LoadBalancerSweepPorts;

  constructor(ports: LoadBalancerSweepPorts) {
    this.#ports = ports;
  }

  /** Sweeps until the signal is aborted; starts with one sweep of everything that is cheap. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#sweepLoadBalancers(signal), this.#sweepServerGroups(signal)]);
  }

  /** Looks at every load balancer and listener once. */
  async sweepLoadBalancersOnce(signal: AbortSignal): Promise<void> {
    const { slb, settings } = this.#ports;
    const options: CallOptions = { signal, lane: 'sweep' };
    const resources = this.#settledResources();
    if (resources.length === 0) return;
    const revisions = this.#revisions(resources);
    const tag = { key: CLUSTER_TAG, value: settings.clusterId };
    const listed = new Map(
      (await slb.listLoadBalancersByTags([tag], options)).map((found) => [found.id, found]),
    );
    const present: { resource: LoadBalancerResource; attributes: CloudLoadBalancer }[] = [];
    for (const resource of resources) {
      const id = resource.status.loadBalancerId ?? '';
      // A list can be short, and a tag can be gone: only a read by id tells that it is missing.
      const attributes = listed.get(id) ?? (await slb.findLoadBalancer(id, options));
      if (attributes === undefined) this.#distrust(resource, revisions);
      else present.push({ resource, attributes });
    }
    for (let at = 0; at < present.length; at += MAX_LOAD_BALANCERS_PER_LISTENER_LIST) {
      const batch = present.slice(at, at + MAX_LOAD_BALANCERS_PER_LISTENER_LIST);
      const ids = batch.map(({ attributes }) => attributes.id);
      const listeners = await slb.listListeners(ids, options);
      for (const { resource, attributes } of batch) {
        const own = listeners.filter((listener) => listener.loadBalancerId === attributes.id);
        const seen = this.#seen(resource, attributes, own);
        await this.#compare(resource, seen, revisions, signal, {
          attributes: seenAttributes(attributes),
        });
      }
    }
  }

  /** Looks at the groups and the health of the backends of one load balancer. */
  async sweepServerGroupsOf(resource: LoadBalancerResource, signal: AbortSignal): Promise<void> {
    const { slb, clock, settings } = this.#ports;
    const options: CallOptions = { signal, lane: 'sweep' };
    const id = resource.status.loadBalancerId ?? '';
    const revisions = this.#revisions([resource]);
    const serverGroups = await observeServerGroups(slb, ownerOf(settings, resource), id, options);
    const seen = { serverGroups, serverGroupsComplete: true };
    await this.#compare(resource, seen, revisions, signal);
    const health = await slb.listBackendHealth(id, options);
    const now = conditionTime(clock.now());
    await this.#patchStatus(
      resource,
      (current) => ({
        serverGroups: (current.status.serverGroups ?? []).map((group) => ({
          ...group,
          healthy: healthyServers(health, group.nodePort),
          healthSeenTime: now,
        })),
        lastDriftCheckTime: now,
      }),
      signal,
    );
  }

  async #sweepLoadBalancers(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#tolerate('load balancers', () => this.sweepLoadBalancersOnce(signal), signal);
      await this.#pause(this.#ports.settings.driftPeriodMs, signal);
    }
  }

  async #sweepServerGroups(signal: AbortSignal): Promise<void> {
    await this.#pause(this.#ports.settings.driftPeriodMs, signal);
    while (!signal.aborted) {
      const resources = this.#settledResources();
      const pauseMs = Math.max(
        SERVER_GROUP_PERIOD_MS / Math.max(resources.length, 1),
        MIN_SERVER_GROUP_PAUSE_MS,
      );
      if (resources.length === 0) await this.#pause(pauseMs, signal);
      for (const resource of resources) {
        if (isAborted(signal)) return;
        await this.#tolerate('server groups', () => this.#sweepCurrent(resource, signal), signal);
        await this.#pause(pauseMs, signal);
      }
    }
  }

  /** Reads the object anew, because a round takes half an hour. */
  async #sweepCurrent(listed: LoadBalancerResource, signal: AbortSignal): Promise<void> {
    const resource = this.#ports.loadBalancers.find(keyOf(listed));
    if (resource === undefined || !this.#isSettled(resource)) return;
    await this.sweepServerGroupsOf(resource, signal);
  }

  #settledResources(): LoadBalancerResource[] {
    return this.#ports.loadBalancers.list().filter((resource) => this.#isSettled(resource));
  }

  #isSettled(resource: LoadBalancerResource): boolean {
    return isSettled(resource, this.#ports.clock.now());
  }

  #revisions(resources: readonly LoadBalancerResource[]): ReadonlyMap<string, number> {
    const { beliefs } = this.#ports;
    return new Map(resources.map(({ metadata }) => [metadata.uid, beliefs.revision(metadata.uid)]));
  }

  #seen(
    resource: LoadBalancerResource,
    attributes: CloudLoadBalancer,
    listeners: readonly CloudListener[],
  ): Partial<ObservedLoadBalancer> {
    const owner = ownerOf(this.#ports.settings, resource);
    return {
      attributes: observedAttributes(owner, attributes),
      listeners: listeners.map((listener) => observedListener(owner, listener)),
    };
  }

  /** Compares what was read with what is desired, unless a pass has changed it meanwhile. */
  async #compare(
    listed: LoadBalancerResource,
    seen: Partial<ObservedLoadBalancer>,
    revisions: ReadonlyMap<string, number>,
    signal: AbortSignal,
    further: StatusChange = {},
  ): Promise<void> {
    const { beliefs, reconciler, events, clock, wake, loadBalancers } = this.#ports;
    const resource = loadBalancers.find(keyOf(listed));
    if (resource === undefined || !this.#isSettled(resource)) return;
    const differences = await reconciler.differences(resource, seen, signal);
    // A pass that was to read what is not believed any more may have come to nothing.
    if (beliefs.find(resource) === undefined) wake(keyOf(resource));
    if (differences === undefined || !this.#isUnchanged(resource, revisions)) return;
    if (differences.length === 0) {
      const believed = beliefs.find(resource);
      if (believed !== undefined) beliefs.keep(resource, { ...believed, ...seen });
      await this.#patchStatus(resource, () => further, signal);
      return;
    }
    if (reconciler.isObserving(resource)) {
      // Nothing is set right: a pass reads it and shows what it would do.
      beliefs.mistrust(resource.metadata.uid);
      wake(keyOf(resource));
      return;
    }
    const summary = differences.join('; ').slice(0, MAX_SUMMARY);
    const seenTime = conditionTime(clock.now());
    // It is shown before the pass sets it right; should that fail, the next round sees it again.
    await this.#patchStatus(resource, () => ({ drift: { summary, seenTime } }), signal);
    beliefs.mistrust(resource.metadata.uid);
    events.record(resource, {
      type: 'Warning',
      reason: 'DriftDetected',
      action: 'Compare',
      note: `The cloud differs from what is asked for and is set right: ${summary}`,
    });
    wake(keyOf(resource));
  }

  /** Writes to the status; passes, and the other round, may write to it at the same time. */
  async #patchStatus(
    listed: LoadBalancerResource,
    change: (current: LoadBalancerResource) => StatusChange,
    signal: AbortSignal,
  ): Promise<void> {
    const { writer, loadBalancers } = this.#ports;
    for (let attempt = 1; ; attempt += 1) {
      const current = loadBalancers.find(keyOf(listed));
      if (current?.metadata.uid !== listed.metadata.uid) return;
      try {
        await writer.patchStatus(current, change(current), signal);
        return;
      } catch (error) {
        if (!isFailure(error, 'conflict') || attempt === PATCH_ATTEMPTS) throw error;
      }
    }
  }

  #distrust(resource: LoadBalancerResource, revisions: ReadonlyMap<string, number>): void {
    if (!this.#isUnchanged(resource, revisions)) return;
    this.#ports.beliefs.mistrust(resource.metadata.uid);
    this.#ports.wake(keyOf(resource));
  }

  #isUnchanged(resource: LoadBalancerResource, revisions: ReadonlyMap<string, number>): boolean {
    const { uid } = resource.metadata;
    return this.#ports.beliefs.revision(uid) === revisions.get(uid);
  }

  /** A sweep that fails is no failure of anything; the next one looks again. */
  async #tolerate(what: string, sweep: () => Promise<void>, signal: AbortSignal): Promise<void> {
    try {
      await sweep();
    } catch (error) {
      if (signal.aborted) return;
      const message = error instanceof Error ? error.message : String(error);
      this.#ports.logger.warn('Could not compare with the cloud', { what, err: message });
    }
  }

  async #pause(periodMs: number, signal: AbortSignal): Promise<void> {
    const { clock, randomness } = this.#ports;
    const jitter = 1 + JITTER_SHARE * (2 * randomness.fraction() - 1);
    try {
      await clock.sleep(periodMs * jitter, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}

/** The cloud's tags can be late, so that a load balancer this young is not compared yet. */
const TAG_LAG_MS = 60_000;

/** Only what is at rest is compared; the rest is read by its own passes. */
function isSettled(resource: LoadBalancerResource, nowMs: number): boolean {
  const { createdTime } = resource.status;
  if (createdTime !== undefined && nowMs - Date.parse(createdTime) < TAG_LAG_MS) return false;
  return (
    resource.status.loadBalancerId !== undefined &&
    resource.status.appliedDigest !== undefined &&
    resource.metadata.deletionTimestamp === undefined
  );
}

/** Counts the members of a group, known by its node port, that answer. */
function healthyServers(health: readonly CloudBackendHealth[], nodePort: number): number {
  const healthy = health.filter(({ port, status }) => port === nodePort && status === 'normal');
  return new Set(healthy.map(({ serverId }) => serverId)).size;
}

function keyOf(resource: LoadBalancerResource): ObjectKey {
  return { namespace: resource.metadata.namespace, name: resource.metadata.name };
}

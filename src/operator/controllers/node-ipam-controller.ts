import { isFailure } from '../../cloud/failure.ts';
import type { Node } from '../../reconcilers/kubernetes-objects.ts';
import { CloudAllocator } from '../../reconcilers/node-ipam/cloud-allocator.ts';
import type {
  NodeIpamSettings,
  PodCidrAllocator,
} from '../../reconcilers/node-ipam/node-ipam-ports.ts';
import { RangeAllocator } from '../../reconcilers/node-ipam/range-allocator.ts';
import { VpcRouteListing } from '../../reconcilers/node-ipam/vpc-route-listing.ts';
import { isExcludedNode } from '../../reconcilers/provider-id.ts';
import type { ObjectKey } from '../../reconcilers/reconciler.ts';
import type { Config } from '../config/config.ts';
import type { Controller, ControllerPorts } from './controller.ts';
import type { CacheChange } from '../kube/object-cache.ts';
import { KubePodCidrWriter, POD_CIDR_WRITE_TIMEOUT_MS } from '../kube/pod-cidr-writer.ts';
import { ReconcileWorker } from '../queue/reconcile-worker.ts';
import {
  noLongerThan,
  ownKindBackOff,
  RetryPolicy,
  serviceBackOff,
  type BackOff,
} from '../queue/retry-policy.ts';
import { WorkQueue, type QueueLane } from '../queue/work-queue.ts';
import { observeNodeIpam } from '../telemetry/node-ipam-metrics.ts';
import type { ProcessLogger } from '../telemetry/process-logger.ts';

const IPAM_QUEUE = 'nodeipam';
const CONCURRENCY = 10;
const BEGIN_RETRY_MS = 5_000;

/** Gives Nodes the ranges of their pods while this process is the leader. */
export class NodeIpamController implements Controller {
  readonly #ports: ControllerPorts;
  readonly #logger: ProcessLogger;
  readonly #queue: WorkQueue;
  readonly #allocator: PodCidrAllocator;
  readonly #worker: ReconcileWorker;
  readonly #undisturbedFromMs: number;
  #hasBegun = false;

  constructor(ports: ControllerPorts) {
    const { config, clock, randomness, metrics, objects, leadership } = ports;
    this.#ports = ports;
    this.#logger = ports.logger.named(IPAM_QUEUE);
    this.#queue = new WorkQueue(clock, metrics.queue(IPAM_QUEUE));
    metrics.observeQueue(IPAM_QUEUE, this.#queue);
    this.#allocator = this.#newAllocator();
    observeNodeIpam(metrics.registry, this.#allocator);
    const isFromCloud = config.nodeIpam.allocator === 'CloudAllocator';
    const backOff: BackOff = isFromCloud ? serviceBackOff() : ownKindBackOff(clock);
    const { driftPeriodMs } = config;
    this.#worker = new ReconcileWorker({
      reconciler: this.#allocator,
      queue: this.#queue,
      // A node without a range takes no pods, so one that could not be written is not left for long.
      retryPolicy: new RetryPolicy(noLongerThan(driftPeriodMs, backOff), driftPeriodMs, randomness),
      concurrency: CONCURRENCY,
      clock,
      randomness,
      logger: this.#logger,
      metrics: metrics.controller(IPAM_QUEUE, CONCURRENCY),
    });
    // A write of an earlier leader may still be under way, of which no list tells.
    this.#undisturbedFromMs =
      clock.monotonicMs() + (leadership.tookOverUnreleased ? POD_CIDR_WRITE_TIMEOUT_MS : 0);
    objects.nodeInformer.addHandler((change) => {
      this.#onNode(change);
    });
  }

  async run(stop: AbortSignal, abort: AbortSignal): Promise<void> {
    try {
      if (!(await this.#begin(stop))) return;
      await Promise.all([this.#worker.run(stop, abort), this.#lookAgain(stop)]);
    } finally {
      this.#hasBegun = false;
      this.#queue.clear();
    }
  }

  /** Nothing is given out before all that is taken is known; `false` when told to stop meanwhile. */
  async #begin(stop: AbortSignal): Promise<boolean> {
    const { clock } = this.#ports;
    await this.#sleep(this.#undisturbedFromMs - clock.monotonicMs(), stop);
    // From now on changes are told, so that none falls between the list and the first pass.
    this.#hasBegun = true;
    let lastWhy = '';
    while (!stop.aborted) {
      try {
        await this.#allocator.begin(stop);
        return true;
      } catch (error) {
        if (!isFailure(error)) throw error;
        const { message } = error;
        if (message !== lastWhy) this.#logger.warn('Failed to list the nodes', { err: message });
        lastWhy = message;
        await this.#sleep(BEGIN_RETRY_MS, stop);
      }
    }
    return false;
  }

  /** Routes change without an event, so all nodes are compared with them from time to time. */
  async #lookAgain(stop: AbortSignal): Promise<void> {
    const { config, objects } = this.#ports;
    if (config.nodeIpam.allocator !== 'CloudAllocator') return;
    while (!stop.aborted) {
      await this.#sleep(config.routes.reconciliationPeriodMs, stop);
      for (const { metadata } of objects.nodes.list()) this.#wake(metadata, 'sweep');
    }
  }

  #onNode({ previous, current }: CacheChange<Node>): void {
    if (!this.#hasBegun) return;
    if (current === undefined) {
      if (previous !== undefined) this.#allocator.noteDeparture(previous);
    } else if (previous === undefined || isChanged(previous, current)) {
      this.#allocator.noteNode(current);
    }
  }

  #newAllocator(): PodCidrAllocator {
    const { config, client, clock, objects, events, clouds, leadership } = this.#ports;
    const shared = {
      nodes: objects.nodes,
      writer: new KubePodCidrWriter(client, objects.nodeInformer.cache, () =>
        leadership.mayWrite(),
      ),
      events,
      logger: this.#logger,
      settings: settingsOf(config),
      wake: (key: ObjectKey): void => {
        this.#wake(key, 'live');
      },
    };
    if (config.nodeIpam.allocator === 'RangeAllocator') return new RangeAllocator(shared);
    const listing = new VpcRouteListing({
      vpc: clouds.vpc,
      vpcId: (signal) => clouds.vpcId(signal),
      routeTableIds: config.routes.routeTableIds,
      clock,
    });
    return new CloudAllocator({ ...shared, listRoutes: (signal) => listing.list(signal) });
  }

  #wake({ name }: Pick<ObjectKey, 'name'>, lane: QueueLane): void {
    this.#queue.add({ namespace: '', name }, lane);
  }

  #sleep(delayMs: number, signal: AbortSignal): Promise<void> {
    return this.#ports.clock.sleep(Math.max(0, delayMs), signal).catch(() => undefined);
  }
}

/** Heartbeats change nothing here. */
function isChanged(previous: Node, current: Node): boolean {
  return (
    previous.podCidrs.length !== current.podCidrs.length ||
    previous.providerId !== current.providerId ||
    isExcludedNode(previous) !== isExcludedNode(current)
  );
}

function settingsOf({ nodeIpam, routes }: Config): NodeIpamSettings {
  return {
    allocator: nodeIpam.allocator,
    clusterRanges: routes.clusterCidrs.map((range, index) => ({
      range,
      blockPrefixLength: nodeIpam.maskSizes[index] ?? range.prefixLength,
    })),
    serviceRanges: nodeIpam.serviceCidrs,
  };
}

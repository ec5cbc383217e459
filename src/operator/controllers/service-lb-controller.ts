import { LoadBalancerBeliefs } from '../../reconcilers/load-balancer/load-balancer-belief.ts';
import { LoadBalancerReconciler } from '../../reconcilers/load-balancer/load-balancer-reconciler.ts';
import { LoadBalancerSweep } from '../../reconcilers/load-balancer/load-balancer-sweep.ts';
import { ServiceReconciler } from '../../reconcilers/service/service-reconciler.ts';
import type { Controller, ControllerPorts } from './controller.ts';
import { EventRouting } from './event-routing.ts';
import { KubeLoadBalancerWriter } from '../kube/load-balancer-writer.ts';
import { KubeServiceWriter } from '../kube/service-writer.ts';
import { NodeSyncTracker } from './node-sync-tracker.ts';
import { ReconcileWorker } from '../queue/reconcile-worker.ts';
import {
  noLongerThan,
  ownKindBackOff,
  RetryPolicy,
  serviceBackOff,
} from '../queue/retry-policy.ts';
import { WorkQueue } from '../queue/work-queue.ts';

const SERVICE_QUEUE = 'service';
const LOAD_BALANCER_QUEUE = 'alibabaloadbalancer';
/** How long to wait before asking again for the vSwitch of new load balancers. */
const VSWITCH_RETRY_MS = 60_000;

/** Runs the reconcilers of Services and AlibabaLoadBalancers while this process is the leader. */
export class ServiceLbController implements Controller {
  readonly #routing: EventRouting;
  readonly #ports: ControllerPorts;
  readonly #workers: readonly ReconcileWorker[];
  readonly #sweep: LoadBalancerSweep;
  readonly #queues: readonly WorkQueue[];
  #vSwitchId: string | undefined;

  constructor(ports: ControllerPorts) {
    const { config, clock, randomness, metrics, objects, events, clouds, leadership } = ports;
    const { client, logger } = ports;
    this.#ports = ports;
    this.#vSwitchId = config.cloud.vSwitches[0]?.vSwitchId;
    const { services, nodes, endpointSlices, loadBalancers } = objects;
    const isDefaultImplementation = (): boolean => leadership.isDefaultImplementation();
    const loadBalancerWriter = new KubeLoadBalancerWriter(
      client,
      objects.loadBalancerInformer.cache,
    );
    const serviceWriter = new KubeServiceWriter(client, objects.serviceInformer.cache);
    const beliefs = new LoadBalancerBeliefs();
    const loadBalancerLogger = logger.named(LOAD_BALANCER_QUEUE);

    const serviceReconciler = new ServiceReconciler({
      services,
      loadBalancers,
      serviceWriter,
      loadBalancerWriter,
      events,
      clock,
      logger: logger.named(SERVICE_QUEUE),
      isDefaultImplementation,
      isDryRun: config.isDryRun,
    });
    const vSwitchId = (): string | undefined => this.#vSwitchId;
    const { resourceGroupId } = config;
    const loadBalancerReconciler = new LoadBalancerReconciler({
      services,
      nodes,
      nodeDeletions: objects.nodeDeletions,
      endpointSlices,
      loadBalancers,
      writer: loadBalancerWriter,
      slb: clouds.slb,
      identity: (signal) => clouds.identity(signal),
      events,
      clock,
      logger: loadBalancerLogger,
      beliefs,
      breaker: ports.breaker,
      isDefaultImplementation,
      settings: {
        clusterId: ports.clusterId,
        get creationDefaults() {
          const id = vSwitchId();
          return {
            ...(id !== undefined && { vSwitchId: id }),
            ...(resourceGroupId !== undefined && { resourceGroupId }),
          };
        },
        requestTimeoutMs: config.cloud.timeoutMs,
        isDryRun: config.isDryRun,
        undisturbedFromMs:
          clock.monotonicMs() + (leadership.tookOverUnreleased ? config.cloud.timeoutMs : 0),
      },
    });

    const serviceQueue = this.#newQueue(SERVICE_QUEUE);
    const loadBalancerQueue = this.#newQueue(LOAD_BALANCER_QUEUE);
    this.#queues = [serviceQueue, loadBalancerQueue];
    const nodeSyncs = new NodeSyncTracker(clock, metrics.nodeSyncs());
    this.#routing = new EventRouting({
      services,
      loadBalancers,
      serviceQueue,
      loadBalancerQueue,
      servicesOnNode: (nodeName) => objects.servicesOnNode(nodeName),
      clock,
      onNodeFanOut: (keys) => {
        nodeSyncs.begin(keys);
      },
    });
    const concurrency = config.concurrentServiceSyncs;
    const shared = { concurrency, clock, randomness };
    this.#workers = [
      new ReconcileWorker({
        ...shared,
        reconciler: serviceReconciler,
        queue: serviceQueue,
        retryPolicy: new RetryPolicy(serviceBackOff(), config.driftPeriodMs, randomness),
        logger: logger.named(SERVICE_QUEUE),
        metrics: metrics.controller(SERVICE_QUEUE, concurrency),
      }),
      new ReconcileWorker({
        ...shared,
        reconciler: loadBalancerReconciler,
        queue: loadBalancerQueue,
        // After a long outage of the cloud everything is right again within one period.
        retryPolicy: new RetryPolicy(
          noLongerThan(config.driftPeriodMs, ownKindBackOff(clock)),
          config.driftPeriodMs,
          randomness,
        ),
        logger: loadBalancerLogger,
        metrics: metrics.controller(LOAD_BALANCER_QUEUE, concurrency),
        onPassEnd: (key, hasFailed) => {
          nodeSyncs.passEnded(key, hasFailed);
        },
      }),
    ];
    this.#sweep = new LoadBalancerSweep({
      loadBalancers,
      writer: loadBalancerWriter,
      slb: clouds.slb,
      reconciler: loadBalancerReconciler,
      beliefs,
      events,
      clock,
      randomness,
      logger: logger.named('sweep'),
      wake: (key) => {
        loadBalancerQueue.add(key, 'sweep');
      },
      settings: { clusterId: ports.clusterId, driftPeriodMs: config.driftPeriodMs },
    });
    this.#followChanges();
    metrics.observeLoadBalancers(() => loadBalancers.list());
  }

  async run(stop: AbortSignal, abort: AbortSignal): Promise<void> {
    this.#routing.start();
    try {
      await Promise.all([
        ...this.#workers.map((worker) => worker.run(stop, abort)),
        this.#sweep.run(stop),
        this.#findVSwitch(stop),
      ]);
    } finally {
      this.#routing.stop();
      for (const queue of this.#queues) queue.clear();
    }
  }

  /** Services without a class are ours from now on. */
  becameDefault(): void {
    this.#routing.queueEverything();
  }

  #newQueue(name: string): WorkQueue {
    const { clock, metrics } = this.#ports;
    const queue = new WorkQueue(clock, metrics.queue(name));
    metrics.observeQueue(name, queue);
    return queue;
  }

  #followChanges(): void {
    const { objects } = this.#ports;
    objects.serviceInformer.addHandler((change) => {
      this.#routing.onService(change);
    });
    objects.nodeInformer.addHandler((change) => {
      this.#routing.onNode(change);
    });
    objects.endpointSliceInformer.addHandler((change) => {
      this.#routing.onEndpointSlice(change);
    });
    objects.loadBalancerInformer.addHandler((change) => {
      this.#routing.onLoadBalancer(change);
    });
  }

  /** Asks the instance metadata for what the configuration leaves open. */
  async #findVSwitch(signal: AbortSignal): Promise<void> {
    const { clouds, clock } = this.#ports;
    while (this.#vSwitchId === undefined && !signal.aborted) {
      try {
        this.#vSwitchId = (await clouds.defaultVSwitch(signal)).vSwitchId;
      } catch {
        // Only a load balancer with a private address needs it, and then says that it is missing.
        await clock.sleep(VSWITCH_RETRY_MS, signal).catch(() => undefined);
      }
    }
  }
}

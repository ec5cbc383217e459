import type { Node } from '../../reconcilers/kubernetes-objects.ts';
import { InstanceClaims } from '../../reconcilers/node/instance-claims.ts';
import type { NodePorts } from '../../reconcilers/node/node-ports.ts';
import { NodeReconciler } from '../../reconcilers/node/node-reconciler.ts';
import { NodeRefresh } from '../../reconcilers/node/node-refresh.ts';
import { ROUTES_COMING } from '../../reconcilers/route-generator/node-network.ts';
import type { Controller, ControllerPorts } from './controller.ts';
import { KubeNodeConditionWriter } from '../kube/node-condition-writer.ts';
import { KubeNodeWriter } from '../kube/node-writer.ts';
import type { CacheChange } from '../kube/object-cache.ts';
import { concernsInitialisation } from './node-initialisation-change.ts';
import { ReconcileWorker } from '../queue/reconcile-worker.ts';
import { noLongerThan, ownKindBackOff, RetryPolicy } from '../queue/retry-policy.ts';
import { WorkQueue } from '../queue/work-queue.ts';

const NODE_QUEUE = 'node';
/**
 * How many nodes may wait for the cloud at a time, so that their reads are gathered: at the usual rate
 * of requests to the API server so many are written well before a pass counts as stuck.
 */
const GATHERED_PASSES = 1_000;

/** Initialises Nodes and keeps their labels and addresses while this process is the leader. */
export class CloudNodeController implements Controller {
  readonly #ports: ControllerPorts;
  readonly #queue: WorkQueue;
  readonly #worker: ReconcileWorker;
  readonly #reconciler: NodeReconciler;
  readonly #refresh: NodeRefresh;
  readonly #claims = new InstanceClaims();
  #isRunning = false;

  constructor(ports: ControllerPorts) {
    const { config, client, clock, randomness, metrics, objects, events, clouds } = ports;
    this.#ports = ports;
    const logger = ports.logger.named(NODE_QUEUE);
    const { concurrentSyncs, concurrentStatusUpdates, batchSize, statusUpdateFrequencyMs } =
      config.nodes;
    const conditions = new KubeNodeConditionWriter(client, objects.nodeInformer.cache, clock);
    // Without the controller of routes nobody would ever take the condition back.
    const announcesRoutes =
      config.controllers.has('node-route-controller') && config.routes.writesNodeCondition;
    const nodePorts: NodePorts = {
      nodes: objects.nodes,
      writer: new KubeNodeWriter(client, objects.nodeInformer.cache),
      ecs: clouds.ecs,
      reads: clouds.ecsReads,
      regionId: async (signal) => (await clouds.identity(signal)).regionId,
      vpcId: (signal) => clouds.vpcId(signal),
      ...(announcesRoutes && {
        announceRoutes: (node, signal) =>
          conditions.setNetworkUnavailable(node, ROUTES_COMING, signal),
      }),
      events,
      clock,
      randomness,
      logger,
      metrics: metrics.nodeInitialisations(),
      settings: {
        disablesSourceDestCheck: config.nodes.disablesSourceDestCheck,
        concurrentWrites: concurrentSyncs * batchSize,
        concurrentRefreshWrites: concurrentStatusUpdates * batchSize,
        refreshPeriodMs: statusUpdateFrequencyMs,
      },
    };
    this.#reconciler = new NodeReconciler(nodePorts, this.#claims);
    this.#refresh = new NodeRefresh(nodePorts);
    this.#queue = new WorkQueue(clock, metrics.queue(NODE_QUEUE));
    metrics.observeQueue(NODE_QUEUE, this.#queue);
    const concurrency = Math.max(GATHERED_PASSES, concurrentSyncs * batchSize);
    this.#worker = new ReconcileWorker({
      reconciler: this.#reconciler,
      queue: this.#queue,
      retryPolicy: new RetryPolicy(
        // A node that waits takes no pods, and is worth a look as often as those that are done.
        noLongerThan(statusUpdateFrequencyMs, ownKindBackOff(clock)),
        statusUpdateFrequencyMs,
        randomness,
      ),
      concurrency,
      clock,
      randomness,
      logger,
      metrics: metrics.controller(NODE_QUEUE, concurrency),
    });
    objects.nodeInformer.addHandler((change) => {
      this.#onNode(change);
    });
  }

  async run(stop: AbortSignal, abort: AbortSignal): Promise<void> {
    this.#isRunning = true;
    for (const node of this.#ports.objects.nodes.list()) this.#look(undefined, node);
    try {
      await Promise.all([this.#worker.run(stop, abort), this.#refresh.run(stop)]);
    } finally {
      this.#isRunning = false;
      this.#queue.clear();
    }
  }

  #onNode({ previous, current }: CacheChange<Node>): void {
    if (!this.#isRunning) return;
    if (current !== undefined) this.#look(previous, current);
    else if (previous !== undefined) this.#forget(previous);
  }

  #look(previous: Node | undefined, current: Node): void {
    this.#claims.note(current);
    if (concernsInitialisation(previous, current)) this.#queue.add(keyOf(current.metadata.name));
  }

  #forget({ metadata }: Node): void {
    this.#reconciler.forget(metadata.uid);
    this.#refresh.forget(metadata.uid);
    this.#worker.forget(keyOf(metadata.name));
    // Another node of the same instance may have waited for this one to go.
    for (const name of this.#claims.forget(metadata.uid)) this.#queue.add(keyOf(name));
  }
}

function keyOf(name: string): { readonly namespace: string; readonly name: string } {
  return { namespace: '', name };
}

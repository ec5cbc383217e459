import { isFailure } from '../../cloud/failure.ts';
import type { Node, RouteTableResource } from '../../reconcilers/kubernetes-objects.ts';
import type { ObjectKey, Reconciler } from '../../reconcilers/reconciler.ts';
import { NodeNetworkReconciler } from '../../reconcilers/route-generator/node-network-reconciler.ts';
import type { GeneratedRouteTableWriter } from '../../reconcilers/route-generator/route-generator-ports.ts';
import { RouteGenerator } from '../../reconcilers/route-generator/route-generator.ts';
import { RouteTableSelection } from '../../reconcilers/route-generator/route-table-selection.ts';
import { RouteTablePlaces } from '../../reconcilers/route-table/route-table-places.ts';
import { RouteTableReconciler } from '../../reconcilers/route-table/route-table-reconciler.ts';
import type { Controller, ControllerPorts } from './controller.ts';
import { KubeNodeConditionWriter } from '../kube/node-condition-writer.ts';
import { KubeNodeDirectory } from '../kube/node-directory.ts';
import type { CacheChange } from '../kube/object-cache.ts';
import { KubeRouteTableWriter } from '../kube/route-table-writer.ts';
import { ReconcileWorker } from '../queue/reconcile-worker.ts';
import { noLongerThan, ownKindBackOff, RetryPolicy } from '../queue/retry-policy.ts';
import { WorkQueue } from '../queue/work-queue.ts';
import { concernsRoutes, judgeRouteTableChange } from './route-change.ts';
import { RunGate, type RunCause } from './run-gate.ts';
import { routeMetrics } from '../telemetry/route-metrics.ts';

const GENERATOR = 'route-generator';
const ROUTE_TABLE_QUEUE = 'alibabaroutetable';
const NETWORK_QUEUE = 'node-network';
/** Route tables wait for their VPC, so that more at a time would only wait longer. */
const TABLE_CONCURRENCY = 2;
const NETWORK_CONCURRENCY = 20;

/** How long nodes are gathered: a pool grows by many at a time, and each run writes their rows once. */
const QUIET_MS = 1_000;
const LONGEST_WAIT_MS = 5_000;
const RUN_SPACING_MS = 10_000;
/** Who initialises nodes announces that routes are on their way; here it is only made up for. */
const COMING_DELAY_MS = 5_000;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 60_000;

/** Keeps routes to the pods of Nodes while this process is the leader, and tells Nodes of them. */
export class NodeRouteController implements Controller {
  readonly #ports: ControllerPorts;
  readonly #generator: RouteGenerator;
  readonly #network: NodeNetworkReconciler;
  readonly #gate: RunGate;
  readonly #tableQueue: WorkQueue;
  readonly #networkQueue: WorkQueue;
  readonly #workers: readonly ReconcileWorker[];
  #isRunning = false;
  #failuresInRow = 0;
  #lastFailure = '';

  constructor(ports: ControllerPorts) {
    const { config, client, clock, metrics, objects, events, clouds, leadership } = ports;
    const { nodes, routeTables, nodeDeletions } = objects;
    const { clusterCidrs, routeTableIds, reconciliationPeriodMs } = config.routes;
    this.#ports = ports;
    // A thousand nodes that are told of their routes must not hold up the routes of others.
    const { queriesPerSecond, burst } = config.kubeApi;
    const nodeClient = client.withOwnRate(queriesPerSecond, burst);
    const places = new RouteTablePlaces();
    const writer = new KubeRouteTableWriter(client, objects.routeTableInformer.cache);
    this.#generator = new RouteGenerator({
      nodes,
      nodeDirectory: new KubeNodeDirectory(client),
      nodeDeletions,
      routeTables,
      // In a dry run an object stays that nobody needs.
      writer: config.isDryRun ? withoutDeletion(writer) : writer,
      selection: new RouteTableSelection({
        vpc: clouds.vpc,
        places,
        vpcId: (signal) => clouds.vpcId(signal),
        clock,
        configuredIds: routeTableIds,
      }),
      breaker: ports.breaker,
      events,
      clock,
      logger: ports.logger.named(GENERATOR),
      metrics: routeMetrics(metrics.registry),
      settings: { clusterCidrs },
    });
    this.#network = new NodeNetworkReconciler({
      nodes,
      routeTables,
      generator: this.#generator,
      writer: new KubeNodeConditionWriter(nodeClient, objects.nodeInformer.cache, clock),
      events,
      settings: { clusterCidrs, writesCondition: config.routes.writesNodeCondition },
    });
    this.#gate = new RunGate(
      {
        quietMs: QUIET_MS,
        longestWaitMs: LONGEST_WAIT_MS,
        spacingMs: RUN_SPACING_MS,
        periodMs: reconciliationPeriodMs,
      },
      clock,
    );
    this.#tableQueue = this.#newQueue(ROUTE_TABLE_QUEUE);
    this.#networkQueue = this.#newQueue(NETWORK_QUEUE);
    const tables = new RouteTableReconciler({
      routeTables,
      nodes,
      writer,
      vpc: clouds.vpc,
      places,
      reads: clouds.ecsReads,
      identity: (signal) => clouds.identity(signal),
      breaker: ports.breaker,
      events,
      clock,
      logger: ports.logger.named(ROUTE_TABLE_QUEUE),
      settings: {
        clusterId: ports.clusterId,
        clusterCidrs,
        checkPeriodMs: reconciliationPeriodMs,
        isDryRun: config.isDryRun,
        requestTimeoutMs: config.cloud.timeoutMs,
        undisturbedFromMs:
          clock.monotonicMs() + (leadership.tookOverUnreleased ? config.cloud.timeoutMs : 0),
      },
    });
    this.#workers = [
      this.#newWorker(ROUTE_TABLE_QUEUE, tables, this.#tableQueue, TABLE_CONCURRENCY),
      this.#newWorker(NETWORK_QUEUE, this.#network, this.#networkQueue, NETWORK_CONCURRENCY),
    ];
    objects.nodeInformer.addHandler((change) => {
      this.#onNode(change);
    });
    objects.routeTableInformer.addHandler((change) => {
      this.#onRouteTable(change);
    });
  }

  async run(stop: AbortSignal, abort: AbortSignal): Promise<void> {
    this.#isRunning = true;
    for (const resource of this.#ports.objects.routeTables.list()) this.#queueTable(resource);
    try {
      await Promise.all([
        ...this.#workers.map((worker) => worker.run(stop, abort)),
        this.#generate(stop, abort),
      ]);
    } finally {
      this.#isRunning = false;
      this.#tableQueue.clear();
      this.#networkQueue.clear();
    }
  }

  /** Runs the generator whenever it is due, one run after the other. */
  async #generate(stop: AbortSignal, abort: AbortSignal): Promise<void> {
    for (;;) {
      const cause = await this.#gate.next(stop);
      if (cause === undefined) return;
      await this.#runOnce(cause, abort);
    }
  }

  async #runOnce(cause: RunCause, abort: AbortSignal): Promise<void> {
    const logger = this.#ports.logger.named(GENERATOR);
    try {
      const isComplete = await this.#generator.run({ isPeriodic: cause === 'period' }, abort);
      this.#lastFailure = '';
      if (isComplete) this.#failuresInRow = 0;
      else this.#retry();
      this.#queueDueNodes();
    } catch (error) {
      if (abort.aborted) return;
      if (!isFailure(error)) logger.error('A run over all nodes had a defect', { err: error });
      else if (error.message !== this.#lastFailure) {
        logger.warn('Failed to compare nodes with routes', { err: error.message });
        this.#lastFailure = error.message;
      }
      this.#retry();
    }
  }

  #retry(): void {
    const delayMs = Math.min(FIRST_RETRY_MS * 2 ** this.#failuresInRow, LONGEST_RETRY_MS);
    this.#failuresInRow += 1;
    this.#gate.retryAfter(delayMs);
  }

  #onNode({ previous, current }: CacheChange<Node>): void {
    if (!this.#isRunning) return;
    if (concernsRoutes(previous, current)) this.#gate.note();
    if (current === undefined) {
      if (previous !== undefined) this.#network.forget(previous.metadata.uid);
    } else this.#queueNode(current);
  }

  #onRouteTable({ previous, current }: CacheChange<RouteTableResource>): void {
    if (!this.#isRunning) return;
    const { isAskedAnew, isGenerated, isShownOtherwise } = judgeRouteTableChange(previous, current);
    if (isAskedAnew) {
      if (!isGenerated) this.#gate.note();
      for (const resource of [previous, current]) {
        if (resource !== undefined) this.#queueTable(resource);
      }
    }
    if (isShownOtherwise) this.#queueDueNodes(nodeNamesIn(previous, current));
  }

  #queueTable({ spec }: RouteTableResource): void {
    this.#tableQueue.add({ namespace: '', name: spec.routeTableId });
  }

  /** Queues the nodes that are to be told something: all that there are, or some of them. */
  #queueDueNodes(names?: ReadonlySet<string>): void {
    const { nodes } = this.#ports.objects;
    const found =
      names === undefined
        ? nodes.list()
        : [...names].flatMap((name) => nodes.find(keyOf(name)) ?? []);
    for (const node of found) this.#queueNode(node);
  }

  #queueNode(node: Node): void {
    // What is not to be had because nothing is done is no news for Nodes.
    if (this.#ports.config.isDryRun) return;
    const key = keyOf(node.metadata.name);
    const urgency = this.#network.urgencyOf(node);
    if (urgency === 'now') this.#networkQueue.add(key);
    else if (urgency === 'soon') this.#networkQueue.addAfter(key, COMING_DELAY_MS);
  }

  #newQueue(name: string): WorkQueue {
    const { clock, metrics } = this.#ports;
    const queue = new WorkQueue(clock, metrics.queue(name));
    metrics.observeQueue(name, queue);
    return queue;
  }

  #newWorker(
    name: string,
    reconciler: Reconciler,
    queue: WorkQueue,
    concurrency: number,
  ): ReconcileWorker {
    const { clock, config, randomness, metrics, logger } = this.#ports;
    const { reconciliationPeriodMs } = config.routes;
    // Tables are compared in every period, also after a long time in which that failed.
    const backOff = noLongerThan(reconciliationPeriodMs, ownKindBackOff(clock));
    return new ReconcileWorker({
      reconciler,
      queue,
      retryPolicy: new RetryPolicy(backOff, reconciliationPeriodMs, randomness),
      concurrency,
      clock,
      randomness,
      logger: logger.named(name),
      metrics: metrics.controller(name, concurrency),
    });
  }
}

function withoutDeletion(writer: GeneratedRouteTableWriter): GeneratedRouteTableWriter {
  return {
    apply: (generated, options, signal) => writer.apply(generated, options, signal),
    patchStatus: (resource, change, signal) => writer.patchStatus(resource, change, signal),
    delete: () => Promise.resolve(),
  };
}

/** The names of the Nodes that have rows in any of the objects. */
function nodeNamesIn(...resources: readonly (RouteTableResource | undefined)[]): Set<string> {
  return new Set(
    resources.flatMap((resource) =>
      (resource?.spec.routes ?? []).flatMap(({ node }) => node?.name ?? []),
    ),
  );
}

function keyOf(nodeName: string): ObjectKey {
  return { namespace: '', name: nodeName };
}

import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Clock } from '../../cloud/clock.ts';
import type { CloudCallMetrics } from '../../cloud/transport/call-observer.ts';
import { ABSENCE_KINDS, type AbsenceBreaker } from '../../reconcilers/absence-breaker.ts';
import type { LoadBalancerResource } from '../../reconcilers/kubernetes-objects.ts';
import type { NodeInitialisationMetrics } from '../../reconcilers/node/node-ports.ts';
import type { RestClientMetrics } from '../kube/kube-client.ts';
import type { NodeSyncMetrics } from '../controllers/node-sync-tracker.ts';
import type { PassResult, ReconcileMetrics } from '../queue/reconcile-worker.ts';
import type { QueueMetrics, WorkQueue } from '../queue/work-queue.ts';

const PASS_RESULTS: readonly PassResult[] = ['success', 'error', 'requeue', 'requeue_after'];
const PASS_SECONDS = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1,
  1.25, 1.5, 1.75, 2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9, 10, 15, 20, 25, 30, 40, 50, 60,
];
const QUEUE_SECONDS = [1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10, 100, 1000];
const REQUEST_SECONDS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60];
/** Doubling from 1 s to 16384 s, as upstream has them. */
const SYNC_SECONDS = Array.from({ length: 15 }, (_, power) => 2 ** power);
/** From 1 s to 1024 s, as upstream has them. */
const NODE_AGE_SECONDS = Array.from({ length: 6 }, (_, power) => 4 ** power);

/** The operations that change the set of backends of a load balancer. */
const BACKEND_OPERATIONS: ReadonlySet<string> = new Set([
  'AddVServerGroupBackendServers',
  'ModifyVServerGroupBackendServers',
  'RemoveVServerGroupBackendServers',
  'SetVServerGroupAttribute',
]);

/**
 * The metrics of one operator, under the names that dashboards for Kubernetes controllers know.
 *
 * Shape: each operator has a registry of its own, so that several live in one process. Label values
 *   are names of controllers, operations and codes, never of objects.
 * Source: controller-runtime, client-go and the Kubernetes service controller.
 */
export class OperatorMetrics {
  readonly registry = new Registry();
  readonly #backendSyncs: Counter;
  readonly #nodeSyncErrors: Counter;
  readonly #nodeSyncSeconds: Histogram;
  readonly #backendUpdateSeconds: Histogram;
  readonly #taintRemovalSeconds: Histogram;
  readonly #firstNodeSyncSeconds: Histogram;
  readonly #cloudUnknownCodes: Counter<'operation_name' | 'code'>;
  readonly #passes: Counter<'controller' | 'result'>;
  readonly #passErrors: Counter<'controller'>;
  readonly #terminalErrors: Counter<'controller'>;
  readonly #panics: Counter<'controller'>;
  readonly #timeouts: Counter<'controller'>;
  readonly #passSeconds: Histogram<'controller'>;
  readonly #maxPasses: Gauge<'controller'>;
  readonly #activePasses: Gauge<'controller'>;
  readonly #queueDepth: Gauge<'name' | 'controller'>;
  readonly #queueAdds: Counter<'name' | 'controller'>;
  readonly #queueSeconds: Histogram<'name' | 'controller'>;
  readonly #workSeconds: Histogram<'name' | 'controller'>;
  readonly #queueRetries: Counter<'name' | 'controller'>;
  readonly #queues = new Map<string, WorkQueue>();
  readonly #lastSuccess: Gauge<'controller'>;
  readonly #clock: Pick<Clock, 'now'>;
  #loadBalancers: () => readonly LoadBalancerResource[] = () => [];
  readonly #requests: Counter<'code' | 'method' | 'host'>;
  readonly #requestSeconds: Histogram<'verb' | 'host'>;
  readonly #rateLimitSeconds: Histogram<'verb' | 'host'>;
  readonly #requestRetries: Counter<'code' | 'verb' | 'host'>;
  readonly #isLeader: Gauge<'name'>;
  readonly #runningControllers: Gauge<'name' | 'manager'>;
  readonly #cloudSeconds: Histogram<'request'>;
  readonly #cloudErrors: Counter<'request'>;
  readonly #cloudThrottles: Counter<'operation_name'>;

  constructor(version: string, clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
    const registers = [this.registry];
    const counter = <Label extends string>(name: string, help: string, labelNames: Label[]) =>
      new Counter({ name, help, labelNames, registers });
    const gauge = <Label extends string>(name: string, help: string, labelNames: Label[]) =>
      new Gauge({ name, help, labelNames, registers });
    const histogram = <Label extends string>(
      name: string,
      help: string,
      labelNames: Label[],
      buckets: number[],
    ) => new Histogram({ name, help, labelNames, buckets, registers });

    this.#passes = counter('controller_runtime_reconcile_total', 'Passes by result.', [
      'controller',
      'result',
    ]);
    this.#passErrors = counter('controller_runtime_reconcile_errors_total', 'Passes that failed.', [
      'controller',
    ]);
    this.#terminalErrors = counter(
      'controller_runtime_terminal_reconcile_errors_total',
      'Passes that failed in a way that repeating does not mend.',
      ['controller'],
    );
    this.#panics = counter(
      'controller_runtime_reconcile_panics_total',
      'Passes that ended by a defect of the program.',
      ['controller'],
    );
    this.#timeouts = counter(
      'controller_runtime_reconcile_timeouts_total',
      'Passes that were given up for taking too long.',
      ['controller'],
    );
    this.#passSeconds = histogram(
      'controller_runtime_reconcile_time_seconds',
      'How long a pass takes.',
      ['controller'],
      PASS_SECONDS,
    );
    this.#maxPasses = gauge(
      'controller_runtime_max_concurrent_reconciles',
      'How many passes may run at a time.',
      ['controller'],
    );
    this.#activePasses = gauge('controller_runtime_active_workers', 'How many passes run.', [
      'controller',
    ]);

    this.#lastSuccess = gauge(
      'alibaba_cloud_operator_last_success_timestamp_seconds',
      'When a pass last succeeded, since the Unix epoch.',
      ['controller'],
    );
    this.#registerLoadBalancers();

    const queueLabels: ('name' | 'controller')[] = ['name', 'controller'];
    this.#queueDepth = gauge('workqueue_depth', 'How many keys wait.', queueLabels);
    this.#queueAdds = counter('workqueue_adds_total', 'Keys added.', queueLabels);
    this.#queueSeconds = histogram(
      'workqueue_queue_duration_seconds',
      'How long a key waits.',
      queueLabels,
      QUEUE_SECONDS,
    );
    this.#workSeconds = histogram(
      'workqueue_work_duration_seconds',
      'How long a key is worked on.',
      queueLabels,
      QUEUE_SECONDS,
    );
    this.#queueRetries = counter('workqueue_retries_total', 'Keys added again after a failure.', [
      ...queueLabels,
    ]);
    this.#registerRunningTimes(queueLabels);

    this.#requests = counter('rest_client_requests_total', 'Requests to the API server.', [
      'code',
      'method',
      'host',
    ]);
    this.#requestSeconds = histogram(
      'rest_client_request_duration_seconds',
      'How long the API server takes to begin its answer.',
      ['verb', 'host'],
      REQUEST_SECONDS,
    );
    this.#rateLimitSeconds = histogram(
      'rest_client_rate_limiter_duration_seconds',
      "How long a request waits for the client's own rate limit.",
      ['verb', 'host'],
      REQUEST_SECONDS,
    );
    this.#requestRetries = counter(
      'rest_client_request_retries_total',
      'Requests that the client itself sent again.',
      ['code', 'verb', 'host'],
    );
    this.#isLeader = gauge('leader_election_master_status', '1 on the holder of the lease.', [
      'name',
    ]);
    this.#runningControllers = gauge(
      'running_managed_controllers',
      '1 for each controller that runs.',
      ['name', 'manager'],
    );
    this.#cloudSeconds = histogram(
      'cloudprovider_alibabacloud_api_request_duration_seconds',
      'How long a call to the cloud takes.',
      ['request'],
      REQUEST_SECONDS,
    );
    this.#cloudErrors = counter(
      'cloudprovider_alibabacloud_api_request_errors',
      'Calls to the cloud that failed.',
      ['request'],
    );
    this.#cloudThrottles = counter(
      'cloudprovider_alibabacloud_api_throttled_requests_total',
      'Calls that the cloud refused as too many.',
      ['operation_name'],
    );
    this.#cloudUnknownCodes = counter(
      'alibaba_cloud_operator_cloud_unknown_codes_total',
      "Error codes of the cloud that the operator's error tables do not list.",
      ['operation_name', 'code'],
    );
    this.#backendSyncs = counter(
      'service_controller_loadbalancer_sync_total',
      'Updates of backend sets.',
      [],
    );
    this.#nodeSyncErrors = counter(
      'service_controller_nodesync_error_total',
      'Updates of backend sets that failed after a change of nodes.',
      [],
    );
    this.#nodeSyncSeconds = histogram(
      'service_controller_nodesync_latency_seconds',
      'How long a change of nodes takes to reach the load balancers.',
      [],
      SYNC_SECONDS,
    );
    this.#backendUpdateSeconds = histogram(
      'service_controller_update_loadbalancer_host_latency_seconds',
      'How long one update of a backend set takes.',
      [],
      SYNC_SECONDS,
    );
    this.#taintRemovalSeconds = histogram(
      'node_controller_cloud_provider_taint_removal_delay_seconds',
      'How long after it was made a node lost the taint of nodes that are not initialised.',
      [],
      NODE_AGE_SECONDS,
    );
    this.#firstNodeSyncSeconds = histogram(
      'node_controller_initial_node_sync_delay_seconds',
      'How long after it was made a node was initialised, its addresses included.',
      [],
      NODE_AGE_SECONDS,
    );
    gauge('alibaba_cloud_operator_build_info', 'Always 1; the labels tell the build.', [
      'version',
      'node_version',
    ]).set({ version, node_version: process.versions.node }, 1);
    collectDefaultMetrics({ register: this.registry });
  }

  /** Returns what counts one controller's passes, with every series at zero. */
  controller(controller: string, concurrency: number): ReconcileMetrics {
    for (const result of PASS_RESULTS) this.#passes.inc({ controller, result }, 0);
    for (const counter of [this.#passErrors, this.#terminalErrors, this.#panics, this.#timeouts]) {
      counter.inc({ controller }, 0);
    }
    this.#passSeconds.zero({ controller });
    this.#activePasses.set({ controller }, 0);
    this.#maxPasses.set({ controller }, concurrency);
    return {
      passStarted: () => {
        this.#activePasses.inc({ controller });
      },
      passEnded: (result, seconds) => {
        this.#activePasses.dec({ controller });
        this.#passes.inc({ controller, result });
        if (result === 'error') this.#passErrors.inc({ controller });
        else this.#lastSuccess.set({ controller }, this.#clock.now() / 1_000);
        this.#passSeconds.observe({ controller }, seconds);
      },
      failedTerminally: () => {
        this.#terminalErrors.inc({ controller });
      },
      panicked: () => {
        this.#panics.inc({ controller });
      },
      timedOut: () => {
        this.#timeouts.inc({ controller });
      },
    };
  }

  /** Returns what counts one queue's keys, with every series at zero. */
  queue(name: string): QueueMetrics {
    const labels = { name, controller: name };
    this.#queueDepth.set(labels, 0);
    this.#queueAdds.inc(labels, 0);
    this.#queueRetries.inc(labels, 0);
    this.#queueSeconds.zero(labels);
    this.#workSeconds.zero(labels);
    return {
      added: () => {
        this.#queueAdds.inc(labels);
      },
      depthChanged: (depth) => {
        this.#queueDepth.set(labels, depth);
      },
      waited: (seconds) => {
        this.#queueSeconds.observe(labels, seconds);
      },
      worked: (seconds) => {
        this.#workSeconds.observe(labels, seconds);
      },
      retried: () => {
        this.#queueRetries.inc(labels);
      },
    };
  }

  /** Lets the gauges of running work look into a queue. */
  observeQueue(name: string, queue: WorkQueue): void {
    this.#queues.set(name, queue);
  }

  /** Lets the gauge of load balancers look into their cache. */
  observeLoadBalancers(list: () => readonly LoadBalancerResource[]): void {
    this.#loadBalancers = list;
  }

  /** Lets a gauge look at what is held back because it seems to be gone. */
  observeAbsences(breaker: Pick<AbsenceBreaker, 'held'>): void {
    new Gauge({
      name: 'alibaba_cloud_operator_absence_held',
      help: 'Removals that are held back, because too much of a kind seems to be gone at once.',
      labelNames: ['kind'],
      registers: [this.registry],
      collect() {
        for (const kind of ABSENCE_KINDS) this.set({ kind }, breaker.held(kind).length);
      },
    });
  }

  /** Counts the requests of a client. */
  restClient(): RestClientMetrics {
    return {
      requestEnded: (method, code, host, seconds) => {
        this.#requests.inc({ code, method, host });
        this.#requestSeconds.observe({ verb: method, host }, seconds);
      },
      rateLimited: (method, host, seconds) => {
        this.#rateLimitSeconds.observe({ verb: method, host }, seconds);
      },
      retried: (method, code, host) => {
        this.#requestRetries.inc({ code, verb: method, host });
      },
    };
  }

  /** Counts the calls to the cloud. */
  cloudCalls(): CloudCallMetrics {
    return {
      observeCall: ({ operation, durationMs, code, throttled, knownCode }) => {
        const seconds = durationMs / 1_000;
        this.#cloudSeconds.observe({ request: operation }, seconds);
        if (code !== 'OK') this.#cloudErrors.inc({ request: operation });
        if (throttled) this.#cloudThrottles.inc({ operation_name: operation });
        if (!knownCode) this.#cloudUnknownCodes.inc({ operation_name: operation, code });
        if (BACKEND_OPERATIONS.has(operation)) {
          this.#backendSyncs.inc();
          this.#backendUpdateSeconds.observe(seconds);
        }
      },
    };
  }

  /** Counts what follows from changes of nodes. */
  nodeSyncs(): NodeSyncMetrics {
    return {
      nodeSyncFailed: () => {
        this.#nodeSyncErrors.inc();
      },
      nodeSyncEnded: (seconds) => {
        this.#nodeSyncSeconds.observe(seconds);
      },
    };
  }

  /** Counts how soon nodes are initialised. */
  nodeInitialisations(): NodeInitialisationMetrics {
    return {
      taintRemoved: (seconds) => {
        this.#taintRemovalSeconds.observe(seconds);
      },
      firstSyncEnded: (seconds) => {
        this.#firstNodeSyncSeconds.observe(seconds);
      },
    };
  }

  setLeader(lease: string, isLeader: boolean): void {
    this.#isLeader.set({ name: lease }, isLeader ? 1 : 0);
  }

  setRunning(controller: string, isRunning: boolean): void {
    const labels = { name: controller, manager: 'cloud-controller-manager' };
    this.#runningControllers.set(labels, isRunning ? 1 : 0);
  }

  #registerLoadBalancers(): void {
    const list = (): readonly LoadBalancerResource[] => this.#loadBalancers();
    new Gauge({
      name: 'alibaba_cloud_operator_load_balancers',
      help: 'Load balancers by product and by whether they are ready.',
      labelNames: ['type', 'ready'],
      registers: [this.registry],
      collect() {
        const counts = new Map(['True', 'False', 'Unknown'].map((ready) => [ready, 0]));
        for (const { status } of list()) {
          const ready = status.conditions?.find(({ type }) => type === 'Ready')?.status;
          counts.set(ready ?? 'Unknown', (counts.get(ready ?? 'Unknown') ?? 0) + 1);
        }
        for (const [ready, count] of counts) this.set({ type: 'CLB', ready }, count);
      },
    });
  }

  #registerRunningTimes(labelNames: ('name' | 'controller')[]): void {
    const register = (
      name: string,
      help: string,
      measure: (runningMs: readonly number[]) => number,
    ) => {
      const queues = this.#queues;
      new Gauge({
        name,
        help,
        labelNames,
        registers: [this.registry],
        collect() {
          for (const [queueName, queue] of queues) {
            const labels = { name: queueName, controller: queueName };
            this.set(labels, measure(queue.runningMs()) / 1_000);
          }
        },
      });
    };
    register(
      'workqueue_unfinished_work_seconds',
      'How long all keys that are worked on have been so, summed up.',
      (runningMs) => runningMs.reduce((sum, ms) => sum + ms, 0),
    );
    register(
      'workqueue_longest_running_processor_seconds',
      'How long the key that is worked on for the longest has been so.',
      (runningMs) => Math.max(0, ...runningMs),
    );
  }
}

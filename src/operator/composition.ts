import type { KubeConfig } from '@kubernetes/client-node';
import { Hono } from 'hono';
import type { Clock, Randomness } from '../cloud/clock.ts';
import { createCloudClients, type CloudClientPorts } from '../cloud/cloud-clients.ts';
import type { CloudSettings } from '../cloud/transport/cloud-settings.ts';
import { isAborted } from '../cloud/is-aborted.ts';
import { AbsenceBreaker } from '../reconcilers/absence-breaker.ts';
import { CachedObjects } from './cached-objects.ts';
import { CloudOperator, type BackgroundPart } from './cloud-operator.ts';
import type { Config, LeaseName } from './config/config.ts';
import type { Controller, ControllerDefinition } from './controllers/controller.ts';
import { CONTROLLERS } from './controllers/controllers.ts';
import { KubeEventRecorder } from './kube/event-recorder.ts';
import { KubeClient } from './kube/kube-client.ts';
import { LeaseHolder } from './kube/leader-election.ts';
import { objectOf, textOf } from './kube/api-object.ts';
import type { BindAddress } from './config/flag-values.ts';
import { LeaderWork } from './controllers/leader-work.ts';
import { Leadership, type FurtherLease, type FurtherRole } from './leadership.ts';
import { healthApplication, type HealthCheck } from './telemetry/health-checks.ts';
import { listen, type HttpListener } from './telemetry/http-listener.ts';
import { OperatorMetrics } from './telemetry/operator-metrics.ts';
import type { ProcessLogger } from './telemetry/process-logger.ts';
import type { SecretScrubber } from './telemetry/secret-scrubber.ts';
import { whenAborted } from './when-aborted.ts';

/** What an operator is made from; nothing else of the world reaches it. */
export interface OperatorPorts {
  readonly config: Config;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly kubeConfig: KubeConfig;
  readonly logger: ProcessLogger;
  /** The one that cleans the log; what the operator learns to be secret is added to it. */
  readonly scrubber: SecretScrubber;
  /** The name of this machine, for the lease and the events. */
  readonly hostName: string;
  /** Takes the place of the network to the cloud. */
  readonly cloudHttp?: CloudClientPorts['http'];
}

/** An operator that can be started once. */
export interface ComposedOperator {
  /** Starts it; rejects when it cannot serve its health or metrics. */
  start(): Promise<void>;
  /** Ends it in order; `done` tells when that is over. */
  stop(): void;
  /** Ends it at once with a failure. */
  fail(message: string, fields: Readonly<Record<string, unknown>>): void;
  /** The exit code. */
  readonly done: Promise<number>;
  /** Names this process among the replicas. */
  readonly identity: string;
  readonly metrics: OperatorMetrics;
  /** Where health and metrics are served, once started. */
  readonly addresses: () => { readonly health?: BindAddress; readonly metrics?: BindAddress };
}

/** How long after the lease has run out a leader that did not notice counts as dead. */
const LEASE_HEALTH_GRACE_MS = 20_000;
const CONFIG_CHECK_MS = 20_000;
const RETRY_MS = 5_000;
/** Leases and events have rates of their own, so that work never starves them. */
const LEASE_RATE = { queriesPerSecond: 20, burst: 20 };
const EVENT_RATE = { queriesPerSecond: 10, burst: 50 };

/**
 * Puts one operator together; several can live in one process and share nothing.
 *
 * Errors: throws `Failure` when the kubeconfig names no API server.
 */
export function composeOperator(ports: OperatorPorts): ComposedOperator {
  const { config, clock, randomness, kubeConfig, logger, scrubber } = ports;
  addSecrets(scrubber, config.cloud);
  const identity = `${config.pod.name ?? ports.hostName}_${randomness.hex(8)}`;
  const metrics = new OperatorMetrics(config.version, clock);
  const client = new KubeClient({
    kubeConfig,
    clock,
    userAgent: `alibaba-cloud-operator/${config.version}`,
    ...config.kubeApi,
    metrics: metrics.restClient(),
    onWarning: (warning) => {
      logger.warn('The API server sent a warning', { warning });
    },
  });
  const events = new KubeEventRecorder({
    client: client.withOwnRate(EVENT_RATE.queriesPerSecond, EVENT_RATE.burst),
    clock,
    randomness,
    logger: logger.named('events'),
    reportingInstance: identity,
    scrub: (text) => scrubber.scrub(text),
  });
  const selected = CONTROLLERS.filter(({ name }) => config.controllers.has(name));
  const controllers = selected.filter(({ canObserve }) => canObserve || !config.isDryRun);
  const hasWork = controllers.length > 0;
  const objects = new CachedObjects({
    kinds: new Set(controllers.flatMap(({ reads }) => reads)),
    client,
    clock,
    randomness,
    logger: logger.named('informer'),
  });

  let work: LeaderWork | undefined;
  const { leaderElection } = config;
  const leaseClient = client.withOwnRate(LEASE_RATE.queriesPerSecond, LEASE_RATE.burst);
  const newLease = (lease: LeaseName): LeaseHolder =>
    new LeaseHolder({
      ...leaderElection,
      client: leaseClient,
      clock,
      randomness,
      logger: logger.named('lease'),
      lease,
      identity,
    });
  const leadership = new Leadership({
    clock,
    logger: logger.named('lease'),
    // A process without work must not keep one that has some from its own.
    own: leaderElection.enabled && hasWork ? newLease(leaderElection.lease) : undefined,
    further: hasWork ? furtherLeases(config, newLease) : [],
    retryPeriodMs: leaderElection.retryPeriodMs,
    onChange: (role, isHeld) => {
      metrics.setLeader(leaseNameOf(role, leaderElection), isHeld);
      if (role !== 'own' && isHeld) work?.gained(role);
    },
  });
  metrics.setLeader(leaderElection.lease.name, false);
  for (const { name } of controllers) metrics.setRunning(name, false);

  const clouds = createCloudClients(config.cloud, {
    clock,
    randomness,
    mayWrite: () => leadership.mayWrite(),
    isDryRun: config.isDryRun,
    metrics: metrics.cloudCalls(),
    logger: logger.named('cloud'),
    ...(ports.cloudHttp !== undefined && { http: ports.cloudHttp }),
  });

  const breaker = new AbsenceBreaker(clock);
  metrics.observeAbsences(breaker);

  // The user agent tells the cluster's id, which may be known only once its API server answers.
  let knownClusterId = config.clusterId ?? '';
  let latestSettings = config.cloud;
  const reloadClouds = (): void => {
    clouds.reload({ ...latestSettings, clusterId: knownClusterId });
  };
  const prepareWork = async (signal: AbortSignal): Promise<Pick<Controller, 'run'>> => {
    if (!hasWork) return { run: whenAborted };
    const clusterId = config.clusterId ?? (await findClusterId(ports, client, signal));
    knownClusterId = clusterId;
    reloadClouds();
    work = new LeaderWork(controllers, {
      config,
      clusterId,
      clock,
      randomness,
      logger,
      metrics,
      client: client.writingWhile(() => leadership.mayWrite()),
      objects,
      events,
      clouds,
      leadership,
      breaker,
    });
    return work;
  };

  const background: BackgroundPart[] = [
    { name: 'events', run: (signal) => events.run(signal) },
    {
      name: 'cloud-config',
      run: (signal) =>
        followCloudConfig(ports, signal, (settings) => {
          latestSettings = settings;
          reloadClouds();
        }),
    },
    ...(hasWork ? [{ name: 'informers', run: (signal: AbortSignal) => objects.run(signal) }] : []),
  ];
  const health = new LateServer(config.healthProbeBindAddress, () =>
    healthApplication(
      {
        live: liveChecks(leadership, controllers),
        ready: hasWork ? readyChecks(objects) : [],
      },
      (endpoint, problems) => {
        logger.debug('A health check failed', { endpoint, problems });
      },
    ),
  );
  const metricsServer = new LateServer(config.metricsBindAddress, () =>
    new Hono().get('/metrics', async (context) =>
      context.body(await metrics.registry.metrics(), 200, {
        'content-type': metrics.registry.contentType,
      }),
    ),
  );

  const operator = new CloudOperator({
    kubeConfig,
    clock,
    logger,
    leadership,
    servers: [
      health,
      metricsServer,
      {
        open: () => Promise.resolve(),
        close: () => {
          clouds.close();
          client.close();
          return Promise.resolve();
        },
      },
    ],
    background,
    prepareWork,
    flush: (signal) => events.flush(signal),
  });

  return {
    start: async () => {
      for (const warning of config.warnings) logger.warn(warning);
      if (config.isDryRun) logger.warn(dryRunWarning(selected));
      logger.info('Starting', { identity, config: withoutSecrets(config) });
      await operator.start();
    },
    stop: () => {
      operator.stop();
    },
    fail: (message, fields) => {
      operator.fail(message, fields);
    },
    done: operator.done,
    identity,
    metrics,
    addresses: () => ({
      ...(health.address !== undefined && { health: health.address }),
      ...(metricsServer.address !== undefined && { metrics: metricsServer.address }),
    }),
  };
}

/** Says what a dry run leaves undone. */
function dryRunWarning(selected: readonly ControllerDefinition[]): string {
  const idle = selected.filter(({ canObserve }) => !canObserve).map(({ name }) => name);
  const notRunning =
    idle.length === 0 ? '' : `; not running, because they cannot only look: ${idle.join(', ')}`;
  return `Changing nothing in the cloud, because of --dry-run${notRunning}`;
}

/**
 * The leases that are wanted besides our own.
 *
 * Shape: who only looks keeps nobody from working, and looks beside whoever works.
 */
function furtherLeases(
  { defaultImplementation, leaderElection, isDryRun }: Config,
  leaseOf: (lease: LeaseName) => LeaseHolder,
): FurtherLease[] {
  const { defaultLease, migration } = leaderElection;
  const newLease = (lease: LeaseName): LeaseHolder | undefined =>
    isDryRun ? undefined : leaseOf(lease);
  const further: FurtherLease[] = [];
  if (defaultImplementation) {
    further.push({
      role: 'default',
      holder: defaultLease === undefined ? undefined : newLease(defaultLease),
      whileWithout: 'Handling only Services of our own class',
    });
  }
  if (migration !== undefined) {
    further.push({
      role: 'migration',
      holder: newLease(migration.lease),
      whileWithout: `Not running ${[...migration.controllers].join(', ')}`,
    });
  }
  return further;
}

function leaseNameOf(role: 'own' | FurtherRole, leases: Config['leaderElection']): string {
  const { lease, defaultLease, migration } = leases;
  return { own: lease, default: defaultLease, migration: migration?.lease }[role]?.name ?? '';
}

/** A server whose application is made when it opens; without an address it does nothing. */
class LateServer {
  readonly #bindAddress: BindAddress | undefined;
  readonly #application: () => Pick<Hono, 'fetch'>;
  #listener: HttpListener | undefined;

  constructor(bindAddress: BindAddress | undefined, application: () => Pick<Hono, 'fetch'>) {
    this.#bindAddress = bindAddress;
    this.#application = application;
  }

  get address(): BindAddress | undefined {
    return this.#listener?.address;
  }

  async open(): Promise<void> {
    if (this.#bindAddress === undefined) return;
    this.#listener = await listen(this.#application(), this.#bindAddress);
  }

  async close(): Promise<void> {
    await this.#listener?.close();
  }
}

/** The cloud plays no part: a process that cannot reach it is not mended by being killed. */
function liveChecks(
  leadership: Leadership,
  controllers: readonly ControllerDefinition[],
): HealthCheck[] {
  return [
    { name: 'ping', problem: () => undefined },
    {
      name: 'leader-election',
      problem: () => leadership.overdueProblem(LEASE_HEALTH_GRACE_MS),
    },
    ...controllers.map(({ name }) => ({ name, problem: () => undefined })),
  ];
}

function readyChecks(objects: CachedObjects): HealthCheck[] {
  return [
    {
      name: 'informer-sync',
      problem: () => {
        const kinds = objects.unsyncedKinds();
        return kinds.length === 0 ? undefined : `not listed yet: ${kinds.join(', ')}`;
      },
    },
    {
      name: 'api-server',
      problem: () => {
        const problems = objects.problems();
        return problems.length === 0 ? undefined : problems.join('; ');
      },
    },
  ];
}

/** Reads the uid of the namespace kube-system, which lasts as long as the cluster. */
async function findClusterId(
  { clock, logger }: OperatorPorts,
  client: KubeClient,
  signal: AbortSignal,
): Promise<string> {
  let lastWhy = '';
  for (;;) {
    signal.throwIfAborted();
    try {
      const request = { method: 'GET', path: '/api/v1/namespaces/kube-system' } as const;
      const namespace = objectOf(await client.request(request, signal));
      return textOf(objectOf(namespace.metadata).uid);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      if (why !== lastWhy) logger.warn('Failed to read the id of the cluster', { err: why });
      lastWhy = why;
      await clock.sleep(RETRY_MS, signal);
    }
  }
}

/** Takes new credentials and settings into use when the cloud-config file changes. */
async function followCloudConfig(
  { config, clock, logger, scrubber }: OperatorPorts,
  signal: AbortSignal,
  onChange: (settings: CloudSettings) => void,
): Promise<void> {
  if (config.cloudConfigPath === undefined) return;
  let lastMistakes = '';
  while (!signal.aborted) {
    await clock.sleep(CONFIG_CHECK_MS, signal).catch(() => undefined);
    if (isAborted(signal)) return;
    const reload = await config.reloadCloudConfig();
    if (reload.kind === 'changed') {
      addSecrets(scrubber, reload.cloud);
      onChange(reload.cloud);
      logger.info('Took the changed cloud-config into use');
    }
    const mistakes = reload.kind === 'invalid' ? reload.mistakes.join('; ') : '';
    if (mistakes !== '' && mistakes !== lastMistakes) {
      logger.error('Kept the former cloud-config, because the changed one has mistakes', {
        mistakes,
      });
    }
    lastMistakes = mistakes;
  }
}

function addSecrets(scrubber: SecretScrubber, { credentials }: CloudSettings): void {
  if ('accessKeySecret' in credentials) scrubber.add(credentials.accessKeySecret);
  if ('securityToken' in credentials) scrubber.add(credentials.securityToken);
}

/** The effective configuration, as it may be shown. */
function withoutSecrets(config: Config): Readonly<Record<string, unknown>> {
  const { credentials, ...publicCloud } = config.cloud;
  const shown = Object.entries(config).filter(
    ([name]) => name !== 'reloadCloudConfig' && name !== 'warnings',
  );
  return {
    ...Object.fromEntries(shown),
    controllers: [...config.controllers],
    cloud: { ...publicCloud, credentials: credentials.kind },
  };
}

import type { Clock, Randomness } from '../../cloud/clock.ts';
import type { CloudClients } from '../../cloud/cloud-clients.ts';
import type { AbsenceBreaker } from '../../reconcilers/absence-breaker.ts';
import type { EventRecorder } from '../../reconcilers/reconciler.ts';
import type { CachedKind, CachedObjects } from '../cached-objects.ts';
import type { Config } from '../config/config.ts';
import type { ControllerName } from './controller-selection.ts';
import type { KubeClient } from '../kube/kube-client.ts';
import type { Leadership } from '../leadership.ts';
import type { OperatorMetrics } from '../telemetry/operator-metrics.ts';
import type { ProcessLogger } from '../telemetry/process-logger.ts';

/** What a controller is made from; it takes of this what it needs. */
export interface ControllerPorts {
  readonly config: Config;
  readonly clusterId: string;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly logger: ProcessLogger;
  readonly metrics: OperatorMetrics;
  readonly client: KubeClient;
  readonly objects: CachedObjects;
  readonly events: EventRecorder;
  readonly clouds: CloudClients;
  readonly leadership: Leadership;
  /** Shared, so that each kind is counted in one place. */
  readonly breaker: AbsenceBreaker;
}

/** A controller at work. */
export interface Controller {
  /**
   * Works until told to stop, and returns when the last pass has ended.
   *
   * Shape: `stop` takes no new key; `abort` ends the passes that are under way.
   */
  run(stop: AbortSignal, abort: AbortSignal): Promise<void>;
  /** Told when this process has become the default implementation while the controller ran. */
  becameDefault?(): void;
}

/** How a controller is known and made. */
export interface ControllerDefinition {
  readonly name: ControllerName;
  /** The kinds whose caches must be filled before it starts; no others are watched for it. */
  readonly reads: readonly CachedKind[];
  /** Whether it works only while this process is the default implementation of the cluster. */
  readonly isDefaultOnly: boolean;
  /** Whether it can only look, and show what it would do; one that cannot has no part in a dry run. */
  readonly canObserve: boolean;
  readonly make: (ports: ControllerPorts) => Controller;
}

import type { Controller, ControllerDefinition, ControllerPorts } from './controller.ts';
import type { FurtherRole } from '../leadership.ts';
import { whenAborted } from '../when-aborted.ts';

/**
 * Runs the controllers of the leader beside each other.
 *
 * Shape: each starts when the caches that it reads are filled and the further leases that it needs
 *   are ours; one that waits holds up no other.
 */
export class LeaderWork {
  readonly #definitions: readonly ControllerDefinition[];
  readonly #ports: ControllerPorts;
  readonly #running = new Set<Controller>();
  readonly #gates: Readonly<Record<FurtherRole, Gate>> = {
    default: new Gate(),
    migration: new Gate(),
  };

  constructor(definitions: readonly ControllerDefinition[], ports: ControllerPorts) {
    this.#definitions = definitions;
    this.#ports = ports;
    for (const role of ['default', 'migration'] as const) {
      if (ports.leadership.holds(role)) this.#gates[role].open();
    }
  }

  /** Starts what waited for a further lease, and tells those at work. */
  gained(role: FurtherRole): void {
    this.#gates[role].open();
    if (role !== 'default') return;
    for (const controller of this.#running) controller.becameDefault?.();
  }

  /** As `Controller.run`, for all of them. */
  async run(stop: AbortSignal, abort: AbortSignal): Promise<void> {
    const stopped = whenAborted(stop);
    await Promise.all(
      this.#definitions.map((definition) => this.#run(definition, stopped, stop, abort)),
    );
    // Without any controller there is nothing to do, which is no reason to end.
    await stopped;
  }

  async #run(
    definition: ControllerDefinition,
    stopped: Promise<void>,
    stop: AbortSignal,
    abort: AbortSignal,
  ): Promise<void> {
    const { metrics, objects, logger, clusterId } = this.#ports;
    const { name, reads, make } = definition;
    const isReady = Promise.all([
      objects.whenSynced(reads),
      ...this.#leasesOf(definition).map((role) => this.#gates[role].whenOpen),
    ]);
    await Promise.race([isReady, stopped]);
    if (stop.aborted) return;
    const controller = make(this.#ports);
    this.#running.add(controller);
    metrics.setRunning(name, true);
    logger.info('Started the controller', { controller: name, clusterId });
    try {
      await controller.run(stop, abort);
    } finally {
      this.#running.delete(controller);
      metrics.setRunning(name, false);
    }
  }

  #leasesOf({ name, isDefaultOnly }: ControllerDefinition): readonly FurtherRole[] {
    const { migration } = this.#ports.config.leaderElection;
    return [
      ...(isDefaultOnly ? (['default'] as const) : []),
      ...(migration?.controllers.has(name) === true ? (['migration'] as const) : []),
    ];
  }
}

/** Something that is waited for and stays as it is once it is there. */
class Gate {
  readonly whenOpen: Promise<void>;
  #open: () => void = () => undefined;

  constructor() {
    this.whenOpen = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  open(): void {
    this.#open();
  }
}

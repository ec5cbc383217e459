import type { Controller, ControllerDefinition, ControllerPorts } from './controller.ts';
import { whenAborted } from './when-aborted.ts';

/**
 * Runs the controllers of the leader beside each other.
 *
 * Shape: each starts when the caches that it reads are filled, and one that belongs to the default
 *   implementation not before this process is that; one that waits holds up no other.
 */
export class LeaderWork {
  readonly #definitions: readonly ControllerDefinition[];
  readonly #ports: ControllerPorts;
  readonly #running = new Set<Controller>();
  readonly #whenDefault: Promise<void>;
  #becomeDefault: () => void = () => undefined;

  constructor(definitions: readonly ControllerDefinition[], ports: ControllerPorts) {
    this.#definitions = definitions;
    this.#ports = ports;
    this.#whenDefault = new Promise((resolve) => {
      this.#becomeDefault = resolve;
    });
    if (ports.leadership.isDefaultImplementation()) this.#becomeDefault();
  }

  /** Tells all controllers that this process has become the default implementation. */
  becameDefault(): void {
    this.#becomeDefault();
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
    const { name, reads, isDefaultOnly, make } = definition;
    await Promise.race([
      Promise.all([objects.whenSynced(reads), ...(isDefaultOnly ? [this.#whenDefault] : [])]),
      stopped,
    ]);
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
}

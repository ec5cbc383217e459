import { isAborted } from '../../cloud/is-aborted.ts';
import { NodeLifecycle } from '../../reconcilers/node-lifecycle/node-lifecycle.ts';
import type { Controller, ControllerPorts } from './controller.ts';
import { KubeNodeLifecycleWriter } from '../kube/node-lifecycle-writer.ts';
import { recordedPlaces } from './recorded-places.ts';

const NAME = 'cloud-node-lifecycle';

/** Looks at all nodes every few seconds while this process is the leader. */
export class CloudNodeLifecycleController implements Controller {
  readonly #ports: ControllerPorts;
  readonly #lifecycle: NodeLifecycle;

  constructor(ports: ControllerPorts) {
    const { client, clock, randomness, objects, clouds, events, leadership, breaker } = ports;
    this.#ports = ports;
    this.#lifecycle = new NodeLifecycle({
      nodes: objects.nodes,
      ecs: clouds.ecs,
      identity: (signal) => clouds.identity(signal),
      vpcId: (signal) => clouds.vpcId(signal),
      recordedPlaces: () => recordedPlaces(objects),
      writer: new KubeNodeLifecycleWriter({
        client,
        cache: objects.nodeInformer.cache,
        clock,
        randomness,
      }),
      breaker,
      events,
      clock,
      logger: ports.logger.named(NAME),
      mayWrite: () => leadership.mayWrite(),
    });
  }

  async run(stop: AbortSignal, abort: AbortSignal): Promise<void> {
    // A cloud that is slow must not keep nodes that are ready waiting for theirs.
    await Promise.all([
      this.#everyPeriod(() => this.#lifecycle.tendReady(abort), stop),
      this.#everyPeriod(() => this.#lifecycle.tendUnready(abort), stop),
    ]);
  }

  /** Runs rounds that begin a period apart, or later where one takes longer; they never overlap. */
  async #everyPeriod(round: () => Promise<void>, stop: AbortSignal): Promise<void> {
    const { clock, config, logger } = this.#ports;
    const periodMs = config.nodes.monitorPeriodMs;
    while (!stop.aborted) {
      const startedMs = clock.monotonicMs();
      try {
        await round();
      } catch (error) {
        if (isAborted(stop)) return;
        logger.named(NAME).error('A round over the nodes failed', { err: error });
      }
      const restMs = periodMs - ((clock.monotonicMs() - startedMs) % periodMs);
      await clock.sleep(restMs, stop).catch(() => undefined);
    }
  }
}

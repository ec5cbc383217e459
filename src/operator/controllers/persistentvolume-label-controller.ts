import type { PersistentVolume } from '../../reconcilers/kubernetes-objects.ts';
import type { ObjectKey } from '../../reconcilers/reconciler.ts';
import { PersistentVolumeReconciler } from '../../reconcilers/persistent-volume/persistent-volume-reconciler.ts';
import {
  volumeNeed,
  type VolumeLabelSettings,
} from '../../reconcilers/persistent-volume/persistent-volume-plan.ts';
import type { Controller, ControllerPorts } from './controller.ts';
import type { CacheChange } from '../kube/object-cache.ts';
import { KubePersistentVolumeWriter } from '../kube/persistent-volume-writer.ts';
import { ReconcileWorker } from '../queue/reconcile-worker.ts';
import { RetryPolicy, serviceBackOff } from '../queue/retry-policy.ts';
import { WorkQueue } from '../queue/work-queue.ts';

const VOLUME_QUEUE = 'persistentvolume';
/** How many volumes may wait for the cloud at a time, so that calls for their disks are full. */
const GATHERED_PASSES = 1_000;

/** Labels the PersistentVolumes that are disks while this process is the leader. */
export class PersistentVolumeLabelController implements Controller {
  readonly #ports: ControllerPorts;
  readonly #queue: WorkQueue;
  readonly #worker: ReconcileWorker;
  readonly #settings: VolumeLabelSettings;
  #isRunning = false;

  constructor(ports: ControllerPorts) {
    const { config, client, clock, randomness, metrics, objects, events, clouds } = ports;
    this.#ports = ports;
    this.#settings = config.volumes;
    const logger = ports.logger.named(VOLUME_QUEUE);
    this.#queue = new WorkQueue(clock, metrics.queue(VOLUME_QUEUE));
    metrics.observeQueue(VOLUME_QUEUE, this.#queue);
    this.#worker = new ReconcileWorker({
      reconciler: new PersistentVolumeReconciler({
        volumes: objects.persistentVolumes,
        writer: new KubePersistentVolumeWriter(client, objects.persistentVolumeInformer.cache),
        reads: clouds.ecsReads,
        regionId: async (signal) => (await clouds.identity(signal)).regionId,
        events,
        logger,
        settings: this.#settings,
      }),
      queue: this.#queue,
      // From 5 s on: a disk that does not exist is not asked for in a tight loop.
      retryPolicy: new RetryPolicy(serviceBackOff(), config.driftPeriodMs, randomness),
      concurrency: GATHERED_PASSES,
      clock,
      randomness,
      logger,
      metrics: metrics.controller(VOLUME_QUEUE, GATHERED_PASSES),
    });
    objects.persistentVolumeInformer.addHandler((change) => {
      this.#onVolume(change);
    });
  }

  async run(stop: AbortSignal, abort: AbortSignal): Promise<void> {
    this.#isRunning = true;
    for (const volume of this.#ports.objects.persistentVolumes.list()) this.#look(volume);
    try {
      await this.#worker.run(stop, abort);
    } finally {
      this.#isRunning = false;
      this.#queue.clear();
    }
  }

  #onVolume({ previous, current }: CacheChange<PersistentVolume>): void {
    if (!this.#isRunning) return;
    if (current === undefined) {
      if (previous !== undefined) this.#worker.forget(keyOf(previous));
      return;
    }
    // Claims and phases come and go; they change nothing of where a volume is.
    if (previous === undefined || isChanged(previous, current)) this.#look(current);
  }

  #look(volume: PersistentVolume): void {
    if (volumeNeed(volume, this.#settings).kind === 'nothing') return;
    this.#queue.add(keyOf(volume));
  }
}

function keyOf({ metadata }: PersistentVolume): ObjectKey {
  return { namespace: '', name: metadata.name };
}

function isChanged(previous: PersistentVolume, current: PersistentVolume): boolean {
  return said(previous) !== said(current);
}

/** What a pass depends on, as text. */
function said({ metadata, volumeId, nodeAffinityKeys }: PersistentVolume): string {
  return JSON.stringify([
    Object.entries(metadata.labels).sort(),
    metadata.annotations,
    volumeId,
    nodeAffinityKeys,
  ]);
}

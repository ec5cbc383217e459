import type { BatchedEcsReads } from '../../cloud/ecs/ecs-client.ts';
import { Failure, isFailure } from '../../cloud/failure.ts';
import { failureReport } from '../failure-report.ts';
import type { PersistentVolume } from '../kubernetes-objects.ts';
import {
  settled,
  type EventRecorder,
  type Logger,
  type ObjectKey,
  type Outcome,
  type Reconciler,
} from '../reconciler.ts';
import { volumeEvent } from './persistent-volume-messages.ts';
import { planVolume, volumeNeed, type VolumeLabelSettings } from './persistent-volume-plan.ts';
import type { PersistentVolumeCache, PersistentVolumeWriter } from './persistent-volume-ports.ts';

/** What a PersistentVolumeReconciler needs. */
export interface PersistentVolumeReconcilerPorts {
  readonly volumes: PersistentVolumeCache;
  readonly writer: PersistentVolumeWriter;
  readonly reads: Pick<BatchedEcsReads, 'findDisk'>;
  readonly regionId: (signal: AbortSignal) => Promise<string>;
  readonly events: EventRecorder;
  readonly logger: Logger;
  readonly settings: VolumeLabelSettings;
}

/** The code of the failure of a disk that the cloud does not know. */
const DISK_NOT_FOUND = 'DiskNotFound';

/** Tells of each volume that is a disk where it is, by labels and, while it has none, its affinity. */
export class PersistentVolumeReconciler implements Reconciler {
  readonly resourceKind = 'PersistentVolume';
  readonly #ports: PersistentVolumeReconcilerPorts;

  constructor(ports: PersistentVolumeReconcilerPorts) {
    this.#ports = ports;
  }

  async reconcile(key: ObjectKey, signal: AbortSignal): Promise<Outcome> {
    const { volumes, settings } = this.#ports;
    const volume = volumes.find(key);
    if (volume === undefined) return settled;
    const need = volumeNeed(volume, settings);
    switch (need.kind) {
      case 'nothing':
        return settled;
      case 'invalidId':
        this.#record(volume, 'InvalidDiskId', `"${volume.volumeId}"`);
        return settled;
      case 'disk':
        await this.#label(volume, need.diskId, signal);
        return settled;
    }
  }

  reportFailure(key: ObjectKey, failure: Failure): Promise<void> {
    const volume = this.#ports.volumes.find(key);
    const report = failureReport(failure);
    if (volume === undefined || report.event === undefined) return Promise.resolve();
    if (failure.code === DISK_NOT_FOUND) {
      this.#record(volume, 'DiskNotFound', `"${volume.volumeId}"`);
    } else {
      this.#record(volume, 'LabelingFailed', report.message);
    }
    return Promise.resolve();
  }

  async #label(volume: PersistentVolume, diskId: string, signal: AbortSignal): Promise<void> {
    const { reads, regionId, settings, writer, logger } = this.#ports;
    const region = await regionId(signal);
    const disk = await reads.findDisk(region, diskId, { signal, lane: 'live' });
    if (disk === undefined) {
      // A failure, so that it is looked up again ever more rarely.
      throw new Failure('notfound', `Cannot find disk "${diskId}"`, { code: DISK_NOT_FOUND });
    }
    const zoneIds = disk.zoneId === '' ? [] : [disk.zoneId];
    const plan = planVolume(volume, { regionId: disk.regionId, zoneIds }, settings);
    switch (plan.kind) {
      case 'nothing':
        return;
      case 'mismatch': {
        const { key, present, observed } = plan;
        const detail = `label ${key} is "${present}", but disk "${diskId}" is in "${observed}"`;
        this.#record(volume, 'TopologyMismatch', detail);
        return;
      }
      case 'change':
        try {
          await writer.change(volume, plan.change, signal);
        } catch (error) {
          // It went meanwhile.
          if (isFailure(error, 'notfound')) return;
          throw error;
        }
        logger.info('Told of a volume where it is', {
          volume: volume.metadata.name,
          labels: plan.change.labels,
          hasAffinity: plan.change.nodeAffinity !== undefined,
        });
    }
  }

  #record(volume: PersistentVolume, ...content: Parameters<typeof volumeEvent>): void {
    this.#ports.events.record(volume, volumeEvent(...content));
  }
}

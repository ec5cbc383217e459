import { eventOf, type RemediedEventEntry } from '../event-table.ts';
import type { EventContent } from '../reconciler.ts';

/** Every event that is recorded on PersistentVolumes, by reason. */
export const VOLUME_EVENTS = {
  DiskNotFound: {
    type: 'Warning',
    action: 'LabelVolume',
    note: 'The cloud does not know disk {detail}: correct the volume, or look whether the disk is in another region or account',
    when: 'The disk of a volume without labels is not in the region of the cluster',
    remedy:
      'Correct the id in the volume. It is looked up again, ever more rarely, at least every 5 minutes.',
  },
  InvalidDiskId: {
    type: 'Warning',
    action: 'LabelVolume',
    note: 'Cannot label the volume: {detail} is not the id of a disk, such as d-bp1j17ifxfasvts3tf40',
    when: 'A volume calls its disk by something that is no id of one',
    remedy: 'Write the id of the disk into `volumeHandle`, or into the option `volumeId`.',
  },
  TopologyMismatch: {
    type: 'Warning',
    action: 'LabelVolume',
    note: 'Nothing is written to the volume: {detail}; correct the label, or the id of the disk',
    when: 'A label of a volume says another place than that of its disk',
    remedy: 'Correct the label or remove it, or correct the id of the disk.',
  },
  LabelingFailed: {
    type: 'Warning',
    action: 'LabelVolume',
    note: 'Failed to label the volume: {detail}',
    when: 'The disk could not be looked up, or the volume not be written',
    remedy: 'Do what the message says; it is tried again.',
  },
} as const satisfies Readonly<Record<string, RemediedEventEntry>>;

/** The reason of an event on a PersistentVolume. */
export type VolumeEventReason = keyof typeof VOLUME_EVENTS;

/** Writes an event of the table. */
export function volumeEvent(reason: VolumeEventReason, detail: string): EventContent {
  return eventOf(VOLUME_EVENTS, reason, detail);
}

import type { PersistentVolume } from '../kubernetes-objects.ts';
import type { ObjectKey } from '../reconciler.ts';
import type { VolumeChange } from './persistent-volume-plan.ts';

/** Reads of PersistentVolumes from the shared cache. */
export interface PersistentVolumeCache {
  find(key: ObjectKey): PersistentVolume | undefined;
  list(): readonly PersistentVolume[];
}

/**
 * Writes PersistentVolumes.
 *
 * Errors: `conflict` when someone wrote first, `notfound` when the object is gone, `terminal` when
 *   it is forbidden or invalid, else `retryable`.
 */
export interface PersistentVolumeWriter {
  /** Adds labels and, where asked, the node affinity, in one write under a precondition. */
  change(volume: PersistentVolume, change: VolumeChange, signal: AbortSignal): Promise<void>;
}

import type { PersistentVolume } from '../../reconcilers/kubernetes-objects.ts';
import type { VolumeChange } from '../../reconcilers/persistent-volume/persistent-volume-plan.ts';
import type { PersistentVolumeWriter } from '../../reconcilers/persistent-volume/persistent-volume-ports.ts';
import { FIELD_MANAGER } from './field-managers.ts';
import { PATCH_TYPES, type KubeClient } from './kube-client.ts';
import type { ObjectCache } from './object-cache.ts';
import { ObjectWriter } from './object-writer.ts';
import { projectPersistentVolume } from './persistent-volume-projection.ts';

/** Where the API server keeps PersistentVolumes. */
export const PERSISTENT_VOLUMES_PATH = '/api/v1/persistentvolumes';

/** Writes PersistentVolumes through the API server; see `PersistentVolumeWriter`. */
export class KubePersistentVolumeWriter implements PersistentVolumeWriter {
  readonly #writer: ObjectWriter<PersistentVolume>;

  constructor(client: KubeClient, cache: ObjectCache<PersistentVolume>) {
    this.#writer = new ObjectWriter({
      client,
      cache,
      project: projectPersistentVolume,
      collection: () => PERSISTENT_VOLUMES_PATH,
      fieldManager: FIELD_MANAGER,
    });
  }

  async change(
    volume: PersistentVolume,
    { labels, nodeAffinity }: VolumeChange,
    signal: AbortSignal,
  ): Promise<void> {
    const { namespace, name, uid, resourceVersion } = volume.metadata;
    const body = {
      // Both are preconditions: what was planned was planned for this very state.
      metadata: { uid, resourceVersion, labels },
      ...(nodeAffinity !== undefined && {
        spec: {
          nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: nodeAffinity }] } },
        },
      }),
    };
    await this.#writer.write(
      { key: { namespace, name }, uid },
      { method: 'PATCH', body, contentType: PATCH_TYPES.merge },
      signal,
    );
  }
}

import type { PersistentVolume } from '../../reconcilers/kubernetes-objects.ts';
import {
  LEGACY_TOPOLOGY_LABELS,
  PROVISIONED_BY_ANNOTATION,
  TOPOLOGY_LABELS,
} from '../../reconcilers/persistent-volume/persistent-volume-names.ts';
import {
  deepFreeze,
  metadataOf,
  objectOf,
  objectsOf,
  textOf,
  type ApiObject,
} from './api-object.ts';

const LABELS: ReadonlySet<string> = new Set([
  ...Object.values(TOPOLOGY_LABELS),
  ...Object.values(LEGACY_TOPOLOGY_LABELS),
]);

/**
 * Keeps of a PersistentVolume what reconcilers read.
 *
 * Shape: the option of a FlexVolume that names its disk counts however it is spelled, because
 *   `volumeId` and `VolumeId` are both in use.
 * Source: Kubernetes API, v1 PersistentVolume.
 */
export function projectPersistentVolume(object: ApiObject): PersistentVolume {
  const spec = objectOf(object.spec);
  const metadata = metadataOf(object);
  const { csi, flexVolume, nodeAffinity } = spec;
  const csiSource = objectOf(csi);
  const flexSource = objectOf(flexVolume);
  const [, optionId] =
    Object.entries(objectOf(flexSource.options)).find(
      ([name]) => name.toLowerCase() === 'volumeid',
    ) ?? [];
  return deepFreeze<PersistentVolume>({
    kind: 'PersistentVolume',
    metadata: {
      ...metadata,
      labels: only(metadata.labels, (key) => LABELS.has(key)),
      annotations: only(metadata.annotations, (key) => key === PROVISIONED_BY_ANNOTATION),
      ownerReferences: [],
    },
    driver: textOf(csiSource.driver) || textOf(flexSource.driver),
    volumeId: textOf(csiSource.volumeHandle) || textOf(optionId),
    ...(nodeAffinity !== undefined && { nodeAffinityKeys: affinityKeys(objectOf(nodeAffinity)) }),
  });
}

function affinityKeys(nodeAffinity: ApiObject): readonly string[] {
  const terms = objectsOf(objectOf(nodeAffinity.required).nodeSelectorTerms);
  const keys = terms.flatMap((term) =>
    objectsOf(term.matchExpressions).map(({ key }) => textOf(key)),
  );
  return [...new Set(keys)];
}

function only(
  entries: Readonly<Record<string, string>>,
  isKept: (key: string) => boolean,
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(entries).filter(([key]) => isKept(key)));
}

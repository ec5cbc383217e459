/** The labels that say where a volume is. */
export const TOPOLOGY_LABELS = {
  region: 'topology.kubernetes.io/region',
  zone: 'topology.kubernetes.io/zone',
} as const;

/** The labels that said so before Kubernetes 1.17. */
export const LEGACY_TOPOLOGY_LABELS = {
  region: 'failure-domain.beta.kubernetes.io/region',
  zone: 'failure-domain.beta.kubernetes.io/zone',
} as const;

/** Separates the zones of a volume that is in several. */
export const ZONE_DELIMITER = '__';

/** The annotation of a volume that was made for a claim, by name of what made it. */
export const PROVISIONED_BY_ANNOTATION = 'pv.kubernetes.io/provisioned-by';

/** What a volume is called that is still being made. */
export const PLACEHOLDER_VOLUME_ID = 'placeholder-for-provisioning';

/**
 * The drivers whose volumes are disks of Elastic Compute Service: the CSI driver, and the FlexVolume
 * plug-in of before.
 */
export const DISK_DRIVERS: ReadonlySet<string> = new Set([
  'diskplugin.csi.alibabacloud.com',
  'alicloud/disk',
]);

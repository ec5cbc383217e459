import type { PersistentVolume } from '../kubernetes-objects.ts';
import {
  DISK_DRIVERS,
  LEGACY_TOPOLOGY_LABELS,
  PLACEHOLDER_VOLUME_ID,
  PROVISIONED_BY_ANNOTATION,
  TOPOLOGY_LABELS,
  ZONE_DELIMITER,
} from './persistent-volume-names.ts';

/** Where a disk is. */
export interface DiskLocation {
  readonly regionId: string;
  /** Empty for a disk that every zone of its region can use. */
  readonly zoneIds: readonly string[];
}

/** How volumes are labelled. */
export interface VolumeLabelSettings {
  /** Whether the labels of before Kubernetes 1.17 are written too. */
  readonly legacyLabels: boolean;
}

/** One requirement of a node affinity: the label of this key has one of these values. */
export interface InRequirement {
  readonly key: string;
  readonly operator: 'In';
  readonly values: readonly string[];
}

/** What is to be written to a volume, in one write. */
export interface VolumeChange {
  readonly labels: Readonly<Record<string, string>>;
  /** The requirements of the only term; unset where the affinity stays as it is. */
  readonly nodeAffinity?: readonly InRequirement[];
}

/** What a volume asks of us, told from what it has. */
export type VolumeNeed =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'disk'; readonly diskId: string }
  /** What it calls its disk is the id of none. */
  | { readonly kind: 'invalidId' };

/** What to do about a volume whose disk is known. */
export type VolumePlan =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'change'; readonly change: VolumeChange }
  /** A label that is there says something else, so nothing is written at all. */
  | {
      readonly kind: 'mismatch';
      readonly key: string;
      readonly present: string;
      readonly observed: string;
    };

const NOTHING = { kind: 'nothing' } as const;

/**
 * Tells from a volume alone whether its disk has to be looked up.
 *
 * Shape: `nothing` for volumes that are no disks of this cloud, that are still being made or going,
 *   and that lack nothing; so a restart asks the cloud about none of those that were labelled before.
 */
export function volumeNeed(volume: PersistentVolume, settings: VolumeLabelSettings): VolumeNeed {
  const { driver, volumeId, metadata } = volume;
  if (!DISK_DRIVERS.has(driver) || metadata.deletionTimestamp !== undefined) return NOTHING;
  if (volumeId === PLACEHOLDER_VOLUME_ID) return NOTHING;
  if (isTrusted(volume) || isComplete(volume, settings)) return NOTHING;
  // An id of another form would fail the call that asks for many.
  return /^d-[a-z0-9]{1,60}$/.test(volumeId)
    ? { kind: 'disk', diskId: volumeId }
    : { kind: 'invalidId' };
}

/**
 * Decides what is written to a volume whose disk is here.
 *
 * Shape: labels are only added; the node affinity is set only while there is none, because it can
 *   never be changed again. Where a label contradicts the disk nothing is written: either may be the
 *   mistake, and an affinity would make it permanent.
 */
export function planVolume(
  volume: PersistentVolume,
  location: DiskLocation,
  settings: VolumeLabelSettings,
): VolumePlan {
  const { labels } = volume.metadata;
  const observed = topologyOf(location);
  for (const [key, value] of Object.entries(observed)) {
    const present = labels[key];
    if (present !== undefined && canonicalValue(present) !== value) {
      return { kind: 'mismatch', key, present, observed: value };
    }
  }

  const wanted = Object.entries(observed).filter(
    ([key]) => settings.legacyLabels || !isLegacy(key),
  );
  const missing = wanted.filter(([key]) => labels[key] === undefined);
  const nodeAffinity =
    volume.nodeAffinityKeys === undefined
      ? wanted.map(([key, value]): InRequirement => ({ key, operator: 'In', values: zones(value) }))
      : undefined;
  if (missing.length === 0 && nodeAffinity === undefined) return NOTHING;
  return {
    kind: 'change',
    change: {
      labels: Object.fromEntries(missing),
      ...(nodeAffinity !== undefined && { nodeAffinity }),
    },
  };
}

/** What made the volume has said where it is. */
function isTrusted({ metadata }: PersistentVolume): boolean {
  const { labels, annotations } = metadata;
  return (
    annotations[PROVISIONED_BY_ANNOTATION] !== undefined &&
    [TOPOLOGY_LABELS, LEGACY_TOPOLOGY_LABELS].some(
      ({ region, zone }) => labels[region] !== undefined && labels[zone] !== undefined,
    )
  );
}

function isComplete(volume: PersistentVolume, settings: VolumeLabelSettings): boolean {
  const { nodeAffinityKeys, metadata } = volume;
  if (nodeAffinityKeys === undefined) return false;
  const families = settings.legacyLabels
    ? [TOPOLOGY_LABELS, LEGACY_TOPOLOGY_LABELS]
    : [TOPOLOGY_LABELS];
  // What asks nodes for a region and for no zone is a disk of the whole region, which has no zone.
  const isRegional =
    nodeAffinityKeys.includes(TOPOLOGY_LABELS.region) &&
    !nodeAffinityKeys.some((key) => key.endsWith('/zone'));
  return families.every(
    ({ region, zone }) =>
      metadata.labels[region] !== undefined && (isRegional || metadata.labels[zone] !== undefined),
  );
}

/** The labels that a location means, with those of before. */
function topologyOf({ regionId, zoneIds }: DiskLocation): Readonly<Record<string, string>> {
  const zone = [...zoneIds].sort().join(ZONE_DELIMITER);
  const families = [TOPOLOGY_LABELS, LEGACY_TOPOLOGY_LABELS].map((labels) => ({
    [labels.region]: regionId,
    ...(zone !== '' && { [labels.zone]: zone }),
  }));
  return { ...families[0], ...families[1] };
}

function isLegacy(key: string): boolean {
  return key === LEGACY_TOPOLOGY_LABELS.region || key === LEGACY_TOPOLOGY_LABELS.zone;
}

function canonicalValue(value: string): string {
  return [...zones(value)].sort().join(ZONE_DELIMITER);
}

function zones(value: string): readonly string[] {
  return value.split(ZONE_DELIMITER);
}

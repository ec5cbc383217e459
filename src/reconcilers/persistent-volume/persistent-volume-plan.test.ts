import assert from 'node:assert/strict';
import { test } from 'node:test';
import { metadata } from '../../../test/support/kubernetes-builders.ts';
import type { ObjectMeta, PersistentVolume } from '../kubernetes-objects.ts';
import { planVolume, volumeNeed, type DiskLocation } from './persistent-volume-plan.ts';

const REGION = 'topology.kubernetes.io/region';
const ZONE = 'topology.kubernetes.io/zone';
const LEGACY_REGION = 'failure-domain.beta.kubernetes.io/region';
const LEGACY_ZONE = 'failure-domain.beta.kubernetes.io/zone';
const PROVISIONED = { 'pv.kubernetes.io/provisioned-by': 'diskplugin.csi.alibabacloud.com' };

const HERE: DiskLocation = { regionId: 'cn-hangzhou', zoneIds: ['cn-hangzhou-b'] };
const CURRENT = { legacyLabels: false };
const WITH_LEGACY = { legacyLabels: true };

function volumeOf(
  change: Partial<Omit<PersistentVolume, 'metadata'>> & Partial<ObjectMeta> = {},
): PersistentVolume {
  const { driver, volumeId, nodeAffinityKeys, ...meta } = change;
  return {
    kind: 'PersistentVolume',
    driver: driver ?? 'diskplugin.csi.alibabacloud.com',
    volumeId: volumeId ?? 'd-bp1one',
    ...(nodeAffinityKeys !== undefined && { nodeAffinityKeys }),
    metadata: metadata('volume', { namespace: '', ...meta }),
  };
}

function requirement(key: string, ...values: string[]): object {
  return { key, operator: 'In', values };
}

const BOTH_LABELS = { [REGION]: 'cn-hangzhou', [ZONE]: 'cn-hangzhou-b' };
const ASK: object = { kind: 'disk', diskId: 'd-bp1one' };
const NOTHING: object = { kind: 'nothing' };

const needs = [
  {
    name: 'PV-04: CsiDisk',
    volume: volumeOf(),
    want: ASK,
    reason: 'The driver of our disks.',
  },
  {
    name: 'PV-04: FlexVolumeDisk',
    volume: volumeOf({ driver: 'alicloud/disk' }),
    want: ASK,
    reason: 'The plug-in of before.',
  },
  {
    name: 'PV-04: Nfs',
    volume: volumeOf({ driver: '', volumeId: '' }),
    want: NOTHING,
    reason: 'It has no driver.',
  },
  {
    name: 'PV-04: ForeignCsi',
    volume: volumeOf({ driver: 'ebs.csi.aws.com', volumeId: 'd-bp1one' }),
    want: NOTHING,
    reason: 'A volume of another cloud, whatever its id looks like.',
  },
  {
    name: 'PV-04: NasOfOurCloud',
    volume: volumeOf({ driver: 'nasplugin.csi.alibabacloud.com' }),
    want: NOTHING,
    reason: 'A file system is no disk.',
  },
  {
    name: 'PV-04: Placeholder',
    volume: volumeOf({ volumeId: 'placeholder-for-provisioning' }),
    want: NOTHING,
    reason: 'There is no disk yet.',
  },
  {
    name: 'PV-04: NoId',
    volume: volumeOf({ volumeId: '' }),
    want: { kind: 'invalidId' },
    reason: 'A person has to say which disk it is.',
  },
  {
    name: 'OtherId',
    volume: volumeOf({ volumeId: 'my-data' }),
    want: { kind: 'invalidId' },
    reason: 'It would fail the call that asks for the disks of others too.',
  },
  {
    name: 'PV-03: Provisioned',
    volume: volumeOf({ annotations: PROVISIONED, labels: BOTH_LABELS }),
    want: NOTHING,
    reason: 'What made the volume for its claim is trusted, affinity or not.',
  },
  {
    name: 'PV-03: ProvisionedWithLegacyLabels',
    volume: volumeOf({
      annotations: PROVISIONED,
      labels: { [LEGACY_REGION]: 'cn-hangzhou', [LEGACY_ZONE]: 'cn-hangzhou-b' },
    }),
    want: NOTHING,
    reason: 'The provisioner of FlexVolumes wrote those.',
  },
  {
    name: 'PV-03: ProvisionedWithOneLabel',
    volume: volumeOf({ annotations: PROVISIONED, labels: { [REGION]: 'cn-hangzhou' } }),
    want: ASK,
    reason: 'It is trusted only where it has said both.',
  },
  {
    name: 'StaticWithoutAffinity',
    volume: volumeOf({ labels: BOTH_LABELS }),
    want: ASK,
    reason: 'The affinity is missing, and that of a person is checked before it is written.',
  },
  {
    name: 'Complete',
    volume: volumeOf({ labels: BOTH_LABELS, nodeAffinityKeys: [REGION, ZONE] }),
    want: NOTHING,
    reason: 'Labelled before; a restart asks for nothing.',
  },
  {
    name: 'PV-09: CompleteWithTopologyOfTheDriver',
    volume: volumeOf({
      labels: BOTH_LABELS,
      nodeAffinityKeys: ['topology.diskplugin.csi.alibabacloud.com/zone'],
    }),
    want: NOTHING,
    reason: 'The affinity of the driver is as good as ours.',
  },
  {
    name: 'RegionalDisk',
    volume: volumeOf({ labels: { [REGION]: 'cn-hangzhou' }, nodeAffinityKeys: [REGION] }),
    want: NOTHING,
    reason: 'A disk of the whole region has no zone to be labelled with.',
  },
  {
    name: 'ZoneLabelMissing',
    volume: volumeOf({
      labels: { [REGION]: 'cn-hangzhou' },
      nodeAffinityKeys: [REGION, 'topology.diskplugin.csi.alibabacloud.com/zone'],
    }),
    want: ASK,
    reason: 'Its affinity tells that it is in a zone.',
  },
  {
    name: 'Deleting',
    volume: volumeOf({ deletionTimestamp: '2026-01-01T00:00:00Z' }),
    want: NOTHING,
    reason: 'Nothing is written to what goes.',
  },
];
for (const { name, volume, want, reason } of needs) {
  test(`volumeNeed: ${name}`, () => {
    assert.deepEqual(volumeNeed(volume, CURRENT), want, reason);
  });
}

test('PV-01 volumeNeed: legacy labels are missed only where they are asked for', () => {
  const volume = volumeOf({ labels: BOTH_LABELS, nodeAffinityKeys: [REGION, ZONE] });
  assert.deepEqual(volumeNeed(volume, WITH_LEGACY), ASK);
});

const plans = [
  {
    name: 'PV-01 PV-02: NoAffinity',
    volume: volumeOf(),
    location: HERE,
    settings: CURRENT,
    want: {
      kind: 'change',
      change: {
        labels: BOTH_LABELS,
        nodeAffinity: [requirement(REGION, 'cn-hangzhou'), requirement(ZONE, 'cn-hangzhou-b')],
      },
    },
    reason: 'Every label has a requirement in the only term.',
  },
  {
    name: 'PV-01 PV-02: TwoZones',
    volume: volumeOf(),
    location: { regionId: 'cn-hangzhou', zoneIds: ['cn-hangzhou-h', 'cn-hangzhou-b'] },
    settings: CURRENT,
    want: {
      kind: 'change',
      change: {
        labels: { [REGION]: 'cn-hangzhou', [ZONE]: 'cn-hangzhou-b__cn-hangzhou-h' },
        nodeAffinity: [
          requirement(REGION, 'cn-hangzhou'),
          requirement(ZONE, 'cn-hangzhou-b', 'cn-hangzhou-h'),
        ],
      },
    },
    reason: 'Zones are joined in sorted order, and split again for the affinity.',
  },
  {
    name: 'PV-01: LegacyLabels',
    volume: volumeOf({ nodeAffinityKeys: [ZONE] }),
    location: HERE,
    settings: WITH_LEGACY,
    want: {
      kind: 'change',
      change: {
        labels: {
          ...BOTH_LABELS,
          [LEGACY_REGION]: 'cn-hangzhou',
          [LEGACY_ZONE]: 'cn-hangzhou-b',
        },
      },
    },
    reason: 'The setting asks for them beside the current ones.',
  },
  {
    name: 'RegionalDisk',
    volume: volumeOf(),
    location: { regionId: 'cn-hangzhou', zoneIds: [] },
    settings: CURRENT,
    want: {
      kind: 'change',
      change: {
        labels: { [REGION]: 'cn-hangzhou' },
        nodeAffinity: [requirement(REGION, 'cn-hangzhou')],
      },
    },
    reason: 'What every zone can use is bound to none.',
  },
  {
    name: 'PV-05 PV-09: AffinityOfTheDriver',
    volume: volumeOf({ nodeAffinityKeys: ['topology.diskplugin.csi.alibabacloud.com/zone'] }),
    location: HERE,
    settings: CURRENT,
    want: { kind: 'change', change: { labels: BOTH_LABELS } },
    reason: 'An affinity that is there stays as it is.',
  },
  {
    name: 'PV-02: ExistingZoneRequirement',
    volume: volumeOf({ nodeAffinityKeys: [ZONE] }),
    location: HERE,
    settings: CURRENT,
    want: { kind: 'change', change: { labels: BOTH_LABELS } },
    reason: 'The affinity has a requirement for one of the keys.',
  },
  {
    name: 'OneLabelThere',
    volume: volumeOf({ labels: { [REGION]: 'cn-hangzhou' }, nodeAffinityKeys: [ZONE] }),
    location: HERE,
    settings: CURRENT,
    want: { kind: 'change', change: { labels: { [ZONE]: 'cn-hangzhou-b' } } },
    reason: 'Only what is missing is written.',
  },
  {
    name: 'LabelsThere',
    volume: volumeOf({ labels: BOTH_LABELS }),
    location: HERE,
    settings: CURRENT,
    want: {
      kind: 'change',
      change: {
        labels: {},
        nodeAffinity: [requirement(REGION, 'cn-hangzhou'), requirement(ZONE, 'cn-hangzhou-b')],
      },
    },
    reason: 'The labels agree with the disk, so the affinity may say the same.',
  },
  {
    name: 'PV-03: ZoneDiffers',
    volume: volumeOf({ labels: { [ZONE]: 'cn-hangzhou-h' } }),
    location: HERE,
    settings: CURRENT,
    want: { kind: 'mismatch', key: ZONE, present: 'cn-hangzhou-h', observed: 'cn-hangzhou-b' },
    reason: 'What a person said is never overwritten, and no affinity makes either permanent.',
  },
  {
    name: 'PV-03: LegacyRegionDiffers',
    volume: volumeOf({ labels: { [LEGACY_REGION]: 'cn-beijing' } }),
    location: HERE,
    settings: CURRENT,
    want: {
      kind: 'mismatch',
      key: LEGACY_REGION,
      present: 'cn-beijing',
      observed: 'cn-hangzhou',
    },
    reason: 'The scheduler reads the legacy labels too.',
  },
  {
    name: 'ZonesInOtherOrder',
    volume: volumeOf({
      labels: { [REGION]: 'cn-hangzhou', [ZONE]: 'cn-hangzhou-h__cn-hangzhou-b' },
      nodeAffinityKeys: [ZONE],
    }),
    location: { regionId: 'cn-hangzhou', zoneIds: ['cn-hangzhou-b', 'cn-hangzhou-h'] },
    settings: CURRENT,
    want: NOTHING,
    reason: 'The same zones in another order are the same.',
  },
];
for (const { name, volume, location, settings, want, reason } of plans) {
  test(`planVolume: ${name}`, () => {
    assert.deepEqual(planVolume(volume, location, settings), want, reason);
  });
}

test('planVolume: what was written needs nothing more', () => {
  const locations = [HERE, { ...HERE, zoneIds: [] }];
  for (const location of locations) {
    for (const settings of [CURRENT, WITH_LEGACY]) {
      for (const nodeAffinityKeys of [undefined, [ZONE], ['other']]) {
        const volume = volumeOf(nodeAffinityKeys === undefined ? {} : { nodeAffinityKeys });
        const plan = planVolume(volume, location, settings);
        assert.ok(plan.kind === 'change');
        const { labels, nodeAffinity } = plan.change;
        const keys = nodeAffinity?.map(({ key }) => key) ?? volume.nodeAffinityKeys ?? [];
        const written = volumeOf({ labels, nodeAffinityKeys: keys });
        assert.deepEqual(planVolume(written, location, settings), NOTHING);
        const isSaid = nodeAffinity !== undefined || location.zoneIds.length > 0;
        if (isSaid) assert.deepEqual(volumeNeed(written, settings), NOTHING);
      }
    }
  }
});

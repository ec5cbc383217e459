import { describedTime, numberedPage, tokenPage } from '../answer-page.ts';
import type { Disk } from './compute-objects.ts';
import { jsonTexts, nameMatches } from './instance-reading.ts';
import type { Answer, OperationContext, OperationHandler } from '../operation-context.ts';
import { describedTags, hasTags } from '../tag-rules.ts';

const FLAGS: readonly (readonly [string, 'encrypted' | 'portable' | 'deleteWithInstance'])[] = [
  ['Portable', 'portable'],
  ['DeleteWithInstance', 'deleteWithInstance'],
];

/** The operations on disks. */
export const DISK_OPERATIONS: Readonly<Record<string, OperationHandler>> = {
  DescribeDisks: describeDisks,
};

function describeDisks(context: OperationContext): Answer {
  const { parameters } = context;
  context.refuseDryRun();
  const found = disksAsked(context);
  const described = (disk: Disk): Record<string, unknown> => describedDisk(context, disk);
  if (parameters.has('MaxResults') || parameters.has('NextToken')) {
    const size = parameters.findInteger('MaxResults') ?? 10;
    const page = tokenPage(context, found, { size, invalidTokenCode: 'InvalidParameter' });
    return {
      Disks: { Disk: page.items.map(described) },
      NextToken: page.nextToken ?? '',
      TotalCount: found.length,
    };
  }
  const page = numberedPage(context, found, 10);
  return { Disks: { Disk: page.items.map(described) }, NextToken: '', ...page.answer };
}

function disksAsked(context: OperationContext): Disk[] {
  const { parameters, state, asOf } = context;
  const ids = jsonTexts(context, 'DiskIds');
  for (const id of ids ?? []) context.objectIds.add(id);
  const wantedIds = ids === undefined ? undefined : new Set(ids);
  const name = parameters.findText('DiskName');
  return (
    state.disks
      .list(asOf)
      .filter((disk) => context.sees(disk))
      .filter(({ diskId }) => wantedIds?.has(diskId) ?? true)
      .filter(({ zoneId }) => context.wants('ZoneId', zoneId))
      .filter(({ instanceId }) => context.wants('InstanceId', instanceId ?? ''))
      .filter(({ category }) => wantsOneOf(context, 'Category', category))
      .filter(({ type }) => wantsOneOf(context, 'DiskType', type))
      .filter(({ status }) => wantsOneOf(context, 'Status', status))
      .filter(({ chargeType }) => context.wants('DiskChargeType', chargeType))
      .filter((disk) => name === undefined || nameMatches(name, disk.diskName ?? ''))
      .filter((disk) => FLAGS.every(([flag, member]) => wantsFlag(context, flag, disk[member])))
      // Without the flag, or with false, disks of both kinds are listed.
      .filter(({ encrypted }) => parameters.findFlag('Encrypted') !== true || encrypted)
      .filter(({ diskId }) => hasTags(context.visibleTags(diskId), parameters.items('Tag')))
      // No disk here is locked or was made from a snapshot.
      .filter(() => !parameters.has('LockReason') && !parameters.has('SnapshotId'))
  );
}

/** As any filter, except that `all` lets everything through. */
function wantsOneOf(context: OperationContext, name: string, value: string): boolean {
  const wanted = context.parameters.findText(name);
  return wanted === undefined || wanted.toLowerCase() === 'all' || wanted === value;
}

function wantsFlag(context: OperationContext, name: string, value: boolean): boolean {
  const wanted = context.parameters.findFlag(name);
  return wanted === undefined || wanted === value;
}

function describedDisk(context: OperationContext, disk: Disk): Record<string, unknown> {
  const attachment =
    disk.instanceId === undefined
      ? []
      : [
          {
            InstanceId: disk.instanceId,
            AttachedTime: describedTime(disk.createdAt),
            Device: '/dev/xvdb',
          },
        ];
  return {
    DiskId: disk.diskId,
    DiskName: disk.diskName ?? '',
    Description: disk.description ?? '',
    RegionId: disk.regionId,
    ZoneId: disk.zoneId,
    ...(disk.placementZoneIds === undefined
      ? {}
      : { Placement: { ZoneIds: disk.placementZoneIds.join(',') } }),
    Type: disk.type,
    Category: disk.category,
    ...(disk.performanceLevel === undefined ? {} : { PerformanceLevel: disk.performanceLevel }),
    Size: disk.size,
    Status: disk.status,
    DiskChargeType: disk.chargeType,
    Encrypted: disk.encrypted,
    Portable: disk.portable,
    DeleteWithInstance: disk.deleteWithInstance,
    DeleteAutoSnapshot: false,
    EnableAutoSnapshot: true,
    MultiAttach: 'Disabled',
    InstanceId: disk.instanceId ?? '',
    Attachments: { Attachment: attachment },
    CreationTime: describedTime(disk.createdAt),
    OperationLocks: { OperationLock: [] },
    Tags: { Tag: describedTags(context.visibleTags(disk.diskId)) },
  };
}

import type { CodeEntry, CodeMeaning } from '../transport/call-failure.ts';
import {
  codeEntries,
  findGatewayCode,
  type CodesByMeaning,
} from '../transport/gateway-error-table.ts';

/**
 * Codes of the ECS API by what they mean.
 *
 * Source: ECS API 2014-05-26, the error codes published per operation.
 */
const ECS_CODES: CodesByMeaning = {
  locked: [
    'DependencyViolation.SLBConfiguring',
    'IncorrectInstanceStatus',
    'IncorrectInstanceStatus.Initializing',
    'IncorrectVSwitchStatus',
    'InvalidOperation.Conflict',
    'InvalidOperation.InvalidEcsState',
    'InvalidOperation.InvalidEniState',
    'InvalidStatus.InstanceIsMigrating',
    'Operation.Conflict',
  ],
  absent: ['InvalidEcsId.NotFound', 'InvalidEniId.NotFound', 'InvalidInstanceIds.NotFound'],
  denied: ['Forbidden.RegionId', 'InvalidOperation.DetachPrimaryEniNotAllowed'],
  quota: [
    'AclLimitExceed',
    'EniPerInstanceLimitExceeded',
    'InvalidOperation.EniCountExceeded',
    'InvalidOperation.ExceedInstanceTypeQueueNumber',
    'InvalidOperation.HighPerformanceEniPerInstanceLimitExceeded',
    'InvalidOperation.MaxEniQueueNumberExceeded',
    'InvalidOperation.MaxEniQueuePairNumberExceed',
    'InvalidParameter.TooManyInstanceIds',
    'JoinedGroupLimitExceed',
    'MaxEniCountExceeded',
    'SecurityGroupInstanceLimitExceed',
  ],
  billing: ['InvalidInternetChargeType.ValueNotSupported'],
  unsupported: [
    'InvalidConnectionTrackingConfiguration.RegionOrUserNotSupported',
    'InvalidEniQueueSize.RegionOrUserNotSupported',
    'InvalidOperation.EniServiceManaged',
    'InvalidOperation.EniTrafficModeNotSupportIPv6',
    'InvalidOperation.InstanceTypeNotSupportHighPerformance',
    'InvalidOperation.NotSupportModifyQueueNumber',
    'InvalidOperation.PrimaryEniOnlySupportModifyNameAndDesc',
    'InvalidOperation.ResourceManagedByCloudProduct',
    'InvalidTrafficMode.ModifyToStandardNotSupported',
    'InvalidUserType.NotSupported',
  ],
  missing: [
    'Abs.InvalidAccount.NotFound',
    'InvalidDiskChargeType.NotFound',
    'InvalidFilterKey.NotFound',
    'InvalidHpcClusterId.NotFound',
    'InvalidInstanceChargeType.NotFound',
    'InvalidLockReason.NotFound',
    'InvalidNetworkType.NotFound',
    'InvalidSecurityGroupId.NotFound',
    'InvalidSnapshot.NotFound',
    'InvalidStatus.NotFound',
    'InvalidVSwitchId.NotFound',
    'InvalidZoneId.NotFound',
  ],
  invalid: [
    'DryRunOperation',
    'InvalidCategory.ValueNotSupported',
    'InvalidDiskIds.Malformed',
    'InvalidDiskType.ValueNotSupported',
    'InvalidFilterValue',
    'InvalidHpcClusterId.Creating',
    'InvalidInstanceID.Malformed',
    'InvalidOperation.AvailabilityZoneMismatch',
    'InvalidOperation.EniQueuePairNumberOverflow',
    'InvalidOperation.InvalidEniPageNumber',
    'InvalidOperation.InvalidEniType',
    'InvalidOperation.ModifyPrimaryEniQueueNumber',
    'InvalidOperation.MultiGroupType',
    'InvalidOperation.VpcMismatch',
    'InvalidRegionId.MalFormed',
    'InvalidSecurityGroupId.NotVpc',
    'InvalidStatus.ValueNotSupported',
    'InvalidTag.Mismatch',
    'InvalidTagCount',
    'InvalidVpc.Empty',
    'InvalidVpc.Indeterminacy',
  ],
};

/** Whole families of codes; the first that fits decides, after every exact line. */
const ECS_FAMILIES: readonly (readonly [prefix: string, meaning: CodeMeaning])[] = [
  ['QuotaExceed', 'quota'],
  ['InvalidParam', 'invalid'],
  ['MissingParam', 'invalid'],
];

const ADVICE: Readonly<Record<string, string>> = {
  'Forbidden.RegionId': 'the account may not use this region',
  'InvalidEniId.NotFound': 'the network interface does not exist',
  'InvalidOperation.EniServiceManaged':
    'the network interface is managed by another service and cannot be changed here',
  'InvalidOperation.InvalidEcsState': 'the instance is just starting, stopping or being changed',
  'InvalidOperation.InvalidEniState': 'the network interface is just being changed',
  'InvalidOperation.ResourceManagedByCloudProduct':
    'the network interface is managed by another service and cannot be changed here',
};

const EXACT = codeEntries(ECS_CODES, ADVICE);

/** Tells what a code of the ECS API means; `undefined` for one that has no line. */
export function findEcsCode(_action: string, code: string): CodeEntry | undefined {
  const exact = EXACT.get(code) ?? findGatewayCode(code);
  if (exact !== undefined) return exact;
  const family = ECS_FAMILIES.find(([prefix]) => code.startsWith(prefix));
  return family === undefined ? undefined : { meaning: family[1] };
}

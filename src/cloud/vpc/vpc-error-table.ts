import type { CodeEntry, CodeMeaning } from '../transport/call-failure.ts';
import {
  codeEntries,
  findGatewayCode,
  type CodesByMeaning,
} from '../transport/gateway-error-table.ts';

/**
 * Codes of the VPC API by what they mean.
 *
 * Source: VPC API 2016-04-28, the error codes published per operation; items of a batch answer
 *   codes of the single operations, and some of their own that begin with `VPC_`.
 */
const VPC_CODES: CodesByMeaning = {
  locked: [
    // Misspelt on the wire.
    'IncorrcetRouteEntryStatus',
    'IncorrectHaVipStatus',
    'IncorrectInstanceStatus',
    'IncorrectRouteEntryStatus',
    'IncorrectVSwitchStatus',
    'IncorrectVpcStatus',
    'InvalidStatus.RouteEntry',
    'InvalidVBRStatus',
    'OperationDenied.OtherSubnetProcessing',
    'OperationDenied.VbrAttachEcrInMiddleStatus',
    'OperationFailed.DistibuteLock',
    'OperationFailed.IdempotentTokenProcessing',
    'OperationFailed.LastTokenProcessing',
    'OperationFailed.OperationLocked',
    'OperationFailed.SystemBusy',
    'SystemBusy',
    'TOKEN_PROCESSING',
    'VPC_ROUTE_ENTRY_STATUS_ERROR',
  ],
  waiting: [
    // The plan is made again from what is there: an entry that was not known before.
    'Duplicated.VpcNextHop',
    'InvalidCIDRBlock.Duplicate',
    'InvalidRouteEntry.Duplicate',
    'RouterEntryConflict.Duplicated',
    'VPC_ROUTE_ENTRY_CIDR_BLOCK_DUPLICATE',
  ],
  absent: [
    'Forbidden.VpcNotFound',
    'InvalidRouteEntry.NotFound',
    'InvalidRouteEntryId.NotFound',
    'InvalidRouteTable.NotFound',
    'InvalidRouteTableId.NotFound',
    'InvalidVPC.NotFound',
    'InvalidVpc.NotFound',
    'InvalidVpcID.NotFound',
    'InvalidVpcId.NotFound',
    'VPC_ROUTER_ENTRY_NOT_EXIST',
  ],
  internal: ['Internal.Error', 'VPC.ERROR', 'Vpc.Error'],
  passing: [
    // An instance that a node has left, or that is just starting or stopping.
    'InvalidInstanId.NotFound',
    'InvalidNetworkInterface.NotFound',
    'InvalidNextHop.NotFound',
    'InvalidNextHopId.NotFound',
    'InvalidNexthop.NotFound',
    'OperationFailed.ActiveNetworkInterfaceNotFound',
    'OperationFailed.GetEniInfo',
    'OperationFailed.NotifyCenCreate',
    'OperationFailed.NotifyCenDelete',
    'OperationFailed.QueryAttachmentInfo',
    'OperationFailed.QueryCenEntry',
    'ResourceNotFound.NetworkInterface',
    // The tokens of a list do not live for ever; the next listing has new ones.
    'IllegalParam.NextTokenExpired',
  ],
  // A code with two causes: no permission, and at times nothing that lasts.
  denied: ['Forbbiden'],
  quota: [
    'CountLimitExceed.HaVipRouteEntry',
    'Forbidden.CheckEntryRuleQuota',
    'OperationFailed.ScopeActiveRouteEntryQuota',
    'OperationFailed.ScopeStandbyRouteEntryQuota',
    'SizeLimitExceeded.ResourceId',
    'SizeLimitExceeded.TagNum',
  ],
  billing: [
    'Abs.InvalidPayPeriod',
    'Abs.InvalidPayType',
    'InvalidPhysicalConnectionBusinessStatus',
    'OperationFailed.PconnTrafficNotEnable',
  ],
  unsupported: [
    'InvalidNexthop.UnsupportedEniBizType',
    'InvalidVpcIdNumber.NotSupported',
    'OperationDenied',
    'OperationFailed.DeleteMultiScopeEntry',
    'OperationFailed.MultiScopeType',
    'OperationFailed.NotSupportIPV6',
    'OperationFailed.ScopeActiveRouteEntryType',
    'Region.NotSupport',
    'ResourceNotAssociated.Cen',
    'ResourceNotAssociated.Ecr',
    'UnsupportedRegion',
  ],
  missing: [
    'Abs.InstanceNotExist',
    'Forbidden.PrivateIpNotFound',
    'Forbidden.VRouterNotFound',
    'InvalidAttachment.NotFound',
    'InvalidEntryRuleQuota.NotFound',
    'InvalidHaVip.NotFound',
    'InvalidHaVipId.NotFound',
    'InvalidIpv6Gateway.NotFound',
    'InvalidNatGateway.NotFound',
    'InvalidNatGatewayId.NotFound',
    'InvalidResourceGroupId.NotFound',
    'InvalidVRouter.NotFound',
    'InvalidVpnInstanceId.NotFound',
    'ResourceNotFound.Cen',
    'ResourceNotFound.Ipv4Gateway',
    'ResourceNotFound.PrefixList',
    'ResourceNotFound.VpcPeer',
  ],
  invalid: [
    'Abs.Forbidden',
    'DefaultValidate.Error',
    'DryRunOperation',
    'Duplicated.ClientToken',
    'FORBIDDEN_USE_VPC_AS_INTERNET_GATEWAY',
    'IellgalParameter.OwnerAccount',
    'INVALID_VPC_ID',
    'INVALID_WEIGHT_PARAM',
    'InvalidAliuid',
    'InvalidCidrBlock',
    'InvalidCidrBlock.Malformed',
    'InvalidDestinationCidrBlock',
    'InvalidNextHop',
    'InvalidNextHopList.Size',
    'InvalidNextHopType',
    'InvalidNexthop',
    'InvalidNexthop.DirectEni',
    'InvalidNexthopListSize',
    'InvalidNexthopTypeAndList.BothNotNull',
    'InvalidNexthopTypeAndList.BothNull',
    'InvalidOppositeRouterType',
    'InvalidResourceGroupId',
    'InvalidRouteEntry',
    'InvalidRouteEntryName.Malformed',
    'InvalidRouteEntrySize',
    'InvalidRouterInterface',
    'InvalidRouterType',
    'InvalidTagKey',
    'InvalidTagValue',
    'OperationFailed.CidrConflictWithPrefixList',
    'OperationFailed.CxpRouteExist',
    'OperationFailed.EcmpInvalidRouterInterfaceOppositeType',
    'OperationFailed.FilterParamUnderWrongRouteType',
    'OperationFailed.InstanceDismatchCurrentVpc',
    'OperationFailed.InvalidNextHopType',
    'OperationFailed.InvalidNexthop',
    'ResourceAlreadyAssociated.PrefixList',
    'RouteConflict.AlreadyExist',
  ],
};

/** Whole families of codes; the first that fits decides, after every exact line. */
const VPC_FAMILIES: readonly (readonly [prefix: string, meaning: CodeMeaning])[] = [
  ['IncorrectStatus', 'locked'],
  ['TaskConflict', 'locked'],
  ['DependencyViolation', 'waiting'],
  ['QuotaExceeded', 'quota'],
  ['OperationDenied.', 'unsupported'],
  ['OperationUnsupported.', 'unsupported'],
  ['UnsupportedFeature.', 'unsupported'],
  ['IllegalParam', 'invalid'],
  ['InvalidParam', 'invalid'],
  ['MissingParam', 'invalid'],
  ['Mismatch.', 'invalid'],
  ['ParamExclusive.', 'invalid'],
];

const ROUTES_ARE_FULL =
  'the route table has as many custom entries as the quota allows; remove entries, use another table or raise the quota "vpc_quota_route_entrys_num"';

const ADVICE: Readonly<Record<string, string>> = {
  'InvalidCIDRBlock.Duplicate': 'the route table has an entry of this destination already',
  VPC_ROUTE_ENTRY_CIDR_BLOCK_DUPLICATE: 'the route table has an entry of this destination already',
  VPC_ROUTE_ENTRY_STATUS_ERROR: 'an earlier change of the entry is still being applied',
  VPC_ROUTER_ENTRY_NOT_EXIST: 'the entry does not exist',
  'InvalidRouteEntry.Duplicate': 'the route table has an entry of this destination already',
  'InvalidRouteTable.NotFound': 'the route table does not exist; check its id and region',
  'InvalidRouteTableId.NotFound': 'the route table does not exist; check its id and region',
  'InvalidVpcID.NotFound': 'the VPC does not exist; check its id and region',
  'InvalidVpcId.NotFound': 'the VPC does not exist; check its id and region',
  'InvalidNextHop.NotFound': 'the next hop does not exist; its node may be gone',
  'InvalidNextHopId.NotFound': 'the next hop does not exist; its node may be gone',
  'InvalidNexthop.NotFound': 'the next hop does not exist; its node may be gone',
  OperationDenied: 'the entry belongs to the cloud itself and cannot be changed',
  'OperationDenied.DeleteManagedRouteEntry':
    'the entry is managed by another service and cannot be deleted here',
  'OperationDenied.VpcIpv6NotEnabled': 'IPv6 is not enabled in the VPC; enable it first',
  'OperationUnsupported.DestinationCidrBlockOverlapWithVSwitch':
    'the destination lies within a vSwitch of the VPC; choose pod networks apart from the vSwitches',
};

/** Advice of whole families of codes. */
const FAMILY_ADVICE: readonly (readonly [prefix: string, advice: string])[] = [
  ['QuotaExceeded', ROUTES_ARE_FULL],
];

const EXACT = codeEntries(VPC_CODES, ADVICE);

/** Tells what a code of the VPC API means; `undefined` for one that has no line. */
export function findVpcCode(_action: string, code: string): CodeEntry | undefined {
  const exact = EXACT.get(code) ?? findGatewayCode(code);
  if (exact !== undefined) return exact;
  const family = VPC_FAMILIES.find(([prefix]) => code.startsWith(prefix));
  if (family === undefined) return undefined;
  const advice = ADVICE[code] ?? FAMILY_ADVICE.find(([prefix]) => code.startsWith(prefix))?.[1];
  return advice === undefined ? { meaning: family[1] } : { meaning: family[1], advice };
}

import type { CloudIdentity } from '../../cloud/cloud-identity.ts';
import type { CreateLoadBalancerParameters } from '../../cloud/slb/slb-client.ts';
import type { LoadBalancerResource } from '../kubernetes-objects.ts';
import { conditionTime } from '../conditions.ts';
import { canonicalDigest } from './canonical-digest.ts';
import type { DesiredAttributes } from './load-balancer-desired.ts';
import type { ObservedAttributes } from './load-balancer-observed.ts';
import type { AlibabaLoadBalancerStatus } from './load-balancer-resource.generated.ts';

/** The open request for a load balancer, as the status records it before it is sent. */
export type CreationRecord = NonNullable<AlibabaLoadBalancerStatus['creation']>;

/** What a load balancer of a cluster is made with where its spec says nothing. */
export interface CreationDefaults {
  readonly vSwitchId?: string;
  readonly resourceGroupId?: string;
}

const MODIFICATION_PROTECTION_REASON = 'managed.by.ack';
const DEFAULT_INSTANCE_SPEC = 'slb.s1.small';

/**
 * Younger than this, an open request is simply repeated; older, the load balancer is looked for
 * first, because how long the cloud remembers a token is not documented.
 */
const REPLAY_FOR_MS = 10 * 60_000;

/** How long a load balancer that may have been made can stay unseen by tag and name. */
const LOOK_FOR_MS = 5 * 60_000;

/**
 * Records what to ask the cloud for.
 *
 * Shape: the token depends on the object, on how many of its load balancers are known to be gone,
 *   and on the parameters, so that another request never reuses the token of an earlier one.
 */
export function newCreationRecord(
  resource: LoadBalancerResource,
  parameters: CreateLoadBalancerParameters,
  identity: CloudIdentity,
  nowMs: number,
): CreationRecord {
  const epoch = resource.status.creationEpoch ?? 0;
  return {
    token: canonicalDigest({ uid: resource.metadata.uid, epoch, parameters }),
    parameters: { ...parameters },
    startedAt: conditionTime(nowMs),
    accountId: identity.accountId,
    regionId: identity.regionId,
  };
}

/**
 * Writes the request for a load balancer.
 *
 * Source: SLB API 2014-05-15, CreateLoadBalancer.
 */
export function creationParameters(
  resource: LoadBalancerResource,
  desired: DesiredAttributes,
  defaults: CreationDefaults,
): CreateLoadBalancerParameters {
  const { spec } = resource;
  const clb = spec.clb ?? {};
  const isIntranet = spec.addressType === 'Intranet';
  const instanceChargeType = desired.instanceChargeType ?? 'PayByCLCU';
  const parameters: Record<string, string | undefined> = {
    AddressType: isIntranet ? 'intranet' : 'internet',
    LoadBalancerName: desired.name,
    InstanceChargeType: instanceChargeType,
    LoadBalancerSpec:
      instanceChargeType === 'PayBySpec' ? (desired.spec ?? DEFAULT_INSTANCE_SPEC) : undefined,
    InternetChargeType: isIntranet ? undefined : desired.internetChargeType,
    Bandwidth:
      desired.internetChargeType === 'paybybandwidth'
        ? desired.bandwidthMbps?.toString()
        : undefined,
    VSwitchId: isIntranet ? (clb.vSwitchId ?? defaults.vSwitchId) : undefined,
    MasterZoneId: clb.masterZoneId,
    SlaveZoneId: clb.slaveZoneId,
    ResourceGroupId: spec.resourceGroupId ?? defaults.resourceGroupId,
    DeleteProtection: desired.deleteProtection,
    ModificationProtectionStatus: desired.modificationProtection,
    ModificationProtectionReason:
      desired.modificationProtection === 'ConsoleProtection'
        ? MODIFICATION_PROTECTION_REASON
        : undefined,
  };
  desired.tags.forEach((tag, index) => {
    parameters[`Tag.${index + 1}.Key`] = tag.key;
    parameters[`Tag.${index + 1}.Value`] = tag.value;
  });
  return Object.fromEntries(
    Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

/** Reads back, from the recorded request, what the cloud has made. */
export function attributesOfCreation(parameters: CreateLoadBalancerParameters): ObservedAttributes {
  const tags: { key: string; value: string }[] = [];
  for (let index = 1; parameters[`Tag.${index}.Key`] !== undefined; index += 1) {
    const key = parameters[`Tag.${index}.Key`] ?? '';
    tags.push({ key, value: parameters[`Tag.${index}.Value`] ?? '' });
  }
  return {
    name: parameters.LoadBalancerName ?? '',
    spec: parameters.LoadBalancerSpec ?? '',
    instanceChargeType: parameters.InstanceChargeType ?? '',
    internetChargeType: parameters.InternetChargeType ?? 'paybytraffic',
    bandwidthMbps: Number(parameters.Bandwidth ?? 0),
    deleteProtection: parameters.DeleteProtection === 'on' ? 'on' : 'off',
    modificationProtection:
      parameters.ModificationProtectionStatus === 'ConsoleProtection'
        ? 'ConsoleProtection'
        : 'NonProtection',
    tags,
  };
}

/** Tells whether an open request is so old that the load balancer is looked for before it is repeated. */
export function isLookUpNeeded(creation: CreationRecord, nowMs: number): boolean {
  return nowMs - Date.parse(creation.startedAt) >= REPLAY_FOR_MS;
}

/** Tells whether a load balancer that was not found can still turn up. */
export function canStillAppear(creation: CreationRecord, nowMs: number): boolean {
  return nowMs - Date.parse(creation.startedAt) < LOOK_FOR_MS;
}

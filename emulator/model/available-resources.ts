import type { Answer, OperationContext, OperationHandler } from './operation-context.ts';
import { DISK_CATEGORIES, instanceTypesOf, zonesOf } from './region-operations.ts';

/** What CLB says can be had where: nothing here is ever sold out. */
export const AVAILABLE_OPERATIONS: Readonly<Record<string, OperationHandler>> = {
  DescribeAvailableResource: describeAvailablePairs,
};

/** The same question as ECS answers it. */
export const COMPUTE_AVAILABLE_OPERATIONS: Readonly<Record<string, OperationHandler>> = {
  DescribeAvailableResource: describeAvailableResource,
};

// The kinds of addresses and the families that each can be had in.
const ADDRESSES = [
  { AddressType: 'vpc', AddressIPVersion: 'ipv4' },
  { AddressType: 'classic-internet', AddressIPVersion: 'ipv4' },
  { AddressType: 'classic-internet', AddressIPVersion: 'ipv6' },
];

/** Two zones in either order make a pair. */
function describeAvailablePairs(context: OperationContext): Answer {
  const zones = zonesOf(context.state, context.regionId);
  const supported = ADDRESSES.filter((each) =>
    context.wants('AddressType', each.AddressType),
  ).filter((each) => context.wants('AddressIPVersion', each.AddressIPVersion));
  const pairs = zones.flatMap((MasterZoneId) =>
    zones
      .filter((SlaveZoneId) => SlaveZoneId !== MasterZoneId)
      .map((SlaveZoneId) => ({
        MasterZoneId,
        SlaveZoneId,
        SupportResources: { SupportResource: supported },
      })),
  );
  return { AvailableResources: { AvailableResource: supported.length === 0 ? [] : pairs } };
}

// What is sold beside instance types, by kind.
const VALUES: Readonly<Record<string, readonly string[]>> = {
  Zone: [],
  IoOptimized: ['optimized'],
  SystemDisk: DISK_CATEGORIES,
  DataDisk: DISK_CATEGORIES,
  Network: ['vpc'],
  ddh: [],
};

function describeAvailableResource(context: OperationContext): Answer {
  const { parameters, state, regionId } = context;
  const kind = parameters.text('DestinationResource');
  if (kind !== 'InstanceType' && VALUES[kind] === undefined) {
    throw context.failure(
      'Invalid.DestinationResource',
      'The specified parameter "DestinationResource" is not valid.',
    );
  }
  const wanted = parameters.findText('InstanceType');
  const zones = zonesOf(state, regionId).filter(
    (zoneId) =>
      context.wants('ZoneId', zoneId) &&
      (wanted === undefined || instanceTypesOf(state, zoneId).includes(wanted)),
  );
  const inStock = { Status: 'Available', StatusCategory: 'WithStock' };
  const valuesIn = (zoneId: string): readonly string[] => {
    const types = instanceTypesOf(state, zoneId);
    if (kind !== 'InstanceType') return VALUES[kind] ?? [];
    return wanted === undefined ? types : [wanted];
  };
  return {
    AvailableZones: {
      AvailableZone: zones.map((zoneId) => ({
        RegionId: regionId,
        ZoneId: zoneId,
        ...inStock,
        AvailableResources: {
          AvailableResource: [
            {
              Type: kind,
              SupportedResources: {
                SupportedResource: valuesIn(zoneId).map((Value) => ({ Value, ...inStock })),
              },
            },
          ],
        },
      })),
    },
  };
}

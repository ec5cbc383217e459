import type { CloudState } from './cloud-state.ts';
import type { Answer, OperationContext, OperationHandler } from './operation-context.ts';

// A few of the real regions, each with the letters of its zones.
const REGION_ZONES: Readonly<Record<string, string>> = {
  'cn-qingdao': 'bc',
  'cn-beijing': 'fghk',
  'cn-zhangjiakou': 'abc',
  'cn-huhehaote': 'ab',
  'cn-hangzhou': 'hijk',
  'cn-shanghai': 'bflm',
  'cn-shenzhen': 'cdef',
  'cn-hongkong': 'bcd',
  'ap-southeast-1': 'abc',
  'ap-northeast-1': 'abc',
  'eu-central-1': 'abc',
  'us-east-1': 'ab',
  'us-west-1': 'ab',
};

/** The operations that list regions and zones. */
export const REGION_OPERATIONS: Readonly<Record<string, OperationHandler>> = {
  DescribeRegions: describeRegions,
  DescribeZones: describeZones,
};

/** Lists the regions of this cloud: some of the real ones, and those that seeds name. */
export function listRegions(state: CloudState): string[] {
  const seeded = [...state.vpcs.list(), ...state.instances.list()].map(({ regionId }) => regionId);
  return [...new Set([...Object.keys(REGION_ZONES), state.regionId, ...seeded])];
}

/** Lists the zones of a region: those that seeds put something in, then the real ones. */
export function zonesOf(state: CloudState, regionId: string): string[] {
  const seeded = state.vSwitches
    .list()
    .filter((vSwitch) => vSwitch.regionId === regionId)
    .map(({ zoneId }) => zoneId);
  const separator = /-\d+$/.test(regionId) ? '' : '-';
  const real = (REGION_ZONES[regionId] ?? 'ab')
    .split('')
    .map((letter) => `${regionId}${separator}${letter}`);
  return [...new Set([...seeded, ...real])];
}

/** The same questions as ECS answers them. */
export const COMPUTE_REGION_OPERATIONS: Readonly<Record<string, OperationHandler>> = {
  DescribeRegions: describeComputeRegions,
  DescribeZones: describeComputeZones,
};

function describeComputeRegions(context: OperationContext): Answer {
  return {
    Regions: {
      Region: listRegions(context.state).map((regionId) => ({
        RegionId: regionId,
        LocalName: regionId,
        RegionEndpoint: `ecs.${regionId}.aliyuncs.com`,
        Status: 'available',
      })),
    },
  };
}

// What can be had in every zone, beside what seeds put there.
const INSTANCE_TYPES = ['ecs.g7.large', 'ecs.g7.xlarge', 'ecs.g7.2xlarge'];

/** The kinds of disks that can be had everywhere. */
export const DISK_CATEGORIES: readonly string[] = ['cloud_essd', 'cloud_auto'];

/** Lists the types of instances that can be had in a zone, those that are there among them. */
export function instanceTypesOf(state: CloudState, zoneId: string): string[] {
  const there = state.instances
    .list()
    .filter((instance) => instance.zoneId === zoneId)
    .map(({ instanceType }) => instanceType);
  return [...new Set([...INSTANCE_TYPES, ...there])];
}

function describeComputeZones(context: OperationContext): Answer {
  return {
    Zones: {
      Zone: zonesOf(context.state, context.regionId).map((zoneId) => ({
        ZoneId: zoneId,
        LocalName: zoneId,
        ZoneType: 'AvailabilityZone',
        AvailableResourceCreation: {
          ResourceTypes: ['VSwitch', 'IoOptimized', 'Instance', 'Disk'],
        },
        AvailableInstanceTypes: {
          InstanceTypes: instanceTypesOf(context.state, zoneId),
        },
        AvailableDiskCategories: { DiskCategories: DISK_CATEGORIES },
      })),
    },
  };
}

function describeRegions(context: OperationContext): Answer {
  const asked = context.parameters.findText('RegionId');
  return {
    Regions: {
      Region: listRegions(context.state)
        .filter((regionId) => asked === undefined || regionId === asked)
        .map((regionId) => ({
          RegionId: regionId,
          LocalName: regionId,
          RegionEndpoint: `slb.${regionId}.aliyuncs.com`,
        })),
    },
  };
}

function describeZones(context: OperationContext): Answer {
  const zones = zonesOf(context.state, context.regionId);
  return {
    Zones: {
      Zone: zones.map((zoneId) => ({
        ZoneId: zoneId,
        LocalName: zoneId,
        SlaveZones: {
          SlaveZone: zones
            .filter((slave) => slave !== zoneId)
            .map((slave) => ({ ZoneId: slave, LocalName: slave })),
        },
      })),
    },
  };
}

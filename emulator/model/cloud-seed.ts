import type { NextHop } from './vpc/network-objects.ts';

/** Accounts, identities, networks and what is in them, to add to a cloud; what the seeding verb takes. */
export interface CloudSeed {
  readonly accounts?: readonly (string | { readonly accountId: string })[];
  readonly accessKeys?: readonly SeedAccessKey[];
  readonly oidcProviders?: readonly SeedOidcProvider[];
  readonly ramRoles?: readonly SeedRamRole[];
  readonly regionId?: string;
  readonly vpcs?: readonly SeedVpc[];
  readonly instances?: readonly SeedInstance[];
  readonly networkInterfaces?: readonly SeedFreeInterface[];
  readonly disks?: readonly SeedDisk[];
  readonly routeEntries?: readonly SeedRouteEntry[];
  /** Tags by the id of what they are put on, seeded before or now. */
  readonly tags?: Readonly<Record<string, SeedTags>>;
  readonly quotas?: Readonly<Record<string, number>>;
  readonly ramRole?: string;
}

/** Tag values by key. */
export type SeedTags = Readonly<Record<string, string>>;

export interface SeedAccessKey {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  readonly securityToken?: string;
  readonly account?: string;
  /** The RAM user that the key belongs to; the account itself unless told. */
  readonly userName?: string;
}

/** An identity provider whose tokens are exchanged for a role. */
export interface SeedOidcProvider {
  readonly name: string;
  readonly issuer: string;
  /** The audiences that are accepted. */
  readonly clientIds: readonly string[];
  readonly account?: string;
}

export interface SeedRamRole {
  readonly name: string;
  readonly account?: string;
  /** The longest session, an hour unless told. */
  readonly maxSessionDurationSeconds?: number;
  /** Subjects of tokens that may take the role; any unless told. */
  readonly trustedSubjects?: readonly string[];
}

export interface SeedVSwitch {
  readonly vSwitchId: string;
  readonly zoneId: string;
  readonly cidrBlock: string;
  readonly ipv6CidrBlock?: string;
  readonly vSwitchName?: string;
  readonly description?: string;
  readonly routeTableId?: string;
}

export interface SeedRouteTable {
  readonly routeTableId: string;
  readonly type: 'System' | 'Custom';
  readonly routeTableName?: string;
  readonly description?: string;
}

export interface SeedVpc {
  readonly vpcId: string;
  readonly cidrBlock: string;
  readonly ipv6CidrBlock?: string;
  readonly secondaryCidrBlocks?: readonly string[];
  readonly vpcName?: string;
  readonly description?: string;
  readonly resourceGroupId?: string;
  readonly isDefault?: boolean;
  readonly account?: string;
  readonly regionId?: string;
  readonly vSwitches?: readonly SeedVSwitch[];
  readonly routeTables?: readonly SeedRouteTable[];
}

export interface SeedInterface {
  readonly networkInterfaceId: string;
  readonly networkInterfaceName?: string;
  readonly description?: string;
  readonly privateIps: readonly string[];
  readonly ipv6s?: readonly string[];
  readonly primary?: boolean;
  readonly vSwitchId?: string;
  readonly securityGroupIds?: readonly string[];
  readonly sourceDestCheck?: boolean;
  readonly deleteOnRelease?: boolean;
  readonly tags?: SeedTags;
}

/** A network interface that is attached to nothing. */
export interface SeedFreeInterface extends Omit<SeedInterface, 'primary'> {
  readonly vSwitchId: string;
  readonly account?: string;
  readonly regionId?: string;
}

export interface SeedInstance {
  readonly instanceId: string;
  readonly regionId?: string;
  readonly zoneId: string;
  readonly vSwitchId: string;
  readonly instanceType: string;
  readonly hostName?: string;
  readonly instanceName?: string;
  readonly description?: string;
  readonly privateIps: readonly string[];
  readonly publicIp?: string;
  readonly eip?: { readonly allocationId: string; readonly ipAddress: string };
  readonly enis?: readonly SeedInterface[];
  /** Of all its interfaces that do not say otherwise; true unless told. */
  readonly sourceDestCheck?: boolean;
  readonly securityGroupIds?: readonly string[];
  readonly chargeType?: string;
  readonly spotStrategy?: string;
  readonly locks?: readonly string[];
  readonly deletionProtection?: boolean;
  readonly imageId?: string;
  readonly resourceGroupId?: string;
  readonly tags?: SeedTags;
  readonly status?: string;
  readonly account?: string;
}

export interface SeedDisk {
  readonly diskId: string;
  readonly diskName?: string;
  readonly description?: string;
  readonly zoneId?: string;
  readonly placementZoneIds?: readonly string[];
  readonly regionId?: string;
  readonly type?: 'system' | 'data';
  readonly category?: string;
  readonly performanceLevel?: string;
  readonly size?: number;
  readonly chargeType?: string;
  readonly encrypted?: boolean;
  readonly portable?: boolean;
  readonly deleteWithInstance?: boolean;
  readonly instanceId?: string;
  readonly status?: string;
  readonly tags?: SeedTags;
  readonly account?: string;
}

/** A custom route entry as somebody made it; nothing about it is checked but its table. */
export interface SeedRouteEntry {
  readonly routeEntryId?: string;
  readonly routeTableId: string;
  readonly destinationCidrBlock: string;
  readonly nextHopId?: string;
  readonly nextHopType?: string;
  /** Instead of `nextHopId`, for several ways of equal cost. */
  readonly nextHops?: readonly NextHop[];
  readonly routeEntryName?: string;
  readonly description?: string;
}

/** The account that objects and keys belong to when a seed names none. */
export const DEFAULT_ACCOUNT = '1234567890123456';

/** The region of a cloud whose seed names none. */
export const DEFAULT_REGION = 'cn-hangzhou';

/** One key, one VPC with two zones, three running instances. */
export const DEFAULT_SEED: CloudSeed = {
  accounts: [DEFAULT_ACCOUNT],
  accessKeys: [
    { accessKeyId: 'emulator', accessKeySecret: 'emulator-secret', account: DEFAULT_ACCOUNT },
  ],
  regionId: DEFAULT_REGION,
  ramRole: 'KubernetesWorkerRole',
  vpcs: [
    {
      vpcId: 'vpc-bp1emulator0000000000',
      cidrBlock: '10.0.0.0/8',
      vSwitches: [
        {
          vSwitchId: 'vsw-bp1emulator000000000h',
          zoneId: 'cn-hangzhou-h',
          cidrBlock: '10.0.0.0/20',
        },
        {
          vSwitchId: 'vsw-bp1emulator000000000i',
          zoneId: 'cn-hangzhou-i',
          cidrBlock: '10.0.16.0/20',
        },
      ],
      routeTables: [{ routeTableId: 'vtb-bp1emulator0000000000', type: 'System' }],
    },
  ],
  instances: seedInstances(3),
};

/**
 * Makes running instances in the zones of the default seed, alternately.
 *
 * Shape: node `n` (from 1) has the address 10.0.0.100+n or 10.0.16.100+n and a name of its own.
 */
export function seedInstances(count: number): SeedInstance[] {
  return Array.from({ length: count }, (_, index) => {
    const number = index + 1;
    const zone = index % 2 === 0 ? 'h' : 'i';
    const low = 100 + number;
    const privateIp = `10.0.${(zone === 'h' ? 0 : 16) + (low >> 8)}.${low & 255}`;
    const suffix = String(number).padStart(8, '0');
    return {
      instanceId: `i-bp1emulator${suffix}`,
      regionId: DEFAULT_REGION,
      zoneId: `cn-hangzhou-${zone}`,
      vSwitchId: `vsw-bp1emulator000000000${zone}`,
      instanceType: 'ecs.g7.xlarge',
      hostName: `node-${number}`,
      privateIps: [privateIp],
      enis: [
        {
          networkInterfaceId: `eni-bp1emulator${suffix}`,
          privateIps: [privateIp],
          primary: true,
        },
      ],
      status: 'Running',
    };
  });
}

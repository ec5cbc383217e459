import type { NetworkInterface, RouteTable } from './cloud-objects.ts';

/** Accounts, keys, networks and instances to add to a cloud; what the seeding verb takes. */
export interface CloudSeed {
  readonly accounts?: readonly (string | { readonly accountId: string })[];
  readonly accessKeys?: readonly SeedAccessKey[];
  readonly regionId?: string;
  readonly vpcs?: readonly SeedVpc[];
  readonly instances?: readonly SeedInstance[];
  readonly quotas?: Readonly<Record<string, number>>;
  readonly ramRole?: string;
}

export interface SeedAccessKey {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  readonly securityToken?: string;
  readonly account?: string;
}

export interface SeedVSwitch {
  readonly vSwitchId: string;
  readonly zoneId: string;
  readonly cidrBlock: string;
  readonly vSwitchName?: string;
}

export interface SeedVpc {
  readonly vpcId: string;
  readonly cidrBlock: string;
  readonly vpcName?: string;
  readonly account?: string;
  readonly regionId?: string;
  readonly vSwitches?: readonly SeedVSwitch[];
  readonly routeTables?: readonly RouteTable[];
}

export interface SeedInstance {
  readonly instanceId: string;
  readonly regionId?: string;
  readonly zoneId: string;
  readonly vSwitchId: string;
  readonly instanceType: string;
  readonly hostName?: string;
  readonly instanceName?: string;
  readonly privateIps: readonly string[];
  readonly publicIp?: string;
  readonly eip?: { readonly allocationId: string; readonly ipAddress: string };
  readonly enis?: readonly NetworkInterface[];
  readonly status?: string;
  readonly account?: string;
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

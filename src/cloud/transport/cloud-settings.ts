/** The products of Alibaba Cloud that this operator calls. */
export type CloudProduct = 'slb' | 'sts' | 'ecs' | 'vpc';

/**
 * Where the right to call the cloud comes from.
 *
 * Shape: `ramRole` asks the instance metadata, and finds the role's name there unless it is given;
 *   `oidcRole` (RRSA) shows the token of the pod's service account to the token service;
 *   `assumedRole` takes a role with an access key.
 */
export type CredentialSettings =
  | {
      readonly kind: 'accessKey';
      readonly accessKeyId: string;
      readonly accessKeySecret: string;
    }
  | {
      readonly kind: 'stsToken';
      readonly accessKeyId: string;
      readonly accessKeySecret: string;
      readonly securityToken: string;
    }
  | { readonly kind: 'ramRole'; readonly roleName?: string }
  | {
      readonly kind: 'oidcRole';
      readonly roleArn: string;
      readonly oidcProviderArn: string;
      /** The path of the file that holds the service account's token. */
      readonly tokenFile: string;
      readonly sessionName?: string;
    }
  | {
      readonly kind: 'assumedRole';
      readonly roleArn: string;
      readonly sessionName?: string;
      /** What the role is taken with. */
      readonly accessKeyId: string;
      readonly accessKeySecret: string;
      readonly securityToken?: string;
    };

/** A vSwitch that new load balancers may use, with its zone where the configuration names one. */
export interface VSwitchSetting {
  readonly vSwitchId: string;
  readonly zoneId?: string;
}

/**
 * All that the cloud clients need to know before their first call; made by the configuration.
 *
 * Shape: what is unset is asked of the instance metadata (region, VPC, zone, vSwitch) or follows
 *   the vendor's rule (endpoints).
 */
export interface CloudSettings {
  readonly regionId?: string;
  readonly vpcId?: string;
  readonly zoneId?: string;
  readonly vSwitches: readonly VSwitchSetting[];
  /** `host` or `host:port` by product, in place of the vendor's endpoints; no scheme, no path. */
  readonly endpoints: Readonly<Partial<Record<CloudProduct, string>>>;
  readonly scheme: 'http' | 'https';
  /** `vpc` uses the endpoints that are reachable without a way to the internet. */
  readonly network: 'public' | 'vpc';
  readonly credentials: CredentialSettings;
  /** The origin of the instance metadata service, for example `http://100.100.100.200`. */
  readonly metadataEndpoint: string;
  /** The cluster's id as the user agent tells it. */
  readonly clusterId: string;
  /** This program's version as the user agent tells it. */
  readonly operatorVersion: string;
  /** How long connecting to the cloud may take. */
  readonly connectTimeoutMs: number;
  /** How long one call may take in whole, the connection included. */
  readonly timeoutMs: number;
  /** How many calls of one operation are sent in a second, and at most at once after a rest. */
  readonly callsPerSecond: number;
  readonly callBurst: number;
  /** How long a load balancer is left alone after the answer to a write before the next write. */
  readonly writeSpacingMs: number;
  /** The same for a VPC and changes of its routes. */
  readonly vpcWriteSpacingMs: number;
  /** How long reads of single instances wait for others to share their call. */
  readonly readWindowMs: number;
}

/** What the cloud clients use where a configuration says nothing. */
export const DEFAULT_CLOUD_SETTINGS = {
  vSwitches: [],
  endpoints: {},
  scheme: 'https',
  network: 'public',
  credentials: { kind: 'ramRole' },
  metadataEndpoint: 'http://100.100.100.200',
  connectTimeoutMs: 5_000,
  // Creating a load balancer can take longer than the vendor's default of three seconds.
  timeoutMs: 10_000,
  // Together they stay below 20 calls of one operation in any second, a limit that is often met.
  callsPerSecond: 14,
  callBurst: 5,
  writeSpacingMs: 300,
  // Longer than a write usually holds a VPC; one that comes earlier is refused, and counts.
  vpcWriteSpacingMs: 500,
  readWindowMs: 1_000,
} as const satisfies Partial<CloudSettings>;

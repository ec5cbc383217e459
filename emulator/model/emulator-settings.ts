/** What an operator of the local cloud may change about its behaviour. */
export interface EmulatorSettings {
  /** How long a write takes: it holds what it writes or its VPC, and is answered at the end. */
  readonly writeMs: number;
  /** How much longer than its answer a write holds its whole load balancer or its VPC. */
  readonly lockMs: number;
  /** How long an object passes through a state: starting, configuring, pending, deleting … */
  readonly transitionMs: number;
  /** How long after a write its tags become visible. */
  readonly tagLagMs: number;
  /** How long a client token is remembered. */
  readonly tokenTtlMs: number;
  /** Calls a second by action; `default` for all others; 0 means no limit. */
  readonly rates: Readonly<Record<string, number>>;
  /** Limits by quota name; 0 means no limit. */
  readonly quotas: Readonly<Record<string, number>>;
}

/** A change of settings: what is not named stays. */
export type SettingsChange = Partial<EmulatorSettings>;

/** The quotas this cloud keeps, with the limit that holds unless a seed or setting says otherwise. */
export const QUOTAS: Readonly<Record<string, { readonly limit: number; readonly about: string }>> =
  {
    slb_quota_instances_num: { limit: 60, about: 'load balancers of an account' },
    slb_quota_listeners_num: { limit: 50, about: 'listeners of a load balancer' },
    slb_quota_backendservers_num: {
      limit: 200,
      about: 'backend servers of a load balancer, all its server groups together',
    },
    slb_quota_backendserver_attached_num: {
      limit: 0,
      about: 'load balancers that one server is attached to',
    },
    slb_quota_backendservers_per_call_num: { limit: 40, about: 'backend servers in one call' },
    slb_quota_vservergroups_num: { limit: 0, about: 'server groups of a load balancer' },
    slb_quota_tags_num: { limit: 20, about: 'tags of a CLB object' },
    vpc_quota_instances_num: { limit: 10, about: 'VPCs of a region' },
    vpc_quota_vswitches_num: { limit: 150, about: 'vSwitches of a VPC' },
    vpc_quota_route_tables_num: { limit: 9, about: 'custom route tables of a VPC' },
    vpc_quota_route_entrys_num: { limit: 200, about: 'custom route entries of a route table' },
  };

/**
 * A cloud that is no softer than the real one, and no harder: clients that work there send the next
 * write as soon as the one before is answered.
 */
export const DEFAULT_SETTINGS: EmulatorSettings = {
  writeMs: 100,
  lockMs: 0,
  transitionMs: 500,
  tagLagMs: 0,
  tokenTtlMs: 24 * 60 * 60 * 1000,
  rates: { default: 20 },
  quotas: Object.fromEntries(Object.entries(QUOTAS).map(([name, { limit }]) => [name, limit])),
};

/** Applies a change; `rates` and `quotas` are changed entry by entry. */
export function changedSettings(
  settings: EmulatorSettings,
  change: SettingsChange,
): EmulatorSettings {
  return {
    ...settings,
    ...change,
    rates: { ...settings.rates, ...change.rates },
    quotas: { ...settings.quotas, ...change.quotas },
  };
}

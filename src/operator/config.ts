import {
  DEFAULT_CLOUD_SETTINGS,
  type CloudProduct,
  type CloudSettings,
  type CredentialSettings,
} from '../cloud/transport/cloud-settings.ts';
import { readCloudConfigText, type CloudConfigReading } from './cloud-config-file.ts';
import { selectControllers, type ControllerName } from './controller-selection.ts';
import { parseGoDuration } from './go-duration.ts';
import { flagsHelp, parseFlags, type FlagName, type GivenFlags } from './operator-flags.ts';

/** An address to listen on. */
export interface BindAddress {
  readonly host: string;
  readonly port: number;
}

/** How a lease is held. */
export interface LeaderElectionConfig {
  readonly enabled: boolean;
  readonly leaseDurationMs: number;
  readonly renewDeadlineMs: number;
  readonly retryPeriodMs: number;
  readonly lease: LeaseName;
  /** The lease of the other default implementation; unset, it is not asked for. */
  readonly defaultLease?: LeaseName;
}

/** Names one lease. */
export interface LeaseName {
  readonly namespace: string;
  readonly name: string;
}

/** Everything that this program can be told, judged and frozen. */
export interface Config {
  readonly version: string;
  /** Unset, the in-cluster access is used. */
  readonly kubeconfigPath?: string;
  readonly controllers: ReadonlySet<ControllerName>;
  readonly defaultImplementation: boolean;
  readonly clusterName: string;
  /** The id in names and tags of cloud objects; unset, the uid of the namespace kube-system. */
  readonly clusterId?: string;
  /** The resource group of new load balancers where nothing else says one. */
  readonly resourceGroupId?: string;
  readonly concurrentServiceSyncs: number;
  readonly driftPeriodMs: number;
  readonly kubeApi: {
    readonly queriesPerSecond: number;
    readonly burst: number;
  };
  readonly leaderElection: LeaderElectionConfig;
  readonly healthProbeBindAddress?: BindAddress;
  readonly metricsBindAddress?: BindAddress;
  readonly logging: {
    readonly level: 'debug' | 'info' | 'warn' | 'error';
    readonly format: 'json' | 'text';
  };
  readonly pod: { readonly name?: string; readonly namespace?: string };
  readonly cloud: CloudSettings;
  readonly cloudConfigPath?: string;
  /**
   * Reads the cloud-config file again and returns the cloud's settings that follow from it; or the
   * mistakes in it, in which case the settings in force stay.
   */
  readonly reloadCloudConfig: () => Promise<CloudReload>;
  /** What to tell the user once, at start. */
  readonly warnings: readonly string[];
}

/** The answer to reading the cloud-config file again. */
export type CloudReload =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'changed'; readonly cloud: CloudSettings }
  | { readonly kind: 'invalid'; readonly mistakes: readonly string[] };

/** Where the configuration comes from. */
export interface ConfigSources {
  /** The arguments after the program's name. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  readonly readFile: (path: string) => Promise<string>;
}

/** What came of reading the configuration. */
export type ConfigReading =
  | { readonly kind: 'config'; readonly config: Config }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'invalid'; readonly mistakes: readonly string[] };

/**
 * Turns command line, environment and cloud-config file into one frozen `Config`.
 *
 * Shape: every mistake at once, each a sentence that names the flag, variable or field; or the text
 *   that `--help` or `--version` asks for. Flags win over the file, the file over the environment.
 */
export async function readConfig(sources: ConfigSources): Promise<ConfigReading> {
  const flags = parseFlags(sources.argv);
  if (flags.help) return { kind: 'text', text: flagsHelp() };
  if (flags.version) return { kind: 'text', text: `${sources.version}\n` };

  const mistakes: string[] = [...flags.mistakes];
  const values = new FlagValues(flags, mistakes);
  const file = await readCloudConfigFile(values.text('cloud-config'), sources.readFile);
  mistakes.push(...file.reading.mistakes);
  const cloud = cloudSettings(file.reading, values, sources, mistakes);
  const controllers = readControllers(values.text('controllers'), mistakes);
  const kubeconfigPath = values.optional('kubeconfig');
  const cloudConfigPath = values.optional('cloud-config');
  const health = values.bindAddress('health-probe-bind-addr');
  const metrics = values.bindAddress('metrics-bind-addr');
  const { clusterId, resourceGroupId, concurrentServiceSyncs } = file.reading.content;
  const podName = filled(sources.env.POD_NAME);
  const podNamespace = filled(sources.env.POD_NAMESPACE);

  let lastText = file.text;
  const config: Config = {
    version: sources.version,
    ...(kubeconfigPath !== undefined && { kubeconfigPath }),
    controllers: controllers.enabled,
    defaultImplementation: values.boolean('default-implementation'),
    clusterName: values.text('cluster-name'),
    ...(clusterId !== undefined && { clusterId }),
    ...(resourceGroupId !== undefined && { resourceGroupId }),
    concurrentServiceSyncs:
      !flags.given.has('concurrent-service-syncs') && concurrentServiceSyncs !== undefined
        ? concurrentServiceSyncs
        : values.positive('concurrent-service-syncs'),
    driftPeriodMs: values.duration('drift-period', 1_000),
    kubeApi: {
      queriesPerSecond: values.positive('kube-api-qps'),
      burst: values.positive('kube-api-burst'),
    },
    leaderElection: readLeaderElection(values, mistakes),
    ...(health !== undefined && { healthProbeBindAddress: health }),
    ...(metrics !== undefined && { metricsBindAddress: metrics }),
    logging: readLogging(values, mistakes),
    pod: {
      ...(podName !== undefined && { name: podName }),
      ...(podNamespace !== undefined && { namespace: podNamespace }),
    },
    cloud,
    ...(cloudConfigPath !== undefined && { cloudConfigPath }),
    reloadCloudConfig: async () => {
      const again = await readCloudConfigFile(cloudConfigPath ?? '', sources.readFile);
      if (again.text === lastText) return { kind: 'unchanged' };
      const found = [...again.reading.mistakes];
      const settings = cloudSettings(again.reading, values, sources, found);
      if (found.length > 0) return { kind: 'invalid', mistakes: found };
      lastText = again.text;
      return { kind: 'changed', cloud: settings };
    },
    warnings: [...ignoredFlagsWarning(flags), ...controllers.warnings, ...file.reading.warnings],
  };
  if (mistakes.length > 0) return { kind: 'invalid', mistakes };
  return { kind: 'config', config: Object.freeze(config) };
}

/** Judges the text of each flag; a mistake is noted and a harmless value returned in its place. */
class FlagValues {
  readonly #flags: GivenFlags;
  readonly #mistakes: string[];

  constructor(flags: GivenFlags, mistakes: string[]) {
    this.#flags = flags;
    this.#mistakes = mistakes;
  }

  text(name: FlagName): string {
    return this.#flags.values[name].trim();
  }

  isGiven(name: FlagName): boolean {
    return this.#flags.given.has(name);
  }

  optional(name: FlagName): string | undefined {
    return filled(this.text(name));
  }

  boolean(name: FlagName): boolean {
    const text = this.text(name);
    // The words are Go's.
    if (['1', 't', 'T', 'TRUE', 'true', 'True'].includes(text)) return true;
    if (['0', 'f', 'F', 'FALSE', 'false', 'False'].includes(text)) return false;
    this.#reject(name, 'true or false');
    return false;
  }

  positive(name: FlagName): number {
    const text = this.text(name);
    const value = Number(text);
    const isWhole = name === 'kube-api-qps' || Number.isInteger(value);
    if (/^\d+(\.\d+)?$/.test(text) && value > 0 && value <= 100_000 && isWhole) return value;
    this.#reject(name, name === 'kube-api-qps' ? 'a positive number' : 'a positive whole number');
    return 1;
  }

  duration(name: FlagName, minimumMs: number): number {
    const value = parseGoDuration(this.text(name));
    if (value !== undefined && value >= minimumMs) return value;
    const bound = minimumMs > 1 ? ` of at least ${minimumMs / 1_000}s` : '';
    this.#reject(name, `a duration${bound} such as 90s or 1h30m`);
    return minimumMs;
  }

  oneOf<Choice extends string>(name: FlagName, choices: readonly [Choice, ...Choice[]]): Choice {
    const text = this.text(name).toLowerCase();
    const choice = choices.find((candidate) => candidate === text);
    if (choice !== undefined) return choice;
    this.#reject(name, `one of ${choices.join(', ')}`);
    return choices[0];
  }

  /** `undefined` switches the server off, as the Go CCM does for `0`. */
  bindAddress(name: FlagName): BindAddress | undefined {
    const text = this.text(name);
    if (text === '0' || text === '') return undefined;
    const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text);
    const port = Number(match?.[3]);
    if (match === null || port > 65_535) {
      this.#reject(name, 'an address such as 127.0.0.1:8080 or :8080, or 0 for none');
      return undefined;
    }
    const host = match[1] ?? match[2] ?? '';
    // Every interface, of either family.
    return { host: host === '' ? '::' : host, port };
  }

  #reject(name: FlagName, wanted: string): void {
    this.#mistakes.push(`Flag "--${name}" is "${this.text(name)}": it must be ${wanted}`);
  }
}

function readLeaderElection(values: FlagValues, mistakes: string[]): LeaderElectionConfig {
  const leaseDurationMs = values.duration('leader-elect-lease-duration', 1_000);
  const renewDeadlineMs = values.duration('leader-elect-renew-deadline', 1);
  const retryPeriodMs = values.duration('leader-elect-retry-period', 1);
  values.oneOf('leader-elect-resource-lock', ['leases']);
  if (leaseDurationMs <= renewDeadlineMs) {
    mistakes.push(
      'Flag "--leader-elect-lease-duration" must be more than "--leader-elect-renew-deadline"',
    );
  }
  if (renewDeadlineMs <= 1.2 * retryPeriodMs) {
    mistakes.push(
      'Flag "--leader-elect-renew-deadline" must be more than 1.2 times "--leader-elect-retry-period"',
    );
  }
  const lease = {
    namespace: values.text('leader-elect-resource-namespace'),
    name: values.text('leader-elect-resource-name'),
  };
  for (const [part, flag] of [
    [lease.namespace, 'leader-elect-resource-namespace'],
    [lease.name, 'leader-elect-resource-name'],
  ] as const) {
    if (!isObjectName(part)) {
      mistakes.push(`Flag "--${flag}" is "${part}": it must be the name of an object`);
    }
  }

  const defaultLeaseText = values.optional('leader-elect-default-lease');
  const [namespace = '', name = '', ...rest] = (defaultLeaseText ?? '').split('/');
  const isDefaultLeaseValid = isObjectName(namespace) && isObjectName(name) && rest.length === 0;
  if (defaultLeaseText !== undefined && !isDefaultLeaseValid) {
    mistakes.push(
      `Flag "--leader-elect-default-lease" is "${defaultLeaseText}": it must be namespace/name, or empty`,
    );
  }
  if (isDefaultLeaseValid && lease.namespace === namespace && lease.name === name) {
    mistakes.push('Flag "--leader-elect-default-lease" must name another lease than our own');
  }
  return {
    enabled: values.boolean('leader-elect'),
    leaseDurationMs,
    renewDeadlineMs,
    retryPeriodMs,
    lease,
    ...(isDefaultLeaseValid && { defaultLease: { namespace, name } }),
  };
}

function readLogging(values: FlagValues, mistakes: string[]): Config['logging'] {
  const verbosity = Number(values.text('v'));
  if (!/^\d{1,2}$/.test(values.text('v'))) {
    mistakes.push(`Flag "-v" is "${values.text('v')}": it must be a whole number`);
  }
  const byVerbosity = verbosity >= 4 ? 'debug' : 'info';
  return {
    level:
      values.optional('log-level') === undefined
        ? byVerbosity
        : values.oneOf('log-level', ['info', 'debug', 'warn', 'error']),
    format: values.oneOf('logging-format', ['json', 'text']),
  };
}

function readControllers(
  list: string,
  mistakes: string[],
): { readonly enabled: ReadonlySet<ControllerName>; readonly warnings: readonly string[] } {
  const selection = selectControllers(list);
  if (selection.kind === 'unknown') {
    mistakes.push(
      `Flag "--controllers" names unknown controllers ${selection.names.map((name) => `"${name}"`).join(', ')}: known are ${selection.known}`,
    );
    return { enabled: new Set(), warnings: [] };
  }
  const warnings: string[] = [];
  if (selection.notServed.length > 0) {
    warnings.push(`Controllers not served by this version: ${selection.notServed.join(', ')}`);
  }
  if (selection.enabled.size === 0) warnings.push('No controller is switched on');
  return { enabled: selection.enabled, warnings };
}

function ignoredFlagsWarning(flags: GivenFlags): string[] {
  if (flags.ignored.length === 0) return [];
  return [`Flags without effect: ${flags.ignored.map((name) => `--${name}`).join(', ')}`];
}

async function readCloudConfigFile(
  path: string,
  readFile: ConfigSources['readFile'],
): Promise<{ readonly text: string; readonly reading: CloudConfigReading }> {
  if (path === '') return { text: '', reading: readCloudConfigText('Global: {}') };
  let text: string;
  try {
    text = await readFile(path);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const mistakes = [`Cannot read cloud-config "${path}": ${why}`];
    return { text: '', reading: { content: { vSwitches: [] }, mistakes, warnings: [] } };
  }
  return { text, reading: readCloudConfigText(text) };
}

function cloudSettings(
  reading: CloudConfigReading,
  values: FlagValues,
  sources: ConfigSources,
  mistakes: string[],
): CloudSettings {
  const { env } = sources;
  const file = reading.content;
  const regionId = values.optional('region') ?? file.regionId;
  const vpcId = values.optional('vpc-id') ?? file.vpcId;
  const scheme = filled(env.ALICLOUD_CLIENT_SCHEME)?.toLowerCase() ?? 'https';
  if (scheme !== 'http' && scheme !== 'https') {
    mistakes.push('Environment variable "ALICLOUD_CLIENT_SCHEME" must be HTTP or HTTPS');
  }
  const metadata = filled(env.METADATA_ENDPOINT);
  return {
    ...DEFAULT_CLOUD_SETTINGS,
    ...(regionId !== undefined && { regionId }),
    ...(vpcId !== undefined && { vpcId }),
    ...(file.zoneId !== undefined && { zoneId: file.zoneId }),
    vSwitches: file.vSwitches,
    endpoints: readEndpoints(env, mistakes),
    scheme: scheme === 'http' ? 'http' : 'https',
    network: values.oneOf('network', ['vpc', 'public']),
    credentials: readCredentials(file.credentials, env, mistakes),
    metadataEndpoint:
      metadata === undefined
        ? DEFAULT_CLOUD_SETTINGS.metadataEndpoint
        : originOf('METADATA_ENDPOINT', metadata, mistakes),
    clusterId: file.clusterId ?? '',
    operatorVersion: sources.version,
  };
}

const ENDPOINT_VARIABLES: readonly (readonly [CloudProduct, string])[] = [
  ['slb', 'SLB_ENDPOINT'],
  ['sts', 'STS_ENDPOINT'],
  ['vpc', 'VPC_ENDPOINT'],
  ['ecs', 'ECS_ENDPOINT'],
];

function readEndpoints(env: ConfigSources['env'], mistakes: string[]): CloudSettings['endpoints'] {
  const endpoints: Partial<Record<CloudProduct, string>> = {};
  for (const [product, variable] of ENDPOINT_VARIABLES) {
    const value = filled(env[variable]);
    if (value === undefined) continue;
    const origin = originOf(variable, value, mistakes);
    // Only the host counts; the scheme has a variable of its own.
    endpoints[product] = origin.replace(/^https?:\/\//, '');
  }
  return endpoints;
}

/** Returns the origin of a URL, or of a host with or without a port. */
function originOf(variable: string, value: string, mistakes: string[]): string {
  const text = value.includes('://') ? value : `http://${value}`;
  if (URL.canParse(text)) {
    const { protocol, host } = new URL(text);
    if ((protocol === 'http:' || protocol === 'https:') && host !== '') {
      return `${protocol}//${host}`;
    }
  }
  mistakes.push(`Environment variable "${variable}" is "${value}": it must be a host or an URL`);
  return 'http://invalid';
}

/** Chooses the credentials in the order of the Go CCM, then the vendor's own variables. */
function readCredentials(
  fromFile: CredentialSettings | undefined,
  env: ConfigSources['env'],
  mistakes: string[],
): CredentialSettings {
  if (fromFile !== undefined) return fromFile;
  const pairs = [
    ['ACCESS_KEY_ID', 'ACCESS_KEY_SECRET'],
    ['ALIBABA_CLOUD_ACCESS_KEY_ID', 'ALIBABA_CLOUD_ACCESS_KEY_SECRET'],
  ] as const;
  for (const [idVariable, secretVariable] of pairs) {
    const accessKeyId = filled(env[idVariable]);
    const accessKeySecret = filled(env[secretVariable]);
    if (accessKeyId === undefined && accessKeySecret === undefined) continue;
    if (accessKeyId === undefined || accessKeySecret === undefined) {
      const missing = accessKeyId === undefined ? idVariable : secretVariable;
      mistakes.push(
        `Environment variable "${missing}" is missing: an access key has an id and a secret`,
      );
      continue;
    }
    const securityToken = filled(env.ALIBABA_CLOUD_SECURITY_TOKEN);
    if (idVariable === 'ALIBABA_CLOUD_ACCESS_KEY_ID' && securityToken !== undefined) {
      return { kind: 'stsToken', accessKeyId, accessKeySecret, securityToken };
    }
    return { kind: 'accessKey', accessKeyId, accessKeySecret };
  }
  const oidc = [
    'ALIBABA_CLOUD_ROLE_ARN',
    'ALIBABA_CLOUD_OIDC_PROVIDER_ARN',
    'ALIBABA_CLOUD_OIDC_TOKEN_FILE',
  ];
  // The vendor's chain reads these by itself.
  if (oidc.every((variable) => filled(env[variable]) !== undefined)) return { kind: 'default' };
  const roleName = filled(env.ALIBABA_CLOUD_ECS_METADATA);
  return { kind: 'ramRole', ...(roleName !== undefined && { roleName }) };
}

function isObjectName(text: string): boolean {
  return /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(text) && text.length <= 253;
}

function filled(text: string | undefined): string | undefined {
  return text === undefined || text.trim() === '' ? undefined : text.trim();
}

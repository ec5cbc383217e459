import {
  DEFAULT_CLOUD_SETTINGS,
  type CloudProduct,
  type CloudSettings,
} from '../../cloud/transport/cloud-settings.ts';
import { readCredentials } from './credential-config.ts';
import { readCloudConfigText, type CloudConfigReading } from './cloud-config-file.ts';
import { selectControllers, type ControllerName } from '../controllers/controller-selection.ts';
import { filled, FlagValues, type BindAddress } from './flag-values.ts';
import { readLeaderMigration, type LeaderMigration } from './leader-migration.ts';
import { readNodeConfigs, type NodeConfig, type RouteConfig } from './node-config.ts';
import type { NodeIpamConfig } from './node-ipam-config.ts';
import { flagsHelp, parseFlags, type GivenFlags } from './operator-flags.ts';

/** How a lease is held. */
export interface LeaderElectionConfig {
  readonly enabled: boolean;
  readonly leaseDurationMs: number;
  readonly renewDeadlineMs: number;
  readonly retryPeriodMs: number;
  readonly lease: LeaseName;
  /** The lease of the other default implementation; unset, it is not asked for. */
  readonly defaultLease?: LeaseName;
  /** The lease by which another controller manager hands controllers over; unset, none does. */
  readonly migration?: {
    readonly lease: LeaseName;
    readonly controllers: ReadonlySet<ControllerName>;
  };
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
  /** Whether to look only: nothing is changed in the cloud, whatever is asked for. */
  readonly isDryRun: boolean;
  readonly clusterName: string;
  /** The id in names and tags of cloud objects; unset, the uid of the namespace kube-system. */
  readonly clusterId?: string;
  /** The resource group of new load balancers where nothing else says one. */
  readonly resourceGroupId?: string;
  readonly concurrentServiceSyncs: number;
  readonly driftPeriodMs: number;
  readonly nodes: NodeConfig;
  readonly routes: RouteConfig;
  readonly nodeIpam: NodeIpamConfig;
  readonly volumes: { readonly legacyLabels: boolean };
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
  const selection = readSelection(values, mistakes);
  const nodeConfigs = readNodeConfigs(selection.enabled, values, file.reading.content, mistakes);
  const migration = await readLeaderMigration(values, sources.readFile, mistakes);
  const controllers = runningControllers(selection.enabled, values, { ...nodeConfigs, migration });
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
    controllers,
    defaultImplementation: values.boolean('default-implementation'),
    isDryRun: values.boolean('dry-run'),
    clusterName: values.text('cluster-name'),
    ...(clusterId !== undefined && { clusterId }),
    ...(resourceGroupId !== undefined && { resourceGroupId }),
    concurrentServiceSyncs:
      !flags.given.has('concurrent-service-syncs') && concurrentServiceSyncs !== undefined
        ? concurrentServiceSyncs
        : values.positive('concurrent-service-syncs'),
    driftPeriodMs: values.duration('drift-period', 1_000),
    nodes: nodeConfigs.nodes,
    routes: nodeConfigs.routes,
    nodeIpam: nodeConfigs.nodeIpam,
    volumes: { legacyLabels: values.boolean('legacy-topology-labels') },
    kubeApi: {
      queriesPerSecond: values.positive('kube-api-qps'),
      burst: values.positive('kube-api-burst'),
    },
    leaderElection: readLeaderElection(values, migration, mistakes),
    ...(health !== undefined && { healthProbeBindAddress: health }),
    ...(metrics !== undefined && { metricsBindAddress: metrics }),
    logging: readLogging(values, mistakes),
    pod: {
      ...(podName !== undefined && { name: podName }),
      ...(podNamespace !== undefined && { namespace: podNamespace }),
    },
    cloud: { ...cloud, readWindowMs: nodeConfigs.nodes.aggregationMs },
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
    warnings: [
      ...ignoredFlagsWarning(flags),
      ...selection.warnings,
      ...(controllers.size === 0 ? ['No controller is switched on'] : []),
      ...nodeConfigs.warnings,
      ...file.reading.warnings,
    ],
  };
  if (mistakes.length > 0) return { kind: 'invalid', mistakes };
  return { kind: 'config', config: Object.freeze(config) };
}

function readLeaderElection(
  values: FlagValues,
  migration: LeaderMigration | undefined,
  mistakes: string[],
): LeaderElectionConfig {
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
    ...(migration !== undefined && {
      migration: {
        lease: { namespace: lease.namespace, name: migration.leaseName },
        controllers: migration.migrated,
      },
    }),
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

function readSelection(
  values: FlagValues,
  mistakes: string[],
): { readonly enabled: ReadonlySet<ControllerName>; readonly warnings: readonly string[] } {
  const selection = selectControllers(values.text('controllers'));
  if (selection.kind === 'unknown') {
    mistakes.push(
      `Flag "--controllers" names unknown controllers ${selection.names.map((name) => `"${name}"`).join(', ')}: known are ${selection.known}`,
    );
    return { enabled: new Set(), warnings: [] };
  }
  const { enabled, notServed } = selection;
  if (notServed.length === 0) return { enabled, warnings: [] };
  return {
    enabled,
    warnings: [`Controllers not served by this version: ${notServed.join(', ')}`],
  };
}

/** Which of the selected controllers run is also a matter of what else is configured. */
function runningControllers(
  selected: ReadonlySet<ControllerName>,
  values: FlagValues,
  {
    routes,
    nodeIpam,
    migration,
  }: {
    readonly routes: RouteConfig;
    readonly nodeIpam: NodeIpamConfig;
    readonly migration: LeaderMigration | undefined;
  },
): ReadonlySet<ControllerName> {
  const isDefault = values.boolean('default-implementation');
  return new Set(
    [...selected].filter((name) => {
      if (name === 'node-route-controller' && !routes.isEnabled) return false;
      if (name === 'node-ipam-controller' && !nodeIpam.isEnabled) return false;
      if (migration?.foreign.has(name) === true) return false;
      // Nodes, routes and volumes have no class by which they could be ours alone.
      return isDefault || name === 'service-lb-controller';
    }),
  );
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
    return {
      text: '',
      reading: { content: { vSwitches: [], routeTableIds: [] }, mistakes, warnings: [] },
    };
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

function isObjectName(text: string): boolean {
  return /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(text) && text.length <= 253;
}

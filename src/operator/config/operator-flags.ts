import { Command, CommanderError, Option } from 'commander';

/** What a flag's value is; it decides how the value is parsed and shown. */
type FlagKind = 'text' | 'boolean' | 'count' | 'number' | 'duration';

interface FlagDefinition {
  readonly kind: FlagKind;
  readonly default: string;
  readonly description: string;
  /** A one-letter form. */
  readonly short?: string;
}

/** The flags with an effect; names and meanings are those of the Go CCM and upstream where they exist. */
export const FLAGS = {
  kubeconfig: {
    kind: 'text',
    default: '',
    description: 'File that says how to reach the API server; the in-cluster access when empty.',
  },
  'cloud-config': {
    kind: 'text',
    default: '',
    description: 'The cloud-config file (YAML or JSON); read again when it changes.',
  },
  controllers: {
    kind: 'text',
    default: '*',
    description:
      "The controllers to run: '*' all that are on by default, 'foo' switches foo on, '-foo' off.",
  },
  'default-implementation': {
    kind: 'boolean',
    default: 'true',
    description:
      'Whether Services without a load balancer class, nodes, routes and volumes are ours. While true, the lease of the other default implementation is needed too.',
  },
  'dry-run': {
    kind: 'boolean',
    default: 'false',
    description:
      'Whether to change nothing in the cloud, and to show in status.plan of each AlibabaLoadBalancer and AlibabaRouteTable what would be done.',
  },
  'cluster-name': {
    kind: 'text',
    default: 'kubernetes',
    description:
      'A name of the cluster for people; it takes no part in the names of cloud objects.',
  },
  region: {
    kind: 'text',
    default: '',
    description: 'The region of the cluster; else from cloud-config, else from instance metadata.',
  },
  'vpc-id': {
    kind: 'text',
    default: '',
    description: 'The VPC of the cluster; else from cloud-config, else from instance metadata.',
  },
  network: {
    kind: 'text',
    default: 'vpc',
    description:
      "Which endpoints of the cloud to use: 'vpc' needs no way to the internet, 'public' does.",
  },
  'concurrent-service-syncs': {
    kind: 'count',
    default: '10',
    description: 'How many Services, and how many load balancers, are worked on at a time.',
  },
  'drift-period': {
    kind: 'duration',
    default: '5m',
    description: 'How often the load balancers are compared with what the cloud has.',
  },
  'concurrent-node-syncs': {
    kind: 'count',
    default: '1',
    description:
      'How many batches of nodes are initialised at a time; a batch is up to --node-reconcile-batch-size nodes.',
  },
  'concurrent-node-status-updates': {
    kind: 'count',
    default: '0',
    description:
      'How many batches of nodes have their addresses refreshed at a time; 0 means as many as --concurrent-node-syncs.',
  },
  'node-reconcile-batch-size': {
    kind: 'count',
    default: '100',
    description: 'How many instances one call to the cloud asks for, at most 100.',
  },
  'node-event-aggregation-wait-seconds': {
    kind: 'number',
    default: '1',
    description: 'How long nodes are gathered for one call to the cloud, unless it is full before.',
  },
  'node-status-update-frequency': {
    kind: 'duration',
    default: '5m',
    description: 'How often the addresses of all nodes are compared with the cloud.',
  },
  'node-monitor-period': {
    kind: 'duration',
    default: '5s',
    description: 'How often nodes that are not ready are looked for in the cloud.',
  },
  'skip-disable-source-dest-check': {
    kind: 'boolean',
    default: 'false',
    description:
      "Whether the source/destination check of nodes' network interfaces is left as it is; set it where instances are made with the check off.",
  },
  'configure-cloud-routes': {
    kind: 'boolean',
    default: 'true',
    description:
      'Whether nodes get routes to their pods; needs --cluster-cidr, without which no routes are made.',
  },
  'cluster-cidr': {
    kind: 'text',
    default: '',
    description:
      "The ranges of the cluster's pods: one, or one of each family separated by a comma.",
  },
  'route-reconciliation-period': {
    kind: 'duration',
    default: '5m',
    description: 'How often the route tables are compared with the cloud, at least 1m.',
  },
  'route-reconcile-batch-size': {
    kind: 'count',
    default: '50',
    description: 'How many routes one call to the cloud creates or deletes, at most 50.',
  },
  'node-network-condition': {
    kind: 'boolean',
    default: 'true',
    description:
      'Whether the condition NetworkUnavailable of nodes is ours; switch it off where a network plug-in owns it.',
  },
  'allocate-node-cidrs': {
    kind: 'boolean',
    default: 'false',
    description:
      'Whether nodes are given pod ranges: by kube-controller-manager, or by this program where --controllers names node-ipam-controller. Given as false, no routes are made.',
  },
  'cidr-allocator-type': {
    kind: 'text',
    default: 'RangeAllocator',
    description:
      "Where pod ranges come from: 'RangeAllocator' takes them from --cluster-cidr, 'CloudAllocator' from the routes of the VPC.",
  },
  'service-cluster-ip-range': {
    kind: 'text',
    default: '',
    description: 'The ranges of Services, which are never given to nodes.',
  },
  'node-cidr-mask-size': {
    kind: 'count',
    default: '0',
    description: "The size of a node's pod range in a cluster of one family; 0 means 24 or 64.",
  },
  'node-cidr-mask-size-ipv4': {
    kind: 'count',
    default: '0',
    description: "The size of a node's IPv4 pod range; 0 means 24.",
  },
  'node-cidr-mask-size-ipv6': {
    kind: 'count',
    default: '0',
    description: "The size of a node's IPv6 pod range; 0 means 64.",
  },
  'legacy-topology-labels': {
    kind: 'boolean',
    default: 'false',
    description: 'Whether volumes also get the zone and region labels of before Kubernetes 1.17.',
  },
  'leader-elect': {
    kind: 'boolean',
    default: 'true',
    description: 'Whether a lease decides which replica works.',
  },
  'leader-elect-lease-duration': {
    kind: 'duration',
    default: '15s',
    description: 'How long others wait after the last sign of the leader before they take over.',
  },
  'leader-elect-renew-deadline': {
    kind: 'duration',
    default: '10s',
    description: 'How long the leader goes on without having renewed the lease.',
  },
  'leader-elect-retry-period': {
    kind: 'duration',
    default: '2s',
    description: 'How long to wait between two tries to take or renew the lease.',
  },
  'leader-elect-resource-lock': {
    kind: 'text',
    default: 'leases',
    description: "The kind of object that holds the lock; only 'leases' exists.",
  },
  'leader-elect-resource-name': {
    kind: 'text',
    default: 'alibaba-cloud-operator',
    description: 'The name of the lease.',
  },
  'leader-elect-resource-namespace': {
    kind: 'text',
    default: 'kube-system',
    description: 'The namespace of the lease.',
  },
  'leader-elect-default-lease': {
    kind: 'text',
    default: 'kube-system/ccm',
    description:
      'The lease, as namespace/name, that the other default implementation holds while it runs; Services without a class, nodes, routes and volumes are handled only while we hold it too. Empty: it is not asked for.',
  },
  'enable-leader-migration': {
    kind: 'boolean',
    default: 'false',
    description:
      'Whether another controller manager hands controllers over: they then wait for the lease of the migration too.',
  },
  'leader-migration-config': {
    kind: 'text',
    default: '',
    description:
      'File with a LeaderMigrationConfiguration; unset, routes, Services and the life cycle of nodes are handed over.',
  },
  'kube-api-qps': {
    kind: 'number',
    default: '20',
    description: 'How many requests a second are sent to the API server.',
  },
  'kube-api-burst': {
    kind: 'count',
    default: '30',
    description: 'How many requests are sent to the API server at once after a rest.',
  },
  'health-probe-bind-addr': {
    kind: 'text',
    default: ':10258',
    description: "Where health is served; '0' serves none.",
  },
  'metrics-bind-addr': {
    kind: 'text',
    default: '127.0.0.1:8080',
    description:
      "Where metrics are served, without a login, so keep it on the loopback address; '0' serves none.",
  },
  'log-level': {
    kind: 'text',
    default: '',
    description: 'The least level that is logged: debug, info, warn or error.',
  },
  v: {
    kind: 'count',
    default: '2',
    short: 'v',
    description: 'Verbosity as a number; 4 and more log at debug level.',
  },
  'logging-format': {
    kind: 'text',
    default: 'json',
    description: "How log lines are written: 'json' or 'text'.",
  },
} as const satisfies Readonly<Record<string, FlagDefinition>>;

/** A flag with an effect. */
export type FlagName = keyof typeof FLAGS;

/** Flags of upstream or the Go CCM that are accepted so that an existing manifest starts. */
const IGNORED_FLAGS: readonly string[] = [
  'add-dir-header',
  'allow-metric-labels',
  'allow-untagged-cloud',
  'alsologtostderr',
  'authentication-kubeconfig',
  'authentication-skip-lookup',
  'authentication-tolerate-lookup-failure',
  'authorization-always-allow-paths',
  'authorization-kubeconfig',
  'bind-address',
  'cert-dir',
  'client-ca-file',
  'cloud-provider',
  'contention-profiling',
  'enable-imdsv2',
  'feature-gates',
  'http2-max-streams-per-connection',
  'kube-api-content-type',
  'log-dir',
  'log-file',
  'log-flush-frequency',
  'logtostderr',
  'max-concurrent-actions',
  'max-throttling-retry-times',
  'min-resync-period',
  'one-output',
  'permit-address-sharing',
  'permit-port-sharing',
  'pprof-bind-addr',
  'profiling',
  'requestheader-allowed-names',
  'requestheader-client-ca-file',
  'requestheader-extra-headers-prefix',
  'requestheader-group-headers',
  'requestheader-username-headers',
  'secure-port',
  'sg-batch-size',
  'show-hidden-metrics-for-version',
  'skip-headers',
  'skip-log-headers',
  'stderrthreshold',
  'tls-cert-file',
  'tls-cipher-suites',
  'tls-min-version',
  'tls-private-key-file',
  'use-service-account-credentials',
  'vmodule',
];

/** The flags as given, before their values are judged. */
export interface GivenFlags {
  readonly values: Readonly<Record<FlagName, string>>;
  readonly given: ReadonlySet<FlagName>;
  readonly ignored: readonly string[];
  readonly mistakes: readonly string[];
  readonly help: boolean;
  readonly version: boolean;
}

/**
 * Reads the command line in the manner of Go's pflag: `--flag=value`, `--flag value`, `--flag`.
 *
 * Shape: every mistake is in the answer; values are still text.
 */
export function parseFlags(argv: readonly string[]): GivenFlags {
  const command = newCommand();
  const mistakes: string[] = [];
  try {
    const { operands, unknown } = command.parseOptions([...argv]);
    for (const flag of unknown.filter((argument) => argument.startsWith('-'))) {
      mistakes.push(`Unknown flag "${flag.replace(/=.*/s, '')}": see --help`);
    }
    if (unknown.length === 0 && operands.length > 0) {
      mistakes.push(`Unexpected argument "${operands.join(' ')}": only flags are accepted`);
    }
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    mistakes.push(capitalise(error.message.replace(/^error: /, '')));
  }

  const options = command.opts<Record<string, unknown>>();
  const values: Partial<Record<FlagName, string>> = {};
  const given = new Set<FlagName>();
  for (const name of flagNames()) {
    const value = options[attributeName(name)];
    if (value === undefined) {
      values[name] = FLAGS[name].default;
    } else {
      given.add(name);
      // A flag without a value is `true`; "-v=4" arrives as "=4".
      values[name] = value === true ? 'true' : textOf(value).replace(/^=/, '');
    }
  }
  return {
    values: values as Record<FlagName, string>,
    given,
    ignored: IGNORED_FLAGS.filter((name) => options[attributeName(name)] !== undefined),
    mistakes,
    help: options.help === true,
    version: options.version === true,
  };
}

/** Returns the text of `--help`. */
export function flagsHelp(): string {
  return newCommand().helpInformation();
}

function newCommand(): Command {
  const command = new Command('alibaba-cloud-operator')
    .description(
      'The cloud controller manager for Alibaba Cloud, as a Kubernetes operator. Flags of the Kubernetes cloud-controller-manager and of the Go CCM that have no effect here are accepted with one warning.',
    )
    .usage('[flags]')
    .helpOption(false)
    .exitOverride()
    .configureOutput({ writeErr: () => undefined, writeOut: () => undefined });
  for (const name of flagNames()) {
    const flag: FlagDefinition = FLAGS[name];
    const placeholder = flag.kind === 'boolean' ? '[true|false]' : `<${flag.kind}>`;
    const short = flag.short === undefined ? '' : `-${flag.short}, `;
    const suffix = flag.default === '' ? '' : ` (default ${flag.default})`;
    command.addOption(
      new Option(`${short}--${name} ${placeholder}`, `${flag.description}${suffix}`),
    );
  }
  for (const name of IGNORED_FLAGS) {
    command.addOption(new Option(`--${name} [value]`).hideHelp());
  }
  command.addOption(new Option('-h, --help', 'Shows this text.'));
  command.addOption(new Option('--version', 'Shows the version.'));
  return command;
}

function flagNames(): FlagName[] {
  return Object.keys(FLAGS) as FlagName[];
}

function attributeName(flag: string): string {
  return new Option(`--${flag}`).attributeName();
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function capitalise(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

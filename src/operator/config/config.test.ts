import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig, type Config, type ConfigReading } from './config.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

interface Given {
  readonly argv?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
}

function read({ argv = [], env = {}, files = {} }: Given): Promise<ConfigReading> {
  return readConfig({
    argv,
    env,
    version: '1.2.3',
    readFile: (path) => {
      const text = files[path];
      return text === undefined ? Promise.reject(new Error('no such file')) : Promise.resolve(text);
    },
  });
}

async function configOf(given: Given): Promise<Config> {
  const reading = await read(given);
  assert.ok(reading.kind === 'config', JSON.stringify(reading));
  return reading.config;
}

async function mistakesOf(given: Given): Promise<readonly string[]> {
  const reading = await read(given);
  assert.ok(reading.kind === 'invalid', 'The configuration was accepted');
  return reading.mistakes;
}

test('readConfig: the defaults', async () => {
  const config = await configOf({});
  assert.deepEqual(
    [...config.controllers],
    [
      'cloud-node-controller',
      'cloud-node-lifecycle-controller',
      'persistentvolume-label-controller',
      'service-lb-controller',
    ],
    'Routes need --cluster-cidr',
  );
  assert.equal(config.defaultImplementation, true);
  assert.equal(config.concurrentServiceSyncs, 10);
  assert.equal(config.driftPeriodMs, 300_000);
  assert.deepEqual(config.kubeApi, { queriesPerSecond: 20, burst: 30 });
  assert.deepEqual(config.leaderElection, {
    enabled: true,
    leaseDurationMs: 15_000,
    renewDeadlineMs: 10_000,
    retryPeriodMs: 2_000,
    lease: { namespace: 'kube-system', name: 'alibaba-cloud-operator' },
    defaultLease: { namespace: 'kube-system', name: 'ccm' },
  });
  assert.deepEqual(config.healthProbeBindAddress, { host: '::', port: 10258 });
  assert.deepEqual(config.metricsBindAddress, { host: '127.0.0.1', port: 8080 });
  assert.deepEqual(config.logging, { level: 'info', format: 'json' });
  assert.deepEqual(config.cloud.credentials, { kind: 'ramRole' });
  assert.equal(config.cloud.network, 'vpc');
  assert.deepEqual(config.warnings, []);
  assert.ok(Object.isFrozen(config));
});

test('MIG-04: the arguments of a stock manifest start, with one warning of what has no effect', async () => {
  const config = await configOf({
    argv: [
      '--cloud-provider=alibabacloud',
      '--leader-elect=true',
      '--use-service-account-credentials',
      '--allocate-node-cidrs=true',
      '--configure-cloud-routes=false',
      '--cluster-cidr=10.0.0.0/16',
      '--route-reconciliation-period=10s',
      '--secure-port=10260',
      '--bind-address',
      '127.0.0.1',
      '--feature-gates=A=true',
      '--min-resync-period=12h',
      '-v=2',
      '--concurrent-service-syncs=3',
      '--kube-api-qps=50.5',
      '--kube-api-burst=60',
    ],
  });
  assert.equal(config.concurrentServiceSyncs, 3);
  assert.deepEqual(config.kubeApi, { queriesPerSecond: 50.5, burst: 60 });
  assert.equal(config.warnings.length, 2);
  assert.match(config.warnings[1] ?? '', /route-reconciliation-period" counts as 1m/);
  for (const flag of ['--cloud-provider', '--feature-gates', '--secure-port', '--bind-address']) {
    assert.ok(config.warnings[0]?.includes(flag), flag);
  }
});

test("MIG-04: the Go CCM's own flags start too, and `-v` sets the log level", async () => {
  const config = await configOf({
    argv: [
      '--controllers=node,route,service,nlb',
      '--sg-batch-size=40',
      '--metrics-bind-addr=0',
      '--health-probe-bind-addr=127.0.0.1:9999',
      '--leader-elect-resource-name=mine',
      '--leader-elect-resource-lock=leases',
      '--network=public',
      '-v',
      '5',
    ],
  });
  assert.equal(config.metricsBindAddress, undefined);
  assert.deepEqual(config.healthProbeBindAddress, { host: '127.0.0.1', port: 9999 });
  assert.equal(config.leaderElection.lease.name, 'mine');
  assert.equal(config.logging.level, 'debug');
  assert.equal(config.cloud.network, 'public');
});

test('MIG-08: whether only to look is asked for by one flag', async () => {
  for (const [argv, want] of [
    [[], false],
    [['--dry-run=false'], false],
    [['--dry-run'], true],
    [['--dry-run=true'], true],
  ] as const) {
    const { isDryRun } = await configOf({ argv: [...argv] });
    assert.equal(isDryRun, want, argv.join(' '));
  }
});

test('readConfig: every mistake at once, each named', async () => {
  const mistakes = await mistakesOf({
    argv: [
      '--no-such-flag=1',
      '--controllers=sevice',
      '--concurrent-service-syncs=0',
      '--kube-api-qps=fast',
      '--drift-period=5',
      '--leader-elect=perhaps',
      '--leader-elect-lease-duration=10s',
      '--metrics-bind-addr=8080',
      '--log-level=loud',
      '--network=moon',
      '--leader-elect-default-lease=ccm',
      '--cloud-config=/nowhere',
    ],
    env: { ACCESS_KEY_ID: 'id', ALICLOUD_CLIENT_SCHEME: 'FTP', SLB_ENDPOINT: 'http://' },
  });
  const wanted = [
    /--no-such-flag/,
    /sevice.*service-lb-controller/,
    /--concurrent-service-syncs/,
    /--kube-api-qps/,
    /--drift-period/,
    /--leader-elect"/,
    /--leader-elect-lease-duration/,
    /--metrics-bind-addr/,
    /--log-level/,
    /--network/,
    /--leader-elect-default-lease/,
    /\/nowhere/,
    /ACCESS_KEY_SECRET/,
    /ALICLOUD_CLIENT_SCHEME/,
    /SLB_ENDPOINT/,
  ];
  for (const pattern of wanted) {
    assert.ok(
      mistakes.some((mistake) => pattern.test(mistake)),
      `${String(pattern)} is not in\n${mistakes.join('\n')}`,
    );
  }
  assert.equal(mistakes.length, wanted.length, mistakes.join('\n'));
});

test('CTL-20: the lease lasts longer than the deadline, and the deadline longer than the retry', async () => {
  const argv = (lease: string, deadline: string, retry: string): readonly string[] => [
    `--leader-elect-lease-duration=${lease}`,
    `--leader-elect-renew-deadline=${deadline}`,
    `--leader-elect-retry-period=${retry}`,
  ];
  assert.equal((await mistakesOf({ argv: argv('10s', '10s', '2s') })).length, 1);
  assert.equal((await mistakesOf({ argv: argv('15s', '12s', '10s') })).length, 1);
  await configOf({ argv: argv('5s', '3s', '500ms') });
});

const credentialCases = [
  {
    name: 'FileWins',
    files: { f: `Global: {accessKeyID: ${base64('fid')}, accessKeySecret: ${base64('fsec')}}` },
    env: { ACCESS_KEY_ID: 'eid', ACCESS_KEY_SECRET: 'esec' },
    want: { kind: 'accessKey', accessKeyId: 'fid', accessKeySecret: 'fsec' },
  },
  {
    name: 'Environment',
    files: { f: 'Global: {}' },
    env: { ACCESS_KEY_ID: 'eid', ACCESS_KEY_SECRET: 'esec', ALIBABA_CLOUD_ACCESS_KEY_ID: 'x' },
    want: { kind: 'accessKey', accessKeyId: 'eid', accessKeySecret: 'esec' },
  },
  {
    name: 'VendorToken',
    files: { f: 'Global: {}' },
    env: {
      ALIBABA_CLOUD_ACCESS_KEY_ID: 'vid',
      ALIBABA_CLOUD_ACCESS_KEY_SECRET: 'vsec',
      ALIBABA_CLOUD_SECURITY_TOKEN: 'tok',
    },
    want: {
      kind: 'stsToken',
      accessKeyId: 'vid',
      accessKeySecret: 'vsec',
      securityToken: 'tok',
    },
  },
  {
    name: 'Oidc',
    files: { f: 'Global: {}' },
    env: {
      ALIBABA_CLOUD_ROLE_ARN: 'a',
      ALIBABA_CLOUD_OIDC_PROVIDER_ARN: 'b',
      ALIBABA_CLOUD_OIDC_TOKEN_FILE: 'c',
    },
    want: { kind: 'oidcRole', roleArn: 'a', oidcProviderArn: 'b', tokenFile: 'c' },
  },
  {
    name: 'OidcWithSessionName',
    files: { f: 'Global: {}' },
    env: {
      ALIBABA_CLOUD_ROLE_ARN: 'a',
      ALIBABA_CLOUD_OIDC_PROVIDER_ARN: 'b',
      ALIBABA_CLOUD_OIDC_TOKEN_FILE: 'c',
      ALIBABA_CLOUD_ROLE_SESSION_NAME: 'd',
    },
    want: {
      kind: 'oidcRole',
      roleArn: 'a',
      oidcProviderArn: 'b',
      tokenFile: 'c',
      sessionName: 'd',
    },
  },
  {
    name: 'KeyThatTakesARole',
    files: { f: 'Global: {}' },
    env: {
      ALIBABA_CLOUD_ACCESS_KEY_ID: 'vid',
      ALIBABA_CLOUD_ACCESS_KEY_SECRET: 'vsec',
      ALIBABA_CLOUD_ROLE_ARN: 'a',
      ALIBABA_CLOUD_ROLE_SESSION_NAME: 'd',
    },
    want: {
      kind: 'assumedRole',
      roleArn: 'a',
      sessionName: 'd',
      accessKeyId: 'vid',
      accessKeySecret: 'vsec',
    },
  },
  {
    name: 'TokenThatTakesARole',
    files: { f: 'Global: {}' },
    env: {
      ALIBABA_CLOUD_ACCESS_KEY_ID: 'vid',
      ALIBABA_CLOUD_ACCESS_KEY_SECRET: 'vsec',
      ALIBABA_CLOUD_SECURITY_TOKEN: 'tok',
      ALIBABA_CLOUD_ROLE_ARN: 'a',
    },
    want: {
      kind: 'assumedRole',
      roleArn: 'a',
      accessKeyId: 'vid',
      accessKeySecret: 'vsec',
      securityToken: 'tok',
    },
  },
  {
    name: 'KeyBesideOidc',
    files: { f: 'Global: {}' },
    env: {
      ALIBABA_CLOUD_ACCESS_KEY_ID: 'vid',
      ALIBABA_CLOUD_ACCESS_KEY_SECRET: 'vsec',
      ALIBABA_CLOUD_ROLE_ARN: 'a',
      ALIBABA_CLOUD_OIDC_PROVIDER_ARN: 'b',
      ALIBABA_CLOUD_OIDC_TOKEN_FILE: 'c',
    },
    want: { kind: 'accessKey', accessKeyId: 'vid', accessKeySecret: 'vsec' },
  },
  {
    name: 'NamedRole',
    files: { f: 'Global: {}' },
    env: { ALIBABA_CLOUD_ECS_METADATA: 'role-1' },
    want: { kind: 'ramRole', roleName: 'role-1' },
  },
] as const;

for (const { name, files, env, want } of credentialCases) {
  test(`readConfig: credentials ${name}`, async () => {
    const config = await configOf({ argv: ['--cloud-config', 'f'], files, env });
    assert.deepEqual(config.cloud.credentials, want);
  });
}

test('readConfig: names what is missing of the variables of RRSA', async () => {
  assert.deepEqual(await mistakesOf({ env: { ALIBABA_CLOUD_OIDC_TOKEN_FILE: 'c' } }), [
    'Environment variable "ALIBABA_CLOUD_ROLE_ARN" is missing: a RAM role is taken with an access key, or with an OIDC provider and a token file',
    'Environment variable "ALIBABA_CLOUD_OIDC_PROVIDER_ARN" is missing: a RAM role is taken with an access key, or with an OIDC provider and a token file',
  ]);
});

test('readConfig: endpoints lose scheme and path, the metadata endpoint keeps its scheme', async () => {
  const config = await configOf({
    env: {
      SLB_ENDPOINT: 'http://127.0.0.1:1234/path',
      ECS_ENDPOINT: 'ecs.example.com',
      METADATA_ENDPOINT: '127.0.0.1:80',
      ALICLOUD_CLIENT_SCHEME: 'HTTP',
    },
  });
  assert.deepEqual(config.cloud.endpoints, { slb: '127.0.0.1:1234', ecs: 'ecs.example.com' });
  assert.equal(config.cloud.metadataEndpoint, 'http://127.0.0.1');
  assert.equal(config.cloud.scheme, 'http');
});

test('readConfig: flags win over the file', async () => {
  const files = { f: 'Global: {region: cn-a, vpcid: vpc-a, serviceMaxConcurrentReconciles: 4}' };
  const argv = ['--cloud-config=f', '--region=cn-b'];
  const config = await configOf({ argv, files });
  assert.equal(config.cloud.regionId, 'cn-b');
  assert.equal(config.cloud.vpcId, 'vpc-a');
  assert.equal(config.concurrentServiceSyncs, 4);
  const flagged = await configOf({ argv: [...argv, '--concurrent-service-syncs=2'], files });
  assert.equal(flagged.concurrentServiceSyncs, 2);
});

test('SEC-08: the cloud-config file is read again when it has changed, and mistakes change nothing', async () => {
  const key = (id: string): string =>
    `Global: {accessKeyID: ${base64(id)}, accessKeySecret: ${base64('secret')}}`;
  let text = key('first');
  const reading = await readConfig({
    argv: ['--cloud-config=f'],
    env: {},
    version: '1',
    readFile: () => Promise.resolve(text),
  });
  assert.ok(reading.kind === 'config');
  const { reloadCloudConfig } = reading.config;
  assert.deepEqual(await reloadCloudConfig(), { kind: 'unchanged' });

  text = 'Global: {accessKeyID: "?"}';
  assert.equal((await reloadCloudConfig()).kind, 'invalid');
  text = key('second');
  const changed = await reloadCloudConfig();
  assert.ok(changed.kind === 'changed' && changed.cloud.credentials.kind === 'accessKey');
  assert.equal(changed.cloud.credentials.accessKeyId, 'second');
  assert.deepEqual(await reloadCloudConfig(), { kind: 'unchanged' });
});

test('readConfig: --help lists every flag, and --version tells the version', async () => {
  const help = await read({ argv: ['--help'] });
  assert.ok(help.kind === 'text');
  for (const flag of [
    '--kubeconfig',
    '--cloud-config',
    '--controllers',
    '--leader-elect',
    '--leader-elect-lease-duration',
    '--drift-period',
    '--metrics-bind-addr',
    '--default-implementation',
  ]) {
    assert.ok(help.text.includes(flag), flag);
  }
  assert.deepEqual(await read({ argv: ['--version'] }), { kind: 'text', text: '1.2.3\n' });
});

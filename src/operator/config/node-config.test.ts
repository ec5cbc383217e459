import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig, type Config } from './config.ts';

async function read(
  argv: readonly string[],
  cloudConfig = 'Global: {}',
): Promise<Config | readonly string[]> {
  const reading = await readConfig({
    argv: [...argv, '--cloud-config=file'],
    env: {},
    version: '1.2.3',
    readFile: () => Promise.resolve(cloudConfig),
  });
  assert.ok(reading.kind !== 'text');
  return reading.kind === 'config' ? reading.config : reading.mistakes;
}

async function configOf(argv: readonly string[], cloudConfig?: string): Promise<Config> {
  const config = await read(argv, cloudConfig);
  assert.ok('version' in config, JSON.stringify(config));
  return config;
}

async function mistakesOf(argv: readonly string[]): Promise<readonly string[]> {
  const mistakes = await read(argv);
  assert.ok(!('version' in mistakes), 'The configuration was accepted');
  return mistakes;
}

const CIDR = '--cluster-cidr=10.0.0.0/16';

const clusterCidrs: readonly {
  readonly name: string;
  readonly value: string;
  readonly want: readonly string[] | 'refused';
}[] = [
  { name: 'none', value: '', want: [] },
  { name: 'one', value: '10.0.0.0/16', want: ['10.0.0.0/16'] },
  {
    name: 'one of each family',
    value: '10.0.0.0/16, fd00::/48',
    want: ['10.0.0.0/16', 'fd00::/48'],
  },
  { name: 'IPv6 first', value: 'fd00::/48,10.0.0.0/16', want: ['fd00::/48', '10.0.0.0/16'] },
  { name: 'two of one family', value: '10.0.0.0/16,10.1.0.0/16', want: 'refused' },
  { name: 'three', value: '10.0.0.0/16,fd00::/48,10.1.0.0/16', want: 'refused' },
  { name: 'an address', value: '10.0.0.0', want: 'refused' },
  { name: 'an empty entry', value: '10.0.0.0/16,', want: 'refused' },
];
for (const { name, value, want } of clusterCidrs) {
  test(`ROUTE-18: --cluster-cidr, ${name}`, async () => {
    const argv = [`--cluster-cidr=${value}`];
    if (want === 'refused') {
      assert.match((await mistakesOf(argv)).join(), /"--cluster-cidr" is .* one of each family/);
    } else {
      const { routes } = await configOf(argv);
      assert.deepEqual(
        routes.clusterCidrs.map(({ text }) => text),
        want,
      );
    }
  });
}

const routeSwitches: readonly {
  readonly argv: readonly string[];
  readonly isEnabled: boolean;
  readonly warning?: RegExp;
}[] = [
  { argv: [], isEnabled: false },
  { argv: [CIDR], isEnabled: true },
  { argv: [CIDR, '--configure-cloud-routes=false'], isEnabled: false },
  { argv: [CIDR, '--allocate-node-cidrs=true'], isEnabled: true },
  { argv: [CIDR, '--allocate-node-cidrs=false'], isEnabled: false },
  {
    argv: [CIDR, '--configure-cloud-routes', '--allocate-node-cidrs=false'],
    isEnabled: false,
    warning: /"--allocate-node-cidrs" is false/,
  },
  {
    argv: ['--configure-cloud-routes'],
    isEnabled: false,
    warning: /"--cluster-cidr" does not say/,
  },
];
for (const { argv, isEnabled, warning } of routeSwitches) {
  test(`ROUTE-18: routes with ${argv.join(' ') || 'no flag'}: ${isEnabled ? 'on' : 'off'}`, async () => {
    const { routes, warnings } = await configOf(argv);
    assert.equal(routes.isEnabled, isEnabled);
    assert.match(warnings.join(), warning ?? /^$/);
  });
}

test('B-53 B-60: limits of the cloud hold for batches, and ids of tables stand without blanks', async () => {
  const config = await configOf([], 'Global: {routeTableIDs: "vtb-1, vtb-2"}');
  assert.deepEqual(config.routes.routeTableIds, ['vtb-1', 'vtb-2']);
  assert.equal(config.nodes.batchSize, 100);
  assert.equal(config.routes.batchSize, 50);
  const mistakes = await mistakesOf([
    '--node-reconcile-batch-size=101',
    '--route-reconcile-batch-size=0',
  ]);
  assert.equal(mistakes.length, 2);
  assert.match(mistakes.join(), /from 1 to 100.*from 1 to 50/);
});

test('NODE-27: nodes are worked on as the flags say', async () => {
  const { nodes } = await configOf(['--concurrent-node-syncs=4']);
  assert.equal(nodes.concurrentSyncs, 4);
  assert.equal(nodes.concurrentStatusUpdates, 4, 'As many as the other, unless told');
  const other = await configOf(['--concurrent-node-status-updates=2']);
  assert.equal(other.nodes.concurrentSyncs, 1);
  assert.equal(other.nodes.concurrentStatusUpdates, 2);
  const fromFile = await configOf([], 'Global: {nodeMaxConcurrentReconciles: 3}');
  assert.equal(fromFile.nodes.concurrentSyncs, 3);
  for (const flag of ['--concurrent-node-syncs=0', '--concurrent-node-status-updates=-1']) {
    assert.equal((await mistakesOf([flag])).length, 1, flag);
  }
});

test('the source/destination check is switched off only where routes are made', async () => {
  const isSwitchedOff = async (...argv: readonly string[]): Promise<boolean> =>
    (await configOf(argv)).nodes.disablesSourceDestCheck;
  assert.equal(await isSwitchedOff(), false);
  assert.equal(await isSwitchedOff(CIDR), true);
  assert.equal(await isSwitchedOff(CIDR, '--configure-cloud-routes=false'), false);
  assert.equal(await isSwitchedOff(CIDR, '--skip-disable-source-dest-check'), false);
});

test('a reconciliation period below one minute counts as one minute', async () => {
  const { routes, warnings } = await configOf(['--route-reconciliation-period=10s']);
  assert.equal(routes.reconciliationPeriodMs, 60_000);
  assert.match(warnings.join(), /counts as 1m/);
});

test('a node range must fit its cluster range, and a single size is for one family', async () => {
  const named = ['--controllers=*,node-ipam-controller', '--allocate-node-cidrs'];
  const { nodeIpam } = await configOf([...named, '--cluster-cidr=10.0.0.0/16,fd00::/48']);
  assert.deepEqual(nodeIpam.maskSizes, [24, 64]);
  const single = await configOf([...named, CIDR, '--node-cidr-mask-size=26']);
  assert.deepEqual(single.nodeIpam.maskSizes, [26]);
  assert.match(
    (await mistakesOf([...named, CIDR, '--node-cidr-mask-size-ipv4=15'])).join(),
    /from 16 to 32/,
  );
  assert.match(
    (
      await mistakesOf([
        ...named,
        '--cluster-cidr=10.0.0.0/16,fd00::/48',
        '--node-cidr-mask-size=26',
      ])
    ).join(),
    /for a cluster of one family/,
  );
});

test('IPAM-02: pod ranges are given only where the controller is named and the flag is set', async () => {
  const isEnabled = async (...argv: readonly string[]): Promise<boolean> =>
    (await configOf(argv)).nodeIpam.isEnabled;
  assert.equal(await isEnabled(CIDR), false);
  assert.equal(await isEnabled(CIDR, '--allocate-node-cidrs'), false, 'As stock manifests have it');
  const named = '--controllers=*,node-ipam-controller';
  const refused = await mistakesOf([CIDR, named]);
  assert.match(refused.join(), /needs "--allocate-node-cidrs=true"/);
});

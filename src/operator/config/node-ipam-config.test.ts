import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig } from './config.ts';
import type { NodeIpamConfig } from './node-ipam-config.ts';

async function read(argv: readonly string[]): Promise<NodeIpamConfig | readonly string[]> {
  const reading = await readConfig({
    argv,
    env: {},
    version: '1.2.3',
    readFile: () => Promise.resolve('Global: {}'),
  });
  assert.ok(reading.kind !== 'text');
  return reading.kind === 'config' ? reading.config.nodeIpam : reading.mistakes;
}

async function configOf(argv: readonly string[]): Promise<NodeIpamConfig> {
  const config = await read(argv);
  assert.ok('isEnabled' in config, JSON.stringify(config));
  return config;
}

const ON = ['--controllers=*,node-ipam-controller', '--allocate-node-cidrs'];
const IPV4 = '--cluster-cidr=10.0.0.0/16';
const IPV6 = '--cluster-cidr=fd00::/48';
const DUAL = '--cluster-cidr=fd00::/48,10.0.0.0/16';

test('IPAM-02: nothing gives ranges to nodes unless the controller is named and the flag is set', async () => {
  assert.equal((await configOf([])).isEnabled, false);
  assert.equal((await configOf([IPV4, '--allocate-node-cidrs'])).isEnabled, false);
  assert.equal((await configOf([IPV4, ...ON])).isEnabled, true);
  assert.equal((await configOf([IPV4, ...ON])).allocator, 'RangeAllocator');
  const alias = ['--controllers=*,nodeipam', '--allocate-node-cidrs'];
  assert.equal((await configOf([IPV4, ...alias])).isEnabled, true);
});

test('IPAM-02: the kind of allocator is read whatever its case', async () => {
  const config = await configOf([IPV4, ...ON, '--cidr-allocator-type=cloudallocator']);
  assert.equal(config.allocator, 'CloudAllocator');
});

const sizes = [
  { argv: [IPV4], want: [24] },
  { argv: [IPV6], want: [64] },
  { argv: [DUAL], want: [64, 24] },
  { argv: [IPV4, '--node-cidr-mask-size=26'], want: [26] },
  { argv: [IPV6, '--node-cidr-mask-size=60'], want: [60] },
  { argv: [IPV4, '--node-cidr-mask-size-ipv4=25'], want: [25] },
  {
    argv: [DUAL, '--node-cidr-mask-size-ipv4=25', '--node-cidr-mask-size-ipv6=62'],
    want: [62, 25],
  },
];
for (const { argv, want } of sizes) {
  test(`IPAM-03: blocks of ${argv.join(' ')} have prefixes of ${want.join(' and ')}`, async () => {
    assert.deepEqual((await configOf([...ON, ...argv])).maskSizes, want);
  });
}

const mistakes = [
  {
    name: 'NoClusterRange',
    argv: [],
    want: [/needs "--cluster-cidr"/],
  },
  {
    name: 'ClusterRangeUnreadable',
    argv: ['--cluster-cidr=10.0.0.0'],
    want: [/"--cluster-cidr" is "10.0.0.0"/],
  },
  {
    name: 'UnknownAllocator',
    argv: [IPV4, '--cidr-allocator-type=IPAMFromCloud'],
    want: [/"IPAMFromCloud": it must be one of RangeAllocator, CloudAllocator/],
  },
  {
    name: 'MaskShorterThanTheRange',
    argv: [IPV4, '--node-cidr-mask-size=15'],
    want: [/"--node-cidr-mask-size" is 15: for nodes in 10.0.0.0\/16 it must be from 16 to 32/],
  },
  {
    name: 'DefaultMaskShorterThanTheRange',
    argv: ['--cluster-cidr=10.0.0.0/25'],
    want: [/"--node-cidr-mask-size-ipv4" is 24: .* from 25 to 32/],
  },
  {
    name: 'TooManyBlocks',
    argv: [IPV6, '--node-cidr-mask-size-ipv6=80'],
    want: [/is 80: for nodes in fd00::\/48 it must be from 48 to 64/],
  },
  {
    name: 'SingleMaskForTwoFamilies',
    argv: [DUAL, '--node-cidr-mask-size=24'],
    want: [/for a cluster of one family/, /from 48 to 64/],
  },
  {
    name: 'TwoMasksForOneFamily',
    argv: [IPV4, '--node-cidr-mask-size=24', '--node-cidr-mask-size-ipv4=25'],
    want: [/give only one/],
  },
  {
    name: 'MaskOfAnotherFamily',
    argv: [IPV4, '--node-cidr-mask-size-ipv6=64'],
    want: [/"--node-cidr-mask-size-ipv6" is for a cluster with IPv6/],
  },
  {
    name: 'ServicesTakeEverything',
    argv: [IPV4, '--service-cluster-ip-range=10.0.0.0/12'],
    want: [/10.0.0.0\/12, which leaves nothing of 10.0.0.0\/16/],
  },
  {
    name: 'SeveralAtOnce',
    argv: [
      IPV4,
      '--cidr-allocator-type=Other',
      '--node-cidr-mask-size=8',
      '--service-cluster-ip-range=nonsense',
    ],
    want: [/"--service-cluster-ip-range" is "nonsense"/, /"Other"/, /is 8:/],
  },
];
for (const { name, argv, want } of mistakes) {
  test(`IPAM-03: a mistake is told at the start: ${name}`, async () => {
    const found = await read([...ON, ...argv]);
    assert.ok(!('isEnabled' in found), 'The configuration was accepted');
    assert.equal(found.length, want.length, found.join('\n'));
    want.forEach((pattern, index) => {
      assert.match(found[index] ?? '', pattern);
    });
  });
}

test('IPAM-02: flags of a controller that does not run keep nothing from starting', async () => {
  const unused = [IPV4, '--cidr-allocator-type=IPAMFromCloud', '--node-cidr-mask-size=8'];
  assert.equal((await configOf(unused)).isEnabled, false);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { instanceOf, interfaceOf } from '../../../test/support/cloud-builders.ts';
import { nodeOf } from '../../../test/support/kubernetes-builders.ts';
import type { CloudInstance } from '../../cloud/ecs/ecs-client.ts';
import type { NodeAddress } from '../kubernetes-objects.ts';
import { instanceAddresses, isSameAddresses, wantedAddresses } from './node-addresses.ts';
import { PROVIDED_NODE_IP_ANNOTATION } from './node-names.ts';

const dualStack = instanceOf({
  publicIps: ['1.2.3.4'],
  privateIps: ['10.0.0.1'],
  interfaces: [
    interfaceOf('eni-1', ['10.0.0.1'], { ipv6s: ['fd00::1'] }),
    interfaceOf('eni-2', ['10.0.0.2'], { type: 'Secondary', ipv6s: ['fd00::2'] }),
  ],
});

function texts(addresses: readonly NodeAddress[]): readonly string[] {
  return addresses.map(({ type, address }) => `${type} ${address}`);
}

function wantedOf(
  instance: CloudInstance,
  request?: string,
  present: readonly NodeAddress[] = [],
): readonly string[] | string {
  const annotations = request === undefined ? {} : { [PROVIDED_NODE_IP_ANNOTATION]: request };
  const wanted = wantedAddresses(
    instance,
    nodeOf('n', { addresses: present, metadata: { annotations } }),
  );
  return wanted.kind === 'addresses' ? texts(wanted.addresses) : wanted.kind;
}

const lists: readonly {
  readonly name: string;
  readonly instance: CloudInstance;
  readonly want: readonly string[];
  readonly reason: string;
}[] = [
  {
    name: 'EveryKind',
    instance: instanceOf({
      publicIps: ['1.2.3.4'],
      elasticIp: '5.6.7.8',
      innerIps: ['11.0.0.1'],
      interfaces: [interfaceOf('eni-1', ['10.0.0.1'], { ipv6s: ['fd00::1'] })],
    }),
    want: [
      'ExternalIP 1.2.3.4',
      'ExternalIP 5.6.7.8',
      'InternalIP 11.0.0.1',
      'InternalIP 10.0.0.1',
      'InternalIP fd00::1',
    ],
    reason: 'The order is the one that clusters of the Go CCM have.',
  },
  {
    name: 'FurtherInterfaces',
    instance: dualStack,
    want: ['ExternalIP 1.2.3.4', 'InternalIP 10.0.0.1', 'InternalIP fd00::1'],
    reason: 'Network plug-ins give the addresses of further interfaces to pods.',
  },
  {
    name: 'NODE-11 PrimaryFirst',
    instance: instanceOf({
      privateIps: ['10.0.0.1', '10.0.0.9'],
      interfaces: [interfaceOf('eni-1', ['10.0.0.9', '10.0.0.1'])],
    }),
    want: ['InternalIP 10.0.0.9', 'InternalIP 10.0.0.1'],
    reason: 'The primary address of the primary interface is what others call the node by.',
  },
  {
    name: 'NODE-15 Repeated',
    instance: instanceOf({
      publicIps: ['1.2.3.4', '1.2.3.4'],
      elasticIp: '1.2.3.4',
      interfaces: [interfaceOf('eni-1', ['10.0.0.1'], { ipv6s: ['fd00::1', 'fd00:0:0:0::1'] })],
    }),
    want: ['ExternalIP 1.2.3.4', 'InternalIP 10.0.0.1', 'InternalIP fd00::1'],
    reason: 'The API server refuses an address that is listed twice.',
  },
  {
    name: 'OnlyInterface',
    instance: instanceOf({ privateIps: [] }),
    want: ['InternalIP 10.0.0.1'],
    reason: 'The interface tells the address where the list of the VPC is empty.',
  },
];

for (const { name, instance, want, reason } of lists) {
  test(`instanceAddresses: ${name}`, () => {
    assert.deepEqual(texts(instanceAddresses(instance)), want, reason);
  });
}

test('NODE-11 instanceAddresses: the order of the answer does not show', () => {
  const interfaces = dualStack.interfaces;
  const shuffled = instanceOf({
    publicIps: ['2.2.2.2', '1.2.3.4'],
    interfaces: [...interfaces].reverse(),
  });
  const ordered = instanceOf({ publicIps: ['1.2.3.4', '2.2.2.2'], interfaces });
  assert.deepEqual(instanceAddresses(shuffled), instanceAddresses(ordered));
});

const requests: readonly {
  readonly name: string;
  readonly request: string;
  readonly want: readonly string[] | string;
}[] = [
  {
    name: 'NODE-09 NODE-10 single, on a further interface',
    request: '10.0.0.2',
    want: ['InternalIP 10.0.0.2', 'ExternalIP 1.2.3.4'],
  },
  {
    name: 'NODE-09 NODE-10 pair, in the order of the annotation',
    request: '10.0.0.2,fd00::1',
    want: ['InternalIP 10.0.0.2', 'InternalIP fd00::1', 'ExternalIP 1.2.3.4'],
  },
  {
    name: 'NODE-10 pair, IPv6 first',
    request: 'fd00::1,10.0.0.1',
    want: ['InternalIP fd00::1', 'InternalIP 10.0.0.1', 'ExternalIP 1.2.3.4'],
  },
  {
    name: 'NODE-10 public',
    request: '1.2.3.4',
    want: ['ExternalIP 1.2.3.4', 'InternalIP 10.0.0.1', 'InternalIP fd00::1'],
  },
  {
    name: 'NODE-09 another form of the same address',
    request: 'fd00:0:0::0:1',
    want: ['InternalIP fd00::1', 'ExternalIP 1.2.3.4'],
  },
  { name: 'NODE-09 two of one family', request: '10.0.0.1,10.0.0.2', want: 'refused' },
  { name: 'NODE-09 three', request: '10.0.0.1,fd00::1,10.0.0.2', want: 'refused' },
  { name: 'NODE-09 blanks', request: '10.0.0.1, fd00::1', want: 'refused' },
  { name: 'NODE-09 unknown address', request: '10.0.0.77', want: 'refused' },
  { name: 'NODE-09 one of two unknown', request: '10.0.0.1,fd00::77', want: 'refused' },
  { name: 'NODE-09 unspecified pair', request: '0.0.0.0,::', want: 'refused' },
  { name: 'NODE-09 no address', request: 'node-1', want: 'refused' },
  { name: 'NODE-09 empty', request: '', want: 'refused' },
];

for (const { name, request, want } of requests) {
  test(`wantedAddresses: ${name}`, () => {
    assert.deepEqual(wantedOf(dualStack, request), want);
  });
}

test('NODE-09 wantedAddresses: a refusal names the address and the instance', () => {
  const annotations = { [PROVIDED_NODE_IP_ANNOTATION]: '10.0.0.77' };
  const wanted = wantedAddresses(dualStack, nodeOf('n', { metadata: { annotations } }));
  assert.ok(wanted.kind === 'refused');
  assert.match(wanted.why, /10\.0\.0\.77.*"i-a"/);
});

test("NODE-12 wantedAddresses: keeps the agent's host name, replaces its other addresses", () => {
  const present = [
    { type: 'InternalIP', address: '192.168.7.7' },
    { type: 'Hostname', address: 'n1' },
  ];
  assert.deepEqual(wantedOf(instanceOf(), undefined, present), [
    'InternalIP 10.0.0.1',
    'Hostname n1',
  ]);
  assert.deepEqual(wantedOf(instanceOf(), '10.0.0.1', present), [
    'InternalIP 10.0.0.1',
    'Hostname n1',
  ]);
});

test('NODE-13 wantedAddresses: an instance without addresses leaves those of the node', () => {
  const nothing = instanceOf({ privateIps: [], interfaces: [] });
  assert.equal(wantedOf(nothing), 'keep');
  assert.equal(wantedOf(nothing, '10.0.0.1'), 'keep');
});

test('NODE-16 isSameAddresses: order and type count', () => {
  const [a, b] = [
    { type: 'InternalIP', address: '10.0.0.1' },
    { type: 'InternalIP', address: 'fd00::1' },
  ];
  assert.ok(isSameAddresses([a, b], [{ ...a }, { ...b }]));
  assert.ok(!isSameAddresses([a, b], [b, a]));
  assert.ok(!isSameAddresses([a, b], [a]));
  assert.ok(!isSameAddresses([a], [{ ...a, type: 'ExternalIP' }]));
});

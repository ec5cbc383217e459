import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeOf } from '../../../test/support/kubernetes-builders.ts';
import { instanceClues } from './instance-clues.ts';
import { PROVIDED_NODE_IP_ANNOTATION } from './node-names.ts';

const names: readonly {
  readonly name: string;
  readonly instanceIds: readonly string[];
  readonly privateIps?: readonly string[];
  readonly reason: string;
}[] = [
  { name: 'i-bp1abc', instanceIds: ['i-bp1abc'], reason: 'The name is the id.' },
  {
    name: 'cn-hangzhou.i-bp1abc',
    instanceIds: ['i-bp1abc'],
    reason: 'Managed clusters put the region in front.',
  },
  {
    name: 'cn-hangzhou.10.0.0.5',
    instanceIds: [],
    privateIps: ['10.0.0.5'],
    reason: 'Managed clusters put the region in front of the address.',
  },
  {
    name: 'izbp1abcz',
    instanceIds: ['i-bp1abc'],
    reason: 'The host name that an instance gets by itself.',
  },
  {
    name: 'i-bp1abc.cn-hangzhou.ecs.internal',
    instanceIds: ['i-bp1abc'],
    reason: 'The name in the private zone.',
  },
  { name: 'worker-1', instanceIds: [], reason: 'A name that says nothing.' },
];

for (const { name, instanceIds, privateIps = [], reason } of names) {
  test(`NODE-03 instanceClues: ${name}`, () => {
    const clues = instanceClues(nodeOf(name, { providerId: '' }));
    assert.deepEqual({ ...clues }, { privateIps, instanceIds }, reason);
  });
}

test('instanceClues: addresses that the agent reports and was told to use, each once', () => {
  const node = nodeOf('worker-1', {
    providerId: '',
    addresses: [
      { type: 'InternalIP', address: '10.0.0.5' },
      { type: 'InternalIP', address: 'fd00::5' },
      { type: 'ExternalIP', address: '1.2.3.4' },
      { type: 'Hostname', address: 'worker-1' },
    ],
    metadata: { annotations: { [PROVIDED_NODE_IP_ANNOTATION]: '10.0.0.5,fd00::5' } },
  });
  assert.deepEqual(instanceClues(node).privateIps, ['10.0.0.5']);
});

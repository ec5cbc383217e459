import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeOf, taintOf } from '../../../test/support/kubernetes-builders.ts';
import type { Node } from '../../reconcilers/kubernetes-objects.ts';
import {
  PROVIDED_NODE_IP_ANNOTATION,
  UNINITIALIZED_TAINT,
} from '../../reconcilers/node/node-names.ts';
import { concernsInitialisation } from './node-initialisation-change.ts';

const taints = [taintOf(UNINITIALIZED_TAINT)];
const waiting = nodeOf('a', { taints });
const unnamed = nodeOf('a', { taints, providerId: '' });
const initialised = nodeOf('a');
const addresses = [{ type: 'InternalIP', address: '10.0.0.1' }];

const cases: readonly {
  readonly name: string;
  readonly previous: Node | undefined;
  readonly current: Node;
  readonly want: boolean;
}[] = [
  { name: 'NODE-02 a new node with the taint', previous: undefined, current: waiting, want: true },
  { name: 'NODE-02 a new node without it', previous: undefined, current: initialised, want: false },
  { name: 'NODE-02 the taint comes back', previous: initialised, current: waiting, want: true },
  { name: 'the taint goes', previous: waiting, current: initialised, want: false },
  {
    name: 'NODE-24 a heartbeat of a node that waits',
    previous: waiting,
    current: nodeOf('a', { taints, ready: { status: 'True', reason: 'KubeletReady' } }),
    want: false,
  },
  {
    name: 'NODE-24 addresses of a node with a provider id',
    previous: waiting,
    current: nodeOf('a', { taints, addresses }),
    want: false,
  },
  {
    name: 'addresses of a node without a provider id',
    previous: unnamed,
    current: nodeOf('a', { taints, providerId: '', addresses }),
    want: true,
  },
  { name: 'a provider id', previous: unnamed, current: waiting, want: true },
  {
    name: 'requested addresses',
    previous: waiting,
    current: nodeOf('a', {
      taints,
      metadata: { annotations: { [PROVIDED_NODE_IP_ANNOTATION]: '10.0.0.1' } },
    }),
    want: true,
  },
  {
    name: 'no longer excluded',
    previous: nodeOf('a', { taints, metadata: { labels: { type: 'virtual-kubelet' } } }),
    current: waiting,
    want: true,
  },
  {
    name: 'another node of the name',
    previous: waiting,
    current: nodeOf('a', { taints, metadata: { uid: 'other' } }),
    want: true,
  },
  {
    name: 'NODE-17 a legacy label without its current one',
    previous: initialised,
    current: nodeOf('a', {
      metadata: { labels: { 'failure-domain.beta.kubernetes.io/zone': 'z' } },
    }),
    want: true,
  },
  {
    name: 'NODE-28 the same on a node of another provider',
    previous: undefined,
    current: nodeOf('a', {
      providerId: 'other://x',
      metadata: { labels: { 'failure-domain.beta.kubernetes.io/zone': 'z' } },
    }),
    want: false,
  },
];

for (const { name, previous, current, want } of cases) {
  test(`concernsInitialisation: ${name}`, () => {
    assert.equal(concernsInitialisation(previous, current), want);
  });
}

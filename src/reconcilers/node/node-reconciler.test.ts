import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeOf, taintOf } from '../../../test/support/kubernetes-builders.ts';
import { VirtualClock } from '../../../test/support/virtual-clock.ts';
import type { Node } from '../kubernetes-objects.ts';
import { InstanceClaims } from './instance-claims.ts';
import { UNINITIALIZED_TAINT } from './node-names.ts';
import type { NodePorts } from './node-ports.ts';
import { NodeReconciler } from './node-reconciler.ts';

const taints = [taintOf(UNINITIALIZED_TAINT)];

function never(): never {
  throw new Error('The node was not left alone');
}

/** A reconciler that may read its cache and write to its log, and nothing else. */
function confined(node: Node | undefined): {
  readonly reconcile: () => Promise<unknown>;
  readonly lines: readonly Readonly<Record<string, unknown>>[];
} {
  const lines: Readonly<Record<string, unknown>>[] = [];
  const ports: NodePorts = {
    nodes: { find: () => node, list: never },
    writer: { findDirectly: never, change: never, replaceAddresses: never },
    ecs: { setSourceDestCheck: never },
    reads: {
      findInstance: never,
      findInstancesByPrivateIp: never,
      findNetworkInterface: never,
      findDisk: never,
    },
    regionId: never,
    vpcId: never,
    announceRoutes: never,
    events: { record: never },
    clock: new VirtualClock(),
    randomness: { fraction: () => 0, hex: () => '' },
    logger: {
      debug: never,
      info: (message, fields) => lines.push({ message, ...fields }),
      warn: never,
      error: never,
    },
    metrics: { taintRemoved: never, firstSyncEnded: never },
    settings: {
      disablesSourceDestCheck: true,
      concurrentWrites: 1,
      concurrentRefreshWrites: 1,
      refreshPeriodMs: 1_000,
    },
  };
  const reconciler = new NodeReconciler(ports, new InstanceClaims());
  const key = { namespace: '', name: 'a' };
  return { reconcile: () => reconciler.reconcile(key, new AbortController().signal), lines };
}

const leftAlone: readonly { readonly name: string; readonly node: Node; readonly why: RegExp }[] = [
  {
    name: 'another provider',
    node: nodeOf('a', { taints, providerId: 'other://x' }),
    why: /"other:\/\/x" names no ECS instance/,
  },
  {
    name: 'a hybrid node',
    node: nodeOf('a', { taints, providerId: 'ack-hybrid://x' }),
    why: /hybrid/,
  },
  {
    name: 'a virtual node',
    node: nodeOf('a', { taints, metadata: { labels: { type: 'virtual-kubelet' } } }),
    why: /labels exclude/,
  },
];

for (const { name, node, why } of leftAlone) {
  test(`NODE-28 NodeReconciler: ${name} leads to one line in the log, and to nothing else`, async () => {
    const { reconcile, lines } = confined(node);
    for (let pass = 0; pass < 3; pass += 1) await reconcile();
    assert.equal(lines.length, 1);
    assert.match(String(lines[0]?.why), why);
  });
}

const nothingToDo: readonly { readonly name: string; readonly node: Node | undefined }[] = [
  { name: 'NODE-30 a node that is gone', node: undefined },
  {
    name: 'NODE-30 a node that is being deleted',
    node: nodeOf('a', { taints, metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } }),
  },
  { name: 'NODE-02 an initialised node', node: nodeOf('a') },
];

for (const { name, node } of nothingToDo) {
  test(`NodeReconciler: ${name} needs nothing`, async () => {
    const { reconcile, lines } = confined(node);
    await reconcile();
    assert.equal(lines.length, 0);
  });
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadBalancerOf } from '../../../test/support/kubernetes-builders.ts';
import { beliefAfterCreation, LoadBalancerBeliefs } from './load-balancer-belief.ts';
import type { AlibabaLoadBalancerStatus } from './load-balancer-resource.generated.ts';

const settledStatus: AlibabaLoadBalancerStatus = {
  loadBalancerId: 'lb-1',
  appliedDigest: 'd0',
  listeners: [
    { transport: 'TCP', port: 80, state: 'Running', serverGroupId: 'rsp-1', appliedDigest: 'd1' },
  ],
  serverGroups: [{ id: 'rsp-1', nodePort: 30_080, registered: 3, appliedDigest: 'd2' }],
};

function resourceOf(change: Partial<AlibabaLoadBalancerStatus> = {}) {
  return loadBalancerOf({ status: { ...settledStatus, ...change } });
}

test('LoadBalancerBeliefs: a restart believes what the status records, without a read', () => {
  const believed = new LoadBalancerBeliefs().find(resourceOf());
  assert.deepEqual(believed, {
    id: 'lb-1',
    attributes: { kind: 'believed', digest: 'd0' },
    listeners: [
      {
        key: { protocol: 'tcp', port: 80 },
        status: 'running',
        isOurs: true,
        serverGroupId: 'rsp-1',
        settings: { kind: 'believed', digest: 'd1' },
      },
    ],
    serverGroups: [
      {
        id: 'rsp-1',
        nodePort: 30_080,
        createTime: '',
        backends: { kind: 'believed', digest: 'd2' },
        registered: 3,
      },
    ],
    serverGroupsComplete: false,
  });
});

const unsettled: readonly {
  readonly name: string;
  readonly change: Partial<AlibabaLoadBalancerStatus>;
  readonly reason: string;
}[] = [
  {
    name: 'NoLoadBalancer',
    change: { loadBalancerId: undefined as unknown as string },
    reason: 'There is nothing to believe of.',
  },
  {
    name: 'DigestCleared',
    change: { appliedDigest: undefined as unknown as string },
    reason: 'A write was announced and its end is not recorded.',
  },
  {
    name: 'ListenerStarting',
    change: { listeners: [{ transport: 'TCP', port: 80, state: 'Starting', appliedDigest: 'd1' }] },
    reason: 'How the start ended is not known.',
  },
  {
    name: 'ListenerWithoutDigest',
    change: { listeners: [{ transport: 'TCP', port: 80, state: 'Running' }] },
    reason: 'Its settings are not known.',
  },
  {
    name: 'GroupWithoutDigest',
    change: { serverGroups: [{ id: 'rsp-1', nodePort: 30_080 }] },
    reason: 'Its members are not known.',
  },
];

for (const { name, change, reason } of unsettled) {
  test(`LoadBalancerBeliefs: reads after a restart when ${name}`, () => {
    assert.equal(new LoadBalancerBeliefs().find(resourceOf(change)), undefined, reason);
  });
}

test('LoadBalancerBeliefs: a listener that was never made is no reason to read', () => {
  const status = {
    listeners: [{ transport: 'TCP' as const, port: 80, state: 'Pending' as const }],
  };
  assert.deepEqual(new LoadBalancerBeliefs().find(resourceOf(status))?.listeners, []);
});

test('LoadBalancerBeliefs: what is kept wins over the status until it is mistrusted', () => {
  const beliefs = new LoadBalancerBeliefs();
  const kept = beliefAfterCreation('lb-1', { kind: 'believed', digest: 'newer' });
  beliefs.keep(resourceOf(), kept);
  assert.equal(beliefs.find(resourceOf()), kept);
  beliefs.mistrust(resourceOf().metadata.uid, 5);
  assert.equal(beliefs.find(resourceOf()), undefined);
  assert.equal(beliefs.readableFromMs(resourceOf().metadata.uid), 5);
  beliefs.mistrust(resourceOf().metadata.uid, 3);
  assert.equal(beliefs.readableFromMs(resourceOf().metadata.uid), 5, 'The longer wait counts');
  beliefs.keep(resourceOf(), kept);
  assert.equal(beliefs.readableFromMs(resourceOf().metadata.uid), 0);
});

test('LoadBalancerBeliefs: what is kept of another load balancer does not count', () => {
  const beliefs = new LoadBalancerBeliefs();
  beliefs.keep(resourceOf(), beliefAfterCreation('lb-2', { kind: 'believed', digest: '' }));
  assert.equal(beliefs.find(resourceOf())?.id, 'lb-1');
});

test('LoadBalancerBeliefs: every change counts, so that a slow read is found to be old', () => {
  const beliefs = new LoadBalancerBeliefs();
  const { uid } = resourceOf().metadata;
  const before = beliefs.revision(uid);
  beliefs.keep(resourceOf(), beliefAfterCreation('lb-1', { kind: 'believed', digest: '' }));
  const kept = beliefs.revision(uid);
  beliefs.mistrust(uid);
  assert.equal(new Set([before, kept, beliefs.revision(uid)]).size, 3);
});

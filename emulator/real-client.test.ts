import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { cloudCaller } from '../test/support/cloud-caller.ts';
import { startLocalCloud, type LocalCloud } from '../test/support/local-cloud.ts';

const region = 'cn-hangzhou';
let cloud: LocalCloud;

before(async () => {
  cloud = await startLocalCloud({ settings: { lockMs: 0, transitionMs: 0 } });
});
after(() => cloud.stop());

const clients = [
  { name: 'V3InQuery', options: { signature: 'V3' } },
  { name: 'V3InForm', options: { signature: 'V3', form: true } },
  { name: 'V3ByGet', options: { signature: 'V3', method: 'GET' } },
  { name: 'V1InQuery', options: { signature: 'V1' } },
  { name: 'V1InForm', options: { signature: 'V1', form: true } },
  { name: 'V1ByGet', options: { signature: 'V1', method: 'GET' } },
] as const;

for (const { name, options } of clients) {
  test(`emulator: ${name}: the vendor's client leads a load balancer through its life`, async () => {
    const call = cloudCaller(cloud.url, options);
    const identity = await call('GetCallerIdentity', {}, { version: '2015-04-01' });
    assert.equal(identity.get('AccountId'), cloud.accountId);

    const created = await call('CreateLoadBalancer', {
      RegionId: region,
      LoadBalancerName: `life-${name}`,
      LoadBalancerSpec: 'slb.s1.small',
      // Characters that the two signatures encode differently when done carelessly.
      Tag: [{ Key: 'odd', Value: "a b*c~d'(e)!+/=&é" }],
    });
    assert.equal(created.code, undefined, created.message);
    const LoadBalancerId = created.text('LoadBalancerId');
    const common = { RegionId: region, LoadBalancerId };
    const group = await call('CreateVServerGroup', {
      ...common,
      VServerGroupName: 'k8s/30080/web/default/c1',
      BackendServers: JSON.stringify([
        { ServerId: cloud.instanceIds[0], Port: 30080, Weight: 100 },
      ]),
    });
    assert.equal(group.code, undefined, group.message);
    const listener = await call('CreateLoadBalancerTCPListener', {
      ...common,
      ListenerPort: 80,
      Bandwidth: -1,
      VServerGroupId: group.text('VServerGroupId'),
    });
    assert.equal(listener.code, undefined, listener.message);
    const started = await call('StartLoadBalancerListener', { ...common, ListenerPort: 80 });
    assert.equal(started.code, undefined, started.message);

    const listed = await call('DescribeLoadBalancers', {
      RegionId: region,
      Tag: [{ Key: 'odd', Value: "a b*c~d'(e)!+/=&é" }],
      LoadBalancerId,
    });
    assert.equal(listed.get('TotalCount'), 1);
    const listeners = await call('DescribeLoadBalancerListeners', {
      RegionId: region,
      LoadBalancerId: [LoadBalancerId],
    });
    assert.equal(listeners.get('Listeners', 0, 'Status'), 'running');
    assert.equal(listeners.get('Listeners', 0, 'VServerGroupId'), group.text('VServerGroupId'));
    const deleted = await call('DeleteLoadBalancer', common);
    assert.equal(deleted.code, undefined, deleted.message);
    const gone = await call('DescribeLoadBalancerAttribute', common);
    assert.equal(gone.code, 'InvalidLoadBalancerId.NotFound');
    assert.equal(gone.status, 404);
  });
}

test('emulator: a wrong secret is refused whichever way it signs', async () => {
  for (const signature of ['V1', 'V3'] as const) {
    const call = cloudCaller(cloud.url, { signature, accessKeySecret: 'wrong' });
    const answer = await call('DescribeRegions');
    assert.equal(answer.code, 'SignatureDoesNotMatch');
  }
});

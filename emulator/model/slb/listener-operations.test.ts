import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { startRuleBench, type RuleBench } from '../../../test/support/rule-bench.ts';

let bench: RuleBench;
let LoadBalancerId: string;

before(async () => {
  bench = await startRuleBench();
});
beforeEach(async () => {
  bench.cloud.reset();
  bench.cloud.settings({ rates: { default: 0 } });
  LoadBalancerId = await bench.loadBalancer();
});
after(() => bench.cloud.stop());

const tcp = (ListenerPort: number) => ({
  LoadBalancerId,
  ListenerPort,
  Bandwidth: -1,
  BackendServerPort: 30080,
});
const at = (ListenerPort: number) => ({ LoadBalancerId, ListenerPort });
const seenTcp = (port: number) =>
  bench.accept('DescribeLoadBalancerTCPListenerAttribute', at(port));
const seenUdp = (port: number) =>
  bench.accept('DescribeLoadBalancerUDPListenerAttribute', at(port));

/** Makes a running listener. */
async function running(port: number, parameters: Record<string, unknown> = {}): Promise<void> {
  await bench.listener(LoadBalancerId, port, parameters);
  await bench.accept('StartLoadBalancerListener', at(port));
  bench.settle();
}

test('rule listener-stopped: a new listener is stopped', async () => {
  await bench.accept('CreateLoadBalancerTCPListener', tcp(80));
  assert.equal(await bench.statusOf(LoadBalancerId, 80), 'stopped');
});

test('rule listener-start listener-time: stopped, starting for 500 ms, running', async () => {
  await bench.listener(LoadBalancerId, 80);
  await bench.accept('StartLoadBalancerListener', at(80));
  assert.equal(await bench.statusOf(LoadBalancerId, 80), 'starting');
  bench.cloud.advance(499);
  assert.equal(await bench.statusOf(LoadBalancerId, 80), 'starting');
  bench.cloud.advance(1);
  assert.equal(await bench.statusOf(LoadBalancerId, 80), 'running');
});

test('rule listener-stop: running, stopping, stopped', async () => {
  await running(80);
  await bench.accept('StopLoadBalancerListener', at(80));
  assert.equal(await bench.statusOf(LoadBalancerId, 80), 'stopping');
  bench.settle();
  assert.equal(await bench.statusOf(LoadBalancerId, 80), 'stopped');
});

test('rule listener-set: a running listener is configuring for a while, a stopped one is not', async () => {
  await running(80);
  await bench.accept('SetLoadBalancerTCPListenerAttribute', { ...at(80), Scheduler: 'rr' });
  assert.equal(await bench.statusOf(LoadBalancerId, 80), 'configuring');
  bench.settle();
  assert.equal(await bench.statusOf(LoadBalancerId, 80), 'running');
  assert.equal((await seenTcp(80)).get('Scheduler'), 'rr');
  await bench.listener(LoadBalancerId, 81);
  await bench.accept('SetLoadBalancerTCPListenerAttribute', { ...at(81), Scheduler: 'rr' });
  assert.equal(await bench.statusOf(LoadBalancerId, 81), 'stopped');
});

test('rule listener-set: what is not named stays', async () => {
  await bench.listener(LoadBalancerId, 80, { PersistenceTimeout: 60, Description: 'mine' });
  await bench.accept('SetLoadBalancerTCPListenerAttribute', { ...at(80), HealthyThreshold: 4 });
  const seen = await seenTcp(80);
  assert.deepEqual(
    [seen.get('PersistenceTimeout'), seen.get('Description'), seen.get('HealthyThreshold')],
    [60, 'mine', 4],
  );
});

test('rule listener-moving: a listener in passage is left alone', async () => {
  await bench.listener(LoadBalancerId, 80);
  await bench.accept('StartLoadBalancerListener', at(80));
  // The write's own lock is over, the passage is not.
  bench.cloud.advance(200);
  await bench.refuse('Operation.Deny', 'StartLoadBalancerListener', at(80));
  await bench.refuse('ServiceIsConfiguring', 'StopLoadBalancerListener', at(80));
  await bench.refuse('ServiceIsConfiguring', 'DeleteLoadBalancerListener', at(80));
  await bench.refuse('ServiceIsConfiguring', 'SetLoadBalancerTCPListenerAttribute', at(80));
  bench.settle();
  await bench.accept('StopLoadBalancerListener', at(80));
  bench.cloud.advance(200);
  for (const action of ['StartLoadBalancerListener', 'DeleteLoadBalancerListener']) {
    const answer = await bench.refuse('ServiceIsStopping', action, at(80));
    assert.equal(answer.status, 409);
  }
});

test('rule listener-not-supported: no start of a running listener, no stop of a stopped one', async () => {
  await running(80);
  const code = 'OperationFailed.ListenerStatusNotSupport';
  await bench.refuse(code, 'StartLoadBalancerListener', at(80));
  await bench.listener(LoadBalancerId, 81);
  await bench.refuse(code, 'StopLoadBalancerListener', at(81));
});

test('rule listener-start: no start on a locked load balancer', async () => {
  await bench.listener(LoadBalancerId, 80);
  bench.cloud.patchObject(LoadBalancerId, { LoadBalancerStatus: 'locked' });
  await bench.refuse('Operation.NotAllowed', 'StartLoadBalancerListener', at(80));
});

test('rule listener-exists: one listener per port and protocol', async () => {
  await bench.listener(LoadBalancerId, 53);
  await bench.refuse('ListenerAlreadyExists', 'CreateLoadBalancerTCPListener', tcp(53));
  await bench.accept('CreateLoadBalancerUDPListener', tcp(53));
});

test('rule listener-shared-port: the protocol must be named where two share a port', async () => {
  await bench.listener(LoadBalancerId, 53);
  await bench.listener(LoadBalancerId, 53, { protocol: 'UDP' });
  for (const action of [
    'StartLoadBalancerListener',
    'StopLoadBalancerListener',
    'DeleteLoadBalancerListener',
    'DescribeHealthStatus',
  ]) {
    await bench.refuse('TooManyListeners', action, at(53));
  }
  await bench.accept('DeleteLoadBalancerListener', { ...at(53), ListenerProtocol: 'udp' });
  const left = await bench.accept('DescribeLoadBalancerListeners', {
    LoadBalancerId: [LoadBalancerId],
  });
  assert.equal(left.get('TotalCount'), 1);
  assert.equal(left.get('Listeners', 0, 'ListenerProtocol'), 'tcp');
});

test('rule listener-defaults listener-interval: what is not asked for has its default', async () => {
  await bench.listener(LoadBalancerId, 80);
  await bench.listener(LoadBalancerId, 80, { protocol: 'UDP' });
  const shared = {
    Scheduler: 'wrr',
    HealthCheck: 'on',
    HealthCheckConnectTimeout: 5,
    HealthCheckInterval: 2,
    HealthyThreshold: 3,
    UnhealthyThreshold: 3,
    AclStatus: 'off',
    Bandwidth: -1,
    BackendServerPort: 30080,
  };
  const onlyTcp = { PersistenceTimeout: 0, EstablishedTimeout: 900, HealthCheckType: 'tcp' };
  const seen = async (answer: Promise<{ body: Record<string, unknown> }>, want: object) => {
    const { body } = await answer;
    return Object.fromEntries(Object.keys(want).map((name) => [name, body[name]]));
  };
  const wantTcp = { ...shared, ...onlyTcp };
  assert.deepEqual(await seen(seenTcp(80), wantTcp), wantTcp);
  assert.deepEqual(await seen(seenUdp(80), shared), shared);
  assert.equal((await seenUdp(80)).get('EstablishedTimeout'), undefined);
});

test('rule listener-schedulers: the scheduler wlc is accepted', async () => {
  await bench.listener(LoadBalancerId, 80, { Scheduler: 'wlc' });
  assert.equal((await seenTcp(80)).get('Scheduler'), 'wlc');
});

test('rule listener-backend: a listener needs a port or a group behind it', async () => {
  await bench.refuse('MissingParameter', 'CreateLoadBalancerTCPListener', {
    ...tcp(80),
    BackendServerPort: undefined,
  });
});

test('rule call-unset-number: -520 is no backend port', async () => {
  await bench.refuse('MissingParameter', 'CreateLoadBalancerTCPListener', {
    ...tcp(80),
    BackendServerPort: -520,
  });
  const VServerGroupId = await bench.group(LoadBalancerId);
  const unset = { BackendServerPort: -520, VServerGroupId };
  await bench.accept('CreateLoadBalancerTCPListener', { ...tcp(80), ...unset });
});

test('rule listener-group: the group must exist, and excludes a master-slave group', async () => {
  const action = 'CreateLoadBalancerTCPListener';
  const answer = await bench.refuse('InvalidParameter', action, {
    ...tcp(80),
    VServerGroupId: 'rsp-none',
  });
  assert.equal(answer.status, 404);
  assert.match(answer.message, /The specified VServerGroupId does not exist/);
  await bench.refuse('Abs.VServerGroupIdAndMasterSlaveServerGroupId.MissMatch', action, {
    ...tcp(80),
    VServerGroupId: 'rsp-a',
    MasterSlaveServerGroupId: 'rsp-b',
  });
});

test('rule listener-group-owner: a group serves its own load balancer only', async () => {
  const other = await bench.loadBalancer();
  const VServerGroupId = await bench.group(other);
  await bench.refuse('VipNotMatchRspool', 'CreateLoadBalancerTCPListener', {
    ...tcp(80),
    VServerGroupId,
  });
});

test('rule listener-group-switch: on takes another group, off goes back to the default one', async () => {
  const first = await bench.group(LoadBalancerId);
  const second = await bench.group(LoadBalancerId);
  await bench.listener(LoadBalancerId, 80, { VServerGroupId: first });
  assert.equal((await seenTcp(80)).get('BackendServerPort'), undefined);
  const action = 'SetLoadBalancerTCPListenerAttribute';
  await bench.refuse('MissingParam.VServerGroupId', action, { ...at(80), VServerGroup: 'on' });
  await bench.accept(action, { ...at(80), VServerGroup: 'on', VServerGroupId: second });
  assert.equal((await seenTcp(80)).get('VServerGroupId'), second);
  bench.settle();
  await bench.accept(action, { ...at(80), VServerGroup: 'off' });
  assert.equal((await seenTcp(80)).get('VServerGroupId'), undefined);
});

test('rule listener-acl: access control needs a list that exists', async () => {
  const action = 'CreateLoadBalancerTCPListener';
  await bench.refuse('MissingParameter', action, { ...tcp(80), AclStatus: 'on' });
  await bench.refuse('AclNotExist', action, {
    ...tcp(80),
    AclStatus: 'on',
    AclId: 'acl-none',
    AclType: 'white',
  });
});

test('rule listener-drain: draining needs a time', async () => {
  const action = 'CreateLoadBalancerTCPListener';
  await bench.refuse('MissingParameter', action, { ...tcp(80), ConnectionDrain: 'on' });
  await bench.accept(action, { ...tcp(80), ConnectionDrain: 'on', ConnectionDrainTimeout: 300 });
  assert.equal((await seenTcp(80)).get('ConnectionDrainTimeout'), 300);
});

test('rule listener-absent: a listener that is not there', async () => {
  for (const action of [
    'StartLoadBalancerListener',
    'StopLoadBalancerListener',
    'DeleteLoadBalancerListener',
    'SetLoadBalancerTCPListenerAttribute',
  ]) {
    const answer = await bench.refuse('ListenerNotFound', action, at(80));
    assert.equal(answer.status, 404);
  }
  const answer = await bench.refuse(
    'InvalidParameter',
    'DescribeLoadBalancerTCPListenerAttribute',
    at(80),
  );
  assert.match(answer.message, /The specified resource does not exist/);
});

test('rule listener-list: settings of the protocol are in an object of their own', async () => {
  const VServerGroupId = await bench.group(LoadBalancerId);
  await bench.listener(LoadBalancerId, 80, {
    VServerGroupId,
    Description: 'web',
    HealthCheckType: 'http',
    HealthCheckURI: '/healthz',
    HealthCheckConnectPort: 31_000,
    HealthCheckHttpCode: 'http_2xx,http_3xx',
    // The create operations of TCP and UDP spell this one with a small letter.
    healthCheckInterval: 7,
    Tag: [{ Key: 'a', Value: '1' }],
  });
  await bench.listener(LoadBalancerId, 53, {
    protocol: 'UDP',
    healthCheckReq: 'ping',
    healthCheckExp: 'pong',
  });
  const answer = await bench.accept('DescribeLoadBalancerListeners', {
    LoadBalancerId: [LoadBalancerId],
  });
  assert.deepEqual(answer.get('Listeners'), [
    {
      LoadBalancerId,
      ListenerProtocol: 'tcp',
      ListenerPort: 80,
      Status: 'stopped',
      Scheduler: 'wrr',
      AclStatus: 'off',
      Bandwidth: -1,
      Description: 'web',
      VServerGroupId,
      TCPListenerConfig: {
        ConnectionDrain: 'off',
        EstablishedTimeout: 900,
        PersistenceTimeout: 0,
        ProxyProtocolV2Enabled: 'false',
        HealthCheck: 'on',
        HealthCheckType: 'http',
        HealthCheckURI: '/healthz',
        HealthCheckHttpCode: 'http_2xx,http_3xx',
        HealthCheckConnectPort: 31_000,
        HealthCheckConnectTimeout: 5,
        HealthCheckInterval: 7,
        HealthyThreshold: 3,
        UnhealthyThreshold: 3,
      },
      Tags: [{ TagKey: 'a', TagValue: '1' }],
    },
    {
      LoadBalancerId,
      ListenerProtocol: 'udp',
      ListenerPort: 53,
      Status: 'stopped',
      Scheduler: 'wrr',
      AclStatus: 'off',
      Bandwidth: -1,
      BackendServerPort: 30080,
      UDPListenerConfig: {
        ProxyProtocolV2Enabled: 'false',
        HealthCheck: 'on',
        HealthCheckConnectTimeout: 5,
        HealthCheckInterval: 2,
        HealthCheckReq: 'ping',
        HealthCheckExp: 'pong',
        HealthyThreshold: 3,
        UnhealthyThreshold: 3,
      },
      Tags: [],
    },
  ]);
});

test('rule page-token page-bad-token: listeners come in pages by token', async () => {
  for (let port = 1; port <= 5; port += 1) await bench.listener(LoadBalancerId, port);
  const ports: unknown[] = [];
  let NextToken: string | undefined;
  do {
    const answer = await bench.accept('DescribeLoadBalancerListeners', {
      LoadBalancerId: [LoadBalancerId],
      MaxResults: 2,
      ...(NextToken === undefined ? {} : { NextToken }),
    });
    const items = answer.get('Listeners') as { ListenerPort: number }[];
    assert.ok(items.length <= 2);
    ports.push(...items.map(({ ListenerPort }) => ListenerPort));
    NextToken = answer.get('NextToken') as string | undefined;
  } while (NextToken !== undefined);
  assert.deepEqual(ports, [1, 2, 3, 4, 5]);
  await bench.refuse('IllegalParam.NextToken', 'DescribeLoadBalancerListeners', {
    NextToken: 'nonsense',
  });
});

test('rule page-moving: a list that shrinks between two pages loses an item', async () => {
  for (let port = 1; port <= 4; port += 1) await bench.listener(LoadBalancerId, port);
  const first = await bench.accept('DescribeLoadBalancerListeners', { MaxResults: 2 });
  await bench.accept('DeleteLoadBalancerListener', at(1));
  const second = await bench.accept('DescribeLoadBalancerListeners', {
    MaxResults: 2,
    NextToken: first.text('NextToken'),
  });
  const items = second.get('Listeners') as { ListenerPort: number }[];
  assert.deepEqual(
    items.map(({ ListenerPort }) => ListenerPort),
    [4],
  );
});

test('the list of listeners can be filtered', async () => {
  await bench.listener(LoadBalancerId, 80, {
    Description: 'web',
    Tag: [{ Key: 'a', Value: '1' }],
  });
  await bench.listener(LoadBalancerId, 53, { protocol: 'UDP' });
  const other = await bench.loadBalancer();
  await bench.listener(other, 80);
  const count = async (filter: Record<string, unknown>) => {
    const answer = await bench.accept('DescribeLoadBalancerListeners', filter);
    return answer.get('TotalCount');
  };
  assert.equal(await count({}), 3);
  assert.equal(await count({ LoadBalancerId: [LoadBalancerId] }), 2);
  assert.equal(await count({ LoadBalancerId: [LoadBalancerId, other] }), 3);
  assert.equal(await count({ ListenerPort: 80 }), 2);
  assert.equal(await count({ ListenerProtocol: 'udp' }), 1);
  assert.equal(await count({ Description: 'web' }), 1);
  assert.equal(await count({ Tag: [{ Key: 'a', Value: '1' }] }), 1);
  assert.equal(await count({ LoadBalancerId: ['lb-none'] }), 0);
});

test('rule quota-listeners: a load balancer has no more listeners than its quota', async () => {
  bench.cloud.settings({ quotas: { slb_quota_listeners_num: 1 } });
  await bench.listener(LoadBalancerId, 80);
  await bench.refuse('ListenerNumberOverLimit', 'CreateLoadBalancerTCPListener', tcp(81));
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cloudCaller, type CallerAnswer, type CallerParameters } from '../support/cloud-caller.ts';
import { eventually, pause, startOperatorWorld } from '../support/operator-world.ts';
import { ServiceScene } from '../support/service-scene.ts';

const world = await startOperatorWorld();
const { cloud } = world;

test('MIG-09 SVC-92: a load balancer of the other controller is taken over as it is', async () => {
  const scene = await ServiceScene.open(world);
  await scene.createService('web', {}, { finalizers: ['service.k8s.alibaba/resources'] });
  const service = await scene.get('service', 'web');
  const send = cloudCaller(cloud.url);
  const call = (action: string, parameters: CallerParameters): Promise<CallerAnswer> =>
    eventually(async () => {
      // For a moment after each change the cloud takes no other.
      const answer = await send(action, parameters);
      assert.equal(answer.code, undefined, answer.message);
      return answer;
    });
  const [port] = service.spec.ports as readonly { readonly nodePort: number }[];
  const made = await call('CreateLoadBalancer', {
    RegionId: cloud.regionId,
    AddressType: 'internet',
    LoadBalancerName: `a${service.metadata.uid.replaceAll('-', '')}`.slice(0, 32),
    InstanceChargeType: 'PayByCLCU',
    Tag: [
      {
        Key: 'kubernetes.do.not.delete',
        Value: `a${service.metadata.uid.replaceAll('-', '')}`.slice(0, 32),
      },
      { Key: 'ack.aliyun.com', Value: 'clusterid' },
    ],
  });
  const id = made.text('LoadBalancerId');
  const address = made.text('Address');
  const group = await call('CreateVServerGroup', {
    RegionId: cloud.regionId,
    LoadBalancerId: id,
    VServerGroupName: `k8s/${port?.nodePort}/web/${scene.namespace}/clusterid`,
    BackendServers: JSON.stringify(
      cloud.instanceIds.map((serverId) => ({
        ServerId: serverId,
        Port: port?.nodePort,
        Weight: 100,
        Type: 'ecs',
      })),
    ),
  });
  await call('CreateLoadBalancerTCPListener', {
    RegionId: cloud.regionId,
    LoadBalancerId: id,
    ListenerPort: 80,
    Bandwidth: -1,
    Description: `k8s/80/web/${scene.namespace}/clusterid`,
    VServerGroupId: group.text('VServerGroupId'),
  });
  // The listener is seen between two states first: what it lacks is planned only once it runs.
  cloud.settings({ transitionMs: 3_000 });
  await call('StartLoadBalancerListener', {
    RegionId: cloud.regionId,
    LoadBalancerId: id,
    ListenerPort: 80,
    ListenerProtocol: 'tcp',
  });
  await scene.publish('web', [{ ip: address }]);
  const since = cloud.calls().at(-1)?.seq ?? 0;

  const operator = await world.startOperator();
  const moved = await scene.waitUntilReady('web');
  assert.equal(moved.status?.loadBalancer?.ingress?.[0]?.ip, address);
  assert.deepEqual(
    scene.cloudOf(moved).map(({ loadBalancerId }) => loadBalancerId),
    [id],
  );
  const writes = (): string[] =>
    cloud
      .calls(since)
      .filter(({ mutating }) => mutating)
      .map(({ action }) => action);
  // What was made without protection gets it, and the documented scheduler; nothing is made anew.
  assert.deepEqual(
    writes().filter((action) => !action.startsWith('SetLoadBalancer')),
    [],
  );
  const settled = writes().length;

  await operator.stop();
  await world.startOperator();
  await pause(5_000);
  assert.equal(writes().length, settled, 'A restart writes nothing');
});

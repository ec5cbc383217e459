import assert from 'node:assert/strict';
import { cloudCaller, type CallerAnswer, type CallerParameters } from './cloud-caller.ts';
import { eventually, type OperatorWorld } from './operator-world.ts';
import type { ServiceScene } from './service-scene.ts';

/** What the Go CCM left of a Service. */
export interface GoCcmLoadBalancer {
  readonly loadBalancerId: string;
  readonly address: string;
}

/**
 * Makes the load balancer of a Service of one TCP port 80 as the Go CCM does, and publishes it.
 *
 * Shape: with the given backends behind it, all instances unless said otherwise; what this program
 *   sets beside that, protection and the scheduler, is there if `isComplete`.
 */
export async function leaveLoadBalancer(
  world: OperatorWorld,
  scene: ServiceScene,
  name: string,
  {
    instanceIds = world.cloud.instanceIds,
    isComplete = true,
  }: { readonly instanceIds?: readonly string[]; readonly isComplete?: boolean } = {},
): Promise<GoCcmLoadBalancer> {
  const { cloud, cluster } = world;
  const service = await scene.get('service', name);
  const [port] = service.spec.ports as readonly { readonly nodePort: number }[];
  const nodePort = port?.nodePort;
  const kubeSystem = await cluster.kubectl.get<{ metadata: { uid: string } }>(
    'namespace',
    'kube-system',
  );
  const clusterId = kubeSystem.metadata.uid;
  const mark = `a${service.metadata.uid.replaceAll('-', '')}`.slice(0, 32);
  const send = cloudCaller(cloud.url);
  const call = (action: string, parameters: CallerParameters): Promise<CallerAnswer> =>
    eventually(async () => {
      // For a moment after each change the cloud takes no other.
      const answer = await send(action, { RegionId: cloud.regionId, ...parameters });
      assert.equal(answer.code, undefined, answer.message);
      return answer;
    });
  const made = await call('CreateLoadBalancer', {
    AddressType: 'internet',
    LoadBalancerName: mark,
    InstanceChargeType: 'PayByCLCU',
    ...(isComplete
      ? {
          DeleteProtection: 'on',
          ModificationProtectionStatus: 'ConsoleProtection',
          ModificationProtectionReason: 'managed.by.ack',
        }
      : {}),
    Tag: [
      { Key: 'kubernetes.do.not.delete', Value: mark },
      { Key: 'ack.aliyun.com', Value: clusterId },
    ],
  });
  const loadBalancerId = made.text('LoadBalancerId');
  const group = await call('CreateVServerGroup', {
    LoadBalancerId: loadBalancerId,
    VServerGroupName: `k8s/${nodePort}/${name}/${scene.namespace}/${clusterId}`,
    BackendServers: JSON.stringify(
      instanceIds.map((serverId) => ({
        ServerId: serverId,
        Port: nodePort,
        Weight: 100,
        Type: 'ecs',
        Description: `k8s/${nodePort}/${name}/${scene.namespace}/${clusterId}`,
      })),
    ),
  });
  await call('CreateLoadBalancerTCPListener', {
    LoadBalancerId: loadBalancerId,
    ListenerPort: 80,
    Bandwidth: -1,
    ...(isComplete
      ? { Scheduler: 'rr', EstablishedTimeout: 900, HealthCheckConnectPort: nodePort }
      : {}),
    Description: `k8s/80/${name}/${scene.namespace}/${clusterId}`,
    VServerGroupId: group.text('VServerGroupId'),
  });
  await call('StartLoadBalancerListener', {
    LoadBalancerId: loadBalancerId,
    ListenerPort: 80,
    ListenerProtocol: 'tcp',
  });
  const address = made.text('Address');
  await scene.publish(name, [{ ip: address }]);
  return { loadBalancerId, address };
}

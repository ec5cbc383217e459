import type { CallOptions } from '../../src/cloud/call-options.ts';
import { createCloudClients } from '../../src/cloud/cloud-clients.ts';
import { DEFAULT_CLOUD_SETTINGS } from '../../src/cloud/transport/cloud-settings.ts';
import { SystemRandomness } from '../../src/operator/system-clock.ts';
import { CLUSTER_TAG, OWNER_TAG } from '../../src/reconcilers/load-balancer/load-balancer-names.ts';
import type { AcceleratedClock } from './accelerated-clock.ts';
import type { LocalCloud } from './local-cloud.ts';

const NODE_PORT = 31_999;

/**
 * Makes a load balancer with two groups and a listener that belong to someone else, although it
 * bears the mark of the same cluster; returns the ids of all of it.
 */
export async function makeForeignLoadBalancer(
  cloud: LocalCloud,
  clock: AcceleratedClock,
  clusterId: string,
): Promise<ReadonlySet<string>> {
  const { host } = new URL(cloud.url);
  const clients = createCloudClients(
    {
      ...DEFAULT_CLOUD_SETTINGS,
      regionId: cloud.regionId,
      vpcId: cloud.vpcId,
      endpoints: { slb: host, sts: host },
      scheme: 'http',
      credentials: {
        kind: 'accessKey',
        accessKeyId: cloud.accessKey.id,
        accessKeySecret: cloud.accessKey.secret,
      },
      metadataEndpoint: cloud.url,
      clusterId: '',
      operatorVersion: 'somebody-else',
      // In accelerated time an answer can seem slow.
      timeoutMs: 600_000,
    },
    {
      clock,
      randomness: new SystemRandomness(),
      mayWrite: () => true,
      metrics: { observeCall: () => undefined },
      logger: { debug: () => undefined, info: () => undefined, warn: () => undefined },
    },
  );
  const { slb } = clients;
  const options: CallOptions = { signal: new AbortController().signal, lane: 'live' };
  const { id } = await slb.createLoadBalancer(
    {
      AddressType: 'internet',
      LoadBalancerName: 'somebody-elses',
      InstanceChargeType: 'PayByCLCU',
      'Tag.1.Key': CLUSTER_TAG,
      'Tag.1.Value': clusterId,
      'Tag.2.Key': OWNER_TAG,
      'Tag.2.Value': 'a00000000000000000000000000000000',
    },
    'somebody-elses-token',
    options,
  );
  const backends = cloud.instanceIds.slice(0, 1).map((serverId) => ({
    serverId,
    port: NODE_PORT,
    weightPercent: 100,
    type: 'ecs' as const,
    serverIp: '',
    description: '',
  }));
  const groups: string[] = [];
  for (const name of ['used', 'unused']) {
    groups.push(await slb.createServerGroup(id, { name, tags: [], backends }, options));
  }
  const key = { protocol: 'tcp', port: 80 } as const;
  await slb.createListener(
    id,
    key,
    {
      description: 'somebody else is listening',
      serverGroupId: groups[0] ?? '',
      scheduler: 'rr',
      persistenceTimeoutSeconds: 0,
      establishedTimeoutSeconds: 0,
      healthCheck: {
        enabled: true,
        type: 'tcp',
        port: 0,
        path: '',
        domain: '',
        httpCodes: '',
        intervalSeconds: 2,
        timeoutSeconds: 5,
        healthyThreshold: 4,
        unhealthyThreshold: 4,
      },
    },
    options,
  );
  await slb.startListener(id, key, options);
  clients.close();
  return new Set([id, ...groups]);
}

/** Shows all that belongs to a foreign load balancer, to be compared with itself later. */
export function foreignState(cloud: LocalCloud, ids: ReadonlySet<string>): string {
  const { loadBalancers, vServerGroups, deleted } = cloud.state({ deleted: true });
  return JSON.stringify({
    loadBalancers: loadBalancers.filter(({ loadBalancerId }) => ids.has(String(loadBalancerId))),
    vServerGroups: vServerGroups.filter(({ vServerGroupId }) => ids.has(String(vServerGroupId))),
    deleted: (deleted ?? []).filter(({ id }) => ids.has(String(id))),
  });
}

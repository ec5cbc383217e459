import type { CloudStateView } from './cloud-process.ts';

/**
 * Describes a Node object for each instance of the cloud, as the instance's own kubelet and a cloud
 * node controller would leave it.
 *
 * Shape: named after the host name, with the provider id `<region>.<instance id>`.
 */
export function nodesOfInstances(instances: CloudStateView['instances']): object[] {
  return instances.map((instance) => ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: instance.hostName,
      labels: {
        'kubernetes.io/hostname': instance.hostName,
        'kubernetes.io/os': 'linux',
        'node.kubernetes.io/instance-type': instance.instanceType,
        'topology.kubernetes.io/region': instance.regionId,
        'topology.kubernetes.io/zone': instance.zoneId,
      },
    },
    spec: { providerID: `${instance.regionId}.${instance.instanceId}` },
    status: {
      addresses: [
        ...instance.privateIps.map((address) => ({ type: 'InternalIP', address })),
        { type: 'Hostname', address: instance.hostName },
      ],
    },
  }));
}

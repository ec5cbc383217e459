import type { CloudStateView } from './cloud-process.ts';

/** What keeps pods off a node that nobody has initialised. */
export const UNINITIALISED_TAINT = 'node.cloudprovider.kubernetes.io/uninitialized';

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

/**
 * Describes a Node as the agent of an instance registers it that was told of a cloud provider outside
 * of it: nobody may use it before somebody has said what it is.
 *
 * Shape: without provider id it has the address by which its instance is found.
 */
export function joiningNode(
  instance: CloudStateView['instances'][number],
  { withProviderId = true } = {},
): object {
  const { hostName, instanceId, regionId, privateIps } = instance;
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: hostName,
      labels: { 'kubernetes.io/hostname': hostName, 'kubernetes.io/os': 'linux' },
    },
    spec: {
      ...(withProviderId ? { providerID: `${regionId}.${instanceId}` } : {}),
      taints: [{ key: UNINITIALISED_TAINT, value: 'true', effect: 'NoSchedule' }],
    },
    status: {
      addresses: [
        ...privateIps.slice(0, 1).map((address) => ({ type: 'InternalIP', address })),
        { type: 'Hostname', address: hostName },
      ],
    },
  };
}

/** What is read of a description of a Node. */
interface NodeDraft {
  readonly status: object;
}

/** Adds to the description of a Node that its agent is well, where nothing plays the agent. */
export function readyNode(node: object): object {
  const { status } = node as NodeDraft;
  const ready = {
    type: 'Ready',
    status: 'True',
    reason: 'KubeletReady',
    message: 'kubelet is posting ready status',
  };
  return { ...node, status: { ...status, conditions: [ready] } };
}

/** The status of a Node whose agent is not heard of any more, as kube-controller-manager puts it. */
export function silencedAgent(since: Date): object {
  return {
    conditions: [
      {
        type: 'Ready',
        status: 'Unknown',
        reason: 'NodeStatusUnknown',
        message: 'Kubelet stopped posting node status.',
        lastTransitionTime: since.toISOString(),
      },
    ],
  };
}

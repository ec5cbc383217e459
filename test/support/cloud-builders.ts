import type { CloudInstance } from '../../src/cloud/ecs/ecs-client.ts';

/** Builds a running instance with one interface. */
export function instanceOf(change: Partial<CloudInstance> = {}): CloudInstance {
  return {
    id: 'i-a',
    name: 'a',
    hostName: 'a',
    regionId: 'cn-hangzhou',
    zoneId: 'cn-hangzhou-h',
    vpcId: 'vpc-1',
    vSwitchId: 'vsw-1',
    instanceType: 'ecs.g7.xlarge',
    status: 'Running',
    chargeType: 'PostPaid',
    spotStrategy: 'NoSpot',
    lockReasons: [],
    publicIps: [],
    elasticIp: '',
    innerIps: [],
    privateIps: ['10.0.0.1'],
    interfaces: [interfaceOf('eni-1', ['10.0.0.1'])],
    tags: [],
    ...change,
  };
}

/** Builds a network interface of an instance, the primary one unless told. */
export function interfaceOf(
  id: string,
  privateIps: readonly string[],
  change: Partial<CloudInstance['interfaces'][number]> = {},
): CloudInstance['interfaces'][number] {
  return { id, type: 'Primary', privateIps, ipv6s: [], ...change };
}

import { CloudNodeController } from './cloud-node-controller.ts';
import { CloudNodeLifecycleController } from './cloud-node-lifecycle-controller.ts';
import type { ControllerDefinition } from './controller.ts';
import { NodeIpamController } from './node-ipam-controller.ts';
import { NodeRouteController } from './node-route-controller.ts';
import { PersistentVolumeLabelController } from './persistentvolume-label-controller.ts';
import { ServiceLbController } from './service-lb-controller.ts';

/** The controllers that this version has, by name. */
export const CONTROLLERS: readonly ControllerDefinition[] = [
  {
    name: 'cloud-node-controller',
    reads: ['Node'],
    isDefaultOnly: true,
    canObserve: false,
    make: (ports) => new CloudNodeController(ports),
  },
  {
    name: 'cloud-node-lifecycle-controller',
    reads: ['Node'],
    isDefaultOnly: true,
    canObserve: false,
    make: (ports) => new CloudNodeLifecycleController(ports),
  },
  {
    name: 'node-ipam-controller',
    reads: ['Node'],
    isDefaultOnly: true,
    canObserve: false,
    make: (ports) => new NodeIpamController(ports),
  },
  {
    name: 'node-route-controller',
    reads: ['Node', 'AlibabaRouteTable'],
    isDefaultOnly: true,
    canObserve: true,
    make: (ports) => new NodeRouteController(ports),
  },
  {
    name: 'persistentvolume-label-controller',
    reads: ['PersistentVolume'],
    isDefaultOnly: true,
    canObserve: false,
    make: (ports) => new PersistentVolumeLabelController(ports),
  },
  {
    name: 'service-lb-controller',
    reads: ['Service', 'Node', 'EndpointSlice', 'AlibabaLoadBalancer'],
    // Services of our own class are ours in any case; it asks for each of the others.
    isDefaultOnly: false,
    canObserve: true,
    make: (ports) => new ServiceLbController(ports),
  },
];

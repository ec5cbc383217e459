import type { ControllerDefinition } from './controller.ts';
import { ServiceLbController } from './service-lb-controller.ts';

/** The controllers that this version has. */
export const CONTROLLERS: readonly ControllerDefinition[] = [
  {
    name: 'service-lb-controller',
    reads: ['Service', 'Node', 'EndpointSlice', 'AlibabaLoadBalancer'],
    // Services of our own class are ours in any case; it asks for each of the others.
    isDefaultOnly: false,
    make: (ports) => new ServiceLbController(ports),
  },
];

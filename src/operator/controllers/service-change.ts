import type { Service, ServicePort } from '../../reconcilers/kubernetes-objects.ts';
import {
  GO_CCM_SERVICE_FINALIZER,
  SERVICE_CLEANUP_FINALIZER,
  SERVICE_FINALIZER,
} from '../../reconcilers/names.ts';

/** One thing about a Service whose change matters. */
interface ServiceAspect {
  readonly name: string;
  readonly isChanged: (previous: Service, current: Service) => boolean;
}

const OWN_FINALIZERS: readonly string[] = [SERVICE_CLEANUP_FINALIZER, SERVICE_FINALIZER];

/** What the generated spec, or whether there is one, depends on; and what only we may take away. */
const ASPECTS: readonly ServiceAspect[] = [
  // A removed and recreated Service can look like one that was updated.
  { name: 'uid', isChanged: differs(({ metadata }) => metadata.uid) },
  { name: 'type', isChanged: differs(({ spec }) => spec.type) },
  { name: 'loadBalancerClass', isChanged: differs(({ spec }) => spec.loadBalancerClass) },
  // Order counts, as it does upstream.
  { name: 'ports', isChanged: differs(({ spec }) => spec.ports.map(portValues)) },
  { name: 'sessionAffinity', isChanged: differs(({ spec }) => spec.sessionAffinity) },
  {
    name: 'sessionAffinityConfig',
    isChanged: differs(({ spec }) => spec.sessionAffinityTimeoutSeconds),
  },
  { name: 'loadBalancerIP', isChanged: differs(({ spec }) => spec.loadBalancerIP) },
  { name: 'externalIPs', isChanged: differs(({ spec }) => spec.externalIPs) },
  { name: 'annotations', isChanged: differs(({ metadata }) => sorted(metadata.annotations)) },
  { name: 'externalTrafficPolicy', isChanged: differs(({ spec }) => spec.externalTrafficPolicy) },
  { name: 'healthCheckNodePort', isChanged: differs(({ spec }) => spec.healthCheckNodePort) },
  { name: 'ipFamilies', isChanged: differs(({ spec }) => spec.ipFamilies.length) },
  {
    name: 'loadBalancerSourceRanges',
    isChanged: differs(({ spec }) => spec.loadBalancerSourceRanges),
  },
  {
    name: 'allocateLoadBalancerNodePorts',
    isChanged: differs(({ spec }) => spec.allocateLoadBalancerNodePorts),
  },
  {
    name: 'deletion',
    isChanged: (previous, current) =>
      previous.metadata.deletionTimestamp === undefined &&
      current.metadata.deletionTimestamp !== undefined &&
      hasOwnFinalizer(current),
  },
  {
    name: 'finalizers',
    isChanged: (previous, current) =>
      OWN_FINALIZERS.some(
        (finalizer) =>
          previous.metadata.finalizers.includes(finalizer) &&
          !current.metadata.finalizers.includes(finalizer),
      ),
  },
  {
    name: 'ingress',
    isChanged: (previous, current) =>
      previous.status.ingress.length > 0 && current.status.ingress.length === 0,
  },
];

/**
 * Names what has changed about a Service that a reconcile has to follow; empty for a change that
 * it need not see.
 *
 * Source: Kubernetes service controller, needsUpdate; and beyond it what upstream notices late.
 */
export function significantServiceChanges(previous: Service, current: Service): readonly string[] {
  return ASPECTS.filter(({ isChanged }) => isChanged(previous, current)).map(({ name }) => name);
}

/** Tells whether a Service has, or had until it was changed, anything to do with a load balancer. */
export function concernsLoadBalancers(service: Service): boolean {
  return (
    service.spec.type === 'LoadBalancer' ||
    hasOwnFinalizer(service) ||
    service.metadata.finalizers.includes(GO_CCM_SERVICE_FINALIZER)
  );
}

function hasOwnFinalizer(service: Service): boolean {
  return OWN_FINALIZERS.some((finalizer) => service.metadata.finalizers.includes(finalizer));
}

function differs(aspect: (service: Service) => unknown): ServiceAspect['isChanged'] {
  return (previous, current) =>
    JSON.stringify(aspect(previous)) !== JSON.stringify(aspect(current));
}

function portValues(port: ServicePort): readonly unknown[] {
  return [port.name, port.protocol, port.port, port.nodePort, port.targetPort, port.appProtocol];
}

function sorted(map: Readonly<Record<string, string>>): readonly (readonly [string, string])[] {
  return Object.entries(map).sort(([left], [right]) => (left < right ? -1 : 1));
}

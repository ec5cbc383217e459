import type {
  Condition,
  Service,
  ServiceIngress,
  ServicePort,
} from '../../reconcilers/kubernetes-objects.ts';
import {
  booleanOf,
  deepFreeze,
  metadataOf,
  numberOf,
  objectOf,
  objectsOf,
  optionalTextOf,
  textOf,
  textsOf,
  type ApiObject,
} from './api-object.ts';

/** What the API server assumes where session affinity is on and says no time. */
const DEFAULT_AFFINITY_SECONDS = 10_800;

/**
 * Keeps of a Service what reconcilers read, with the API's defaults in place.
 *
 * Source: Kubernetes API, v1 Service.
 */
export function projectService(object: ApiObject): Service {
  const spec = objectOf(object.spec);
  const status = objectOf(object.status);
  const loadBalancerClass = optionalTextOf(spec.loadBalancerClass);
  const loadBalancerIP = optionalTextOf(spec.loadBalancerIP);
  const ipFamilyPolicy = optionalTextOf(spec.ipFamilyPolicy);
  const hasAffinity = spec.sessionAffinity === 'ClientIP';
  const clientIp = objectOf(objectOf(spec.sessionAffinityConfig).clientIP);
  return deepFreeze<Service>({
    kind: 'Service',
    metadata: metadataOf(object),
    spec: {
      type: textOf(spec.type, 'ClusterIP'),
      ...(loadBalancerClass !== undefined && { loadBalancerClass }),
      ports: objectsOf(spec.ports).map(projectPort),
      externalTrafficPolicy: spec.externalTrafficPolicy === 'Local' ? 'Local' : 'Cluster',
      healthCheckNodePort: numberOf(spec.healthCheckNodePort),
      sessionAffinity: hasAffinity ? 'ClientIP' : 'None',
      sessionAffinityTimeoutSeconds: hasAffinity
        ? numberOf(clientIp.timeoutSeconds, DEFAULT_AFFINITY_SECONDS)
        : 0,
      ...(loadBalancerIP !== undefined && { loadBalancerIP }),
      loadBalancerSourceRanges: textsOf(spec.loadBalancerSourceRanges),
      allocateLoadBalancerNodePorts: booleanOf(spec.allocateLoadBalancerNodePorts, true),
      externalIPs: textsOf(spec.externalIPs),
      ipFamilies: textsOf(spec.ipFamilies),
      ...(ipFamilyPolicy !== undefined && { ipFamilyPolicy }),
      hasSelector: Object.keys(objectOf(spec.selector)).length > 0,
    },
    status: {
      ingress: objectsOf(objectOf(status.loadBalancer).ingress).map(projectIngress),
      conditions: objectsOf(status.conditions).map(projectCondition),
    },
  });
}

function projectPort(port: ApiObject): ServicePort {
  return {
    name: textOf(port.name),
    protocol: textOf(port.protocol, 'TCP'),
    port: numberOf(port.port),
    nodePort: numberOf(port.nodePort),
    targetPort: textOf(port.targetPort, String(numberOf(port.port))),
    appProtocol: textOf(port.appProtocol),
  };
}

function projectIngress(entry: ApiObject): ServiceIngress {
  const ip = optionalTextOf(entry.ip);
  const hostname = optionalTextOf(entry.hostname);
  const ipMode = optionalTextOf(entry.ipMode);
  return {
    ...(ip !== undefined && { ip }),
    ...(hostname !== undefined && { hostname }),
    ...(ipMode !== undefined && { ipMode }),
  };
}

function projectCondition(condition: ApiObject): Condition {
  const { observedGeneration } = condition;
  const status = condition.status;
  return {
    type: textOf(condition.type),
    status: status === 'True' || status === 'False' ? status : 'Unknown',
    reason: textOf(condition.reason),
    message: textOf(condition.message),
    lastTransitionTime: textOf(condition.lastTransitionTime),
    ...(typeof observedGeneration === 'number' && { observedGeneration }),
  };
}

import type { LoadBalancerResource, Service } from '../kubernetes-objects.ts';
import type { CreationDefaults } from './load-balancer-creation.ts';
import { listenerLabel } from './load-balancer-desired.ts';
import { isTagKeyAllowed } from './load-balancer-names.ts';
import type { AlibabaLoadBalancerSpec } from './load-balancer-resource.generated.ts';

/** One thing that was asked for and is not done. */
export interface Refusal {
  readonly reason:
    | 'NotSupported'
    | 'Invalid'
    | 'Immutable'
    | 'ServiceNotFound'
    | 'ServicePortNotFound'
    | 'NodePortNotAllocated'
    | 'OpenWiderThanAsked';
  /** The field or annotation, for people. */
  readonly source: string;
  readonly message: string;
  /**
   * What it holds back: `nothing` else, the opening of one listener or of all, or the creation of
   * the load balancer.
   */
  readonly holds: 'nothing' | 'creation' | { readonly listener: string } | 'listeners';
}

/**
 * Judges the spec against what this version serves, what the cloud can change, and the Service.
 *
 * Shape: sorted by source, so that a message made of them is the same on every pass.
 */
export function refusals(
  resource: LoadBalancerResource,
  service: Service | undefined,
  defaults: CreationDefaults,
): Refusal[] {
  const { spec } = resource;
  return [
    ...unsupportedProduct(spec),
    ...unsupportedSettings(spec),
    ...reservedTags(spec),
    ...immutableSettings(resource),
    ...missingVSwitch(spec, defaults),
    ...(spec.listeners ?? []).flatMap((listener, index) => listenerRefusals(listener, index)),
    ...(service === undefined ? [] : servicePortRefusals(spec, service)),
    ...(service === undefined
      ? [
          {
            reason: 'ServiceNotFound',
            source: 'spec.serviceRef.name',
            message: `Service "${spec.serviceRef.name}" does not exist in this namespace: create it, or delete this object`,
            holds: 'creation',
          } as const,
        ]
      : []),
  ].sort((a, b) => (a.source < b.source ? -1 : 1));
}

/** Tells which listeners may not open. */
export function closedListeners(found: readonly Refusal[]): ReadonlySet<string> | 'all' {
  if (found.some((refusal) => refusal.holds === 'listeners')) return 'all';
  return new Set(found.flatMap(({ holds }) => (typeof holds === 'object' ? [holds.listener] : [])));
}

function notSupported(source: string, what: string, holds: Refusal['holds'] = 'nothing'): Refusal {
  return {
    reason: 'NotSupported',
    source,
    message: `${source}: ${what} not supported by this version: remove it`,
    holds,
  };
}

function unsupportedProduct(spec: AlibabaLoadBalancerSpec): Refusal[] {
  const found: Refusal[] = [];
  if (spec.type !== 'CLB') {
    found.push(notSupported('spec.type', `"${spec.type}" is`, 'creation'));
  }
  if (spec.loadBalancerId !== undefined) {
    found.push(notSupported('spec.loadBalancerId', 'adopting a load balancer is', 'creation'));
  }
  if (spec.ipFamilies?.includes('IPv6') === true) {
    const isIpv6First = spec.ipFamilies[0] === 'IPv6';
    found.push(notSupported('spec.ipFamilies', 'IPv6 is', isIpv6First ? 'creation' : 'nothing'));
  }
  return found;
}

function unsupportedSettings(spec: AlibabaLoadBalancerSpec): Refusal[] {
  const found: Refusal[] = [];
  if (spec.backends?.mode === 'Pod') {
    found.push(notSupported('spec.backends.mode', '"Pod" is'));
  }
  if (spec.backends?.nodeSelector !== undefined) {
    found.push(notSupported('spec.backends.nodeSelector', 'selecting nodes is'));
  }
  if (spec.backends?.drainTimeoutSeconds !== undefined) {
    found.push(notSupported('spec.backends.drainTimeoutSeconds', 'draining is'));
  }
  if ((spec.sourceRanges ?? []).length > 0) {
    found.push({
      reason: 'NotSupported',
      source: 'spec.sourceRanges',
      message:
        'spec.sourceRanges: restricting client networks is not supported by this version, and no new listener opens while it is asked for: remove it',
      holds: 'listeners',
    });
  }
  return found;
}

function missingVSwitch(spec: AlibabaLoadBalancerSpec, defaults: CreationDefaults): Refusal[] {
  const vSwitchId = spec.clb?.vSwitchId ?? defaults.vSwitchId;
  if (spec.addressType !== 'Intranet' || vSwitchId !== undefined) return [];
  return [
    {
      reason: 'Invalid',
      source: 'spec.clb.vSwitchId',
      message:
        'spec.clb.vSwitchId: an Intranet load balancer needs a vSwitch: set the field, or `vswitchid` in the cloud-config of the operator',
      holds: 'creation',
    },
  ];
}

function reservedTags(spec: AlibabaLoadBalancerSpec): Refusal[] {
  return (spec.tags ?? []).flatMap(({ key }) => {
    if (isTagKeyAllowed(key)) return [];
    return [
      {
        reason: 'Invalid',
        source: `spec.tags[${key}]`,
        message: `spec.tags: key "${key}" has a meaning to a controller or to the cloud: choose another key`,
        holds: 'nothing',
      } as const,
    ];
  });
}

function listenerRefusals(
  listener: NonNullable<AlibabaLoadBalancerSpec['listeners']>[number],
  index: number,
): Refusal[] {
  const label = listenerLabel(listener);
  const path = `spec.listeners[${label}]`;
  const holds = { listener: label };
  const found: Refusal[] = [];
  if (listener.protocol !== undefined && listener.protocol !== listener.transport) {
    found.push(notSupported(`${path}.protocol`, `"${listener.protocol}" is`, holds));
  }
  if (listener.certificates !== undefined) {
    found.push(notSupported(`${path}.certificates`, 'a certificate is', holds));
  }
  if (listener.clb?.acl !== undefined) {
    found.push(notSupported(`${path}.clb.acl`, 'an access control list is', holds));
  }
  if (listener.transport === 'UDP') {
    const mode = listener.healthCheck?.mode;
    if (mode === 'TCP' || mode === 'HTTP') {
      found.push({
        reason: 'Invalid',
        source: `${path}.healthCheck.mode`,
        message: `${path}.healthCheck.mode: "${mode}" cannot check a UDP listener: use "UDP" or "Off"`,
        holds: 'nothing',
      });
    }
  } else if (listener.healthCheck?.mode === 'UDP' || listener.clb?.scheduler === 'qch') {
    found.push({
      reason: 'Invalid',
      source: `${path}[${index}]`,
      message: `${path}: a UDP health check and scheduler "qch" are for UDP listeners: use TCP or HTTP, and another scheduler`,
      holds: 'nothing',
    });
  }
  return found;
}

function servicePortRefusals(spec: AlibabaLoadBalancerSpec, service: Service): Refusal[] {
  return (spec.listeners ?? []).flatMap((listener): Refusal[] => {
    if (listener.backend === undefined) return [];
    const label = listenerLabel(listener);
    const { servicePort } = listener.backend;
    const port = service.spec.ports.find(
      (candidate) => candidate.port === servicePort && candidate.protocol === listener.transport,
    );
    if (port === undefined) {
      return [
        {
          reason: 'ServicePortNotFound',
          source: `spec.listeners[${label}].backend.servicePort`,
          message: `spec.listeners[${label}]: the Service has no ${listener.transport} port ${servicePort}: name one of its ports`,
          holds: { listener: label },
        },
      ];
    }
    if (port.nodePort !== 0) return [];
    return [
      {
        reason: 'NodePortNotAllocated',
        source: `spec.listeners[${label}].backend.servicePort`,
        message: `Service port ${servicePort} has no node port, so no node can be registered: set allocateLoadBalancerNodePorts to true, or give the port a nodePort`,
        holds: { listener: label },
      },
    ];
  });
}

/** Fields that the cloud fixes when it makes a load balancer, and where the status tells its value. */
const IMMUTABLE_FIELDS: readonly {
  readonly path: string;
  readonly attribute: string;
  readonly asked: (spec: AlibabaLoadBalancerSpec) => string | undefined;
  /** Writes what the cloud says as the field would; unless given they are alike. */
  readonly asField?: (present: string) => string;
}[] = [
  {
    path: 'spec.addressType',
    attribute: 'AddressType',
    asked: (spec) => spec.addressType ?? 'Internet',
    asField: (present) => present.charAt(0).toUpperCase() + present.slice(1),
  },
  {
    path: 'spec.resourceGroupId',
    attribute: 'ResourceGroupId',
    asked: (spec) => spec.resourceGroupId,
  },
  { path: 'spec.clb.vSwitchId', attribute: 'VSwitchId', asked: (spec) => spec.clb?.vSwitchId },
  {
    path: 'spec.clb.masterZoneId',
    attribute: 'MasterZoneId',
    asked: (spec) => spec.clb?.masterZoneId,
  },
  {
    path: 'spec.clb.slaveZoneId',
    attribute: 'SlaveZoneId',
    asked: (spec) => spec.clb?.slaveZoneId,
  },
];

function immutableSettings(resource: LoadBalancerResource): Refusal[] {
  const { attributes = {}, loadBalancerId } = resource.status;
  if (loadBalancerId === undefined) return [];
  return IMMUTABLE_FIELDS.flatMap(({ path, attribute, asked, asField }): Refusal[] => {
    const wanted = asked(resource.spec);
    // What was not asked for when it was made is the cloud's choice, which is read in time.
    const seen = attributes[attribute] ?? '';
    const present = asField?.(seen) ?? seen;
    if (wanted === undefined || wanted === present) return [];
    return [
      {
        reason: 'Immutable',
        source: path,
        message: `${path}: "${wanted}" cannot be set on a load balancer that has ${present === '' ? 'none' : `"${present}"`}: set it back, or delete and create the Service to get another load balancer with another address`,
        holds: 'nothing',
      },
    ];
  });
}

import { eventOf, type EventEntry } from '../event-table.ts';
import type { EventContent } from '../reconciler.ts';

/** One state of a condition that is shown on Services. */
export interface ServiceConditionEntry {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly when: string;
}

/**
 * Every event that is recorded on Services, by reason.
 *
 * Shape: the first nine reasons, with their types, are those of every Kubernetes service controller.
 */
export const SERVICE_EVENTS = {
  EnsuringLoadBalancer: {
    type: 'Normal',
    action: 'EnsureLoadBalancer',
    note: 'Ensuring load balancer',
    when: 'The Service is served for the first time',
  },
  EnsuredLoadBalancer: {
    type: 'Normal',
    action: 'EnsureLoadBalancer',
    note: 'Ensured load balancer {detail}',
    when: 'The load balancer has become ready, first or after a change',
  },
  UpdatedLoadBalancer: {
    type: 'Normal',
    action: 'UpdateLoadBalancer',
    note: 'Updated load balancer with new backends: {detail} registered',
    when: 'The registered backends of a ready load balancer have changed',
  },
  DeletingLoadBalancer: {
    type: 'Normal',
    action: 'DeleteLoadBalancer',
    note: 'Deleting load balancer',
    when: 'The Service is being deleted or no longer asks for a load balancer',
  },
  DeletedLoadBalancer: {
    type: 'Normal',
    action: 'DeleteLoadBalancer',
    note: 'Deleted load balancer',
    when: 'Nothing of the load balancer is left',
  },
  SyncLoadBalancerFailed: {
    type: 'Warning',
    action: 'EnsureLoadBalancer',
    note: 'Error syncing load balancer: {detail}',
    when: 'The load balancer cannot be made as asked, for a reason that has newly come up',
  },
  UpdateLoadBalancerFailed: {
    type: 'Warning',
    action: 'UpdateLoadBalancer',
    note: 'Error updating load balancer with new backends: {detail}',
    when: 'Backends cannot be registered, for a reason that has newly come up',
  },
  DeleteLoadBalancerFailed: {
    type: 'Warning',
    action: 'DeleteLoadBalancer',
    note: 'Error deleting load balancer: {detail}',
    when: 'The load balancer cannot be deleted, for a reason that has newly come up',
  },
  UnAvailableLoadBalancer: {
    type: 'Warning',
    action: 'UpdateLoadBalancer',
    note: 'There are no available nodes for the load balancer: {detail}',
    when: 'No node can be registered',
  },
  InvalidSetting: {
    type: 'Warning',
    action: 'ReadSettings',
    note: '{detail}',
    when: 'A field or an annotation has a value that is not allowed',
  },
  UnsupportedSetting: {
    type: 'Warning',
    action: 'ReadSettings',
    note: '{detail}',
    when: 'A field or an annotation asks for what this version does not do',
  },
  UnknownAnnotation: {
    type: 'Warning',
    action: 'ReadSettings',
    note: '{detail}',
    when: 'An annotation has one of the prefixes that are read, and is not known',
  },
  AdjustedSetting: {
    type: 'Warning',
    action: 'ReadSettings',
    note: '{detail}',
    when: 'A setting is served otherwise than asked, or has no effect',
  },
  SingleStackServed: {
    type: 'Normal',
    action: 'ReadSettings',
    note: '{detail}',
    when: 'Both address families are preferred, and one can be served',
  },
  NameTaken: {
    type: 'Warning',
    action: 'EnsureLoadBalancer',
    note: '{detail}',
    when: "An AlibabaLoadBalancer of the Service's name belongs to somebody else",
  },
  OverrideDormant: {
    type: 'Warning',
    action: 'EnsureLoadBalancer',
    note: 'Settings that a person made for {detail} wait in the AlibabaLoadBalancer, because the Service no longer has the port',
    when: 'A port has left the Service, and an applier had made settings for it',
  },
  OverrideLost: {
    type: 'Warning',
    action: 'EnsureLoadBalancer',
    note: 'Settings that a person made for {detail} went with the port, because the Service no longer has it',
    when: 'A port has left the Service, and somebody had edited or patched settings for it',
  },
  ForeignStatusWriter: {
    type: 'Warning',
    action: 'PublishStatus',
    note: 'Another controller writes the load balancer status of this Service: {detail}; let only one controller serve it',
    when: 'The published addresses were changed by somebody else',
  },
} as const satisfies Readonly<Record<string, EventEntry>>;

/** The reason of an event on a Service. */
export type ServiceEventReason = keyof typeof SERVICE_EVENTS;

/** Writes an event of the table. */
export function serviceEvent(reason: ServiceEventReason, detail = ''): EventContent {
  return eventOf(SERVICE_EVENTS, reason, detail);
}

/**
 * Every state of the conditions that are shown on Services; reasons of the AlibabaLoadBalancer's own
 * `Ready` are mirrored beside these.
 */
export const SERVICE_CONDITIONS = {
  Pending: {
    type: 'Ready',
    status: 'Unknown',
    reason: 'Pending',
    message: 'The load balancer is being brought to what is asked for',
    when: 'The AlibabaLoadBalancer has not been reconciled since its last change',
  },
  NameTaken: {
    type: 'Ready',
    status: 'False',
    reason: 'NameTaken',
    message:
      'AlibabaLoadBalancer "{name}" belongs to {detail}: rename or delete it, or rename the Service',
    when: "An AlibabaLoadBalancer of the Service's name belongs to somebody else",
  },
  Replacing: {
    type: 'Ready',
    status: 'False',
    reason: 'Replacing',
    message: 'An earlier AlibabaLoadBalancer of this name is being removed first',
    when: 'The object was made for an earlier Service of this name, or is being deleted on confirmation',
  },
  Deleting: {
    type: 'Ready',
    status: 'False',
    reason: 'Deleting',
    message: 'The load balancer is being removed',
    when: 'The Service is being deleted or no longer asks for a load balancer',
  },
  InvalidAddress: {
    type: 'Ready',
    status: 'False',
    reason: 'InvalidAddress',
    message:
      'The cloud tells "{detail}" as the address, which is none: look at the load balancer in the console',
    when: 'What the cloud tells as the address cannot be published',
  },
  LoadBalancerMixedProtocolNotSupported: {
    type: 'LoadBalancerPortsError',
    status: 'True',
    reason: 'LoadBalancerMixedProtocolNotSupported',
    message: '{detail}',
    when: 'A port has a protocol that a CLB load balancer cannot serve',
  },
  NodePortNotAllocated: {
    type: 'LoadBalancerPortsError',
    status: 'True',
    reason: 'NodePortNotAllocated',
    message: '{detail}',
    when: 'A port has no node port to register nodes with',
  },
  TooManyPorts: {
    type: 'LoadBalancerPortsError',
    status: 'True',
    reason: 'TooManyPorts',
    message: '{detail}',
    when: 'The Service has more ports than a load balancer has listeners',
  },
} as const satisfies Readonly<Record<string, ServiceConditionEntry>>;

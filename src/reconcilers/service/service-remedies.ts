import type { SERVICE_CONDITIONS, ServiceEventReason } from './service-messages.ts';

/**
 * What to do about each reason that is shown on Services; empty where there is nothing to do.
 *
 * Shape: the part of the page for users that `SERVICE_EVENTS` and `SERVICE_CONDITIONS` do not tell.
 */
export const SERVICE_REMEDIES: Readonly<
  Record<ServiceEventReason | keyof typeof SERVICE_CONDITIONS, string>
> = {
  AdjustedSetting: 'Nothing, if what the message says will do; else change the setting.',
  DeletedLoadBalancer: '',
  DeleteLoadBalancerFailed:
    'Do what the message says; the Service stays until the load balancer is gone.',
  Deleting: 'None, unless it lasts: then describe the AlibabaLoadBalancer.',
  DeletingLoadBalancer: '',
  EnsuredLoadBalancer: '',
  EnsuringLoadBalancer: '',
  ForeignStatusWriter:
    'Stop the other controller, or give the Service a load balancer class that only one of them serves.',
  InvalidAddress: 'Look at the load balancer in the console.',
  InvalidSetting: 'Correct the field or annotation as the message says.',
  LoadBalancerMixedProtocolNotSupported:
    'Use TCP or UDP, or move the port to another Service; the other ports go on.',
  NameTaken: 'Rename or delete the AlibabaLoadBalancer, or rename the Service.',
  NodePortNotAllocated:
    'Set `allocateLoadBalancerNodePorts` to true, or give the port a `nodePort`.',
  OverrideDormant:
    'Remove the listener from the AlibabaLoadBalancer, unless the port is to come back.',
  OverrideLost:
    'Set them again when the port comes back; what is applied on the server instead waits for it.',
  Pending: 'None, unless it lasts: then describe the AlibabaLoadBalancer.',
  Replacing: 'None: it follows by itself.',
  SingleStackServed: 'Nothing, if one family will do.',
  SyncLoadBalancerFailed: 'Do what the message says, or describe the AlibabaLoadBalancer.',
  TooManyPorts: 'Spread the ports over several Services.',
  UnAvailableLoadBalancer:
    'Give nodes their provider id, or take the label `node.kubernetes.io/exclude-from-external-load-balancers` off.',
  UnknownAnnotation: 'Correct the spelling of its key, or remove it.',
  UnsupportedSetting: 'Remove the setting.',
  UpdatedLoadBalancer: '',
  UpdateLoadBalancerFailed:
    'Do what the message says; traffic goes on to the backends that are registered.',
};

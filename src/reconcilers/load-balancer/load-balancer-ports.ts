import type { Clock } from '../../cloud/clock.ts';
import type { SlbClient } from '../../cloud/slb/slb-client.ts';
import type { LoadBalancerResource } from '../kubernetes-objects.ts';
import type {
  EndpointSliceCache,
  EventRecorder,
  LoadBalancerResourceCache,
  LoadBalancerResourceWriter,
  Logger,
  NodeCache,
  NodeDeletions,
  ServiceCache,
} from '../reconciler.ts';
import type { AbsenceBreaker } from '../absence-breaker.ts';
import type { LoadBalancerBeliefs } from './load-balancer-belief.ts';
import type { CloudIdentity } from '../../cloud/cloud-identity.ts';
import type { CreationDefaults } from './load-balancer-creation.ts';
import type { Owner } from './load-balancer-names.ts';

/** What the reconciler of load balancers and its parts need. */
export interface LoadBalancerPorts {
  readonly services: ServiceCache;
  readonly nodes: NodeCache;
  readonly nodeDeletions: NodeDeletions;
  readonly endpointSlices: EndpointSliceCache;
  readonly loadBalancers: LoadBalancerResourceCache;
  readonly writer: LoadBalancerResourceWriter;
  readonly slb: SlbClient;
  /** Tells whose credentials are in use, and where. */
  readonly identity: (signal: AbortSignal) => Promise<CloudIdentity>;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly beliefs: LoadBalancerBeliefs;
  readonly breaker: AbsenceBreaker;
  readonly isDefaultImplementation: () => boolean;
  readonly settings: LoadBalancerSettings;
}

/** The settings of the reconciler of load balancers. */
export interface LoadBalancerSettings {
  readonly clusterId: string;
  readonly creationDefaults: CreationDefaults;
  /** How long one request can be under way. */
  readonly requestTimeoutMs: number;
  /** Whether objects are only looked at, whatever they ask for. */
  readonly isDryRun: boolean;
  /** From when on, on the monotonic clock, nothing that an earlier leader sent can still arrive. */
  readonly undisturbedFromMs: number;
}

/** Tells whose objects a resource's load balancer owns in the cloud. */
export function ownerOf(
  settings: Pick<LoadBalancerSettings, 'clusterId'>,
  resource: LoadBalancerResource,
  serviceUid = resource.status.service?.uid ?? '',
): Owner {
  return {
    clusterId: settings.clusterId,
    namespace: resource.metadata.namespace,
    serviceName: resource.spec.serviceRef.name,
    serviceUid,
  };
}

/**
 * How often an object is looked at again that waits for something outside of the cluster, such as
 * other credentials or a corrected tag: no event tells of that.
 */
export const OUTSIDE_CHECK_MS = 5 * 60_000;

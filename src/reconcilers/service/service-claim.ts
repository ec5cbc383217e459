import type { Service } from '../kubernetes-objects.ts';
import { LOAD_BALANCER_CLASS } from '../names.ts';

/**
 * Whose a Service is, as far as its spec and annotations say.
 *
 * Shape: `ours` is served; `foreign` names the class of another implementation; `standby` is of the
 *   default class while we are not the default implementation; `notWanted` asks for no load
 *   balancer; `optedOut` would be ours but for an annotation.
 */
export type ServiceClaim =
  | { readonly kind: 'ours' }
  | { readonly kind: 'foreign'; readonly loadBalancerClass: string }
  | { readonly kind: 'standby' }
  | { readonly kind: 'notWanted' }
  | { readonly kind: 'optedOut'; readonly annotation: string };

/**
 * The annotations that take a Service out of the Go CCM's CLB controller, and out of ours.
 *
 * Shape: literal keys; the Go CCM does not accept them under its legacy prefix.
 */
export const OPT_OUT_ANNOTATIONS: readonly {
  readonly key: string;
  /** What the value has to be, in words. */
  readonly when: string;
  readonly isOptOut: (value: string) => boolean;
}[] = [
  {
    key: 'service.beta.kubernetes.io/class',
    when: 'any value but the empty one',
    isOptOut: (value) => value !== '',
  },
  {
    key: 'service.beta.kubernetes.io/alibaba-cloud-loadbalancer-tunnel-type',
    when: 'any value, the empty one too',
    isOptOut: () => true,
  },
  {
    key: 'service.beta.kubernetes.io/alibaba-cloud-loadbalancer-type',
    when: '"nlb"',
    isOptOut: (value) => value.trim().toLowerCase() === 'nlb',
  },
];

/**
 * Decides whose a Service is; says nothing of one that is being deleted.
 *
 * Shape: `isDefaultImplementation` is true only while Services of the unset class are ours, that
 *   is in the default role with the second lease held.
 */
export function serviceClaim(service: Service, isDefaultImplementation: boolean): ServiceClaim {
  if (service.spec.type !== 'LoadBalancer') return { kind: 'notWanted' };
  const { loadBalancerClass } = service.spec;
  if (loadBalancerClass !== undefined && loadBalancerClass !== LOAD_BALANCER_CLASS) {
    return { kind: 'foreign', loadBalancerClass };
  }
  const annotation = optOutAnnotation(service);
  if (annotation !== undefined) return { kind: 'optedOut', annotation };
  if (loadBalancerClass === undefined && !isDefaultImplementation) return { kind: 'standby' };
  return { kind: 'ours' };
}

/**
 * Tells whether the AlibabaLoadBalancer of a Service has no Service that wants it, so that its
 * deletion is not held back.
 *
 * Shape: true for a Service that is absent or being deleted, asks for no load balancer, has another
 *   class, or has another uid than the one that the load balancer was made for.
 */
export function isReleased(service: Service | undefined, serviceUid: string | undefined): boolean {
  if (service === undefined || service.metadata.deletionTimestamp !== undefined) return true;
  if (serviceUid !== undefined && service.metadata.uid !== serviceUid) return true;
  const { kind } = serviceClaim(service, true);
  return kind === 'notWanted' || kind === 'foreign';
}

/**
 * Says why the load balancer of a Service that has opted out is held as it is; `undefined` for one
 * that has not.
 */
export function optOutRefusal(
  service: Service,
): { readonly reason: 'OptedOut'; readonly message: string } | undefined {
  const claim = serviceClaim(service, true);
  if (claim.kind !== 'optedOut') return undefined;
  return {
    reason: 'OptedOut',
    message: `The Service has annotation "${claim.annotation}", which asks this controller not to serve it; the load balancer is left as it is: remove the annotation to have it managed again, or delete the Service to have it removed`,
  };
}

function optOutAnnotation(service: Service): string | undefined {
  const { annotations } = service.metadata;
  return OPT_OUT_ANNOTATIONS.find(({ key, isOptOut }) => {
    const value = annotations[key];
    return value !== undefined && isOptOut(value);
  })?.key;
}

import type { LoadBalancerResource, OwnerReference, Service } from '../kubernetes-objects.ts';
import { canonicalDigest } from '../load-balancer/canonical-digest.ts';
import type { AlibabaLoadBalancerSpec } from '../load-balancer/load-balancer-resource.generated.ts';
import { GENERATED_DIGEST_ANNOTATION, GENERATED_LABELS } from '../names.ts';
import type { GeneratedLoadBalancer } from '../reconciler.ts';

/**
 * What an AlibabaLoadBalancer of a Service's name is to the Service.
 *
 * Shape: `free` may be applied to: there is none, or it is the Service's own or joins it. `leaving`
 *   is the Service's own and being deleted. `stale` was made for an earlier Service of this name and
 *   has to go first. `taken` belongs to somebody else.
 */
export type Standing =
  | { readonly kind: 'free' }
  | { readonly kind: 'leaving'; readonly resource: LoadBalancerResource }
  | { readonly kind: 'stale'; readonly resource: LoadBalancerResource }
  | { readonly kind: 'taken'; readonly by: string };

/** Writes the object that a Service asks for. */
export function generatedLoadBalancer(
  service: Service,
  spec: AlibabaLoadBalancerSpec,
): GeneratedLoadBalancer {
  const { namespace, name } = service.metadata;
  return {
    key: { namespace, name },
    labels: GENERATED_LABELS,
    annotations: { [GENERATED_DIGEST_ANNOTATION]: canonicalDigest(spec) },
    ownerReference: ownerReference(service),
    spec,
  };
}

/** Tells what the AlibabaLoadBalancer of a Service's name is to the Service. */
export function standingOf(resource: LoadBalancerResource | undefined, service: Service): Standing {
  if (resource === undefined) return { kind: 'free' };
  const controller = controllerOf(resource);
  if (controller !== undefined && !isServiceNamed(controller, service.metadata.name)) {
    return { kind: 'taken', by: `${controller.kind} "${controller.name}"` };
  }
  if (isMadeForAnother(resource, service)) return { kind: 'stale', resource };
  const served = resource.spec.serviceRef.name;
  if (served !== service.metadata.name) return { kind: 'taken', by: `Service "${served}"` };
  if (resource.metadata.deletionTimestamp !== undefined) return { kind: 'leaving', resource };
  return { kind: 'free' };
}

/**
 * Tells whether an AlibabaLoadBalancer was made for another Service, of the same name, than this one:
 * by its owner or by its status.
 */
export function isMadeForAnother(resource: LoadBalancerResource, service: Service): boolean {
  const { name, uid } = service.metadata;
  const controller = controllerOf(resource);
  const owner =
    controller !== undefined && isServiceNamed(controller, name) ? controller : undefined;
  return [owner?.uid, resource.status.service?.uid].some(
    (known) => known !== undefined && known !== uid,
  );
}

/** Tells whether an AlibabaLoadBalancer was generated for this very Service. */
export function isGeneratedFor(resource: LoadBalancerResource, service: Service): boolean {
  const { uid } = service.metadata;
  const controller = controllerOf(resource);
  const recorded = resource.status.service?.uid;
  if (controller !== undefined) return controller.uid === uid;
  // One that a person made for this Service records its uid too.
  return (recorded ?? uid) === uid && isGeneratedForName(resource, service.metadata.name);
}

/**
 * Tells whether an AlibabaLoadBalancer was generated for a Service of this name, whichever that was;
 * true also after an orphaning deletion took the owner away.
 */
export function isGeneratedForName(resource: LoadBalancerResource, name: string): boolean {
  const controller = controllerOf(resource);
  if (controller !== undefined) return isServiceNamed(controller, name);
  return (
    resource.spec.serviceRef.name === name &&
    resource.metadata.annotations[GENERATED_DIGEST_ANNOTATION] !== undefined
  );
}

/**
 * Refers to the Service as the owner.
 *
 * Shape: does not block the deletion of the owner: our finalizers do, and a blocking reference
 *   would need a further right on Services.
 */
function ownerReference(service: Service): OwnerReference {
  const { name, uid } = service.metadata;
  return {
    apiVersion: 'v1',
    kind: 'Service',
    name,
    uid,
    controller: true,
    blockOwnerDeletion: false,
  };
}

function controllerOf(resource: LoadBalancerResource): OwnerReference | undefined {
  return resource.metadata.ownerReferences.find(({ controller }) => controller === true);
}

function isServiceNamed(reference: OwnerReference, name: string): boolean {
  return reference.apiVersion === 'v1' && reference.kind === 'Service' && reference.name === name;
}

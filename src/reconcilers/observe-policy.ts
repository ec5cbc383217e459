import type { LoadBalancerResource, RouteTableResource } from './kubernetes-objects.ts';

/** Whose policy it is: an object's own, and that of the whole program. */
export interface ObservePolicy {
  readonly spec: Pick<LoadBalancerResource['spec'] | RouteTableResource['spec'], 'reconcilePolicy'>;
  /** Whether the program only looks, whatever the objects ask for. */
  readonly isDryRun: boolean;
}

/**
 * Tells whether an object is only looked at.
 *
 * Shape: one that is paused is not even looked at, so that a dry run changes nothing for it.
 */
export function isObserving({ spec, isDryRun }: ObservePolicy): boolean {
  return spec.reconcilePolicy === 'Observe' || (isDryRun && spec.reconcilePolicy !== 'Paused');
}

/** Says why nothing is done, and how it comes to be done. */
export function observingMessage(isDryRun: boolean): string {
  return isDryRun
    ? 'The operator runs with --dry-run: status.plan shows what would be done; run it without the flag to have it done'
    : 'spec.reconcilePolicy is "Observe": status.plan shows what would be done; set it to "Apply" to have it done';
}

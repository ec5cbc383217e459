import type { PlannedStep } from '../../src/reconcilers/load-balancer/load-balancer-steps.ts';

/** The calls that steps stand for, by the beginning of what they say. */
const CALLS: readonly (readonly [RegExp, string | undefined])[] = [
  [/^Adopt load balancer /, undefined],
  [/^Create load balancer /, 'CreateLoadBalancer'],
  [/^Update load balancer name:/, 'SetLoadBalancerName'],
  [/^Update load balancer deletion protection:/, 'SetLoadBalancerDeleteProtection'],
  [/^Update load balancer modification protection:/, 'SetLoadBalancerModificationProtection'],
  [/^Delete load balancer /, 'DeleteLoadBalancer'],
  [/^Update tags /, 'TagResources'],
  [/^Delete tags /, 'UntagResources'],
  [/^Create server group of node port /, 'CreateVServerGroup'],
  [/^Delete server group /, 'DeleteVServerGroup'],
  [/^Create backends of node port /, 'AddVServerGroupBackendServers'],
  [/^Update backends of node port /, 'SetVServerGroupAttribute'],
  [/^Delete backends of node port /, 'RemoveVServerGroupBackendServers'],
  [/^Create listener TCP:/, 'CreateLoadBalancerTCPListener'],
  [/^Update listener TCP:/, 'SetLoadBalancerTCPListenerAttribute'],
  [/^Create listener UDP:/, 'CreateLoadBalancerUDPListener'],
  [/^Start listener /, 'StartLoadBalancerListener'],
  [/^Stop listener /, 'StopLoadBalancerListener'],
  [/^Delete listener /, 'DeleteLoadBalancerListener'],
];

/**
 * Names the calls that would carry out a plan, in order.
 *
 * Errors: throws for a step that stands for no known call.
 */
export function callsOf(steps: readonly PlannedStep[]): readonly string[] {
  return steps.flatMap((step) => {
    const text = wordsOf(step);
    const known = CALLS.find(([words]) => words.test(text));
    if (known === undefined) throw new Error(`No call is known for "${text}"`);
    return known[1] ?? [];
  });
}

/** Writes a step as one line. */
export function wordsOf({ action, object, change = '' }: PlannedStep): string {
  return `${action} ${object} ${change}`;
}

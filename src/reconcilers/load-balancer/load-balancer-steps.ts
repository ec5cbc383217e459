import type { CloudBackend, CreateLoadBalancerParameters } from '../../cloud/slb/slb-client.ts';
import { describeAction } from './load-balancer-drift.ts';
import type { ObservedLoadBalancer } from './load-balancer-observed.ts';
import type { LoadBalancerAction } from './load-balancer-plan.ts';
import type { AlibabaLoadBalancerStatus } from './load-balancer-resource.generated.ts';

/** One step of a plan, as the status shows it: one request to the cloud, or a record of ours. */
export type PlannedStep = NonNullable<AlibabaLoadBalancerStatus['plan']>[number];

/** How many steps the status lists. */
export const MOST_STEPS = 64;

const LONGEST_CHANGE = 1_024;

/** The load balancer itself, as steps name it. */
const LOAD_BALANCER = 'load balancer';

/** Says in words what each action of a plan would do, in the order in which they are carried out. */
export function plannedSteps(
  actions: readonly LoadBalancerAction[],
  observed: ObservedLoadBalancer,
): PlannedStep[] {
  return actions.map((action) => {
    const { change, ...step } = stepOf(action);
    const differences = (): string =>
      describeAction(action, observed)
        .map((difference) => withoutName(difference, step.object))
        .join('; ');
    return withChange(step, change ?? differences());
  });
}

/** The step that records a load balancer that is there already. */
export function adoptionStep(loadBalancerId: string): PlannedStep {
  return withChange(
    { action: 'Adopt', object: LOAD_BALANCER },
    `"${loadBalancerId}", which bears the marks of the Service, is recorded; nothing is written to it for that`,
  );
}

/**
 * The step that makes a load balancer.
 *
 * Shape: `lostId` is the one in whose place it would come.
 */
export function creationStep(
  parameters: CreateLoadBalancerParameters,
  lostId?: string,
): PlannedStep {
  const settings = Object.entries(parameters)
    .filter(([name]) => !name.startsWith('Tag.'))
    .map(([name, value]) => `${name}: "${value}"`)
    .join('; ');
  const place =
    lostId === undefined
      ? ''
      : `in the place of "${lostId}", which is not found, once it is proven to be gone, and under another address; `;
  return withChange({ action: 'Create', object: LOAD_BALANCER }, place + settings);
}

/** The step that switches off the protection that keeps a load balancer from being deleted. */
export function unprotectionStep(): PlannedStep {
  return withChange(
    { action: 'Update', object: LOAD_BALANCER },
    'deletion protection: is "on", and off before the deletion',
  );
}

/** The step that deletes a load balancer. */
export function deletionStep(loadBalancerId: string): PlannedStep {
  return withChange({ action: 'Delete', object: LOAD_BALANCER }, `"${loadBalancerId}"`);
}

/** The step that takes our marks off a load balancer that stays. */
export function unmarkingStep(keys: readonly string[]): PlannedStep {
  return withChange({ action: 'Delete', object: 'tags' }, keys.join(', '));
}

/** Says a plan in one sentence, for an event. */
export function planSummary(steps: readonly PlannedStep[]): string {
  if (steps.length === 0) return 'Nothing would be changed: all is as asked for';
  const told = steps.map(({ action, object, change }) =>
    change === undefined ? `${action} ${object}` : `${action} ${object} (${change})`,
  );
  return `${steps.length === 1 ? '1 step' : `${steps.length} steps`} would be taken: ${told.join('; ')}`;
}

/** What an action does to what; `change` where it takes other words than those of a difference. */
function stepOf(action: LoadBalancerAction): PlannedStep {
  switch (action.kind) {
    case 'setName':
    case 'setInstanceSpec':
    case 'setInstanceChargeType':
    case 'setInternetCharge':
    case 'setDeleteProtection':
    case 'setModificationProtection':
      return { action: 'Update', object: LOAD_BALANCER };
    case 'tag':
      return { action: 'Update', object: 'tags' };
    case 'untag':
      return { action: 'Delete', object: 'tags', change: action.keys.join(', ') };
    case 'createServerGroup':
      return {
        action: 'Create',
        object: `server group of node port ${action.nodePort}`,
        change: `"${action.name}" with ${named(action.backends)}`,
      };
    case 'addBackends':
      return {
        action: 'Create',
        object: `backends of node port ${action.nodePort}`,
        change: named(action.backends),
      };
    case 'setBackends':
      return { action: 'Update', object: `backends of node port ${action.nodePort}` };
    case 'removeBackends':
      return {
        action: 'Delete',
        object: `backends of node port ${action.nodePort}`,
        change: named(action.backends),
      };
    case 'deleteServerGroup':
      return { action: 'Delete', object: 'server group', change: `"${action.serverGroupId}"` };
    case 'createListener':
      return {
        action: 'Create',
        object: listenerName(action),
        change: `to node port ${action.nodePort}`,
      };
    case 'setListener':
      return { action: 'Update', object: listenerName(action) };
    case 'startListener':
      return { action: 'Start', object: listenerName(action) };
    case 'stopListener':
      return { action: 'Stop', object: listenerName(action) };
    case 'deleteListener':
      return { action: 'Delete', object: listenerName(action) };
  }
}

function listenerName({ key }: Extract<LoadBalancerAction, { key: unknown }>): string {
  return `listener ${key.protocol.toUpperCase()}:${key.port}`;
}

/** A difference begins with the name of what differs, which the step says already. */
function withoutName(difference: string, name: string): string {
  return difference.startsWith(name)
    ? difference.slice(name.length).replace(/^[: ]+/, '')
    : difference;
}

function named(backends: readonly CloudBackend[]): string {
  if (backends.length === 0) return 'no backends';
  return backends.map(({ serverId, port }) => `${serverId}:${port}`).join(', ');
}

function withChange(step: Omit<PlannedStep, 'change'>, change: string): PlannedStep {
  if (change === '') return step;
  const cut = change.length <= LONGEST_CHANGE ? change : `${change.slice(0, LONGEST_CHANGE - 1)}…`;
  return { ...step, change: cut };
}

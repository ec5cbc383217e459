import { afterProgress, isFailure, type Failure } from '../../cloud/failure.ts';
import type { CallOptions } from '../../cloud/call-options.ts';
import type { SlbClient } from '../../cloud/slb/slb-client.ts';
import { observedAfter } from './load-balancer-belief.ts';
import { serverGroupTags, type Owner } from './load-balancer-names.ts';
import { serverGroupOf, type ObservedLoadBalancer } from './load-balancer-observed.ts';
import type { LoadBalancerAction } from './load-balancer-plan.ts';

/** The cloud's answer when a load balancer has as many backends as its quota allows. */
const TOO_MANY_BACKENDS = 'InstanceBackendServerNumberOverLimit';

/** What `applyLoadBalancer` needs. */
export interface ApplyInput {
  readonly slb: SlbClient;
  readonly owner: Owner;
  readonly actions: readonly LoadBalancerAction[];
  readonly observed: ObservedLoadBalancer;
  /** Called after each accepted write with what is then known. */
  readonly onAccepted: (observed: ObservedLoadBalancer) => void;
  readonly options: CallOptions;
}

/**
 * Carries out a plan, one request per action.
 *
 * Shape: answers what is known afterwards. Additions that the backend quota refuses are tried
 *   again after the removals of the same plan have made room.
 * Errors: the first failure ends it; what was accepted before has been told to `onAccepted`, and the
 *   failure says that there was something.
 */
export async function applyLoadBalancer(input: ApplyInput): Promise<ObservedLoadBalancer> {
  const progress = { isMade: false };
  const onAccepted = (observed: ObservedLoadBalancer): void => {
    progress.isMade = true;
    input.onAccepted(observed);
  };
  try {
    return await carryOut({ ...input, onAccepted });
  } catch (error) {
    throw progress.isMade && isFailure(error) ? afterProgress(error) : error;
  }
}

async function carryOut(input: ApplyInput): Promise<ObservedLoadBalancer> {
  let observed = input.observed;
  const refused: LoadBalancerAction[] = [];
  let refusal: Failure | undefined;
  const accept = async (action: LoadBalancerAction): Promise<void> => {
    const createdId = await applyAction(input, action, observed);
    observed = observedAfter(observed, action, createdId);
    input.onAccepted(observed);
  };
  for (const action of input.actions) {
    try {
      await accept(action);
    } catch (error) {
      const isFull = isFailure(error, 'terminal') && error.code === TOO_MANY_BACKENDS;
      if (!isFull || action.kind !== 'addBackends') throw error;
      refused.push(action);
      refusal = error;
    }
  }
  const hasMadeRoom = input.actions.some((action) => action.kind === 'removeBackends');
  if (refusal !== undefined && !hasMadeRoom) throw refusal;
  for (const action of refused) await accept(action);
  return observed;
}

/** Sends the one request of an action; answers the id of what it created, if anything. */
async function applyAction(
  { slb, owner, options }: ApplyInput,
  action: LoadBalancerAction,
  observed: ObservedLoadBalancer,
): Promise<string> {
  const { id } = observed;
  switch (action.kind) {
    case 'setName':
      await slb.setLoadBalancerName(id, action.name, options);
      return '';
    case 'setInstanceSpec':
      await slb.modifyInstanceSpec(id, action.spec, options);
      return '';
    case 'setInstanceChargeType':
      await slb.modifyInstanceChargeType(id, action, options);
      return '';
    case 'setInternetCharge':
      await slb.modifyInternetSpec(id, action, options);
      return '';
    case 'setDeleteProtection':
      await slb.setDeleteProtection(id, action.protection, options);
      return '';
    case 'setModificationProtection':
      await slb.setModificationProtection(id, action.protection, options);
      return '';
    case 'tag':
      await slb.tagLoadBalancer(id, action.tags, options);
      return '';
    case 'untag':
      await slb.untagLoadBalancer(id, action.keys, options);
      return '';
    case 'createServerGroup':
      return slb.createServerGroup(
        id,
        { name: action.name, tags: serverGroupTags(owner), backends: action.backends },
        options,
      );
    case 'addBackends':
      await slb.addBackends(id, groupId(observed, action.nodePort), action.backends, options);
      return '';
    case 'setBackends':
      await slb.setBackends(id, groupId(observed, action.nodePort), action.backends, options);
      return '';
    case 'removeBackends':
      await slb.removeBackends(id, groupId(observed, action.nodePort), action.backends, options);
      return '';
    case 'deleteServerGroup':
      await slb.deleteServerGroup(id, action.serverGroupId, options);
      return '';
    case 'createListener': {
      const serverGroupId = groupId(observed, action.nodePort);
      await slb.createListener(id, action.key, { ...action.settings, serverGroupId }, options);
      return '';
    }
    case 'setListener': {
      const serverGroupId = groupId(observed, action.nodePort);
      await slb.setListener(id, action.key, { ...action.settings, serverGroupId }, options);
      return '';
    }
    case 'startListener':
      await slb.startListener(id, action.key, options);
      return '';
    case 'stopListener':
      await slb.stopListener(id, action.key, options);
      return '';
    case 'deleteListener':
      await slb.deleteListener(id, action.key, options);
      return '';
  }
}

/** A planned group exists by the time an action names it, because the plan makes it first. */
function groupId(observed: ObservedLoadBalancer, nodePort: number): string {
  const group = serverGroupOf(observed, nodePort);
  if (group === undefined) throw new Error(`Plan names no server group for node port ${nodePort}`);
  return group.id;
}

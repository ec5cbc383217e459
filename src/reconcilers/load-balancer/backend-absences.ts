import type { LoadBalancerResource } from '../kubernetes-objects.ts';
import { APPROVE_REMOVAL_ANNOTATION } from '../names.ts';
import { readProviderId } from '../provider-id.ts';
import type { LoadBalancerAction } from './load-balancer-plan.ts';
import type { LoadBalancerPorts } from './load-balancer-ports.ts';

/** What of a plan may be carried out. */
export interface WithheldPlan {
  readonly actions: readonly LoadBalancerAction[];
  /** The instances whose removal is held back, sorted. */
  readonly held: readonly string[];
}

/** What judging absent backends needs. */
export interface BackendAbsencesPorts extends Pick<
  LoadBalancerPorts,
  'nodes' | 'nodeDeletions' | 'breaker'
> {
  readonly writer: Pick<LoadBalancerPorts['writer'], 'removeAnnotations'>;
}

/**
 * Keeps members registered whose nodes seem to be gone, where too many seem so at once.
 *
 * Shape: a removal is inferred when no Node stands for the instance any more and nobody was seen
 *   deleting one; all others are commanded and pass.
 */
export class BackendAbsences {
  readonly #ports: BackendAbsencesPorts;

  constructor(ports: BackendAbsencesPorts) {
    this.#ports = ports;
  }

  /** Takes out of a plan what has to wait, and counts what may go. */
  withhold(resource: LoadBalancerResource, actions: readonly LoadBalancerAction[]): WithheldPlan {
    const { breaker } = this.#ports;
    const present = this.#presentInstances();
    for (const instanceId of breaker.held('backends')) {
      if (present.has(instanceId)) breaker.release('backends', instanceId);
    }
    const missing = this.#missingInstances(actions, present);
    if (missing.size === 0) return { actions, held: [] };
    if (isApproved(resource)) {
      for (const instanceId of missing) breaker.approve('backends', instanceId);
    }
    const { held } = breaker.judge('backends', missing, present.size + missing.size);
    return { actions: withoutRemovals(actions, held), held: held.toSorted() };
  }

  /** Takes the approval off once it has been acted on, so that it approves nothing that is to come. */
  async endApproval(
    resource: LoadBalancerResource,
    signal: AbortSignal,
  ): Promise<LoadBalancerResource> {
    if (!isApproved(resource)) return resource;
    return this.#ports.writer.removeAnnotations(resource, [APPROVE_REMOVAL_ANNOTATION], signal);
  }

  /** Takes out of a plan what is being held back already. */
  withoutHeld(actions: readonly LoadBalancerAction[]): readonly LoadBalancerAction[] {
    return withoutRemovals(actions, this.#ports.breaker.held('backends'));
  }

  #presentInstances(): ReadonlySet<string> {
    const nodes = this.#ports.nodes.list();
    return new Set(
      nodes.flatMap(({ providerId }) => {
        const id = readProviderId(providerId);
        return id.kind === 'ecs' ? [id.instanceId] : [];
      }),
    );
  }

  #missingInstances(
    actions: readonly LoadBalancerAction[],
    present: ReadonlySet<string>,
  ): ReadonlySet<string> {
    const removed = actions.flatMap((action) =>
      action.kind === 'removeBackends' ? action.backends.map(({ serverId }) => serverId) : [],
    );
    return new Set(
      removed.filter((id) => !present.has(id) && !this.#ports.nodeDeletions.hasInstance(id)),
    );
  }
}

/** Takes the removals of these instances out of a plan. */
export function withoutRemovals(
  actions: readonly LoadBalancerAction[],
  held: readonly string[],
): readonly LoadBalancerAction[] {
  if (held.length === 0) return actions;
  return actions.flatMap((action): LoadBalancerAction[] => {
    if (action.kind !== 'removeBackends') return [action];
    const backends = action.backends.filter(({ serverId }) => !held.includes(serverId));
    return backends.length === 0 ? [] : [{ ...action, backends }];
  });
}

function isApproved({ metadata }: LoadBalancerResource): boolean {
  return metadata.annotations[APPROVE_REMOVAL_ANNOTATION] === metadata.uid;
}

import type { LoadBalancerResource } from '../kubernetes-objects.ts';
import { conditionTime } from '../conditions.ts';
import { LOAD_BALANCER_FINALIZER } from '../names.ts';
import { observeAgain, settled, type Outcome } from '../reconciler.ts';
import { deleteFromCloud } from './load-balancer-deletion.ts';
import { OUTSIDE_CHECK_MS, ownerOf, type LoadBalancerPorts } from './load-balancer-ports.ts';
import type { LoadBalancerPreviewer } from './load-balancer-previewer.ts';
import type { Findings, LoadBalancerReporter } from './load-balancer-reporter.ts';
import { ownershipMismatch } from './load-balancer-verdict.ts';

/** Removes what an object that goes has in the cloud, and then lets it go. */
export class LoadBalancerRemover {
  readonly #ports: LoadBalancerPorts;
  readonly #reporter: LoadBalancerReporter;
  readonly #previewer: LoadBalancerPreviewer;

  constructor(
    ports: LoadBalancerPorts,
    reporter: LoadBalancerReporter,
    previewer: LoadBalancerPreviewer,
  ) {
    this.#ports = ports;
    this.#reporter = reporter;
    this.#previewer = previewer;
  }

  /** Carries a deletion one step further; takes the finalizer off once nothing is left. */
  async remove(resource: LoadBalancerResource, signal: AbortSignal): Promise<Outcome> {
    const { writer, slb, clock, beliefs, events, settings } = this.#ports;
    if (!resource.metadata.finalizers.includes(LOAD_BALANCER_FINALIZER)) return settled;
    const hasCloudObject =
      resource.status.loadBalancerId !== undefined || resource.status.creation !== undefined;
    const base: Findings = {
      resource,
      service: undefined,
      notReady: {
        reason: 'Deleting',
        message: 'The load balancer is being removed from the cloud',
      },
    };
    let current = resource;
    // In a dry run not even an object goes that has nothing in the cloud.
    if (hasCloudObject || settings.isDryRun) {
      const held = await this.#hold(resource, signal);
      if (held !== undefined) {
        await this.#reporter.show({ ...base, ...held }, signal);
        return observeAgain(OUTSIDE_CHECK_MS);
      }
      if (this.#previewer.isFor(resource)) return this.#previewer.showDeletion(resource, signal);
    }
    const result = await deleteFromCloud({
      slb,
      resource,
      owner: ownerOf(settings, resource, ownerUid(resource)),
      identity: await this.#ports.identity(signal),
      nowMs: clock.now(),
      begin: async (seen) => {
        // Should the removal be stopped halfway, what the digests say is not to be relied on.
        beliefs.mistrust(resource.metadata.uid);
        // One that goes on was told of when it began; what has failed since then stays told.
        if (resource.status.removalStartedTime !== undefined) return;
        current = await this.#reporter.show(base, signal, {
          ...seen,
          appliedDigest: null,
          removalStartedTime: conditionTime(clock.now()),
        });
      },
      options: { signal, lane: 'live' },
    });
    switch (result.kind) {
      case 'found':
        await writer.patchStatus(current, result.change, signal);
        return observeAgain(0);
      case 'wait':
        await this.#reporter.show(
          { ...base, resource: current, progress: result.progress },
          signal,
        );
        return observeAgain(result.afterMs);
      case 'blocked':
        await this.#reporter.show(
          { ...base, resource: current, notReady: result.notReady },
          signal,
        );
        return settled;
      case 'foreign': {
        const { refusal } = result;
        await this.#reporter.show(
          { ...base, resource: current, refusal, notReady: refusal },
          signal,
        );
        return observeAgain(OUTSIDE_CHECK_MS);
      }
      case 'gone':
        events.record(resource, {
          type: 'Normal',
          reason: 'DeletedLoadBalancer',
          action: 'Delete',
          note: `Nothing of load balancer ${resource.status.loadBalancerId ?? ''} is left to manage`,
        });
    }

    await writer.removeFinalizer(current, LOAD_BALANCER_FINALIZER, signal);
    beliefs.forget(resource.metadata.uid);
    return settled;
  }

  /** Says why a deletion may not go on, if so. */
  async #hold(
    resource: LoadBalancerResource,
    signal: AbortSignal,
  ): Promise<Pick<Findings, 'refusal' | 'notReady'> | undefined> {
    const identity = await this.#ports.identity(signal);
    const refusal = ownershipMismatch(resource, undefined, identity);
    if (refusal !== undefined) return { refusal, notReady: refusal };
    if (resource.spec.reconcilePolicy !== 'Paused') return undefined;
    const message =
      'spec.reconcilePolicy is "Paused", so the deletion waits: set it to "Apply" to go on';
    return { refusal: undefined, notReady: { reason: 'Paused', message } };
  }
}

/** The uid of the Service that an object was made for: as recorded, else as its owner says. */
function ownerUid({ metadata, status }: LoadBalancerResource): string {
  const owner = metadata.ownerReferences.find(
    ({ kind, controller }) => kind === 'Service' && controller === true,
  );
  return status.service?.uid ?? owner?.uid ?? '';
}

import type { CallOptions } from '../../cloud/call-options.ts';
import type { CloudLoadBalancer, SlbClient } from '../../cloud/slb/slb-client.ts';
import { conditionTime } from '../conditions.ts';
import type { LoadBalancerResource, Service } from '../kubernetes-objects.ts';
import { GO_CCM_LOAD_BALANCER_LABEL, GO_CCM_SERVICE_FINALIZER } from '../names.ts';
import { beliefAfterCreation } from './load-balancer-belief.ts';
import {
  attributesOfCreation,
  creationParameters,
  isLookUpNeeded,
  newCreationRecord,
  type CreationRecord,
} from './load-balancer-creation.ts';
import { findByMarks } from './load-balancer-deletion.ts';
import type { DesiredLoadBalancer } from './load-balancer-desired.ts';
import type { LoadBalancerFailures } from './load-balancer-failures.ts';
import type { Owner } from './load-balancer-names.ts';
import { ownerOf, type LoadBalancerPorts } from './load-balancer-ports.ts';
import { creationStatus, seenAttributes } from './load-balancer-status.ts';

/** Makes the load balancer of an object that has none, exactly once, whoever dies on the way. */
export class LoadBalancerCreator {
  readonly #ports: LoadBalancerPorts;
  readonly #failures: LoadBalancerFailures;

  constructor(ports: LoadBalancerPorts, failures: LoadBalancerFailures) {
    this.#ports = ports;
    this.#failures = failures;
  }

  /**
   * Records the request, sends it, and records the answer.
   *
   * Shape: an open request is repeated as it was recorded; one that is old, and the load balancer
   *   of a Service that may have one already, is looked for in the cloud first.
   * Errors: those of the cloud and of the API server; the request stays open.
   */
  async create(
    resource: LoadBalancerResource,
    service: Service,
    {
      desired,
      mayHaveOne,
    }: { readonly desired: DesiredLoadBalancer; readonly mayHaveOne: boolean },
    signal: AbortSignal,
  ): Promise<void> {
    const { writer, slb, clock, events, beliefs } = this.#ports;
    const open = resource.status.creation;
    if ((open === undefined && mayHaveOne) || isLookedFor(resource, service, clock.now())) {
      const isFound = await this.#adoptOwn(resource, service, signal);
      if (isFound) return;
      // Nothing came of the open request, so a refusal of its repetition may close it.
      if (open !== undefined) this.#failures.noteCreation(resource, true);
    }
    const record = open ?? (await this.#newRecord(resource, desired, signal));
    const recorded = await writer.patchStatus(
      resource,
      { creation: record, service: { uid: service.metadata.uid } },
      signal,
    );
    this.#failures.noteCreation(recorded, open === undefined);
    const options: CallOptions = { signal, lane: 'live' };
    const created = await slb.createLoadBalancer(record.parameters, record.token, options);
    const identity = { accountId: record.accountId, regionId: record.regionId };
    const stored = await writer.patchStatus(
      recorded,
      creationStatus(recorded, service, created, identity, conditionTime(clock.now())),
      signal,
    );
    // A repeated request may answer with a load balancer that an earlier process went on with.
    if (open === undefined) {
      const value = attributesOfCreation(record.parameters);
      beliefs.keep(stored, beliefAfterCreation(created.id, { kind: 'seen', value }));
    } else {
      beliefs.mistrust(stored.metadata.uid);
    }
    events.record(stored, {
      type: 'Normal',
      reason: 'CreatedLoadBalancer',
      action: 'Create',
      note: `Created load balancer ${created.id} with address ${created.address}`,
    });
  }

  /** Records a load balancer that bears the Service's own marks, if there is one. */
  async #adoptOwn(
    resource: LoadBalancerResource,
    service: Service,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { writer, slb, clock, beliefs, settings } = this.#ports;
    const owner = ownerOf(settings, resource, service.metadata.uid);
    const found = await findMarked({ resource, owner, slb }, { signal, lane: 'live' });
    if (found === undefined) return false;
    const identity = await this.#ports.identity(signal);
    const status = creationStatus(resource, service, found, identity, conditionTime(clock.now()));
    const adopted = await writer.patchStatus(
      resource,
      { ...status, attributes: seenAttributes(found) },
      signal,
    );
    beliefs.mistrust(adopted.metadata.uid);
    return true;
  }

  async #newRecord(
    resource: LoadBalancerResource,
    desired: DesiredLoadBalancer,
    signal: AbortSignal,
  ): Promise<CreationRecord> {
    const { settings, identity, clock } = this.#ports;
    const parameters = creationParameters(resource, desired.attributes, settings.creationDefaults);
    return newCreationRecord(resource, parameters, await identity(signal), clock.now());
  }
}

/** What `findPredecessor` looks with. */
export interface PredecessorInput {
  readonly resource: LoadBalancerResource;
  readonly service: Service;
  readonly owner: Owner;
  readonly slb: SlbClient;
  readonly nowMs: number;
}

/** Finds the load balancer that a Service may have without its being recorded, where it can have one. */
export async function findPredecessor(
  input: PredecessorInput,
  options: CallOptions,
): Promise<CloudLoadBalancer | undefined> {
  const { resource, service, nowMs } = input;
  return isLookedFor(resource, service, nowMs) ? findMarked(input, options) : undefined;
}

function findMarked(
  { resource, owner, slb }: Pick<PredecessorInput, 'resource' | 'owner' | 'slb'>,
  options: CallOptions,
): Promise<CloudLoadBalancer | undefined> {
  return findByMarks(slb, owner, resource.status.creation?.parameters.LoadBalancerName, options);
}

/** An open request is looked for once it is old; without one, what others may have left. */
function isLookedFor(resource: LoadBalancerResource, service: Service, nowMs: number): boolean {
  const { creation } = resource.status;
  return creation === undefined ? hasPredecessor(service) : isLookUpNeeded(creation, nowMs);
}

/** Tells whether another controller, or a lost status, may have left the Service a load balancer. */
function hasPredecessor(service: Service): boolean {
  return (
    service.metadata.finalizers.includes(GO_CCM_SERVICE_FINALIZER) ||
    service.metadata.labels[GO_CCM_LOAD_BALANCER_LABEL] !== undefined ||
    service.status.ingress.length > 0
  );
}

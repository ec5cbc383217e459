import { publishesError, type PublishedOperation } from './api-catalog.ts';
import { apiError, type ApiError } from './api-error.ts';
import type { LoadBalancer, Ownership, Tag } from './cloud-objects.ts';
import type { AccessKey, CloudState } from './cloud-state.ts';
import type { OperationParameters } from './operation-parameters.ts';
import type { Passing } from './passage.ts';
import type { WriteHold } from './write-holds.ts';

/** The JSON members of an answer beside its request id. */
export type Answer = Readonly<Record<string, unknown>>;

/** Carries out one operation: reads parameters and state, changes state, answers. */
export type OperationHandler = (context: OperationContext) => Answer;

/** What one call brings to its operation. */
export interface CallFacts {
  readonly state: CloudState;
  readonly operation: PublishedOperation;
  readonly parameters: OperationParameters;
  readonly caller: AccessKey;
  readonly seq: number;
  readonly now: number;
  /** The time whose state a read sees. */
  readonly asOf: number;
}

/** One call being carried out. */
export class OperationContext {
  readonly state: CloudState;
  readonly operation: PublishedOperation;
  readonly parameters: OperationParameters;
  readonly caller: AccessKey;
  readonly now: number;
  readonly asOf: number;
  /** The ids of the objects that the call names or makes, for the call log. */
  readonly objectIds = new Set<string>();
  /** What the call holds against later writes once it is accepted. */
  hold: WriteHold | undefined;
  /** Set by a call that was accepted and changed nothing all the same. */
  changedNothing = false;
  readonly #seq: number;

  constructor(facts: CallFacts) {
    this.state = facts.state;
    this.operation = facts.operation;
    this.parameters = facts.parameters;
    this.caller = facts.caller;
    this.#seq = facts.seq;
    this.now = facts.now;
    this.asOf = facts.asOf;
  }

  get accountId(): string {
    return this.caller.accountId;
  }

  get seq(): number {
    return this.#seq;
  }

  /** The region that the call names, else the cloud's own. */
  get regionId(): string {
    return this.parameters.findText('RegionId') ?? this.state.regionId;
  }

  failure(code: string, message: string): ApiError {
    return apiError(this.operation, code, message);
  }

  /** A failure with the first of the codes that the operation publishes, else with the last. */
  failureOf(codes: readonly string[], message: string): ApiError {
    const published = codes.find((code) => publishesError(this.operation, code));
    return apiError(this.operation, published ?? codes.at(-1) ?? 'InvalidParameter', message);
  }

  /** Ends a call that would be accepted when it is only a rehearsal. */
  refuseDryRun(): void {
    if (this.parameters.findFlag('DryRun') === true) {
      throw this.failure('DryRunOperation', 'The request would have succeeded without DryRun.');
    }
  }

  /** Tells whether a value is the one that a filter parameter asks for, if it is given. */
  wants(name: string, value: string): boolean {
    const wanted = this.parameters.findText(name);
    return wanted === undefined || wanted === value;
  }

  /** The members of an object that passes through a state, if passages take time. */
  passage(status: string): Pick<Passing, 'transition'> {
    const { transitionMs } = this.state.settings;
    return transitionMs > 0 ? { transition: { status, until: this.now + transitionMs } } : {};
  }

  /** Tells whether the caller may see an object: its own account and the region it asks. */
  sees(object: Ownership): boolean {
    const regionId = this.parameters.findText('RegionId');
    return (
      object.accountId === this.accountId &&
      (regionId === undefined || object.regionId === regionId)
    );
  }

  /** The ownership of an object that this call makes. */
  ownership(): Ownership {
    return {
      accountId: this.accountId,
      regionId: this.regionId,
      createdAt: this.now,
      createdBySeq: this.#seq,
    };
  }

  /** The tags of an object as they are visible by now. */
  visibleTags(objectId: string): readonly Tag[] {
    const asOf = Math.min(this.asOf, this.now - this.state.settings.tagLagMs);
    return this.state.tags.get(objectId, asOf) ?? [];
  }

  /**
   * Finds the load balancer that the call names, as a read sees it.
   *
   * Errors: `InvalidLoadBalancerId.NotFound`.
   */
  loadBalancer(loadBalancerId = this.parameters.text('LoadBalancerId')): LoadBalancer {
    this.objectIds.add(loadBalancerId);
    const loadBalancer = this.state.loadBalancers.get(loadBalancerId, this.asOf);
    if (loadBalancer === undefined || !this.sees(loadBalancer)) {
      throw this.failure(
        'InvalidLoadBalancerId.NotFound',
        'The specified LoadBalancerId does not exist.',
      );
    }
    return loadBalancer;
  }
}

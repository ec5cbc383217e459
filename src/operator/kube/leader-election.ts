import type { Clock, Randomness } from '../../cloud/clock.ts';
import { Failure, isFailure } from '../../cloud/failure.ts';
import { isAborted } from '../../cloud/is-aborted.ts';
import type { Logger } from '../../reconcilers/reconciler.ts';
import { numberOf, objectOf, textOf, type ApiObject } from './api-object.ts';
import { pathSegment, type KubeClient } from './kube-client.ts';
import { microTime } from './micro-time.ts';

/** How one lease is contended for. */
export interface LeaderElectionOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly logger: Logger;
  readonly lease: { readonly namespace: string; readonly name: string };
  /** Names this process among all that contend. */
  readonly identity: string;
  readonly leaseDurationMs: number;
  readonly renewDeadlineMs: number;
  readonly retryPeriodMs: number;
}

/** Why the lease is not ours any longer. */
export interface LeaseLoss {
  readonly reason: string;
}

/** The lease as another holder left it, and since when, by our own clock, it is so. */
interface Observation {
  readonly record: string;
  readonly sinceMs: number;
}

const JITTER_SHARE = 0.2;
const RELEASED_DURATION_SECONDS = 1;
const RELEASE_TIMEOUT_MS = 5_000;

/**
 * Holds one Lease for this process.
 *
 * Shape: whether another holder is alive is told by changes of the record as seen here, on a
 *   monotonic clock, never by the times written in it. `mayWrite` is a plain comparison, so that it
 *   can be asked in the very turn in which a request leaves.
 * Source: Kubernetes, client-go leader election.
 */
export class LeaseHolder {
  readonly #options: LeaderElectionOptions;
  readonly #path: string;
  readonly #collection: string;
  /** The lease as last written by us. */
  #held: ApiObject | undefined;
  #lastRenewalMs = Number.NEGATIVE_INFINITY;
  #observation: Observation | undefined;
  #tookOverUnreleased = false;
  #lastHolder = '';

  constructor(options: LeaderElectionOptions) {
    const { namespace, name } = options.lease;
    this.#options = options;
    this.#collection = `/apis/coordination.k8s.io/v1/namespaces/${pathSegment(namespace)}/leases`;
    this.#path = `${this.#collection}/${pathSegment(name)}`;
  }

  /** Whether the lease is ours as far as we know. */
  get isHeld(): boolean {
    return this.#held !== undefined;
  }

  /** Whether the lease was taken from a holder that had not given it back. */
  get tookOverUnreleased(): boolean {
    return this.#tookOverUnreleased;
  }

  /** Who holds the lease, as last seen; empty when nobody does. */
  get lastHolder(): string {
    return this.#lastHolder;
  }

  /** Whether the last renewal is recent enough to change anything in the world. */
  mayWrite(): boolean {
    return this.isHeld && this.#sinceRenewalMs() < this.#options.renewDeadlineMs;
  }

  /** Whether the lease ran out this long ago and the holder has not noticed. */
  isOverdueBy(graceMs: number): boolean {
    return this.isHeld && this.#sinceRenewalMs() > this.#options.leaseDurationMs + graceMs;
  }

  /**
   * Tries until the lease is ours; `false` when the signal is aborted first.
   *
   * Shape: `onWaiting` is told of each attempt that did not succeed, with the holder or the error.
   */
  async acquire(signal: AbortSignal, onWaiting: (why: string) => void): Promise<boolean> {
    while (!signal.aborted) {
      try {
        if (await this.#tryAcquire(signal)) return true;
        onWaiting(`held by "${this.#lastHolder}"`);
      } catch (error) {
        if (isAborted(signal)) return false;
        onWaiting(error instanceof Error ? error.message : String(error));
      }
      await this.#pause(signal);
    }
    return false;
  }

  /**
   * Looks at the lease without contending for it, so that the time in which its holder gave no sign
   * of life counts already when we do.
   */
  async observe(signal: AbortSignal): Promise<void> {
    const found = await this.#find(signal).catch(() => undefined);
    if (found !== undefined) this.#observeRecord(objectOf(found.spec));
  }

  /** Makes one attempt at the lease. */
  async tryOnce(signal: AbortSignal): Promise<boolean> {
    return this.#tryAcquire(signal);
  }

  /** Renews the lease until it is lost, or until the signal is aborted (`undefined`). */
  async keep(signal: AbortSignal): Promise<LeaseLoss | undefined> {
    while (!signal.aborted) {
      await this.#pause(signal);
      if (isAborted(signal)) return undefined;
      const loss = await this.#renewInTime(signal);
      if (loss !== undefined && !isAborted(signal)) {
        this.#held = undefined;
        return loss;
      }
    }
    return undefined;
  }

  /** Gives the lease back, so that a successor need not wait; to be called when all work has ended. */
  async release(): Promise<void> {
    const held = this.#held;
    if (held === undefined) return;
    this.#held = undefined;
    const { logger } = this.#options;
    try {
      await this.#giveBack(held);
      logger.info('Released the lease', { lease: this.#leaseText() });
    } catch (error) {
      // The successor waits for the lease to run out instead.
      logger.warn('Failed to release the lease', { lease: this.#leaseText(), err: error });
    }
  }

  async #giveBack(held: ApiObject): Promise<void> {
    const { clock, identity } = this.#options;
    const { signal } = new AbortController();
    const now = microTime(clock.now());
    const change = {
      holderIdentity: '',
      leaseDurationSeconds: RELEASED_DURATION_SECONDS,
      acquireTime: now,
      renewTime: now,
    };
    try {
      await this.#put(withSpec(held, change), RELEASE_TIMEOUT_MS, signal);
      return;
    } catch (error) {
      if (!isFailure(error, 'conflict')) throw error;
    }
    // A renewal that was cut off by the end of the work has arrived all the same.
    const found = await this.#find(signal);
    if (found === undefined || textOf(objectOf(found.spec).holderIdentity) !== identity) return;
    await this.#put(withSpec(found, change), RELEASE_TIMEOUT_MS, signal);
  }

  async #tryAcquire(signal: AbortSignal): Promise<boolean> {
    const found = await this.#find(signal);
    if (found === undefined) return this.#create(signal);
    const spec = objectOf(found.spec);
    const holder = textOf(spec.holderIdentity);
    this.#lastHolder = holder;
    const { clock, identity } = this.#options;
    if (holder !== '' && holder !== identity) {
      const silentMs = this.#observeRecord(spec);
      const durationMs = numberOf(spec.leaseDurationSeconds) * 1_000;
      if (silentMs < Math.max(durationMs, this.#options.leaseDurationMs)) return false;
    }
    const isTransition = holder !== identity;
    const now = microTime(clock.now());
    const lease = withSpec(found, {
      ...this.#heldSpec(),
      ...(isTransition && {
        acquireTime: now,
        leaseTransitions: numberOf(spec.leaseTransitions) + 1,
      }),
    });
    const sentMs = clock.monotonicMs();
    try {
      this.#hold(await this.#put(lease, this.#requestTimeoutMs(), signal), sentMs);
    } catch (error) {
      // Another one was faster.
      if (isFailure(error, 'conflict')) return false;
      throw error;
    }
    this.#tookOverUnreleased = holder !== '' && holder !== identity;
    return true;
  }

  /** Returns for how long the record has not changed, as seen here. */
  #observeRecord(spec: ApiObject): number {
    const record = JSON.stringify(spec);
    const nowMs = this.#options.clock.monotonicMs();
    if (this.#observation?.record !== record) this.#observation = { record, sinceMs: nowMs };
    return nowMs - this.#observation.sinceMs;
  }

  async #create(signal: AbortSignal): Promise<boolean> {
    const { clock, lease, client } = this.#options;
    const sentMs = clock.monotonicMs();
    const body = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: lease,
      spec: { ...this.#heldSpec(), acquireTime: microTime(clock.now()), leaseTransitions: 0 },
    };
    try {
      const answer = await client.request(
        { method: 'POST', path: this.#collection, body, timeoutMs: this.#requestTimeoutMs() },
        signal,
      );
      this.#hold(objectOf(answer), sentMs);
    } catch (error) {
      if (isFailure(error, 'conflict')) return false;
      throw error;
    }
    this.#tookOverUnreleased = false;
    return true;
  }

  /** Renews, trying again until the deadline; the answer says why it could not. */
  async #renewInTime(signal: AbortSignal): Promise<LeaseLoss | undefined> {
    const { clock, renewDeadlineMs, retryPeriodMs } = this.#options;
    let lastProblem = 'no answer';
    // The first attempt is made even after a long stop of the process: the lease may still be ours.
    for (let isFirst = true; isFirst || this.mayWrite(); isFirst = false) {
      try {
        return await this.#renew(signal);
      } catch (error) {
        if (isAborted(signal)) return undefined;
        lastProblem = error instanceof Error ? error.message : String(error);
      }
      const leftMs = renewDeadlineMs - this.#sinceRenewalMs();
      await clock
        .sleep(Math.max(Math.min(retryPeriodMs, leftMs), 0), signal)
        .catch(() => undefined);
    }
    return { reason: `it could not be renewed in time: ${lastProblem}` };
  }

  async #renew(signal: AbortSignal): Promise<LeaseLoss | undefined> {
    const { clock, identity, renewDeadlineMs } = this.#options;
    const leftMs = renewDeadlineMs - this.#sinceRenewalMs();
    const timeoutMs = Math.min(this.#requestTimeoutMs(), Math.max(leftMs, 1_000));
    const sentMs = clock.monotonicMs();
    try {
      const lease = withSpec(this.#held ?? {}, this.#heldSpec());
      this.#hold(await this.#put(lease, timeoutMs, signal), sentMs);
      return undefined;
    } catch (error) {
      const isContested = isFailure(error, 'conflict') || isFailure(error, 'notfound');
      if (!isContested) throw error;
    }
    // Our own earlier write may have arrived without its answer, or someone touched the metadata.
    const found = await this.#find(signal);
    const holder = textOf(objectOf(found?.spec).holderIdentity);
    if (found === undefined) return { reason: 'it was deleted' };
    if (holder !== identity) {
      this.#lastHolder = holder;
      return { reason: `it is held by "${holder}"` };
    }
    this.#hold(await this.#put(withSpec(found, this.#heldSpec()), timeoutMs, signal), sentMs);
    return undefined;
  }

  async #find(signal: AbortSignal): Promise<ApiObject | undefined> {
    try {
      const request = {
        method: 'GET',
        path: this.#path,
        timeoutMs: this.#requestTimeoutMs(),
      } as const;
      return objectOf(await this.#options.client.request(request, signal));
    } catch (error) {
      if (isFailure(error, 'notfound')) return undefined;
      throw error;
    }
  }

  async #put(lease: ApiObject, timeoutMs: number, signal: AbortSignal): Promise<ApiObject> {
    const request = { method: 'PUT', path: this.#path, body: lease, timeoutMs } as const;
    return objectOf(await this.#options.client.request(request, signal));
  }

  #hold(lease: ApiObject, sentMs: number): void {
    if (textOf(objectOf(lease.spec).holderIdentity) !== this.#options.identity) {
      throw new Failure('retryable', `The lease ${this.#leaseText()} was answered without us`);
    }
    this.#held = lease;
    this.#lastHolder = this.#options.identity;
    // From when the request left, not from when its answer came: the shorter time is the safe one.
    this.#lastRenewalMs = sentMs;
  }

  #heldSpec(): ApiObject {
    return {
      holderIdentity: this.#options.identity,
      leaseDurationSeconds: Math.ceil(this.#options.leaseDurationMs / 1_000),
      renewTime: microTime(this.#options.clock.now()),
    };
  }

  #sinceRenewalMs(): number {
    return this.#options.clock.monotonicMs() - this.#lastRenewalMs;
  }

  /** Half the deadline, so that one lost answer leaves time for another attempt. */
  #requestTimeoutMs(): number {
    return this.#options.renewDeadlineMs / 2;
  }

  async #pause(signal: AbortSignal): Promise<void> {
    const { clock, randomness, retryPeriodMs } = this.#options;
    const delayMs = retryPeriodMs * (1 + JITTER_SHARE * randomness.fraction());
    await clock.sleep(delayMs, signal).catch(() => undefined);
  }

  #leaseText(): string {
    const { namespace, name } = this.#options.lease;
    return `${namespace}/${name}`;
  }
}

function withSpec(lease: ApiObject, change: ApiObject): ApiObject {
  return { ...lease, spec: { ...objectOf(lease.spec), ...change } };
}

import type { Clock } from '../cloud/clock.ts';
import { isAborted } from '../cloud/is-aborted.ts';
import type { Logger } from '../reconcilers/reconciler.ts';
import type { LeaseHolder } from './kube/leader-election.ts';
import { whenAborted } from './when-aborted.ts';

/** A lease that is had besides our own, and what it stands for. */
export type FurtherRole = 'default' | 'migration';

/** A lease that is taken after our own and kept trying for. */
export interface FurtherLease {
  readonly role: FurtherRole;
  /** Unset, nobody else contends for it. */
  readonly holder: LeaseHolder | undefined;
  /** What is not done without it, for the log. */
  readonly whileWithout: string;
}

/** What a leadership is made from. */
export interface LeadershipPorts {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Our own lease; unset, this process leads from the start. */
  readonly own: LeaseHolder | undefined;
  /** The leases that are wanted besides. */
  readonly further: readonly FurtherLease[];
  /** How often another try is made at a further lease. */
  readonly retryPeriodMs: number;
  readonly onChange: (role: 'own' | FurtherRole, isHeld: boolean) => void;
}

/** How the time as the leader ended. */
export type LeadershipEnd =
  | { readonly kind: 'stopped' }
  /** Somebody else may be at work already, so this process has to end at once. */
  | { readonly kind: 'lost'; readonly reason: string };

/**
 * Decides whether this process may work, and on what.
 *
 * Shape: further leases are taken after our own, and kept trying for; losing any, once held, ends
 *   the leadership.
 */
export class Leadership {
  readonly #ports: LeadershipPorts;
  readonly #warned = new Set<FurtherRole>();

  constructor(ports: LeadershipPorts) {
    this.#ports = ports;
  }

  /** Whether this process is the leader. */
  get isLeader(): boolean {
    return this.#ports.own?.isHeld ?? true;
  }

  /** Whether a further lease is ours; never one that is not wanted. */
  holds(role: FurtherRole): boolean {
    const lease = this.#ports.further.find((candidate) => candidate.role === role);
    return lease !== undefined && (lease.holder?.isHeld ?? true);
  }

  /** Whether Services without a class, and what else has no class, are ours. */
  isDefaultImplementation(): boolean {
    return this.holds('default');
  }

  /** Whether the cloud may be changed in this very moment. */
  mayWrite(): boolean {
    const { own } = this.#ports;
    if (own !== undefined && !own.mayWrite()) return false;
    return this.#furtherHolders().every((holder) => !holder.isHeld || holder.mayWrite());
  }

  /** Whether an earlier leader may still have requests under way. */
  get tookOverUnreleased(): boolean {
    const { own } = this.#ports;
    // Without a lease nobody knows.
    return (
      own === undefined ||
      own.tookOverUnreleased ||
      this.#furtherHolders().some(({ tookOverUnreleased }) => tookOverUnreleased)
    );
  }

  /** What is wrong with the leases, for the health of the process. */
  overdueProblem(graceMs: number): string | undefined {
    const isOverdue = [this.#ports.own, ...this.#furtherHolders()].some(
      (holder) => holder?.isOverdueBy(graceMs) === true,
    );
    return isOverdue ? 'a lease ran out and was not renewed' : undefined;
  }

  /** Waits until this process is the leader; `false` when the signal is aborted first. */
  async acquire(signal: AbortSignal): Promise<boolean> {
    const { own, further, logger, onChange } = this.#ports;
    if (own !== undefined) {
      let lastWhy = '';
      const isOurs = await own.acquire(signal, (why) => {
        if (why !== lastWhy) logger.info('Waited for the lease', { why });
        lastWhy = why;
        // Their holders' silence counts from now on, not from when our own lease is had.
        for (const holder of this.#furtherHolders()) void holder.observe(signal);
      });
      if (!isOurs) return false;
      onChange('own', true);
      logger.info('Became the leader', { tookOverUnreleased: own.tookOverUnreleased });
    }
    for (const lease of further) await this.#tryFurther(lease, signal);
    return !signal.aborted;
  }

  /** Keeps the leases until one is lost or the signal is aborted. */
  async keep(signal: AbortSignal): Promise<LeadershipEnd> {
    const ended = new AbortController();
    const stop = AbortSignal.any([signal, ended.signal]);
    const { own, further } = this.#ports;
    try {
      return await Promise.race([
        this.#keep(own, stop),
        ...further.map((lease) => this.#keepFurther(lease, stop)),
      ]);
    } finally {
      ended.abort();
    }
  }

  /** Gives the leases back; to be called when all work has ended. */
  async release(): Promise<void> {
    for (const holder of this.#furtherHolders()) await holder.release();
    await this.#ports.own?.release();
  }

  #furtherHolders(): readonly LeaseHolder[] {
    return this.#ports.further.flatMap(({ holder }) => (holder === undefined ? [] : [holder]));
  }

  async #keep(lease: LeaseHolder | undefined, signal: AbortSignal): Promise<LeadershipEnd> {
    if (lease === undefined) {
      await whenAborted(signal);
      return { kind: 'stopped' };
    }
    const loss = await lease.keep(signal);
    return loss === undefined ? { kind: 'stopped' } : { kind: 'lost', reason: loss.reason };
  }

  async #keepFurther(lease: FurtherLease, signal: AbortSignal): Promise<LeadershipEnd> {
    const { clock, retryPeriodMs } = this.#ports;
    const { holder } = lease;
    while (holder !== undefined && !holder.isHeld && !signal.aborted) {
      await clock.sleep(retryPeriodMs, signal).catch(() => undefined);
      if (!isAborted(signal)) await this.#tryFurther(lease, signal);
    }
    return this.#keep(holder, signal);
  }

  async #tryFurther(
    { role, holder, whileWithout }: FurtherLease,
    signal: AbortSignal,
  ): Promise<void> {
    const { logger, onChange } = this.#ports;
    if (holder === undefined) return;
    let why: string;
    try {
      if (await holder.tryOnce(signal)) {
        onChange(role, true);
        logger.info('Took a further lease', { role });
        return;
      }
      why = `it is held by "${holder.lastHolder}"`;
    } catch (error) {
      if (signal.aborted) return;
      why = error instanceof Error ? error.message : String(error);
    }
    if (this.#warned.has(role)) return;
    this.#warned.add(role);
    logger.warn(`${whileWithout}, because a further lease cannot be had`, { role, why });
  }
}

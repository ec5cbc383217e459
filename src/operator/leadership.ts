import type { Clock } from '../cloud/clock.ts';
import type { Logger } from '../reconcilers/reconciler.ts';
import type { LeaseHolder } from './kube/leader-election.ts';

/** What a leadership is made from. */
export interface LeadershipPorts {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Our own lease; unset, this process leads from the start. */
  readonly own: LeaseHolder | undefined;
  /** The lease of the other default implementation; unset, nobody else is one. */
  readonly other: LeaseHolder | undefined;
  readonly isDefaultWanted: boolean;
  /** How often another try is made at the other lease. */
  readonly retryPeriodMs: number;
  readonly onChange: (lease: 'own' | 'other', isHeld: boolean) => void;
}

/** How the time as the leader ended. */
export type LeadershipEnd =
  | { readonly kind: 'stopped' }
  /** Somebody else may be at work already, so this process has to end at once. */
  | { readonly kind: 'lost'; readonly reason: string };

/**
 * Decides whether this process may work, and whether Services without a class are its own.
 *
 * Shape: the lease of the other default implementation is taken after our own, and kept trying for;
 *   losing either one, once held, ends the leadership.
 */
export class Leadership {
  readonly #ports: LeadershipPorts;
  #hasWarned = false;

  constructor(ports: LeadershipPorts) {
    this.#ports = ports;
  }

  /** Whether this process is the leader. */
  get isLeader(): boolean {
    return this.#ports.own?.isHeld ?? true;
  }

  /** Whether Services without a class are ours. */
  isDefaultImplementation(): boolean {
    const { isDefaultWanted, other } = this.#ports;
    return isDefaultWanted && (other?.isHeld ?? true);
  }

  /** Whether the cloud may be changed in this very moment. */
  mayWrite(): boolean {
    const { own, other } = this.#ports;
    if (own !== undefined && !own.mayWrite()) return false;
    return other?.isHeld !== true || other.mayWrite();
  }

  /** Whether an earlier leader may still have requests under way. */
  get tookOverUnreleased(): boolean {
    const { own, other } = this.#ports;
    // Without a lease nobody knows.
    return own === undefined || own.tookOverUnreleased || other?.tookOverUnreleased === true;
  }

  /** What is wrong with the leases, for the health of the process. */
  overdueProblem(graceMs: number): string | undefined {
    const { own, other } = this.#ports;
    const isOverdue = [own, other].some((lease) => lease?.isOverdueBy(graceMs) === true);
    return isOverdue ? 'a lease ran out and was not renewed' : undefined;
  }

  /** Waits until this process is the leader; `false` when the signal is aborted first. */
  async acquire(signal: AbortSignal): Promise<boolean> {
    const { own, other, isDefaultWanted, logger, onChange } = this.#ports;
    if (own !== undefined) {
      let lastWhy = '';
      const isOurs = await own.acquire(signal, (why) => {
        if (why !== lastWhy) logger.info('Waited for the lease', { why });
        lastWhy = why;
        // Its holder's silence counts from now on, not from when our own lease is had.
        if (isDefaultWanted) void other?.observe(signal);
      });
      if (!isOurs) return false;
      onChange('own', true);
      logger.info('Became the leader', { tookOverUnreleased: own.tookOverUnreleased });
    }
    if (isDefaultWanted) await this.#tryOther(signal);
    return !signal.aborted;
  }

  /** Keeps the leases until one is lost or the signal is aborted. */
  async keep(signal: AbortSignal): Promise<LeadershipEnd> {
    const ended = new AbortController();
    const stop = AbortSignal.any([signal, ended.signal]);
    const { own, other, isDefaultWanted } = this.#ports;
    try {
      return await Promise.race([
        this.#keep(own, stop),
        isDefaultWanted ? this.#keepOther(other, stop) : whenAborted(stop),
      ]);
    } finally {
      ended.abort();
    }
  }

  /** Gives the leases back; to be called when all work has ended. */
  async release(): Promise<void> {
    await this.#ports.other?.release();
    await this.#ports.own?.release();
  }

  async #keep(lease: LeaseHolder | undefined, signal: AbortSignal): Promise<LeadershipEnd> {
    if (lease === undefined) return whenAborted(signal);
    const loss = await lease.keep(signal);
    return loss === undefined ? { kind: 'stopped' } : { kind: 'lost', reason: loss.reason };
  }

  async #keepOther(lease: LeaseHolder | undefined, signal: AbortSignal): Promise<LeadershipEnd> {
    const { clock, retryPeriodMs } = this.#ports;
    while (lease !== undefined && !lease.isHeld && !signal.aborted) {
      await clock.sleep(retryPeriodMs, signal).catch(() => undefined);
      if (!isAborted(signal)) await this.#tryOther(signal);
    }
    return this.#keep(lease, signal);
  }

  async #tryOther(signal: AbortSignal): Promise<void> {
    const { other, logger, onChange } = this.#ports;
    if (other === undefined) return;
    let why: string;
    try {
      if (await other.tryOnce(signal)) {
        onChange('other', true);
        logger.info('Became the default implementation');
        return;
      }
      why = `it is held by "${other.lastHolder}"`;
    } catch (error) {
      if (signal.aborted) return;
      why = error instanceof Error ? error.message : String(error);
    }
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    logger.warn(
      'Handling only Services of our own class, because the lease of the other default implementation cannot be had',
      { why },
    );
  }
}

/** Asks anew each time; the compiler takes the answer for lasting otherwise. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

function whenAborted(signal: AbortSignal): Promise<LeadershipEnd> {
  return new Promise((resolve) => {
    const finish = (): void => {
      resolve({ kind: 'stopped' });
    };
    if (signal.aborted) finish();
    signal.addEventListener('abort', finish, { once: true });
  });
}

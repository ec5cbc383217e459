import type { FaultMoment } from './fault-board.ts';

/** A call that a fault has stopped. */
export interface HeldCall {
  readonly id: string;
  readonly seq: number;
  readonly action: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly when: FaultMoment;
  readonly faultId: string;
  /** The caller has gone away meanwhile. */
  clientGone: boolean;
}

/** How a hold ended: the call goes on, or its connection is cut because the cloud was reset. */
export type HoldEnd = 'released' | 'cut';

/** Keeps stopped calls until somebody releases them. */
export class HoldDesk {
  readonly #held = new Map<
    string,
    { readonly call: HeldCall; readonly end: (end: HoldEnd) => void }
  >();
  #watchers = new Set<() => void>();
  #count = 0;

  /** Stops a call until it is released; `onGone` runs once when its caller goes away before. */
  hold(
    call: Omit<HeldCall, 'id' | 'clientGone'>,
    gone: AbortSignal | undefined,
    onGone: () => void,
  ): Promise<HoldEnd> {
    this.#count += 1;
    const held: HeldCall = { ...call, id: `held-${this.#count}`, clientGone: false };
    const left = (): void => {
      held.clientGone = true;
      onGone();
    };
    if (gone?.aborted === true) left();
    else gone?.addEventListener('abort', left, { once: true });
    return new Promise((resolve) => {
      const end = (how: HoldEnd): void => {
        this.#held.delete(held.id);
        gone?.removeEventListener('abort', left);
        resolve(how);
      };
      this.#held.set(held.id, { call: held, end });
      for (const notify of this.#watchers) notify();
    });
  }

  list(): readonly HeldCall[] {
    return [...this.#held.values()].map(({ call }) => call);
  }

  /** Lets a held call go on; tells whether it was there. */
  release(id: string): boolean {
    const entry = this.#held.get(id);
    entry?.end('released');
    return entry !== undefined;
  }

  /** Cuts every held call. */
  cutAll(): void {
    for (const { end } of [...this.#held.values()]) end('cut');
    this.#count = 0;
  }

  /** Calls back when a call is stopped; gives the way to stop watching. */
  watch(notify: () => void): () => void {
    this.#watchers.add(notify);
    return () => this.#watchers.delete(notify);
  }
}

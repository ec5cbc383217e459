import type { Clock } from '../clock.ts';
import type { CallLane, CallOptions } from '../call-options.ts';
import { abortReason } from './abortable-wait.ts';

/** How reads are gathered. */
export interface GatheringLimits {
  /** How long after the first one a call waits for others, in milliseconds. */
  readonly windowMs: number;
  /** How many ids one call takes; as many do not wait. */
  readonly idsPerCall: number;
}

/**
 * Reads many things by their ids in one call.
 *
 * Shape: what does not exist is missing from an answer that is otherwise complete.
 */
export type ReadMany<Item> = (
  regionId: string,
  ids: readonly string[],
  options: CallOptions,
) => Promise<readonly Item[]>;

interface Waiting<Item> {
  readonly resolve: (item: Item | undefined) => void;
  readonly reject: (error: unknown) => void;
}

interface Gathering<Item> {
  readonly regionId: string;
  readonly lane: CallLane;
  readonly waiting: Map<string, Set<Waiting<Item>>>;
  readonly abort: AbortController;
  readonly cancelTimer: () => void;
}

/**
 * Gathers reads of single things into few calls.
 *
 * Shape: a call leaves when it is full, or when the window since its first id has passed; who asks
 *   later is in the next one, so that no answer is older than its question. Ids asked for twice go
 *   once. Regions do not share calls, nor do lanes, because a live reader never waits behind the budget
 *   of the sweep. A reader that is aborted leaves alone; a call ends early only when all have left.
 * Errors: those of a call, to everyone who waits for it and to nobody else.
 */
export class GatheredReads<Item> {
  readonly #limits: GatheringLimits;
  readonly #clock: Clock;
  readonly #readMany: ReadMany<Item>;
  readonly #idOf: (item: Item) => string;
  readonly #open = new Map<string, Gathering<Item>>();

  constructor(
    limits: GatheringLimits,
    ports: {
      readonly clock: Clock;
      readonly readMany: ReadMany<Item>;
      readonly idOf: (item: Item) => string;
    },
  ) {
    this.#limits = limits;
    this.#clock = ports.clock;
    this.#readMany = ports.readMany;
    this.#idOf = ports.idOf;
  }

  /** Reads one thing; `undefined` where a complete answer does not have it. */
  find(regionId: string, id: string, options: CallOptions): Promise<Item | undefined> {
    const { signal, lane } = options;
    if (signal.aborted) return Promise.reject(abortReason(signal));
    const gathering = this.#gathering(regionId, lane);
    const answer = this.#wait(gathering, id, signal);
    if (gathering.waiting.size >= this.#limits.idsPerCall) this.#dispatch(gathering);
    return answer;
  }

  #gathering(regionId: string, lane: CallLane): Gathering<Item> {
    const open = this.#open.get(keyOf({ regionId, lane }));
    if (open !== undefined) return open;
    const gathering: Gathering<Item> = {
      regionId,
      lane,
      waiting: new Map(),
      abort: new AbortController(),
      cancelTimer: this.#clock.schedule(this.#limits.windowMs, () => {
        this.#dispatch(gathering);
      }),
    };
    this.#open.set(keyOf(gathering), gathering);
    return gathering;
  }

  /** Lets nobody else join. */
  #close(gathering: Gathering<Item>): void {
    gathering.cancelTimer();
    if (this.#open.get(keyOf(gathering)) === gathering) this.#open.delete(keyOf(gathering));
  }

  #wait(gathering: Gathering<Item>, id: string, signal: AbortSignal): Promise<Item | undefined> {
    return new Promise((resolve, reject) => {
      const readers = gathering.waiting.get(id) ?? new Set<Waiting<Item>>();
      gathering.waiting.set(id, readers);
      const leave = (): void => {
        signal.removeEventListener('abort', onAbort);
        readers.delete(reader);
      };
      const reader: Waiting<Item> = {
        resolve: (item) => {
          leave();
          resolve(item);
        },
        reject: (error) => {
          leave();
          reject(error instanceof Error ? error : new Error(String(error)));
        },
      };
      const onAbort = (): void => {
        leave();
        if (readers.size === 0) gathering.waiting.delete(id);
        if (gathering.waiting.size === 0) {
          this.#close(gathering);
          gathering.abort.abort(abortReason(signal));
        }
        reject(abortReason(signal));
      };
      readers.add(reader);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  #dispatch(gathering: Gathering<Item>): void {
    this.#close(gathering);
    const { regionId, lane } = gathering;
    const ids = [...gathering.waiting.keys()];
    this.#readMany(regionId, ids, { signal: gathering.abort.signal, lane }).then(
      (items) => {
        const byId = new Map(items.map((item) => [this.#idOf(item), item]));
        for (const [id, readers] of [...gathering.waiting]) {
          for (const reader of [...readers]) reader.resolve(byId.get(id));
        }
      },
      (error: unknown) => {
        for (const readers of [...gathering.waiting.values()]) {
          for (const reader of [...readers]) reader.reject(error);
        }
      },
    );
  }
}

function keyOf({ regionId, lane }: { readonly regionId: string; readonly lane: CallLane }): string {
  return `${lane} ${regionId}`;
}

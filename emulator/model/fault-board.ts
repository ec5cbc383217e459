/** What each kind of fault does to the calls it matches. */
export const FAULT_KINDS = {
  deny: 'It is refused as by RAM, `Forbidden.RAM` with status 403 unless told otherwise, with `AccessDeniedDetail`; until removed unless `times` says otherwise.',
  error:
    'It is refused with `code` and `httpStatus` and changes nothing; with `applied: true` it takes effect first.',
  throttle: 'It is throttled and changes nothing; `delayMs` is the wait that the answer asks for.',
  delay: 'It waits `delayMs` before it is carried out, or before its answer goes out (`when`).',
  drop: 'Its connection is cut before it is applied.',
  'lose-answer': 'It is applied, then its connection is cut.',
  'apply-late': 'Its connection is cut at once, and it is applied `delayMs` later.',
  hold: 'It stops before it is carried out, or before its answer goes out (`when`), until it is released. When its caller goes away, it is carried out upon release all the same, and its client token is free meanwhile.',
  'empty-list':
    'The outermost lists of its answer are empty; the answer looks complete, as if nothing were there.',
  'short-list':
    'The outermost lists of its answer have the first half of their items, rounded down; the answer looks complete.',
  lag: 'A read sees the cloud as it was `delayMs` ago. What was seeded has always been there.',
} as const;

/** What goes wrong with the calls that a fault matches. */
export type FaultKind = keyof typeof FAULT_KINDS;

/** Where a delay or a hold stops a call: before it is carried out, or before it is answered. */
export type FaultMoment = 'received' | 'applied';

/** A fault as it is ordered. */
export interface FaultOrder {
  readonly action?: string;
  /** The product whose calls it matches; actions of one name exist in several. */
  readonly product?: string;
  /** Whose calls it matches: a resource name such as `acs:ram::1:role/x`, or an access key. */
  readonly principal?: string;
  readonly match?: Readonly<Record<string, string | number | boolean>>;
  readonly nth?: number;
  readonly times?: number;
  readonly kind: FaultKind;
  readonly code?: string;
  readonly message?: string;
  readonly httpStatus?: number;
  readonly delayMs?: number;
  readonly when?: FaultMoment;
  /** For `error`: the call takes effect and is refused all the same. */
  readonly applied?: boolean;
}

/** A fault that is set, with the matching calls seen and those it acted on. */
export interface Fault extends FaultOrder {
  readonly id: string;
  seen: number;
  acted: number;
}

/** A call as faults see it. */
export interface FaultedCall {
  readonly action: string;
  readonly product: string;
  /** Every name of the caller. */
  readonly principals: readonly string[];
  readonly parameters: ReadonlyMap<string, string>;
}

/** Holds the faults that are set and counts the calls they match. */
export class FaultBoard {
  #faults: Fault[] = [];
  #count = 0;

  add(order: FaultOrder): Fault {
    this.#count += 1;
    const fault: Fault = { ...order, id: `fault-${this.#count}`, seen: 0, acted: 0 };
    this.#faults.push(fault);
    return fault;
  }

  /** Removes one fault, or all; tells whether the one was there. */
  remove(id?: string): boolean {
    const known = id === undefined || this.#faults.some((fault) => fault.id === id);
    this.#faults = id === undefined ? [] : this.#faults.filter((fault) => fault.id !== id);
    return known;
  }

  list(): readonly Fault[] {
    return this.#faults;
  }

  clear(): void {
    this.#faults = [];
    this.#count = 0;
  }

  /** Counts a call against every fault it matches, and gives those that act on it. */
  trigger(call: FaultedCall): Fault[] {
    const acting: Fault[] = [];
    for (const fault of this.#faults) {
      if (!matches(fault, call)) continue;
      fault.seen += 1;
      const first = fault.nth ?? 1;
      // A permission that is taken away stays away.
      const times = fault.times ?? (fault.kind === 'deny' ? 0 : 1);
      if (fault.seen < first) continue;
      if (times > 0 && fault.seen >= first + times) continue;
      fault.acted += 1;
      acting.push(fault);
    }
    return acting;
  }
}

function matches(fault: FaultOrder, call: FaultedCall): boolean {
  const { action, product, parameters } = call;
  if (fault.action !== undefined && fault.action !== action) return false;
  if (fault.product !== undefined && fault.product !== product) return false;
  if (fault.principal !== undefined && !call.principals.includes(fault.principal)) return false;
  return Object.entries(fault.match ?? {}).every(
    ([name, value]) => parameters.get(name) === String(value),
  );
}

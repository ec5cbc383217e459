/** What a write holds against later ones: a load balancer or a VPC, or one part of it. */
export interface WriteHold {
  readonly id: string;
  /** What of it is written; all of it unless told. */
  readonly part?: string;
}

interface HeldObject {
  /** Until when every write is refused. */
  until: number;
  /** Until when writes to one part are refused. */
  readonly parts: Map<string, number>;
}

/** Which writes are being carried out, and which others they keep out. */
export class WriteHolds {
  readonly #objects = new Map<string, HeldObject>();

  /** Tells whether an earlier write keeps out another one. */
  refuses({ id, part }: WriteHold, now: number): boolean {
    const held = this.#objects.get(id);
    if (held === undefined) return false;
    if (held.until > now) return true;
    return part === undefined ? lastOf(held) > now : (held.parts.get(part) ?? -Infinity) > now;
  }

  /**
   * Lets an accepted write hold what it writes, and gives the time of its answer.
   *
   * Shape: writes to several parts of one object are answered one after the other; a lock that
   *   outlasts the answer is one of the whole object.
   */
  take({ id, part }: WriteHold, now: number, writeMs: number, lockMs: number): number {
    const held = this.#objects.get(id) ?? { until: -Infinity, parts: new Map<string, number>() };
    const answeredAt = Math.max(now, lastOf(held)) + writeMs;
    if (part !== undefined) held.parts.set(part, answeredAt);
    if (part === undefined || lockMs > 0) held.until = answeredAt + lockMs;
    this.#objects.set(id, held);
    return answeredAt;
  }

  /** Lets go of an object that is gone. */
  release(id: string): void {
    this.#objects.delete(id);
  }

  clear(): void {
    this.#objects.clear();
  }
}

function lastOf(held: HeldObject): number {
  return Math.max(held.until, ...held.parts.values());
}

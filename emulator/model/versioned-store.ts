interface Version<Value> {
  readonly at: number;
  readonly value: Value | undefined;
}

// Longer than any lag that a test asks for; older versions are forgotten.
const KEEP_MS = 60 * 60 * 1000;

/**
 * Objects by id that can be read as they were a while ago.
 *
 * Shape: `list` gives the order in which objects were (last) added. Values are replaced, never
 *   changed in place, so what was read stays as it was.
 * Units: times are milliseconds of the cloud's clock; `asOf` defaults to the newest version.
 */
export class VersionedStore<Value> {
  readonly #versions = new Map<string, Version<Value>[]>();
  /** Removed objects that can still be read as they were, oldest first. */
  readonly #removed: { readonly id: string; readonly at: number }[] = [];

  get(id: string, asOf = Infinity): Value | undefined {
    return this.#versions.get(id)?.findLast((version) => version.at <= asOf)?.value;
  }

  set(id: string, value: Value, at: number): void {
    const versions = this.#versions.get(id) ?? [];
    // A new life of an old key is listed last, like any other new object.
    if (versions.at(-1)?.value === undefined) this.#versions.delete(id);
    this.#versions.set(id, [...forget(versions, at), { at, value }]);
  }

  remove(id: string, at: number): void {
    const versions = this.#versions.get(id);
    if (versions?.at(-1)?.value === undefined) return;
    this.#versions.set(id, [...forget(versions, at), { at, value: undefined }]);
    this.#removed.push({ id, at });
    this.#dropForgotten(at);
  }

  list(asOf = Infinity): Value[] {
    return this.entries(asOf).map(([, value]) => value);
  }

  /** The values with their ids, in the order of `list`. */
  entries(asOf = Infinity): [string, Value][] {
    const entries: [string, Value][] = [];
    for (const [id, versions] of this.#versions) {
      const value = versions.findLast((version) => version.at <= asOf)?.value;
      if (value !== undefined) entries.push([id, value]);
    }
    return entries;
  }

  clear(): void {
    this.#versions.clear();
    this.#removed.length = 0;
  }

  #dropForgotten(now: number): void {
    for (let first = this.#removed[0]; first !== undefined; first = this.#removed[0]) {
      if (first.at >= now - KEEP_MS) return;
      this.#removed.shift();
      const last = this.#versions.get(first.id)?.at(-1);
      // The id may have come to life again since.
      if (last?.value === undefined && (last?.at ?? 0) < now - KEEP_MS) {
        this.#versions.delete(first.id);
      }
    }
  }
}

/** Leaves out the versions that were already replaced `KEEP_MS` before `now`. */
function forget<Value>(versions: readonly Version<Value>[], now: number): Version<Value>[] {
  const firstNeeded = versions.findLastIndex((version) => version.at <= now - KEEP_MS);
  return versions.slice(Math.max(firstNeeded, 0));
}

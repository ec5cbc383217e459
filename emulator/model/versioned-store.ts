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
    this.#dropForgotten(at);
  }

  list(asOf = Infinity): Value[] {
    const values: Value[] = [];
    for (const versions of this.#versions.values()) {
      const value = versions.findLast((version) => version.at <= asOf)?.value;
      if (value !== undefined) values.push(value);
    }
    return values;
  }

  /** The newest versions with their ids, in the order of `list`. */
  entries(): [string, Value][] {
    const entries: [string, Value][] = [];
    for (const [id, versions] of this.#versions) {
      const value = versions.at(-1)?.value;
      if (value !== undefined) entries.push([id, value]);
    }
    return entries;
  }

  clear(): void {
    this.#versions.clear();
  }

  #dropForgotten(now: number): void {
    for (const [id, versions] of this.#versions) {
      const last = versions.at(-1);
      if (last?.value === undefined && (last?.at ?? 0) < now - KEEP_MS) this.#versions.delete(id);
    }
  }
}

/** Leaves out the versions that were already replaced `KEEP_MS` before `now`. */
function forget<Value>(versions: readonly Version<Value>[], now: number): Version<Value>[] {
  const firstNeeded = versions.findLastIndex((version) => version.at <= now - KEEP_MS);
  return versions.slice(Math.max(firstNeeded, 0));
}

import type { ObjectKey } from '../../reconcilers/reconciler.ts';

/** The least that an object must have to be cached. */
export interface CachedObject {
  readonly metadata: {
    readonly namespace: string;
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
  };
}

/** One change of the cache: no `previous` for a new object, no `current` for one that is gone. */
export interface CacheChange<T> {
  readonly key: ObjectKey;
  readonly previous: T | undefined;
  readonly current: T | undefined;
  /** Set on a removal that nobody was seen making: the object is missing from a list. */
  readonly isInferred?: boolean;
}

/** Tells under which values an object is found; under none of them twice. */
export type Indexer<T> = (object: T) => readonly string[];

/** A write of this process that is under way. */
export interface WriteInFlight<T> {
  /** The write was answered with the object as it is now. */
  succeeded(answer: T): void;
  /** The write was answered, and the object of this uid exists no longer. */
  removed(uid: string): void;
  /** The write failed, or its answer was lost. */
  failed(): void;
}

/** What this process has written to one object and the watch has yet to deliver. */
interface Awaited {
  readonly versions: Set<string>;
  /** The uid whose removal was answered. */
  removedUid: string | undefined;
}

/** A write whose answer is still out. */
interface Flight {
  /**
   * Versions that need no waiting for: the one that was there before, which is also the answer to a
   * write that changed nothing, and what the watch has delivered since.
   */
  readonly known: Set<string>;
  /** Whether a list replaced everything meanwhile: it may be older or newer than the write. */
  isOvertaken: boolean;
}

/** A list that is being read; it collects what was written meanwhile. */
export interface ListInProgress {
  readonly writtenMeanwhile: Set<string>;
}

/**
 * The objects of one kind, as the watch delivers them and as this process itself wrote them.
 *
 * Shape: never older than an answered write of this process: what the watch delivers between the
 *   write and its echo is passed over. Versions are compared for equality only. A replacement
 *   counts as the removal of the old object, by uid.
 */
export class ObjectCache<T extends CachedObject> {
  readonly #objects = new Map<string, T>();
  readonly #awaited = new Map<string, Awaited>();
  readonly #inFlight = new Map<string, Set<Flight>>();
  readonly #lists = new Set<ListInProgress>();
  readonly #indexers: readonly Indexer<T>[];
  readonly #indexes: Map<string, Set<string>>[];
  readonly #onChange: (change: CacheChange<T>) => void;

  constructor(onChange: (change: CacheChange<T>) => void, indexers: readonly Indexer<T>[] = []) {
    this.#onChange = onChange;
    this.#indexers = indexers;
    this.#indexes = indexers.map(() => new Map<string, Set<string>>());
  }

  find(key: ObjectKey): T | undefined {
    return this.#objects.get(keyText(key));
  }

  list(): readonly T[] {
    return [...this.#objects.values()];
  }

  /** Lists the objects to which the indexer of this position gave this value, among others. */
  listIndexed(position: number, value: string): readonly T[] {
    const keys = this.#indexes[position]?.get(value) ?? new Set<string>();
    return [...keys].flatMap((key) => this.#objects.get(key) ?? []);
  }

  get size(): number {
    return this.#objects.size;
  }

  /** Takes an ADDED or MODIFIED event of the watch. */
  observe(object: T): void {
    const key = keyText(object.metadata);
    this.#noteDelivery(key, object.metadata.resourceVersion);
    if (!this.#isAwaiting(key)) this.#put(key, object);
  }

  /** Takes a DELETED event of the watch. */
  observeDeletion(object: T): void {
    const key = keyText(object.metadata);
    this.#noteDelivery(key, object.metadata.resourceVersion);
    const cached = this.#objects.get(key);
    const awaited = this.#awaited.get(key);
    if (
      awaited?.removedUid === object.metadata.uid ||
      cached?.metadata.uid === object.metadata.uid
    ) {
      // Nothing more of this uid will be delivered.
      this.#awaited.delete(key);
      this.#remove(key);
    } else if (!this.#isAwaiting(key)) {
      this.#remove(key);
    }
  }

  /** Announces a list, so that writes that overlap it are known. */
  beginList(): ListInProgress {
    const list = { writtenMeanwhile: new Set<string>() };
    this.#lists.add(list);
    return list;
  }

  /**
   * Ends a list: replaces everything by what was listed.
   *
   * Shape: returns `false`, and changes nothing, when writes overlapped the list, so that it cannot
   *   be told which is newer; the caller lists again. `force` takes the list as it is.
   */
  replace(list: ListInProgress, objects: readonly T[], options: { force: boolean }): boolean {
    this.#lists.delete(list);
    const listed = new Map(objects.map((object) => [keyText(object.metadata), object]));
    for (const [key, object] of listed) this.#noteDelivery(key, object.metadata.resourceVersion);
    const isUnclear = [...list.writtenMeanwhile].some((key) => this.#isAwaiting(key));
    if (isUnclear && !options.force) return false;

    // What was written before the list began is in it.
    this.#awaited.clear();
    for (const flights of this.#inFlight.values()) {
      for (const flight of flights) flight.isOvertaken = true;
    }
    for (const key of [...this.#objects.keys()])
      if (!listed.has(key)) this.#remove(key, { isInferred: true });
    for (const [key, object] of listed) this.#put(key, object);
    return true;
  }

  /** Gives a list up. */
  abandon(list: ListInProgress): void {
    this.#lists.delete(list);
  }

  /** Announces a write of this process to an object; exactly one of the methods must follow. */
  beginWrite(objectKey: ObjectKey): WriteInFlight<T> {
    const key = keyText(objectKey);
    const present = this.#objects.get(key);
    const flight: Flight = {
      known: new Set(present === undefined ? [] : [present.metadata.resourceVersion]),
      isOvertaken: false,
    };
    const flights = this.#inFlight.get(key) ?? new Set();
    this.#inFlight.set(key, flights.add(flight));
    const end = (): void => {
      flights.delete(flight);
      if (flights.size === 0) this.#inFlight.delete(key);
    };
    return {
      succeeded: (answer) => {
        end();
        this.#recordWrite(key, answer, flight);
      },
      removed: (uid) => {
        end();
        if (!flight.isOvertaken) this.#recordRemoval(key, uid);
      },
      failed: end,
    };
  }

  #recordWrite(key: string, answer: T, flight: Flight): void {
    const version = answer.metadata.resourceVersion;
    const isKnown =
      flight.known.has(version) || this.#objects.get(key)?.metadata.resourceVersion === version;
    // Of a list that overtook the write nobody can say which is newer; what follows from the watch
    // puts it right, and waiting for an echo that may never come would not.
    if (isKnown || flight.isOvertaken) return;
    this.#await(key).versions.add(version);
    this.#put(key, answer);
  }

  #recordRemoval(key: string, uid: string): void {
    const cached = this.#objects.get(key);
    if (cached?.metadata.uid !== uid) return;
    this.#await(key).removedUid = uid;
    this.#remove(key);
  }

  #await(key: string): Awaited {
    const awaited = this.#awaited.get(key) ?? { versions: new Set(), removedUid: undefined };
    this.#awaited.set(key, awaited);
    for (const list of this.#lists) list.writtenMeanwhile.add(key);
    return awaited;
  }

  #isAwaiting(key: string): boolean {
    return this.#awaited.has(key);
  }

  #noteDelivery(key: string, version: string): void {
    for (const flight of this.#inFlight.get(key) ?? []) flight.known.add(version);
    const awaited = this.#awaited.get(key);
    if (awaited === undefined) return;
    awaited.versions.delete(version);
    if (awaited.versions.size === 0 && awaited.removedUid === undefined) this.#awaited.delete(key);
  }

  #put(key: string, object: T): void {
    const previous = this.#objects.get(key);
    if (
      previous?.metadata.uid === object.metadata.uid &&
      previous.metadata.resourceVersion === object.metadata.resourceVersion
    ) {
      return;
    }
    if (previous !== undefined && previous.metadata.uid !== object.metadata.uid) this.#remove(key);
    this.#unindex(key);
    this.#objects.set(key, object);
    this.#index(key, object);
    this.#onChange({
      key: keyOf(object),
      previous: this.#sameUid(previous, object),
      current: object,
    });
  }

  #remove(key: string, how: { readonly isInferred?: true } = {}): void {
    const previous = this.#objects.get(key);
    if (previous === undefined) return;
    this.#unindex(key);
    this.#objects.delete(key);
    this.#onChange({ key: keyOf(previous), previous, current: undefined, ...how });
  }

  #sameUid(previous: T | undefined, object: T): T | undefined {
    return previous?.metadata.uid === object.metadata.uid ? previous : undefined;
  }

  #index(key: string, object: T): void {
    this.#indexers.forEach((indexer, position) => {
      const index = this.#indexes[position];
      for (const value of indexer(object)) {
        index?.set(value, (index.get(value) ?? new Set()).add(key));
      }
    });
  }

  #unindex(key: string): void {
    const object = this.#objects.get(key);
    if (object === undefined) return;
    this.#indexers.forEach((indexer, position) => {
      const index = this.#indexes[position];
      for (const value of indexer(object)) {
        const keys = index?.get(value);
        keys?.delete(key);
        if (keys?.size === 0) index?.delete(value);
      }
    });
  }
}

/** Writes a key as `namespace/name`. */
export function keyText(key: ObjectKey): string {
  return `${key.namespace}/${key.name}`;
}

function keyOf(object: CachedObject): ObjectKey {
  return { namespace: object.metadata.namespace, name: object.metadata.name };
}

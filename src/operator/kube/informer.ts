import type { Clock, Randomness } from '../../cloud/clock.ts';
import { Failure, isFailure } from '../../cloud/failure.ts';
import { isAborted } from '../../cloud/is-aborted.ts';
import type { Logger } from '../../reconcilers/reconciler.ts';
import { objectOf, objectsOf, textOf, type ApiObject } from './api-object.ts';
import type { KubeClient } from './kube-client.ts';
import { isHttpStatus, kubeStatusOf } from './kube-failure.ts';
import { ObjectCache, type CacheChange, type CachedObject, type Indexer } from './object-cache.ts';

/** What an informer follows. */
export interface InformerOptions<T extends CachedObject> {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly logger: Logger;
  /** The kind, as logs and health checks name it. */
  readonly kind: string;
  /** The path of the collection over all namespaces. */
  readonly path: string;
  readonly labelSelector?: string;
  readonly project: (object: ApiObject) => T;
  readonly indexers?: readonly Indexer<T>[];
  /** What to tell the user when the API server does not know the kind. */
  readonly whenUnknown?: string;
}

/** Why an informer is not up to date. */
export interface InformerProblem {
  readonly message: string;
  /** Whether the API server does not know the kind. */
  readonly isKindUnknown: boolean;
}

/** What a handler is told. */
export type ChangeHandler<T> = (change: CacheChange<T>) => void;

const PAGE_SIZE = 500;
const MIN_WATCH_SECONDS = 300;
/** A watch that ends sooner than this, without an event, is no sign of health. */
const BRIEF_WATCH_MS = 1_000;
const FIRST_BACKOFF_MS = 800;
const MAX_BACKOFF_MS = 30_000;
/** After this long without trouble the next trouble starts with the shortest wait. */
const HEALTHY_AFTER_MS = 120_000;
/** How often a list is begun again at once, because own writes overlapped it or its token ran out. */
const MAX_LIST_ATTEMPTS = 5;

/**
 * Keeps a cache of one kind equal to what the API server has: list, then watch.
 *
 * Shape: a watch that ends goes on from its last version; one whose version is too old starts with
 *   a new list, and what vanished meanwhile is found by comparing. Handlers are told of each change
 *   once; one that throws does not keep the others from being told.
 * Source: Kubernetes API concepts, "Efficient detection of changes".
 */
export class Informer<T extends CachedObject> {
  readonly cache: ObjectCache<T>;
  readonly #options: InformerOptions<T>;
  readonly #handlers: ChangeHandler<T>[] = [];
  #isSynced = false;
  #problem: InformerProblem | undefined;
  #failuresInRow = 0;
  #healthySinceMs: number | undefined;
  readonly #synced: Promise<void>;
  #resolveSynced: () => void = () => undefined;

  constructor(options: InformerOptions<T>) {
    this.#options = options;
    this.cache = new ObjectCache<T>((change) => {
      this.#notify(change);
    }, options.indexers);
    this.#synced = new Promise((resolve) => {
      this.#resolveSynced = resolve;
    });
  }

  get kind(): string {
    return this.#options.kind;
  }

  /** Whether the first list is in the cache. */
  get isSynced(): boolean {
    return this.#isSynced;
  }

  /** What keeps the cache from being up to date. */
  get problem(): InformerProblem | undefined {
    return this.#problem;
  }

  /** Adds a handler; it is not told of what is in the cache already. */
  addHandler(handler: ChangeHandler<T>): void {
    this.#handlers.push(handler);
  }

  /** Resolves when the first list is in the cache. */
  whenSynced(): Promise<void> {
    return this.#synced;
  }

  /** Lists and watches until the signal is aborted; it never fails. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const version = await this.#list(signal);
        await this.#watchOn(version, signal);
      } catch (error) {
        if (isAborted(signal)) return;
        await this.#standBack(error, signal);
      }
    }
  }

  async #list(signal: AbortSignal): Promise<string> {
    for (let attempt = 1; ; attempt += 1) {
      const list = this.cache.beginList();
      try {
        const { objects, version } = await this.#readPages(signal);
        const force = attempt >= MAX_LIST_ATTEMPTS;
        if (!this.cache.replace(list, objects, { force })) continue;
        this.#noteHealthy();
        this.#isSynced = true;
        this.#resolveSynced();
        return version;
      } catch (error) {
        // The token for the next page has run out: the pages no longer belong together.
        const isExpired = kubeStatusOf(error)?.reason === 'Expired';
        if (!isExpired || attempt >= MAX_LIST_ATTEMPTS) throw error;
      } finally {
        this.cache.abandon(list);
      }
    }
  }

  async #readPages(
    signal: AbortSignal,
  ): Promise<{ readonly objects: T[]; readonly version: string }> {
    const objects: T[] = [];
    let token = '';
    do {
      // Without a resourceVersion the first page is the newest state, and the others are of it.
      const answer = objectOf(
        await this.#options.client.request(
          {
            method: 'GET',
            path: this.#options.path,
            query: {
              ...this.#selectors(),
              limit: String(PAGE_SIZE),
              ...(token !== '' && { continue: token }),
            },
          },
          signal,
        ),
      );
      for (const item of objectsOf(answer.items)) objects.push(this.#options.project(item));
      const metadata = objectOf(answer.metadata);
      token = textOf(metadata.continue);
      if (token === '') return { objects, version: textOf(metadata.resourceVersion) };
    } while (!signal.aborted);
    throw new Failure('retryable', `Listing ${this.kind} was aborted`);
  }

  /** Watches on and on from a version; returns when a new list is needed. */
  async #watchOn(listedVersion: string, signal: AbortSignal): Promise<void> {
    let version = listedVersion;
    while (!signal.aborted) {
      const seconds =
        MIN_WATCH_SECONDS + Math.floor(this.#options.randomness.fraction() * MIN_WATCH_SECONDS);
      const startedMs = this.#options.clock.monotonicMs();
      let events = 0;
      let cancelHealthy = (): void => undefined;
      // A quiet kind may have no event for long, so a watch that lasts is a sign of health as well.
      const onOpen = (): void => {
        cancelHealthy = this.#options.clock.schedule(BRIEF_WATCH_MS, () => {
          this.#noteHealthy();
        });
      };
      try {
        const query = {
          ...this.#selectors(),
          resourceVersion: version,
          allowWatchBookmarks: 'true',
        };
        for await (const event of this.#options.client.watch(
          this.#options.path,
          query,
          seconds,
          signal,
          onOpen,
        )) {
          events += 1;
          this.#noteHealthy();
          version = this.#take(event.type, objectOf(event.object)) || version;
        }
        // A server that closes at once would otherwise be asked without a pause.
        const wasBrief =
          this.#options.clock.monotonicMs() - startedMs < BRIEF_WATCH_MS && events === 0;
        if (wasBrief) throw new Failure('retryable', `The watch of ${this.kind} ended at once`);
      } catch (error) {
        if (isAborted(signal)) return;
        if (isTooOld(error)) {
          this.#options.logger.info('Listed again, because the watch fell behind', {
            watchedKind: this.kind,
          });
          // Repeated at once this could go round and round on a server that is behind itself.
          if (isFailure(error) && kubeStatusOf(error)?.reason !== 'Expired') {
            await this.#standBack(error, signal);
          }
          return;
        }
        cancelHealthy();
        await this.#standBack(error, signal);
      } finally {
        cancelHealthy();
      }
    }
  }

  /** Puts one event into the cache; returns its version. */
  #take(type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK', object: ApiObject): string {
    const version = textOf(objectOf(object.metadata).resourceVersion);
    if (type === 'ADDED' || type === 'MODIFIED') this.cache.observe(this.#options.project(object));
    if (type === 'DELETED') this.cache.observeDeletion(this.#options.project(object));
    return version;
  }

  #notify(change: CacheChange<T>): void {
    for (const handler of this.#handlers) {
      try {
        handler(change);
      } catch (error) {
        this.#options.logger.error('A handler of a change failed', {
          watchedKind: this.kind,
          namespace: change.key.namespace,
          name: change.key.name,
          err: error,
        });
      }
    }
  }

  #noteHealthy(): void {
    this.#problem = undefined;
    this.#healthySinceMs ??= this.#options.clock.monotonicMs();
  }

  /** Waits before the next attempt: longer each time, shorter again after a healthy while. */
  async #standBack(error: unknown, signal: AbortSignal): Promise<void> {
    const { clock, randomness, logger } = this.#options;
    const healthyMs =
      this.#healthySinceMs === undefined ? 0 : clock.monotonicMs() - this.#healthySinceMs;
    if (healthyMs >= HEALTHY_AFTER_MS) this.#failuresInRow = 0;
    this.#healthySinceMs = undefined;
    this.#failuresInRow += 1;

    const isKindUnknown = isHttpStatus(error, 404);
    const why = error instanceof Error ? error.message : String(error);
    const message = isKindUnknown ? (this.#options.whenUnknown ?? why) : why;
    // Said when it begins and when it changes, not on every attempt.
    if (this.#problem?.message !== message) {
      const text = isKindUnknown
        ? `The API server does not know ${this.kind}: ${message}`
        : `Lost touch with ${this.kind} of the API server`;
      logger.warn(text, { watchedKind: this.kind, err: message });
    }
    this.#problem = { message, isKindUnknown };

    const backoffMs = Math.min(FIRST_BACKOFF_MS * 2 ** (this.#failuresInRow - 1), MAX_BACKOFF_MS);
    const askedMs = isFailure(error) ? (error.retryAfterMs ?? 0) : 0;
    const waitMs = Math.max(backoffMs * (1 + randomness.fraction()), askedMs);
    await clock.sleep(waitMs, signal).catch(() => undefined);
  }

  #selectors(): Readonly<Record<string, string>> {
    const { labelSelector } = this.#options;
    return labelSelector === undefined ? {} : { labelSelector };
  }
}

/** Whether a version cannot be served: gone from the server's history, or not there yet. */
function isTooOld(error: unknown): boolean {
  const status = kubeStatusOf(error);
  if (status === undefined) return false;
  return (
    status.httpStatus === 410 ||
    status.reason === 'Expired' ||
    status.reason === 'Gone' ||
    status.causes.some(({ reason }) => reason === 'ResourceVersionTooLarge')
  );
}

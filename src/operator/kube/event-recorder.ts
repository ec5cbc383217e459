import type { Clock, Randomness } from '../../cloud/clock.ts';
import { isFailure } from '../../cloud/failure.ts';
import { isAborted } from '../../cloud/is-aborted.ts';
import { API_GROUP, API_VERSION, REPORTING_CONTROLLER } from '../../reconcilers/names.ts';
import type {
  EventContent,
  EventRecorder,
  EventSubject,
  Logger,
} from '../../reconcilers/reconciler.ts';
import { PATCH_TYPES, pathSegment, type KubeClient } from './kube-client.ts';
import { isHttpStatus } from './kube-failure.ts';
import { microTime } from './micro-time.ts';

/** What a recorder is made from. */
export interface EventRecorderOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly logger: Logger;
  /** Names this process; at most 128 characters of it are used. */
  readonly reportingInstance: string;
  /** Takes secrets out of what events say. */
  readonly scrub: (text: string) => string;
}

/** The object that an event is about. */
interface Regarding {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
}

/** An event that was recorded, as long as repeats of it join it. */
interface Series {
  readonly key: string;
  readonly group: string;
  readonly name: string;
  readonly regarding: Regarding;
  readonly event: EventContent;
  firstSeenMs: number;
  lastSeenMs: number;
  /** How often it happened. */
  count: number;
  /** What the API server knows of that; 0 before the event is created. */
  writtenCount: number;
  isQueued: boolean;
  nextWriteMs: number;
}

const REPEAT_WINDOW_MS = 6 * 60_000;
/** How often a count that goes on rising is written. */
const SERIES_WRITE_MS = 30_000;
/** Texts that differ are events of their own, up to this many of one reason within the window. */
const MAX_TEXTS = 10;
const MAX_QUEUE = 1_000;
const MAX_ATTEMPTS = 12;
const ATTEMPT_PAUSE_MS = 10_000;
const MAX_NOTE_BYTES = 1_024;
const MAX_INSTANCE_LENGTH = 128;
const DROPPED_LOG_MS = 60_000;

/**
 * Writes events through events.k8s.io, in the background.
 *
 * Shape: the same event within six minutes becomes a series of one object. What cannot be written
 *   is tried again a few times, then dropped; nothing here ever fails or holds up a pass.
 * Source: Kubernetes API, events.k8s.io/v1.
 */
export class KubeEventRecorder implements EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #series = new Map<string, Series>();
  readonly #queue: Series[] = [];
  /** What waits for its time to be queued. */
  readonly #delayed = new Map<Series, () => void>();
  #wake: () => void = () => undefined;
  #dropped = 0;
  #lastDropLogMs = Number.NEGATIVE_INFINITY;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
  }

  record(regarding: EventSubject, event: EventContent): void {
    const { clock } = this.#options;
    const nowMs = clock.monotonicMs();
    this.#forgetOld(nowMs);
    const clean = { ...event, note: cutToBytes(this.#options.scrub(event.note), MAX_NOTE_BYTES) };
    const reference = regardingOf(regarding);
    const group = JSON.stringify([reference.uid, event.type, event.reason, event.action]);
    const key = JSON.stringify([group, clean.note]);
    const series = this.#series.get(key) ?? this.#crowdedSeries(group);
    if (series !== undefined) {
      series.count += 1;
      series.lastSeenMs = nowMs;
      this.#enqueue(series, series.writtenCount === 1 ? nowMs : series.nextWriteMs);
      return;
    }
    const fresh: Series = {
      key,
      group,
      name: `${reference.name.slice(0, 200)}.${this.#options.randomness.hex(8)}`,
      regarding: reference,
      event: clean,
      firstSeenMs: nowMs,
      lastSeenMs: nowMs,
      count: 1,
      writtenCount: 0,
      isQueued: false,
      nextWriteMs: nowMs,
    };
    if (this.#enqueue(fresh, nowMs)) this.#series.set(key, fresh);
  }

  /** Writes until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const series = this.#queue.shift();
      if (series === undefined) {
        await this.#whenWoken(signal);
        continue;
      }
      series.isQueued = false;
      await this.#write(series, signal, MAX_ATTEMPTS);
    }
    for (const cancel of this.#delayed.values()) cancel();
    this.#delayed.clear();
  }

  /** Writes what is left, each once, within the signal; for the end of the process. */
  async flush(signal: AbortSignal): Promise<void> {
    const unwritten = [...this.#series.values()].filter(
      ({ count, writtenCount }) => count > writtenCount,
    );
    this.#queue.length = 0;
    for (const series of unwritten) {
      if (signal.aborted) return;
      await this.#write(series, signal, 1);
    }
  }

  /** Puts a series into the queue at a time; `false` when the queue is full. */
  #enqueue(series: Series, atMs: number): boolean {
    if (series.isQueued) return true;
    if (this.#queue.length >= MAX_QUEUE) {
      this.#noteDrop();
      return false;
    }
    const delayMs = atMs - this.#options.clock.monotonicMs();
    series.isQueued = true;
    if (delayMs > 0) {
      const cancel = this.#options.clock.schedule(delayMs, () => {
        this.#delayed.delete(series);
        this.#queue.push(series);
        this.#wake();
      });
      this.#delayed.set(series, cancel);
      return true;
    }
    this.#queue.push(series);
    this.#wake();
    return true;
  }

  async #write(series: Series, signal: AbortSignal, attempts: number): Promise<void> {
    const { clock, logger } = this.#options;
    for (let attempt = 1; attempt <= attempts; attempt += 1) {
      const count = series.count;
      try {
        if (series.writtenCount === 0) await this.#create(series, signal);
        else await this.#patch(series, signal);
        series.nextWriteMs = clock.monotonicMs() + SERIES_WRITE_MS;
        // The creation tells of one occurrence; more that came before it are told right after.
        series.writtenCount = series.writtenCount === 0 ? 1 : count;
        if (series.count > series.writtenCount) {
          this.#enqueue(
            series,
            series.writtenCount === 1 ? clock.monotonicMs() : series.nextWriteMs,
          );
        }
        return;
      } catch (error) {
        if (isAborted(signal)) return;
        if (isHttpStatus(error, 404) && series.writtenCount > 0) {
          // It has expired, or someone deleted it.
          series.writtenCount = 0;
          continue;
        }
        const isFinal = isFailure(error, 'terminal') || isFailure(error, 'notfound');
        if (isFinal || attempt === attempts) {
          // In a namespace that is going away nothing can be created, and that is no news.
          const level = isHttpStatus(error, 403) || isHttpStatus(error, 404) ? 'debug' : 'warn';
          logger[level]('Dropped an event', {
            reason: series.event.reason,
            namespace: series.regarding.namespace,
            name: series.regarding.name,
            err: error instanceof Error ? error.message : String(error),
          });
          this.#series.delete(series.key);
          return;
        }
        await clock.sleep(ATTEMPT_PAUSE_MS, signal).catch(() => undefined);
      }
    }
  }

  async #create(series: Series, signal: AbortSignal): Promise<void> {
    const { client, reportingInstance } = this.#options;
    const { event, regarding, name } = series;
    const body = {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name, namespace: eventNamespace(regarding) },
      eventTime: microTime(this.#wallMs(series.firstSeenMs)),
      reportingController: event.reporter ?? REPORTING_CONTROLLER,
      reportingInstance: reportingInstance.slice(0, MAX_INSTANCE_LENGTH),
      action: event.action,
      reason: event.reason,
      regarding,
      note: event.note,
      type: event.type,
    };
    try {
      await client.request({ method: 'POST', path: collectionPath(regarding), body }, signal);
    } catch (error) {
      // An earlier attempt arrived and its answer did not.
      if (!isFailure(error, 'conflict')) throw error;
    }
  }

  async #patch(series: Series, signal: AbortSignal): Promise<void> {
    const body = {
      series: {
        count: series.count,
        lastObservedTime: microTime(this.#wallMs(series.lastSeenMs)),
      },
    };
    await this.#options.client.request(
      {
        method: 'PATCH',
        path: `${collectionPath(series.regarding)}/${pathSegment(series.name)}`,
        body,
        contentType: PATCH_TYPES.merge,
      },
      signal,
    );
  }

  #wallMs(monotonicMs: number): number {
    const { clock } = this.#options;
    return clock.now() - (clock.monotonicMs() - monotonicMs);
  }

  /** The newest series of a group that has had too many different texts. */
  #crowdedSeries(group: string): Series | undefined {
    const alike = [...this.#series.values()].filter((series) => series.group === group);
    return alike.length < MAX_TEXTS ? undefined : alike.at(-1);
  }

  #forgetOld(nowMs: number): void {
    for (const [key, series] of this.#series) {
      if (nowMs - series.lastSeenMs >= REPEAT_WINDOW_MS && !series.isQueued) {
        this.#series.delete(key);
      }
    }
  }

  #noteDrop(): void {
    this.#dropped += 1;
    const nowMs = this.#options.clock.monotonicMs();
    if (nowMs - this.#lastDropLogMs < DROPPED_LOG_MS) return;
    this.#options.logger.warn('Dropped events, because too many wait to be written', {
      dropped: this.#dropped,
    });
    this.#lastDropLogMs = nowMs;
    this.#dropped = 0;
  }

  #whenWoken(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const finish = (): void => {
        signal.removeEventListener('abort', finish);
        this.#wake = () => undefined;
        resolve();
      };
      signal.addEventListener('abort', finish, { once: true });
      this.#wake = finish;
    });
  }
}

/** Cuts a text to a number of bytes of UTF-8, never inside a character. */
export function cutToBytes(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.byteLength <= maxBytes) return text;
  const mark = '…';
  let end = maxBytes - Buffer.byteLength(mark);
  // The bytes of a character after its first start with the bits 10.
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.subarray(0, end).toString('utf8') + mark;
}

/** The kinds of the core group that events are about; all others are ours. */
const CORE_KINDS: ReadonlySet<string> = new Set(['Service', 'Node', 'PersistentVolume']);

function regardingOf(object: EventSubject): Regarding {
  const { namespace, name, uid, resourceVersion } = object.metadata;
  const apiVersion = CORE_KINDS.has(object.kind) ? 'v1' : `${API_GROUP}/${API_VERSION}`;
  return { apiVersion, kind: object.kind, namespace, name, uid, resourceVersion };
}

/** Events about objects without a namespace are kept where kubectl looks for them. */
function eventNamespace({ namespace }: Regarding): string {
  return namespace === '' ? 'default' : namespace;
}

function collectionPath(regarding: Regarding): string {
  return `/apis/events.k8s.io/v1/namespaces/${pathSegment(eventNamespace(regarding))}/events`;
}

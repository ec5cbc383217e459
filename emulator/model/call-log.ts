/** One request that reached the cloud, as `GET /_admin/calls` shows it. */
export interface CallRecord {
  readonly seq: number;
  readonly action: string;
  readonly version: string;
  /** The operation's own parameters, by wire name. */
  readonly parameters: Readonly<Record<string, string>>;
  accessKeyId: string | null;
  /** Who the key acts for; null until the signature is accepted. */
  principal: string | null;
  readonly userAgent: string;
  readonly startedAt: string;
  /** Null while the call is running. */
  finishedAt: string | null;
  durationMs: number | null;
  /** Null while running, and for a call that got no answer. */
  httpStatus: number | null;
  /** The error code; null for an accepted call or one without answer. */
  code: string | null;
  readonly requestId: string;
  /** Whether the call itself changed something, answered or not. */
  applied: boolean;
  readonly mutating: boolean;
  objectIds: readonly string[];
  faultIds: readonly string[];
}

/** What is known about a call when it arrives. */
export interface CallArrival {
  readonly action: string;
  readonly version: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly accessKeyId: string | null;
  readonly userAgent: string;
  readonly mutating: boolean;
  readonly requestId: string;
  readonly now: number;
}

/** Keeps every request in the order of arrival. */
export class CallLog {
  #records: CallRecord[] = [];
  /** The number of the last call of an earlier run. */
  #before = 0;

  /** The number of the last call. */
  get lastSeq(): number {
    return this.#before + this.#records.length;
  }

  /** Goes on counting after the calls of an earlier run, which the kept objects refer to. */
  continueAfter(seq: number): void {
    this.#before = seq;
  }

  begin(arrival: CallArrival): CallRecord {
    const { now, ...facts } = arrival;
    const record: CallRecord = {
      seq: this.lastSeq + 1,
      ...facts,
      principal: null,
      startedAt: new Date(now).toISOString(),
      finishedAt: null,
      durationMs: null,
      httpStatus: null,
      code: null,
      applied: false,
      objectIds: [],
      faultIds: [],
    };
    this.#records.push(record);
    return record;
  }

  finish(
    record: CallRecord,
    end: { readonly now: number; readonly httpStatus: number | null; readonly code: string | null },
  ): void {
    record.finishedAt = new Date(end.now).toISOString();
    record.durationMs = end.now - Date.parse(record.startedAt);
    record.httpStatus = end.httpStatus;
    record.code = end.code;
  }

  /** Lists the calls after a number, oldest first. */
  list(since = 0): readonly CallRecord[] {
    return this.#records.slice(Math.max(since - this.#before, 0));
  }

  clear(): void {
    this.#records = [];
    this.#before = 0;
  }
}

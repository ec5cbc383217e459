import assert from 'node:assert/strict';
import test from 'node:test';
import { VirtualClock } from '../../../test/support/virtual-clock.ts';
import { isFailure, type Failure } from '../failure.ts';
import type { CallLane } from '../call-options.ts';
import { findSlbCode } from '../slb/slb-error-table.ts';
import type { ObservedCall } from './call-observer.ts';
import { CallPipeline } from './call-pipeline.ts';
import { CoalescedReads } from './coalesced-reads.ts';
import { ObjectLanes } from './object-lane.ts';
import { RequestBudget } from './request-budget.ts';
import type { RpcCall, RpcResult, RpcSender } from './rpc-sender.ts';

const ok: RpcResult = { kind: 'answered', httpStatus: 200, body: { RequestId: 'R-1' } };

function refused(code: string, httpStatus = 400, retryAfterMs?: number): RpcResult {
  return {
    kind: 'answered',
    httpStatus,
    body: { Code: code, Message: 'words', RequestId: 'R-2' },
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}

function lost(reason: 'connect' | 'timeout' | 'cut', sent: boolean): RpcResult {
  return { kind: 'lost', reason, sent, cause: new Error('socket') };
}

/** Answers calls one after the other from a list, the last one for ever. */
class ScriptedSender implements RpcSender {
  readonly calls: { readonly action: string; readonly lane: CallLane; readonly atMs: number }[] =
    [];
  readonly #clock: VirtualClock;
  readonly #results: RpcResult[];
  /** How long the connection takes, before the request is handed to it. */
  connectMs = 0;
  /** How long the answer to a read takes; a write is answered after 10 ms. */
  readMs = 10;

  constructor(clock: VirtualClock, results: RpcResult[]) {
    this.#clock = clock;
    this.#results = results;
  }

  principal(): Promise<string> {
    return Promise.resolve('key');
  }

  async send(call: RpcCall): Promise<RpcResult> {
    if (this.connectMs > 0) await this.#clock.sleep(this.connectMs, call.signal);
    call.beforeSend?.();
    this.calls.push({ action: call.action, lane: call.lane, atMs: this.#clock.monotonicMs() });
    await this.#clock.sleep(call.action.startsWith('Describe') ? this.readMs : 10);
    const result = this.#results.length > 1 ? this.#results.shift() : this.#results[0];
    return result ?? ok;
  }
}

function setup(results: RpcResult[] = [ok], { isDryRun = false } = {}) {
  const clock = new VirtualClock();
  const sender = new ScriptedSender(clock, results);
  const observed: ObservedCall[] = [];
  const lines: { readonly level: string; readonly fields: Readonly<Record<string, unknown>> }[] =
    [];
  const lease = { held: true };
  const log = (level: string) => (_: string, fields: Readonly<Record<string, unknown>>) => {
    lines.push({ level, fields });
  };
  const pipeline = new CallPipeline(
    { product: 'slb', version: '2014-05-15', lookup: findSlbCode },
    {
      sender,
      budget: new RequestBudget({ callsPerSecond: 10, burst: 10 }, clock),
      lanes: new ObjectLanes({ spacingMs: 300, longestSpacingMs: 2_000 }, clock),
      reads: new CoalescedReads(),
      clock,
      randomness: { fraction: () => 0.5, hex: (bytes) => '0'.repeat(bytes * 2) },
      mayWrite: () => lease.held,
      isDryRun,
      metrics: { observeCall: (call) => observed.push(call) },
      logger: { debug: log('debug'), info: log('info'), warn: log('warn') },
    },
  );
  const read = (
    parameters: Readonly<Record<string, string>> = {},
    lane: CallLane = 'live',
    signal = new AbortController().signal,
  ): Promise<unknown> =>
    pipeline.call({
      action: 'DescribeLoadBalancers',
      mutating: false,
      parameters,
      purpose: 'list the load balancers',
      options: { signal, lane },
    });
  const write = (laneOf = 'lb-1', signal = new AbortController().signal): Promise<unknown> =>
    pipeline.call({
      action: 'SetLoadBalancerName',
      mutating: true,
      parameters: {},
      purpose: 'rename the load balancer',
      laneOf,
      options: { signal, lane: 'live' },
    });
  return { clock, sender, observed, lines, lease, read, write };
}

/** The failure that a call ends with; fails the test where it does not. */
async function failureOf(call: Promise<unknown>): Promise<Failure> {
  try {
    await call;
  } catch (error) {
    if (isFailure(error)) return error;
    throw error;
  }
  throw new Error('The call succeeded');
}

interface Case {
  readonly name: string;
  readonly results: RpcResult[];
  readonly read: { readonly attempts: number; readonly kind: string };
  readonly write: { readonly attempts: number; readonly kind: string; readonly ambiguous: boolean };
  readonly reason: string;
}

const cases: readonly Case[] = [
  {
    name: 'Timeout',
    results: [lost('timeout', true)],
    read: { attempts: 3, kind: 'retryable' },
    write: { attempts: 1, kind: 'retryable', ambiguous: true },
    reason: 'A write may have been applied; a read has no effect.',
  },
  {
    name: 'Cut',
    results: [lost('cut', true)],
    read: { attempts: 3, kind: 'retryable' },
    write: { attempts: 1, kind: 'retryable', ambiguous: true },
    reason: 'As a timeout.',
  },
  {
    name: 'NoConnection',
    results: [lost('connect', false)],
    read: { attempts: 3, kind: 'retryable' },
    write: { attempts: 3, kind: 'retryable', ambiguous: false },
    reason: 'What was never sent has no effect, so that even a write is repeated.',
  },
  {
    name: 'ServerError',
    results: [refused('InternalError', 500)],
    read: { attempts: 3, kind: 'retryable' },
    write: { attempts: 1, kind: 'retryable', ambiguous: true },
    reason: 'A failing server may have applied the write.',
  },
  {
    name: 'UnknownServerError',
    results: [refused('Something.New', 503)],
    read: { attempts: 3, kind: 'retryable' },
    write: { attempts: 1, kind: 'retryable', ambiguous: true },
    reason: 'The status tells where the code is not known.',
  },
  {
    name: 'NotJson',
    results: [{ kind: 'unreadable', httpStatus: 502 }],
    read: { attempts: 3, kind: 'retryable' },
    write: { attempts: 1, kind: 'retryable', ambiguous: true },
    reason: 'Something between us and the API answered; what the API did is not known.',
  },
  {
    name: 'Locked',
    results: [refused('ServiceIsConfiguring')],
    read: { attempts: 1, kind: 'conflict' },
    write: { attempts: 1, kind: 'conflict', ambiguous: false },
    reason: 'A lock code says that nothing was done.',
  },
  {
    name: 'Throttled',
    results: [refused('Throttling.User', 400, 50)],
    read: { attempts: 3, kind: 'throttled' },
    write: { attempts: 1, kind: 'throttled', ambiguous: false },
    reason: 'The gateway refuses before anything is done.',
  },
  {
    name: 'UnknownCode',
    results: [refused('Something.New')],
    read: { attempts: 1, kind: 'retryable' },
    write: { attempts: 1, kind: 'retryable', ambiguous: false },
    reason: 'A refusal that nobody has met may pass; it gets a line in the table.',
  },
  {
    name: 'Denied',
    results: [refused('Forbidden.RAM', 403)],
    read: { attempts: 1, kind: 'terminal' },
    write: { attempts: 1, kind: 'terminal', ambiguous: false },
    reason: 'Asking again changes nothing.',
  },
  {
    name: 'Absent',
    results: [refused('InvalidLoadBalancerId.NotFound', 404)],
    read: { attempts: 1, kind: 'notfound' },
    write: { attempts: 1, kind: 'notfound', ambiguous: false },
    reason: 'The caller decides what absence means.',
  },
];

for (const { name, results, read: wantRead, write: wantWrite, reason } of cases) {
  test(`CallPipeline reads: ${name}`, async () => {
    const { clock, sender, read } = setup([...results]);
    const failure = await clock.until(failureOf(read()));
    assert.deepEqual(
      { attempts: sender.calls.length, kind: failure.kind, ambiguous: failure.ambiguous },
      { ...wantRead, ambiguous: false },
      reason,
    );
  });

  test(`CallPipeline writes: ${name}`, async () => {
    const { clock, sender, write } = setup([...results]);
    const failure = await clock.until(failureOf(write()));
    assert.deepEqual(
      { attempts: sender.calls.length, kind: failure.kind, ambiguous: failure.ambiguous },
      wantWrite,
      reason,
    );
  });
}

test('CallPipeline answers a read whose first attempts failed', async () => {
  const { clock, sender, observed, read } = setup([
    lost('cut', true),
    refused('InternalError', 500),
    ok,
  ]);
  await clock.until(read());
  assert.equal(sender.calls.length, 3);
  assert.deepEqual(
    observed.map(({ code }) => code),
    ['ConnectionCut', 'InternalError', 'OK'],
    'Every call that was tried is counted.',
  );
});

test('CTL-25: CallPipeline waits as long as the API asks after a throttled read', async () => {
  const { clock, sender, read } = setup([refused('Throttling', 400, 4_000), ok]);
  await clock.until(read());
  const [first, second] = sender.calls;
  assert.ok(first !== undefined && second !== undefined);
  assert.ok(second.atMs - first.atMs >= 4_000, `waited ${second.atMs - first.atMs} ms`);
});

test('CallPipeline tells the caller of a throttled write how long to wait', async () => {
  const { clock, write } = setup([refused('Throttling', 400, 4_000)]);
  assert.equal((await clock.until(failureOf(write()))).retryAfterMs, 4_000);
});

test('CallPipeline sends writes to one load balancer with the pause between them', async () => {
  const { clock, sender, write } = setup();
  await clock.until(Promise.all([write('lb-1'), write('lb-1'), write('lb-2')]));
  assert.deepEqual(
    sender.calls.map(({ atMs }) => atMs),
    [0, 0, 310],
  );
});

test('CallPipeline doubles the pause of a load balancer after a lock code', async () => {
  const { clock, sender, write } = setup([refused('BackendServer.configuring', 409), ok]);
  const first = failureOf(write());
  const second = write();
  await clock.until(Promise.all([first, second]));
  assert.equal(sender.calls[1]?.atMs, 610);
});

test('CallPipeline lets identical reads share a call, but never across a write', async () => {
  const { clock, sender, read, write } = setup();
  const before = [read({ a: '1' }), read({ a: '1' }), read({ a: '2' })];
  await clock.until(Promise.all(before));
  assert.equal(sender.calls.length, 2);
  sender.readMs = 100;
  const old = read({ a: '1' });
  await clock.until(write());
  const afterWrite = read({ a: '1' });
  await clock.until(Promise.all([old, afterWrite]));
  assert.equal(sender.calls.length, 5, 'Two reads of their own, and the write.');
});

test('CallPipeline writes nothing without the lease', async () => {
  const { clock, sender, lease, write } = setup();
  lease.held = false;
  const failure = await clock.until(failureOf(write()));
  assert.deepEqual(
    [failure.kind, failure.code, failure.ambiguous],
    ['retryable', 'NotLeader', false],
  );
  assert.equal(sender.calls.length, 0);
});

const pauses = [
  { name: 'InLane', stopAtMs: 100, reason: 'while the load balancer rests' },
  { name: 'InConnection', stopAtMs: 320, reason: 'while the connection is being made' },
];

for (const { name, stopAtMs, reason } of pauses) {
  test(`CallPipeline writes nothing after the process slept past its lease: ${name}`, async () => {
    const { clock, sender, lease, write } = setup();
    sender.connectMs = 50;
    await clock.until(write());
    const second = failureOf(write());
    await clock.advance(stopAtMs);
    clock.skip(20_000);
    lease.held = false;
    const failure = await clock.until(second);
    assert.equal(failure.code, 'NotLeader', reason);
    assert.equal(sender.calls.length, 1);
  });
}

test('CallPipeline keeps reading without the lease', async () => {
  const { clock, sender, lease, read } = setup();
  lease.held = false;
  await clock.until(read());
  assert.equal(sender.calls.length, 1);
});

test('CallPipeline says that a waiting call was cancelled, and leaves nothing behind', async () => {
  const { clock, sender, write } = setup();
  const abort = new AbortController();
  const first = write();
  const waiting = failureOf(write('lb-1', abort.signal));
  await clock.advance(50);
  abort.abort(new Error('shutting down'));
  const failure = await waiting;
  assert.deepEqual(
    [failure.kind, failure.code, failure.ambiguous],
    ['retryable', 'Cancelled', false],
  );
  await first;
  await clock.until(write());
  assert.equal(sender.calls.length, 2);
});

test('CTL-25: CallPipeline lets live reads go before those of the sweep', async () => {
  const { clock, sender, read } = setup();
  const reads = Array.from({ length: 20 }, (_, index) => read({ page: String(index) }, 'sweep'));
  const live = read({ page: 'live' });
  await clock.until(live);
  const order = sender.calls.findIndex(({ lane }) => lane === 'live');
  assert.ok(order >= 0 && order <= 7, `served as number ${order + 1}`);
  await clock.until(Promise.all(reads));
});

test('OBS-09: CallPipeline counts every call by operation, code and throttling', async () => {
  const { clock, observed, lines, read, write } = setup([
    ok,
    refused('Throttling', 400, 10),
    ok,
    refused('Something.New'),
  ]);
  await clock.until(write());
  await clock.until(read());
  await clock.until(failureOf(read({ a: '1' })));
  assert.deepEqual(
    observed.map(({ operation, code, throttled, knownCode }) => [
      operation,
      code,
      throttled,
      knownCode,
    ]),
    [
      ['SetLoadBalancerName', 'OK', false, true],
      ['DescribeLoadBalancers', 'Throttling', true, true],
      ['DescribeLoadBalancers', 'OK', false, true],
      ['DescribeLoadBalancers', 'Something.New', false, false],
    ],
  );
  assert.ok(
    observed.every(({ durationMs }) => durationMs === 10),
    'Without waits.',
  );
  assert.deepEqual(
    lines.map(({ level }) => level),
    ['info', 'debug', 'debug', 'warn'],
    'Writes leave a line, and an unknown code asks for one in the table.',
  );
});

test('MIG-08: in a dry run no call is sent that would change something, and all others are', async () => {
  const { clock, read, write, sender, observed } = setup([ok], { isDryRun: true });
  await clock.until(read());
  const failure = await clock.until(failureOf(write()));
  assert.equal(failure.kind, 'terminal');
  assert.equal(failure.code, 'DryRun');
  assert.deepEqual(
    sender.calls.map(({ action }) => action),
    ['DescribeLoadBalancers'],
  );
  assert.deepEqual(
    observed.filter(({ mutating }) => mutating),
    [],
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '../../../test/support/virtual-clock.ts';
import type { Randomness } from '../../cloud/clock.ts';
import { Failure } from '../../cloud/failure.ts';
import {
  observeAgain,
  settled,
  type Logger,
  type ObjectKey,
  type Outcome,
} from '../../reconcilers/reconciler.ts';
import { ReconcileWorker } from './reconcile-worker.ts';
import { RetryPolicy, serviceBackOff } from './retry-policy.ts';
import { WorkQueue } from './work-queue.ts';

const randomness: Randomness = { fraction: () => 0.5, hex: (bytes) => '0'.repeat(2 * bytes) };
const web: ObjectKey = { namespace: 'shop', name: 'web' };

/** A worker in virtual time, with what it did written down. */
class WorkerBench {
  readonly clock = new VirtualClock();
  readonly queue = new WorkQueue(this.clock);
  readonly runsAtMs: number[] = [];
  readonly reported: string[] = [];
  readonly metrics: string[] = [];
  readonly logged: { level: string; fields: Readonly<Record<string, unknown>> }[] = [];
  readonly stop = new AbortController();
  readonly abort = new AbortController();
  active = 0;
  mostActive = 0;
  readonly done: Promise<void>;

  constructor(
    pass: (key: ObjectKey, signal: AbortSignal) => Promise<Outcome>,
    options: { concurrency?: number; report?: () => Promise<void> } = {},
  ) {
    const log =
      (level: string) =>
      (_message: string, fields: Readonly<Record<string, unknown>> = {}): void => {
        this.logged.push({ level, fields });
      };
    const logger: Logger = {
      debug: log('debug'),
      info: log('info'),
      warn: log('warn'),
      error: log('error'),
    };
    const worker = new ReconcileWorker({
      reconciler: {
        resourceKind: 'Service',
        reconcile: async (key, signal) => {
          this.runsAtMs.push(this.clock.monotonicMs());
          this.active += 1;
          this.mostActive = Math.max(this.mostActive, this.active);
          try {
            return await pass(key, signal);
          } finally {
            this.active -= 1;
          }
        },
        reportFailure: async (_key, failure) => {
          this.reported.push(failure.kind);
          await options.report?.();
        },
      },
      queue: this.queue,
      retryPolicy: new RetryPolicy(serviceBackOff(), 300_000, randomness),
      concurrency: options.concurrency ?? 1,
      clock: this.clock,
      randomness,
      logger,
      metrics: {
        passStarted: () => this.metrics.push('started'),
        passEnded: (result) => this.metrics.push(result),
        failedTerminally: () => this.metrics.push('terminal'),
        panicked: () => this.metrics.push('panic'),
        timedOut: () => this.metrics.push('timeout'),
      },
    });
    this.done = worker.run(this.stop.signal, this.abort.signal);
  }
}

const outcomes = [
  {
    name: 'Settled',
    pass: () => Promise.resolve(settled),
    runsAtMs: [0],
    metrics: ['started', 'success'],
    reported: [],
    reason: 'Success is not repeated.',
  },
  {
    name: 'ObserveAgain',
    pass: () => Promise.resolve(observeAgain(7_000)),
    runsAtMs: [0, 7_000, 14_000, 21_000, 28_000],
    metrics: Array(5).fill(['started', 'requeue_after']).flat(),
    reported: [],
    reason: 'The delay is exact and constant, and nothing is shown.',
  },
  {
    name: 'Retryable',
    pass: () => Promise.reject(new Failure('retryable', 'busy')),
    runsAtMs: [0, 5_000, 15_000],
    metrics: Array(3).fill(['started', 'error']).flat(),
    reported: ['retryable', 'retryable', 'retryable'],
    reason: 'Failures back off and are shown.',
  },
  {
    name: 'Conflict',
    pass: () => Promise.reject(new Failure('conflict', 'raced')),
    runsAtMs: [0, 1_000, 3_000, 7_000, 15_000, 30_000],
    metrics: Array(6).fill(['started', 'requeue']).flat(),
    reported: Array(6).fill('conflict'),
    reason: 'A lost race is no error.',
  },
  {
    name: 'Terminal',
    pass: () => Promise.reject(new Failure('terminal', 'denied')),
    runsAtMs: [0],
    metrics: ['started', 'terminal', 'error'],
    reported: ['terminal'],
    reason: 'Repeating does not help before the resync.',
  },
] as const;

for (const { name, pass, runsAtMs, metrics, reported, reason } of outcomes) {
  test(`CTL-17 SVC-77: outcome ${name}`, async () => {
    const bench = new WorkerBench(pass);
    bench.queue.add(web);
    await bench.clock.advance(30_000);
    assert.deepEqual(bench.runsAtMs, runsAtMs, reason);
    assert.deepEqual(bench.metrics, metrics, reason);
    assert.deepEqual(bench.reported, reported, reason);
    bench.stop.abort();
    await bench.done;
  });
}

test('SVC-77: a wait resets the back-off, so a later failure starts at the beginning', async () => {
  const script: (() => Promise<Outcome>)[] = [
    () => Promise.reject(new Failure('retryable', '1')),
    () => Promise.reject(new Failure('retryable', '2')),
    () => Promise.resolve(observeAgain(1_000)),
    () => Promise.reject(new Failure('retryable', '3')),
    () => Promise.resolve(settled),
  ];
  const bench = new WorkerBench(() => {
    const next = script.shift();
    return next === undefined ? Promise.resolve(settled) : next();
  });
  bench.queue.add(web);
  await bench.clock.advance(120_000);
  assert.deepEqual(bench.runsAtMs, [0, 5_000, 15_000, 16_000, 21_000]);
});

test('CTL-18: what is no failure is counted as a defect, logged with the key, shown and retried', async () => {
  const bench = new WorkerBench(() => {
    throw new TypeError('x is not a function');
  });
  bench.queue.add(web);
  await bench.clock.advance(6_000);
  assert.deepEqual(bench.runsAtMs, [0, 5_000]);
  assert.ok(bench.metrics.includes('panic'));
  assert.deepEqual(bench.reported, ['retryable', 'retryable']);
  const panic = bench.logged.find(({ fields }) => fields.err instanceof TypeError);
  assert.equal(panic?.fields.name, 'web');
  assert.equal(panic.fields.namespace, 'shop');
});

test('ReconcileWorker: a failure that cannot be shown does not keep the key from being retried', async () => {
  const bench = new WorkerBench(() => Promise.reject(new Failure('retryable', 'busy')), {
    report: () => Promise.reject(new Error('no way to tell')),
  });
  bench.queue.add(web);
  await bench.clock.advance(6_000);
  assert.deepEqual(bench.runsAtMs, [0, 5_000]);
});

test('ReconcileWorker: a pass without end is aborted, counted and retried', async () => {
  const bench = new WorkerBench(
    (_key, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          reject(signal.reason as Error);
        });
      }),
  );
  bench.queue.add(web);
  await bench.clock.advance(300_000);
  assert.ok(bench.metrics.includes('timeout'));
  await bench.clock.advance(5_000);
  assert.deepEqual(bench.runsAtMs, [0, 305_000]);
});

test('SVC-46 SVC-78 SVC-88: passes of one key never overlap, those of others do, up to the limit', async () => {
  const bench = new WorkerBench(
    async (_key, signal) => {
      await bench.clock.sleep(1_000, signal);
      return settled;
    },
    { concurrency: 3 },
  );
  for (let event = 0; event < 5; event += 1) bench.queue.add(web);
  await bench.clock.advance(100);
  bench.queue.add(web);
  assert.equal(bench.mostActive, 1);
  await bench.clock.advance(5_000);
  assert.deepEqual(bench.runsAtMs, [0, 1_000]);

  for (let index = 0; index < 6; index += 1) {
    bench.queue.add({ namespace: 'shop', name: `web-${index}` });
  }
  await bench.clock.advance(5_000);
  assert.equal(bench.mostActive, 3);
});

test('CTL-22: a stop lets the pass under way end and takes no other key', async () => {
  let isAborted = false;
  const bench = new WorkerBench(async (_key, signal) => {
    await bench.clock.sleep(1_000);
    isAborted = signal.aborted;
    return settled;
  });
  bench.queue.add(web);
  bench.queue.add({ namespace: 'shop', name: 'other' });
  await bench.clock.advance(10);
  bench.stop.abort();
  await bench.clock.advance(10_000);
  await bench.done;
  assert.deepEqual(bench.runsAtMs, [0]);
  assert.equal(isAborted, false);
});

test('ReconcileWorker: an abort ends the pass and reports nothing', async () => {
  const bench = new WorkerBench(async (_key, signal) => {
    await bench.clock.sleep(60_000, signal);
    return settled;
  });
  bench.queue.add(web);
  await bench.clock.advance(10);
  bench.stop.abort();
  bench.abort.abort(new Error('the operator ends'));
  await bench.done;
  assert.deepEqual(bench.reported, []);
});

test('OBS-16: the same failure again and again is logged as an error once', async () => {
  let message = 'no route';
  const bench = new WorkerBench(() => Promise.reject(new Failure('retryable', message)));
  bench.queue.add(web);
  await bench.clock.advance(100_000);
  const errors = (): number => bench.logged.filter(({ level }) => level === 'error').length;
  assert.equal(errors(), 1);
  message = 'no quota';
  await bench.clock.advance(200_000);
  assert.equal(errors(), 2);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { VirtualClock } from '../../../test/support/virtual-clock.ts';
import type { ObjectKey } from '../../reconcilers/reconciler.ts';
import { WorkQueue, type QueueLane } from './work-queue.ts';

const key = (name: string): ObjectKey => ({ namespace: 'shop', name });
const forever = new AbortController().signal;

/** Takes what is ready now; `undefined` when nothing is. */
async function takeNow(queue: WorkQueue): Promise<string | undefined> {
  const impatient = new AbortController();
  const next = queue.next(impatient.signal);
  impatient.abort();
  return (await next)?.name;
}

test('CTL-15: a key that waits is not added again', async () => {
  const queue = new WorkQueue(new VirtualClock());
  queue.add(key('a'));
  queue.add(key('a'));
  assert.equal(queue.depth, 1);
  assert.equal(await takeNow(queue), 'a');
  queue.done(key('a'));
  assert.equal(await takeNow(queue), undefined);
});

test('CTL-15 SVC-78: a key added while it is worked on runs exactly once more, and not before', async () => {
  const queue = new WorkQueue(new VirtualClock());
  queue.add(key('a'));
  assert.equal(await takeNow(queue), 'a');
  for (let event = 0; event < 10; event += 1) queue.add(key('a'));
  assert.equal(await takeNow(queue), undefined, 'Two workers must never hold one key');
  queue.done(key('a'));
  assert.equal(await takeNow(queue), 'a');
  queue.done(key('a'));
  assert.equal(await takeNow(queue), undefined);
});

test('WorkQueue: the live lane goes first, and a key that gets urgent moves over', async () => {
  const queue = new WorkQueue(new VirtualClock());
  queue.add(key('old'), 'sweep');
  queue.add(key('urgent'), 'sweep');
  queue.add(key('new'), 'live');
  queue.add(key('urgent'), 'live');
  queue.add(key('new'), 'sweep');
  assert.equal(queue.depth, 3);
  const order = [await takeNow(queue), await takeNow(queue), await takeNow(queue)];
  assert.deepEqual(order, ['new', 'urgent', 'old']);
});

test('WorkQueue: a key that got dirty live waits in the live lane', async () => {
  const queue = new WorkQueue(new VirtualClock());
  queue.add(key('a'));
  assert.equal(await takeNow(queue), 'a');
  queue.add(key('b'), 'sweep');
  queue.add(key('a'), 'sweep');
  queue.add(key('a'), 'live');
  queue.add(key('a'), 'sweep');
  queue.done(key('a'));
  assert.equal(await takeNow(queue), 'a');
});

test('CTL-15: of several delays the shortest counts, and a run makes the rest pointless', async () => {
  const clock = new VirtualClock();
  const queue = new WorkQueue(clock);
  queue.addAfter(key('a'), 5_000);
  queue.addAfter(key('a'), 1_000);
  queue.addAfter(key('a'), 9_000);
  await clock.advance(999);
  assert.equal(await takeNow(queue), undefined);
  await clock.advance(1);
  assert.equal(await takeNow(queue), 'a');
  queue.done(key('a'));
  await clock.advance(20_000);
  assert.equal(await takeNow(queue), undefined, 'One delay, one run');
});

test('WorkQueue: a delay asked for during a run outlasts that run', async () => {
  const clock = new VirtualClock();
  const queue = new WorkQueue(clock);
  queue.add(key('a'));
  await takeNow(queue);
  queue.addAfter(key('a'), 1_000);
  queue.done(key('a'));
  assert.equal(await takeNow(queue), undefined);
  await clock.advance(1_000);
  assert.equal(await takeNow(queue), 'a');
});

test('WorkQueue: whoever waits gets the next key, and an abort ends the wait', async () => {
  const queue = new WorkQueue(new VirtualClock());
  const stop = new AbortController();
  const first = queue.next(forever);
  const second = queue.next(stop.signal);
  queue.add(key('a'));
  assert.equal((await first)?.name, 'a');
  stop.abort();
  assert.equal(await second, undefined);
  queue.add(key('b'));
  assert.equal(await takeNow(queue), 'b', 'A key must not be lost to one who has gone');
});

test('OBS-06: depth, adds, retries and durations follow a script', async () => {
  const clock = new VirtualClock();
  const seen: (string | number)[][] = [];
  const queue = new WorkQueue(clock, {
    added: () => seen.push(['added']),
    depthChanged: (depth) => seen.push(['depth', depth]),
    waited: (seconds) => seen.push(['waited', seconds]),
    worked: (seconds) => seen.push(['worked', seconds]),
    retried: () => seen.push(['retried']),
  });
  queue.add(key('a'));
  await clock.advance(2_000);
  await takeNow(queue);
  await clock.advance(3_000);
  assert.deepEqual(queue.runningMs(), [3_000]);
  queue.retryAfter(key('a'), 1_000);
  queue.done(key('a'));
  assert.deepEqual(seen, [
    ['added'],
    ['depth', 1],
    ['waited', 2],
    ['depth', 0],
    ['retried'],
    ['worked', 3],
  ]);
});

type Command =
  | { readonly do: 'add'; readonly name: string; readonly lane: QueueLane }
  | { readonly do: 'addAfter'; readonly name: string; readonly delayMs: number }
  | { readonly do: 'take' }
  | { readonly do: 'done'; readonly position: number }
  | { readonly do: 'wait'; readonly ms: number };

const names = fc.constantFrom('a', 'b', 'c');
const commands: fc.Arbitrary<Command> = fc.oneof(
  fc.record({ do: fc.constant('add'), name: names, lane: fc.constantFrom('live', 'sweep') }),
  fc.record({ do: fc.constant('addAfter'), name: names, delayMs: fc.integer({ min: 1, max: 50 }) }),
  fc.record({ do: fc.constant('take') }),
  fc.record({ do: fc.constant('done'), position: fc.nat(2) }),
  fc.record({ do: fc.constant('wait'), ms: fc.integer({ min: 1, max: 30 }) }),
);

/** What the queue has to do, written down without its lanes, timers and takers. */
class QueueModel {
  readonly ready = new Map<string, QueueLane>();
  readonly running = new Map<string, QueueLane | undefined>();
  readonly due = new Map<string, number>();
  nowMs = 0;

  add(name: string, lane: QueueLane): void {
    if (this.running.has(name)) {
      this.running.set(name, this.running.get(name) === 'live' ? 'live' : lane);
    } else if (this.ready.get(name) !== 'live') {
      // Moving to the live lane means to wait at its end.
      if (lane === 'live') this.ready.delete(name);
      if (!this.ready.has(name)) this.ready.set(name, lane);
    }
  }

  addAfter(name: string, delayMs: number): void {
    if (this.ready.has(name)) return;
    const due = this.nowMs + delayMs;
    if (due >= (this.due.get(name) ?? Infinity)) return;
    // What is due at one time comes in the order in which it was asked for.
    this.due.delete(name);
    this.due.set(name, due);
  }

  take(): string | undefined {
    const lanes = [...this.ready];
    const name = (lanes.find(([, lane]) => lane === 'live') ?? lanes[0])?.[0];
    if (name === undefined) return undefined;
    this.ready.delete(name);
    this.due.delete(name);
    this.running.set(name, undefined);
    return name;
  }

  done(name: string): void {
    const dirty = this.running.get(name);
    this.running.delete(name);
    if (dirty !== undefined) this.ready.set(name, dirty);
  }

  wait(ms: number): void {
    const untilMs = this.nowMs + ms;
    const expired = [...this.due]
      .filter(([, due]) => due <= untilMs)
      .sort(([, left], [, right]) => left - right);
    this.nowMs = untilMs;
    for (const [name] of expired) {
      this.due.delete(name);
      this.add(name, 'live');
    }
  }
}

test('CTL-15: the queue does what a model of it does, whatever happens in whatever order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(commands, { maxLength: 40, size: 'max' }), async (script) => {
      const clock = new VirtualClock();
      const queue = new WorkQueue(clock);
      const model = new QueueModel();
      for (const command of script) {
        switch (command.do) {
          case 'add':
            queue.add(key(command.name), command.lane);
            model.add(command.name, command.lane);
            break;
          case 'addAfter':
            queue.addAfter(key(command.name), command.delayMs);
            model.addAfter(command.name, command.delayMs);
            break;
          case 'take':
            assert.equal(await takeNow(queue), model.take());
            break;
          case 'done': {
            const name = [...model.running.keys()][command.position];
            if (name === undefined) break;
            queue.done(key(name));
            model.done(name);
            break;
          }
          case 'wait':
            await clock.advance(command.ms);
            model.wait(command.ms);
            break;
        }
        assert.equal(queue.depth, model.ready.size);
      }
    }),
    { numRuns: 500 },
  );
});

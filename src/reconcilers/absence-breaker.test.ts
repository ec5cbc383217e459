import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AbsenceBreaker } from './absence-breaker.ts';

const MINUTE_MS = 60_000;

/** A clock that stands until it is moved. */
class StandingClock {
  nowMs = 0;
  monotonicMs(): number {
    return this.nowMs;
  }
}

function keys(count: number, prefix = 'key'): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
}

function judged(gone: number, total: number): number {
  return new AbsenceBreaker(new StandingClock()).judge('nodes', keys(gone), total).allowed.length;
}

const cases = [
  { name: 'FewOfFew', gone: 3, total: 3, want: 3, reason: 'Three are always let through.' },
  { name: 'AllOfTwenty', gone: 20, total: 20, want: 0, reason: 'Of too many, none goes.' },
  { name: 'OneOfTwenty', gone: 1, total: 20, want: 1, reason: 'One is an everyday loss.' },
  { name: 'AFifth', gone: 20, total: 100, want: 20, reason: 'A fifth is still let through.' },
  { name: 'MoreThanAFifth', gone: 21, total: 100, want: 0, reason: 'One more holds them all.' },
  { name: 'FiftyOfThousand', gone: 50, total: 1_000, want: 50, reason: 'A pool may shrink.' },
];

for (const { name, gone, total, want, reason } of cases) {
  test(`LIFE-07: AbsenceBreaker judges what is absent at once: ${name}`, () => {
    assert.equal(judged(gone, total), want, reason);
  });
}

test('LIFE-07: AbsenceBreaker asked one by one lets three through and holds the others', () => {
  const breaker = new AbsenceBreaker(new StandingClock());
  const verdicts = keys(5).map((key) => breaker.ask('load-balancers', key, 5));
  assert.deepEqual(verdicts, ['allowed', 'allowed', 'allowed', 'held', 'held']);
  assert.deepEqual(breaker.held('load-balancers'), ['key-3', 'key-4']);
});

test('LIFE-07: AbsenceBreaker counts what is only suspected, so that the first one is held too', () => {
  const breaker = new AbsenceBreaker(new StandingClock());
  breaker.suspect('nodes', keys(10));
  assert.equal(breaker.ask('nodes', 'key-0', 20), 'held');
  for (const key of keys(9)) breaker.release('nodes', key);
  assert.equal(breaker.ask('nodes', 'key-9', 20), 'allowed', 'The others have proved false');
});

test('AbsenceBreaker counts the same key once', () => {
  const breaker = new AbsenceBreaker(new StandingClock());
  for (let time = 0; time < 10; time += 1) assert.equal(breaker.ask('nodes', 'a', 10), 'allowed');
  const verdicts = keys(5).map((key) => breaker.ask('nodes', key, 10));
  assert.deepEqual(verdicts, ['allowed', 'allowed', 'held', 'held', 'held']);
  assert.equal(breaker.ask('nodes', 'a', 10), 'allowed', 'Also once the share is used up');
});

test('AbsenceBreaker forgets after ten minutes what was let through, and no sooner', () => {
  const clock = new StandingClock();
  const breaker = new AbsenceBreaker(clock);
  breaker.judge('nodes', keys(3), 10);
  for (const key of keys(3)) breaker.release('nodes', key);
  clock.nowMs = 10 * MINUTE_MS - 1;
  assert.equal(breaker.ask('nodes', 'late', 10), 'held', 'What went is not undone by a release');
  clock.nowMs = 10 * MINUTE_MS;
  assert.equal(breaker.ask('nodes', 'later', 10), 'allowed');
  assert.equal(breaker.ask('nodes', 'late', 10), 'held', 'What is held stays so');
});

test('AbsenceBreaker keeps the kinds apart', () => {
  const breaker = new AbsenceBreaker(new StandingClock());
  breaker.judge('nodes', keys(5), 10);
  assert.equal(breaker.ask('routes', 'a', 10), 'allowed');
  assert.deepEqual(breaker.held('routes'), []);
});

test('LIFE-07: AbsenceBreaker lets an approved key through, and only that one', () => {
  const breaker = new AbsenceBreaker(new StandingClock());
  breaker.judge('nodes', keys(5), 10);
  breaker.approve('nodes', 'key-1');
  assert.deepEqual(breaker.judge('nodes', keys(5), 10).allowed, ['key-1']);
});

/** Asks every minute, as a round does, and tells after how many minutes the first is let through. */
function minutesUntilAllowed(gone: number, total: number, limitMinutes = 120): number | undefined {
  const clock = new StandingClock();
  const breaker = new AbsenceBreaker(clock);
  for (let minute = 0; minute <= limitMinutes; minute += 1) {
    clock.nowMs = minute * MINUTE_MS;
    if (breaker.judge('nodes', keys(gone), total).allowed.length > 0) return minute;
  }
  return undefined;
}

test('LIFE-07: AbsenceBreaker resumes after half an hour of agreement while most of the kind is there', () => {
  assert.equal(minutesUntilAllowed(9, 20), 30);
  assert.equal(minutesUntilAllowed(10, 20), undefined, 'Too many: a person has to say so');
  assert.equal(minutesUntilAllowed(20, 20), undefined);
});

test('LIFE-07: AbsenceBreaker takes no time for agreement in which nobody looked', () => {
  const clock = new StandingClock();
  const breaker = new AbsenceBreaker(clock);
  const gone = keys(8);
  breaker.judge('nodes', gone, 20);
  clock.nowMs = 40 * MINUTE_MS;
  assert.deepEqual(breaker.judge('nodes', gone, 20).allowed, [], 'The machine slept meanwhile');
  clock.nowMs += 29 * MINUTE_MS;
  assert.deepEqual(breaker.judge('nodes', gone, 20).allowed, [], 'Two looks are too few as well');
});

test('AbsenceBreaker forgets an absence that nobody asks for any more', () => {
  const clock = new StandingClock();
  const breaker = new AbsenceBreaker(clock);
  breaker.judge('nodes', keys(5), 10);
  clock.nowMs = 60 * MINUTE_MS;
  assert.deepEqual(breaker.held('nodes'), []);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../cloud/clock.ts';
import { AbsenceBreaker } from './absence-breaker.ts';

/** A clock that stands until it is moved. */
class StandingClock implements Clock {
  nowMs = 0;
  now(): number {
    return this.nowMs;
  }
  monotonicMs(): number {
    return this.nowMs;
  }
  schedule(): () => void {
    throw new Error('Not used');
  }
  sleep(): Promise<void> {
    throw new Error('Not used');
  }
}

function allowed(breaker: AbsenceBreaker, count: number, total: number): number {
  return Array.from({ length: count }, (_, index) =>
    breaker.allow('load balancer', `key-${index}`, total),
  ).filter(Boolean).length;
}

for (const { total, want } of [
  { total: 1, want: 3 },
  { total: 15, want: 3 },
  { total: 100, want: 20 },
]) {
  test(`AbsenceBreaker: lets ${want} of ${total} through`, () => {
    assert.equal(allowed(new AbsenceBreaker(new StandingClock()), 50, total), want);
  });
}

test('AbsenceBreaker: the same key counts once', () => {
  const breaker = new AbsenceBreaker(new StandingClock());
  for (let time = 0; time < 10; time += 1) assert.ok(breaker.allow('load balancer', 'a', 10));
  assert.equal(allowed(breaker, 10, 10), 2);
  assert.ok(breaker.allow('load balancer', 'a', 10), 'Also once the share is used up');
});

test('AbsenceBreaker: lets go on after ten minutes', () => {
  const clock = new StandingClock();
  const breaker = new AbsenceBreaker(clock);
  allowed(breaker, 3, 10);
  assert.equal(breaker.allow('load balancer', 'late', 10), false);
  clock.nowMs = 10 * 60_000;
  assert.ok(breaker.allow('load balancer', 'late', 10));
});

test('AbsenceBreaker: one kind does not use up the share of another', () => {
  const breaker = new AbsenceBreaker(new StandingClock());
  allowed(breaker, 3, 10);
  assert.ok(breaker.allow('service', 'a', 10));
});

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { Clock, Randomness } from '../../src/cloud/clock.ts';
import { objectOf } from '../../src/operator/kube/api-object.ts';
import { KubeClient } from '../../src/operator/kube/kube-client.ts';
import { LeaseHolder } from '../../src/operator/kube/leader-election.ts';
import { Leadership } from '../../src/operator/leadership.ts';
import type { Logger } from '../../src/reconcilers/reconciler.ts';
import { AcceleratedClock } from '../support/accelerated-clock.ts';
import { assertEventually } from '../support/assert-eventually.ts';
import { sharedControlPlane } from '../support/control-plane.ts';
import { InterposedApiServer } from '../support/interposed-api-server.ts';

/** The usual 15, 10 and 2 seconds, so many times as fast. */
const FACTOR = 6;
const LEASE_MS = 15_000;
const DEADLINE_MS = 10_000;
const RETRY_MS = 2_000;

const plane = await sharedControlPlane();
const randomness: Randomness = { fraction: () => 0.5, hex: (bytes) => '0'.repeat(2 * bytes) };
const ended: (() => Promise<void>)[] = [];
after(async () => {
  for (const end of ended) await end();
});

/** One process that contends for a lease, with a way to the API server of its own. */
class Contender {
  readonly lease: LeaseHolder;
  readonly server: InterposedApiServer;
  readonly logged: string[] = [];
  readonly clock: Clock;
  readonly stop = new AbortController();
  waits = 0;

  private constructor(
    server: InterposedApiServer,
    identity: string,
    lease: { namespace: string; name: string },
    skewMs: number,
  ) {
    const clock = new AcceleratedClock(FACTOR);
    this.clock = {
      now: () => clock.now() + skewMs,
      monotonicMs: () => clock.monotonicMs(),
      schedule: (delayMs, callback) => clock.schedule(delayMs, callback),
      sleep: (delayMs, signal) => clock.sleep(delayMs, signal),
    };
    this.server = server;
    const log = (message: string): void => {
      this.logged.push(message);
    };
    const logger: Logger = { debug: log, info: log, warn: log, error: log };
    this.lease = new LeaseHolder({
      client: new KubeClient({
        kubeConfig: server.kubeConfig(),
        clock: this.clock,
        userAgent: identity,
        queriesPerSecond: 1_000,
        burst: 1_000,
      }),
      clock: this.clock,
      randomness,
      logger,
      lease,
      identity,
      leaseDurationMs: LEASE_MS,
      renewDeadlineMs: DEADLINE_MS,
      retryPeriodMs: RETRY_MS,
    });
  }

  static async start(
    identity: string,
    lease: { namespace: string; name: string },
    skewMs = 0,
  ): Promise<Contender> {
    const server = await InterposedApiServer.start(plane.kubeconfig);
    const contender = new Contender(server, identity, lease, skewMs);
    ended.push(async () => {
      contender.stop.abort();
      await server.stop();
    });
    return contender;
  }

  acquire(): Promise<boolean> {
    return this.lease.acquire(this.stop.signal, () => {
      this.waits += 1;
    });
  }

  /** Cuts the process off from the API server. */
  partition(): void {
    this.server.intervene = () => ({ kind: 'reset' });
  }
}

function leaseSpec(lease: { namespace: string; name: string }): Promise<Record<string, unknown>> {
  return plane.kubectl
    .get<Record<string, unknown>>('lease', lease.name, '-n', lease.namespace)
    .then((object) => ({ ...objectOf(object.spec) }));
}

test('CTL-20 CTL-23: one of two gets the lease, with times that the API server takes', async () => {
  const lease = { namespace: await plane.createNamespace(), name: 'one' };
  const first = await Contender.start('first', lease);
  const second = await Contender.start('second', lease);
  assert.equal(await first.acquire(), true);
  const waiting = second.acquire();
  await assertEventually(() => {
    assert.ok(second.waits >= 2);
  });
  assert.equal(first.lease.mayWrite(), true);
  assert.equal(second.lease.mayWrite(), false);
  assert.equal(second.lease.lastHolder, 'first');

  const spec = await leaseSpec(lease);
  assert.equal(spec.holderIdentity, 'first');
  assert.equal(spec.leaseDurationSeconds, 15);
  for (const time of [spec.acquireTime, spec.renewTime]) {
    assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  }
  second.stop.abort();
  assert.equal(await waiting, false);
});

test('CTL-20: a holder that dies is followed after the lease has run out, whatever the clocks say', async () => {
  const lease = { namespace: await plane.createNamespace(), name: 'dies' };
  // By its own clock the holder renewed an hour ahead, and by the successor's an hour ago.
  const first = await Contender.start('first', lease, 3_600_000);
  const second = await Contender.start('second', lease, -3_600_000);
  assert.equal(await first.acquire(), true);
  const keeping = first.lease.keep(first.stop.signal);
  const diesAtMs = second.clock.monotonicMs();
  const following = second.acquire();
  await assertEventually(() => {
    assert.ok(second.waits >= 5, 'A holder that renews keeps the lease');
  });
  assert.equal(second.lease.isHeld, false);

  first.stop.abort();
  await keeping;
  const deadAtMs = second.clock.monotonicMs();
  assert.ok(deadAtMs > diesAtMs);
  assert.equal(await following, true);
  const tookMs = second.clock.monotonicMs() - deadAtMs;
  // The last renewal can have been one period before the end.
  const shortestMs = LEASE_MS - 1.5 * RETRY_MS;
  assert.ok(tookMs >= shortestMs && tookMs <= LEASE_MS + 4 * RETRY_MS, `${tookMs} ms`);
  assert.equal(second.lease.tookOverUnreleased, true);
  const spec = await leaseSpec(lease);
  assert.equal(spec.holderIdentity, 'second');
  assert.equal(spec.leaseTransitions, 1);
});

test('CTL-21: a holder that is cut off may write no more once its deadline has passed, and learns that it lost', async () => {
  const lease = { namespace: await plane.createNamespace(), name: 'cut' };
  const first = await Contender.start('first', lease);
  const second = await Contender.start('second', lease);
  assert.equal(await first.acquire(), true);
  const keeping = first.lease.keep(first.stop.signal);
  const following = second.acquire();
  await assertEventually(() => {
    assert.ok(second.waits >= 2);
  });
  first.partition();
  const cutAtMs = first.clock.monotonicMs();
  const loss = await keeping;
  const tookMs = first.clock.monotonicMs() - cutAtMs;
  assert.match(loss?.reason ?? '', /could not be renewed in time/);
  assert.ok(tookMs <= DEADLINE_MS + RETRY_MS, `${tookMs} ms`);
  assert.equal(first.lease.mayWrite(), false);
  assert.equal(second.lease.isHeld, false, 'Nobody holds it between deadline and duration');
  assert.equal(await following, true);
});

test('CTL-21: a process that was stopped may not write before it has renewed, and ends if another leads', async () => {
  const lease = { namespace: await plane.createNamespace(), name: 'stopped' };
  const server = await InterposedApiServer.start(plane.kubeconfig);
  let elapsedMs = 0;
  const base = new AcceleratedClock(FACTOR);
  // As for a process that gets SIGSTOP: time goes on, and no timer fires.
  const clock: Clock = {
    now: () => base.now(),
    monotonicMs: () => base.monotonicMs() + elapsedMs,
    schedule: (delayMs, callback) => base.schedule(delayMs, callback),
    sleep: (delayMs, signal) => base.sleep(delayMs, signal),
  };
  const log = (): void => undefined;
  const sleeper = new LeaseHolder({
    client: new KubeClient({
      kubeConfig: server.kubeConfig(),
      clock,
      userAgent: 'sleeper',
      queriesPerSecond: 100,
      burst: 100,
    }),
    clock,
    randomness,
    logger: { debug: log, info: log, warn: log, error: log },
    lease,
    identity: 'sleeper',
    leaseDurationMs: LEASE_MS,
    renewDeadlineMs: DEADLINE_MS,
    retryPeriodMs: RETRY_MS,
  });
  const stop = new AbortController();
  ended.push(async () => {
    stop.abort();
    await server.stop();
  });
  assert.equal(await sleeper.acquire(stop.signal, log), true);
  assert.equal(sleeper.mayWrite(), true);
  elapsedMs += 20_000;
  assert.equal(sleeper.mayWrite(), false, 'Asked in the first turn after it wakes up');
  assert.equal(sleeper.isOverdueBy(0), true);

  await plane.kubectl.run(
    ...['patch', 'lease', lease.name, '-n', lease.namespace, '--type=merge', '-p'],
    JSON.stringify({ spec: { holderIdentity: 'another' } }),
  );
  const loss = await sleeper.keep(stop.signal);
  assert.match(loss?.reason ?? '', /held by "another"/);
  assert.equal(sleeper.mayWrite(), false);
  assert.equal((await leaseSpec(lease)).holderIdentity, 'another', 'It is left to its holder');
});

test('CTL-22: a released lease is taken at once, and is not taken for an unreleased one', async () => {
  const lease = { namespace: await plane.createNamespace(), name: 'released' };
  const first = await Contender.start('first', lease);
  const second = await Contender.start('second', lease);
  assert.equal(await first.acquire(), true);
  const following = second.acquire();
  await assertEventually(() => {
    assert.ok(second.waits >= 1);
  });
  await first.lease.release();
  assert.equal(first.lease.mayWrite(), false);
  const releasedAtMs = second.clock.monotonicMs();
  const spec = await leaseSpec(lease);
  if (spec.holderIdentity === '') assert.equal(spec.leaseDurationSeconds, 1);
  assert.equal(await following, true);
  assert.ok(second.clock.monotonicMs() - releasedAtMs <= 3_000 + FACTOR * 500);
  assert.equal(second.lease.tookOverUnreleased, false);
  await first.lease.release();
  assert.equal((await leaseSpec(lease)).holderIdentity, 'second', 'Only what is held is released');
});

test('CTL-22: a lease is given back although a renewal was cut off on its way', async () => {
  const lease = { namespace: await plane.createNamespace(), name: 'cut-off' };
  const holder = await Contender.start('holder', lease);
  assert.equal(await holder.acquire(), true);
  const never = new Promise<void>(() => undefined);
  let renewals = 0;
  holder.server.intervene = ({ method }) => {
    if (method !== 'PUT' || renewals > 0) return undefined;
    renewals += 1;
    return { kind: 'delayAnswer', until: never };
  };
  const { renewTime } = await leaseSpec(lease);
  const keeping = holder.lease.keep(holder.stop.signal);
  await assertEventually(async () => {
    assert.notEqual((await leaseSpec(lease)).renewTime, renewTime, 'The renewal has arrived');
  });
  holder.stop.abort();
  assert.equal(await keeping, undefined);
  await holder.lease.release();
  assert.equal((await leaseSpec(lease)).holderIdentity, '');
});

test('LeaseHolder: a renewal whose answer is lost is found to have been made', async () => {
  const lease = { namespace: await plane.createNamespace(), name: 'lost' };
  const holder = await Contender.start('holder', lease);
  assert.equal(await holder.acquire(), true);
  let losses = 0;
  holder.server.intervene = ({ method }) => {
    if (method !== 'PUT' || losses > 0) return undefined;
    losses += 1;
    return { kind: 'loseAnswer' };
  };
  const keeping = holder.lease.keep(holder.stop.signal);
  await assertEventually(() => {
    assert.equal(losses, 1);
  });
  const before = (await leaseSpec(lease)).renewTime;
  await assertEventually(async () => {
    assert.notEqual((await leaseSpec(lease)).renewTime, before);
  });
  assert.equal(holder.lease.mayWrite(), true);
  holder.stop.abort();
  assert.equal(await keeping, undefined);
});

function leadershipOf(
  own: Contender,
  other: Contender,
  changes: string[],
  isDefaultWanted = true,
): Leadership {
  const log = (message: string): void => {
    own.logged.push(message);
  };
  return new Leadership({
    clock: own.clock,
    logger: { debug: log, info: log, warn: log, error: log },
    own: own.lease,
    further: isDefaultWanted
      ? [{ role: 'default', holder: other.lease, whileWithout: 'Handling only our own class' }]
      : [],
    retryPeriodMs: RETRY_MS,
    onChange: (role, isHeld) => changes.push(`${role} ${isHeld}`),
  });
}

test('SVC-90: Services without a class are ours only while the lease of the other default is held too', async () => {
  const namespace = await plane.createNamespace();
  const ccm = { namespace, name: 'ccm' };
  const goCcm = await Contender.start('the-go-ccm', ccm);
  assert.equal(await goCcm.acquire(), true);
  const itsWork = goCcm.lease.keep(goCcm.stop.signal);

  const own = await Contender.start('ours', { namespace, name: 'alibaba-cloud-operator' });
  const other = await Contender.start('ours', ccm);
  const changes: string[] = [];
  const leadership = leadershipOf(own, other, changes);
  assert.equal(await leadership.acquire(own.stop.signal), true);
  assert.deepEqual([leadership.isLeader, leadership.isDefaultImplementation()], [true, false]);
  assert.equal(leadership.mayWrite(), true, 'Our own class is served meanwhile');
  const keeping = leadership.keep(own.stop.signal);
  await own.clock.sleep(4 * RETRY_MS);
  assert.equal(own.logged.filter((line) => line.startsWith('Handling only')).length, 1);

  goCcm.stop.abort();
  await itsWork;
  await goCcm.lease.release();
  await assertEventually(() => {
    assert.equal(leadership.isDefaultImplementation(), true);
  });
  assert.deepEqual(changes, ['own true', 'default true']);

  await plane.kubectl.run(
    ...['patch', 'lease', 'ccm', '-n', namespace, '--type=merge', '-p'],
    JSON.stringify({ spec: { holderIdentity: 'the-go-ccm-again' } }),
  );
  const end = await keeping;
  assert.equal(end.kind, 'lost', 'Two default implementations must never work side by side');
  assert.equal(leadership.mayWrite() && leadership.isDefaultImplementation(), false);
});

test('SVC-90 CTL-21: with the other lease not renewed in time nothing may be written, even with our own held', async () => {
  const namespace = await plane.createNamespace();
  const own = await Contender.start('ours', { namespace, name: 'alibaba-cloud-operator' });
  const other = await Contender.start('ours', { namespace, name: 'ccm' });
  const leadership = leadershipOf(own, other, []);
  assert.equal(await leadership.acquire(own.stop.signal), true);
  assert.equal(leadership.isDefaultImplementation(), true);
  const renewing = own.lease.keep(own.stop.signal);
  await assertEventually(() => {
    assert.equal(other.lease.mayWrite(), false);
  });
  assert.equal(own.lease.mayWrite(), true);
  assert.equal(leadership.mayWrite(), false);
  own.stop.abort();
  await renewing;
});

test('SVC-04: without the default role the other lease is left alone', async () => {
  const namespace = await plane.createNamespace();
  const own = await Contender.start('ours', { namespace, name: 'alibaba-cloud-operator' });
  const other = await Contender.start('ours', { namespace, name: 'ccm' });
  const leadership = leadershipOf(own, other, [], false);
  assert.equal(await leadership.acquire(own.stop.signal), true);
  assert.equal(leadership.isDefaultImplementation(), false);
  assert.equal(leadership.mayWrite(), true);
  assert.deepEqual(other.server.requests, []);
  own.stop.abort();
  assert.deepEqual(await leadership.keep(own.stop.signal), { kind: 'stopped' });
  await leadership.release();
});

test('CTL-20: after a crash both leases are had in the time of one', async () => {
  const namespace = await plane.createNamespace();
  const ownLease = { namespace, name: 'alibaba-cloud-operator' };
  const ccm = { namespace, name: 'ccm' };
  const dead = [await Contender.start('dead', ownLease), await Contender.start('dead', ccm)];
  for (const contender of dead) assert.equal(await contender.acquire(), true);

  const own = await Contender.start('next', ownLease);
  const other = await Contender.start('next', ccm);
  const startedMs = own.clock.monotonicMs();
  const leadership = leadershipOf(own, other, []);
  assert.equal(await leadership.acquire(own.stop.signal), true);
  assert.equal(leadership.tookOverUnreleased, true);
  await assertEventually(async () => {
    if (!leadership.isDefaultImplementation()) await other.lease.tryOnce(own.stop.signal);
    assert.equal(leadership.isDefaultImplementation(), true);
  });
  const tookMs = own.clock.monotonicMs() - startedMs;
  assert.ok(tookMs < 1.5 * LEASE_MS, `${tookMs} ms`);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ObjectCache, type CacheChange } from './object-cache.ts';

interface Thing {
  readonly metadata: {
    readonly namespace: string;
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
  };
  readonly group: string;
}

const KEY = { namespace: 'shop', name: 'web' };

function thing(resourceVersion: string, uid = 'u1', group = 'g', name = 'web'): Thing {
  return { metadata: { namespace: 'shop', name, uid, resourceVersion }, group };
}

function newCache(): { cache: ObjectCache<Thing>; changes: string[] } {
  const changes: string[] = [];
  const cache = new ObjectCache<Thing>(
    ({ previous, current }: CacheChange<Thing>) => {
      const text = (object: Thing | undefined): string => object?.metadata.resourceVersion ?? '-';
      changes.push(`${text(previous)}>${text(current)}`);
    },
    [({ group }) => group.split('+')],
  );
  return { cache, changes };
}

const versionOf = (cache: ObjectCache<Thing>): string | undefined =>
  cache.find(KEY)?.metadata.resourceVersion;

test('ObjectCache: events add, change and remove, each told once', () => {
  const { cache, changes } = newCache();
  cache.observe(thing('x'));
  cache.observe(thing('x'));
  cache.observe(thing('b'));
  cache.observeDeletion(thing('q'));
  assert.deepEqual(changes, ['->x', 'x>b', 'b>-']);
  assert.equal(cache.size, 0);
});

test('ObjectCache: another uid under the same name is a removal and an addition', () => {
  const { cache, changes } = newCache();
  cache.observe(thing('x', 'u1'));
  cache.observe(thing('y', 'u2'));
  assert.deepEqual(changes, ['->x', 'x>-', '->y']);
});

test('CTL-28: what is older than an own write is passed over until its echo', () => {
  const { cache, changes } = newCache();
  cache.observe(thing('r1'));
  const write = cache.beginWrite(KEY);
  write.succeeded(thing('r3'));
  assert.equal(versionOf(cache), 'r3', 'The write is seen at once');
  cache.observe(thing('r2'));
  assert.equal(versionOf(cache), 'r3', 'An older event changes nothing');
  cache.observe(thing('r3'));
  cache.observe(thing('r4'));
  assert.equal(versionOf(cache), 'r4', 'After the echo events count again');
  assert.deepEqual(changes, ['->r1', 'r1>r3', 'r3>r4']);
});

test('CTL-28: several writes under way are waited for together', () => {
  const { cache } = newCache();
  cache.observe(thing('r1'));
  cache.beginWrite(KEY).succeeded(thing('r2'));
  cache.beginWrite(KEY).succeeded(thing('r3'));
  cache.observe(thing('r2'));
  assert.equal(versionOf(cache), 'r3');
  cache.observe(thing('r3'));
  cache.observe(thing('r5'));
  assert.equal(versionOf(cache), 'r5');
});

test('CTL-28: an echo that comes before the answer is not waited for', () => {
  const { cache } = newCache();
  cache.observe(thing('r1'));
  const write = cache.beginWrite(KEY);
  cache.observe(thing('r2'));
  cache.observe(thing('r3'));
  write.succeeded(thing('r2'));
  assert.equal(versionOf(cache), 'r3', 'The answer is older than what the watch brought');
  cache.observe(thing('r4'));
  assert.equal(versionOf(cache), 'r4');
});

test('CTL-28: a failed write is not waited for', () => {
  const { cache } = newCache();
  cache.observe(thing('r1'));
  cache.beginWrite(KEY).failed();
  cache.observe(thing('r2'));
  assert.equal(versionOf(cache), 'r2');
});

test('CTL-28: a removal that was answered is believed until the watch tells it too', () => {
  const { cache, changes } = newCache();
  cache.observe(thing('r1', 'u1'));
  cache.beginWrite(KEY).removed('u1');
  assert.equal(versionOf(cache), undefined);
  cache.observe(thing('r2', 'u1'));
  assert.equal(versionOf(cache), undefined, 'An event from before the removal revives nothing');
  cache.observeDeletion(thing('r3', 'u1'));
  cache.observe(thing('r4', 'u2'));
  assert.equal(versionOf(cache), 'r4');
  assert.deepEqual(changes, ['->r1', 'r1>-', '->r4']);
});

test('CTL-28: the deletion of the old object does not take the one that was made under its name', () => {
  const { cache } = newCache();
  cache.observe(thing('r1', 'u1'));
  cache.beginWrite(KEY).succeeded(thing('r5', 'u2'));
  cache.observeDeletion(thing('r3', 'u1'));
  assert.equal(cache.find(KEY)?.metadata.uid, 'u2');
  cache.observe(thing('r5', 'u2'));
  cache.observeDeletion(thing('r6', 'u2'));
  assert.equal(cache.find(KEY), undefined);
});

test('CTL-11: a list removes what is gone and tells of each difference once', () => {
  const { cache, changes } = newCache();
  cache.observe(thing('r1', 'u1', 'g', 'gone'));
  cache.observe(thing('r2', 'u2', 'g', 'same'));
  cache.observe(thing('r3', 'u3', 'g', 'changed'));
  changes.length = 0;
  const listed = [thing('r2', 'u2', 'g', 'same'), thing('r9', 'u3', 'g', 'changed')];
  assert.ok(cache.replace(cache.beginList(), listed, { force: false }));
  assert.deepEqual(changes, ['r1>-', 'r3>r9']);
});

test('CTL-28: a list that overlaps an own write is refused, and the next one taken', () => {
  const { cache } = newCache();
  cache.observe(thing('r1'));
  const list = cache.beginList();
  cache.beginWrite(KEY).succeeded(thing('r3'));
  assert.equal(cache.replace(list, [thing('r2')], { force: false }), false);
  assert.equal(versionOf(cache), 'r3');
  assert.ok(cache.replace(cache.beginList(), [thing('r4')], { force: false }));
  assert.equal(versionOf(cache), 'r4', 'What was written before the list began is in the list');
  cache.observe(thing('r5'));
  assert.equal(versionOf(cache), 'r5');
});

test('CTL-28: a list that shows the own write is taken although it overlaps', () => {
  const { cache } = newCache();
  const list = cache.beginList();
  cache.beginWrite(KEY).succeeded(thing('r3'));
  assert.ok(cache.replace(list, [thing('r3')], { force: false }));
  cache.observe(thing('r4'));
  assert.equal(versionOf(cache), 'r4');
});

test('CTL-28: an answer that a list overtook blocks nothing', () => {
  const { cache } = newCache();
  cache.observe(thing('r1'));
  const write = cache.beginWrite(KEY);
  assert.ok(cache.replace(cache.beginList(), [thing('r7')], { force: false }));
  write.succeeded(thing('r5'));
  assert.equal(versionOf(cache), 'r7');
  cache.observe(thing('r8'));
  assert.equal(versionOf(cache), 'r8');
});

test('ObjectCache: indexes follow changes', () => {
  const { cache } = newCache();
  cache.observe(thing('r1', 'u1', 'a', 'one'));
  cache.observe(thing('r2', 'u2', 'a', 'two'));
  cache.observe(thing('r3', 'u1', 'b', 'one'));
  const names = (group: string): string[] =>
    cache.listIndexed(0, group).map(({ metadata }) => metadata.name);
  assert.deepEqual(names('a'), ['two']);
  assert.deepEqual(names('b'), ['one']);
  cache.observeDeletion(thing('r4', 'u2', 'a', 'two'));
  assert.deepEqual(names('a'), []);
});

test('ObjectCache: an object is found under each of its values, and under none that it has no longer', () => {
  const { cache } = newCache();
  const versions = (group: string): string[] =>
    cache.listIndexed(0, group).map(({ metadata }) => metadata.resourceVersion);
  cache.observe(thing('r1', 'u1', 'a+b'));
  assert.deepEqual([versions('a'), versions('b'), versions('c')], [['r1'], ['r1'], []]);
  cache.observe(thing('r2', 'u1', 'b+c'));
  assert.deepEqual([versions('a'), versions('b'), versions('c')], [[], ['r2'], ['r2']]);
  cache.observeDeletion(thing('r3', 'u1', 'b+c'));
  assert.deepEqual([versions('a'), versions('b'), versions('c')], [[], [], []]);
});

test('CTL-13: versions are compared for equality only', () => {
  const { cache } = newCache();
  cache.observe(thing('zzz'));
  cache.observe(thing('10'));
  cache.observe(thing('9'));
  assert.equal(versionOf(cache), '9');
});

/** What happens to one object on the server, and how it reaches the cache. */
type Step =
  | { readonly do: 'foreignWrite' }
  | { readonly do: 'sendOwnWrite'; readonly by: number }
  | { readonly do: 'serverTakesWrite'; readonly by: number; readonly changesNothing: boolean }
  | { readonly do: 'answerArrives'; readonly by: number; readonly isLost: boolean }
  | { readonly do: 'watchDelivers' };

/** Any course of what these writers do. */
function scripts(writers: number): fc.Arbitrary<readonly Step[]> {
  const by = fc.nat(writers - 1);
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.record({ do: fc.constant('foreignWrite') }),
    fc.record({ do: fc.constant('sendOwnWrite'), by }),
    fc.record({ do: fc.constant('serverTakesWrite'), by, changesNothing: fc.boolean() }),
    fc.record({ do: fc.constant('answerArrives'), by, isLost: fc.boolean() }),
    fc.record({ do: fc.constant('watchDelivers') }),
  );
  return fc.array(step, { maxLength: 40, size: 'max' });
}

/** Plays a script; `onStep` is told the positions in the server's history, the newest last. */
function play(
  script: readonly Step[],
  onStep: (at: { readonly cached: number; readonly newestAnswer: number }) => void,
): void {
  const { cache } = newCache();
  // The server's history; positions in it are the order that the cache must not rely on.
  const history = [thing('v0')];
  let delivered = 0;
  let newestAnswer = 0;
  const flights = new Map<
    number,
    { readonly write: ReturnType<typeof cache.beginWrite>; takenAt?: number }
  >();
  const deliver = (): void => {
    const object = history[delivered];
    if (object === undefined) return;
    cache.observe(object);
    delivered += 1;
  };
  deliver();
  for (const step of script) {
    switch (step.do) {
      case 'foreignWrite':
        history.push(thing(`v${history.length}`));
        break;
      case 'sendOwnWrite':
        if (!flights.has(step.by)) flights.set(step.by, { write: cache.beginWrite(KEY) });
        break;
      case 'serverTakesWrite': {
        const flight = flights.get(step.by);
        if (flight === undefined || flight.takenAt !== undefined) break;
        if (!step.changesNothing) history.push(thing(`v${history.length}`));
        flight.takenAt = history.length - 1;
        break;
      }
      case 'answerArrives': {
        const flight = flights.get(step.by);
        if (flight === undefined) break;
        const answer = flight.takenAt === undefined ? undefined : history[flight.takenAt];
        if (answer === undefined || step.isLost) {
          flight.write.failed();
        } else {
          flight.write.succeeded(answer);
          newestAnswer = Math.max(newestAnswer, flight.takenAt ?? 0);
        }
        flights.delete(step.by);
        break;
      }
      case 'watchDelivers':
        deliver();
        break;
    }
    const cached = history.findIndex(
      ({ metadata }) => metadata.resourceVersion === versionOf(cache),
    );
    onStep({ cached, newestAnswer });
  }
  for (const { write } of flights.values()) write.failed();
  while (delivered < history.length) deliver();
  assert.equal(versionOf(cache), history.at(-1)?.metadata.resourceVersion, 'It is up to date');
}

test('CTL-28: in every order of writes, answers and events the cache is never older than an answer, and ends up to date', () => {
  fc.assert(
    fc.property(scripts(1), (script) => {
      play(script, ({ cached, newestAnswer }) => {
        assert.ok(cached >= newestAnswer, 'The cache is older than an answered write');
      });
    }),
    { numRuns: 2_000 },
  );
});

test('CTL-28: however many write at a time, the cache ends up to date', () => {
  fc.assert(
    fc.property(scripts(3), (script) => {
      play(script, () => undefined);
    }),
    { numRuns: 2_000 },
  );
});

test('CTL-28: a write that changed nothing is answered with a version that came long ago', () => {
  const { cache } = newCache();
  cache.observe(thing('r1'));
  const write = cache.beginWrite(KEY);
  cache.observe(thing('r2'));
  write.succeeded(thing('r1'));
  assert.equal(versionOf(cache), 'r2', 'The answer is older than what the watch brought');
  cache.observe(thing('r3'));
  assert.equal(versionOf(cache), 'r3', 'No echo is waited for that has been');
});

test('LIFE-07: ObjectCache tells a removal that only a list shows from one that was watched', () => {
  const told: (boolean | undefined)[] = [];
  const cache = new ObjectCache<Thing>(({ current, isInferred }) => {
    if (current === undefined) told.push(isInferred);
  });
  cache.observe(thing('r1'));
  cache.observeDeletion(thing('r2'));
  cache.observe(thing('r3', 'u2'));
  cache.replace(cache.beginList(), [], { force: false });
  cache.observe(thing('r4', 'u3'));
  cache.replace(cache.beginList(), [thing('r5', 'u4')], { force: false });
  assert.deepEqual(told, [undefined, true, undefined], 'A successor is no mere absence');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { instanceOf } from '../../../test/support/cloud-builders.ts';
import { Failure } from '../../cloud/failure.ts';
import type { CloudInstance } from '../../cloud/ecs/ecs-client.ts';
import { sightInstances, type Sightings } from './instance-sightings.ts';
import type { InstanceQuestion } from './node-standing.ts';

/** Builds an instance that is named as its id. */
function namedInstance(id: string, change: Partial<CloudInstance> = {}): CloudInstance {
  return instanceOf({ id, name: id, hostName: id, privateIps: [], interfaces: [], ...change });
}

/** A region in which some instances are, and which refuses calls that ask for some names. */
class Region {
  readonly calls: string[][] = [];
  readonly #instances: readonly CloudInstance[];
  readonly #refused: readonly string[];

  constructor(instances: readonly CloudInstance[], refused: readonly string[] = []) {
    this.#instances = instances;
    this.#refused = refused;
  }

  listInstances(_region: string, ids: readonly string[]): Promise<readonly CloudInstance[]> {
    return this.#answer(ids, ({ id }) => ids.includes(id));
  }

  listInstancesByPrivateIp(
    _place: object,
    ips: readonly string[],
  ): Promise<readonly CloudInstance[]> {
    return this.#answer(ips, ({ privateIps }) => privateIps.some((ip) => ips.includes(ip)));
  }

  #answer(
    names: readonly string[],
    isAskedFor: (instance: CloudInstance) => boolean,
  ): Promise<readonly CloudInstance[]> {
    this.calls.push([...names]);
    return names.some((name) => this.#refused.includes(name))
      ? Promise.reject(new Failure('throttled', 'slow down'))
      : Promise.resolve(this.#instances.filter(isAskedFor));
  }
}

function look(
  region: Region,
  questions: Readonly<Record<string, Partial<InstanceQuestion>>>,
): Promise<Sightings> {
  const whole = Object.entries(questions).map(
    ([key, question]) => [key, { instanceIds: [], privateIps: [], ...question }] as const,
  );
  return sightInstances(
    region,
    { regionId: 'cn-hangzhou', vpcId: () => Promise.resolve('vpc-1') },
    new Map(whole),
    { signal: new AbortController().signal, lane: 'live' },
  );
}

const states = [
  { status: 'Running', want: 'there' },
  { status: 'Pending', want: 'there' },
  { status: 'Starting', want: 'there' },
  { status: 'Stopping', want: 'there' },
  { status: 'Stopped', want: 'stopped' },
  { status: 'SomethingNew', want: 'there' },
];

for (const { status, want } of states) {
  test(`LIFE-04: an instance that is ${status} exists`, async () => {
    const { seen } = await look(new Region([namedInstance('i-a', { status })]), {
      a: { instanceIds: ['i-a'] },
    });
    assert.equal(seen.get('a'), want);
  });
}

test('LIFE-04: an instance that is locked exists', async () => {
  const locked = namedInstance('i-a', { lockReasons: ['financial', 'security', 'recycling'] });
  const { seen } = await look(new Region([locked]), { a: { instanceIds: ['i-a'] } });
  assert.equal(seen.get('a'), 'there');
});

test('B-52: instances are told apart by their whole id', async () => {
  const { seen } = await look(new Region([namedInstance('i-abc')]), {
    short: { instanceIds: ['i-ab'] },
    long: { instanceIds: ['i-abc'] },
  });
  assert.deepEqual([seen.get('short'), seen.get('long')], ['absent', 'there']);
});

test('LIFE-09: a node without provider id is absent only when nothing leads to an instance', async () => {
  const region = new Region([namedInstance('i-a', { privateIps: ['10.0.0.1'] })]);
  const { seen } = await look(region, {
    byIp: { instanceIds: ['i-gone'], privateIps: ['10.0.0.1'] },
    gone: { instanceIds: ['i-gone'], privateIps: ['10.0.0.2'] },
  });
  assert.deepEqual([seen.get('byIp'), seen.get('gone')], ['there', 'absent']);
});

test('LIFE-03 LIFE-14: a hundred are asked for at a time, and a failed call speaks for its own only', async () => {
  const all = Array.from({ length: 250 }, (_, index) => `i-${index}`);
  const region = new Region(
    all.map((id) => namedInstance(id)),
    ['i-120'],
  );
  const questions = Object.fromEntries(all.map((id) => [id, { instanceIds: [id] }]));
  const { seen, failures } = await look(region, questions);
  assert.deepEqual(
    region.calls.map(({ length }) => length),
    [100, 100, 50],
  );
  assert.equal(seen.size, 150);
  assert.deepEqual([...failures.keys()], all.slice(100, 200));
  assert.equal(seen.has('i-120'), false, 'What was not answered is neither there nor absent');
});

test('LIFE-03: where one of two questions fails and the other finds nothing, nothing is known', async () => {
  const { seen, failures } = await look(new Region([], ['10.0.0.1']), {
    a: { instanceIds: ['i-gone'], privateIps: ['10.0.0.1'] },
  });
  assert.deepEqual([seen.size, failures.get('a')?.kind], [0, 'throttled']);
});

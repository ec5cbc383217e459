import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { Logger } from '../../src/reconcilers/reconciler.ts';
import { metadataOf, objectOf } from '../../src/operator/kube/api-object.ts';
import { Informer, type InformerOptions } from '../../src/operator/kube/informer.ts';
import { KubeClient } from '../../src/operator/kube/kube-client.ts';
import type { ApiObject } from '../../src/operator/kube/api-object.ts';
import type { Clock, Randomness } from '../../src/cloud/clock.ts';
import type { ObjectMeta } from '../../src/reconcilers/kubernetes-objects.ts';
import { SystemClock } from '../../src/operator/system-clock.ts';
import { AcceleratedClock } from '../support/accelerated-clock.ts';
import { sharedControlPlane } from '../support/control-plane.ts';
import { assertEventually } from '../support/assert-eventually.ts';
import { InterposedApiServer } from '../support/interposed-api-server.ts';

interface ConfigMap {
  readonly metadata: ObjectMeta;
  readonly value: string;
}

const randomness: Randomness = { fraction: () => 0.5, hex: (bytes) => '0'.repeat(2 * bytes) };
const gone = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' };

const plane = await sharedControlPlane();
const server = await InterposedApiServer.start(plane.kubeconfig);
const client = newClient(new SystemClock());
const running: AbortController[] = [];

after(async () => {
  for (const controller of running) controller.abort();
  await server.stop();
});

function newClient(clock: Clock): KubeClient {
  return new KubeClient({
    kubeConfig: server.kubeConfig(),
    clock,
    userAgent: 'alibaba-cloud-operator/test',
    queriesPerSecond: 1_000,
    burst: 1_000,
  });
}

interface Watched {
  readonly informer: Informer<ConfigMap>;
  /** What a handler was told: `+a`, `~a`, `-a`. */
  readonly told: string[];
  readonly logged: string[];
  readonly stop: () => void;
  names(): string[];
}

/** Starts an informer of the config maps of one namespace. */
function watch(namespace: string, change: Partial<InformerOptions<ConfigMap>> = {}): Watched {
  const logged: string[] = [];
  const log = (message: string): void => {
    logged.push(message);
  };
  const logger: Logger = { debug: log, info: log, warn: log, error: log };
  const informer = new Informer<ConfigMap>({
    client,
    clock: new SystemClock(),
    randomness,
    logger,
    kind: 'ConfigMap',
    path: `/api/v1/namespaces/${namespace}/configmaps`,
    project: (object: ApiObject) => ({
      metadata: metadataOf(object),
      value: String(objectOf(object.data).value),
    }),
    ...change,
  });
  const told: string[] = [];
  informer.addHandler(() => {
    throw new Error('one handler that always fails');
  });
  informer.addHandler(({ key, previous, current }) => {
    const mark = previous === undefined ? '+' : current === undefined ? '-' : '~';
    told.push(`${mark}${key.name}`);
  });
  const controller = new AbortController();
  running.push(controller);
  void informer.run(controller.signal);
  return {
    informer,
    told,
    logged,
    stop: () => {
      controller.abort();
    },
    names: () =>
      informer.cache
        .list()
        .map(({ metadata }) => metadata.name)
        .sort(),
  };
}

async function put(namespace: string, name: string, value = 'x'): Promise<void> {
  await plane.kubectl.apply({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace, name },
    data: { value },
  });
}

async function remove(namespace: string, name: string): Promise<void> {
  await plane.kubectl.run('delete', 'configmap', name, '-n', namespace);
}

test('Informer: lists, then follows additions, changes and removals; a failing handler harms no other', async () => {
  const namespace = await plane.createNamespace();
  await put(namespace, 'a');
  const watched = watch(namespace);
  await watched.informer.whenSynced();
  assert.deepEqual(watched.told, ['+a']);
  await put(namespace, 'b');
  await put(namespace, 'a', 'y');
  await remove(namespace, 'b');
  await assertEventually(() => {
    assert.deepEqual(watched.told, ['+a', '+b', '~a', '-b']);
  });
  assert.ok(watched.logged.includes('A handler of a change failed'));
  watched.stop();
});

test('CTL-10: watches ask for bookmarks and a bounded time, and go on from the last version', async () => {
  const namespace = await plane.createNamespace();
  server.requests.length = 0;
  const watched = watch(namespace);
  await watched.informer.whenSynced();
  for (let round = 0; round < 6; round += 1) {
    await assertEventually(() => {
      assert.equal(server.openWatches, 1);
    });
    await put(namespace, `c${round}`);
    if (round !== 3) {
      await assertEventually(() => {
        assert.equal(watched.told.length, round + 1);
      });
    }
    server.endWatches();
  }
  await assertEventually(() => {
    assert.deepEqual(watched.told, ['+c0', '+c1', '+c2', '+c3', '+c4', '+c5']);
  });
  const lists = server.requests.filter(({ isWatch }) => !isWatch);
  assert.equal(lists.length, 1, 'A watch that ends needs no new list');
  for (const { query } of server.requests.filter(({ isWatch }) => isWatch)) {
    assert.equal(query.get('allowWatchBookmarks'), 'true');
    const seconds = Number(query.get('timeoutSeconds'));
    assert.ok(seconds >= 300 && seconds <= 600, String(seconds));
    assert.notEqual(query.get('resourceVersion'), '');
  }
  // Once more, so that a watch begins after all of them were delivered.
  server.endWatches();
  const last = await plane.kubectl.get<ApiObject>('configmap', 'c5', '-n', namespace);
  await assertEventually(() => {
    assert.equal(
      server.requests.at(-1)?.query.get('resourceVersion'),
      metadataOf(last).resourceVersion,
      'A watch must not repeat what the one before has delivered',
    );
  });
  watched.stop();
});

const tooOld = [
  {
    name: 'the status 410',
    arrange: () => {
      answerNextWatch({ status: 410, body: gone });
      server.endWatches();
    },
  },
  {
    name: 'an ERROR event with 410',
    arrange: () => {
      server.endWatches({ type: 'ERROR', object: gone });
    },
  },
  {
    name: '"resource version too large"',
    arrange: () => {
      answerNextWatch({
        status: 504,
        body: {
          kind: 'Status',
          code: 504,
          reason: 'Timeout',
          message: 'Too large resource version: 1, current: 0',
          details: { causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large' }] },
        },
      });
      server.endWatches();
    },
  },
];

function answerNextWatch(answer: { status: number; body: unknown }): void {
  let isAnswered = false;
  server.intervene = ({ isWatch }) => {
    if (!isWatch || isAnswered) return undefined;
    isAnswered = true;
    return { kind: 'answer', ...answer };
  };
}

for (const { name, arrange } of tooOld) {
  test(`CTL-11: ${name} leads to a new list, which finds what was removed meanwhile`, async () => {
    const namespace = await plane.createNamespace();
    await put(namespace, 'kept');
    await put(namespace, 'removed');
    const watched = watch(namespace);
    await watched.informer.whenSynced();
    await assertEventually(() => {
      assert.equal(server.openWatches, 1);
    });
    // What the watch would have delivered is lost with it.
    server.holdWatches();
    await remove(namespace, 'removed');
    await put(namespace, 'added');
    server.requests.length = 0;
    arrange();
    const release = server.holdWatches();
    release();
    await assertEventually(() => {
      assert.deepEqual(watched.names(), ['added', 'kept']);
    });
    assert.ok(watched.told.includes('-removed'));
    assert.ok(server.requests.some(({ isWatch }) => !isWatch));
    server.intervene = () => undefined;
    watched.stop();
  });
}

test('CTL-14: long lists are read in pages, and a token that ran out begins the list again', async () => {
  const namespace = await plane.createNamespace();
  const path = `/api/v1/namespaces/${namespace}/configmaps`;
  const signal = new AbortController().signal;
  for (let batch = 0; batch < 13; batch += 1) {
    const creations = Array.from({ length: 40 }, (_, index) =>
      client.request(
        {
          method: 'POST',
          path,
          body: {
            apiVersion: 'v1',
            kind: 'ConfigMap',
            metadata: { name: `m-${batch}-${index}` },
          },
        },
        signal,
      ),
    );
    await Promise.all(creations);
  }
  server.requests.length = 0;
  let hasExpired = false;
  server.intervene = ({ query }) => {
    if (!query.has('continue') || hasExpired) return undefined;
    hasExpired = true;
    return { kind: 'answer', status: 410, body: gone };
  };
  const watched = watch(namespace);
  await watched.informer.whenSynced();
  assert.equal(watched.informer.cache.size, 520);
  assert.equal(watched.told.length, 520);
  const lists = server.requests.filter(({ isWatch }) => !isWatch);
  assert.deepEqual(
    lists.map(({ query }) => [query.get('limit'), query.has('continue')]),
    [
      ['500', false],
      ['500', true],
      ['500', false],
      ['500', true],
    ],
  );
  server.intervene = () => undefined;
  watched.stop();
});

test('CTL-12: a server that is away for five minutes is asked less and less often, and found again', async () => {
  const namespace = await plane.createNamespace();
  await put(namespace, 'a');
  const clock = new AcceleratedClock(100);
  server.intervene = () => ({ kind: 'reset' });
  server.requests.length = 0;
  const watched = watch(namespace, { client: newClient(clock), clock });
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  // 1.2, 2.4, 4.8, 9.6, 19.2, 38.4 and then 45 seconds apart at a jitter of a half.
  const attempts = server.requests.length;
  assert.ok(attempts >= 5 && attempts <= 12, `${attempts} attempts`);
  assert.equal(watched.informer.isSynced, false);
  assert.equal(watched.informer.problem?.isKindUnknown, false);
  assert.ok(watched.logged.length <= 2, 'It is said once, not on every attempt');

  server.intervene = () => undefined;
  await assertEventually(() => {
    assert.deepEqual(watched.names(), ['a']);
  });
  assert.equal(watched.informer.problem, undefined);
  watched.stop();
});

test('OBS-12: a watch that is refused once and then lasts is no problem any more, although nothing happens', async () => {
  const namespace = await plane.createNamespace();
  let refusals = 0;
  server.intervene = ({ isWatch }) => {
    if (!isWatch || refusals > 0) return undefined;
    refusals += 1;
    const message = 'storage is (re)initializing';
    const body = { kind: 'Status', code: 429, reason: 'TooManyRequests', message };
    return { kind: 'answer', status: 429, body };
  };
  const watched = watch(namespace);
  await assertEventually(() => {
    assert.match(watched.informer.problem?.message ?? '', /initializing/);
  });
  // A namespace has one config map from the start, and no other comes.
  await assertEventually(() => {
    assert.equal(watched.informer.problem, undefined);
  });
  assert.equal(watched.informer.isSynced, true);
  server.intervene = () => undefined;
  watched.stop();
});

test('CTL-12: a server that says when to come again is not asked before', async () => {
  const namespace = await plane.createNamespace();
  let refusals = 0;
  server.requests.length = 0;
  server.intervene = () => {
    refusals += 1;
    if (refusals > 1) return undefined;
    const body = { kind: 'Status', code: 429, reason: 'TooManyRequests', message: 'busy' };
    return { kind: 'answer', status: 429, headers: { 'retry-after': '2' }, body };
  };
  const startedMs = performance.now();
  const watched = watch(namespace);
  await watched.informer.whenSynced();
  assert.ok(performance.now() - startedMs >= 1_950);
  assert.equal(refusals >= 2, true);
  server.intervene = () => undefined;
  watched.stop();
});

test('CTL-10: a watch that falls silent is given up for dead, and what it did not bring is found', async () => {
  const namespace = await plane.createNamespace();
  const clock = new AcceleratedClock(100);
  const watched = watch(namespace, { client: newClient(clock), clock });
  await watched.informer.whenSynced();
  await assertEventually(() => {
    assert.equal(server.openWatches, 1);
  });
  server.requests.length = 0;
  // As when a machine between vanishes: the connection stays, and nothing comes.
  server.holdWatches();
  await put(namespace, 'a');
  await assertEventually(() => {
    assert.ok(server.requests.some(({ isWatch }) => isWatch));
  });
  server.holdWatches()();
  await assertEventually(() => {
    assert.deepEqual(watched.names(), ['a']);
  });
  watched.stop();
});

test('Informer: a kind that the server does not know is named, and waited for', async () => {
  const group = 'test.alibabacloud.com';
  const watched = watch('-', {
    path: `/apis/${group}/v1/things`,
    kind: 'Thing',
    whenUnknown: 'install the custom resource definitions',
  });
  await assertEventually(() => {
    assert.deepEqual(watched.informer.problem, {
      message: 'install the custom resource definitions',
      isKindUnknown: true,
    });
  });
  assert.equal(watched.informer.isSynced, false);
  await plane.kubectl.apply({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `things.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind: 'Thing', plural: 'things' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object' } },
        },
      ],
    },
  });
  await watched.informer.whenSynced();
  assert.equal(watched.informer.problem, undefined);
  watched.stop();
});

test('CTL-28: an own write is in the cache before the watch brings it, and what is older does not undo it', async () => {
  const namespace = await plane.createNamespace();
  await put(namespace, 'a', 'v1');
  const watched = watch(namespace);
  await watched.informer.whenSynced();
  await assertEventually(() => {
    assert.equal(server.openWatches, 1);
  });
  const key = { namespace, name: 'a' };
  const release = server.holdWatches();
  await put(namespace, 'a', 'v2');
  const flight = watched.informer.cache.beginWrite(key);
  const answer = objectOf(
    await client.request(
      {
        method: 'PATCH',
        path: `/api/v1/namespaces/${namespace}/configmaps/a`,
        body: { data: { value: 'v3' } },
        contentType: 'application/merge-patch+json',
      },
      new AbortController().signal,
    ),
  );
  flight.succeeded({ metadata: metadataOf(answer), value: 'v3' });
  const values: (string | undefined)[] = [];
  watched.informer.addHandler(({ current }) => values.push(current?.value));
  assert.equal(watched.informer.cache.find(key)?.value, 'v3');
  await put(namespace, 'a', 'v4');
  release();
  await assertEventually(() => {
    assert.equal(watched.informer.cache.find(key)?.value, 'v4');
  });
  assert.deepEqual(values, ['v4'], 'v2 and the echo of v3 are no news');
  watched.stop();
});

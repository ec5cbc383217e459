import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { KubeEventRecorder } from '../../src/operator/kube/event-recorder.ts';
import { KubeClient } from '../../src/operator/kube/kube-client.ts';
import { projectService } from '../../src/operator/kube/service-projection.ts';
import { SystemRandomness } from '../../src/operator/system-clock.ts';
import type { Service } from '../../src/reconcilers/kubernetes-objects.ts';
import type { EventContent } from '../../src/reconcilers/reconciler.ts';
import { AcceleratedClock } from '../support/accelerated-clock.ts';
import { assertEventually } from '../support/assert-eventually.ts';
import { sharedControlPlane } from '../support/control-plane.ts';
import { InterposedApiServer } from '../support/interposed-api-server.ts';

/** A minute of the recorder is a second of the test. */
const FACTOR = 60;

const plane = await sharedControlPlane();
const ended: (() => Promise<void>)[] = [];
after(async () => {
  for (const end of ended) await end();
});

interface EventObject {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly eventTime: string;
  readonly reportingController: string;
  readonly reportingInstance: string;
  readonly action: string;
  readonly reason: string;
  readonly regarding: { readonly kind: string; readonly name: string; readonly uid: string };
  readonly note: string;
  readonly type: string;
  readonly series?: { readonly count: number; readonly lastObservedTime: string };
}

interface Scene {
  readonly namespace: string;
  readonly service: Service;
  readonly recorder: KubeEventRecorder;
  readonly server: InterposedApiServer;
  readonly clock: AcceleratedClock;
  readonly warned: string[];
  readonly stop: AbortController;
  events(): Promise<readonly EventObject[]>;
}

async function newScene(): Promise<Scene> {
  const namespace = await plane.createNamespace();
  await plane.kubectl.apply({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace, name: 'web' },
    spec: { ports: [{ port: 80 }] },
  });
  const service = projectService(await plane.kubectl.get('service', 'web', '-n', namespace));
  const server = await InterposedApiServer.start(plane.kubeconfig);
  const clock = new AcceleratedClock(FACTOR);
  const warned: string[] = [];
  const quiet = (): void => undefined;
  const recorder = new KubeEventRecorder({
    client: new KubeClient({
      kubeConfig: server.kubeConfig(),
      clock,
      userAgent: 'alibaba-cloud-operator/test',
      queriesPerSecond: 1_000,
      burst: 1_000,
    }),
    clock,
    randomness: new SystemRandomness(),
    logger: {
      debug: quiet,
      info: quiet,
      warn: (message) => warned.push(message),
      error: (message) => warned.push(message),
    },
    reportingInstance: 'a'.repeat(200),
    scrub: (text) => text.replaceAll('s3cret', '[redacted]'),
  });
  const stop = new AbortController();
  const running = recorder.run(stop.signal);
  ended.push(async () => {
    stop.abort();
    await running;
    await server.stop();
  });
  return {
    namespace,
    service,
    recorder,
    server,
    clock,
    warned,
    stop,
    events: async () => {
      const list = await plane.kubectl.get<{ items: readonly EventObject[] }>(
        'events.events.k8s.io',
        '-n',
        namespace,
      );
      return list.items;
    },
  };
}

const failed: EventContent = {
  type: 'Warning',
  reason: 'SyncLoadBalancerFailed',
  action: 'Sync',
  note: 'Error syncing load balancer: no quota',
};

test('OBS-01 OBS-02 SVC-86: an event is taken by the API server and shown with its object', async () => {
  const scene = await newScene();
  scene.recorder.record(scene.service, { ...failed, note: `${'负'.repeat(500)} s3cret` });
  await assertEventually(async () => {
    assert.equal((await scene.events()).length, 1);
  });
  const [event] = await scene.events();
  assert.equal(event?.metadata.namespace, scene.namespace);
  assert.equal(event.reportingController, 'networking.alibabacloud.com/alibaba-cloud-operator');
  assert.equal(event.reportingInstance, 'a'.repeat(128));
  assert.deepEqual([event.type, event.reason, event.action], ['Warning', failed.reason, 'Sync']);
  assert.equal(event.regarding.uid, scene.service.metadata.uid);
  assert.match(event.eventTime, /\.\d{6}Z$/);
  assert.equal(event.series, undefined);
  assert.ok(Buffer.byteLength(event.note) <= 1_024);
  assert.match(event.note, /^负+…$/);
  const described = await plane.kubectl.run('describe', 'service', 'web', '-n', scene.namespace);
  assert.match(described, /SyncLoadBalancerFailed/);
});

test('OBS-17: what is secret is not in an event', async () => {
  const scene = await newScene();
  scene.recorder.record(scene.service, { ...failed, note: 'sent s3cret' });
  await assertEventually(async () => {
    assert.deepEqual(
      (await scene.events()).map(({ note }) => note),
      ['sent [redacted]'],
    );
  });
});

test('OBS-03: a thousand identical events are one object whose count rises, in few writes', async () => {
  const scene = await newScene();
  for (let time = 0; time < 500; time += 1) scene.recorder.record(scene.service, failed);
  await assertEventually(async () => {
    assert.ok(((await scene.events())[0]?.series?.count ?? 0) >= 2);
  });
  for (let time = 0; time < 500; time += 1) scene.recorder.record(scene.service, failed);
  await assertEventually(async () => {
    const events = await scene.events();
    assert.equal(events.length, 1);
    assert.equal(events[0]?.series?.count, 1_000);
    assert.match(events[0].series.lastObservedTime, /\.\d{6}Z$/);
  });
  const writes = scene.server.requests.length;
  assert.ok(writes <= 4, `${writes} requests`);
});

test('OBS-03: the first repeat counts as two, and after six minutes a new event begins', async () => {
  const scene = await newScene();
  scene.recorder.record(scene.service, failed);
  await assertEventually(async () => {
    assert.equal((await scene.events()).length, 1);
  });
  scene.recorder.record(scene.service, failed);
  await assertEventually(async () => {
    assert.equal((await scene.events())[0]?.series?.count, 2);
  });
  await scene.clock.sleep(6.2 * 60_000);
  scene.recorder.record(scene.service, failed);
  await assertEventually(async () => {
    const counts = (await scene.events()).map(({ series }) => series?.count ?? 1);
    assert.deepEqual(counts.sort(), [1, 2]);
  });
});

test('OBS-03: texts that differ are events of their own, up to a limit', async () => {
  const scene = await newScene();
  for (let time = 0; time < 100; time += 1) {
    scene.recorder.record(scene.service, { ...failed, note: `changed to ${time}` });
  }
  await assertEventually(async () => {
    const events = await scene.events();
    assert.equal(events.length, 10);
    assert.equal(
      events.reduce((sum, { series }) => sum + (series?.count ?? 1), 0),
      100,
    );
  });
});

test('OBS-03: with the events API down nobody waits, and what was recorded is written later', async () => {
  const scene = await newScene();
  const down = { kind: 'Status', code: 503, message: 'down', reason: 'ServiceUnavailable' };
  scene.server.intervene = () => ({ kind: 'answer', status: 503, body: down });
  const startedMs = performance.now();
  for (let time = 0; time < 1_500; time += 1) {
    scene.recorder.record(
      { ...scene.service, metadata: { ...scene.service.metadata, uid: `u-${time}` } },
      failed,
    );
  }
  assert.ok(performance.now() - startedMs < 1_000);
  assert.deepEqual(
    scene.warned.filter((line) => line.startsWith('Dropped events')),
    ['Dropped events, because too many wait to be written'],
    'The queue is bounded, and it is said once',
  );
  scene.server.intervene = () => undefined;
  await assertEventually(
    async () => {
      assert.ok((await scene.events()).length >= 1_000);
    },
    { withinMs: 30_000, everyMs: 500 },
  );
});

test('OBS-03: an event that cannot be written is given up after twelve attempts, ten seconds apart', async () => {
  const scene = await newScene();
  scene.server.intervene = () => ({ kind: 'reset' });
  scene.recorder.record(scene.service, failed);
  await assertEventually(() => {
    assert.deepEqual(scene.warned, ['Dropped an event']);
  });
  assert.equal(scene.server.requests.length, 12);
});

test('SVC-23 KAS-14: in a namespace that is going an event is dropped without a word or a retry', async () => {
  const scene = await newScene();
  await plane.kubectl.run(
    ...['patch', 'service', 'web', '-n', scene.namespace, '--type=merge', '-p'],
    JSON.stringify({ metadata: { finalizers: ['example.com/holds'] } }),
  );
  await plane.kubectl.run('delete', 'namespace', scene.namespace, '--wait=false');
  scene.recorder.record(scene.service, failed);
  await assertEventually(() => {
    assert.equal(scene.server.requests.length, 1);
  });
  await scene.clock.sleep(60_000);
  assert.equal(scene.server.requests.length, 1);
  assert.deepEqual(scene.warned, []);
});

test('OBS-03: an event that was removed meanwhile is made again by its next repeat', async () => {
  const scene = await newScene();
  scene.recorder.record(scene.service, failed);
  await assertEventually(async () => {
    assert.equal((await scene.events()).length, 1);
  });
  await plane.kubectl.run('delete', 'events.events.k8s.io', '--all', '-n', scene.namespace);
  scene.recorder.record(scene.service, failed);
  await assertEventually(async () => {
    assert.equal((await scene.events()).length, 1);
  });
});

test('CTL-22: at the end what is left is written', async () => {
  const scene = await newScene();
  scene.stop.abort();
  scene.recorder.record(scene.service, failed);
  scene.recorder.record(scene.service, { ...failed, reason: 'DeleteLoadBalancerFailed' });
  await scene.recorder.flush(new AbortController().signal);
  assert.equal((await scene.events()).length, 2);
});

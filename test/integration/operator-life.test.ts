import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test, type TestContext } from 'node:test';
import type { Clock } from '../../src/cloud/clock.ts';
import { composeOperator, type ComposedOperator } from '../../src/operator/composition.ts';
import { readConfig } from '../../src/operator/config/config.ts';
import { objectOf } from '../../src/operator/kube/api-object.ts';
import { SystemClock, SystemRandomness } from '../../src/operator/system-clock.ts';
import { createProcessLogger } from '../../src/operator/telemetry/process-logger.ts';
import { SecretScrubber } from '../../src/operator/telemetry/secret-scrubber.ts';
import { AcceleratedClock } from '../support/accelerated-clock.ts';
import { assertEventually } from '../support/assert-eventually.ts';
import { startTestControlPlane } from '../support/control-plane.ts';
import { InterposedApiServer } from '../support/interposed-api-server.ts';
import { startLocalCloud } from '../support/local-cloud.ts';

const plane = await startTestControlPlane();
const cloud = await startLocalCloud({ instances: 1 });
const directory = await mkdtemp(path.join(tmpdir(), 'operator-life-'));
after(async () => {
  await cloud.stop();
  await rm(directory, { recursive: true, force: true });
});
for (const node of cloud.nodes) {
  await plane.kubectl.apply({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: node.hostName },
    spec: { providerID: node.providerId },
  });
}

interface Life {
  readonly operator: ComposedOperator;
  readonly server: InterposedApiServer;
  readonly lines: string[];
  said(message: string): boolean;
  get(where: 'health' | 'metrics', target: string): Promise<{ status: number; text: string }>;
}

let lives = 0;

/** Starts an operator in this process, with leases and a way to the API server of its own. */
async function live(
  context: TestContext,
  options: {
    readonly flags?: readonly string[];
    readonly clock?: Clock;
    readonly env?: Readonly<Record<string, string>>;
    readonly lease?: string;
    readonly readFile?: (file: string) => Promise<string>;
    readonly beforeStart?: (server: InterposedApiServer) => void;
  } = {},
): Promise<Life> {
  lives += 1;
  const lease = options.lease ?? `life-${lives}`;
  const server = await InterposedApiServer.start(plane.kubeconfig);
  options.beforeStart?.(server);
  const reading = await readConfig({
    argv: [
      '--health-probe-bind-addr=127.0.0.1:0',
      '--metrics-bind-addr=127.0.0.1:0',
      `--leader-elect-resource-name=${lease}`,
      `--leader-elect-default-lease=kube-system/${lease}-other`,
      '--leader-elect-lease-duration=3s',
      '--leader-elect-renew-deadline=2s',
      '--leader-elect-retry-period=500ms',
      `--region=${cloud.regionId}`,
      `--vpc-id=${cloud.vpcId}`,
      ...(options.flags ?? []),
    ],
    env: options.env ?? cloud.env,
    version: '9.9.9',
    readFile: options.readFile ?? (() => Promise.reject(new Error('no file'))),
  });
  assert.ok(reading.kind === 'config', JSON.stringify(reading));
  const clock = options.clock ?? new SystemClock();
  const scrubber = new SecretScrubber();
  const lines: string[] = [];
  const operator = composeOperator({
    config: reading.config,
    clock,
    randomness: new SystemRandomness(),
    kubeConfig: server.kubeConfig(),
    logger: createProcessLogger({
      ...reading.config.logging,
      level: 'debug',
      clock,
      scrubber,
      destination: { write: (line) => lines.push(line) },
    }),
    scrubber,
    hostName: `host-${lives}`,
  });
  context.after(async () => {
    operator.stop();
    await operator.done;
    await server.stop();
  });
  await operator.start();
  return {
    operator,
    server,
    lines,
    said: (message) => lines.some((line) => (JSON.parse(line) as { msg: string }).msg === message),
    get: async (where, target) => {
      const port = operator.addresses()[where]?.port ?? 0;
      const answer = await fetch(`http://127.0.0.1:${port}${target}`);
      return { status: answer.status, text: await answer.text() };
    },
  };
}

async function assertReady(life: Life): Promise<void> {
  await assertEventually(async () => {
    const { status, text } = await life.get('health', '/readyz?verbose');
    assert.equal(status, 200, text);
  });
}

async function assertStarted(life: Life): Promise<void> {
  await assertEventually(() => {
    assert.ok(life.said('Started the controller'));
  });
}

async function metricOf(life: Life, series: string): Promise<number | undefined> {
  const { text } = await life.get('metrics', '/metrics');
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

test('OBS-12: with the API server away at the start it lives, is not ready, says so once and finds it', async (context) => {
  const life = await live(context, {
    beforeStart: (server) => {
      server.intervene = () => ({ kind: 'reset' });
    },
  });
  await assertEventually(() => {
    assert.ok(life.said('Lost touch with Service of the API server'));
    assert.ok(life.said('Waited for the lease'));
  });
  assert.equal((await life.get('health', '/livez')).status, 200);
  const { status, text } = await life.get('health', '/readyz');
  assert.equal(status, 500);
  assert.match(text, /\[-\]informer-sync failed/);
  assert.equal(life.said('Started the controller'), false);

  life.server.intervene = () => undefined;
  await assertReady(life);
  await assertStarted(life);
  assert.equal((await life.get('health', '/readyz')).text, 'ok');
  const warnings = life.lines.filter((line) => line.includes('Lost touch with Service'));
  assert.equal(warnings.length, 1);
});

test('CTL-21: with the API server lost later the leader ends non-zero, for another may lead', async (context) => {
  const life = await live(context);
  await assertStarted(life);
  assert.equal((await life.get('health', '/livez/leader-election')).status, 200);
  life.server.intervene = () => ({ kind: 'reset' });
  life.server.endWatches();
  const startedMs = performance.now();
  assert.equal(await life.operator.done, 1);
  assert.ok(performance.now() - startedMs < 6_000);
  assert.ok(life.said('Lost the lease'));
});

test('CTL-09: no pass begins before every cache has its first list', async (context) => {
  const namespace = await plane.createNamespace();
  await plane.kubectl.run('create', 'service', 'loadbalancer', 'web', '--tcp=80', '-n', namespace);
  const life = await live(context, {
    beforeStart: (server) => {
      server.intervene = ({ path: target }) =>
        target.endsWith('/nodes') ? { kind: 'reset' } : undefined;
    },
  });
  await assertEventually(() => {
    assert.ok(life.said('Became the leader'));
    assert.ok(life.said('Lost touch with Node of the API server'));
  });
  const { text } = await life.get('health', '/readyz?verbose');
  assert.match(text, /\[-\]informer-sync failed/);
  const patches = (): number =>
    life.server.requests.filter(({ method }) => method === 'PATCH').length;
  assert.equal(patches(), 0);
  life.server.intervene = () => undefined;
  await assertEventually(() => {
    assert.ok(patches() > 0);
  });
  await plane.kubectl.run('delete', 'service', 'web', '-n', namespace);
});

test('OBS-12: without our kinds it waits, and says what to install', async (context) => {
  const path = '/apis/networking.alibabacloud.com/v1alpha1/alibabaloadbalancers';
  const missing = { kind: 'Status', code: 404, reason: 'NotFound', message: 'not found' };
  const life = await live(context, {
    beforeStart: (server) => {
      server.intervene = (request) =>
        request.path === path ? { kind: 'answer', status: 404, body: missing } : undefined;
    },
  });
  await assertEventually(() => {
    assert.ok(life.lines.some((line) => line.includes('install the custom resource definitions')));
  });
  assert.equal((await life.get('health', '/readyz')).status, 500);
  assert.equal((await life.get('health', '/healthz')).status, 200);
  life.server.intervene = () => undefined;
  await assertReady(life);
});

test('CTL-22 CTL-24 OBS-08: a second operator stands by, and follows at once when the first stops in order', async (context) => {
  const first = await live(context, { lease: 'shared' });
  await assertStarted(first);
  const second = await live(context, { lease: 'shared' });
  await assertReady(second);
  await assertEventually(() => {
    assert.ok(second.said('Waited for the lease'));
  });
  const leader = 'leader_election_master_status{name="shared"}';
  const running =
    'running_managed_controllers{name="service-lb-controller",manager="cloud-controller-manager"}';
  assert.deepEqual([await metricOf(first, leader), await metricOf(second, leader)], [1, 0]);
  assert.deepEqual([await metricOf(first, running), await metricOf(second, running)], [1, 0]);
  const writes = second.server.requests.filter(({ method }) => method !== 'GET');
  assert.deepEqual(writes, [], 'Whoever stands by writes nothing');

  first.operator.stop();
  assert.equal(await first.operator.done, 0);
  const stoppedAtMs = performance.now();
  await assertStarted(second);
  assert.ok(performance.now() - stoppedAtMs < 3_000);
  assert.ok(first.said('Released the lease'));
});

test('MIG-03: a controller that is switched off makes no request', async (context) => {
  const life = await live(context, { flags: ['--controllers=-service-lb-controller'] });
  assert.equal((await life.get('health', '/readyz')).text, 'ok');
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  assert.deepEqual(life.server.requests, []);
  assert.ok(life.said('No controller is switched on'));
  life.operator.stop();
  assert.equal(await life.operator.done, 0);
});

test('SEC-08 OBS-17: other credentials in the cloud-config file are used without a restart, and no secret is shown', async (context) => {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const config = (id: string, secret: string): string =>
    `Global: {accessKeyID: ${base64(id)}, accessKeySecret: ${base64(secret)}}`;
  let text = config(cloud.accessKey.id, 'canary-wrong-secret');
  const env = { ...cloud.env, ACCESS_KEY_ID: '', ACCESS_KEY_SECRET: '' };
  const namespace = await plane.createNamespace();
  await plane.kubectl.run('create', 'service', 'loadbalancer', 'web', '--tcp=80', '-n', namespace);
  const life = await live(context, {
    clock: new AcceleratedClock(10),
    flags: [
      '--cloud-config=/the/file',
      '--leader-elect-lease-duration=30s',
      '--leader-elect-renew-deadline=20s',
      '--leader-elect-retry-period=5s',
      // What is refused for its credentials is tried again after this time.
      '--drift-period=20s',
    ],
    env,
    readFile: () => Promise.resolve(text),
  });
  const readyOf = async (): Promise<string> =>
    plane.kubectl.run(
      ...['get', 'alilb', 'web', '-n', namespace, '--ignore-not-found'],
      ...['-o', 'jsonpath={.status.conditions[?(@.type=="Ready")].status}'],
    );
  await assertEventually(async () => {
    assert.equal(await readyOf(), 'False');
  });
  text = 'Global: {accessKeyID: "?"}';
  await assertEventually(() => {
    assert.ok(life.said('Kept the former cloud-config, because the changed one has mistakes'));
  });
  text = config(cloud.accessKey.id, cloud.accessKey.secret);
  await assertEventually(
    async () => {
      assert.equal(await readyOf(), 'True');
    },
    { withinMs: 30_000 },
  );
  assert.ok(life.said('Took the changed cloud-config into use'));
  await plane.kubectl.run('delete', 'service', 'web', '-n', namespace);

  const metrics = (await life.get('metrics', '/metrics')).text;
  const events = await plane.kubectl.run('get', 'events', '-A', '-o', 'json');
  const objects = await plane.kubectl.run('get', 'alilb,svc', '-A', '-o', 'json');
  for (const canary of ['canary-wrong-secret', cloud.accessKey.secret, 'canary-token']) {
    for (const shown of [life.lines.join(''), metrics, events, objects]) {
      assert.ok(!shown.includes(canary), `${canary} is shown`);
    }
  }
});

test('OBS-15 CTL-26: every log line is JSON with its fields, and every request names the program', async (context) => {
  const life = await live(context);
  await assertStarted(life);
  for (const line of life.lines) {
    const { ts, level, msg, logger } = JSON.parse(line) as Readonly<Record<string, unknown>>;
    assert.match(String(ts), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.ok(['debug', 'info', 'warn', 'error'].includes(String(level)));
    assert.match(String(msg), /^[A-Z].*[^.]$/);
    assert.equal(typeof logger, 'string');
  }
  for (const { headers } of life.server.requests) {
    assert.equal(headers['user-agent'], 'alibaba-cloud-operator/9.9.9');
  }
});

test('OBS-05 OBS-07 OBS-14: metrics are served on their own address, by default on loopback only', async (context) => {
  const life = await live(context);
  await assertStarted(life);
  assert.equal((await life.get('health', '/metrics')).status, 404);
  assert.equal((await life.get('metrics', '/readyz')).status, 404);
  const { text } = await life.get('metrics', '/metrics');
  for (const series of [
    'controller_runtime_reconcile_total{controller="service",result="success"}',
    'workqueue_depth{name="alibabaloadbalancer",controller="alibabaloadbalancer"}',
    'rest_client_requests_total{code="200",method="GET"',
    'process_resident_memory_bytes',
    'service_controller_loadbalancer_sync_total',
  ]) {
    assert.ok(text.includes(`\n${series}`), series);
  }
  assert.equal(life.operator.addresses().metrics?.host, '127.0.0.1');
});

interface Ended {
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the program to its end. */
function runProgram(...flags: readonly string[]): Promise<Ended> {
  return runWithPreload([], ...flags);
}

/** Runs the program with flags of Node.js before its own. */
function runWithPreload(node: readonly string[], ...flags: readonly string[]): Promise<Ended> {
  const main = path.join(import.meta.dirname, '../../src/operator/main.ts');
  return new Promise((resolve) => {
    const options = { env: { PATH: process.env.PATH }, timeout: 30_000 };
    execFile(process.execPath, [...node, main, ...flags], options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : (error.code ?? 'killed'), stdout, stderr });
    });
  });
}

test('the program: mistakes are sentences on standard error, and the exit code is 2', async () => {
  const ended = await runProgram('--bogus', '--drift-period=x');
  assert.equal(ended.code, 2);
  assert.match(ended.stderr, /^Unknown flag "--bogus"/m);
  assert.match(ended.stderr, /^Flag "--drift-period" is "x"/m);
  assert.equal(ended.stdout, '');

  const nowhere = await runProgram();
  assert.equal(nowhere.code, 2);
  assert.match(nowhere.stderr, /^Cannot reach an API server: set "--kubeconfig"/m);

  const file = path.join(directory, 'broken.kubeconfig');
  await writeFile(file, 'clusters: []\n');
  const broken = await runProgram('--kubeconfig', file);
  assert.equal(broken.code, 2);
  assert.match(broken.stderr, /broken\.kubeconfig/);
});

test('CTL-18: the program ends non-zero, with a reason, when it cannot serve its health', async () => {
  const blocker = createServer();
  await new Promise<void>((resolve) => {
    blocker.listen(0, '127.0.0.1', resolve);
  });
  const { port } = blocker.address() as AddressInfo;
  const ended = await runProgram(
    '--kubeconfig',
    plane.kubeconfig,
    `--health-probe-bind-addr=127.0.0.1:${port}`,
  );
  blocker.close();
  assert.equal(ended.code, 1);
  const last = objectOf(JSON.parse(ended.stdout.trim().split('\n').at(-1) ?? '{}'));
  assert.equal(last.msg, 'Failed to start');
});

const faults = [
  { name: 'a throw in a timer', code: 'throw new Error("boom")' },
  { name: 'a rejection that nobody handles', code: 'Promise.reject(new Error("boom"))' },
];

for (const { name, code } of faults) {
  test(`CTL-18: ${name} ends the program non-zero, with the error in its log`, async () => {
    // Before the program's own time, so that it meets the error at work.
    const preload = `data:text/javascript,setTimeout(()=>{${code}},8000)`;
    const ended = await runWithPreload(
      ['--import', preload],
      ...['--kubeconfig', plane.kubeconfig, '--leader-elect=false'],
      ...['--leader-elect-default-lease=', '--default-implementation=false'],
      ...['--health-probe-bind-addr=0', '--metrics-bind-addr=0'],
    );
    assert.equal(ended.code, 1);
    assert.match(ended.stdout, /"message":"boom".*"msg":"Ending, because of an error/);
  });
}

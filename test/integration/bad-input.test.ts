import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { emulatorEnvironment } from '../../emulator/emulator-environment.ts';
import { startEmulator } from '../../emulator/emulator.ts';
import { DEFAULT_SEED } from '../../emulator/model/cloud-seed.ts';
import { freePorts } from '../../hack/control-plane/endpoint-probe.ts';
import { assertEventually } from '../support/assert-eventually.ts';
import { startTestControlPlane } from '../support/control-plane.ts';
import { startLocalCloud } from '../support/local-cloud.ts';
import { OperatorProcess } from '../support/operator-process.ts';

const CRDS = path.join(import.meta.dirname, '../../crds');
const WITHOUT_LEASE = ['--leader-elect=false', '--leader-elect-default-lease='];
/** A failure that passes by itself is shown once it has lasted for ten seconds. */
const WITHIN = { withinMs: 45_000, everyMs: 200 };

const directory = await mkdtemp(path.join(tmpdir(), 'bad-input-'));
const operators = new Set<OperatorProcess>();
const namespaces = new Set<string>();
const clouds: { stop(): Promise<void> }[] = [];
after(async () => {
  await Promise.all(clouds.map((cloud) => cloud.stop()));
  await rm(directory, { recursive: true, force: true });
});
const cluster = await startTestControlPlane({ crds: false });
const cloud = await startLocalCloud();
clouds.push(cloud);
const { kubectl, controlPlane } = cluster;

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

interface Shown {
  readonly metadata: { readonly uid: string };
  readonly status?: {
    readonly conditions?: readonly Condition[];
    readonly loadBalancer?: { readonly ingress?: readonly { readonly ip: string }[] };
    readonly loadBalancerId?: string;
  };
}

interface ShownEvent {
  readonly type: string;
  readonly reason: string;
  readonly note: string;
  readonly regarding: { readonly kind: string };
}

async function startOperator(
  environment: Readonly<Record<string, string>> = cloud.env,
  ...flags: string[]
): Promise<OperatorProcess> {
  const operator = await OperatorProcess.start(
    cluster.kubeconfig,
    environment,
    ...(flags.includes('--leader-elect=true') ? [] : WITHOUT_LEASE),
    ...flags,
  );
  operators.add(operator);
  return operator;
}

const TCP_80 = { name: 'http', port: 80, protocol: 'TCP' };

async function createService(spec: object = {}): Promise<string> {
  const namespace = await cluster.createNamespace();
  namespaces.add(namespace);
  await kubectl.apply({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace },
    spec: { type: 'LoadBalancer', selector: { app: 'web' }, ports: [TCP_80], ...spec },
  });
  return namespace;
}

async function conditionOf(
  kind: 'service' | 'alilb',
  namespace: string,
  type: string,
): Promise<Condition | undefined> {
  const { items } = await kubectl.get<{ items: Shown[] }>(kind, '-n', namespace);
  return items[0]?.status?.conditions?.find((condition) => condition.type === type);
}

async function eventsOf(namespace: string): Promise<ShownEvent[]> {
  const { items } = await kubectl.get<{ items: ShownEvent[] }>(
    ...['events.events.k8s.io', '-n', namespace],
  );
  return items;
}

async function waitUntilReady(namespace: string): Promise<void> {
  await assertEventually(async () => {
    const condition = await conditionOf('alilb', namespace, 'Ready');
    assert.equal(condition?.status, 'True', JSON.stringify(condition));
  }, WITHIN);
}

// What one test has broken is no concern of the next.
afterEach(async () => {
  await Promise.all([...operators].map((operator) => operator.kill()));
  operators.clear();
  for (const namespace of namespaces) {
    for (const kind of ['service', 'alilb']) {
      const object = [kind, 'web', '-n', namespace];
      const noFinalizers = JSON.stringify({ metadata: { finalizers: [] } });
      await kubectl.run('delete', ...object, '--wait=false', '--ignore-not-found');
      await kubectl.run('patch', ...object, '--type=merge', '-p', noFinalizers).catch(() => '');
    }
  }
  namespaces.clear();
  cloud.reset();
});

async function configFile(name: string, text: string): Promise<string> {
  const file = path.join(directory, name);
  await writeFile(file, text);
  return file;
}

// --- what is told on the command line and in files ---

const refusedStarts = [
  {
    name: 'UnknownFlag',
    flags: () => ['--frobnicate=1', '--kubeconfig=x'],
    complaints: [/^Unknown flag "--frobnicate": see --help$/m],
  },
  {
    name: 'SeveralWrongFlags',
    flags: () => [
      '--drift-period=soon',
      '--controllers=cook',
      '--network=moon',
      '--cluster-cidr=10.0.0.0',
    ],
    complaints: [/--drift-period/, /"cook"/, /"moon"/, /--cluster-cidr/],
  },
  {
    name: 'BadCloudConfig',
    flags: async () => {
      const Global = {
        accessKeyID: 'not base64!',
        accessKeySecret: 'c2VjcmV0',
        region: 7,
        clusterName: 'c',
        serviceBackendType: 'eni',
      };
      const text = JSON.stringify({ Global });
      return [`--cloud-config=${await configFile('bad.json', text)}`];
    },
    complaints: [
      /"Global\.accessKeyID" must be base64/,
      /"Global\.region" must be string/,
      /"Global\.clusterName" is not known/,
      /"Global\.serviceBackendType" is "eni"/,
    ],
  },
  {
    name: 'CloudConfigNoYaml',
    flags: async () => [`--cloud-config=${await configFile('torn.yaml', 'Global: {region: [')}`],
    complaints: [/cloud-config/i],
  },
  {
    name: 'NoCloudConfig',
    flags: () => ['--cloud-config=/does/not/exist.yaml'],
    complaints: [/\/does\/not\/exist\.yaml/],
  },
  {
    name: 'NoApiServerNamed',
    flags: () => [],
    complaints: [/^Cannot reach an API server: set "--kubeconfig", or run in a pod/m],
  },
  {
    name: 'NoKubeconfig',
    flags: () => ['--kubeconfig=/does/not/exist.yaml'],
    complaints: [/^Cannot read kubeconfig "\/does\/not\/exist\.yaml"/m],
  },
];

for (const { name, flags, complaints } of refusedStarts) {
  test(`operator: ${name} ends it with code 2, and every mistake is said at once`, async () => {
    const operator = OperatorProcess.run(await flags());
    operators.add(operator);
    assert.deepEqual(await operator.exited, { code: 2, signal: null }, operator.said);
    for (const complaint of complaints) assert.match(operator.complaints, complaint);
    assert.doesNotMatch(operator.complaints, /^\s+at /m, 'A stack trace is no message.');
    assert.doesNotMatch(operator.said, /c2VjcmV0/);
  });
}

// --- a cluster that is not as it should be ---

test('operator: without its kinds it says so and waits; once they come it works, without a restart', async () => {
  const operator = await startOperator();
  await assertEventually(async () => {
    const { status, body } = (await operator.readiness()) ?? {};
    assert.equal(status, 500);
    assert.match(body ?? '', /\[-\]informer-sync/);
    const said = operator.log.find(({ level }) => ['warn', 'error'].includes(level));
    assert.match(JSON.stringify(said), /alibabaloadbalancers|AlibabaLoadBalancer/);
  }, WITHIN);
  await kubectl.run('apply', '--server-side', '-f', CRDS);
  for (const { hostName, providerId } of cloud.nodes) {
    await kubectl.apply({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: hostName },
      spec: { providerID: providerId },
    });
  }
  const namespace = await createService();
  await waitUntilReady(namespace);
  assert.equal((await operator.readiness())?.status, 200);
  assert.ok(operator.isRunning, operator.said);
});

test('operator: an API server that is away at the start is waited for', async () => {
  await controlPlane.halt('kube-apiserver');
  const operator = await startOperator();
  await assertEventually(async () => {
    assert.equal((await operator.readiness())?.status, 500);
    const said = operator.log.filter(({ level }) => ['warn', 'error'].includes(level));
    assert.match(JSON.stringify(said), /ECONNREFUSED|connect/i);
  }, WITHIN);
  await sleep(5_000);
  const repeated = operator.log.filter(({ level }) => level !== 'info');
  assert.ok(repeated.length < 30, `It repeats itself: ${repeated.length} lines`);
  await controlPlane.resume('kube-apiserver');
  const namespace = await createService();
  await waitUntilReady(namespace);
  assert.ok(operator.isRunning, operator.said);
});

test('operator CTL-21: an API server that is lost ends the leader once; started again it waits, and nothing is written', async () => {
  const flags = ['--leader-elect=true', '--leader-elect-default-lease='];
  const leader = await startOperator(cloud.env, ...flags);
  const namespace = await createService();
  await waitUntilReady(namespace);
  await sleep(2_000);
  const since = cloud.calls().at(-1)?.seq ?? 0;

  await controlPlane.halt('kube-apiserver');
  const { code } = await leader.exited;
  assert.equal(code, 1, 'A leader that may have a successor must not go on.');
  assert.match(JSON.stringify(leader.log.slice(-5)), /lease/i);
  const next = await startOperator(cloud.env, ...flags);
  await sleep(5_000);
  assert.ok(next.isRunning, `It has ended: ${next.said}`);

  await controlPlane.resume('kube-apiserver');
  await assertEventually(async () => {
    const { status, body } = (await next.readiness()) ?? {};
    assert.equal(status, 200, body);
  }, WITHIN);
  const isServed = () => next.log.some(({ msg }) => msg === 'Started the controller');
  await assertEventually(() => {
    assert.ok(isServed());
  }, WITHIN);
  await sleep(3_000);
  const written = cloud.calls(since).filter(({ mutating }) => mutating);
  assert.deepEqual(written, []);
  assert.ok(next.isRunning, next.said);
});

test('operator: without a lease an API server that is lost and comes back costs nothing', async () => {
  const operator = await startOperator();
  const namespace = await createService();
  await waitUntilReady(namespace);
  const since = cloud.calls().at(-1)?.seq ?? 0;
  await controlPlane.halt('kube-apiserver');
  await assertEventually(async () => {
    const { status, body } = (await operator.readiness()) ?? {};
    assert.equal(status, 500);
    assert.match(body ?? '', /\[-\]api-server/);
  }, WITHIN);
  await controlPlane.resume('kube-apiserver');
  await assertEventually(async () => {
    assert.equal((await operator.readiness())?.status, 200);
  }, WITHIN);
  await sleep(3_000);
  assert.deepEqual(
    cloud.calls(since).filter(({ mutating }) => mutating),
    [],
  );
  await kubectl.run('delete', 'service', 'web', '-n', namespace);
  assert.deepEqual(cloud.state().loadBalancers, []);
  assert.ok(operator.isRunning, operator.said);
});

// --- a cloud that does not let itself be called ---

const PLACE = [`--region=${cloud.regionId}`, `--vpc-id=${cloud.vpcId}`];
const SECRET = 'a-secret-that-nobody-may-see';

const wrongCloudSettings: readonly {
  readonly name: string;
  readonly environment: () => Promise<Readonly<Record<string, string>>>;
  readonly flags?: readonly string[];
  readonly reason: string;
  readonly message: RegExp;
}[] = [
  {
    name: 'NoCredentials',
    environment: async () => ({
      ...withoutKey(cloud.env),
      METADATA_ENDPOINT: `http://127.0.0.1:${(await freePorts(1))[0] ?? 0}`,
    }),
    flags: PLACE,
    reason: 'Retrying',
    message: /instance metadata .*run on an ECS instance, or configure .*credentials/,
  },
  {
    name: 'InstanceWithoutRole',
    environment: async () => {
      const seed = Object.fromEntries(
        Object.entries(DEFAULT_SEED).filter(([member]) => member !== 'ramRole'),
      );
      const bare = await startEmulator({ seed });
      clouds.push(bare);
      return withoutKey(emulatorEnvironment(bare.url, cloud.accessKey));
    },
    reason: 'InvalidCredentials',
    message: /no RAM role .*attach one to it, or configure an access key/,
  },
  {
    name: 'WrongKey',
    environment: () => Promise.resolve({ ...cloud.env, ACCESS_KEY_ID: 'LTAInobodyknowsthisone' }),
    reason: 'InvalidCredentials',
    message: /access key id does not exist; check the configured access key/,
  },
  {
    name: 'WrongSecret',
    environment: () => Promise.resolve({ ...cloud.env, ACCESS_KEY_SECRET: SECRET }),
    reason: 'InvalidCredentials',
    message: /signature does not match; check the configured access key secret/,
  },
  {
    name: 'WrongRegion',
    environment: () => Promise.resolve(cloud.env),
    flags: ['--region=cn-nowhere'],
    reason: 'ReferenceNotFound',
    message: /region does not exist .*check the configured region/,
  },
];

for (const { name, environment, flags = [], reason, message } of wrongCloudSettings) {
  test(`operator OBS-04 SVC-79 SVC-85: ${name} is said where the user looks, and not tried again and again`, async () => {
    const operator = await startOperator(await environment(), ...flags);
    const namespace = await createService();
    await assertEventually(async () => {
      for (const type of ['Ready', 'Programmed']) {
        const condition = await conditionOf('alilb', namespace, type);
        assert.deepEqual([condition?.status, condition?.reason], ['False', reason]);
        assert.match(condition?.message ?? '', message);
      }
      const mirror = await conditionOf('service', namespace, 'networking.alibabacloud.com/Ready');
      assert.match(mirror?.message ?? '', message);
      const events = await eventsOf(namespace);
      const warning = events.find((event) => event.reason === 'SyncLoadBalancerFailed');
      assert.equal(warning?.regarding.kind, 'Service');
      assert.match(warning.note, message);
    }, WITHIN);

    const since = cloud.calls().at(-1)?.seq ?? 0;
    await sleep(4_000);
    assert.deepEqual(cloud.calls(since), [], 'Nothing has changed, so nothing is tried again.');
    const failures = operator.log.filter(({ level }) => level === 'error');
    assert.ok(failures.length <= 15, `${failures.length} failures were logged`);
    assert.doesNotMatch(operator.said, new RegExp(SECRET));
    assert.doesNotMatch(JSON.stringify(await eventsOf(namespace)), new RegExp(SECRET));
    assert.ok(operator.isRunning, operator.said);
  });
}

test('operator SVC-79: a cloud that is away is said and asked ever more rarely; once back it is used', async () => {
  const [port = 0] = await freePorts(1);
  let connections = 0;
  const away = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  away.unref();
  await new Promise<void>((resolve) => {
    away.listen(port, '127.0.0.1', resolve);
  });
  const operator = await startOperator(
    emulatorEnvironment(`http://127.0.0.1:${port}`, cloud.accessKey),
    ...PLACE,
  );
  const namespace = await createService();
  await assertEventually(async () => {
    const condition = await conditionOf('alilb', namespace, 'Ready');
    assert.deepEqual([condition?.status, condition?.reason], ['False', 'Retrying']);
    assert.match(condition?.message ?? '', /the connection was cut/);
  }, WITHIN);
  const before = connections;
  await sleep(5_000);
  assert.ok(connections - before <= 12, `${connections - before} connections in five seconds`);

  await new Promise((resolve) => away.close(resolve));
  const back = await startLocalCloud({ port });
  clouds.push(back);
  await waitUntilReady(namespace);
  assert.equal(back.state().loadBalancers.length, 1);
  assert.ok(operator.isRunning, operator.said);
});

// --- Services and objects that cannot be served as they are ---

test('Service SVC-67 SVC-37: an SCTP port is refused by name, and the ports beside it are served', async () => {
  const operator = await startOperator();
  const sctp = { name: 'signal', port: 3868, protocol: 'SCTP' };
  const namespace = await createService({ ports: [TCP_80, sctp] });
  await assertEventually(async () => {
    const condition = await conditionOf('service', namespace, 'LoadBalancerPortsError');
    assert.equal(condition?.status, 'True');
    assert.match(condition.message, /SCTP/);
    assert.match(condition.message, /3868/);
    const listeners = cloud.state().loadBalancers[0]?.listeners as
      readonly { listenerPort: number; status: string }[] | undefined;
    assert.deepEqual(
      listeners?.map(({ listenerPort, status }) => [listenerPort, status]),
      [[80, 'running']],
    );
  }, WITHIN);
  const warnings = (await eventsOf(namespace)).filter(({ type }) => type === 'Warning');
  assert.deepEqual(
    warnings.map(({ regarding }) => regarding.kind).toSorted(),
    ['AlibabaLoadBalancer', 'Service'],
    'Each object tells it once.',
  );
  for (const { note } of warnings) assert.match(note, /SCTP.*use TCP or UDP/);
  assert.ok(operator.isRunning, operator.said);
});

test('Service SVC-73: without a selector it is served like any other', async () => {
  const operator = await startOperator();
  const namespace = await createService({ selector: null });
  await waitUntilReady(namespace);
  const groups = cloud.state().vServerGroups as readonly { backendServers: unknown[] }[];
  assert.deepEqual(
    groups.map(({ backendServers }) => backendServers.length),
    [3],
  );
  assert.ok(operator.isRunning, operator.said);
});

test('Service SVC-48: without an eligible node the load balancer is there, and a Warning says what is missing', async () => {
  const label = 'node.kubernetes.io/exclude-from-external-load-balancers';
  await kubectl.run('label', 'nodes', '--all', `${label}=`);
  const operator = await startOperator();
  const namespace = await createService();
  await assertEventually(async () => {
    const warning = (await eventsOf(namespace)).find(
      ({ reason }) => reason === 'UnAvailableLoadBalancer',
    );
    assert.equal(warning?.type, 'Warning');
    assert.match(warning.note, /There are no available nodes/);
    const condition = await conditionOf('alilb', namespace, 'BackendsSynced');
    assert.equal(condition?.reason, 'NoBackends');
    const { items } = await kubectl.get<{ items: Shown[] }>('services', '-n', namespace);
    assert.equal(items[0]?.status?.loadBalancer?.ingress?.length, 1);
  }, WITHIN);
  await kubectl.run('label', 'nodes', '--all', `${label}-`);
  await assertEventually(() => {
    const groups = cloud.state().vServerGroups as readonly { backendServers: unknown[] }[];
    assert.deepEqual(
      groups.map(({ backendServers }) => backendServers.length),
      [3],
    );
  }, WITHIN);
  assert.ok(operator.isRunning, operator.said);
});

test('AlibabaLoadBalancer API-14: an impossible change is refused by the API server, or said with the way out while all else goes on', async () => {
  const operator = await startOperator();
  const namespace = await createService();
  await waitUntilReady(namespace);
  const edit = (spec: object) =>
    kubectl.run(
      ...['patch', 'alilb', 'web', '-n', namespace, '--type=merge'],
      ...['-p', JSON.stringify({ spec })],
    );
  await assert.rejects(edit({ serviceRef: { name: 'other' } }), /serviceRef/);
  await assert.rejects(edit({ type: 'NLB' }), /type/);

  await edit({ addressType: 'Intranet', clb: { vSwitchId: 'vsw-bp1emulator000000000h' } });
  await assertEventually(async () => {
    const condition = await conditionOf('alilb', namespace, 'Accepted');
    assert.deepEqual([condition?.status, condition?.reason], ['False', 'Immutable']);
    assert.match(
      condition?.message ?? '',
      /spec\.addressType: "Intranet" cannot be set .* has "Internet": set it back, or/,
    );
  }, WITHIN);
  const [before] = cloud.state().loadBalancers;
  await kubectl.run(
    ...['patch', 'service', 'web', '-n', namespace, '--type=merge', '-p'],
    JSON.stringify({ spec: { ports: [TCP_80, { name: 'https', port: 443, protocol: 'TCP' }] } }),
  );
  await assertEventually(() => {
    const [changed] = cloud.state().loadBalancers;
    assert.equal((changed?.listeners as unknown[]).length, 2);
    assert.equal(changed?.loadBalancerId, before?.loadBalancerId);
  }, WITHIN);

  await edit({ addressType: 'Internet', clb: null });
  await waitUntilReady(namespace);
  assert.ok(operator.isRunning, operator.said);
});

function withoutKey(environment: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => !name.startsWith('ACCESS_KEY')),
  );
}

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { eventually, pause, startOperatorWorld } from '../support/operator-world.ts';
import { ServiceScene } from '../support/service-scene.ts';

const DOMAIN = 'networking.alibabacloud.com';
const READY = `${DOMAIN}/Ready`;
const PREFIX = 'service.beta.kubernetes.io/alibaba-cloud-loadbalancer-';

const world = await startOperatorWorld();
await world.startOperator();
const { cloud, cluster } = world;
const { kubectl } = cluster;

afterEach(() => {
  cloud.removeFaults();
});

async function openReady(): Promise<ServiceScene> {
  const scene = await ServiceScene.open(world);
  await scene.createService('web');
  await scene.waitUntilReady('web');
  return scene;
}

function refuseListeners(): void {
  cloud.addFault({
    action: 'CreateLoadBalancerTCPListener',
    kind: 'error',
    code: 'OverQuota',
    httpStatus: 400,
    times: 0,
  });
}

const SECOND_PORT = {
  spec: {
    ports: [
      { name: 'a', port: 80 },
      { name: 'b', port: 81 },
    ],
  },
};

test('UX-01 API-10: waiting for Ready waits for the generation that was asked for', async () => {
  const scene = await openReady();
  const hold = cloud.addFault({ action: 'CreateLoadBalancerTCPListener', kind: 'hold', times: 0 });
  const before = await scene.get('alilb', 'web');
  await scene.patch('service', 'web', SECOND_PORT);
  const [held] = await cloud.held();
  assert.ok(held);
  const asked = await scene.get('alilb', 'web');
  assert.notEqual(asked.metadata.generation, before.metadata.generation);
  const wait = (seconds: number): Promise<string> =>
    scene.kubectl('wait', 'alilb/web', '--for=condition=Ready', `--timeout=${seconds}s`);
  await assert.rejects(wait(1), /timed out/);
  cloud.removeFaults(hold.id);
  cloud.release(held.id);
  assert.match(await wait(30), /condition met/);
  const { status, metadata } = await scene.get('alilb', 'web');
  assert.equal(status?.observedGeneration, metadata.generation);
});

test('API-10: a pass that fails writes the generation that it looked at', async () => {
  const scene = await openReady();
  refuseListeners();
  await scene.patch('service', 'web', SECOND_PORT);
  await scene.waitForReason('alilb', 'web', 'Ready', 'QuotaExceeded');
  const { status, metadata } = await scene.get('alilb', 'web');
  assert.equal(metadata.generation, 2);
  assert.equal(status?.observedGeneration, 2);
  const ready = status.conditions?.find(({ type }) => type === 'Ready');
  assert.equal((ready as { observedGeneration?: number } | undefined)?.observedGeneration, 2);
});

test('UX-02: waiting for the address of a Service works, and so does its column', async () => {
  const scene = await ServiceScene.open(world);
  const hold = cloud.addFault({ action: 'CreateLoadBalancer', kind: 'hold', times: 0 });
  await scene.createService('web');
  const [held] = await cloud.held();
  assert.match(await scene.kubectl('get', 'service', 'web'), /<pending>/);
  cloud.removeFaults(hold.id);
  cloud.release(held?.id ?? '');
  const ingress = '--for=jsonpath={.status.loadBalancer.ingress}';
  await scene.kubectl('wait', 'service/web', ingress, '--timeout=30s');
  const [loadBalancer] = scene.cloudOf(await scene.get('service', 'web'));
  assert.ok(loadBalancer);
  const line = (await scene.kubectl('get', 'service', 'web', '--no-headers')).split(/\s+/);
  assert.equal(line[3], loadBalancer.address);
});

test('UX-03: describing an object tells what is wrong, with the code of the cloud and the way out', async () => {
  const scene = await ServiceScene.open(world);
  refuseListeners();
  await scene.createService('web');
  await scene.waitForReason('service', 'web', READY, 'QuotaExceeded');
  for (const kind of ['alilb', 'service']) {
    await eventually(async () => {
      const described = await scene.kubectl('describe', kind, 'web');
      assert.match(described, /raise the quota .*\(OverQuota\)/);
    });
  }
  assert.match(await scene.kubectl('describe', 'alilb', 'web'), /Reason:\s+QuotaExceeded/);
});

test('UX-04: from a Service one finds its load balancer in the cloud, and back', async () => {
  const scene = await openReady();
  const service = await scene.get('service', 'web');
  const id = await scene.kubectl('get', 'alilb', 'web', '-o', 'jsonpath={.status.loadBalancerId}');
  assert.deepEqual(
    scene.cloudOf(service).map(({ loadBalancerId }) => loadBalancerId),
    [id],
  );
  const tags = scene.cloudOf(service)[0]?.tags ?? {};
  assert.equal(tags[`${DOMAIN}/service`], `${scene.namespace}/web`);
  assert.equal(tags[`${DOMAIN}/service-uid`], service.metadata.uid);
  const selector = `--field-selector=status.loadBalancerId=${id}`;
  const back = await kubectl.run('get', 'alilb', '-A', selector, '-o', 'name');
  assert.equal(back.trim(), `alibabaloadbalancer.${DOMAIN}/web`);
});

test('UX-05 API-21 API-24: explaining, listing by category, selecting and round trips work', async () => {
  const scene = await openReady();
  await scene.createService('other');
  await scene.waitUntilReady('other');
  assert.match(await kubectl.run('explain', 'alilb.spec.clb.bandwidthMbps'), /<integer>/);
  assert.match(await kubectl.run('explain', 'alilb.status.conditions'), /DESCRIPTION/);
  const names = await scene.kubectl('get', 'alibaba', '-o', 'name');
  assert.equal(names.trim().split('\n').length, 2);
  const selected = await scene.kubectl(
    ...['get', 'alilb', '--field-selector=spec.serviceRef.name=other', '-o', 'name'],
  );
  assert.equal(selected.trim(), `alibabaloadbalancer.${DOMAIN}/other`);

  const before = await scene.get('alilb', 'web');
  const manifest = await scene.kubectl('get', 'alilb', 'web', '-o', 'yaml');
  await kubectl.runWithInput(manifest, 'replace', '-f', '-');
  const after = await scene.get('alilb', 'web');
  assert.deepEqual(after.spec, before.spec);
  assert.equal(after.metadata.generation, before.metadata.generation);
});

test('UX-06: what is applied again or compared shows no difference', async () => {
  const scene = await ServiceScene.open(world);
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: scene.namespace },
    spec: { type: 'LoadBalancer', selector: { app: 'web' }, ports: [{ port: 80 }] },
  };
  const settings = {
    apiVersion: `${DOMAIN}/v1alpha1`,
    kind: 'AlibabaLoadBalancer',
    metadata: { name: 'web', namespace: scene.namespace },
    spec: { tags: [{ key: 'team', value: 'web' }], clb: { modificationProtection: 'On' } },
  };
  await kubectl.apply(service);
  await scene.waitUntilReady('web');
  await kubectl.apply(settings, '--server-side', '--field-manager=gitops');
  await eventually(async () => {
    const tags = scene.cloudOf(await scene.get('service', 'web'))[0]?.tags ?? {};
    assert.equal(tags.team, 'web');
  });
  await scene.waitUntilReady('web');
  await scene.patch('service', 'web', { metadata: { annotations: { 'example.com/touch': '1' } } });
  await pause(500);
  const found = [await scene.get('service', 'web'), await scene.get('alilb', 'web')];
  assert.match(await kubectl.apply(service), /unchanged/);
  await kubectl.apply(settings, '--server-side', '--field-manager=gitops');
  await pause(500);
  const left = [await scene.get('service', 'web'), await scene.get('alilb', 'web')];
  assert.deepEqual(
    left.map(({ metadata }) => metadata.resourceVersion),
    found.map(({ metadata }) => metadata.resourceVersion),
  );
  // It ends with another code than 0 when there is a difference.
  await kubectl.runWithInput(service, 'diff', '-f', '-');
  const asGitOps = ['--server-side', '--field-manager=gitops'];
  await kubectl.runWithInput(settings, 'diff', ...asGitOps, '-f', '-');
});

test('UX-07 KAS-09: a refusal names the field, the value and what is allowed', async () => {
  const scene = await openReady();
  await assert.rejects(
    scene.patch('alilb', 'web', { spec: { addressType: 'Bogus' } }),
    /spec\.addressType: Unsupported value: "Bogus": supported values: "Internet", "Intranet"/,
  );
  await assert.rejects(
    scene.patch('alilb', 'web', { spec: { clb: { bandwidthMbps: 9000 } } }),
    /spec\.clb\.bandwidthMbps: Invalid value.*5120/,
  );
  await scene.patch('alilb', 'web', { spec: { noSuchField: 1 } });
  assert.ok(!('noSuchField' in (await scene.get('alilb', 'web')).spec));

  await scene.kubectl('annotate', 'service', 'web', `${PREFIX}address-type=sideways`);
  await eventually(async () => {
    const notes = (await world.events(scene.namespace)).map(({ note }) => note);
    const told = notes.find((note) => note.includes('address-type'));
    assert.match(told ?? '', /"sideways".*internet.*intranet/);
  });
});

test('API-13: what is chosen or seen goes to the status, and what a person set stays as it is', async () => {
  const scene = await ServiceScene.open(world);
  await scene.createService('web', { type: 'NodePort' });
  const spec = {
    type: 'CLB',
    serviceRef: { name: 'web' },
    listeners: [{ transport: 'TCP', port: 443, backend: { servicePort: 80 } }],
  };
  await kubectl.apply({
    apiVersion: `${DOMAIN}/v1alpha1`,
    kind: 'AlibabaLoadBalancer',
    metadata: { name: 'mine', namespace: scene.namespace },
    spec,
  });
  const before = await scene.get('alilb', 'mine');
  await scene.kubectl('wait', 'alilb/mine', '--for=condition=Ready', '--timeout=30s');
  const after = await scene.get('alilb', 'mine');
  assert.deepEqual(after.spec, before.spec);
  assert.deepEqual(after.spec, spec);
  assert.equal(after.metadata.generation, 1);
  const [loadBalancer] = scene.cloudOf(await scene.get('service', 'web'));
  assert.equal(after.status?.loadBalancerId, loadBalancer?.loadBalancerId);
  assert.deepEqual(after.status?.addresses, [{ ip: loadBalancer?.address, family: 'IPv4' }]);
});

test('API-25: a reference stays within the namespace, and may lead nowhere without harm', async () => {
  const scene = await openReady();
  const referring = (name: string): object => ({
    apiVersion: `${DOMAIN}/v1alpha1`,
    kind: 'AlibabaLoadBalancer',
    metadata: { name: 'mine', namespace: scene.namespace },
    spec: { type: 'CLB', serviceRef: { name } },
  });
  for (const name of ['other/web', '../web', 'Web', '']) {
    await assert.rejects(kubectl.apply(referring(name)), /spec\.serviceRef\.name: Invalid value/);
  }
  const since = cloud.calls().at(-1)?.seq ?? 0;
  await kubectl.apply(referring('nowhere'));
  const condition = await scene.waitForReason('alilb', 'mine', 'Ready', 'ServiceNotFound');
  assert.match(condition.message, /"nowhere" does not exist in this namespace: create it/);
  await scene.kubectl('delete', 'alilb', 'mine', '--timeout=20s');
  assert.deepEqual(cloud.calls(since), []);
});

test('API-26: keys of ours have the prefix of our domain, in lower case', async () => {
  const scene = await openReady();
  const service = await scene.get('service', 'web');
  const resource = await scene.get('alilb', 'web');
  const keys = [service, resource].flatMap(({ metadata }) => [
    ...(metadata.finalizers ?? []),
    ...Object.keys(metadata.annotations ?? {}),
    ...Object.keys(metadata.labels ?? {}),
  ]);
  keys.push(...(service.status?.conditions ?? []).map(({ type }) => type));
  // Names that are not ours to choose: Kubernetes' own tools look for them.
  const usual = ['service.kubernetes.io/load-balancer-cleanup', 'app.kubernetes.io/managed-by'];
  const ours = keys.filter((key) => !usual.includes(key));
  assert.equal(ours.length, keys.length - usual.length);
  assert.ok(ours.length >= 3, ours.join());
  for (const key of ours) assert.equal(key.split('/')[0], DOMAIN);
  const tags = Object.keys(scene.cloudOf(service)[0]?.tags ?? {});
  const known = ['ack.aliyun.com', 'kubernetes.do.not.delete'];
  for (const key of tags.filter((tag) => !known.includes(tag))) {
    assert.equal(key.split('/')[0], DOMAIN);
  }
});

const policies = [
  { policy: 'Retain', isKept: true, reason: 'It stays, and nobody takes it for ours.' },
  { policy: 'Delete', isKept: false, reason: 'It goes with the object.' },
];

for (const { policy, isKept, reason } of policies) {
  test(`OWN-09: deletionPolicy ${policy} decides what becomes of the load balancer`, async () => {
    const scene = await openReady();
    const [made] = scene.cloudOf(await scene.get('service', 'web'));
    assert.ok(made);
    await scene.patch('alilb', 'web', { spec: { deletionPolicy: policy } });
    await scene.kubectl('delete', 'service', 'web', '--timeout=30s');
    const left = cloud
      .state()
      .loadBalancers.filter(({ loadBalancerId }) => loadBalancerId === made.loadBalancerId);
    assert.deepEqual(
      left.map(({ address, tags }) => ({ address, tags })),
      isKept ? [{ address: made.address, tags: {} }] : [],
      reason,
    );
  });
}

test('SVC-82: DeletingLoadBalancer is said once when a Service begins to go', async () => {
  const scene = await ServiceScene.open(world);
  await scene.createService('web', {}, { finalizers: ['example.com/hold'] });
  await scene.waitUntilReady('web');
  const hold = cloud.addFault({ action: 'DeleteLoadBalancer', kind: 'hold', times: 0 });
  await scene.kubectl('delete', 'service', 'web', '--wait=false');
  const [held] = await cloud.held();
  await eventually(async () => {
    assert.equal((await scene.saidOf('Service', 'web')).at(-1), 'Normal DeletingLoadBalancer');
  });
  cloud.removeFaults(hold.id);
  cloud.release(held?.id ?? '');
  await eventually(async () => {
    assert.equal((await scene.saidOf('Service', 'web')).length, 4);
  });
  await scene.patch('service', 'web', { metadata: { finalizers: null } });
});

test('SVC-82: DeletedLoadBalancer is said once when nothing is left of the load balancer', async () => {
  const scene = await ServiceScene.open(world);
  await scene.createService('web');
  const service = await scene.waitUntilReady('web');
  await scene.patch('service', 'web', { spec: { type: 'ClusterIP' } });
  await eventually(async () => {
    assert.equal((await scene.saidOf('Service', 'web')).at(-1), 'Normal DeletedLoadBalancer');
  });
  assert.deepEqual(scene.cloudOf(service), []);
  const said = await scene.saidOf('Service', 'web');
  assert.equal(said.filter((event) => event === 'Normal DeletedLoadBalancer').length, 1);
});

test('SVC-13: without the finalizer nothing is made in the cloud, and a Warning says why', async () => {
  const scene = await ServiceScene.open(world);
  const name = 'no-finalizers';
  const policy = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name },
    spec: {
      matchConstraints: {
        resourceRules: [
          { apiGroups: [''], apiVersions: ['v1'], operations: ['UPDATE'], resources: ['services'] },
        ],
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': scene.namespace } },
      },
      validations: [
        {
          expression: '!has(object.metadata.finalizers) || size(object.metadata.finalizers) == 0',
          message: 'finalizers are not allowed here',
        },
      ],
    },
  };
  const binding = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name },
    spec: { policyName: name, validationActions: ['Deny'] },
  };
  await kubectl.apply({ apiVersion: 'v1', kind: 'List', items: [policy, binding] });
  await scene.createService('probe', { type: 'ClusterIP' });
  const finalizers = JSON.stringify({ metadata: { finalizers: ['example.com/hold'] } });
  await eventually(async () => {
    const probe = scene.kubectl(
      ...['patch', 'service', 'probe', '--type=merge', '--dry-run=server', '-p', finalizers],
    );
    await assert.rejects(probe, /finalizers are not allowed here/);
  });
  const since = cloud.calls().at(-1)?.seq ?? 0;
  await scene.createService('web');
  await eventually(async () => {
    const warning = (await world.events(scene.namespace)).find(({ type }) => type === 'Warning');
    assert.equal(warning?.reason, 'SyncLoadBalancerFailed');
    assert.match(warning.note, /finalizers are not allowed here/);
  });
  assert.equal(await scene.find('alilb', 'web'), undefined);
  assert.deepEqual(cloud.calls(since), []);
  await kubectl.run('delete', 'validatingadmissionpolicybinding', name);
  await scene.kubectl('delete', 'service', 'web', '--timeout=20s');
});

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';
import { ensureHelm } from '../../hack/control-plane/installed-helm.ts';
import { startTestControlPlane } from '../support/control-plane.ts';

const CHART = path.join(import.meta.dirname, '../../helm/alibaba-cloud-operator');
const helmFile = await ensureHelm();
const { kubectl, kubeconfig, ...cluster } = await startTestControlPlane();

interface Manifest {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

async function helm(...parameters: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(helmFile, parameters, {
    env: { ...process.env, KUBECONFIG: kubeconfig },
  });
  return stdout;
}

async function render(...settings: readonly string[]): Promise<Manifest[]> {
  const text = await helm('template', 'test', CHART, ...settings.flatMap((s) => ['--set', s]));
  return parseAllDocuments(text)
    .map((document) => document.toJS() as Manifest | null)
    .filter((manifest) => manifest !== null);
}

const kindsOf = (manifests: readonly Manifest[]) => manifests.map(({ kind }) => kind);

test('chart PKG-02: helm finds nothing to complain about', async () => {
  await helm('lint', '--strict', CHART);
});

const badValues = [
  { name: 'UnknownKey', settings: ['replicaCount=3'], complaint: /replicaCount/ },
  { name: 'UnknownPart', settings: ['operator.dryRun=true'], complaint: /dryRun/ },
  { name: 'TextAsNumber', settings: ['replicas=many'], complaint: /replicas/ },
  { name: 'NoSuchNetwork', settings: ['operator.network=internet'], complaint: /network/ },
  { name: 'DurationWithoutUnit', settings: ['operator.driftPeriod=5'], complaint: /driftPeriod/ },
  { name: 'KeyInConfig', settings: ['cloudConfig.accessKeyID=a'], complaint: /accessKeyID/ },
  { name: 'HalfAKey', settings: ['credentials.accessKeyId=a'], complaint: /go together/ },
  {
    name: 'TwoSources',
    settings: [
      'credentials.existingSecret=s',
      'credentials.accessKeyId=a',
      'credentials.accessKeySecret=b',
    ],
    complaint: /leave credentials\.accessKeyId/,
  },
  { name: 'NoAccount', settings: ['serviceAccount.create=false'], complaint: /name is needed/ },
];

for (const { name, settings, complaint } of badValues) {
  test(`chart PKG-02: refuses ${name}`, async () => {
    await assert.rejects(render(...settings), complaint);
  });
}

const disruptionBudgets = [
  { replicas: 0, want: false, reason: 'There is no pod.' },
  { replicas: 1, want: false, reason: 'It would keep the only node it is on from being drained.' },
  { replicas: 2, want: true, reason: 'One of two may go at a time.' },
];

for (const { replicas, want, reason } of disruptionBudgets) {
  test(`chart PKG-05: ${replicas} replicas`, async () => {
    const kinds = kindsOf(await render(`replicas=${replicas}`));
    assert.equal(kinds.includes('PodDisruptionBudget'), want, reason);
  });
}

test('chart PKG-01: definitions are there unless switched off, and kept unless told', async () => {
  const definitions = async (...settings: string[]) =>
    (await render(...settings)).filter(({ kind }) => kind === 'CustomResourceDefinition');
  const policies = (manifests: readonly Manifest[]) =>
    manifests.map(({ metadata }) => metadata.annotations?.['helm.sh/resource-policy']);

  assert.deepEqual(policies(await definitions()), ['keep', 'keep']);
  assert.deepEqual(policies(await definitions('crds.keep=false')), [undefined, undefined]);
  assert.deepEqual(await definitions('crds.install=false'), []);
});

test('chart SEC-08: an access key goes to a Secret, and to nothing else', async () => {
  const settings = ['credentials.accessKeyId=key-id', 'credentials.accessKeySecret=key-secret'];
  const manifests = await render(...settings, 'cloudConfig.region=cn-hangzhou');
  const secretive = manifests.filter((manifest) =>
    /key-id|key-secret|a2V5LWlk|a2V5LXNlY3JldA/.test(JSON.stringify(manifest)),
  );
  assert.deepEqual(kindsOf(secretive), ['Secret']);
  assert.ok(!kindsOf(manifests).includes('ConfigMap'));
});

test('chart SEC-02: the lease is named where a name can be given', async () => {
  const manifests = await render();
  const role = manifests.find(({ kind }) => kind === 'Role') as unknown as {
    metadata: { namespace: string };
    rules: { verbs: string[]; resources: string[]; resourceNames?: string[] }[];
  };
  assert.equal(role.metadata.namespace, 'kube-system');
  assert.ok(role.rules.every(({ resources }) => resources.join() === 'leases'));
  for (const { verbs, resourceNames } of role.rules) {
    if (resourceNames === undefined) assert.deepEqual(verbs, ['create']);
    else assert.deepEqual(resourceNames, ['alibaba-cloud-operator', 'ccm']);
  }
});

test('chart SEC-01: no rule has a wildcard, and none reads Secrets', async () => {
  const rules = (await render())
    .filter(({ kind }) => kind === 'Role' || kind === 'ClusterRole')
    .flatMap((role) => (role as unknown as { rules: Record<string, string[]>[] }).rules);
  const granted = new Set(rules.flatMap((rule) => Object.values(rule).flat()));
  assert.ok(!granted.has('*'));
  assert.ok(!granted.has('secrets'));
});

test('chart SEC-04: pods meet the level "restricted"', async () => {
  const namespace = await cluster.createNamespace({
    'pod-security.kubernetes.io/enforce': 'restricted',
  });
  const deployment = (await render()).find(({ kind }) => kind === 'Deployment') as unknown as {
    spec: { template: { metadata: object; spec: { serviceAccountName: string } } };
  };
  const { metadata, spec } = deployment.spec.template;
  await kubectl.run('create', 'serviceaccount', spec.serviceAccountName, '-n', namespace);
  const pod = (security: object) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...metadata, name: 'operator', namespace },
    spec: { ...spec, ...security },
  });
  await kubectl.apply(pod({}), '--dry-run=server');
  await assert.rejects(
    kubectl.apply(pod({ hostNetwork: true }), '--dry-run=server'),
    /PodSecurity "restricted/,
  );
});

test('chart PKG-01 PKG-03: installs, upgrades and goes; our kinds and their objects stay', async () => {
  const namespace = await cluster.createNamespace();
  // The definitions that the tests have installed are in the way of those that the chart brings.
  for (const kind of ['alibabaloadbalancers', 'alibabaroutetables']) {
    await kubectl.run('delete', 'crd', `${kind}.networking.alibabacloud.com`);
  }
  const release = ['test', CHART, '-n', namespace];
  await helm('install', ...release);
  const selector = async () =>
    kubectl.run('get', 'deployments', '-n', namespace, '-o', 'jsonpath={..selector.matchLabels}');
  const before = await selector();
  await kubectl.run('wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s');
  await kubectl.apply({
    apiVersion: 'networking.alibabacloud.com/v1alpha1',
    kind: 'AlibabaLoadBalancer',
    metadata: { name: 'web', namespace },
    spec: { type: 'CLB', serviceRef: { name: 'web' } },
  });
  await helm('upgrade', ...release, '--set', 'operator.logLevel=debug');
  assert.equal(await selector(), before);
  await helm('uninstall', 'test', '-n', namespace);
  assert.match(await kubectl.run('get', 'alilb', '-n', namespace), /web/);
  assert.equal(await kubectl.run('get', 'deployments', '-n', namespace), '');
});

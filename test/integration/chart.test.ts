import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  CHART,
  helm,
  kindsOf,
  podTemplateOf,
  renderChart,
  type Manifest,
  type PodTemplate,
} from '../support/chart-manifests.ts';
import { startTestControlPlane } from '../support/control-plane.ts';

const { kubectl, kubeconfig, ...cluster } = await startTestControlPlane();

test('chart PKG-02: helm finds nothing to complain about', async () => {
  await helm(['lint', '--strict', CHART]);
});

const OWN_TOKEN = [
  'rrsa.enable=true',
  'rrsa.roleArn=acs:ram::100:role/operator',
  'rrsa.oidcProviderArn=acs:ram::100:oidc-provider/ack-rrsa-c1',
];

const badValues = [
  { name: 'UnknownKey', settings: ['replicaCount=3'], complaint: /replicaCount/ },
  { name: 'UnknownPart', settings: ['operator.verbose=true'], complaint: /verbose/ },
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
  {
    name: 'KeyAndRole',
    settings: [...OWN_TOKEN, 'credentials.accessKeyId=a', 'credentials.accessKeySecret=b'],
    complaint: /exclude each other/,
  },
  { name: 'RoleWithoutName', settings: ['rrsa.enable=true'], complaint: /needs rrsa\.roleName/ },
  {
    name: 'RoleWithoutProvider',
    settings: OWN_TOKEN.slice(0, 2),
    complaint: /rrsa\.oidcProviderArn go together/,
  },
  { name: 'NoArn', settings: ['rrsa.roleArn=operator'], complaint: /roleArn/ },
  {
    name: 'RangeWithoutSize',
    settings: ['operator.clusterCidr=10.0.0.0'],
    complaint: /clusterCidr/,
  },
  { name: 'UnknownController', settings: ['operator.controllers=*,nodes'], complaint: /"nodes"/ },
  {
    name: 'RangesOutOfNothing',
    settings: ['operator.controllers=*,node-ipam-controller'],
    complaint: /out of operator\.clusterCidr/,
  },
  {
    name: 'FlagOfAValue',
    settings: ['operator.extraArgs[0]=--cluster-cidr=10.0.0.0/8'],
    complaint: /extraArgs/,
  },
  { name: 'NoAccount', settings: ['serviceAccount.create=false'], complaint: /name is needed/ },
];

for (const { name, settings, complaint } of badValues) {
  test(`chart PKG-02: refuses ${name}`, async () => {
    await assert.rejects(renderChart(...settings), complaint);
  });
}

const disruptionBudgets = [
  { replicas: 0, want: false, reason: 'There is no pod.' },
  { replicas: 1, want: false, reason: 'It would keep the only node it is on from being drained.' },
  { replicas: 2, want: true, reason: 'One of two may go at a time.' },
];

for (const { replicas, want, reason } of disruptionBudgets) {
  test(`chart PKG-05: ${replicas} replicas`, async () => {
    const kinds = kindsOf(await renderChart(`replicas=${replicas}`));
    assert.equal(kinds.includes('PodDisruptionBudget'), want, reason);
  });
}

test('chart PKG-01: definitions are there unless switched off, and kept unless told', async () => {
  const definitions = async (...settings: string[]) =>
    (await renderChart(...settings)).filter(({ kind }) => kind === 'CustomResourceDefinition');
  const policies = (manifests: readonly Manifest[]) =>
    manifests.map(({ metadata }) => metadata.annotations?.['helm.sh/resource-policy']);

  assert.deepEqual(policies(await definitions()), ['keep', 'keep']);
  assert.deepEqual(policies(await definitions('crds.keep=false')), [undefined, undefined]);
  assert.deepEqual(await definitions('crds.install=false'), []);
});

test('chart SEC-08: an access key goes to a Secret, and to nothing else', async () => {
  const settings = ['credentials.accessKeyId=key-id', 'credentials.accessKeySecret=key-secret'];
  const manifests = await renderChart(...settings, 'cloudConfig.region=cn-hangzhou');
  const secretive = manifests.filter((manifest) =>
    /key-id|key-secret|a2V5LWlk|a2V5LXNlY3JldA/.test(JSON.stringify(manifest)),
  );
  assert.deepEqual(kindsOf(secretive), ['Secret']);
  assert.ok(!kindsOf(manifests).includes('ConfigMap'));
});

test('chart SEC-04 SEC-05: pods meet the level "restricted", and on the network of their node only "privileged"', async () => {
  const namespace = await cluster.createNamespace({
    'pod-security.kubernetes.io/enforce': 'restricted',
  });
  const usual = podTemplateOf(await renderChart());
  const onHost = podTemplateOf(await renderChart('hostNetwork=true'));
  await kubectl.run('create', 'serviceaccount', usual.spec.serviceAccountName, '-n', namespace);
  const pod = ({ metadata, spec }: PodTemplate) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...metadata, name: 'operator', namespace },
    spec,
  });
  await kubectl.apply(pod(usual), '--dry-run=server');
  await assert.rejects(
    kubectl.apply(pod(onHost), '--dry-run=server'),
    /PodSecurity "restricted.*host namespaces \(hostNetwork=true\)/,
  );
  const { hostNetwork, dnsPolicy, ...rest } = onHost.spec;
  assert.deepEqual({ hostNetwork, dnsPolicy }, { hostNetwork: true, dnsPolicy: 'Default' });
  assert.deepEqual(rest, usual.spec, 'Nothing else differs');
});

test('chart SEC-04: the token that the chart projects is allowed at the level "restricted"', async () => {
  const namespace = await cluster.createNamespace({
    'pod-security.kubernetes.io/enforce': 'restricted',
  });
  const { metadata, spec } = podTemplateOf(await renderChart(...OWN_TOKEN));
  await kubectl.run('create', 'serviceaccount', spec.serviceAccountName, '-n', namespace);
  const object = { ...metadata, name: 'operator', namespace };
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: object, spec };
  await kubectl.apply(pod, '--dry-run=server');
});

test('chart PKG-01 PKG-03: installs, upgrades and goes; our kinds and their objects stay', async () => {
  const namespace = await cluster.createNamespace();
  // The definitions that the tests have installed are in the way of those that the chart brings.
  for (const kind of ['alibabaloadbalancers', 'alibabaroutetables']) {
    await kubectl.run('delete', 'crd', `${kind}.networking.alibabacloud.com`);
  }
  const release = ['test', CHART, '-n', namespace];
  await helm(['install', ...release], kubeconfig);
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
  await helm(['upgrade', ...release, '--set', 'operator.logLevel=debug'], kubeconfig);
  assert.equal(await selector(), before);
  await helm(['uninstall', 'test', '-n', namespace], kubeconfig);
  assert.match(await kubectl.run('get', 'alilb', '-n', namespace), /web/);
  assert.equal(await kubectl.run('get', 'deployments', '-n', namespace), '');
});

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { startControlPlane } from '../../hack/control-plane/control-plane.ts';
import { waitUntil } from '../../hack/control-plane/endpoint-probe.ts';
import { isProcessAlive } from '../../hack/control-plane/exclusive-lock.ts';
import { selectVersions } from '../../hack/control-plane/program-versions.ts';
import { startTestControlPlane } from '../support/control-plane.ts';
import { KubectlError } from '../support/kubectl.ts';

const { controlPlane, kubectl, ...cluster } = await startTestControlPlane();

interface ServiceObject {
  readonly spec: {
    readonly clusterIPs: readonly string[];
    readonly ports: readonly { readonly nodePort?: number }[];
  };
}

test('control plane: runs the version that was asked for', async () => {
  assert.equal(controlPlane.kubernetesVersion, selectVersions(process.env).kubernetes);
  assert.match(await kubectl.run('version'), new RegExp(`v${controlPlane.kubernetesVersion}`));
});

test('control plane: a Service of type LoadBalancer gets a node port, and both IP families', async () => {
  const namespace = await cluster.createNamespace();
  await kubectl.apply({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace },
    spec: {
      type: 'LoadBalancer',
      ipFamilyPolicy: 'RequireDualStack',
      ports: [{ port: 80, protocol: 'TCP' }],
    },
  });
  const { spec } = await kubectl.get<ServiceObject>('service', 'web', '-n', namespace);
  assert.ok((spec.ports[0]?.nodePort ?? 0) >= 30_000);
  assert.equal(spec.clusterIPs.length, 2);
});

test('control plane: a service account may do what a role allows, and nothing else', async () => {
  const namespace = await cluster.createNamespace();
  await kubectl.run('create', 'serviceaccount', 'reader', '-n', namespace);
  const reader = kubectl.as(await cluster.serviceAccountKubeconfig(namespace, 'reader'));
  const listServices = () => reader.run('get', 'services', '-n', namespace);

  await assert.rejects(
    listServices,
    (error) => error instanceof KubectlError && /Forbidden.*:reader"/.test(error.message),
  );
  await kubectl.run(
    'create',
    'role',
    'read',
    '--verb=list',
    '--resource=services',
    '-n',
    namespace,
  );
  const subject = `--serviceaccount=${namespace}:reader`;
  await kubectl.run('create', 'rolebinding', 'read', '--role=read', subject, '-n', namespace);
  // The API server's own authorizer learns of a new binding by a watch.
  await waitUntil('the binding counts', 5000, () =>
    listServices().then(
      () => true,
      () => false,
    ),
  );
  await assert.rejects(reader.run('get', 'secrets', '-n', namespace), /Forbidden/);
});

test('control plane: the audit log tells who asked for what, before the answer is there', async () => {
  const namespace = await cluster.createNamespace();
  await kubectl.run('create', 'configmap', 'told', '--from-literal=a=b', '-n', namespace);
  await kubectl.run('get', 'configmap', 'told', '-n', namespace);
  const events = (await cluster.auditEvents()).filter(
    ({ objectRef }) => objectRef?.name === 'told' && objectRef.namespace === namespace,
  );
  assert.deepEqual(
    events.map(({ verb, responseStatus }) => [verb, responseStatus?.code]),
    [
      ['create', 201],
      ['get', 200],
    ],
  );
  assert.match(events[0]?.userAgent ?? '', /^kubectl/);
  assert.deepEqual((events[0]?.requestObject as { data?: unknown }).data, { a: 'b' });
});

test('control plane: an API server that went away comes back with its data', async () => {
  const namespace = await cluster.createNamespace();
  await controlPlane.halt('kube-apiserver');
  await assert.rejects(kubectl.run('get', 'namespace', namespace), KubectlError);
  await controlPlane.resume('kube-apiserver');
  assert.match(await kubectl.run('get', 'namespace', namespace), /Active/);
});

test('control plane: with all add-ons nodes get ready, pods run, and it ends without a trace', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'control-plane-'));
  const whole = await startControlPlane({
    directory,
    with: ['kcm', 'scheduler', 'kwok'],
    admissionPlugins: ['OwnerReferencesPermissionEnforcement'],
  });
  after(async () => {
    await whole.stop();
    await rm(directory, { recursive: true, force: true });
  });
  const asAdmin = kubectl.as(whole.kubeconfig);
  await asAdmin.apply({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-1' } });
  await asAdmin.run('create', 'deployment', 'web', '--image=web', '--port=80');
  await asAdmin.run('expose', 'deployment', 'web');
  await asAdmin.run('wait', 'deployment/web', '--for=condition=Available', '--timeout=60s');
  const slices = await asAdmin.get<{ items: { endpoints: unknown[] }[] }>(
    ...['endpointslices', '-l', 'kubernetes.io/service-name=web'],
  );
  assert.equal(slices.items[0]?.endpoints.length, 1);

  const programs = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kwok'];
  const pids = programs.map((program) => whole.processes.pid(program) ?? 0);
  const supervisor = Number(await readFile(path.join(directory, 'supervisor.pid'), 'utf8'));
  assert.ok([...pids, supervisor].every((pid) => pid > 0 && isProcessAlive(pid)));
  await whole.stop();
  assert.deepEqual([...pids, supervisor].filter(isProcessAlive), []);
});

test('control plane: a program that crashes is reported with the end of its log', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'control-plane-'));
  const crash = Promise.withResolvers<Error>();
  const fragile = await startControlPlane({ directory, onCrash: crash.resolve });
  after(async () => {
    await fragile.stop();
    await rm(directory, { recursive: true, force: true });
  });
  process.kill(fragile.processes.pid('etcd') ?? 0, 'SIGKILL');
  const { message } = await crash.promise;
  assert.match(message, /^etcd has ended with signal SIGKILL; the end of .*etcd\.log:\n.*\{/);
});

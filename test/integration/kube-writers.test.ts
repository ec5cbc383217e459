import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { isFailure, type FailureKind } from '../../src/cloud/failure.ts';
import { objectOf, objectsOf } from '../../src/operator/kube/api-object.ts';
import { KubeClient } from '../../src/operator/kube/kube-client.ts';
import { projectLoadBalancer } from '../../src/operator/kube/load-balancer-projection.ts';
import { KubeLoadBalancerWriter } from '../../src/operator/kube/load-balancer-writer.ts';
import { ObjectCache } from '../../src/operator/kube/object-cache.ts';
import { projectService } from '../../src/operator/kube/service-projection.ts';
import { KubeServiceWriter } from '../../src/operator/kube/service-writer.ts';
import { SystemClock } from '../../src/operator/system-clock.ts';
import type { LoadBalancerResource, Service } from '../../src/reconcilers/kubernetes-objects.ts';
import {
  LOAD_BALANCER_FINALIZER,
  SERVICE_CLEANUP_FINALIZER,
  SERVICE_FINALIZER,
  SERVICE_READY_CONDITION,
} from '../../src/reconcilers/names.ts';
import type { ApplyResult, GeneratedLoadBalancer } from '../../src/reconcilers/reconciler.ts';
import { sharedControlPlane } from '../support/control-plane.ts';
import { InterposedApiServer, type InterposedRequest } from '../support/interposed-api-server.ts';

const OURS = [SERVICE_CLEANUP_FINALIZER, SERVICE_FINALIZER];
const TIME = '2026-01-01T00:00:00Z';

const plane = await sharedControlPlane();
const server = await InterposedApiServer.start(plane.kubeconfig);
after(() => server.stop());
const client = new KubeClient({
  kubeConfig: server.kubeConfig(),
  clock: new SystemClock(),
  userAgent: 'alibaba-cloud-operator/9.9.9',
  queriesPerSecond: 1_000,
  burst: 1_000,
});
const services = new ObjectCache<Service>(() => undefined);
const loadBalancers = new ObjectCache<LoadBalancerResource>(() => undefined);
const serviceWriter = new KubeServiceWriter(client, services);
const loadBalancerWriter = new KubeLoadBalancerWriter(client, loadBalancers);
const signal = new AbortController().signal;

function writes(): InterposedRequest[] {
  return server.requests.filter(({ method }) => method !== 'GET');
}

/** Lets a test's requests be counted from here on. */
function countFromHere(): void {
  server.requests.length = 0;
}

function failureOf(kind: FailureKind): (error: unknown) => boolean {
  return (error) => isFailure(error, kind);
}

async function createService(
  namespace: string,
  change: { finalizers?: readonly string[]; spec?: object } = {},
): Promise<Service> {
  await plane.kubectl.apply({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace, name: 'web', finalizers: change.finalizers ?? [] },
    spec: {
      type: 'LoadBalancer',
      selector: { app: 'web' },
      ports: [
        { name: 'tcp', port: 53, protocol: 'TCP' },
        { name: 'udp', port: 53, protocol: 'UDP' },
      ],
      ...change.spec,
    },
  });
  return readService(namespace);
}

async function readService(namespace: string): Promise<Service> {
  return projectService(await plane.kubectl.get('service', 'web', '-n', namespace));
}

function generated(
  namespace: string,
  spec: GeneratedLoadBalancer['spec'] = {},
  uid = 'b2b6c8d6-0000-4000-8000-000000000000',
): GeneratedLoadBalancer {
  return {
    key: { namespace, name: 'web' },
    labels: { 'app.kubernetes.io/managed-by': 'alibaba-cloud-operator' },
    annotations: { 'networking.alibabacloud.com/example': 'generated' },
    ownerReference: {
      apiVersion: 'v1',
      kind: 'Service',
      name: 'web',
      uid,
      controller: true,
      blockOwnerDeletion: false,
    },
    spec: { type: 'CLB', serviceRef: { name: 'web' }, ...spec },
  };
}

async function applied(
  namespace: string,
  spec?: GeneratedLoadBalancer['spec'],
): Promise<LoadBalancerResource> {
  const result = await loadBalancerWriter.apply(
    generated(namespace, spec),
    { force: false },
    signal,
  );
  assert.ok(result.kind === 'applied', JSON.stringify(result));
  return result.resource;
}

test('SVC-12 SVC-18: finalizers are appended once, and only ours are taken, whatever stands around them', async () => {
  const namespace = await plane.createNamespace();
  const service = await createService(namespace, { finalizers: ['example.com/first'] });
  const guarded = await serviceWriter.addFinalizers(service, OURS, signal);
  assert.deepEqual(guarded.metadata.finalizers, ['example.com/first', ...OURS]);
  assert.deepEqual(services.find(service.metadata), guarded, 'The cache has the answer');

  countFromHere();
  assert.equal(await serviceWriter.addFinalizers(guarded, OURS, signal), guarded);
  assert.deepEqual(writes(), [], 'Nothing is sent when nothing is missing');

  await plane.kubectl.run(
    ...['patch', 'service', 'web', '-n', namespace, '--type=json', '-p'],
    JSON.stringify([{ op: 'add', path: '/metadata/finalizers/-', value: 'example.com/last' }]),
  );
  const now = await readService(namespace);
  await serviceWriter.removeFinalizers(now, OURS, signal);
  assert.deepEqual((await readService(namespace)).metadata.finalizers, [
    'example.com/first',
    'example.com/last',
  ]);
  await serviceWriter.removeFinalizers(await readService(namespace), [...OURS], signal);
});

test('SVC-18 CTL-03: finalizers of an object that someone changed meanwhile are not touched', async () => {
  const namespace = await plane.createNamespace();
  const service = await createService(namespace, { finalizers: [...OURS, 'example.com/x'] });
  await plane.kubectl.run('label', 'service', 'web', '-n', namespace, 'a=b');
  await assert.rejects(
    serviceWriter.addFinalizers(service, ['networking.alibabacloud.com/other'], signal),
    failureOf('conflict'),
  );
  await assert.rejects(
    serviceWriter.removeFinalizers(service, OURS, signal),
    failureOf('conflict'),
  );
  assert.deepEqual((await readService(namespace)).metadata.finalizers, [...OURS, 'example.com/x']);
});

test('SVC-14: a finalizer on an object that is being deleted is refused as terminal', async () => {
  const namespace = await plane.createNamespace();
  await createService(namespace, { finalizers: ['example.com/holds'] });
  await plane.kubectl.run('delete', 'service', 'web', '-n', namespace, '--wait=false');
  const deleting = await readService(namespace);
  await assert.rejects(serviceWriter.addFinalizers(deleting, OURS, signal), failureOf('terminal'));
});

test('SVC-15 CTL-28: the last finalizer ends the object, and the cache knows at once', async () => {
  const namespace = await plane.createNamespace();
  await createService(namespace, { finalizers: OURS });
  await plane.kubectl.run('delete', 'service', 'web', '-n', namespace, '--wait=false');
  const deleting = await readService(namespace);
  services.observe(deleting);
  await serviceWriter.removeFinalizers(deleting, OURS, signal);
  assert.equal(services.find(deleting.metadata), undefined);
  assert.equal(await serviceWriter.findDirectly(deleting.metadata, signal), undefined);
  await serviceWriter.removeFinalizers(deleting, OURS, signal);
});

test('SVC-19: marks are taken by key, and nothing is sent for keys that are not there', async () => {
  const namespace = await plane.createNamespace();
  const service = await createService(namespace);
  countFromHere();
  await serviceWriter.removeMarks(service, { labels: ['a/b'], annotations: ['c'] }, signal);
  assert.deepEqual(writes(), []);
  await plane.kubectl.run('label', 'service', 'web', '-n', namespace, 'a.example.com/b=1', 'k=1');
  await plane.kubectl.run('annotate', 'service', 'web', '-n', namespace, 'a.example.com/c=1');
  await serviceWriter.removeMarks(
    await readService(namespace),
    { labels: ['a.example.com/b'], annotations: ['a.example.com/c'] },
    signal,
  );
  const { labels, annotations } = (await readService(namespace)).metadata;
  assert.deepEqual([labels, annotations], [{ k: '1' }, {}]);
});

test('SVC-33 SVC-36 CTL-04: a status patch changes the ingress and our conditions, and nothing else', async () => {
  const namespace = await plane.createNamespace();
  await createService(namespace);
  const foreign = {
    type: 'example.com/Seen',
    status: 'True',
    reason: 'Seen',
    message: 'by another controller',
    lastTransitionTime: TIME,
  };
  await plane.kubectl.run(
    ...['patch', 'service', 'web', '-n', namespace, '--subresource=status', '--type=merge', '-p'],
    JSON.stringify({ status: { conditions: [foreign] } }),
  );
  const before = await readService(namespace);
  const ready = {
    type: SERVICE_READY_CONDITION,
    status: 'False',
    reason: 'Waiting',
    message: 'm',
    lastTransitionTime: TIME,
  } as const;
  const ingress = [{ ip: '47.0.0.1' }];
  await serviceWriter.patchStatus(before, { ingress, conditions: [ready] }, signal);
  const written = await readService(namespace);
  assert.deepEqual(written.status.ingress, [{ ip: '47.0.0.1', ipMode: 'VIP' }]);
  assert.deepEqual(new Set(written.status.conditions), new Set([foreign, ready]));
  assert.deepEqual(written.spec, before.spec, 'Both ports of one number are still there');

  countFromHere();
  await serviceWriter.patchStatus(written, { ingress, conditions: [ready] }, signal);
  await serviceWriter.patchStatus(written, { removeConditions: ['nobody/HasIt'] }, signal);
  assert.deepEqual(writes(), [], 'An entry without mode means VIP, so nothing differs');

  await serviceWriter.patchStatus(
    written,
    { ingress: [], removeConditions: [SERVICE_READY_CONDITION] },
    signal,
  );
  const cleared = await readService(namespace);
  assert.deepEqual(cleared.status, { ingress: [], conditions: [foreign] });
  await assert.rejects(
    serviceWriter.patchStatus(written, { ingress: [{ ip: '1.2.3.4' }] }, signal),
    failureOf('conflict'),
    'What was read before another write must not be written over it',
  );
});

test('SVC-27: an address that the API server does not take is terminal', async () => {
  const namespace = await plane.createNamespace();
  const service = await createService(namespace);
  await assert.rejects(
    serviceWriter.patchStatus(service, { ingress: [{ ip: '010.1.2.3' }] }, signal),
    failureOf('terminal'),
  );
});

test('CTL-01 CTL-02 CTL-26: the generated spec is applied under its own manager, and what it no longer says is removed', async () => {
  const namespace = await plane.createNamespace();
  countFromHere();
  const first = await applied(namespace, { name: 'one', addressType: 'Intranet' });
  assert.equal(first.spec.addressType, 'Intranet');
  assert.deepEqual(loadBalancers.find(first.metadata), first);
  const [request] = writes();
  assert.equal(request?.headers['user-agent'], 'alibaba-cloud-operator/9.9.9');
  assert.equal(request.query.get('fieldManager'), 'alibaba-cloud-operator-generator');

  const second = await applied(namespace, { name: 'two' });
  assert.deepEqual(second.spec, { type: 'CLB', serviceRef: { name: 'web' }, name: 'two' });
  assert.deepEqual(second.metadata.annotations, {
    'networking.alibabacloud.com/example': 'generated',
  });
  const live = await plane.kubectl.get<Readonly<Record<string, unknown>>>(
    'alilb',
    'web',
    '-n',
    namespace,
    '--show-managed-fields',
  );
  const managers = objectsOf(objectOf(live.metadata).managedFields).map(({ manager }) => manager);
  assert.deepEqual(managers, ['alibaba-cloud-operator-generator']);
  assert.equal(second.metadata.ownerReferences[0]?.blockOwnerDeletion, false);
});

test("OWN-12: a person's value is a conflict that names field and manager, and force takes it back", async () => {
  const namespace = await plane.createNamespace();
  const listeners = [{ transport: 'TCP', port: 80, clb: { scheduler: 'rr' } }] as const;
  const spec = { name: 'generated', listeners: [...listeners] };
  await applied(namespace, spec);
  const edit = async (change: object): Promise<void> => {
    await plane.kubectl.runWithInput(
      {
        apiVersion: 'networking.alibabacloud.com/v1alpha1',
        kind: 'AlibabaLoadBalancer',
        metadata: { namespace, name: 'web' },
        spec: change,
      },
      ...['apply', '--server-side', '--force-conflicts', '--field-manager=alice', '-f', '-'],
    );
  };
  await edit({
    name: 'mine',
    listeners: [{ transport: 'TCP', port: 80, clb: { scheduler: 'wrr' } }],
  });
  const apply = (force: boolean): Promise<ApplyResult> =>
    loadBalancerWriter.apply(generated(namespace, spec), { force }, signal);
  const conflict = await apply(false);
  assert.ok(conflict.kind === 'conflict', JSON.stringify(conflict));
  assert.deepEqual(conflict.causes.map(({ field, manager }) => [field, manager]).sort(), [
    ['.spec.listeners[port=80,transport="TCP"].clb.scheduler', 'alice'],
    ['.spec.name', 'alice'],
  ]);
  const forced = await apply(true);
  assert.ok(forced.kind === 'applied');
  assert.equal(forced.resource.spec.name, 'generated');
});

test('CTL-01: a spec that the schema refuses names the fields', async () => {
  const namespace = await plane.createNamespace();
  await applied(namespace);
  const result = await loadBalancerWriter.apply(
    generated(namespace, { type: 'NLB', name: '-' }),
    { force: false },
    signal,
  );
  assert.ok(result.kind === 'invalid', JSON.stringify(result));
  assert.deepEqual(result.causes.map(({ field }) => field).sort(), ['spec.name', 'spec.type']);
});

test('SVC-23 KAS-14: in a namespace that is going an apply is refused as terminal', async () => {
  const namespace = await plane.createNamespace();
  await createService(namespace, { finalizers: ['example.com/holds'] });
  await plane.kubectl.run('delete', 'namespace', namespace, '--wait=false');
  await assert.rejects(applied(namespace), failureOf('terminal'));
});

test('CTL-05 CTL-06: the status is merged member by member, and raises no generation', async () => {
  const namespace = await plane.createNamespace();
  const made = await applied(namespace);
  const creation = {
    token: 't',
    parameters: { A: '1', B: '2' },
    startedAt: TIME,
    accountId: '1',
    regionId: 'r',
  };
  const first = await loadBalancerWriter.patchStatus(
    made,
    { creation, loadBalancerId: 'lb-1', addresses: [{ ip: '1.1.1.1' }] },
    signal,
  );
  assert.deepEqual(first.status.creation, creation);
  assert.equal(first.metadata.generation, made.metadata.generation);
  assert.deepEqual(loadBalancers.find(made.metadata), first);

  countFromHere();
  assert.equal(
    await loadBalancerWriter.patchStatus(first, { loadBalancerId: 'lb-1', drift: null }, signal),
    first,
  );
  assert.deepEqual(writes(), [], 'The status says so already');

  const second = await loadBalancerWriter.patchStatus(
    first,
    { creation: { ...creation, parameters: { B: '3' } }, addresses: null },
    signal,
  );
  assert.deepEqual(second.status, {
    creation: { ...creation, parameters: { B: '3' } },
    loadBalancerId: 'lb-1',
  });
  await assert.rejects(
    loadBalancerWriter.patchStatus(first, { loadBalancerId: 'lb-2' }, signal),
    failureOf('conflict'),
    'A record of an open creation must not be written over',
  );
});

test('SVC-09: an object is deleted by uid, so another one of its name stays', async () => {
  const namespace = await plane.createNamespace();
  const old = await applied(namespace);
  loadBalancers.observe(old);
  await loadBalancerWriter.delete(old, signal);
  assert.equal(loadBalancers.find(old.metadata), undefined);
  const fresh = await applied(namespace);
  assert.notEqual(fresh.metadata.uid, old.metadata.uid);
  await loadBalancerWriter.delete(old, signal);
  const live = await loadBalancerWriter.findDirectly(fresh.metadata, signal);
  assert.equal(live?.metadata.uid, fresh.metadata.uid);
  assert.equal(live.metadata.deletionTimestamp, undefined);
});

test('OWN-05: with its finalizer an AlibabaLoadBalancer outlives its deletion until we let go', async () => {
  const namespace = await plane.createNamespace();
  const made = await applied(namespace);
  const guarded = await loadBalancerWriter.addFinalizer(made, LOAD_BALANCER_FINALIZER, signal);
  await loadBalancerWriter.delete(guarded, signal);
  const deleting = loadBalancers.find(made.metadata);
  assert.ok(deleting?.metadata.deletionTimestamp !== undefined, 'The cache has the answer');
  countFromHere();
  await loadBalancerWriter.delete(deleting, signal);
  assert.deepEqual(writes(), [], 'It is being deleted already');
  await loadBalancerWriter.removeFinalizer(deleting, LOAD_BALANCER_FINALIZER, signal);
  assert.equal(await loadBalancerWriter.findDirectly(made.metadata, signal), undefined);
});

test('OWN-11: annotations that were acted on are taken away', async () => {
  const namespace = await plane.createNamespace();
  await applied(namespace);
  const key = 'networking.alibabacloud.com/reset-overrides';
  await plane.kubectl.run('annotate', 'alilb', 'web', '-n', namespace, `${key}=all`, 'other=1');
  const live = projectLoadBalancer(await plane.kubectl.get('alilb', 'web', '-n', namespace));
  const cleaned = await loadBalancerWriter.removeAnnotations(live, [key], signal);
  assert.deepEqual(cleaned.metadata.annotations, {
    'networking.alibabacloud.com/example': 'generated',
    other: '1',
  });
});

test('KAS-17: a lost answer is ambiguous, a refused connection is not, and neither says the token', async () => {
  const namespace = await plane.createNamespace();
  const made = await applied(namespace);
  server.intervene = ({ method }) => (method === 'PATCH' ? { kind: 'loseAnswer' } : undefined);
  const change = { loadBalancerId: 'lb-1' };
  await assert.rejects(loadBalancerWriter.patchStatus(made, change, signal), (error: unknown) => {
    assert.ok(isFailure(error, 'retryable'));
    assert.equal(error.ambiguous, true);
    assert.ok(!JSON.stringify([error.message, String(error.cause)]).includes('canary-token'));
    return true;
  });
  server.intervene = () => undefined;
  const live = await loadBalancerWriter.findDirectly(made.metadata, signal);
  assert.equal(live?.status.loadBalancerId, 'lb-1');

  const kubeConfig = server.kubeConfig();
  kubeConfig.clusters = kubeConfig.clusters.map((cluster) => ({
    ...cluster,
    server: 'http://127.0.0.1:9',
  }));
  const nowhere = new KubeClient({
    kubeConfig,
    clock: new SystemClock(),
    userAgent: 'x',
    queriesPerSecond: 1,
    burst: 1,
  });
  await assert.rejects(
    nowhere.request({ method: 'POST', path: '/x', body: {} }, signal),
    (error: unknown) => isFailure(error, 'retryable') && !error.ambiguous,
  );
});

test('KAS-17: a read that meets a connection just closed is sent again, a write is not', async () => {
  const namespace = await plane.createNamespace();
  const made = await applied(namespace);
  const resetNext = (wanted: string): void => {
    let isReset = false;
    server.intervene = ({ method }) => {
      if (isReset || method !== wanted) return undefined;
      isReset = true;
      return { kind: 'reset' };
    };
  };
  resetNext('GET');
  const found = await loadBalancerWriter.findDirectly(made.metadata, signal);
  assert.equal(found?.metadata.uid, made.metadata.uid);

  resetNext('PATCH');
  await assert.rejects(
    loadBalancerWriter.patchStatus(made, { backends: '1/1' }, signal),
    (error: unknown) => isFailure(error, 'retryable') && error.ambiguous,
  );
  server.intervene = () => undefined;
});

test('CTL-12 KAS-17: a write that the server was too busy for is sent again when it says', async () => {
  const namespace = await plane.createNamespace();
  const made = await applied(namespace);
  let refusals = 0;
  server.intervene = ({ method }) => {
    if (method !== 'PATCH' || refusals >= 2) return undefined;
    refusals += 1;
    const body = { kind: 'Status', code: 429, message: 'busy', reason: 'TooManyRequests' };
    return { kind: 'answer', status: 429, headers: { 'retry-after': '1' }, body };
  };
  const startedMs = performance.now();
  const written = await loadBalancerWriter.patchStatus(made, { backends: '1/1' }, signal);
  server.intervene = () => undefined;
  assert.equal(written.status.backends, '1/1');
  assert.ok(performance.now() - startedMs >= 1_950);
});

test('KubeClient: an answer that does not come in time is given up, and an abort ends the wait', async () => {
  const never = new Promise<void>(() => undefined);
  server.intervene = () => ({ kind: 'delayAnswer', until: never });
  const request = { method: 'GET', path: '/api/v1/namespaces', timeoutMs: 200 } as const;
  await assert.rejects(client.request(request, signal), failureOf('retryable'));
  const controller = new AbortController();
  const waiting = client.request({ ...request, timeoutMs: 60_000 }, controller.signal);
  controller.abort(new Error('enough'));
  await assert.rejects(waiting, (error: unknown) => {
    assert.ok(isFailure(error, 'retryable'));
    assert.equal((error.cause as Error).message, 'enough');
    return true;
  });
  server.intervene = () => undefined;
});

test('KAS-18: a warning of the API server is handed on once', async () => {
  const warnings: string[] = [];
  const attentive = new KubeClient({
    kubeConfig: server.kubeConfig(),
    clock: new SystemClock(),
    userAgent: 'x',
    queriesPerSecond: 100,
    burst: 100,
    onWarning: (warning) => warnings.push(warning),
  });
  const namespace = await plane.createNamespace();
  const body = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { generateName: 'x-' },
    speck: 'a field that "nobody" knows',
  };
  const path = `/api/v1/namespaces/${namespace}/configmaps`;
  const query = { fieldValidation: 'Warn' };
  for (let time = 0; time < 2; time += 1) {
    await attentive.request({ method: 'POST', path, query, body }, signal);
  }
  assert.deepEqual(warnings, ['unknown field "speck"']);
});

import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import {
  eventually,
  pause,
  startOperatorWorld,
  type KubeObject,
} from '../support/operator-world.ts';
import { conditionOf, ServiceScene, type SeenListener } from '../support/service-scene.ts';

const PREFIX = 'service.beta.kubernetes.io/alibaba-cloud-loadbalancer-';
const RESET = 'networking.alibabacloud.com/reset-overrides';
const READY = 'networking.alibabacloud.com/Ready';
const LISTENER = '.spec.listeners[port=80,transport="TCP"]';

const directory = await mkdtemp(path.join(tmpdir(), 'ownership-'));
after(() => rm(directory, { recursive: true, force: true }));

const world = await startOperatorWorld();
const { kubectl } = world.cluster;
await world.startOperator();

interface Override {
  readonly path: string;
  readonly manager: string;
  readonly value: string;
  readonly generatedValue: string;
}

async function ready(settings: Readonly<Record<string, string>>): Promise<{
  readonly scene: ServiceScene;
  readonly listener: () => SeenListener | undefined;
}> {
  const scene = await ServiceScene.open(world);
  const annotations = Object.fromEntries(
    Object.entries(settings).map(([suffix, value]) => [PREFIX + suffix, value]),
  );
  await scene.createService('web', {}, { annotations });
  const service = await scene.waitUntilReady('web');
  return { scene, listener: () => scene.cloudOf(service)[0]?.listeners[0] };
}

function overridesOf(resource: KubeObject): readonly Override[] {
  return (resource.status?.overriddenFields ?? []) as readonly Override[];
}

async function waitForOverrides(scene: ServiceScene, want: readonly Override[]): Promise<void> {
  await eventually(async () => {
    assert.deepEqual(overridesOf(await scene.get('alilb', 'web')), want);
  });
}

/** Edits an object as a person would in an editor: one text for another. */
async function edit(scene: ServiceScene, from: string, to: string): Promise<void> {
  const editor = path.join(directory, 'editor.sh');
  await writeFile(editor, `#!/bin/sh\nsed -i 's/${from}/${to}/' "$1"\n`);
  await chmod(editor, 0o755);
  process.env.KUBE_EDITOR = editor;
  await scene.kubectl('edit', 'alilb', 'web');
}

/** Applies an object on the server as another manager. */
function applyAs(
  scene: ServiceScene,
  manager: string,
  spec: object,
  ...more: readonly string[]
): Promise<string> {
  const manifest = {
    apiVersion: 'networking.alibabacloud.com/v1alpha1',
    kind: 'AlibabaLoadBalancer',
    metadata: { name: 'web', namespace: scene.namespace },
    spec,
  };
  return kubectl.apply(manifest, '--server-side', `--field-manager=${manager}`, ...more);
}

/** The members of a listener that an applier has to name. */
function listenerWith(members: object): object {
  return { listeners: [{ transport: 'TCP', port: 80, ...members }] };
}

test('OWN-12 CTL-01: kubectl edit: the value wins, reaches the cloud, is listed, and is given back', async () => {
  const { scene, listener } = await ready({ scheduler: 'wrr' });
  await edit(scene, 'scheduler: wrr', 'scheduler: wlc');
  const override = {
    path: `${LISTENER}.clb.scheduler`,
    manager: 'kubectl-edit',
    value: '"wlc"',
    generatedValue: '"wrr"',
  };
  await waitForOverrides(scene, [override]);
  await scene.waitUntilReady('web');
  await eventually(() => {
    assert.equal(listener()?.scheduler, 'wlc');
  });
  const wide = await scene.kubectl('get', 'alilb', 'web', '-o', 'wide');
  assert.match(wide.split('\n')[1] ?? '', /\s1\s/, 'The wide table counts it.');

  // The annotation changes beneath: the person's value stays, and the list follows.
  await scene.kubectl('annotate', 'service', 'web', '--overwrite', `${PREFIX}scheduler=sch`);
  await waitForOverrides(scene, [{ ...override, generatedValue: '"sch"' }]);
  assert.equal(listener()?.scheduler, 'wlc');

  const remove = [{ op: 'remove', path: '/spec/listeners/0/clb/scheduler' }];
  await scene.kubectl('patch', 'alilb', 'web', '--type=json', '-p', JSON.stringify(remove));
  await waitForOverrides(scene, []);
  await eventually(() => {
    assert.equal(listener()?.scheduler, 'sch');
  });
});

test('OWN-12: what a person gives back reaches the cloud in one write, never as the default', async () => {
  const { scene, listener } = await ready({ scheduler: 'sch' });
  await edit(scene, 'scheduler: sch', 'scheduler: wlc');
  await eventually(() => {
    assert.equal(listener()?.scheduler, 'wlc');
  });
  await scene.waitUntilReady('web');
  const since = world.cloud.calls().at(-1)?.seq ?? 0;
  const remove = [{ op: 'remove', path: '/spec/listeners/0/clb/scheduler' }];
  await scene.kubectl('patch', 'alilb', 'web', '--type=json', '-p', JSON.stringify(remove));
  await waitForOverrides(scene, []);
  await eventually(() => {
    assert.equal(listener()?.scheduler, 'sch');
  });
  const written = world.cloud
    .calls(since)
    .filter(({ action }) => action === 'SetLoadBalancerTCPListenerAttribute')
    .map(({ parameters }) => parameters.Scheduler);
  assert.deepEqual(written, ['sch']);
});

test('OWN-12: a generated listener that a person deletes stays open', async () => {
  const { scene, listener } = await ready({});
  const since = world.cloud.calls().at(-1)?.seq ?? 0;
  const { generation = 0 } = (await scene.get('alilb', 'web')).metadata;
  await scene.patch('alilb', 'web', { spec: { listeners: [] } });
  await eventually(async () => {
    const { metadata, spec, status } = await scene.get('alilb', 'web');
    assert.ok((metadata.generation ?? 0) > generation + 1);
    assert.equal(status?.observedGeneration, metadata.generation);
    assert.equal((spec.listeners as readonly unknown[]).length, 1);
  });
  await scene.waitUntilReady('web');
  assert.equal(listener()?.status, 'running');
  const written = world.cloud.calls(since).filter(({ mutating }) => mutating);
  assert.deepEqual(written, []);
});

test('OWN-12: kubectl patch: what is not generated is simply set; what is, is listed', async () => {
  const { scene, listener } = await ready({ name: 'from-annotation' });
  const add = [
    { op: 'add', path: '/spec/listeners/0/healthCheck', value: { intervalSeconds: 9 } },
    { op: 'replace', path: '/spec/name', value: 'from-person' },
  ];
  await scene.kubectl('patch', 'alilb', 'web', '--type=json', '-p', JSON.stringify(add));
  await waitForOverrides(scene, [
    {
      path: '.spec.name',
      manager: 'kubectl-patch',
      value: '"from-person"',
      generatedValue: '"from-annotation"',
    },
  ]);
  await eventually(() => {
    assert.equal(Number(listener()?.healthCheckInterval), 9);
  });
});

test('OWN-12 CTL-02: server-side apply: refused without force, listed with it, one field at a time', async () => {
  const { scene, listener } = await ready({ scheduler: 'wrr', 'healthy-threshold': '4' });
  await assert.rejects(
    applyAs(scene, 'argo', listenerWith({ clb: { scheduler: 'wlc' } })),
    /conflict with "alibaba-cloud-operator-generator"/,
  );
  await applyAs(
    scene,
    'argo',
    listenerWith({ clb: { scheduler: 'wlc', establishedTimeoutSeconds: 300 } }),
    '--force-conflicts',
  );
  await waitForOverrides(scene, [
    {
      path: `${LISTENER}.clb.scheduler`,
      manager: 'argo',
      value: '"wlc"',
      generatedValue: '"wrr"',
    },
  ]);
  await eventually(() => {
    assert.deepEqual(
      [
        listener()?.scheduler,
        Number(listener()?.establishedTimeout),
        Number(listener()?.healthyThreshold),
      ],
      ['wlc', 300, 4],
    );
  });
  const { managedFields = [] } = (await scene.get('alilb', 'web')).metadata;
  const generator = managedFields.find(
    ({ manager, operation }) =>
      manager === 'alibaba-cloud-operator-generator' && operation === 'Apply',
  );
  assert.ok(!JSON.stringify(generator).includes('f:scheduler'), 'The generator owns it no more.');

  // The next apply leaves the fields out, which gives both back.
  await applyAs(scene, 'argo', listenerWith({}));
  await waitForOverrides(scene, []);
  await eventually(() => {
    assert.equal(listener()?.scheduler, 'wrr');
  });
});

test('an atomic list has one owner, who decides all of it', async () => {
  const { scene, listener } = await ready({ 'health-check-httpcode': 'http_2xx,http_3xx' });
  const httpCodes = ['http_4xx'];
  const spec = listenerWith({ healthCheck: { httpCodes, mode: 'HTTP' } });
  await applyAs(scene, 'argo', spec, '--force-conflicts');
  await waitForOverrides(scene, [
    {
      path: `${LISTENER}.healthCheck.httpCodes`,
      manager: 'argo',
      value: '["http_4xx"]',
      generatedValue: '["http_2xx","http_3xx"]',
    },
  ]);
  await eventually(() => {
    assert.equal(listener()?.healthCheckHttpCode, 'http_4xx');
  });
});

test('reset-overrides takes one path back, then all, and is removed', async () => {
  const { scene, listener } = await ready({ scheduler: 'wrr', name: 'from-annotation' });
  const replace = [
    { op: 'replace', path: '/spec/listeners/0/clb/scheduler', value: 'wlc' },
    { op: 'replace', path: '/spec/name', value: 'from-person' },
  ];
  await scene.kubectl('patch', 'alilb', 'web', '--type=json', '-p', JSON.stringify(replace));
  await eventually(async () => {
    assert.equal(overridesOf(await scene.get('alilb', 'web')).length, 2);
  });
  await scene.kubectl('annotate', 'alilb', 'web', `${RESET}=spec.name`);
  await eventually(async () => {
    const resource = await scene.get('alilb', 'web');
    assert.equal(resource.spec.name, 'from-annotation');
    assert.equal(resource.metadata.annotations?.[RESET], undefined);
    assert.deepEqual(
      overridesOf(resource).map((override) => override.path),
      [`${LISTENER}.clb.scheduler`],
    );
  });
  await scene.kubectl('annotate', 'alilb', 'web', `${RESET}=all`);
  await waitForOverrides(scene, []);
  await eventually(() => {
    assert.equal(listener()?.scheduler, 'wrr');
  });
  const { metadata } = await scene.get('alilb', 'web');
  assert.equal(metadata.annotations?.[RESET], undefined);
});

test('a listener closes with enabled: false and opens when that is given back', async () => {
  const { scene, listener } = await ready({});
  const close = [{ op: 'add', path: '/spec/listeners/0/enabled', value: false }];
  await scene.kubectl('patch', 'alilb', 'web', '--type=json', '-p', JSON.stringify(close));
  await eventually(() => {
    assert.notEqual(listener()?.status, 'running');
  });
  const open = [{ op: 'remove', path: '/spec/listeners/0/enabled' }];
  await scene.kubectl('patch', 'alilb', 'web', '--type=json', '-p', JSON.stringify(open));
  await eventually(() => {
    assert.equal(listener()?.status, 'running');
  });
});

/** Moves the Service to another port, and tells what the events say of overrides. */
async function saidWhenPortGoes(scene: ServiceScene, reason: string): Promise<string> {
  await eventually(async () => {
    assert.equal(overridesOf(await scene.get('alilb', 'web')).length, 1);
  });
  await scene.patch('service', 'web', { spec: { ports: [{ port: 81 }] } });
  return eventually(async () => {
    const events = (await world.events(scene.namespace)).filter((event) =>
      event.reason.startsWith('Override'),
    );
    assert.deepEqual(
      events.map((event) => event.reason),
      [reason],
    );
    return events[0]?.note ?? '';
  });
}

test('OWN-12: an applied override waits when its port goes, and is in force when the port returns', async () => {
  const { scene, listener } = await ready({ scheduler: 'wrr' });
  await applyAs(scene, 'argo', listenerWith({ clb: { scheduler: 'wlc' } }), '--force-conflicts');
  const said = await saidWhenPortGoes(scene, 'OverrideDormant');
  assert.match(said, /TCP:80 \(clb\.scheduler\) wait in the AlibabaLoadBalancer/);
  await eventually(async () => {
    const resource = await scene.get('alilb', 'web');
    assert.deepEqual(resource.status?.dormantListeners, ['TCP:80']);
    assert.equal(listener()?.listenerPort, 81);
  });
  await scene.patch('service', 'web', { spec: { ports: [{ port: 80 }] } });
  await eventually(() => {
    assert.deepEqual([listener()?.listenerPort, listener()?.scheduler], [80, 'wlc']);
  });
});

test('OWN-12: an edited override goes with its port, and is named', async () => {
  const { scene, listener } = await ready({ scheduler: 'wrr' });
  await edit(scene, 'scheduler: wrr', 'scheduler: wlc');
  const said = await saidWhenPortGoes(scene, 'OverrideLost');
  assert.match(said, /TCP:80 \(clb\.scheduler\) went with the port/);
  await waitForOverrides(scene, []);
  await eventually(() => {
    assert.deepEqual([listener()?.listenerPort, listener()?.scheduler], [81, 'wrr']);
  });
});

test('what managers own that are no people is retaken by force', async () => {
  const scene = await ServiceScene.open(world);
  await applyAs(scene, 'somebody', {
    type: 'CLB',
    serviceRef: { name: 'web' },
    name: 'from-before',
  });
  // An object whose managers were wiped is the case that the API server has that name for.
  await scene.patch('alilb', 'web', { metadata: { managedFields: [{}] } });
  const annotations = { [`${PREFIX}name`]: 'from-annotation' };
  await scene.createService('web', {}, { annotations });
  await scene.waitUntilReady('web');
  const resource = await scene.get('alilb', 'web');
  assert.equal(resource.spec.name, 'from-annotation');
  assert.deepEqual(overridesOf(resource), []);
});

test('SVC-75: what the API server refuses is named by its annotation, and the rest is applied', async () => {
  const { scene } = await ready({ scheduler: 'wrr' });
  const tags = Array.from({ length: 14 }, (_, index) => ({ key: `k${index}`, value: 'v' }));
  await applyAs(scene, 'argo', { tags });
  const key = `${PREFIX}additional-resource-tags`;
  await scene.kubectl(
    ...['annotate', 'service', 'web', '--overwrite'],
    ...[`${key}=one=more`, `${PREFIX}scheduler=wlc`],
  );
  await eventually(async () => {
    const service = await scene.get('service', 'web');
    assert.match(
      conditionOf(service, READY)?.message ?? '',
      /additional-resource-tags" is refused/,
    );
    const resource = await scene.get('alilb', 'web');
    assert.match(JSON.stringify(resource.spec.listeners), /wlc/);
  });
  await pause(1_000);
  const writes = (await world.operatorWrites(scene.namespace)).length;
  await pause(1_500);
  assert.equal((await world.operatorWrites(scene.namespace)).length, writes, 'It is no loop.');
});

// Last, because it ends the operator that the others share.
test('CTL-01: a restart with overrides in force writes nothing', async () => {
  const { scene } = await ready({ scheduler: 'wrr' });
  await edit(scene, 'scheduler: wrr', 'scheduler: wlc');
  await eventually(async () => {
    assert.equal(overridesOf(await scene.get('alilb', 'web')).length, 1);
  });
  await scene.waitUntilReady('web');
  await world.stopOperators();
  const writes = (await world.operatorWrites(scene.namespace)).length;
  const since = world.cloud.calls().at(-1)?.seq ?? 0;
  await world.startOperator();
  await pause(5_000);
  assert.equal((await world.operatorWrites(scene.namespace)).length, writes);
  assert.deepEqual(
    world.cloud.calls(since).filter(({ mutating }) => mutating),
    [],
  );
});

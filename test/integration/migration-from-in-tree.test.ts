import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { parseFlags } from '../../src/operator/config/operator-flags.ts';
import { renderChart } from '../support/chart-manifests.ts';
import { DocumentedCommands, readPage } from '../support/documented-commands.ts';
import { CLOUD_TAINT, isTainted, NodeScene } from '../support/node-scene.ts';
import { eventually, pause, startOperatorWorld } from '../support/operator-world.ts';

const PAGE = 'migrate-from-in-tree.md';
const FLAGS = ['--controllers=*', '--node-event-aggregation-wait-seconds=0.1'];

const world = await startOperatorWorld({ instances: 1, with: ['kcm', 'scheduler', 'kwok'] });
const { controlPlane, kubectl } = world.cluster;
const nodes = new NodeScene(world);
after(() => {
  nodes.client.close();
});

function providerIdOf(instanceId: string): string {
  return `${world.cloud.regionId}.${instanceId}`;
}

/** Creates a pod that can go to one node only. */
async function createPod(name: string, nodeName: string): Promise<void> {
  await kubectl.apply({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    spec: {
      nodeSelector: { step: nodeName },
      containers: [{ name: 'web', image: 'web' }],
    },
  });
}

async function nodeOfPod(name: string): Promise<string> {
  return kubectl.run('get', 'pod', name, '-n', 'default', '-o', 'jsonpath={.spec.nodeName}');
}

test('MIG-05: new nodes stay empty until the operator, started last, has initialised them; those of before go on', async () => {
  await nodes.register('of-before', {
    providerId: providerIdOf(nodes.startInstance().instanceId),
    taints: [],
    labels: { step: 'of-before' },
  });
  await nodes.register('new', {
    providerId: providerIdOf(nodes.startInstance().instanceId),
    labels: { step: 'new' },
  });
  await createPod('on-old', 'of-before');
  await createPod('on-new', 'new');
  await eventually(async () => {
    assert.equal(await nodeOfPod('on-old'), 'of-before');
  });
  await pause(2_000);
  assert.equal(await nodeOfPod('on-new'), '', 'Without the operator it takes no pod');
  assert.ok(isTainted(await nodes.get('new')));

  const operator = await world.startOperator(...FLAGS);
  await eventually(async () => {
    assert.equal(await nodeOfPod('on-new'), 'new');
  });
  await operator.stop();
  await createPod('on-old-again', 'of-before');
  await eventually(async () => {
    assert.equal(await nodeOfPod('on-old-again'), 'of-before');
  });
});

test('MIG-05: a node of before without a provider id is initialised by the documented command, and its pods stay', async () => {
  const instance = nodes.startInstance();
  await nodes.register('unknown', {
    taints: [],
    labels: { step: 'unknown' },
    addresses: [{ type: 'InternalIP', address: instance.privateIps[0] ?? '' }],
  });
  await createPod('stays', 'unknown');
  await eventually(async () => {
    assert.equal(await nodeOfPod('stays'), 'unknown');
  });
  const { uid } = await kubectl
    .get<{ metadata: { uid: string } }>('pod', 'stays', '-n', 'default')
    .then(({ metadata }) => metadata);
  const operator = await world.startOperator(...FLAGS);
  await pause(2_000);
  assert.equal((await nodes.get('unknown')).spec.providerID, undefined, 'Nobody asked for it');

  const commands = new DocumentedCommands(PAGE, controlPlane);
  await commands.run('initialise-node', { node: 'unknown' });
  await nodes.waitUntilInitialised('unknown');
  const node = await nodes.get('unknown');
  assert.equal(node.spec.providerID, providerIdOf(instance.instanceId));
  const pod = await kubectl.get<{ metadata: { uid: string } }>('pod', 'stays', '-n', 'default');
  assert.equal(pod.metadata.uid, uid);
  await operator.stop();
});

test('SEC-06 PKG-05 MIG-05: the replicas of the chart are scheduled where every node waits for them, apart from each other', async (context) => {
  const names = ['control-plane-a', 'control-plane-b'];
  for (const node of (await nodes.client.list('/api/v1/nodes')) as readonly {
    metadata: { name: string };
  }[]) {
    await nodes.remove(node.metadata.name);
  }
  for (const name of names) {
    await nodes.register(name, {
      providerId: providerIdOf(nodes.startInstance().instanceId),
      labels: { 'kubernetes.io/hostname': name },
      taints: [
        CLOUD_TAINT,
        { key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' },
        { key: 'node.kubernetes.io/network-unavailable', effect: 'NoSchedule' },
      ],
    });
  }
  const manifests = await renderChart('operator.clusterCidr=172.20.0.0/16');
  const wanted = ['ServiceAccount', 'ConfigMap', 'Deployment'];
  const namespace = await world.cluster.createNamespace();
  for (const manifest of manifests.filter(({ kind }) => wanted.includes(kind))) {
    const metadata = { ...manifest.metadata, namespace };
    await kubectl.apply({ ...manifest, metadata });
  }
  context.after(() => kubectl.run('delete', 'namespace', namespace, '--wait=false'));
  await eventually(async () => {
    const placed = await kubectl.run(
      ...['get', 'pods', '-n', namespace, '-o', 'jsonpath={.items[*].spec.nodeName}'],
    );
    assert.deepEqual(placed.split(' ').toSorted(), names, 'One on each');
  });
});

test('MIG-05 MIG-12: the page says what kubelets and controller managers are to be told, in flags and values that exist', async () => {
  const page = await readPage(PAGE);
  for (const fact of [
    /`--cloud-provider` +\| `external`/,
    /node\.cloudprovider\.kubernetes\.io\/uninitialized/,
    /From 1\.31 on nothing of a cloud is left in either/,
    /## 6\. Credentials for images\n\nThey are not part of this operator\./,
    /`--image-credential-provider-config`.*`--image-credential-provider-bin-dir`/,
  ]) {
    assert.match(page, fact);
  }
  const steps = [...page.matchAll(/^## \d\. (.*)$([\s\S]*?)(?=^## |$(?![\s\S]))/gm)];
  assert.equal(steps.length, 6);
  for (const [, title = '', text = ''] of steps.slice(0, 5)) {
    assert.match(text, /\*\*Look:\*\*/, title);
    assert.match(text, /\*\*Back:\*\*/, title);
  }
});

for (const page of [PAGE, 'migrate-from-ccm.md']) {
  test(`MIG-05 MIG-10: ${page} names values of the chart that exist`, async () => {
    const text = await readPage(page);
    const named = [...text.matchAll(/`((?:operator|cloudConfig)\.[A-Za-z.]+)/g)].map(
      ([, value = '']) => value.replace(/\.$/, ''),
    );
    assert.ok(named.length > 0);
    const samples: Readonly<Record<string, string>> = {
      'operator.controllers': 'service',
      'operator.clusterCidr': '172.20.0.0/16',
      'operator.dryRun': 'true',
      'operator.configureCloudRoutes': 'false',
      'operator.concurrentServiceSyncs': '3',
      'operator.extraArgs': '{--kube-api-qps=50}',
      'operator.leaderMigration.enabled': 'true',
      'operator.leaderMigration.controllerLeaders': 'null',
      'cloudConfig.routeTableIDs': 'vtb-a',
    };
    for (const value of new Set(named)) {
      assert.ok(value in samples, `${value} is no value that this test knows`);
      await renderChart(`${value}=${samples[value] ?? ''}`);
    }
  });
}

test('MIG-05: flags of the operator that the page names are flags', async () => {
  const page = await readPage(PAGE);
  const ours = ['--service-cluster-ip-range', '--enable-leader-migration'];
  for (const flag of ours) {
    assert.ok(page.includes(`\`${flag}\``), flag);
    assert.deepEqual(parseFlags([`${flag}=true`]).mistakes, []);
  }
});

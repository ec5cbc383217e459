import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, test } from 'node:test';
import { cachedProgram } from '../../hack/control-plane/program-locator.ts';
import { selectVersions } from '../../hack/control-plane/program-versions.ts';
import { NodeScene } from '../support/node-scene.ts';
import { eventually, startOperatorWorld, type OperatorWorld } from '../support/operator-world.ts';
import { conditionOf, ServiceScene } from '../support/service-scene.ts';

/** As old as what is still patched at the time of the pinned version. */
const OLDER = '1.33.13';
const TABLE_ID = 'vtb-bp1emulator0000000000';
const POD_CIDR = '172.20.7.0/24';

// Programs and their versions are chosen by it; each test file is a process of its own.
if ((process.env.K8S ?? '') === '') process.env.K8S = OLDER;
/** To build an API server takes all of the machine for minutes, in which other tests would wait in vain. */
const isMissing = (['kube-apiserver', 'kubectl'] as const).some((program) => {
  const found = cachedProgram(program, selectVersions(process.env), process.env);
  return (process.env.KUBEBUILDER_ASSETS ?? '') !== '' || !existsSync(found);
});

test(
  'MIG-11: the same build serves an older API server: Service, fields of people, node and route',
  {
    skip: isMissing && `not built yet: K8S=${OLDER} npm run -s control-plane -- prepare`,
  },
  async (context) => {
    const world = await startOperatorWorld({ instances: 2 });
    const { controlPlane } = world.cluster;
    assert.equal(controlPlane.kubernetesVersion, selectVersions(process.env).kubernetes);
    await world.startOperator(
      '--controllers=*',
      '--cluster-cidr=172.20.0.0/16',
      '--node-event-aggregation-wait-seconds=0.1',
    );

    await context.test('a Service gets its load balancer, and loses it', async () => {
      const scene = await ServiceScene.open(world);
      await scene.createService('web');
      const service = await scene.waitUntilReady('web');
      assert.equal(scene.cloudOf(service).length, 1);
      const resource = await scene.get('alilb', 'web');
      assert.deepEqual(managersOf(resource.metadata.managedFields), [
        'alibaba-cloud-operator',
        'alibaba-cloud-operator-generator',
      ]);
      await scene.kubectl('delete', 'service', 'web');
      await scene.waitUntilGone('alilb', 'web');
      assert.deepEqual(scene.cloudOf(service), []);
    });

    await context.test('a field that a person sets is kept against the generator', async () => {
      const scene = await ServiceScene.open(world);
      const annotation = 'service.beta.kubernetes.io/alibaba-cloud-loadbalancer-name';
      await scene.createService('web');
      await scene.waitUntilReady('web');
      await scene.patch('alilb', 'web', { spec: { name: 'of-a-person' } });
      await scene.patch('service', 'web', { metadata: { annotations: { [annotation]: 'other' } } });
      await eventually(async () => {
        const { spec, status } = await scene.get('alilb', 'web');
        assert.equal(spec.name, 'of-a-person');
        assert.match(JSON.stringify(status?.overriddenFields), /other/);
      });
      await scene.kubectl('delete', 'service', 'web');
      await scene.waitUntilGone('alilb', 'web');
    });

    await context.test('a node is initialised and gets its route', () => joinNode(world));
  },
);

async function joinNode(world: OperatorWorld): Promise<void> {
  const nodes = new NodeScene(world);
  after(() => {
    nodes.client.close();
  });
  const instance = nodes.startInstance();
  await nodes.register('joining', {
    providerId: `${world.cloud.regionId}.${instance.instanceId}`,
    spec: { podCIDR: POD_CIDR, podCIDRs: [POD_CIDR] },
  });
  await nodes.waitUntilInitialised('joining');
  await eventually(async () => {
    const table = await world.find('alibabaroutetable', '', TABLE_ID);
    assert.ok(table);
    const ready = conditionOf(table, 'Ready');
    assert.equal(ready?.status, 'True', ready?.message);
    assert.ok(JSON.stringify(world.cloud.state().routeEntries).includes(POD_CIDR));
    const { conditions = [] } = (await nodes.get('joining')).status;
    assert.ok(JSON.stringify(conditions).includes('RouteCreated'));
  });
}

function managersOf(fields: readonly Readonly<Record<string, unknown>>[] = []): readonly string[] {
  return [...new Set(fields.map(({ manager }) => String(manager)))].toSorted();
}

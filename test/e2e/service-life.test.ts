import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitUntil } from '../../hack/control-plane/endpoint-probe.ts';
import { assertEventually } from '../support/assert-eventually.ts';
import { startE2eCluster } from './support/e2e-cluster.ts';
import { describeListeners, E2eService, type PortWish } from './support/e2e-service.ts';

const FINALIZER = 'service.kubernetes.io/load-balancer-cleanup';

const e2e = await startE2eCluster({ with: ['kcm', 'scheduler', 'kwok'] });
const { cluster, cloud, installation, kubectl } = e2e;
const operator = await installation.startReplica('life-0');
await operator.waitUntilReady();

/** Cloud and operator each take a moment; the machine may be busy. */
const WITHIN = { withinMs: 60_000, everyMs: 200 };

const lives = [
  { rules: 'E2E-01 E2E-05', protocol: 'TCP' },
  { rules: 'E2E-02', protocol: 'UDP' },
] as const;

for (const { rules, protocol } of lives) {
  test(`Service ${rules}: changes its type and ports over ${protocol}, and leaves nothing behind`, async (t) => {
    const namespace = await cluster.createNamespace();
    const service = new E2eService(e2e, namespace, 'web');
    const word = protocol.toLowerCase();
    await service.apply([{ name: 'main', protocol, port: 80 }], { type: 'ClusterIP' });
    assert.equal((await service.service()).metadata.finalizers, undefined);

    let nodePort = 0;
    let address = '';
    const settles = async (lines: readonly string[]) => {
      await assertEventually(async () => {
        assert.deepEqual(describeListeners(await service.loadBalancer()), lines);
      }, WITHIN);
      await service.waitUntilReady();
    };

    await t.test('an address appears, and the node port stays', async () => {
      await service.patch({ type: 'NodePort' });
      nodePort = (await service.service()).spec.ports[0]?.nodePort ?? 0;
      assert.notEqual(nodePort, 0);
      await service.patch({ type: 'LoadBalancer' });
      await service.waitUntilReady();
      const { metadata, spec } = await service.service();
      assert.equal(spec.ports[0]?.nodePort, nodePort);
      assert.ok(metadata.finalizers?.includes(FINALIZER));
      await settles([`${word} 80 running: 3 at ${nodePort}`]);
      await assertEventually(async () => {
        address = await service.address();
      }, WITHIN);
      assert.equal(address, (await service.loadBalancer()).address);
    });

    await t.test('another node port: the address stays, and the backends follow', async () => {
      nodePort += nodePort < 32_767 ? 1 : -1;
      await service.patch({ ports: [{ name: 'main', protocol, port: 80, nodePort }] });
      await settles([`${word} 80 running: 3 at ${nodePort}`]);
      assert.equal((await service.loadBalancer()).groups.length, 1);
      assert.equal(await service.address(), address);
    });

    await t.test('another port: node port and address stay', async () => {
      await service.patch({ ports: [{ name: 'main', protocol, port: 81, nodePort }] });
      await settles([`${word} 81 running: 3 at ${nodePort}`]);
      assert.equal(await service.address(), address);
    });

    await t.test('local traffic: only the node of the one pod, and back to all', async () => {
      await kubectl.apply(deployment(namespace, 'web'));
      await service.patch({ externalTrafficPolicy: 'Local' });
      await settles([`${word} 81 running: 1 at ${nodePort}`]);
      const { spec } = await service.service();
      const { listeners } = await service.loadBalancer();
      if (protocol === 'TCP') {
        assert.equal(listeners[0]?.healthCheckType, 'http');
        assert.equal(listeners[0].healthCheckConnectPort, spec.healthCheckNodePort);
        assert.equal(listeners[0].healthCheckURI, '/healthz');
      }
      await kubectl.run('scale', 'deployment/web', '-n', namespace, '--replicas=0');
      await waitUntil('the pods are gone', 60_000, async () => {
        const pods = await kubectl.run('get', 'pods', '-n', namespace, '-o', 'name');
        return pods === '';
      });
      // Without any endpoint the nodes stay, and the health check turns the traffic away.
      await settles([`${word} 81 running: 1 at ${nodePort}`]);
      await service.patch({ externalTrafficPolicy: 'Cluster' });
      await settles([`${word} 81 running: 3 at ${nodePort}`]);
      assert.equal(await service.address(), address);
    });

    await t.test('back to ClusterIP: nothing is left', async () => {
      await service.patch({ type: 'ClusterIP' });
      await waitUntil('the AlibabaLoadBalancer is gone', 60_000, async () => {
        const names = await kubectl.run('get', 'alilb', '-n', namespace, '-o', 'name');
        return names === '';
      });
      await assertEventually(async () => {
        const { metadata, spec, status } = await service.service();
        assert.equal(metadata.finalizers, undefined);
        assert.equal(spec.ports[0]?.nodePort, undefined);
        assert.equal(status.loadBalancer.ingress, undefined);
      }, WITHIN);
      await assertNothingInCloud();
    });

    await t.test(
      'once more a load balancer: the finalizer is back, and deletion ends',
      async () => {
        await service.patch({ type: 'LoadBalancer' });
        await service.waitUntilReady();
        assert.ok((await service.service()).metadata.finalizers?.includes(FINALIZER));
        await service.delete();
        await assertNothingInCloud();
      },
    );
  });
}

test('Service E2E-17: serves one port number over two protocols, and further ports', async () => {
  const service = new E2eService(e2e, await cluster.createNamespace(), 'dns');
  const ports: PortWish[] = [
    { name: 'udp', protocol: 'UDP', port: 53, nodePort: 30_053 },
    { name: 'tcp', protocol: 'TCP', port: 53, nodePort: 30_053 },
    { name: 'metrics', protocol: 'TCP', port: 9153, nodePort: 30_153 },
  ];
  await service.apply(ports);
  await service.waitUntilReady();
  const balancer = await service.loadBalancer();
  assert.deepEqual(describeListeners(balancer), [
    'tcp 53 running: 3 at 30053',
    'tcp 9153 running: 3 at 30153',
    'udp 53 running: 3 at 30053',
  ]);
  assert.equal(balancer.groups.length, 2, 'Both protocols of one node port share a group.');

  // A client-side apply tells ports apart by their number alone.
  await service.patch({ ports: ports.slice(1) });
  await assertEventually(async () => {
    assert.deepEqual(describeListeners(await service.loadBalancer()), [
      'tcp 53 running: 3 at 30053',
      'tcp 9153 running: 3 at 30153',
    ]);
  }, WITHIN);
  await service.delete();
  await assertNothingInCloud();
});

test('Service: two of one name in two namespaces have nothing in common', async () => {
  const namespaces = [await cluster.createNamespace(), await cluster.createNamespace()];
  const [first, second] = namespaces.map((namespace) => new E2eService(e2e, namespace, 'web'));
  assert.ok(first !== undefined && second !== undefined);
  const port: PortWish = { name: 'main', protocol: 'TCP', port: 80 };
  await Promise.all([first.apply([port]), second.apply([port])]);
  await Promise.all([first.waitUntilReady(), second.waitUntilReady()]);
  const [ofFirst, ofSecond] = [await first.loadBalancer(), await second.loadBalancer()];
  assert.notEqual(ofFirst.loadBalancerId, ofSecond.loadBalancerId);
  assert.notEqual(ofFirst.address, ofSecond.address);

  await first.delete();
  const { loadBalancers } = await cloud.state();
  assert.deepEqual(
    loadBalancers.map(({ loadBalancerId }) => loadBalancerId),
    [ofSecond.loadBalancerId],
  );
  assert.deepEqual(await second.loadBalancer(), ofSecond);
  await second.delete();
  await assertNothingInCloud();
});

test('Service E2E-15: through all of this its spec was never written to', async () => {
  const requests = (await e2e.operatorRequests()).filter(
    ({ objectRef, verb }) =>
      objectRef?.resource === 'services' &&
      objectRef.subresource === undefined &&
      ['update', 'patch'].includes(verb),
  );
  const paths = requests.flatMap(({ requestObject }) => writtenPaths(requestObject));
  assert.notEqual(paths.length, 0);
  assert.deepEqual(
    paths.filter((path) => !path.startsWith('/metadata/')),
    [],
  );
});

/** Names what a JSON patch changes; of anything else, its top-level members. */
function writtenPaths(patch: unknown): string[] {
  if (!Array.isArray(patch)) return Object.keys(patch ?? {}).map((member) => `/${member}/`);
  return (patch as { op: string; path: string }[])
    .filter(({ op }) => op !== 'test')
    .map(({ path }) => path);
}

async function assertNothingInCloud(): Promise<void> {
  const { loadBalancers, vServerGroups } = await cloud.state();
  assert.deepEqual({ loadBalancers, vServerGroups }, { loadBalancers: [], vServerGroups: [] });
}

function deployment(namespace: string, name: string): object {
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          terminationGracePeriodSeconds: 0,
          containers: [{ name: 'main', image: 'web:1' }],
        },
      },
    },
  };
}

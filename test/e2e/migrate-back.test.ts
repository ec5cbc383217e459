import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitUntil } from '../../hack/control-plane/endpoint-probe.ts';
import { DocumentedCommands } from '../support/documented-commands.ts';
import { CLUSTER_CIDR } from './support/controller-work.ts';
import { startE2eCluster } from './support/e2e-cluster.ts';
import { E2eService } from './support/e2e-service.ts';

const VALUES = { operator: { clusterCidr: CLUSTER_CIDR } };
const e2e = await startE2eCluster({ with: [], values: VALUES });
const { cluster, cloud, installation, kubectl } = e2e;
const commands = new DocumentedCommands('migrate-from-ccm.md', cluster.controlPlane);

interface NodeList {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly status: { readonly conditions?: readonly { type: string; status: string }[] };
  }[];
}

/** Gives nodes the ranges of their pods, as kube-controller-manager does. */
async function giveRanges(): Promise<void> {
  const { items } = await kubectl.get<NodeList>('nodes');
  for (const [index, { metadata }] of items.entries()) {
    const podCIDR = `172.20.${index}.0/24`;
    const spec = { podCIDR, podCIDRs: [podCIDR] };
    await kubectl.run('patch', 'node', metadata.name, '-p', JSON.stringify({ spec }));
  }
}

/** Waits until all nodes have their routes, by the condition of each. */
async function waitForRoutes(): Promise<void> {
  await waitUntil('every node has its route', 60_000, async () => {
    const { items } = await kubectl.get<NodeList>('nodes');
    return items.every(({ status }) =>
      (status.conditions ?? []).some(
        ({ type, status: word }) => type === 'NetworkUnavailable' && word === 'False',
      ),
    );
  });
  const table = ['alibabaroutetable', '--all', '--timeout=60s'];
  await kubectl.run('wait', '--for=condition=Ready', ...table);
}

/** What the cloud has that the operator made. */
async function made(): Promise<object> {
  const { loadBalancers, vServerGroups, routeEntries } = await cloud.request<
    Readonly<Record<string, unknown>>
  >('GET', '/_admin/state');
  return { loadBalancers, vServerGroups, routeEntries };
}

async function namesOf(kinds: string): Promise<readonly string[]> {
  const text = await kubectl.run('get', kinds, '--all-namespaces', '-o', 'name');
  return text.split('\n').filter((line) => line !== '');
}

test('chart MIG-10: to uninstall it changes nothing in the cloud, the documented commands let every object go, and installed again it takes all over', async () => {
  await giveRanges();
  const operator = await installation.startReplica('back-0');
  await operator.waitUntilReady();
  const service = new E2eService(e2e, await cluster.createNamespace(), 'web');
  await service.apply([{ name: 'http', protocol: 'TCP', port: 80 }]);
  await service.waitUntilReady();
  await waitForRoutes();
  await e2e.waitForQuiet(0);
  const address = await service.address();
  const before = await made();
  const since = await e2e.lastCall();

  await operator.end();
  await commands.run('uninstall');
  const kinds = 'alibabaloadbalancers,alibabaroutetables';
  assert.equal((await namesOf(kinds)).length, 2);
  assert.deepEqual(await e2e.waitForQuiet(since), []);
  assert.deepEqual(await made(), before);

  await commands.run('release-load-balancers');
  await commands.run('release-route-tables');
  assert.deepEqual(await namesOf(kinds), []);
  assert.deepEqual((await service.service()).metadata.finalizers, [
    'service.k8s.alibaba/resources',
  ]);
  assert.equal(await service.address(), address);
  assert.deepEqual(await made(), before);

  await e2e.upgrade(VALUES);
  const successor = await installation.startReplica('back-1');
  await successor.waitUntilReady();
  await service.waitUntilReady();
  await waitForRoutes();
  const writes = (await e2e.waitForQuiet(since)).filter(({ mutating }) => mutating);
  assert.deepEqual(
    writes.map(({ action }) => action),
    [],
  );
  assert.deepEqual(await made(), before);
  assert.equal(await service.address(), address);

  await service.delete();
  assert.deepEqual((await cloud.state()).loadBalancers, []);
  await successor.end();
});

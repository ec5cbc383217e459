import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitUntil } from '../../hack/control-plane/endpoint-probe.ts';
import { CLUSTER_CIDR, CONTROLLER_WORK } from './support/controller-work.ts';
import { startE2eCluster } from './support/e2e-cluster.ts';
import { E2eService } from './support/e2e-service.ts';
import { grantedRequests, requestText } from './support/rights-used.ts';

const e2e = await startE2eCluster({
  with: ['kcm'],
  values: {
    operator: {
      controllers: '*,node-ipam-controller',
      clusterCidr: CLUSTER_CIDR,
      nodeMonitorPeriod: '1s',
      leaderMigration: { enabled: true, leaseName: 'handover' },
    },
  },
});
const { cluster, cloud, installation, kubectl } = e2e;

/** What no test brings about here, because chance decides on it. */
const SELDOM = Object.values(CONTROLLER_WORK)
  .flatMap(({ seldom = {} }) => Object.keys(seldom))
  .filter((right) => right !== 'get /services');

test('operator SEC-01 SEC-02 MIG-06: the shipped rights are enough for all that every controller does, under every lease, and all are used', async () => {
  const operator = await installation.startReplica('rights-0');
  await operator.waitUntilReady();
  const holder = ['get', 'lease', 'handover', '-n', 'kube-system', '--ignore-not-found'];
  await waitUntil('the lease of the migration is held', 30_000, async () => {
    const identity = await kubectl.run(...holder, '-o', 'jsonpath={.spec.holderIdentity}');
    return identity.startsWith('rights-0_');
  });
  for (const { doWork } of Object.values(CONTROLLER_WORK)) await doWork(e2e);

  // Removed by force while nobody looked: what is left of it is found, and asked for once more.
  const namespace = await cluster.createNamespace();
  const service = new E2eService(e2e, namespace, 'web');
  await service.apply([{ name: 'http', protocol: 'TCP', port: 80 }]);
  await service.waitUntilReady();
  assert.equal(await service.address(), (await service.loadBalancer()).address);
  await operator.end();
  const withoutFinalizers = JSON.stringify({ metadata: { finalizers: [] } });
  const web = ['service', 'web', '-n', namespace];
  await kubectl.run('patch', ...web, '--type', 'merge', '-p', withoutFinalizers);
  await kubectl.run('delete', ...web, '--cascade=orphan');
  const successor = await installation.startReplica('rights-1');
  await e2e.waitForGone(namespace, 'web');
  assert.deepEqual((await cloud.state()).loadBalancers, []);
  await successor.end();

  const requests = await e2e.operatorRequests();
  const refused = requests.filter(({ responseStatus }) => responseStatus?.code === 403);
  assert.deepEqual(refused.map(requestText), []);
  const used = new Set(requests.map(requestText));
  assert.deepEqual(
    (await grantedRequests(e2e)).filter((right) => !used.has(right) && !SELDOM.includes(right)),
    [],
    'A right that a whole life does not need is one too many.',
  );
});

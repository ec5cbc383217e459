import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitUntil } from '../../hack/control-plane/endpoint-probe.ts';
import { startE2eCluster, type E2eCluster } from './support/e2e-cluster.ts';
import { E2eService, type PortWish } from './support/e2e-service.ts';

const HTTP: PortWish = { name: 'http', protocol: 'TCP', port: 80, nodePort: 30_080 };
const HTTPS: PortWish = { name: 'https', protocol: 'TCP', port: 443, nodePort: 30_443 };
const OTHER_ACCOUNT = '9876543210987654';
const OTHER_KEY = { accessKeyId: 'other-account', accessKeySecret: 'other-account-secret' };
/** Two looks a minute apart prove a load balancer to be gone. */
const PROOF_TIMEOUT_MS = 150_000;

// Differences are looked for often, so that nobody has to wait for minutes.
const values = { operator: { driftPeriod: '5s' } };
const e2e = await startE2eCluster({ values });
const { cluster, cloud, installation, kubectl } = e2e;

test('operator: with credentials of another account after a restart it writes nothing, and says so', async () => {
  await cloud.request('POST', '/_admin/seed', {
    accounts: [OTHER_ACCOUNT],
    accessKeys: [{ ...OTHER_KEY, account: OTHER_ACCOUNT }],
  });
  const first = await startReplica('account-0');
  const service = await readyService(HTTP);
  await e2e.waitForQuiet(0);
  const before = await service.loadBalancer();
  await first.end();

  await e2e.upgrade({ ...values, credentials: OTHER_KEY });
  const since = await e2e.lastCall();
  const second = await startReplica('account-1');
  const { message } = await e2e.waitForCondition(service.namespace, 'web', {
    type: 'Accepted',
    status: 'False',
    reason: 'WrongAccount',
  });
  assert.match(message, new RegExp(`"${before.accountId}".*"${OTHER_ACCOUNT}"`));
  await service.apply([HTTP, HTTPS]);
  await kubectl.run('delete', 'service', 'web', '-n', service.namespace, '--wait=false');
  const calls = await e2e.waitForQuiet(since, 5_000);
  assert.deepEqual(
    calls.filter(({ mutating }) => mutating),
    [],
  );
  assert.ok(
    calls.some(({ principal }) => principal?.includes(OTHER_ACCOUNT)),
    'The other account was in use.',
  );
  assert.deepEqual(await service.loadBalancer(), before);
  assert.equal(await eventCount(e2e, service, 'WrongAccount'), 1);
  await second.end();

  // With the first account's credentials the deletion goes on.
  await e2e.upgrade(values);
  const third = await startReplica('account-2');
  await e2e.waitForGone(service.namespace, 'web');
  assert.deepEqual((await cloud.state()).loadBalancers, []);
  await third.end();
});

test('operator SVC-81: a load balancer deleted in the console is proven gone, made again and published', async () => {
  const operator = await startReplica('console-0');
  const lost = await readyService(HTTP);
  const untouched = await readyService(HTTPS);
  await e2e.waitForQuiet(0);
  const before = await lost.loadBalancer();
  const neighbour = await untouched.loadBalancer();
  for (const { namespace } of [lost, untouched]) await makeOld(namespace);

  const since = await e2e.lastCall();
  await cloud.request('PATCH', `/_admin/objects/${before.loadBalancerId}`, { released: true });
  const { message } = await e2e.waitForCondition(lost.namespace, 'web', {
    type: 'Programmed',
    status: 'False',
    reason: 'NotFound',
  });
  assert.match(message, new RegExp(before.loadBalancerId));
  // A wrong answer of the cloud must not cost an address: nothing is made before the second look.
  const calls = await cloud.calls(since);
  assert.deepEqual(
    calls.filter(({ mutating }) => mutating),
    [],
  );

  await waitUntil('another load balancer is published', PROOF_TIMEOUT_MS, async () => {
    const { ingress = [] } = (await lost.service()).status.loadBalancer;
    return ingress.length === 1 && ingress[0]?.ip !== before.address;
  });
  await lost.waitUntilReady();
  const after = await lost.loadBalancer();
  assert.notEqual(after.loadBalancerId, before.loadBalancerId);
  assert.equal(await lost.address(), after.address);
  const creations = (await cloud.calls(since)).filter(({ action }) =>
    action.startsWith('CreateLoadBalancer'),
  );
  assert.deepEqual(
    creations.map(({ action }) => action),
    ['CreateLoadBalancer', 'CreateLoadBalancerTCPListener'],
  );
  const proofs = (await cloud.calls(since)).filter(
    ({ action, objectIds, parameters, startedAt }) =>
      action === 'DescribeLoadBalancerAttribute' &&
      (objectIds.includes(before.loadBalancerId) ||
        parameters.LoadBalancerId === before.loadBalancerId) &&
      startedAt <= (creations[0]?.startedAt ?? ''),
  );
  const apartMs =
    Date.parse(proofs.at(-1)?.startedAt ?? '') - Date.parse(proofs[0]?.startedAt ?? '');
  // The first look is remembered in whole seconds.
  assert.ok(apartMs > 59_000, `The looks were ${apartMs} ms apart`);
  assert.equal(await eventCount(e2e, lost, 'RecreatingLoadBalancer'), 1);
  assert.deepEqual(await untouched.loadBalancer(), neighbour, 'Its neighbour is left as it is.');

  await lost.delete();
  await untouched.delete();
  const { loadBalancers, vServerGroups } = await cloud.state();
  assert.deepEqual({ loadBalancers, vServerGroups }, { loadBalancers: [], vServerGroups: [] });
  await operator.end();
});

async function startReplica(name: string) {
  const replica = await installation.startReplica(name);
  await replica.waitUntilReady();
  return replica;
}

async function readyService(...ports: PortWish[]): Promise<E2eService> {
  const service = new E2eService(e2e, await cluster.createNamespace(), 'web');
  await service.apply(ports);
  await service.waitUntilReady();
  return service;
}

/** What was made minutes ago may not be visible in the cloud yet, so it is made to look older. */
async function makeOld(namespace: string): Promise<void> {
  const hourAgo = new Date(Date.now() - 3_600_000).toISOString().replace(/\.\d+/, '');
  await kubectl.run(
    ...['patch', 'alilb', 'web', '-n', namespace, '--subresource=status', '--type=merge'],
    ...['-p', JSON.stringify({ status: { createdTime: hourAgo } })],
  );
}

/** Counts how often an event was told about a Service's AlibabaLoadBalancer, repeats included. */
async function eventCount(
  { kubectl }: E2eCluster,
  { namespace }: E2eService,
  reason: string,
): Promise<number> {
  const { items } = await kubectl.get<{
    items: {
      reason: string;
      regarding: { kind: string };
      series?: { count: number };
    }[];
  }>('events.events.k8s.io', '-n', namespace);
  return items
    .filter((event) => event.reason === reason && event.regarding.kind === 'AlibabaLoadBalancer')
    .reduce((sum, { series }) => sum + (series?.count ?? 1), 0);
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AuditEvent } from '../../hack/control-plane/audit-log.ts';
import { waitUntil } from '../../hack/control-plane/endpoint-probe.ts';
import { startE2eCluster } from './support/e2e-cluster.ts';

const e2e = await startE2eCluster();
const { cluster, cloud, installation, kubectl } = e2e;

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

const service = (namespace: string, ports: readonly number[]) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace },
  spec: {
    type: 'LoadBalancer',
    selector: { app: 'web' },
    ports: ports.map((port) => ({ name: `p${port}`, port, protocol: 'TCP' })),
  },
});

function describeRequest({ verb, objectRef }: AuditEvent): string {
  const { apiGroup = '', resource = '', subresource } = objectRef ?? {};
  return `${verb} ${apiGroup}/${resource}${subresource === undefined ? '' : `/${subresource}`}`;
}

/**
 * The audit log tells a server-side apply as a patch, also one that creates: the API server asks for
 * both rights then.
 */
const IMPLIED = ['create networking.alibabacloud.com/alibabaloadbalancers'];

test('operator SEC-01: the shipped rights are enough for a Service through its life, and all are used', async () => {
  const namespace = await cluster.createNamespace();
  const operator = await installation.startReplica('rights-0');
  await operator.waitUntilReady();
  await kubectl.apply(service(namespace, [80]));
  await e2e.waitForCondition(namespace, 'web', { type: 'Ready', status: 'True' });
  const { status } = await kubectl.get<{
    status: { loadBalancer: { ingress?: { ip: string }[] } };
  }>(...['service', 'web', '-n', namespace]);
  const [balancer] = (await cloud.state()).loadBalancers;
  assert.equal(status.loadBalancer.ingress?.[0]?.ip, balancer?.address);

  await kubectl.apply(service(namespace, [80, 443]));
  await waitUntil('both listeners run', 60_000, async () => {
    const [changed] = (await cloud.state()).loadBalancers;
    return changed?.listeners.filter((listener) => listener.status === 'running').length === 2;
  });
  await kubectl.run('delete', 'service', 'web', '-n', namespace);
  await e2e.waitForGone(namespace, 'web');
  const { loadBalancers, vServerGroups } = await cloud.state();
  assert.deepEqual({ loadBalancers, vServerGroups }, { loadBalancers: [], vServerGroups: [] });

  // Removed by force while nobody looked: what is left of it is found, and asked for once more.
  await kubectl.apply(service(namespace, [80]));
  await e2e.waitForCondition(namespace, 'web', { type: 'Ready', status: 'True' });
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
  assert.deepEqual(refused.map(describeRequest), []);
  const used = new Set([...IMPLIED, ...requests.map(describeRequest)]);
  assert.deepEqual(
    (await grantedRequests()).filter((request) => !used.has(request)),
    [],
    'A right that a whole life does not need is one too many.',
  );
});

/** Every request that the chart's roles allow, in the words of `describeRequest`. */
async function grantedRequests(): Promise<string[]> {
  const release = 'alibaba-cloud-operator';
  const clusterRole = await kubectl.get<{ rules: Rule[] }>('clusterrole', release);
  const role = await kubectl.get<{ rules: Rule[] }>(
    ...['role', `${release}-leases`, '-n', 'kube-system'],
  );
  return [...clusterRole.rules, ...role.rules].flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) => verbs.map((verb) => `${verb} ${group}/${resource}`)),
    ),
  );
}

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { waitUntil } from '../../hack/control-plane/endpoint-probe.ts';
import type { ControllerName } from '../../src/operator/controllers/controller-selection.ts';
import { CLUSTER_CIDR, CONTROLLER_WORK } from './support/controller-work.ts';
import { startE2eCluster } from './support/e2e-cluster.ts';
import { E2eService } from './support/e2e-service.ts';
import { grantedRequests, requestText } from './support/rights-used.ts';

const e2e = await startE2eCluster({ with: [] });
const { cloud, installation, kubectl } = e2e;

/** What any may have to tell people, but not every day. */
const EVENTS = ['create events.k8s.io/events', 'patch events.k8s.io/events'];
/** Whose credentials it has, and where it is, every controller asks: STS, and the instance's metadata. */
const IDENTITY_APIS = ['2015-04-01', 'latest'];

for (const [name, work] of Object.entries(CONTROLLER_WORK)) {
  test(`operator MIG-03 SEC-01: ${name} alone works with its own permissions, and looks at nothing else`, async (t) => {
    const controller = name as ControllerName;
    await e2e.upgrade({
      operator: {
        controllers: controller,
        clusterCidr: CLUSTER_CIDR,
        nodeMonitorPeriod: '1s',
      },
    });
    // Whoever comes first makes them.
    await kubectl.run('delete', 'leases', '--all', '-n', 'kube-system');
    const requestsBefore = (await e2e.operatorRequests()).length;
    const callsBefore = await e2e.lastCall();
    const replica = await installation.startReplica(`alone-${name}`);
    t.after(() => replica.end());
    await replica.waitUntilReady();
    await work.doWork(e2e);
    await replica.end();

    const requests = (await e2e.operatorRequests()).slice(requestsBefore);
    const refused = requests.filter(({ responseStatus }) => responseStatus?.code === 403);
    assert.deepEqual(refused.map(requestText), []);
    const log = await readFile(replica.logFile, 'utf8');
    assert.doesNotMatch(log, /forbidden|"level":"error"/i);

    const used = new Set(requests.map(requestText));
    const granted = await grantedRequests(e2e);
    const seldom = [...EVENTS, ...Object.keys(work.seldom ?? {})];
    const unused = granted.filter((right) => !used.has(right) && !seldom.includes(right));
    assert.deepEqual(unused, [], 'A permission that its day does not need is one too many');

    const apis = (await cloud.calls(callsBefore)).map(({ version }) => version);
    const own = [...IDENTITY_APIS, ...work.cloudApis];
    const foreign = apis.filter((api) => !own.includes(api));
    assert.deepEqual(foreign, [], 'It calls what belongs to another controller');
  });
}

test('operator MIG-08 SEC-01: a dry run works with its own permissions, beside whoever holds the lease, and changes nothing in the cloud', async (t) => {
  await e2e.upgrade({ operator: { dryRun: true, clusterCidr: CLUSTER_CIDR } });
  await kubectl.run('delete', 'leases', '--all', '-n', 'kube-system');
  const requestsBefore = (await e2e.operatorRequests()).length;
  const callsBefore = await e2e.lastCall();
  const service = new E2eService(e2e, await e2e.cluster.createNamespace(), 'web');
  await service.apply([{ name: 'http', protocol: 'TCP', port: 80 }]);
  const replica = await installation.startReplica('looking');
  t.after(() => replica.end());
  await replica.waitUntilReady();
  await waitUntil('the plan is shown', 60_000, async () => {
    const object = ['get', 'alilb', '-n', service.namespace, '-o', 'jsonpath={..plan[*].action}'];
    return (await kubectl.run(...object)).startsWith('Create ');
  });
  await replica.end();
  const requests = (await e2e.operatorRequests()).slice(requestsBefore);
  const refused = requests.filter(({ responseStatus }) => responseStatus?.code === 403);
  assert.deepEqual(refused.map(requestText), []);
  const leases = requests.filter(({ objectRef }) => objectRef?.resource === 'leases');
  assert.deepEqual(
    [...new Set(leases.map(({ objectRef }) => objectRef?.name))],
    ['alibaba-cloud-operator'],
  );
  const calls = await cloud.calls(callsBefore);
  assert.deepEqual(
    calls.filter(({ mutating }) => mutating).map(({ action }) => action),
    [],
  );
  assert.equal((await service.service()).metadata.finalizers, undefined);
});

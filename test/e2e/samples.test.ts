import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { startE2eCluster } from './support/e2e-cluster.ts';

const SAMPLES = path.join(import.meta.dirname, '../../config/samples');

const e2e = await startE2eCluster();
const { cluster, cloud, installation, kubectl } = e2e;
const operator = await installation.startReplica('samples-0');
await operator.waitUntilReady();

interface SampleObject {
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

/** Route tables need nodes and a network of their own; their samples are applied elsewhere. */
const files = (await readdir(SAMPLES)).filter((file) => !file.includes('route-table')).sort();

for (const file of files) {
  test(`sample ${file}: becomes a load balancer, and leaves nothing behind`, async () => {
    const namespace = await cluster.createNamespace();
    const text = await readFile(path.join(SAMPLES, file), 'utf8');
    const services = parseAllDocuments(text)
      .map((document) => document.toJS() as SampleObject)
      .filter(({ kind }) => kind === 'Service')
      .map(({ metadata }) => metadata.name);
    assert.notEqual(services.length, 0);

    await kubectl.apply(text, '-n', namespace);
    for (const name of services) {
      await e2e.waitForCondition(namespace, name, { type: 'Ready', status: 'True' });
    }
    const { loadBalancers } = await cloud.state();
    assert.equal(loadBalancers.length, services.length);
    const listeners = loadBalancers.flatMap((balancer) => balancer.listeners);
    assert.deepEqual(new Set(listeners.map(({ status }) => status)), new Set(['running']));

    await kubectl.runWithInput(text, 'delete', '-f', '-', '-n', namespace);
    for (const name of services) await e2e.waitForGone(namespace, name);
    const left = await cloud.state();
    assert.deepEqual([left.loadBalancers, left.vServerGroups], [[], []]);
  });
}

test('sample alibaba-load-balancer-full.yaml: each of its settings reaches the cloud', async () => {
  const namespace = await cluster.createNamespace();
  const file = path.join(SAMPLES, 'alibaba-load-balancer-full.yaml');
  await kubectl.run('apply', '-f', file, '-n', namespace);
  await e2e.waitForCondition(namespace, 'game', { type: 'Ready', status: 'True' });
  const state = await cloud.request<{
    loadBalancers: {
      tags: Record<string, string>;
      listeners: Record<string, unknown>[];
      [member: string]: unknown;
    }[];
  }>('GET', '/_admin/state');
  const [balancer] = state.loadBalancers;
  assert.ok(balancer !== undefined);
  const { tags, listeners, ...settings } = balancer;
  const wanted = {
    loadBalancerName: 'game-public',
    addressType: 'internet',
    instanceChargeType: 'PayBySpec',
    loadBalancerSpec: 'slb.s2.small',
    internetChargeType: 'paybybandwidth',
    bandwidth: 20,
    deleteProtection: 'off',
    modificationProtectionStatus: 'ConsoleProtection',
  };
  assert.deepEqual({ ...settings, ...wanted }, settings);
  assert.deepEqual({ ...tags, team: 'games', stage: '' }, tags);

  const listener = (protocol: string) =>
    listeners.find(({ listenerProtocol }) => listenerProtocol === protocol) ?? {};
  const wantedTcp = {
    listenerPort: 443,
    scheduler: 'wlc',
    persistenceTimeout: 600,
    establishedTimeout: 300,
    healthCheckType: 'http',
    healthCheckURI: '/healthz',
    healthCheckDomain: 'lobby.example.com',
    healthCheckHttpCode: 'http_2xx,http_3xx',
    healthCheckInterval: 5,
    healthCheckConnectTimeout: 4,
    healthyThreshold: 2,
    unhealthyThreshold: 3,
  };
  const tcp = listener('tcp');
  assert.deepEqual({ ...tcp, ...wantedTcp }, tcp);
  const udp = listener('udp');
  const wantedUdp = {
    listenerPort: 7001,
    scheduler: 'sch',
    healthCheckInterval: 10,
    healthCheckConnectTimeout: 5,
  };
  assert.deepEqual({ ...udp, ...wantedUdp }, udp);
});

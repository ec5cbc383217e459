import assert from 'node:assert/strict';
import { test } from 'node:test';
import { callsTable, eventsTable, listenersTable, routesTable } from './demo-report.ts';

const loadBalancer = {
  loadBalancerId: 'lb-1',
  loadBalancerName: 'a1',
  address: '47.0.0.1',
  listeners: [
    { listenerProtocol: 'tcp', listenerPort: 80, status: 'running', vServerGroupId: 'rsp-1' },
    { listenerProtocol: 'udp', listenerPort: 53, status: 'stopped' },
  ],
};
const group = {
  vServerGroupId: 'rsp-1',
  vServerGroupName: 'k8s/30080/web',
  loadBalancerId: 'lb-1',
  backendServers: [{ serverId: 'i-1', port: 30_080, weight: 100 }],
};

test('listenersTable: a row for each listener, with the backends of its group', () => {
  const text = listenersTable({
    now: '2026-01-01T00:00:00Z',
    instances: [],
    routeEntries: [],
    loadBalancers: [loadBalancer],
    vServerGroups: [{ ...group, vServerGroupId: 'rsp-other' }, group],
  });
  assert.match(text, /lb-1.*TCP 80.*running.*k8s\/30080\/web.*i-1:30080 \(weight 100\)/);
  assert.match(text, /47\.0\.0\.1/);
  assert.match(text, /lb-1.*UDP 53.*stopped/);
});

test('routesTable: a row for each entry, with where it leads and whose it is', () => {
  const entry = {
    routeEntryId: 'rte-1',
    routeTableId: 'vtb-1',
    routeEntryName: 'k8s-a-b-ipv4',
    destinationCidrBlock: '172.20.0.0/24',
    status: 'Available',
    nextHops: [{ nextHopType: 'Instance', nextHopId: 'i-1' }],
  };
  assert.match(
    routesTable({ routeEntries: [entry] }),
    /vtb-1.*172\.20\.0\.0\/24.*i-1.*Available.*k8s-a-b-ipv4/,
  );
});

test('eventsTable: repeats are counted', () => {
  const event = {
    type: 'Warning',
    reason: 'NoBackends',
    note: 'No node can be registered',
    regarding: { kind: 'AlibabaLoadBalancer', name: 'web' },
  };
  assert.match(
    eventsTable([{ ...event, series: { count: 3 } }]),
    /Warning.*AlibabaLoadBalancer web.*NoBackends.*registered \(3 times\)/,
  );
});

test('callsTable: reads and writes are told apart and counted', () => {
  const objectIds = ['lb-1'];
  const call = {
    seq: 1,
    action: 'DescribeX',
    mutating: false,
    httpStatus: 200,
    code: null,
    objectIds,
  };
  const failed = {
    seq: 2,
    action: 'CreateX',
    mutating: true,
    httpStatus: 400,
    code: 'Busy',
    objectIds,
  };
  const text = callsTable([call, failed]);
  assert.match(text, /1.*DescribeX.*read.*200/);
  assert.match(text, /2.*CreateX.*write.*400 Busy.*lb-1/);
  assert.match(text, /2 calls, 1 of them writes$/);
});

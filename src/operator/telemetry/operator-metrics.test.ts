import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadBalancerOf } from '../../../test/support/kubernetes-builders.ts';
import { VirtualClock } from '../../../test/support/virtual-clock.ts';
import type { LoadBalancerResource } from '../../reconcilers/kubernetes-objects.ts';
import { WorkQueue } from '../queue/work-queue.ts';
import { OperatorMetrics } from './operator-metrics.ts';

async function scrape(metrics: OperatorMetrics): Promise<Map<string, number>> {
  const text = await metrics.registry.metrics();
  return new Map(
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => {
        const cut = line.lastIndexOf(' ');
        return [line.slice(0, cut), Number(line.slice(cut + 1))];
      }),
  );
}

test('OBS-05: a controller that has done nothing shows every series at zero, then counts', async () => {
  const metrics = new OperatorMetrics('1', new VirtualClock());
  const service = metrics.controller('service', 4);
  const idle = await scrape(metrics);
  for (const result of ['success', 'error', 'requeue', 'requeue_after']) {
    const name = `controller_runtime_reconcile_total{controller="service",result="${result}"}`;
    assert.equal(idle.get(name), 0, name);
  }
  for (const name of [
    'controller_runtime_reconcile_errors_total',
    'controller_runtime_terminal_reconcile_errors_total',
    'controller_runtime_reconcile_panics_total',
    'controller_runtime_reconcile_timeouts_total',
    'controller_runtime_active_workers',
    'controller_runtime_reconcile_time_seconds_count',
  ]) {
    assert.equal(idle.get(`${name}{controller="service"}`), 0, name);
  }
  assert.equal(idle.get('controller_runtime_max_concurrent_reconciles{controller="service"}'), 4);

  service.passStarted();
  service.passStarted();
  service.passEnded('error', 0.2);
  service.failedTerminally();
  service.panicked();
  service.timedOut();
  const busy = await scrape(metrics);
  const value = (name: string): number | undefined => busy.get(`${name}{controller="service"}`);
  assert.equal(value('controller_runtime_active_workers'), 1);
  assert.equal(value('controller_runtime_reconcile_errors_total'), 1);
  assert.equal(value('controller_runtime_terminal_reconcile_errors_total'), 1);
  assert.equal(value('controller_runtime_reconcile_panics_total'), 1);
  assert.equal(value('controller_runtime_reconcile_timeouts_total'), 1);
  assert.equal(value('controller_runtime_reconcile_time_seconds_sum'), 0.2);
  assert.equal(
    busy.get('controller_runtime_reconcile_total{controller="service",result="error"}'),
    1,
  );
});

test('OBS-06: queue metrics follow the queue, and running work is measured at the scrape', async () => {
  const metrics = new OperatorMetrics('1', new VirtualClock());
  const clock = new VirtualClock();
  const queue = new WorkQueue(clock, metrics.queue('service'));
  metrics.observeQueue('service', queue);
  const labels = '{name="service",controller="service"}';
  assert.equal((await scrape(metrics)).get(`workqueue_depth${labels}`), 0);

  for (const name of ['a', 'b', 'c']) queue.add({ namespace: 'shop', name });
  const signal = new AbortController().signal;
  await queue.next(signal);
  await clock.advance(2_000);
  await queue.next(signal);
  await clock.advance(3_000);
  queue.retryAfter({ namespace: 'shop', name: 'd' }, 10);
  const series = await scrape(metrics);
  assert.equal(series.get(`workqueue_depth${labels}`), 1);
  assert.equal(series.get(`workqueue_adds_total${labels}`), 3);
  assert.equal(series.get(`workqueue_retries_total${labels}`), 1);
  assert.equal(series.get(`workqueue_unfinished_work_seconds${labels}`), 8);
  assert.equal(series.get(`workqueue_longest_running_processor_seconds${labels}`), 5);
  assert.equal(series.get(`workqueue_queue_duration_seconds_sum${labels}`), 2);

  queue.done({ namespace: 'shop', name: 'a' });
  assert.equal((await scrape(metrics)).get(`workqueue_work_duration_seconds_sum${labels}`), 5);
});

test('OBS-07: requests to the API server are counted by code, a lost one as <error>', async () => {
  const metrics = new OperatorMetrics('1', new VirtualClock());
  const client = metrics.restClient();
  client.requestEnded('GET', '200', 'h:1', 0.1);
  client.requestEnded('PATCH', '<error>', 'h:1', 0.1);
  client.rateLimited('GET', 'h:1', 0.5);
  client.retried('GET', '429', 'h:1');
  const series = await scrape(metrics);
  for (const name of [
    'rest_client_requests_total{code="200",method="GET",host="h:1"}',
    'rest_client_requests_total{code="<error>",method="PATCH",host="h:1"}',
    'rest_client_request_duration_seconds_count{verb="GET",host="h:1"}',
    'rest_client_rate_limiter_duration_seconds_count{verb="GET",host="h:1"}',
    'rest_client_request_retries_total{code="429",verb="GET",host="h:1"}',
  ]) {
    assert.equal(series.get(name), 1, name);
  }
});

test('OBS-08: leadership and running controllers are shown by name', async () => {
  const metrics = new OperatorMetrics('1', new VirtualClock());
  metrics.setLeader('alibaba-cloud-operator', false);
  metrics.setRunning('service-lb-controller', true);
  const series = await scrape(metrics);
  assert.equal(series.get('leader_election_master_status{name="alibaba-cloud-operator"}'), 0);
  const running =
    'running_managed_controllers{name="service-lb-controller",manager="cloud-controller-manager"}';
  assert.equal(series.get(running), 1);
});

const call = {
  product: 'slb',
  operation: 'AddVServerGroupBackendServers',
  mutating: true,
  lane: 'live',
  durationMs: 1_500,
  code: 'OK',
  throttled: false,
  knownCode: true,
} as const;

test('OBS-09 SVC-87: cloud calls are counted by operation, backend updates once more', async () => {
  const metrics = new OperatorMetrics('1', new VirtualClock());
  const calls = metrics.cloudCalls();
  const before = await scrape(metrics);
  assert.equal(before.get('service_controller_loadbalancer_sync_total'), 0);
  assert.equal(before.get('service_controller_nodesync_error_total'), 0);

  calls.observeCall(call);
  calls.observeCall({
    ...call,
    operation: 'DescribeLoadBalancers',
    code: 'Throttling',
    throttled: true,
  });
  calls.observeCall({ ...call, operation: 'DescribeLoadBalancers', code: 'New', knownCode: false });
  metrics.nodeSyncs().nodeSyncFailed();
  metrics.nodeSyncs().nodeSyncEnded(3);
  const series = await scrape(metrics);
  const prefix = 'cloudprovider_alibabacloud_api';
  for (const [name, want] of [
    [`${prefix}_request_duration_seconds_sum{request="AddVServerGroupBackendServers"}`, 1.5],
    [`${prefix}_request_errors{request="DescribeLoadBalancers"}`, 2],
    [`${prefix}_throttled_requests_total{operation_name="DescribeLoadBalancers"}`, 1],
    ['service_controller_loadbalancer_sync_total', 1],
    ['service_controller_update_loadbalancer_host_latency_seconds_sum', 1.5],
    ['service_controller_update_loadbalancer_host_latency_seconds_bucket{le="1"}', 0],
    ['service_controller_update_loadbalancer_host_latency_seconds_bucket{le="2"}', 1],
    ['service_controller_update_loadbalancer_host_latency_seconds_bucket{le="16384"}', 1],
    ['service_controller_nodesync_error_total', 1],
    ['service_controller_nodesync_latency_seconds_sum', 3],
  ] as const) {
    assert.equal(series.get(name), want, name);
  }
});

test('OBS-10: names carry their unit, and two operators of one process count apart', async () => {
  const one = new OperatorMetrics('1', new VirtualClock());
  const other = new OperatorMetrics('1', new VirtualClock());
  one.restClient().requestEnded('GET', '200', 'h', 1);
  const name = 'rest_client_requests_total{code="200",method="GET",host="h"}';
  assert.equal((await scrape(other)).get(name), undefined);
  const types = (await one.registry.metrics()).matchAll(/^# TYPE (\S+) (\S+)$/gm);
  // Dashboards know these by upstream's names, which do not all keep to the rule.
  const exceptions = new Set(['cloudprovider_alibabacloud_api_request_errors']);
  for (const [, metric = '', type] of types) {
    if (type === 'counter' && !exceptions.has(metric)) assert.match(metric, /_total$/);
    if (type === 'histogram') assert.match(metric, /_(seconds|bytes)$/);
  }
});

test('OBS-11: load balancers are counted by readiness, and each controller tells its last success', async () => {
  const metrics = new OperatorMetrics('1', new VirtualClock());
  const ready = (status: 'True' | 'False'): LoadBalancerResource =>
    loadBalancerOf({
      status: {
        conditions: [{ type: 'Ready', status, reason: 'R', message: '', lastTransitionTime: 'T' }],
      },
    });
  metrics.observeLoadBalancers(() => [
    ready('True'),
    ready('True'),
    ready('False'),
    loadBalancerOf(),
  ]);
  const service = metrics.controller('service', 1);
  service.passEnded('success', 1);
  const series = await scrape(metrics);
  const count = (state: string): number | undefined =>
    series.get(`alibaba_cloud_operator_load_balancers{type="CLB",ready="${state}"}`);
  assert.deepEqual([count('True'), count('False'), count('Unknown')], [2, 1, 1]);
  const last = 'alibaba_cloud_operator_last_success_timestamp_seconds{controller="service"}';
  assert.ok((series.get(last) ?? 0) > 1_700_000_000);
  assert.ok(series.has('process_resident_memory_bytes'));
});

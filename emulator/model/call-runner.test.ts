import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { adminClient, type AdminClient } from '../../test/support/admin-client.ts';
import { cloudCaller } from '../../test/support/cloud-caller.ts';
import { startRuleBench, type RuleBench } from '../../test/support/rule-bench.ts';
import type { FaultOrder } from './fault-board.ts';

let bench: RuleBench;
let admin: AdminClient;

before(async () => {
  bench = await startRuleBench({ lockMs: 0, transitionMs: 0 });
  admin = adminClient(bench.cloud.url);
});
beforeEach(() => {
  bench.cloud.reset();
  bench.cloud.settings({ rates: { default: 0 } });
});
after(() => bench.cloud.stop());

const create = { LoadBalancerSpec: 'slb.s1.small' };
const made = () => bench.cloud.state().loadBalancers.length;

async function fault(order: FaultOrder): Promise<string> {
  return ((await admin('POST /_admin/faults', order)).body as { id: string }).id;
}

/** Waits until something is so, which a cloud under way makes so without further time. */
async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 5000;
  while (!condition()) {
    assert.ok(Date.now() < deadline, 'It does not come about.');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test('error: the call is refused and changes nothing', async () => {
  await fault({ kind: 'error', action: 'CreateLoadBalancer', code: 'OverQuota' });
  const answer = await bench.refuse('OverQuota', 'CreateLoadBalancer', create);
  assert.equal(answer.status, 400);
  assert.equal(made(), 0);
  await bench.accept('CreateLoadBalancer', create);
});

test('error: code and status are those of the order, or the published ones', async () => {
  for (const [order, code, status] of [
    [{}, 'ServiceUnavailable', 503],
    [{ code: 'BackendServer.configuring' }, 'BackendServer.configuring', 409],
    [{ code: 'Made.Up' }, 'Made.Up', 400],
    [{ code: 'Made.Up', httpStatus: 500 }, 'Made.Up', 500],
  ] as const) {
    await fault({ kind: 'error', action: 'CreateVServerGroup', ...order });
    const answer = await bench.refuse(code, 'CreateVServerGroup', { LoadBalancerId: 'lb-none' });
    assert.equal(answer.status, status);
  }
});

test('error applied: the call takes effect and is refused all the same', async () => {
  const id = await fault({ kind: 'error', code: 'InternalError', applied: true });
  const answer = await bench.refuse('InternalError', 'CreateLoadBalancer', create);
  assert.equal(answer.status, 500);
  assert.equal(made(), 1);
  const [logged] = bench.cloud.calls();
  assert.deepEqual(
    [logged?.applied, logged?.code, logged?.faultIds],
    [true, 'InternalError', [id]],
  );
});

test('throttle: the call is throttled and changes nothing', async () => {
  await fault({ kind: 'throttle', delayMs: 1500 });
  await bench.refuse('Throttling.User', 'CreateLoadBalancer', create);
  await fault({ kind: 'throttle', code: 'Throttling', httpStatus: 429 });
  const answer = await bench.refuse('Throttling', 'CreateLoadBalancer', create);
  assert.equal(answer.status, 429);
  assert.equal(made(), 0);
});

for (const when of ['received', 'applied'] as const) {
  test(`delay ${when}: the call waits before it ${when === 'received' ? 'acts' : 'answers'}`, async () => {
    await fault({ kind: 'delay', delayMs: 700, when });
    const pending = bench.call('CreateLoadBalancer', create);
    await until(() => bench.cloud.calls()[0]?.faultIds.length === 1);
    await until(() => made() === (when === 'applied' ? 1 : 0));
    bench.cloud.advance(699);
    assert.equal(bench.cloud.calls()[0]?.finishedAt, null);
    bench.cloud.advance(1);
    assert.equal((await pending).code, undefined);
    assert.equal(bench.cloud.calls()[0]?.durationMs, 700);
    assert.equal(made(), 1);
  });

  test(`hold ${when}: the call stops until it is released`, async () => {
    const faultId = await fault({ kind: 'hold', action: 'CreateLoadBalancer', when });
    const pending = bench.call('CreateLoadBalancer', create);
    const held = (await admin('GET /_admin/held')).body as Record<string, unknown>[];
    assert.deepEqual(
      [held.length, held[0]?.action, held[0]?.when, held[0]?.seq, held[0]?.faultId],
      [1, 'CreateLoadBalancer', when, 1, faultId],
    );
    assert.equal(made(), when === 'applied' ? 1 : 0);
    await bench.accept('DescribeRegions');
    await admin(`POST /_admin/held/${String(held[0]?.id)}/release`);
    assert.equal((await pending).code, undefined);
    assert.equal(made(), 1);
    assert.deepEqual((await admin('GET /_admin/held?timeoutMs=0')).body, []);
  });
}

test('hold: the long poll ends as soon as a call is held, or when its time is over', async () => {
  assert.deepEqual((await admin('GET /_admin/held?timeoutMs=20')).body, []);
  await fault({ kind: 'hold' });
  const poll = admin('GET /_admin/held?timeoutMs=10000');
  const pending = bench.call('DescribeRegions');
  const [held] = (await poll).body as { id: string }[];
  bench.cloud.release(held?.id ?? '');
  await pending;
});

test('hold: a call whose caller went away acts when it is released', async () => {
  await fault({ kind: 'hold', action: 'CreateLoadBalancer', when: 'received' });
  const impatient = cloudCaller(bench.cloud.url, { readTimeoutMs: 100 });
  const parameters = { ...create, RegionId: 'cn-hangzhou', ClientToken: 'gone' };
  await assert.rejects(impatient('CreateLoadBalancer', parameters));
  const [held] = await bench.cloud.held();
  await until(() => held?.clientGone === true);
  assert.equal(made(), 0);
  // Nobody waits for the held one: its token is free for the next try.
  const next = await bench.accept('CreateLoadBalancer', parameters);
  bench.cloud.release(held?.id ?? '');
  await until(() => bench.cloud.calls()[0]?.finishedAt !== null);
  assert.equal(made(), 1);
  assert.deepEqual(bench.cloud.calls()[0]?.objectIds, [next.text('LoadBalancerId')]);
});

test('drop: the connection breaks before the call acts', async () => {
  await fault({ kind: 'drop' });
  await assert.rejects(bench.call('CreateLoadBalancer', create));
  assert.equal(made(), 0);
  const [logged] = bench.cloud.calls();
  assert.deepEqual([logged?.applied, logged?.httpStatus, logged?.code], [false, null, null]);
  assert.notEqual(logged?.finishedAt, null);
});

test('lose-answer: the connection breaks after the call acted', async () => {
  await fault({ kind: 'lose-answer' });
  await assert.rejects(bench.call('CreateLoadBalancer', create));
  assert.equal(made(), 1);
  const [logged] = bench.cloud.calls();
  assert.deepEqual([logged?.applied, logged?.httpStatus], [true, null]);
});

test('apply-late: the connection breaks at once and the call acts later', async () => {
  await fault({ kind: 'apply-late', delayMs: 3000 });
  const parameters = { ...create, ClientToken: 'late' };
  await assert.rejects(bench.call('CreateLoadBalancer', parameters));
  assert.equal(made(), 0);
  // The cloud has the call already: its token is taken.
  await bench.refuse('OperationFailed.TokenIsProcessing', 'CreateLoadBalancer', parameters);
  bench.cloud.advance(2999);
  assert.equal(made(), 0);
  bench.cloud.advance(1);
  await until(() => made() === 1);
  const [logged] = bench.cloud.calls();
  assert.equal(logged?.applied, true);
  const again = await bench.accept('CreateLoadBalancer', parameters);
  assert.deepEqual(logged.objectIds, [again.text('LoadBalancerId')]);
  assert.equal(made(), 1);
});

test('apply-late: what was under way before a reset does not act after it', async () => {
  await fault({ kind: 'apply-late', delayMs: 1000 });
  await assert.rejects(bench.call('CreateLoadBalancer', create));
  bench.cloud.reset();
  bench.cloud.advance(1000);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(made(), 0);
});

test('empty-list: a read finds nothing, once', async () => {
  const LoadBalancerId = await bench.loadBalancer();
  await bench.group(LoadBalancerId, 2);
  await bench.listener(LoadBalancerId, 80);
  for (const [action, parameters, list] of [
    ['DescribeLoadBalancers', {}, ['LoadBalancers', 'LoadBalancer']],
    ['DescribeLoadBalancerListeners', {}, ['Listeners']],
    ['DescribeVServerGroups', { LoadBalancerId }, ['VServerGroups', 'VServerGroup']],
  ] as const) {
    await fault({ kind: 'empty-list', action });
    const empty = await bench.accept(action, parameters);
    assert.deepEqual(empty.get(...list), []);
    assert.ok([0, undefined].includes(empty.get('TotalCount') as number | undefined));
    const full = await bench.accept(action, parameters);
    assert.equal((full.get(...list) as unknown[]).length, 1);
  }
});

test('short-list: a read finds half, and looks complete', async () => {
  for (let count = 0; count < 5; count += 1) await bench.loadBalancer();
  await fault({ kind: 'short-list', action: 'DescribeLoadBalancers', times: 0 });
  const short = await bench.accept('DescribeLoadBalancers', { PageNumber: 1, PageSize: 100 });
  assert.equal((short.get('LoadBalancers', 'LoadBalancer') as unknown[]).length, 2);
  assert.equal(short.get('TotalCount'), 2);
  const second = await bench.accept('DescribeLoadBalancers', { PageNumber: 2, PageSize: 3 });
  assert.equal((second.get('LoadBalancers', 'LoadBalancer') as unknown[]).length, 1);
  assert.equal(second.get('TotalCount'), 4);
});

test('lag: reads are behind the writes, writes are not', async () => {
  const id = await fault({ kind: 'lag', delayMs: 5000, times: 0 });
  const LoadBalancerId = await bench.loadBalancer({ Tag: [{ Key: 'a', Value: '1' }] });
  const count = async () => (await bench.accept('DescribeLoadBalancers')).get('TotalCount');
  assert.equal(await count(), 0);
  await bench.refuse('InvalidLoadBalancerId.NotFound', 'DescribeLoadBalancerAttribute', {
    LoadBalancerId,
  });
  await bench.accept('SetLoadBalancerName', { LoadBalancerId, LoadBalancerName: 'new' });
  bench.cloud.advance(5000);
  assert.equal(await count(), 1);
  await bench.accept('DeleteLoadBalancer', { LoadBalancerId });
  assert.equal(await count(), 1);
  await admin(`DELETE /_admin/faults/${id}`);
  assert.equal(await count(), 0);
  // What was seeded has always been there.
  await fault({ kind: 'lag', delayMs: 60_000 });
  const instances = await bench.accept('DescribeInstances', {}, '2014-05-26');
  assert.equal(instances.get('TotalCount'), 5);
});

test('nth and times: which of the matching calls a fault acts on', async () => {
  const codes = async (count: number) => {
    const seen: unknown[] = [];
    for (let call = 0; call < count; call += 1) {
      seen.push((await bench.call('DescribeRegions')).code === undefined ? 'ok' : 'error');
    }
    return seen;
  };
  await bench.accept('DescribeRegions');
  await fault({ kind: 'error', nth: 2, times: 2 });
  assert.deepEqual(await codes(5), ['ok', 'error', 'error', 'ok', 'ok']);
  await fault({ kind: 'error', nth: 2, times: 0 });
  assert.deepEqual(await codes(4), ['ok', 'error', 'error', 'error']);
  await admin('DELETE /_admin/faults');
  assert.deepEqual(await codes(1), ['ok']);
});

test('match: a fault acts where every named parameter has the value', async () => {
  await fault({
    kind: 'error',
    code: 'Made.Up',
    action: 'CreateLoadBalancer',
    match: { LoadBalancerName: 'b', Bandwidth: 5 },
  });
  const make = (LoadBalancerName: string, Bandwidth: number) =>
    bench.call('CreateLoadBalancer', { ...create, LoadBalancerName, Bandwidth });
  assert.equal((await make('a', 5)).code, undefined);
  assert.equal((await make('b', 6)).code, undefined);
  assert.equal((await make('b', 5)).code, 'Made.Up');
  const [listed] = (await admin('GET /_admin/faults')).body as { seen: number; acted: number }[];
  assert.deepEqual([listed?.seen, listed?.acted], [1, 1]);
});

test('several faults act on one call together', async () => {
  await fault({ kind: 'hold', when: 'received', action: 'CreateLoadBalancer' });
  await fault({ kind: 'lose-answer', action: 'CreateLoadBalancer' });
  const lost = assert.rejects(bench.call('CreateLoadBalancer', create));
  const [held] = await bench.cloud.held();
  bench.cloud.release(held?.id ?? '');
  await lost;
  assert.equal(made(), 1);
  assert.equal(bench.cloud.calls()[0]?.faultIds.length, 2);
});

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { cloudCaller } from '../test/support/cloud-caller.ts';
import { createEmulator, startEmulator, type Emulator } from './emulator.ts';
import { ManualClock } from './model/emulator-clock.ts';

const START = Date.parse('2030-01-01T00:00:00Z');

function encode(text: string): string {
  return encodeURIComponent(text).replaceAll('*', '%2A');
}

/** Signs a call at the clock's own time and puts it through the in-process door. */
async function callInProcess(
  emulator: Emulator,
  clock: ManualClock,
  given: Readonly<Record<string, string>>,
): Promise<Record<string, unknown>> {
  const parameters: Record<string, string> = {
    Version: '2014-05-15',
    RegionId: 'cn-hangzhou',
    Format: 'JSON',
    AccessKeyId: 'emulator',
    SignatureMethod: 'HMAC-SHA1',
    SignatureVersion: '1.0',
    SignatureNonce: `${emulator.admin.calls().length}`,
    Timestamp: new Date(clock.now()).toISOString().replace(/\.\d{3}Z$/, 'Z'),
    ...given,
  };
  const canonical = Object.keys(parameters)
    .sort()
    .map((name) => `${encode(name)}=${encode(parameters[name] ?? '')}`)
    .join('&');
  const signature = createHmac('sha1', 'emulator-secret&')
    .update(`POST&%2F&${encode(canonical)}`)
    .digest('base64');
  const answer = await emulator.handle({
    method: 'POST',
    target: `/?${canonical}&Signature=${encode(signature)}`,
    headers: { host: 'in-process' },
    body: new Uint8Array(),
  });
  assert.ok(answer.kind === 'answer');
  return JSON.parse(answer.body) as Record<string, unknown>;
}

/** What one small life leaves behind. */
async function transcript(): Promise<unknown> {
  const clock = new ManualClock(START);
  const emulator = createEmulator({ clock, settings: { lockMs: 200 } });
  const call = (given: Record<string, string>) => callInProcess(emulator, clock, given);
  const made = await call({ Action: 'CreateLoadBalancer', LoadBalancerSpec: 'slb.s1.small' });
  const { LoadBalancerId } = made as { LoadBalancerId: string };
  clock.advance(100);
  await call({ Action: 'CreateVServerGroup', LoadBalancerId });
  clock.advance(100);
  await call({ Action: 'CreateVServerGroup', LoadBalancerId });
  return { state: emulator.admin.state(), calls: emulator.admin.calls(), made };
}

test('emulator: the in-process door under a clock of its own repeats itself to the letter', async () => {
  const first = await transcript();
  assert.deepEqual(await transcript(), first);
  const { calls } = first as { calls: { code: string | null }[] };
  assert.deepEqual(
    calls.map(({ code }) => code),
    [null, 'VServerGroupProcessing', null],
  );
});

test('emulator: another id seed makes other ids', async () => {
  const ids = await Promise.all(
    ['a', 'b'].map(async (idSeed) => {
      const clock = new ManualClock(START);
      const emulator = createEmulator({ clock, idSeed });
      const given = { Action: 'CreateLoadBalancer', LoadBalancerSpec: 'slb.s1.small' };
      return String((await callInProcess(emulator, clock, given)).LoadBalancerId);
    }),
  );
  assert.notEqual(ids[0], ids[1]);
  for (const id of ids) assert.match(id, /^lb-bp1[0-9a-z]{18}$/);
});

test('rule lock-parts: writes to different parts of a load balancer are taken at once and answered in turn', async () => {
  const emulator = await startEmulator({ settings: { transitionMs: 0 } });
  try {
    const call = cloudCaller(emulator.url);
    const region = { RegionId: 'cn-hangzhou' };
    const made = await call('CreateLoadBalancer', { ...region, LoadBalancerSpec: 'slb.s1.small' });
    const target = { ...region, LoadBalancerId: made.text('LoadBalancerId') };
    const start = emulator.admin.calls().length;
    const answers = await Promise.all([
      call('CreateVServerGroup', target),
      call('CreateVServerGroup', target),
      call('CreateLoadBalancerTCPListener', {
        ...target,
        ListenerPort: 80,
        BackendServerPort: 80,
        Bandwidth: -1,
      }),
      call('SetLoadBalancerName', { ...target, LoadBalancerName: 'renamed' }),
    ]);
    assert.deepEqual(
      answers.map(({ code }) => code),
      [undefined, undefined, undefined, undefined],
    );
    const took = emulator.admin
      .calls()
      .slice(start)
      .map(({ durationMs }) => durationMs ?? 0);
    assert.ok(Math.max(...took) >= 350, `in turn: ${took.join(' ')}`);

    const VServerGroupId = answers[0].text('VServerGroupId');
    const outcomes = await Promise.all([
      call('SetVServerGroupAttribute', { ...region, VServerGroupId, VServerGroupName: 'one' }),
      call('SetVServerGroupAttribute', { ...region, VServerGroupId, VServerGroupName: 'two' }),
      call('DeleteLoadBalancer', target),
    ]);
    assert.deepEqual(
      outcomes.map(({ code }) => code),
      [undefined, 'VServerGroupProcessing', 'ServiceIsConfiguring'],
    );
  } finally {
    await emulator.stop();
  }
});

test('rule lock-answer rule lock-write: writes one after the other are taken without a pause, two at a time are not', async () => {
  const emulator = await startEmulator();
  try {
    const region = { RegionId: 'cn-hangzhou' };
    const call = cloudCaller(emulator.url);
    const accept: typeof call = async (action, parameters, options) => {
      const answer = await call(action, { ...region, ...parameters }, options);
      assert.equal(answer.code, undefined, `${action}: ${answer.message}`);
      return answer;
    };
    const made = await accept('CreateLoadBalancer', { LoadBalancerSpec: 'slb.s1.small' });
    const LoadBalancerId = made.text('LoadBalancerId');
    await accept('SetLoadBalancerDeleteProtection', { LoadBalancerId, DeleteProtection: 'on' });
    for (const ListenerPort of [80, 443]) {
      const group = await accept('CreateVServerGroup', { LoadBalancerId });
      const VServerGroupId = group.text('VServerGroupId');
      const listener = { LoadBalancerId, ListenerPort, Bandwidth: -1, VServerGroupId };
      await accept('CreateLoadBalancerTCPListener', listener);
      await accept('StartLoadBalancerListener', { LoadBalancerId, ListenerPort });
    }
    const together = await Promise.all(
      ['on', 'off'].map((DeleteProtection) =>
        call('SetLoadBalancerDeleteProtection', { ...region, LoadBalancerId, DeleteProtection }),
      ),
    );
    const codes = together.map(({ code }) => code);
    assert.deepEqual(
      codes.filter((code) => code !== undefined),
      ['ServiceIsConfiguring'],
    );

    const vpc = { version: '2016-04-28' };
    const tables = await accept('DescribeRouteTableList', {}, vpc);
    const RouteTableId = tables.get('RouterTableList', 'RouterTableListType', 0, 'RouteTableId');
    const NextHopId = String(emulator.admin.state().instances[0]?.instanceId);
    for (const DestinationCidrBlock of ['10.99.0.0/24', '10.99.1.0/24']) {
      const entry = { RouteTableId, DestinationCidrBlock, NextHopType: 'Instance', NextHopId };
      await accept('CreateRouteEntry', entry, vpc);
    }
  } finally {
    await emulator.stop();
  }
});

test('emulator: a state file outlives the process', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'emulator-'));
  const stateFile = path.join(folder, 'cloud.json');
  try {
    const first = await startEmulator({ stateFile, settings: { lockMs: 0, tagLagMs: 7 } });
    const call = cloudCaller(first.url);
    const create = {
      RegionId: 'cn-hangzhou',
      LoadBalancerSpec: 'slb.s1.small',
      ClientToken: 'kept',
      Tag: [{ Key: 'a', Value: '1' }],
    };
    const made = await call('CreateLoadBalancer', create);
    const LoadBalancerId = made.text('LoadBalancerId');
    await call('CreateVServerGroup', { RegionId: 'cn-hangzhou', LoadBalancerId });
    const { VServerGroupId } = (
      await call('CreateVServerGroup', { RegionId: 'cn-hangzhou', LoadBalancerId })
    ).body;
    await call('DeleteVServerGroup', { RegionId: 'cn-hangzhou', VServerGroupId });
    const before = first.admin.state({ deleted: true });
    await first.stop();

    const second = await startEmulator({ stateFile });
    try {
      const after = second.admin.state({ deleted: true });
      assert.deepEqual({ ...after, now: '' }, { ...before, now: '' });
      assert.equal(second.admin.settings().tagLagMs, 7);
      const again = cloudCaller(second.url);
      const replayed = await again('CreateLoadBalancer', create);
      assert.equal(replayed.get('LoadBalancerId'), LoadBalancerId);
      const next = await again('CreateLoadBalancer', { ...create, ClientToken: 'next' });
      assert.notEqual(next.get('LoadBalancerId'), LoadBalancerId);
      assert.deepEqual(
        second.admin.calls(4).map(({ seq }) => seq),
        [5, 6],
        'Numbers go on, since the objects refer to them.',
      );
    } finally {
      await second.stop();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('emulator: what is on its way out when the process ends goes in the next one', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'emulator-'));
  const stateFile = path.join(folder, 'cloud.json');
  try {
    const first = await startEmulator({ stateFile, clock: 'manual' });
    const VpcId = 'vpc-bp1emulator0000000000';
    const call = cloudCaller(first.url);
    const made = await call(
      'CreateRouteTable',
      { RegionId: 'cn-hangzhou', VpcId },
      { version: '2016-04-28' },
    );
    first.admin.advanceClock(1_000);
    const RouteTableId = made.text('RouteTableId');
    const deletion = { RegionId: 'cn-hangzhou', RouteTableId };
    const deleted = await call('DeleteRouteTable', deletion, { version: '2016-04-28' });
    assert.equal(deleted.code, undefined, deleted.message);
    await first.stop();

    const second = await startEmulator({ stateFile, clock: 'manual' });
    try {
      second.admin.advanceClock(10_000);
      const after = second.admin.state({ deleted: true });
      assert.deepEqual(
        after.deleted?.map(({ kind, id, deletedBySeq }) => [kind, id, deletedBySeq]),
        [['routeTable', RouteTableId, 2]],
      );
    } finally {
      await second.stop();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('emulator: a change reaches the state file without a stop', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'emulator-'));
  const stateFile = path.join(folder, 'cloud.json');
  const emulator = await startEmulator({ stateFile });
  try {
    const call = cloudCaller(emulator.url);
    const made = await call('CreateLoadBalancer', {
      RegionId: 'cn-hangzhou',
      LoadBalancerSpec: 'slb.s1.small',
    });
    const deadline = Date.now() + 5000;
    while (!readFileSync(stateFile, 'utf8').includes(made.text('LoadBalancerId'))) {
      assert.ok(Date.now() < deadline);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  } finally {
    await emulator.stop();
    rmSync(folder, { recursive: true });
  }
});

test('emulator: a file that is no state is refused with its name', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'emulator-'));
  try {
    for (const content of ['{', '[]', '{"format":1}']) {
      const stateFile = path.join(folder, 'cloud.json');
      writeFileSync(stateFile, content);
      assert.throws(
        () => createEmulator({ stateFile }),
        /Cannot read the state file ".*cloud\.json"/,
      );
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

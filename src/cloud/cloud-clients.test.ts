import assert from 'node:assert/strict';
import test from 'node:test';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import type { CallOptions } from './call-options.ts';
import { createCloudClients } from './cloud-clients.ts';
import { isFailure } from './failure.ts';
import { DEFAULT_CLOUD_SETTINGS, type CloudSettings } from './transport/cloud-settings.ts';
import type { HttpOutcome, HttpRequest, HttpSender } from './transport/http-exchange.ts';

interface Sent {
  readonly host: string;
  readonly action: string;
  readonly parameters: URLSearchParams;
  readonly atMs: number;
}

type Answer = Readonly<Record<string, unknown>>;

/** A cloud that takes a while for every answer. */
class SlowCloud implements HttpSender {
  readonly calls: Sent[] = [];
  readonly #clock: VirtualClock;
  readonly #answer: (sent: Sent) => Answer;

  constructor(clock: VirtualClock, answer: (sent: Sent) => Answer) {
    this.#clock = clock;
    this.#answer = answer;
  }

  async exchange({ url, headers, beforeSend }: HttpRequest): Promise<HttpOutcome> {
    beforeSend?.();
    const action = headers['x-acs-action'] ?? url.searchParams.get('Action') ?? '';
    const atMs = this.#clock.monotonicMs();
    const sent = { host: url.host, action, parameters: url.searchParams, atMs };
    this.calls.push(sent);
    const body = this.#answer(sent);
    await this.#clock.sleep(20);
    const status = 'Code' in body ? 400 : 200;
    return { kind: 'answered', status, headers: {}, body: JSON.stringify(body) };
  }
}

function setup(answer: (sent: Sent) => Answer, settings: Partial<CloudSettings> = {}) {
  const clock = new VirtualClock();
  const cloud = new SlowCloud(clock, answer);
  const clients = createCloudClients(
    {
      ...DEFAULT_CLOUD_SETTINGS,
      regionId: 'cn-hangzhou',
      credentials: { kind: 'accessKey', accessKeyId: 'id', accessKeySecret: 'secret' },
      clusterId: 'c',
      operatorVersion: '1',
      ...settings,
    },
    {
      clock,
      randomness: { fraction: () => 0, hex: (bytes) => '0'.repeat(bytes * 2) },
      mayWrite: () => true,
      metrics: { observeCall: () => undefined },
      logger: { debug: () => undefined, info: () => undefined, warn: () => undefined },
      http: cloud,
      readFile: () => Promise.resolve('the-token'),
    },
  );
  return { clients, clock, calls: cloud.calls };
}

const options: CallOptions = { signal: new AbortController().signal, lane: 'live' };

function describedInstances({ parameters }: Sent): Answer {
  const ids = JSON.parse(parameters.get('InstanceIds') ?? '[]') as string[];
  return { Instances: { Instance: ids.map((InstanceId) => ({ InstanceId })) } };
}

test('the cloud clients read a thousand joining instances in ten calls', async () => {
  const { clients, clock, calls } = setup(describedInstances);
  const ids = Array.from({ length: 1_000 }, (_, index) => `i-${index}`);
  const found = await clock.until(
    Promise.all(ids.map((id) => clients.ecsReads.findInstance('cn-hangzhou', id, options))),
  );
  assert.deepEqual(
    found.map((instance) => instance?.id),
    ids,
  );
  assert.equal(calls.length, 10);
  assert.ok((calls.at(-1)?.atMs ?? Infinity) < 1_000, 'Full calls do not wait for the window.');
});

test('the cloud clients refuse what can be no id before it spoils the call of others', async () => {
  const { clients, clock, calls } = setup(describedInstances);
  const wrong = clients.ecsReads.findInstance('cn-hangzhou', 'i-1","i-2', options);
  await assert.rejects(wrong, (error) => isFailure(error, 'terminal'));
  await clock.until(clients.ecsReads.findInstance('cn-hangzhou', 'i-1', options));
  assert.equal(calls.length, 1);
});

test('the cloud clients ask the endpoint of the region that a call names', async () => {
  const { clients, clock, calls } = setup(describedInstances);
  await clock.until(clients.ecs.listInstances('eu-central-1', ['i-1'], options));
  assert.equal(calls[0]?.host, 'ecs.eu-central-1.aliyuncs.com');
});

test('the cloud clients change the routes of one VPC in a thousand rows, one call at a time', async () => {
  const { clients, clock, calls } = setup(() => ({ SuccessCount: 50, FailedCount: 0 }));
  const batch = Array.from({ length: 50 }, (_, index) => ({
    routeTableId: 'vtb-1',
    destinationCidr: `10.0.${index}.0/24`,
    nextHopId: `i-${index}`,
    nextHopType: 'Instance' as const,
    ipVersion: 'IPv4' as const,
    name: '',
  }));
  await clock.until(
    Promise.all(
      Array.from({ length: 20 }, () => clients.vpc.createRouteEntries('vpc-1', batch, options)),
    ),
  );
  assert.equal(calls.length, 20);
  calls.reduce((before, after) => {
    assert.ok(after.atMs - before.atMs >= DEFAULT_CLOUD_SETTINGS.vpcWriteSpacingMs);
    return after;
  });
});

test('CTL-25: the cloud clients slow down one operation of one product, and no other', async () => {
  const { clients, clock, calls } = setup(({ action }) =>
    action === 'DescribeNetworkInterfaces'
      ? { Code: 'Throttling.User' }
      : { TotalCount: 0, RouterTableList: {}, LoadBalancers: {} },
  );
  const throttled = clients.ecs.listNetworkInterfaces('cn-hangzhou', ['eni-1'], options);
  const failing = assert.rejects(clock.until(throttled), (error) => isFailure(error, 'throttled'));
  await failing;
  const before = clock.monotonicMs();
  await clock.until(
    Promise.all([
      clients.ecs.listInstances('cn-hangzhou', ['i-1'], options),
      clients.vpc.listRouteTables('vpc-1', options),
      clients.slb.listLoadBalancersByTags([{ key: 'k', value: 'v' }], options),
    ]),
  );
  const after = calls.filter(({ action }) => action !== 'DescribeNetworkInterfaces');
  assert.deepEqual(
    after.map(({ atMs }) => atMs - before),
    [0, 0, 0],
  );
});

test('SEC-08: the cloud clients sign with the role that the token of the pod has taken', async () => {
  const { clients, clock, calls } = setup(
    (sent) => {
      if (sent.action !== 'AssumeRoleWithOIDC') return describedInstances(sent);
      const Expiration = new Date(clock.now() + 3_600_000).toISOString();
      const Credentials = {
        AccessKeyId: 'STS.1',
        AccessKeySecret: 's',
        SecurityToken: 't',
        Expiration,
      };
      return { Credentials };
    },
    {
      credentials: {
        kind: 'oidcRole',
        roleArn: 'acs:ram::1:role/operator',
        oidcProviderArn: 'acs:ram::1:oidc-provider/cluster',
        tokenFile: '/var/run/token',
      },
    },
  );
  await clock.until(clients.ecs.listInstances('cn-hangzhou', ['i-1'], options));
  await clock.until(clients.ecs.listInstances('cn-hangzhou', ['i-2'], options));
  assert.deepEqual(
    calls.map(({ host, action }) => [host, action]),
    [
      ['sts.cn-hangzhou.aliyuncs.com', 'AssumeRoleWithOIDC'],
      ['ecs-cn-hangzhou.aliyuncs.com', 'DescribeInstances'],
      ['ecs-cn-hangzhou.aliyuncs.com', 'DescribeInstances'],
    ],
  );
});

import assert from 'node:assert/strict';
import test from 'node:test';
import { VirtualClock } from '../../../test/support/virtual-clock.ts';
import { isFailure } from '../failure.ts';
import { CallPipeline } from '../transport/call-pipeline.ts';
import { CoalescedReads } from '../transport/coalesced-reads.ts';
import { ObjectLanes } from '../transport/object-lane.ts';
import { RequestBudget } from '../transport/request-budget.ts';
import type { RpcCall, RpcResult, RpcSender } from '../transport/rpc-sender.ts';
import { OpenApiSlbClient } from './openapi-slb-client.ts';
import type { CallOptions } from '../call-options.ts';
import type { CloudBackend, ListenerKey, ListenerSettings } from './slb-client.ts';
import { findSlbCode } from './slb-error-table.ts';

type Answer = Readonly<Record<string, unknown>>;

/** Answers each call by a function of its parameters. */
class AnsweringSender implements RpcSender {
  readonly calls: {
    readonly action: string;
    readonly parameters: Readonly<Record<string, string>>;
  }[] = [];
  readonly #answer: (call: RpcCall) => Answer;

  constructor(answer: (call: RpcCall) => Answer) {
    this.#answer = answer;
  }

  principal(): Promise<string> {
    return Promise.resolve('key');
  }

  send(call: RpcCall): Promise<RpcResult> {
    call.beforeSend?.();
    this.calls.push({ action: call.action, parameters: call.parameters });
    const body = this.#answer(call);
    return Promise.resolve({ kind: 'answered', httpStatus: 'Code' in body ? 400 : 200, body });
  }
}

function setup(answer: (call: RpcCall) => Answer) {
  const clock = new VirtualClock();
  const sender = new AnsweringSender(answer);
  const lanes = new ObjectLanes({ spacingMs: 0, longestSpacingMs: 0 }, clock);
  const slb = new OpenApiSlbClient({
    pipeline: new CallPipeline(
      { product: 'slb', version: '2014-05-15', lookup: findSlbCode },
      {
        sender,
        budget: new RequestBudget({ callsPerSecond: 1_000, burst: 1_000 }, clock),
        lanes,
        reads: new CoalescedReads(),
        clock,
        randomness: { fraction: () => 0, hex: () => '' },
        mayWrite: () => true,
        metrics: { observeCall: () => undefined },
        logger: { debug: () => undefined, info: () => undefined, warn: () => undefined },
      },
    ),
    lanes,
    regionId: () => Promise.resolve('cn-hangzhou'),
  });
  return { slb, calls: sender.calls };
}

const options: CallOptions = { signal: new AbortController().signal, lane: 'live' };
const tags = [{ key: 'k', value: 'v' }];

/** A cloud with that many load balancers, whose answers a test may tamper with. */
function pagesOf(
  count: number,
  tamper: (items: Answer[], pageNumber: number) => Answer[] = (items) => items,
  totalCount: unknown = count,
) {
  return ({ parameters }: RpcCall): Answer => {
    const pageNumber = Number(parameters.PageNumber);
    const pageSize = Number(parameters.PageSize);
    const all = Array.from({ length: count }, (_, index) => ({ LoadBalancerId: `lb-${index}` }));
    const page = all.slice((pageNumber - 1) * pageSize, pageNumber * pageSize);
    return {
      LoadBalancers: { LoadBalancer: tamper(page, pageNumber) },
      PageNumber: pageNumber,
      PageSize: pageSize,
      TotalCount: totalCount,
    };
  };
}

const complete = [
  { name: 'None', answer: pagesOf(0), want: 0, calls: 1 },
  { name: 'OnePage', answer: pagesOf(7), want: 7, calls: 1 },
  { name: 'OneFullPage', answer: pagesOf(100), want: 100, calls: 1 },
  { name: 'ThreePages', answer: pagesOf(250), want: 250, calls: 3 },
  { name: 'TotalAsText', answer: pagesOf(101, undefined, '101'), want: 101, calls: 2 },
];

for (const { name, answer, want, calls: wantCalls } of complete) {
  test(`OpenApiSlbClient follows every page: ${name}`, async () => {
    const { slb, calls } = setup(answer);
    const found = await slb.listLoadBalancersByTags(tags, options);
    assert.equal(found.length, want);
    assert.equal(new Set(found.map(({ id }) => id)).size, want);
    assert.deepEqual(
      calls.map(({ parameters }) => parameters.PageNumber),
      Array.from({ length: wantCalls }, (_, index) => String(index + 1)),
    );
    assert.deepEqual(calls[0]?.parameters, {
      RegionId: 'cn-hangzhou',
      'Tag.1.Key': 'k',
      'Tag.1.Value': 'v',
      PageNumber: '1',
      PageSize: '100',
    });
  });
}

const incomplete = [
  {
    name: 'ShortPage',
    answer: pagesOf(7, (items) => items.slice(1)),
    reason: 'An item is missing from the only page.',
  },
  {
    name: 'ShortLastPage',
    answer: pagesOf(150, (items, pageNumber) => (pageNumber === 2 ? items.slice(1) : items)),
    reason: 'An item is missing from a later page.',
  },
  {
    name: 'EmptyPage',
    answer: pagesOf(150, (items, pageNumber) => (pageNumber === 2 ? [] : items)),
    reason: 'A page that should have items has none.',
  },
  {
    name: 'ShrinkingCount',
    answer: (call: RpcCall): Answer =>
      call.parameters.PageNumber === '1' ? pagesOf(150)(call) : pagesOf(125)(call),
    reason: 'The second page counts fewer than the first: the list may have moved.',
  },
  {
    name: 'RepeatedItem',
    answer: pagesOf(150, (items, pageNumber) =>
      pageNumber === 2 ? [{ LoadBalancerId: 'lb-0' }, ...items.slice(1)] : items,
    ),
    reason: 'The list moved between the pages: one comes twice, another was missed.',
  },
];

for (const { name, answer, reason } of incomplete) {
  test(`OpenApiSlbClient refuses to believe a list that is too short: ${name}`, async () => {
    const { slb } = setup(answer);
    await assert.rejects(
      slb.listLoadBalancersByTags(tags, options),
      (error) => isFailure(error, 'retryable') && error.code === 'IncompleteList',
      reason,
    );
  });
}

test('OpenApiSlbClient never lists without a filter', async () => {
  const { slb, calls } = setup(pagesOf(3));
  await assert.rejects(slb.listLoadBalancersByTags([], options), RangeError);
  await assert.rejects(slb.listLoadBalancersByName('', options), RangeError);
  assert.equal(calls.length, 0);
});

test('OpenApiSlbClient lists by exact name', async () => {
  const { slb } = setup(() => ({
    LoadBalancers: {
      LoadBalancer: [
        { LoadBalancerId: 'lb-1', LoadBalancerName: 'name' },
        { LoadBalancerId: 'lb-2', LoadBalancerName: 'name-longer' },
      ],
    },
    TotalCount: 2,
  }));
  const found = await slb.listLoadBalancersByName('name', options);
  assert.deepEqual(
    found.map(({ id }) => id),
    ['lb-1'],
  );
});

const chargeTypes = [
  { answer: '3', want: 'paybybandwidth' },
  { answer: '4', want: 'paybytraffic' },
  { answer: 'paybytraffic', want: 'paybytraffic' },
];

for (const { answer, want } of chargeTypes) {
  test(`OpenApiSlbClient reads the internet charge type "${answer}"`, async () => {
    const { slb } = setup(() => ({ LoadBalancerId: 'lb-1', InternetChargeType: answer }));
    assert.equal((await slb.findLoadBalancer('lb-1', options))?.internetChargeType, want);
  });
}

test('OpenApiSlbClient takes an answer without an id for an absent load balancer', async () => {
  const { slb } = setup(() => ({ RequestId: 'R', LoadBalancerId: '' }));
  assert.equal(await slb.findLoadBalancer('lb-1', options), undefined);
});

test('OpenApiSlbClient follows the token of listener pages and compares with the count', async () => {
  const listener = (port: number) => ({
    LoadBalancerId: 'lb-1',
    ListenerProtocol: 'tcp',
    ListenerPort: port,
  });
  const pages: Readonly<Record<string, Answer>> = {
    '': { Listeners: [listener(80)], NextToken: 'more', TotalCount: 3 },
    more: { Listeners: [listener(81)], NextToken: 'last', TotalCount: 3 },
    last: { Listeners: [listener(82)], TotalCount: 3 },
  };
  const { slb, calls } = setup(({ parameters }) => pages[parameters.NextToken ?? ''] ?? {});
  const listeners = await slb.listListeners(['lb-1', 'lb-2'], options);
  assert.deepEqual(
    listeners.map(({ key }) => key.port),
    [80, 81, 82],
  );
  assert.deepEqual(calls[1]?.parameters, {
    RegionId: 'cn-hangzhou',
    'LoadBalancerId.1': 'lb-1',
    'LoadBalancerId.2': 'lb-2',
    MaxResults: '100',
    NextToken: 'more',
  });
  const short = setup(() => ({ Listeners: [listener(80)], TotalCount: 2 }));
  await assert.rejects(
    short.slb.listListeners(['lb-1'], options),
    (error) => isFailure(error, 'retryable') && error.code === 'IncompleteList',
  );
});

test('OpenApiSlbClient lists the listeners of the others when one load balancer has gone', async () => {
  const { slb } = setup(({ parameters }) => {
    const ids = Object.keys(parameters).filter((name) => name.startsWith('LoadBalancerId.'));
    if (ids.some((name) => parameters[name] === 'lb-gone')) {
      return { Code: 'InvalidLoadBalancerId.NotFound', Message: 'gone' };
    }
    return {
      Listeners: [
        {
          LoadBalancerId: parameters['LoadBalancerId.1'],
          ListenerProtocol: 'udp',
          ListenerPort: 53,
        },
      ],
      TotalCount: 1,
    };
  });
  const listeners = await slb.listListeners(['lb-1', 'lb-gone', 'lb-2'], options);
  assert.deepEqual(
    listeners.map(({ loadBalancerId }) => loadBalancerId),
    ['lb-1', 'lb-2'],
  );
});

test('OpenApiSlbClient reads both kinds of listener, unset settings included', async () => {
  const { slb } = setup(() => ({
    Listeners: [
      {
        LoadBalancerId: 'lb-1',
        ListenerProtocol: 'TCP',
        ListenerPort: '80',
        Status: 'running',
        Description: 'about',
        VServerGroupId: 'rsp-1',
        Scheduler: 'rr',
        AclStatus: 'off',
        TCPListenerConfig: {
          HealthCheck: 'on',
          HealthCheckType: 'http',
          HealthCheckURI: '/healthz',
          HealthCheckHttpCode: 'http_2xx,http_3xx',
          HealthCheckConnectPort: -520,
          HealthCheckConnectTimeout: 5,
          HealthCheckInterval: 2,
          HealthyThreshold: 3,
          UnhealthyThreshold: 4,
          PersistenceTimeout: 60,
          EstablishedTimeout: 900,
        },
        Tags: [{ TagKey: 'k', TagValue: 'v' }],
      },
      { LoadBalancerId: 'lb-1', ListenerProtocol: 'udp', ListenerPort: 53, AclStatus: 'on' },
    ],
  }));
  const [tcp, udp] = await slb.listListeners(['lb-1'], options);
  assert.deepEqual(tcp, {
    loadBalancerId: 'lb-1',
    key: { protocol: 'tcp', port: 80 },
    status: 'running',
    aclStatus: 'off',
    settings: {
      description: 'about',
      serverGroupId: 'rsp-1',
      scheduler: 'rr',
      persistenceTimeoutSeconds: 60,
      establishedTimeoutSeconds: 900,
      healthCheck: {
        enabled: true,
        type: 'http',
        port: 0,
        path: '/healthz',
        domain: '',
        httpCodes: 'http_2xx,http_3xx',
        intervalSeconds: 2,
        timeoutSeconds: 5,
        healthyThreshold: 3,
        unhealthyThreshold: 4,
      },
    },
    tags: [{ key: 'k', value: 'v' }],
  });
  assert.equal(udp?.aclStatus, 'on');
  assert.equal(udp.settings.healthCheck.type, 'udp');
  assert.equal(udp.settings.healthCheck.enabled, false);
});

const settings: ListenerSettings = {
  description: 'about',
  serverGroupId: 'rsp-1',
  scheduler: 'rr',
  persistenceTimeoutSeconds: 0,
  establishedTimeoutSeconds: 0,
  healthCheck: {
    enabled: true,
    type: 'http',
    port: 10256,
    path: '/healthz',
    domain: '',
    httpCodes: 'http_2xx',
    intervalSeconds: 7,
    timeoutSeconds: 0,
    healthyThreshold: 2,
    unhealthyThreshold: 0,
  },
};
const tcp80: ListenerKey = { protocol: 'tcp', port: 80 };
const udp53: ListenerKey = { protocol: 'udp', port: 53 };
const noCheck: ListenerSettings = {
  ...settings,
  healthCheck: { ...settings.healthCheck, enabled: false },
};
const backends: CloudBackend[] = [
  { serverId: 'i-1', port: 30080, weightPercent: 100, type: 'ecs', serverIp: '', description: '' },
  {
    serverId: 'eni-1',
    port: 8080,
    weightPercent: 50,
    type: 'eni',
    serverIp: '10.0.0.9',
    description: 'about',
  },
];
const backendsText =
  '[{"ServerId":"i-1","Port":30080,"Weight":100,"Type":"ecs"},' +
  '{"ServerId":"eni-1","Port":8080,"Weight":50,"Type":"eni","ServerIp":"10.0.0.9","Description":"about"}]';
const ofListener = { RegionId: 'cn-hangzhou', LoadBalancerId: 'lb-1' };

const requests: readonly {
  readonly name: string;
  readonly call: (slb: OpenApiSlbClient) => Promise<unknown>;
  readonly answer?: Answer;
  readonly action: string;
  readonly want: Readonly<Record<string, string>>;
  readonly reason: string;
}[] = [
  {
    name: 'CreateTcpListener',
    call: (slb) => slb.createListener('lb-1', tcp80, settings, options),
    action: 'CreateLoadBalancerTCPListener',
    want: {
      ...ofListener,
      ListenerPort: '80',
      Bandwidth: '-1',
      Description: 'about',
      VServerGroupId: 'rsp-1',
      Scheduler: 'rr',
      PersistenceTimeout: '0',
      HealthCheckSwitch: 'on',
      HealthCheckType: 'http',
      HealthCheckConnectPort: '10256',
      HealthCheckURI: '/healthz',
      HealthCheckHttpCode: 'http_2xx',
      healthCheckInterval: '7',
      HealthyThreshold: '2',
    },
    reason: 'The interval begins with a small letter here; open settings are left to the cloud.',
  },
  {
    name: 'SetTcpListener',
    call: (slb) => slb.setListener('lb-1', tcp80, settings, options),
    action: 'SetLoadBalancerTCPListenerAttribute',
    want: {
      ...ofListener,
      ListenerPort: '80',
      Description: 'about',
      VServerGroup: 'on',
      VServerGroupId: 'rsp-1',
      Scheduler: 'rr',
      PersistenceTimeout: '0',
      EstablishedTimeout: '900',
      HealthCheckSwitch: 'on',
      HealthCheckType: 'http',
      HealthCheckConnectPort: '10256',
      HealthCheckConnectTimeout: '5',
      HealthCheckURI: '/healthz',
      HealthCheckHttpCode: 'http_2xx',
      HealthCheckInterval: '7',
      HealthyThreshold: '2',
      UnhealthyThreshold: '3',
    },
    reason: 'Open settings go back to the defaults; bandwidth and access control stay.',
  },
  {
    name: 'CreateUdpListener',
    call: (slb) => slb.createListener('lb-1', udp53, settings, options),
    action: 'CreateLoadBalancerUDPListener',
    want: {
      ...ofListener,
      ListenerPort: '53',
      Bandwidth: '-1',
      Description: 'about',
      VServerGroupId: 'rsp-1',
      Scheduler: 'rr',
      HealthCheckSwitch: 'on',
      HealthCheckConnectPort: '10256',
      healthCheckInterval: '7',
      HealthyThreshold: '2',
    },
    reason: 'UDP knows neither HTTP checks nor persistence.',
  },
  {
    name: 'SetUdpListenerWithoutCheck',
    call: (slb) => slb.setListener('lb-1', udp53, noCheck, options),
    action: 'SetLoadBalancerUDPListenerAttribute',
    want: {
      ...ofListener,
      ListenerPort: '53',
      Description: 'about',
      VServerGroup: 'on',
      VServerGroupId: 'rsp-1',
      Scheduler: 'rr',
      HealthCheckSwitch: 'off',
    },
    reason: 'A check that is off has no settings.',
  },
  {
    name: 'StopListener',
    call: (slb) => slb.stopListener('lb-1', udp53, options),
    action: 'StopLoadBalancerListener',
    want: { ...ofListener, ListenerPort: '53', ListenerProtocol: 'udp' },
    reason: 'A port may have two listeners; the protocol is always said.',
  },
  {
    name: 'CreateServerGroup',
    call: (slb) => slb.createServerGroup('lb-1', { name: 'g', tags, backends }, options),
    answer: { VServerGroupId: 'rsp-1' },
    action: 'CreateVServerGroup',
    want: {
      ...ofListener,
      VServerGroupName: 'g',
      'Tag.1.Key': 'k',
      'Tag.1.Value': 'v',
      BackendServers: backendsText,
    },
    reason: 'Members as documented, without fields that are not the API’s.',
  },
  {
    name: 'CreateEmptyServerGroup',
    call: (slb) => slb.createServerGroup('lb-1', { name: 'g', tags: [], backends: [] }, options),
    answer: { VServerGroupId: 'rsp-1' },
    action: 'CreateVServerGroup',
    want: { ...ofListener, VServerGroupName: 'g' },
    reason: 'No members, no member list.',
  },
  {
    name: 'RemoveBackends',
    call: (slb) => slb.removeBackends('lb-1', 'rsp-1', backends, options),
    action: 'RemoveVServerGroupBackendServers',
    want: { RegionId: 'cn-hangzhou', VServerGroupId: 'rsp-1', BackendServers: backendsText },
    reason: 'As they were added.',
  },
  {
    name: 'PayByBandwidth',
    call: (slb) =>
      slb.modifyInternetSpec(
        'lb-1',
        { internetChargeType: 'paybybandwidth', bandwidthMbps: 5 },
        options,
      ),
    action: 'ModifyLoadBalancerInternetSpec',
    want: { ...ofListener, InternetChargeType: 'paybybandwidth', Bandwidth: '5' },
    reason: 'Bandwidth belongs to this charge alone.',
  },
  {
    name: 'PayByTraffic',
    call: (slb) =>
      slb.modifyInternetSpec(
        'lb-1',
        { internetChargeType: 'paybytraffic', bandwidthMbps: 5 },
        options,
      ),
    action: 'ModifyLoadBalancerInternetSpec',
    want: { ...ofListener, InternetChargeType: 'paybytraffic' },
    reason: 'The cloud refuses a bandwidth with it.',
  },
  {
    name: 'ProtectFromConsole',
    call: (slb) => slb.setModificationProtection('lb-1', 'ConsoleProtection', options),
    action: 'SetLoadBalancerModificationProtection',
    want: {
      ...ofListener,
      ModificationProtectionStatus: 'ConsoleProtection',
      ModificationProtectionReason: 'managed.by.ack',
    },
    reason: 'The reason is the Go CCM’s, so that neither program sees a difference.',
  },
  {
    name: 'CreateLoadBalancer',
    call: (slb) =>
      slb.createLoadBalancer({ LoadBalancerName: 'n', 'Tag.1.Key': 'k' }, 'token', options),
    answer: { LoadBalancerId: 'lb-1' },
    action: 'CreateLoadBalancer',
    want: {
      RegionId: 'cn-hangzhou',
      LoadBalancerName: 'n',
      'Tag.1.Key': 'k',
      ClientToken: 'token',
    },
    reason: 'The recorded parameters go out as they were recorded.',
  },
];

for (const { name, call, answer = { RequestId: 'R' }, action, want, reason } of requests) {
  test(`OpenApiSlbClient sends: ${name}`, async () => {
    const { slb, calls } = setup(() => answer);
    await call(slb);
    assert.deepEqual(calls, [{ action, parameters: want }], reason);
  });
}

const absences: readonly {
  readonly name: string;
  readonly code: string;
  readonly message?: string;
  readonly call: (slb: OpenApiSlbClient) => Promise<unknown>;
  readonly want: unknown;
}[] = [
  {
    name: 'DeleteLoadBalancer',
    code: 'InvalidLoadBalancerId.NotFound',
    call: (slb) => slb.deleteLoadBalancer('lb-1', options),
    want: undefined,
  },
  {
    name: 'DeleteListener',
    code: 'ListenerNotFound',
    call: (slb) => slb.deleteListener('lb-1', tcp80, options),
    want: undefined,
  },
  {
    name: 'DeleteServerGroup',
    code: 'InvalidParameter',
    message: 'The specified VServerGroupId does not exist.',
    call: (slb) => slb.deleteServerGroup('lb-1', 'rsp-1', options),
    want: undefined,
  },
  {
    name: 'RemoveBackends',
    code: 'InvalidParameter',
    message: 'The specified VServerGroupId does not exist.',
    call: (slb) => slb.removeBackends('lb-1', 'rsp-1', backends, options),
    want: undefined,
  },
  {
    name: 'UntagLoadBalancer',
    code: 'ResourceNotExist',
    call: (slb) => slb.untagLoadBalancer('lb-1', ['k'], options),
    want: undefined,
  },
  {
    name: 'FindBackends',
    code: 'InvalidParameter',
    message: 'The specified VServerGroupId does not exist.',
    call: (slb) => slb.findBackends('rsp-1', options),
    want: undefined,
  },
  {
    name: 'ListServerGroups',
    code: 'InvalidLoadBalancerId.NotFound',
    call: (slb) => slb.listServerGroups('lb-1', options),
    want: [],
  },
  {
    name: 'ListBackendHealth',
    code: 'InvalidLoadBalancerId.NotFound',
    call: (slb) => slb.listBackendHealth('lb-1', options),
    want: [],
  },
];

for (const { name, code, message = '', call, want } of absences) {
  test(`OpenApiSlbClient is content with what does not exist: ${name}`, async () => {
    const { slb } = setup(() => ({ Code: code, Message: message }));
    assert.deepEqual(await call(slb), want);
  });
}

test('OpenApiSlbClient reports a write to an absent object', async () => {
  const { slb } = setup(() => ({ Code: 'InvalidLoadBalancerId.NotFound', Message: '' }));
  await assert.rejects(slb.setLoadBalancerName('lb-1', 'n', options), (error) =>
    isFailure(error, 'notfound'),
  );
});

test('OpenApiSlbClient does not take a wrong parameter for an absent group', async () => {
  const { slb } = setup(() => ({ Code: 'InvalidParameter', Message: 'The RegionId is invalid.' }));
  await assert.rejects(slb.findBackends('rsp-1', options), (error) => isFailure(error, 'terminal'));
});

test('OpenApiSlbClient calls a creation ambiguous whose answer has no id', async () => {
  const { slb } = setup(() => ({ RequestId: 'R' }));
  const creations = [
    slb.createLoadBalancer({}, 'token', options),
    slb.createServerGroup('lb-1', { name: 'g', tags: [], backends: [] }, options),
  ];
  for (const creation of creations) {
    await assert.rejects(
      creation,
      (error) =>
        isFailure(error, 'retryable') && error.code === 'MalformedAnswer' && error.ambiguous,
    );
  }
});

test('OpenApiSlbClient refuses an answer that is not what is published', async () => {
  const { slb } = setup(() => ({ BackendServers: { BackendServer: [{ Port: 'eighty' }] } }));
  await assert.rejects(
    slb.findBackends('rsp-1', options),
    (error) =>
      isFailure(error, 'retryable') && error.code === 'MalformedAnswer' && !error.ambiguous,
  );
});

test('OpenApiSlbClient keeps to the documented limits of a call', async () => {
  const { slb, calls } = setup(() => ({ RequestId: 'R' }));
  const many = Array.from({ length: 21 }, (_, index) => index);
  const [first] = backends;
  assert.ok(first !== undefined);
  await assert.rejects(
    slb.addBackends(
      'lb-1',
      'rsp-1',
      many.map(() => first),
      options,
    ),
    RangeError,
  );
  await assert.rejects(slb.listListeners(many.map(String), options), RangeError);
  await slb.tagLoadBalancer(
    'lb-1',
    many.map((index) => ({ key: `k${index}`, value: '' })),
    options,
  );
  assert.deepEqual(
    calls.map(
      ({ parameters }) => Object.keys(parameters).filter((name) => name.endsWith('.Key')).length,
    ),
    [20, 1],
  );
});

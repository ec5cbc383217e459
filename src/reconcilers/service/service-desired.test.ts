import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  loadBalancerOf,
  serviceOf,
  servicePort,
} from '../../../test/support/kubernetes-builders.ts';
import type { LoadBalancerResource, Service } from '../kubernetes-objects.ts';
import { isRefusal } from './request-problem.ts';
import { desiredSpec, serviceRequestProblems } from './service-desired.ts';
import { resourceErrors } from './spec-judge.ts';

const PREFIX = 'service.beta.kubernetes.io/alibaba-cloud-loadbalancer-';
const LEGACY = 'service.beta.kubernetes.io/alicloud-loadbalancer-';
const RANGES = 'service.beta.kubernetes.io/load-balancer-source-ranges';

const DNS = [servicePort(53), servicePort(53, { protocol: 'UDP' })];

function annotated(
  annotations: Record<string, string>,
  spec: Partial<Service['spec']> = {},
): Service {
  return serviceOf({ metadata: { annotations }, spec });
}

function keys(annotations: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(annotations).map(([suffix, value]) => [PREFIX + suffix, value]),
  );
}

/** The members that only one setting added to the plain spec of a TCP and a UDP port. */
function added(service: Service): unknown {
  const { spec } = desiredSpec(service);
  const { type, serviceRef, listeners = [], ...rest } = spec;
  assert.deepEqual([type, serviceRef], ['CLB', { name: 'web' }]);
  const of = listeners.flatMap(({ transport, port, backend, ...own }) => {
    assert.deepEqual(backend, { servicePort: port });
    return Object.keys(own).length === 0 ? [] : [[transport, own]];
  });
  return of.length === 0 ? rest : { ...rest, listeners: Object.fromEntries(of) as unknown };
}

const settings: {
  name: string;
  annotations: Record<string, string>;
  want: object;
  reason?: string;
}[] = [
  {
    name: 'Internet',
    annotations: { 'address-type': 'internet' },
    want: { addressType: 'Internet' },
  },
  {
    name: 'Intranet',
    annotations: { 'address-type': 'Intranet' },
    want: { addressType: 'Intranet' },
  },
  { name: 'Name', annotations: { name: 'web-lb' }, want: { name: 'web-lb' } },
  { name: 'Spec', annotations: { spec: 'slb.s2.small' }, want: { clb: { spec: 'slb.s2.small' } } },
  {
    name: 'InstanceCharge',
    annotations: { 'instance-charge-type': 'paybyspec' },
    want: { clb: { instanceChargeType: 'PayBySpec' } },
  },
  {
    name: 'ChargeAndBandwidth',
    annotations: { 'charge-type': 'paybybandwidth', bandwidth: '20' },
    want: { clb: { internetChargeType: 'PayByBandwidth', bandwidthMbps: 20 } },
  },
  {
    name: 'BandwidthWithoutItsCharge',
    annotations: { 'charge-type': 'paybytraffic', bandwidth: '20' },
    want: { clb: { internetChargeType: 'PayByTraffic' } },
    reason: 'The Go CCM compares it only with paybybandwidth.',
  },
  {
    name: 'PlaceAndGroup',
    annotations: {
      'vswitch-id': 'vsw-1',
      'master-zoneid': 'cn-hangzhou-a',
      'slave-zoneid': 'cn-hangzhou-b',
      'resource-group-id': 'rg-1',
    },
    want: {
      clb: { vSwitchId: 'vsw-1', masterZoneId: 'cn-hangzhou-a', slaveZoneId: 'cn-hangzhou-b' },
      resourceGroupId: 'rg-1',
    },
  },
  {
    name: 'ProtectionOff',
    annotations: { 'delete-protection': 'off', 'modification-protection': 'NonProtection' },
    want: { clb: { deletionProtection: 'Off', modificationProtection: 'Off' } },
  },
  {
    name: 'ProtectionOn',
    annotations: { 'delete-protection': 'on', 'modification-protection': 'ConsoleProtection' },
    want: {},
    reason: 'It is the default, which the operator lifts itself; On in the spec would block.',
  },
  {
    name: 'Preserve',
    annotations: { 'preserve-lb-on-delete': 'false' },
    want: { deletionPolicy: 'Retain' },
  },
  {
    name: 'Tags',
    annotations: { 'additional-resource-tags': 'b=2, a=1=0,c=,d,,=x,b=3' },
    want: {
      tags: [
        { key: 'a', value: '1' },
        { key: 'b', value: '3' },
        { key: 'c', value: '' },
        { key: 'd', value: '' },
      ],
    },
    reason: 'The last value of a key counts and ends at a second equals sign, as in the Go CCM.',
  },
  {
    name: 'Scheduler',
    annotations: { scheduler: 'wlc' },
    want: { listeners: { TCP: { clb: { scheduler: 'wlc' } }, UDP: { clb: { scheduler: 'wlc' } } } },
  },
  {
    name: 'QuicScheduler',
    annotations: { scheduler: 'qch' },
    want: { listeners: { UDP: { clb: { scheduler: 'qch' } } } },
    reason: 'Only UDP has it.',
  },
  {
    name: 'Timeouts',
    annotations: { 'persistence-timeout': '0', 'established-timeout': '600' },
    want: {
      listeners: { TCP: { clb: { persistenceTimeoutSeconds: 0, establishedTimeoutSeconds: 600 } } },
    },
    reason: 'Zero persistence is a value; UDP listeners have neither.',
  },
  {
    name: 'HealthCheck',
    annotations: {
      'health-check-type': 'http',
      'health-check-uri': '/ready',
      'health-check-domain': '$_ip',
      'health-check-httpcode': 'http_2xx,http_3xx',
      'health-check-connect-port': '8080',
      'healthy-threshold': '4',
      'unhealthy-threshold': '5',
      'health-check-interval': '3',
      'health-check-connect-timeout': '8',
    },
    want: {
      listeners: {
        TCP: {
          healthCheck: {
            mode: 'HTTP',
            path: '/ready',
            domain: '$_ip',
            httpCodes: ['http_2xx', 'http_3xx'],
            port: 8080,
            healthyThreshold: 4,
            unhealthyThreshold: 5,
            intervalSeconds: 3,
            timeoutSeconds: 8,
          },
        },
        UDP: {
          healthCheck: {
            port: 8080,
            healthyThreshold: 4,
            unhealthyThreshold: 5,
            intervalSeconds: 3,
            timeoutSeconds: 8,
          },
        },
      },
    },
  },
  {
    name: 'HealthCheckOff',
    annotations: { 'health-check-switch': 'off', 'health-check-type': 'http' },
    want: {
      listeners: { TCP: { healthCheck: { mode: 'Off' } }, UDP: { healthCheck: { mode: 'Off' } } },
    },
    reason: 'The switch wins over the type.',
  },
  {
    name: 'Defaults',
    annotations: {
      'address-type': '',
      'acl-status': 'off',
      'health-check-flag': 'on',
      'health-check-switch': 'on',
      'health-check-connect-port': '-520',
      'healthy-threshold': '0',
      'connection-drain': 'off',
      'proxy-protocol': 'off',
      'network-type': 'vpc',
      'ip-version': 'ipv4',
      'protocol-port': 'tcp:53,udp:53',
      'default-weight': '100',
      'force-override-listeners': 'false',
      'ignore-weight-update': 'off',
      'external-ip-type': '',
      'cert-id': '',
    },
    want: {},
    reason: 'A value that means the default is never an error and says nothing.',
  },
];

for (const { name, annotations, want, reason } of settings) {
  test(`SVC-75: desiredSpec: ${name}`, () => {
    const service = annotated(keys(annotations), { ports: DNS });
    // One number for two ports keys the listeners of this table by transport.
    assert.deepEqual(added(service), want, reason);
    const object = { ...loadBalancerOf(), ...desiredSpec(service) };
    assert.deepEqual(resourceErrors({ metadata: {}, spec: object.spec }), []);
  });
}

test('SVC-75: a default value is no problem at all', () => {
  const defaults = settings.find(({ name }) => name === 'Defaults')?.annotations ?? {};
  const service = annotated(
    { ...keys(defaults), 'service.beta.kubernetes.io/backend-type': 'ecs' },
    { ports: DNS },
  );
  assert.deepEqual(desiredSpec(service).problems, []);
});

test('desiredSpec: the current prefix counts before the legacy one, even when it is empty', () => {
  const only = annotated({ [`${LEGACY}scheduler`]: 'wlc' });
  assert.deepEqual(added(only), { listeners: { TCP: { clb: { scheduler: 'wlc' } } } });
  const both = annotated({ [`${LEGACY}scheduler`]: 'wlc', [`${PREFIX}scheduler`]: '' });
  assert.deepEqual(added(both), {});
});

const wrong: {
  id: string;
  name: string;
  service: Service;
  kind: string;
  source: string;
  guardsAccess: boolean;
  message: RegExp;
}[] = [
  {
    id: 'SVC-75',
    name: 'WrongWord',
    service: annotated(keys({ 'address-type': 'public' })),
    kind: 'Invalid',
    source: `${PREFIX}address-type`,
    guardsAccess: false,
    message: /"public": must be "internet" or "intranet"; the last good value stays$/,
  },
  {
    id: 'SVC-75',
    name: 'OutOfRange',
    service: annotated(keys({ 'healthy-threshold': '11' })),
    kind: 'Invalid',
    source: `${PREFIX}healthy-threshold`,
    guardsAccess: false,
    message: /"11": must be a whole number from 2 to 10/,
  },
  {
    id: 'SVC-75',
    name: 'NoNumber',
    service: annotated(keys({ 'health-check-interval': '5s' })),
    kind: 'Invalid',
    source: `${PREFIX}health-check-interval`,
    guardsAccess: false,
    message: /"5s": must be a whole number from 1 to 50/,
  },
  {
    id: 'SVC-75',
    name: 'LegacyKeyIsNamed',
    service: annotated({ [`${LEGACY}scheduler`]: 'fast' }),
    kind: 'Invalid',
    source: `${LEGACY}scheduler`,
    guardsAccess: false,
    message: /alicloud-loadbalancer-scheduler" has value "fast"/,
  },
  {
    id: 'SVC-75',
    name: 'ReservedTag',
    service: annotated(keys({ 'additional-resource-tags': 'acs:x=1' })),
    kind: 'Invalid',
    source: `${PREFIX}additional-resource-tags`,
    guardsAccess: false,
    message: /tag key "acs:x".*choose another key/,
  },
  {
    id: 'SVC-60 SVC-75',
    name: 'AccessControlList',
    service: annotated(keys({ 'acl-id': 'acl-1' })),
    kind: 'NotSupported',
    source: `${PREFIX}acl-id`,
    guardsAccess: true,
    message: /does not support, so no new listener opens: remove it/,
  },
  {
    id: 'SVC-75',
    name: 'Certificate',
    service: annotated(keys({ 'cert-id': 'cert-1' })),
    kind: 'NotSupported',
    source: `${PREFIX}cert-id`,
    guardsAccess: true,
    message: /no new listener opens/,
  },
  {
    id: 'SVC-75',
    name: 'SecurityGroups',
    service: annotated(keys({ 'security-group-ids': 'sg-1' })),
    kind: 'NotSupported',
    source: `${PREFIX}security-group-ids`,
    guardsAccess: true,
    message: /no new listener opens/,
  },
  {
    id: 'SVC-75',
    name: 'Draining',
    service: annotated(keys({ 'connection-drain': 'on' })),
    kind: 'NotSupported',
    source: `${PREFIX}connection-drain`,
    guardsAccess: false,
    message: /does not support: use "off" or remove it$/,
  },
  {
    id: 'SVC-75',
    name: 'PodsDirectly',
    service: annotated({ 'service.beta.kubernetes.io/backend-type': 'eni' }),
    kind: 'NotSupported',
    source: 'service.beta.kubernetes.io/backend-type',
    guardsAccess: false,
    message: /"eni", which this version does not support/,
  },
  {
    id: 'SVC-92',
    name: 'ExistingLoadBalancer',
    service: annotated(keys({ id: 'lb-1' })),
    kind: 'NotSupported',
    source: `${PREFIX}id`,
    guardsAccess: false,
    message: /"lb-1", which this version does not support: remove it/,
  },
  {
    id: 'SVC-75',
    name: 'UnknownKey',
    service: annotated(keys({ schedular: 'rr' })),
    kind: 'Unknown',
    source: `${PREFIX}schedular`,
    guardsAccess: false,
    message: /is not known and has no effect: check its spelling/,
  },
  {
    id: 'SVC-75',
    name: 'KeyThatOnlyTheDocumentationKnows',
    service: annotated(keys({ 'persistence-time': '60' })),
    kind: 'Unknown',
    source: `${PREFIX}persistence-time`,
    guardsAccess: false,
    message: /persistence-timeout" is read/,
  },
  {
    id: 'SVC-75',
    name: 'UnknownOwnKey',
    service: annotated({ 'networking.alibabacloud.com/ipmode': 'VIP' }),
    kind: 'Unknown',
    source: 'networking.alibabacloud.com/ipmode',
    guardsAccess: false,
    message: /is not known/,
  },
  {
    id: 'SVC-75',
    name: 'HttpOnly',
    service: annotated(keys({ 'idle-timeout': '30' })),
    kind: 'Adjusted',
    source: `${PREFIX}idle-timeout`,
    guardsAccess: false,
    message: /has no effect: only HTTP and HTTPS listeners use it/,
  },
  {
    id: 'SVC-75',
    name: 'NetworkLoadBalancerOnly',
    service: annotated(keys({ cps: '10' })),
    kind: 'Adjusted',
    source: `${PREFIX}cps`,
    guardsAccess: false,
    message: /only network load balancers \(NLB\) use it/,
  },
  {
    id: 'SVC-75',
    name: 'NeedsAnother',
    service: annotated(keys({ weight: '60' })),
    kind: 'Adjusted',
    source: `${PREFIX}weight`,
    guardsAccess: false,
    message: /has no effect: it needs ".*-id", which is not set/,
  },
  {
    id: 'SVC-60',
    name: 'SourceRanges',
    service: serviceOf({ spec: { loadBalancerSourceRanges: ['10.0.0.0/8'] } }),
    kind: 'NotSupported',
    source: 'spec.loadBalancerSourceRanges',
    guardsAccess: true,
    message: /no new listener opens: remove it/,
  },
  {
    id: 'SVC-57 SVC-60',
    name: 'SourceRangesOfTheAnnotation',
    service: annotated({ [RANGES]: '10.0.0.0/8, 192.168.0.0/16' }),
    kind: 'NotSupported',
    source: RANGES,
    guardsAccess: true,
    message: /no new listener opens/,
  },
  {
    id: 'SVC-59',
    name: 'UnreadableSourceRange',
    service: annotated({ [RANGES]: '10.0.0.0/8,office' }),
    kind: 'Invalid',
    source: RANGES,
    guardsAccess: true,
    message:
      /has "office": must be networks .* the last good value stays and no new listener opens/,
  },
  {
    id: 'SVC-70',
    name: 'RequestedAddress',
    service: serviceOf({ spec: { loadBalancerIP: '47.1.2.3' } }),
    kind: 'NotSupported',
    source: 'spec.loadBalancerIP',
    guardsAccess: false,
    message: /asks for address "47.1.2.3", which this version cannot request/,
  },
  {
    id: 'SVC-72',
    name: 'RequiredDualStack',
    service: serviceOf({
      spec: { ipFamilies: ['IPv4', 'IPv6'], ipFamilyPolicy: 'RequireDualStack' },
    }),
    kind: 'NotSupported',
    source: 'spec.ipFamilies',
    guardsAccess: false,
    message: /asks for IPv4,IPv6; this version serves IPv4 only/,
  },
  {
    id: 'SVC-72',
    name: 'PreferredDualStack',
    service: serviceOf({
      spec: { ipFamilies: ['IPv4', 'IPv6'], ipFamilyPolicy: 'PreferDualStack' },
    }),
    kind: 'Adjusted',
    source: 'spec.ipFamilies',
    guardsAccess: false,
    message: /only IPv4 is served/,
  },
  {
    id: 'SVC-62',
    name: 'LongAffinity',
    service: serviceOf({ spec: { sessionAffinity: 'ClientIP' } }),
    kind: 'Adjusted',
    source: 'spec.sessionAffinityConfig.clientIP.timeoutSeconds',
    guardsAccess: false,
    message: /lasts 3600 seconds, the longest that the cloud offers, instead of 10800/,
  },
];

for (const { id, name, service, kind, source, guardsAccess, message } of wrong) {
  test(`${id}: serviceRequestProblems: ${name}`, () => {
    const problems = serviceRequestProblems(service);
    assert.equal(problems.length, 1, JSON.stringify(problems));
    const [problem] = problems;
    assert.equal(problem?.kind, kind);
    assert.equal(problem.source, source);
    assert.equal(problem.guardsAccess, guardsAccess);
    assert.match(problem.message, message);
    assert.doesNotMatch(problem.message, /\.$/);
  });
}

test('SVC-75: one bad among five annotations leaves the other four in effect', () => {
  const service = annotated(
    keys({
      'address-type': 'intranet',
      scheduler: 'fastest',
      name: 'web-lb',
      'healthy-threshold': '4',
      'health-check-interval': '7',
    }),
  );
  assert.deepEqual(added(service), {
    addressType: 'Intranet',
    name: 'web-lb',
    listeners: { TCP: { healthCheck: { healthyThreshold: 4, intervalSeconds: 7 } } },
  });
  assert.deepEqual(
    serviceRequestProblems(service).map(({ source }) => source),
    [`${PREFIX}scheduler`],
  );
});

const live: LoadBalancerResource = loadBalancerOf({
  spec: {
    addressType: 'Intranet',
    sourceRanges: ['10.0.0.0/8'],
    tags: [{ key: 'team', value: 'blue' }],
    listeners: [
      { transport: 'TCP', port: 80, backend: { servicePort: 80 }, clb: { scheduler: 'wrr' } },
    ],
  },
});

test('SVC-75 SVC-59: a setting that has become wrong keeps its last good value', () => {
  const service = annotated(
    {
      ...keys({
        'address-type': 'x',
        scheduler: 'x',
        'additional-resource-tags': `${'k'.repeat(65)}=1`,
      }),
      [RANGES]: 'office',
    },
    { ports: [servicePort(80), servicePort(81)] },
  );
  const { spec } = desiredSpec(service, live);
  assert.equal(spec.addressType, 'Intranet');
  assert.deepEqual(spec.sourceRanges, ['10.0.0.0/8']);
  assert.deepEqual(spec.tags, [{ key: 'team', value: 'blue' }]);
  assert.deepEqual(
    spec.listeners?.map(({ port, clb }) => [port, clb?.scheduler]),
    [
      [80, 'wrr'],
      [81, undefined],
    ],
    'A new port has no last good value.',
  );
});

test('a value that a person set is not taken for the last good one', () => {
  const overridden = loadBalancerOf({
    spec: live.spec,
    status: { overriddenFields: [{ path: '.spec.addressType', manager: 'kubectl-edit' }] },
  });
  const { spec } = desiredSpec(annotated(keys({ 'address-type': 'x' })), overridden);
  assert.equal(spec.addressType, undefined);
});

test('SVC-37 SVC-67: an SCTP port is left out and named, the others go on', () => {
  const service = serviceOf({
    spec: { ports: [servicePort(80), servicePort(90, { protocol: 'SCTP' })] },
  });
  const { spec, problems } = desiredSpec(service);
  assert.deepEqual(spec.listeners, [{ transport: 'TCP', port: 80, backend: { servicePort: 80 } }]);
  assert.equal(problems.length, 1);
  assert.equal(problems[0]?.notServed, 'Protocol');
  assert.deepEqual(problems[0].port, { transport: 'SCTP', port: 90 });
  assert.match(
    problems[0].message,
    /"SCTP", which a CLB load balancer cannot serve: use TCP or UDP/,
  );
});

test('SVC-64: a port without node port is named, with what to do', () => {
  const service = serviceOf({ spec: { ports: [servicePort(80, { nodePort: 0 })] } });
  const [problem] = serviceRequestProblems(service);
  assert.equal(problem?.notServed, 'NodePort');
  assert.ok(isRefusal(problem));
  assert.equal(problem.specPath, 'spec.listeners[TCP:80].backend.servicePort');
  assert.match(problem.message, /allocateLoadBalancerNodePorts/);
});

test('SVC-66: TCP and UDP of one number are two listeners, in the order of the ports', () => {
  const { spec } = desiredSpec(serviceOf({ spec: { ports: [...DNS, servicePort(80)] } }));
  assert.deepEqual(
    spec.listeners?.map(({ transport, port }) => `${transport}:${port}`),
    ['TCP:53', 'UDP:53', 'TCP:80'],
  );
});

test('ports beyond the fifty listeners of a load balancer are named one by one', () => {
  const ports = Array.from({ length: 52 }, (_, index) => servicePort(index + 1));
  const { spec, problems } = desiredSpec(serviceOf({ spec: { ports } }));
  assert.equal(spec.listeners?.length, 50);
  assert.deepEqual(
    problems.map(({ notServed, port }) => [notServed, port?.port]),
    [
      ['Limit', 51],
      ['Limit', 52],
    ],
  );
});

const affinities: {
  name: string;
  seconds: number;
  annotations: Record<string, string>;
  want: object;
  problems: string[];
  reason: string;
}[] = [
  {
    name: 'Plain',
    seconds: 1800,
    annotations: {},
    want: { TCP: { clb: { persistenceTimeoutSeconds: 1800 } }, UDP: { clb: { scheduler: 'sch' } } },
    problems: [],
    reason: 'UDP has no persistence; the source hash keeps a client with its backend.',
  },
  {
    name: 'Clamped',
    seconds: 10_800,
    annotations: {},
    want: { TCP: { clb: { persistenceTimeoutSeconds: 3600 } }, UDP: { clb: { scheduler: 'sch' } } },
    problems: ['Adjusted'],
    reason: 'One warning, whatever the number of ports.',
  },
  {
    name: 'AnnotationSaysHowLong',
    seconds: 10_800,
    annotations: { 'persistence-timeout': '120' },
    want: { TCP: { clb: { persistenceTimeoutSeconds: 120 } }, UDP: { clb: { scheduler: 'sch' } } },
    problems: [],
    reason: 'The annotation is more particular.',
  },
  {
    name: 'AnotherScheduler',
    seconds: 1800,
    annotations: { scheduler: 'wrr' },
    want: {
      TCP: { clb: { scheduler: 'wrr', persistenceTimeoutSeconds: 1800 } },
      UDP: { clb: { scheduler: 'wrr' } },
    },
    problems: ['NotSupported'],
    reason: 'UDP cannot follow both; the scheduler that is asked for stays.',
  },
];

for (const { name, seconds, annotations, want, problems, reason } of affinities) {
  test(`SVC-61 SVC-62: desiredSpec: affinity ${name}`, () => {
    const service = annotated(keys(annotations), {
      ports: DNS,
      sessionAffinity: 'ClientIP',
      sessionAffinityTimeoutSeconds: seconds,
    });
    assert.deepEqual(added(service), { listeners: want }, reason);
    assert.deepEqual(
      serviceRequestProblems(service).map(({ kind }) => kind),
      problems,
      reason,
    );
  });
}

test('SVC-75: HTTPS on one port holds back that port alone, with its certificate', () => {
  const service = annotated(keys({ 'protocol-port': 'https:443,tcp:80', 'cert-id': 'c-1' }), {
    ports: [servicePort(80), servicePort(443)],
  });
  const problems = serviceRequestProblems(service);
  assert.deepEqual(
    problems.map(({ source, guardsAccess, port }) => [source, guardsAccess, port?.port]),
    [
      [`${PREFIX}cert-id`, true, 443],
      [`${PREFIX}protocol-port`, true, 443],
    ],
  );
});

test('SVC-75: a protocol-port that cannot be read opens nothing new', () => {
  const [problem] = serviceRequestProblems(annotated(keys({ 'protocol-port': 'https443' })));
  assert.equal(problem?.kind, 'Invalid');
  assert.equal(problem.guardsAccess, true);
  assert.equal(problem.port, undefined);
});

test('SVC-58: ranges that let everybody in ask for nothing', () => {
  const service = serviceOf({ spec: { loadBalancerSourceRanges: ['10.0.0.0/8', '0.0.0.0/0'] } });
  assert.equal(desiredSpec(service).spec.sourceRanges, undefined);
  assert.deepEqual(serviceRequestProblems(service), []);
});

test('SVC-57: the field counts alone where it is set', () => {
  const service = annotated({ [RANGES]: 'office' }, { loadBalancerSourceRanges: ['10.0.0.5/8'] });
  const { spec, problems } = desiredSpec(service);
  assert.deepEqual(spec.sourceRanges, ['10.0.0.0/8']);
  assert.deepEqual(
    problems.map(({ kind, source }) => [kind, source]),
    [
      ['Adjusted', 'spec.loadBalancerSourceRanges'],
      ['NotSupported', 'spec.loadBalancerSourceRanges'],
    ],
  );
});

test('SVC-70: a requested address that the load balancer has is no problem', () => {
  const service = serviceOf({ spec: { loadBalancerIP: '47.1.2.3' } });
  const met = loadBalancerOf({ status: { addresses: [{ ip: '047.1.2.3' }] } });
  assert.deepEqual(serviceRequestProblems(service, met), []);
});

test('SVC-72: an IPv6 Service asks for IPv6, so that no IPv4 one is made instead', () => {
  const service = serviceOf({ spec: { ipFamilies: ['IPv6'], ipFamilyPolicy: 'SingleStack' } });
  assert.deepEqual(desiredSpec(service).spec.ipFamilies, ['IPv6']);
});

test('SVC-71: external IPs are nowhere in what is generated', () => {
  const service = serviceOf({ spec: { externalIPs: ['203.0.113.7'] } });
  assert.deepEqual(desiredSpec(service), desiredSpec(serviceOf()));
});

test('desiredSpec: equal Services give equal specs and texts', () => {
  const service = annotated(keys({ scheduler: 'x', cps: '1', zzz: '1', 'acl-id': 'a' }));
  assert.deepEqual(desiredSpec(service), desiredSpec(structuredClone(service)));
  const sources = desiredSpec(service).problems.map(({ source }) => source);
  assert.deepEqual(sources, sources.toSorted());
});

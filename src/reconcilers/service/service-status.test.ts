import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadBalancerOf, serviceOf } from '../../../test/support/kubernetes-builders.ts';
import type { Condition, LoadBalancerResource, Service } from '../kubernetes-objects.ts';
import { SERVICE_READY_CONDITION } from '../names.ts';
import type { RequestProblem } from './request-problem.ts';
import {
  backendsDigest,
  isSameIngress,
  releasedStatus,
  releasingStatus,
  serviceStatus,
  type ServiceStatusInput,
} from './service-status.ts';

const NOW_MS = Date.parse('2026-11-21T10:00:00Z');
const HOSTNAME = 'service.beta.kubernetes.io/alibaba-cloud-loadbalancer-hostname';
const IP_MODE = 'networking.alibabacloud.com/ip-mode';

function condition(type: string, status: Condition['status'], change: Partial<Condition> = {}) {
  return {
    type,
    status,
    reason: type,
    message: `${type} is ${status}`,
    lastTransitionTime: '2026-11-21T09:00:00Z',
    ...change,
  } as const;
}

function current(type: string, status: Condition['status'], change: Partial<Condition> = {}) {
  return condition(type, status, { observedGeneration: 1, ...change });
}

type Status = LoadBalancerResource['status'];

const RUNNING: Status = {
  loadBalancerId: 'lb-1',
  addresses: [{ ip: '47.1.2.3', family: 'IPv4' }],
  listeners: [{ transport: 'TCP', port: 80, state: 'Running' }],
  backends: '2/2',
  conditions: [
    current('Accepted', 'True'),
    current('Programmed', 'True'),
    current('BackendsSynced', 'True'),
    current('Ready', 'True'),
  ],
};

function resourceOf(status: Status): LoadBalancerResource {
  return loadBalancerOf({ status });
}

function withConditions(...conditions: Condition[]): Status {
  return { ...RUNNING, conditions };
}

function planOf(change: Partial<ServiceStatusInput>) {
  return serviceStatus({
    service: serviceOf(),
    resource: undefined,
    problems: [],
    lastBackends: undefined,
    nowMs: NOW_MS,
    ...change,
  });
}

/** The Service after a plan for it was carried out. */
function after(service: Service, plan: ReturnType<typeof serviceStatus>): Service {
  const { ingress, conditions = [], removeConditions = [] } = plan.change ?? {};
  const kept = service.status.conditions.filter(
    ({ type }) => !removeConditions.includes(type) && !conditions.some((one) => one.type === type),
  );
  return {
    ...service,
    status: { ingress: ingress ?? service.status.ingress, conditions: [...kept, ...conditions] },
  };
}

const published = [{ ip: '47.1.2.3', ipMode: 'VIP' }];

const publications: {
  id: string;
  name: string;
  service?: Service;
  status: Status | undefined;
  waiting?: ServiceStatusInput['waiting'];
  want: object[] | 'kept';
  reason: string;
}[] = [
  {
    id: 'SVC-26',
    name: 'NoObjectYet',
    status: undefined,
    want: 'kept',
    reason: 'There is no address.',
  },
  {
    id: 'SVC-26',
    name: 'ListenersNotYet',
    status: {
      ...RUNNING,
      listeners: [{ transport: 'TCP', port: 80, state: 'Starting' }],
      conditions: [current('Programmed', 'False')],
    },
    want: 'kept',
    reason: 'An empty list means not ready.',
  },
  {
    id: 'SVC-26 SVC-37',
    name: 'NoListenerAccepted',
    status: { ...RUNNING, listeners: [] },
    want: 'kept',
    reason: 'Nothing answers at the address.',
  },
  {
    id: 'SVC-26 SVC-29',
    name: 'Running',
    status: RUNNING,
    want: [{ ip: '47.1.2.3' }],
    reason: 'The mode is left to the API server.',
  },
  {
    id: 'SVC-35',
    name: 'FailsLater',
    service: serviceOf({ status: { ingress: published } }),
    status: withConditions(current('Programmed', 'False'), current('Ready', 'False')),
    want: 'kept',
    reason: 'A failure never withdraws an address.',
  },
  {
    id: 'SVC-33',
    name: 'PublishedAlready',
    service: serviceOf({ status: { ingress: published } }),
    status: RUNNING,
    want: 'kept',
    reason: 'The mode that the API server filled in is no difference.',
  },
  {
    id: 'SVC-08',
    name: 'Wiped',
    service: serviceOf({
      status: { conditions: [condition(SERVICE_READY_CONDITION, 'True')] },
    }),
    status: RUNNING,
    want: [{ ip: '47.1.2.3' }],
    reason: 'It is restored.',
  },
  {
    id: 'SVC-27',
    name: 'Canonical',
    status: { ...RUNNING, addresses: [{ ip: '010.1.2.3' }] },
    want: [{ ip: '10.1.2.3' }],
    reason: 'The API server takes canonical addresses only.',
  },
  {
    id: 'SVC-27',
    name: 'Malformed',
    status: { ...RUNNING, addresses: [{ ip: 'pending' }] },
    want: 'kept',
    reason: 'What is no address cannot be published.',
  },
  {
    id: 'SVC-29',
    name: 'Proxy',
    service: serviceOf({ metadata: { annotations: { [IP_MODE]: 'Proxy' } } }),
    status: RUNNING,
    want: [{ ip: '47.1.2.3', ipMode: 'Proxy' }],
    reason: 'The annotation chooses the mode.',
  },
  {
    id: 'SVC-29',
    name: 'ProxyNoLonger',
    service: serviceOf({ status: { ingress: [{ ip: '47.1.2.3', ipMode: 'Proxy' }] } }),
    status: RUNNING,
    want: [{ ip: '47.1.2.3' }],
    reason: 'Without the annotation it is the default again.',
  },
  {
    id: 'SVC-29 SVC-75',
    name: 'WrongMode',
    service: serviceOf({ metadata: { annotations: { [IP_MODE]: 'proxy' } } }),
    status: RUNNING,
    want: [{ ip: '47.1.2.3' }],
    reason: 'A wrong value has no effect; it is named as a problem.',
  },
  {
    id: 'SVC-30',
    name: 'Hostname',
    service: serviceOf({ metadata: { annotations: { [HOSTNAME]: 'web.example.com' } } }),
    status: RUNNING,
    want: [{ hostname: 'web.example.com' }],
    reason: 'There is neither address nor mode beside it.',
  },
  {
    id: 'SVC-27 SVC-30',
    name: 'HostnameThatIsAnAddress',
    service: serviceOf({ metadata: { annotations: { [HOSTNAME]: '47.1.2.3' } } }),
    status: RUNNING,
    want: [{ ip: '47.1.2.3' }],
    reason: 'The API server refuses it as a hostname.',
  },
  {
    id: 'SVC-32',
    name: 'OrderOfFamilies',
    service: serviceOf({ spec: { ipFamilies: ['IPv6', 'IPv4'] } }),
    status: { ...RUNNING, addresses: [{ ip: '47.1.2.3' }, { ip: '2001:DB8::1' }] },
    want: [{ ip: '2001:db8::1' }, { ip: '47.1.2.3' }],
    reason: 'The order is that of the Service.',
  },
  {
    id: 'SVC-32',
    name: 'OnlyItsFamily',
    service: serviceOf({ spec: { ipFamilies: ['IPv6'] } }),
    status: RUNNING,
    want: 'kept',
    reason: 'An IPv6 Service is not reached by IPv4.',
  },
  {
    id: 'SVC-35',
    name: 'ProvenGone',
    service: serviceOf({ status: { ingress: published } }),
    status: { creationEpoch: 1 },
    want: [],
    reason: 'The address belongs to nobody any more.',
  },
  {
    id: 'SVC-92',
    name: 'OfAPredecessor',
    service: serviceOf({ status: { ingress: published } }),
    status: {},
    want: 'kept',
    reason: 'The load balancer of the controller before is still in use.',
  },
  {
    id: 'SVC-09',
    name: 'Replacing',
    service: serviceOf({ status: { ingress: published } }),
    status: undefined,
    waiting: { kind: 'replacing' },
    want: [],
    reason: 'The load balancer of that address is being removed.',
  },
];

for (const { id, name, service = serviceOf(), status, waiting, want, reason } of publications) {
  test(`${id}: serviceStatus publishes: ${name}`, () => {
    const plan = planOf({
      service,
      resource: status === undefined ? undefined : resourceOf(status),
      ...(waiting === undefined ? {} : { waiting }),
    });
    assert.deepEqual(plan.change?.ingress ?? 'kept', want, reason);
    const again = planOf({
      service: after(service, plan),
      resource: status === undefined ? undefined : resourceOf(status),
      ...(waiting === undefined ? {} : { waiting }),
    });
    assert.deepEqual(
      again,
      { change: undefined, events: [] },
      'The second pass has nothing to do.',
    );
  });
}

function problem(change: Partial<RequestProblem> = {}): RequestProblem {
  return {
    kind: 'NotSupported',
    source: 'annotation',
    value: 'x',
    message: 'Annotation "a" is not supported',
    guardsAccess: false,
    ...change,
  };
}

const mirrors: {
  name: string;
  input: Partial<ServiceStatusInput>;
  want: [status: string, reason: string, message: RegExp];
  reason: string;
}[] = [
  {
    name: 'First',
    input: {},
    want: ['Unknown', 'Pending', /^The load balancer is being brought to what is asked for$/],
    reason: 'Something is said at once.',
  },
  {
    name: 'Ready',
    input: { resource: resourceOf(RUNNING) },
    want: ['True', 'Ready', /^Ready is True$/],
    reason: 'It mirrors.',
  },
  {
    name: 'EarlierGeneration',
    input: { resource: loadBalancerOf({ metadata: { generation: 2 }, status: RUNNING }) },
    want: ['Unknown', 'Pending', /being brought/],
    reason: 'The object has changed since it was Ready.',
  },
  {
    name: 'ReadyWithRemark',
    input: {
      resource: resourceOf(RUNNING),
      problems: [problem({ kind: 'Unknown', message: 'Annotation "b" is not known' })],
    },
    want: ['True', 'Ready', /^Ready is True; Annotation "b" is not known$/],
    reason: 'Events expire; what they said is here too.',
  },
  {
    name: 'SaidOnce',
    input: {
      resource: resourceOf(
        withConditions(current('Ready', 'False', { message: 'Annotation "a" is not supported' })),
      ),
      problems: [problem()],
    },
    want: ['False', 'Ready', /^Annotation "a" is not supported$/],
    reason: 'What the mirrored message says is not said twice.',
  },
  {
    name: 'NameTaken',
    input: { waiting: { kind: 'taken', by: 'Service "other"' } },
    want: ['False', 'NameTaken', /AlibabaLoadBalancer "web" belongs to Service "other": rename/],
    reason: 'It says who is in the way, and what to do.',
  },
  {
    name: 'MalformedAddress',
    input: { resource: resourceOf({ ...RUNNING, addresses: [{ ip: 'pending' }] }) },
    want: ['False', 'InvalidAddress', /"pending" as the address, which is none/],
    reason: 'It is a condition and no crash.',
  },
];

for (const { name, input, want, reason } of mirrors) {
  test(`SVC-36: serviceStatus mirrors: ${name}`, () => {
    const [status, word, message] = want;
    const found = planOf(input).change?.conditions?.find(
      ({ type }) => type === SERVICE_READY_CONDITION,
    );
    assert.deepEqual([found?.status, found?.reason], [status, word], reason);
    assert.match(found?.message ?? '', message, reason);
    assert.equal(found?.observedGeneration, undefined, 'A Service has no reliable generation.');
    assert.equal(found?.lastTransitionTime, '2026-11-21T10:00:00Z');
  });
}

const portErrors: { id: string; name: string; problems: RequestProblem[]; want: string }[] = [
  {
    id: 'SVC-37',
    name: 'Protocol',
    problems: [problem({ notServed: 'NodePort' }), problem({ notServed: 'Protocol' })],
    want: 'LoadBalancerMixedProtocolNotSupported',
  },
  {
    id: 'SVC-64',
    name: 'NodePort',
    problems: [problem({ notServed: 'NodePort' })],
    want: 'NodePortNotAllocated',
  },
  {
    id: 'SVC-37',
    name: 'Limit',
    problems: [problem({ notServed: 'Limit' })],
    want: 'TooManyPorts',
  },
];

for (const { id, name, problems, want } of portErrors) {
  test(`${id}: serviceStatus sets and clears LoadBalancerPortsError: ${name}`, () => {
    const plan = planOf({ resource: resourceOf(RUNNING), problems });
    const found = plan.change?.conditions?.find(({ type }) => type === 'LoadBalancerPortsError');
    assert.deepEqual([found?.status, found?.reason], ['True', want]);

    const mended = planOf({ service: after(serviceOf(), plan), resource: resourceOf(RUNNING) });
    assert.deepEqual(mended.change?.removeConditions, ['LoadBalancerPortsError']);
  });
}

test('SVC-37: a setting that leaves every port served is no error of ports', () => {
  const plan = planOf({ resource: resourceOf(RUNNING), problems: [problem()] });
  assert.ok(!plan.change?.conditions?.some(({ type }) => type === 'LoadBalancerPortsError'));
});

const served = serviceOf({
  status: {
    ingress: published,
    conditions: [condition(SERVICE_READY_CONDITION, 'True', { message: 'Ready is True' })],
  },
});
const stuck = withConditions(
  current('Accepted', 'True'),
  current('Programmed', 'False'),
  current('Ready', 'False', { reason: 'QuotaExceeded', message: 'A quota is reached' }),
  current('Stalled', 'True'),
);

const events: {
  id: string;
  name: string;
  input: Partial<ServiceStatusInput>;
  want: string[];
  reason: string;
}[] = [
  {
    id: 'SVC-82',
    name: 'EnsuringLoadBalancer',
    input: {},
    want: ['Normal EnsuringLoadBalancer'],
    reason: 'The Service is seen for the first time.',
  },
  {
    id: 'SVC-82 SVC-84',
    name: 'EnsuredLoadBalancer',
    input: {
      service: serviceOf({
        status: { conditions: [condition(SERVICE_READY_CONDITION, 'Unknown')] },
      }),
      resource: resourceOf(RUNNING),
    },
    want: ['Normal EnsuredLoadBalancer'],
    reason: 'It has become ready.',
  },
  {
    id: 'SVC-84',
    name: 'NothingNew',
    input: { service: served, resource: resourceOf(RUNNING), lastBackends: undefined },
    want: [],
    reason: 'A pass without a change says nothing, after a restart neither.',
  },
  {
    id: 'SVC-82',
    name: 'UpdatedLoadBalancer',
    input: {
      service: served,
      resource: resourceOf({
        ...RUNNING,
        serverGroups: [{ id: 'rsp-1', nodePort: 30_080, appliedDigest: 'b' }],
      }),
      lastBackends: 'rsp-1=a/0',
    },
    want: ['Normal UpdatedLoadBalancer'],
    reason: 'Other backends are registered than before.',
  },
  {
    id: 'SVC-82',
    name: 'SyncLoadBalancerFailed',
    input: { service: serviceOf({ status: served.status }), resource: resourceOf(stuck) },
    want: ['Warning SyncLoadBalancerFailed'],
    reason: 'The load balancer does not get on.',
  },
  {
    id: 'SVC-79',
    name: 'ProgressIsNoFailure',
    input: {
      service: served,
      resource: resourceOf(
        withConditions(current('Programmed', 'False'), current('Ready', 'False')),
      ),
    },
    want: [],
    reason: 'It is being worked on.',
  },
  {
    id: 'SVC-79',
    name: 'LastingErrorIsAFailure',
    input: {
      service: served,
      resource: resourceOf({
        ...withConditions(
          current('Programmed', 'False'),
          current('Ready', 'False', { message: 'Cannot reach the API' }),
        ),
        lastError: { message: 'Cannot reach the API' },
      }),
    },
    want: ['Warning SyncLoadBalancerFailed'],
    reason: 'A person may want to know.',
  },
  {
    id: 'SVC-79',
    name: 'EarlierErrorIsNoFailure',
    input: {
      service: served,
      resource: resourceOf({
        ...withConditions(current('Programmed', 'False'), current('Ready', 'False')),
        lastError: { message: 'Cannot reach the API' },
      }),
    },
    want: [],
    reason: 'It stays in the status until a pass succeeds; what follows it is progress.',
  },
  {
    id: 'SVC-82',
    name: 'UpdateLoadBalancerFailed',
    input: {
      service: served,
      resource: resourceOf(
        withConditions(
          current('Accepted', 'True'),
          current('BackendsSynced', 'False'),
          current('Ready', 'False', { message: 'Cannot add backends' }),
          current('Stalled', 'True'),
        ),
      ),
    },
    want: ['Warning UpdateLoadBalancerFailed'],
    reason: 'Its address is in use, and backends cannot follow.',
  },
  {
    id: 'SVC-82',
    name: 'UnAvailableLoadBalancer',
    input: {
      service: served,
      resource: resourceOf(
        withConditions(
          current('Accepted', 'True'),
          current('BackendsSynced', 'True', { reason: 'NoBackends', message: 'No node' }),
          current('Ready', 'True'),
        ),
      ),
    },
    want: ['Warning UnAvailableLoadBalancer'],
    reason: 'No node can be registered; the capital letter is that of upstream.',
  },
  {
    id: 'SVC-75',
    name: 'EveryProblemOnce',
    input: {
      service: served,
      resource: resourceOf(RUNNING),
      problems: [
        problem({ kind: 'Invalid', message: 'one' }),
        problem({ kind: 'NotSupported', message: 'two' }),
        problem({ kind: 'Unknown', message: 'three' }),
        problem({ kind: 'Adjusted', message: 'four' }),
      ],
    },
    want: [
      'Warning InvalidSetting',
      'Warning UnsupportedSetting',
      'Warning UnknownAnnotation',
      'Warning AdjustedSetting',
    ],
    reason: 'Each says what it is.',
  },
  {
    id: 'SVC-72',
    name: 'PreferredDualStack',
    input: {
      service: served,
      resource: resourceOf(RUNNING),
      problems: [problem({ kind: 'Adjusted', source: 'spec.ipFamilies', message: 'only IPv4' })],
    },
    want: ['Normal SingleStackServed'],
    reason: 'A preference that is not met is nothing to warn of.',
  },
  {
    id: 'SVC-75',
    name: 'RefusalIsSaidOnce',
    input: {
      service: served,
      resource: resourceOf(
        withConditions(
          current('Accepted', 'False'),
          current('Ready', 'False', { message: 'Annotation "a" is not supported' }),
          current('Stalled', 'True'),
        ),
      ),
      problems: [problem()],
    },
    want: ['Warning UnsupportedSetting'],
    reason: 'The failure says the same as the problem.',
  },
  {
    id: 'OWN-03',
    name: 'NameTaken',
    input: { service: served, waiting: { kind: 'taken', by: 'Deployment "x"' } },
    want: ['Warning NameTaken'],
    reason: 'Somebody else has an object of that name.',
  },
];

for (const { id, name, input, want, reason } of events) {
  test(`${id}: serviceStatus says: ${name}`, () => {
    const plan = planOf(input);
    const said = plan.events.map(({ type, reason: word }) => `${type} ${word}`);
    assert.deepEqual(said, want, reason);
    const service = after(input.service ?? serviceOf(), plan);
    const again = planOf({ ...input, service, lastBackends: backendsDigest(input.resource) });
    assert.deepEqual(again.events, [], 'The next pass says it no more.');
  });
}

test('SVC-83: failures name the operation, then the error; successes are short phrases', () => {
  const [failed] = planOf({ service: served, resource: resourceOf(stuck) }).events;
  assert.equal(failed?.note, 'Error syncing load balancer: A quota is reached');
  const [ensured] = planOf({
    service: serviceOf({ status: { conditions: [condition(SERVICE_READY_CONDITION, 'Unknown')] } }),
    resource: resourceOf(RUNNING),
  }).events;
  assert.equal(ensured?.note, 'Ensured load balancer lb-1 at 47.1.2.3');
});

test('SVC-17 SVC-82: releasingStatus: DeleteLoadBalancerFailed once, and progress says nothing', () => {
  const going = releasingStatus(served, resourceOf(RUNNING), NOW_MS);
  assert.equal(going.change?.conditions?.[0]?.reason, 'Deleting');
  assert.deepEqual(going.events, []);

  const failing = releasingStatus(served, resourceOf(stuck), NOW_MS);
  assert.deepEqual(
    failing.events.map(({ type, reason, note }) => [type, reason, note]),
    [['Warning', 'DeleteLoadBalancerFailed', 'Error deleting load balancer: A quota is reached']],
  );
  const said = after(served, failing);
  assert.deepEqual(releasingStatus(said, resourceOf(stuck), NOW_MS), {
    change: undefined,
    events: [],
  });
});

test('SVC-19 SVC-03: releasedStatus: addresses stay where another class has its own', () => {
  assert.deepEqual(releasedStatus(serviceOf({ spec: { type: 'ClusterIP' } })).ingress, []);
  const foreign = serviceOf({ spec: { loadBalancerClass: 'example.com/other' } });
  assert.equal(releasedStatus(foreign).ingress, undefined);
});

test('isSameIngress: order and hostnames count, a mode that is filled in does not', () => {
  assert.ok(isSameIngress([{ ip: '1.2.3.4' }], [{ ip: '1.2.3.4', ipMode: 'VIP' }]));
  assert.ok(!isSameIngress([{ ip: '1.2.3.4' }], [{ ip: '1.2.3.4', ipMode: 'Proxy' }]));
  assert.ok(!isSameIngress([{ ip: '1.2.3.4' }], [{ hostname: '1.2.3.4' }]));
  assert.ok(!isSameIngress([{ ip: '1.2.3.4' }], []));
});

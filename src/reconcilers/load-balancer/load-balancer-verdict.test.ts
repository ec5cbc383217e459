import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  loadBalancerOf,
  serviceOf,
  servicePort,
} from '../../../test/support/kubernetes-builders.ts';
import type { LoadBalancerResource, Service } from '../kubernetes-objects.ts';
import { CONFIRM_DELETION_ANNOTATION } from '../names.ts';
import type { RequestProblem } from '../service/request-problem.ts';
import { isDeletionHeld, verdictOf, type Verdict } from './load-balancer-verdict.ts';

const identity = { accountId: '1001', regionId: 'cn-hangzhou' };

function judge(
  resource: LoadBalancerResource,
  change: {
    readonly service?: Service | 'absent';
    readonly isDefault?: boolean;
    readonly problems?: readonly RequestProblem[];
    readonly vSwitchId?: string;
  } = {},
): Verdict {
  const service = change.service ?? serviceOf();
  return verdictOf({
    resource,
    service: service === 'absent' ? undefined : service,
    identity,
    isDefaultImplementation: change.isDefault ?? true,
    requestProblems: change.problems ?? [],
    creationDefaults: change.vSwitchId === undefined ? {} : { vSwitchId: change.vSwitchId },
  });
}

/** Writes a verdict as one line. */
function shown(verdict: Verdict): string {
  if (verdict.kind === 'ignore') return 'ignore';
  const words = [verdict.refusal?.reason, verdict.notReady?.reason].filter(Boolean).join(' ');
  if (verdict.kind === 'leave') return `leave ${words}`.trim();
  const { closedListeners: closed } = verdict;
  const doors = closed === 'all' ? 'all' : [...closed].join(',');
  return `serve ${words} ${verdict.mayCreate ? '' : 'no-create'} ${doors}`
    .replace(/\s+/g, ' ')
    .trim();
}

const ours = { loadBalancerId: 'lb-1', ownership: 'Created' } as const;

function annotated(annotations: Record<string, string>): Service {
  return serviceOf({ metadata: { annotations } });
}

const problem: RequestProblem = {
  kind: 'NotSupported',
  source: 'service.beta.kubernetes.io/alibaba-cloud-loadbalancer-acl-id',
  value: 'acl-1',
  message: 'Not supported',
  guardsAccess: false,
};

const cases: readonly {
  readonly name: string;
  readonly got: () => Verdict;
  readonly want: string;
  readonly reason: string;
}[] = [
  { name: 'Plain', got: () => judge(loadBalancerOf()), want: 'serve', reason: 'Nothing is wrong.' },
  {
    name: 'WrongAccount',
    got: () => judge(loadBalancerOf({ status: { ...ours, accountId: '2002' } })),
    want: 'leave WrongAccount',
    reason: 'A load balancer of another account is never written to.',
  },
  {
    name: 'WrongAccountOfAnOpenCreation',
    got: () =>
      judge(
        loadBalancerOf({
          status: {
            creation: {
              token: 't',
              parameters: {},
              startedAt: '2026-01-01T00:00:00Z',
              accountId: '2002',
              regionId: 'cn-hangzhou',
            },
          },
        }),
      ),
    want: 'leave WrongAccount',
    reason: 'The same request in another account would make a second load balancer.',
  },
  {
    name: 'WrongRegion',
    got: () => judge(loadBalancerOf({ status: { ...ours, regionId: 'cn-beijing' } })),
    want: 'leave WrongRegion',
    reason: 'A load balancer of another region would look as if it were gone.',
  },
  {
    name: 'SVC-09 OtherService',
    got: () => judge(loadBalancerOf({ status: { ...ours, service: { uid: 'earlier' } } })),
    want: 'leave OtherService',
    reason: 'A recreated Service never inherits the load balancer of the earlier one.',
  },
  {
    name: 'Standby',
    got: () => judge(loadBalancerOf(), { isDefault: false }),
    want: 'ignore',
    reason: 'Another default controller may be at work.',
  },
  {
    name: 'ServiceUnwanted',
    got: () => judge(loadBalancerOf(), { service: serviceOf({ spec: { type: 'ClusterIP' } }) }),
    want: 'ignore',
    reason: 'Its own reconciler deletes the object.',
  },
  {
    name: 'OptedOut',
    got: () =>
      judge(loadBalancerOf(), { service: annotated({ 'service.beta.kubernetes.io/class': 'x' }) }),
    want: 'leave OptedOut',
    reason: 'Added to a live Service, it is held as it is.',
  },
  {
    name: 'ByAPersonForAForeignService',
    got: () =>
      judge(loadBalancerOf({ metadata: { name: 'mine', ownerReferences: [] } }), {
        service: serviceOf({ spec: { type: 'NodePort' } }),
      }),
    want: 'serve',
    reason: 'An object that a person wrote for a Service we do not generate for works by itself.',
  },
  {
    name: 'ByAPersonBesideOurs',
    got: () => judge(loadBalancerOf({ metadata: { name: 'mine', ownerReferences: [] } })),
    want: 'leave Conflict',
    reason: 'The Service has one of its own.',
  },
  {
    name: 'ServiceAbsent',
    got: () => judge(loadBalancerOf({ metadata: { ownerReferences: [] } }), { service: 'absent' }),
    want: 'leave ServiceNotFound',
    reason: 'Without a Service nothing is known to serve.',
  },
  {
    name: 'OWN-10 Paused',
    got: () => judge(loadBalancerOf({ spec: { reconcilePolicy: 'Paused' } })),
    want: 'leave Paused',
    reason: 'Nothing is changed while it is paused, and the reason says so.',
  },
  {
    name: 'Observe',
    got: () => judge(loadBalancerOf({ spec: { reconcilePolicy: 'Observe' } })),
    want: 'serve',
    reason: 'What would be done is worked out as if it were done.',
  },
  {
    name: 'Nlb',
    got: () => judge(loadBalancerOf({ spec: { type: 'NLB' } })),
    want: 'serve NotSupported no-create',
    reason: 'No CLB is made for who asked for an NLB.',
  },
  {
    name: 'Adoption',
    got: () => judge(loadBalancerOf({ spec: { loadBalancerId: 'lb-9' } })),
    want: 'serve NotSupported no-create',
    reason: 'Who asked for an existing load balancer must not get a new one.',
  },
  {
    name: 'SVC-60 SourceRanges',
    got: () => judge(loadBalancerOf({ spec: { sourceRanges: ['10.0.0.0/8'] } })),
    want: 'serve NotSupported all',
    reason: 'An access rule that cannot be applied keeps every new listener closed.',
  },
  {
    name: 'SVC-60 SourceRangesOnARunningListener',
    got: () =>
      judge(
        loadBalancerOf({
          spec: { sourceRanges: ['10.0.0.0/8'] },
          status: { ...ours, listeners: [{ transport: 'TCP', port: 80, state: 'Running' }] },
        }),
      ),
    want: 'serve OpenWiderThanAsked all',
    reason: 'One that runs is not closed, but the condition says that it is open wider than asked.',
  },
  {
    name: 'NoSourceRanges',
    got: () => judge(loadBalancerOf({ spec: { sourceRanges: [] } })),
    want: 'serve',
    reason: 'An empty list means none.',
  },
  {
    name: 'AclOfOneListener',
    got: () =>
      judge(
        loadBalancerOf({
          spec: {
            listeners: [
              {
                transport: 'TCP',
                port: 80,
                backend: { servicePort: 80 },
                clb: { acl: { ids: ['a'] } },
              },
            ],
          },
        }),
      ),
    want: 'serve NotSupported TCP:80',
    reason: 'Only the listener concerned stays closed.',
  },
  {
    name: 'SVC-75 UnsupportedAnnotation',
    got: () => judge(loadBalancerOf(), { problems: [problem] }),
    want: 'serve NotSupported',
    reason: 'It is named, and stops nothing else.',
  },
  {
    name: 'SVC-75 GuardingAnnotation',
    got: () => judge(loadBalancerOf(), { problems: [{ ...problem, guardsAccess: true }] }),
    want: 'serve NotSupported all',
    reason: 'A setting that guards access keeps new listeners closed.',
  },
  {
    name: 'UnknownAnnotation',
    got: () => judge(loadBalancerOf(), { problems: [{ ...problem, kind: 'Unknown' }] }),
    want: 'serve',
    reason: 'A key that nobody reads is only warned of.',
  },
  {
    name: 'Immutable',
    got: () =>
      judge(
        loadBalancerOf({
          spec: { addressType: 'Intranet' },
          status: { ...ours, attributes: { AddressType: 'internet' } },
        }),
        { vSwitchId: 'vsw-1' },
      ),
    want: 'serve Immutable',
    reason: 'What the cloud cannot change is refused, and all else goes on.',
  },
  {
    name: 'IntranetWithoutVSwitch',
    got: () => judge(loadBalancerOf({ spec: { addressType: 'Intranet' } })),
    want: 'serve Invalid no-create',
    reason: 'The cloud would refuse the creation with fewer words.',
  },
  {
    name: 'SVC-64 NoNodePort',
    got: () =>
      judge(loadBalancerOf(), {
        service: serviceOf({ spec: { ports: [servicePort(80, { nodePort: 0 })] } }),
      }),
    want: 'serve NodePortNotAllocated TCP:80',
    reason: 'The port cannot be served by nodes, and the message says what to do.',
  },
  {
    name: 'ReservedTag',
    got: () => judge(loadBalancerOf({ spec: { tags: [{ key: 'acs:rm', value: '' }] } })),
    want: 'serve Invalid',
    reason: 'A tag that another program reads is refused.',
  },
];

for (const { name, got, want, reason } of cases) {
  test(`verdictOf: ${name}`, () => {
    assert.equal(shown(got()), want, reason);
  });
}

test('verdictOf: several refusals are named in one message, in one order', () => {
  const spec: Partial<LoadBalancerResource['spec']> = {
    backends: { mode: 'Pod', drainTimeoutSeconds: 30 },
    ipFamilies: ['IPv4', 'IPv6'],
  };
  const verdict = judge(loadBalancerOf({ spec }));
  assert.ok(verdict.kind === 'serve');
  const message = verdict.refusal?.message ?? '';
  const places = ['drainTimeoutSeconds', 'backends.mode', 'ipFamilies'].map((field) =>
    message.indexOf(field),
  );
  assert.deepEqual(
    places,
    places.toSorted((a, b) => a - b),
  );
  assert.ok(!places.includes(-1), message);
});

const deletedAt = { deletionTimestamp: '2026-01-01T00:00:00Z' };

const holds: readonly {
  readonly name: string;
  readonly resource: LoadBalancerResource;
  readonly service: Service | undefined;
  readonly want: boolean;
}[] = [
  { name: 'NotDeleted', resource: loadBalancerOf(), service: serviceOf(), want: false },
  {
    name: 'ServiceWantsIt',
    resource: loadBalancerOf({ metadata: deletedAt }),
    service: serviceOf(),
    want: true,
  },
  {
    name: 'ServiceGone',
    resource: loadBalancerOf({ metadata: deletedAt }),
    service: undefined,
    want: false,
  },
  {
    name: 'ServiceDeleting',
    resource: loadBalancerOf({ metadata: deletedAt }),
    service: serviceOf({ metadata: deletedAt }),
    want: false,
  },
  {
    name: 'ServiceUnwanted',
    resource: loadBalancerOf({ metadata: deletedAt }),
    service: serviceOf({ spec: { type: 'ClusterIP' } }),
    want: false,
  },
  {
    name: 'ServiceOfAnotherUid',
    resource: loadBalancerOf({ metadata: deletedAt, status: { service: { uid: 'earlier' } } }),
    service: serviceOf(),
    want: false,
  },
  {
    name: 'Confirmed',
    resource: loadBalancerOf({
      metadata: { ...deletedAt, annotations: { [CONFIRM_DELETION_ANNOTATION]: 'uid-of-web' } },
    }),
    service: serviceOf(),
    want: false,
  },
  {
    name: 'ConfirmedForAnEarlierObject',
    resource: loadBalancerOf({
      metadata: { ...deletedAt, annotations: { [CONFIRM_DELETION_ANNOTATION]: 'earlier' } },
    }),
    service: serviceOf(),
    want: true,
  },
  {
    name: 'RemovalHasBegun',
    resource: loadBalancerOf({
      metadata: deletedAt,
      status: { removalStartedTime: '2026-01-01T00:00:00Z' },
    }),
    service: serviceOf(),
    want: false,
  },
  {
    name: 'ByAPerson',
    resource: loadBalancerOf({ metadata: { ...deletedAt, ownerReferences: [] } }),
    service: serviceOf(),
    want: false,
  },
];

for (const { name, resource, service, want } of holds) {
  test(`SVC-24 isDeletionHeld: ${name}`, () => {
    assert.equal(isDeletionHeld(resource, service), want);
  });
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CloudTag } from '../../cloud/call-options.ts';
import type { CloudBackend } from '../../cloud/slb/slb-client.ts';
import {
  loadBalancerOf,
  nodeOf,
  serviceOf,
  servicePort,
} from '../../../test/support/kubernetes-builders.ts';
import type { LoadBalancerResource } from '../kubernetes-objects.ts';
import { backendNodes } from './backend-nodes.ts';
import { observedAfter } from './load-balancer-belief.ts';
import { desiredLoadBalancer, type DesiredLoadBalancer } from './load-balancer-desired.ts';
import {
  attributesDigest,
  backendsDigest,
  listenerDigest,
  type ObservedListener,
  type ObservedLoadBalancer,
  type ObservedServerGroup,
} from './load-balancer-observed.ts';
import { planLoadBalancer, type LoadBalancerAction } from './load-balancer-plan.ts';

const owner = { clusterId: 'c1', namespace: 'shop', serviceName: 'web', serviceUid: 'uid-1' };
const NODE_PORT = 30_080;

interface Wish {
  readonly spec?: Partial<LoadBalancerResource['spec']>;
  readonly nodes?: readonly string[];
  readonly ports?: readonly ReturnType<typeof servicePort>[];
  readonly closed?: boolean;
  readonly keep?: boolean;
}

/** Makes the desired state of Service `web` by the code that makes it in the operator. */
function desiredOf(wish: Wish = {}): DesiredLoadBalancer {
  const service = serviceOf({ spec: { ports: wish.ports ?? [servicePort(80)] } });
  const nodes = (wish.nodes ?? ['a', 'b']).map((name) => nodeOf(name));
  return desiredLoadBalancer({
    resource: loadBalancerOf({ spec: wish.spec ?? {} }),
    service,
    owner,
    nodes: wish.keep === true ? 'keep' : backendNodes(service, nodes, []),
    closedListeners: wish.closed === true ? 'all' : new Set(),
  });
}

const desired = desiredOf();
const [wantedListener] = desired.listeners;
const [wantedGroup] = desired.serverGroups;
assert.ok(wantedListener !== undefined && wantedGroup !== undefined);
const members = wantedGroup.backends === 'keep' ? [] : wantedGroup.backends;

const group: ObservedServerGroup = {
  id: 'rsp-1',
  nodePort: NODE_PORT,
  createTime: '2026-01-01T00:00:00Z',
  backends: { kind: 'seen', value: members },
  registered: members.length,
};
const listener: ObservedListener = {
  key: wantedListener.key,
  status: 'running',
  isOurs: true,
  serverGroupId: 'rsp-1',
  settings: { kind: 'seen', value: wantedListener.settings },
};

function observedOf(change: Partial<ObservedLoadBalancer> = {}): ObservedLoadBalancer {
  return {
    id: 'lb-1',
    attributes: {
      kind: 'seen',
      value: {
        name: desired.attributes.name,
        spec: '',
        instanceChargeType: 'PayByCLCU',
        internetChargeType: 'paybytraffic',
        bandwidthMbps: 0,
        deleteProtection: 'on',
        modificationProtection: 'ConsoleProtection',
        tags: desired.attributes.tags,
      },
    },
    listeners: [listener],
    serverGroups: [group],
    serverGroupsComplete: true,
    ...change,
  };
}

function backend(name: string, change: Partial<CloudBackend> = {}): CloudBackend {
  const [first] = members;
  assert.ok(first !== undefined);
  return { ...first, serverId: `i-${name}`, ...change };
}

/** Counts down from many members, so that calls of twenty are needed. */
function manyNames(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `n${String(index).padStart(3, '0')}`);
}

const cases: readonly {
  readonly name: string;
  readonly desired: DesiredLoadBalancer;
  readonly observed: ObservedLoadBalancer;
  readonly ownedTagKeys?: readonly string[];
  readonly want: readonly LoadBalancerAction['kind'][];
  readonly reason: string;
}[] = [
  {
    name: 'InSync',
    desired,
    observed: observedOf(),
    want: [],
    reason: 'An unchanged world causes no write.',
  },
  {
    name: 'Empty',
    desired,
    observed: observedOf({ listeners: [], serverGroups: [] }),
    want: ['createServerGroup', 'createListener', 'startListener'],
    reason: 'The group exists with its members before a listener points at it.',
  },
  {
    name: 'BelievedInSync',
    desired,
    observed: observedOf({
      attributes: { kind: 'believed', digest: attributesDigest(desired.attributes) },
      listeners: [
        {
          ...listener,
          settings: {
            kind: 'believed',
            digest: listenerDigest(wantedListener.settings, 'rsp-1'),
          },
        },
      ],
      serverGroups: [{ ...group, backends: { kind: 'believed', digest: backendsDigest(members) } }],
    }),
    want: [],
    reason: 'Equal digests need neither a read nor a write.',
  },
  {
    name: 'BelievedOutdatedListener',
    desired,
    observed: observedOf({
      listeners: [{ ...listener, settings: { kind: 'believed', digest: 'other' } }],
    }),
    want: ['setListener'],
    reason: 'A set writes all settings, so the listener need not be read first.',
  },
  {
    name: 'HealthPortUnsaid',
    desired,
    observed: observedOf({
      listeners: [
        {
          ...listener,
          settings: {
            kind: 'seen',
            value: {
              ...wantedListener.settings,
              healthCheck: { ...wantedListener.settings.healthCheck, port: 0 },
            },
          },
        },
      ],
    }),
    want: [],
    reason: 'The cloud answers no port where it checks the node port, as the Go CCM leaves it.',
  },
  {
    name: 'Stopped',
    desired,
    observed: observedOf({ listeners: [{ ...listener, status: 'stopped' }] }),
    want: ['startListener'],
    reason: 'The cloud leaves a new listener stopped; a crash may have come before the start.',
  },
  {
    name: 'BetweenStates',
    desired,
    observed: observedOf({
      listeners: [
        { ...listener, status: 'configuring', settings: { kind: 'believed', digest: 'other' } },
      ],
    }),
    want: [],
    reason: 'While the cloud is busy with a listener nothing is asked of it.',
  },
  {
    name: 'PortGone',
    desired: desiredOf({ ports: [] }),
    observed: observedOf(),
    want: ['deleteListener', 'deleteServerGroup'],
    reason: 'The group goes after the last listener that used it.',
  },
  {
    name: 'ForeignListener',
    desired: desiredOf({ ports: [] }),
    observed: observedOf({ listeners: [{ ...listener, isOurs: false }] }),
    want: [],
    reason: 'A listener that someone else made stays, and so does the group that it uses.',
  },
  {
    name: 'ForeignServerGroup',
    desired,
    observed: observedOf({
      serverGroups: [group, { ...group, id: 'rsp-2', nodePort: undefined }],
    }),
    want: [],
    reason: 'A group that someone else made is never deleted.',
  },
  {
    name: 'SecondGroupOfOneNodePort',
    desired,
    observed: observedOf({ serverGroups: [{ ...group, id: 'rsp-0' }, group] }),
    want: ['deleteServerGroup'],
    reason: 'Of two groups with our mark the one that a listener uses survives.',
  },
  {
    name: 'Closed',
    desired: desiredOf({ closed: true }),
    observed: observedOf({ listeners: [] }),
    want: [],
    reason: 'While an access rule cannot be applied no listener opens.',
  },
  {
    name: 'ClosedStopped',
    desired: desiredOf({ closed: true }),
    observed: observedOf({ listeners: [{ ...listener, status: 'stopped' }] }),
    want: [],
    reason: 'A stopped listener is not started either.',
  },
  {
    name: 'ClosedRunning',
    desired: desiredOf({ closed: true }),
    observed: observedOf(),
    want: [],
    reason: 'One that runs is not closed; the condition says that it is open wider than asked.',
  },
  {
    name: 'Disabled',
    desired: desiredOf({
      spec: {
        listeners: [{ transport: 'TCP', port: 80, enabled: false, backend: { servicePort: 80 } }],
      },
    }),
    observed: observedOf(),
    want: ['stopListener'],
    reason: 'A person closes a generated listener without forgetting it.',
  },
  {
    name: 'SVC-65 NodePortChanged',
    desired: desiredOf({ ports: [servicePort(80, { nodePort: 31_000 })] }),
    observed: observedOf(),
    want: ['createServerGroup', 'setListener', 'deleteServerGroup'],
    reason: 'The new backends are in place before the old ones go, and the listener stays.',
  },
  {
    name: 'NodeJoined',
    desired: desiredOf({ nodes: ['a', 'b', 'c'] }),
    observed: observedOf(),
    want: ['addBackends'],
    reason: 'One joining node is one write to a group.',
  },
  {
    name: 'NodeReplaced',
    desired: desiredOf({ nodes: ['a', 'c'] }),
    observed: observedOf(),
    want: ['addBackends', 'removeBackends'],
    reason: 'Members are added before others are removed.',
  },
  {
    name: 'WeightChanged',
    desired,
    observed: observedOf({
      serverGroups: [
        {
          ...group,
          backends: { kind: 'seen', value: [backend('a', { weightPercent: 7 }), backend('b')] },
        },
      ],
    }),
    want: ['setBackends'],
    reason: 'A weight is set in place.',
  },
  {
    name: 'MembersOfSomeoneElse',
    desired,
    observed: observedOf({
      serverGroups: [
        {
          ...group,
          backends: {
            kind: 'seen',
            value: [
              backend('a', { description: '', weightPercent: 50 }),
              backend('b'),
              backend('z', { description: 'by hand' }),
            ],
          },
        },
      ],
    }),
    want: [],
    reason: 'A member that is desired counts whoever registered it, and one that is not stays.',
  },
  {
    name: 'KeepWithoutEndpoints',
    desired: desiredOf({ keep: true }),
    observed: observedOf(),
    want: [],
    reason: 'With no endpoint anywhere the set stays and the health check decides.',
  },
  {
    name: 'FortyFiveBackends',
    desired: desiredOf({ nodes: manyNames(45) }),
    observed: observedOf({ listeners: [], serverGroups: [] }),
    want: ['createServerGroup', 'addBackends', 'addBackends', 'createListener', 'startListener'],
    reason: 'The cloud documents twenty backends a call.',
  },
  {
    name: 'NameAndProtectionDrifted',
    desired,
    observed: withAttributes({ name: 'else', deleteProtection: 'off' }),
    want: ['setName', 'setDeleteProtection'],
    reason: 'What was changed by hand is set right.',
  },
  {
    name: 'MarkRemoved',
    desired,
    observed: withAttributes({ tags: [] }),
    want: ['tag'],
    reason: 'A missing mark is put back.',
  },
  {
    name: 'SVC-92 MarkedByTheGoCcm',
    desired,
    observed: withAttributes({ tags: desired.attributes.tags.slice(0, 2) }),
    want: [],
    reason: 'Taking over from the Go CCM writes no tag that it would not have written.',
  },
  {
    name: 'ForeignTag',
    desired,
    observed: withAttributes({ tags: [...desired.attributes.tags, tag('team', 'blue')] }),
    want: [],
    reason: 'A tag that someone else put on stays.',
  },
  {
    name: 'OwnTagNotAskedForAnyMore',
    desired,
    observed: withAttributes({ tags: [...desired.attributes.tags, tag('team', 'blue')] }),
    ownedTagKeys: ['team'],
    want: ['untag'],
    reason: 'A tag that an earlier spec asked for goes with it.',
  },
];

for (const { name, desired: wanted, observed, ownedTagKeys, want, reason } of cases) {
  test(`planLoadBalancer: ${name}`, () => {
    const got = planLoadBalancer(wanted, observed, ownedTagKeys).map((action) => action.kind);
    assert.deepEqual(got, want, reason);
  });
}

test('SVC-53 planLoadBalancer: a health check changes before the members do', () => {
  const local = desiredLoadBalancer({
    resource: loadBalancerOf(),
    service: serviceOf({
      spec: { externalTrafficPolicy: 'Local', healthCheckNodePort: 32_000 },
    }),
    owner,
    nodes: [{ nodeName: 'c', instanceId: 'i-c', weightPercent: 1 }],
    closedListeners: new Set(),
  });
  const got = planLoadBalancer(local, observedOf()).map((action) => action.kind);
  assert.deepEqual(got, ['setListener', 'addBackends', 'removeBackends']);
});

test('SVC-66 planLoadBalancer: TCP and UDP of one number share the group of their node port', () => {
  const ports = [servicePort(53), servicePort(53, { protocol: 'UDP' })];
  const both = desiredOf({
    ports,
    spec: {
      listeners: [
        { transport: 'TCP', port: 53, backend: { servicePort: 53 } },
        { transport: 'UDP', port: 53, backend: { servicePort: 53 } },
      ],
    },
  });
  const got = planLoadBalancer(both, observedOf({ listeners: [], serverGroups: [] }));
  assert.deepEqual(
    got.map((action) => action.kind),
    ['createServerGroup', 'createListener', 'startListener', 'createListener', 'startListener'],
  );
});

test('planLoadBalancer: every small combination converges, and nothing foreign changes', () => {
  const wishes: Wish[] = [
    {},
    { ports: [] },
    { nodes: [] },
    { nodes: ['a', 'c'] },
    { keep: true },
    { closed: true },
    { ports: [servicePort(80, { nodePort: 31_000 })] },
    {
      spec: {
        listeners: [
          { transport: 'TCP', port: 80, backend: { servicePort: 80 }, clb: { scheduler: 'wrr' } },
        ],
      },
    },
    {
      ports: [servicePort(80), servicePort(80, { protocol: 'UDP' }), servicePort(443)],
      spec: {
        listeners: [
          { transport: 'TCP', port: 80, backend: { servicePort: 80 } },
          { transport: 'UDP', port: 80, backend: { servicePort: 80 } },
          { transport: 'TCP', port: 443, enabled: false, backend: { servicePort: 443 } },
        ],
      },
    },
  ];
  const foreignGroup: ObservedServerGroup = { ...group, id: 'rsp-9', nodePort: undefined };
  const foreignListener: ObservedListener = {
    ...listener,
    key: { protocol: 'tcp', port: 9000 },
    isOurs: false,
    serverGroupId: 'rsp-9',
  };
  const listenerStates: ObservedListener[][] = [
    [],
    [listener],
    [{ ...listener, status: 'stopped' }],
    [{ ...listener, status: 'starting' }],
    [{ ...listener, serverGroupId: '' }],
    [{ ...listener, settings: { kind: 'believed', digest: 'other' } }],
    [{ ...listener, key: { protocol: 'tcp', port: 81 } }],
    [{ ...listener, key: { protocol: 'udp', port: 80 } }],
  ];
  const groupStates: ObservedServerGroup[][] = [
    [],
    [group],
    [group, { ...group, id: 'rsp-2', createTime: '2026-02-01T00:00:00Z' }],
    [{ ...group, backends: { kind: 'seen', value: [] } }],
    [
      {
        ...group,
        backends: { kind: 'seen', value: [backend('a', { weightPercent: 3 }), backend('z')] },
      },
    ],
    [{ ...group, id: 'rsp-3', nodePort: 31_000 }, group],
    [{ ...group, id: 'rsp-4', nodePort: 32_222 }],
  ];
  const tagStates: CloudTag[][] = [[], [...desired.attributes.tags, tag('team', 'blue')]];
  let combinations = 0;
  for (const wish of wishes) {
    const wanted = desiredOf(wish);
    for (const listeners of listenerStates) {
      for (const serverGroups of groupStates) {
        for (const tags of tagStates) {
          const start: ObservedLoadBalancer = {
            ...withAttributes({ tags }),
            listeners: [...listeners, foreignListener],
            serverGroups: [...serverGroups, foreignGroup],
          };
          const settledState = settle(wanted, start);
          const label = JSON.stringify({ wish, listeners, serverGroups });
          assert.deepEqual(planLoadBalancer(wanted, settledState), [], label);
          assert.ok(settledState.listeners.includes(foreignListener), label);
          assert.ok(settledState.serverGroups.includes(foreignGroup), label);
          combinations += 1;
        }
      }
    }
  }
  assert.equal(combinations, wishes.length * listenerStates.length * groupStates.length * 2);
});

/** Applies plans to a model of the cloud, which ends every transition by itself, until it rests. */
function settle(wanted: DesiredLoadBalancer, start: ObservedLoadBalancer): ObservedLoadBalancer {
  let state = rested(start);
  for (let pass = 0; pass < 3; pass += 1) {
    planLoadBalancer(wanted, state).forEach((action, index) => {
      assertAllowed(action, state);
      state = rested(observedAfter(state, action, `rsp-new-${pass}-${index}`));
    });
  }
  return state;
}

/** The cloud refuses to delete a group that a listener uses, and to name one that is not there. */
function assertAllowed(action: LoadBalancerAction, state: ObservedLoadBalancer): void {
  if (action.kind === 'deleteServerGroup') {
    const isUsed = state.listeners.some((other) => other.serverGroupId === action.serverGroupId);
    assert.equal(isUsed, false, `Group ${action.serverGroupId} is deleted while it is in use`);
  }
  if (action.kind === 'createListener' || action.kind === 'setListener') {
    const exists = state.serverGroups.some((other) => other.nodePort === action.nodePort);
    assert.equal(exists, true, `No group of node port ${action.nodePort} is there to point at`);
  }
}

function rested(state: ObservedLoadBalancer): ObservedLoadBalancer {
  return {
    ...state,
    listeners: state.listeners.map((other) =>
      other.status === 'starting' ? { ...other, status: 'running' } : other,
    ),
  };
}

function withAttributes(
  change: Partial<Extract<ObservedLoadBalancer['attributes'], { kind: 'seen' }>['value']>,
): ObservedLoadBalancer {
  const base = observedOf();
  assert.ok(base.attributes.kind === 'seen');
  return { ...base, attributes: { kind: 'seen', value: { ...base.attributes.value, ...change } } };
}

function tag(key: string, value: string): CloudTag {
  return { key, value };
}

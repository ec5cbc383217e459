import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadBalancerOf, nodeOf, serviceOf } from '../../../test/support/kubernetes-builders.ts';
import { findCondition } from '../conditions.ts';
import type { Condition, LoadBalancerResource } from '../kubernetes-objects.ts';
import type { StatusChange } from '../reconciler.ts';
import { backendNodes } from './backend-nodes.ts';
import { beliefAfterCreation, LoadBalancerBeliefs, observedAfter } from './load-balancer-belief.ts';
import { attributesOfCreation, creationParameters } from './load-balancer-creation.ts';
import { desiredLoadBalancer, type DesiredLoadBalancer } from './load-balancer-desired.ts';
import type { ObservedLoadBalancer } from './load-balancer-observed.ts';
import { planLoadBalancer } from './load-balancer-plan.ts';
import {
  conditionEvents,
  failureStatus,
  forgottenStatus,
  loadBalancerStatus,
  type StatusInput,
} from './load-balancer-status.ts';

const owner = { clusterId: 'c1', namespace: 'shop', serviceName: 'web', serviceUid: 'uid-1' };
const NOW_MS = Date.parse('2026-01-01T00:00:00Z');

function desiredOf(nodeNames: readonly string[] | 'keep' = ['a', 'b', 'c']): DesiredLoadBalancer {
  const nodes = nodeNames === 'keep' ? [] : nodeNames.map((name) => nodeOf(name));
  return desiredLoadBalancer({
    resource: loadBalancerOf(),
    service: serviceOf(),
    owner,
    nodes: nodeNames === 'keep' ? 'keep' : backendNodes(serviceOf(), nodes, []),
    closedListeners: new Set(),
  });
}

/** Plays a plan through on an empty load balancer; `steps` cuts it short. */
function observedAfterPlan(desired: DesiredLoadBalancer, steps = 100): ObservedLoadBalancer {
  const parameters = creationParameters(loadBalancerOf(), desired.attributes, {});
  const start = beliefAfterCreation('lb-1', {
    kind: 'seen',
    value: attributesOfCreation(parameters),
  });
  const actions = planLoadBalancer(desired, start).slice(0, steps);
  const end = actions.reduce((state, action) => observedAfter(state, action, 'rsp-1'), start);
  return {
    ...end,
    listeners: end.listeners.map((listener) =>
      listener.status === 'starting' ? { ...listener, status: 'running' } : listener,
    ),
  };
}

function statusOf(change: Partial<StatusInput> = {}): StatusChange {
  const desired = desiredOf();
  return loadBalancerStatus({
    resource: loadBalancerOf(),
    service: serviceOf(),
    refusal: undefined,
    notReady: undefined,
    desired,
    observed: observedAfterPlan(desired),
    progress: undefined,
    nowMs: NOW_MS,
    ...change,
  });
}

/** Writes the conditions as `Type=Status/Reason`. */
function shown(status: StatusChange): Record<string, string> {
  const conditions = status.conditions ?? [];
  return Object.fromEntries(
    conditions.map((condition) => [condition.type, `${condition.status}/${condition.reason}`]),
  );
}

test('API-07 loadBalancerStatus: all in the cloud is Ready', () => {
  const status = statusOf();
  assert.deepEqual(shown(status), {
    Accepted: 'True/Accepted',
    Programmed: 'True/Programmed',
    BackendsSynced: 'True/Synced',
    Ready: 'True/Ready',
    Reconciling: 'False/Ready',
    Stalled: 'False/Ready',
  });
  assert.equal(status.backends, '3/3');
  assert.equal(status.listeners?.[0]?.state, 'Running');
});

test('loadBalancerStatus: what a status records is believed after a restart, and plans nothing', () => {
  const desired = desiredOf();
  const stored = loadBalancerOf({
    status: { loadBalancerId: 'lb-1', ...withoutNull(statusOf()) },
  });
  const believed = new LoadBalancerBeliefs().find(stored);
  assert.ok(believed !== undefined);
  assert.deepEqual(planLoadBalancer(desired, believed), []);
  assert.equal(shown(statusOf({ resource: stored, observed: believed })).Ready, 'True/Ready');
});

const cases: readonly {
  readonly name: string;
  readonly got: () => StatusChange;
  readonly want: Record<string, string>;
  readonly reason: string;
}[] = [
  {
    name: 'NotStarted',
    got: () => statusOf({ observed: observedAfterPlan(desiredOf(), 2) }),
    want: { Programmed: 'False/Pending', BackendsSynced: 'True/Synced', Ready: 'False/Pending' },
    reason: 'A listener that is stopped serves nobody.',
  },
  {
    name: 'Refused',
    got: () => statusOf({ refusal: { reason: 'NotSupported', message: 'x' } }),
    want: {
      Accepted: 'False/NotSupported',
      Programmed: 'True/Programmed',
      Ready: 'False/NotSupported',
      Stalled: 'True/NotSupported',
    },
    reason: 'What is refused is named although all else is in the cloud.',
  },
  {
    name: 'Held',
    got: () => statusOf({ notReady: { reason: 'DeletionHeld', message: 'x' } }),
    want: { Accepted: 'True/Accepted', Programmed: 'True/Programmed', Ready: 'False/DeletionHeld' },
    reason: 'A held deletion is no fault of the cloud.',
  },
  {
    name: 'LIFE-07 BackendsHeld',
    got: () =>
      statusOf({
        desired: desiredOf([]),
        observed: observedAfterPlan(desiredOf()),
        heldBackends: ['i-a', 'i-b', 'i-c'],
      }),
    want: {
      Programmed: 'True/Programmed',
      BackendsSynced: 'False/RemovalHeld',
      Ready: 'False/RemovalHeld',
    },
    reason: 'What is held back is said, and is nothing that is under way.',
  },
  {
    name: 'SVC-48 NoNodes',
    got: () => statusOf({ desired: desiredOf([]), observed: observedAfterPlan(desiredOf([])) }),
    want: { BackendsSynced: 'True/NoBackends', Ready: 'True/Ready' },
    reason: 'No backend desired counts as synced, and the reason says so.',
  },
  {
    name: 'EPS-12 NoEndpoints',
    got: () => statusOf({ desired: desiredOf('keep') }),
    want: { BackendsSynced: 'True/NoReadyEndpoint', Ready: 'True/Ready' },
    reason: 'Zero endpoints is a valid state; the set stays.',
  },
  {
    name: 'NothingKnown',
    got: () => statusOf({ observed: undefined }),
    want: { Programmed: 'False/Pending', BackendsSynced: 'False/Pending' },
    reason: 'Before the creation nothing is in the cloud.',
  },
];

for (const { name, got, want, reason } of cases) {
  test(`loadBalancerStatus: ${name}`, () => {
    const conditions = shown(got());
    assert.deepEqual({ ...conditions, ...want }, conditions, reason);
  });
}

test('loadBalancerStatus: the digest of the whole is recorded only when all is as desired', () => {
  assert.match(String(statusOf().appliedDigest), /^[0-9a-f]{32}$/);
  assert.equal(statusOf({ observed: observedAfterPlan(desiredOf(), 2) }).appliedDigest, null);
});

test('API-06 loadBalancerStatus: a transition keeps its time while the status stays', () => {
  const first = statusOf();
  const resource = loadBalancerOf({ status: withoutNull(first) });
  const later = statusOf({ resource, nowMs: NOW_MS + 60_000 });
  assert.deepEqual(later.conditions, first.conditions);
});

test('loadBalancerStatus: an entry without backend is listed as dormant', () => {
  const resource = loadBalancerOf({
    spec: { listeners: [{ transport: 'TCP', port: 443, clb: { scheduler: 'wrr' } }] },
  });
  assert.deepEqual(statusOf({ resource }).dormantListeners, ['TCP:443']);
});

test('failureStatus: Accepted stays what it was, and the failure is why it is not Ready', () => {
  const resource = loadBalancerOf({ status: withoutNull(statusOf()) });
  const failure = { reason: 'QuotaExceeded', message: 'Too many', isStalled: true };
  const conditions = shown(failureStatus(resource, failure, NOW_MS));
  assert.equal(conditions.Accepted, 'True/Accepted');
  assert.equal(conditions.Programmed, 'False/QuotaExceeded');
  assert.equal(conditions.Ready, 'False/QuotaExceeded');
  assert.equal(conditions.Stalled, 'True/QuotaExceeded');
});

test('forgottenStatus: another epoch gives the next load balancer another token', () => {
  const resource = loadBalancerOf({ status: { loadBalancerId: 'lb-1', creationEpoch: 4 } });
  const status = forgottenStatus(resource);
  assert.equal(status.creationEpoch, 5);
  assert.equal(status.loadBalancerId, null);
});

test('SVC-84 conditionEvents: one event for a change, none for a repetition', () => {
  const before = conditionsOf(statusOf({ observed: observedAfterPlan(desiredOf(), 2) }));
  const after = conditionsOf(statusOf());
  const ready = conditionEvents(before, after).map((event) => event.reason);
  assert.deepEqual(ready, ['Ready']);
  assert.deepEqual(conditionEvents(after, after), []);
});

test('conditionEvents: a refusal is one Warning, though three conditions tell of it', () => {
  const refused = conditionsOf(statusOf({ refusal: { reason: 'NotSupported', message: 'x' } }));
  const events = conditionEvents(conditionsOf(statusOf()), refused);
  assert.deepEqual(
    events.map(({ type, reason, note }) => [type, reason, note]),
    [['Warning', 'NotSupported', 'x']],
  );
});

test('loadBalancerStatus: conditions carry the generation that they speak of', () => {
  const resource: LoadBalancerResource = loadBalancerOf({ metadata: { generation: 7 } });
  const status = statusOf({ resource });
  assert.equal(status.observedGeneration, 7);
  assert.equal(findCondition(conditionsOf(status), 'Ready')?.observedGeneration, 7);
});

function conditionsOf(status: StatusChange): readonly Condition[] {
  return status.conditions ?? [];
}

/** A merge patch applied to nothing. */
function withoutNull(change: StatusChange): LoadBalancerResource['status'] {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== null));
}

test('MIG-08 loadBalancerStatus: what would be done is shown, and nothing is taken for done', () => {
  const desired = desiredOf();
  const steps = Array.from({ length: 70 }, (_, index) => ({
    action: 'Start' as const,
    object: `listener TCP:${index + 1}`,
  }));
  const message = 'It is only looked at';
  const resource = loadBalancerOf({ status: { appliedTagKeys: ['former'] } });
  const status = statusOf({
    resource,
    desired,
    observed: observedAfterPlan(desired, 1),
    preview: { steps, message },
  });
  const { conditions = [], plan, planTotal, appliedDigest } = status;
  for (const type of ['Programmed', 'Ready']) {
    const condition = findCondition(conditions ?? [], type);
    assert.deepEqual([condition?.status, condition?.reason], ['False', 'Observing'], type);
    assert.equal(condition?.message, message);
  }
  assert.deepEqual(plan, steps.slice(0, 64));
  assert.equal(planTotal, 70);
  assert.equal(appliedDigest, null, 'The next process reads the cloud');
  assert.ok(!('appliedTagKeys' in status), 'A tag that is to go stays on record as ours');
});

test('MIG-08 loadBalancerStatus: an empty plan is shown as such, and none where all is done', () => {
  const looked = statusOf({ preview: { steps: [], message: 'It is only looked at' } });
  assert.deepEqual([looked.plan, looked.planTotal], [[], 0]);
  assert.equal(findCondition(looked.conditions ?? [], 'Ready')?.status, 'True');
  const applied = statusOf();
  assert.deepEqual([applied.plan, applied.planTotal], [null, null]);
});

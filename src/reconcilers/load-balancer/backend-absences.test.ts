import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadBalancerOf, nodeOf } from '../../../test/support/kubernetes-builders.ts';
import { AbsenceBreaker } from '../absence-breaker.ts';
import type { LoadBalancerResource } from '../kubernetes-objects.ts';
import { APPROVE_REMOVAL_ANNOTATION } from '../names.ts';
import { BackendAbsences } from './backend-absences.ts';
import type { LoadBalancerAction } from './load-balancer-plan.ts';

const resource = loadBalancerOf();
const approved = loadBalancerOf({
  metadata: { annotations: { [APPROVE_REMOVAL_ANNOTATION]: resource.metadata.uid } },
});

function ids(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `i-${index}`);
}

function removal(serverIds: readonly string[]): LoadBalancerAction {
  const backends = serverIds.map((serverId) => ({
    serverId,
    serverIp: '',
    port: 30_080,
    weightPercent: 100,
    type: 'ecs' as const,
    description: '',
  }));
  return { kind: 'removeBackends', nodePort: 30_080, backends };
}

function removedBy(actions: readonly LoadBalancerAction[]): string[] {
  return actions.flatMap((action) =>
    action.kind === 'removeBackends' ? action.backends.map(({ serverId }) => serverId) : [],
  );
}

interface World {
  readonly present?: readonly string[];
  readonly deleted?: readonly string[];
  readonly breaker?: AbsenceBreaker;
  readonly writes?: string[];
}

function absencesIn({
  present = [],
  deleted = [],
  breaker = new AbsenceBreaker({ monotonicMs: () => 0 }),
  writes = [],
}: World): BackendAbsences {
  const nodes = present.map((id) => nodeOf(id, { providerId: `cn-hangzhou.${id}` }));
  return new BackendAbsences({
    nodes: { find: () => undefined, list: () => nodes },
    nodeDeletions: { hasUid: () => false, hasInstance: (id) => deleted.includes(id) },
    breaker,
    writer: {
      removeAnnotations: (object: LoadBalancerResource, keys: readonly string[]) => {
        writes.push(...keys);
        return Promise.resolve(object);
      },
    },
  });
}

const cases = [
  {
    name: 'NodesMissing',
    world: { present: ['i-other'] },
    gone: ids(5),
    want: [],
    reason: 'Five of six nodes are missing without anybody having deleted them.',
  },
  {
    name: 'NodesDeleted',
    world: { present: ['i-other'], deleted: ids(5) },
    gone: ids(5),
    want: ids(5),
    reason: 'Somebody was seen deleting them: that is a command.',
  },
  {
    name: 'NodesExcluded',
    world: { present: ids(5) },
    gone: ids(5),
    want: ids(5),
    reason: 'The Nodes are there; a label or a taint takes them out.',
  },
  {
    name: 'FewMissing',
    world: { present: ['i-other'] },
    gone: ids(3),
    want: ids(3),
    reason: 'Three may always be missing.',
  },
  {
    name: 'SomeOfEach',
    world: { present: ['i-other', 'i-0'], deleted: ['i-1'] },
    gone: ids(6),
    want: ['i-0', 'i-1'],
    reason: 'What is commanded goes, whatever else is held.',
  },
];

for (const { name, world, gone, want, reason } of cases) {
  test(`LIFE-07: BackendAbsences: ${name}`, () => {
    const { actions, held } = absencesIn(world).withhold(resource, [removal(gone)]);
    assert.deepEqual(removedBy(actions), want, reason);
    assert.deepEqual(
      held,
      gone.filter((id) => !want.includes(id)),
    );
  });
}

test('LIFE-07: BackendAbsences lets go what a person approves, once', async () => {
  const writes: string[] = [];
  const absences = absencesIn({ writes });
  assert.deepEqual(absences.withhold(resource, [removal(ids(5))]).actions, []);
  const { actions, held } = absences.withhold(approved, [removal(ids(5))]);
  assert.deepEqual([removedBy(actions), held], [ids(5), []]);
  await absences.endApproval(approved, new AbortController().signal);
  assert.deepEqual(writes, [APPROVE_REMOVAL_ANNOTATION]);
  await absences.endApproval(resource, new AbortController().signal);
  assert.equal(writes.length, 1, 'There was nothing to take off');
});

test('LIFE-07: BackendAbsences counts a node that is back as no absence', () => {
  const breaker = new AbsenceBreaker({ monotonicMs: () => 0 });
  absencesIn({ breaker }).withhold(resource, [removal(ids(5))]);
  assert.equal(breaker.held('backends').length, 5);
  absencesIn({ breaker, present: ids(4) }).withhold(resource, []);
  assert.deepEqual(breaker.held('backends'), ['i-4']);
});

test('LIFE-07: BackendAbsences shows nothing that is held as drift', () => {
  const absences = absencesIn({});
  absences.withhold(resource, [removal(ids(5))]);
  assert.deepEqual(absences.withoutHeld([removal(ids(5))]), []);
});

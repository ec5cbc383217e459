import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadBalancerOf, serviceOf } from '../../../test/support/kubernetes-builders.ts';
import { isFailure } from '../../cloud/failure.ts';
import type { LoadBalancerResource } from '../kubernetes-objects.ts';
import type { ApplyResult, FieldCause, GeneratedLoadBalancer } from '../reconciler.ts';
import {
  applyKeepingOverrides,
  isAlreadyApplied,
  overrideStatus,
  type OverriddenField,
} from './field-ownership.ts';
import { generatedLoadBalancer } from './generated-load-balancer.ts';
import { desiredSpec } from './service-desired.ts';

const SCHEDULER = '.spec.listeners[port=80,transport="TCP"].clb.scheduler';
const ANNOTATION = 'service.beta.kubernetes.io/alibaba-cloud-loadbalancer-scheduler';

const service = serviceOf({
  metadata: {
    annotations: {
      [ANNOTATION]: 'wrr',
      'service.beta.kubernetes.io/alibaba-cloud-loadbalancer-name': 'web-lb',
    },
  },
});
const desired = desiredSpec(service);
const generated = generatedLoadBalancer(service, desired.spec);
const signal = AbortSignal.timeout(5_000);

/** One apply that was asked for. */
interface Asked {
  readonly force: boolean;
  readonly wish: GeneratedLoadBalancer;
}

/** Answers applies from a script; the last answer repeats. */
function scripted(answers: readonly ApplyResult[]): {
  readonly asked: Asked[];
  apply: (
    wish: GeneratedLoadBalancer,
    options: { readonly force: boolean },
  ) => Promise<ApplyResult>;
} {
  const asked: Asked[] = [];
  return {
    asked,
    apply: (wish, { force }) => {
      asked.push({ force, wish });
      const answer = answers[asked.length - 1] ?? answers.at(-1);
      assert.ok(answer);
      return Promise.resolve(answer);
    },
  };
}

function conflict(...causes: [field: string, manager: string][]): ApplyResult {
  return {
    kind: 'conflict',
    causes: causes.map(([field, manager]): FieldCause => ({ field, manager, message: '' })),
  };
}

/** The object after a person has set the scheduler to wlc. */
const edited = loadBalancerOf({
  spec: {
    ...desired.spec,
    listeners: [
      { transport: 'TCP', port: 80, backend: { servicePort: 80 }, clb: { scheduler: 'wlc' } },
    ],
  },
});
const applied = (resource: LoadBalancerResource = edited): ApplyResult => ({
  kind: 'applied',
  resource,
});

const request = { generated, origins: desired.origins };

const cases: {
  name: string;
  answers: ApplyResult[];
  reset?: string;
  want: { forces: boolean[]; overridden: string[] };
  reason: string;
}[] = [
  {
    name: 'NoConflict',
    answers: [applied()],
    want: { forces: [false], overridden: [] },
    reason: 'One apply without force is all it takes.',
  },
  {
    name: 'OfAPerson',
    answers: [conflict([SCHEDULER, 'kubectl-edit']), applied()],
    want: { forces: [false, false], overridden: [SCHEDULER] },
    reason: "A person's value wins.",
  },
  {
    name: 'OfOurOwnPast',
    answers: [conflict([SCHEDULER, 'before-first-apply']), applied()],
    want: { forces: [false, true], overridden: [] },
    reason: 'What no person owns is taken back.',
  },
  {
    name: 'OfBoth',
    answers: [
      conflict([SCHEDULER, 'kubectl-edit'], ['.spec.name', 'alibaba-cloud-operator']),
      conflict(['.spec.name', 'alibaba-cloud-operator']),
      applied(),
    ],
    want: { forces: [false, false, true], overridden: [SCHEDULER] },
    reason: "Forcing waits until nothing of a person's is in the way.",
  },
  {
    name: 'OfBothOnOnePath',
    answers: [conflict([SCHEDULER, 'before-first-apply'], [SCHEDULER, 'kubectl-patch']), applied()],
    want: { forces: [false, false], overridden: [SCHEDULER] },
    reason: 'A path that a person owns too is a person’s.',
  },
  {
    name: 'ResetOfThePath',
    answers: [conflict([SCHEDULER, 'kubectl-edit']), applied()],
    reset: SCHEDULER,
    want: { forces: [false, true], overridden: [] },
    reason: 'A person asked for it.',
  },
  {
    name: 'ResetOfAParent',
    answers: [conflict([SCHEDULER, 'kubectl-edit']), applied()],
    reset: 'spec.listeners[port=80,transport="TCP"].clb',
    want: { forces: [false, true], overridden: [] },
    reason: 'A path stands for what is below it, with or without the leading dot.',
  },
  {
    name: 'ResetOfAnotherPath',
    answers: [
      conflict([SCHEDULER, 'kubectl-edit'], ['.spec.name', 'kubectl-edit']),
      conflict(['.spec.name', 'kubectl-edit']),
      applied(),
    ],
    reset: '.spec.name',
    want: { forces: [false, false, true], overridden: [SCHEDULER] },
    reason: 'Only the path that is named is taken back.',
  },
  {
    name: 'ResetOfAll',
    answers: [conflict([SCHEDULER, 'kubectl-edit'], ['.spec.name', 'helm']), applied()],
    reset: 'all',
    want: { forces: [false, true], overridden: [] },
    reason: 'Everything is taken back at once.',
  },
];

for (const { name, answers, reset, want, reason } of cases) {
  test(`OWN-12 CTL-01: applyKeepingOverrides: ${name}`, async () => {
    const writer = scripted(answers);
    const outcome = await applyKeepingOverrides(
      writer,
      { ...request, ...(reset === undefined ? {} : { reset }) },
      signal,
    );
    assert.deepEqual(
      writer.asked.map(({ force }) => force),
      want.forces,
      reason,
    );
    assert.deepEqual(
      outcome.overridden.map(({ path }) => path),
      want.overridden,
      reason,
    );
  });
}

test('OWN-12: exactly the conflicting path is dropped, and both values are told', async () => {
  const writer = scripted([conflict([SCHEDULER, 'kubectl-edit']), applied()]);
  const outcome = await applyKeepingOverrides(writer, request, signal);
  assert.deepEqual(writer.asked[1]?.wish, {
    ...generated,
    spec: {
      ...generated.spec,
      listeners: [{ transport: 'TCP', port: 80, backend: { servicePort: 80 } }],
    },
  });
  assert.deepEqual(outcome.overridden, [
    { path: SCHEDULER, manager: 'kubectl-edit', value: '"wlc"', generatedValue: '"wrr"' },
  ]);
});

test('an annotation that a person owns is dropped too; an owner reference is a dead end', async () => {
  const field = `.metadata.annotations.${Object.keys(generated.annotations)[0] ?? ''}`;
  const writer = scripted([conflict([field, 'helm']), applied()]);
  await applyKeepingOverrides(writer, request, signal);
  assert.deepEqual(writer.asked[1]?.wish.annotations, {});

  const stuck = scripted([conflict(['.metadata.ownerReferences[uid="1"].controller', 'helm'])]);
  await assert.rejects(applyKeepingOverrides(stuck, request, signal), (error) =>
    isFailure(error, 'terminal'),
  );
});

test('fields that change hands again and again end after four applies', async () => {
  const writer = scripted([conflict([SCHEDULER, 'kubectl-edit'])]);
  await assert.rejects(applyKeepingOverrides(writer, request, signal), (error) =>
    isFailure(error, 'conflict'),
  );
  assert.equal(writer.asked.length, 4);
});

test('OWN-12: a field that is given back while it is being left out is applied anew, not listed', async () => {
  const returned = loadBalancerOf({
    spec: {
      ...desired.spec,
      listeners: [{ transport: 'TCP', port: 80, backend: { servicePort: 80 } }],
    },
  });
  const writer = scripted([conflict([SCHEDULER, 'kubectl-edit']), applied(returned)]);
  await assert.rejects(applyKeepingOverrides(writer, request, signal), (error) =>
    isFailure(error, 'conflict'),
  );
});

test('SVC-75: a refused value is named by its annotation and left out everywhere', async () => {
  const writer = scripted([
    {
      kind: 'invalid',
      message: 'invalid',
      causes: [{ field: 'spec.listeners[0].clb.scheduler', message: 'Unsupported value: "wrr"' }],
    },
    applied(),
  ]);
  const { problems } = await applyKeepingOverrides(writer, request, signal);
  assert.equal(problems.length, 1);
  assert.equal(problems[0]?.source, ANNOTATION);
  assert.match(problems[0].message, /clb\.scheduler: Unsupported value.*it is left out$/);
  assert.equal(writer.asked[1]?.wish.spec.listeners?.[0]?.clb, undefined);
  assert.equal(writer.asked[1]?.wish.spec.listeners?.[0]?.clb, undefined);
});

test('SVC-75: a refusal of a whole list leaves out what the annotation asks for in it', async () => {
  const tagged = serviceOf({
    metadata: {
      annotations: {
        'service.beta.kubernetes.io/alibaba-cloud-loadbalancer-additional-resource-tags': 'a=1',
      },
    },
  });
  const { spec, origins } = desiredSpec(tagged);
  const writer = scripted([
    {
      kind: 'invalid',
      message: 'invalid',
      causes: [{ field: 'spec.tags', message: 'Too many: 15: must have at most 14 items' }],
    },
    applied(),
  ]);
  await applyKeepingOverrides(
    writer,
    { generated: generatedLoadBalancer(tagged, spec), origins },
    signal,
  );
  assert.equal(writer.asked[1]?.wish.spec.tags, undefined);
});

test('a refusal that no annotation asks for is a failure in the words of the API server', async () => {
  const writer = scripted([
    {
      kind: 'invalid',
      message: 'serviceRef is immutable',
      causes: [{ field: 'spec.serviceRef', message: 'immutable' }],
    },
  ]);
  await assert.rejects(
    applyKeepingOverrides(writer, request, signal),
    (error) => isFailure(error, 'terminal') && error.message.includes('serviceRef is immutable'),
  );
});

const override: OverriddenField = {
  path: SCHEDULER,
  manager: 'kubectl-edit',
  value: '"wlc"',
  generatedValue: '"wrr"',
};

/** The object as it is once everything generated has been applied. */
function appliedOf(change: {
  spec?: LoadBalancerResource['spec'];
  status?: LoadBalancerResource['status'];
  annotations?: Record<string, string>;
}): LoadBalancerResource {
  return loadBalancerOf({
    metadata: {
      labels: { ...generated.labels, team: 'blue' },
      annotations: change.annotations ?? generated.annotations,
      ownerReferences: [generated.ownerReference],
    },
    spec: change.spec ?? desired.spec,
    status: change.status ?? {},
  });
}

const standing: { name: string; live: LoadBalancerResource; want: boolean; reason: string }[] = [
  { name: 'Same', live: appliedOf({}), want: true, reason: 'Nothing is to be written.' },
  {
    name: 'WithMoreOfAPerson',
    live: appliedOf({ spec: { ...desired.spec, addressType: 'Intranet' } }),
    want: true,
    reason: 'What is not generated is not looked at.',
  },
  {
    name: 'Edited',
    live: appliedOf({ spec: edited.spec }),
    want: false,
    reason: 'The override has to be found out and shown.',
  },
  {
    name: 'EditedAndListed',
    live: appliedOf({ spec: edited.spec, status: { overriddenFields: [override] } }),
    want: true,
    reason: 'It is shown already; a restart writes nothing.',
  },
  {
    name: 'EditedAgain',
    live: appliedOf({
      spec: edited.spec,
      status: { overriddenFields: [{ ...override, value: '"sch"' }] },
    }),
    want: false,
    reason: 'The status shows another value than the one in force.',
  },
  {
    name: 'GeneratedOtherwise',
    live: appliedOf({
      spec: edited.spec,
      status: { overriddenFields: [{ ...override, generatedValue: '"rr"' }] },
    }),
    want: false,
    reason: 'The annotation has changed beneath the override.',
  },
  {
    name: 'GivenBack',
    live: appliedOf({
      spec: {
        ...desired.spec,
        listeners: [{ transport: 'TCP', port: 80, backend: { servicePort: 80 } }],
      },
      status: { overriddenFields: [override] },
    }),
    want: false,
    reason: 'A removed field returns to the generator.',
  },
  {
    name: 'GeneratedNoMore',
    live: appliedOf({
      status: {
        overriddenFields: [{ ...override, path: SCHEDULER.replace('port=80', 'port=81') }],
      },
    }),
    want: false,
    reason: 'Its port has gone, and the status still says so.',
  },
  {
    name: 'SetToTheSame',
    live: appliedOf({ status: { overriddenFields: [override] } }),
    want: false,
    reason: 'It is overridden no longer, and the status still says so.',
  },
  {
    name: 'SettingLeft',
    live: appliedOf({ annotations: { 'networking.alibabacloud.com/generated-digest': 'before' } }),
    want: false,
    reason: 'Something that was generated before is still owned by the generator.',
  },
  {
    name: 'NoOwner',
    live: loadBalancerOf({
      metadata: {
        ownerReferences: [],
        labels: generated.labels,
        annotations: generated.annotations,
      },
      spec: desired.spec,
    }),
    want: false,
    reason: 'The owner reference is to be put back.',
  },
];

for (const { name, live, want, reason } of standing) {
  test(`SVC-33 CTL-02: isAlreadyApplied: ${name}`, () => {
    assert.equal(isAlreadyApplied(generated, live), want, reason);
  });
}

test('API-27: overrideStatus: at most 64 fields and a total, and nothing when there is nothing', () => {
  const many = Array.from({ length: 70 }, (_, index) => ({ ...override, path: `.spec.a${index}` }));
  const status = overrideStatus(many, edited);
  assert.equal(status.overriddenFields?.length, 64);
  assert.equal(status.overriddenFieldsTotal, 70);
  assert.deepEqual(overrideStatus([], edited), {});
  const listed = loadBalancerOf({ status: { overriddenFieldsTotal: 1 } });
  assert.deepEqual(overrideStatus([], listed), {
    overriddenFields: null,
    overriddenFieldsTotal: null,
  });
});

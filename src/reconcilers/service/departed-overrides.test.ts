import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadBalancerOf } from '../../../test/support/kubernetes-builders.ts';
import type { LoadBalancerResource } from '../kubernetes-objects.ts';
import { departedOverrides } from './departed-overrides.ts';

type Listeners = NonNullable<LoadBalancerResource['spec']['listeners']>;

const PATH = '.spec.listeners[port=80,transport="TCP"].clb.scheduler';
const origins = new Map([['.spec.listeners.clb.scheduler', 'an annotation']]);

const generated: Listeners = [
  { transport: 'TCP', port: 80, backend: { servicePort: 80 }, clb: { scheduler: 'wrr' } },
];
const other: Listeners = [{ transport: 'TCP', port: 81, backend: { servicePort: 81 } }];

function of(listeners: Listeners, paths: readonly string[] = []): LoadBalancerResource {
  return loadBalancerOf({
    spec: { listeners },
    status: { overriddenFields: paths.map((path) => ({ path })) },
  });
}

const cases: {
  name: string;
  before: LoadBalancerResource | undefined;
  after: LoadBalancerResource;
  want: object[];
  reason: string;
}[] = [
  {
    name: 'NewObject',
    before: undefined,
    after: of(generated),
    want: [],
    reason: 'Nothing was there before.',
  },
  {
    name: 'PortStays',
    before: of(generated, [PATH]),
    after: of([...generated, ...other]),
    want: [],
    reason: 'Its override is in force.',
  },
  {
    name: 'NothingOfAPerson',
    before: of(generated),
    after: of(other),
    want: [],
    reason: 'The generator takes away what it made.',
  },
  {
    name: 'EditedValueGoes',
    before: of(generated, [PATH]),
    after: of(other),
    want: [{ listener: 'TCP:80', fields: ['clb.scheduler'], isKept: false }],
    reason: 'Nobody else owns the item, so the value goes with it.',
  },
  {
    name: 'AddedFieldGoes',
    before: of([{ transport: 'TCP', port: 80, backend: { servicePort: 80 }, enabled: false }]),
    after: of(other),
    want: [{ listener: 'TCP:80', fields: ['enabled'], isKept: false }],
    reason: 'No annotation asks for it, so a person did.',
  },
  {
    name: 'AppliedValueWaits',
    before: of(generated, [PATH]),
    after: of([{ transport: 'TCP', port: 80, clb: { scheduler: 'wlc' } }, ...other]),
    want: [{ listener: 'TCP:80', fields: ['clb.scheduler'], isKept: true }],
    reason: 'The applier owns the item too.',
  },
  {
    name: 'WaitedBefore',
    before: of([{ transport: 'TCP', port: 80, clb: { scheduler: 'wlc' } }, ...other]),
    after: of([{ transport: 'TCP', port: 80, clb: { scheduler: 'wlc' } }]),
    want: [],
    reason: 'It was said when its port went.',
  },
  {
    name: 'OtherTransport',
    before: of([{ transport: 'UDP', port: 80, backend: { servicePort: 80 }, enabled: true }]),
    after: of(generated),
    want: [{ listener: 'UDP:80', fields: ['enabled'], isKept: false }],
    reason: 'TCP and UDP of one number are two listeners.',
  },
];

for (const { name, before, after, want, reason } of cases) {
  test(`OWN-12: departedOverrides: ${name}`, () => {
    assert.deepEqual(departedOverrides(before, after, origins), want, reason);
  });
}

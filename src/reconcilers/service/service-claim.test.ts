import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serviceOf } from '../../../test/support/kubernetes-builders.ts';
import type { Service } from '../kubernetes-objects.ts';
import { isReleased, optOutRefusal, serviceClaim } from './service-claim.ts';

const OURS = 'alibabacloud.com/clb';
const TUNNEL = 'service.beta.kubernetes.io/alibaba-cloud-loadbalancer-tunnel-type';
const CLASS = 'service.beta.kubernetes.io/class';
const TYPE = 'service.beta.kubernetes.io/alibaba-cloud-loadbalancer-type';

function annotated(annotations: Record<string, string>, loadBalancerClass = OURS): Service {
  return serviceOf({ metadata: { annotations }, spec: { loadBalancerClass } });
}

const claims: {
  id: string;
  name: string;
  service: Service;
  isDefault: boolean;
  want: string;
  reason: string;
}[] = [
  ...['ClusterIP', 'NodePort', 'ExternalName'].map((type) => ({
    id: 'SVC-01',
    name: type,
    service: serviceOf({ spec: { type } }),
    isDefault: true,
    want: 'notWanted',
    reason: 'Only type LoadBalancer asks for one.',
  })),
  {
    id: 'SVC-01',
    name: 'UnsetClassInDefaultRole',
    service: serviceOf(),
    isDefault: true,
    want: 'ours',
    reason: 'The default implementation serves what names no class.',
  },
  {
    id: 'SVC-01',
    name: 'OwnClassInDefaultRole',
    service: annotated({}),
    isDefault: true,
    want: 'ours',
    reason: 'Our class is ours in every role.',
  },
  {
    id: 'SVC-04 SVC-90',
    name: 'OwnClassOutsideDefaultRole',
    service: annotated({}),
    isDefault: false,
    want: 'ours',
    reason: 'Our class is ours in every role.',
  },
  {
    id: 'SVC-04 SVC-90',
    name: 'UnsetClassOutsideDefaultRole',
    service: serviceOf(),
    isDefault: false,
    want: 'standby',
    reason: 'Another default controller may be at work.',
  },
  {
    id: 'SVC-02 SVC-03',
    name: 'ForeignClass',
    service: annotated({}, 'example.com/internal-vip'),
    isDefault: true,
    want: 'foreign',
    reason: 'A set class belongs to exactly that implementation.',
  },
  {
    id: 'SVC-03',
    name: 'ForeignClassWithOurAnnotations',
    service: annotated({ [TYPE]: 'clb', [CLASS]: 'x' }, 'alibabacloud.com/nlb'),
    isDefault: true,
    want: 'foreign',
    reason: 'Annotations do not make it ours, nor opted out.',
  },
  {
    id: 'SVC-01',
    name: 'ClassAnnotation',
    service: annotated({ [CLASS]: 'other' }),
    isDefault: true,
    want: 'optedOut',
    reason: 'The opt-out from before classes is honoured.',
  },
  {
    id: 'SVC-01',
    name: 'EmptyClassAnnotation',
    service: annotated({ [CLASS]: '' }),
    isDefault: true,
    want: 'ours',
    reason: 'Only a value that is not empty opts out.',
  },
  {
    id: 'SVC-01',
    name: 'EmptyTunnelAnnotation',
    service: annotated({ [TUNNEL]: '' }),
    isDefault: true,
    want: 'optedOut',
    reason: 'Its presence is enough.',
  },
  {
    id: 'SVC-01',
    name: 'NlbTypeAnnotation',
    service: annotated({ [TYPE]: 'nlb' }),
    isDefault: true,
    want: 'optedOut',
    reason: 'A network load balancer is asked for.',
  },
  {
    id: 'SVC-01',
    name: 'ClbTypeAnnotation',
    service: annotated({ [TYPE]: 'clb' }),
    isDefault: true,
    want: 'ours',
    reason: 'It asks for what we serve.',
  },
  {
    id: 'SVC-01',
    name: 'TunnelUnderLegacyPrefix',
    service: annotated({ 'service.beta.kubernetes.io/alicloud-loadbalancer-tunnel-type': 'x' }),
    isDefault: true,
    want: 'ours',
    reason: 'The Go CCM reads opt-outs under one literal key.',
  },
];

for (const { id, name, service, isDefault, want, reason } of claims) {
  test(`${id}: serviceClaim: ${name}`, () => {
    assert.equal(serviceClaim(service, isDefault).kind, want, reason);
  });
}

const releases: { name: string; service: Service | undefined; want: boolean; reason: string }[] = [
  { name: 'Absent', service: undefined, want: true, reason: 'Nobody wants it.' },
  { name: 'Wanted', service: serviceOf(), want: false, reason: 'Its Service wants it.' },
  {
    name: 'OptedOut',
    service: annotated({ [TUNNEL]: '' }),
    want: false,
    reason: 'It is held as it is.',
  },
  {
    name: 'BeingDeleted',
    service: serviceOf({ metadata: { deletionTimestamp: '2026-11-21T10:00:00Z' } }),
    want: true,
    reason: 'It goes with its Service.',
  },
  {
    name: 'OptedOutAndBeingDeleted',
    service: serviceOf({
      metadata: {
        annotations: { [TUNNEL]: '' },
        deletionTimestamp: '2026-11-21T10:00:00Z',
      },
    }),
    want: true,
    reason: 'Opting out never keeps a Service from going.',
  },
  {
    name: 'OtherType',
    service: serviceOf({ spec: { type: 'NodePort' } }),
    want: true,
    reason: 'It asks for none any more.',
  },
  {
    name: 'OtherUid',
    service: serviceOf({ metadata: { uid: 'another' } }),
    want: true,
    reason: 'It is another Service of that name.',
  },
];

for (const { name, service, want, reason } of releases) {
  test(`SVC-24: isReleased: ${name}`, () => {
    assert.equal(isReleased(service, serviceOf().metadata.uid), want, reason);
  });
}

test('optOutRefusal: names the annotation and both ways out, and nothing on others', () => {
  const refusal = optOutRefusal(annotated({ [TUNNEL]: '' }));
  assert.equal(refusal?.reason, 'OptedOut');
  assert.match(refusal.message, new RegExp(TUNNEL));
  assert.match(refusal.message, /remove the annotation .* or delete the Service/);
  assert.equal(optOutRefusal(serviceOf()), undefined);
});

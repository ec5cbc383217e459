import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  CLUSTER_TAG,
  defaultLoadBalancerName,
  isListenerDescription,
  isTagKeyAllowed,
  listenerDescription,
  markOf,
  nodePortOfServerGroup,
  OWNER_TAG,
  ownershipTags,
  SERVICE_UID_TAG,
  serverGroupName,
  type Owner,
} from './load-balancer-names.ts';

const owner: Owner = {
  clusterId: 'c1',
  namespace: 'shop',
  serviceName: 'web',
  serviceUid: '5e4dbfc9-c2ae-4642-b033-5607860aef6a',
};

test('SVC-11 defaultLoadBalancerName: the letter a and the uid, cut to 32 characters', () => {
  assert.equal(defaultLoadBalancerName(owner.serviceUid), 'a5e4dbfc9c2ae4642b0335607860aef6');
});

test('serverGroupName: the name of the Go CCM where it fits, else a hash; both are read back', () => {
  assert.equal(serverGroupName(owner, 30_080), 'k8s/30080/web/shop/c1');
  const long = { ...owner, serviceName: 's'.repeat(63), namespace: 'n'.repeat(63) };
  const name = serverGroupName(long, 30_080);
  assert.match(name, /^k8s-30080-[0-9a-f]{32}$/);
  assert.ok(name.length <= 80);
  assert.equal(nodePortOfServerGroup(owner, 'k8s/30080/web/shop/c1'), 30_080);
  assert.equal(nodePortOfServerGroup(long, name), 30_080);
});

const groupNames: readonly { readonly name: string; readonly want: number | undefined }[] = [
  { name: 'k8s/30080/web/shop/clusterid', want: 30_080 },
  { name: 'k8s/30080/web/shop/other', want: undefined },
  { name: 'k8s/30080/other/shop/c1', want: undefined },
  { name: 'k8s/030080/web/shop/c1', want: undefined },
  { name: 'k8s-30080-0123', want: undefined },
  { name: 'my group', want: undefined },
];

for (const { name, want } of groupNames) {
  test(`nodePortOfServerGroup: ${name}`, () => {
    assert.equal(nodePortOfServerGroup(owner, name), want);
  });
}

test('isListenerDescription: only ours for this port', () => {
  const description = listenerDescription(owner, 80);
  assert.equal(description, 'k8s/80/web/shop/c1');
  assert.ok(isListenerDescription(owner, 80, description));
  assert.ok(isListenerDescription(owner, 80, 'k8s/80/web/shop/clusterid'));
  assert.equal(isListenerDescription(owner, 81, description), false);
  assert.equal(isListenerDescription(owner, 80, 'by hand'), false);
});

const marks: readonly {
  readonly name: string;
  readonly tags: readonly { key: string; value: string }[];
  readonly want: ReturnType<typeof markOf>;
}[] = [
  { name: 'Ours', tags: ownershipTags(owner), want: 'ours' },
  {
    name: 'OfTheGoCcm',
    tags: [
      { key: OWNER_TAG, value: defaultLoadBalancerName(owner.serviceUid) },
      { key: CLUSTER_TAG, value: 'clusterid' },
    ],
    want: 'ours',
  },
  { name: 'ClusterTagAlone', tags: [{ key: CLUSTER_TAG, value: 'c1' }], want: 'missing' },
  { name: 'None', tags: [{ key: 'team', value: 'blue' }], want: 'missing' },
  {
    name: 'OWN-08 OtherService',
    tags: [{ key: SERVICE_UID_TAG, value: 'other' }],
    want: 'foreign',
  },
  { name: 'OWN-08 OtherOwner', tags: [{ key: OWNER_TAG, value: 'aother' }], want: 'foreign' },
  {
    name: 'SVC-89 OWN-08 OtherCluster',
    tags: [
      ...ownershipTags(owner).filter((tag) => tag.key !== CLUSTER_TAG),
      { key: CLUSTER_TAG, value: 'c2' },
    ],
    want: 'foreign',
  },
];

for (const { name, tags, want } of marks) {
  test(`markOf: ${name}`, () => {
    assert.equal(markOf(owner, tags), want);
  });
}

for (const key of ['acs:x', 'aliyun-x', 'Aliyun', 'http://x', OWNER_TAG, CLUSTER_TAG]) {
  test(`isTagKeyAllowed: refuses ${key}`, () => {
    assert.equal(isTagKeyAllowed(key), false);
  });
}

test('isTagKeyAllowed: allows what has no meaning to a program', () => {
  assert.ok(isTagKeyAllowed('team'));
});

import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { startRuleBench, type RuleBench } from '../../../test/support/rule-bench.ts';

let bench: RuleBench;
let LoadBalancerId: string;

before(async () => {
  bench = await startRuleBench();
});
beforeEach(async () => {
  bench.cloud.reset();
  bench.cloud.settings({ rates: { default: 0 } });
  LoadBalancerId = await bench.loadBalancer();
});
after(() => bench.cloud.stop());

const onInstance = () => ({ ResourceType: 'instance', ResourceId: [LoadBalancerId] });
const tag = (Key: string, Value = 'v') => ({ Key, Value });

async function tagsOf(ResourceType: string, id: string): Promise<unknown> {
  const answer = await bench.accept('ListTagResources', { ResourceType, ResourceId: [id] });
  const rows = answer.get('TagResources', 'TagResource') as { TagKey: string; TagValue: string }[];
  return rows.map(({ TagKey, TagValue }) => `${TagKey}=${TagValue}`);
}

test('load balancers, listeners and groups can be tagged', async () => {
  const group = await bench.group(LoadBalancerId);
  await bench.listener(LoadBalancerId, 80);
  for (const [ResourceType, id] of [
    ['instance', LoadBalancerId],
    ['vservergroup', group],
    ['listener', `${LoadBalancerId}_tcp_80`],
  ] as const) {
    await bench.accept('TagResources', { ResourceType, ResourceId: [id], Tag: [tag('a')] });
    assert.deepEqual(await tagsOf(ResourceType, id), ['a=v']);
    await bench.accept('UntagResources', { ResourceType, ResourceId: [id], TagKey: ['a'] });
    assert.deepEqual(await tagsOf(ResourceType, id), []);
  }
});

const wrongTags = [
  { name: 'ReservedKey', tag: tag('aliyun-mine'), code: 'InvalidParam.TagKey' },
  { name: 'ReservedPrefix', tag: tag('acs:mine'), code: 'InvalidParam.TagKey' },
  { name: 'UrlInKey', tag: tag('http://a'), code: 'InvalidParam.TagKey' },
  { name: 'KeyTooLong', tag: tag('k'.repeat(65)), code: 'InvalidParam.TagKey' },
  { name: 'UrlInValue', tag: tag('a', 'https://a'), code: 'InvalidParam.TagValue' },
  { name: 'ValueTooLong', tag: tag('a', 'v'.repeat(129)), code: 'InvalidParam.TagValue' },
  { name: 'NoKey', tag: { Value: 'v' }, code: 'MissingParam.TagKey' },
];

for (const { name, tag: wrong, code } of wrongTags) {
  test(`rule tag-form: ${name}: the tag is refused`, async () => {
    await bench.refuse(code, 'TagResources', { ...onInstance(), Tag: [wrong] });
  });
}

test('rule tag-form: a load balancer is not made with a wrong tag', async () => {
  await bench.refuse('InvalidParam.TagKey', 'CreateLoadBalancer', {
    LoadBalancerSpec: 'slb.s1.small',
    Tag: [tag('acs:mine')],
  });
  assert.equal(bench.cloud.state().loadBalancers.length, 1);
});

test('rule tag-overwrite: a key that is there gets the new value', async () => {
  await bench.accept('TagResources', { ...onInstance(), Tag: [tag('a', '1'), tag('b', '1')] });
  await bench.accept('TagResources', { ...onInstance(), Tag: [tag('a', '2')] });
  assert.deepEqual(await tagsOf('instance', LoadBalancerId), ['b=1', 'a=2']);
});

test('rule tag-twice: a key comes once in a call', async () => {
  const Tag = [tag('a', '1'), tag('a', '2')];
  await bench.refuse('Duplicate.TagKey', 'TagResources', { ...onInstance(), Tag });
  await bench.refuse('InvalidParam.TagKey', 'CreateLoadBalancer', {
    LoadBalancerSpec: 'slb.s1.small',
    Tag,
  });
});

test('rule tag-absent: only what exists can be tagged', async () => {
  for (const [ResourceType, id] of [
    ['instance', 'lb-none'],
    ['listener', `${LoadBalancerId}_tcp_80`],
    ['vservergroup', LoadBalancerId],
    ['acl', 'acl-none'],
  ] as const) {
    const ResourceId = [id];
    await bench.refuse('ResourceNotExist', 'TagResources', {
      ResourceType,
      ResourceId,
      Tag: [tag('a')],
    });
  }
});

test('rule tag-lag: tags become visible late, in answers and in filters', async () => {
  bench.cloud.settings({ tagLagMs: 5000 });
  const Tag = [tag('late')];
  const made = await bench.loadBalancer({ Tag });
  const seen = async () => {
    const listed = await bench.accept('DescribeLoadBalancers', { Tag });
    const single = await bench.accept('DescribeLoadBalancerAttribute', { LoadBalancerId: made });
    const tags = single.get('Tags', 'Tag') as unknown[];
    return [listed.get('TotalCount'), tags.length, await tagsOf('instance', made)];
  };
  // Settling moved the clock on by one passage.
  bench.cloud.advance(4499);
  assert.deepEqual(await seen(), [0, 0, []]);
  bench.cloud.advance(1);
  assert.deepEqual(await seen(), [1, 1, ['late=v']]);
  await bench.accept('UntagResources', {
    ResourceType: 'instance',
    ResourceId: [made],
    TagKey: ['late'],
  });
  bench.cloud.advance(4999);
  assert.deepEqual(await seen(), [1, 1, ['late=v']]);
  bench.cloud.advance(1);
  assert.deepEqual(await seen(), [0, 0, []]);
});

test('rule tag-all: all tags go only where no key is named', async () => {
  await bench.accept('TagResources', { ...onInstance(), Tag: [tag('a'), tag('b'), tag('c')] });
  await bench.accept('UntagResources', { ...onInstance(), TagKey: ['a'], All: true });
  assert.deepEqual(await tagsOf('instance', LoadBalancerId), ['b=v', 'c=v']);
  await bench.accept('UntagResources', { ...onInstance(), All: true });
  assert.deepEqual(await tagsOf('instance', LoadBalancerId), []);
});

test('rule tag-legacy: the older operations take five tags a call and ten an object', async () => {
  const tags = (from: number, count: number) =>
    JSON.stringify(
      Array.from({ length: count }, (_, index) => ({
        TagKey: `k${from + index}`,
        TagValue: 'v',
      })),
    );
  await bench.refuse('TagCountLimit', 'AddTags', { LoadBalancerId, Tags: tags(0, 6) });
  await bench.accept('AddTags', { LoadBalancerId, Tags: tags(0, 5) });
  await bench.accept('AddTags', { LoadBalancerId, Tags: tags(5, 5) });
  await bench.refuse('TagCountLimit', 'AddTags', { LoadBalancerId, Tags: tags(10, 1) });
  await bench.accept('RemoveTags', { LoadBalancerId, Tags: tags(1, 5) });
  assert.equal(((await tagsOf('instance', LoadBalancerId)) as unknown[]).length, 5);
  const counted = await bench.accept('DescribeTags', { PageNumber: 1, PageSize: 2 });
  assert.equal(counted.get('TotalCount'), 5);
  assert.deepEqual(counted.get('TagSets', 'TagSet', 0), {
    TagKey: 'k0',
    TagValue: 'v',
    InstanceCount: 1,
  });
});

test('rule tag-list-needs: a list of tags needs an id or a tag', async () => {
  await bench.refuse('MissingParam.TagOrResourceId', 'ListTagResources', {
    ResourceType: 'instance',
  });
  await bench.accept('TagResources', { ...onInstance(), Tag: [tag('a')] });
  const byTag = await bench.accept('ListTagResources', {
    ResourceType: 'instance',
    Tag: [{ Key: 'a' }],
  });
  assert.equal(byTag.get('TagResources', 'TagResource', 0, 'ResourceId'), LoadBalancerId);
});

test('rule page-tag-size: rows of tags come fifty a page', async () => {
  const Tag = Array.from({ length: 20 }, (_, index) => tag(`k${index}`));
  for (let count = 0; count < 3; count += 1) await bench.loadBalancer({ Tag });
  const filter = { ResourceType: 'instance', Tag: [{ Key: 'k0' }] };
  const first = await bench.accept('ListTagResources', filter);
  assert.equal((first.get('TagResources', 'TagResource') as unknown[]).length, 50);
  const NextToken = first.text('NextToken');
  const second = await bench.accept('ListTagResources', { ...filter, NextToken });
  assert.equal((second.get('TagResources', 'TagResource') as unknown[]).length, 10);
  assert.equal(second.get('NextToken'), undefined);
});

test('rule quota-tags: an object has no more tags than its quota', async () => {
  const Tag = Array.from({ length: 20 }, (_, index) => tag(`k${index}`));
  await bench.accept('TagResources', { ...onInstance(), Tag });
  await bench.accept('TagResources', { ...onInstance(), Tag: [tag('k0', 'new')] });
  await bench.refuse('QuotaLimitExceeds', 'TagResources', { ...onInstance(), Tag: [tag('more')] });
});

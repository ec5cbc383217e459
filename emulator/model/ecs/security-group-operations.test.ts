import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { CallerAnswer, CallerParameters } from '../../../test/support/cloud-caller.ts';
import { startRuleBench, type RuleBench } from '../../../test/support/rule-bench.ts';

const ECS = '2014-05-26';
const VPC = '2016-04-28';
const VpcId = 'vpc-bp1emulator0000000000';

let bench: RuleBench;
before(async () => {
  bench = await startRuleBench();
});
after(() => bench.cloud.stop());
beforeEach(() => {
  bench.cloud.reset();
  bench.cloud.settings({ lockMs: 200, transitionMs: 500, rates: { default: 0 } });
});

function accept(action: string, parameters: CallerParameters = {}): Promise<CallerAnswer> {
  return bench.accept(action, parameters, ECS);
}

function refuse(code: string, action: string, parameters: CallerParameters = {}) {
  return bench.refuse(code, action, parameters, ECS);
}

async function group(parameters: CallerParameters = {}): Promise<string> {
  return (await accept('CreateSecurityGroup', { VpcId, ...parameters })).text('SecurityGroupId');
}

async function listed(filter: CallerParameters = {}): Promise<Record<string, unknown>[]> {
  const answer = await accept('DescribeSecurityGroups', filter);
  return answer.get('SecurityGroups', 'SecurityGroup') as Record<string, unknown>[];
}

test('rule ecs-groups: a group is made, renamed, tagged, listed and removed', async () => {
  const SecurityGroupId = await group({
    SecurityGroupName: 'nodes',
    Description: 'all nodes',
    Tag: [{ Key: 'a', Value: '1' }],
  });
  await group({ SecurityGroupName: 'others', SecurityGroupType: 'enterprise' });
  assert.match(SecurityGroupId, /^sg-bp1[0-9a-z]{17}$/);
  const [shown, ...rest] = await listed({ SecurityGroupName: 'nod*' });
  assert.deepEqual(rest, []);
  assert.partialDeepStrictEqual(shown, {
    SecurityGroupId,
    SecurityGroupName: 'nodes',
    Description: 'all nodes',
    SecurityGroupType: 'normal',
    VpcId,
    EcsCount: 0,
    AvailableInstanceAmount: 2000,
    Tags: { Tag: [{ TagKey: 'a', TagValue: '1' }] },
  });

  await accept('ModifySecurityGroupAttribute', { SecurityGroupId, SecurityGroupName: 'workers' });
  const resource = { ResourceType: 'securitygroup', ResourceId: [SecurityGroupId] };
  await accept('TagResources', { ...resource, Tag: [{ Key: 'b', Value: '2' }] });
  const one = await accept('DescribeSecurityGroupAttribute', { SecurityGroupId });
  assert.deepEqual(
    [one.get('SecurityGroupName'), one.get('InnerAccessPolicy'), one.get('Permissions')],
    ['workers', 'Accept', { Permission: [] }],
  );
  for (const filter of [
    { Tag: [{ Key: 'b', Value: '2' }] },
    { SecurityGroupIds: JSON.stringify([SecurityGroupId, 'sg-absent']) },
    { SecurityGroupType: 'normal', NetworkType: 'vpc' },
    { SecurityGroupId, MaxResults: 10 },
  ]) {
    const ids = (await listed(filter)).map((each) => each.SecurityGroupId);
    assert.deepEqual(ids, [SecurityGroupId], JSON.stringify(filter));
  }
  assert.deepEqual(await listed({ ServiceManaged: true }), []);

  await accept('DeleteSecurityGroup', { SecurityGroupId });
  assert.deepEqual(await listed({ SecurityGroupId }), []);
  await refuse('InvalidSecurityGroup.NotFound', 'DeleteSecurityGroup', { SecurityGroupId });
  await refuse('InvalidSecurityGroupId.NotFound', 'DescribeSecurityGroupAttribute', {
    SecurityGroupId,
  });
});

test('rule ecs-groups: pages come by number and by token', async () => {
  for (const SecurityGroupName of ['one', 'two', 'three']) await group({ SecurityGroupName });
  const second = await accept('DescribeSecurityGroups', { PageNumber: 2, PageSize: 2 });
  assert.deepEqual(
    [
      second.get('TotalCount'),
      second.get('SecurityGroups', 'SecurityGroup', 0, 'SecurityGroupName'),
    ],
    [3, 'three'],
  );
  const first = await accept('DescribeSecurityGroups', { MaxResults: 2 });
  const NextToken = first.text('NextToken');
  assert.equal((await listed({ MaxResults: 2, NextToken })).length, 1);
  await refuse('InValidParameter.NextToken', 'DescribeSecurityGroups', { NextToken: 'odd' });
});

test('rule ecs-groups: a group with members stays, and so does its VPC', async () => {
  const SecurityGroupId = await group();
  const interfaces = { VSwitchId: 'vsw-bp1emulator000000000h', SecurityGroupId };
  const eni = (await accept('CreateNetworkInterface', interfaces)).text('NetworkInterfaceId');
  bench.settle();
  await refuse('DependencyViolation', 'DeleteSecurityGroup', { SecurityGroupId });
  await accept('DeleteNetworkInterface', { NetworkInterfaceId: eni });
  bench.settle();
  await accept('DeleteSecurityGroup', { SecurityGroupId });

  const made = await bench.accept('CreateVpc', {}, VPC);
  const own = { VpcId: made.text('VpcId') };
  await refuse('IncorrectVpcStatus', 'CreateSecurityGroup', own);
  bench.settle();
  const inside = await group(own);
  await bench.refuse('DependencyViolation.SecurityGroup', 'DeleteVpc', own, VPC);
  await accept('DeleteSecurityGroup', { SecurityGroupId: inside });
  await bench.accept('DeleteVpc', own, VPC);
});

test('rule ecs-groups: what is not valid is refused', async () => {
  await refuse('InvalidVpcId.NotFound', 'CreateSecurityGroup', { VpcId: 'vpc-absent' });
  await refuse('InvalidParams.VpcIdGroupType', 'CreateSecurityGroup', {
    SecurityGroupType: 'enterprise',
  });
  for (const SecurityGroupName of ['1st', 'http://a', 'a b']) {
    const parameters = { VpcId, SecurityGroupName };
    await refuse('InvalidSecurityGroupName.Malformed', 'CreateSecurityGroup', parameters);
  }
  await refuse('InvalidSecurityGroupDiscription.Malformed', 'CreateSecurityGroup', {
    VpcId,
    Description: 'http://a',
  });
});

test('rule ecs-groups: the groups that a seed names are there', async () => {
  bench.cloud.admin.seed({
    networkInterfaces: [
      {
        networkInterfaceId: 'eni-1',
        vSwitchId: 'vsw-bp1emulator000000000h',
        privateIps: ['10.0.0.9'],
        securityGroupIds: ['sg-seeded'],
      },
    ],
  });
  const [shown] = await listed({ SecurityGroupId: 'sg-seeded' });
  assert.deepEqual([shown?.VpcId, shown?.AvailableInstanceAmount], [VpcId, 1999]);
  const { securityGroups } = bench.cloud.admin.state();
  assert.deepEqual(
    securityGroups.map(({ securityGroupId }) => securityGroupId),
    ['sg-seeded'],
  );
});

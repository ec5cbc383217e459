import { describedTime, numberedPage, tokenPage } from '../answer-page.ts';
import { jsonTexts, nameMatches } from './instance-reading.ts';
import type { SecurityGroup } from './compute-objects.ts';
import type { Answer, OperationContext, OperationHandler } from '../operation-context.ts';
import { isAtRest } from '../passage.ts';
import { describedTags, hasTags, putTags, readTags } from '../tag-rules.ts';
import { buryObject } from '../tombstone.ts';
import { requireVpc } from '../vpc/vpc-lock.ts';

const NOT_FOUND = ['InvalidSecurityGroupId.NotFound', 'InvalidSecurityGroup.NotFound'];
const NAME = /^(?!https?:)\p{L}[\p{L}\p{N}:_.-]{1,127}$/u;
// Private addresses that a group of a type takes.
const CAPACITY: Readonly<Record<string, number>> = { normal: 2000, enterprise: 65_536 };

/** The operations on security groups, without those on their rules. */
export const SECURITY_GROUP_OPERATIONS: Readonly<Record<string, OperationHandler>> = {
  CreateSecurityGroup: createGroup,
  ModifySecurityGroupAttribute: modifyGroup,
  DeleteSecurityGroup: deleteGroup,
  DescribeSecurityGroups: describeGroups,
  DescribeSecurityGroupAttribute: describeGroup,
};

function createGroup(context: OperationContext): Answer {
  const { parameters, state, now } = context;
  const vpcId = parameters.findText('VpcId') ?? '';
  const type = parameters.findText('SecurityGroupType') ?? 'normal';
  const named = readNames(context);
  if (vpcId === '' && type === 'enterprise') {
    throw context.failure('InvalidParams.VpcIdGroupType', 'A group of this type needs a VPC.');
  }
  if (vpcId !== '' && !isAtRest(requireVpc(context, vpcId), now)) {
    throw context.failure('IncorrectVpcStatus', 'The status of the VPC does not allow it.');
  }
  const tags = readTags(context);
  const securityGroupId = state.ids.objectId('sg', context.regionId, 17);
  const group: SecurityGroup = {
    ...context.ownership(),
    securityGroupId,
    securityGroupName: '',
    description: '',
    ...named,
    securityGroupType: type,
    vpcId,
    resourceGroupId: parameters.findText('ResourceGroupId') ?? '',
  };
  putTags(context, securityGroupId, tags);
  state.securityGroups.set(securityGroupId, group, now);
  context.objectIds.add(securityGroupId);
  return { SecurityGroupId: securityGroupId };
}

function readNames(
  context: OperationContext,
): Partial<Pick<SecurityGroup, 'securityGroupName' | 'description'>> {
  const name = context.parameters.findText('SecurityGroupName');
  const description = context.parameters.findText('Description');
  if (name !== undefined && !NAME.test(name)) {
    throw context.failure('InvalidSecurityGroupName.Malformed', 'The name is not valid.');
  }
  if (description !== undefined && /^https?:\/\//.test(description)) {
    throw context.failure(
      'InvalidSecurityGroupDiscription.Malformed',
      'The description is not valid.',
    );
  }
  return {
    ...(name === undefined ? {} : { securityGroupName: name }),
    ...(description === undefined ? {} : { description }),
  };
}

function requireGroup(context: OperationContext): SecurityGroup {
  const id = context.parameters.text('SecurityGroupId');
  context.objectIds.add(id);
  const group = context.state.securityGroups.get(id, context.asOf);
  if (group === undefined || !context.sees(group)) {
    throw context.failureOf(NOT_FOUND, `The specified SecurityGroupId "${id}" does not exist.`);
  }
  return group;
}

function modifyGroup(context: OperationContext): Answer {
  const group = requireGroup(context);
  const changed = { ...group, ...readNames(context) };
  context.state.securityGroups.set(group.securityGroupId, changed, context.now);
  return {};
}

function deleteGroup(context: OperationContext): Answer {
  const { state, now, seq } = context;
  const { securityGroupId } = requireGroup(context);
  const members = [...state.instances.list(), ...state.networkInterfaces.list()];
  if (members.some(({ securityGroupIds }) => securityGroupIds.includes(securityGroupId))) {
    throw context.failure('DependencyViolation', 'There are instances or interfaces in the group.');
  }
  buryObject(state, { kind: 'securityGroup', id: securityGroupId, now, seq });
  return {};
}

function describeGroups(context: OperationContext): Answer {
  context.refuseDryRun();
  const { parameters, regionId } = context;
  const found = groupsAsked(context);
  const described = (group: SecurityGroup): Record<string, unknown> => listedGroup(context, group);
  if (parameters.has('MaxResults') || parameters.has('NextToken')) {
    const size = parameters.findInteger('MaxResults') ?? 10;
    const invalidTokenCode = 'InValidParameter.NextToken';
    const page = tokenPage(context, found, { size, invalidTokenCode });
    return {
      SecurityGroups: { SecurityGroup: page.items.map(described) },
      NextToken: page.nextToken ?? '',
      RegionId: regionId,
      TotalCount: found.length,
    };
  }
  const page = numberedPage(context, found, 10);
  return {
    SecurityGroups: { SecurityGroup: page.items.map(described) },
    NextToken: '',
    RegionId: regionId,
    ...page.answer,
  };
}

function groupsAsked(context: OperationContext): SecurityGroup[] {
  const { parameters, state, asOf } = context;
  const ids = jsonTexts(context, 'SecurityGroupIds');
  for (const id of ids ?? []) context.objectIds.add(id);
  const name = parameters.findText('SecurityGroupName');
  const network = parameters.findText('NetworkType');
  return (
    state.securityGroups
      .list(asOf)
      .filter((group) => context.sees(group))
      .filter(({ securityGroupId }) => ids?.includes(securityGroupId) ?? true)
      .filter(({ securityGroupId }) => context.wants('SecurityGroupId', securityGroupId))
      .filter(({ securityGroupName }) => name === undefined || nameMatches(name, securityGroupName))
      .filter(({ securityGroupType }) => context.wants('SecurityGroupType', securityGroupType))
      .filter(({ vpcId }) => context.wants('VpcId', vpcId))
      .filter(({ resourceGroupId }) => context.wants('ResourceGroupId', resourceGroupId))
      .filter(({ vpcId }) => network === undefined || (network === 'vpc') === (vpcId !== ''))
      .filter(({ securityGroupId: id }) =>
        hasTags(context.visibleTags(id), parameters.items('Tag')),
      )
      // No group here is managed by another product.
      .filter(() => parameters.findFlag('ServiceManaged') !== true)
  );
}

function listedGroup(context: OperationContext, group: SecurityGroup): Record<string, unknown> {
  const { state, asOf } = context;
  const { securityGroupId } = group;
  const isMember = (each: { readonly securityGroupIds: readonly string[] }): boolean =>
    each.securityGroupIds.includes(securityGroupId);
  const taken = state.networkInterfaces
    .list(asOf)
    .filter(isMember)
    .reduce((sum, { privateIps }) => sum + privateIps.length, 0);
  return {
    SecurityGroupId: securityGroupId,
    SecurityGroupName: group.securityGroupName,
    Description: group.description,
    SecurityGroupType: group.securityGroupType,
    VpcId: group.vpcId,
    ResourceGroupId: group.resourceGroupId,
    CreationTime: describedTime(group.createdAt),
    EcsCount: state.instances.list(asOf).filter(isMember).length,
    AvailableInstanceAmount: Math.max((CAPACITY[group.securityGroupType] ?? 0) - taken, 0),
    RuleCount: 0,
    GroupToGroupRuleCount: 0,
    ServiceManaged: false,
    Tags: { Tag: describedTags(context.visibleTags(securityGroupId)) },
  };
}

function describeGroup(context: OperationContext): Answer {
  const group = requireGroup(context);
  return {
    SecurityGroupId: group.securityGroupId,
    SecurityGroupName: group.securityGroupName,
    Description: group.description,
    VpcId: group.vpcId,
    RegionId: group.regionId,
    // The members of a group of this type reach each other.
    InnerAccessPolicy: group.securityGroupType === 'normal' ? 'Accept' : 'Drop',
    NextToken: '',
    Permissions: { Permission: [] },
    SnapshotPolicyIds: { SnapshotPolicyId: [] },
  };
}

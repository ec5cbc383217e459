import { numberedPage, tokenPage } from '../answer-page.ts';
import { publishesError } from '../api-catalog.ts';
import type { Ownership, Tag } from '../cloud-objects.ts';
import { parseTagList } from './load-balancer-operations.ts';
import type { Answer, OperationContext, OperationHandler } from '../operation-context.ts';
import type { ParameterItem } from '../operation-parameters.ts';
import {
  describedTags,
  hasTags,
  putTags,
  readTagItems,
  tagHandler,
  untagHandler,
} from '../tag-rules.ts';

// The documentation gives no size of a page; this is the other products'.
const PAGE_SIZE = 50;
const LEGACY_TAGS_PER_CALL = 5;
const LEGACY_TAGS_PER_OBJECT = 10;

/** The operations on tags, the present ones and those they replaced. */
export const TAG_OPERATIONS: Readonly<Record<string, OperationHandler>> = {
  TagResources: tagHandler(requireResource),
  UntagResources: untagHandler(requireResource),
  ListTagResources: listTagResources,
  AddTags: addTags,
  RemoveTags: removeTags,
  DescribeTags: describeTags,
};

function listTagResources(context: OperationContext): Answer {
  const { parameters } = context;
  const ids = parameters.texts('ResourceId');
  const filter = parameters.items('Tag');
  if (ids.length === 0 && filter.length === 0) {
    throw context.failure('MissingParam.TagOrResourceId', 'ResourceId or Tag is needed.');
  }
  for (const id of ids) requireResource(context, id);
  const type = parameters.text('ResourceType');
  const rows = resourcesOfType(context, type)
    .filter(({ id }) => ids.length === 0 || ids.includes(id))
    .filter(({ id }) => hasTags(context.visibleTags(id), filter))
    .flatMap(({ id }) =>
      describedTags(context.visibleTags(id)).map((tag) => ({
        ResourceId: id,
        ResourceType: type,
        ...tag,
      })),
    );
  const page = tokenPage(context, rows, {
    size: PAGE_SIZE,
    invalidTokenCode: 'InvalidParam.NextToken',
  });
  return {
    TagResources: { TagResource: page.items },
    ...(page.nextToken === undefined ? {} : { NextToken: page.nextToken }),
  };
}

function addTags(context: OperationContext): Answer {
  const { loadBalancerId } = context.loadBalancer();
  const tags = readTagItems(context, legacyTags(context));
  const known = context.state.tags.get(loadBalancerId) ?? [];
  const added = tags.filter((tag) => !known.some(({ key }) => key === tag.key));
  if (tags.length > LEGACY_TAGS_PER_CALL || known.length + added.length > LEGACY_TAGS_PER_OBJECT) {
    throw context.failure('TagCountLimit', 'Too many tags.');
  }
  putTags(context, loadBalancerId, tags);
  return {};
}

function removeTags(context: OperationContext): Answer {
  const { loadBalancerId } = context.loadBalancer();
  const outgoing = legacyTags(context);
  const kept = (context.state.tags.get(loadBalancerId) ?? []).filter(
    (tag) => !outgoing.some((item) => hasTags([tag], [item])),
  );
  context.state.tags.set(loadBalancerId, kept, context.now);
  return {};
}

function legacyTags(context: OperationContext): ParameterItem[] {
  const items = parseTagList(context.parameters.text('Tags'));
  if (items === undefined) {
    const code = publishesError(context.operation, 'InvalidParameter.TagKey')
      ? 'InvalidParameter.TagKey'
      : 'InvalidParameter';
    throw context.failure(code, 'The specified parameter "Tags" is not valid.');
  }
  return items;
}

function describeTags(context: OperationContext): Answer {
  const { parameters } = context;
  const asked = parameters.findText('LoadBalancerId');
  const filter = parameters.has('Tags') ? legacyTags(context) : [];
  const distinctKey = parameters.findFlag('DistinctKey') === true;
  const sets = new Map<string, { TagKey: string; TagValue?: string; InstanceCount: number }>();
  for (const { id } of resourcesOfType(context, 'instance')) {
    if (asked !== undefined && id !== asked) continue;
    for (const tag of context.visibleTags(id)) {
      if (filter.length > 0 && !filter.some((item) => hasTags([tag], [item]))) continue;
      countTag(sets, tag, distinctKey);
    }
  }
  const page = numberedPage(context, [...sets.values()], PAGE_SIZE);
  return { TagSets: { TagSet: page.items }, ...page.answer };
}

function countTag(
  sets: Map<string, { TagKey: string; TagValue?: string; InstanceCount: number }>,
  tag: Tag,
  distinctKey: boolean,
): void {
  const name = distinctKey ? tag.key : JSON.stringify([tag.key, tag.value]);
  const counted = sets.get(name);
  sets.set(name, {
    TagKey: tag.key,
    ...(distinctKey ? {} : { TagValue: tag.value }),
    InstanceCount: (counted?.InstanceCount ?? 0) + 1,
  });
}

interface Resource {
  readonly id: string;
  readonly owner: Ownership;
}

function resourcesOfType(context: OperationContext, type: string): Resource[] {
  const { state, asOf } = context;
  const resources: Resource[] = [];
  if (type === 'instance') {
    for (const owner of state.loadBalancers.list(asOf)) {
      resources.push({ id: owner.loadBalancerId, owner });
    }
  }
  if (type === 'vservergroup') {
    for (const owner of state.vServerGroups.list(asOf)) {
      resources.push({ id: owner.vServerGroupId, owner });
    }
  }
  if (type === 'listener') {
    for (const owner of state.listeners.list(asOf)) {
      const { loadBalancerId, listenerProtocol, listenerPort } = owner;
      resources.push({ id: `${loadBalancerId}_${listenerProtocol}_${listenerPort}`, owner });
    }
  }
  return resources.filter(({ owner }) => context.sees(owner));
}

function requireResource(context: OperationContext, id: string): void {
  context.objectIds.add(id);
  const type = context.parameters.text('ResourceType');
  if (!resourcesOfType(context, type).some((resource) => resource.id === id)) {
    throw context.failure('ResourceNotExist', `The specified resource "${id}" does not exist.`);
  }
}

import { publishesError } from './api-catalog.ts';
import type { Tag } from './cloud-objects.ts';
import type { OperationContext, OperationHandler } from './operation-context.ts';
import type { ParameterItem } from './operation-parameters.ts';

const RESERVED_KEY = /^(aliyun|acs:)|https?:\/\//i;
const RESERVED_VALUE = /https?:\/\//i;
// For ECS and VPC this limit cannot be raised.
const TAGS_PER_OBJECT = 20;
const DUPLICATE_CODES = ['Duplicate.TagKey', 'Forbidden.TagKey.Duplicated'];

/**
 * Reads the `Tag.N` members of a write.
 *
 * Errors: a tag without key, a key of more than 64 characters or with a reserved beginning, a
 *   value of more than 128, a key that comes twice.
 */
export function readTags(context: OperationContext): Tag[] {
  return readTagItems(context, context.parameters.items('Tag'));
}

/** Reads tags from wherever a write carries them; errors as for `readTags`. */
export function readTagItems(context: OperationContext, items: readonly ParameterItem[]): Tag[] {
  const tags: Tag[] = [];
  for (const item of items) {
    const tag = readTag(context, item);
    if (tags.some(({ key }) => key === tag.key)) {
      const code =
        DUPLICATE_CODES.find((each) => publishesError(context.operation, each)) ??
        tagCode(context, 'TagKey');
      throw context.failure(code, `The tag key "${tag.key}" is given twice.`);
    }
    tags.push(tag);
  }
  return tags;
}

function readTag(context: OperationContext, item: ParameterItem): Tag {
  const key = item.Key ?? '';
  const value = item.Value ?? '';
  if (key === '') {
    const codes = ['MissingParam.TagKey', 'MissingParameter.TagKey', 'MissingParameter'];
    throw context.failureOf(codes, 'The tag key is missing.');
  }
  if (key.length > (context.operation.product === 'vpc' ? 128 : 64) || RESERVED_KEY.test(key)) {
    throw context.failure(tagCode(context, 'TagKey'), `The tag key "${key}" is not valid.`);
  }
  if (value.length > 128 || RESERVED_VALUE.test(value)) {
    throw context.failure(tagCode(context, 'TagValue'), `The tag value "${value}" is not valid.`);
  }
  return { key, value };
}

function tagCode(context: OperationContext, name: 'TagKey' | 'TagValue'): string {
  const codes = [
    `InvalidParam.${name}`,
    `InvalidParameter.${name}`,
    `Invalid${name}.Malformed`,
    `Invalid${name}`,
  ];
  return codes.find((code) => publishesError(context.operation, code)) ?? 'InvalidParameter';
}

/**
 * Puts tags on an object; a key that is there gets the new value.
 *
 * Errors: the quota of tags an object may carry.
 */
export function putTags(context: OperationContext, objectId: string, tags: readonly Tag[]): void {
  if (tags.length === 0) return;
  const kept = (context.state.tags.get(objectId) ?? []).filter(
    (old) => !tags.some(({ key }) => key === old.key),
  );
  const isSlb = context.operation.product === 'slb';
  const limit = isSlb ? context.state.quota('slb_quota_tags_num') : TAGS_PER_OBJECT;
  if (kept.length + tags.length > limit) {
    const codes = [
      'QuotaLimitExceeds',
      'QuotaExceed.TagsPerResource',
      'SizeLimitExceeded.Tag',
      'QuotaExceeded.TagNum',
      'QuotaExceed.Tags',
    ];
    const code = codes.find((each) => publishesError(context.operation, each));
    throw context.failure(code ?? 'TagCountLimit', 'The object has too many tags.');
  }
  context.state.tags.set(objectId, [...kept, ...tags], context.now);
}

/** Tells whether tags carry every pair of a filter; a filter without value matches any value. */
export function hasTags(tags: readonly Tag[], filter: readonly ParameterItem[]): boolean {
  return filter.every(({ Key: key, Value: value }) =>
    tags.some((tag) => tag.key === key && (value === undefined || tag.value === value)),
  );
}

/** Tags as most CLB answers spell them. */
export function describedTags(tags: readonly Tag[]): { TagKey: string; TagValue: string }[] {
  return tags.map(({ key, value }) => ({ TagKey: key, TagValue: value }));
}

/** The visible tags of an object as VPC answers spell them. */
export function keyedTags(
  context: OperationContext,
  objectId: string,
): { Key: string; Value: string }[] {
  return context.visibleTags(objectId).map(({ key, value }) => ({ Key: key, Value: value }));
}

/** Throws the operation's own code where no resource has this id. */
type ResourceCheck = (context: OperationContext, id: string) => void;

/** Makes the handler of TagResources, alike for every product: all resources exist, or none is tagged. */
export function tagHandler(requireResource: ResourceCheck): OperationHandler {
  return (context) => {
    const tags = readTags(context);
    const ids = context.parameters.texts('ResourceId');
    for (const id of ids) requireResource(context, id);
    for (const id of ids) putTags(context, id, tags);
    return {};
  };
}

/** Makes the handler of UntagResources, alike for every product. */
export function untagHandler(requireResource: ResourceCheck): OperationHandler {
  return (context) => {
    const { parameters, state } = context;
    const keys = parameters.texts('TagKey');
    const all = parameters.findFlag('All') === true;
    const ids = parameters.texts('ResourceId');
    for (const id of ids) requireResource(context, id);
    for (const id of ids) {
      // `All` counts only where no key is named.
      const kept = (state.tags.get(id) ?? []).filter(({ key }) =>
        keys.length === 0 ? !all : !keys.includes(key),
      );
      state.tags.set(id, kept, context.now);
    }
    return {};
  };
}

import { tokenPage } from './answer-page.ts';
import type { CloudState } from './cloud-state.ts';
import type { Ownership, Tag } from './cloud-objects.ts';
import type { Answer, OperationContext, OperationHandler } from './operation-context.ts';
import type { ParameterItem } from './operation-parameters.ts';
import { describedTags, hasTags, tagHandler, untagHandler } from './tag-rules.ts';

const PAGE_SIZE = 50;
const NOT_FOUND = ['InvalidResourceId.NotFound', 'InvalidInstanceIds.NotFound'];
const BAD_TOKEN = ['Invalid.NextToken', 'InvalidParameter'];

/** The operations on tags of VPC. */
export const NETWORK_TAG_OPERATIONS: Readonly<Record<string, OperationHandler>> = {
  TagResources: tagHandler(requireResource),
  UnTagResources: untagHandler(requireResource),
  ListTagResources: listTagResources,
};

/** The operations on tags of ECS. */
export const COMPUTE_TAG_OPERATIONS: Readonly<Record<string, OperationHandler>> = {
  TagResources: tagHandler(requireResource),
  UntagResources: untagHandler(requireResource),
  ListTagResources: listTagResources,
};

/** Where objects of a resource type are kept; the types of both products differ by their case. */
const STORES: Readonly<
  Record<
    string,
    | 'vpcs'
    | 'vSwitches'
    | 'routeTables'
    | 'instances'
    | 'networkInterfaces'
    | 'securityGroups'
    | 'disks'
  >
> = {
  VPC: 'vpcs',
  VSWITCH: 'vSwitches',
  ROUTETABLE: 'routeTables',
  instance: 'instances',
  eni: 'networkInterfaces',
  securitygroup: 'securityGroups',
  disk: 'disks',
};

function listTagResources(context: OperationContext): Answer {
  const { parameters } = context;
  const asked = parameters.texts('ResourceId');
  const filter = parameters.items('Tag');
  const byKey = parameters.items('TagFilter');
  if (asked.length === 0 && filter.length === 0 && byKey.length === 0) {
    throw context.failure('BothEmpty.TagsAndResources', 'ResourceId or Tag is needed.');
  }
  for (const id of asked) requireResource(context, id);
  const type = parameters.text('ResourceType');
  const ids = asked.length > 0 ? asked : resourceIds(context, type);
  const rows = ids
    .map((id) => ({ id, tags: context.visibleTags(id) }))
    .filter(({ tags }) => hasTags(tags, filter))
    .filter(({ tags }) => byKey.every((each) => fitsTagFilter(tags, each)))
    .flatMap(({ id, tags }) =>
      describedTags(tags).map((tag) => ({ ResourceId: id, ResourceType: type, ...tag })),
    );
  const page = tokenPage(context, rows, {
    size: parameters.findInteger('MaxResults') ?? PAGE_SIZE,
    invalidTokenCode: context.failureOf(BAD_TOKEN, '').code,
  });
  return {
    TagResources: { TagResource: page.items },
    NextToken: page.nextToken ?? '',
  };
}

/** A filter by key takes any value, or one of those it names. */
function fitsTagFilter(tags: readonly Tag[], { TagKey, ...others }: ParameterItem): boolean {
  const values = Object.entries(others)
    .filter(([name]) => name.startsWith('TagValues'))
    .map(([, value]) => value);
  return tags.some(
    ({ key, value }) => key === TagKey && (values.length === 0 || values.includes(value)),
  );
}

function resourceIds(context: OperationContext, type: string): string[] {
  const { state, asOf } = context;
  const name = STORES[type];
  if (name === undefined) return [];
  // The ids of a store are its keys; each value tells whose it is.
  return storeOf(state, name)
    .entries(asOf)
    .filter(([, owner]) => context.sees(owner))
    .map(([id]) => id);
}

function requireResource(context: OperationContext, id: string): void {
  context.objectIds.add(id);
  const { state, asOf } = context;
  const name = STORES[context.parameters.text('ResourceType')];
  const owner = name === undefined ? undefined : storeOf(state, name).get(id, asOf);
  if (owner === undefined || !context.sees(owner)) {
    throw context.failureOf(NOT_FOUND, `The specified resource "${id}" does not exist.`);
  }
}

interface OwnedStore {
  get(id: string, asOf: number): Ownership | undefined;
  entries(asOf: number): [string, Ownership][];
}

function storeOf(state: CloudState, name: keyof CloudState & (typeof STORES)[string]): OwnedStore {
  return state[name];
}

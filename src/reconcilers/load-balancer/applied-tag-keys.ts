import type { LoadBalancerResource } from '../kubernetes-objects.ts';
import type { StatusChange } from '../reconciler.ts';
import { isTagKeyAllowed } from './load-balancer-names.ts';
import type { LoadBalancerAction } from './load-balancer-plan.ts';

/** What a status says of the tags that are ours to take off. */
type TagKeys = Pick<StatusChange, 'appliedTagKeys'>;

/** The most keys that the schema lets the status hold. */
const MOST_KEYS = 20;

/**
 * Records, before tags are written, that they are ours to take off again: the answer may be lost, and
 * the spec may ask for others by then.
 *
 * Shape: empty where nothing is to be added to the record.
 */
export function announcedTagKeys(
  { spec, status }: LoadBalancerResource,
  actions: readonly LoadBalancerAction[],
): TagKeys {
  const asked = new Set((spec.tags ?? []).map((tag) => tag.key));
  const written = actions.flatMap((action) =>
    action.kind === 'tag' ? action.tags.map((tag) => tag.key) : [],
  );
  return recorded(
    status.appliedTagKeys ?? [],
    written.filter((key) => asked.has(key)),
  );
}

/** Records the tags with which a load balancer was made, those of its owner left out. */
export function createdTagKeys({ status }: LoadBalancerResource): TagKeys {
  const made = Object.entries(status.creation?.parameters ?? {}).flatMap(([name, value]) =>
    /^Tag\.\d+\.Key$/.test(name) ? [value] : [],
  );
  return recorded(status.appliedTagKeys ?? [], made.filter(isTagKeyAllowed));
}

function recorded(present: readonly string[], more: readonly string[]): TagKeys {
  const added = more.filter((key) => !present.includes(key));
  if (added.length === 0) return {};
  return { appliedTagKeys: [...present, ...added].slice(0, MOST_KEYS).sort() };
}

import type { LoadBalancerResource } from '../kubernetes-objects.ts';
import type { AlibabaLoadBalancerSpec } from '../load-balancer/load-balancer-resource.generated.ts';
import { parseFieldPath, specLeaves } from './field-path.ts';

type ListenerSpec = NonNullable<AlibabaLoadBalancerSpec['listeners']>[number];

/** The settings that a person made on a listener whose port has left the Service. */
export interface DepartedOverride {
  /** Transport and port, for example `TCP:80`. */
  readonly listener: string;
  /** The fields below the listener, in the order of the object. */
  readonly fields: readonly string[];
  /**
   * Whether they wait in the object for the port to return. Those of an applier do; those of an
   * edit or a patch go with the listener, because no other manager owns that it exists.
   */
  readonly isKept: boolean;
}

/**
 * Finds what people had set on listeners that an apply has taken away.
 *
 * Shape: in the order of the listeners before; `origins` is that of the spec that was applied, see
 *   `DesiredSpec.origins`.
 * Source: Kubernetes, server-side apply, as measured: an item of a list goes when the last manager
 *   that owns the item itself leaves it out.
 */
export function departedOverrides(
  before: LoadBalancerResource | undefined,
  after: LoadBalancerResource,
  origins: ReadonlyMap<string, string>,
): DepartedOverride[] {
  if (before === undefined) return [];
  const overridden = new Set((before.status.overriddenFields ?? []).map(({ path }) => path));
  return (before.spec.listeners ?? []).flatMap((listener): DepartedOverride[] => {
    if (listener.backend === undefined) return [];
    const now = (after.spec.listeners ?? []).find((other) => isSameListener(other, listener));
    if (now?.backend !== undefined) return [];
    const isKept = now !== undefined;
    const fields = fieldsOf(now ?? listener)
      // What the generator had asked for, it asks of the other listeners too.
      .filter(({ path, pattern }) => isKept || overridden.has(path) || !origins.has(pattern))
      .map(({ name }) => name);
    return fields.length === 0 ? [] : [{ listener: labelOf(listener), fields, isKept }];
  });
}

function fieldsOf(listener: ListenerSpec): { path: string; pattern: string; name: string }[] {
  return specLeaves({ listeners: [listener] }).flatMap(({ path }) => {
    const names = (parseFieldPath(path) ?? []).flatMap((element) =>
      'field' in element ? [element.field] : [],
    );
    const name = names.slice(2).join('.');
    return name.startsWith('backend') ? [] : [{ path, pattern: `.${names.join('.')}`, name }];
  });
}

function isSameListener(one: ListenerSpec, other: ListenerSpec): boolean {
  return one.transport === other.transport && one.port === other.port;
}

function labelOf({ transport, port }: ListenerSpec): string {
  return `${transport}:${port}`;
}

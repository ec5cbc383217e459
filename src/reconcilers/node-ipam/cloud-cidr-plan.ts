import type { CloudRouteEntry } from '../../cloud/vpc/vpc-client.ts';
import { containsRange, parseCidrRange, type CidrRange } from '../cidr-range.ts';

/** What is known about one node and about whom the routes of its VPC lead to. */
export interface CloudCidrInput {
  readonly instanceId: string;
  readonly podCidrs: readonly string[];
  /** The entries of the VPC's tables. */
  readonly entries: readonly CloudRouteEntry[];
  /** The cluster's ranges, in the order in which a node has one of each. */
  readonly clusterRanges: readonly CidrRange[];
}

/** What to do about a node. */
export type CloudCidrPlan =
  /** It has what the routes say, or they say nothing about it. */
  | { readonly kind: 'nothing' }
  | { readonly kind: 'assign'; readonly podCidrs: readonly string[] }
  /** Why it cannot have ranges, in words. */
  | { readonly kind: 'unclear'; readonly why: string }
  /** It has other ranges than the routes say. */
  | { readonly kind: 'mismatch'; readonly podCidr: string; readonly routed: readonly string[] };

interface RoutedRange {
  readonly cidr: CidrRange;
  readonly instanceId: string;
}

/**
 * Decides which ranges a node has by the routes that lead to its instance.
 *
 * Shape: all of the cluster's ranges or none, because what a node was once given is never changed. A
 *   range that two entries claim for it, or that holds one of another instance, is left to people.
 */
export function planCloudCidrs(input: CloudCidrInput): CloudCidrPlan {
  const { instanceId, podCidrs, clusterRanges } = input;
  const routed = routedRanges(input.entries);
  const own = clusterRanges.map((range) => ({
    range,
    cidrs: distinctTexts(
      routed.filter((entry) => entry.instanceId === instanceId && containsRange(range, entry.cidr)),
    ),
  }));
  if (podCidrs.length > 0) return compare(podCidrs, own);

  const assigned: string[] = [];
  for (const { range, cidrs } of own) {
    const [cidr, another] = cidrs;
    if (cidr === undefined) {
      const why = `no route of the VPC leads to its instance ${instanceId} with a range inside ${range.text}`;
      return { kind: 'unclear', why };
    }
    if (another !== undefined) {
      const why = `several routes of the VPC lead to its instance ${instanceId}: ${cidrs.join(', ')}`;
      return { kind: 'unclear', why };
    }
    const contender = findContender(cidr, instanceId, routed);
    if (contender !== undefined) {
      const why = `the route ${contender.cidr.text} leads to ${contender.instanceId}, and ${cidr} to its instance ${instanceId}`;
      return { kind: 'unclear', why };
    }
    assigned.push(cidr);
  }
  return { kind: 'assign', podCidrs: assigned };
}

/** The ranges that lead to one instance alone. */
function routedRanges(entries: readonly CloudRouteEntry[]): readonly RoutedRange[] {
  return entries.flatMap(({ type, status, nextHops, destinationCidr }) => {
    const [hop, ...others] = nextHops;
    const cidr = parseCidrRange(destinationCidr);
    const isOfOne = hop?.type === 'Instance' && hop.id !== '' && others.length === 0;
    if (type !== 'Custom' || status === 'Deleting' || !isOfOne || cidr === undefined) return [];
    return [{ cidr, instanceId: hop.id }];
  });
}

/** A wider route to somebody else does not count: the narrower one goes before it. */
function findContender(
  text: string,
  instanceId: string,
  routed: readonly RoutedRange[],
): RoutedRange | undefined {
  const cidr = parseCidrRange(text);
  if (cidr === undefined) return undefined;
  return routed.find((entry) => entry.instanceId !== instanceId && containsRange(cidr, entry.cidr));
}

function compare(
  podCidrs: readonly string[],
  own: readonly { readonly range: CidrRange; readonly cidrs: readonly string[] }[],
): CloudCidrPlan {
  for (const text of podCidrs) {
    const present = parseCidrRange(text);
    if (present === undefined) continue;
    const routed = own
      .filter(({ range }) => range.family === present.family)
      .flatMap(({ cidrs }) => cidrs);
    if (routed.length > 0 && !routed.includes(present.text)) {
      return { kind: 'mismatch', podCidr: present.text, routed };
    }
  }
  return { kind: 'nothing' };
}

function distinctTexts(ranges: readonly RoutedRange[]): readonly string[] {
  return [...new Set(ranges.map(({ cidr }) => cidr.text))].sort();
}

import { containsRange, parseCidrRange, type CidrRange } from '../../reconcilers/cidr-range.ts';
import { MAX_BLOCK_PREFIX_DIFFERENCE } from '../../reconcilers/node-ipam/cidr-blocks.ts';
import type { FlagValues } from './flag-values.ts';
import type { FlagName } from './operator-flags.ts';

/** How nodes get the ranges of their pods. */
export interface NodeIpamConfig {
  readonly isEnabled: boolean;
  readonly allocator: 'RangeAllocator' | 'CloudAllocator';
  /** As long as the list of the cluster's ranges, in its order. */
  readonly maskSizes: readonly number[];
  readonly serviceCidrs: readonly CidrRange[];
}

const ALLOCATORS = ['RangeAllocator', 'CloudAllocator'] as const;
const DEFAULT_MASK_SIZES = { IPv4: 24, IPv6: 64 } as const;
const LONGEST_MASKS = { IPv4: 32, IPv6: 128 } as const;
const MASK_FLAGS = {
  IPv4: 'node-cidr-mask-size-ipv4',
  IPv6: 'node-cidr-mask-size-ipv6',
} as const;

/**
 * Reads how nodes get the ranges of their pods; mistakes are noted, all of them at once.
 *
 * Shape: `--allocate-node-cidrs` alone switches nothing on: manifests of other controller managers
 *   carry it for their routes, in clusters where kube-controller-manager gives the ranges.
 * Source: the node IPAM controller of Kubernetes, its flags and what it refuses.
 */
export function readNodeIpam(
  isNamed: boolean,
  values: FlagValues,
  clusterCidrs: readonly CidrRange[],
  mistakes: string[],
): NodeIpamConfig {
  const isEnabled = values.boolean('allocate-node-cidrs') && isNamed;
  // What is not used must not keep the program from starting.
  const found: string[] = [];
  const config: NodeIpamConfig = {
    isEnabled,
    allocator: readAllocator(values, found),
    maskSizes: readMaskSizes(values, clusterCidrs, found),
    serviceCidrs: readRanges('service-cluster-ip-range', values, mistakes),
  };
  if (isNamed && !values.boolean('allocate-node-cidrs')) {
    mistakes.push('Controller "node-ipam-controller" needs "--allocate-node-cidrs=true"');
  }
  if (isEnabled) {
    if (values.optional('cluster-cidr') === undefined) {
      mistakes.push('Controller "node-ipam-controller" needs "--cluster-cidr"');
    }
    mistakes.push(...found);
    noteUsedUpRanges(config, clusterCidrs, mistakes);
  }
  return config;
}

/** Reads one range, or two of different families. */
export function readRanges(
  name: FlagName,
  values: FlagValues,
  mistakes: string[],
): readonly CidrRange[] {
  const text = values.text(name);
  if (text === '') return [];
  const ranges = text.split(',').map((entry) => parseCidrRange(entry));
  const isComplete = ranges.every((range) => range !== undefined);
  const families = new Set(ranges.map((range) => range?.family));
  if (isComplete && families.size === ranges.length) return ranges;
  mistakes.push(
    `Flag "--${name}" is "${text}": it must be one range such as 10.0.0.0/16, or one of each family separated by a comma`,
  );
  return [];
}

function readAllocator(values: FlagValues, mistakes: string[]): NodeIpamConfig['allocator'] {
  const text = values.text('cidr-allocator-type');
  const allocator = ALLOCATORS.find((name) => name.toLowerCase() === text.toLowerCase());
  if (allocator !== undefined) return allocator;
  mistakes.push(
    `Flag "--cidr-allocator-type" is "${text}": it must be one of ${ALLOCATORS.join(', ')}`,
  );
  return ALLOCATORS[0];
}

function readMaskSizes(
  values: FlagValues,
  clusterCidrs: readonly CidrRange[],
  mistakes: string[],
): readonly number[] {
  const single = values.whole('node-cidr-mask-size');
  const own = { IPv4: values.whole(MASK_FLAGS.IPv4), IPv6: values.whole(MASK_FLAGS.IPv6) };
  if (single !== 0 && clusterCidrs.length > 1) {
    mistakes.push(
      `Flag "--node-cidr-mask-size" is for a cluster of one family: use "--${MASK_FLAGS.IPv4}" and "--${MASK_FLAGS.IPv6}"`,
    );
  }
  for (const family of ['IPv4', 'IPv6'] as const) {
    if (own[family] === 0) continue;
    if (single !== 0 && clusterCidrs.length === 1) {
      mistakes.push(`Flag "--${MASK_FLAGS[family]}" and "--node-cidr-mask-size": give only one`);
    }
    if (clusterCidrs.length > 0 && !clusterCidrs.some((range) => range.family === family)) {
      mistakes.push(
        `Flag "--${MASK_FLAGS[family]}" is for a cluster with ${family}: "--cluster-cidr" has no such range`,
      );
    }
  }
  return clusterCidrs.map((range) => {
    const flag = single !== 0 && own[range.family] === 0 ? 'node-cidr-mask-size' : undefined;
    const given = own[range.family] === 0 ? single : own[range.family];
    const size = given === 0 ? DEFAULT_MASK_SIZES[range.family] : given;
    noteMaskMistake(size, range, flag ?? MASK_FLAGS[range.family], mistakes);
    return size;
  });
}

function noteMaskMistake(
  size: number,
  { family, prefixLength, text }: CidrRange,
  flag: FlagName,
  mistakes: string[],
): void {
  const longest = Math.min(prefixLength + MAX_BLOCK_PREFIX_DIFFERENCE, LONGEST_MASKS[family]);
  if (size >= prefixLength && size <= longest) return;
  mistakes.push(
    `Flag "--${flag}" is ${size}: for nodes in ${text} it must be from ${prefixLength} to ${longest}`,
  );
}

/** A service range may lie in a cluster range, but must leave something of it. */
function noteUsedUpRanges(
  { serviceCidrs }: NodeIpamConfig,
  clusterCidrs: readonly CidrRange[],
  mistakes: string[],
): void {
  for (const service of serviceCidrs) {
    for (const cluster of clusterCidrs) {
      if (!containsRange(service, cluster)) continue;
      mistakes.push(
        `Flag "--service-cluster-ip-range" has ${service.text}, which leaves nothing of ${cluster.text} in "--cluster-cidr"`,
      );
    }
  }
}

import type { Node } from '../kubernetes-objects.ts';
import { readProviderId } from '../provider-id.ts';
import { canonicalAddress } from '../service/source-ranges.ts';
import { PROVIDED_NODE_IP_ANNOTATION } from './node-names.ts';

/** What a node without a provider id says about which instance it is. */
export interface InstanceClues {
  /** Addresses in the VPC, each once. */
  readonly privateIps: readonly string[];
  /** Ids that its name contains. */
  readonly instanceIds: readonly string[];
}

/** The host name that an instance gets where nobody chooses one: its id between the letters. */
const DEFAULT_HOST_NAME = /^iz([a-z0-9]+)z$/;
/** A name that begins with the region, as managed clusters give it. */
const NAME_IN_REGION = /^[a-z]+-[a-z0-9-]+\.(.+)$/;
/** A name in the private zone of an instance. */
const PRIVATE_DOMAIN = /^(i-[a-z0-9]+)\.(?:[a-z0-9-]+\.)*(?:ecs\.internal|local)$/;

/**
 * Collects from a node without a provider id what tells its instance: the addresses that its agent
 * reports or was told to use, then what its name contains.
 */
export function instanceClues(node: Node): InstanceClues {
  const { name, annotations } = node.metadata;
  const reported = node.addresses
    .filter(({ type }) => type === 'InternalIP')
    .map(({ address }) => address);
  const requested = (annotations[PROVIDED_NODE_IP_ANNOTATION] ?? '').split(',');
  const nameInRegion = NAME_IN_REGION.exec(name)?.[1] ?? '';
  const addresses = [...reported, ...requested, nameInRegion].flatMap((text) => {
    const address = canonicalAddress(text);
    // The cloud looks instances up by IPv4 addresses only.
    return address === undefined || address.includes(':') ? [] : [address];
  });
  return {
    privateIps: [...new Set(addresses)],
    instanceIds: [...new Set([name, nameInRegion].flatMap(instanceIdsIn))],
  };
}

function instanceIdsIn(name: string): readonly string[] {
  const byDefault = DEFAULT_HOST_NAME.exec(name)?.[1];
  if (byDefault !== undefined) return [`i-${byDefault}`];
  const inDomain = PRIVATE_DOMAIN.exec(name)?.[1];
  if (inDomain !== undefined) return [inDomain];
  const id = readProviderId(name);
  return id.kind === 'ecs' && id.instanceId === name ? [name] : [];
}

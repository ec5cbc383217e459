import type { CloudInstance } from '../../cloud/ecs/ecs-client.ts';
import type { Node } from '../kubernetes-objects.ts';
import { providerIdOf } from '../provider-id.ts';
import { wantedAddresses } from './node-addresses.ts';
import { instanceLabels, missingLabels } from './node-labels.ts';
import { UNINITIALIZED_TAINT } from './node-names.ts';
import type { NodeChange } from './node-ports.ts';

/**
 * The write that initialises a node.
 *
 * Shape: `refused` says in words why the node cannot be initialised as things are; `skippedLabels`
 *   tells of each label that is left out why.
 */
export type Initialisation =
  | {
      readonly kind: 'change';
      readonly change: NodeChange;
      readonly skippedLabels: readonly string[];
    }
  | { readonly kind: 'refused'; readonly why: string };

/**
 * Decides what to write on a node so that it is initialised.
 *
 * Shape: provider id, labels and taint go into one write, so that nobody ever sees the node without
 *   the taint and without its zone. The addresses follow in a write of their own, but have to be
 *   known to be right before.
 */
export function planInitialisation(instance: CloudInstance, node: Node): Initialisation {
  const addresses = wantedAddresses(instance, node);
  if (addresses.kind === 'refused') return addresses;
  const labels = instanceLabels(instance);
  if ('key' in labels) {
    return {
      kind: 'refused',
      why: `the cloud's value "${labels.value}" for label "${labels.key}" is no valid label value`,
    };
  }
  const missing = missingLabels(labels, node.metadata.labels);
  return {
    kind: 'change',
    change: {
      // An id in another form stays: the API server lets nobody change it.
      ...(node.providerId === '' && { providerId: providerIdOf(instance.regionId, instance.id) }),
      ...(Object.keys(missing).length > 0 && { labels: missing }),
      removedTaint: UNINITIALIZED_TAINT,
    },
    skippedLabels: labels.skipped,
  };
}

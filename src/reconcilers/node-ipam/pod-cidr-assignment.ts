import { isFailure } from '../../cloud/failure.ts';
import type { Node } from '../kubernetes-objects.ts';
import type { AllocatorPorts } from './node-ipam-ports.ts';

/**
 * Gives a node its ranges; one that went meanwhile needs none any more.
 *
 * Errors: those of the writer but `notfound`.
 */
export async function assignPodCidrs(
  { writer, logger }: Pick<AllocatorPorts, 'writer' | 'logger'>,
  node: Node,
  podCidrs: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  try {
    await writer.setPodCidrs(node, podCidrs, signal);
  } catch (error) {
    if (isFailure(error, 'notfound')) return;
    throw error;
  }
  logger.info('Gave a node its range for pods', { node: node.metadata.name, podCidrs });
}

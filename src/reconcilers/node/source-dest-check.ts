import type { CallOptions } from '../../cloud/call-options.ts';
import type { CloudInstance } from '../../cloud/ecs/ecs-client.ts';
import { Failure } from '../../cloud/failure.ts';
import type { NodePorts } from './node-ports.ts';

/**
 * Finds the network interface of an instance whose source/destination check has to be switched off
 * before the instance can pass on the packets of its pods.
 *
 * Shape: `undefined` when it is off already.
 * Errors: `retryable` when the cloud does not tell the interface (yet); else as of `BatchedEcsReads`.
 */
export async function findCheckedInterface(
  { reads }: Pick<NodePorts, 'reads'>,
  instance: CloudInstance,
  options: CallOptions,
): Promise<string | undefined> {
  const primary = instance.interfaces.find(({ type }) => type === 'Primary');
  const found =
    primary === undefined
      ? undefined
      : await reads.findNetworkInterface(instance.regionId, primary.id, options);
  if (found === undefined) {
    throw new Failure(
      'retryable',
      `Cannot switch the source/destination check off: the cloud tells no primary network interface of instance "${instance.id}"`,
    );
  }
  return found.sourceDestCheck ? found.id : undefined;
}

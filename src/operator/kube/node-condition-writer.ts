import type { Clock } from '../../cloud/clock.ts';
import { Failure } from '../../cloud/failure.ts';
import { conditionTime } from '../../reconcilers/conditions.ts';
import type { Node } from '../../reconcilers/kubernetes-objects.ts';
import type {
  NetworkCondition,
  NodeConditionWriter,
} from '../../reconcilers/route-generator/route-generator-ports.ts';
import { PATCH_TYPES, type KubeClient } from './kube-client.ts';
import { kubeStatusOf } from './kube-failure.ts';
import { nodeObjectWriter } from './node-object-writer.ts';
import type { ObjectCache } from './object-cache.ts';
import type { ObjectWriter } from './object-writer.ts';

/** Writes the condition NetworkUnavailable of Nodes through the API server. */
export class KubeNodeConditionWriter implements NodeConditionWriter {
  readonly #writer: ObjectWriter<Node>;
  readonly #clock: Pick<Clock, 'now'>;

  constructor(client: KubeClient, cache: ObjectCache<Node>, clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
    this.#writer = nodeObjectWriter(client, cache);
  }

  async setNetworkUnavailable(
    node: Node,
    condition: NetworkCondition,
    signal: AbortSignal,
  ): Promise<void> {
    const { namespace, name, uid } = node.metadata;
    const time = conditionTime(this.#clock.now());
    // Strategic, because it merges conditions by their type: those of others stay untouched. Under
    // the uid alone, because the node's agent writes the status all the time.
    const body = {
      metadata: { uid },
      status: {
        conditions: [
          {
            type: 'NetworkUnavailable',
            ...condition,
            ...(node.networkUnavailable?.status !== condition.status && {
              lastTransitionTime: time,
            }),
            lastHeartbeatTime: time,
          },
        ],
      },
    };
    try {
      await this.#writer.write(
        { key: { namespace, name }, uid },
        { method: 'PATCH', subresource: 'status', body, contentType: PATCH_TYPES.strategicMerge },
        signal,
      );
    } catch (error) {
      // The API server takes the uid of a former object for an attempt to change it.
      const status = kubeStatusOf(error);
      if (!status?.causes.some(({ field }) => field === 'metadata.uid')) throw error;
      throw new Failure('conflict', `Cannot change node "${name}": it was made again`, {
        code: 'Conflict',
        cause: status,
      });
    }
  }
}

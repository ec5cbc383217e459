import type { CallOptions } from '../../cloud/call-options.ts';
import type { CloudInstance } from '../../cloud/ecs/ecs-client.ts';
import { Failure } from '../../cloud/failure.ts';
import type { Node } from '../kubernetes-objects.ts';
import { readProviderId } from '../provider-id.ts';
import { instanceClues } from './instance-clues.ts';
import type { NodePorts } from './node-ports.ts';

/** What a lookup needs. */
export type InstanceLookupPorts = Pick<NodePorts, 'reads' | 'regionId' | 'vpcId'>;

/** Finds the instances that nodes are. */
export class InstanceLookup {
  readonly #ports: InstanceLookupPorts;

  constructor(ports: InstanceLookupPorts) {
    this.#ports = ports;
  }

  /**
   * Finds the instance that a node's provider id names.
   *
   * Shape: `undefined` when the cloud does not know it, and for a node without such an id.
   * Errors: as of `BatchedEcsReads`.
   */
  async findByProviderId(node: Node, options: CallOptions): Promise<CloudInstance | undefined> {
    const id = readProviderId(node.providerId);
    if (id.kind !== 'ecs') return undefined;
    const regionId = id.regionId || (await this.#ports.regionId(options.signal));
    return this.#ports.reads.findInstance(regionId, id.instanceId, options);
  }

  /**
   * Gets the instance of a node: the one that its provider id names, and only without one the one that
   * its addresses, else its name, lead to.
   *
   * Errors: `notfound` when the cloud knows none; `retryable` when several fit, because a wrong guess
   *   could never be mended; else as of `EcsClient`.
   */
  async get(node: Node, options: CallOptions): Promise<CloudInstance> {
    if (node.providerId === '') return this.#getByClues(node, options);
    const instance = await this.findByProviderId(node, options);
    if (instance !== undefined) return instance;
    throw new Failure(
      'notfound',
      `Cannot find the instance of provider id "${node.providerId}" in the cloud; if it was released, delete the node, else check the region and the account of the operator`,
    );
  }

  async #getByClues(node: Node, options: CallOptions): Promise<CloudInstance> {
    const { reads } = this.#ports;
    const { privateIps, instanceIds } = instanceClues(node);
    const regionId = await this.#ports.regionId(options.signal);
    if (privateIps.length > 0) {
      const vpcId = await this.#ports.vpcId(options.signal);
      const found = await Promise.all(
        privateIps.map((privateIp) =>
          reads.findInstancesByPrivateIp({ regionId, vpcId }, privateIp, options),
        ),
      );
      const [only] = atMostOne(found.flat(), `addresses ${privateIps.join(', ')}`);
      if (only !== undefined) return only;
    }
    const named = await Promise.all(
      instanceIds.map((instanceId) => reads.findInstance(regionId, instanceId, options)),
    );
    const [only] = atMostOne(
      named.filter((instance) => instance !== undefined),
      `name "${node.metadata.name}"`,
    );
    if (only !== undefined) return only;
    throw new Failure(
      'notfound',
      `Cannot find the instance of a node without a provider id: no instance of the VPC has one of its addresses${privateIps.length === 0 ? '' : ` (${privateIps.join(', ')})`} or its name; start its kubelet with --provider-id=<region>.<instance id>`,
    );
  }
}

function atMostOne(found: readonly CloudInstance[], what: string): readonly CloudInstance[] {
  const ids = [...new Set(found.map(({ id }) => id))].sort();
  if (ids.length <= 1) return found;
  throw new Failure(
    'retryable',
    `Cannot tell which instance the node is: its ${what} fit ${ids.map((id) => `"${id}"`).join(' and ')}; start its kubelet with --provider-id=<region>.<instance id>`,
  );
}

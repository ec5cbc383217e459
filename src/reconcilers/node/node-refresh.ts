import type { CloudInstance } from '../../cloud/ecs/ecs-client.ts';
import { isFailure } from '../../cloud/failure.ts';
import type { Node } from '../kubernetes-objects.ts';
import { readProviderId } from '../provider-id.ts';
import { InstanceLookup } from './instance-lookup.ts';
import { isSameAddresses, wantedAddresses } from './node-addresses.ts';
import { instanceLabels, outdatedLabels } from './node-labels.ts';
import { nodeEvent } from './node-messages.ts';
import type { NodePorts } from './node-ports.ts';
import { isUninitialized, nodeScope } from './node-scope.ts';
import { NODE_CONFLICTS, updateNode } from './node-update.ts';
import { WriteTurns } from './write-turns.ts';

/**
 * Compares all initialised nodes with their instances, at once and then every so often.
 *
 * Shape: the reads of all nodes are gathered; one that fails stops no other, and what is as it should
 *   be is not written.
 */
export class NodeRefresh {
  readonly #ports: NodePorts;
  readonly #instances: InstanceLookup;
  readonly #turns: WriteTurns;
  /** What was said last about the addresses of a node, by its uid. */
  readonly #said = new Map<string, string>();

  constructor(ports: NodePorts) {
    this.#ports = ports;
    this.#instances = new InstanceLookup(ports);
    this.#turns = new WriteTurns(ports.settings.concurrentRefreshWrites);
  }

  /** Works until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, settings } = this.#ports;
    while (!signal.aborted) {
      const nextMs = clock.monotonicMs() + settings.refreshPeriodMs;
      await this.#refreshAll(signal);
      await clock.sleep(Math.max(0, nextMs - clock.monotonicMs()), signal).catch(() => undefined);
    }
  }

  /** Forgets a node that is gone. */
  forget(uid: string): void {
    this.#said.delete(uid);
  }

  async #refreshAll(signal: AbortSignal): Promise<void> {
    const nodes = this.#ports.nodes.list().filter(isToBeRefreshed);
    const namesByProblem = new Map<string, string[]>();
    await Promise.all(
      nodes.map(async (node) => {
        try {
          await this.#refresh(node, signal);
        } catch (error) {
          if (signal.aborted) return;
          const why = isFailure(error) ? error.message : String(error);
          const names = namesByProblem.get(why) ?? [];
          names.push(node.metadata.name);
          namesByProblem.set(why, names);
        }
      }),
    );
    // What fails is mostly one call for many nodes.
    for (const [err, names] of namesByProblem) {
      this.#ports.logger.warn('Failed to refresh nodes', {
        err,
        count: names.length,
        name: names[0],
      });
    }
  }

  async #refresh(node: Node, signal: AbortSignal): Promise<void> {
    const options = { signal, lane: 'sweep' } as const;
    const instance = await this.#instances.findByProviderId(node, options);
    // Whether a node whose instance is gone may stay is decided elsewhere.
    if (instance === undefined) return;
    if (!this.#isBehind(instance, node)) return;
    await this.#turns.take(signal, () => this.#write(instance, node, signal));
  }

  #isBehind(instance: CloudInstance, node: Node): boolean {
    return (
      this.#addressesToWrite(instance, node) !== undefined ||
      Object.keys(labelsToWrite(instance, node)).length > 0
    );
  }

  async #write(instance: CloudInstance, node: Node, signal: AbortSignal): Promise<void> {
    const { writer, nodes } = this.#ports;
    const latest = nodes.find(node.metadata);
    if (latest?.metadata.uid !== node.metadata.uid) return;
    await updateNode(
      this.#ports,
      latest,
      NODE_CONFLICTS,
      async (copy) => {
        const labels = labelsToWrite(instance, copy);
        const labelled =
          Object.keys(labels).length === 0 ? copy : await writer.change(copy, { labels }, signal);
        const addresses = this.#addressesToWrite(instance, labelled);
        return addresses === undefined
          ? labelled
          : writer.replaceAddresses(labelled, addresses, signal);
      },
      signal,
    );
  }

  /** Returns the addresses that a node lacks, and tells people when it cannot have what it asks for. */
  #addressesToWrite(instance: CloudInstance, node: Node): Node['addresses'] | undefined {
    const wanted = wantedAddresses(instance, node);
    const { uid } = node.metadata;
    if (wanted.kind !== 'refused') this.#said.delete(uid);
    switch (wanted.kind) {
      case 'keep':
        return undefined;
      case 'refused':
        if (this.#said.get(uid) !== wanted.why) {
          const note = `Cannot refresh the addresses of the node: ${wanted.why}`;
          this.#ports.events.record(node, nodeEvent('AddressesFailed', note));
          this.#said.set(uid, wanted.why);
        }
        return undefined;
      case 'addresses':
        return isSameAddresses(wanted.addresses, node.addresses) ? undefined : wanted.addresses;
    }
  }
}

/** Nodes with the taint are left to their initialisation. */
function isToBeRefreshed(node: Node): boolean {
  return (
    !isUninitialized(node) &&
    node.metadata.deletionTimestamp === undefined &&
    nodeScope(node).kind === 'ours' &&
    readProviderId(node.providerId).kind === 'ecs'
  );
}

function labelsToWrite(instance: CloudInstance, node: Node): ReturnType<typeof outdatedLabels> {
  const labels = instanceLabels(instance);
  return 'key' in labels ? {} : outdatedLabels(labels, node.metadata.labels);
}

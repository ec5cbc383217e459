import { Failure, isFailure } from '../../cloud/failure.ts';
import type { CloudInstance } from '../../cloud/ecs/ecs-client.ts';
import { failureReport } from '../failure-report.ts';
import type { Node } from '../kubernetes-objects.ts';
import { readProviderId } from '../provider-id.ts';
import { settled, type ObjectKey, type Outcome, type Reconciler } from '../reconciler.ts';
import type { InstanceClaims } from './instance-claims.ts';
import { InstanceLookup } from './instance-lookup.ts';
import { isSameAddresses, wantedAddresses } from './node-addresses.ts';
import { planInitialisation } from './node-desired.ts';
import { labelsToAlign } from './node-labels.ts';
import { nodeEvent } from './node-messages.ts';
import type { NodePorts } from './node-ports.ts';
import { isUninitialized, nodeScope } from './node-scope.ts';
import { INITIALISATION_CONFLICTS, NODE_CONFLICTS, updateNode } from './node-update.ts';
import { findCheckedInterface } from './source-dest-check.ts';
import { WriteTurns } from './write-turns.ts';

/**
 * Initialises Nodes and keeps their labels consistent.
 *
 * Shape: passes of many nodes wait for the cloud together, so that their reads are gathered into few
 *   calls; only what is written goes by turns.
 */
export class NodeReconciler implements Reconciler {
  readonly resourceKind = 'Node';
  readonly #ports: NodePorts;
  readonly #instances: InstanceLookup;
  readonly #claims: InstanceClaims;
  readonly #turns: WriteTurns;
  /** The uids of nodes that this process initialised and that lack their addresses yet. */
  readonly #withoutAddresses = new Set<string>();
  /** The uids of nodes that were logged as left alone. */
  readonly #leftAlone = new Set<string>();

  constructor(ports: NodePorts, claims: InstanceClaims) {
    this.#ports = ports;
    this.#claims = claims;
    this.#instances = new InstanceLookup(ports);
    this.#turns = new WriteTurns(ports.settings.concurrentWrites);
  }

  async reconcile(key: ObjectKey, signal: AbortSignal): Promise<Outcome> {
    const node = this.#ports.nodes.find(key);
    if (node === undefined || node.metadata.deletionTimestamp !== undefined) return settled;
    const scope = nodeScope(node);
    if (scope.kind === 'leftAlone') {
      this.#noteLeftAlone(node, scope.why);
    } else if (isUninitialized(node)) {
      await this.#initialise(node, signal);
    } else {
      await this.#alignLabels(node, signal);
      if (this.#withoutAddresses.has(node.metadata.uid)) await this.#catchUp(node, signal);
    }
    return settled;
  }

  reportFailure(key: ObjectKey, failure: Failure): Promise<void> {
    const node = this.#ports.nodes.find(key);
    const { event, message } = failureReport(failure);
    if (node !== undefined && event !== undefined) {
      const reason = isUninitialized(node) ? 'InitializationFailed' : 'AddressesFailed';
      this.#ports.events.record(node, nodeEvent(reason, message));
    }
    return Promise.resolve();
  }

  /** Forgets a node that is gone. */
  forget(uid: string): void {
    this.#withoutAddresses.delete(uid);
    this.#leftAlone.delete(uid);
  }

  async #initialise(node: Node, signal: AbortSignal): Promise<void> {
    const options = { signal, lane: 'live' } as const;
    const instance = await this.#instances.get(node, options);
    this.#claim(instance, node);
    // Asked for before anything is changed: a node that is refused keeps its interface as it is too.
    planFor(instance, node);
    const checkedInterface = this.#ports.settings.disablesSourceDestCheck
      ? await findCheckedInterface(this.#ports, instance, options)
      : undefined;
    await this.#turns.take(signal, async () => {
      if (checkedInterface !== undefined) {
        await this.#ports.ecs.setSourceDestCheck(
          instance.regionId,
          checkedInterface,
          false,
          options,
        );
      }
      if (await this.#announceRoutes(node, signal)) await this.#write(instance, node, signal);
    });
  }

  /**
   * Keeps pods away that would come between the end of the initialisation and the first route.
   *
   * Shape: `false` when the node is gone.
   */
  async #announceRoutes(node: Node, signal: AbortSignal): Promise<boolean> {
    if (node.podCidrs.length === 0 || node.networkUnavailable !== undefined) return true;
    try {
      await this.#ports.announceRoutes?.(node, signal);
      return true;
    } catch (error) {
      if (isFailure(error, 'notfound')) return false;
      throw error;
    }
  }

  async #write(instance: CloudInstance, node: Node, signal: AbortSignal): Promise<void> {
    const { writer, metrics, events, nodes } = this.#ports;
    // The pass may have waited for its turn, and the node's agent writes often at this time.
    const latest = nodes.find(node.metadata);
    if (latest?.metadata.uid !== node.metadata.uid) return;
    let skippedLabels: readonly string[] = [];
    const initialised = await updateNode(
      this.#ports,
      latest,
      INITIALISATION_CONFLICTS,
      (copy) => {
        if (!isUninitialized(copy)) return Promise.resolve(copy);
        requireInstance(instance.id, copy);
        const plan = planFor(instance, copy);
        ({ skippedLabels } = plan);
        return writer.change(copy, plan.change, signal);
      },
      signal,
    );
    if (initialised === undefined) return;
    metrics.taintRemoved(this.#ageSeconds(initialised));
    this.#withoutAddresses.add(initialised.metadata.uid);
    for (const label of skippedLabels) events.record(initialised, nodeEvent('LabelSkipped', label));
    await this.#writeAddresses(instance, initialised, signal);
  }

  /** Writes the addresses of a node whose initialisation ended before they were written. */
  async #catchUp(node: Node, signal: AbortSignal): Promise<void> {
    const instance = await this.#instances.get(node, { signal, lane: 'live' });
    await this.#turns.take(signal, () => this.#writeAddresses(instance, node, signal));
  }

  async #writeAddresses(instance: CloudInstance, node: Node, signal: AbortSignal): Promise<void> {
    const { writer, metrics, events } = this.#ports;
    const written = await updateNode(
      this.#ports,
      node,
      NODE_CONFLICTS,
      (copy) => {
        const wanted = wantedAddresses(instance, copy);
        if (wanted.kind === 'refused') throw refusal('write the addresses of the node', wanted.why);
        const isRight = wanted.kind === 'keep' || isSameAddresses(wanted.addresses, copy.addresses);
        return isRight
          ? Promise.resolve(copy)
          : writer.replaceAddresses(copy, wanted.addresses, signal);
      },
      signal,
    );
    this.#withoutAddresses.delete(node.metadata.uid);
    if (written === undefined) return;
    metrics.firstSyncEnded(this.#ageSeconds(written));
    events.record(written, nodeEvent('Synced'));
  }

  async #alignLabels(node: Node, signal: AbortSignal): Promise<void> {
    const { writer } = this.#ports;
    await updateNode(
      this.#ports,
      node,
      NODE_CONFLICTS,
      (copy) => {
        const labels = labelsToAlign(copy.metadata.labels);
        return Object.keys(labels).length === 0
          ? Promise.resolve(copy)
          : writer.change(copy, { labels }, signal);
      },
      signal,
    );
  }

  /** Two nodes of one instance would take each other's routes and backends. */
  #claim(instance: CloudInstance, node: Node): void {
    this.#claims.claim(instance.id, node);
    const rival = this.#claims.rivalOf(instance.id, node);
    if (rival === undefined) return;
    throw new Failure(
      'retryable',
      `Cannot initialise node "${node.metadata.name}": node "${rival}" is instance "${instance.id}" already; delete the one that is out of use`,
    );
  }

  #noteLeftAlone(node: Node, why: string): void {
    if (this.#leftAlone.has(node.metadata.uid)) return;
    this.#leftAlone.add(node.metadata.uid);
    this.#ports.logger.info('Left a node alone', { name: node.metadata.name, why });
  }

  #ageSeconds(node: Node): number {
    const createdMs = Date.parse(node.metadata.creationTimestamp);
    return Math.max(0, (this.#ports.clock.now() - createdMs) / 1_000);
  }
}

function planFor(
  instance: CloudInstance,
  node: Node,
): Extract<ReturnType<typeof planInitialisation>, { readonly kind: 'change' }> {
  const plan = planInitialisation(instance, node);
  if (plan.kind === 'refused') throw refusal('initialise the node', plan.why);
  return plan;
}

/** The cloud may come to say otherwise, so time can mend it. */
function refusal(what: string, why: string): Failure {
  return new Failure('retryable', `Cannot ${what}: ${why}`);
}

/** What was read from the cloud is of no use to a node that has become another instance's. */
function requireInstance(instanceId: string, node: Node): void {
  const id = readProviderId(node.providerId);
  if (id.kind === 'none' || (id.kind === 'ecs' && id.instanceId === instanceId)) return;
  throw refusal('initialise the node', `its provider id became "${node.providerId}" meanwhile`);
}

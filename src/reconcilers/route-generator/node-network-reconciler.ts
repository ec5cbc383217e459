import { isFailure } from '../../cloud/failure.ts';
import type { CidrRange } from '../cidr-range.ts';
import type { Node } from '../kubernetes-objects.ts';
import {
  settled,
  type EventRecorder,
  type NodeCache,
  type ObjectKey,
  type Outcome,
  type Reconciler,
} from '../reconciler.ts';
import type { RouteTableCache } from '../route-table/route-table-ports.ts';
import { failedRouteEvent } from './node-network-messages.ts';
import { judgeNetwork, networkConditionChange, type NetworkVerdict } from './node-network.ts';
import type { RouteGenerator } from './route-generator.ts';
import type { NodeConditionWriter } from './route-generator-ports.ts';

/** What a NodeNetworkReconciler needs. */
export interface NodeNetworkPorts {
  readonly nodes: NodeCache;
  readonly routeTables: Pick<RouteTableCache, 'listForTable'>;
  readonly generator: Pick<RouteGenerator, 'outcome'>;
  readonly writer: NodeConditionWriter;
  readonly events: EventRecorder;
  readonly settings: {
    readonly clusterCidrs: readonly CidrRange[];
    /** Whether the condition is ours; where a network plug-in owns it, events still tell. */
    readonly writesCondition: boolean;
  };
}

/** Tells each Node, by its condition NetworkUnavailable, whether its pods can be reached. */
export class NodeNetworkReconciler implements Reconciler {
  readonly resourceKind = 'Node';
  readonly #ports: NodeNetworkPorts;
  /** The failure that each Node was last told of, by uid. */
  readonly #told = new Map<string, string>();

  constructor(ports: NodeNetworkPorts) {
    this.#ports = ports;
  }

  /**
   * Tells whether a Node has to be told something, without telling it.
   *
   * Shape: `soon` for one whose routes are merely on their way: most are there before it is told.
   */
  urgencyOf(node: Node): 'now' | 'soon' | undefined {
    const verdict = this.#judge(node);
    if (verdict === undefined) return undefined;
    const isFailureNews =
      verdict.kind === 'unavailable' &&
      verdict.failure &&
      this.#told.get(node.metadata.uid) !== verdict.message;
    if (isFailureNews) return 'now';
    const isChange =
      this.#ports.settings.writesCondition && networkConditionChange(node, verdict) !== undefined;
    if (!isChange) return undefined;
    return verdict.kind === 'pending' ? 'soon' : 'now';
  }

  async reconcile(key: ObjectKey, signal: AbortSignal): Promise<Outcome> {
    const { nodes, writer, events, settings } = this.#ports;
    const node = nodes.find(key);
    const verdict = node === undefined ? undefined : this.#judge(node);
    if (node === undefined || verdict === undefined) return settled;
    const change = networkConditionChange(node, verdict);
    const { uid } = node.metadata;
    if (verdict.kind === 'unavailable' && verdict.failure) {
      // What the condition says already was told before this process began.
      const isTold = change === undefined && settings.writesCondition;
      if (!isTold && this.#told.get(uid) !== verdict.message) {
        events.record(node, failedRouteEvent(verdict.message));
      }
      this.#told.set(uid, verdict.message);
    } else if (verdict.kind !== 'pending') {
      this.#told.delete(uid);
    }
    if (change === undefined || !settings.writesCondition) return settled;
    try {
      await writer.setNetworkUnavailable(node, change, signal);
    } catch (error) {
      // A node that is gone has nobody to be told.
      if (!isFailure(error, 'notfound')) throw error;
    }
    return settled;
  }

  /** Nothing is shown: what fails here is the only write that would show it. */
  reportFailure(): Promise<void> {
    return Promise.resolve();
  }

  /** Before the first run of the generator has ended nothing is known; its end leads here again. */
  #judge(node: Node): NetworkVerdict | undefined {
    const { routeTables, generator, settings } = this.#ports;
    const { outcome } = generator;
    if (outcome === undefined) return undefined;
    return judgeNetwork(node, {
      outcome,
      listForTable: (routeTableId) => routeTables.listForTable(routeTableId),
      clusterCidrs: settings.clusterCidrs,
    });
  }

  /** Forgets a Node that is gone. */
  forget(uid: string): void {
    this.#told.delete(uid);
  }
}

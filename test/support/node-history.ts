import { KubeClient } from '../../src/operator/kube/kube-client.ts';
import { loadKubeConfig } from '../../src/operator/kubeconfig-source.ts';
import { SystemClock } from '../../src/operator/system-clock.ts';
import type { SeenNode } from './node-scene.ts';

/** One version of a Node, and how it came to be. */
export interface NodeVersion {
  readonly type: string;
  readonly node: SeenNode;
}

/** Every version of every Node, as they come, from those that there are at the beginning. */
export class NodeHistory {
  readonly #versions: NodeVersion[] = [];
  readonly #ended = new AbortController();
  readonly #client: KubeClient;

  private constructor(kubeconfig: string) {
    this.#client = new KubeClient({
      kubeConfig: loadKubeConfig(kubeconfig, {}),
      clock: new SystemClock(),
      userAgent: 'test',
      queriesPerSecond: 100,
      burst: 100,
    });
  }

  /** Follows the Nodes of the cluster of a kubeconfig file, for five minutes at most. */
  static begin(kubeconfig: string): NodeHistory {
    const history = new NodeHistory(kubeconfig);
    void history.#follow().catch(() => undefined);
    return history;
  }

  get versions(): readonly NodeVersion[] {
    return this.#versions;
  }

  end(): void {
    this.#ended.abort();
    this.#client.close();
  }

  async #follow(): Promise<void> {
    for await (const { type, object } of this.#client.watch(
      '/api/v1/nodes',
      {},
      300,
      this.#ended.signal,
    )) {
      this.#versions.push({ type, node: object as SeenNode });
    }
  }
}

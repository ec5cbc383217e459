import type { NodeDirectory } from '../../reconcilers/route-generator/route-generator-ports.ts';
import { metadataOf, objectOf, objectsOf, textOf } from './api-object.ts';
import type { KubeClient } from './kube-client.ts';

const PAGE_SIZE = 500;

/** Lists Nodes directly from the API server, for those who must not trust a cache. */
export class KubeNodeDirectory implements NodeDirectory {
  readonly #client: KubeClient;

  constructor(client: KubeClient) {
    this.#client = client;
  }

  async listUids(signal: AbortSignal): Promise<ReadonlySet<string>> {
    const uids = new Set<string>();
    let token = '';
    do {
      // Without a resourceVersion the first page is the newest state, and the others are of it.
      const query = { limit: String(PAGE_SIZE), ...(token !== '' && { continue: token }) };
      const answer = objectOf(
        await this.#client.request({ method: 'GET', path: '/api/v1/nodes', query }, signal),
      );
      for (const node of objectsOf(answer.items)) uids.add(metadataOf(node).uid);
      token = textOf(objectOf(answer.metadata).continue);
    } while (token !== '');
    return uids;
  }
}

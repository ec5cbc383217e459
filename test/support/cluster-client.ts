import { Agent, request as httpsRequest } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import type { ControlPlane } from '../../hack/control-plane/control-plane.ts';

/** Thrown when the API server says no. */
export class ClusterClientError extends Error {
  readonly status: number;

  constructor(request: string, status: number, message: string) {
    super(`${request}: ${status} ${message}`);
    this.name = 'ClusterClientError';
    this.status = status;
  }
}

const PATCH_TYPES = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  apply: 'application/apply-patch+yaml',
} as const;

interface Exchange {
  readonly status: number;
  readonly text: string;
}

/**
 * Speaks to an API server as its administrator, many times a second, where a program for each
 * request would take too long.
 *
 * Errors: `ClusterClientError` with what the API server says.
 */
export class ClusterClient {
  readonly #url: string;
  readonly #token: string;
  readonly #agent: Agent;

  constructor({ url, certificateAuthority, kubeconfig }: ControlPlane) {
    const config = new KubeConfig();
    config.loadFromFile(kubeconfig);
    this.#url = url;
    this.#token = config.getCurrentUser()?.token ?? '';
    this.#agent = new Agent({ keepAlive: true, ca: certificateAuthority });
  }

  /** Finds an object; `undefined` when it is not there. The caller says what it expects to come. */
  async find(path: string): Promise<unknown> {
    const answer = await this.#exchange('GET', path);
    return answer.status === 404 ? undefined : bodyOf(`GET ${path}`, answer);
  }

  /** Lists the objects of a collection. */
  async list(path: string): Promise<readonly unknown[]> {
    const body = bodyOf(`GET ${path}`, await this.#exchange('GET', path));
    return (body as { readonly items: readonly unknown[] }).items;
  }

  async create(path: string, object: object): Promise<unknown> {
    const answer = await this.#exchange('POST', path, object, 'application/json');
    return bodyOf(`POST ${path}`, answer);
  }

  async patch(
    path: string,
    change: object,
    type: keyof typeof PATCH_TYPES = 'merge',
  ): Promise<unknown> {
    const answer = await this.#exchange('PATCH', path, change, PATCH_TYPES[type]);
    return bodyOf(`PATCH ${path}`, answer);
  }

  /** Deletes an object; one that is not there counts as deleted. */
  async delete(path: string, options: object = {}): Promise<void> {
    const answer = await this.#exchange('DELETE', path, options, 'application/json');
    if (answer.status !== 404) bodyOf(`DELETE ${path}`, answer);
  }

  /** Closes the connections. */
  close(): void {
    this.#agent.destroy();
  }

  #exchange(method: string, path: string, body?: object, type = ''): Promise<Exchange> {
    const text = body === undefined ? '' : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const request = httpsRequest(
        new URL(path, this.#url),
        {
          method,
          agent: this.#agent,
          headers: {
            authorization: `Bearer ${this.#token}`,
            accept: 'application/json',
            'user-agent': 'test',
            // A DELETE has no length unless it is said.
            ...(body !== undefined && {
              'content-type': type,
              'content-length': Buffer.byteLength(text),
            }),
          },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.once('error', reject);
          response.once('end', () => {
            const answer = Buffer.concat(chunks).toString('utf8');
            resolve({ status: response.statusCode ?? 0, text: answer });
          });
        },
      );
      request.once('error', reject);
      request.end(text);
    });
  }
}

function bodyOf(request: string, { status, text }: Exchange): unknown {
  if (status < 300) return JSON.parse(text);
  const message = text.startsWith('{') ? (JSON.parse(text) as { message?: string }).message : text;
  throw new ClusterClientError(request, status, message ?? text);
}

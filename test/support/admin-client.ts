import assert from 'node:assert/strict';
import { AdminInterface } from '../../emulator/admin/admin-interface.ts';

/** An answer of the admin interface. */
export interface AdminReply {
  readonly status: number;
  readonly body: unknown;
}

/** Sends one order over HTTP and finds its answer to be as published. */
export type AdminClient = (
  order: `${'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'} /_admin/${string}`,
  body?: unknown,
) => Promise<AdminReply>;

const published = new AdminInterface();

/** Talks to the admin interface of an emulator; every answer is held against the OpenAPI file. */
export function adminClient(url: string): AdminClient {
  return async (order, body) => {
    const [method = '', target = ''] = order.split(' ');
    const response = await fetch(`${url}${target}`, {
      method,
      ...(body === undefined
        ? {}
        : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const answer: unknown = await response.json();
    const { pathname } = new URL(target, url);
    const path = publishedPath(pathname);
    if (path !== undefined) {
      const mistake = published.findAnswerMistake(method, path, response.status, answer);
      assert.equal(mistake, undefined, `${order}: ${JSON.stringify(answer)}`);
    }
    return { status: response.status, body: answer };
  };
}

function publishedPath(pathname: string): string | undefined {
  return Object.keys(published.document.paths).find((path) =>
    new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(pathname),
  );
}

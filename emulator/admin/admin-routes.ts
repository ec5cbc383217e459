import type { Context } from 'hono';
import type { HttpBindings } from '@hono/node-server';
import type { HttpApp } from '../http/http-server.ts';
import type { CloudSeed } from '../model/cloud-seed.ts';
import type { SettingsChange } from '../model/emulator-settings.ts';
import type { FaultOrder } from '../model/fault-board.ts';
import { SeedConflict } from '../model/seed-planting.ts';
import type { AdminDesk } from './admin-desk.ts';
import type { AdminInterface } from './admin-interface.ts';
import { AdminRefusal } from './admin-refusal.ts';
import type { ObjectPatch } from './object-patch.ts';

type AdminContext = Context<{ Bindings: HttpBindings }>;
type AdminHandler = (request: AdminRequest) => AdminAnswer | Promise<AdminAnswer>;

/** A request whose body and query were found to be as published. */
interface AdminRequest {
  readonly id: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
}

interface AdminAnswer {
  readonly status: number;
  readonly body: unknown;
}

const DEFAULT_WAIT_MS = 30_000;
const MAX_WAIT_MS = 120_000;
// A body of JSON even where there is nothing to say: every answer can be parsed.
const DONE: AdminAnswer = { status: 200, body: {} };

/** Adds the admin interface to the routes of the emulator. */
export function addAdminRoutes(app: HttpApp, desk: AdminDesk, published: AdminInterface): void {
  for (const [name, handler] of Object.entries(handlersOf(desk))) {
    const [method = '', path = ''] = name.split(' ');
    app.on(method, path.replace('{id}', ':id'), async (context) => {
      try {
        return write(await handler(await readRequest(context, published, { method, path })));
      } catch (error) {
        return refuse(error);
      }
    });
  }
  app.all('/_admin/*', () => refuse(new AdminRefusal(404, 'There is no such admin verb')));
}

function handlersOf(desk: AdminDesk): Record<string, AdminHandler> {
  return {
    'POST /_admin/reset': () => {
      desk.reset();
      return DONE;
    },
    'POST /_admin/seed': ({ body }) => {
      desk.seed(body as CloudSeed);
      return DONE;
    },
    'GET /_admin/state': ({ query }) => ({
      status: 200,
      body: desk.state({ deleted: query.deleted === 'true' }),
    }),
    'GET /_admin/calls': ({ query }) => ({
      status: 200,
      body: desk.calls(Number(query.since ?? 0)),
    }),
    'POST /_admin/faults': ({ body }) => ({
      status: 200,
      body: { id: desk.addFault(body as FaultOrder).id },
    }),
    'GET /_admin/faults': () => ({ status: 200, body: desk.listFaults() }),
    'DELETE /_admin/faults': () => {
      desk.removeFaults();
      return DONE;
    },
    'DELETE /_admin/faults/{id}': ({ id }) => {
      desk.removeFaults(id);
      return DONE;
    },
    'GET /_admin/held': async ({ query }) => {
      const wait = Math.min(Number(query.timeoutMs ?? DEFAULT_WAIT_MS), MAX_WAIT_MS);
      return { status: 200, body: await desk.held(wait) };
    },
    'POST /_admin/held/{id}/release': ({ id }) => {
      desk.release(id);
      return DONE;
    },
    'GET /_admin/settings': () => ({ status: 200, body: desk.settings() }),
    'PUT /_admin/settings': ({ body }) => ({
      status: 200,
      body: desk.changeSettings(body as SettingsChange),
    }),
    'PATCH /_admin/objects/{id}': ({ id, body }) => ({
      status: 200,
      body: desk.patchObject(id, body as ObjectPatch),
    }),
    'POST /_admin/clock': ({ body }) => ({
      status: 200,
      body: { now: desk.advanceClock((body as { readonly advanceMs: number }).advanceMs) },
    }),
  };
}

async function readRequest(
  context: AdminContext,
  published: AdminInterface,
  verb: { readonly method: string; readonly path: string },
): Promise<AdminRequest> {
  const { method, path } = verb;
  const query = context.req.query();
  published.checkQuery(method, path, query);
  const text = await context.req.text();
  let body: unknown;
  try {
    body = text === '' ? undefined : JSON.parse(text);
  } catch (error) {
    throw new AdminRefusal(400, `The body is not JSON: ${String(error)}`);
  }
  published.checkBody(method, path, body);
  return { id: context.req.param('id') ?? '', query, body };
}

function write(answer: AdminAnswer): Response {
  return Response.json(answer.body, { status: answer.status });
}

function refuse(error: unknown): Response {
  if (error instanceof AdminRefusal) {
    return Response.json({ error: error.message }, { status: error.httpStatus });
  }
  if (error instanceof SeedConflict) {
    return Response.json({ error: error.message }, { status: 409 });
  }
  throw error;
}

import { publishesError } from '../api-catalog.ts';
import { readJsonText } from '../json-text.ts';
import type { OperationContext } from '../operation-context.ts';

/** One member of a `BackendServers` list as a caller gave it. */
export interface GivenBackendServer {
  readonly serverId: string;
  readonly port: number;
  readonly type: string;
  readonly serverIp?: string;
  readonly weight?: number;
  readonly description?: string;
}

const TYPES = ['ecs', 'eni', 'eci'];

/**
 * Reads a JSON list of backend servers.
 *
 * Shape: members of an item are found whatever the case of their names; unknown ones are ignored;
 *   numbers may come as strings. An absent list is an empty one.
 * Errors: `BackendServersMalformed`, `InvalidWeight.Malformed`, `TooManyBackendServers`.
 */
export function parseBackendServers(context: OperationContext, name: string): GivenBackendServer[] {
  const text = context.parameters.findText(name);
  if (text === undefined) return [];
  const items = parseList(text);
  if (items === undefined) throw malformed(context, `"${name}" is not a JSON list of objects.`);
  if (items.length > context.state.quota('slb_quota_backendservers_per_call_num')) {
    throw context.failure('TooManyBackendServers', 'Too many backend servers in one call.');
  }
  return items.map((item) => readServer(context, item));
}

function parseList(text: string): Map<string, unknown>[] | undefined {
  const parsed = readJsonText(text);
  if (!Array.isArray(parsed)) return undefined;
  const items: Map<string, unknown>[] = [];
  for (const item of parsed as unknown[]) {
    if (typeof item !== 'object' || item === null || Array.isArray(item)) return undefined;
    items.push(
      new Map(Object.entries(item).map(([key, value]) => [key.toLowerCase(), value as unknown])),
    );
  }
  return items;
}

function readServer(
  context: OperationContext,
  item: ReadonlyMap<string, unknown>,
): GivenBackendServer {
  const serverId = readText(item.get('serverid'));
  const port = readNumber(item.get('port'));
  const type = readText(item.get('type')) ?? 'ecs';
  const serverIp = readText(item.get('serverip'));
  const description = readText(item.get('description'));
  if (serverId === undefined) throw malformed(context, 'A backend server has no ServerId.');
  if (port === undefined || !Number.isInteger(port) || port < 1 || port > 65535) {
    throw malformed(context, `The port of "${serverId}" must be 1 to 65535.`);
  }
  if (!TYPES.includes(type)) {
    const code = 'BackendServer.InvalidType';
    if (publishesError(context.operation, code)) {
      throw context.failure(code, `The type "${type}" is not valid.`);
    }
    throw malformed(context, `The type "${type}" is not valid.`);
  }
  return {
    serverId,
    port,
    type,
    ...(serverIp === undefined ? {} : { serverIp }),
    ...readWeight(context, item.get('weight')),
    ...(description === undefined ? {} : { description }),
  };
}

function readWeight(context: OperationContext, value: unknown): { weight?: number } {
  if (value === undefined || value === null || value === '') return {};
  const weight = readNumber(value);
  if (weight === undefined || !Number.isInteger(weight) || weight < 0 || weight > 100) {
    throw context.failure('InvalidWeight.Malformed', 'The weight must be 0 to 100.');
  }
  return { weight };
}

function readText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function readNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : undefined;
}

function malformed(context: OperationContext, message: string): Error {
  return context.failure('BackendServersMalformed', message);
}

import type { ListenerSettings, ObjectKind, Tag } from '../model/cloud-objects.ts';
import type { CloudState, OBJECT_STORES } from '../model/cloud-state.ts';
import { releaseInstance } from '../model/ecs/instance-release.ts';
import { LISTENER_SETTINGS, restingListener } from '../model/slb/listener-operations.ts';
import { removeLoadBalancer } from '../model/slb/load-balancer-operations.ts';
import { removeRouteTable, removeVpc } from '../model/vpc/network-removal.ts';
import type { Passing } from '../model/passage.ts';
import { withoutMembers } from '../model/without-members.ts';
import { buryObject } from '../model/tombstone.ts';
import type { VersionedStore } from '../model/versioned-store.ts';
import { AdminRefusal } from './admin-refusal.ts';
import { shownListener, stateDocument, type StateDocument } from './state-document.ts';

/** Members to change, by the seed's names or the describing operation's; or `released`. */
export type ObjectPatch = Readonly<Record<string, unknown>>;

/** Changes or removes one object; gives it as it then is in the state document. */
export function patchObject(
  state: CloudState,
  id: string,
  patch: ObjectPatch,
  now: number,
): Record<string, unknown> {
  const target = findTarget(state, id);
  if (target === undefined) throw new AdminRefusal(404, `No object "${id}"`);
  if (patch.released === true) {
    target.remove(now);
    return { id, released: true };
  }
  const members = flattenPatch(patch);
  const tags = members.get('tags');
  members.delete('tags');
  members.delete('released');
  target.change(members, now);
  if (tags !== undefined) state.tags.set(id, readTagPatch(tags), now);
  return target.show(now);
}

interface Target {
  change(members: ReadonlyMap<string, unknown>, now: number): void;
  remove(now: number): void;
  show(now: number): Record<string, unknown>;
}

/** How each kind of object is found, changed, removed and shown. */
interface PatchableKind {
  readonly store: Exclude<(typeof OBJECT_STORES)[number], 'listeners'>;
  readonly id: string;
  /** Members that may be absent. */
  readonly optional?: readonly string[];
  readonly normalize?: (members: ReadonlyMap<string, unknown>) => Map<string, unknown>;
  readonly remove: (state: CloudState, id: string, now: number) => void;
}

const KINDS: readonly PatchableKind[] = [
  {
    store: 'loadBalancers',
    id: 'loadBalancerId',
    normalize: normalizeCharge,
    remove: (state, id, now) => {
      removeLoadBalancer(state, id, { now, seq: null });
    },
  },
  {
    store: 'vServerGroups',
    id: 'vServerGroupId',
    normalize: normalizeServers,
    remove: bury('vServerGroup'),
  },
  {
    store: 'instances',
    id: 'instanceId',
    optional: ['publicIp', 'eip', 'instanceName', 'description', 'imageId', 'resourceGroupId'],
    remove: (state, id, now) => {
      releaseInstance(state, id, { now, seq: null });
    },
  },
  {
    store: 'vpcs',
    id: 'vpcId',
    optional: [
      'vpcName',
      'description',
      'ipv6CidrBlock',
      'secondaryCidrBlocks',
      'resourceGroupId',
      'isDefault',
    ],
    remove: (state, id, now) => {
      removeVpc(state, id, { now, seq: null });
    },
  },
  {
    store: 'vSwitches',
    id: 'vSwitchId',
    optional: ['vSwitchName', 'description', 'ipv6CidrBlock', 'routeTableId'],
    remove: bury('vSwitch'),
  },
  {
    store: 'routeTables',
    id: 'routeTableId',
    optional: ['routeTableName', 'description', 'routePropagationEnable'],
    remove: (state, id, now) => {
      removeRouteTable(state, id, { now, seq: null });
    },
  },
  {
    store: 'routeEntries',
    id: 'routeEntryId',
    optional: ['routeEntryName', 'description'],
    normalize: normalizeNextHop,
    remove: bury('routeEntry'),
  },
  {
    store: 'networkInterfaces',
    id: 'networkInterfaceId',
    optional: ['networkInterfaceName', 'description', 'instanceId', 'resourceGroupId'],
    remove: bury('networkInterface'),
  },
  {
    store: 'disks',
    id: 'diskId',
    optional: ['diskName', 'description', 'instanceId', 'performanceLevel', 'placementZoneIds'],
    remove: bury('disk'),
  },
];

function bury(kind: ObjectKind): PatchableKind['remove'] {
  return (state, id, now) => {
    buryObject(state, { kind, id, now, seq: null });
  };
}

function findTarget(state: CloudState, id: string): Target | undefined {
  if (state.listeners.get(id) !== undefined) return listenerTarget(state, id);
  const kind = KINDS.find(({ store }) => state[store].get(id) !== undefined);
  if (kind === undefined) return undefined;
  const store = state[kind.store] as unknown as VersionedStore<object>;
  return {
    change: (members, now) => {
      changeFields(store, id, kind.normalize?.(members) ?? members, now, kind.optional);
      if (kind.store === 'instances') changeInterfaces(state, id, members, now);
    },
    remove: (now) => {
      kind.remove(state, id, now);
    },
    show: (now) => findShown(stateDocument(state, now, false), kind, id),
  };
}

/** Finds an object in the state document; vSwitches and route tables stand in their VPC. */
function findShown(
  document: StateDocument,
  { store, id: name }: PatchableKind,
  id: string,
): Record<string, unknown> {
  const list =
    store === 'vSwitches' || store === 'routeTables'
      ? document.vpcs.flatMap((vpc) => vpc[store] as Record<string, unknown>[])
      : document[store];
  return list.find((object) => object[name] === id) ?? {};
}

/** `sourceDestCheck` of an instance is that of all its interfaces. */
function changeInterfaces(
  state: CloudState,
  instanceId: string,
  members: ReadonlyMap<string, unknown>,
  now: number,
): void {
  const sourceDestCheck = members.get('sourceDestCheck');
  if (typeof sourceDestCheck !== 'boolean') return;
  for (const eni of state.networkInterfaces.list()) {
    if (eni.instanceId !== instanceId) continue;
    state.networkInterfaces.set(eni.networkInterfaceId, { ...eni, sourceDestCheck }, now);
  }
}

/** A route entry may be given one next hop as the seed spells it. */
function normalizeNextHop(members: ReadonlyMap<string, unknown>): Map<string, unknown> {
  const changed = new Map(members);
  const nextHopId = members.get('nextHopId');
  if (nextHopId === undefined) return changed;
  const nextHopType = members.get('nextHopType') ?? 'Instance';
  changed.delete('nextHopId');
  changed.delete('nextHopType');
  changed.set('nextHops', [{ nextHopType, nextHopId }]);
  return changed;
}

/** Members that tell where and whose an object is; changing them would make it another one. */
const FIXED = new Set([
  'accountId',
  'createdAt',
  'createdBySeq',
  'departure',
  'modifiedAt',
  'settings',
  'transition',
]);
// Members that the state document shows of an instance and that belong to its interfaces.
const OF_INTERFACES = new Set(['sourceDestCheck']);

function changeFields<Value extends object>(
  store: VersionedStore<Value>,
  id: string,
  members: ReadonlyMap<string, unknown>,
  now: number,
  optional: readonly string[] = [],
): void {
  const object = store.get(id);
  if (object !== undefined) store.set(id, changedMembers(id, object, members, optional), now);
}

function changedMembers<Value extends object>(
  id: string,
  object: Value,
  members: ReadonlyMap<string, unknown>,
  optional: readonly string[],
): Value {
  const known = object as Record<string, unknown>;
  const changed: Record<string, unknown> = {};
  for (const [name, value] of members) {
    if ('instanceType' in known && OF_INTERFACES.has(name)) continue;
    if (!(name in known || optional.includes(name)) || FIXED.has(name)) {
      throw new AdminRefusal(400, `"${id}" has no member "${name}" that can be changed`);
    }
    const isOptional = optional.includes(name);
    changed[name] = coerce({ id, name, optional: isOptional }, value, known[name]);
  }
  // A status that is given counts at once, whatever the object was passing through.
  const resting = withoutMembers(object as Value & Passing, 'transition');
  const next = { ...('status' in changed ? resting : object), ...changed } as Value;
  for (const [name, value] of Object.entries(changed)) {
    if (value === null) Reflect.deleteProperty(next, name);
  }
  return next;
}

/** Brings a value to the type that the member has; null takes an optional member away. */
function coerce(
  { id, name, optional }: { id: string; name: string; optional: boolean },
  value: unknown,
  present: unknown,
): unknown {
  if (present === undefined || typeof value === typeof present) return value;
  if (value === null && optional) return value;
  if (typeof present === 'number' && typeof value === 'string' && /^-?\d+$/.test(value)) {
    return Number(value);
  }
  if (typeof present === 'string' && typeof value === 'number') return String(value);
  throw new AdminRefusal(400, `The member "${name}" of "${id}" must be a ${typeof present}`);
}

function listenerTarget(state: CloudState, id: string): Target {
  return {
    change: (members, now) => {
      const listener = state.listeners.get(id);
      if (listener === undefined) return;
      const resting = restingListener(listener);
      const settings: Record<string, ListenerSettings[string]> = { ...listener.settings };
      let { status } = listener;
      for (const [name, value] of members) {
        if (name === 'status') {
          status = String(value);
          continue;
        }
        const setting = name.charAt(0).toUpperCase() + name.slice(1);
        const known = [...LISTENER_SETTINGS[listener.listenerProtocol], 'HealthCheck'];
        if (!known.includes(setting)) {
          throw new AdminRefusal(400, `"${id}" has no member "${name}" that can be changed`);
        }
        if (value === null) Reflect.deleteProperty(settings, setting);
        else
          settings[setting] = coerce(
            { id, name, optional: true },
            value,
            settings[setting],
          ) as string;
      }
      state.listeners.set(id, { ...resting, status, settings }, now);
    },
    remove: (now) => {
      buryObject(state, { kind: 'listener', id, now, seq: null });
    },
    show: (now) => {
      const listener = state.listeners.get(id);
      return listener === undefined ? {} : shownListener(listener, state.tags.get(id) ?? [], now);
    },
  };
}

/** Gives names a small first letter and lifts the members of protocol-specific objects. */
function flattenPatch(patch: ObjectPatch): Map<string, unknown> {
  const members = new Map<string, unknown>();
  for (const [name, value] of Object.entries(patch)) {
    if (/^(TCP|UDP)ListenerConfig$/i.test(name) && typeof value === 'object' && value !== null) {
      for (const [inner, innerValue] of flattenPatch(value as ObjectPatch)) {
        members.set(inner, innerValue);
      }
    } else {
      members.set(lowerFirst(name), value);
    }
  }
  return members;
}

const CHARGE_WORDS = new Map<unknown, string>([
  ['3', 'paybybandwidth'],
  ['4', 'paybytraffic'],
]);

/** The list shows the charge type by number; both spellings are understood. */
function normalizeCharge(members: ReadonlyMap<string, unknown>): Map<string, unknown> {
  const charge = members.get('internetChargeType');
  const changed = new Map(members);
  if (charge !== undefined) {
    changed.set('internetChargeType', CHARGE_WORDS.get(charge) ?? charge);
  }
  return changed;
}

function normalizeServers(members: ReadonlyMap<string, unknown>): Map<string, unknown> {
  const changed = new Map(members);
  const given = members.get('backendServers');
  if (given === undefined) return changed;
  const list = Array.isArray(given) ? given : unwrap(given, 'BackendServer');
  if (!Array.isArray(list)) throw new AdminRefusal(400, '"backendServers" must be a list');
  changed.set(
    'backendServers',
    (list as unknown[]).map((item) => {
      const server = Object.fromEntries(
        Object.entries(item as object).map(([name, value]) => [lowerFirst(name), value as unknown]),
      );
      return { serverIp: '', weight: 100, type: 'ecs', description: '', ...server };
    }),
  );
  return changed;
}

/** Reads tags from a map, a list, or the wrapped list of an answer. */
function readTagPatch(value: unknown): Tag[] {
  const list = Array.isArray(value) ? value : unwrap(value, 'Tag');
  if (Array.isArray(list)) {
    return (list as unknown[]).map((item) => {
      const tag = item as Readonly<Record<string, string | undefined>>;
      return {
        key: tag.TagKey ?? tag.Key ?? tag.tagKey ?? tag.key ?? '',
        value: tag.TagValue ?? tag.Value ?? tag.tagValue ?? tag.value ?? '',
      };
    });
  }
  if (typeof value !== 'object' || value === null) {
    throw new AdminRefusal(400, '"tags" must be a map or a list');
  }
  return Object.entries(value).map(([key, text]) => ({ key, value: String(text) }));
}

function unwrap(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}

function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

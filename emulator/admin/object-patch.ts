import type { ListenerSettings, Tag, VSwitch } from '../model/cloud-objects.ts';
import type { CloudState } from '../model/cloud-state.ts';
import { LISTENER_SETTINGS, restingListener } from '../model/listener-operations.ts';
import { removeLoadBalancer } from '../model/load-balancer-operations.ts';
import { buryObject } from '../model/tombstone.ts';
import type { VersionedStore } from '../model/versioned-store.ts';
import { AdminRefusal } from './admin-refusal.ts';
import { shownListener, stateDocument } from './state-document.ts';

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

function findTarget(state: CloudState, id: string): Target | undefined {
  const shownIn =
    (list: 'loadBalancers' | 'vServerGroups' | 'instances' | 'vpcs', name: string) =>
    (now: number): Record<string, unknown> =>
      stateDocument(state, now, false)[list].find((object) => object[name] === id) ?? {};

  if (state.loadBalancers.get(id) !== undefined) {
    return {
      change: (members, now) => {
        changeFields(state.loadBalancers, id, normalizeCharge(members), now);
      },
      remove: (now) => {
        removeLoadBalancer(state, id, { now, seq: null });
      },
      show: shownIn('loadBalancers', 'loadBalancerId'),
    };
  }
  if (state.listeners.get(id) !== undefined) return listenerTarget(state, id);
  if (state.vServerGroups.get(id) !== undefined) {
    return {
      change: (members, now) => {
        changeFields(state.vServerGroups, id, normalizeServers(members), now);
      },
      remove: (now) => {
        buryObject(state, { kind: 'vServerGroup', id, now, seq: null });
      },
      show: shownIn('vServerGroups', 'vServerGroupId'),
    };
  }
  if (state.instances.get(id) !== undefined) {
    return {
      change: (members, now) => {
        changeFields(state.instances, id, members, now, ['publicIp', 'eip', 'instanceName']);
      },
      remove: (now) => {
        buryObject(state, { kind: 'instance', id, now, seq: null });
      },
      show: shownIn('instances', 'instanceId'),
    };
  }
  if (state.vpcs.get(id) !== undefined) {
    return {
      change: (members, now) => {
        changeFields(state.vpcs, id, members, now, ['vpcName']);
      },
      remove: (now) => {
        buryObject(state, { kind: 'vpc', id, now, seq: null });
      },
      show: shownIn('vpcs', 'vpcId'),
    };
  }
  return vSwitchTarget(state, id);
}

/** A vSwitch is a part of its VPC. */
function vSwitchTarget(state: CloudState, id: string): Target | undefined {
  const vpcId = state.findVSwitch(id)?.vpc.vpcId;
  if (vpcId === undefined) return undefined;
  const replace = (change: (vSwitch: VSwitch) => VSwitch | undefined, now: number): void => {
    const vpc = state.vpcs.get(vpcId);
    if (vpc === undefined) return;
    const vSwitches = vpc.vSwitches.flatMap((vSwitch) =>
      vSwitch.vSwitchId === id ? (change(vSwitch) ?? []) : vSwitch,
    );
    state.vpcs.set(vpcId, { ...vpc, vSwitches }, now);
  };
  return {
    change: (members, now) => {
      replace((vSwitch) => changedMembers(id, vSwitch, members, ['vSwitchName']), now);
    },
    remove: (now) => {
      replace(() => undefined, now);
    },
    show: () => ({
      ...state.vpcs.get(vpcId)?.vSwitches.find(({ vSwitchId }) => vSwitchId === id),
    }),
  };
}

/** Members that tell where and whose an object is; changing them would make it another one. */
const FIXED = new Set(['accountId', 'createdAt', 'createdBySeq', 'settings', 'transition']);

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
    if (!(name in known || optional.includes(name)) || FIXED.has(name)) {
      throw new AdminRefusal(400, `"${id}" has no member "${name}" that can be changed`);
    }
    const isOptional = optional.includes(name);
    changed[name] = coerce({ id, name, optional: isOptional }, value, known[name]);
  }
  const next = { ...object, ...changed };
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
